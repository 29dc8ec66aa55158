"""A problem for every declared operation: `problems(batch)[name]` is (arrays, options).

Convolutions have none for an empty batch: their public functions answer for it.
"""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from neurona import activations
from neurona.kernels.geometry import Geometry
from neurona.kernels.operation import Operation
from neurona.kernels.recurrent_steps import LSTM, Weights
from neurona.kernels.update import Rule
from neurona.kernels.word_vectors import WordDraws
from tests.kernels.conftest import arrays


def reference(name, inputs, **options):
    """What the reference gives, as a tuple."""
    results = declared()[name].reference(*inputs, **options)
    return results if isinstance(results, tuple) else (results,)


def declared():
    return {operation.name: operation for operation in Operation.declared}


def attention(batch):
    inputs = [
        *arrays((batch, 7, 3, 5), (batch, 9, 3, 5), (batch, 9, 3, 4)),
        jnp.asarray(np.random.default_rng(0).random((1, 1, 7, 9)) > 0.3),
        jax.random.key_data(jax.random.key(2)),
    ]
    options = {"scale": 0.4, "keep": 0.75, "blind_is_zero": False}
    yield "attention", inputs, options
    yield "attention, backward", [*inputs, *arrays((batch, 7, 3, 4), seed=1)], options


def bernoulli(batch):
    yield "Bernoulli units", [*arrays((batch, 19)), jax.random.key_data(jax.random.key(3))], {}


def convolution(batch):
    geometry = Geometry((2, 1), ((1, 0), (2, 1)), (1, 2))
    options = {"geometry": geometry, "activation": activations.tanh}
    x, kernel, _ = inputs = arrays((batch, 8, 9, 3), (3, 2, 3, 5), (5,))
    (y,) = reference("convolution", inputs, **options)
    (g,) = arrays(y.shape, seed=1)
    yield "convolution", inputs, options
    yield "convolution, gradient of the input", [g, y, kernel], {**options, "sizes": (8, 9)}
    yield "convolution, gradient of the kernel", [x, g, y], {**options, "taps": (3, 2)}


def convolution_with_pooling(batch):
    geometry = Geometry((1, 1), ((1, 0), (2, 1)), (1, 1))
    options = {"geometry": geometry, "activation": activations.tanh}
    x, kernel, _ = inputs = arrays((batch, 8, 9, 3), (3, 3, 3, 5), (5,))
    y, record = reference("convolution with pooling", inputs, **options)
    (g,) = arrays(y.shape, seed=1)
    yield "convolution with pooling", inputs, options
    yield (
        "convolution with pooling, gradient of the input",
        [g, y, record, kernel],
        {**options, "sizes": (8, 9)},
    )
    yield "convolution with pooling, gradient of the kernel", [x, g, y, record], {**options, "taps": (3, 3)}


def cross_entropy(batch):
    logits, g = arrays((batch, 13), (batch,))
    inputs = [logits, jnp.arange(batch, dtype=jnp.int32)]
    yield "cross-entropy", inputs, {}
    yield "cross-entropy, backward", [*inputs, reference("cross-entropy", inputs)[1], g], {}


def dense(batch):
    inputs, options = arrays((batch, 7), (7, 18), (18,)), {"activation": activations.tanh}
    (y,) = reference("dense", inputs, **options)
    yield "dense", inputs, options
    yield "dense, backward", [*inputs[:2], y, *arrays(y.shape, seed=1)], {**options, "needs_dx": True}


def dropout(batch):
    yield "dropout", [*arrays((batch, 19)), jax.random.key_data(jax.random.key(3))], {"keep": 0.6}


def embedding(batch):
    numbers = jnp.asarray(np.arange(batch) % 6 - 1, jnp.int32)
    yield "embedding", [*arrays((5, 7)), numbers], {"rows": 5}
    yield "embedding, backward", [numbers, *arrays((batch, 7))], {"rows": 5}


def layer_normalization(batch):
    inputs, options = arrays((batch, 19), (19,), (19,)), {"epsilon": 0.01}
    _, *statistics = reference("layer normalization", inputs, **options)
    yield "layer normalization", inputs, options
    yield "layer normalization, backward", [*inputs, *statistics, *arrays((batch, 19), seed=1)], options


