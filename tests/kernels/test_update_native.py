"""The native updates of the optimizers: equal to the formulas in XLA, which are tested against Keras, for all
weights at once.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.kernels.operation import without_native_kernels
from neurona.optimizers import SGD, Adam, AdamW, RMSprop
from tests.kernels.conftest import close, skip_without_library

pytestmark = [skip_without_library, pytest.mark.usefixtures("at_every_size")]

OPTIMIZERS = [
    SGD(0.1),
    SGD(0.1, momentum=0.9),
    SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    RMSprop(0.01, rho=0.8),
    Adam(0.01),
    AdamW(0.01, weight_decay=0.1),
    Adam(0.01, clipnorm=0.5, use_ema=True),
    Adam(0.01, gradient_accumulation_steps=2),
]
SHAPES = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=4)


def normal(shapes, seed):
    generator = np.random.default_rng(seed)
    return [jnp.asarray(generator.normal(size=shape), jnp.float32) for shape in shapes]


def three_steps(optimizer, gradients, parameters):
    """Parameters and slots after three steps in one program, the learning rate changing in it."""

    @jax.jit
    def run(gradients, parameters, state):
        def step(index, carry):
            parameters, state = carry
            state = {**state, "learning_rate": state["learning_rate"] * 0.5}
            scaled = [None if g is None else g * (1 + index) for g in gradients]
            return optimizer.update(scaled, state, parameters)

        return jax.lax.fori_loop(0, 3, step, (parameters, state))

    parameters, state = run(gradients, parameters, optimizer.init(parameters))
    return parameters, state


def by_reference(optimizer, gradients, parameters):
    with without_native_kernels():
        return three_steps(optimizer, gradients, parameters)


@settings(max_examples=5, deadline=None)
@given(optimizer=st.sampled_from(OPTIMIZERS), shapes=SHAPES, seed=st.integers(0, 99))
def test_equals_its_reference(optimizer, shapes, seed):
    parameters = normal(shapes, seed)
    gradients = normal(shapes, seed + 1)
    close(
        three_steps(optimizer, gradients, parameters),
        by_reference(optimizer, gradients, parameters),
    )


def test_the_kernel_runs():
    parameters = normal([(3, 5)], 0)
    for optimizer in OPTIMIZERS:
        text = jax.jit(optimizer.update).lower(parameters, optimizer.init(parameters), parameters).as_text()
        assert "neurona_update_" in text, optimizer


def test_large_arrays_over_threads():
    shapes = [(300, 401), (7,), (250, 500)]
    parameters, gradients = normal(shapes, 1), normal(shapes, 2)
    first = three_steps(Adam(), gradients, parameters)
    close(first, by_reference(Adam(), gradients, parameters))
    assert all(
        (a == b).all()
        for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(three_steps(Adam(), gradients, parameters)))
    )


def test_without_gradient_or_weights():
    parameters = [*normal([(5, 7), (3,)], 1), jnp.zeros((0, 4))]
    gradients = [parameters[0], None, parameters[2]]
    moved, state = three_steps(AdamW(), gradients, parameters)
    close((moved, state), by_reference(AdamW(), gradients, parameters))
    assert (moved[1] == parameters[1]).all()
    assert not state["slots"]["momentum"][1].any()


def test_excluded_weights_do_not_decay():
    parameters = normal([(5, 7), (7,)], 1)
    optimizer = AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay([parameters[1]])
    optimizer.build(parameters)
    zeros = [jnp.zeros_like(p) for p in parameters]
    moved, _ = optimizer.update(zeros, optimizer.state, parameters)
    np.testing.assert_allclose(moved[0], parameters[0] * 0.95, rtol=1e-6)
    np.testing.assert_array_equal(moved[1], parameters[1])


def test_nan_and_infinity_pass():
    parameters = [jnp.arange(20.0)]
    gradients = [jnp.ones(20).at[3].set(jnp.nan).at[17].set(jnp.inf)]
    for optimizer in OPTIMIZERS[:6]:
        (found,), _ = three_steps(optimizer, gradients, parameters)
        (expected,), _ = by_reference(optimizer, gradients, parameters)
        np.testing.assert_array_equal(jnp.isnan(found), jnp.isnan(expected))
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_several_networks_at_once_and_other_dtypes():
    optimizer = Adam()
    stacked = jnp.stack(normal([(6, 4)] * 3, 1))
    states = jax.vmap(lambda p: optimizer.init([p]))(stacked)
    (moved,), _ = jax.vmap(lambda p, state: optimizer.update([p], state, [p]))(stacked, states)
    for index in range(3):
        (alone,), _ = optimizer.update([stacked[index]], optimizer.init([stacked[index]]), [stacked[index]])
        np.testing.assert_allclose(moved[index], alone, rtol=1e-5)
    half = [stacked[0].astype(jnp.bfloat16)]
    assert optimizer.update(half, optimizer.init(half), half)[0][0].dtype == jnp.bfloat16


def test_a_subclass_with_a_formula_of_its_own_is_obeyed():
    class Still(Adam):
        def _step(self, gradient, parameter, slots, shared):
            return parameter, slots

    parameters = normal([(60, 60)], 1)
    optimizer = Still()
    assert (optimizer.update(parameters, optimizer.init(parameters), parameters)[0][0] == parameters[0]).all()
