"""Theano's variables: nodes of a graph with Theano's operators and methods."""

import operator
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError
from neurona.graph import (
    Constant,
    Node,
    Placeholder,
    Spec,
    Variable,
    compile_graph,
    nodes_in,
    outputs_of,
    shape_of,
    size_of,
)
from neurona.graph.execution import needed
from neurona.graph.tree import replaced
from neurona.legacy.theano.indexing import Window, read_items, read_window, window_of
from neurona.legacy.theano.settings import config, wide

PREFIXES = {
    "": None,  # floatX
    "b": "int8",
    "w": "int16",
    "i": "int32",
    "l": "int64",
    "f": "float32",
    "d": "float64",
}
KINDS = {
    "scalar": (),
    "vector": (False,),
    "row": (True, False),
    "col": (False, True),
    "matrix": (False, False),
    "tensor3": (False,) * 3,
    "tensor4": (False,) * 4,
    "tensor5": (False,) * 5,
}
PLURALS = {"scalar": "scalars", "vector": "vectors", "row": "rows", "col": "cols", "matrix": "matrices"}


class TensorType:
    """The dtype of an array, and for each of its axes whether it has the size 1 for good.

    Example:

        >>> TensorType("float32", (False, True))("x").broadcastable
        (False, True)
    """

    def __init__(self, dtype: str, broadcastable: Iterable[Any], name: str | None = None) -> None:
        self.dtype = config.floatX if dtype == "floatX" else str(dtype)
        self.broadcastable = tuple(map(bool, broadcastable))
        self.name = name

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.broadcastable)

    def __call__(self, name: str | None = None) -> "Input":
        return Input(self, name)

    make_variable = __call__

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, TensorType)
        return same and (self.dtype, self.broadcastable) == (other.dtype, other.broadcastable)

    def __hash__(self) -> int:
        return hash((self.dtype, self.broadcastable))

    def __repr__(self) -> str:
        return f"TensorType({self.dtype}, {self.broadcastable})"


class Tensor:
    """The operators and methods that all variables of Theano have."""

    __array_priority__ = 1000
    __array_ufunc__ = None  # NumPy's arrays leave `array * variable` to the variable
    tag: Any
    spec: Any
    dtype: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__hash__ = object.__hash__  # a key of dictionaries by identity, as in Theano

    @property
    def type(self) -> TensorType:
        """The type, as far as it follows from those of the inputs."""
        shape = self._known_shape()
        return TensorType(self.dtype, [size == 1 for size in shape or ()])

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """For each axis, whether it has the size 1 for good."""
        return self.type.broadcastable

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.type.ndim

    @property
    def shape(self) -> "Computed":
        """The sizes of the axes, as a vector of integers."""
        return apply(shape_of, self)

    @property
    def size(self) -> "Computed":
        """The number of elements."""
        return apply(size_of, self)

    @property
    def T(self) -> "Computed":
        """The axes in reverse order."""
        return apply(jnp.transpose, self)

    @property
    def owner(self) -> Any:
        """The operation that computes the variable; None for inputs, constants and shared variables."""
        return None

    def eval(self, inputs_to_values: dict[Any, Any] | None = None) -> np.ndarray:
        """The value, given those of the inputs it depends on."""
        given = dict(inputs_to_values or {})
        with wide():
            value = compile_graph(list(given), self)(*given.values())
        return np.asarray(value)

    def __getitem__(self, index: Any) -> "Computed":
        return item(self, index)

    def __iter__(self) -> Any:
        shape = self._known_shape()
        if not shape or shape[0] is None:
            raise TypeError("The length of a symbolic variable is not known: loop with theano.scan.")
        return (self[place] for place in range(shape[0]))

    def __len__(self) -> int:
        raise TypeError("A symbolic variable has no length yet: use x.shape[0].")

    def __bool__(self) -> bool:
        """True, so that `if not input:` asks whether there is one; a comparison has no truth value yet."""
        if getattr(self, "function", None) in _ORDER.values():
            raise TypeError(
                "A comparison of symbolic variables is no condition yet: use T.switch, or ifelse."
            )
        return True

    def __str__(self) -> str:
        """The name that was given, or the operation."""
        given = getattr(self, "given_name", None)
        if given:
            return str(given)
        return f"<{self.type}>" if isinstance(self, (Input, Shared)) else f"{getattr(self, 'name', None)}.0"

    def _known_shape(self) -> tuple[int | None, ...] | None:
        with wide():
            return self.spec.shape

    def dimshuffle(self, *pattern: Any) -> "Computed":
        """The axes in another order; "x" makes a new one of size 1."""
        order = pattern[0] if len(pattern) == 1 and isinstance(pattern[0], (list, tuple)) else pattern
        return apply(_dimshuffle, self, pattern=tuple(order), name="DimShuffle")

    def reshape(self, shape: Any, ndim: int | None = None) -> "Computed":
        """The elements in another shape."""
        node = apply(_reshape, self, shape)
        if isinstance(shape, (list, tuple)):
            sizes = [size if isinstance(size, int) and size >= 0 else None for size in shape]
            node.spec = Spec(tuple(sizes), self.dtype)
        elif ndim is not None:
            node.spec = Spec((None,) * ndim, self.dtype)
        return node

    def flatten(self, ndim: int = 1) -> "Computed":
        """The last axes as one, so that `ndim` are left."""
        return apply(_flatten, self, ndim=int(ndim), name="Flatten")

    def transpose(self, *axes: Any) -> "Computed":
        """The axes in another order."""
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], (list, tuple)) else axes
        return apply(jnp.transpose, self, axes=tuple(order) or None)

    def astype(self, dtype: str) -> "Computed":
        """The numbers in another dtype."""
        return cast(self, dtype)

    def copy(self, name: str | None = None) -> "Computed":
        """The same numbers as another variable."""
        return apply(jnp.copy, self, name=name)

    def get_value(self, *_: Any, **__: Any) -> Any:
        """Only shared variables have one."""
        raise AttributeError("Only a shared variable has a value: use .eval({input: value}).")


