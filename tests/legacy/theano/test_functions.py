"""theano.function, shared variables, scan and random streams."""

import numpy as np
import pytest

import neurona as nn
import neurona.legacy.theano as theano
import neurona.legacy.theano.tensor as T
from neurona.legacy.theano.loops import ifelse, until
from neurona.legacy.theano.tensor.shared_randomstreams import RandomStreams


def test_updates_are_computed_from_the_values_before():
    a, b, step = theano.shared(1.0, "a"), theano.shared(10.0, "b"), T.dscalar("step")
    swap = theano.function([step], a + b, updates=[(a, b + step), (b, a)])
    assert swap(1.0) == 11
    assert (a.get_value(), b.get_value()) == (11, 1)


def test_inputs_by_name_by_default_and_in_place_of_others():
    x, y = T.dscalars("x", "y")
    power = theano.function([x, theano.In(y, value=2, name="times")], x**y)
    assert (power(3), power(3, times=3), power(x=2)) == (9, 27, 4)
    rows = theano.shared(np.arange(6.0).reshape(3, 2))
    total = theano.function([], (y + 1).sum(), givens={y: rows.sum()})
    assert total() == 16


def test_results_have_the_form_of_the_outputs():
    x = T.dvector("x")
    assert theano.function([x], [x.sum(), x])([1, 2])[1].tolist() == [1, 2]
    assert theano.function([x], {"s": x.sum()})([1, 2]) == {"s": 3}
    assert theano.function([x], x.sum())([1, 2]).shape == ()
    assert theano.function([x], on_unused_input="ignore")([1, 2]) == []


def test_inputs_that_do_not_fit_are_refused():
    x, n = T.fmatrix("x"), T.iscalar("n")
    double = theano.function([x, n], x * n)
    with pytest.raises(TypeError, match="expected 2, got 1 with shape"):
        double([1.0], 2)
    with pytest.raises(TypeError, match="dtype float64, and the input float32"):
        double(np.ones((1, 1)), 2)
    with pytest.raises(TypeError, match="missing required input: n"):
        double([[1.0]])
    with pytest.raises(TypeError, match="unknown or repeated input 'm'"):
        double([[1.0]], m=2)
    with pytest.raises(TypeError, match="input int32"):
        double([[1.5]], 2.5)
    loose = theano.function([x], x, allow_input_downcast=True)
    assert loose(np.ones((1, 1))).dtype == "float32"
    with pytest.raises(theano.UnusedInputError, match="given the input 'n'"):
        theano.function([x, n], x)


def test_shared_variables_keep_dtype_and_rank():
    w = theano.shared(np.zeros((2, 2), "float32"), "w")
    w.set_value(np.ones((3, 2), "float64"))
    assert w.get_value().dtype == "float32"
    assert w.get_value().shape == (3, 2)
    with pytest.raises(TypeError, match="expected 2, got 1"):
        w.set_value(np.ones(2))
    with pytest.raises(TypeError, match="dtype float64, and the shared variable int64"):
        theano.function([], updates=[(theano.shared(1), T.constant(0.5))])
    w.get_value()[0] = 7
    assert w.get_value()[0, 0] == 1


def test_minibatches_are_read_at_any_place_and_the_last_one_is_short():
    x, index = T.dmatrix("x"), T.lscalar("index")
    data = np.random.default_rng(0).normal(size=(10, 3))
    rows, labels = theano.shared(data), T.cast(theano.shared(np.arange(10.0)), "int32")
    y, size = T.ivector("y"), 4
    batch = slice(index * size, (index + 1) * size)
    read = theano.function([index], [x, y], givens={x: rows[batch], y: labels[batch]})
    for place in (0, 1, 2, 0):
        xs, ys = read(place)
        np.testing.assert_array_equal(xs, data[place * size : (place + 1) * size])
        assert ys.tolist() == list(range(10))[place * size : (place + 1) * size]


