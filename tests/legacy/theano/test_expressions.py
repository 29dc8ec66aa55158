"""Expressions of Theano: values, dtypes, gradients, in 64 bits; against NumPy and closed forms."""

import numpy as np
import pytest

import neurona.legacy.theano as theano
import neurona.legacy.theano.tensor as T
from neurona.legacy.theano.gradient import DisconnectedInputError
from neurona.legacy.theano.operations import as_op
from neurona.legacy.theano.tensor import nlinalg, nnet, signal, slinalg

A = np.random.default_rng(0).normal(size=(3, 4))
P = np.abs(A) + 0.1
SQUARE = A @ A.T + np.eye(3)

UNARY = {
    "exp": np.exp,
    "log": np.log,
    "sqr": np.square,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "floor": np.floor,
    "sgn": np.sign,
    "abs_": np.abs,
    "inv": np.reciprocal,
    "log1p": np.log1p,
    "neg": np.negative,
    "iround": lambda x: np.floor(x + 0.5).astype("int64"),
    "sum": np.sum,
    "mean": np.mean,
    "argmax": np.argmax,
    "std": np.std,
    "var": np.var,
    "prod": np.prod,
    "cumsum": np.cumsum,
    "sort": np.sort,
    "flatten": np.ravel,
    "transpose": np.transpose,
    "zeros_like": np.zeros_like,
    "nonzero_values": np.ravel,
}


def test_functions_of_one_variable():
    x = T.dmatrix("x")
    values = theano.function([x], {name: getattr(T, name)(x) for name in UNARY})(P)
    for name, function in UNARY.items():
        expected = function(P)
        assert values[name].dtype == expected.dtype, name
        np.testing.assert_allclose(values[name], expected, rtol=1e-12, err_msg=name)


def test_operators_methods_and_shapes():
    x, v = T.matrix("x"), T.vector("v")
    expressions = {
        "all": (-x + 2 * v) / (1 + x**2) - x % 3 + x // 2,
        "reflected": 1 - x + (2 / (x + 10)) ** 0.5,
        "compared": (x > 0) & (x < v) | (x >= 1),
        "dot": T.dot(x, x.T) + x.dot(v)[:, None],
        "shape": x.shape,
        "axis": x.sum(axis=1, keepdims=True) - x.max(axis=0).mean(),
        "shuffled": x.dimshuffle(1, "x", 0),
        "items": x[1:, ::-1][:, [0, 2]],
        "gathered": x[T.arange(x.shape[0]), T.argmax(x, axis=1)],
        "set": T.set_subtensor(x[0], 5.0),
        "added": T.inc_subtensor(x[:, 1:3], v[1:3]),
        "joined": T.concatenate([x, x], axis=1),
        "stacked": T.stack([v, v]),
        "switched": T.switch(x > 0, x, 0.1 * x),
        "clipped": x.clip(-0.5, 0.5),
        "hot": T.to_one_hot(T.argmax(x, axis=1), 4),
    }
    values = theano.function([x, v], expressions)(A, A[0])
    v_ = A[0]
    expected = {
        "all": (-A + 2 * v_) / (1 + A**2) - A % 3 + A // 2,
        "reflected": 1 - A + (2 / (A + 10)) ** 0.5,
        "compared": (A > 0) & (v_ > A) | (A >= 1),
        "dot": A @ A.T + (A @ v_)[:, None],
        "shape": A.shape,
        "axis": A.sum(1, keepdims=True) - A.max(0).mean(),
        "shuffled": A.T[:, None],
        "items": A[1:, ::-1][:, [0, 2]],
        "gathered": A.max(1),
        "set": np.vstack([np.full(4, 5.0), A[1:]]),
        "added": A + np.array([0, v_[1], v_[2], 0]),
        "joined": np.hstack([A, A]),
        "stacked": np.stack([v_, v_]),
        "switched": np.where(A > 0, A, 0.1 * A),
        "clipped": A.clip(-0.5, 0.5),
        "hot": np.eye(4)[A.argmax(1)],
    }
    for name, value in expected.items():
        np.testing.assert_allclose(values[name], value, rtol=1e-12, err_msg=name)


