"""What the table itself promises: any kind of number in, symbolic tensors, float64, gradients, files, errors
that teach.
"""

import itertools
import json
import re
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona import ops
from neurona.core.errors import ArgumentError, DataError, SavingError, ShapeError
from neurona.core.registry import deserialize, serialize
from neurona.core.symbolic import SymbolicTensor
from neurona.core.variable import Variable


def test_numbers_lists_arrays_and_variables_are_all_taken() -> None:
    values = [[1.0, 2.0], [3.0, 4.0]]
    for x in (
        values,
        np.array(values, "float32"),
        jnp.array(values),
        Variable(jnp.array(values)),
        tuple(map(tuple, values)),
    ):
        assert ops.sum(x).item() == 10
        assert ops.concatenate([x, x]).shape == (4, 2)
        assert ops.matmul(x, x).dtype == "float32"
    assert ops.add(Variable(jnp.ones(2)), 1).tolist() == [2, 2]
    assert ops.stack([Variable(jnp.ones(2)), [3, 4]]).tolist() == [[1, 1], [3, 4]]
    assert ops.sum([jnp.ones(2), Variable(jnp.ones(2))]).item() == 4


def test_python_numbers_do_not_widen_an_array() -> None:
    for dtype in ("bfloat16", "float16", "float32"):
        x = jnp.ones(2, dtype)
        assert (
            ops.add(x, 2.5).dtype
            == ops.multiply(2, x).dtype
            == ops.maximum(x, 0.0).dtype
            == ops.where(x > 0, x, 0.0).dtype
            == dtype
        )


def test_lists_are_32_bit_even_in_64_bit_mode() -> None:
    with jax.enable_x64(True):
        assert ops.mean([1, 2]).dtype == ops.sum([1.0, 2.0]).dtype == "float32"
        assert ops.array([1, 2]).dtype == "int32"


@pytest.mark.parametrize(
    "name",
    ["exp", "mean", "softmax", "logsumexp", "layer_normalization", "erf", "gelu", "std", "norm", "softplus"],
)
def test_float64_stays_float64_with_its_precision(name: str) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    with jax.enable_x64(True):
        function = getattr(ops, name)
        result = function(x)
        assert result.dtype == "float64"
        direction, step = np.random.default_rng(1).normal(size=x.shape), 1e-6
        slope = jax.jvp(function, (jnp.asarray(x),), (jnp.asarray(direction),))[1]
        difference = (function(x + step * direction) - function(x - step * direction)) / (2 * step)
        np.testing.assert_allclose(slope, difference, atol=1e-8)


def test_unknown_sizes_stay_unknown() -> None:
    x = SymbolicTensor((None, 4, 3))
    assert ops.shape(x) == (None, 4, 3)
    assert ops.ndim(x) == 3
    assert ops.size(x) is None
    assert ops.reshape(x, (-1, 12)).shape == (None, 12)
    assert ops.reshape(x, (ops.shape(x)[0], 12)).shape == (None, 12)
    assert ops.mean(x, axis=[1, 2]).shape == (None,)
    assert ops.conv(SymbolicTensor((None, None, 8, 3)), np.ones((3, 3, 3, 5)), padding="same").shape == (
        None,
        None,
        8,
        5,
    )
    assert [part.shape for part in ops.split(x, 3, axis=-1)] == [(None, 4, 1)] * 3
    assert ops.argmax(x, axis=-1).dtype == "int32"
    assert ((x > 0) & ~(x < 1)).dtype == "bool"


def test_names_and_steps_of_a_functional_model() -> None:
    x = SymbolicTensor((None, 3))
    y = ops.add(x, 1)
    assert y.node.operation.class_name == "Add"
    assert y.node.inputs == [x]
    assert ops.sum(y).node.inputs == [y]


def keras_model() -> tuple[Any, np.ndarray]:
    x = keras.Input((4, 3))
    a = keras.ops.concatenate([x[:, 0], x[:, -1]], axis=-1)
    b = keras.ops.sum(keras.ops.transpose(x[..., 1:], (0, 2, 1)), axis=(1, 2), keepdims=True)[:, 0]
    c = keras.ops.average_pool(x, 2, 1)
    d = keras.ops.where(c > 0, 2.0 * c, c**2)
    e = keras.ops.reshape(d, (-1, 9)) @ np.ones((9, 2), "float32")
    return keras.Model(x, keras.ops.concatenate([a, b, e, -keras.ops.abs(e)], axis=1)), np.random.default_rng(
        0
    ).normal(size=(2, 4, 3)).astype("float32")


