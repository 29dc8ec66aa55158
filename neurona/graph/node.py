"""Nodes: a graph is made of them. A node is a function of arrays, with other nodes among its arguments."""

import functools
import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError
from neurona.graph.execution import MOST_KNOWN, needed
from neurona.graph.inference import Shape, Spec, infer, is_small
from neurona.graph.tree import Value, nodes_in, replaced

if TYPE_CHECKING:
    from collections.abc import Mapping

_numbers = itertools.count()


class Node(Value):
    """The result of a function of other nodes.

    Args:
        function: of arrays, pure, called with `args` and `kwargs` in which values replace nodes.
            It may draw random numbers with `neurona.random`, whose key is then that of the run. None for a
            kind of node that computes otherwise.
        args, kwargs: nodes and anything else, also in lists, tuples, dictionaries and slices.
        name: a name for people; by default the function's.
        after: nodes that are computed before this one though it does not read them.
        differentiable: False for a function that gradients do not pass through.

    Attributes:
        number: nodes in the order in which they were made, which is one in which they can be computed.
        inputs: the nodes among the arguments.
        spec: the shape and dtype of the value, found by evaluation when first asked for; a tree of them where
            the function returns a tree.

    Example:

        >>> x = Placeholder((None, 3))
        >>> Node(jnp.sum, (x,), {"axis": 1}).spec
        float32(None,)
    """

    def __init__(
        self,
        function: Callable[..., Any] | None,
        args: Iterable[Any] = (),
        kwargs: "Mapping[str, Any] | None" = None,
        *,
        name: str | None = None,
        after: Iterable["Node"] = (),
        differentiable: bool = True,
    ) -> None:
        self.number = next(_numbers)
        self.function, self.args, self.kwargs = function, tuple(args), dict(kwargs or {})
        self.name = name or getattr(function, "__name__", type(self).__name__.lower())
        self.after, self.differentiable = tuple(after), differentiable
        self.inputs = tuple(dict.fromkeys(nodes_in((self.args, self.kwargs))))
        self.draws = False  # whether the function was seen to draw random numbers
        self.stream = self.number  # which random numbers of a run are this node's
        self._spec: Any = None

    value: Any = None  # where it is known without a run
    holds = False  # whether it keeps a value from run to run
    is_constant = False  # whether its function, which reads no node, gives the same in every run
    on_host = False  # whether its function takes arrays of numbers only, as one of Python's does

    @functools.cached_property
    def follows_from_shapes(self) -> bool:
        """Whether the value is known when shapes are, so that it can be a shape itself."""
        if self.function in (shape_of, size_of, rank_of):
            return True
        if not self.inputs:
            return self.is_constant and not self.draws and is_small(self.spec)
        if self.writes or not all(node.follows_from_shapes for node in self.inputs):
            return False
        return is_small(self.spec) and not self.draws

    def compute(self, run: Any, value_of: Callable[["Node"], Any]) -> Any:
        """The value in a run, from those of the inputs."""
        args, kwargs = replaced((self.args, self.kwargs), value_of)
        assert self.function is not None  # nodes without one compute otherwise
        return self.function(*args, **kwargs)

    @property
    def checks(self) -> tuple["Check", ...]:
        """The checks that computing this node makes."""
        return ()

    @property
    def writes(self) -> frozenset["Variable"]:
        """The variables that computing this node changes."""
        return frozenset()

    @property
    def changes(self) -> frozenset["Variable"]:
        """Those of them whose values must be there before."""
        return self.writes

    @property
    def spec(self) -> Any:
        if self._spec is None:
            for node in needed((self,), stop=lambda one: one._spec is not None):
                node._spec = infer(node)
        return self._spec

    @spec.setter
    def spec(self, spec: Any) -> None:
        self._spec = spec

    @property
    def shape(self) -> Shape:
        """The shape of the value, with None for what is not known."""
        return self.spec.shape

    @property
    def dtype(self) -> str:
        """The name of the dtype of the value."""
        return self.spec.dtype

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


class Constant(Node):
    """A node that always has the same value."""

    def __init__(self, value: Any, dtype: Any = None, name: str | None = None) -> None:
        super().__init__(None, name=name or "constant")
        self.value = as_array(value, dtype)
        self._spec = Spec(self.value.shape, self.value.dtype)

    @functools.cached_property
    def follows_from_shapes(self) -> bool:
        return self.value.size <= MOST_KNOWN and self.value.dtype != object

    def compute(self, run: Any, value_of: Callable[[Node], Any]) -> Any:
        return self.value


