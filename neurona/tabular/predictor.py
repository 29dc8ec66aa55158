"""A predictor for rows of a table, and its file."""

import dataclasses
import io
import itertools
import json
import zipfile
from pathlib import Path
from typing import Any, Self

import numpy as np

from neurona.core.errors import DataError, SavingError, optional_import, suggestion
from neurona.files.archives import Zip
from neurona.files.gate import Gate
from neurona.files.values import parse_array, parse_dictionary
from neurona.saving.atomic import atomic_path
from neurona.tabular import baselines, boosters, candidates, encoding, learning
from neurona.tabular.columns import Column, infer_columns
from neurona.tabular.drift import Profile, Usual
from neurona.tabular.forests import Forest, SymmetricForest
from neurona.tabular.learning import TableModel
from neurona.tabular.network import KerasNetwork
from neurona.tabular.notes import Note
from neurona.tabular.reading import RawTable
from neurona.tabular.real_mlp import RealMLP
from neurona.tabular.spellings import MARKS, NumberForm, folded
from neurona.tabular.target import Target

_DESCRIPTION = "predictor.json"
_FORMAT = 1
_TREE = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"  # whose nodes are checked


@dataclasses.dataclass
class TablePredictor:
    """Predicts a column of new rows.

    Attributes:
        target: what is predicted.
        columns: that it needs.
        model: the join of models.
        profile: what the rows were like from which it learned; None where nobody counted them.

    Example:

        >>> import pandas
        >>> from neurona.tabular import RawTable, TableOptions, train_table
        >>> x = np.arange(60.0)
        >>> table = RawTable(pandas.DataFrame({"x": x % 7, "y": x % 7 + x // 30}))
        >>> predictor = train_table(table, "y", TableOptions(time_limit=0)).predictor
        >>> predictor.predict(pandas.DataFrame({"x": [3, 4]})).round(2).tolist()
        [3.4, 3.4]
    """

    target: Target
    columns: list[Column]
    model: TableModel
    profile: Profile | None = None

    @property
    def classes(self) -> list[Any]:
        """What is told apart; empty where numbers are predicted."""
        return self.target.classes

    def predict(self, frame: Any) -> np.ndarray:
        """The number or the class of each row, (rows,).

        Args:
            frame: a pandas DataFrame, or a dictionary of columns; further columns are not looked at. Texts
                that are numbers, dates, or yes and no are read as they are written here, which may be
                otherwise than in the table that was learned.

        Raises:
            DataError: a column is missing.
        """
        found = self.model.predict(self.read(frame)[0])
        if not self.classes:
            return found[:, 0]
        return np.array(self.classes, object)[found.argmax(axis=1)]

    def predict_proba(self, frame: Any) -> np.ndarray:
        """The probability of each class, (rows, classes).

        Raises:
            DataError: a column is missing, or numbers are predicted.
        """
        if not self.classes:
            raise DataError(
                f"{self.target.column.name!r} is a number, so there are no probabilities of classes: call "
                f"predict."
            )
        return self.model.predict(self.read(frame)[0])

    def read(self, frame: Any) -> tuple[dict[str, Any], list[Note]]:
        """The columns that are needed, with cells that the model understands; and what can't be understood.

        Raises:
            DataError: a column is missing.
        """
        missing = [column.name for column in self.columns if column.name not in list(frame)]
        if missing:
            raise DataError(
                f"the table has no column {missing[0]!r}.{suggestion(missing[0], list(frame))} It has: "
                f"{', '.join(map(str, frame))}"
            )
        cells = {column.name: frame[column.name] for column in self.columns}
        now = _written_now(cells)
        notes: list[Note] = []
        for column in self.columns:
            cells[column.name], unread = _as_learned(column, now[column.name], cells[column.name])
            if unread:
                notes.append(self._unread(column, unread))
        return cells, notes

    def truth(self, frame: Any) -> tuple[np.ndarray, list[Note]]:
        """The target of rows, as numbers or which class, and what is to be told about them.

        NaN, or -1, stands for cells that are empty, not understood, or of a class that was not learned.

        Shapes: -> (rows,).

        Raises:
            DataError: the table has no such column.
        """
        column = self.target.column
        if column.name not in list(frame):
            raise DataError(
                f"the table has no column {column.name!r}, which is what the model predicts, so nothing "
                f"tells "
                f"whether it is right.{suggestion(column.name, list(frame))} It has: "
                f"{', '.join(map(str, frame))}"
            )
        cells = frame[column.name]
        cells, unread = _as_learned(column, _written_now({column.name: cells})[column.name], cells)
        notes = [self._unread(column, unread)] if unread else []
        found = self.target.values(cells)
        if self.classes and column.kind != "boolean":
            held = column.values(cells)
            new = [one for one in held[found < 0].tolist() if one is not None and one == one]
            if new:
                told = {"column": column.name, "rows": len(new), "example": str(new[0])}
                notes.append(Note("new_class", told))
        return found, notes

    def _unread(self, column: Column, texts: list[str]) -> Note:
        told = {"column": column.name, "cells": len(texts), "example": texts[0]}
        return Note("not_understood", told)

    def save(self, path: Any) -> None:
        """Write everything into one file. It holds numbers and texts, and no code.

        Raises:
            MissingDependencyError: it has trees, and skops, which writes them, is not installed.
        """
        parts: dict[str, bytes] = {}
        description = {"format": _FORMAT, "predictor": _plain(self, parts)}
        with atomic_path(Path(path)) as whole, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_DESCRIPTION, json.dumps(description, ensure_ascii=False))
            for name, content in parts.items():
                archive.writestr(name, content)

    @classmethod
    def load(cls, path: Any) -> Self:
        """Read a file of `save`.

        Raises:
            FileNotFoundError: there is none.
            SavingError: it is damaged, of another kind, or asks for more memory than `Budget` allows.
        """
        path = Path(path)
        gate = Gate.of_file(path, SavingError)
        with Zip(path, gate) as archive:
            description = parse_dictionary(archive.read(_DESCRIPTION), gate, _DESCRIPTION)
            with gate.watching(_DESCRIPTION):
                found = _object(description["predictor"], archive, gate)
        if not isinstance(found, cls):
            raise gate.refusal("holds no TablePredictor.")
        return found