def test_a_functional_model_of_keras_runs_from_its_description() -> None:
    model, x = keras_model()
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))["config"]
    outputs: dict[str, list[Any]] = {config["input_layers"][0]: [x]}

    def resolved(tree: Any) -> Any:
        if isinstance(tree, dict) and tree.get("class_name") == "__keras_tensor__":
            return outputs[tree["config"]["keras_history"][0]][tree["config"]["keras_history"][2]]
        if isinstance(tree, dict):
            return (
                deserialize(tree)
                if "class_name" in tree
                else {key: resolved(value) for key, value in tree.items()}
            )
        return [resolved(value) for value in tree] if isinstance(tree, list) else tree

    waiting = [layer for layer in config["layers"] if layer["class_name"] != "InputLayer"]
    while waiting:
        step = waiting.pop(0)
        node = step["inbound_nodes"][0]
        try:
            args, kwargs = resolved(node["args"]), resolved(node["kwargs"])
        except KeyError:
            waiting.append(step)
            continue
        outputs[step["name"]] = jax.tree.leaves(
            ops.call_from_config(step["class_name"], step["config"], args, kwargs)
        )
    np.testing.assert_allclose(outputs[config["output_layers"][0]][0], model(x), rtol=1e-6)


def test_slices_in_descriptions() -> None:
    key = (slice(None), ..., None, slice(1, 5, 2), 0)
    written = json.loads(json.dumps(serialize(key)))
    assert written == json.loads(json.dumps(keras.saving.serialize_keras_object(list(key))))
    assert tuple(deserialize(written)) == key


def test_every_operation_is_a_class_of_keras() -> None:
    from importlib import import_module

    from neurona.ops.registry import _keras_modules

    for class_name, module in _keras_modules.items():
        if not class_name.startswith("Docs"):
            assert hasattr(import_module(module), class_name), class_name


def test_sparsemax_is_the_projection_of_its_paper() -> None:
    x = np.array([[0.1, 1.1, 0.2], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.5, 0.6, -2.0]], "float32")
    # Closed form for one or two classes in the support: p = 1, or (1 + difference) / 2.
    np.testing.assert_allclose(
        ops.sparsemax(x), [[0, 0.95, 0.05], [1, 0, 0], [1 / 3] * 3, [0.45, 0.55, 0]], atol=1e-6
    )
    np.testing.assert_allclose(ops.sparsemax(x.T, axis=0).T, ops.sparsemax(x), atol=1e-6)


def test_functions_of_functions() -> None:
    @ops.custom_gradient
    def rounded(x: Any) -> Any:
        return jnp.round(x), lambda upstream: 3 * upstream

    assert jax.grad(rounded)(0.7).item() == 3
    assert rounded(Variable(jnp.asarray(0.7))).item() == 1
    assert ops.vectorize(lambda a, b: a + b, signature="(n),()->(n)")(
        jnp.ones((2, 3)), jnp.arange(2.0)
    ).shape == (2, 3)
    _, slope = ops.jvp(lambda x: x**2, (3.0,), (1.0,))
    assert slope.item() == 6
    values = ops.while_loop(lambda i, total: i < 3, lambda i, total: (i + 1, total + i), (0, 0))
    assert [int(value) for value in values] == [3, 3]


def test_pooling_without_strides_steps_by_the_window() -> None:
    x = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    assert ops.max_pool(x, 2)[0, :, :, 0].tolist() == [[5, 7], [13, 15]]
    assert ops.average_pool(x, (2, 4))[0, :, :, 0].tolist() == [[3.5], [11.5]]
    assert ops.max_pool(x.astype("int32"), 2).dtype == "int32"


