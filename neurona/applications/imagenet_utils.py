"""Before and after a network that was trained on ImageNet: pixels to inputs, outputs to names of classes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from neurona.applications.network import CLASSES, local_file
from neurona.core.errors import DataError, ShapeError
from neurona.core.policy import floatx, standardize_data_format
from neurona.core.symbolic import is_symbolic
from neurona.datasets.download import PublicFile
from neurona.datasets.local import data_gate
from neurona.files.gate import read_bytes
from neurona.files.values import parse_dictionary
from neurona.ops import flip
from neurona.preprocessing.arguments import check_choice

__all__ = ["decode_predictions", "preprocess_input"]

_CLASS_INDEX = PublicFile(
    "imagenet_class_index.json",
    "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json",
    "md5:c2c37ea517e94d9795004a39431a14cb",
)
# Statistics of ImageNet's pixels: of blue, green and red in 0..255, and of red, green and blue in 0..1.
_MEAN_BGR = (103.939, 116.779, 123.68)
_MEAN_RGB, _DEVIATION_RGB = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Pixels as a network wants them.

    Args:
        x: images of red, green and blue in 0..255, one or a batch. NumPy floats are overwritten, as Keras
            does.
        data_format: `"channels_last"` or `"channels_first"`; by default the configured one.
        mode: `"tf"` gives x / 127.5 - 1; `"torch"` gives (x / 255 - mean) / deviation by channel; `"caffe"`
            gives blue, green and red, each less its mean.

    Raises:
        ArgumentError: there is no such mode or data format.

    Example:

        >>> preprocess_input(np.array([[[255.0, 0.0, 127.5]]]), mode="tf").tolist()
        [[[1.0, -1.0, 0.0]]]
    """
    check_choice("preprocess_input", "mode", mode, ("caffe", "tf", "torch"))
    data_format = standardize_data_format(data_format)
    if isinstance(x, np.ndarray) and not (np.issubdtype(x.dtype, np.floating) and x.flags.writeable):
        x = x.astype(x.dtype if np.issubdtype(x.dtype, np.floating) else floatx())
    shape = (3, 1, 1) if data_format == "channels_first" else (3,)

    def of_channels(values: tuple[float, ...]) -> np.ndarray:
        return np.asarray(values, x.dtype if isinstance(x, np.ndarray) else floatx()).reshape(shape)

    if mode == "tf":
        x /= 127.5
        x -= 1.0
    elif mode == "torch":
        x /= 255.0
        x -= of_channels(_MEAN_RGB)
        x /= of_channels(_DEVIATION_RGB)
    else:
        x = _reversed(x, -len(shape))
        x -= of_channels(_MEAN_BGR)
    return x


def _reversed(x: Any, axis: int) -> Any:
    """Red, green and blue as blue, green and red; a view of a NumPy array."""
    if is_symbolic(x):
        return flip(x, axis=axis)
    return x[(..., slice(None, None, -1), *[slice(None)] * (-axis - 1))]


def preprocessor(mode: str) -> Callable[..., Any]:
    """The `preprocess_input` of architectures that want pixels in one mode."""

    def for_mode(x: Any, data_format: str | None = None) -> Any:
        return preprocess_input(x, data_format, mode)

    for_mode.__name__ = for_mode.__qualname__ = "preprocess_input"
    for_mode.__doc__ = f"Pixels in 0..255 as this network wants them: `preprocess_input` of mode {mode!r}."
    return for_mode


def unchanged_input(x: Any, data_format: str | None = None) -> Any:
    """The pixels as they are: this network begins with the layers that scale them."""
    return x


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """The names of the likeliest classes of ImageNet.

    Args:
        preds: what the network predicts.
        top: how many classes to name of each image.

    Shapes: preds (images, 1000).

    Returns:
        For each image a list of (WordNet's number, name, probability), the likeliest first.

    Raises:
        ShapeError: preds are not of 1000 classes.
        DownloadError: the list of the classes is not on this machine and can't be downloaded.
        DataError: it is damaged.
    """
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != CLASSES:
        raise ShapeError(
            f"decode_predictions: predictions of ImageNet have shape (images, 1000). Received: {preds.shape}"
        )
    path = Path(local_file(_CLASS_INDEX))
    gate = data_gate(path)
    index = parse_dictionary(read_bytes(path, gate), gate)
    try:
        names = [(str(number), str(name)) for number, name in (index[str(n)] for n in range(CLASSES))]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} does not list ImageNet's 1000 classes.") from error
    return [
        [(*names[number], row[number]) for number in np.argsort(row)[::-1][:top].tolist()] for row in preds
    ]
