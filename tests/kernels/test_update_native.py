"""The native updates of the optimizers: equal to the formulas in XLA, which are tested against Keras, for all
weights at once.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.kernels import native
from neurona.optimizers import SGD, Adam, AdamW, RMSprop

pytestmark = pytest.mark.skipif(
    not native.status().startswith(("baseline", "avx", "neon")), reason=native.status()
)

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


@pytest.fixture(autouse=True)
def _every_size(monkeypatch):
    """The kernel runs for small arrays, too."""
    monkeypatch.setitem(native.WORTH, "update", (0, 1e12))


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


def with_twin(optimizer):
    """The same optimizer, without its kernel."""
    twin = type(optimizer).from_config(optimizer.get_config())
    twin._native_rule = lambda: None
    return twin


def assert_close(found, expected):
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5 * float(np.max(np.abs(other), initial=0)))


@settings(max_examples=15, deadline=None)
@given(optimizer=st.sampled_from(OPTIMIZERS), shapes=SHAPES, seed=st.integers(0, 99))
def test_equals_its_twin(optimizer, shapes, seed):
    parameters = normal(shapes, seed)
    gradients = normal(shapes, seed + 1)
    assert_close(
        three_steps(optimizer, gradients, parameters),
        three_steps(with_twin(optimizer), gradients, parameters),
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
    assert_close(first, three_steps(with_twin(Adam()), gradients, parameters))
    assert all(
        (a == b).all()
        for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(three_steps(Adam(), gradients, parameters)))
    )


def test_without_gradient_or_weights():
    parameters = [*normal([(5, 7), (3,)], 1), jnp.zeros((0, 4))]
    gradients = [parameters[0], None, parameters[2]]
    moved, state = three_steps(AdamW(), gradients, parameters)
    assert_close((moved, state), three_steps(with_twin(AdamW()), gradients, parameters))
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
        (expected,), _ = three_steps(with_twin(optimizer), gradients, parameters)
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
