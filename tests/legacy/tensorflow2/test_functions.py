"""TensorFlow's functions, tensors, variables and tapes in this process, without a program."""

import subprocess
import sys

import numpy as np
import pytest

import neurona.legacy.tensorflow as tf
from neurona.core.symbolic import SymbolicTensor
from tests.legacy.tensorflow2.cases import CASES


@pytest.mark.parametrize(("expression", "dtype", "values", "shape"), CASES, ids=[case[0] for case in CASES])
def test_a_function_gives_what_tensorflow_gives(expression, dtype, values, shape):
    found = eval(expression, {"tf": tf, "float": float, "np": np})
    assert (found.dtype.name, tuple(found.shape)) == (dtype, shape)
    if isinstance(values, str):
        assert str(found.numpy().tolist()) == values
    else:
        np.testing.assert_allclose(found.numpy().ravel().astype(float), values, rtol=2e-4, atol=1e-5)


PRINTED = {
    "tf.constant([[1.0, 2.0], [3.0, 4.0]])": (
        "<tf.Tensor: shape=(2, 2), dtype=float32, numpy=\narray([[1., 2.],\n       [3., 4.]], dtype=float32)>"
    ),
    "tf.constant(3)": "<tf.Tensor: shape=(), dtype=int32, numpy=3>",
    "tf.constant('a')": "<tf.Tensor: shape=(), dtype=string, numpy=b'a'>",
    "tf.constant(['a', 'b'])": (
        "<tf.Tensor: shape=(2,), dtype=string, numpy=array([b'a', b'b'], dtype=object)>"
    ),
    "tf.Variable([1.0, 2.0], name='w')": (
        "<tf.Variable 'w:0' shape=(2,) dtype=float32, numpy=array([1., 2.], dtype=float32)>"
    ),
    "tf.constant(3) / tf.constant(2)": "<tf.Tensor: shape=(), dtype=float64, numpy=1.5>",
    "tf.argmax([1, 2])": "<tf.Tensor: shape=(), dtype=int64, numpy=1>",
    "tf.unique([1, 1, 2]).idx": ("<tf.Tensor: shape=(3,), dtype=int32, numpy=array([0, 0, 1], dtype=int32)>"),
    "np.array([1.0, 2.0]) * tf.constant([3.0, 4.0])": (
        "<tf.Tensor: shape=(2,), dtype=float32, numpy=array([3., 8.], dtype=float32)>"
    ),
    "tf.TensorShape([None, 3])": "TensorShape([None, 3])",
    "tf.float32": "tf.float32",
}


@pytest.mark.parametrize("expression", PRINTED)
def test_values_print_as_in_tensorflow(expression):
    assert repr(eval(expression, {"tf": tf, "np": np})) == PRINTED[expression]


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("tf.constant(1) + tf.constant(1.0)", tf.errors.InvalidArgumentError),
        ("tf.constant(1) + 1.5", tf.errors.InvalidArgumentError),
        ("tf.zeros([2]) + tf.zeros([3])", tf.errors.InvalidArgumentError),
        ("tf.constant([1, 2])[5]", tf.errors.InvalidArgumentError),
        ("tf.convert_to_tensor(1.5, dtype=tf.int32)", TypeError),
        ("tf.constant([[1], [2, 3]])", ValueError),
        ("hash(tf.constant(1))", TypeError),
        ("len(tf.constant(1))", TypeError),
        ("tf.tpu", AttributeError),
        ("tf.saved_model.load('folder')", Exception),
    ],
)
def test_what_does_not_fit_is_refused(expression, error):
    with pytest.raises(error):
        eval(expression, {"tf": tf})


def test_functions_stay_symbolic_in_functional_models():
    x = SymbolicTensor((None, 4))
    y = tf.reduce_mean(tf.nn.relu(x * 2.0 + tf.constant(1.0)), axis=1, keepdims=True)
    assert isinstance(y, SymbolicTensor)
    assert y.shape == (None, 1)


def test_two_variables_that_share_an_array_are_told_apart():
    online = tf.Variable([2.0])
    target = tf.Variable([0.0])
    target.assign(online)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(online * target)
    assert [float(g[0]) for g in tape.gradient(loss, [online, target])] == [2.0, 2.0]


def test_a_gradient_stops_and_is_none_where_nothing_connects():
    x = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        stopped = tf.stop_gradient(x) * 2.0
        both = x * tf.stop_gradient(x)
    assert tape.gradient(stopped, x) is None
    assert float(tape.gradient(both, x)) == 3.0


def test_gradients_are_compiled_once_for_each_structure():
    x = tf.Variable([1.0, 2.0])
    for factor in (1.0, 2.0, 3.0):
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.sin(x) * tf.constant(factor))
        expected = factor * np.cos([1.0, 2.0])
        np.testing.assert_allclose(tape.gradient(y, x).numpy(), expected, rtol=1e-5)


def test_imports_without_a_program_leave_layers_alone():
    code = (
        "import neurona.legacy.tensorflow as tf, neurona, numpy as np, jax\n"
        "tf.constant(1)\n"
        "assert isinstance(neurona.layers.Dense(2)(np.ones((1, 2))), jax.Array)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_functions_of_texts_are_steps_of_a_model():
    given = SymbolicTensor((None,), "string")
    lower = tf.strings.lower(tf.expand_dims(given, -1))
    assert (lower.shape, lower.dtype, tf.strings.length(lower).shape) == ((None, 1), "string", (None, 1))
    inputs = tf.keras.Input((), dtype=tf.string)
    lookup = tf.keras.layers.StringLookup(vocabulary=["a", "b"])
    model = tf.keras.Model(inputs, lookup(tf.strings.regex_replace(tf.strings.lower(inputs), "!", "")))
    assert np.asarray(model.predict(tf.constant(["A!", "b", "c"]), verbose=0)).tolist() == [1, 2, 0]
