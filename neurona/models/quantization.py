"""Quantizing the layers of a model."""

import re
from collections.abc import Callable
from typing import Any

from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.quantizers.configs import resolved
from neurona.tracebacks import warn

Filters = str | list[str] | tuple[str, ...] | Callable[[Any], bool] | None


def quantize_layers(model: Any, mode: str | None, config: Any, filters: Filters, type_check: bool) -> None:
    """Quantize the layers of a model that can be, and tell which others keep their weights as floats.

    Args:
        model: built.
        mode, config: what `Dense.quantize` takes.
        filters: regular expressions that are searched in layers' names, one of which must be found; or a
            function that says whether to quantize a layer.
        type_check: whether to leave out layers of subclasses.

    Raises:
        ArgumentError: the mode is unknown, or the filters are of another type.
    """
    config = resolved(mode, config)
    wanted = _wanted(filters)
    left: list[str] = []
    for layer in [layer for layer in model._flatten_layers() if not layer._sublayers]:
        if not wanted(layer):
            continue
        try:
            if hasattr(type(layer), "quantize"):
                layer.quantize(config.mode, config=config, type_check=type_check)
            elif layer.weights:
                left.append(f"{layer.name} ({type(layer).__name__})")
        except NotImplementedError:  # of a subclass
            left.append(f"{layer.name} ({type(layer).__name__})")
    if left:
        warn(f"These layers can't be quantized, and keep their weights as floats: {', '.join(left)}.")


def _wanted(filters: Filters) -> Callable[[Layer], bool]:
    """Whether a layer is to be quantized."""
    if filters is None:
        return lambda _: True
    if isinstance(filters, (str, list, tuple)):
        patterns = [filters] if isinstance(filters, str) else filters
        return lambda layer: any(re.search(pattern, layer.name) for pattern in patterns)
    if callable(filters):
        return filters
    raise ArgumentError(
        "filters is a regular expression of layers' names, a list of them, or a function of a layer. "
        f"Received: {filters!r}"
    )
