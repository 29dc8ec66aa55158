"""Pictures in files: from bytes to arrays of pixels and back, through Pillow and the gate for strangers'
files.
"""

import io
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.graph import Spec
from neurona.legacy.tensorflow.dtypes import as_dtype
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.hosts import host
from neurona.legacy.tensorflow.image.colors import to_dtype
from neurona.legacy.tensorflow.on_host import Given, held, like, on_host, one_text
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.preprocessing.image import open_picture, pillow

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_PNG_GRAY = np.array([9798, 19235, 3735])  # of 2**15: libpng's shares of red, green and blue
_DEEP = ("I;16", "I")  # pictures of 16 bits


def _picture(contents: Any, who: str) -> Any:
    data = host(contents).item()
    if not isinstance(data, bytes):
        raise ArgumentError(
            f"tf.io.{who} takes a text of bytes, as tf.io.read_file gives it. Received: {data!r}"
        )
    try:
        return open_picture(io.BytesIO(data))
    except DataError as error:
        raise InvalidArgumentError(
            f"tf.io.{who}: unknown image file format. JPEG, PNG, GIF, BMP, TIFF and WebP are known. ({error})"
        ) from error


def _pixels(picture: Any, channels: int, who: str) -> np.ndarray:
    """A picture as (height, width, channels); with channels=0 as many as it has."""
    if channels not in (0, *_MODES):
        raise ArgumentError(f"tf.io.{who}: channels is 0, 1, 3 or 4. Received: {channels}")
    if picture.mode in _DEEP:
        deep = np.asarray(picture).astype(np.uint16)[..., None]
        return np.repeat(deep, 3, -1) if channels == 3 else deep
    if not channels:
        mode = "RGBA" if "transparency" in picture.info else picture.mode
        channels = {"L": 1, "1": 1, "RGBA": 4, "LA": 4, "PA": 4}.get(mode, 3)
    if picture.mode == "RGBA" and channels == 3:  # the color below transparency stays
        return np.asarray(picture)[..., :3]
    if channels == 1 and picture.format == "PNG" and picture.mode not in ("L", "1", "LA"):
        return (np.asarray(picture.convert("RGB")) @ _PNG_GRAY >> 15).astype(np.uint8)[..., None]
    array = np.asarray(picture.convert(_MODES[channels]))
    return array[..., None] if array.ndim == 2 else array


def _as_dtype(pixels: np.ndarray, dtype: Any) -> Any:
    return Tensor(to_dtype(pixels, as_dtype(dtype).as_numpy_dtype))


def _same(given: Given) -> Spec:
    return like(given["image"].dtype)(given)


def _pixels_told(given: Given) -> Spec:
    """What is known of a picture's pixels before it is read."""
    return Spec((None, None, given["channels"] or None), held(given.get("dtype", "uint8")))


def _image_told(given: Given) -> Spec:
    """The same where it may be an animation, of which nothing is known."""
    return Spec(None, held(given["dtype"])) if given["expand_animations"] else _pixels_told(given)


@on_host(_pixels_told)
def decode_png(contents: Any, channels: int = 0, dtype: Any = "uint8", name: Any = None) -> Any:
    """A picture as pixels (height, width, channels)."""
    return _as_dtype(_pixels(_picture(contents, "decode_png"), channels, "decode_png"), dtype)


@on_host(_pixels_told)
def decode_jpeg(
    contents: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: Any = None,
) -> Any:
    """A picture as pixels (height, width, channels), by the exact cosine transformation."""
    picture = _picture(contents, "decode_jpeg")
    picture = picture if ratio == 1 else picture.reduce(int(ratio))
    return _as_dtype(_pixels(picture, channels, "decode_jpeg"), "uint8")


@on_host(_pixels_told)
def decode_bmp(contents: Any, channels: int = 0, name: Any = None) -> Any:
    """A picture as pixels (height, width, channels)."""
    return _as_dtype(_pixels(_picture(contents, "decode_bmp"), channels, "decode_bmp"), "uint8")


