"""`tf.Session`: runs operations of a graph, and keeps the values of its variables."""

import importlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, NeuronaError, ShapeError
from neurona.core.random import new_words
from neurona.core.symbolic import symbolic_leaves
from neurona.graph import Node, Placeholder, Program, as_array
from neurona.legacy.tensorflow.dtypes import DType
from neurona.legacy.tensorflow.errors import FailedPreconditionError, InvalidArgumentError
from neurona.legacy.tensorflow.sparse import SparseParts, SparseTensor
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.v1.graph import Graph, get_default_graph
from neurona.legacy.tensorflow.v1.mode import Mode, computing
from neurona.legacy.tensorflow.v1.tensor import GraphTensor, Operation
from neurona.legacy.tensorflow.v1.timeline import recorded
from neurona.legacy.tensorflow.v1.variables import GraphVariable
from neurona.legacy.tensorflow.widths import wide


class HostTensor:
    """A value that Python computes after a run, such as the text of a summary.

    Args:
        inputs: tensors whose values it is computed from.
        function: of the session and these values.
        name: its name.
    """

    def __init__(self, inputs: Iterable[Any], function: Callable[..., Any], name: str) -> None:
        self.inputs, self.function = list(inputs), function
        self.graph = get_default_graph()
        self.op = Operation(self.graph.unique_name(name), "Host", self.graph.before())
        self.op.outputs.append(self)
        self.graph_nodes = tuple(node for one in self.inputs for node in one.graph_nodes)

    @property
    def name(self) -> str:
        """The operation's name and the output's number."""
        return f"{self.op.name}:0"

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value in a session, by default the default one."""
        return (session or Mode.sessions[-1]).run(self, feed_dict)


class Source(Placeholder):
    """A node that takes its next value from Python at every run, such as the next batch of a data set.

    Attributes:
        group: what gives the values: `next_values()` returns those of all sources of the group.
        place: which of them is this one's.
    """

    def __init__(self, shape: Any, dtype: Any, name: str, group: Any, place: int) -> None:
        super().__init__(shape, dtype, name)
        self.group, self.place = group, place


class Session:
    """Runs operations and keeps the values of variables.

    Args:
        target: "" for this process; there is no other.
        graph: the graph; the default one otherwise.
        config: TensorFlow's; XLA uses the devices that JAX finds.
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        if target:
            raise NotImplementedError(
                f"A session runs in this process. Received: target={target!r}. Neurona trains on several "
                "machines "
                "with jax.distributed."
            )
        self.graph = graph or get_default_graph()
        self.values: dict[Any, Any] = {}
        self.feeding: Any = {}
        self._programs: dict[Any, Program] = {}
        self._runs, self._closed = 0, False
        self._words = None if self.graph.seed is None else np.uint32(self.graph.seed & 0xFFFFFFFF)
        self._open: list[Any] = []

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """The values of tensors; None for operations.

        Args:
            fetches: tensors, operations, variables or names, also in lists and dictionaries.
            feed_dict: values for placeholders, or for any tensors.

        Raises:
            TypeError: something can't be fetched or fed.
            FailedPreconditionError: a variable has no value yet.
            InvalidArgumentError: a placeholder has no value.
        """
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        fed = [one for one in feed_dict or {} if not _is_phase(one)]
        if symbolic_leaves((fetches, fed)):  # of a model of Keras
            running: Any = importlib.import_module("neurona.legacy.keras.backend.running")
            return running.Session().run(fetches, feed_dict)
        found: list[Any] = []
        form = self._form(fetches, found)
        self.feeding = feed_dict or {}
        with wide(), recorded(run_metadata, found):
            feeds = self._feeds(feed_dict or {})
            values = self._values(found, feeds)
        return _filled(form, [self._finished(one, value) for one, value in zip(found, values, strict=True)])

    def _form(self, fetches: Any, found: list[Any]) -> Any:
        """The structure of the fetches, with numbers for the elements, which are put into `found`."""
        if isinstance(fetches, str):
            fetches = self.graph.as_graph_element(fetches)
        if isinstance(fetches, SparseTensor):
            fetches = SparseParts(fetches.indices, fetches.values, fetches.dense_shape)
        if hasattr(fetches, "graph_nodes"):
            found.append(fetches)
            return _Place(len(found) - 1)
        if isinstance(fetches, dict):
            return {key: self._form(one, found) for key, one in fetches.items()}
        if isinstance(fetches, tuple) and hasattr(fetches, "_fields"):
            return type(fetches)(*(self._form(one, found) for one in fetches))
        if isinstance(fetches, (list, tuple)):
            return type(fetches)([self._form(one, found) for one in fetches])
        raise TypeError(
            f"Fetch argument {fetches!r} has invalid type {type(fetches)}, must be a string or Tensor. (Can "
            "not "
            f"convert a {type(fetches).__name__} into a Tensor or Operation.)"
        )

    def _feeds(self, feed_dict: Any) -> dict[Node, Any]:
        feeds: dict[Node, Any] = {}
        for key, value in feed_dict.items():
            one = self.graph.as_graph_element(key) if isinstance(key, str) else key
            if isinstance(one, SparseTensor):
                one = one.indices, one.values, one.dense_shape
            if isinstance(one, (list, tuple)):
                feeds.update(self._feeds(dict(zip(one, value, strict=True))))
                continue
            if _is_phase(one):
                keras_layers: Any = importlib.import_module("neurona.legacy.tensorflow.v1.keras_layers")
                one, value = keras_layers.phase_of(self.graph), bool(value)
            if not isinstance(one, (GraphTensor, GraphVariable)):
                raise TypeError(f"Cannot interpret feed_dict key as Tensor: {key!r}")
            if isinstance(value, (GraphTensor, GraphVariable)):
                raise TypeError(
                    "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python "
                    "scalars, strings, lists, numpy ndarrays."
                )
            feeds[one.graph_nodes[0]] = _fed(one, value)
        return feeds

    def _values(self, found: list[Any], feeds: dict[Node, Any]) -> list[Any]:
        nodes = [self._nodes_of(one) for one in found]
        key = (tuple(nodes), tuple(feeds))
        program = self._programs.get(key)
        if program is None:
            wanted: list[Any] = [list(group) for group in nodes]
            program = self._programs[key] = Program([*feeds], wanted)
            program.sources = [  # pyright: ignore[reportAttributeAccessIssue]
                node for node in program.nodes if isinstance(node, Source) and node not in feeds
            ]
            if program.sources:  # pyright: ignore[reportAttributeAccessIssue]
                sources = program.sources  # pyright: ignore[reportAttributeAccessIssue]
                program = self._programs[key] = Program([*feeds, *sources], wanted)
                program.sources = sources  # pyright: ignore[reportAttributeAccessIssue]
        return self._computed(program, feeds)

    def _computed(self, program: Any, feeds: dict[Node, Any]) -> list[Any]:
        groups = {source.group: None for source in program.sources}
        for node, value in self.graph.frozen.items():
            self.values.setdefault(node, value)
        with computing():
            nexts = {group: group.next_values(self) for group in groups}
            given = [*feeds.values(), *(nexts[source.group][source.place] for source in program.sources)]
            try:
                return program(*given, store=self.values, words=self._next_words())
            except KeyError as error:
                node = error.args[0]
                raise FailedPreconditionError(
                    f"Attempting to use uninitialized value {getattr(node, 'name', node)}: run "
                    "tf.global_variables_initializer() first."
                ) from None
            except ArgumentError as error:
                if isinstance(
                    error, (ShapeError, InvalidArgumentError)
                ) or "has no value in this run" not in str(error):
                    raise
                raise InvalidArgumentError(
                    f"You must feed a value for placeholder tensor. {error.args[0]} In TensorFlow 1: "
                    "session.run(..., feed_dict={placeholder: value})."
                ) from None

    def _next_words(self) -> np.ndarray:
        self._runs += 1
        seed = self._words if self.graph.seed is None else np.uint32(self.graph.seed & 0xFFFFFFFF)
        return new_words() if seed is None else np.array([seed, self._runs], np.uint32)

    def _nodes_of(self, one: Any) -> tuple[Node, ...]:
        graph = getattr(one, "graph", self.graph)
        if graph is not self.graph and not self._has_copy_of(one):
            raise ValueError(
                f"Fetch argument {one!r} cannot be interpreted as a Tensor. (It is not of this graph.)"
            )
        return one.graph_nodes

    def _has_copy_of(self, one: Any) -> bool:
        """Whether the graph was imported from that of a tensor, whose nodes it shares."""
        operation = self.graph._operations.get(getattr(one, "op", one).name)
        return operation is not None and operation.graph_nodes == getattr(one, "op", one).graph_nodes

    def _finished(self, one: Any, values: list[Any]) -> Any:
        """What the program sees of a fetch's arrays."""
        if isinstance(one, Operation):
            return None
        if isinstance(one, HostTensor):
            arrays, place = [], 0
            for part in one.inputs:
                count = len(part.graph_nodes)
                arrays.append(self._finished(part, values[place : place + count]))
                place += count
            return one.function(self, *arrays)
        return _as_numpy(values[0], one.dtype)

    def load(self, variable: GraphVariable, value: Any) -> None:
        """Give a variable a value."""
        with wide():
            array = as_array(value, None if variable.dtype.name == "string" else variable.graph_node.dtype)
        if not GraphVariable.get_shape(variable).is_compatible_with(array.shape):
            raise ValueError(
                f"{variable.name} has shape {variable.shape}. Received a value of shape {array.shape}."
            )
        self.values[variable.graph_node] = array

    # Contexts.

    def as_default(self) -> "_Default":
        """Let `eval()` and `run()` use this session inside a `with` block."""
        return _Default(self)

    def __enter__(self) -> "Session":
        self._open.append([self.graph.as_default(), self.as_default()])
        for context in self._open[-1]:
            context.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        for context in reversed(self._open.pop()):
            context.__exit__(*error)
        self.close()

    def close(self) -> None:
        """End the session."""
        self._closed = True

    def list_devices(self) -> list[Any]:
        """The devices that JAX found."""
        return []

    @property
    def graph_def(self) -> Any:
        """The operations of the graph."""
        return self.graph.as_graph_def()

    @property
    def sess_str(self) -> str:
        """The target, as bytes in TensorFlow."""
        return ""

    def make_callable(
        self, fetches: Any, feed_list: Any = None, accept_options: bool = False
    ) -> Callable[..., Any]:
        """A function of the values of some tensors."""
        return lambda *values: self.run(fetches, dict(zip(feed_list or [], values, strict=True)))

    def partial_run(self, *_: Any, **__: Any) -> Any:
        """Refuse: a run is one program."""
        raise NotImplementedError(
            "Session.partial_run is not here: a run is one program of XLA. Use run() twice."
        )

    partial_run_setup = partial_run


