"""The base of losses: losses of your own, weights, masks, trees, large labels, shapes that do not fit."""

import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona import activations, losses
from neurona.core.annotations import MASK
from neurona.core.errors import ArgumentError, ShapeError, UnexpectedArgument
from neurona.core.registry import register_keras_serializable


class Cubic(losses.Loss):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, y_true, y_pred):
        return self.scale * jnp.mean(jnp.abs(y_true - y_pred) ** 3, axis=-1)


class KerasCubic(keras.losses.Loss):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, y_true, y_pred):
        return self.scale * keras.ops.mean(keras.ops.abs(y_true - y_pred) ** 3, axis=-1)


def test_a_subclass_with_call_works_as_in_keras():
    rng = np.random.default_rng(1)
    true, pred, weight = rng.integers(0, 3, (6, 4)), rng.normal(size=(6, 4)), rng.uniform(size=6)
    ours, theirs = Cubic(2.0, reduction="sum"), KerasCubic(2.0, reduction="sum")
    np.testing.assert_allclose(ours(true, pred, weight), theirs(true, pred, weight), rtol=1e-5)
    assert ours(true, pred).dtype == "float32"
    register_keras_serializable(package="losses_test")(Cubic)
    copy = losses.deserialize(losses.serialize(ours))
    assert (type(copy), copy.scale, copy.reduction, copy.name) == (Cubic, 2.0, "sum", "cubic")


def test_a_function_becomes_a_loss():
    def cubic(y_true, y_pred, scale=1.0):
        return scale * jnp.mean(jnp.abs(y_true - y_pred) ** 3, axis=-1)

    loss = losses.LossFunctionWrapper(cubic, scale=3.0)
    assert loss.name == "cubic"
    # (batch,) targets meet (batch, 1) predictions.
    assert float(loss(np.array([0, 1]), np.array([[2.0], [1.0]]))) == 12.0
    register_keras_serializable(package="losses_test")(cubic)
    copy = losses.deserialize(losses.serialize(loss))
    assert (copy.fn, copy.options) == (cubic, {"scale": 3.0})
    assert float(losses.LossFunctionWrapper("mse")([[1.0]], [[3.0]])) == 4.0
    assert losses.LossFunctionWrapper(functools.partial(cubic, scale=2.0)).name == "loss_function_wrapper"
    scalar = losses.LossFunctionWrapper(lambda y_true, y_pred: jnp.sum(y_pred))
    assert float(scalar([[1.0]], [[3.0], [4.0]])) == 7.0
    theirs = keras.losses.deserialize(losses.serialize(losses.LossFunctionWrapper(losses.mse)))
    assert float(theirs(np.array([[1.0]]), np.array([[3.0]]))) == 4.0
    back = losses.deserialize(
        keras.losses.serialize(keras.src.losses.LossFunctionWrapper(keras.losses.mean_absolute_error))
    )
    assert back.fn is losses.mae


def test_a_loss_without_call_says_so():
    with pytest.raises(NotImplementedError, match=r"call\(self, y_true, y_pred\)"):
        losses.Loss()([1.0], [1.0])


@pytest.mark.parametrize(
    ("true", "pred"),
    [
        ((6,), (6, 1)),
        ((6, 1), (6,)),
        ((6,), (6,)),
        ((6, 3), (6, 3, 1)),
        ((6, 3, 1), (6, 3)),
        ((6, 1), (6, 4)),
    ],
)
@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh"])
def test_ranks_are_squeezed_or_expanded_as_in_keras(name, true, pred):
    rng = np.random.default_rng(1)
    true, pred = rng.normal(size=true).astype("float32"), rng.normal(size=pred).astype("float32")
    for reduction in ("sum_over_batch_size", None):
        ours, theirs = (
            getattr(losses, name)(reduction=reduction),
            getattr(keras.losses, name)(reduction=reduction),
        )
        # Keras rounds the log-cosh of small errors to 1e-7.
        np.testing.assert_allclose(ours(true, pred), theirs(true, pred), rtol=1e-5, atol=1e-7)


