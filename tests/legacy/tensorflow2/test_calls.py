"""What a `tf.function` says of its arguments, and matrices that have no numbers of their own in cases.py."""

import numpy as np
import pytest

import neurona.legacy.tensorflow as tf


def test_a_signature_refuses_other_tensors():
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def doubled(x):
        return x * 2

    assert doubled([1, 2]).numpy().tolist() == [2, 4]
    with pytest.raises(TypeError, match=r"shape \(None,\) and dtype int32. Received one of shape \(1, 1\)"):
        doubled(tf.constant([[1]]))
    with pytest.raises(TypeError, match=r"Received one of shape .* and dtype float32"):
        doubled(tf.constant([1.0]))


def test_a_concrete_function_keeps_the_arguments_that_are_no_tensors():
    @tf.function
    def raised(a, b):
        return a**b

    square = raised.get_concrete_function(tf.TensorSpec([], tf.float32), 2)
    cube = raised.get_concrete_function(a=tf.TensorSpec([], tf.float32), b=3)
    assert [float(square(tf.constant(3.0))), float(cube(a=tf.constant(2.0)))] == [9.0, 8.0]
    assert float(square(tf.constant(3.0), 2)) == 9.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="'a' is of dtype float32 here"):
        square(tf.constant(3))
    assert "raised(float32[])" in raised.pretty_printed_concrete_signatures()


def test_a_signature_of_ragged_tensors():
    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)])
    def largest(rows):
        return tf.reduce_max(rows, axis=-1)

    assert largest(tf.ragged.constant([[1, 2], [3]])).numpy().tolist() == [2, 3]


def test_a_matrix_of_three_diagonals_and_a_logarithm():
    diagonals = np.array([[2.0, 1.0, 0.0], [4.0, 5.0, 6.0], [0.0, 1.0, 2.0]], "f")
    right = np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]], "f")
    matrix = np.diag(diagonals[1]) + np.diag(diagonals[0, :2], 1) + np.diag(diagonals[2, 1:], -1)
    found = tf.linalg.tridiagonal_solve(diagonals, right).numpy()
    np.testing.assert_allclose(matrix @ found, right, rtol=1e-5)
    np.testing.assert_allclose(tf.linalg.tridiagonal_solve(diagonals, right[:, 0]).numpy(), found[:, 0])
    with pytest.raises(NotImplementedError, match="compact"):
        tf.linalg.tridiagonal_solve(matrix, right, diagonals_format="matrix")
    whole = np.array([[1.0, 0.5], [0.5, 2.0]], "complex64")
    np.testing.assert_allclose(tf.linalg.expm(tf.linalg.logm(whole)).numpy(), whole, atol=1e-5)
    for call in (
        lambda: tf.linalg.diag_part(matrix, k=(0, 1)),
        lambda: tf.linalg.set_diag(matrix, right, k=(0, 1)),
    ):
        with pytest.raises(NotImplementedError, match="one diagonal at a time"):
            call()
    with pytest.raises(NotImplementedError, match="dilations"):
        tf.nn.pool(np.ones((1, 4, 4, 1), "f"), [2, 2], "MAX", dilations=[2, 2])