class Input(Tensor, Placeholder):
    """A variable whose value is given to a function."""

    def __init__(self, kind: TensorType, name: str | None = None) -> None:
        shape = [1 if single else None for single in kind.broadcastable]
        with wide():
            Placeholder.__init__(self, tuple(shape), kind.dtype, name)
        self.given_name, self.tag = name, SimpleNamespace()
        self.kind = kind

    @property
    def type(self) -> TensorType:
        return self.kind

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        return self.kind.broadcastable


class TensorConstant(Tensor, Constant):
    """A variable with a value that never changes."""

    def __init__(self, value: Any, dtype: Any = None, name: str | None = None) -> None:
        with wide():
            Constant.__init__(self, value, dtype, name)
        self.tag = SimpleNamespace()

    @property
    def data(self) -> np.ndarray:
        """The value."""
        return np.asarray(self.value)


class Apply:
    """An operation with the variables that it takes and those that it gives."""

    def __init__(self, op: Any, inputs: Iterable[Any], outputs: Iterable[Any]) -> None:
        self.op, self.inputs, self.outputs = op, list(inputs), list(outputs)

    def __str__(self) -> str:
        return f"{self.op}({', '.join(map(str, self.inputs))})"

    __repr__ = __str__

    @property
    def out(self) -> Any:
        """The output, where there is one."""
        return self.outputs[0]


class Elemwise:
    """What programs look for among the operations of a function, to see whether a GPU was used."""

    name: str

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__


class Softmax(Elemwise):
    """The operation of `T.nnet.softmax`, which programs look for too."""


_OPS = {"dot": "Gemm"}  # the name that programs look for
_KINDS = {"softmax": Softmax}


