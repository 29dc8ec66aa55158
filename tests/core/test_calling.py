"""What a call does with its arguments: dtypes, masks and notes."""

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core import calling
from neurona.core.annotations import MASK
from neurona.core.variable import Variable


def test_floats_become_arrays_of_the_dtype_and_everything_else_stays():
    tree = {
        "x": np.ones(2),
        "i": np.ones(2, "int32"),
        "v": Variable(np.ones(2, "float32")),
        "s": "text",
        "n": 3,
    }
    arrays = calling.as_arrays(tree, "bfloat16")
    assert all(isinstance(arrays[name], jax.Array) for name in "xiv")
    assert [arrays[name].dtype.name for name in "xiv"] == ["bfloat16", "int32", "bfloat16"]
    assert (arrays["s"], arrays["n"]) == ("text", 3)
    assert calling.as_arrays(np.ones(2, "float16"), None).dtype == "float16"


def test_a_cast_carries_the_mask():
    x = jnp.ones((1, 2))
    MASK.set(x, jnp.array([[True, False]]))
    assert MASK.get(calling.as_arrays((x,), "float16")[0]).tolist() == [[True, False]]


def test_masks_fill_the_arguments_that_were_not_given():
    query, value = jnp.ones((1, 2)), jnp.ones((1, 3))
    MASK.set(query, "q")
    MASK.set(value, "v")
    kwargs = {"value": value}
    calling.fill_masks(("query", "value", "query_mask", "value_mask", "key_mask"), (query,), kwargs)
    assert (kwargs["query_mask"], kwargs["value_mask"]) == ("q", "v")
    assert "key_mask" not in kwargs
    kwargs = {"mask": "given"}
    assert calling.fill_masks(("x", "mask"), (query,), kwargs) == "given"
    kwargs = {}
    assert calling.fill_masks(("x", "mask"), ([query, value],), kwargs) == ["q", "v"]
    assert kwargs == {"mask": ["q", "v"]}


def test_several_outputs_get_a_mask_each():
    one, two = jnp.ones(1), jnp.ones(1)
    calling.annotate_masks([one, two], ["a", None])
    assert (MASK.get(one), MASK.get(two)) == ("a", None)


def test_the_innermost_layer_alone_is_noted():
    error = ValueError("no")
    calling.note_call(error, "inner", "Dense", (jnp.ones((2, 3)),))
    calling.note_call(error, "outer", "Model", ())
    assert error.__notes__ == ["In layer 'inner' (Dense), called with float32[2, 3]."]
