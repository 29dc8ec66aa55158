"""What layers of Keras 1 told of themselves, for programs that derive layers of their own from them."""

from typing import Any

from neurona.legacy.layer_names import ORDERINGS

_OLDER_ORDERINGS = {today: older for older, today in ORDERINGS.items() if older != "default"}


def dim_ordering(layer: Any) -> str:
    """The ordering of images, "th" or "tf"."""
    return _OLDER_ORDERINGS[layer.data_format]


def nb_row(layer: Any) -> int:
    """The height of a window."""
    return layer.kernel_size[-2]


def nb_col(layer: Any) -> int:
    """The width of a window."""
    return layer.kernel_size[-1]


def filter_length(layer: Any) -> int:
    """The length of a window over a sequence."""
    return layer.kernel_size[0]


def subsample_length(layer: Any) -> int:
    """The step of a window over a sequence."""
    return layer.strides[0]


def atrous_rate(layer: Any) -> Any:
    """The spread of a window: a number over sequences, else one for each axis."""
    rate = tuple(layer.dilation_rate)
    return rate[0] if len(rate) == 1 else rate