class Computed(Tensor, Node):
    """A variable that is computed from others."""

    def __init__(
        self, function: Callable[..., Any], args: Iterable[Any] = (), kwargs: Any = None, **options: Any
    ):
        with wide():
            Node.__init__(self, function, args, kwargs, **options)
        self.tag = SimpleNamespace()

    window: Window | None = None
    made_by: Any = None  # the application of a program's own operation

    def __getstate__(self) -> dict[str, Any]:
        """What a file holds: functions of NumPy's interface by their names."""
        name = getattr(self.function, "__name__", "")
        is_named = getattr(jnp, name, None) is self.function
        return {**vars(self), "function": name} if is_named else vars(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if isinstance(self.function, str):
            self.function = getattr(jnp, self.function)

    @property
    def spec(self) -> Any:
        """The shape and dtype, as far as they follow from those of the inputs.

        Theano finds out at the call whether shapes fit. So what does not fit any shape that the inputs may
        have is of an unknown one here.
        """
        if self._spec is None:
            try:
                with wide():
                    self._spec = Node.spec.fget(self)  # pyright: ignore[reportOptionalCall]
            except (TypeError, ValueError, IndexError):
                dtypes = [one.spec.dtype for one in self.inputs if isinstance(one.spec, Spec)]
                self._spec = Spec(None, next((one for one in dtypes if one.startswith("float")), "float64"))
        return self._spec

    @spec.setter
    def spec(self, spec: Any) -> None:
        self._spec = spec

    @property
    def owner(self) -> Any:
        if self.made_by is not None:
            return self.made_by
        kind = _KINDS.get(self.name, Elemwise)
        op = type(_OPS.get(self.name, self.name), (kind,), {"name": self.name})()
        taken = [as_tensor_variable(one) if isinstance(one, (int, float)) else one for one in self.args]
        inputs = taken if all(isinstance(one, Node) for one in taken) else list(self.inputs)
        return Apply(op, inputs, [self])


class Shared(Tensor, Variable):
    """A variable with a value that functions share, read and update."""

    def __init__(self, value: Any, name: str | None = None) -> None:
        with wide():
            Variable.__init__(self, np.array(value), name=name)
        # The size of an axis may change with `set_value`, as in Theano.
        self.spec = Spec((None,) * np.ndim(value), self.spec.dtype)
        self.given_name, self.tag = name, SimpleNamespace()

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> np.ndarray:
        """The value of now, as an array that is the caller's own."""
        return np.array(self.value)

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Give the variable another value, of the same dtype and number of axes.

        Raises:
            TypeError: it has another number of axes, or its dtype would lose numbers.
        """
        value = np.asarray(new_value)
        if value.ndim != self.ndim:
            raise TypeError(
                f"Wrong number of dimensions: expected {self.ndim}, got {value.ndim} with shape "
                f"{value.shape}."
            )
        if not np.can_cast(value.dtype, self.dtype, "same_kind"):
            raise TypeError(
                f"The shared variable {self.name!r} has dtype {self.dtype}. Received: {value.dtype}"
            )
        with wide():
            self.value = np.array(value, self.dtype)

    @property
    def container(self) -> Any:
        """What holds the value: `container.value`."""
        return SimpleNamespace(value=self.get_value())


class _Expressions(type):
    """Counts as instances what is neither shared nor a constant."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor) and not isinstance(value, (Shared, TensorConstant))


class TensorVariable(metaclass=_Expressions):
    """What Theano's programs ask for with `isinstance`: an input, or an expression."""


def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: Any = None,
    borrow: bool = False,
    **_: Any,
) -> Shared:
    """A shared variable with a first value."""
    if isinstance(value, Node):
        raise TypeError("theano.shared takes numbers, and received a symbolic variable: shared(x.eval()).")
    array = np.asarray(value)
    if isinstance(value, float):  # Python's numbers
        array = array.astype("float64" if allow_downcast is None else config.floatX)
    return Shared(array, name)


def as_tensor_variable(x: Any, name: str | None = None, ndim: int | None = None) -> Any:
    """A variable; numbers, arrays and lists of variables become one."""
    if isinstance(x, Node):
        return x
    if isinstance(x, (list, tuple)) and any(isinstance(item, Node) for item in x):
        return apply(lambda *parts: jnp.stack(parts), *x, name="MakeVector")
    return constant(x, name)


def constant(x: Any, name: str | None = None, ndim: int | None = None, dtype: Any = None) -> TensorConstant:
    """A variable that never changes."""
    array = np.asarray(x)
    if dtype is None and isinstance(x, float):
        dtype = config.floatX
    return TensorConstant(array, dtype, name)


def apply(function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any) -> Any:
    """The variable, or the tree of them, that a function of arrays gives for variables."""
    return Computed(function, args, kwargs, name=name)


def several(function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any) -> Any:
    """The variables that a function with several results gives."""
    with wide():
        outputs = outputs_of(Computed(function, args, kwargs, name=name))
    return [named(output) for output in outputs]


