"""Shapes of operations and layers on inputs of unknown sizes: Keras's answers, and no made-up number."""

import itertools
import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurona
from neurona import Input, layers, ops
from neurona.core.errors import ShapeError
from neurona.core.layer import Layer

Shape = tuple[int | None, ...]

N = None
TABLE: list[tuple[str, Callable[..., Any], list[Shape]]] = [
    ("add", lambda K, x, y: x + y, [(N, N, 3), (N, 4, 3)]),
    ("add two unknown axes", lambda K, x, y: x + y, [(N, N, N, 3), (N, 4, 5, 1)]),
    ("add a lower rank", lambda K, x, y: x + y, [(N, N, 3), (4, 3)]),
    ("add with a known batch", lambda K, x, y: x * y, [(N, 3), (4, 3)]),
    ("add an array", lambda K, x: x + np.ones((5, 3), "float32"), [(N, N, 3)]),
    ("add to an unknown", lambda K, x, y: x - y, [(N, N, 3), (N, 1, 3)]),
    ("maximum", lambda K, x, y: K.ops.maximum(x, y), [(N, 7, N), (N, N, 11)]),
    ("where", lambda K, x, y: K.ops.where(x > 0, x, y), [(N, N, 3), (N, 4, 3)]),
    ("less", lambda K, x, y: x < y, [(N, N), (N, 4)]),
    ("reshape", lambda K, x: K.ops.reshape(x, (-1, 7)), [(N,)]),
    ("reshape by a prime", lambda K, x: K.ops.reshape(x, (-1, 17)), [(N,)]),
    ("reshape to pictures", lambda K, x: K.ops.reshape(x, (-1, 28, 28)), [(N, N)]),
    ("reshape by 97", lambda K, x: K.ops.reshape(x, (-1, 97, 2)), [(N, N)]),
    ("ravel", lambda K, x: K.ops.reshape(x, (-1,)), [(N, N, 3)]),
    ("matmul", lambda K, x, y: K.ops.matmul(x, y), [(2, N), (3, 4)]),
    ("matmul of batches", lambda K, x, y: K.ops.matmul(x, y), [(N, 2, N), (N, 3, 4)]),
    ("matmul with a known batch", lambda K, x, y: K.ops.matmul(x, y), [(N, N, 5), (N, 5, N)]),
    ("dot", lambda K, x, y: K.ops.dot(x, y), [(2, N), (3, 4)]),
    ("einsum", lambda K, x, y: K.ops.einsum("bij,bjk->bik", x, y), [(N, 2, N), (N, 3, 4)]),
    ("concatenate", lambda K, x, y: K.ops.concatenate([x, y], 1), [(N, N, 3), (N, 4, 3)]),
    ("concatenate the rest", lambda K, x, y: K.ops.concatenate([x, y], -1), [(N, N, 3), (N, 4, 5)]),
    ("stack", lambda K, x, y: K.ops.stack([x, y], 1), [(N, 4), (N, 4)]),
    (
        "pad images",
        lambda K, x: K.ops.image.pad_images(x, 2, 2, target_height=20, target_width=25),
        [(N, N, N, 3)],
    ),
    ("resize", lambda K, x: K.ops.image.resize(x, (5, 7)), [(N, N, N, 3)]),
    ("sum", lambda K, x: K.ops.sum(x, axis=1), [(N, N, 3)]),
    ("argmax", lambda K, x: K.ops.argmax(x, axis=-1), [(N, N, 3)]),
    ("transpose", lambda K, x: K.ops.transpose(x), [(N, 4, N)]),
    ("flip", lambda K, x: K.ops.flip(x, 1), [(N, N)]),
    ("repeat", lambda K, x: K.ops.repeat(x, 3, axis=1), [(N, N)]),
    ("tile", lambda K, x: K.ops.tile(x, (1, 2)), [(N, N)]),
    ("slice to an end", lambda K, x: x[:, :10], [(N, N)]),
    ("slice", lambda K, x: x[:, ::2], [(N, 5)]),
    ("take", lambda K, x: K.ops.take(x, [0, 2], axis=1), [(N, N, 3)]),
    ("expand_dims", lambda K, x: K.ops.expand_dims(x, 1), [(N, N)]),
    ("squeeze", lambda K, x: K.ops.squeeze(x, 1), [(N, 1, N)]),
    ("softmax", lambda K, x: K.ops.softmax(x), [(N, N)]),
    ("top_k", lambda K, x: K.ops.top_k(x, 3)[0], [(N, N)]),
    ("one_hot", lambda K, x: K.ops.one_hot(K.ops.cast(x, "int32"), 6), [(N, N)]),
    ("max_pool", lambda K, x: K.ops.max_pool(x, 3, 2, "same"), [(N, N, 4)]),
    ("conv", lambda K, x: K.ops.conv(x, np.ones((11, 4, 2), "float32"), 3), [(N, 40, 4)]),
    ("cumsum", lambda K, x: K.ops.cumsum(x, 1), [(N, N)]),
    ("broadcast_to", lambda K, x: K.ops.broadcast_to(x, (2, 4, 3)), [(4, 3)]),
    ("moveaxis", lambda K, x: K.ops.moveaxis(x, 1, 2), [(N, N, 3)]),
    ("outer sum", lambda K, x, y: x[:, :, None] + y[:, None, :], [(N, N), (N, N)]),
    ("Add", lambda K, x, y: K.layers.Add()([x, y]), [(N, N, 3), (N, 4, 3)]),
    ("Multiply", lambda K, x, y: K.layers.Multiply()([x, y]), [(N, N, N), (N, 4, 3)]),
    ("Concatenate", lambda K, x, y: K.layers.Concatenate(1)([x, y]), [(N, N, 3), (N, 4, 3)]),
    ("Dot", lambda K, x, y: K.layers.Dot((2, 1))([x, y]), [(N, 2, N), (N, 3, 4)]),
    ("Reshape", lambda K, x: K.layers.Reshape((3, 5))(x), [(N, N)]),
    ("Reshape with a rest", lambda K, x: K.layers.Reshape((-1, 34))(x), [(N, N, 2)]),
    ("Reshape of one unknown", lambda K, x: K.layers.Reshape((6, 4))(x), [(N, N, 3)]),
    ("Flatten", lambda K, x: K.layers.Flatten()(x), [(N, N, 3)]),
    ("Permute", lambda K, x: K.layers.Permute((2, 1))(x), [(N, N, 3)]),
    ("Dense", lambda K, x: K.layers.Dense(2)(x), [(N, N, 3)]),
    ("Conv1D", lambda K, x: K.layers.Conv1D(2, 5, 2)(x), [(N, N, 3)]),
    ("LSTM", lambda K, x: K.layers.LSTM(2, return_sequences=True)(x), [(N, N, 3)]),
    ("Cropping1D", lambda K, x: K.layers.Cropping1D(4)(x), [(N, N, 3)]),
    ("MaxPooling1D", lambda K, x: K.layers.MaxPooling1D(4)(x), [(N, N, 3)]),
    ("AveragePooling2D", lambda K, x: K.layers.AveragePooling2D(3, padding="same")(x), [(N, N, N, 3)]),
    ("UpSampling1D", lambda K, x: K.layers.UpSampling1D(4)(x), [(N, N, 3)]),
    ("attention", lambda K, x, y: K.layers.Attention()([x, y]), [(N, N, 3), (N, N, 3)]),
    ("GlobalMaxPooling1D", lambda K, x: K.layers.GlobalMaxPooling1D()(x), [(N, N, 3)]),
]


