"""`tf.experimental.numpy`: NumPy's functions on tensors, with NumPy's dtypes and promotion."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.variable import Variable
from neurona.legacy.imports import submodule
from neurona.legacy.tensorflow import operators
from neurona.legacy.tensorflow.arrays import cast
from neurona.legacy.tensorflow.dispatch import static, tensor_of
from neurona.legacy.tensorflow.dtypes import DType, as_dtype
from neurona.legacy.tensorflow.recording import computed
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.widths import wide

ndarray = Tensor
newaxis, pi, e, inf = None, np.pi, np.e, np.inf
finfo, iinfo, issubdtype, inexact = np.finfo, np.iinfo, np.issubdtype, np.inexact
bool_, object_, string_, unicode_ = np.bool_, np.object_, np.bytes_, np.str_
int8, int16, int32, int64, int_ = np.int8, np.int16, np.int32, np.int64, np.int64
uint8, uint16, uint32, uint64 = np.uint8, np.uint16, np.uint32, np.uint64
float16, float32, float64, float_ = np.float16, np.float32, np.float64, np.float64
complex64, complex128, complex_ = np.complex64, np.complex128, np.complex128
# Functions whose arguments take the dtype that NumPy gives them together.
_RENAMED = {"fix": "trunc"}
_PROMOTING = """add append arctan2 array_equal bitwise_and bitwise_or bitwise_xor concatenate cross divide
    divmod dot dstack einsum equal float_power floor_divide gcd greater greater_equal heaviside
    hstack hypot inner isclose allclose kron lcm less less_equal logaddexp logaddexp2 matmul maximum
    minimum mod multiply nextafter not_equal outer polyval power remainder stack subtract tensordot
    true_divide vdot vstack"""
# Those of them whose numbers are axes.
_WITH_AXES = ("append", "concatenate", "cross", "einsum", "stack", "tensordot")
_PLAIN = """abs absolute all amax amin angle any arccos arccosh arcsin arcsinh arctan arctanh argmax argmin
    argsort around atleast_1d atleast_2d atleast_3d average bitwise_not broadcast_arrays
    broadcast_to cbrt ceil clip compress conj conjugate cos cosh count_nonzero cumprod cumsum
    deg2rad diag diagflat diagonal diff dsplit exp exp2 expand_dims expm1 fabs fix flip fliplr
    flipud floor hsplit imag iscomplex isfinite isinf isnan isneginf isposinf isreal ix_ log log10
    log1p log2 logical_and logical_not logical_or logical_xor max mean meshgrid min moveaxis nanmean
    nanprod nansum negative nonzero pad positive prod ptp rad2deg ravel real reciprocal repeat
    reshape roll rot90 round select sign signbit sin sinc sinh sort split sqrt square squeeze std
    sum swapaxes take take_along_axis tan tanh tile trace transpose tril triu vander var vsplit
    where arange diag_indices empty eye full geomspace identity linspace logspace ones tri zeros
    empty_like full_like ones_like zeros_like copy"""
_TESTING = "iscomplexobj isrealobj isscalar ndim shape size"


class _State:
    prefers_32 = False
    is_enabled = False


def _leaves(tree: Any) -> tuple[list[Any], Any]:
    return jax.tree.flatten(tree, is_leaf=lambda one: isinstance(one, (Tensor, Variable)))


def _run(
    compute: Callable[..., Any],
    args: Any,
    kwargs: dict[str, Any],
    promotes: bool = False,
    with_axes: bool = False,
) -> Any:
    """What a function of arrays gives for tensors, arrays and numbers, as tensors that tapes see."""
    leaves, form = _leaves((args, kwargs))
    given = [
        _tensor(one) if isinstance(one, (Tensor, Variable, jax.Array, np.ndarray, np.generic)) else None
        for one in leaves
    ]
    kinds = [one if tensor is None else np.dtype(tensor.dtype.held) for one, tensor in zip(leaves, given)]
    dtype = _common(kinds) if promotes else None

    numbers = () if with_axes else (bool, int, float, complex)

    def run(arrays: list[Any]) -> Any:
        found = iter(arrays)
        filled = [leaf if tensor is None else next(found) for leaf, tensor in zip(leaves, given, strict=True)]
        if dtype is not None:
            filled = [_promoted(one, tensor, numbers, dtype) for one, tensor in zip(filled, given)]
        positional, named = jax.tree.unflatten(form, filled)
        with wide():
            return compute(*positional, **named)

    results = computed(run, [one._array for one in given if one is not None], run)
    has_64 = any(getattr(one, "dtype", one) == np.float64 for one in kinds)
    return jax.tree.map(functools.partial(_result, narrow=_State.prefers_32 and not has_64), results)


def _promoted(one: Any, tensor: Any, numbers: tuple, dtype: Any) -> Any:
    return jnp.asarray(one, dtype) if tensor is not None or isinstance(one, numbers) else one


def _result(array: Any, narrow: bool) -> Any:
    if not hasattr(array, "dtype"):
        return array
    return Tensor(array.astype("float32") if narrow and array.dtype == np.float64 else array)


def _tensor(value: Any) -> Tensor:
    with wide():
        return tensor_of(value)


def _common(kinds: list[Any]) -> Any:
    """The dtype that NumPy gives dtypes and Python's numbers together."""
    known = [one for one in kinds if isinstance(one, (np.dtype, bool, int, float, complex))]
    return np.result_type(*known) if known else None


