"""`tf.Variable`: Neurona's variable with TensorFlow's manners."""

from collections.abc import Callable
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ShapeError
from neurona.core.variable import Variable as NeuronaVariable
from neurona.legacy.tensorflow import operators
from neurona.legacy.tensorflow.dispatch import static, tensor_of
from neurona.legacy.tensorflow.dtypes import DType, as_dtype
from neurona.legacy.tensorflow.names import scoped_name
from neurona.legacy.tensorflow.recording import has_numbers
from neurona.legacy.tensorflow.tensor import DEVICE, Reference, Tensor, numpy_text
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.widths import on_device


class Born:
    """Variables made while a function is traced whose first values are computed there.

    Attributes:
        variables: those of the trace that is open; None where none is.
    """

    variables: "list[Variable] | None" = None


class Variable(NeuronaVariable):
    """A tensor that can be assigned to.

    Args:
        initial_value: a tensor, or a function that gives one.
        trainable: whether gradient tapes watch it and optimizers may change it.
        name: its name, "Variable" by default.
        dtype: of its numbers; those of the value by default.
        constraint: applied by optimizers after each step.
        shape: with unknown sizes where other shapes may be assigned.
    """

    def __init__(
        self,
        initial_value: Any = None,
        trainable: Any = True,
        validate_shape: Any = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: Any = None,
        constraint: Callable[[Any], Any] | None = None,
        synchronization: Any = "auto",
        aggregation: Any = "none",
        shape: Any = None,
        **_: Any,
    ) -> None:
        given = initial_value() if callable(initial_value) else initial_value
        wanted = None if dtype is None else as_dtype(dtype)
        with jax.ensure_compile_time_eval():
            value = tensor_of(given, wanted)
        self._tf_dtype: DType = wanted or value.dtype
        name = scoped_name(name or "Variable")
        is_text = value._array.dtype == object
        super().__init__(
            np.zeros(()) if is_text else on_device(value._array),
            trainable=trainable is None or bool(trainable),
            name=f"{name}:0",
            path=name,
            constraint=constraint,
        )
        if is_text:
            self._value, self.trainable = value._array, False
        if Born.variables is not None and not has_numbers(self._value):
            Born.variables.append(self)
        self._fixed = shape is None or TensorShape(shape).is_fully_defined()
        self.synchronization, self.aggregation = synchronization, aggregation

    # What it is.

    @property
    def dtype(self) -> Any:
        """The dtype that the program sees."""
        return self._tf_dtype

    @property
    def shape(self) -> TensorShape:
        """The sizes."""
        return TensorShape(self._value.shape)

    @property
    def device(self) -> str:
        """Where it lies."""
        return DEVICE

    @property
    def op(self) -> "Variable":
        """The object that carries the name."""
        return self

    @property
    def initial_value(self) -> Tensor:
        """The value."""
        return self.read_value()

    def get_shape(self) -> TensorShape:
        """The shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Check the shape."""
        self.shape.assert_is_compatible_with(shape)

    def is_initialized(self) -> bool:
        """Always: the value is there from the beginning."""
        return True

    def ref(self) -> Reference:
        """An object that stands for this variable in sets and dictionaries."""
        return Reference(self)

    experimental_ref = ref

    # Reading.

    @property
    def _array(self) -> Any:
        return self.value

    def _as_tensor(self) -> Tensor:
        value = self.value
        is_special = self._tf_dtype.held != self._tf_dtype.name
        return Tensor(value, self._tf_dtype if is_special else None)

    def read_value(self) -> Tensor:
        """The value now, as a tensor."""
        return operators.copied(self)

    initialized_value = read_value

    def numpy(self) -> Any:
        """The value in NumPy."""
        return self._as_tensor().numpy()

    def eval(self, session: Any = None) -> Any:
        """The value in NumPy."""
        return self.numpy()

    def __getitem__(self, index: Any) -> Tensor:
        part = operators.item(self, index)
        for method, compute in _UPDATES.items():
            setattr(part, method, _ItemUpdate(self, index, compute))
        return part

    def __iter__(self) -> Any:
        return iter(self._as_tensor())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.numpy(), dtype)

    def __bool__(self) -> bool:
        return bool(self._as_tensor())

    def __int__(self) -> int:
        return int(self._as_tensor())

    __index__ = __int__

    def __float__(self) -> float:
        return float(self._as_tensor())

    def __format__(self, spec: str) -> str:
        return format(self._as_tensor(), spec) if spec else str(self)

    def __repr__(self) -> str:
        head = f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}"
        tensor = self._as_tensor()
        return (
            f"{head}, {numpy_text(tensor)}>" if not isinstance(tensor._array, jax.core.Tracer) else f"{head}>"
        )

    __hash__ = NeuronaVariable.__hash__

    def __deepcopy__(self, _: Any) -> "Variable":
        return Variable(self._as_tensor(), self.trainable, name=self.path, constraint=self.constraint)

    # Assigning.

    def assign(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, value: Any, use_locking: bool = False, name: Any = None, read_value: bool = True
    ) -> "Variable":
        """Replace the value.

        Raises:
            ShapeError: the shape differs.
        """
        made = tensor_of(value, hint=self._tf_dtype)
        if not self._fixed or made._array.dtype == object:
            self._value = made._array
            return self
        if made._array.dtype != self._value.dtype:
            made = tensor_of(value, dtype=self._tf_dtype)
        if made._array.shape != self._value.shape and made._array.size == self._value.size == 1:
            raise ShapeError(
                f"Cannot assign value to variable '{self.name}': Shape mismatch. The variable shape "
                f"{self.shape}, and the assigned value shape {made.shape} are incompatible."
            )
        super().assign(made._array)
        return self

    def assign_add(self, delta: Any, *_: Any, **__: Any) -> "Variable":  # pyright: ignore[reportIncompatibleMethodOverride]
        """Add to the value."""
        return self.assign(self + self._of_own_dtype(delta))

    def assign_sub(self, delta: Any, *_: Any, **__: Any) -> "Variable":  # pyright: ignore[reportIncompatibleMethodOverride]
        """Subtract from the value."""
        return self.assign(self - self._of_own_dtype(delta))

    def _of_own_dtype(self, value: Any) -> Any:
        """A number of Python as a tensor of the variable's dtype."""
        return tensor_of(value, self._tf_dtype) if isinstance(value, (bool, int, float)) else value

    def _scattered(self, indices: Any, updates: Any, method: str) -> "Variable":
        places = on_device(tensor_of(indices)._array)
        return self.assign(Tensor(_UPDATES[method](self.value, tuple(jnp.moveaxis(places, -1, 0)), updates)))

    def scatter_nd_update(self, indices: Any, updates: Any, name: Any = None) -> "Variable":
        """Replace elements at places."""
        return self._scattered(indices, updates, "assign")

    def scatter_nd_add(self, indices: Any, updates: Any, name: Any = None) -> "Variable":
        """Add to elements at places."""
        return self._scattered(indices, updates, "assign_add")

    def scatter_nd_sub(self, indices: Any, updates: Any, name: Any = None) -> "Variable":
        """Subtract from elements at places."""
        return self._scattered(indices, updates, "assign_sub")

    def _of_slices(self, slices: Any, method: str) -> "Variable":
        places = tensor_of(slices.indices)._array
        return self.assign(Tensor(_UPDATES[method](self.value, places, slices.values)))

    def scatter_update(self, sparse_delta: Any, *_: Any, **__: Any) -> "Variable":
        """Replace rows."""
        return self._of_slices(sparse_delta, "assign")

    def scatter_add(self, sparse_delta: Any, *_: Any, **__: Any) -> "Variable":
        """Add to rows."""
        return self._of_slices(sparse_delta, "assign_add")

    def scatter_sub(self, sparse_delta: Any, *_: Any, **__: Any) -> "Variable":
        """Subtract from rows."""
        return self._of_slices(sparse_delta, "assign_sub")


