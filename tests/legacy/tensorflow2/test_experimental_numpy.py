"""`tf.experimental.numpy` against NumPy, and `tf.sparse` against dense arrays."""

import numpy as np
import pytest

import neurona.legacy.tensorflow as tf
import neurona.legacy.tensorflow.experimental.numpy as tnp

SAME = [
    "np.add(np.arange(3), 1.5)",
    "np.sqrt(np.arange(4))",
    "np.mean(np.arange(6).reshape(2, 3), axis=1)",
    "np.sum(np.ones((2, 3), np.float32), axis=0, keepdims=True)",
    "np.concatenate([np.arange(2), np.ones(1, np.float32)])",
    "np.matmul(np.ones((2, 3), np.float32), np.ones((3, 1)))",
    "np.maximum(np.float32(1), np.arange(3, dtype=np.int32))",
    "np.where(np.arange(3) > 1, np.arange(3), 0)",
    "np.einsum('ij,j->i', np.ones((2, 3)), np.arange(3))",
    "np.cumsum(np.arange(4))",
    "np.array([1, 2.5])",
    "np.full((2, 2), 7)",
    "np.linspace(0, 1, 5)",
    "np.fix(np.array([-1.5, 1.5]))",
    "np.tensordot(np.ones((2, 3)), np.ones((3, 2)), 1)",
    "np.stack([np.arange(2), np.arange(2)], axis=1)",
    "np.concatenate([np.ones((1, 2)), np.arange(2).reshape(1, 2)], 1)",
    "np.logaddexp(1, np.arange(3, dtype=np.float32))",
    "np.array(3, ndmin=2)",
]


@pytest.mark.parametrize("expression", SAME)
def test_functions_have_numpys_values_dtypes_and_shapes(expression):
    wanted, found = eval(expression, {"np": np}), eval(expression, {"np": tnp})
    assert isinstance(found, tf.Tensor)
    assert (found.numpy().dtype, found.numpy().shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12 if wanted.dtype == "float64" else 1e-6)


def test_tapes_see_them_and_random_numbers_have_64_bits():
    x = tnp.array([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tnp.sum(tnp.square(x))
    assert tape.gradient(loss, x).numpy().tolist() == [2, 4]
    assert (tnp.random.randn(2, 3).dtype.name, tuple(tnp.random.randn(2, 3).shape)) == ("float64", (2, 3))
    assert (tnp.ndim(x), tnp.size(x), tnp.shape(x)) == (1, 2, (2,))
    assert tnp.result_type(tnp.int32, tnp.float32) == np.float64


def test_sparse_tensors_are_joined_cut_and_mapped():
    a, b = np.array([[0, 3, 0], [5, 0, 0]]), np.array([[1, 0, 0], [0, 0, 2]])
    one, two = tf.sparse.from_dense(a), tf.sparse.from_dense(b)

    def dense(sparse):
        return tf.sparse.to_dense(sparse).numpy().tolist()

    assert dense(tf.sparse.concat(1, [one, two])) == np.concatenate([a, b], 1).tolist()
    assert dense(tf.sparse.concat(0, [one, two])) == np.concatenate([a, b], 0).tolist()
    assert dense(tf.sparse.slice(one, [0, 1], [2, 5])) == a[:, 1:].tolist()
    assert [dense(part) for part in tf.sparse.split(one, 2, 1)] == [a[:, :2].tolist(), a[:, 2:].tolist()]
    assert dense(tf.sparse.transpose(one)) == a.T.tolist()
    assert dense(tf.sparse.expand_dims(one, 0)) == a[None].tolist()
    assert dense(tf.sparse.maximum(one, two)) == np.maximum(a, b).tolist()
    assert dense(tf.sparse.retain(one, [False, True])) == [[0, 0, 0], [5, 0, 0]]
    assert dense(tf.sparse.map_values(tf.add, one, 1)) == np.where(a, a + 1, 0).tolist()
    filled, empty = tf.sparse.fill_empty_rows(tf.sparse.from_dense([[0, 0], [0, 4]]), 9)
    assert (dense(filled), empty.numpy().tolist()) == ([[9, 0], [0, 4]], [True, False])
    assert tf.sparse.reduce_max(tf.sparse.from_dense([[0, -2], [0, 0]]), 1).numpy().tolist() == [-2, 0]
    values = tf.sparse.softmax(tf.sparse.from_dense([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])).values
    total = np.exp(1) + np.exp(2)
    np.testing.assert_allclose(values.numpy(), [np.exp(1) / total, np.exp(2) / total, 1], rtol=1e-6)
    with pytest.raises(ValueError, match="same other sizes"):
        tf.sparse.concat(0, [one, tf.sparse.from_dense([[1, 2]])])