def named(node: Any) -> Any:
    """A node of the graph as a variable of Theano."""
    return node if isinstance(node, Tensor) else apply(_same, node, name=node.name)


def _same(x: Any) -> Any:
    return x


def item(x: Any, index: Any) -> Computed:
    """Elements of a variable."""
    window = window_of(x, index)
    if window is None:
        return apply(read_items, x, index, name="Subtensor")
    node = apply(
        read_window, x, 0 if index.start is None else index.start, size=window.size, name="Subtensor"
    )
    node.window = window
    return node


def clone(output: Any, replace: Any = None, **_: Any) -> Any:
    """Expressions, or a tree of them, made anew with other variables in the place of some."""
    table = dict(replace or {})
    done: dict[Any, Any] = {old: as_tensor_variable(new) for old, new in table.items()}
    for node in needed(tuple(nodes_in(output)), stop=lambda one: one in done):
        parts = (node.args, node.kwargs) if isinstance(node, Computed) else ()
        if any(done.get(one, one) is not one for one in nodes_in(list(parts))):
            args, kwargs = replaced(parts, lambda one: done.get(one, one))
            new = Computed(node.function, args, kwargs, name=node.name)
            new.differentiable, new.stream = node.differentiable, node.stream
            done[node] = new
    return replaced(output, lambda one: done.get(one, one))


def cast(x: Any, dtype: str) -> Any:
    """The numbers in another dtype."""
    dtype = config.floatX if dtype == "floatX" else dtype
    return apply(_cast, x, dtype=dtype, name=f"Cast{{{dtype}}}")


def _cast(x: Any, dtype: str) -> Any:
    if isinstance(x, (np.ndarray, np.generic, int, float, bool)):
        return np.asarray(x).astype(dtype)
    return x.astype(dtype)


_cast.keeps_length = True  # pyright: ignore[reportFunctionMemberAccess]


def _dimshuffle(x: Any, pattern: tuple[Any, ...]) -> Any:
    kept = [axis for axis in pattern if axis != "x"]
    dropped = [axis for axis in range(jnp.ndim(x)) if axis not in kept]
    if any(jnp.shape(x)[axis] != 1 for axis in dropped):
        raise ArgumentError(
            f"dimshuffle{pattern} leaves out axis {dropped[0]} of an array of shape {jnp.shape(x)}: only an "
            "axis of size 1 can be left out."
        )
    order = [sorted(kept).index(axis) for axis in kept]
    ordered = jnp.transpose(jnp.squeeze(x, tuple(dropped)), order)
    return ordered[tuple(None if axis == "x" else slice(None) for axis in pattern)]


def _reshape(x: Any, shape: Any) -> Any:
    sizes = shape if isinstance(shape, (list, tuple)) else np.asarray(shape).ravel()
    return jnp.reshape(x, tuple(operator.index(size) for size in sizes))


def _flatten(x: Any, ndim: int) -> Any:
    return jnp.reshape(x, (*jnp.shape(x)[: ndim - 1], -1))


_TWO = {
    "add": jnp.add,
    "sub": jnp.subtract,
    "mul": jnp.multiply,
    "truediv": jnp.true_divide,
    "floordiv": jnp.floor_divide,
    "mod": jnp.mod,
    "pow": jnp.power,
    "and": jnp.bitwise_and,
    "or": jnp.bitwise_or,
    "xor": jnp.bitwise_xor,
    "matmul": jnp.matmul,
}
_ORDER = {"lt": jnp.less, "le": jnp.less_equal, "gt": jnp.greater, "ge": jnp.greater_equal}


def _bind(function: Callable[..., Any], reflected: bool) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        return apply(function, other, self) if reflected else apply(function, self, other)

    return method


def _of_itself(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self: apply(function, self)


for _name, _function in _TWO.items():
    setattr(Tensor, f"__{_name}__", _bind(_function, False))
    setattr(Tensor, f"__r{_name}__", _bind(_function, True))
for _name, _function in _ORDER.items():
    setattr(Tensor, f"__{_name}__", _bind(_function, False))
for _name, _function in {"neg": jnp.negative, "abs": jnp.abs, "invert": jnp.bitwise_not}.items():
    setattr(Tensor, f"__{_name}__", _of_itself(_function))
