"""`tf.Graph`: the names, collections and scopes of a program of TensorFlow 1. The nodes are
`neurona.graph`'s.
"""

import contextlib
import copy
import importlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from neurona.graph import Node
from neurona.legacy.tensorflow.v1.mode import Mode

_SCOPE = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/-]*$")


class GraphKeys:
    """The names of the collections."""

    GLOBAL_VARIABLES = VARIABLES = "variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    LOCAL_VARIABLES = "local_variables"
    MODEL_VARIABLES = "model_variables"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    REGULARIZATION_LOSSES = "regularization_losses"
    LOSSES = "losses"
    UPDATE_OPS = "update_ops"
    SUMMARIES = "summaries"
    GLOBAL_STEP = "global_step"
    TRAIN_OP = "train_op"
    INIT_OP = "init_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    SAVERS = "savers"
    WEIGHTS = "weights"
    BIASES = "biases"
    ACTIVATIONS = "activations"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    METRIC_VARIABLES = "metric_variables"
    WHILE_CONTEXT = "while_context"
    COND_CONTEXT = "cond_context"


class Graph:
    """What belongs together: operations with unique names, collections, and the seed.

    Attributes:
        seed: of the random numbers; None for other ones in each session.
        scopes: the variable scopes' memory, which belongs to `scopes.py`.
    """

    def __init__(self) -> None:
        self.seed: int | None = None
        self.finalized = False
        self.building_function = False
        self.version = 0
        self.store: dict[str, Any] = {}  # variables of get_variable
        self.frozen: dict[Node, Any] = {}  # values of variables that came with an imported graph
        self.scope_stack: list[Any] = []
        self.scope_counts: dict[str, int] = {}
        self._operations: dict[str, Any] = {}
        self._names: dict[str, int] = {}
        self._collections: dict[str, list[Any]] = {}
        self._scope = ""
        self._before: list[list[Any]] = []
        self._device = ""

    # Names.

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """The name within the current scope, with a number if it is taken."""
        name = f"{self._scope}/{name}" if self._scope else name
        return self._free(name, mark_as_used)

    def _free(self, name: str, mark_as_used: bool = True) -> str:
        key = name.lower()
        count = self._names.get(key, 0)
        if mark_as_used:
            self._names[key] = count + 1
        if not count:
            return name
        free = name
        while free.lower() in self._names:
            free = f"{name}_{count}"
            count += 1
        if mark_as_used:
            self._names[key], self._names[free.lower()] = count, 1
        return free

    @contextlib.contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Names inside begin with this one. One that ends in "/" is entered again as it is."""
        outer = self._scope
        if not name:
            self._scope = ""
        elif name.endswith("/"):
            self._scope = name[:-1]
        else:
            if not outer and not _SCOPE.match(name):
                raise ValueError(f"'{name}' is not a valid scope name")
            self._scope = self.unique_name(name)
        try:
            yield self._scope + "/" if self._scope else ""
        finally:
            self._scope = outer

    def get_name_scope(self) -> str:
        """The current scope's name."""
        return self._scope

    def add_operation(self, operation: Any) -> None:
        """Keep an operation under its name."""
        if self.finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")
        self.version += 1
        self._operations[operation.name] = operation

    def get_operations(self) -> list[Any]:
        """The operations in the order in which they were made."""
        return list(self._operations.values())

    def get_operation_by_name(self, name: str) -> Any:
        """The operation of a name."""
        if name not in self._operations:
            raise KeyError(f"The name '{name}' refers to an Operation not in the graph.")
        return self._operations[name]

    def get_tensor_by_name(self, name: str) -> Any:
        """The tensor of a name such as "add:0"."""
        operation, colon, place = name.partition(":")
        if not colon or not place.isdigit():
            raise ValueError(
                f"The name '{name}' refers to an Operation, not a Tensor. Tensor names must be of the form "
                '"<op_name>:<output_index>".'
            )
        outputs = self._operations[operation].outputs if operation in self._operations else []
        if int(place) >= len(outputs):
            raise KeyError(
                f"The name '{name}' refers to a Tensor which does not exist. The operation, '{operation}', "
                "does "
                "not exist in the graph."
            )
        return outputs[int(place)]

    def as_graph_element(self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """A tensor or operation, from itself or its name."""
        if not isinstance(obj, str):
            return obj
        return self.get_tensor_by_name(obj) if ":" in obj else self.get_operation_by_name(obj)

    def is_feedable(self, tensor: Any) -> bool:
        """Whether a run may be given the value of a tensor: of any."""
        return True

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        """Whether a run may ask for a tensor or an operation: for any."""
        return True

    def take_over(self, other: "Graph") -> None:
        """Have copies of another graph's operations, which share its nodes, under the same names.

        Raises:
            ValueError: a name is taken.
        """
        if taken := self._operations.keys() & other._operations.keys():
            raise ValueError(f"The graph has operations of these names already: {', '.join(sorted(taken))}.")
        copies: dict[int, Any] = {}
        for operation in other.get_operations():
            made = copies[id(operation)] = copy.copy(operation)
            made.graph, made.outputs = self, []
            for tensor in operation.outputs:
                again = copies[id(tensor)] = object.__new__(type(tensor))
                again.__dict__.update(vars(tensor), op=made)
                again.__dict__.update({"graph": self} if "graph" in vars(tensor) else {})
                made.outputs.append(again)
        for made in list(copies.values()):
            for name, value in vars(made).items():
                if name not in ("graph", "op", "outputs") and id(value) in copies:
                    setattr(made, name, copies[id(value)])
            if "inputs" in vars(made):
                made.inputs = type(made.inputs)(copies.get(id(one), one) for one in made.inputs)
        self._operations |= {one.name: copies[id(one)] for one in other.get_operations()}
        self._names |= other._names
        self.version += other.version
        self.frozen |= other.frozen
        self.store |= {name: copies.get(id(one), one) for name, one in other.store.items()}
        for key, items in other._collections.items():
            self._collections.setdefault(key, []).extend(copies.get(id(one), one) for one in items)

    # Collections.

    def add_to_collection(self, name: str, value: Any) -> None:
        """Put something into a collection."""
        self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Put something into several collections."""
        for name in [names] if isinstance(names, str) else names:
            self.add_to_collection(name, value)

    def get_collection(self, name: str, scope: str | None = None) -> list[Any]:
        """What is in a collection; with a scope, what has a name that begins so."""
        items = self._collections.get(name, [])
        if scope is None:
            return list(items)
        pattern = re.compile(scope)
        return [item for item in items if hasattr(item, "name") and pattern.match(item.name)]

    def get_collection_ref(self, name: str) -> list[Any]:
        """The collection itself."""
        return self._collections.setdefault(name, [])

    def get_all_collection_keys(self) -> list[str]:
        """The collections' names."""
        return [name for name, items in self._collections.items() if items]

    def clear_collection(self, name: str) -> None:
        """Empty a collection."""
        self._collections.pop(name, None)

    # Contexts.

    @contextlib.contextmanager
    def as_default(self) -> Iterator["Graph"]:
        """Draw into this graph."""
        outer = Mode.draws
        _stack.append(self)
        Mode.draws = True
        try:
            yield self
        finally:
            Mode.draws = outer
            _stack.remove(self)

    @contextlib.contextmanager
    def control_dependencies(self, inputs: Iterable[Any] | None) -> Iterator[None]:
        """What is drawn inside is computed after some operations."""
        outer = self._before
        self._before = [] if inputs is None else [*outer, list(inputs)]
        try:
            yield
        finally:
            self._before = outer

    def before(self) -> list[Node]:
        """The nodes that what is drawn now is computed after."""
        return [node for group in self._before for one in group for node in _nodes_of(one)]

    @contextlib.contextmanager
    def device(self, name: Any) -> Iterator[None]:
        """Note where operations should run. XLA runs the whole program on one device."""
        outer, self._device = self._device, name if isinstance(name, str) else ""
        try:
            yield
        finally:
            self._device = outer

    @property
    def current_device(self) -> str:
        """The device of the innermost `with tf.device`."""
        return self._device

    @contextlib.contextmanager
    def gradient_override_map(self, op_type_map: Any) -> Iterator[None]:
        """Refuse: gradients are those of the functions."""
        raise NotImplementedError(
            "gradient_override_map changes gradients by the names of TensorFlow's operations, which JAX has "
            "not: "
            "write the function with jax.custom_vjp."
        )
        yield

    def finalize(self) -> None:
        """Let nothing more be drawn."""
        self.finalized = True

    def as_graph_def(self, *args: Any, **kwargs: Any) -> Any:
        """The graph as a message: the names of the operations."""
        return importlib.import_module("neurona.legacy.tensorflow.v1.graph_def").GraphDef(self)


def _nodes_of(one: Any) -> list[Node]:
    if isinstance(one, (list, tuple)):
        return [node for item in one for node in _nodes_of(item)]
    nodes = getattr(one, "graph_nodes", None)
    return list(nodes) if nodes is not None else []


_stack: list[Graph] = [Graph()]


def get_default_graph() -> Graph:
    """The graph that is drawn into."""
    return _stack[-1]


def reset_default_graph() -> None:
    """Begin with an empty graph."""
    if len(_stack) > 1:
        raise AssertionError("Do not use tf.reset_default_graph() to clear nested graphs.")
    _stack[0] = Graph()


def name_scope(name: str | None = None, default_name: str | None = None, values: Any = None) -> Any:
    """`Graph.name_scope` of the default graph; `default_name` where there is no name."""
    return get_default_graph().name_scope(name or default_name)


def op_scope(values: Any, name: str | None = None, default_name: str | None = None) -> Any:
    """The older form of `name_scope`."""
    return name_scope(name, default_name, values)


def control_dependencies(control_inputs: Any) -> Any:
    """`Graph.control_dependencies` of the default graph."""
    return get_default_graph().control_dependencies(control_inputs)


def device(device_name_or_function: Any = None) -> Any:
    """`Graph.device` of the default graph."""
    return get_default_graph().device(device_name_or_function)


def add_to_collection(name: str, value: Any) -> None:
    """Put something into a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """Put something into several collections of the default graph."""
    get_default_graph().add_to_collections(names, value)


def get_collection(key: str, scope: str | None = None) -> list[Any]:
    """What is in a collection of the default graph."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: str) -> list[Any]:
    """A collection of the default graph itself."""
    return get_default_graph().get_collection_ref(key)


def set_random_seed(seed: int) -> None:
    """Set the seed of the default graph's random numbers."""
    get_default_graph().seed = int(seed)


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The seeds of the graph and of an operation."""
    return get_default_graph().seed, op_seed
