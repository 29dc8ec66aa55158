"""Random streams: seeds, keys of a scope, and refusals where a draw would be frozen."""

import jax
import numpy as np
import pytest

import neurona as nn
from neurona.core import random
from neurona.core.errors import ArgumentError, TracingError
from neurona.core.scope import Scope


def words(key):
    return np.asarray(jax.random.key_data(key)).tolist()


def test_the_hash_is_that_of_jax():
    key = jax.random.key(5)
    high, low = random.threefry(
        np.array(words(key), np.uint32), np.zeros(1, np.uint32), np.full(1, 9, np.uint32)
    )
    assert [int(high[0]), int(low[0])] == words(jax.random.fold_in(key, 9))


def test_the_global_stream_repeats_after_its_seed_and_never_by_itself():
    random.set_random_seed(3)
    first = [words(random.new_key()) for _ in range(20)]
    random.set_random_seed(3)
    assert [words(random.new_key()) for _ in range(20)] == first
    assert len({tuple(one) for one in first}) == 20


def test_a_stream_leaves_the_global_one_where_it_was_and_goes_on_where_it_stopped():
    random.set_random_seed(3)
    alone = [words(random.new_key()) for _ in range(2)]
    random.set_random_seed(3)
    stream, drawn = random.Stream(8), []
    for _ in range(2):
        with stream:
            drawn.append(words(random.new_key()))
        assert words(random.new_key()) == alone[len(drawn) - 1]
    random.set_random_seed(8)
    assert [words(random.new_key()) for _ in range(2)] == drawn


def test_in_a_scope_generators_draw_from_its_key():
    generator = random.SeedGenerator(4)
    with Scope(values={}, key=jax.random.key(0)):
        one, two = words(random.as_key(generator)), words(random.as_key(generator))
        assert words(random.as_key(7)) == [7, 0]  # an integer is always that key
    with Scope(values={}, key=jax.random.key(0)):
        assert words(random.as_key(generator)) == one != two
    assert [int(word) for word in generator.next()] == [4, 0]


def test_a_draw_that_a_trace_would_freeze_is_refused():
    with pytest.raises(TracingError, match="frozen"):
        jax.jit(lambda: random.as_key(None))()
    with Scope(values={}), pytest.raises(TracingError, match="key="):
        random.as_key(None)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "a", True])
def test_no_seed(seed):
    with pytest.raises(ArgumentError, match="seed"):
        random.set_random_seed(seed)


def test_the_state_of_a_seed_generator():
    generator = random.SeedGenerator(7)
    assert generator.state.numpy().tolist() == [7, 0]
    first, second = generator.next(), generator.next(ordered=False)
    assert first.tolist() == [7, 0]
    assert second.tolist() == [7, 1]
    generator.state.assign([7, 0])
    assert generator.next().tolist() == first.tolist()


def test_seeds_drawn_in_a_compiled_step_differ_from_step_to_step():
    class Noise(nn.layers.Layer):
        def __init__(self):
            super().__init__()
            self.seeds = nn.random.SeedGenerator(1)

        def call(self, inputs):
            return inputs + jax.random.normal(jax.random.wrap_key_data(self.seeds.next()), inputs.shape)

    model = nn.Sequential([nn.Input((1,)), Noise()])
    outputs = model.predict(np.zeros((4, 1)), batch_size=2, verbose=0)
    assert len(np.unique(outputs)) == 4
