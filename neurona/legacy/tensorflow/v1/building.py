"""Placeholders, gradients and what else draws steps that are no functions of TensorFlow's table."""

from collections.abc import Callable
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from neurona import ops
from neurona.core.symbolic import is_symbolic
from neurona.graph import Check, Constant, Node, Placeholder
from neurona.graph import gradients as gradients_of
from neurona.legacy.keras.backend.program import gradients as of_models
from neurona.legacy.tensorflow import arrays, debugging
from neurona.legacy.tensorflow.control import numpy_function
from neurona.legacy.tensorflow.dtypes import as_dtype, float32, int32
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.functions import gradients_within
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.v1.graph import get_default_graph
from neurona.legacy.tensorflow.v1.mode import Mode, computing
from neurona.legacy.tensorflow.v1.session import HostTensor, Session
from neurona.legacy.tensorflow.v1.tensor import (
    FROM_SHAPES,
    GraphTensor,
    Operation,
    constant,
    convert,
    draw,
    drawn,
    is_drawing,
    tensors_of,
)
from neurona.legacy.tensorflow.v1.variables import GraphVariable
from neurona.legacy.tensorflow.widths import NARROW, on_device


def placeholder(dtype: Any = float32, shape: Any = None, name: str | None = None) -> GraphTensor:
    """A tensor whose value is fed to each run."""
    return _placeholder(as_dtype(dtype), shape, name or "Placeholder", "Placeholder", None)


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> GraphTensor:
    """A tensor whose value may be fed; that of another tensor where it is not."""
    default = convert(input)
    return _placeholder(
        default.dtype, shape, name or "PlaceholderWithDefault", "PlaceholderWithDefault", default.node
    )


def _placeholder(dtype: Any, shape: Any, name: str, kind: str, default: Any) -> GraphTensor:
    graph = get_default_graph()
    full_name = graph.unique_name(name)
    wanted = TensorShape(shape)
    sizes = tuple(wanted) if wanted.rank is not None else None
    node = Placeholder(sizes, dtype.held, full_name, default)
    return GraphTensor(node, Operation(full_name, kind, [node], (), graph))


# Gradients.


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: Any = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = "none",
) -> list[Any]:
    """The gradients of the sum of some tensors with respect to others; None for one that they do not depend
    on.
    """
    many, wanted = _list(ys), _list(xs)
    if any(map(is_symbolic, (*many, *wanted))):
        return _of_symbolic_tensors(many, wanted, unconnected_gradients)
    if not any(hasattr(one, "graph_nodes") for one in (*many, *wanted)):
        return gradients_within(many, wanted, grad_ys, unconnected_gradients, stop_gradients)
    tensors = [convert(one) for one in many]
    factors = [None] * len(tensors) if grad_ys is None else _list(grad_ys)
    cotangents = [_factor(one, y) for one, y in zip(factors, tensors, strict=True)]
    stops = [node for one in _list(stop_gradients or []) for node in one.graph_nodes]
    nodes = gradients_of(
        [one.node for one in tensors], [one.graph_nodes[0] for one in wanted], cotangents, stops
    )
    graph = get_default_graph()
    zero = getattr(unconnected_gradients, "value", unconnected_gradients) == "zero"
    found = []
    with graph.name_scope(name):
        for one, node in zip(wanted, nodes, strict=True):
            if node is None:
                found.append(draw(jnp.zeros_like, (one,)) if zero else None)
                continue
            full_name = graph.unique_name(f"{one.op.name}_grad")
            operation = Operation(full_name, "Gradient", [node], [one], graph)
            found.append(GraphTensor(node, operation))
    return found


def _of_symbolic_tensors(ys: list[Any], xs: list[Any], unconnected_gradients: Any) -> list[Any]:
    """The gradients in the graph of a Keras model, where its layers ask for them."""
    found = of_models(ys, xs)
    zero = getattr(unconnected_gradients, "value", unconnected_gradients) == "zero"
    return [ops.zeros_like(x) if one is None and zero else one for one, x in zip(found, xs, strict=True)]


