"""Names of Theano that can be imported, and say at a call what to write instead."""

from typing import Any

from neurona.errors import ArgumentError

_WAYS = {
    "OpFromGraph": "Write a function that makes the expression from its inputs.",
    "choose": "Write theano.tensor.switch, or index a stack of the choices.",
    "h_softmax": "Write theano.tensor.nnet.softmax, which XLA computes fast for thousands of classes.",
    "images2neibs": "Write theano.tensor.signal.pool for windows of pooling, and conv2d for others.",
    "neibs2images": "Write reshape and dimshuffle.",
    "MonitorMode": "theano.printing.Print shows values while a function runs.",
    "ancestors": "theano.printing.debugprint prints what an expression is made of.",
    "inputs": "theano.printing.debugprint prints what an expression is made of.",
    "io_toposort": "theano.printing.debugprint prints what an expression is made of.",
    "local_optimizer": "XLA optimizes the programs, and has no rules of a program's own.",
    "register_canonicalize": "XLA optimizes the programs, and has no rules of a program's own.",
    "register_specialize": "XLA optimizes the programs, and has no rules of a program's own.",
    "register_stabilize": "XLA optimizes the programs, and has no rules of a program's own.",
}


__all__ = list(_WAYS)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _WAYS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def refuse(*_: Any, **__: Any) -> Any:
        raise ArgumentError(f"Theano's {name} is not here. {_WAYS[name]}")

    return refuse