@on_host(lambda given: Spec((None, None, None, 3), "uint8"))
def decode_gif(contents: Any, name: Any = None) -> Any:
    """The pictures of an animation, (frames, height, width, 3)."""
    return Tensor(_frames(_picture(contents, "decode_gif")))


def _frames(picture: Any) -> np.ndarray:
    frames = []
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        frames.append(np.asarray(picture.convert("RGB")))
    return np.stack(frames)


@on_host(_image_told)
def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = "uint8",
    name: Any = None,
    expand_animations: bool = True,
) -> Any:
    """A picture of any kind as pixels; of an animation all pictures, or the first."""
    picture = _picture(contents, "decode_image")
    if picture.format == "GIF":
        frames = _frames(picture)
        return _as_dtype(frames if expand_animations else frames[0], dtype)
    return _as_dtype(_pixels(picture, channels or 0, "decode_image"), dtype)


@on_host(_pixels_told)
def decode_and_crop_jpeg(contents: Any, crop_window: Any, channels: int = 0, **_: Any) -> Any:
    """A part of a picture: its upper left corner (y, x), height and width."""
    top, left, height, width = host(crop_window).tolist()
    return decode_jpeg(contents, channels)[top : top + height, left : left + width]


@on_host(lambda given: Spec((3,), held(given["output_type"])))
def extract_jpeg_shape(contents: Any, output_type: Any = "int32", name: Any = None) -> Any:
    """Height, width and channels of a picture."""
    shape = _pixels(_picture(contents, "extract_jpeg_shape"), 0, "extract_jpeg_shape").shape
    return Tensor(np.array(shape, np.int32))


@on_host(lambda given: Spec((), "bool"))
def is_jpeg(contents: Any, name: Any = None) -> Any:
    """Whether bytes begin as a JPEG file does."""
    return Tensor(np.array(host(contents).item().startswith(b"\xff\xd8\xff")))


@on_host(one_text)
def encode_png(image: Any, compression: int = -1, name: Any = None) -> Any:
    """Pixels (height, width, channels) as a PNG file."""
    level = {} if compression < 0 else {"compress_level": compression}
    return _encoded(host(image), "PNG", "encode_png", level)


@on_host(one_text)
def encode_jpeg(
    image: Any,
    format: str = "",
    quality: int = 95,
    progressive: bool = False,
    optimize_size: bool = False,
    name: Any = None,
    **_: Any,
) -> Any:
    """Pixels (height, width, 1 or 3) as a JPEG file."""
    options = {"quality": int(host(quality)), "progressive": progressive, "optimize": optimize_size}
    return _encoded(host(image), "JPEG", "encode_jpeg", options)


def _encoded(pixels: np.ndarray, kind: str, who: str, options: dict[str, Any]) -> Any:
    if pixels.ndim != 3 or pixels.dtype not in (np.uint8, np.uint16) or pixels.shape[-1] not in _MODES:
        raise ArgumentError(
            f"tf.io.{who} takes pixels of uint8, (height, width, 1, 3 or 4). Received {pixels.dtype.name} "
            "of shape "
            f"{pixels.shape}: use tf.image.convert_image_dtype(image, tf.uint8)."
        )
    out = io.BytesIO()
    pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    pillow(who).fromarray(pixels).save(out, kind, **options)
    text = np.empty((), object)
    text[()] = out.getvalue()
    return Tensor(text)


@on_host(_same)
def adjust_jpeg_quality(image: Any, jpeg_quality: Any, dct_method: str = "", name: Any = None) -> Any:
    """An image as it is after it was stored as JPEG of a quality."""
    pixels = host(image)
    stored = encode_jpeg(Tensor(to_dtype(pixels, np.uint8, True)), quality=int(host(jpeg_quality)))
    return Tensor(to_dtype(host(decode_jpeg(stored, channels=pixels.shape[-1])), pixels.dtype))
