"""What the conformance test can't see: functions beside the layers, learned statistics, old spellings, other
authorities.
"""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona import layers
from neurona.core.annotations import MASK
from neurona.core.policy import set_image_data_format
from neurona.core.registry import built_in, lookup, register_keras_serializable
from neurona.core.symbolic import SymbolicTensor


@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot"]
)
def test_functions_that_merge(name: str) -> None:
    """On arrays, on symbolic tensors, and on one of each."""
    a, b = (np.random.default_rng(n).normal(size=(2, 3)).astype("float32") for n in (0, 1))
    expected = getattr(keras.layers, name)([a, b])
    merge = getattr(layers, name)
    np.testing.assert_allclose(merge([a, b]), expected, rtol=1e-6)
    assert merge([SymbolicTensor((None, 3)), SymbolicTensor((None, 3))]).shape == (None, *expected.shape[1:])
    mixed = merge([SymbolicTensor((2, 3)), jnp.asarray(b)])
    assert mixed.shape == expected.shape
    np.testing.assert_allclose(mixed.node.operation([a, b]), expected, rtol=1e-6)


@pytest.mark.parametrize(("size", "windows"), [(7, 7), (7, 5), (7, 3), (6, 2), (3, 5)])
def test_adaptive_pooling_equals_torch(size: int, windows: int) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is a test dependency where its wheel is small")
    x = np.random.default_rng(0).normal(size=(2, 3, size)).astype("float32")
    for mine, other in (
        (layers.AdaptiveAveragePooling1D, torch.nn.AdaptiveAvgPool1d),
        (layers.AdaptiveMaxPooling1D, torch.nn.AdaptiveMaxPool1d),
    ):
        np.testing.assert_allclose(
            mine(windows, data_format="channels_first")(x),
            other(windows)(torch.tensor(x)),
            rtol=1e-5,
            atol=1e-6,
        )


@pytest.mark.parametrize("axis", [-1, None, (1, 2), 1])
def test_normalization_learns_what_keras_learns(axis: object) -> None:
    data = np.random.default_rng(0).normal(3, 5, (20, 4, 3)).astype("float32")
    mine, other = layers.Normalization(axis=axis), keras.layers.Normalization(axis=axis)
    mine.adapt(data)
    other.adapt(data)
    np.testing.assert_allclose(mine.mean, other.mean, rtol=1e-5)
    np.testing.assert_allclose(mine.variance, other.variance, rtol=1e-5)
    np.testing.assert_allclose(mine(data), other(data), rtol=1e-4, atol=1e-5)
    in_batches = layers.Normalization(axis=axis)
    in_batches.adapt((data[start : start + 7], None) for start in range(0, 20, 7))
    np.testing.assert_allclose(in_batches.get_weights()[1], mine.get_weights()[1], rtol=1e-5)


def test_normalization_is_right_for_large_means() -> None:
    data = np.array([[1e8 + 1.0], [1e8 + 3.0]])
    layer = layers.Normalization()
    layer.adapt(data)
    assert layer.get_weights()[1].item() == 1.0


def test_frozen_batch_normalization_keeps_its_statistics() -> None:
    layer = layers.BatchNormalization()
    x = jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)))
    layer(x, training=True)
    before = layer.get_weights()
    layer.trainable = False
    np.testing.assert_array_equal(layer(x, training=True), layer(x, training=False))
    np.testing.assert_array_equal(layer.get_weights(), before)


def test_batch_normalization_of_one_masked_channel() -> None:
    x = jnp.array([[[1.0], [3.0], [100.0]]])
    MASK.set(x, jnp.array([[True, True, False]]))
    layer = layers.BatchNormalization(momentum=0.0)
    layer(x, training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), [2.0], rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), [1.0], rtol=1e-5)


def test_unit_normalization_of_nothing_has_a_gradient() -> None:
    gradient = jax.grad(lambda x: layers.UnitNormalization()(x).sum())(jnp.zeros((1, 3)))
    assert np.isfinite(gradient).all()


def test_embedding_beyond_its_range_is_nan_in_a_program() -> None:
    layer = layers.Embedding(5, 2)
    layer.build()
    values = layer.get_weights()
    assert np.isnan(jax.jit(lambda x: layer.apply(values, x)[0])(jnp.array([7]))).all()