def batch_normalization(batch):
    x, gamma, beta = arrays((batch, 4, 6, 19), (19,), (19,))
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    inputs, options = [x, gamma, beta, mean, variance], {"epsilon": 0.01, "activation": activations.relu}
    yield "moments", [x.reshape(-1, 19)], {}
    yield "batch normalization", inputs, options
    yield "batch normalization, backward", [*inputs, *arrays((batch, 2, 3, 19), seed=1)], options


def pooling(batch):
    (x,) = arrays((batch, 9, 8, 3))
    geometry = Geometry((2, 3), ((1, 1), (0, 1)), (1, 1))
    options = {"operation": "average", "geometry": geometry, "window": (3, 2)}
    yield "pooling by windows", [x], options
    yield "pooling by windows, backward", [x, *arrays((batch, 5, 3, 3), seed=1)], options
    tiles, options = [x[:, :9, :8]], {"window": (3, 2)}
    y, where = reference("pooling by tiles", tiles, **options)
    yield "pooling by tiles", tiles, options
    yield "pooling by tiles, backward", [where, *arrays(y.shape, seed=1)], options


def recurrence(batch):
    # The other cells: test_recurrent_native.py.
    cell = LSTM(activations.tanh, False, False, activations.sigmoid)
    x, kernel, recurrent_kernel, bias = arrays((4, batch, 5), (5, 24), (6, 24), (24,), scale=0.5)
    state, d_final = (tuple(arrays((batch, 6), (batch, 6), seed=seed)) for seed in (1, 2))
    mask = jnp.asarray(np.random.default_rng(0).random((4, batch, 1)) > 0.3)
    inputs = [x, Weights(kernel, recurrent_kernel, bias), state, mask]
    _, states, kept = reference("recurrence", inputs, cell=cell, keeps=True)
    g = arrays((4, batch, 6), seed=3)[0], d_final
    yield "recurrence", inputs, {"cell": cell, "keeps": True}
    yield "recurrence, backward", [*inputs, states, kept, g], {"cell": cell, "needs_dx": True}


def sparse_product(batch):
    x, w, added = arrays((batch, 9), (18, 9), (1, 18))
    options = {"transpose_x": False, "transpose_w": True}
    yield "sparse product", [jnp.where(x > 0.5, x, 0), w, added], options


def update(batch):
    parameters, gradients = arrays((batch, 3), (7,)), arrays((batch, 3), (7,), seed=1)

    def formula(learning_rate, rate, gradients, parameters, slots):
        return [p - rate * g for p, g in zip(parameters, gradients)], slots

    rate = jnp.float32(0.1)
    options = {"rule": Rule("sgd"), "decays": [0.0, 0.0], "formula": formula}
    yield "update", [rate, rate, gradients, parameters, {}], options


def word_pass(batch):
    # The bag of words and longer targets: test_word_vectors_native.py.
    generator = np.random.default_rng(0)
    bounds, keep = generator.integers([[0], [2**31]], 2**32, (2, 5), "uint32")
    paths = jnp.array([[10, 12], [10, 13], [11, -1], [14, 16], [14, 17]], jnp.int32)
    draws = WordDraws(jnp.asarray(keep), jnp.asarray(bounds), jnp.array([1, 2, 3, 4, 0], jnp.int32), paths)
    text = jnp.asarray(np.arange(batch) * 7 % 6 - 1, jnp.int32)
    inputs = [*arrays((5, 16), (9, 16), scale=0.5), text, draws, jnp.array([3, 4], jnp.uint32)]
    yield "word pass", [*inputs, jnp.float32(0.1)], {"window": 2, "negative": 3, "mean": False}


@cache
def problems(batch):
    """The problems of all operations, by name."""
    families = [
        *(
            attention,
            bernoulli,
            cross_entropy,
            dense,
            dropout,
            embedding,
            layer_normalization,
            batch_normalization,
        ),
        *(
            pooling,
            recurrence,
            sparse_product,
            update,
            word_pass,
            *([convolution, convolution_with_pooling] if batch else []),
        ),
    ]
    return {name: (inputs, options) for family in families for name, inputs, options in family(batch)}
