"""Functions of `keras.backend` that read, write and run: placeholders, K.function, values, sessions."""

import contextlib
import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np

from neurona.core.errors import ArgumentError
from neurona.core.symbolic import SymbolicTensor, is_symbolic
from neurona.core.variable import Variable
from neurona.layers.input import Input
from neurona.legacy.keras.backend.control import Step, Update, is_phase
from neurona.legacy.keras.backend.program import Program, gradients, is_entrance, value_of


def placeholder(
    shape: Any = None, ndim: int | None = None, dtype: Any = None, sparse: bool = False, name: Any = None
) -> SymbolicTensor:
    """A symbolic tensor that is fed when a program runs."""
    if shape is None and ndim is None:
        raise ArgumentError("K.placeholder: give shape or ndim.")
    sizes = (None,) * (ndim or 0) if shape is None else tuple(shape)
    return Input(batch_shape=sizes, dtype=dtype, sparse=sparse, name=name)


def is_placeholder(x: Any) -> bool:
    """Whether this is a tensor that must be fed."""
    return is_symbolic(x) and is_entrance(x)


def is_keras_tensor(x: Any) -> bool:
    """Whether this is a symbolic tensor."""
    return is_symbolic(x)


def is_variable(x: Any) -> bool:
    """Whether this is a variable."""
    return isinstance(x, Variable)


def is_tensor(x: Any) -> bool:
    """Whether this is an array, a variable or a symbolic tensor."""
    return is_symbolic(x) or isinstance(x, (jax.Array, Variable))


class Function:
    """A compiled program from inputs to outputs, which also assigns to variables.

    Args:
        inputs: symbolic tensors, K.learning_phase() among them.
        outputs: symbolic tensors, variables, or one of them.
        updates: pairs (variable, new value), and what `optimizer.get_updates` returned.
    """

    def __init__(self, inputs: Any, outputs: Any, updates: Any = None, name: str | None = None) -> None:
        self.inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        self.outputs, self.name = outputs, name
        fed = [one for one in self.inputs if not _tells_phase(one)]
        for one in fed:
            if not is_symbolic(one):
                raise ArgumentError(
                    "K.function: inputs are symbolic tensors, such as model.input or K.placeholder. "
                    f"Received: {one!r}"
                )
        pairs = [tuple(one) for one in updates or [] if isinstance(one, (tuple, list))]
        self._variables = [variable for variable, _ in pairs]
        self._steps = [one for one in updates or [] if isinstance(one, Step)]
        wanted = outputs, [value for _, value in pairs], [step.gradients for step in self._steps]
        self._program = Program(wanted, fed)

    def __call__(self, *inputs: Any) -> Any:
        """The outputs as arrays of NumPy."""
        values = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], (list, tuple)) else list(inputs)
        if len(values) != len(self.inputs):
            raise ArgumentError(
                f"This K.function has {len(self.inputs)} inputs: {self.inputs}. Received {len(values)} "
                "values."
            )
        phase = [value for one, value in zip(self.inputs, values) if _tells_phase(one)]
        fed = [value for one, value in zip(self.inputs, values) if not _tells_phase(one)]
        is_training = bool(phase and np.asarray(phase[0]).item())
        outputs, new, gradients = self._program(fed, training=is_training)
        for variable, value in zip(self._variables, new, strict=True):
            variable.assign(value)
        for step, found in zip(self._steps, gradients, strict=True):
            step.optimizer.apply(found, step.variables)
        return jax.tree.map(np.array, outputs)


def _tells_phase(one: Any) -> bool:
    return is_phase(one) or isinstance(one, (bool, int))


def function(inputs: Any, outputs: Any, updates: Any = None, name: str | None = None, **kwargs: Any) -> Any:
    """A compiled program from symbolic inputs to outputs: call it with a list of arrays."""
    return Function(inputs, outputs, updates, name)


def get_value(x: Any) -> Any:
    """The value of a variable, or of an expression of variables, as NumPy's."""
    value = Program(x)([]) if is_symbolic(x) else value_of(x)
    return np.array(value)[()]


eval = get_value


def batch_get_value(tensors: Any) -> list[Any]:
    """The values of several variables."""
    return [get_value(one) for one in tensors]


