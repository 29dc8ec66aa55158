"""Variables of a graph, and what initializes and assigns them."""

from collections.abc import Callable, Iterable
from typing import Any

import jax.numpy as jnp

from neurona.graph import Node, Update
from neurona.graph import Variable as State
from neurona.legacy.tensorflow import choosing
from neurona.legacy.tensorflow.dtypes import DType, as_dtype
from neurona.legacy.tensorflow.v1.graph import Graph, GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.tensor import (
    GraphShape,
    GraphTensor,
    Operation,
    as_nodes,
    convert,
    default_session,
    draw,
    install,
    tensors_of,
)


class GraphVariable:
    """A tensor that keeps its value from run to run of a session.

    Args:
        initial_value: a tensor, an array, or a function that gives one.
        trainable: whether optimizers change it.
        collections: where it is listed; among the global variables by default.
        validate_shape: False where values of any shape may be assigned.
        name: its name.
        dtype: of its numbers; those of the value by default.
        expected_shape, caching_device, variable_def, import_scope, use_resource: TensorFlow's; no effect.
        constraint: applied by optimizers after each step.
        shape: the shape; that of the value by default.
    """

    _is_graph_tensor = True

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = True,
        collections: Iterable[str] | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: Any = None,
        constraint: Callable[[Any], Any] | None = None,
        use_resource: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
        full_name: str | None = None,
    ) -> None:
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        graph = get_default_graph()
        path = full_name or graph.unique_name(name or "Variable")
        if full_name:
            graph._names.setdefault(full_name.lower(), 1)
        self._first: GraphTensor = _first_tensor(graph, path, initial_value, dtype)
        self._dtype: DType = self._first.dtype
        self.constraint, self.trainable = constraint, trainable is None or bool(trainable)
        sizes = (
            None
            if not validate_shape
            else self._first.node.shape
            if shape is None
            else tuple(GraphShape(shape))
        )
        self.graph_node = State(None, sizes, self._first.node.dtype, path, self.trainable)
        self.op = Operation(path, "VariableV2", [self.graph_node], (), graph)
        self.op.outputs.append(self)
        self.initializer = self._written(None, self._first, f"{path}/Assign").op
        keys = [GraphKeys.GLOBAL_VARIABLES] if collections is None else list(collections)
        if self.trainable and collections is None:
            keys.append(GraphKeys.TRAINABLE_VARIABLES)
        graph.add_to_collections(dict.fromkeys(keys), self)
        self._read: GraphTensor | None = None

    # What it is.

    @property
    def graph_nodes(self) -> tuple[Node, ...]:
        """The node that stands for the value."""
        return (self.graph_node,)

    @property
    def name(self) -> str:
        """The name of the tensor."""
        return f"{self.op.name}:0"

    @property
    def graph(self) -> Graph:
        """The graph it belongs to."""
        return self.op.graph

    @property
    def device(self) -> str:
        """Where it lies."""
        return self.op.device

    @property
    def dtype(self) -> DType:
        """The dtype that the program sees."""
        return self._dtype

    @property
    def shape(self) -> GraphShape:
        """The sizes."""
        return GraphShape(self.graph_node.shape)

    def get_shape(self) -> GraphShape:
        """The sizes."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Check the shape."""
        self.shape.assert_is_compatible_with(shape)

    # Reading.

    def value(self) -> GraphTensor:
        """The value as a tensor."""
        if self._read is not None and not self.graph.before():
            return self._read
        with self.graph.name_scope(None):
            read = draw(_same, (self,), name=f"{self.op.name}/read", kind="Identity")
        self._read = read
        return read

    read_value = value

    def initialized_value(self) -> GraphTensor:
        """The first value, for the first values of other variables."""
        return self._first

    @property
    def initial_value(self) -> GraphTensor:
        """The first value."""
        return self._first

    def eval(self, session: Any = None, feed_dict: Any = None) -> Any:
        """The value in a session, by default the default one."""
        return default_session(session).run(self, feed_dict)

    def load(self, value: Any, session: Any = None) -> None:
        """Give it a value in a session."""
        default_session(session).load(self, value)

    def begin_with(self, value: Any) -> None:
        """Let an array be the first value.

        Raises:
            ValueError: it has another shape.
        """
        if not self.shape.is_compatible_with(jnp.shape(value)):
            raise ValueError(
                f"Shape of variable {self.name} ({self.shape}) doesn't match with shape of tensor "
                f"({jnp.shape(value)}) from checkpoint."
            )
        self._first = _first_tensor(self.graph, f"{self.op.name}/from_checkpoint", value, self._dtype)
        self.initializer = self._written(None, self._first, f"{self.op.name}/Assign").op

    # Assigning.

    def _written(
        self, function: Callable[..., Any] | None, value: Any, name: str | None = None, *more: Any
    ) -> GraphTensor:
        graph = self.graph
        full_name = (
            graph.unique_name(name or "Assign") if name is None or "/" not in name else graph._free(name)
        )
        after = [] if name == f"{self.op.name}/Assign" else graph.before()
        args = [as_nodes(one) for one in (value, *more)]
        node = Update(
            self.graph_node, function or _taken, [self.graph_node.dtype, *args], name=full_name, after=after
        )
        if function is None:
            node = Update(self.graph_node, None, [args[0]], name=full_name, after=after)
        operation = Operation(full_name, "Assign", [node], (self, value), graph)
        return tensors_of(node, operation)

    def assign(
        self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """The step that gives it a value; its result is the new value."""
        tensor = convert(value, self._dtype)
        shape = tensor.shape
        if not shape.is_compatible_with(self.shape):
            raise ValueError(
                f"Dimension mismatch: Shapes must be equal to assign to {self.name!r}: {self.shape} and "
                f"{shape}."
            )
        return self._written(None, tensor, name or "Assign")

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """The step that adds to it."""
        return self._written(_added, convert(delta, self._dtype), name or "AssignAdd")

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """The step that subtracts from it."""
        return self._written(_subtracted, convert(delta, self._dtype), name or "AssignSub")

    def scatter(self, function: Callable[..., Any], indices: Any, updates: Any, name: str) -> Any:
        """The step that changes rows."""
        return self._written(function, convert(indices), name, convert(updates, self._dtype))

    def sparse_read(self, indices: Any, name: str | None = None) -> Any:
        """Some rows of the value."""
        return choosing.gather(self.value(), indices, name=name)

    def gather_nd(self, indices: Any, name: str | None = None) -> Any:
        """Some elements of the value."""
        return choosing.gather_nd(self.value(), indices, name=name)

    def ref(self) -> Any:
        """What stands for the variable as a key."""
        return self

    experimental_ref = ref

    def count_up_to(self, limit: int) -> Any:
        """The step that adds one."""
        return self._written(_added, 1, "CountUpTo")

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}_ref>"

    def __bool__(self) -> bool:
        return True  # as any object

    def __len__(self) -> int:
        return int(self.shape[0])

    def __iter__(self) -> Any:
        raise TypeError("'Variable' object is not iterable.")