def test_numpy_arrays_leave_operators_to_variables():
    x = T.dmatrix("x")
    assert (A * x).eval({x: A}) == pytest.approx(A * A)
    assert (np.float64(2) * x).eval({x: A}) == pytest.approx(2 * A)


def test_gradients_agree_with_finite_differences():
    x, w = T.dmatrix("x"), theano.shared(np.linspace(-1, 1, 4), "w")
    cost = (T.log(1 + T.exp(-T.dot(x, w))) ** 2).mean() + T.nnet.sigmoid(w).sum() + abs(w[1:3]).sum()
    value, slope = theano.function([x], cost), theano.function([x], T.grad(cost, w))(A)
    found = []
    for place in range(4):
        ends = []
        for step in (1e-6, -1e-6):
            w.set_value(np.linspace(-1, 1, 4) + step * (np.arange(4) == place))
            ends.append(value(A))
        found.append((ends[0] - ends[1]) / 2e-6)
    np.testing.assert_allclose(slope, found, rtol=1e-6)


def test_second_derivatives_and_products_with_jacobians():
    v, u = T.dvector("v"), T.dvector("u")
    f = T.stack([v[0] * v[1], v[1] ** 3])
    point, other = np.array([2.0, 3.0]), np.array([5.0, 7.0])
    jacobian = np.array([[3.0, 2.0], [0.0, 27.0]])
    given = {v: point, u: other}
    np.testing.assert_allclose(theano.gradient.jacobian(f, v).eval({v: point}), jacobian)
    np.testing.assert_allclose(T.Rop(f, v, u).eval(given), jacobian @ other)
    np.testing.assert_allclose(T.Lop(f, v, u).eval(given), other @ jacobian)
    np.testing.assert_allclose(T.hessian((v**3).sum(), v).eval({v: point}), np.diag(6 * point))


def test_a_variable_without_influence_is_refused_or_gives_zeros():
    x, y = T.dvector("x"), T.dvector("y")
    with pytest.raises(DisconnectedInputError, match="does not depend on y"):
        T.grad(x.sum(), y)
    assert T.grad(x.sum(), y, disconnected_inputs="ignore").eval({y: np.ones(3)}).tolist() == [0, 0, 0]
    with pytest.raises(TypeError, match="must be a scalar"):
        T.grad(x, x)
    assert T.grad((x * theano.gradient.disconnected_grad(x)).sum(), x).eval({x: [3.0]}).tolist() == [3]


def test_what_networks_need():
    x, t, y = T.dmatrix("x"), T.dmatrix("t"), T.ivector("y")
    soft = np.exp(A) / np.exp(A).sum(1, keepdims=True)
    expected = {
        "softmax": (nnet.softmax(x), soft),
        "of a vector": (nnet.softmax(x[0]), soft[:1]),
        "logsoftmax": (nnet.logsoftmax(x), np.log(soft)),
        "classes": (nnet.categorical_crossentropy(nnet.softmax(x), y), -np.log(soft[range(3), [2, 0, 1]])),
        "rows": (nnet.categorical_crossentropy(nnet.softmax(x), t), -(P * np.log(soft)).sum(1)),
        "relu": (nnet.relu(x, 0.2), np.where(A > 0, A, 0.2 * A)),
        "softplus": (nnet.softplus(x), np.log1p(np.exp(A))),
        "binary": (
            nnet.binary_crossentropy(nnet.sigmoid(x), 0.25),
            np.log1p(np.exp(A)) - 0.25 * A,
        ),
        "hard": (nnet.hard_sigmoid(x), np.clip(0.2 * A + 0.5, 0, 1)),
    }
    values = theano.function([x, t, y], [pair[0] for pair in expected.values()])(A, P, [2, 0, 1])
    for value, (name, (_, wanted)) in zip(values, expected.items(), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-9, err_msg=name)


