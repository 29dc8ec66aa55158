"""Graphs of nodes: shapes, state, gradients, loops, and what they cost, against NumPy and closed forms."""

import jax.numpy as jnp
import numpy as np
import pytest

import neurona.random
from neurona.core.errors import ArgumentError, ShapeError
from neurona.graph import (
    Constant,
    Node,
    Placeholder,
    Spec,
    Update,
    Variable,
    compile_graph,
    cond,
    cost_of,
    describe,
    gradients,
    outputs_of,
    scan,
    shape_of,
    while_loop,
)


def add(a, b):
    return Node(jnp.add, (a, b))


def multiply(a, b):
    return Node(jnp.multiply, (a, b))


@pytest.mark.parametrize(
    ("make", "spec"),
    [
        (lambda x: Node(jnp.sum, (x,), {"axis": 1}), Spec((None,), "float32")),
        (lambda x: Node(jnp.matmul, (x, Constant(np.ones((3, 2))))), Spec((None, 2), "float32")),
        (lambda x: Node(lambda s: s[0], (Node(shape_of, (x,)),)), Spec((), "int32")),
        (lambda x: Node(jnp.reshape, (x, [Node(lambda s: s[0], (Node(shape_of, (x,)),)), 1, 3])),
         Spec((None, 1, 3), "float32")),
        (lambda x: Node(jnp.argmax, (x,)), Spec((), "int32")),
        (lambda x: Node(jnp.add, (Placeholder(None), 1.0)), Spec(None, "float32")),
        (lambda x: Node(jnp.sum, (Placeholder(None),)), Spec((), "float32")),
        (lambda x: Node(lambda n: jnp.zeros((n, 4)), [Placeholder((), "int32")]), Spec((None, 4), "float32")),
    ],
)  # fmt: skip
def test_the_shape_follows_from_the_inputs(make, spec):
    assert make(Placeholder((None, 3))).spec == spec


def test_an_update_is_seen_by_what_follows_it_only():
    w, x = Variable(1.0), Placeholder((), name="x")
    step = Update(w, lambda value, by: value + by, (x,))
    before, after = multiply(w, 1.0), Node(jnp.multiply, (w, 1.0), after=[step])
    again = Update(w, lambda value: value * 10, after=[step])
    run = compile_graph([x], [before, step, after, again, w])
    assert [float(one) for one in run(2.0)] == [1, 3, 3, 30, 30]
    assert float(w.value) == 30


def test_updates_of_a_program_are_made_from_the_values_before():
    a, b = Variable(1.0), Variable(2.0)
    compile_graph([], [], updates={a: b, b: a})()
    assert (float(a.value), float(b.value)) == (2, 1)


def test_a_store_holds_the_values_of_a_session():
    w = Variable(None, (), "float32")
    step = compile_graph([], Update(w, lambda value: value + 1))
    stores = [{w: np.float32(0)}, {w: np.float32(5)}]
    assert [float(step(store=store)) for store in stores] == [1, 6]
    with pytest.raises(KeyError):
        step(store={})


def test_gradients_are_those_of_the_formula():
    w, x = Variable(np.array([1.0, 2.0], "float32")), Placeholder((None, 2))
    hidden = Node(jnp.tanh, (multiply(x, w),))
    loss = Node(jnp.sum, (multiply(hidden, hidden),))
    found = compile_graph([x], gradients(loss, [w, hidden, x]))
    data = np.array([[0.1, -0.2], [0.3, 0.5]])
    h = np.tanh(data * [1, 2])
    slope = 2 * h * (1 - h**2)
    for one, expected in zip(found(data), [(slope * data).sum(0), 2 * h, slope * [1, 2]], strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-4)
    (second,) = gradients(gradients(Node(lambda v: jnp.sum(v**3), (w,)), w)[0], w)
    np.testing.assert_allclose(compile_graph([], second)(), [6, 12], rtol=1e-6)


def test_a_node_without_a_differentiable_way_has_no_gradient():
    w = Variable(1.0)
    stopped = Node(jnp.multiply, (w, 2.0), differentiable=False)
    assert gradients(add(stopped, 1.0), [w, Variable(3.0), Constant(1)]) == [None, None, None]
    with pytest.raises(ArgumentError, match="cast it to float32"):
        gradients(Constant(1), w)


def test_a_number_among_the_inputs_may_be_a_shape():
    n = Placeholder((), "int32")
    zeros = compile_graph([n], Node(lambda n: jnp.zeros((n, 2)), (n,)))
    assert zeros(3).shape == (3, 2)
    assert zeros(5).shape == (5, 2)
    x = Placeholder((None,))
    places = compile_graph([x], Node(lambda x: jnp.nonzero(x)[0], (x,)))
    assert places([0, 1, 1]).tolist() == [1, 2]
    assert places([1, 0, 0]).tolist() == [0]


def test_random_numbers_are_new_in_each_run_and_the_same_within_it():
    draw = Node(lambda: neurona.random.normal((3,)))
    other = Node(lambda: neurona.random.normal((3,)), name="other")
    run = compile_graph([], [draw, Node(jnp.negative, (draw,)), other])
    first, second = run(), run()
    np.testing.assert_array_equal(first[0], -first[1])
    assert (first[0] != first[2]).all()
    assert (first[0] != second[0]).all()
    words = np.array([1, 2], np.uint32)
    np.testing.assert_array_equal(run(words=words)[0], run(words=words)[0])


