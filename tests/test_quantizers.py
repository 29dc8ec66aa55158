"""The functions and classes of `neurona.quantizers` and the policies of quantized layers, beside Keras's."""

import copy

import jax
import keras
import numpy as np
import pytest

import neurona
from neurona.core.errors import ArgumentError
from neurona.dtype_policies import DTypePolicyMap, Int4DTypePolicy, QuantizedDTypePolicy
from neurona.quantizers import (
    AbsMaxQuantizer,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
    Quantizer,
    deserialize,
    get,
    serialize,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 3)).astype("float32")
INT4 = RNG.integers(-8, 8, (3, 5), dtype="int8")
CALLS = [
    ("abs_max_quantize", (X, -1), {}),
    ("abs_max_quantize", (X, (0, 1)), {"value_range": (-8, 7), "epsilon": 0.1, "to_numpy": True}),
    *(
        ("abs_max_quantize_grouped_with_zero_point", (x, size), {"to_numpy": on_host})
        for x in (X, 0 * X + 1)
        for size in (2, 8)
        for on_host in (False, True)
    ),
    ("pack_int4", (INT4,), {"axis": 0}),
    ("pack_int4", (INT4.astype("uint8") & 15,), {"axis": -1, "dtype": "uint8"}),
    ("unpack_int4", (INT4, 9), {"axis": 1}),
    ("unpack_int4", (INT4.view("uint8"), 6), {"dtype": "uint8"}),
    ("quantize_and_dequantize", (1000 * X, np.float32(0.5), "float8_e4m3fn", "float32"), {}),
    ("fake_quant_with_min_max_vars", (3 * X, -1.0, 2.0), {"num_bits": 4, "narrow_range": True}),
    ("fake_quant_with_min_max_vars", (3 * X, X.min(0), X.max(0)), {"axis": -1}),
]


@pytest.mark.parametrize(("name", "args", "options"), CALLS)
def test_functions_give_the_numbers_of_keras(name, args, options):
    found, expected = (getattr(library.quantizers, name)(*args, **options) for library in (neurona, keras))
    for mine, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert np.asarray(mine).dtype == np.asarray(theirs).dtype
        np.testing.assert_allclose(np.asarray(mine), np.asarray(theirs), rtol=1e-6)


def test_a_range_can_be_trained():
    def gradients(library):
        def loss(x, low, high):
            return (library.quantizers.fake_quant_with_min_max_vars(x, low, high, axis=1) * WEIGHTS).sum()

        return jax.grad(loss, (0, 1, 2))(2 * X, -np.ones(3, "float32"), np.ones(3, "float32"))

    WEIGHTS = RNG.normal(size=X.shape).astype("float32")
    for mine, theirs in zip(gradients(neurona), gradients(keras)):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)
    x = neurona.Input((3,))
    model = neurona.Model(x, neurona.quantizers.fake_quant_with_min_max_vars(x, -1.0, 1.0, num_bits=2))
    assert len(np.unique(model.predict(X, verbose=0).round(4))) <= 4


@pytest.mark.parametrize(
    "value",
    [
        AbsMaxQuantizer(axis=0, value_range=(-8, 7)),
        Int8QuantizationConfig(activation_quantizer=None),
        Int4QuantizationConfig(block_size=None, weight_quantizer=AbsMaxQuantizer(0, (-8, 7))),
    ],
)
def test_configs_are_those_of_keras(value):
    config = serialize(value)
    theirs = keras.quantizers.deserialize(copy.deepcopy(config) | {"config": _with_tuples(config["config"])})
    assert deserialize(config).get_config() == value.get_config()
    assert _with_tuples(keras.quantizers.serialize(theirs)) == _with_tuples(config)
    assert isinstance(get(config), type(value))
    assert isinstance(value, (Quantizer, QuantizationConfig))


def _with_tuples(value):
    if isinstance(value, dict):
        return {key: _with_tuples(item) for key, item in value.items()}
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.parametrize(
    "make",
    [
        lambda: AbsMaxQuantizer(value_range=(-200, 200)),
        lambda: Int4QuantizationConfig(block_size=0),
        lambda: Int4QuantizationConfig(AbsMaxQuantizer(value_range=(-8, 7))),
        lambda: Int4QuantizationConfig(AbsMaxQuantizer(), block_size=None),
        lambda: Int8QuantizationConfig(Quantizer("int4")),
        lambda: get("abs_max"),
        lambda: get(AbsMaxQuantizer(), axis=0),
        lambda: neurona.quantizers.pack_int4(INT4, dtype="int4"),
        lambda: QuantizedDTypePolicy("float8"),
        lambda: QuantizedDTypePolicy("int8", "mixed_float16"),
        lambda: Int4DTypePolicy("int4/0"),
        lambda: DTypePolicyMap(DTypePolicyMap()),
        lambda: neurona.dtype_policies.get("int4/_from_float32"),
    ],
)
def test_what_makes_no_sense_is_refused(make):
    with pytest.raises(ArgumentError):
        make()
    with pytest.raises(TypeError):
        neurona.quantizers.unpack_int4(X, 3)


@pytest.mark.parametrize("name", ["int8_from_mixed_bfloat16", "int4_from_float32", "int4/-1_from_float32"])
def test_policies_are_those_of_keras(name):
    mine, theirs = neurona.dtype_policies.get(name), keras.dtype_policies.get(name)
    for attribute in ("name", "compute_dtype", "variable_dtype", "quantization_mode"):
        assert getattr(mine, attribute) == getattr(theirs, attribute)
    config = neurona.dtype_policies.serialize(mine)
    assert config == keras.dtype_policies.serialize(theirs)
    assert neurona.dtype_policies.deserialize(config) == mine


def test_a_map_gives_each_layer_the_policy_of_its_path():
    policies = DTypePolicyMap("float32", {"wide/.*": "int8_from_float32"})
    policies["narrow"] = "mixed_bfloat16"
    config = neurona.dtype_policies.serialize(policies)
    theirs = keras.dtype_policies.deserialize(config)
    assert (list(policies), len(policies), "narrow" in policies) == (list(theirs), 2, True)
    assert [policies[path].name for path in ("wide/a", "narrow", "wide")] == [
        theirs[path].name for path in ("wide/a", "narrow", "wide")
    ]
    assert neurona.dtype_policies.deserialize(config) == policies
    narrow = neurona.layers.Dense(2, dtype=policies, name="narrow")
    narrow.build((None, 3))
    wide = neurona.layers.Dense(2, dtype=policies, name="a")
    with neurona.name_scope("wide"):
        wide.build((None, 3))
    assert (narrow.compute_dtype, wide.compute_dtype) == ("bfloat16", "float32")
    assert (wide.kernel.dtype, wide.quantization_mode, narrow.quantization_mode) == ("int8", "int8", None)
    narrow.quantize("int8")
    assert policies["narrow"].name == "int8_from_mixed_bfloat16"
    with pytest.raises(ArgumentError, match="already: delete it first"):
        policies["narrow"] = "float32"
    policies["n.*"] = policies["nar.*"] = "float32"
    with pytest.raises(ArgumentError, match="matches several keys"):
        _ = policies["nar"]
    del policies["n.*"], policies["narrow"]
    assert policies["nar"].name == "float32"
