"""Layers on symbolic tensors: shapes, history and masks without numbers."""

import pytest

import neurona.initializers  # noqa: F401 - the names of initializers are found once this is imported
from neurona.core.annotations import MASK
from neurona.core.errors import NotConnectedError
from neurona.core.layer import Layer
from neurona.core.symbolic import SymbolicTensor


class Halve(Layer):
    supports_masking = True

    def call(self, x, mask=None):
        self.seen = None if mask is None else mask.shape
        return x[..., ::2]


class Outside(Layer):
    """Computes with something that can't be traced, and says its shape."""

    def call(self, x):
        raise RuntimeError

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 7)


def test_a_call_is_noted_with_its_shapes():
    x, layer = SymbolicTensor((None, 6)), Halve(name="halve")
    y = layer(x)
    assert (y.shape, y.node.operation, layer.input, layer.output) == ((None, 3), layer, x, y)


def test_before_a_call_there_is_no_input():
    layer = Halve(name="alone")
    assert not hasattr(layer, "output")
    with pytest.raises(NotConnectedError, match="'alone' has no symbolic input"):
        _ = layer.input


def test_shapes_of_the_output_by_position_and_by_name():
    assert Halve().compute_output_shape((None, 5)) == (None, 3)
    assert Halve().compute_output_shape(input_shape=(2, 5)) == (2, 3)


def test_a_layers_own_shape_is_believed():
    assert Outside()(SymbolicTensor((None, 2))).shape == (None, 7)
    around = Outside()
    around.inner = Halve()  # not built yet, and not reached by a trace
    assert around(SymbolicTensor((None, 2))).shape == (None, 7)


def test_masks_are_seen_as_shapes_and_handed_on():
    x, layer = SymbolicTensor((None, 4, 6)), Halve()
    MASK.set(x, SymbolicTensor((None, 4), "bool"))
    y = layer(x)
    assert layer.seen[1:] == (4,)
    assert (MASK.get(y).shape, MASK.get(y).dtype) == ((None, 4), "bool")


def test_layers_built_in_a_trace_are_built_for_an_unknown_batch():
    class Dense(Layer):
        def build(self, input_shape):
            self.kernel = self.add_weight((input_shape[-1], 2), "ones")

        def call(self, x):
            return x @ self.kernel

    class Block(Layer):
        def __init__(self):
            super().__init__()
            self.inner = Dense()

        def call(self, x):
            return self.inner(x)

    block = Block()
    assert block(SymbolicTensor((None, 5))).shape == (None, 2)
    assert block.inner._build_shapes == {"input_shape": (None, 5)}
    with pytest.raises(ValueError, match=r"of shape \(None, 2\)"):
        Block()(SymbolicTensor((None, None)))