def _factor(given: Any, y: Any) -> Any:
    """The factors of a tensor's gradient; as many numbers in another shape are taken in order."""
    if given is None:
        return None
    factor = convert(given)
    if factor.shape.rank in (None, y.shape.rank) or y.shape.rank is None:
        return factor.node
    return draw(lambda one, like: jnp.reshape(one, like.shape), (factor, y), default="Reshape").node


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def hessians(ys: Any, xs: Any, name: str = "hessians", **_: Any) -> list[Any]:
    """The second derivatives of the sum of tensors with respect to each of others."""
    found = []
    for x in _list(xs):
        (first,) = gradients(ys, x)
        rows = draw(jnp.ravel, (first,))
        places = range(int(rows.shape[0]))
        found.append(
            _stacked([gradients(rows[place], x, unconnected_gradients="zero")[0] for place in places], x)
        )
    return found


def _stacked(rows: list[Any], x: Any) -> Any:
    sizes = tuple(x.shape)
    return draw(_of_rows, (rows, (*sizes, *sizes)), default="hessians")


def _of_rows(rows: Any, shape: tuple[int, ...]) -> Any:
    return jnp.stack(rows).reshape(shape)


# Steps with Python in them.


def py_func(
    func: Callable[..., Any], inp: Any, Tout: Any, stateful: bool = True, name: str | None = None
) -> Any:
    """What a function of Python gives for the values of tensors."""
    draws = Mode.draws and not Mode.suspended  # not in a function of the elements of a data set
    return (_drawn_python if draws else numpy_function)(func, inp, Tout, stateful, name)


def _drawn_python(func: Callable[..., Any], inp: Any, Tout: Any, stateful: bool, name: str | None) -> Any:
    is_many = isinstance(Tout, (list, tuple))
    dtypes = tuple(as_dtype(one) for one in (Tout if is_many else [Tout]))
    tensors = [convert(one) for one in _list(inp)]

    def called(*arrays: Any) -> Any:
        with computing():
            results = func(
                *(np.asarray(one).astype(t.dtype.as_numpy_dtype) for one, t in zip(arrays, tensors))
            )
        return [np.asarray(one, dtype.held) for one, dtype in zip(results if is_many else [results], dtypes)]

    def step(*arrays: Any) -> Any:
        if any(isinstance(one, jax.core.Tracer) for one in arrays):
            # Only a run that is not compiled knows the shapes of what Python gives.
            raise TypeError("tf.py_func asks for a concrete value")
        results = called(*arrays)
        return results if is_many else results[0]

    step.__name__ = "PyFunc"
    nodes = [one.node for one in tensors]
    graph = get_default_graph()
    full_name = graph.unique_name(name or "PyFunc")
    node = Node(step, nodes, name=full_name, after=graph.before(), differentiable=False)
    node.on_host = True
    spec = type(Constant(0).spec)
    node.spec = [spec(None, dtype.held) for dtype in dtypes] if is_many else spec(None, dtypes[0].held)
    return tensors_of(node, Operation(full_name, "PyFunc", [node], tensors, graph))


@drawn("Print", differentiable=True)
def _printing(value: Any, data: Any, message: str, first: int) -> Any:
    jax.debug.callback(lambda *arrays: _show(message, arrays), *data)
    return jnp.asarray(value)


def _show(message: str, arrays: Any) -> None:
    print(message + "".join(f"[{' '.join(map(str, np.ravel(one)))}]" for one in arrays))


def print_(
    input_: Any,
    data: Any,
    message: str | None = None,
    first_n: Any = None,
    summarize: Any = None,
    name: Any = None,
) -> Any:
    """A tensor that prints others when it is computed."""
    return _printing(convert(input_), [convert(one) for one in data], message or "", 0, name=name)


def assert_(condition: Any, data: Any, summarize: Any = None, name: str | None = None) -> Any:
    """An operation that stops a run in which a condition does not hold."""
    if not is_drawing(condition, data):
        return debugging.Assert(condition, data, summarize)
    return check(condition, data, _refuse, name or "Assert")


def check(condition: Any, data: Any, refuse: Callable[[list[Any]], None], name: str) -> Operation:
    """An operation that refuses a run in which a condition does not hold, with an error made of the data."""
    graph = get_default_graph()
    full_name = graph.unique_name(name)
    tensors = [convert(condition), *(convert(one) for one in data if not isinstance(one, (str, bytes)))]
    told = [one if isinstance(one, (str, bytes)) else convert(one).node for one in data]
    node = Check(tensors[0].node, told, refuse, name=full_name, after=graph.before())
    return Operation(full_name, "Assert", [node], tensors, graph)


