"""What a training is of: its model, its compilation and its data, so that a backup finds the right one."""

import hashlib
import json
import re
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import jax
import numpy as np

from neurona.core.errors import NeuronaError
from neurona.core.registry import serialize, without_names
from neurona.training.conversion import stays_on_host

READ_WHOLE = 1 << 28  # bytes of an array in memory up to which every row counts
ROWS_FROM_FILES = 1024  # rows that are looked at where others would have to be read from files


def identity_of(model: Any) -> dict[str, str]:
    """Texts that are equal for equal models compiled equally, in this process and in later ones.

    Names do not count: they are numbered in the order in which layers are made.

    Args:
        model: compiled and built.

    Returns:
        A text for the structure, and for each argument of `compile`.
    """
    weights = [(list(variable.shape), variable.dtype, variable.trainable) for variable in model.variables]
    arguments = {**model._compile_arguments}
    optimizer = arguments.pop("optimizer")
    settings = {f"compile({name}=...)": _text(value) for name, value in arguments.items()}
    settings["the optimizer"] = _without_addresses(repr(model._rule.structure_of(model)))
    if optimizer is not None:  # its rate of now is state; the one it was made with is not
        settings["the learning rate"] = _text(getattr(optimizer, "_arguments", {}).get("learning_rate"))
    return {"the model's structure": _digest([_structure(model), json.dumps(weights)]), **settings}


def digest_of(tree: Any) -> str:
    """A digest of arrays: of all rows, or of some where they are many or lie in files."""
    return _digest(part for leaf in jax.tree.leaves(tree) for part in _parts(leaf))


def _parts(array: Any) -> Iterator[Any]:
    yield f"{tuple(array.shape)} {array.dtype}"
    rows = len(array)
    limit = ROWS_FROM_FILES if stays_on_host(array) else max(1, rows * READ_WHOLE // max(array.nbytes, 1))
    chosen = slice(None) if rows <= limit else np.linspace(0, rows - 1, limit).astype(np.int64)
    yield np.ascontiguousarray(array[chosen])


def _digest(parts: Any) -> str:
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        found.update(part.encode() if isinstance(part, str) else part.view(np.uint8).data)
    return found.hexdigest()


def _structure(model: Any) -> str:
    try:
        structure = model._structure()
    except NeuronaError:  # of layers that no file can describe
        structure = None
    if structure is None:
        structure = [type(layer).__name__ for layer in model._flatten_layers()]
    return _without_addresses(json.dumps(structure, sort_keys=True, default=repr))


def _text(value: Any) -> str:
    """A value given to `compile` as a text."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_text(one)}' for name, one in value.items())}}}"
    if isinstance(value, FunctionType):
        return f"{value.__qualname__} {_code_of(value)[:8]}"
    try:
        described = without_names(serialize(value))
        if isinstance(described, dict) and isinstance(described.get("config"), dict):
            described["config"].pop("name", None)
        return json.dumps(described, sort_keys=True)
    except (NeuronaError, TypeError):  # an object that no file can describe
        return getattr(value, "__qualname__", type(value).__qualname__)


def _code_of(function: FunctionType) -> str:
    """A digest of what a function does, without the functions that it calls."""
    code = function.__code__
    constants = [one for one in code.co_consts if isinstance(one, (bool, int, float, str))]
    return _digest([code.co_code.hex(), repr(constants), repr(code.co_names)])


def _without_addresses(text: str) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", text)