def _dtype(dtype: Any) -> Any:
    return np.dtype(as_dtype(dtype).held) if isinstance(dtype, DType) else dtype


def _made(name: str, promotes: bool) -> Callable[..., Any]:
    compute = getattr(jnp, _RENAMED.get(name, name))

    @functools.wraps(compute)
    def call(*args: Any, **kwargs: Any) -> Any:
        kwargs = {key: _dtype(value) for key, value in kwargs.items()}
        return _run(compute, tuple(map(_dtype, args)), kwargs, promotes, name in _WITH_AXES)

    call.__doc__ = f"`numpy.{name}` of tensors."
    return call


def _testing(name: str) -> Callable[..., Any]:
    compute = getattr(np, name)

    @functools.wraps(compute)
    def call(element: Any, *args: Any) -> Any:
        value = (
            element if name == "isscalar" or not isinstance(element, (Tensor, Variable)) else _Sizes(element)
        )
        return compute(value, *args)

    return call


class _Sizes:
    """What NumPy asks of an array's shape and dtype, which is known while a program is compiled too."""

    def __init__(self, tensor: Any) -> None:
        array = tensor_of(tensor)._array
        self.shape, self.ndim, self.size, self.dtype = array.shape, array.ndim, array.size, array.dtype


def array(val: Any, dtype: Any = None, copy: bool = True, ndmin: int = 0) -> Tensor:
    """Anything as a tensor of NumPy's dtype: 64 bits for Python's numbers."""
    leaves, _ = _leaves(val)
    if isinstance(val, (Tensor, Variable)) or not any(isinstance(one, (Tensor, Variable)) for one in leaves):
        made = tensor_of(val if isinstance(val, (Tensor, Variable)) else np.asarray(val))
    else:
        made = _run(
            lambda *parts: jnp.asarray(jax.tree.map(lambda one: one, list(parts))), tuple(val), {}, True
        )
    if dtype is not None:
        made = cast(made, as_dtype(dtype))
    elif _State.prefers_32 and made.dtype == np.float64 and not any(hasattr(one, "dtype") for one in leaves):
        made = cast(made, as_dtype("float32"))
    missing = ndmin - made._array.ndim
    return _reshape(made, (1,) * missing + made._array.shape) if missing > 0 else made


def asarray(a: Any, dtype: Any = None) -> Tensor:
    """Anything as a tensor of NumPy's dtype."""
    return array(a, dtype)


asanyarray = ascontiguousarray = asarray


def flatten(a: Any, order: str = "C") -> Any:
    """The elements on one axis."""
    return _run(jnp.ravel, (a,), {"order": order})


def promote_types(type1: Any, type2: Any) -> np.dtype:
    """The dtype that two dtypes give together."""
    return np.promote_types(_dtype(type1), _dtype(type2))


