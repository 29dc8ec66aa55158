"""Annotations: found by the identity of an array, carried on request, forgotten with it."""

import gc

import jax.numpy as jnp
import numpy as np

from neurona.core.annotations import LOGITS, MASK, Annotation, Logits


def test_a_value_belongs_to_one_array_not_to_an_equal_one():
    unit: Annotation[str] = Annotation("unit")
    x = jnp.ones(2)
    unit.set(x, "cm")
    assert unit.get(x) == "cm"
    assert unit.get(jnp.ones(2)) is None
    unit.set(x, "mm")
    assert unit.get(x) == "mm"


def test_carry_takes_the_value_over_and_does_nothing_without_one():
    unit: Annotation[str] = Annotation("unit")
    x, y = jnp.ones(4), jnp.ones((2, 2))
    unit.carry(x, y)
    assert unit.get(y) is None
    unit.set(x, "cm")
    unit.carry(x, y)
    assert (unit.get(x), unit.get(y)) == ("cm", "cm")


def test_an_annotation_goes_with_its_array():
    unit: Annotation[str] = Annotation("unit")
    x = np.ones(2)
    unit.set(x, "cm")
    del x
    gc.collect()
    assert unit._values == {}


def test_kinds_of_annotation_are_apart():
    x = jnp.ones(2)
    MASK.set(x, x > 0)
    assert LOGITS.get(x) is None
    LOGITS.set(x, Logits("softmax", x))
    assert MASK.get(x).tolist() == [True, True]
    assert LOGITS.get(x).activation == "softmax"


def test_a_value_that_belongs_to_no_array_has_no_annotation():
    assert MASK.get(None) is None
    assert MASK.get([1, 2]) is None
