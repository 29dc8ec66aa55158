"""`neurona.random` beside `keras.random` on JAX, and where its numbers come from in each situation."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona import random
from neurona.core.errors import ArgumentError, ShapeError, TracingError
from neurona.core.layer import Layer
from neurona.core.random import new_key, set_random_seed
from neurona.core.symbolic import SymbolicTensor
from neurona.core.variable import Variable

LOGITS = np.log(np.array([[0.2, 0.3, 0.5], [0.8, 0.1, 0.1]], "float32"))
INPUTS = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
CALLS: dict[str, list[dict[str, Any]]] = {
    "normal": [
        {"shape": (3, 4)},
        {"shape": (5,), "mean": 2.0, "stddev": 0.5, "dtype": "float16"},
        {"shape": [2, 3], "mean": 1},
    ],
    "truncated_normal": [{"shape": (3, 4)}, {"shape": (5,), "mean": 2.0, "stddev": 0.5}],
    "uniform": [{"shape": (3, 4)}, {"shape": (5,), "minval": -1.0, "maxval": 3, "dtype": "bfloat16"}],
    "randint": [
        {"shape": (3, 4), "minval": 0, "maxval": 10},
        {"shape": (50,), "minval": -3, "maxval": 3, "dtype": "int8"},
    ],
    "categorical": [
        {"logits": LOGITS, "num_samples": 7},
        {"logits": LOGITS, "num_samples": 2, "dtype": "int16"},
    ],
    "dropout": [
        {"inputs": INPUTS, "rate": 0.3},
        {"inputs": INPUTS, "rate": 0.5, "noise_shape": (None, 1)},
        {"inputs": INPUTS, "rate": 0.0},
        {"inputs": INPUTS, "rate": 1.0},
    ],
    "shuffle": [{"x": INPUTS}, {"x": INPUTS, "axis": 1}],
    "gamma": [
        {"shape": (6,), "alpha": 2.0},
        {"shape": (2, 3), "alpha": np.array([0.5, 1.0, 4.0], "float32")},
    ],
    "beta": [{"shape": (6,), "alpha": 2.0, "beta": 3.0}],
    "binomial": [
        {"shape": (6,), "counts": 10.0, "probabilities": 0.3},
        {"shape": (2,), "counts": [5.0, 9.0], "probabilities": [0.5, 0.9]},
    ],
}


@pytest.mark.parametrize(
    ("name", "arguments"), [(name, arguments) for name, calls in CALLS.items() for arguments in calls]
)
@pytest.mark.parametrize("seed", [0, 1337, 2**32 - 5])
def test_integer_seeds_give_keras_s_numbers(name: str, arguments: dict[str, Any], seed: int) -> None:
    arguments = {
        key: jnp.asarray(value) if isinstance(value, np.ndarray) else value
        for key, value in arguments.items()
    }
    ours, theirs = (
        getattr(random, name)(**arguments, seed=seed),
        getattr(keras.random, name)(**arguments, seed=seed),
    )
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(np.asarray(ours, "float64"), np.asarray(theirs, "float64"))


def test_seed_generators_give_keras_s_numbers() -> None:
    ours, theirs = random.SeedGenerator(5), keras.random.SeedGenerator(5)
    for _ in range(3):
        np.testing.assert_array_equal(random.normal((4,), seed=ours), keras.random.normal((4,), seed=theirs))


def test_every_name_of_keras() -> None:
    ours = set(random.__all__) - {"Stream"}  # a seed for a block of code
    assert {name for name in dir(keras.random) if not name.startswith("_")} == ours
    assert set(CALLS) | {"SeedGenerator"} == ours


def test_the_global_seed_repeats_a_program() -> None:
    set_random_seed(3)
    first = [random.normal((4,)), random.normal((4,))]
    set_random_seed(3)
    again = [random.normal((4,)), random.normal((4,))]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


class Sampling(Layer):
    """z = mean + standard deviation * noise, as in a variational autoencoder."""

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.generator = None if seed is None else random.SeedGenerator(seed)

    def call(self, x: Any) -> Any:
        return x + random.normal(x.shape, seed=self.generator)


@pytest.mark.parametrize("seed", [None, 7])
def test_in_a_compiled_program_numbers_change_with_the_key(seed: int | None) -> None:
    layer, x = Sampling(seed), jnp.zeros((2, 3))
    run = jax.jit(lambda key: layer.apply([], x, key=key)[0])
    one, same, other = run(jax.random.key(1)), run(jax.random.key(1)), run(jax.random.key(2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("seed", [None, 7])
def test_every_draw_of_one_step_differs(seed: int | None) -> None:
    class Twice(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = Sampling(seed), Sampling(seed)

        def call(self, x: Any) -> Any:
            return self.one(x), self.one(x), self.other(x)

    a, b, c = Twice().apply([], jnp.zeros(4), key=jax.random.key(0))[0]
    assert not np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_a_generator_s_stream_is_not_that_of_a_layer() -> None:
    class Own(Layer):
        def call(self, x: Any) -> Any:
            return x + jax.random.normal(self._next_key(), x.shape)

    class Both(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.own, self.generator = Own(), random.SeedGenerator(1)

        def call(self, x: Any) -> Any:
            return self.own(x), x + random.normal(x.shape, seed=self.generator), x + random.normal(x.shape)

    results = Both().apply([], jnp.zeros(4), key=jax.random.key(0))[0]
    assert len({tuple(np.asarray(result).tolist()) for result in results}) == 3


def test_where_no_key_was_given_a_trace_is_refused() -> None:
    layer, x = Sampling(), jnp.zeros((2, 3))
    with pytest.raises(TracingError, match="key="):
        layer.apply([], x)
    with pytest.raises(TracingError, match=r"jax\.jit"):
        jax.jit(layer)(x)
    with pytest.raises(TracingError, match=r"jax\.jit"):
        jax.jit(lambda: random.normal((2,), seed=random.SeedGenerator(1)))()
    # An integer seed is the same everywhere.
    np.testing.assert_array_equal(jax.jit(lambda: random.normal((2,), seed=1))(), random.normal((2,), seed=1))


def test_outside_a_program_each_call_draws_anew() -> None:
    layer, x = Sampling(7), jnp.zeros((2, 3))
    assert not np.array_equal(layer(x), layer(x))


def test_functional_models_trace_a_layer_that_draws() -> None:
    assert Sampling()(SymbolicTensor((None, 3))).shape == (None, 3)


def test_initial_weights_come_from_the_global_seed_even_inside_a_scope() -> None:
    class Inner(Layer):
        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(
                (4,), lambda shape, dtype: random.normal(shape, dtype=dtype), name="kernel"
            )

        def call(self, x: Any) -> Any:
            return x * self.kernel.value

    class Outer(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Inner()

        def call(self, x: Any) -> Any:
            return self.inner(x)

    one, other = Outer(), Outer()
    for layer in (one, other):
        layer(SymbolicTensor((None, 4)))
    assert isinstance(one.weights[0], Variable)
    assert not np.array_equal(one.weights[0].numpy(), other.weights[0].numpy())


def test_mistakes_are_told() -> None:
    with pytest.raises(ArgumentError, match="randint"):
        random.uniform((2,), dtype="int32")
    with pytest.raises(ArgumentError, match="uniform"):
        random.randint((2,), 0, 3, dtype="float32")
    with pytest.raises(ShapeError, match="batch, classes"):
        random.categorical([0.0, 1.0], 2)
    with pytest.raises(ArgumentError, match="rate"):
        random.dropout(INPUTS, 1.5)
    with pytest.raises(ArgumentError, match="SeedGenerator"):
        random.normal((2,), seed="one")


def test_moments() -> None:
    sample = np.asarray(random.normal((20000,), 3.0, 2.0, seed=0))
    assert abs(sample.mean() - 3) < 0.05
    assert abs(sample.std() - 2) < 0.05
    kept = np.asarray(random.dropout(jnp.ones(20000), 0.3, seed=0))
    assert abs(kept.mean() - 1) < 0.02


def test_the_global_stream_gives_the_keys_that_jax_folds():
    for seed in (0, 7, 2**32 - 1):
        set_random_seed(seed)
        key = jax.random.wrap_key_data(jnp.array([seed, 0], jnp.uint32))
        for draw in range(3):
            np.testing.assert_array_equal(
                jax.random.key_data(new_key()), jax.random.key_data(jax.random.fold_in(key, draw))
            )
