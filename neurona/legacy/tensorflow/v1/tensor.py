"""The tensors of a graph, and the rule that makes them: TensorFlow's functions draw nodes of
`neurona.graph`.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import numpy as np

from neurona.core.scope import current_scope
from neurona.core.symbolic import symbolic_leaves
from neurona.graph import Constant, Node, Spec, as_node, outputs_of, rank_of, shape_of, size_of
from neurona.legacy.tensorflow import operators, sparse
from neurona.legacy.tensorflow.dispatch import Hooks, tensor_of
from neurona.legacy.tensorflow.dtypes import DType, as_dtype
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.tensor_shape import Dimension, TensorShape
from neurona.legacy.tensorflow.v1 import at_once
from neurona.legacy.tensorflow.v1.constants import filled, numbers_of, own_dtype, stacked
from neurona.legacy.tensorflow.v1.graph import Graph, get_default_graph
from neurona.legacy.tensorflow.v1.mode import Mode, computing
from neurona.legacy.tensorflow.v1.names import operation_type
from neurona.legacy.tensorflow.widths import NARROW, is_wide, narrow, wide

FROM_SHAPES = {"shape": shape_of, "size": size_of, "rank": rank_of}


class Size(int):
    """A size of a shape: an integer, with TensorFlow 1's `value`."""

    @property
    def value(self) -> int:
        """The integer."""
        return int(self)


class GraphShape(TensorShape):
    """The shape of a graph's tensor, whose sizes have a `value`."""

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return GraphShape(tuple(self)[key]) if self._known else GraphShape(None)
        size = super().__getitem__(key) if self._known else None
        return Dimension(None) if size is None else Size(size)

    def __iter__(self) -> Iterator[Any]:
        return (None if size is None else Size(size) for size in super().__iter__())


class Operation:
    """A step of the graph, which has a name.

    Attributes:
        graph_nodes: what is computed to run it.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        nodes: Iterable[Node] = (),
        inputs: Iterable[Any] = (),
        graph: Graph | None = None,
    ) -> None:
        self.graph = graph or get_default_graph()
        self.name, self.type, self.graph_nodes = name, kind, tuple(nodes)
        self.inputs, self.outputs = tuple(inputs), list[Any]()
        self.device = self.graph.current_device
        self.graph.add_operation(self)

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run it in a session, by default the default one."""
        default_session(session).run(self, feed_dict)

    @property
    def control_inputs(self) -> list[Any]:
        """Operations that come first; they are not listed."""
        return []

    @property
    def node_def(self) -> "Operation":
        """The name and type of the operation: itself."""
        return self

    @property
    def op(self) -> str:
        """The type."""
        return self.type

    def values(self) -> tuple[Any, ...]:
        """The outputs."""
        return tuple(self.outputs)

    def get_attr(self, name: str) -> Any:
        """An attribute of TensorFlow's operation, of which there are none."""
        raise ValueError(f"Operation '{self.name}' has no attr named '{name}'.")

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"