@pytest.mark.parametrize(("mode", "size"), [("valid", 3), ("full", 7), ("half", 5), (1, 5)])
def test_convolution_turns_its_filters(mode, size):
    image, kernel = np.arange(25.0).reshape(1, 1, 5, 5), np.arange(9.0).reshape(1, 1, 3, 3)
    out = nnet.conv2d(theano.shared(image), theano.shared(kernel), border_mode=mode).eval()[0, 0]
    full = np.zeros((7, 7))
    for row in range(3):
        for column in range(3):
            full[row : row + 5, column : column + 5] += kernel[0, 0, row, column] * image[0, 0]
    edge = (7 - size) // 2
    np.testing.assert_allclose(out, full[edge : 7 - edge, edge : 7 - edge])


@pytest.mark.parametrize(("border", "steps"), [("valid", (1, 2)), ("full", (2, 1)), ((1, 0), (1, 1))])
def test_convolution_in_64_bits_is_that_of_scipy(border, steps):
    signals = pytest.importorskip("scipy.signal")
    draw = np.random.default_rng(1).normal
    images, kernels = draw(size=(2, 3, 6, 5)), draw(size=(4, 3, 3, 2))
    found = nnet.conv2d(
        theano.shared(images), theano.shared(kernels), border_mode=border, subsample=steps
    ).eval()
    pad = border if isinstance(border, tuple) else (0, 0)
    images = np.pad(images, [(0, 0), (0, 0), *((one, one) for one in pad)])
    mode = border if isinstance(border, str) else "valid"
    for row, image in enumerate(images):
        for number, kernel in enumerate(kernels):
            whole = sum(signals.convolve2d(image[k], kernel[k], mode) for k in range(3))
            np.testing.assert_allclose(
                found[row, number], whole[:: steps[0], :: steps[1]], rtol=1e-12, atol=1e-12
            )


def test_shared_variables_and_constants_are_no_tensor_variables():
    # As in Theano, where TensorSharedVariable and TensorConstant do not derive from TensorVariable.
    kinds = [isinstance(one, T.TensorVariable) for one in (T.matrix(), T.exp(T.scalar()))]
    assert kinds == [True, True]
    kinds = [isinstance(one, T.TensorVariable) for one in (theano.shared(A), T.constant(1))]
    assert kinds == [False, False]


@pytest.mark.parametrize(
    ("border", "wanted"), [(True, [[6, 8], [16, 18]]), (False, [[6, 8, 9], [16, 18, 19], [21, 23, 24]])]
)
def test_pooling_with_and_without_the_border(border, wanted):
    image = theano.shared(np.arange(25.0).reshape(1, 1, 5, 5))
    assert signal.pool_2d(image, (2, 2), ignore_border=border).eval()[0, 0].tolist() == wanted
    mean = signal.pool_2d(image, (2, 2), ignore_border=True, mode="average_exc_pad").eval()[0, 0]
    assert mean.tolist() == [[3, 5], [13, 15]]


def test_linear_algebra():
    m = theano.shared(SQUARE)
    np.testing.assert_allclose(nlinalg.matrix_inverse(m).eval(), np.linalg.inv(SQUARE))
    np.testing.assert_allclose(nlinalg.det(m).eval(), np.linalg.det(SQUARE))
    np.testing.assert_allclose(slinalg.cholesky(m).eval(), np.linalg.cholesky(SQUARE))
    values, vectors = nlinalg.eigh(m)
    np.testing.assert_allclose((vectors * values).dot(vectors.T).eval(), SQUARE)


def test_floatx_is_the_dtype_of_what_has_none():
    with theano.config.change_flags(floatX="float32"):
        x = T.matrix()
        assert x.dtype == (x * 0.5).dtype == T.zeros((2,)).dtype == "float32"
    assert T.matrix().dtype == "float64"
    with pytest.raises(Exception, match="floatX is one of float64"):
        theano.config.floatX = "int8"


