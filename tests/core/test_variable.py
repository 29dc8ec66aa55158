"""Variables: read and assigned outside a scope, and in one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona.core.errors import ShapeError, TracingError
from neurona.core.scope import Scope
from neurona.core.variable import Variable


def test_an_assignment_in_a_pure_scope_stays_there():
    count = Variable(np.zeros(2, "float32"))
    table = {count: jnp.ones(2)}
    with Scope(table):
        count.assign_add([1, 1])
        assert count.numpy().tolist() == [2, 2]
    assert table[count].tolist() == [2, 2]
    assert count.numpy().tolist() == [0, 0]


def test_an_assignment_in_a_scope_without_values_stays():
    count = Variable(np.zeros(2, "float32"))
    with Scope():
        count.assign_sub(1)
    assert count.numpy().tolist() == [-1, -1]


def test_floats_are_read_in_the_dtype_of_the_scope_unless_they_refuse():
    weight, index = Variable(np.ones(2, "float32")), Variable(np.ones(2, "int32"))
    exact = Variable(np.ones(2, "float32"), autocast=False)
    with Scope() as scope, scope.inside("layer", "bfloat16"):
        assert [one.value.dtype.name for one in (weight, index, exact)] == ["bfloat16", "int32", "float32"]
        with scope.inside("layer", None):
            assert weight.value.dtype == "float32"


def test_an_initializer_draws_concrete_values_even_in_a_trace():
    made = []

    def build():
        made.append(Variable(lambda shape, dtype: jnp.full(shape, 3, dtype), (2,)))
        return made[0].value

    jax.eval_shape(build)
    assert made[0].numpy().tolist() == [3, 3]


def test_what_does_not_fit_or_would_be_lost_is_refused():
    weight = Variable(np.zeros(2), path="a/weight")
    with pytest.raises(ShapeError, match=r"'a/weight' has shape \(2,\). Received a value of shape \(3,\)"):
        weight.assign(np.zeros(3))
    with pytest.raises(TracingError, match=r"inside a jax.jit of yours"):
        jax.jit(weight.assign)(np.ones(2))


def test_operators_work_on_both_sides_and_between_variables():
    x, y = Variable(np.array([1.0, 2.0])), Variable(np.array([3.0, 4.0]))
    assert (x + y).tolist() == [4, 6]
    assert (2 / x).tolist() == [2, 1]
    assert (x @ y).tolist() == 11
    assert (-x)[1] == -2
    assert (x < y).all()


def test_equality_compares_values_and_identity_tells_variables_apart():
    x, y = Variable(np.array([1.0, 2.0])), Variable(np.array([1.0, 3.0]))
    assert (x == y).tolist() == [True, False]
    assert (x != 1).tolist() == [False, True]
    assert bool(Variable(3) == 3)
    assert {x: "x", y: "y"}[x] == "x"
    assert len({x, y, x}) == 2
