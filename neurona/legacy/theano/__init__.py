"""The face of Theano: symbolic functions, differentiated and compiled, for programs written for it.

Expressions are nodes of `neurona.graph`, XLA compiles them, and they compute with 64 bits where Theano does.
"""

import pickle
from collections import OrderedDict
from types import SimpleNamespace
from typing import Any

import numpy as np

from neurona.legacy.imports import submodule
from neurona.legacy.theano import gradient, loops, printing, tensor
from neurona.legacy.theano.calls import Function, In, Out, Param, UnusedInputError, function
from neurona.legacy.theano.checking import verify_grad
from neurona.legacy.theano.gradient import Lop, Rop, grad
from neurona.legacy.theano.loops import foldl, foldr, map_, reduce, scan
from neurona.legacy.theano.operations import Op, as_op
from neurona.legacy.theano.printing import pp
from neurona.legacy.theano.settings import config
from neurona.legacy.theano.variables import (
    Apply,
    Shared,
    Tensor,
    TensorVariable,
    as_tensor_variable,
    clone,
    shared,
)

__version__ = "1.0.5"
version = SimpleNamespace(version=__version__, full_version=__version__)
Variable, map = Tensor, map_
dot, ifelse, scan_module = tensor.dot, loops, loops
__all__ = [
    "Apply",
    "Function",
    "In",
    "Lop",
    "Mode",
    "Op",
    "Out",
    "Param",
    "Rop",
    "Shared",
    "UnusedInputError",
    "Variable",
    "as_tensor_variable",
    "clone",
    "config",
    "dot",
    "foldl",
    "foldr",
    "function",
    "grad",
    "gradient",
    "ifelse",
    "map",
    "pp",
    "printing",
    "reduce",
    "scan",
    "shared",
    "tensor",
]
for _module in (gradient, tensor):  # where programs find it too
    vars(_module)["verify_grad"] = verify_grad
_HERE = "neurona.legacy.theano"
_RANDOM = f"{_HERE}.tensor.shared_randomstreams"


def _asarray(a: Any, dtype: Any = None, order: Any = None) -> np.ndarray:
    """An array of a dtype."""
    return np.asarray(a, config.floatX if dtype in (None, "floatX") else dtype, order)


class Mode:
    """How Theano compiled. XLA compiles here, whatever it says."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Any arguments."""

    def including(self, *_: Any) -> "Mode":
        """The same."""
        return self

    excluding = including


ProfileMode, OrderedUpdates, change_flags = Mode, OrderedDict, config.change_flags


def _upcast(dtype: str, *dtypes: str) -> str:
    """The dtype of a result of others."""
    return np.result_type(dtype, *dtypes).name


scalar = SimpleNamespace(upcast=_upcast)


def get_mode(*_: Any) -> Mode:
    """A mode."""
    return Mode()


# Modules of Theano that are no files here: where their names are.
PATHS: dict[str, Any] = {
    "compile": {
        "function": function,
        "Mode": Mode,
        "SharedVariable": Shared,
        "get_default_mode": get_mode,
        "MonitorMode": f"{_HERE}.refused:MonitorMode",
        "as_op": as_op,
        "In": In,
        "Out": Out,
        "Param": Param,
    },
    "compile.mode": {"Mode": Mode, "get_mode": get_mode, "get_default_mode": get_mode},
    "compile.builders": {"OpFromGraph": f"{_HERE}.refused:OpFromGraph"},
    "compile.ops": {"as_op": as_op},
    "compile.io": {"In": In, "Out": Out},
    "compile.monitormode": {"MonitorMode": f"{_HERE}.refused:MonitorMode"},
    "tests": {},
    "tests.unittest_tools": f"{_HERE}.checking",
    "compile.debugmode": {"DebugMode": Mode},
    "compile.profilemode": {"ProfileMode": Mode},
    "compile.sharedvalue": {"SharedVariable": Shared, "shared": shared},
    "compile.nanguardmode": {"NanGuardMode": Mode},
    "configparser": {"change_flags": config.change_flags},
    "misc.safe_asarray": {"_asarray": _asarray},
    "misc.pkl_utils": {"dump": pickle.dump, "load": pickle.load},
    "updates": {"OrderedUpdates": OrderedDict},
    "gof": {
        "Apply": Apply,
        "Op": Op,
        "Variable": Tensor,
        "local_optimizer": f"{_HERE}.refused:local_optimizer",
    },
    "gof.op": {"Op": Op},
    "gof.graph": {
        "Apply": Apply,
        "Variable": Tensor,
        **{name: f"{_HERE}.refused:{name}" for name in ("ancestors", "inputs", "io_toposort")},
    },
    "gof.opt": {"local_optimizer": f"{_HERE}.refused:local_optimizer"},
    "ifelse": f"{_HERE}.loops",
    **dict.fromkeys(
        ("gpuarray", "gpuarray.basic_ops", "gpuarray.dnn", "sandbox.cuda.basic_ops", "sandbox.cuda.dnn"),
        f"{_HERE}.gpu",
    ),
    "compat": {"OrderedDict": OrderedDict},
    "compat.python2x": {"OrderedDict": OrderedDict},
    "scalar": {"upcast": _upcast},
    "scalar.basic": {"upcast": _upcast},
    "sandbox": {},
    "sandbox.cuda": f"{_HERE}.gpu",
    "sandbox.rng_mrg": _RANDOM,
    "scan_module": f"{_HERE}.loops",
    "scan_module.scan_utils": f"{_HERE}.loops",
    "tensor.basic": f"{_HERE}.tensor",
    "tensor.extra_ops": f"{_HERE}.tensor",
    "tensor.nnet.abstract_conv": f"{_HERE}.tensor.nnet",
    "tensor.nnet.bn": f"{_HERE}.tensor.nnet",
    "tensor.nnet.conv": f"{_HERE}.tensor.nnet",
    "tensor.nnet.nnet": f"{_HERE}.tensor.nnet",
    "tensor.nnet.sigm": f"{_HERE}.tensor.nnet",
    "tensor.nnet.neighbours": f"{_HERE}.refused",
    "tensor.opt": f"{_HERE}.refused",
    "tensor.elemwise": f"{_HERE}.tensor",
    "tensor.inplace": {
        f"{name}_inplace": f"{_HERE}.tensor:{name}" for name in ("exp", "log", "sqr", "sqrt", "tanh", "neg")
    }
    | {"sigmoid_inplace": f"{_HERE}.tensor.nnet:sigmoid"},
    "tensor.subtensor": f"{_HERE}.tensor",
    "tensor.raw_random": _RANDOM,
    "tensor.sharedvar": {"TensorSharedVariable": Shared, "SharedVariable": Shared},
    "tensor.signal.conv": f"{_HERE}.tensor.signal",
    "tensor.signal.downsample": f"{_HERE}.tensor.signal",
    "tensor.signal.pool": f"{_HERE}.tensor.signal",
    "tensor.var": {"TensorVariable": TensorVariable},
}


def __getattr__(name: str) -> Any:
    return submodule(__name__, name)
