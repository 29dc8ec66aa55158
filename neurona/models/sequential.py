"""Sequential: a model whose layers follow one another."""

import contextlib
import contextvars
from collections.abc import Iterator, Mapping
from typing import Any, Self

from neurona import saving
from neurona.core.building import building
from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.core.registry import custom_object_scope, examined, serialize
from neurona.core.symbolic import SymbolicTensor, is_symbolic
from neurona.core.texts import is_texts
from neurona.layers.input import Input, InputLayer
from neurona.models.call_graph import CallGraph
from neurona.models.model import Model
from neurona.tracebacks import ends_at_users_line

_connects: contextvars.ContextVar[bool] = contextvars.ContextVar("connects", default=True)


@contextlib.contextmanager
def without_weights() -> Iterator[None]:
    """Make Sequential models without weights within the `with` block: a search compares many descriptions.

    `model._connect()` gives a model its weights afterwards.

    Example:

        >>> from neurona.layers import Dense
        >>> with without_weights():
        ...     model = Sequential([Input((3,)), Dense(1)])
        >>> model.built
        False
    """
    token = _connects.set(False)
    try:
        yield
    finally:
        _connects.reset(token)


class Sequential(Model):
    """A chain of layers, each fed with what the one before returns.

    Without an `Input` (or an `input_shape` on the first layer) the weights are created when the first data
    arrives.

    Args:
        layers: the layers, in order; an `Input(shape)` may come first.
        name: the model's name.
        trainable: whether its weights may be trained.

    Raises:
        ArgumentError: something is not a layer, or two layers have one name.

    Example:

        >>> import numpy as np
        >>> from neurona.layers import Dense, Input
        >>> model = Sequential([Input((3,)), Dense(4, activation="relu"), Dense(1)])
        >>> model.count_params()
        21
        >>> model.predict(np.ones((2, 3)), verbose=0).shape
        (2, 1)
    """

    def __init__(
        self,
        layers: Any = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(layers, Layer) or isinstance(trainable, Layer):
            raise ArgumentError("Sequential takes its layers as one list: Sequential([first, second]).")
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)
        self._input: Any = None  # a symbolic tensor, or those of a first layer that takes several
        self._layers: list[Layer] = []
        self._names: set[str] = set()
        for layer in layers if layers is not None else ():
            self._append(layer)
        self._connect()

    @ends_at_users_line
    def add(self, layer: Any) -> None:
        """Append a layer.

        Raises:
            ArgumentError: it is not a layer, or its name is taken.
        """
        self._append(layer)
        self._connect()

    def _append(self, layer: Any) -> None:
        if is_symbolic(layer) or isinstance(layer, InputLayer):
            if self._layers or self._input is not None:
                raise ArgumentError(f"Sequential model {self.name!r}: an Input comes first, and only once.")
            self._input = layer.output if isinstance(layer, InputLayer) else layer
            return
        if not isinstance(layer, Layer):
            raise ArgumentError(
                f"Sequential model {self.name!r} is made of layers. Received: {layer!r} of type "
                f"{type(layer).__name__}." + (" Functions go into a Lambda layer." if callable(layer) else "")
            )
        if layer.name in self._names:
            raise ArgumentError(
                f"Sequential model {self.name!r} already has a layer called {layer.name!r}: give one of them "
                "another name=."
            )
        if not self._layers and self._input is None:
            self._input = _inputs_of(layer._entrance())
        self._layers.append(layer)
        self._names.add(layer.name)

    @ends_at_users_line
    def pop(self, rebuild: bool = True) -> Layer:
        """Remove the last layer and return it."""
        if not self._layers:
            raise ArgumentError(f"Sequential model {self.name!r} has no layer to remove.")
        layer = self._layers.pop()
        self._names.discard(layer.name)
        self._connect()
        return layer

    def _connect(self) -> None:
        """Draw the graph from the input to the last layer, which creates the weights."""
        self._call_graph, self.built = None, False
        if self._learner is not None:
            self._learner.forget_programs()
        if self._input is None or not self._layers or not _connects.get():
            return
        x: Any = self._input
        with self._context():
            for layer in self._layers:
                x = layer(x)
        self._call_graph = CallGraph(self._input, x)
        self.output_names = [self._layers[-1].name]
        self.built = True

    @ends_at_users_line
    def build(self, input_shape: Any = None) -> None:
        """Create the weights for an input shape, batch included."""
        takes_texts = bool(self._layers) and getattr(self._layers[0], "_only_texts", False)
        self._build_from(input_shape, "string" if takes_texts else None)

    def _build_from(self, input_shape: Any, dtype: str | None) -> None:
        if input_shape is None or self._call_graph is not None:
            return
        if not self._layers:
            raise ArgumentError(f"Sequential model {self.name!r} has no layers: add some before building it.")
        self._input = Input(batch_shape=tuple(input_shape), dtype=dtype)
        self._connect()

    def _build_for(self, data: Any) -> None:
        """Build for the first data. Others may have other sizes where the layers allow it."""
        self._build_from((None, *data.shape[1:]), "string" if is_texts(data) else None)
        for tensor in _tensors(self._input):
            if tensor.node is not None:
                tensor.node.operation._any_size = True

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if self._call_graph is not None:
            return super().call(inputs, training, mask)
        for layer in self._layers:  # inputs that are no single array can't be drawn as a graph
            inputs = layer(inputs)
        return inputs

    def _check_and_build(self, args: tuple, kwargs: dict[str, Any]) -> None:
        with building:
            if self.built:
                return
            if args and hasattr(args[0], "shape"):
                self._build_for(args[0])
            self.built = True

    def _ensure_built(self, x: Any) -> None:
        self._check_and_build((x,), {})

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the Input."""
        return list(self._layers)

    def get_config(self) -> dict[str, Any]:
        inputs = _tensors(self._input)
        inputs = inputs if len(inputs) == 1 else []  # several are the first layer's own
        nodes = [tensor.node for tensor in inputs]
        entrance = [saving.describe_layer(node.operation) for node in nodes if node is not None]
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize(self.dtype_policy),
            "layers": [*entrance, *(saving.describe_layer(layer) for layer in self._layers)],
            "build_input_shape": list(inputs[0].shape) if inputs else None,
        }

    def _structure(self) -> Any:
        entrance = [[list(tensor.shape), tensor.dtype] for tensor in _tensors(self._input)]
        return [entrance, [layer._structure() for layer in self._layers]]

    @property
    def _is_functional(self) -> bool:
        return False

    def _saved_parts(self) -> list[tuple[str, Any]]:
        return [("layers", self.layers), *Layer._saved_parts(self)]

    def _summary_rows(self) -> list[Any]:
        return self.layers

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        with examined(config), custom_object_scope(custom_objects):
            model = cls([saving.build_layer(entry) for entry in config["layers"]], name=config.get("name"))
            if model._call_graph is None and config.get("build_input_shape"):
                model.build(tuple(config["build_input_shape"]))
            return model


def _inputs_of(entrance: Any) -> Any:
    """The symbolic input for the shape and dtype of a first layer, or those for several of them, by name."""
    if isinstance(entrance, list):
        return [_inputs_of(one) for one in entrance]
    if isinstance(entrance, dict):
        return {name: Input(batch_shape=one[0], dtype=one[1], name=name) for name, one in entrance.items()}
    return None if entrance is None else Input(batch_shape=entrance[0], dtype=entrance[1])


def _tensors(inputs: Any) -> list[SymbolicTensor]:
    if isinstance(inputs, dict):
        return list(inputs.values())
    return inputs if isinstance(inputs, list) else [] if inputs is None else [inputs]
