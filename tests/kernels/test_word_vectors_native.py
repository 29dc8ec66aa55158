"""The pass over a text that learns word vectors: the native kernel against its reference."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona.core.errors import ArgumentError, ShapeError
from neurona.kernels.operation import without_native_kernels
from neurona.kernels.word_vectors import WordDraws, word_pass
from tests.kernels.conftest import close, skip_without_library

WORDS, WIDTH = 40, 32


def problem(depth, negative, length=300):
    rng = np.random.default_rng(0)
    first = WORDS if negative else 0
    paths = np.array([rng.choice(WORDS, depth, replace=False) for _ in range(WORDS)], "int32")
    paths = (paths.reshape(WORDS, depth) + first) * 2 + rng.integers(0, 2, (WORDS, depth))
    paths[::3, depth // 2 :] = -1
    keep, bounds = rng.integers([[2**30], [0]], 2**32, (2, WORDS), "uint32")
    others = rng.integers(0, WORDS, WORDS, "int32")
    draws = WordDraws(*(jnp.asarray(one) for one in (keep, bounds, others, paths.astype("int32"))))
    tables = [rng.normal(size=(rows, WIDTH)) * 0.3 for rows in (WORDS, first + WORDS)]
    text = rng.integers(-1, WORDS + 1, length, "int32")  # one number is no word
    return *(jnp.asarray(table, jnp.float32) for table in tables), jnp.asarray(text), draws


@skip_without_library
@pytest.mark.usefixtures("at_every_size")
@pytest.mark.parametrize(
    ("depth", "negative", "mean"), [(0, 5, True), (6, 0, False), (6, 3, True), (19, 15, False)]
)
def test_the_kernel_learns_what_the_reference_learns(depth, negative, mean):
    arrays, options = problem(depth, negative), {"window": 4, "negative": negative, "mean": mean}
    run = jax.jit(lambda *arrays: word_pass(*arrays, jax.random.key(3), 0.1, **options))
    found = run(*arrays)
    with without_native_kernels():
        expected = run(*arrays)
    assert float(jnp.abs(expected[0] - arrays[0]).max()) > 0.3  # it learned
    close(found, expected, 1e-5)
    np.testing.assert_array_equal(run(*arrays)[0], found[0])


def test_one_pair_is_the_formula():
    """Two words, each the only neighbour of the other; the second window sees what the first changed."""
    draws = WordDraws(
        jnp.full(2, 2**32 - 1, jnp.uint32), jnp.zeros(2, jnp.uint32), *[jnp.zeros(2, "int32")] * 2
    )
    draws = draws._replace(paths=jnp.array([[0], [1]], jnp.int32))  # a tree of two leaves: one node
    rng = np.random.default_rng(1)
    v, n = rng.normal(size=(2, 16)).astype("float32"), rng.normal(size=(1, 16)).astype("float32")
    found = word_pass(v, n, jnp.array([0, 1]), draws, jax.random.key(0), 0.5, window=1, negative=0)
    loss = 0.0
    for context, label in ((1, 0), (0, 1)):
        z = v[context] @ n[0]
        error = 0.5 * (label - 1 / (1 + np.exp(-z)))
        loss += np.log1p(np.exp(-z if label else z))
        v[context], n[0] = v[context] + error * n[0], n[0] + error * v[context]
    close(found, (v, n, np.array([loss, 2])), 1e-5)


def test_negative_samples_come_as_often_as_they_should():
    """With a rate of nearly 0 every output has changed by -rate / 2 times the inputs that it met."""
    words, others = 4, [3, 2, 2, 3]
    bounds = np.array([0.4, 0.8, 1.0, 1.0]) * (2**32 - 1)
    draws = WordDraws(
        jnp.full(words, 2**32 - 1, jnp.uint32),
        jnp.asarray(bounds.astype("uint32")),
        jnp.array(others, jnp.int32),
        jnp.zeros((words, 0), jnp.int32),
    )
    share = bounds / 2**32 + np.bincount(others, 1 - bounds / 2**32, words)
    text = jnp.asarray(np.tile([0, 0, -1], 4000), jnp.int32)
    inputs, outputs = jnp.ones((words, 16)), jnp.zeros((words, 16))
    _, found, _ = word_pass(inputs, outputs, text, draws, jax.random.key(0), 1e-6, window=1, negative=4)
    met = -np.asarray(found)[1:, 0] / 5e-7
    np.testing.assert_allclose(met / met.sum(), share[1:] / share[1:].sum(), atol=0.01)


def test_what_can_not_be_learned_is_refused():
    inputs, outputs, text, draws = problem(0, 5)
    with pytest.raises(ShapeError, match="a multiple of 16"):
        word_pass(inputs[:, :7], outputs[:, :7], text, draws, jax.random.key(0), 0.1)
    with pytest.raises(ArgumentError, match="Cut it into parts"):
        word_pass(inputs, outputs, text, draws, jax.random.key(0), 0.1, negative=2**28)