def test_loops_and_conditions_with_state_and_gradients():
    x, n, w = Placeholder(()), Placeholder((), "int32"), Variable(2.0)
    _, power = while_loop(
        lambda i, y: Node(jnp.less, (i, n)), lambda i, y: [add(i, 1), multiply(y, w)], [Constant(0), x]
    )
    run = compile_graph([x, n], [power, gradients(power, w)[0]])
    assert [float(one) for one in run(3.0, 4)] == [48, 96]
    size = cond(
        Node(jnp.greater, (x, 0)), lambda: Update(w, lambda v, x: v + x, (x,)), lambda: multiply(w, 1.0)
    )
    run = compile_graph([x], [size, w])
    assert [float(run(value)[0]) for value in (1.0, -1.0)] == [3, 3]
    assert float(w.value) == 3
    with pytest.raises(ArgumentError, match="same number of values"):
        cond(Constant(True), lambda: [x, x], lambda: [x])


def test_a_scan_carries_and_stacks():
    x, start = Placeholder((None, 2)), Variable(np.ones(2, "float32"))
    (last,), (sums,) = scan(lambda row, total: ([y := add(row, total)], [y]), [x], [start])
    slopes = gradients(Node(jnp.sum, (sums,)), start)
    data = np.arange(6.0).reshape(3, 2)
    total, stacked, slope = compile_graph([x], [last, sums, *slopes])(data)
    np.testing.assert_allclose(stacked, 1 + np.cumsum(data, 0))
    np.testing.assert_allclose(total, stacked[-1])
    np.testing.assert_allclose(slope, [3, 3])


def test_a_node_may_stand_for_another():
    x, y = Placeholder(()), Placeholder(())
    run = compile_graph([y], add(x, 1.0), givens={x: multiply(y, 2.0)})
    assert float(run(3.0)) == 7
    inner = multiply(x, x)
    assert float(compile_graph([inner], add(inner, 1.0))(4.0)) == 5


def test_outputs_of_a_tree_are_nodes():
    quotient, rest = outputs_of(Node(jnp.divmod, (Constant(7), Constant(2))))
    assert [int(one) for one in compile_graph([], [quotient, rest])()] == [3, 1]


def test_wrong_values_are_refused():
    x = Placeholder((None, 2), name="x")
    run = compile_graph([x], Node(jnp.sum, (x,)))
    with pytest.raises(ShapeError, match=r"'x' has shape \(None, 2\). Received a value of shape \(3,\)"):
        run([1, 2, 3])
    with pytest.raises(ArgumentError, match="'x' takes an array of float32"):
        run("text")
    with pytest.raises(ArgumentError, match="has no value in this run"):
        compile_graph([], x)()
    with pytest.raises(ArgumentError, match="does not fit int32"):
        Constant(2**40)
    with pytest.raises(ArgumentError, match=r"can't take a value of shape \(3,\)"):
        compile_graph([], Update(Variable(np.zeros(2)), None, [Constant(np.zeros(3))]))()


def test_the_cost_is_counted():
    x, w = Placeholder((None, 784), name="x"), Variable(np.zeros((784, 10), "float32"), name="w")
    product = Node(jnp.matmul, (x, w), name="y")
    cost = cost_of(product, size=32)
    assert cost is not None
    assert cost.flops == 2 * 32 * 784 * 10
    assert cost.bytes == 4 * (32 * 784 + 784 * 10 + 32 * 10)
    lines = describe([product], 32).splitlines()
    assert [line.split()[0] for line in lines] == ["node", "x", "w", "y", "total"]
    assert "float32(None, 10)" in lines[3]
    assert "501,760" in lines[4]


def test_what_is_made_of_texts_is_computed_first_and_all_else_is_compiled():
    texts, weight, calls = Placeholder((None,), "object"), Variable(2.0), []

    def doubled(x):
        calls.append(x)
        return 2 * x

    numbers = Node(lambda rows: np.array([float(one) for one in rows], "float32"), (texts,))
    numbers.spec = Spec((None,), "float32")
    total = Node(jnp.sum, (Node(jnp.multiply, (Node(doubled, (numbers,)), weight)),))
    step = Update(weight, lambda w, by: w + by, (gradients(total, weight)[0],))
    program = compile_graph([texts], [total, step])
    calls.clear()
    found = [float(program(np.array([b"1", b"2"], object))[0]) for _ in range(3)]
    assert found == [12, 48, 84]  # 6 w, and w grows by 6
    assert len(calls) <= 4  # traced, not called in each run


def test_a_size_computed_from_the_inputs_is_compiled_for_each_value():
    lengths, traced = Placeholder((None,), "int32"), []

    def mask(longest, lengths):
        traced.append(longest)
        return (jnp.arange(int(longest)) < lengths[:, None]).astype("float32")

    longest = Node(jnp.max, (lengths,))
    program = compile_graph([lengths], Node(jnp.sum, (Node(mask, (longest, lengths)),)))
    given = np.arange(20)
    for _ in range(20):
        assert program(given) == given.sum()
        assert program(given // 2) == (given // 2).sum()
    assert len(traced) < 15  # not once for each of the 40 runs
