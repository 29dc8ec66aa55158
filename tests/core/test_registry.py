"""The registry: names in every spelling, configs recorded from constructors, no code run from a file."""

import subprocess
import sys

import numpy as np
import pytest

from neurona import layers
from neurona.core import registry
from neurona.core.errors import ArgumentError, SavingError, UnexpectedArgument


class Base(registry.Serializable):
    def __init__(self, size=1, **kwargs):
        self.size = size * 2
        self.rest = kwargs


class Derived(Base):
    def __init__(self, colour, *, size=3):
        super().__init__(size=size, depth=4)
        self.colour = colour


def test_the_config_is_the_outermost_constructor_call_with_attributes_as_they_are_now():
    made = Derived("red")
    assert made.get_config() == {"colour": "red", "size": 6}
    assert Base(depth=5).get_config() == {"size": 2, "depth": 5}
    made.colour = "blue"
    assert made.get_config()["colour"] == "blue"


def test_an_argument_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(UnexpectedArgument, match=r"Derived has no argument 'color'. Did you mean 'colour'"):
        Derived("red", color="blue")
    with pytest.raises(UnexpectedArgument, match="Derived: missing a required argument"):
        Derived()
    assert registry.constructor_arguments(Derived) == ["colour", "size"]


@pytest.mark.parametrize("name", ["Dense", "dense", "DENSE"])
def test_names_are_found_in_every_spelling(name):
    assert registry.lookup("layers", name) is layers.Dense


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ArgumentError, match=r"neurona.layers has no 'Dens'. Did you mean"):
        registry.lookup("layers", "Dens")


def test_resolve_takes_names_configs_classes_and_objects():
    layer = layers.ReLU()
    assert registry.resolve("layers", layer) is layer
    assert isinstance(registry.resolve("layers", layers.ReLU), layers.ReLU)
    assert isinstance(registry.resolve("layers", registry.serialize(layer)), layers.ReLU)
    assert registry.resolve("layers", None) is None
    with pytest.raises(ArgumentError, match="Received: 3"):
        registry.resolve("layers", 3)


@pytest.mark.parametrize(
    "value", [None, 2.5, "a", [1, [2]], {"a": [True]}, slice(1, None, 2), ..., {"b": {"c": None}}]
)
def test_plain_values_come_back_as_they_went(value):
    assert registry.deserialize(registry.serialize(value)) == value


def test_arrays_come_back_with_their_dtype():
    back = registry.deserialize(registry.serialize(np.array([1, 2], np.int8)))
    assert back.dtype == np.int8
    assert back.tolist() == [1, 2]


def test_a_subclass_of_a_built_in_class_is_not_built_in():
    class Mine(layers.ReLU):
        pass

    assert registry.is_built_in(layers.ReLU())
    assert not registry.is_built_in(Mine())
    assert registry.serialize_object(Mine())["registered_name"] == "Mine"


def test_code_in_a_description_is_refused():
    with pytest.raises(SavingError, match="never runs code"):
        registry.deserialize({"class_name": "__lambda__", "config": {"value": "x"}})
    with pytest.raises(SavingError, match="not a registered class"):
        registry.deserialize({"module": "os", "class_name": "system", "config": {}})
    with pytest.raises(SavingError, match="lambda"):
        registry.serialize(lambda x: x)


def test_custom_objects_count_inside_their_scope_only():
    description = {"module": "mine", "class_name": "Base", "config": {"size": 1}, "registered_name": "Base"}
    with registry.custom_object_scope({"Base": Base}):
        assert registry.deserialize(description).size == 2
    with pytest.raises(SavingError, match="'Base'"):
        registry.deserialize(description)


def test_descriptions_without_names_are_equal_for_equal_layers():
    one, two = layers.Dense(3, name="one"), layers.Dense(3, name="two")
    assert registry.without_names(registry.serialize(one)) == registry.without_names(registry.serialize(two))
    assert registry.serialize(one) != registry.serialize(two)


def test_a_name_is_found_though_nobody_imported_its_room():
    code = "from neurona.core import registry; print(registry.resolve('losses', 'mse').__name__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "mean_squared_error"