def result_type(*arrays_and_dtypes: Any) -> np.dtype:
    """The dtype that tensors and dtypes give together."""
    return np.result_type(
        *(
            np.dtype(tensor_of(one).dtype.held) if isinstance(one, (Tensor, Variable)) else _dtype(one)
            for one in arrays_and_dtypes
        )
    )


# Methods and operators of tensors.


def _reshape(self: Tensor, *newshape: Any, order: str = "C") -> Tensor:
    shape = newshape[0] if len(newshape) == 1 and not isinstance(newshape[0], int) else newshape
    return _run(functools.partial(jnp.reshape, shape=static(shape), order=order), (self,), {})


def _transpose(self: Tensor, *axes: Any) -> Tensor:
    order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
    return _run(functools.partial(jnp.transpose, axes=order), (self,), {})


def _method(name: str) -> Callable[..., Any]:
    return lambda self, *args, **kwargs: __getattr__(name)(self, *args, **kwargs)


def _give_methods() -> None:
    for name in ("clip", "max", "mean", "min", "ravel", "flatten"):
        setattr(Tensor, name, _method(name))
    for name, value in {
        "reshape": _reshape,
        "transpose": _transpose,
        "T": property(_transpose),
        "astype": lambda self, dtype: cast(self, as_dtype(dtype)),
        "tolist": lambda self: self.numpy().tolist(),
        "size": property(lambda self: self._array.size),
        "data": property(lambda self: self),
    }.items():
        setattr(Tensor, name, value)


_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "mod", "pow": "power", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or",
    "xor": "bitwise_xor",
}  # fmt: skip
_ORDER = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}


def _operator(name: str, reflected: bool = False) -> Callable[..., Any]:
    def operate(self: Any, other: Any) -> Any:
        if not isinstance(
            other, (Tensor, Variable, np.ndarray, np.generic, jax.Array, bool, int, float, complex, list)
        ):
            return NotImplemented
        pair = (np.asarray(other), self) if isinstance(other, list) else (other, self)
        return __getattr__(name)(*(pair if reflected else pair[::-1]))

    return operate


def _item(self: Any, index: Any) -> Any:
    """self[index] as NumPy understands it."""
    places = index if isinstance(index, tuple) else (index,)
    if not any(isinstance(one, (list, tuple, np.ndarray, Tensor, jax.Array)) for one in places):
        return operators.item(self, index)
    places = tuple(
        np.asarray(static(one) if isinstance(one, Tensor) and one.dtype == bool else one)
        if isinstance(one, (list, tuple, np.ndarray)) or (isinstance(one, Tensor) and one.dtype == bool)
        else one
        for one in places
    )
    return _run(lambda array, *chosen: array[chosen], (self, *places), {})


def experimental_enable_numpy_behavior(
    prefer_float32: bool = False, dtype_conversion_mode: str | None = None
) -> None:
    """Let the operators of tensors promote dtypes as NumPy's do, and indexing be NumPy's.

    Args:
        prefer_float32: whether Python's floats become float32.
        dtype_conversion_mode: "legacy" or None; other modes are not here.

    Raises:
        NotImplementedError: another mode.
    """
    if dtype_conversion_mode not in (None, "legacy"):
        raise NotImplementedError(
            f"dtype_conversion_mode={dtype_conversion_mode!r} is not here: 'legacy' is."
        )
    _State.prefers_32 = bool(prefer_float32)
    if _State.is_enabled:
        return
    _State.is_enabled = True
    for name, function in _OPERATORS.items():
        setattr(Tensor, f"__{name}__", _operator(function))
        setattr(Tensor, f"__r{name}__", _operator(function, reflected=True))
    for name, function in _ORDER.items():
        setattr(Tensor, f"__{name}__", _operator(function))
    setattr(Tensor, "__getitem__", _item)  # noqa: B010 - a method that the class has not declared


_give_methods()


def __getattr__(name: str) -> Any:
    if name in globals():
        return globals()[name]
    if name in _TESTING.split():
        value = _testing(name)
    elif name in _PROMOTING.split() or name in _PLAIN.split():
        value = _made(name, name in _PROMOTING.split())
    else:
        return submodule(__name__, name)
    globals()[name] = value
    return value
