"""`theano.tensor`: variables and the functions on them."""

from typing import Any

import numpy as np

from neurona.legacy.imports import submodule
from neurona.legacy.theano import gradient, refused, variables
from neurona.legacy.theano.tensor.functions import *
from neurona.legacy.theano.tensor.functions import TABLE
from neurona.legacy.theano.variables import KINDS, PLURALS, PREFIXES, TensorType

grad, Lop, Rop = gradient.grad, gradient.Lop, gradient.Rop
hessian, jacobian = gradient.hessian, gradient.jacobian
as_tensor_variable = as_tensor = variables.as_tensor_variable
cast, constant, TensorConstant = variables.cast, variables.constant, variables.TensorConstant
TensorVariable, TensorSharedVariable, Elemwise = (
    variables.TensorVariable,
    variables.Shared,
    variables.Elemwise,
)
tensor_copy = TABLE["tensor_copy"]
pi, e, inf, nan = np.pi, np.e, np.inf, np.nan
newaxis = None
discrete_dtypes = integer_dtypes = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
float_dtypes = continuous_dtypes = ["float16", "float32", "float64"]
choose = refused.choose
globals().update(TABLE)


def tensor(dtype: str, broadcastable: Any, name: str | None = None) -> Any:
    """A variable of a type."""
    return TensorType(dtype, broadcastable)(name)


def _maker(kind: str) -> Any:
    def make(name: str | None = None, dtype: str | None = None) -> Any:
        return TensorType(dtype or "floatX", KINDS[kind])(name)

    return make


def _makers(make_one: Any) -> Any:
    def make(*names: Any) -> Any:
        """Several variables: as many as names or letters of the one text, or as the number says."""
        only = names[0] if len(names) == 1 else names
        wanted = [None] * only if isinstance(only, int) else only
        made = [make_one(name) for name in wanted]
        return made[0] if isinstance(only, (str, int)) and len(made) == 1 else made

    return make


for _prefix, _dtype in PREFIXES.items():
    for _kind in KINDS:
        # A type, which makes variables when it is called; that of `floatX` follows the setting.
        _one: Any = TensorType(_dtype, KINDS[_kind]) if _dtype else _maker(_kind)
        globals()[_prefix + _kind] = _one
        globals()[_prefix + PLURALS.get(_kind, _kind + "s")] = _makers(_one)


def __getattr__(name: str) -> Any:
    if name in (
        "opt",
        "nnet",
        "signal",
        "shared_randomstreams",
        "nlinalg",
        "slinalg",
        "extra_ops",
        "basic",
        "sharedvar",
        "raw_random",
        "elemwise",
        "inplace",
        "subtensor",
        "xlogx",
    ):
        return submodule(__name__, name)
    raise AttributeError(f"theano.tensor has no {name!r} here.")
