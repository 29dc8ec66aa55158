"""`tf.saved_model` of what Neurona has made. TensorFlow's own folders hold programs of its operations, which
Neurona does not run.

A folder holds `neurona.json`, which says what it is; of a Keras model the model as `model.keras`, of other
objects the values of their variables. Methods are Python: the process that has saved an object loads it
whole, another one loads Keras models.
"""

import copy
import importlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from neurona.core.errors import SavingError
from neurona.legacy.tensorflow.checkpoint import Checkpoint
from neurona.models import Model
from neurona.saving import load_model

DEFAULT_SERVING_SIGNATURE_DEF_KEY, SERVING = "serving_default", "serve"
_NOTE, _MODEL = "neurona.json", "model.keras"
_saved: dict[str, Any] = {}  # by their folders, what this process has saved


def __getattr__(name: str) -> Any:
    if name.isupper():  # TensorFlow 1's constants
        return getattr(importlib.import_module("neurona.legacy.tensorflow.v1.saved_model"), name)
    raise AttributeError(f"module 'tensorflow.saved_model' has no attribute {name!r} in Neurona.", name=name)


class SaveOptions:
    """Accepted."""

    def __init__(self, *_: Any, **__: Any) -> None:
        return


class LoadOptions(SaveOptions):
    """Accepted."""


def save(obj: Any, export_dir: Any, signatures: Any = None, options: Any = None) -> None:
    """Save a model, or another object with variables, in a folder.

    Args:
        obj: a Keras model, a `tf.Module` or a `tf.train.Checkpoint`.
        signatures: a function, or a dictionary of them.
    """
    folder = Path(os.fsdecode(export_dir))
    folder.mkdir(parents=True, exist_ok=True)
    named = signatures if isinstance(signatures, dict) else {DEFAULT_SERVING_SIGNATURE_DEF_KEY: signatures}
    named = {name: one for name, one in named.items() if one is not None}
    if isinstance(obj, Model):
        obj.save(folder / _MODEL)
        kind = "a Keras model"
    else:
        Checkpoint(root=obj).write(str(folder / "variables"))
        kind = f"the variables of a {type(obj).__name__}, whose methods are in the program"
    note = {"written_by": "neurona", "holds": kind, "signatures": sorted(named)}
    (folder / _NOTE).write_text(json.dumps(note, indent=1), encoding="utf-8")
    _saved[str(folder.resolve())] = copy.deepcopy((obj, named))


def load(export_dir: Any, tags: Any = None, options: Any = None) -> Any:
    """What `save` has written, with `signatures`, a dictionary of functions.

    Raises:
        SavingError: it is of TensorFlow, or another process has saved an object that is no Keras model.
    """
    folder = Path(os.fsdecode(export_dir))
    if not (folder / _NOTE).is_file():
        _refuse(folder)
    held = _saved.get(str(folder.resolve()))
    if held is not None:
        found, named = copy.deepcopy(held)
    elif (folder / _MODEL).is_file():
        found, named = load_model(folder / _MODEL), {}
    else:
        raise SavingError(
            f"{str(folder)!r} was saved by another process: it holds the variables of an object, whose "
            "methods are in the program. Make the object with its own code, then "
            f"tf.train.Checkpoint(root=object).restore({str(folder / 'variables')!r})."
        )
    if isinstance(found, Model):
        named.setdefault(DEFAULT_SERVING_SIGNATURE_DEF_KEY, _serving(found))
    object.__setattr__(found, "signatures", named)
    return found


def _serving(model: Any) -> Callable[..., dict[str, Any]]:
    """The model as a function that returns a dictionary."""

    def call(*args: Any, **inputs: Any) -> dict[str, Any]:
        given = args[0] if args else next(iter(inputs.values())) if len(inputs) == 1 else inputs
        outputs = model(given)
        many = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        names = list(getattr(model, "output_names", None) or ())
        names = names if len(names) == len(many) else [f"output_{place}" for place in range(len(many))]
        return outputs if isinstance(outputs, dict) else dict(zip(names, many, strict=True))

    return call


def contains_saved_model(export_dir: Any) -> bool:
    """Whether a folder holds what `load` reads."""
    return (Path(os.fsdecode(export_dir)) / _NOTE).is_file()


def _refuse(folder: Path) -> NoReturn:
    if not folder.exists():
        raise OSError(f"SavedModel file does not exist at: {folder}")
    raise SavingError(
        f"The SavedModel {str(folder)!r} is a program of TensorFlow's own graph, which Neurona does not run. "
        "Save the model there as a .keras file, with model.save('model.keras')."
    )
