"""Every function of `ops` compared with `keras.ops` on JAX.

Values, dtypes, symbolic shapes, jit, and files in both directions.
"""

import importlib
from typing import Any

import jax
import keras
import numpy as np
import pytest

from neurona import ops
from neurona.core.symbolic import SymbolicTensor
from neurona.ops.registry import call_from_config, operation_config
from tests.ops.cases import BY_HAND, cases_of, names

# Neither arrays nor shapes come out of these for symbolic tensors, or Keras has no class for them.
NOT_SYMBOLIC = {"convert_to_numpy", "dtype", "is_tensor", "ndim", "shape", "size", "vectorize"}
CREATION = {
    "arange",
    "array",
    "bartlett",
    "blackman",
    "empty",
    "eye",
    "full",
    "geomspace",
    "hamming",
    "hanning",
    "identity",
    "kaiser",
}
CREATION |= {"logspace", "ones", "tri", "zeros"}
# The batch's size is among their arguments, or the number of their results.
FIXED_BATCH = {"reshape-0", "unstack-1"}
# The shape of the result depends on the numbers, or the call on numbers that a tracer has not.
DATA_DEPENDENT = {
    "bincount",
    "nonzero",
    "unique",
    "cond",
    "switch",
    "fori_loop",
    "while_loop",
    "cholesky_inverse",
}

PARAMETERS = [
    pytest.param(name, index, id=f"{name}-{index}")
    for name in names()
    for index in range(len(cases_of(name)))
]


def function(module: Any, name: str) -> Any:
    for part in name.split("."):
        module = getattr(module, part)
    return module


def compare(ours: Any, theirs: Any) -> None:
    one, other = jax.tree.leaves(ours), jax.tree.leaves(theirs)
    assert len(one) == len(other)
    assert isinstance(ours, (list, tuple)) == isinstance(theirs, (list, tuple))
    for a, b in zip(one, other, strict=True):
        assert np.dtype(getattr(a, "dtype", type(a))) == np.dtype(getattr(b, "dtype", type(b)))
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape
        if a.dtype.kind in "fcV":
            finite = np.abs(b[np.isfinite(b)])
            scale = float(finite.max()) if finite.size else 1.0
            tolerance = (1e-3 if a.dtype.itemsize == 2 else 1e-5) * max(scale, 1e-3)
            np.testing.assert_allclose(
                a.astype("complex128"), b.astype("complex128"), rtol=0, atol=tolerance, equal_nan=True
            )
        else:
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("name", "index"), PARAMETERS)
def test_values_and_dtypes_are_keras_s(name: str, index: int) -> None:
    args, kwargs = cases_of(name)[index]
    if name == "empty" or name == "empty_like":
        assert function(ops, name)(*args, **kwargs).shape == function(keras.ops, name)(*args, **kwargs).shape
        return
    as_arrays = jax.tree.map(
        lambda leaf: keras.ops.convert_to_tensor(leaf) if isinstance(leaf, np.ndarray) else leaf,
        (args, kwargs),
    )
    if name == "is_tensor":
        assert ops.is_tensor(as_arrays[0][0])
        assert not ops.is_tensor(args[0])
        return
    compare(function(ops, name)(*args, **kwargs), function(keras.ops, name)(*as_arrays[0], **as_arrays[1]))


def symbolic(tree: Any, batch: bool, make: Any) -> Any:
    """The call with a symbolic tensor for each array, the first size unknown if `batch`."""

    def convert(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray) or leaf.ndim == 0:
            return leaf
        return make((None, *leaf.shape[1:]) if batch else leaf.shape, leaf.dtype.name)

    return jax.tree.map(convert, tree)


def arrays_in(tree: Any) -> list[np.ndarray]:
    return [leaf for leaf in jax.tree.leaves(tree) if isinstance(leaf, np.ndarray)]


SYMBOLIC = [
    parameter
    for parameter in PARAMETERS
    if parameter.values[0] not in NOT_SYMBOLIC | CREATION | DATA_DEPENDENT
    and arrays_in(cases_of(parameter.values[0])[parameter.values[1]])
]


@pytest.mark.parametrize(("name", "index"), SYMBOLIC)
def test_symbolic_shapes_are_the_real_ones(name: str, index: int) -> None:
    args, kwargs = cases_of(name)[index]
    real = jax.tree.leaves(function(ops, name)(*args, **kwargs))
    batched = (
        all(array.ndim and array.shape[0] == 4 for array in arrays_in((args, kwargs)))
        and f"{name}-{index}" not in FIXED_BATCH
    )
    for batch in (False, True) if batched else (False,):
        new_args, new_kwargs = symbolic((args, kwargs), batch, SymbolicTensor)
        outputs = jax.tree.leaves(function(ops, name)(*new_args, **new_kwargs))
        for output, array in zip(outputs, real, strict=True):
            assert output.dtype == np.asarray(array).dtype.name
            assert len(output.shape) == array.ndim
            assert all(size in (None, n) for size, n in zip(output.shape, array.shape))


FIRST = {parameter.values[0]: parameter for parameter in reversed(SYMBOLIC)}  # the first case of each