class GraphTensor(Tensor):
    """A tensor that has a value when a session runs.

    Args:
        node: what computes it.
        operation: the step of which it is an output.
        place: which output.
    """

    _is_graph_tensor = True

    def __init__(self, node: Node, operation: Operation, place: int = 0) -> None:
        super().__init__(None)
        self.node, self.op, self.value_index = node, operation, place
        with wide():
            _ = node.spec  # found now, while numbers may have 64 bits
        self._seen_shape: Any = None
        operation.outputs.append(self)

    @property
    def graph_nodes(self) -> tuple[Node, ...]:
        """The node."""
        return (self.node,)

    @property
    def graph(self) -> Graph:
        """The graph it belongs to."""
        return self.op.graph

    @property
    def name(self) -> str:
        """The operation's name and the output's number."""
        return f"{self.op.name}:{self.value_index}"

    @property
    def dtype(self) -> DType:
        return as_dtype(self.node.dtype)

    @property
    def shape(self) -> GraphShape:
        return self._seen_shape or GraphShape(self.node.shape)

    def get_shape(self) -> GraphShape:
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Say what is known of the shape."""
        seen = GraphShape(self.shape.merge_with(shape))
        self._seen_shape = seen
        self.node.spec = type(self.node.spec)(tuple(seen), self.node.dtype)

    @property
    def ndim(self) -> int:
        return self.shape.rank  # pyright: ignore[reportReturnType]

    @property
    def device(self) -> str:
        return self.op.device

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value in a session, by default the default one."""
        return default_session(session).run(self, feed_dict)

    def consumers(self) -> list[Operation]:
        """The operations that read it."""
        return [one for one in self.graph.get_operations() if any(item is self for item in one.inputs)]

    def numpy(self) -> Any:
        raise AttributeError(
            "'Tensor' object has no attribute 'numpy': it is of a graph. Use session.run(tensor)."
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise NotImplementedError(
            f"Cannot convert a symbolic Tensor ({self.name}) to a numpy array. Use session.run(tensor)."
        )

    def __jax_array__(self) -> jax.Array:
        raise TypeError(f"{self.name} is a tensor of a graph and has no numbers. Use session.run(tensor).")

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len is not well defined for a symbolic Tensor of unknown rank.")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        size = self.shape.as_list()[0] if self.shape.rank else None
        if size is None:
            raise TypeError("'Tensor' object is not iterable: its first size is not known. Use tf.map_fn.")
        rows: Any = self
        return (rows[index] for index in range(size))

    def __bool__(self) -> bool:
        raise TypeError(
            "Using a `tf.Tensor` as a Python `bool` is not allowed. Use `if t is not None:` instead of `if "
            "t:` to "
            "test if a tensor is defined, and use TensorFlow ops such as tf.cond to execute subgraphs "
            "conditioned "
            "on the value of a tensor."
        )

    def _known(self, what: str) -> Any:
        raise TypeError(f"The tensor {self.name} is of a graph, and is no {what}. Use session.run(tensor).")

    def __str__(self) -> str:
        if self.shape.rank is None:
            return f'Tensor("{self.name}", dtype={self.dtype.name})'
        sizes = ["?" if Mode.is_one and size is None else str(size) for size in self.shape.as_list()]
        text = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
        return f'Tensor("{self.name}", shape={text}, dtype={self.dtype.name})'

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __copy__(self) -> "GraphTensor":
        return self

    def __deepcopy__(self, _: Any) -> "GraphTensor":
        return self


def default_session(session: Any = None) -> Any:
    """A session, or the default one.

    Raises:
        ValueError: there is none.
    """
    if session is None and not Mode.sessions:
        raise ValueError(
            "Cannot evaluate tensor using `eval()`: No default session is registered. Use `with "
            "sess.as_default()` or pass an explicit session to `eval(session=sess)`"
        )
    return session or Mode.sessions[-1]


# Drawing.

# Rooms whose functions give the same for the same arguments; random numbers lie elsewhere.
_OF_NUMBERS = {f"neurona.legacy.tensorflow.{room}" for room in ("arrays", "math")}


@functools.lru_cache(4096)
def _of_widths(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, computing with 64 bits where an argument has them or is the name of such a dtype."""

    @functools.wraps(function, updated=())
    def run(*args: Any, **kwargs: Any) -> Any:
        leaves = jax.tree.leaves((args, kwargs))
        is_of_64 = any(is_wide(leaf) or (isinstance(leaf, str) and leaf in NARROW) for leaf in leaves)
        with wide() if is_of_64 else narrow():
            return function(*args, **kwargs)

    return run


def draw(
    function: Callable[..., Any],
    args: tuple[Any, ...] = (),
    kwargs: dict[str, Any] | None = None,
    name: str | None = None,
    *,
    default: str | None = None,
    kind: str | None = None,
    after: Iterable[Node] = (),
    differentiable: bool = True,
    spec: Any = None,
) -> Any:
    """A step of the default graph.

    Args:
        function: of arrays; the same object for the same work, so that shapes are found once.
        args, kwargs: with tensors of graphs and variables anywhere.
        name, default: the operation's name, and the one it has where none is given.
        kind: the type of the operation.
        after: nodes that are computed before, besides those of `tf.control_dependencies`.
        differentiable: False where no gradient passes.
        spec: the shapes and dtypes of the results, where they can't be found by evaluation.

    Returns:
        A tensor, or a tree of them.
    """
    if not is_drawing(args, kwargs or {}):
        return at_once.compute(function, args, kwargs or {}, differentiable)
    graph = get_default_graph()
    kind = kind or operation_type(function.__name__)
    full_name = graph.unique_name(_plain(name) or default or kind)
    inputs = list(_tensors_in((args, kwargs or {})))
    node = Node(
        function if function in FROM_SHAPES.values() else _of_widths(function),
        as_nodes(args),
        as_nodes(kwargs or {}),
        name=full_name,
        after=[*graph.before(), *after],
        differentiable=differentiable,
    )
    node.stream, node.spec = graph.version + 1, spec
    node.is_constant = function.__module__ in _OF_NUMBERS
    return tensors_of(node, Operation(full_name, kind, [node], inputs, graph))


def tensors_of(node: Node, operation: Operation) -> Any:
    """A node's value as tensors, outputs of an operation."""
    with wide():
        outputs = outputs_of(node)
    leaves, form = jax.tree.flatten(outputs, is_leaf=lambda leaf: isinstance(leaf, (Node, Tensor)))
    tensors = []
    for place, leaf in enumerate(leaves):
        node = leaf._array if isinstance(leaf, Tensor) else leaf
        tensors.append(GraphTensor(node, operation, place))
    return jax.tree.unflatten(form, tensors)


def drawn(
    name: str | None = None, kind: str | None = None, differentiable: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator of a function of arrays, called with `name=` besides its own arguments: it draws a step.

    Args:
        name: the default name of the operation.
        kind: the type of the operation.
        differentiable: False where no gradient passes.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, name: str | None = None, **kwargs: Any) -> Any:
            return draw(
                function, args, kwargs, name, default=default, kind=kind, differentiable=differentiable
            )

        return call

    default = name
    return decorate


def convert(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Anything as a tensor of the graph: a tensor itself, a variable's value, or a constant."""
    if isinstance(value, GraphTensor):
        return value
    if hasattr(value, "graph_node"):
        return value.value()
    if not (Mode.suspended or is_drawing(value)):
        return tensor_of(value, None if dtype is None else as_dtype(dtype))
    return constant(value, dtype, name=name or "Const")


def constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str = "Const", verify_shape: bool = False
) -> Any:
    """A tensor that always has the same value; numbers in the code of a layer, which draws nothing."""
    if shape is None and current_scope() is not None and not is_drawing(value) and not Mode.suspended:
        return tensor_of(value, None if dtype is None else as_dtype(dtype))
    if next(_tensors_in(value), None) is not None:
        with get_default_graph().name_scope(None if name == "Const" else name):
            return draw(stacked, (value,), name="packed", kind="Pack")
    if value is None:
        raise ValueError("None values not supported.")
    array = numbers_of(value)
    wanted = as_dtype(dtype) if dtype is not None else own_dtype(array, hasattr(value, "dtype"))
    if shape is not None:
        sizes = tuple(TensorShape(shape))
        whole = array.ravel()
        array = whole.reshape(sizes) if whole.size == np.prod(sizes, dtype=int) else filled(whole, sizes)
    graph = get_default_graph()
    full_name = graph.unique_name(_plain(name) or "Const")
    with wide():
        array = array if wanted.name == "string" else array.astype(wanted.as_numpy_dtype)
        node = Constant(array, name=full_name)
    return GraphTensor(node, Operation(full_name, "Const", [node], (), graph))


def _as_node(tensor: Any) -> Any:
    """The node of a tensor or variable."""
    if isinstance(tensor, GraphTensor):
        return tensor.node
    return as_node(tensor._array) if isinstance(tensor, Tensor) else tensor.graph_node


def as_nodes(tree: Any) -> Any:
    """A tree of arguments with nodes in the place of tensors and variables."""
    if isinstance(tree, Tensor) or hasattr(tree, "graph_node"):
        return _as_node(tree)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*map(as_nodes, tree))
    if isinstance(tree, TensorShape):
        return tree
    if isinstance(tree, (list, tuple)):
        return type(tree)(map(as_nodes, tree))
    if isinstance(tree, dict):
        return {key: as_nodes(value) for key, value in tree.items()}
    if isinstance(tree, slice):
        return slice(as_nodes(tree.start), as_nodes(tree.stop), as_nodes(tree.step))
    return tree


def _tensors_in(tree: Any) -> Iterator[Any]:
    """The tensors of graphs and the variables in a tree of arguments."""
    if isinstance(tree, GraphTensor) or hasattr(tree, "graph_node"):
        yield tree
    elif isinstance(tree, (list, tuple)) and not isinstance(tree, TensorShape):
        for item in tree:
            yield from _tensors_in(item)
    elif isinstance(tree, dict):
        yield from _tensors_in(list(tree.values()))
    elif isinstance(tree, slice):
        yield from _tensors_in([tree.start, tree.stop, tree.step])


def is_drawing(*trees: Any) -> bool:
    """Whether a function called with these draws a step; in a layer of a model that runs it computes."""
    draws = Mode.draws and current_scope() is None
    return not Mode.suspended and (draws or next(_tensors_in(trees), None) is not None)


@functools.cache
def _computed(call: Callable[..., Any]) -> Callable[..., Any]:
    """One of TensorFlow's functions as a function of arrays, for a node."""

    def function(*args: Any, **kwargs: Any) -> Any:
        with computing():
            result = call(*map(_with_tensors, args), **kwargs)
        if hasattr(call, "spec_of"):
            return sparse.apart(result)
        return result._array if isinstance(result, Tensor) and result._dtype is None else result

    function.__name__, function.__module__ = call.__name__, call.__module__
    return function


def _with_tensors(value: Any) -> Any:
    """Lists of arrays, which NumPy would take for Python's numbers, as lists of tensors."""
    if type(value) is list:
        return [Tensor(one) if isinstance(one, np.ndarray) else _with_tensors(one) for one in value]
    return value


def _hook(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What the table of functions calls first: draws a step, where one is drawn."""
    if not is_drawing(args, kwargs) or symbolic_leaves((args, kwargs)):
        return NotImplemented
    kwargs = dict(kwargs)
    spec_of = getattr(call, "spec_of", None)  # of functions on the host
    spec = spec_of and spec_of(args, kwargs)
    name = kwargs.pop("name", None) or Naming.take()
    seed = kwargs.get("seed")
    if isinstance(seed, int):
        kwargs.pop("seed")
        graph = get_default_graph()
        graph.seed = graph.seed if graph.seed is not None else 87654321  # TensorFlow's own
    function = FROM_SHAPES.get(call.__name__) or _computed(call)
    if function is not _computed(call):
        args, kwargs = args[:1] or tuple(kwargs.values())[:1], {}
    if call.__name__ == "dropout":
        args = (args[0], _as_scalar(args[1]), *args[2:])
    passes = spec is None and call.__name__ not in _NOT_DIFFERENTIABLE
    if call.__name__ == "reshape":
        spec = _reshaped(*args, **kwargs)
    drawn = draw(function, args, kwargs, name, differentiable=passes, spec=spec)
    return sparse.together(drawn)


def _as_scalar(value: Any) -> Any:
    """A number whose placeholder was given no shape, with the shape that it must have."""
    if not isinstance(value, GraphTensor) or value.shape.rank is not None:
        return value
    return draw(_scalar, (value,), default="rate", spec=Spec((), value.node.dtype))


def _scalar(value: Any) -> Any:
    return value.reshape(())


def _reshaped(tensor: Any, shape: Any) -> Spec | None:
    """What reshaping a tensor with unknown sizes gives, where the new ones are numbers."""
    if not isinstance(tensor, GraphTensor) or tensor.shape.is_fully_defined():
        return None  # found by evaluation
    sizes = shape if isinstance(shape, (list, tuple)) else [None]
    numbers = [int(size) if isinstance(size, (int, np.integer)) else None for size in sizes]
    bare = [getattr(getattr(size, "shape", ()), "rank", 0) is None for size in sizes]  # no shape was given
    if None in numbers and not any(bare):
        return None
    return Spec(tuple(None if number == -1 else number for number in numbers), tensor.node.dtype)


_NOT_DIFFERENTIABLE = {
    "stop_gradient", "argmax", "argmin", "shape", "size", "rank", "zeros_like", "ones_like",
}  # fmt: skip


class Naming:
    """The name of the step that an operator draws."""

    _next: str | None = None

    @classmethod
    def take(cls) -> str | None:
        """The name, for one step."""
        name, cls._next = cls._next, None
        return name

    @classmethod
    def named(cls, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        """A method of tensors whose step has a name."""

        def call(self: Any, *others: Any) -> Any:
            cls._next = name
            try:
                return method(self, *others)
            finally:
                cls._next = None

        return call


def _plain(name: str | None) -> str | None:
    """A name without what names a scope that is entered again."""
    return name.rstrip("/") if name else None


def _indexed(tensor: Any, index: Any) -> Any:
    """tensor[index] of arrays, with TensorFlow's slices and places."""
    places = (getattr(one, "array", one) for one in index)
    with computing():
        found = operators.item(
            Tensor(getattr(tensor, "array", tensor)),
            tuple(np.asarray(one) if _is_number(one) else one for one in places),
        )
    return found._array


def _is_number(one: Any) -> bool:
    return isinstance(one, np.generic)


def _item(self: Any, index: Any) -> Any:
    places = index if isinstance(index, tuple) else (index,)
    return draw(_indexed, (self, tuple(places)), default="strided_slice", kind="StridedSlice")


def install(cls: Any) -> None:
    """Give a class the operators of tensors, with the names of TensorFlow 1's steps."""
    operators.install(cls, indexing=False)
    names = {
        **{name: name for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")},
        "and": "and",
        "or": "or",
        "xor": "xor",
        "neg": "Neg",
        "abs": "Abs",
        "invert": "LogicalNot",
        "lt": "Less",
        "le": "LessEqual",
        "gt": "Greater",
        "ge": "GreaterEqual",
    }
    for method, name in names.items():
        for dunder in (f"__{method}__", f"__r{method}__"):
            if dunder in vars(cls):
                setattr(cls, dunder, Naming.named(vars(cls)[dunder], name))
    cls.__getitem__ = _item
    cls.__eq__ = lambda self, other: self is other
    cls.__ne__ = lambda self, other: self is not other
    cls.__hash__ = lambda self: id(self)


install(GraphTensor)
Hooks.graph = _hook
Hooks.draws = staticmethod(lambda: Mode.draws and not Mode.suspended)
