"""The eager tensor of TensorFlow 2: an array of JAX or NumPy with TensorFlow's manners."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from neurona.core.annotations import MASK
from neurona.core.errors import TracingError
from neurona.legacy.tensorflow.dtypes import DType, as_dtype
from neurona.legacy.tensorflow.recording import has_numbers, is_tracing
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.widths import narrowed, on_device

DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"
_UNROLLED = 64  # rows that a `for` may go through while a program is compiled


class Tensor:
    """An array as `tf.Tensor`.

    Args:
        array: of JAX or NumPy; texts are NumPy's objects of bytes.
        dtype: the dtype that it shall have; by default the array's.
    """

    __array_priority__ = 100

    def __init__(self, array: Any, dtype: DType | None = None) -> None:
        if dtype is not None and dtype.name == dtype.held:
            array, dtype = array if array.dtype == dtype.held else array.astype(dtype.held), None
        self._array, self._dtype = array, dtype

    @property
    def dtype(self) -> DType:
        """The dtype that the program sees."""
        return self._dtype or as_dtype(self._array.dtype)

    @property
    def shape(self) -> TensorShape:
        """The sizes."""
        return TensorShape(self._array.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._array.shape)

    @property
    def device(self) -> str:
        """Where the array lies."""
        place = getattr(self._array, "device", None)
        if getattr(place, "platform", "cpu") in ("gpu", "cuda"):
            return DEVICE.replace("CPU", "GPU")
        return DEVICE

    @property
    def name(self) -> str:
        """Only graphs have names."""
        raise AttributeError("Tensor.name is meaningless when eager execution is enabled.")

    @property
    def _keras_mask(self) -> Any:
        mask = MASK.get(self._array)
        if mask is None:
            raise AttributeError("_keras_mask")
        return Tensor(mask)

    @_keras_mask.setter
    def _keras_mask(self, mask: Any) -> None:
        MASK.set(self._array, getattr(mask, "_array", mask))

    def get_shape(self) -> TensorShape:
        """The shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Check the shape, which is known already."""
        self.shape.assert_is_compatible_with(shape)

    def numpy(self) -> Any:
        """The numbers in NumPy: an array, or a scalar.

        Raises:
            TracingError: there are none yet, because the code is being compiled.
        """
        if not has_numbers(self._array):
            raise TracingError(
                "`.numpy()` needs numbers, but this code is compiled before there are any: in a "
                "tf.function, or "
                "while fit traces the model. Leave it out there, or compile(run_eagerly=True)."
            )
        array = np.asarray(self._array)
        if self._dtype is not None and array.dtype != self._dtype.as_numpy_dtype:
            array = array.astype(self._dtype.as_numpy_dtype)
        elif array is not self._array and not array.flags.writeable:
            array = array.copy()
        return array[()] if array.ndim == 0 else array

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The numbers: TensorFlow 1's `numpy()`."""
        del feed_dict, session
        return self.numpy()

    def ref(self) -> "Reference":
        """An object that stands for this tensor in sets and dictionaries."""
        return Reference(self)

    experimental_ref = ref

    def get(self) -> "Tensor":
        """Itself."""
        return self

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.numpy(), dtype)

    def __jax_array__(self) -> jax.Array:
        return self._array

    def __len__(self) -> int:
        if not self._array.shape:
            raise TypeError("Scalar tensor has no `len()`")
        return self._array.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self._array.shape:
            raise TypeError("Cannot iterate over a scalar tensor.")
        if len(self) > _UNROLLED and is_tracing():
            raise NeedsEagerError(f"A `for` over {len(self)} rows would be compiled row by row.")
        rows: Any = self
        return (rows[index] for index in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self._known("a truth value"))

    def __int__(self) -> int:
        return int(self._one("an integer"))

    def __index__(self) -> int:
        return self._known("an index").__index__()

    def __float__(self) -> float:
        return float(self._one("a number"))

    def __complex__(self) -> complex:
        return complex(self._one("a number"))

    def _one(self, what: str) -> Any:
        """The number of a tensor that has one, whatever its rank."""
        numbers = self._known(what)
        return numbers.item() if getattr(numbers, "size", 0) == 1 else numbers

    def _known(self, what: str) -> Any:
        """The numbers, which Python reads."""
        if not has_numbers(self._array):
            raise NeedsEagerError(
                f"Python asks a tensor for {what}, but its code is compiled before there is one."
            )
        return np.asarray(self._array)

    def __hash__(self) -> int:
        raise TypeError("Tensor is unhashable. Instead, use tensor.ref() as the key.")

    def __format__(self, spec: str) -> str:
        return format(self.numpy() if self.ndim == 0 and has_numbers(self._array) else str(self), spec)

    def __str__(self) -> str:
        if not has_numbers(self._array):
            return f'Tensor("Tensor:0", shape={self.shape}, dtype={self.dtype.name})'
        text = str(self.numpy())
        line = chr(10) if self.ndim > 1 else ""
        return f"tf.Tensor({line}{text}, shape={self.shape}, dtype={self.dtype.name})"

    def __repr__(self) -> str:
        if not has_numbers(self._array):
            return f"<tf.Tensor 'Tensor:0' shape={self.shape} dtype={self.dtype.name}>"
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, {numpy_text(self)}>"

    def __copy__(self) -> "Tensor":
        return Tensor(self._array, self._dtype)

    def __deepcopy__(self, _: Any) -> "Tensor":
        return Tensor(self._array, self._dtype)

    def __reduce__(self) -> tuple:
        return _from_numpy, (np.asarray(self._array), self._dtype)