@pytest.mark.parametrize(("name", "index"), FIRST.values())
def test_compiles(name: str, index: int) -> None:
    args, kwargs = cases_of(name)[index]
    leaves, tree = jax.tree.flatten((args, kwargs))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, np.ndarray)]

    def run(*arrays: Any) -> Any:
        filled = list(leaves)
        for i, array in zip(places, arrays, strict=True):
            filled[i] = array
        new_args, new_kwargs = jax.tree.unflatten(tree, filled)
        return function(ops, name)(*new_args, **new_kwargs)

    compare(jax.jit(run)(*(leaves[i] for i in places)), function(ops, name)(*args, **kwargs))


# Files. Keras writes a call as its operation's class and config, and the node's args and kwargs.

# Their arguments are Python functions, which no file can hold.
NO_CONFIG = {"scan", "associative_scan", "map", "vectorized_map", "jvp"}
# Keras 3.15 can't build these itself: Python numbers, an integer size or grouped channels beside a symbolic
# tensor; 3D patches as a list.
KERAS_FAILS = {
    "bitwise_and-1",
    "bitwise_or-1",
    "bitwise_xor-1",
    "hypot-3",
    "hypot-4",
    "hypot-5",
    "adaptive_average_pool-0",
}
KERAS_FAILS |= {"adaptive_average_pool-2", "conv-3"}
# Keras 3.15 builds these and then can't run them on JAX: arguments in the wrong order, a missing function, an
# axis as a list.
KERAS_CANNOT_RUN = {f"conv_transpose-{i}" for i in range(5)} | {
    "histogram-0",
    "histogram-1",
    "norm-1",
    "norm-2",
    "quantile-1",
}
FILES = [
    parameter
    for parameter in SYMBOLIC
    if parameter.values[0] not in NO_CONFIG and parameter.id not in KERAS_FAILS
]


@pytest.mark.parametrize(("name", "index"), FILES)
def test_files_in_both_directions(name: str, index: int) -> None:
    args, kwargs = cases_of(name)[index]
    expected = function(ops, name)(*args, **kwargs)

    # What Keras writes, we call.
    def keras_tensor(shape: tuple, dtype: str) -> Any:
        return keras.KerasTensor(shape, dtype)

    new_args, new_kwargs = symbolic((args, kwargs), False, keras_tensor)
    node = jax.tree.leaves(function(keras.ops, name)(*new_args, **new_kwargs))[
        0
    ]._keras_history.operation._inbound_nodes[0]
    tensors = {
        id(t): a
        for t, a in zip(jax.tree.leaves((new_args, new_kwargs)), jax.tree.leaves((args, kwargs)), strict=True)
    }

    def fill(leaf: Any) -> Any:
        return tensors[id(leaf)] if isinstance(leaf, keras.KerasTensor) else leaf

    their_args, their_kwargs = jax.tree.map(fill, (node.arguments.args, node.arguments.kwargs))
    their_class = type(node.operation).__name__
    if not (name == "bincount" and kwargs):
        compare(
            call_from_config(their_class, node.operation.get_config(), list(their_args), their_kwargs),
            expected,
        )

    # What we write, Keras calls.
    new_args, new_kwargs = symbolic((args, kwargs), False, SymbolicTensor)
    own = jax.tree.leaves(function(ops, name)(*new_args, **new_kwargs))[0].node
    description, own_args, own_kwargs = operation_config(own.operation, own.args, own.kwargs)
    assert description["class_name"] == their_class
    assert set(description["config"]) == {"name", *node.operation.get_config()}
    cls = getattr(importlib.import_module(description["module"]), their_class)
    tensors = {
        id(t): a
        for t, a in zip(jax.tree.leaves((new_args, new_kwargs)), jax.tree.leaves((args, kwargs)), strict=True)
    }

    def fill_own(leaf: Any) -> Any:
        return keras.ops.convert_to_tensor(tensors[id(leaf)]) if isinstance(leaf, SymbolicTensor) else leaf

    if f"{name}-{index}" in KERAS_CANNOT_RUN:
        return
    own_args, own_kwargs = jax.tree.map(fill_own, (own_args, own_kwargs))
    compare(cls.from_config(description["config"])(*own_args, **own_kwargs), expected)


def coverage() -> tuple[int, int]:
    """How many of keras.ops's public names we have, those of its parts (numpy, nn, linalg, image)
    included.
    """
    have = total = 0
    for part in ("", "numpy", "nn", "linalg", "image"):
        theirs = [n for n in dir(function(keras.ops, part) if part else keras.ops) if not n.startswith("_")]
        total += len(theirs)
        have += sum(hasattr(function(ops, part) if part else ops, n) for n in theirs)
    return have, total


def test_every_function_has_a_case() -> None:
    assert all(cases_of(name) for name in names())
    assert all(hasattr(ops, name) for name in BY_HAND)


def test_names_of_keras() -> None:
    have, total = coverage()
    assert have >= total - 3, f"{have} of {total}"
    assert {n for n in dir(keras.ops) if not n.startswith("_")} <= set(dir(ops))