# Where the inputs say more than Keras's answer does.
KNOWN: dict[str, Shape] = {
    "concatenate the rest": (N, 4, 8),
    "Add": (N, 4, 3),  # as Keras's development version
    "Multiply": (N, 4, 3),
    "Dot": (N, 2, 4),  # Keras refuses it
}


def inputs(K: Any, shapes: list[Shape]) -> list[Any]:
    return [K.Input(batch_shape=shape) for shape in shapes]


@pytest.mark.parametrize(("name", "function", "shapes"), TABLE, ids=[row[0] for row in TABLE])
def test_shapes_are_those_of_keras(name: str, function: Callable[..., Any], shapes: list[Shape]) -> None:
    found = function(neurona, *inputs(neurona, shapes))
    if name in KNOWN:
        assert found.shape == KNOWN[name]
    else:
        expected = function(keras, *inputs(keras, shapes))
        assert (found.shape, found.dtype) == (tuple(expected.shape), expected.dtype)


def broadcast(one: Shape, two: Shape) -> Shape:
    """The common shape: an unknown size beside a known one over 1 is that size."""
    pairs = itertools.zip_longest(reversed(one), reversed(two), fillvalue=1)
    sizes = [b if a == 1 else a if b == 1 or b is None else b for a, b in pairs]
    return tuple(reversed(sizes))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_shapes_that_broadcast(data: Any) -> None:
    full = data.draw(st.lists(st.sampled_from([2, 3, 5, 2520, None]), min_size=1, max_size=4))
    shapes = [
        tuple(data.draw(st.sampled_from([size, None, 1])) for size in full[data.draw(st.integers(0, 1)) :])
        for _ in range(2)
    ]
    assert (Input(batch_shape=shapes[0]) + Input(batch_shape=shapes[1])).shape == broadcast(*shapes)