class NeedsEagerError(TracingError, TypeError):
    """Code that is being compiled asks for numbers: it must run step by step."""


class Reference:
    """A tensor as a key of dictionaries."""

    def __init__(self, tensor: Any) -> None:
        self._tensor = tensor

    def deref(self) -> Any:
        """The tensor."""
        return self._tensor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and other._tensor is self._tensor

    def __hash__(self) -> int:
        return id(self._tensor)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._tensor!r}>"


def numpy_text(tensor: Any) -> str:
    """The numbers as in TensorFlow's `repr`."""
    value = tensor.numpy()
    if not isinstance(value, np.ndarray):
        return f"numpy={value!r}" if isinstance(value, bytes) else f"numpy={value}"
    text = repr(value)
    return f"numpy={chr(10) if chr(10) in text else ''}{text}"


def _from_numpy(array: np.ndarray, dtype: DType | None) -> Tensor:
    return Tensor(array if array.dtype == object else on_device(array), dtype)


jax.tree_util.register_pytree_node(
    Tensor,
    lambda tensor: ((tensor._array,), tensor._dtype),
    lambda dtype, children: Tensor(children[0], dtype),
)


def unwrapped(tree: Any) -> Any:
    """A tree with arrays in the place of tensors."""
    return jax.tree.map(
        lambda leaf: leaf._array if isinstance(leaf, Tensor) else leaf,
        tree,
        is_leaf=lambda leaf: isinstance(leaf, Tensor),
    )


def for_models(tree: Any) -> Any:
    """A tree with arrays of at most 32 bits in the place of tensors: what models compute with."""
    return jax.tree.map(narrowed, unwrapped(tree))


def wrapped(tree: Any) -> Any:
    """A tree with tensors in the place of JAX's arrays."""
    return jax.tree.map(
        lambda leaf: Tensor(leaf) if isinstance(leaf, jax.Array) else leaf,
        tree,
        is_leaf=lambda leaf: isinstance(leaf, Tensor),
    )


def holds_tensor(tree: Any) -> bool:
    """Whether a tree holds an eager tensor."""
    return any(
        isinstance(leaf, Tensor)
        for leaf in jax.tree.leaves(tree, is_leaf=lambda leaf: isinstance(leaf, Tensor))
    )
