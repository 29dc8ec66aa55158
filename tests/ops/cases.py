"""Calls for every function of `ops`: by rule from its signature, or listed here where it needs arguments of
its own.
"""

import inspect
from typing import Any

import numpy as np

from neurona import ops

rng = np.random.default_rng(0)


def floats(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    return rng.uniform(low, high, shape).astype("float32")


def ints(*shape: int, low: int = 0, high: int = 5) -> np.ndarray:
    return rng.integers(low, high, shape).astype("int32")


F, G, UNIT, POSITIVE, ABOVE_ONE = (
    floats(4, 3),
    floats(4, 3),
    floats(4, 3, low=-0.9, high=0.9),
    floats(4, 3, low=0.1),
    floats(4, 3, low=1.1),
)
INTS, J, B, C = (
    ints(4, 3),
    ints(4, 3, low=1),
    ints(4, 3, high=2).astype(bool),
    ints(4, 3, high=2).astype(bool),
)
CUBE, VECTOR = floats(4, 2, 3), floats(5)
IMAGES = floats(4, 6, 8, 3, low=0.0, high=1.0)
CORNERS = np.array([[[0, 0], [7, 0], [0, 5], [7, 5]]] * 4, "float32")
SQUARE = (np.eye(3) * 4 + rng.normal(size=(4, 3, 3)) * 0.3).astype("float32")
SYMMETRIC = (SQUARE @ SQUARE.transpose(0, 2, 1)).astype("float32")
NAN = np.where(F > 1, np.nan, F).astype("float32")
PROBABILITIES = floats(4, 3, low=0.05, high=1.0)
COMPLEX = (floats(4, 8), floats(4, 8))
SIGNAL, SEGMENTS = floats(4, 64), np.array([0, 0, 1, 2])


def call(*args: Any, **kwargs: Any) -> tuple[tuple, dict[str, Any]]:
    return args, kwargs


UNIT_DOMAIN = {"arccos", "arcsin", "arctanh", "erfinv"}
POSITIVE_DOMAIN = {"log", "log10", "log2", "log1p", "sqrt", "rsqrt", "reciprocal"}
INTEGERS_ONLY = {n for n in ops.__all__ if n.startswith("bitwise_") or n.endswith("_shift")} | {"gcd", "lcm"}
FLOATS_ONLY = {
    "sigmoid",
    "silu",
    "swish",
    "erf",
    "erfc",
    "erfinv",
    "rsqrt",
    "nextafter",
    "logit",
    "glu",
    "conj",
    "heaviside",
}

SPECIAL: dict[str, list[tuple[tuple, dict[str, Any]]]] = {
    # elementwise
    "arccosh": [call(ABOVE_ONE)],
    "clip": [call(F, -1.0, 1.0), call(INTS, 1, 3), call(x=F, x_min=0.0, x_max=1.0)],
    "divide_no_nan": [call(F, np.where(B, F, 0).astype("float32"))],
    "isin": [call(INTS, [1, 2]), call(INTS, J, invert=True)],
    "ldexp": [call(F, INTS)],
    "logical_and": [call(B, C)],
    "logical_not": [call(B)],
    "logical_or": [call(B, C)],
    "logical_xor": [call(B, C)],
    "nan_to_num": [call(NAN, nan=1.0)],
    "round": [call(F), call(F, 1), call(INTS * 17, -1)],
    "where": [call(B, F, G), call(B, F, 0.0), call(F > 0, 1, 0)],
    "isclose": [call(F, F + 1e-6), call(F, G, rtol=0.5)],
    # reductions
    "average": [call(F), call(F, axis=1, weights=POSITIVE), call(INTS)],
    "bincount": [
        call(INTS.reshape(-1)),
        call(INTS, minlength=7),
        call(INTS.reshape(-1), weights=F.reshape(-1)),
    ],
    "cumprod": [call(F), call(F, axis=1), call(INTS, axis=0)],
    "cumsum": [call(F), call(F, axis=1), call(INTS, axis=0), call(INTS, axis=0, dtype="float32")],
    "histogram": [call(VECTOR, 4), call(VECTOR, range=(-1.0, 1.0))],
    "max": [call(F), call(F, axis=1, keepdims=True), call(INTS, axis=0, initial=3)],
    "min": [call(F), call(F, axis=(0, 1)), call(INTS, axis=0, initial=1)],
    "prod": [call(F), call(F, axis=1, keepdims=True), call(INTS, axis=0)],
    "percentile": [
        call(F, 30.0),
        call(F, np.array([10.0, 50.0], "float32"), axis=1),
        call(INTS, 50.0, method="nearest"),
    ],
    "quantile": [
        call(F, 0.3),
        call(F, np.array([0.1, 0.5], "float32"), axis=1, keepdims=True),
        call(INTS, 0.5),
    ],
    "nanpercentile": [call(NAN, 30.0, axis=0)],
    "nanquantile": [call(NAN, 0.3), call(NAN, 0.5, axis=1)],
    "logsumexp": [call(F), call(F, axis=1, keepdims=True)],
    "trapezoid": [call(F), call(F, dx=0.5, axis=0)],
    "count_nonzero": [call(INTS), call(INTS, axis=1)],
    # shapes
    "append": [call(F, G), call(F, G, axis=1)],
    "argpartition": [call(VECTOR, 2)],
    "argsort": [call(F), call(F, axis=0), call(INTS, axis=None)],
    "array_split": [call(F, 2, axis=1), call(VECTOR, 3)],
    "broadcast_to": [call(VECTOR, (2, 5))],
    "concatenate": [call([F, G]), call([F, G], axis=-1), call([F, INTS], axis=1)],
    "cross": [call(F, G)],
    "diag": [call(VECTOR), call(SQUARE[0], k=1)],
    "diagflat": [call(VECTOR, k=-1)],
    "diagonal": [call(CUBE, axis1=1, axis2=2), call(CUBE, offset=1)],
    "digitize": [call(F, np.array([-1.0, 0.0, 1.0], "float32"))],
    "dsplit": [call(CUBE, 3)],
    "dstack": [call([F, G])],
    "einsum": [call("bi,bi->b", F, G), call("bij,bj->bi", CUBE, G)],
    "expand_dims": [call(F, 1), call(F, (0, -1))],
    "flip": [call(F), call(F, axis=1)],
    "get_item": [
        call(CUBE, (slice(None), 0)),
        call(CUBE, (Ellipsis, None, slice(1, 3))),
        call(CUBE, (slice(None), slice(None, None, 2))),
    ],
    "hsplit": [call(F, 3)],
    "hstack": [call([F, G])],
    "matmul": [call(F, G.T), call(CUBE, floats(3, 5)), call(INTS.astype("int8"), J.T.astype("int8"))],
    "meshgrid": [call(VECTOR, VECTOR), call(VECTOR, VECTOR, indexing="ij")],
    "moveaxis": [call(CUBE, 1, 2), call(CUBE, (0, 1), (1, 0))],
    "outer": [call(VECTOR, VECTOR)],
    "pad": [
        call(F, ((0, 0), (1, 2))),
        call(F, 1, constant_values=3.0),
        call(F, ((0, 0), (1, 1)), mode="reflect"),
    ],
    "repeat": [call(F, 2), call(F, 2, axis=1)],
    "reshape": [call(CUBE, (4, 6)), call(CUBE, (-1, 6)), call(CUBE, -1), call(x=CUBE, newshape=[-1, 3])],
    "roll": [call(F, 1), call(F, 2, axis=1), call(CUBE, (1, 2), axis=(1, 2))],
    "rot90": [call(F), call(CUBE, k=3, axes=(1, 2))],
    "searchsorted": [call(np.sort(VECTOR), floats(7)), call(np.sort(VECTOR), floats(7), side="right")],
    "select": [call([B, C], [F, G]), call([B, C], [F, G], 2.0)],
    "split": [call(F, 2), call(F, 3, axis=1), call(F, [1], axis=1)],
    "squeeze": [call(F[:, None]), call(F[:, None, :, None], axis=1), call(F[:, None, :, None], axis=[1, 3])],
    "stack": [call([F, G]), call([F, G], axis=1)],
    "swapaxes": [call(CUBE, 1, 2)],
    "take": [call(CUBE, [0, 1], axis=1), call(CUBE, 1, axis=2), call(F, INTS)],
    "take_along_axis": [call(F, ints(4, 2, high=3), axis=1)],
    "tensordot": [call(F, G.T, axes=1), call(CUBE, CUBE, axes=[[2], [2]])],
    "tile": [call(F, (1, 2)), call(F, 2)],
    "trace": [call(CUBE, axis1=1, axis2=2)],
    "transpose": [call(CUBE), call(CUBE, (0, 2, 1)), call(CUBE, axes=[1, 0, 2])],
    "tril": [call(SQUARE), call(SQUARE, k=1)],
    "triu": [call(SQUARE), call(SQUARE, k=-1)],
    "unique": [
        call(INTS),
        call(INTS, return_counts=True, size=6, fill_value=0),
        call(INTS, return_inverse=True, axis=0),
    ],
    "unravel_index": [call(ints(4, high=12), (3, 4))],
    "vander": [call(VECTOR), call(VECTOR, N=3, increasing=True)],
    "view": [call(F, "int32")],
    "vsplit": [call(F, 2)],
    "vstack": [call([F, G])],
    "vdot": [call(VECTOR, VECTOR)],
    "inner": [call(F, G)],
    "dot": [call(F, G.T), call(VECTOR, VECTOR)],
    "correlate": [call(VECTOR, floats(3)), call(VECTOR, floats(3), mode="full")],
    # creation
    "arange": [call(5), call(1, 9, 2), call(0.0, 1.0, 0.25), call(3, dtype="float32")],
    "array": [call([1, 2]), call([1.0, 2.0]), call(INTS, "float32")],
    "bartlett": [call(7)],
    "blackman": [call(7)],
    "hamming": [call(7)],
    "hanning": [call(7)],
    "kaiser": [call(7, 2.0)],
    "empty": [call((2, 3))],
    "eye": [call(3), call(3, 4, k=1, dtype="int32")],
    "full": [call((2, 3), 1.5), call((2,), 3, dtype="int32")],
    "full_like": [call(F, 2), call(INTS, 2), call(INTS, 2.5, dtype="float32")],
    "geomspace": [call(1.0, 8.0, 4)],
    "identity": [call(3)],
    "linspace": [
        call(0.0, 1.0, 5),
        call(F, G, num=4, axis=1),
        call(0.0, 1.0, 5, endpoint=False, retstep=True),
    ],
    "logspace": [call(0.0, 1.0, 5), call(0.0, 3.0, 4, base=2)],
    "ones": [call((2, 3)), call((2,), "int32")],
    "tri": [call(3), call(3, 4, k=-1)],
    "zeros": [call((2, 3)), call(3, "bool")],
    # core
    "cast": [call(F, "int32"), call(INTS, "float16")],
    "saturate_cast": [call(F * 200, "uint8"), call(F * 1e10, "int32"), call(INTS - 3, "uint8")],
    "convert_to_tensor": [call([1, 2]), call([1.0, 2.0]), call(F), call(INTS, "float32"), call(True)],
    "convert_to_numpy": [call(F)],
    "cond": [call(True, lambda: F, lambda: G)],
    "fori_loop": [call(0, 3, lambda i, value: value + i, F)],
    "while_loop": [
        call(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (0, F)),
        call(lambda x: (x < 100).all(), lambda x: x + 1, INTS, maximum_iterations=4),
    ],
    "switch": [call(1, [lambda x: x, lambda x: x * 2], F)],
    "scan": [
        call(lambda carry, x: (carry + x, carry * x), G[0], F),
        call(lambda c, x: (c + x, c), G[0], F, reverse=True),
    ],
    "associative_scan": [call(lambda a, b: a + b, F), call(lambda a, b: a * b, F, reverse=True, axis=1)],
    "map": [call(lambda row: row * 2, F)],
    "vectorized_map": [call(lambda row: row.sum(), F)],
    "slice": [call(CUBE, (0, 0, 1), (4, 2, 2)), call(F, (1, 0), (-1, 2))],
    "slice_update": [call(F, (1, 1), np.ones((2, 2), "float32"))],
    "scatter": [call(np.array([[0, 1], [2, 0]]), floats(2), (3, 2))],
    "scatter_update": [
        call(F, [[0, 1], [2, 0]], floats(2)),
        call(F, [[0, 1], [0, 1]], floats(2), reduction="add"),
    ],
    "unstack": [call(F, axis=1), call(F, num=4)],
    "rearrange": [
        call(IMAGES, "b h w c -> b c h w"),
        call(IMAGES, "b (h p) (w q) c -> b (h w) (p q c)", p=2, q=4),
        call(CUBE, "b t c -> b (t c)"),
    ],
    "stop_gradient": [call(F)],
    "shape": [call(CUBE)],
    "dtype": [call(INTS)],
    "is_tensor": [call(F)],
    "ndim": [call(CUBE)],
    "size": [call(CUBE)],
    "jvp": [call(lambda x: x * x, (F,), (G,))],
    # math
    "cdist": [call(F, G), call(CUBE, CUBE)],
    "extract_sequences": [call(SIGNAL, 16, 8)],
    "fft": [call(COMPLEX)],
    "fft2": [call(COMPLEX)],
    "ifft2": [call(COMPLEX)],
    "irfft": [call(COMPLEX), call(COMPLEX, fft_length=14)],
    "rfft": [call(SIGNAL), call(SIGNAL, fft_length=16)],
    "stft": [
        call(SIGNAL, 16, 8, 16),
        call(SIGNAL, 16, 8, 20, window="hamming", center=False),
        call(SIGNAL, 16, 4, 16, window=None),
    ],
    "istft": [
        call((floats(4, 9, 9), floats(4, 9, 9)), 16, 8, 16),
        call((floats(4, 9, 9), floats(4, 9, 9)), 16, 4, 16, length=40, window="hamming"),
    ],
    "in_top_k": [call(ints(4, high=3), F, 2)],
    "segment_max": [call(F, SEGMENTS, 3)],
    "segment_min": [call(F, SEGMENTS, num_segments=3, sorted=True)],
    "segment_prod": [call(F, SEGMENTS, 3)],
    "segment_sum": [call(F, SEGMENTS, 4), call(INTS, SEGMENTS // 2, 2)],
    "top_k": [call(F, 2), call(INTS, 1)],
    "view_as_complex": [call(floats(4, 2))],
    "view_as_real": [call((F + 1j * G).astype("complex64"))],
    "slogdet": [call(SQUARE)],
    "logdet": [call(SYMMETRIC)],
    # linalg
    "cholesky": [call(SYMMETRIC), call(SYMMETRIC, upper=True)],
    "cholesky_inverse": [
        call(np.linalg.cholesky(SYMMETRIC[0])),
        call(np.linalg.cholesky(SYMMETRIC[0]).T, upper=True),
    ],
    "det": [call(SQUARE)],
    "eig": [call(SYMMETRIC)],
    "eigh": [call(SYMMETRIC)],
    "inv": [call(SQUARE)],
    "lstsq": [call(F, floats(4)), call(F, G)],
    "lu_factor": [call(SQUARE)],
    "matrix_rank": [call(SQUARE)],
    "norm": [
        call(F),
        call(F, axis=1),
        call(F, ord=1, axis=0, keepdims=True),
        call(INTS),
        call(SQUARE, ord="fro", axis=(1, 2)),
    ],
    "pinv": [call(F)],
    "qr": [call(SQUARE), call(F, mode="complete")],
    "solve": [call(SQUARE, floats(4, 3, 2))],
    "solve_triangular": [call(np.tril(SQUARE), floats(4, 3, 2), lower=True)],
    "svd": [call(F, full_matrices=False), call(F, compute_uv=False)],
    # nn
    "adaptive_average_pool": [
        call(IMAGES, 3),
        call(IMAGES, (4, 5)),
        call(CUBE.transpose(0, 2, 1), 2, "channels_first"),
    ],
    "adaptive_max_pool": [call(IMAGES, (4, 5))],
    "average_pool": [
        call(IMAGES, 2, 2),
        call(IMAGES, (3, 2), 2, "same"),
        call(IMAGES, 3, strides=1, padding="same"),
    ],
    "batch_normalization": [
        call(F, floats(3), POSITIVE[0], -1),
        call(IMAGES, floats(6), floats(6, low=0.1), 1, offset=floats(6), scale=floats(6), epsilon=0.01),
    ],
    "binary_crossentropy": [
        call(B.astype("float32"), PROBABILITIES),
        call(PROBABILITIES, F, from_logits=True),
    ],
    "categorical_crossentropy": [
        call(PROBABILITIES, PROBABILITIES[::-1].copy()),
        call(PROBABILITIES, F, from_logits=True),
        call(CUBE, CUBE + 3, axis=1),
    ],
    "sparse_categorical_crossentropy": [
        call(ints(4, high=3), PROBABILITIES),
        call(ints(4, 1, high=3), F, from_logits=True),
        call(ints(4, 2, high=3), CUBE, True),
    ],
    "conv": [
        call(IMAGES, floats(3, 3, 3, 5)),
        call(IMAGES, floats(3, 2, 3, 5), strides=(2, 1), padding="same"),
        call(CUBE, floats(2, 3, 4), padding="SAME", dilation_rate=2),
        call(IMAGES, floats(2, 2, 1, 6), 1, "valid"),
        call(IMAGES.transpose(0, 3, 1, 2), floats(3, 3, 3, 5), data_format="channels_first"),
    ],
    "conv_transpose": [
        call(IMAGES, floats(3, 3, 5, 3)),
        call(IMAGES, floats(3, 2, 5, 3), strides=2, padding="same"),
        call(IMAGES, floats(2, 3, 5, 3), strides=(3, 2), padding="same", output_padding=1),
        call(CUBE, floats(2, 4, 3), strides=3),
        call(CUBE, floats(4, 4, 3), strides=1, padding="same", dilation_rate=2),
    ],
    "depthwise_conv": [call(IMAGES, floats(3, 3, 3, 2)), call(CUBE, floats(2, 3, 1), padding="same")],
    "separable_conv": [call(IMAGES, floats(3, 3, 3, 2), floats(1, 1, 6, 4), padding="same")],
    "max_pool": [
        call(IMAGES, 2, 2),
        call(IMAGES, (3, 2), 2, "same"),
        call(IMAGES, 2, 1, data_format="channels_first"),
    ],
    "ctc_decode": [
        call(floats(4, 8, 5), np.array([8, 5, 3, 8])),
        call(floats(4, 8, 5), np.array([8, 5, 3, 8]), merge_repeated=False, mask_index=4),
    ],
    "ctc_loss": [call(ints(4, 3, low=1), floats(4, 8, 5), np.array([3, 2, 1, 0]), np.array([8, 7, 5, 4])),
        call(ints(4, 2, high=4), floats(4, 6, 5), np.array([2] * 4), np.array([6] * 4), 4),
    ],
    "depth_to_space": [call(floats(4, 2, 3, 8), 2), call(floats(4, 8, 2, 3), 2, "channels_first")],
    "space_to_depth": [call(IMAGES, 2), call(IMAGES.transpose(0, 3, 1, 2), 2, data_format="channels_first")],
    "dot_product_attention": [
        call(floats(4, 5, 2, 8), floats(4, 6, 2, 8), floats(4, 6, 2, 8)),
        call(floats(4, 5, 2, 8), floats(4, 5, 2, 8), floats(4, 5, 2, 8), is_causal=True, scale=0.3),
        call(*floats(3, 4, 5, 2, 8), bias=floats(4, 2, 5, 5), mask=ints(4, 2, 5, 5, high=2).astype(bool)),
    ],
    "fold": [call(floats(4, 12, 12), (4, 5), 2), call(floats(4, 12, 9), (4, 5), 2, padding=1, stride=2)],
    "unfold": [
        call(floats(4, 3, 4, 5), 2),
        call(floats(4, 3, 4, 5), (2, 3), dilation=1, padding=1, stride=2),
    ],
    "glu": [call(floats(4, 6)), call(F, axis=0)],
    "layer_normalization": [
        call(F),
        call(CUBE, floats(3), floats(3), epsilon=0.1),
        call(CUBE, floats(2), floats(2), axis=1),
        call(CUBE.astype("float16"), axis=(1, 2)),
    ],
    "rms_normalization": [call(F), call(CUBE, floats(3), epsilon=0.1), call(CUBE, axis=(1, 2))],
    "moments": [call(F, 0), call(CUBE, [0, 1], keepdims=True), call(F.astype("float16"), axes=[1])],
    "multi_hot": [call(INTS, 5), call(INTS.astype("float32"), 5, dtype="int32")],
    "one_hot": [call(INTS, 5), call(INTS, 4, axis=1), call(INTS - 1, 5, dtype="int32")],
    "normalize": [call(F), call(F, axis=0, order=3), call(F, order=1, epsilon=0.5)],
    "polar": [call(POSITIVE, F)],
    "psnr": [call(F, G, 1.0)],
    "softmax": [call(F), call(CUBE, axis=1), call(CUBE, axis=(1, 2))],
    "log_softmax": [call(F), call(CUBE, axis=(0, 2))],
    "threshold": [call(F, 0.5, -1.0)],
    # image
    "image.resize": [
        call(IMAGES, (3, 4)),
        call(IMAGES, (12, 9), interpolation="nearest"),
        call(IMAGES, (3, 3), antialias=True, interpolation="bicubic"),
        call(IMAGES[0], (4, 4), crop_to_aspect_ratio=True),
        call(IMAGES, (4, 4), pad_to_aspect_ratio=True, fill_value=0.5),
        call(IMAGES, (5, 4), data_format="channels_first"),
    ],
    "image.rgb_to_grayscale": [call(IMAGES), call((IMAGES * 255).astype("uint8")), call(IMAGES[..., :1])],
    "image.rgb_to_hsv": [call(IMAGES), call(IMAGES.transpose(0, 3, 1, 2), data_format="channels_first")],
    "image.hsv_to_rgb": [call(IMAGES)],
    "image.pad_images": [
        call(IMAGES, 1, 2, 3, 4),
        call(IMAGES, top_padding=1, left_padding=2, target_height=9, target_width=12),
    ],
    "image.crop_images": [
        call(IMAGES, 1, 2, 1, 1),
        call(IMAGES, bottom_cropping=1, left_cropping=2, target_height=3, target_width=4),
    ],
    "image.extract_patches": [
        call(IMAGES, 2),
        call(IMAGES, (3, 2), strides=1, padding="same"),
        call(IMAGES[0], 3, 2),
    ],
    "image.extract_patches_3d": [call(floats(4, 4, 6, 6, 2), 2)],
    "image.map_coordinates": [
        call(F, floats(2, 7, low=-1, high=4), 1),
        call(F, floats(2, 7, low=0, high=3), 0, fill_mode="nearest"),
    ],
    "image.affine_transform": [
        call(IMAGES, np.array([[0.9, 0.1, 1.0, -0.1, 1.1, 0.5, 0, 0]] * 4, "float32")),
        call(
            IMAGES,
            np.array([[1, 0, 2.3, 0, 1, 1, 0, 0]] * 4, "float32"),
            interpolation="nearest",
            fill_mode="reflect",
        ),
    ],
    "image.perspective_transform": [
        call(IMAGES, CORNERS, CORNERS + floats(4, 4, 2)),
    ],
    "image.scale_and_translate": [
        call(
            IMAGES[0],
            (8, 8, 3),
            np.array([1.2, 0.8], "float32"),
            np.array([1.0, 0.5], "float32"),
            (0, 1),
            "linear",
        ),
    ],
    "image.gaussian_blur": [
        call(IMAGES, data_format="channels_last"),
        call(IMAGES, (5, 3), (1.5, 0.7), data_format="channels_last"),
    ],
    "image.elastic_transform": [
        call(IMAGES, 2.0, 0.9, seed=3, data_format="channels_last"),
        call(IMAGES, 2.0, 0.9, "nearest", "constant", 1.0, 3, "channels_last"),
    ],
    "image.sobel_edges": [call(IMAGES, data_format="channels_last")],
    "image.ssim": [
        call(IMAGES, IMAGES[::-1], filter_size=3),
        call(IMAGES[0], IMAGES[1], 2.0, 3, 0.7, 0.02, 0.05, "channels_last"),
    ],
}  # fmt: skip

# Functions that return functions, and one where Keras departs from the paper: tested by hand.
BY_HAND = {"sparsemax", "custom_gradient", "vectorize"}


def names() -> list[str]:
    """All functions of `ops`, those for images under their full name."""
    own = {"call_from_config", "operation", "operation_config"}
    return sorted({n for n in ops.__all__ if callable(getattr(ops, n))} - own - BY_HAND) + [
        f"image.{n}" for n in ops.image.__all__
    ]


def cases_of(name: str) -> list[tuple[tuple, dict[str, Any]]]:
    """The calls of a function: those listed, or by rule from the names of its arguments."""
    if name in SPECIAL:
        return SPECIAL[name]
    parameters = inspect.signature(getattr(ops, name)).parameters.values()
    required = [p.name for p in parameters if p.default is p.empty]
    domain = (
        UNIT
        if name in UNIT_DOMAIN
        else POSITIVE
        if name in POSITIVE_DOMAIN
        else NAN
        if name.startswith("nan")
        else F
    )
    if any(p.name == "keepdims" for p in parameters):
        others = (
            []
            if name.startswith("nan")
            else [call(INTS), call(B if name in ("all", "any", "sum", "mean") else INTS, axis=0)]
        )
        return [call(domain), call(domain, axis=1, keepdims=True), call(domain[..., None], axis=-1), *others]
    if required in (["x"], ["a"]):
        integers = [] if name in FLOATS_ONLY else [call(J)]
        return integers if name in INTEGERS_ONLY else [call(domain), *integers]
    if required in (["x1", "x2"], ["x", "y"]):
        if name in INTEGERS_ONLY:
            return [call(INTS, J), call(INTS, 2)]
        if name in FLOATS_ONLY:
            return [call(F, G)]
        mixed = [
            call(INTS, J),
            call(F, INTS + 1),
            call(2, F),
            call(F, 2.5),
            call(INTS, 1.5),
            call(F[:, :1], G[0]),
        ]
        return [call(np.abs(F), np.abs(G)), *mixed] if name == "power" else [call(F, G), *mixed]
    raise AssertionError(f"ops.{name} needs a case in tests/ops/cases.py: its arguments are {required}")