install(GraphVariable)


def _first_tensor(graph: Graph, path: str, initial_value: Any, dtype: Any) -> GraphTensor:
    """The tensor of a variable's first value, of the variable's dtype."""
    with graph.control_dependencies(None), graph.name_scope(f"{path}/Initializer/"):
        given = initial_value() if callable(initial_value) else initial_value
        first = convert(given, dtype, "initial_value")
        if dtype is not None and first.dtype != as_dtype(dtype):
            first = draw(_cast, (first, as_dtype(dtype).held), default="Cast")
        return first


def _same(array: Any) -> Any:
    return jnp.asarray(array)


def _cast(array: Any, dtype: str) -> Any:
    return jnp.asarray(array, dtype)


def _taken(before: Any, dtype: str, value: Any) -> Any:
    return jnp.asarray(value, dtype)


def _added(before: Any, dtype: str, value: Any) -> Any:
    return before + jnp.asarray(value, dtype)


def _subtracted(before: Any, dtype: str, value: Any) -> Any:
    return before - jnp.asarray(value, dtype)


def _scattering(method: str) -> Callable[..., Any]:
    def scatter(
        ref: GraphVariable, indices: Any, updates: Any, use_locking: bool = False, name: Any = None
    ) -> Any:
        return ref.scatter(function, indices, updates, name or f"Scatter{method.capitalize()}")

    def function(before: Any, dtype: str, indices: Any, updates: Any) -> Any:
        return getattr(before.at[indices], method)(jnp.asarray(updates, dtype))

    scatter.__doc__ = f"The step that {method}s rows of a variable."
    return scatter


scatter_update, scatter_add, scatter_sub, scatter_mul = map(
    _scattering, ("set", "add", "subtract", "multiply")
)
scatter_div, scatter_max, scatter_min = map(_scattering, ("divide", "max", "min"))


