"""Symbolic tensors and their history."""

import jax.numpy as jnp
import numpy as np
import pytest

from neurona.core import symbolic
from neurona.core.errors import TracingError
from neurona.core.symbolic import Operation, SymbolicTensor


def test_automatic_names_count_and_begin_afresh():
    symbolic.reset_names()
    assert [symbolic.unique_name(name) for name in ("dense", "dense", "relu")] == ["dense", "dense_1", "relu"]
    symbolic.reset_names()
    assert symbolic.unique_name("dense") == "dense"


def test_an_operator_is_recorded_with_what_it_was_called_with():
    x = SymbolicTensor((None, 4))
    y = 2 * x
    assert (y.shape, y.dtype) == ((None, 4), "float32")
    assert y.node.operation.class_name == "Multiply"
    assert y.node.args == (2, x)
    assert y.node.inputs == [x]
    assert y.node.operation(3, np.ones(2)).tolist() == [3, 3]


def test_arrays_on_the_left_leave_the_operator_to_the_tensor():
    y = np.ones((3, 1)) - SymbolicTensor((None, 1, 4))
    assert y.shape == (None, 3, 4)
    assert y.node.operation.class_name == "Subtract"


def test_comparisons_indexing_and_several_outputs():
    x = SymbolicTensor((None, 4))
    assert (x > 0).dtype == "bool"
    assert x[:, 1:].shape == (None, 3)
    parts = symbolic.record(Operation("Split", lambda a: jnp.split(a, 2, 1)), (x,), {})
    assert [(part.shape, part.index) for part in parts] == [((None, 2), 0), ((None, 2), 1)]
    assert parts[0].node is parts[1].node


def test_a_tensor_without_numbers_says_so():
    x = SymbolicTensor((None, 4), name="x")
    for use in (bool, np.asarray, list):
        with pytest.raises(TracingError, match=r"<SymbolicTensor shape=\(None, 4\), dtype=float32, name=x>"):
            use(x)


def test_leaves_are_found_in_nested_arguments():
    x, y = SymbolicTensor((1,)), SymbolicTensor((2,))
    assert symbolic.symbolic_leaves(([x, 3], {"a": (y, None)})) == [x, y]