def test_weights_of_samples_apply_to_all_their_time_steps():
    rng = np.random.default_rng(2)
    true, pred = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    weight, mask = rng.uniform(size=4).astype("float32"), rng.integers(0, 2, (4, 5)).astype(bool)
    loss = losses.MeanSquaredError()
    np.testing.assert_allclose(
        loss(true, pred, weight), loss(true, pred, np.repeat(weight[:, None], 5, 1)), rtol=1e-6
    )
    errors = np.square(true - pred).mean(-1)
    masked = jnp.asarray(pred)
    MASK.set(masked, jnp.asarray(mask))
    want = (errors * weight[:, None] * mask).sum() / mask.sum()
    np.testing.assert_allclose(loss(true, masked, weight), want, rtol=1e-5)
    # As many samples as time steps: still weights of samples.
    square = loss(true[:, :4], pred[:, :4], weight)
    np.testing.assert_allclose(square, (errors[:, :4] * weight[:, None]).mean(), rtol=1e-5)
    assert float(loss(true, pred, 2.0)) == pytest.approx(2 * float(loss(true, pred)))


def test_an_empty_batch_costs_nothing():
    for reduction in ("sum", "mean", "mean_with_sample_weight"):
        loss = losses.MeanSquaredError(reduction=reduction)
        assert float(jnp.sum(loss(np.zeros((0, 3)), np.zeros((0, 3))))) == 0
        assert float(jnp.sum(loss(np.zeros((0, 2, 3)), np.zeros((0, 2, 3))))) == 0


def test_trees_of_targets():
    class Both(losses.Loss):
        def call(self, y_true, y_pred):
            return jnp.mean(
                jnp.square(y_true["a"] - y_pred["a"]) + jnp.abs(y_true["b"][0] - y_pred["b"][0]), axis=-1
            )

    true = {"a": np.ones((4, 2)), "b": [np.zeros((4, 2))]}
    pred = {"a": np.zeros((4, 2)), "b": [np.full((4, 2), 3.0)]}
    assert float(Both()(true, pred)) == 4.0

    def pairs(y_true, y_pred):
        return jnp.mean(jnp.square(y_true[0] - y_pred[0]), axis=-1) + jnp.mean(
            jnp.square(y_true[1] - y_pred[1]), axis=-1
        )

    wrapped = losses.LossFunctionWrapper(pairs)
    assert float(wrapped([np.ones(4), np.ones((4, 1))], [np.zeros((4, 1)), np.full((4, 1), 3.0)])) == 5.0


@pytest.mark.parametrize("make", [losses.SparseCategoricalCrossentropy, losses.LossFunctionWrapper])
def test_large_labels_are_not_rounded(make):
    options = {"fn": "sparse_categorical_crossentropy"} if make is losses.LossFunctionWrapper else {}
    loss = make(**options, dtype="bfloat16")
    classes = 1000  # bfloat16 counts exactly to 256
    pred = np.full((1, classes), 1e-6, "float32")
    pred[0, 999] = 1
    assert float(loss(np.array([999]), pred)) < 0.1


def test_infinite_logits_of_other_classes_are_harmless():
    logits = jnp.array([[0.0, -jnp.inf, 1.0]])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert float(loss([2], logits)) == pytest.approx(np.log1p(np.exp(-1)), rel=1e-6)
    assert np.isfinite(jax.grad(lambda logits: loss([2], logits))(logits)).all()


def test_zero_vectors_and_lonely_samples_have_finite_gradients():
    zero = jnp.zeros((2, 3))
    assert np.isfinite(jax.grad(lambda x: losses.CosineSimilarity()(np.ones((2, 3)), x))(zero)).all()
    one = jnp.asarray(np.eye(3, dtype="float32"))
    for labels in ([0, 0, 0], [0, 1, 2], [0, 0, 1]):
        assert np.isfinite(jax.grad(lambda x, labels=labels: losses.Circle()(labels, x))(one)).all()


def test_ctc_equals_the_sum_over_all_alignments():
    rng = np.random.default_rng(3)
    logits, labels = rng.normal(size=(2, 4, 3)), np.array([[1, 1], [2, 0]])
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    for row, want in enumerate([[1, 1], [2]]):
        total = 0.0
        for path in np.ndindex(3, 3, 3, 3):
            merged = [c for i, c in enumerate(path) if c and (not i or path[i - 1] != c)]
            if merged == want:
                total += np.exp(sum(log_p[row, t, c] for t, c in enumerate(path)))
        assert float(losses.ctc(labels, logits)[row]) == pytest.approx(-np.log(total), rel=1e-5)


