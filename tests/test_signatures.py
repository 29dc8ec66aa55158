"""Constructors take Keras's arguments in Keras's order, with Keras's defaults, by position and by keyword."""

import inspect

import keras
import numpy as np
import pytest

import neurona.layers
from neurona.core.registry import built_in

PARAMETERS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
KINDS = ("layers", "optimizers", "losses", "metrics", "initializers", "regularizers", "constraints")
REFUSED = {
    "TFSMLayer",
    "TorchModuleWrapper",
}  # layers of other libraries, which are refused whatever they get
COMPARED = [
    (kind, name)
    for kind in KINDS
    for name, value in sorted(built_in(kind).items())
    if inspect.isclass(value) and hasattr(getattr(keras, kind), name) and name not in REFUSED
]
# What Keras takes and Neurona does not, and what Keras's base classes show of their inside.
LACKING = {
    "gptq_unpacked_column_size",
    "native_serialization_platforms",
}
INTERNAL = {"rank", "pool_dimensions", "pool_mode"}


def arguments(cls):
    """Name and default of each argument that a constructor's signature shows."""
    return {
        name: parameter.default
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.kind in PARAMETERS and name not in INTERNAL
    }


def same(mine, theirs):
    """Equal defaults. One number serves every dimension, case does not matter, False may stand for None,
    and what Keras requires may have a default.
    """
    if theirs is inspect.Parameter.empty or (mine, theirs) == (False, None):
        return True
    mine, theirs = (value.lower() if isinstance(value, str) else value for value in (mine, theirs))
    if isinstance(theirs, tuple) and isinstance(mine, int):
        return set(np.ravel(theirs)) == {mine}
    return mine == theirs


@pytest.mark.parametrize(("kind", "name"), COMPARED)
def test_arguments_stand_in_the_order_and_have_the_defaults_of_keras(kind, name):
    theirs = arguments(getattr(getattr(keras, kind), name))
    mine = arguments(built_in(kind)[name])
    expected = [argument for argument in theirs if argument not in LACKING]
    assert list(mine)[: len(expected)] == expected
    assert [argument for argument in expected if not same(mine[argument], theirs[argument])] == []


@pytest.mark.parametrize("name", ["Dense", "Conv2D", "Conv3DTranspose", "LSTM", "GRU", "BatchNormalization"])
def test_every_argument_may_be_passed_by_position(name):
    cls = getattr(neurona.layers, name)
    values = {
        argument: 3 if default is inspect.Parameter.empty else default
        for argument, default in arguments(cls).items()
    }
    by_position, by_keyword = cls(*values.values(), name="layer"), cls(**values, name="layer")
    assert by_position.get_config() == by_keyword.get_config()


def test_options_have_their_defaults_inside_a_subclass_with_fewer_arguments():
    class Narrow(neurona.layers.LSTM):
        def __init__(self, units, **kwargs):
            super().__init__(units, "relu", **kwargs)

    layer = Narrow(3, dropout=0.5)
    assert (layer.units, layer.dropout, layer.unit_forget_bias, layer.return_sequences) == (
        3,
        0.5,
        True,
        False,
    )
    assert layer.activation.__name__ == "relu"


def test_a_misspelt_option_is_refused_with_the_nearest_name():
    with pytest.raises(
        TypeError, match=r"no argument 'kernal_initializer'\. Did you mean 'kernel_initializer'"
    ):
        neurona.layers.Dense(3, kernal_initializer="ones")
    with pytest.raises(TypeError, match=r"no argument 'return_sequence'\. Did you mean 'return_sequences'"):
        neurona.layers.LSTM(3, return_sequence=True)


def test_help_shows_each_shared_option_with_its_default():
    text = inspect.getdoc(neurona.layers.LSTM)
    assert "**options" not in text
    assert "recurrent_constraint: a projection of the recurrent kernel" in text
    assert "unit_forget_bias: bool = True" in str(inspect.signature(neurona.layers.LSTM))
