"""Targets and predictions of extreme size: a float32 loss gives what a float64 loss gives."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import losses

SIZES = (0.0, 1e-30, 0.5, 1.0, 1e20, 1e30, 1e38)
ANY = (*SIZES, -1.0, -1e20, -1e38)
PROBABILITIES = (0.0, 1e-30, 1e-8, 0.5, 1.0)
VALUES = {
    "mean_absolute_error": ANY,
    "mean_absolute_percentage_error": ANY,
    "mean_squared_error": tuple(value for value in ANY if abs(value) < 1e38),
    "mean_squared_logarithmic_error": SIZES,
    "cosine_similarity": ANY,
    "huber": ANY,
    "log_cosh": ANY,
    "hinge": ANY,
    "squared_hinge": tuple(value for value in ANY if abs(value) < 1e38),
    "poisson": SIZES[:4],
    "kl_divergence": PROBABILITIES,
    "dice": PROBABILITIES,
    "tversky": PROBABILITIES,
}


def values_and_gradients(function, dtype, pairs):
    """Of every pair of a target and a prediction, each beside an ordinary one: the loss, and its slopes."""
    with jax.enable_x64(dtype == "float64"):

        def one(true, pred):
            target = jnp.stack([true, jnp.ones_like(true)])[None]
            return jax.value_and_grad(lambda pred: function(target, pred).sum())(pred)

        true, pred = (jnp.asarray(side, dtype) for side in zip(*pairs))
        pred = jnp.stack([pred, jnp.full_like(pred, 0.5)], -1)[:, None]
        value, slopes = jax.jit(jax.vmap(one))(true, pred)
        return np.concatenate([np.asarray(value)[:, None], np.asarray(slopes)[:, 0]], 1).astype("float64")


@pytest.mark.parametrize("name", VALUES)
def test_values_and_gradients_in_float32_are_those_of_float64(name):
    function = getattr(losses, name)
    pairs = list(itertools.product(VALUES[name], VALUES[name]))
    wanted = values_and_gradients(function, "float64", pairs)
    with np.errstate(over="ignore"):  # what float32 can't hold is infinite there
        wanted = wanted.astype("float32").astype("float64")
    given = values_and_gradients(function, "float32", pairs)
    for pair, one, other in zip(pairs, given, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=1e-6, err_msg=f"y and prediction: {pair}")


@pytest.mark.parametrize("error", [1e-6, 1e-4, 1e-2, 0.99, 1.01, 20.0])
def test_log_cosh_keeps_the_digits_of_small_errors(error):
    value, slope = jax.value_and_grad(lambda x: losses.log_cosh(jnp.zeros((1, 1)), x).sum())(
        jnp.full((1, 1), error)
    )
    np.testing.assert_allclose(value, np.log1p(2 * np.sinh(error / 2) ** 2), rtol=1e-5)
    np.testing.assert_allclose(slope[0, 0], np.tanh(error), rtol=1e-5)


# Formulas that Keras has corrected after 3.15, with its values.


def test_tversky_weighs_false_positives_by_alpha():
    true, pred = np.array([[1.0, 1.0, 0.0]]), np.array([[1.0, 1.0, 1.0]])
    np.testing.assert_allclose(losses.tversky(true, pred, alpha=1.0, beta=0.0), 1 - 2 / 3, rtol=1e-6)
    np.testing.assert_allclose(losses.tversky(true, pred, alpha=0.0, beta=1.0), 0.0, atol=1e-6)
    true, pred = np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[4.0, 1.0], [6.0, 1.0]])
    np.testing.assert_allclose(losses.Tversky(alpha=0.2, beta=0.8)(true, pred), -0.94444, rtol=1e-4)


@pytest.mark.parametrize("name", ["categorical_crossentropy", "categorical_focal_crossentropy"])
@pytest.mark.parametrize("from_logits", [False, True])
def test_labels_are_smoothed_over_the_classes_wherever_they_are(name, from_logits):
    rng = np.random.default_rng(0)
    true = np.eye(3)[rng.integers(0, 3, (2, 4))]  # (batch, places, classes)
    pred = rng.dirichlet(np.ones(3), (2, 4))
    options = {"label_smoothing": 0.3, "from_logits": from_logits}
    last = getattr(losses, name)(true, pred, **options)
    second = getattr(losses, name)(true.swapaxes(1, 2), pred.swapaxes(1, 2), axis=1, **options)
    np.testing.assert_allclose(second, last, rtol=1e-5)


def test_smoothed_labels_of_the_second_axis_give_keras_s_value():
    true = np.array([[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    pred = np.array([[[0.8, 0.1], [0.1, 0.8], [0.1, 0.1]]])
    loss = losses.CategoricalCrossentropy(label_smoothing=0.1, axis=1)
    np.testing.assert_allclose(loss(true, pred), 0.3618, atol=1e-4)


def test_one_class_is_warned_of_on_its_own_axis():
    with pytest.warns(UserWarning, match="over one class"):
        losses.categorical_crossentropy(np.ones((2, 1, 4)), np.ones((2, 1, 4)), axis=1)


def test_ctc_takes_a_zero_among_the_labels_for_a_label():
    logits = (np.arange(24).reshape(2, 4, 3).astype("float32") - 12) / 100
    value = losses.CTC()(np.array([[1, 2, 1, 0], [1, 2, 0, 2]]), logits)
    np.testing.assert_allclose(value, 2.448645, rtol=1e-5)
