"""Gradients and weights of extreme size: a float32 step gives what a float64 step gives."""

import itertools
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import optimizers
from neurona.core.errors import ArgumentError
from neurona.optimizers.clipping import clipped
from tests.optimizers.optimizer_cases import OPTIMIZERS

SIZES = (0.0, 1e-36, 1e-30, 1e-20, 1.0, 1e20, 1e30, 1e37)
OPTIONS = {"Muon": {"weight_decay": None, "adam_weight_decay": None}}


def three_steps(name, dtype, shape):
    """(weight, gradient) -> a weight after each of a step with this gradient and two with ordinary ones."""
    with jax.enable_x64(dtype == "float64"):
        optimizer = OPTIMIZERS[name](0.01, **OPTIONS.get(name, {}))

    @jax.jit
    def program(weight, gradient):
        values = [jnp.full(shape, weight)]
        state, seen = optimizer.init(values), []
        for size in (gradient, 0.5, 1.0):
            values, state = optimizer.update([jnp.full(shape, size, dtype)], state, values)
            seen.append(values[0].ravel()[0])
        return jnp.stack(seen)

    def run(weight, gradient):
        with jax.enable_x64(dtype == "float64"):
            return np.asarray(program(np.asarray(weight, dtype), np.asarray(gradient, dtype)), "float64")

    return run


@pytest.mark.parametrize("shape", [(1,), (2, 3)], ids=str)
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_steps_in_float32_are_those_of_float64(name, shape):
    wide, narrow = (three_steps(name, dtype, shape) for dtype in ("float64", "float32"))
    for weight, gradient in itertools.product((1e-30, 1.0, 1e20), SIZES):
        # Ftrl solves for weights with the square of the gradient, times the weight of now.
        if name == "Ftrl" and (weight == 1e20 or (gradient >= 1e19 and weight > 1)):
            continue
        wanted = wide(weight, gradient)
        with np.errstate(over="ignore"):
            if not np.isfinite(wanted.astype("float32")).all():
                continue
        np.testing.assert_allclose(
            narrow(weight, gradient),
            wanted,
            rtol=1e-4,
            atol=1e-7,
            err_msg=f"weight {weight}, gradient {gradient}",
        )


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_gradient_that_is_not_finite_shows(name):
    """An infinity or a NaN is not cut off to a number: the weight, or the next one, is not finite either."""
    program = three_steps(name, "float32", (2, 3))
    for bad in (np.inf, -np.inf, np.nan):
        if name == "Lion" and not np.isnan(bad):
            continue  # whose steps are signs
        assert not np.isfinite(program(1.0, bad)).all(), bad


@pytest.mark.parametrize("limits", [(1.0, None, None), (None, 1.0, None), (None, None, 1.0)], ids=str)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_clipped_gradients_are_those_of_float64(limits, dtype):
    for first, second in itertools.product(SIZES, SIZES):
        arrays = [np.array([3 * first, 4 * first]), None, np.full((2, 2), second)]
        narrow = [None if a is None else jnp.asarray(a, dtype) for a in arrays]
        if not all(np.isfinite(np.asarray(g, "float64")).all() for g in narrow if g is not None):
            continue
        with jax.enable_x64(True):
            wanted = clipped([None if g is None else g.astype("float64") for g in narrow], *limits)
        for one, other in zip(clipped(narrow, *limits), wanted):
            if one is not None:
                assert one.dtype == dtype
                tolerance = 4 * float(jnp.finfo(dtype).eps)
                np.testing.assert_allclose(
                    np.asarray(one, "float64"), other, rtol=tolerance, atol=float(jnp.finfo(dtype).tiny)
                )


@pytest.mark.parametrize("limits", [(1.0, None, None), (None, None, 1.0)], ids=str)
@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_clipping_hides_no_bad_gradient(limits, bad):
    clipped_ones = clipped([jnp.array([1.0, bad]), jnp.array([1.0])], *limits)
    assert not np.isfinite(clipped_ones[0]).all()


@pytest.mark.parametrize("limits", [(1.0, None, None), (None, 1.0, None), (None, None, 1.0)], ids=str)
def test_nothing_to_clip(limits):
    assert clipped([], *limits) == []
    assert clipped([jnp.zeros(2)], *limits)[0].tolist() == [0.0, 0.0]


# The scale of the loss.


def after(steps, gradient, **options):
    """The state of a LossScaleOptimizer after many steps with the same gradient."""
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.1), **options)
    values = [jnp.ones(2)]

    def step(carry, _):
        values, state = carry
        return optimizer.update([gradient * state["dynamic_scale"] * jnp.ones(2)], state, values), None

    start = values, optimizer.init(values)
    (values, state), _ = jax.jit(lambda carry: jax.lax.scan(step, carry, None, steps))(start)
    return optimizer, values[0], state


def test_a_scale_that_doubles_forever_stays_finite_and_keeps_training():
    _, values, state = after(400, 1e-6, initial_scale=8.0, dynamic_growth_steps=2)
    assert float(state["dynamic_scale"]) == 2.0**40
    np.testing.assert_allclose(values, 1 - 400 * 0.1 * 1e-6, rtol=1e-5)


def test_a_scale_that_halves_forever_stays_above_zero_and_comes_back():
    optimizer, values, state = after(400, np.nan)
    assert values.tolist() == [1.0, 1.0]
    assert float(state["dynamic_scale"]) == 2.0**-24
    values, state = optimizer.update([jnp.full(2, 2.0**-24)], state, [values])
    np.testing.assert_allclose(values[0], 0.9, rtol=1e-6)


def test_steps_that_all_are_left_out_are_told_once():
    optimizer, _, state = after(60, np.inf)
    with pytest.warns(UserWarning, match="nothing is learned"):
        optimizer.state = state
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.state = state


@pytest.mark.parametrize("scale", [0.0, -1.0, np.inf, np.nan, 1e30])
def test_a_first_scale_out_of_range_is_refused(scale):
    with pytest.raises(ArgumentError, match="initial_scale"):
        optimizers.LossScaleOptimizer("sgd", initial_scale=scale)


def test_nothing_to_train_is_no_error():
    optimizer = optimizers.LossScaleOptimizer("sgd")
    values, state = optimizer.update([], optimizer.init([]), [])
    assert values == []
    assert int(state["iteration"]) == 1