def _written_now(cells: dict[str, Any]) -> dict[str, Column]:
    """What columns of new rows are by themselves. An empty cell is added: numbers that are all equal, or
    count the rows, are numbers still.
    """
    lists = {name: one.tolist() if hasattr(one, "tolist") else list(one) for name, one in cells.items()}
    found = infer_columns(RawTable({name: [*one, None] for name, one in lists.items()}))
    return {column.name: column for column in found}


def _as_learned(column: Column, now: Column, cells: Any) -> tuple[Any, list[str]]:
    """Cells as a learned column understands them, though they may be written otherwise now; and those texts
    of which nothing is understood.
    """
    if column.kind not in ("number", "boolean", "date"):
        return cells, []
    values, given = column.values(cells), cells
    if now.kind == column.kind and _lost(now.values(cells)).sum() < _lost(values).sum():
        values = now.values(cells)
        cells = values
        if column.kind == "boolean":
            cells = [{1.0: column.yes, 0.0: column.no}.get(value) for value in values.tolist()]
    texts = dataclasses.replace(column, kind="category").values(given)[_lost(values)].tolist()
    return cells, [text for text in texts if text is not None and folded(text) not in MARKS]


def _lost(values: np.ndarray) -> np.ndarray:
    return np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)


_CLASSES: dict[str, type] = {
    one.__name__: one
    for one in (
        TablePredictor,
        Target,
        Column,
        Note,
        NumberForm,
        TableModel,
        Profile,
        Usual,
        learning.Member,
        encoding.TableEncoder,
        *encoding.PARTS,
        candidates.ConstantModel,
        candidates.LinearModel,
        candidates.NeighboursModel,
        candidates.BoostedTrees,
        boosters.LightGBMTrees,
        boosters.XGBoostTrees,
        boosters.CatBoostTrees,
        Forest,
        SymmetricForest,
        baselines.RidgeBaseline,
        baselines.LogisticBaseline,
        baselines.NeighboursBaseline,
        RealMLP,
        KerasNetwork,
    )
}


def _plain(value: Any, parts: dict[str, bytes]) -> Any:
    """A value as JSON; arrays and trees become parts of their own."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else {"float": str(value)}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_plain(one, parts) for one in value]}
    if isinstance(value, dict):
        return {"dict": [[_plain(key, parts), _plain(one, parts)] for key, one in value.items()]}
    if type(value).__name__ in _CLASSES:
        fields = {name: _plain(one, parts) for name, one in vars(value).items()}
        return {"class": type(value).__name__, "fields": fields}
    if type(value).__module__.startswith("sklearn."):
        skops = optional_import("skops.io", extra="trees", purpose="saving trees")
        parts[name := f"trees/{len(parts)}.skops"] = skops.dumps(value)
        return {"trees": name}
    stream = io.BytesIO()
    np.save(stream, np.asarray(value), allow_pickle=False)
    parts[name := f"arrays/{len(parts)}.npy"] = stream.getvalue()
    return {"array": name}


def _object(plain: Any, archive: Zip, gate: Gate) -> Any:
    """The value of what `_plain` wrote.

    Raises:
        ValueError, KeyError: it was written by something else.
    """
    if not isinstance(plain, dict):
        return plain
    if "class" in plain:
        cls = _CLASSES[plain["class"]]
        found = object.__new__(cls)
        for name, one in plain["fields"].items():
            object.__setattr__(found, name, _object(one, archive, gate))
        if isinstance(found, Forest | SymmetricForest):
            found.check()
        return found
    ((kind, held),) = plain.items()
    if kind == "float":
        return float(held)
    if kind in ("list", "tuple"):
        values = [_object(one, archive, gate) for one in held]
        return values if kind == "list" else tuple(values)
    if kind == "dict":
        return {_object(key, archive, gate): _object(one, archive, gate) for key, one in held}
    if kind == "trees":
        return _trees(archive.read(held))
    if kind == "array":
        return parse_array(archive.read(held), gate, held)
    raise ValueError(f"{kind!r} is nothing that a predictor holds")


def _trees(content: bytes) -> Any:
    """The trees of scikit-learn in a file of skops.

    Raises:
        ValueError: a node points to none of its tree, or to no feature, which would crash the process.
    """
    skops = optional_import("skops.io", extra="trees", purpose="reading trees")
    found = skops.loads(content, trusted=[_TREE])
    for tree in itertools.chain.from_iterable(found._predictors):
        nodes = tree.nodes
        inner = nodes[nodes["is_leaf"] == 0]
        places = np.flatnonzero(nodes["is_leaf"] == 0)
        for child in (inner["left"], inner["right"]):
            if (child <= places).any() or (child >= len(nodes)).any():
                raise ValueError("a tree has a node that points to none")
        if (inner["feature_idx"] >= found.n_features_in_).any() or inner["is_categorical"].any():
            raise ValueError("a tree asks for a feature that there is not")
    return found
