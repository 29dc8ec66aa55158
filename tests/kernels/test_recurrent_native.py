"""The native recurrences against their references, which are tested against Keras."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurona as nn
from neurona import activations
from neurona.kernels import recurrent
from neurona.kernels.operation import without_native_kernels
from tests.kernels.conftest import close, skip_without_library

pytestmark = [skip_without_library, pytest.mark.usefixtures("at_every_size")]
GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3, "gru_reset_before": 3}
SIZES = st.sampled_from([1, 2, 15, 16, 17, 33, 50])
KNOWN = [activations.tanh, activations.sigmoid, activations.relu, activations.linear]


def recurrence(name):
    return (
        partial(recurrent.gru, reset_after=False) if name == "gru_reset_before" else getattr(recurrent, name)
    )


def problem(name, steps, batch, inputs, units, masked=False, seed=0):
    """x, kernel, recurrent kernel, bias, state; and a mask, or None."""
    generator = np.random.default_rng(seed)

    def normal(*shape):
        return jnp.asarray(generator.normal(size=shape), jnp.float32)

    width = GATES[name] * units
    state = tuple(normal(batch, units) for _ in range(2 if name == "lstm" else 1))
    kernels = normal(inputs, width) / inputs**0.5, normal(units, width) / units**0.5
    mask = jnp.asarray(generator.integers(0, 2, (steps, batch, 1)), bool) if masked else None
    return (
        normal(steps, batch, inputs),
        *kernels,
        normal(2, width) if name == "gru" else normal(width),
        state,
    ), mask


def outputs_and_gradients(name, arrays, mask, **options):
    """The outputs, the final states, and the gradients of all arrays, in one program, which is also given as
    text.
    """

    def whole(*arrays):
        results, pull = jax.vjp(lambda *arrays: recurrence(name)(*arrays, mask, **options), *arrays)
        return results, pull(jax.tree.map(jnp.cos, results))

    compiled = jax.jit(whole).lower(*arrays).compile()
    return compiled(*arrays), compiled.as_text()


def by_reference(*args, **options):
    with without_native_kernels():
        results, text = outputs_and_gradients(*args, **options)
    assert "neurona_" not in text
    return results


@settings(max_examples=5, deadline=None)
@given(
    name=st.sampled_from(list(GATES)),
    steps=st.sampled_from([1, 2, 9, 20]),
    batch=st.sampled_from([1, 2, 15, 17, 33, 70]),
    inputs=SIZES,
    units=SIZES,
    masked=st.booleans(),
    reverse=st.booleans(),
    activation=st.sampled_from(KNOWN),
)
def test_equals_its_reference(name, steps, batch, inputs, units, masked, reverse, activation):
    arrays, mask = problem(name, steps, batch, inputs, units, masked, seed=steps)
    arrays = (
        arrays[0],
        arrays[1] / 2,
        arrays[2] / 2,
        *arrays[3:],
    )  # so that relu and linear stay bounded over 20 steps
    found, text = outputs_and_gradients(name, arrays, mask, activation=activation, reverse=reverse)
    assert f"neurona_{name}" in text
    assert f"neurona_{name}_gradients" in text
    close(found, by_reference(name, arrays, mask, activation=activation, reverse=reverse))


@pytest.mark.parametrize("name", GATES)
def test_a_large_batch_over_threads_and_the_same_bits(name):
    arrays, mask = problem(name, 6, 1000, 20, 17, masked=True)
    found, _ = outputs_and_gradients(name, arrays, mask)
    close(found, by_reference(name, arrays, mask))
    again, _ = outputs_and_gradients(name, arrays, mask)
    assert all((a == b).all() for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(again)))


@pytest.mark.parametrize("name", GATES)
def test_without_bias_and_with_other_gates(name):
    (x, kernel, recurrent_kernel, _, state), mask = problem(name, 5, 4, 3, 6)
    gates = {} if name == "simple_rnn" else {"recurrent_activation": activations.relu}

    def loss(x, kernel, recurrent_kernel, state):
        outputs, final = recurrence(name)(x, kernel / 3, recurrent_kernel / 3, None, state, mask, **gates)
        return (outputs**2).sum() + sum((each**3).sum() for each in final)

    arrays = x, kernel, recurrent_kernel, state
    found = jax.jit(jax.value_and_grad(loss, (0, 1, 2, 3)))(*arrays)
    with jax.enable_x64(True):  # double precision takes the reference
        close(
            found,
            jax.value_and_grad(loss, (0, 1, 2, 3))(
                *jax.tree.map(lambda each: each.astype("float64"), arrays)
            ),
        )


@pytest.mark.parametrize("name", GATES)
def test_nan_and_infinity_pass(name):
    arrays, mask = problem(name, 5, 4, 3, 17)
    arrays = (arrays[0].at[2, 1, 1].set(jnp.nan).at[3, 2, 0].set(jnp.inf), *arrays[1:])
    (found, _), _ = outputs_and_gradients(name, arrays, mask)
    (expected, _) = by_reference(name, arrays, mask)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected)):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert np.isnan(found[0][2:, 1]).any()
    assert np.isfinite(found[0][:, 0]).all()


@pytest.mark.parametrize("name", ["lstm", "gru_reset_before"])
def test_many_at_once_and_second_derivatives(name):
    # jacrev carries many gradients back along one way forward: a reference back from what a kernel kept.
    (x, kernel, recurrent_kernel, bias, state), _ = problem(name, 4, 3, 5, 6)

    def slope(x):
        return jax.grad(lambda x: recurrence(name)(x, kernel, recurrent_kernel, bias, state)[0].sum())(x)

    several = jnp.stack([x, 2 * x, -x])
    close(jax.vmap(slope)(several), jnp.stack([slope(each) for each in several]))

    def outputs(x):
        return recurrence(name)(x, kernel, recurrent_kernel, bias, state)[0][-1, 0]

    close(jax.jacrev(outputs)(x)[2], jax.grad(lambda x: outputs(x)[2])(x))
    found = jax.grad(lambda x: (slope(x) ** 2).sum())(x)
    step = 1e-2 * jnp.cos(jnp.arange(x.size, dtype=x.dtype)).reshape(x.shape)
    difference = ((slope(x + step) ** 2).sum() - (slope(x - step) ** 2).sum()) / 2
    np.testing.assert_allclose((found * step).sum(), difference, rtol=1e-2)


def test_what_takes_the_reference():
    arrays, mask = problem("gru", 4, 3, 5, 6)
    half = jax.tree.map(lambda each: each.astype(jnp.bfloat16), arrays)
    assert "neurona_" not in outputs_and_gradients("gru", half, mask)[1]
    assert (
        "neurona_"
        not in outputs_and_gradients("gru", arrays, mask, recurrent_activation=activations.hard_sigmoid)[1]
    )


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("reverse", [False, True])
def test_forward_alone_keeps_nothing(name, reverse):
    arrays, mask = problem(name, 6, 5, 7, 20, masked=True)
    alone = jax.jit(lambda *arrays: recurrence(name)(*arrays, mask, reverse=reverse))
    (expected, _), _ = outputs_and_gradients(name, arrays, mask, reverse=reverse)
    for one, other in zip(jax.tree.leaves(alone(*arrays)), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(one, other)
    text = alone.lower(*arrays).as_text()
    assert "tensor<6x5x60xf32>" not in text  # the gates
    assert "tensor<6x5x80xf32>" not in text


def test_no_samples():
    (x, *rest), _ = problem("lstm", 4, 3, 5, 6)
    outputs, final = recurrent.lstm(x[:, :0], *rest[:3], tuple(each[:0] for each in rest[3]))
    assert outputs.shape == (4, 0, 6)
    assert final[0].shape == (0, 6)


def test_data_get_no_gradient():
    """Where x is data, its gradient is not computed, and the weights' are the same."""
    (x, *weights, state), mask = problem("lstm", 4, 3, 5, 6)

    def loss(x, weights):
        return (recurrent.lstm(x, *weights, state, mask)[0] ** 2).sum()

    both = jax.jit(jax.grad(loss, (0, 1)))(x, weights)
    close(jax.jit(jax.grad(loss, 1))(x, weights), both[1])
    text = jax.jit(jax.grad(loss, 1)).lower(x, weights).as_text()
    assert "neurona_lstm_gradients" in text
    assert "tensor<0xf32>, tensor<5x24xf32>" in text


@pytest.mark.parametrize(
    "layer", [nn.layers.SimpleRNN, nn.layers.LSTM, nn.layers.GRU, partial(nn.layers.GRU, reset_after=False)]
)
def test_layers_train_with_masks_in_both_directions(layer):
    """Masked zeros at the end change nothing, also along a bidirectional layer."""
    tokens = np.random.default_rng(0).integers(1, 20, (8, 6))
    padded = np.concatenate([tokens, np.zeros((8, 3), int)], 1)
    model = nn.Sequential(
        [
            nn.Input((None,)),
            nn.layers.Embedding(20, 7, mask_zero=True),
            nn.layers.Bidirectional(layer(9)),
            nn.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    before = model.predict(tokens, verbose=0)
    np.testing.assert_allclose(model.predict(padded, verbose=0), before, atol=1e-5)
    losses = model.fit(padded, np.sign(before), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