def test_repeats_and_slices_inside_jit() -> None:
    x = jnp.arange(6.0).reshape(2, 3)
    assert jax.jit(lambda x: ops.repeat(x, [1, 2, 0], axis=1))(x).shape == (2, 3)
    assert jax.jit(lambda x: ops.slice(x, (0, 1), (-1, -1)))(x).shape == (2, 2)
    assert jax.jit(lambda x, i: ops.slice(x, (0, i), (2, 1)))(x, 2).tolist() == [[2], [5]]


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: ops.sum([[1, 2], [3]]), ShapeError, "unequal"),
        (lambda: ops.conv(np.ones((1, 4, 4, 3)), np.ones((3, 3, 2, 1))), ShapeError, "channels"),
        (lambda: ops.conv(np.ones((1, 2, 2, 3)), np.ones((3, 3, 3, 1))), ShapeError, "same"),
        (lambda: ops.max_pool(np.ones((1, 4, 4, 3)), 2, padding="full"), ArgumentError, "full"),
        (lambda: ops.categorical_crossentropy(np.ones((2, 3)), np.ones((2, 4))), ShapeError, "same shape"),
        (
            lambda: ops.sparse_categorical_crossentropy(np.ones((2, 3)), np.ones((2, 3))),
            ShapeError,
            "one-hot",
        ),
        (lambda: ops.one_hot([1], 3, sparse=True), ArgumentError, "sparse"),
        (lambda: ops.segment_sum(np.ones((3, 2)), [0, 1, 1]), ArgumentError, "num_segments"),
        (lambda: ops.segment_sum(np.ones((3, 2)), [0, 1], 2), ShapeError, "each row"),
        (lambda: ops.cholesky(-np.eye(2)), DataError, "positive definite"),
        (lambda: ops.image.resize(np.ones((4, 4)), (2, 2)), ShapeError, "channels"),
        (lambda: ops.image.pad_images(np.ones((4, 4, 1)), 1, 1), ArgumentError, "two"),
        (lambda: ops.image.rgb_to_hsv(np.ones((4, 4, 3), "uint8")), ArgumentError, "255"),
        (lambda: ops.rearrange(np.ones((4, 6)), "a (b c) -> a b c"), ArgumentError, "size of b, c"),
        (lambda: ops.scatter_update(np.ones(3), [[0]], [1.0], "mean"), ArgumentError, "mean"),
        (lambda: ops.ctc_decode(np.ones((1, 2, 3)), [2], strategy="best"), ArgumentError, "greedy"),
        (
            lambda: ops.ctc_decode(np.ones((1, 2, 3)), [2], "beam_search", beam_width=2, top_paths=3),
            ArgumentError,
            "top_paths=3",
        ),
        (lambda: ops.call_from_config("Concat", {}, [], {}), SavingError, "Concatenate"),
    ],
)
def test_mistakes_are_told(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32"])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos3", "nearest"])
def test_resized_images_of_integers_are_integers_of_their_range(dtype: str, interpolation: str) -> None:
    """Rounded and cut, not wrapped: bicubic and Lanczos overshoot at the edge between the extremes."""
    low, high = (np.iinfo(dtype).min, np.iinfo(dtype).max) if dtype != "int32" else (0, 1000)
    images = np.array([[low, high], [high, low]], dtype).repeat(2, 0).repeat(2, 1)[..., None]
    exact = np.asarray(ops.image.resize(images.astype("float32"), (3, 7), interpolation))
    resized = np.asarray(ops.image.resize(images, (3, 7), interpolation))
    assert resized.dtype == dtype
    ends = np.iinfo(dtype)
    np.testing.assert_array_equal(resized, np.clip(np.round(exact), ends.min, ends.max))


def test_images_resized_as_by_keras() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3)).astype("uint8")
    for interpolation in ("bilinear", "bicubic"):
        expected = keras.ops.image.resize(images, (3, 7), interpolation)
        np.testing.assert_array_equal(ops.image.resize(images, (3, 7), interpolation), expected)


