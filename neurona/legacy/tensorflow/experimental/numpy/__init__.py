"""`tf.experimental.numpy`: NumPy's functions, which take tensors and give tensors.

As in NumPy, numbers of Python have 64 bits and dtypes are promoted; in the code of a model both are JAX's.
"""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.scope import current_scope
from neurona.core.variable import Variable
from neurona.legacy.imports import submodule
from neurona.legacy.tensorflow.dispatch import belongs_to_model, static, step_of_model
from neurona.legacy.tensorflow.tensor import Tensor, wrapped
from neurona.legacy.tensorflow.widths import wide

_FUNCTIONS = """abs absolute add all allclose amax amin angle any append arange arccos arccosh arcsin arcsinh
    arctan arctan2 arctanh argmax argmin argsort around array array_equal asarray atleast_1d
    atleast_2d atleast_3d average bitwise_and bitwise_not bitwise_or bitwise_xor broadcast_arrays broadcast_to
    cbrt ceil clip compress concatenate conj conjugate copy cos cosh count_nonzero cross cumprod cumsum
    deg2rad diag diag_indices diagflat diagonal diff divide divmod dot dsplit dstack einsum empty empty_like
    equal exp exp2 expand_dims expm1 eye fabs flatten flip fliplr flipud float_power floor floor_divide
    full full_like gcd geomspace greater greater_equal heaviside hsplit hstack hypot identity imag inner
    isclose iscomplex iscomplexobj isfinite isinf isnan isneginf isposinf isreal isrealobj isscalar ix_ kron
    lcm less less_equal linspace log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or
    logical_xor logspace matmul max maximum mean meshgrid min minimum mod moveaxis multiply nanmean nanprod
    nansum ndim negative nextafter nonzero not_equal ones ones_like outer pad polyval positive power prod ptp
    rad2deg ravel real reciprocal remainder repeat reshape roll rot90 round select shape sign signbit sin
    sinc sinh size sort split sqrt square squeeze stack std subtract sum swapaxes take take_along_axis tan
    tanh tensordot tile trace transpose tri tril triu true_divide vander var vdot vsplit vstack where zeros
    zeros_like"""
_TYPES = """bool_ complex64 complex128 e finfo float16 float32 float64 iinfo inexact inf int8 int16 int32
    int64 newaxis pi uint8 uint16 uint32 uint64 issubdtype promote_types result_type"""
ndarray = Tensor
float_, int_, complex_, object_ = np.float64, np.int64, np.complex128, np.object_
string_, unicode_ = np.bytes_, np.str_


def _function(name: str, compute: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(compute)
    def call(*args: Any, **kwargs: Any) -> Any:
        if belongs_to_model((args, kwargs)):
            return step_of_model(call, name, args, kwargs)
        args, kwargs = jax.tree.map(_value, (args, kwargs), is_leaf=lambda leaf: isinstance(leaf, Tensor))
        with wide() if current_scope() is None else contextlib.nullcontext():
            return wrapped(compute(*args, **kwargs))

    return call


def _value(leaf: Any) -> Any:
    if isinstance(leaf, Variable):
        return leaf.value
    if hasattr(leaf, "_as_tensor"):
        leaf = leaf._as_tensor()
    if isinstance(leaf, Tensor):
        return leaf._array
    return getattr(leaf, "as_numpy_dtype", leaf)


def _flatten(a: Any, order: str = "C") -> Any:
    return jnp.ravel(a, order)


def _asarray(a: Any, dtype: Any = None) -> Any:
    return jnp.asarray(a, dtype)


def _take_static(function: Callable[..., Any]) -> Callable[..., Any]:
    """Functions whose first argument is a shape, which a tensor may hold."""

    @functools.wraps(function)
    def call(shape: Any, *args: Any, **kwargs: Any) -> Any:
        return function(static(shape), *args, **kwargs)

    return call


_OWN = {"flatten": _flatten, "asarray": _asarray, "abs": jnp.absolute, "round": jnp.round}
_OWN |= {name: _take_static(getattr(jnp, name)) for name in ("zeros", "ones", "empty", "full")}
globals().update({name: _function(name, _OWN.get(name) or getattr(jnp, name)) for name in _FUNCTIONS.split()})
globals().update({name: getattr(np, name) for name in _TYPES.split()})
asanyarray = ascontiguousarray = globals()["asarray"]
fix = _function("fix", jnp.trunc)
_METHODS = ("clip", "flatten", "max", "mean", "min", "ravel")


def _reshaped(tensor: Any, *shape: Any) -> Any:
    return globals()["reshape"](tensor, shape if len(shape) > 1 else next(iter(shape)))


def experimental_enable_numpy_behavior(**_: Any) -> None:
    """Give tensors NumPy's methods and attributes: `x.T`, `x.reshape(2, 3)`, `x.astype("int32")`."""
    names: Any = globals()
    tensor: Any = Tensor
    for name in _METHODS:
        setattr(tensor, name, names[name])
    tensor.T = property(names["transpose"])
    tensor.size = property(lambda self: int(np.prod(self._array.shape)))
    tensor.data = property(Tensor.numpy)
    tensor.astype = lambda self, dtype: names["asarray"](self, dtype)
    tensor.reshape = _reshaped
    tensor.transpose = lambda self, *axes: names["transpose"](self, *([axes] if len(axes) > 1 else axes))
    tensor.tolist = lambda self: self.numpy().tolist()


__all__ = sorted([*_FUNCTIONS.split(), *_TYPES.split(), "asanyarray", "ascontiguousarray", "fix", "ndarray"])


def __getattr__(name: str) -> Any:
    return submodule(__name__, name)
