"""Layers as pure functions of the values of their variables."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona.initializers  # noqa: F401 - the names of initializers are found once this is imported
from neurona.core.errors import ShapeError, TracingError
from neurona.core.layer import Layer


class Counting(Layer):
    def build(self, input_shape):
        self.factor = self.add_weight((), "ones", name="factor")
        self.calls = self.add_weight((), "zeros", trainable=False, name="calls")

    def call(self, x, training=False):
        self.calls.assign_add(1)
        self.add_loss(self.factor * 10)
        return x * self.factor + (100 if training else 0)


class Noise(Layer):
    def call(self, x):
        return jax.random.normal(self._next_key(), x.shape)


@pytest.fixture
def layer():
    made = Counting()
    made.build((1,))
    return made


def test_apply_returns_new_values_and_changes_nothing(layer):
    outputs, values = layer.apply([jnp.array(3.0), jnp.array(5.0)], np.ones(2))
    assert outputs.tolist() == [3, 3]
    assert [float(value) for value in values] == [3, 6]
    assert [float(variable) for variable in layer.variables] == [1, 0]


def test_apply_can_be_compiled_differentiated_and_mapped(layer):
    loss = jax.jit(lambda factor: layer.apply([factor, jnp.zeros(())], jnp.ones(2))[0].sum())
    assert jax.grad(loss)(jnp.array(3.0)) == 2
    assert jax.vmap(loss)(jnp.arange(3.0)).tolist() == [0, 2, 4]


def test_stateless_call_splits_the_values_and_gives_losses(layer):
    outputs, others, losses = layer.stateless_call(
        [jnp.array(2.0)], [jnp.array(7.0)], np.ones(1), training=True, return_losses=True
    )
    assert (outputs.tolist(), [float(value) for value in others]) == ([102], [8])
    assert [float(loss) for loss in losses] == [20]


def test_the_number_of_values_is_that_of_the_variables(layer):
    with pytest.raises(ShapeError, match=r"has 2 variables. Received 1 values"):
        layer.apply([3.0], np.ones(2))


def test_random_numbers_come_from_the_key_alone():
    noise, x = Noise(), np.ones(3)
    one, two = (noise.apply([], x, key=jax.random.key(0))[0] for _ in range(2))
    assert one.tolist() == two.tolist()
    assert one.tolist() != noise.apply([], x, key=jax.random.key(1))[0].tolist()
    with pytest.raises(TracingError, match="key="):
        noise.apply([], x)