@settings(max_examples=40, deadline=None)
@given(
    inner=st.lists(st.one_of(st.none(), st.integers(1, 120)), min_size=1, max_size=3),
    divisors=st.lists(st.integers(1, 120), min_size=1, max_size=2),
)
def test_reshapes_of_what_is_unknown(inner: list[int | None], divisors: list[int]) -> None:
    """(batch, ...) to (-1, ...): always possible, for the batch is unknown."""
    assert ops.reshape(Input(tuple(inner)), (-1, *divisors)).shape == (None, *divisors)


# What is made up shows nowhere.


class Own(Layer):
    """A layer with weights that says nothing about its input."""

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], 2))

    def call(self, x: Any) -> Any:
        return x @ self.kernel.value


class Applied(Layer):
    """A layer that calls a function of its input."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__(name="applied")
        self.function = function
        self.dense, self.flatten = layers.Dense(2, name="dense"), layers.Flatten(name="flatten")
        self.halve, self.own = layers.MaxPooling1D(2, name="halve"), Own(name="own")

    def call(self, x: Any) -> Any:
        return self.function(self, x)


def fail(error: type[Exception]) -> Callable[..., Any]:
    def raise_it(layer: Any, x: Any) -> Any:
        raise error(f"{x.shape} of {x.shape[1] // 2} and {x.shape}")

    return raise_it


REFUSED = {
    "sizes that differ": lambda layer, x: x + jnp.ones((4, 5)),
    "a product": lambda layer, x: x @ jnp.ones((4, 5)),
    "a reshape": lambda layer, x: x.reshape(23, 29, 31),
    "weights for an unknown size": lambda layer, x: layer.dense(jnp.moveaxis(x, 1, 2)),
    "weights for a size that depends on it": lambda layer, x: layer.dense(layer.flatten(layer.halve(x))),
    "own weights for a size that depends on it": lambda layer, x: layer.own(layer.flatten(layer.halve(x))),
    **{error.__name__: fail(error) for error in (RuntimeError, IndexError, KeyError, ZeroDivisionError)},
}


@pytest.mark.parametrize("function", REFUSED.values(), ids=REFUSED)
def test_errors_name_no_size_that_was_made_up(function: Callable[..., Any]) -> None:
    layer = Applied(function)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind: what it says is tested
        layer(Input((None, 3)))
    told = [str(caught.value), *getattr(caught.value, "__notes__", [])]
    numbers = {int(number) for text in told for number in re.findall(r"\d+", text.replace("float32", ""))}
    assert numbers <= {0, 1, 2, 3, 4, 5, 23, 29, 31, 23 * 29 * 31}
    assert any("None" in text for text in told)


def test_no_weight_is_made_for_a_size_that_was_made_up() -> None:
    layer = Applied(REFUSED["weights for a size that depends on it"])
    with pytest.raises(ValueError, match="None"):
        layer(Input((None, 3)))
    assert not layer.dense.built
    assert layer(np.ones((1, 8, 3), "float32")).shape == (1, 2)
    assert layer.dense.kernel.shape == (12, 2)


def test_sizes_that_are_equal_by_chance_are_not_known() -> None:
    """Batch and length differ, and neither is what it is cut to."""
    layer = Applied(lambda layer, x: x[:, x.shape[0] :])
    assert layer(Input((None, 3))).shape == (None, None, 3)
    assert Applied(lambda layer, x: x[:, :10])(Input((None, 3))).shape == (None, None, 3)


def test_a_number_of_results_that_is_unknown_is_refused() -> None:
    with pytest.raises(ShapeError, match="number of results depends on an unknown size"):
        ops.unstack(Input((None, 3)), axis=1)


def test_sizes_are_computed_with_inside_compiled_programs():
    def repeated(x):
        times = ops.concatenate([ops.expand_dims(x.shape[0], -1), ops.convert_to_tensor([2])])
        return ops.tile(ops.ones((ops.cast(x.shape[1], dtype="int32"), 1)), times)

    assert jax.eval_shape(repeated, jax.ShapeDtypeStruct((3, 5), "float32")).shape == (15, 2)