@pytest.mark.parametrize("window", [None, "hann", "hamming"])
@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize(("length", "stride", "fft"), [(4, 2, 8), (6, 3, 6), (4, 1, 4)])
def test_istft_with_and_without_a_window(
    window: Any, center: bool, length: int, stride: int, fft: int
) -> None:
    rng = np.random.default_rng(0)
    pieces = tuple(rng.normal(size=(1, 5, fft // 2 + 1)).astype("float32") for _ in range(2))
    options = {"sequence_length": length, "sequence_stride": stride, "fft_length": fft}
    expected = keras.ops.istft(pieces, **options, window=window, center=center)
    found = ops.istft(pieces, **options, window=window, center=center)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (ops.cholesky, [(10, 20, 15)]),
        (ops.eigh, [(3, 2)]),
        (ops.qr, [(3,)]),
        (ops.add, [(2, 3), (4,)]),
        (ops.matmul, [(2, 3), (2, 3)]),
        (lambda x: ops.sum(x, axis=3), [(2, 3)]),
        (lambda x: ops.expand_dims(x, 7), [(2, 3)]),
        (lambda x, y: ops.concatenate([x, y]), [(2, 3), (2,)]),
        (lambda x: ops.transpose(x, (0, 1, 2)), [(2, 3)]),
    ],
)
def test_shapes_that_do_not_fit_are_shape_errors(function: Any, shapes: Any) -> None:
    """On arrays and on symbolic tensors, naming the shapes."""
    for make in (jnp.ones, SymbolicTensor):
        with pytest.raises(ShapeError, match=re.escape(str(shapes[0]))):
            function(*(make(shape) for shape in shapes))


def test_operators_of_symbolic_tensors_raise_shape_errors_too() -> None:
    with pytest.raises(ShapeError, match=r"\(None, 3\), \(4,\)"):
        SymbolicTensor((None, 3)) + SymbolicTensor((4,))


def test_signed_zeros_have_an_order() -> None:
    assert ops.argmax([-1.0, -0.0, 0.0]) == keras.ops.argmax([-1.0, -0.0, 0.0]) == 2
    assert ops.argmin([0.0, -0.0]) == keras.ops.argmin([0.0, -0.0]) == 1
    assert ops.argmax([[0.0, 1.0], [3.0, 2.0]], axis=1).tolist() == [1, 0]


def test_options_of_top_k_and_multi_hot() -> None:
    assert ops.top_k([1.0, 3.0, 3.0], 2, is_stable=True)[1].tolist() == [1, 2]
    with pytest.raises(ArgumentError, match="num_classes"):
        ops.multi_hot([1])


def chances_of_labellings(scores, blank):
    """The probability of every labelling of a row, by going through all readings."""
    chances = np.exp(scores - np.log(np.exp(scores).sum(-1, keepdims=True)))
    found = {}
    for reading in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        labels = tuple(label for label, _ in itertools.groupby(reading) if label != blank)
        share = np.prod(chances[range(len(scores)), reading])
        found[labels] = found.get(labels, 0.0) + share
    return sorted(found.items(), key=lambda entry: -entry[1])


@pytest.mark.parametrize(("blank", "lengths"), [(0, [5, 3]), (2, [4, 5]), (None, [1, 5])])
def test_a_wide_beam_finds_the_likeliest_of_all_labellings(blank, lengths):
    scores = 2 * np.random.default_rng(3).normal(size=(2, 5, 3)).astype("float32")
    labels, chances = ops.ctc_decode(
        scores, lengths, "beam_search", beam_width=40, top_paths=4, mask_index=blank
    )
    assert labels.shape == (4, 2, 5)
    for row, length in enumerate(lengths):
        expected = chances_of_labellings(
            scores[row, :length].astype("float64"), 2 if blank is None else blank
        )
        for path, (wanted, chance) in zip(range(4), expected):
            assert tuple(label for label in labels[path, row].tolist() if label >= 0) == wanted
            np.testing.assert_allclose(chances[row, path], np.log(chance), rtol=1e-4, atol=1e-5)


def test_a_narrow_beam_finds_what_keras_finds():
    scores = np.random.default_rng(5).normal(size=(3, 12, 6)).astype("float32")
    options = {"strategy": "beam_search", "beam_width": 4, "top_paths": 3, "mask_index": 1}
    ours, theirs = (module.ctc_decode(scores, np.array([12, 7, 9]), **options) for module in (ops, keras.ops))
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-4)
