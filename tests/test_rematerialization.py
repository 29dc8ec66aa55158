"""Rematerialized layers give the same numbers and gradients, and keep less for them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax._src.ad_checkpoint import saved_residuals

import neurona
from neurona.core.errors import ArgumentError
from neurona.layers import BatchNormalization, Dense, Dropout, Embedding, GlobalAveragePooling1D, Input
from neurona.rematerialization import is_rematerialized

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


def model_of(**scope):
    """A model with an activation, drawing, statistics and a loss of its own, its layers in a scope."""
    with neurona.RematScope(**scope):
        layers = [
            Dense(32, activation="tanh", activity_regularizer="l2", name="wide"),
            BatchNormalization(name="statistics"),
            Dropout(0.5, seed=1, name="drawing"),
            Dense(3, activation="softmax", name="narrow"),
        ]
    model = neurona.Sequential([Input((4,)), *layers], name="model")
    model.set_weights([np.linspace(-1, 1, one.size).reshape(one.shape) for one in model.get_weights()])
    return model


def kept(model):
    """Numbers that are kept for the gradients, without weights and inputs."""
    values = [variable.value for variable in model.variables]

    def loss(values):
        outputs, _ = model.apply(values, X, key=jax.random.key(0), training=True)
        return outputs.sum()

    return sum(
        int(np.prod(aval.shape)) for aval, why in saved_residuals(loss, values) if "argument" not in why
    )


def trained(model):
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(X, np.arange(8) % 3, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    return history["loss"], model.get_weights()


@pytest.fixture(scope="module")
def plain():
    model = model_of(mode=None)
    return kept(model), trained(model)


@pytest.mark.parametrize(
    ("scope", "changed"),
    [
        ({}, ["wide", "statistics", "drawing", "narrow"]),
        ({"mode": "list_of_layers", "layer_names": ["statistics"]}, ["statistics"]),
        ({"mode": "larger_than", "output_size_threshold": 100}, ["wide", "statistics", "drawing", "narrow"]),
        ({"mode": "activations"}, ["wide", "statistics", "drawing", "narrow"]),
    ],
)
def test_a_rematerialized_model_learns_the_same_and_keeps_less(plain, scope, changed):
    model = model_of(**scope)
    assert [layer.name for layer in model.layers if is_rematerialized(layer)] == changed
    assert kept(model) < plain[0] or scope.get("mode") == "activations"
    losses, weights = trained(model)
    np.testing.assert_allclose(losses, plain[1][0], rtol=1e-5)
    for mine, theirs in zip(weights, plain[1][1], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_outputs_under_a_threshold_are_kept():
    model = model_of(mode="larger_than", output_size_threshold=10_000)
    assert kept(model) >= kept(model_of(mode=None))


def test_scopes_nest_and_models_do_not_share_programs():
    with neurona.RematScope():
        outer = Dense(2)
        with neurona.RematScope(None):
            inner = Dense(2)
        after = Dense(2)
    assert [is_rematerialized(layer) for layer in (outer, inner, after, Dense(2))] == [
        True,
        False,
        True,
        False,
    ]
    assert (outer._structure(), inner._structure() is None) == (None, False)
    with pytest.raises(ArgumentError, match="mode is one of 'full'"):
        neurona.RematScope("half")


def test_masks_pass_and_quantized_layers_stay_rematerialized():
    with neurona.RematScope():
        embedding, dense = Embedding(5, 3, mask_zero=True), Dense(4)
        pooling = GlobalAveragePooling1D()
    words = Input((3,), dtype="int32")
    model = neurona.Model(words, pooling(dense(embedding(words))))
    found = model.predict(np.array([[1, 2, 0]]), verbose=0)
    expected = dense(embedding(np.array([[1, 2]]))).mean(axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    model.quantize("int8")
    assert is_rematerialized(dense)
    np.testing.assert_allclose(model.predict(np.array([[1, 2, 0]]), verbose=0), expected, atol=0.01)


def test_functions_and_layers_are_rematerialized():
    def f(x, power=2, shift=None):
        return {"y": jnp.sin(jnp.exp(x)) ** power, "shift": shift}

    found, gradient = jax.value_and_grad(lambda x: neurona.remat(f)(x, power=3, shift="none")["y"].sum())(X)
    np.testing.assert_allclose(found, f(X, 3)["y"].sum(), rtol=1e-6)
    np.testing.assert_allclose(gradient, jax.grad(lambda x: f(x, 3)["y"].sum())(X), rtol=1e-6)
    layer = Dense(2, activation="relu")
    x = Input((4,))
    model = neurona.Model(x, neurona.remat(lambda y: y * 2)(neurona.remat(layer)(x)))
    np.testing.assert_allclose(model.predict(X, verbose=0), 2 * layer(X), atol=1e-6)
    assert is_rematerialized(layer)
    assert neurona.remat(f)(X)["shift"] is None