class InteractiveSession(Session):
    """A session that is the default one from its beginning to `close()`."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        Mode.sessions.append(self)

    def close(self) -> None:
        super().close()
        if self in Mode.sessions:
            Mode.sessions.remove(self)


class _Default:
    """A session as the default one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> Session:
        Mode.sessions.append(self._session)
        return self._session

    def __exit__(self, *_: Any) -> None:
        for place in range(len(Mode.sessions) - 1, -1, -1):
            if Mode.sessions[place] is self._session:
                del Mode.sessions[place]
                break


def get_default_session() -> Session | None:
    """The innermost default session, or None."""
    return Mode.sessions[-1] if Mode.sessions else None


class _Place(int):
    """Where a fetched value goes."""


def _is_phase(key: Any) -> bool:
    """Whether this is `K.learning_phase()`, as a key of a feed."""
    return getattr(key, "name", "") == "learning_phase_output"


def _filled(form: Any, values: list[Any]) -> Any:
    if isinstance(form, _Place):
        return values[form]
    if isinstance(form, dict):
        return {key: _filled(one, values) for key, one in form.items()}
    if isinstance(form, tuple) and hasattr(form, "_fields"):
        return type(form)(*(_filled(one, values) for one in form))
    return type(form)([_filled(one, values) for one in form])


def _fed(one: Any, value: Any) -> Any:
    """A fed value as an array of the tensor's dtype and shape."""
    if isinstance(value, Tensor):
        value = value._array
    node = one.graph_nodes[0]
    if node.dtype == "object":
        array: Any = as_array(value)
    elif hasattr(value, "dtype") and value.dtype == node.dtype:
        array = value
    else:
        try:
            array = as_array(value, node.dtype)
        except NeuronaError:
            raise
        except (TypeError, ValueError) as error:
            raise ValueError(f"Cannot feed {one.name!r} ({one.dtype.name}): {error}") from None
    if not one.shape.is_compatible_with(array.shape):
        raise ValueError(
            f"Cannot feed value of shape {array.shape} for Tensor {one.name!r}, which has shape '{one.shape}'"
        )
    return array


def _as_numpy(value: Any, dtype: DType) -> Any:
    """A value as NumPy's array of the dtype that the program sees; a scalar where it has no axes."""
    array = np.asarray(value)
    if array.dtype != object and array.dtype != dtype.as_numpy_dtype and dtype.name != "string":
        array = array.astype(dtype.as_numpy_dtype)
    elif array.base is not None or not array.flags.writeable:
        array = array.copy()
    return array[()]
