"""Building: which shapes `build` gets, once, and from a config."""

import numpy as np

import neurona.initializers  # noqa: F401 - the names of initializers are found once this is imported
from neurona.core.building import shapes_for
from neurona.core.layer import Layer


class Pair(Layer):
    def build(self, query_shape, value_shape=None):
        self.kernel = self.add_weight((query_shape[-1], value_shape[-1]), "ones", name="kernel")

    def call(self, query, value):
        return query @ self.kernel + value


class Block(Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = Pair(name="inner")

    def call(self, x):
        return self.inner(x, x)


def test_shapes_go_to_the_arguments_of_their_names():
    layer = Pair(name="pair")
    assert layer(np.ones((1, 2)), value=np.ones((1, 3))).tolist() == [[3, 3, 3]]
    assert layer._build_shapes == {"query_shape": (1, 2), "value_shape": (1, 3)}


def test_a_layer_is_rebuilt_from_its_config():
    layer, copy = Pair(), Pair()
    layer(np.ones((1, 2)), np.ones((1, 3)))
    copy.build_from_config(layer.get_build_config())
    assert copy.built
    assert copy.kernel.shape == (2, 3)


def test_weights_are_named_after_the_layers_around_them():
    block = Block(name="block")
    block(np.ones((1, 2)))
    assert [weight.path for weight in block.weights] == ["block/inner/kernel"]
    alone = Pair(name="alone")
    alone.build((1, 2), (1, 3))
    assert alone.kernel.path == "alone/kernel"


def test_one_argument_means_the_first_input_whatever_its_name():
    assert shapes_for(lambda input_shape: None, ("x", "y"), (np.ones((2, 3)),), {}) == {"input_shape": (2, 3)}
    assert shapes_for(lambda s: None, ("x",), ([np.ones(1), np.ones(2)],), {}) == {"s": [(1,), (2,)]}
