"""Functions for images that SciPy had in `scipy.misc`, for programs that were written when it had them."""

import importlib
from typing import Any

import numpy as np

_FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}  # Pillow's numbers


def bytescale(data: Any, cmin: Any = None, cmax: Any = None, high: int = 255, low: int = 0) -> np.ndarray:
    """An array's range, or [cmin, cmax], stretched to the bytes from `low` to `high`; bytes stay."""
    data = np.asarray(data)
    if data.dtype == np.uint8:
        return data
    least, most = data.min() if cmin is None else cmin, data.max() if cmax is None else cmax
    scale = (high - low) / float(most - least or 1)
    return (((data - least) * scale + low).clip(low, high) + 0.5).astype(np.uint8)


def toimage(
    arr: Any, high: int = 255, low: int = 0, cmin: Any = None, cmax: Any = None, pal: Any = None,
    mode: str | None = None, channel_axis: int | None = None,
) -> Any:  # fmt: skip
    """A picture of Pillow, its range stretched to bytes."""
    from PIL import Image  # a program that gets here needs it

    array = np.asarray(arr)
    if array.ndim == 2 and mode == "F":
        return Image.fromarray(array.astype(np.float32))
    if array.ndim == 3:
        axis = channel_axis
        if axis is None:
            axis = next((place for count in (3, 4) for place in range(3) if array.shape[place] == count), -1)
        if array.shape[axis] not in (3, 4):
            raise ValueError(f"toimage: one axis holds 3 or 4 channels. Received: shape={array.shape}")
        array = np.moveaxis(array, axis, -1)
    elif array.ndim != 2:
        raise ValueError(f"toimage takes arrays of 2 or 3 axes. Received: shape={array.shape}")
    made = Image.fromarray(np.ascontiguousarray(bytescale(array, cmin, cmax, high, low)))
    return made if mode is None else made.convert(mode)


def fromimage(im: Any, flatten: bool = False, mode: str | None = None) -> np.ndarray:
    """The numbers of a picture; `flatten` makes grey floats of colours."""
    if mode is not None:
        im = im.convert(mode)
    elif im.mode == "P":
        im = im.convert("RGBA" if "transparency" in im.info else "RGB")
    if flatten:
        im = im.convert("F")
    return np.array(im.convert("L") if im.mode == "1" else im)


def imread(name: Any, flatten: bool = False, mode: str | None = None) -> np.ndarray:
    """The numbers of a picture in a file."""
    from PIL import Image

    with Image.open(name) as picture:
        return fromimage(picture, flatten, mode)


def imsave(name: Any, arr: Any, format: str | None = None) -> None:
    """Save an array as a picture, its range stretched to bytes."""
    toimage(arr, channel_axis=2).save(name, format)


def imresize(arr: Any, size: Any, interp: str = "bilinear", mode: str | None = None) -> np.ndarray:
    """A picture in another size: (rows, columns), a percentage (an integer) or a share (a float)."""
    picture = toimage(arr, mode=mode)
    if isinstance(size, (int, np.integer)):
        size = size / 100.0
    if isinstance(size, (float, np.floating)):
        wanted = tuple(int(side * size) for side in picture.size)
    else:
        wanted = (int(size[1]), int(size[0]))
    return fromimage(picture.resize(wanted, resample=_FILTERS[interp]))


def restore() -> None:
    """Let `scipy.misc` have them again, in this process."""
    misc, special = importlib.import_module("scipy.misc"), importlib.import_module("scipy.special")
    own = {one.__name__: one for one in (bytescale, toimage, fromimage, imread, imsave, imresize)}
    moved = {name: getattr(special, name) for name in ("comb", "factorial", "logsumexp")}
    for name, value in (own | moved).items():
        if not hasattr(misc, name):
            setattr(misc, name, value)
