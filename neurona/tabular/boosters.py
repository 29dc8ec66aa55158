"""Boosted trees of LightGBM, XGBoost and CatBoost, where these are installed. Each grows its trees with tuned
defaults; they are kept as arrays, so that predicting needs none of these libraries.

Source: Holzmüller et al., Better by default: strong pre-tuned MLPs and boosted trees on tabular data, NeurIPS
    2024 (the defaults).
"""

import abc
import importlib
import importlib.util
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import numpy as np

from neurona.core.errors import MissingDependencyError, installation, optional_import
from neurona.tabular.candidates import MANY_CELLS, MANY_ROWS, of_all_classes
from neurona.tabular.encoding import Encoded
from neurona.tabular.forests import Forest, Grower, SymmetricForest

_TREES = 1000
_PATIENCE = 50  # trees without gain on the rows that are left for when to stop
_FEW_TREES = 100  # of few rows, all of which are needed to learn from
_LEFT = 0.1  # share of many rows that is left for when to stop


class _Boosted(abc.ABC):
    """What the three share: which rows tell when to stop, the time, and what the sums mean."""

    _package: str

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.seconds: float | None = None  # that learning may take

    @classmethod
    def is_available(cls) -> bool:
        """Whether the library is installed, and can be imported."""
        return cls.is_installed() and cls.obstacle() is None

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the library is there."""
        return importlib.util.find_spec(cls._package) is not None

    @classmethod
    def obstacle(cls) -> Exception | None:
        """Why the library, which is there, can't be imported; None if it can."""
        try:
            importlib.import_module(cls._package)
        except Exception as error:  # OSError without OpenMP's library; others have errors of their own
            return error
        return None

    @classmethod
    def needed(cls) -> Any:
        """The package that grows them.

        Raises:
            MissingDependencyError: it is not installed, or can't be imported.
        """
        if cls.is_installed() and (error := cls.obstacle()) is not None:
            raise MissingDependencyError(
                f"{cls._package} is installed, but can't be imported: {error}. Mend or remove it: "
                f"{installation('boosters')}",
                name=cls._package,
            ) from error
        return optional_import(cls._package, extra="boosters", purpose="boosted trees")

    def fit(self, X: Encoded, y: np.ndarray, outputs: int, weights: np.ndarray | None = None) -> Self:
        """Grow trees: 100 from few rows; from 1,000 or more up to 1,000, until a tenth of the rows, which the
        trees do not learn from, finds no gain in 50 of them.
        """
        library = self.needed()
        self.outputs = outputs
        order = np.random.default_rng(self.seed).permutation(len(y))
        left = order[: int(_LEFT * len(y))] if len(y) >= MANY_ROWS else order[:0]
        known = order[len(left) :]
        if outputs > 1:
            self.classes, which = np.unique(y[known], return_inverse=True)
            left = left[np.isin(y[left], self.classes)]
            y = np.searchsorted(self.classes, y)
        else:
            self.classes = np.zeros(1, int)
            which = y[known]
        if len(np.unique(which)) == 1:  # nothing to grow for, which CatBoost refuses
            self.forest: Forest | SymmetricForest = Grower().forest(
                which[:1] if outputs == 1 else np.zeros(1)
            )
            return self
        parts = [
            (X.values[rows], y[rows], None if weights is None else weights[rows]) for rows in (known, left)
        ]
        threads = (os.cpu_count() or 1) if X.values.size > MANY_CELLS else 1
        self.forest = self._grow(library, parts[0], parts[1] if len(left) else None, threads)
        return self

    @abc.abstractmethod
    def _grow(self, library: Any, known: tuple[Any, ...], left: tuple[Any, ...] | None, threads: int) -> Any:
        """Trees that learn from known rows, as many as are best for those that are left."""

    def predict(self, X: Encoded) -> np.ndarray:
        """The sum of the trees, or the probability of each class that it means."""
        sums = self.forest.sums(X.values)
        if self.outputs == 1:
            return sums
        if len(self.classes) == 2:  # log odds of the second
            sums = np.concatenate([np.zeros_like(sums), sums], axis=1)
        powers = np.exp(sums - sums.max(axis=1, keepdims=True))
        return of_all_classes(powers / powers.sum(axis=1, keepdims=True), self.classes, self.outputs)