def test_loops():
    k, a = T.iscalar("k"), T.dvector("a")
    powers, updates = theano.scan(
        lambda before, by: before * by, outputs_info=T.ones_like(a), non_sequences=a, n_steps=k
    )
    power = theano.function([a, k], powers[-1], updates=updates)
    assert power([1, 2, 3], 3).tolist() == [1, 8, 27]
    assert power([1, 2, 3], 2).tolist() == [1, 4, 9]

    fibonacci, _ = theano.scan(
        lambda two, one: two + one,
        outputs_info={"initial": T.constant([0.0, 1.0]), "taps": [-2, -1]},
        n_steps=8,
    )
    assert fibonacci.eval().tolist() == [1, 2, 3, 5, 8, 13, 21, 34]

    around, _ = theano.scan(
        lambda before, now, after: before + now + after, sequences={"input": a, "taps": [-1, 0, 1]}
    )
    assert around.eval({a: [1, 2, 3, 4]}).tolist() == [6, 9]

    total, _ = theano.reduce(lambda one, sum: one + sum, a, np.float64(0))
    assert total.eval({a: [1, 2, 3]}) == 6
    back, _ = theano.scan(lambda one, sum: sum * 2 + one, a, np.float64(0), go_backwards=True)
    assert back.eval({a: [1, 2, 3]}).tolist() == [3, 8, 17]
    slope = T.grad(powers[-1].sum(), a)
    assert slope.eval({a: [1, 2, 3], k: 3}).tolist() == [3, 12, 27]


def test_a_loop_that_ends_at_a_condition():
    limit = T.dscalar("limit")
    values, _ = theano.scan(
        lambda x, most: (x * 2, until(x * 2 > most)),
        outputs_info=np.float64(1),
        non_sequences=limit,
        n_steps=100,
    )
    assert theano.function([limit], values)(45).tolist() == [2, 4, 8, 16, 32, 64]


def test_a_loop_updates_shared_variables():
    count = theano.shared(0)
    _, updates = theano.scan(lambda: {count: count + 2}, n_steps=5)
    run = theano.function([], updates=updates)
    run()
    assert count.get_value() == 10
    run()
    assert count.get_value() == 20


def test_one_of_two():
    c, x = T.iscalar("c"), T.dvector("x")
    choose = theano.function([c, x], ifelse(c, x, -x))
    assert (choose(1, [2]).tolist(), choose(0, [2]).tolist()) == ([2], [-2])


def test_random_streams_go_on_and_begin_anew_with_their_seed():
    def draws():
        stream = RandomStreams(seed=234)
        u, n = stream.uniform((2, 3)), stream.normal((400,), avg=5.0, std=2.0)
        f = theano.function([], [u, n, u - u])
        return [f() for _ in range(2)]

    first, again = draws(), draws()
    assert first[0][0].dtype == "float64"
    assert not np.array_equal(first[0][0], first[1][0])
    np.testing.assert_array_equal(first[1][0], again[1][0])
    assert first[0][2].tolist() == [[0] * 3] * 2  # one draw a call, however often it is read
    assert first[0][1].mean() == pytest.approx(5, abs=0.4)
    fixed = theano.function([], RandomStreams(1).uniform((3,)), no_default_updates=True)
    assert fixed().tolist() == fixed().tolist()


def test_dropout_and_binomial():
    stream, p = RandomStreams(3), T.dvector("p")
    draw = theano.function([p], stream.binomial(size=(1000, 2), n=1, p=p))
    values = draw([0.2, 0.9])
    assert values.dtype == "int64"
    np.testing.assert_allclose(values.mean(0), [0.2, 0.9], atol=0.05)


def test_expressions_print():
    x = T.dscalar("x")
    assert theano.pp(x**2) == "(x ** TensorConstant{2})"


def test_names_without_a_function_refuse_at_a_call():
    with pytest.raises(nn.errors.ArgumentError, match=r"choose is not here\. Write theano"):
        T.choose(T.ivector(), [1, 2])
