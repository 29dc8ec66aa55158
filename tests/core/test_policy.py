"""Dtypes, policies and the settings of a process."""

import jax.numpy as jnp
import numpy as np
import pytest

from neurona.core import policy
from neurona.core.errors import ArgumentError
from neurona.core.policy import DTypePolicy


@pytest.fixture(autouse=True)
def _settings():
    kept = dict(vars(policy._Settings))
    yield
    for name in ("floatx", "epsilon", "policy", "image_data_format"):
        setattr(policy._Settings, name, kept[name])


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (None, "float32"),
        ("float", "float32"),
        ("int", "int32"),
        (np.int8, "int8"),
        (jnp.bfloat16, "bfloat16"),
        (np.dtype("bool"), "bool"),
        (DTypePolicy("mixed_float16"), "float16"),
    ],
)
def test_every_spelling_of_a_dtype_has_one_name(dtype, name):
    assert policy.standardize_dtype(dtype) == name


def test_an_unknown_dtype_is_answered_with_the_nearest():
    with pytest.raises(ArgumentError, match=r"no dtype 'float31'. Did you mean 'float32'"):
        policy.standardize_dtype("float31")


def test_mixed_policies_compute_in_16_bits_and_keep_32():
    mixed = DTypePolicy("mixed_bfloat16")
    assert (mixed.compute_dtype, mixed.variable_dtype) == ("bfloat16", "float32")
    with pytest.raises(ArgumentError, match="mixed_float16"):
        DTypePolicy("mixed_float64")


def test_the_global_policy_follows_floatx_until_it_is_set():
    policy.set_floatx("bfloat16")
    assert policy.global_dtype_policy() == DTypePolicy("bfloat16")
    policy.set_global_dtype_policy("mixed_float16")
    assert policy.dtype_policy_of(None).name == "mixed_float16"
    assert (
        policy.dtype_policy_of({"class_name": "DTypePolicy", "config": {"name": "float16"}}).name == "float16"
    )


@pytest.mark.parametrize(
    ("dtype", "expected"), [("bfloat16", True), ("float32", True), ("int32", False), ("bool", False)]
)
def test_bfloat16_is_a_float(dtype, expected):
    assert policy.is_float(dtype) is expected


def test_data_formats_are_two():
    policy.set_image_data_format("channels_first")
    assert policy.standardize_data_format(None) == "channels_first"
    assert policy.standardize_data_format("CHANNELS_LAST") == "channels_last"
    with pytest.raises(ArgumentError, match="channels_middle"):
        policy.standardize_data_format("channels_middle")