def set_value(x: Any, value: Any) -> None:
    """Give a variable a value.

    Raises:
        ArgumentError: x is none.
    """
    if not hasattr(x, "assign"):
        raise ArgumentError(
            f"K.set_value gives a value to a variable, such as K.variable or optimizer.learning_rate. "
            f"Received: {x!r} of type {type(x).__name__}"
        )
    x.assign(get_value(value))


def batch_set_value(tuples: Any) -> None:
    """Give several variables values: pairs (variable, value)."""
    for variable, value in tuples:
        set_value(variable, value)


# Sessions.


def _belongs_to_graph(asked: Any) -> bool:
    """Whether what is fetched and fed is of a graph of TensorFlow 1. K.learning_phase() fits to both.

    Raises:
        ArgumentError: some of it is, and some of Keras.
    """
    leaves = jax.tree.leaves(asked, is_leaf=_is_of_graph)
    if not any(map(_is_of_graph, leaves)):
        return False
    if any(is_symbolic(one) and not is_phase(one) for one in leaves):
        raise ArgumentError(
            "Session.run: a model's own tensors and those of tf.placeholder are not computed in one "
            "run. Call the model on the placeholder: outputs = model(placeholder)."
        )
    return True


class Session:
    """What runs symbolic tensors, as TensorFlow 1's session does."""

    @property
    def graph(self) -> Any:
        """The default graph of TensorFlow 1."""
        graphs: Any = importlib.import_module("neurona.legacy.tensorflow.v1.graph")
        return graphs.get_default_graph()

    def run(self, fetches: Any, feed_dict: Mapping[Any, Any] | None = None, **kwargs: Any) -> Any:
        """The values of tensors, with placeholders fed.

        Raises:
            ArgumentError: tensors of Keras and of a graph of TensorFlow 1 are asked for in one run.
        """
        feeds = dict(feed_dict or {})
        if _belongs_to_graph((fetches, list(feeds))):
            return _session_of_graph().run(fetches, feed_dict, **kwargs)
        single = not isinstance(fetches, (list, tuple, dict)) or isinstance(fetches, Update)
        leaves, tree = ([fetches], None) if single else jax.tree.flatten(fetches, is_leaf=_is_fetch)
        updates = [one for one in leaves if isinstance(one, Update)]
        wanted = [None if isinstance(one, Update) else one for one in leaves]
        found = iter(
            Function(list(feeds), [one for one in wanted if one is not None], updates)(list(feeds.values()))
        )
        results = [None if one is None else next(found) for one in wanted]
        return results[0] if tree is None else jax.tree.unflatten(tree, results)

    @contextlib.contextmanager
    def as_default(self) -> Iterator["Session"]:
        """This session inside a `with` block."""
        yield self

    def close(self) -> None:
        """Nothing is held that would have to be freed."""


def _is_of_graph(one: Any) -> bool:
    """Whether this is a tensor, a variable or an operation of TensorFlow 1."""
    return hasattr(one, "graph_nodes")


def _session_of_graph() -> Any:
    """The default session of TensorFlow 1, or one that is kept."""
    sessions: Any = importlib.import_module("neurona.legacy.tensorflow.v1.session")
    if not sessions.Mode.sessions:
        sessions.Mode.sessions.append(sessions.Session())
    session = sessions.Mode.sessions[-1]
    variables: Any = importlib.import_module("neurona.legacy.tensorflow.v1.variables")
    new = [one for one in variables.global_variables() if one.graph_node not in session.values]
    session.run(variables.variables_initializer(new))  # as Keras 2 did
    return session


def _is_fetch(one: Any) -> bool:
    return one is None or isinstance(one, Update)


_session: list[Any] = [Session()]


def get_session(*_: Any) -> Any:
    """The session that was set, or one that runs Keras's symbolic tensors."""
    return _session[0]


def set_session(session: Any) -> None:
    """Keep a session for `get_session`. Its settings of devices and memory have no effect: JAX holds them."""
    _session[0] = session


def manual_variable_initialization(value: bool) -> None:
    """No effect: variables have values from the beginning."""


# fmt: off
__all__ = [
    "Function", "batch_get_value", "batch_set_value", "eval", "function", "get_session", "get_value",
    "gradients", "is_keras_tensor", "is_placeholder", "is_tensor", "is_variable",
    "manual_variable_initialization", "placeholder", "set_session", "set_value",
]