def call(loss, true, pred, **weights):
    return lambda: loss(np.zeros(true), np.ones(pred), **weights)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            call(losses.CategoricalCrossentropy(), (32,), (32, 10)),
            ShapeError,
            r"\(32,\).*\(32, 10\).*sparse_categorical.*to_categorical\(y, 10\)",
        ),
        (
            call(losses.CategoricalCrossentropy(), (32, 1), (32, 10)),
            ShapeError,
            "sparse_categorical_crossentropy.*to_categorical",
        ),
        (
            call(losses.CategoricalCrossentropy(), (32, 3), (32, 10)),
            ShapeError,
            "as many units as the targets have columns: 3",
        ),
        (
            call(losses.BinaryCrossentropy(), (32, 3), (32, 1)),
            ShapeError,
            "as many units as the targets have columns: 3",
        ),
        (call(losses.BinaryCrossentropy(), (32, 1), (32, 2)), ShapeError, "the last layer needs 1 unit"),
        (
            call(losses.SparseCategoricalCrossentropy(), (32, 10), (32, 10)),
            ShapeError,
            "look one-hot: use categorical_crossentropy",
        ),
        (
            call(losses.SparseCategoricalCrossentropy(), (31,), (32, 10)),
            ShapeError,
            r"\(32,\) or \(32, 1\).*y_true of shape \(31,\)",
        ),
        (
            call(losses.MeanSquaredError(), (32, 3), (32, 2)),
            ShapeError,
            "mean_squared_error.*as many units as the targets have columns: 3",
        ),
        (call(losses.MeanSquaredError(), (32,), (32, 10)), ShapeError, "the last layer needs 1 unit"),
        (
            call(losses.Hinge(), (31, 4), (32, 4)),
            ShapeError,
            r"Received: y_true of shape \(31, 4\), y_pred of shape \(32, 4\)",
        ),
        (
            call(losses.CTC(), (4,), (4, 5, 6)),
            ShapeError,
            r"ctc needs class numbers of shape \(batch, labels\)",
        ),
        (
            call(losses.Circle(), (4, 3), (4, 6)),
            ShapeError,
            r"circle needs class numbers of shape \(batch,\)",
        ),
        (
            call(losses.MeanSquaredError(), (6, 2), (6, 2), sample_weight=np.ones(5)),
            ShapeError,
            r"one weight per sample, \(6,\)",
        ),
        (
            lambda: losses.MeanSquaredError(reduction="average"),
            ArgumentError,
            "reduction is one of 'sum_over_b.*Received: 'average'",
        ),
        (lambda: losses.Huber(dleta=1), UnexpectedArgument, "Did you mean 'delta'"),
        (
            lambda: losses.CategoricalGeneralizedCrossEntropy(q=1),
            ArgumentError,
            "above 0 and below 1. Received: 1",
        ),
        (
            lambda: losses.categorical_crossentropy(np.ones((2, 2)), np.ones((2, 2)), axis=True),
            ArgumentError,
            "axis is an integer",
        ),
        (
            lambda: losses.get("categorical_crosentropy"),
            ArgumentError,
            "Did you mean 'categorical_crossentropy'",
        ),
        (lambda: losses.get(3), ArgumentError, "Received: 3"),
    ],
)
def test_bad_input_teaches(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_one_class_warns():
    with pytest.warns(UserWarning, match="binary_crossentropy"):
        losses.CategoricalCrossentropy()(np.ones((2, 1)), np.ones((2, 1)))


@pytest.mark.parametrize(
    ("loss", "activation", "y_true"),
    [
        ("sparse_categorical_crossentropy", "softmax", [1]),
        ("categorical_crossentropy", "softmax", [[0.0, 1.0]]),
        ("binary_crossentropy", "sigmoid", [[0.0, 1.0]]),
    ],
)
def test_a_saturated_output_still_has_a_gradient(loss, activation, y_true):
    """Logits of 400 round the probability to 0, where the logarithm's clipping would leave no gradient: raw
    0..255 pixels do this.
    """
    function = losses.LossFunctionWrapper(loss)
    activate = activations.get(activation)
    logits = jnp.array([[400.0, -400.0]])
    value, gradient = jax.value_and_grad(lambda x: function(jnp.array(y_true), activate(x)))(logits)
    expected = {"softmax": 800.0, "sigmoid": 400.0}[activation]
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    assert abs(gradient).max() > 0.4
    small = jnp.array([[0.3, -0.2]])
    ours, plain = (
        function(jnp.array(y_true), activate(small)),
        function(jnp.array(y_true), 1.0 * activate(small)),
    )
    np.testing.assert_allclose(ours, plain, rtol=1e-5)
