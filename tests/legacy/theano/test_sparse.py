"""theano.sparse against SciPy, and what tests of own operations use."""

import numpy as np
import pytest
import scipy.sparse

import neurona.legacy.theano as theano
import neurona.legacy.theano.sparse as sparse
import neurona.legacy.theano.tensor as T
from neurona.legacy.theano.checking import verify_grad

DRAWN = np.random.default_rng(3)


@pytest.fixture
def matrix():
    return scipy.sparse.csr_matrix(np.where(DRAWN.random((5, 4)) < 0.4, DRAWN.random((5, 4)), 0))


@pytest.mark.parametrize("format", ["csr", "csc"])
def test_products_transposes_and_sums(matrix, format):
    given, dense = matrix.asformat(format), matrix.toarray()
    x, y, v = sparse.matrix(format, "x"), T.dmatrix("y"), T.dvector("v")
    right, vector = np.arange(12.0).reshape(4, 3), np.arange(4.0)
    outputs = [
        sparse.dot(x, y),
        sparse.structured_dot(x, v),
        sparse.dot(y.T, x.T),
        sparse.sp_sum(x, 0),
        x.shape,
    ]
    found = theano.function([x, y, v], outputs)(given, right, vector)
    for one, wanted in zip(found, [dense @ right, dense @ vector, right.T @ dense.T, dense.sum(0), (5, 4)]):
        np.testing.assert_allclose(one, wanted)
    scaled = theano.function([x, v], [x.T, sparse.col_scale(x, v), sparse.structured_add(x, 2), x * 3])
    turned, columns, added, tripled = scaled(given, vector)
    assert (turned.format, columns.format) == ("csc" if format == "csr" else "csr", format)
    np.testing.assert_allclose(turned.toarray(), dense.T)
    np.testing.assert_allclose(columns.toarray(), dense * vector)
    np.testing.assert_allclose(added.toarray(), np.where(dense, dense + 2, 0))
    np.testing.assert_allclose(tripled.toarray(), 3 * dense)


@pytest.mark.parametrize("format", ["csr", "csc"])
def test_a_matrix_is_taken_apart_and_put_together(matrix, format):
    given = matrix.asformat(format)
    x = sparse.matrix(format, "x")
    parts = sparse.csm_properties(x)
    made = (sparse.CSR if format == "csr" else sparse.CSC)(*parts)
    data, indices, indptr, shape, again = theano.function([x], [*parts, made])(given)
    np.testing.assert_allclose(data, given.data)
    assert (indices.tolist(), indptr.tolist(), tuple(shape)) == (
        given.indices.tolist(),
        given.indptr.tolist(),
        (5, 4),
    )
    assert (abs(again - given)).sum() == 0


def test_gradients_pass_to_the_dense_factor_and_matrices_are_shared(matrix):
    w = theano.shared(np.arange(4.0), "w")
    x = sparse.csr_matrix("x")
    cost = (sparse.dot(x, w) ** 2).sum()
    slope = theano.function([x], T.grad(cost, w))(matrix)
    dense = matrix.toarray()
    np.testing.assert_allclose(slope, 2 * dense.T @ (dense @ np.arange(4.0)))
    kept = sparse.shared(matrix)
    total = theano.function([], sparse.dense_from_sparse(kept).sum())
    np.testing.assert_allclose(total(), dense.sum())
    kept.set_value(2 * matrix)
    np.testing.assert_allclose(total(), 2 * dense.sum())


def test_what_is_not_here_is_refused(matrix):
    x, y = sparse.csr_matrix("x"), sparse.csr_matrix("y")
    double = theano.function([x], x * 2)
    with pytest.raises(TypeError, match="csr matrix of scipy"):
        double(np.eye(2))
    with pytest.raises(TypeError, match="complex128"):
        double(matrix.astype("complex128"))
    for compute in (lambda: sparse.dot(x, y), lambda: x + y, lambda: x * y, lambda: x[0]):
        with pytest.raises(ValueError, match=r"not (indexed )?here"):
            compute()
    with pytest.raises(AttributeError, match="no 'hstack' here"):
        sparse.hstack  # noqa: B018 - asked for


def test_gradients_are_compared_with_differences():
    class Wrong(theano.Op):
        itypes = otypes = [T.dvector]
        factor = 2

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = inputs[0] ** 2

        def grad(self, inputs, gradients):
            return [gradients[0] * self.factor * inputs[0]]

    verify_grad(Wrong(), [np.array([1.0, 2.0])])
    Wrong.factor = 3
    with pytest.raises(ValueError, match="differences give"):
        verify_grad(Wrong(), [np.array([1.0, 2.0])])
    assert [one.given_name for one in T.matrices("xy")] == ["x", "y"]
    assert T.vectors("z").given_name == "z"


def test_functions_that_leave_zeros_and_products_at_places(matrix):
    x, y, z = sparse.csr_matrix("x"), T.dmatrix("y"), T.dmatrix("z")
    dense, left, right = matrix.toarray(), DRAWN.random((5, 3)), DRAWN.random((4, 3))
    outputs = [sparse.tanh(x), sparse.log1p(x), sparse.sampling_dot(y, z, x)]
    found = theano.function([x, y, z], [*outputs, sparse.usmm(2.0, x, z, y)])(matrix, left, right)
    wanted = [np.tanh(dense), np.log1p(dense), dense * (left @ right.T)]
    for one, other in zip(found, wanted):
        np.testing.assert_allclose(one.toarray(), other)
    np.testing.assert_allclose(found[3], 2 * dense @ right + left)
    square = scipy.sparse.csr_matrix(dense[:4])
    np.testing.assert_allclose(theano.function([x], sparse.diag(x))(square), dense[:4].diagonal())
    with pytest.raises(AttributeError, match="dense_from_sparse"):
        _ = sparse.hstack


def test_softmax_with_a_bias_and_rows_with_a_number_before():
    x, b, y = T.dmatrix("x"), T.dvector("b"), T.ivector("y")
    outputs = T.nnet.crossentropy_softmax_argmax_1hot_with_bias(x, b, y)
    given, bias, labels = (
        DRAWN.normal(size=(4, 3)),
        np.array([1.0, 0.0, -1.0]),
        np.array([0, 2, 1, 1], "int32"),
    )
    loss, shares, places = theano.function([x, b, y], list(outputs))(given, bias, labels)
    raised = np.exp(given + bias)
    wanted = raised / raised.sum(1, keepdims=True)
    np.testing.assert_allclose(shares, wanted)
    np.testing.assert_allclose(loss, -np.log(wanted[np.arange(4), labels]))
    assert places.tolist() == wanted.argmax(1).tolist()
    before = theano.function([x], T.nnet.prepend_1_to_each_row(x))(given)
    np.testing.assert_allclose(before, np.concatenate([np.ones((4, 1)), given], 1))
