"""Models that take texts: what their layers on the host make of the data, before anything is compiled."""

from typing import Any

from neurona.core.layer import Layer
from neurona.core.texts import Hosted, noting
from neurona.training.conversion import to_numpy


def works_on_host(model: Any) -> bool:
    """Whether a model takes texts, or has layers that work on the host. The answer is kept for as long as no
    layer changes.
    """
    if model._host_look[0] != Layer._structure_version:
        takes_texts = any(tensor.dtype == "string" for tensor in getattr(model, "inputs", None) or ())
        found = takes_texts or any(layer._on_host for layer in model._flatten_layers())
        object.__setattr__(model, "_host_look", (Layer._structure_version, found))
    return model._host_look[1]


def read_inputs(model: Any, x: Any, what: str = "x") -> Any:
    """A model's inputs as arrays, and with them what its layers on the host make of them.

    Args:
        model: that takes them.
        x: what was given: arrays, texts, or lists or dictionaries of them.
        what: how to call it in an error.

    Raises:
        DataError: the data can't be converted, or a layer refuses them.
    """
    if isinstance(x, Hosted) or not works_on_host(model):
        return x if isinstance(x, Hosted) else to_numpy(x, what)
    inputs = to_numpy(x, what, keeps_texts=True)
    model._check_and_build((inputs,), {})
    with noting() as made:
        model._note_host((inputs,), {})
    return Hosted(inputs, made)
