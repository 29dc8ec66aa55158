"""Graph: the model of Keras 0.3 with named inputs, nodes and outputs, built upon today's."""

from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.layers import Input
from neurona.legacy.keras.merging import merger
from neurona.models import Model


class Graph:
    """A model whose inputs, nodes and outputs have names, for data in dictionaries."""

    def __init__(self) -> None:
        self.inputs: dict[str, Any] = {}
        self.nodes: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}
        self.model: Model | None = None

    def add_input(
        self, name: str, input_shape: Any = None, batch_input_shape: Any = None, dtype: str = "float"
    ) -> None:
        """Add an input."""
        name_of_shape, size = ("shape", input_shape) if input_shape else ("batch_shape", batch_input_shape)
        shape: Any = {name_of_shape: tuple(size)}
        dtype = {"float": "float32", "int": "int32"}.get(dtype, dtype)
        self.inputs[name] = Input(**shape, dtype=dtype, name=name)

    def _tensor(self, name: str) -> Any:
        for tensors in (self.nodes, self.inputs):
            if name in tensors:
                return tensors[name]
        known = ", ".join([*self.inputs, *self.nodes])
        raise ArgumentError(f"The Graph has no input or node {name!r}. It has: {known}.")

    def _joined(
        self, one: str | None, several: Any, merge_mode: str, concat_axis: int = -1, dot_axes: Any = -1
    ) -> Any:
        tensors = [self._tensor(name) for name in several or (str(one),)]
        return tensors[0] if len(tensors) == 1 else merger(merge_mode, concat_axis, dot_axes)(tensors)

    def add_node(
        self,
        layer: Any,
        name: str,
        input: str | None = None,
        inputs: Any = (),
        merge_mode: str = "concat",
        concat_axis: int = -1,
        dot_axes: Any = -1,
        create_output: bool = False,
    ) -> None:
        """Add a layer that computes with an input or node, or with several that are merged."""
        self.nodes[name] = layer(self._joined(input, inputs, merge_mode, concat_axis, dot_axes))
        if create_output:
            self.add_output(name, input=name)

    def add_shared_node(
        self, layer: Any, name: str, inputs: Any = (), merge_mode: str | None = None, outputs: Any = ()
    ) -> None:
        """Add a layer that computes with each of several inputs or nodes."""
        results = [layer(self._tensor(one)) for one in inputs]
        self.nodes |= dict(zip(outputs, results))
        if merge_mode:
            self.nodes[name] = merger(merge_mode)(results)

    def add_output(
        self, name: str, input: str | None = None, inputs: Any = (), merge_mode: str = "concat", **axes: Any
    ) -> None:
        """Give an input or node out as a result."""
        self.outputs[name] = self._joined(input, inputs, merge_mode, **axes)

    def compile(self, optimizer: Any, loss: dict[str, Any], metrics: Any = (), **options: Any) -> None:
        """Choose how the model is trained, with a loss for each output."""
        self.model = Model(list(self.inputs.values()), list(self.outputs.values()))
        chosen = [loss[name] for name in self.outputs]
        self.model.compile(
            optimizer, chosen if len(chosen) > 1 else chosen[0], metrics=list(metrics), **options
        )

    def _split(self, data: dict[str, Any]) -> tuple[list[Any], Any]:
        targets = [np.asarray(data[name]) for name in self.outputs if name in data]
        return [np.asarray(data[name]) for name in self.inputs], targets[0] if len(targets) == 1 else targets

    def _compiled(self) -> Model:
        if self.model is None:
            raise ArgumentError("Call compile(optimizer, loss) of the Graph before it computes.")
        return self.model

    def fit(self, data: dict[str, Any], validation_data: Any = None, **options: Any) -> Any:
        """Train on arrays by the names of inputs and outputs."""
        if validation_data is not None:
            options["validation_data"] = self._split(validation_data)
        return self._compiled().fit(*self._split(data), **options)

    def evaluate(self, data: dict[str, Any], **options: Any) -> Any:
        """The loss on arrays by the names of inputs and outputs."""
        return self._compiled().evaluate(*self._split(data), **options)

    def predict(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """The outputs, by their names."""
        results = self._compiled().predict(self._split(data)[0], **options)
        return dict(zip(self.outputs, results if isinstance(results, (list, tuple)) else [results]))

    def train_on_batch(self, data: dict[str, Any], **options: Any) -> Any:
        """Train on one batch."""
        return self._compiled().train_on_batch(*self._split(data), **options)

    def test_on_batch(self, data: dict[str, Any], **options: Any) -> Any:
        """The loss of one batch."""
        return self._compiled().test_on_batch(*self._split(data), **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "model" not in vars(self):
            raise AttributeError(name)
        return getattr(self._compiled(), name)