def _of_slices(scatter: Callable[..., Any]) -> Callable[..., Any]:
    """A method that takes rows and their places as `tf.IndexedSlices`."""

    def method(self: GraphVariable, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Any:
        return scatter(self, sparse_delta.indices, sparse_delta.values, use_locking, name)

    method.__doc__ = scatter.__doc__
    return method


def _of_places(change: Callable[..., Any]) -> Callable[..., Any]:
    """A method that changes elements."""

    def method(self: GraphVariable, indices: Any, updates: Any, name: Any = None) -> Any:
        return self.assign(change(self.value(), indices, updates), name=name)

    method.__doc__ = "The step that changes elements of the variable."
    return method


for _name in ("add", "sub", "update", "mul", "div", "max", "min"):
    setattr(GraphVariable, f"scatter_{_name}", _of_slices(globals()[f"scatter_{_name}"]))
for _name in ("add", "sub", "update"):
    _change = getattr(choosing, f"tensor_scatter_nd_{_name}")
    setattr(GraphVariable, f"scatter_nd_{_name}", _of_places(_change))


def assign(
    ref: Any, value: Any, validate_shape: bool = True, use_locking: Any = None, name: Any = None
) -> Any:
    """The step that gives a variable a value; its result is the new value."""
    if not validate_shape:
        return ref._written(None, convert(value, ref.dtype), name or "Assign")
    return ref.assign(value, name=name)


def assign_add(ref: Any, value: Any, use_locking: Any = None, name: str | None = None) -> Any:
    """The step that adds to a variable."""
    return ref.assign_add(value, name=name)


def assign_sub(ref: Any, value: Any, use_locking: Any = None, name: str | None = None) -> Any:
    """The step that subtracts from a variable."""
    return ref.assign_sub(value, name=name)


# Groups of operations.


def group(*inputs: Any, name: str | None = None, **_: Any) -> Operation:
    """The operation that runs several."""
    graph = get_default_graph()
    nodes: list[Node] = list(graph.before())
    for one in inputs:
        nodes += [
            node for item in (one if isinstance(one, (list, tuple)) else [one]) for node in item.graph_nodes
        ]
    return Operation(graph.unique_name(name or "group_deps"), "NoOp", nodes, (), graph)


def no_op(name: str | None = None) -> Operation:
    """The operation that runs what `tf.control_dependencies` says, and nothing else."""
    graph = get_default_graph()
    return Operation(graph.unique_name(name or "NoOp"), "NoOp", graph.before(), (), graph)


def tuple_(tensors: Any, name: str | None = None, control_inputs: Any = None) -> list[Any]:
    """Tensors that are there when all are computed."""
    inputs = [one for one in (*tensors, *(control_inputs or ())) if one is not None]
    with get_default_graph().control_dependencies(inputs):
        return [None if one is None else draw(_same, (one,), kind="Identity") for one in tensors]


# Lists of variables.


def _listing(key: str, text: str) -> Callable[..., list[Any]]:
    def listed(scope: str | None = None) -> list[Any]:
        return get_default_graph().get_collection(key, scope)

    listed.__doc__ = text
    return listed


global_variables = _listing(GraphKeys.GLOBAL_VARIABLES, "All variables of the default graph.")
trainable_variables = _listing(GraphKeys.TRAINABLE_VARIABLES, "The variables that optimizers change.")
local_variables = _listing(GraphKeys.LOCAL_VARIABLES, "The variables that are not saved.")
model_variables = _listing(GraphKeys.MODEL_VARIABLES, "The variables of layers.")
moving_average_variables = _listing(GraphKeys.MOVING_AVERAGE_VARIABLES, "The variables that have averages.")


def variables_initializer(var_list: Any, name: str = "init") -> Operation:
    """The operation that gives variables their first values."""
    found = [variable.initializer for variable in var_list]  # one of K.variable has its value already
    return group(*(one for one in found if one is not None), name=name)


def global_variables_initializer() -> Operation:
    """The operation that gives all variables their first values."""
    return variables_initializer(global_variables())


def local_variables_initializer() -> Operation:
    """The operation that gives the variables that are not saved their first values."""
    return variables_initializer(local_variables())


def tables_initializer(name: str = "init_all_tables") -> Operation:
    """The operation that fills lookup tables, which are filled when they are made."""
    return no_op(name)
