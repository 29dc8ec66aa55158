"""Which layers of a model's graph are computed together, and that nothing which a user sees depends on it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import Input, Model, Sequential, layers
from neurona.core.scope import Scope
from neurona.layers import Activation, BatchNormalization, Conv2D, MaxPooling2D, ReLU
from neurona.models.fusion import PATTERNS
from tests.kernels.conftest import arrays, skip_without_library

pytestmark = skip_without_library
(X,) = arrays((16, 8, 8, 3))
SHAPE = X.shape[1:]
TOGETHER, APART = '"neurona_convolution_max_pool"', '"neurona_convolution"'


def program_of(model, *inputs, training=False):
    def run(values, *inputs):
        return model.apply(values, *inputs, training=training)

    return jax.jit(run).lower([v.value for v in model.variables], *inputs).compile()


def one_by_one(model, x, training=False):
    """The output, outside any compiled program and any graph."""
    for layer in model.layers:
        if not isinstance(layer, layers.InputLayer):
            x = layer(x, training=training) if isinstance(layer, BatchNormalization) else layer(x)
    return x


def is_fused(model, *inputs):
    text = program_of(model, *inputs).as_text()
    assert (TOGETHER in text) != (APART in text)
    return TOGETHER in text


def test_longer_patterns_come_first():
    lengths = {}
    for pattern in PATTERNS:
        assert len(pattern.types) <= lengths.setdefault(pattern.types[-1], len(pattern.types))


@pytest.mark.parametrize(
    "block",
    [
        [Conv2D(4, 3, activation="relu"), MaxPooling2D()],
        [BatchNormalization(), ReLU(), MaxPooling2D()],
        [BatchNormalization(), Activation("relu"), MaxPooling2D()],
        [BatchNormalization(), MaxPooling2D()],
        [BatchNormalization(), ReLU()],
        [BatchNormalization(), Activation("relu")],
    ],
    ids=lambda block: "-".join(type(layer).__name__ for layer in block),
)
def test_a_fused_model_gives_what_its_layers_give_and_updates_its_statistics(block):
    model = Sequential([Input(SHAPE), *block])
    program = program_of(model, X, training=True)
    y, values = program([v.value for v in model.variables], X)
    text = program.as_text()
    assert text.count('custom_call_target="neurona_') == (1 if isinstance(block[0], Conv2D) else 2)
    np.testing.assert_allclose(y, one_by_one(model, X, training=True), rtol=1e-5, atol=1e-5)
    for found, variable in zip(values, model.variables):  # which the call above has updated
        np.testing.assert_allclose(found, variable.value, rtol=1e-6)


def test_without_training_the_moving_averages_are_used():
    model = Sequential([Input(SHAPE), BatchNormalization(), ReLU(), MaxPooling2D()])
    program = program_of(model, X)
    assert "neurona_batch_normalization" not in program.as_text()
    y, _ = program([v.value for v in model.variables], X)
    np.testing.assert_allclose(y, one_by_one(model, X), rtol=1e-5, atol=1e-6)
    model.layers[0].trainable = False  # frozen: as without training
    assert "neurona_batch_normalization" not in program_of(model, X, training=True).as_text()


class Doubled(Conv2D):
    def call(self, inputs):
        return 2 * super().call(inputs)


class Halved(MaxPooling2D):
    def call(self, inputs):
        return super().call(inputs) / 2


def with_call_replaced():
    layer = MaxPooling2D()
    call = layer.call
    layer.call = lambda inputs: call(inputs) / 2
    return layer


@pytest.mark.parametrize(
    ("convolution", "pooling"),
    [
        (Doubled(4, 3), MaxPooling2D()),
        (Conv2D(4, 3), Halved()),
        (Conv2D(4, 3), with_call_replaced()),
        (Conv2D(4, 3, activity_regularizer="l2"), MaxPooling2D()),
        (Conv2D(4, 3), MaxPooling2D(activity_regularizer="l2")),
    ],
    ids=["subclass", "pooling subclass", "replaced call", "regularizer", "pooling regularizer"],
)
def test_what_computes_or_sees_something_else_is_not_fused(convolution, pooling):
    model = Sequential([Input(SHAPE), convolution, pooling])
    assert not is_fused(model, X)
    np.testing.assert_allclose(model.predict(X, verbose=0), one_by_one(model, X), rtol=1e-5, atol=1e-6)


def test_other_options_of_pooling_and_layers_between_are_not_fused():
    for pooling in (MaxPooling2D(padding="same"), MaxPooling2D((2, 1))):
        assert not is_fused(Sequential([Input(SHAPE), Conv2D(4, 3), pooling]), X)
    assert not is_fused(Sequential([Input(SHAPE), Conv2D(4, 3), layers.ReLU(), MaxPooling2D()]), X)


def test_an_attribute_that_changes_later_counts():
    model = Sequential([Input(SHAPE), Conv2D(4, 3), MaxPooling2D()])
    assert is_fused(model, X)
    model.layers[0].activation = jnp.sin  # which the kernel does not know
    np.testing.assert_allclose(model.predict(X, verbose=0), one_by_one(model, X), rtol=1e-5, atol=1e-6)


def test_an_observer_sees_every_layer_once_and_in_order():
    model = Sequential([Input(SHAPE), Conv2D(4, 3, name="first"), MaxPooling2D(name="second")])
    seen = []

    def observed(values, x):
        with Scope(dict(zip(model.variables, values))) as scope:
            scope.observer = lambda layer, _inputs, outputs: seen.append((layer.name, outputs.shape))
            return model(x)

    values = [v.value for v in model.variables]
    text = jax.jit(observed).lower(values, X).compile().as_text()
    assert seen == [
        ("first", (16, 6, 6, 4)),
        ("second", (16, 3, 3, 4)),
        (model.name, (16, 3, 3, 4)),
    ]
    assert TOGETHER not in text


def test_a_mask_reaches_the_layers():
    x = Input((8, 3))
    inner = layers.Masking()(x)
    model = Model(x, layers.ReLU()(BatchNormalization()(inner)))
    data = X[:, 0].at[:, 5:].set(0)
    program = program_of(model, data, training=True)
    assert "neurona_batch_normalization" not in program.as_text()
    _, values = program([v.value for v in model.variables], data)
    mean = 0.01 * data[:, :5].mean((0, 1))  # of the steps that count
    np.testing.assert_allclose(values[2], mean, rtol=1e-4, atol=1e-6)


def test_shared_layers_and_nested_models():
    convolution, pooling, inputs = Conv2D(4, 3), MaxPooling2D(), [Input(SHAPE), Input(SHAPE)]
    twice = Model(inputs, [pooling(convolution(x)) for x in inputs])
    text = program_of(twice, [X, -X]).as_text()
    assert text.count(TOGETHER) == 2
    inner = Sequential([Input(SHAPE), convolution, pooling])
    x = Input(SHAPE)
    outer = Model(x, layers.Flatten()(inner(x)))
    assert is_fused(outer, X)
    expected = one_by_one(inner, X).reshape(16, -1)
    np.testing.assert_allclose(outer.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)
    # Between models the graph of neither sees both layers.
    assert not is_fused(Sequential([Input(SHAPE), Sequential([Input(SHAPE), convolution]), pooling]), X)


def test_a_model_that_begins_in_the_middle_of_another():
    x = Input(SHAPE)
    convolved = Conv2D(4, 3)(x)
    pooled = MaxPooling2D()(convolved)
    assert is_fused(Model(x, pooled), X)
    text = program_of(Model(convolved, pooled), *arrays((16, 6, 6, 4))).as_text()
    assert TOGETHER not in text
    assert APART not in text


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16"])
@pytest.mark.parametrize("block", [[Conv2D, {"filters": 4, "kernel_size": 3}], [BatchNormalization, {}]])
def test_other_dtypes(block, policy):
    layer, options = block
    model = Sequential(
        [
            Input(SHAPE),
            layer(**options, dtype=policy),
            ReLU(dtype=policy),
            MaxPooling2D(dtype=policy),
        ]
    )
    program = program_of(model, X, training=True)
    assert TOGETHER not in program.as_text()
    y, _ = program([v.value for v in model.variables], X)
    assert y.dtype == jnp.bfloat16
    expected = np.asarray(one_by_one(model, X, training=True), "float32")
    np.testing.assert_allclose(np.asarray(y, "float32"), expected, rtol=0.05, atol=0.05)