class IndexedSlices:
    """Some rows of a tensor.

    Args:
        values: the rows.
        indices: their numbers.
        dense_shape: the shape of the whole.
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self.values, self.indices, self.dense_shape = tensor_of(values), tensor_of(indices), dense_shape

    def _as_tensor(self) -> Tensor:
        rows = self.values._array
        shape = (int(static(self.dense_shape)[0]), *rows.shape[1:])
        return Tensor(jnp.zeros(shape, rows.dtype).at[self.indices._array].add(rows))


def _numbers(value: Any, like: Any) -> Any:
    return jnp.asarray(tensor_of(value, hint=as_dtype(like.dtype))._array, like.dtype)


_UPDATES = {
    "assign": lambda array, places, value: array.at[places].set(_numbers(value, array)),
    "assign_add": lambda array, places, value: array.at[places].add(_numbers(value, array)),
    "assign_sub": lambda array, places, value: array.at[places].subtract(_numbers(value, array)),
}


class _ItemUpdate:
    """`variable[index].assign` and its kin."""

    def __init__(self, variable: Variable, index: Any, compute: Callable[..., Any]) -> None:
        self._variable, self._index, self._compute = variable, index, compute

    def __call__(self, value: Any, *_: Any, **__: Any) -> Variable:
        places = self._index if isinstance(self._index, tuple) else (self._index,)
        chosen = tuple(operators.place(one) for one in places)
        return self._variable.assign(Tensor(self._compute(self._variable.value, chosen, value)))


operators.install(Variable, indexing=False)