class Pair(theano.Op):
    """a x + y and x - y, by NumPy."""

    __props__ = ("a",)

    def __init__(self, a):
        self.a = a
        super().__init__()

    def make_node(self, x, y):
        x, y = T.as_tensor_variable(x), T.as_tensor_variable(y)
        return theano.Apply(self, [x, y], [x.type(), T.TensorType(x.dtype, [False] * x.ndim)()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = self.a * inputs[0] + inputs[1]
        output_storage[1][0] = inputs[0] - inputs[1]

    def grad(self, inputs, factors):
        return [self.a * factors[0] + factors[1], factors[0] - factors[1]]


class PairOfKnownShape(Pair):
    def infer_shape(self, node, shapes):
        return [shapes[0], shapes[0]]


@pytest.mark.parametrize("kind", [Pair, PairOfKnownShape])
def test_a_programs_own_operation_computes_and_lets_gradients_pass(kind):
    x, y = T.matrices("x", "y")
    one, two = kind(3.0)(x, y)
    assert (one.owner.op, str(one.owner.op)) == (kind(3.0), f"{kind.__name__}{{a=3.0}}")
    found = theano.function([x, y], [one, two, *T.grad((one * two).sum(), [x, y])])(A, P)
    u, v = 3 * A + P, A - P
    for value, expected in zip(found, [u, v, 3 * v + u, v - u], strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_a_function_of_arrays_is_an_operation():
    @as_op(itypes=[T.dmatrix, T.dvector], otypes=[T.dvector])
    def product(a, b):
        return a @ b

    x, v = T.dmatrix("x"), T.dvector("v")
    np.testing.assert_allclose(theano.function([x, v], 2 * product(x, v))(A, A[0]), 2 * A @ A[0])
    with pytest.raises(ValueError, match="no method grad"):
        theano.function([x, v], T.grad(product(x, v).sum(), v))(A, A[0])
    with pytest.raises(ValueError, match="XLA can't compile"):
        type("Written", (theano.Op,), {"c_code": lambda self: ""})()(x)


def test_gradients_through_the_last_steps_of_a_loop_alone():
    w, h = theano.shared(0.5), T.scalar("h")
    states, _ = theano.scan(lambda before: w * before, outputs_info=h, n_steps=5, truncate_gradient=2)
    found = theano.function([h], [states, *T.grad(states[-1], [w, h], disconnected_inputs="ignore")])(8.0)
    np.testing.assert_allclose(found[0], 8.0 * 0.5 ** np.arange(1, 6))
    np.testing.assert_allclose(found[1:], [2 * 0.5 * 1.0, 0.0])  # of w^2 c, where c is the third state, 1


def test_products_with_logarithms_of_nothing_and_how_graphs_are_told(tmp_path, capsys):
    p = np.array([0.0, 0.5, 1.0])
    x = T.vector("x")
    both = theano.function([x], [T.xlogx.xlogx(x), T.xlogx.xlogy0(x, 1 - x)])(p[:2])
    np.testing.assert_allclose(both, [[0, 0.5 * np.log(0.5)]] * 2)
    assert theano.scalar.upcast("int8", "float32") == "float32"
    y = x * 2.0
    assert [str(one) for one in (x, y)] == ["x", "multiply.0"]
    assert (y.owner.op.name, y.owner.inputs[0], float(y.owner.inputs[1].data)) == ("multiply", x, 2.0)
    pytest.importorskip("matplotlib")
    theano.printing.pydotprint(y, outfile=str(tmp_path / "graph.png"), var_with_name_simple=True)
    assert (tmp_path / "graph.png").stat().st_size > 1000
    assert "graph.png" in capsys.readouterr().out


def test_a_random_variable_goes_on_from_a_state_that_was_kept():
    drawn = theano.tensor.shared_randomstreams.RandomStreams(3).uniform((2,))
    draw = theano.function([], drawn)
    kept = drawn.rng.get_value().get_state()
    first, again = draw(), drawn.rng.get_value(borrow=True)
    again.set_state(kept)
    drawn.rng.set_value(again, borrow=True)
    np.testing.assert_array_equal(draw(), first)
