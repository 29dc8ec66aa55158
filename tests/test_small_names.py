"""Small public names of Keras beside its own: settings, policies, aliases."""

import keras
import numpy as np
import pytest

import neurona as nn


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("FloatDTypePolicy", nn.DTypePolicy),
        ("dtype_policies.FloatDTypePolicy", nn.DTypePolicy),
        ("mixed_precision.Policy", nn.DTypePolicy),
        ("mixed_precision.global_policy", nn.config.dtype_policy),
        ("mixed_precision.set_global_policy", nn.config.set_dtype_policy),
        ("models.save_model", nn.saving.save_model),
        ("utils.Sequence", nn.utils.PyDataset),
        ("utils.get_registered_object", nn.saving.get_registered_object),
    ],
)
def test_two_names_of_one_thing(name, other):
    value = nn
    for part in name.split("."):
        value = getattr(value, part)
    assert value is other


def test_a_registered_object_is_found_by_the_name_that_keras_gives_it():
    @nn.saving.register_keras_serializable("shop")
    class Till(nn.layers.Layer):
        pass

    assert nn.saving.get_registered_name(Till) == "shop>Till"
    assert nn.saving.get_registered_object("shop>Till") is Till


def test_epsilon_is_that_of_keras_and_can_be_set():
    assert nn.config.epsilon() == keras.config.epsilon()
    before = nn.config.epsilon()
    try:
        nn.config.set_epsilon(1e-3)
        assert np.isclose(nn.config.epsilon(), 1e-3)
    finally:
        nn.config.set_epsilon(before)
