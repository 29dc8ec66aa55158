"""What is refused, with a message that says what was expected, what came, and how to mend it."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from neurona import Input, Sequential, layers
from neurona.core.annotations import MASK
from neurona.core.errors import ArgumentError, DataError, SavingError, ShapeError, UnexpectedArgument

ARGUMENTS = [
    ("ReLU", {"max_value": -1.0}, "max_value is a number >= 0.*-1.0"),
    ("ReLU", {"negative_slope": None}, "negative_slope"),
    ("LeakyReLU", {"negative_slope": -0.1}, "negative_slope is a number >= 0"),
    ("Conv2D", {"filters": 0, "kernel_size": 3}, "filters must be an integer >= 1.*filters=0"),
    ("Conv2D", {"filters": 3, "kernel_size": (3, 3, 3)}, "kernel_size must be an integer >= 1, or 2 of them"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "strides": 0}, "strides"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "groups": 2}, "divisible by groups"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, "can't both"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "padding": "sam"}, "one of valid, same.*Did you mean 'same'"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "padding": "causal"}, "one of valid, same"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "data_format": "last"}, "channels_last"),
    (
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": 3, "strides": 2, "output_padding": 2},
        "less than the stride",
    ),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 0}, "depth_multiplier"),
    ("MaxPooling2D", {"pool_size": 0}, "pool_size must be an integer >= 1"),
    ("AdaptiveMaxPooling2D", {"output_size": (1, 2, 3)}, "output_size"),
    ("Reshape", {"target_shape": (-1, -1)}, "at most one"),
    ("Permute", {"dims": (0, 1)}, "dims holds each of 1, 2"),
    ("RepeatVector", {"n": 0}, "n must be an integer >= 1"),
    ("ZeroPadding2D", {"padding": (1, 2, 3)}, "2 pairs"),
    ("Cropping1D", {"cropping": -1}, "cropping must be an integer >= 0"),
    ("UpSampling2D", {"interpolation": "cubic"}, "Did you mean 'bicubic'"),
    ("BatchNormalization", {"renorm": True, "renorm_clipping": {"rmx": 2.0}}, "Did you mean 'rmax'"),
    ("BatchNormalization", {"renorm": True, "renorm_clipping": {"rmin": 2.0, "rmax": 1.0}}, "rmin <= rmax"),
    ("GroupNormalization", {"groups": 0}, "-1 for one per channel"),
    ("LayerNormalization", {"axis": "last"}, "axis is an integer or a list"),
    ("Dropout", {"rate": 1.5}, "rate is a number from 0 to 1.*1.5"),
    ("Dropout", {"rate": 0.5, "noise_shape": (2, -1)}, "noise_shape is a tuple of positive integers"),
    ("GaussianDropout", {"rate": 1}, "infinite"),
    ("GaussianNoise", {"stddev": -1}, "stddev"),
    ("Dot", {"axes": 0}, "none of them 0"),
    ("Embedding", {"input_dim": 0, "output_dim": 3}, "input_dim must be an integer >= 1"),
    ("Normalization", {"mean": 1.0}, "both mean and variance"),
    ("Lambda", {"function": 3}, "function is a function"),
    ("SpectralNormalization", {"layer": "Dense"}, "wraps a layer"),
]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    ARGUMENTS,
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)
def test_arguments(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(
        ArgumentError, match=rf"(?s)^{name}.*{message}" if "data_format" not in options else message
    ):
        getattr(layers, name)(**options)


INPUTS = [
    (lambda: layers.Conv2D(2, 3), (2, 5, 5), "4 dimensions.*Add the missing axis"),
    (lambda: layers.Conv2D(2, 3, groups=2), (2, 5, 5, 3), "3 channels can't be split"),
    (lambda: layers.Conv2D(2, 3), (2, 2, 2, 1), "padding='same', a smaller kernel"),
    (lambda: layers.MaxPooling2D(3), (1, 2, 2, 1), "does not fit"),
    (lambda: layers.GlobalMaxPooling1D(), (2, 3), "3 dimensions"),
    (lambda: layers.Reshape((5,)), (2, 3), "has 3 elements"),
    (lambda: layers.Cropping1D(2), (2, 3, 1), "leave nothing"),
    (lambda: layers.GroupNormalization(4), (2, 6), "6 channels can't be split into groups=4"),
    (lambda: layers.Add(), (2, 3), "takes a list of arrays"),
    (lambda: layers.Subtract(), [(2, 3)] * 3, "exactly 2 arrays. Received 3"),
    (lambda: layers.Add(), [(2, 3), (2, 4)], "do not broadcast"),
    (lambda: layers.Add(), [(2, 3), (3, 3)], "batch sizes"),
    (lambda: layers.Concatenate(axis=1), [(2, 3, 4), (2, 3, 5)], "axis 2 differs"),
    (lambda: layers.Dot(1), [(2, 3), (2, 4)], "3 is not 4"),
    (lambda: layers.Masking(), (3,), "batch, time, features"),
    (lambda: layers.Normalization(axis=3), (2, 3), "axis=\\(3,\\)"),
]


@pytest.mark.parametrize(
    ("make", "shape", "message"), INPUTS, ids=lambda value: value if isinstance(value, str) else None
)
def test_inputs(make: Any, shape: Any, message: str) -> None:
    x = [jnp.ones(one) for one in shape] if isinstance(shape, list) else jnp.ones(shape)
    with pytest.raises(ShapeError, match=rf"(?s){message}"):
        make()(x)


def test_another_number_of_channels_than_at_first() -> None:
    layer = layers.Conv2D(2, 1, name="early")
    layer(jnp.ones((1, 2, 2, 3)))
    with pytest.raises(ShapeError, match=r"'early'.*axis -1.*size 3"):
        layer(jnp.ones((1, 2, 2, 4)))


def test_misspelt_argument() -> None:
    with pytest.raises(UnexpectedArgument, match=r"no argument 'kernel_sise'.*Did you mean 'kernel_size'"):
        layers.Conv2D(2, 3, kernel_sise=3)
    with pytest.raises(UnexpectedArgument, match=r"missing.*'kernel_size'"):
        layers.Conv2D(2)


def test_words_beyond_the_vocabulary() -> None:
    with pytest.raises(DataError, match=r"integers 0 to 4.*from 0 to 7.*input_dim=8"):
        layers.Embedding(5, 2)(np.array([[0, 7]]))
    with pytest.raises(DataError, match=r"integers 0 to 4.*from -1 to 3.*begin at 0"):
        layers.Embedding(5, 2)(np.array([[-1, 3]]))


def test_softmax_refuses_a_mask_that_does_not_fit() -> None:
    x = jnp.ones((2, 3, 4))
    MASK.set(x, jnp.ones((2, 3), bool))
    with pytest.raises(ShapeError, match="mask must broadcast"):
        layers.Softmax()(x)


def test_a_lambda_cannot_be_saved(tmp_path: Path) -> None:
    model = Sequential([Input((2,)), layers.Lambda(lambda x: 2 * x, name="double")])
    with pytest.raises(SavingError, match=r"lambda.*register_keras_serializable"):
        model.save(tmp_path / "model.keras")


def test_spectral_normalization_needs_a_kernel() -> None:
    with pytest.raises(ArgumentError, match="has neither"):
        layers.SpectralNormalization(layers.ReLU())(jnp.ones((1, 2)))