class Placeholder(Node):
    """A node whose value is given to each run.

    Args:
        shape: of the values, with None for any size; None for any rank.
        dtype: of the values.
        default: the value, or the node, that is used where none is given.
    """

    def __init__(
        self, shape: Shape = None, dtype: Any = "float32", name: str | None = None, default: Any = None
    ) -> None:
        super().__init__(None, () if default is None else (default,), name=name or "placeholder")
        self.default = default
        self._spec = Spec(shape, dtype)

    def compute(self, run: Any, value_of: Callable[[Node], Any]) -> Any:
        if self.default is None:
            raise ArgumentError(
                f"The placeholder {self.name!r} ({self.dtype}, shape {self.spec.shape}) has no value in this "
                "run: give it one."
            )
        return replaced(self.default, value_of)


class Variable(Node):
    """A node whose value stays from run to run, until an `Update` changes it.

    Args:
        value: the first value; None where a store holds the values of each session.
        shape, dtype: of the values; by default those of the first one.
        trainable: for optimizers.
    """

    holds = True

    def __init__(
        self,
        value: Any = None,
        shape: Shape = None,
        dtype: Any = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(None, name=name or "variable")
        self.value = None if value is None else as_array(value, dtype)
        self.trainable = trainable
        self._spec = (
            Spec(shape, dtype) if self.value is None else Spec(shape or self.value.shape, self.value.dtype)
        )


class Update(Node):
    """A new value of a variable: `function(value, *args, **kwargs)` with the variable's value at this moment;
    without a function, the one argument.

    The node's own value is the new one. A node that this one leads to, by its arguments or by `after`, reads
    the new value of the variable; others of the same run read the one before.
    """

    def __init__(
        self,
        variable: Variable,
        function: Callable[..., Any] | None,
        args: Iterable[Any] = (),
        kwargs: "Mapping[str, Any] | None" = None,
        *,
        name: str | None = None,
        after: Iterable[Node] = (),
    ) -> None:
        super().__init__(function, args, kwargs, name=name or "update", after=after, differentiable=False)
        self.variable = variable
        self._spec = variable.spec

    @property
    def writes(self) -> frozenset[Variable]:
        return frozenset((self.variable,))

    @property
    def changes(self) -> frozenset[Variable]:
        return self.writes if self.function else frozenset()

    def compute(self, run: Any, value_of: Callable[[Node], Any]) -> Any:
        args, kwargs = replaced((self.args, self.kwargs), value_of)
        value = self.function(run.current(self.variable), *args, **kwargs) if self.function else args[0]
        shape, wanted = jnp.shape(value), self.variable.spec.shape
        if wanted is not None and not fits(shape, wanted):
            raise ArgumentError(
                f"The variable {self.variable.name!r} has shape {wanted}. It can't take a value of shape "
                f"{shape}."
            )
        value = jnp.asarray(value, self.variable.spec.dtype)
        run.assign(self.variable, value)
        return value


class Check(Node):
    """A node that refuses a run in which a condition does not hold. No variable changes in such a run.

    Args:
        condition: a node; it holds where all of its elements are true.
        data: a list of nodes and anything else, for the message.
        refuse: called with the values of the data, raises the error.
    """

    def __init__(
        self,
        condition: Node,
        data: Iterable[Any],
        refuse: Callable[[list[Any]], None],
        *,
        name: str | None = None,
        after: Iterable[Node] = (),
    ) -> None:
        data = list(data)
        super().__init__(None, (condition, data), name=name or "check", after=after, differentiable=False)
        self._refuse, self._told = refuse, data
        self._failed: list[Any] = []  # what was noted inside of a compiled branch or loop

    @property
    def checks(self) -> tuple["Check", ...]:
        return (self,)

    def compute(self, run: Any, value_of: Callable[[Node], Any]) -> Any:
        condition, data = replaced(self.args, value_of)
        shown = [one for one, told in zip(data, self._told, strict=True) if isinstance(told, Node)]
        if not run.folds:
            self.examine((condition, shown))
        elif run.parent is not None:  # where no value leaves a branch or a loop
            jax.lax.cond(jnp.all(condition), lambda: None, lambda: self._note_on_host(condition, shown))
        return condition, shown

    def _note_on_host(self, condition: Any, shown: Any) -> None:
        jax.debug.callback(self._note, condition, shown)

    def _note(self, condition: Any, shown: Any) -> None:
        if not np.all(condition):
            self._failed.append(shown)

    def examine(self, value: Any) -> None:
        """Raise the error if the condition does not hold.

        Args:
            value: what was computed for the node.
        """
        condition, shown = value
        if not np.all(condition):
            self._raise(shown)

    def examine_notes(self) -> None:
        """Raise the error if the condition did not hold inside of a branch or a loop."""
        if self._failed:
            shown = self._failed[0]
            self._failed.clear()
            self._raise(shown)

    def _raise(self, shown: Any) -> None:
        values = iter(shown)
        self._refuse([next(values) if isinstance(one, Node) else one for one in self._told])


class Output(Node):
    """One array of a node whose value is a tree."""

    def __init__(self, node: Node, place: int, spec: Any, name: str | None = None) -> None:
        super().__init__(_leaf, (node, place), name=name or f"{node.name}:{place}")
        self.place = place
        self._spec = spec
        self.differentiable = node.differentiable

    def compute(self, run: Any, value_of: Callable[[Node], Any]) -> Any:
        return jax.tree.leaves(value_of(self.args[0]))[self.place]


def outputs_of(node: Node) -> Any:
    """The tree of nodes that stand for the arrays of a node's value; the node itself where it is one array.

    Example:

        >>> pair = Node(jnp.divmod, (Constant(7), Constant(2)))
        >>> [output.name for output in outputs_of(pair)]
        ['divmod:0', 'divmod:1']
    """
    if isinstance(node.spec, Spec):
        return node
    specs, form = jax.tree.flatten(node.spec)
    return jax.tree.unflatten(form, [Output(node, place, spec) for place, spec in enumerate(specs)])


def shape_of(array: Any) -> np.ndarray:
    """The shape as an array: known while a program is compiled, so that it can be the shape of others.

    Example:

        >>> shape_of(np.zeros((2, 3))).tolist()
        [2, 3]
    """
    return np.array(np.shape(array), np.int32)


def size_of(array: Any) -> np.ndarray:
    """The number of elements, known while a program is compiled."""
    return np.array(np.size(array), np.int32)


def rank_of(array: Any) -> np.ndarray:
    """The number of axes, known while a program is compiled."""
    return np.array(np.ndim(array), np.int32)


def as_node(value: Any) -> Node:
    """A node: the value itself if it is one, else a constant."""
    return value if isinstance(value, Node) else Constant(value)


def as_array(value: Any, dtype: Any = None) -> np.ndarray:
    """An array of a dtype that JAX has here: 32 bits for 64.

    Raises:
        ArgumentError: a number does not fit.

    Example:

        >>> as_array([1, 2]).dtype.name, as_array(0.5).dtype.name
        ('int32', 'float32')
    """
    array = np.asarray(value)
    if array.dtype.kind in "OSU" and dtype in (None, "object"):
        return array.astype(object)
    if dtype is not None and not (array.dtype.kind in "iu" and np.dtype(dtype).kind in "iu"):
        array = array.astype(dtype)
    kept = jax.dtypes.canonicalize_dtype(array.dtype if dtype is None else dtype)
    if kept == array.dtype:
        return array
    if array.dtype.kind in "iu" and array.size:
        limits = np.iinfo(kept)
        if array.max() > limits.max or array.min() < limits.min:
            raise ArgumentError(
                f"The number {array.max() if array.max() > limits.max else array.min()} does not fit {kept}: "
                f"JAX keeps integers in 32 bits. Use a float, or numbers from {limits.min} to {limits.max}."
            )
    return array.astype(kept)


def fits(shape: tuple[int, ...], wanted: Shape) -> bool:
    """Whether an array of a shape is one of those that are wanted.

    Example:

        >>> fits((2, 3), (None, 3)), fits((2,), (None, 3)), fits((2,), None)
        (True, False, True)
    """
    return wanted is None or (
        len(shape) == len(wanted) and all(b is None or a == b for a, b in zip(shape, wanted, strict=True))
    )


def _leaf(tree: Any, place: int) -> Any:
    return jax.tree.leaves(tree)[place]
