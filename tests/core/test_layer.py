"""Layers: what a subclass writes, and what it gets for it."""

import numpy as np
import pytest

import neurona.initializers  # noqa: F401 - the names of initializers are found once this is imported
from neurona.core.errors import ArgumentError, ShapeError, UnexpectedArgument
from neurona.core.layer import Layer
from neurona.core.scope import Scope


class Scale(Layer):
    def __init__(self, start="ones", **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        self.factor = self.add_weight(input_shape[-1:], self.start, name="factor")

    def call(self, x):
        return x * self.factor


class Block(Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = Scale(name="first")

    def call(self, x, training=False):
        self.was_training = training
        return self.first(x, training=training)


def test_a_layer_builds_itself_and_is_rebuilt_from_its_config():
    layer = Scale("zeros", name="scale")
    assert layer(np.ones((2, 3))).tolist() == [[0, 0, 0], [0, 0, 0]]
    config = layer.get_config()
    assert (config["start"], config["name"], config["trainable"]) == ("zeros", "scale", True)
    assert Scale.from_config(config).start == "zeros"


def test_training_reaches_inner_layers_and_is_dropped_where_call_does_not_take_it():
    block = Block()
    assert block(np.ones((1, 2)), training=True).shape == (1, 2)
    assert block.was_training is True
    block(np.ones((1, 2)))
    assert block.was_training is False
    with Scope(training=True):
        block(np.ones((1, 2)))
    assert block.was_training is True


def test_a_mixed_layer_computes_in_16_bits_and_keeps_32():
    layer = Scale(dtype="mixed_bfloat16")
    assert layer(np.ones((1, 2))).dtype == "bfloat16"
    assert layer.factor.dtype == "float32"
    assert Scale(autocast=False, dtype="mixed_bfloat16")(np.ones((1, 2), "float32")).dtype == "float32"


def test_losses_are_those_of_the_last_call():
    layer = Scale(activity_regularizer=lambda y: y.sum())
    for _ in range(2):
        layer(np.full((2, 3), 2.0))
        assert [float(loss) for loss in layer.losses] == [6]  # 12, divided by the batch


def test_an_observer_sees_the_parts_before_the_whole():
    block, seen = Block(name="block"), []
    with Scope() as scope:
        scope.observer = lambda layer, inputs, outputs: seen.append((layer.name, outputs.shape))
        block(np.ones((1, 2)))
    assert seen == [("first", (1, 2)), ("block", (1, 2))]


@pytest.mark.parametrize("name", ["graph", "walk", "sublayers", "parts", "_parts", "_run", "pace", "stream"])
def test_users_may_give_attributes_these_names(name):
    block = Block()
    setattr(block, name, [Scale(name="other")])
    block(np.ones((1, 2)))
    assert [layer.name for layer in block._flatten_layers()][1:] == ["first", "other"]


def test_what_a_layer_answers_to_saving_summaries_and_training():
    block = Block(name="block")
    assert [name for name, _ in block._saved_parts()] == sorted(name for name, _ in block._saved_parts())
    assert ("first", block.first) in block._saved_parts()
    assert block._summary_rows() == []
    assert block._entrance() is None
    assert Scale(input_shape=(3,))._entrance() == ((None, 3), None)
    assert not block._is_stateful
    assert not block._rows_are_independent  # its code is the user's
    assert Scale("zeros", name="one")._structure() != Scale("ones", name="one")._structure()


def test_mistakes_are_named():
    with pytest.raises(UnexpectedArgument, match=r"Scale has no argument 'nam'. Did you mean 'name'"):
        Scale(nam="x")
    with pytest.raises(UnexpectedArgument, match=r"Scale.add_weight has no argument 'initialiser'"):
        Scale().add_weight((), initialiser="ones")
    with pytest.raises(ArgumentError, match="a name is a string without '/'"):
        Scale(name="a/b")
    with pytest.raises(ShapeError, match=r"create weight 'w' of shape \(None,\)"):
        Scale().add_weight((None,), name="w")
    with pytest.raises(TypeError, match="needs a `call"):
        Layer()(np.ones(1))

    class Forgetful(Layer):
        def __init__(self):
            pass

    with pytest.raises(ArgumentError, match="forgot to call"):
        Forgetful()(np.ones(1))


def test_an_error_says_in_which_layer_it_arose():
    class Broken(Layer):
        def call(self, x):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no") as caught:
        Broken(name="inner")(np.ones((2, 3), "float32"))
    assert caught.value.__notes__ == ["In layer 'inner' (Broken), called with float32[2, 3]."]
