"""Models that take texts: what their layers on the host make of the data, before anything is compiled."""

from typing import Any, NamedTuple

import jax
import numpy as np

from neurona.core.layer import Layer
from neurona.core.texts import Hosted, Texts, noting, values_of_texts
from neurona.training.conversion import to_numpy


class Host(NamedTuple):
    """What of a model works on the host.

    Attributes:
        version: of all layers, when this was found.
        parts: the model's, as they were then.
        before: whether the model takes texts, or layers work on the host before the compiled program.
        at_the_end: whether it gives texts, so that it can't be compiled.
    """

    version: int = -1
    parts: tuple[Any, ...] = ()
    before: bool = False
    at_the_end: bool = False


def host_of(model: Any) -> Host:
    """What of a model works on the host; found again where a layer has changed."""
    if model._host.version != Layer._structure_version:
        parts = parts_of(model)
        before = any(tensor.dtype == "string" for tensor in getattr(model, "inputs", None) or ())
        before = before or any(getattr(part, "_on_host", False) for part in parts)
        at_the_end = any(tensor.dtype == "string" for tensor in getattr(model, "outputs", None) or ())
        object.__setattr__(model, "_host", Host(Layer._structure_version, parts, before, at_the_end))
    return model._host


def parts_of(model: Any) -> tuple[Any, ...]:
    """Its layers and their variables, each with whether it is trainable, one after the other."""
    return tuple(
        part
        for layer, variables in model._walk()
        for part in (layer, *variables, *(variable.trainable for variable in variables))
    )


def read_inputs(model: Any, x: Any) -> Any:
    """A model's inputs as arrays, and with them what its layers on the host make of them.

    Args:
        model: that takes them.
        x: what was given: arrays, texts, or lists or dictionaries of them.

    Raises:
        DataError: the data can't be converted, or a layer refuses them.
    """
    host = host_of(model)
    if isinstance(x, Hosted) or not (host.before or host.at_the_end):
        return x if isinstance(x, Hosted) else to_numpy(x, "x")
    inputs = to_numpy(x, "x", keeps_texts=True)
    if host.at_the_end:
        return values_of_texts(inputs)
    model._check_and_build((inputs,), {})
    with noting() as made:
        model._note_host((inputs,), {})
    return Hosted(inputs, jax.tree.map(_of_jax, made))


def _of_jax(made: Any) -> Any:
    """What a layer made, in the dtypes of JAX."""
    return made if isinstance(made, Texts) else to_numpy(np.asarray(made), "x")