def test_embedding_takes_weights_once() -> None:
    table = np.arange(6.0).reshape(3, 2)
    for weights in (table, [table]):
        layer = layers.Embedding(3, 2, weights=weights, input_length=4)
        np.testing.assert_array_equal(layer(np.array([2])), table[2:])
        assert not {"weights", "input_length"} & set(layer.get_config())


def test_masks_reach_the_end_of_a_chain() -> None:
    x = np.array([[3, 1, 0], [2, 0, 0]])
    y = layers.Embedding(5, 4, mask_zero=True)(x)
    y = layers.LayerNormalization()(layers.Dropout(0.5)(layers.Dense(2)(y)))
    np.testing.assert_array_equal(MASK.get(y), x != 0)
    assert MASK.get(layers.GlobalAveragePooling1D()(y)) is None


def test_lambda_receives_mask_and_training() -> None:
    def function(x: jax.Array, training: bool, mask: jax.Array, factor: float) -> jax.Array:
        return x * mask[..., None] * factor if training else x

    layer = layers.Lambda(function, arguments={"factor": 3.0}, mask=lambda inputs, mask: ~mask)
    x = jnp.ones((1, 2, 1))
    MASK.set(x, jnp.array([[True, False]]))
    y = layer(x, training=True)
    assert y.ravel().tolist() == [3.0, 0.0]
    assert MASK.get(y).tolist() == [[False, True]]
    assert layer(x).ravel().tolist() == [1.0, 1.0]


def test_a_registered_function_travels_in_a_lambda() -> None:
    @register_keras_serializable(package="tests")
    def triple(x: jax.Array) -> jax.Array:
        return 3 * x

    config = layers.Lambda(triple).get_config()
    assert layers.Lambda.from_config(config)(jnp.ones(2)).tolist() == [3.0, 3.0]


def test_alpha_is_the_old_name_of_the_slope() -> None:
    layer = layers.LeakyReLU(alpha=0.5)
    assert layer(jnp.array([-2.0])).tolist() == [-1.0]
    assert layer.get_config()["negative_slope"] == 0.5


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Convolution2D", "Conv2D"),
        ("MaxPool2D", "MaxPooling2D"),
        ("GlobalAvgPool1D", "GlobalAveragePooling1D"),
    ],
)
def test_other_names(name: str, other: str) -> None:
    assert getattr(layers, name) is getattr(layers, other) is lookup("layers", name)
    assert getattr(keras.layers, name).__name__ == other


# Registered for files, and no layers that Keras's room shows.
PARTS = {"ConvLSTMCell", "Cross", "Feature", "ImageLayer"}


def test_all_public_layers_are_exported() -> None:
    missing = [
        name
        for name, layer in built_in("layers").items()
        if layer.__module__.startswith("neurona.layers") and name not in {*layers.__all__, *PARTS}
    ]
    assert missing == []


def test_channels_first_as_the_global_format() -> None:
    set_image_data_format("channels_first")
    try:
        assert layers.Conv2D(4, 3)(jnp.ones((1, 2, 5, 5))).shape == (1, 4, 3, 3)
        y = layers.Rescaling([1.0, 2.0], [0.0, 1.0])(jnp.ones((1, 2, 3, 3)))
        assert y[0, :, 0, 0].tolist() == [1.0, 3.0]
    finally:
        set_image_data_format("channels_last")


def test_a_layer_in_its_own_jit_needs_a_key() -> None:
    with pytest.raises(RuntimeError, match="draws random numbers"):
        jax.jit(lambda x: layers.Dropout(0.5)(x, training=True))(jnp.ones(3))


def test_a_data_set_is_adapted_to_once() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 3))

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> np.ndarray:
            return rows[index * 5 : index * 5 + 5]

    layer = layers.Normalization()
    layer.adapt(Batches())
    np.testing.assert_allclose(np.asarray(layer.mean)[0], rows.mean(0), rtol=1e-5, atol=1e-6)


def test_noise_may_be_stronger_than_keras_3_takes() -> None:
    noise = layers.GaussianNoise(15.0, seed=0)(np.zeros((4000,), "float32"), training=True)
    assert abs(float(np.std(noise)) - 15) < 1