class _Clock:
    """Tells when the time to learn is over."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.perf_counter() + seconds

    def is_over(self) -> bool:
        return self._end is not None and time.perf_counter() > self._end


class LightGBMTrees(_Boosted):
    """Gradient boosting of LightGBM, which grows the leaf that gains most.

    Source: Ke et al., LightGBM: a highly efficient gradient boosting decision tree, NeurIPS 2017.
    """

    _package = "lightgbm"

    def _grow(
        self, library: Any, known: tuple[Any, ...], left: tuple[Any, ...] | None, threads: int
    ) -> Forest:
        settings: dict[str, Any] = {"verbosity": -1, "seed": self.seed, "num_threads": threads}
        settings |= {"bagging_freq": 1, "deterministic": True}
        if self.outputs == 1:
            settings |= {"objective": "regression", "learning_rate": 0.05, "bagging_fraction": 0.7}
            settings |= {"num_leaves": 100, "min_data_in_leaf": 3}
        else:
            settings |= {"learning_rate": 0.04, "bagging_fraction": 0.75, "num_leaves": 50}
            settings |= {"min_data_in_leaf": min(40, max(1, len(known[1]) // 20))}
            many = {"objective": "multiclass", "num_class": len(self.classes)}
            settings |= {"objective": "binary"} if len(self.classes) == 2 else many
        clock = _Clock(self.seconds)

        def in_time(state: Any) -> None:
            if clock.is_over():
                raise library.callback.EarlyStopException(state.iteration, state.evaluation_result_list or [])

        calls: list[Any] = [in_time]
        data = library.Dataset(known[0], known[1], weight=known[2])
        held = None if left is None else library.Dataset(left[0], left[1], weight=left[2], reference=data)
        if held is not None:
            calls.append(library.early_stopping(_PATIENCE, verbose=False))
        trees = _FEW_TREES if held is None else _TREES
        grown = library.train(settings, data, trees, [held] if held else None, callbacks=calls)
        return _of_lightgbm(grown.dump_model(num_iteration=grown.best_iteration or None))


def _of_lightgbm(told: dict[str, Any]) -> Forest:
    outputs, grower = told["num_tree_per_iteration"], Grower()

    def add(node: dict[str, Any]) -> int:
        if "leaf_value" in node:
            return grower.leaf(node["leaf_value"])
        kind, threshold = node["missing_type"], node["threshold"]
        missing_left = node["default_left"] if kind == "NaN" else threshold >= 0  # else NaN counts as 0
        place = grower.node(node["split_feature"], threshold, missing_left)
        return grower.join(place, add(node["left_child"]), add(node["right_child"]))

    for number, tree in enumerate(told["tree_info"]):
        grower.tree(number % outputs)
        add(tree["tree_structure"])
    return grower.forest(np.zeros(outputs))


class XGBoostTrees(_Boosted):
    """Gradient boosting of XGBoost, which grows level by level.

    Source: Chen and Guestrin, XGBoost: a scalable tree boosting system, KDD 2016.
    """

    _package = "xgboost"

    def _grow(
        self, library: Any, known: tuple[Any, ...], left: tuple[Any, ...] | None, threads: int
    ) -> Forest:
        settings: dict[str, Any] = {"seed": self.seed, "nthread": threads, "tree_method": "hist"}
        if self.outputs == 1:
            settings |= {"objective": "reg:squarederror", "eta": 0.05, "max_depth": 9, "subsample": 0.7}
            settings |= {"min_child_weight": 2}
        else:
            settings |= {
                "eta": 0.08,
                "max_depth": 6,
                "subsample": 0.65,
                "colsample_bylevel": 0.9,
                "lambda": 0,
            }
            many = {"objective": "multi:softprob", "num_class": len(self.classes)}
            settings |= {"objective": "binary:logistic"} if len(self.classes) == 2 else many
        clock = _Clock(self.seconds)

        class InTime(library.callback.TrainingCallback):
            def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
                return clock.is_over()

        calls: list[Any] = [InTime()]
        data = library.DMatrix(known[0], known[1], weight=known[2])
        watched = []
        if left is not None:
            watched = [(library.DMatrix(left[0], left[1], weight=left[2]), "left")]
            calls.append(library.callback.EarlyStopping(rounds=_PATIENCE, save_best=True))
        trees = _FEW_TREES if left is None else _TREES
        grown = library.train(
            settings, data, num_boost_round=trees, evals=watched, callbacks=calls, verbose_eval=False
        )
        return _of_xgboost(json.loads(grown.save_raw("json")))


def _of_xgboost(told: dict[str, Any]) -> Forest:
    learner = told["learner"]
    held, kind = learner["gradient_booster"]["model"], learner["objective"]["name"]
    base = np.array(json.loads(learner["learner_model_param"]["base_score"]), float).reshape(-1)
    if kind == "binary:logistic":  # a probability
        base = np.log(base) - np.log1p(-base)
    outputs = max(1, int(learner["learner_model_param"]["num_class"]))
    grower = Grower()
    for tree, output in zip(held["trees"], held["tree_info"]):
        grower.tree(output)
        left, right, values = (tree[name] for name in ("left_children", "right_children", "split_conditions"))
        # Smaller than a float32 is no larger than the float32 before it.
        below = np.nextafter(np.float32(values), np.float32(-np.inf)).tolist()
        places = [
            grower.leaf(values[number])
            if left[number] < 0
            else grower.node(feature, below[number], bool(tree["default_left"][number]))
            for number, feature in enumerate(tree["split_indices"])
        ]
        for number, place in enumerate(places):
            if left[number] >= 0:
                grower.join(place, places[left[number]], places[right[number]])
    return grower.forest(np.broadcast_to(base, outputs), single=True)


class CatBoostTrees(_Boosted):
    """Gradient boosting of CatBoost, whose trees ask one question at each level.

    Source: Prokhorenkova et al., CatBoost: unbiased boosting with categorical features, NeurIPS 2018.
    """

    _package = "catboost"

    def _grow(
        self, library: Any, known: tuple[Any, ...], left: tuple[Any, ...] | None, threads: int
    ) -> SymmetricForest:
        settings: dict[str, Any] = {"random_seed": self.seed, "thread_count": threads, "verbose": False}
        settings |= {"allow_writing_files": False, "iterations": _FEW_TREES if left is None else _TREES}
        if self.outputs == 1:
            settings |= {"loss_function": "RMSE", "learning_rate": 0.09}
        else:
            settings |= {"learning_rate": 0.08, "depth": 7, "l2_leaf_reg": 1e-5, "random_strength": 0.8}
            settings |= {"bootstrap_type": "Bernoulli", "subsample": 0.9}
            many = {"loss_function": "MultiClass", "classes_count": len(self.classes)}
            settings |= {"loss_function": "Logloss"} if len(self.classes) == 2 else many
        clock = _Clock(self.seconds)

        class InTime:
            def after_iteration(self, info: Any) -> bool:
                return not clock.is_over()

        data = library.Pool(known[0], known[1], weight=known[2])
        held = None if left is None else library.Pool(left[0], left[1], weight=left[2])
        stop = {} if held is None else {"early_stopping_rounds": _PATIENCE}
        grown = library.CatBoost(settings).fit(data, eval_set=held, callbacks=[InTime()], **stop)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "trees.json")
            grown.save_model(str(path), format="json")
            return _of_catboost(json.loads(path.read_text(encoding="utf-8")))


def _of_catboost(told: dict[str, Any]) -> SymmetricForest:
    scale, base = told["scale_and_bias"]
    base = np.atleast_1d(np.asarray(base, float))
    trees = told["oblivious_trees"]
    levels = max((len(tree["splits"]) for tree in trees), default=0)
    features = np.zeros((len(trees), levels), np.int32)
    borders = np.full((len(trees), levels), np.inf, np.float32)
    leaves = np.zeros((len(trees), 2**levels, len(base)))
    for number, tree in enumerate(trees):
        asked = tree["splits"]
        features[number, : len(asked)] = [split["float_feature_index"] for split in asked]
        borders[number, : len(asked)] = [split["border"] for split in asked]
        values = scale * np.reshape(tree["leaf_values"], (-1, len(base)))
        leaves[number, : len(values)] = values
    return SymmetricForest(features, borders, leaves, base)