def _refuse(values: list[Any]) -> None:
    shown = " ".join(f"[{one if isinstance(one, str) else np.asarray(one)}]" for one in values)
    raise InvalidArgumentError(f"assertion failed: {shown}")


def verify_tensor_all_finite(
    t: Any = None, msg: str = "", name: str | None = None, x: Any = None, message: str | None = None
) -> Any:
    """`check_numerics` under its older name."""
    return check_numerics(t if x is None else x, msg if message is None else message, name)


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Any:
    """The tensor; a run in which it has a NaN or an infinity is stopped."""
    if not is_drawing(tensor):
        return debugging.check_numerics(tensor, message)
    given = convert(tensor)
    finite = draw(_all_finite, (given,))
    with get_default_graph().control_dependencies(
        [assert_(finite, [f"{message} : Tensor had NaN or Inf values"])]
    ):
        return draw(jnp.asarray, (given,), name=name, default="CheckNumerics", kind="CheckNumerics")


def _all_finite(array: Any) -> Any:
    return jnp.all(jnp.isfinite(array))


def add_check_numerics_ops() -> Operation:
    """An operation that stops a run in which a float tensor of the graph has a NaN or an infinity."""
    graph = get_default_graph()
    floats = [
        one
        for operation in graph.get_operations()
        for one in operation.outputs
        if isinstance(one, GraphTensor) and one.dtype.is_floating
    ]
    checks = [assert_(draw(_all_finite, (one,)), [f"{one.name} : Tensor had NaN or Inf"]) for one in floats]
    nodes = [node for check in checks for node in check.graph_nodes]
    return Operation(graph.unique_name("group_deps"), "NoOp", nodes, (), graph)


# Variables' states.


def is_variable_initialized(variable: GraphVariable) -> HostTensor:
    """Whether a variable has a value in the session."""
    node = variable.graph_node
    return HostTensor([], lambda session: np.bool_(node in session.values), "IsVariableInitialized")


def report_uninitialized_variables(
    var_list: Any = None, name: str = "report_uninitialized_variables"
) -> HostTensor:
    """The names of the variables that have no value in the session."""

    def report(session: Session) -> np.ndarray:
        listed = session.graph.get_collection("variables") if var_list is None else var_list
        return np.array(
            [one.op.name.encode() for one in listed if one.graph_node not in session.values], object
        )

    return HostTensor([], report, name)


# Numbers.


def range_(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Any:
    """Numbers from start to below limit."""
    if limit is None:
        start, limit = 0, start
    wanted = None if dtype is None else as_dtype(dtype).held
    return draw(_numbers, (start, limit, delta, wanted), name=name, kind="Range")


def _numbers(start: Any, limit: Any, delta: Any, dtype: str | None) -> Any:
    ends = [_concrete(one) for one in (start, limit, delta)]
    made = np.arange(*ends)
    is_typed = any(hasattr(one, "dtype") for one in (start, limit, delta))
    own = made.dtype.name if is_typed else NARROW.get(made.dtype.name, made.dtype.name)
    return on_device(made, dtype or own)


def _concrete(value: Any) -> Any:
    return value if isinstance(value, (int, float)) else np.asarray(value)[()]


def shape(input: Any, name: str | None = None, out_type: Any = int32) -> Any:
    """The sizes as a tensor."""
    return _from_shape("shape", input, name, out_type)


def size(input: Any, name: str | None = None, out_type: Any = int32) -> Any:
    """The number of elements."""
    return _from_shape("size", input, name, out_type)


def rank(input: Any, name: str | None = None) -> Any:
    """The number of axes."""
    return _from_shape("rank", input, name, int32)


def _from_shape(which: str, value: Any, name: str | None, out_type: Any) -> Any:
    tensor, dtype = convert(value), as_dtype(out_type)
    if dtype == int32:
        return draw(FROM_SHAPES[which], (tensor,), name=name)
    sizes = Node(FROM_SHAPES[which], (tensor.node,))
    return draw(jnp.asarray, (sizes, dtype.held), name=name, default=which.title(), kind=which.title())


def zeros_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Any:
    """Zeros in the shape of a tensor; for texts, empty ones."""
    given = np.asarray(tensor) if isinstance(tensor, (str, bytes, list, tuple, np.ndarray)) else None
    if given is not None and given.dtype.kind in "SU" and dtype is None:
        return constant(np.full(given.shape, b"", object), name=name or "zeros_like")
    return arrays.zeros_like(tensor, dtype, name=name)
