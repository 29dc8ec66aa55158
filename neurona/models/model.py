"""Model: layers grouped into something that can be trained, saved and looked at."""

import html
from collections.abc import Callable, Mapping
from typing import Any, Self

import jax
import jax.numpy as jnp

from neurona import saving
from neurona.core.annotations import MASK
from neurona.core.errors import (
    ArgumentError,
    DataError,
    NotBuiltError,
    NotConnectedError,
    ShapeError,
    suggestion,
)
from neurona.core.layer import Layer
from neurona.core.registry import custom_object_scope, examined, register_built_in
from neurona.core.shapes import tensors_of
from neurona.core.symbolic import SymbolicTensor, is_symbolic
from neurona.core.texts import inputs_of, is_texts
from neurona.layers.input import InputLayer
from neurona.messages import translated
from neurona.models.call_graph import CallGraph
from neurona.models.description import (
    functional_config,
    functional_from_config,
    functional_structure,
    takes_graph,
)
from neurona.models.quantization import quantize_layers
from neurona.models.summary import print_summary, summary_html
from neurona.tracebacks import ends_at_users_line
from neurona.training import Trainer


class Model(Trainer):
    """Layers that are trained together.

    Two ways to make one: from symbolic tensors, `Model(inputs, outputs)`; or by a subclass with a `call`
    method.

    Args:
        inputs, outputs: symbolic tensors, or lists or dictionaries of them.
        name: the model's name.
        trainable: whether its weights may be trained.

    Raises:
        ArgumentError: the outputs do not depend on the inputs alone, or two layers have one name.

    Example:

        >>> import numpy as np
        >>> from neurona.layers import Dense, Input
        >>> x = Input((3,))
        >>> model = Model(x, Dense(2)(Dense(4, activation="relu")(x)))
        >>> model.predict(np.ones((5, 3)), verbose=0).shape
        (5, 2)
    """

    _untracked = (*Trainer._untracked, "_call_graph", "_loss_graph", "_drawn_losses")
    _drawn_losses: list[SymbolicTensor] = []
    _draws_lists_of_one = True  # symbolic outputs are a list where a list of one was given; arrays never are
    _loss_graph: Any = None  # gives the outputs and those losses

    def __init__(self, inputs: Any = None, outputs: Any = None, **kwargs: Any) -> None:
        graph = None if outputs is None else CallGraph(inputs, outputs)
        self._call_graph: CallGraph | None = graph
        super().__init__(**kwargs)
        if graph is not None:
            self._layers = graph.layers
            self.output_names = _output_names(graph)
            self.built = True

    # Structure.

    @property
    def layers(self) -> list[Layer]:
        """The model's layers, inputs included, in Keras's order."""
        return list(self._call_graph.layers) if self._call_graph is not None else self._sublayers

    @property
    def inputs(self) -> list[SymbolicTensor] | None:
        """The symbolic inputs of a functional model, else None."""
        return None if self._call_graph is None else self._call_graph.input_tensors

    @property
    def outputs(self) -> list[SymbolicTensor] | None:
        """The symbolic outputs of a functional model, else None."""
        return None if self._call_graph is None else self._call_graph.output_tensors

    @property
    def input(self) -> Any:
        """The symbolic input, or the list or dictionary of them."""
        return self._require_graph("input").inputs

    @property
    def output(self) -> Any:
        """The symbolic output, or the list or dictionary of them."""
        return self._require_graph("output").outputs

    @property
    def input_shape(self) -> Any:
        """The shape of the input, None where unknown."""
        return jax.tree.map(lambda tensor: tensor.shape, self.input)

    @property
    def output_shape(self) -> Any:
        """The shape of the output, None where unknown."""
        return jax.tree.map(lambda tensor: tensor.shape, self.output)

    @property
    def _is_functional(self) -> bool:
        """Whether Keras, too, calls it a functional model."""
        return self._call_graph is not None

    @property
    def _input_names(self) -> list[str]:
        """The names of the inputs."""
        return [layer.name for layer in self._require_graph("input names").input_layers]

    def _require_graph(self, what: str) -> CallGraph:
        if self._call_graph is None:
            raise NotConnectedError(
                f"Model {self.name!r} has no symbolic {what}: only models made from Input() tensors, and "
                "built ones, have."
            )
        return self._call_graph

    @ends_at_users_line
    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or its number.

        Raises:
            ArgumentError: there is none; the message lists what there is.
        """
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ArgumentError(f"Model {self.name!r} has {len(layers)} layers. Received: index={index}")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        raise ArgumentError(
            f"Model {self.name!r} has no layer {name!r}.{suggestion(str(name), names)} Its layers: "
            f"{', '.join(names)}."
        )

    # What saving, summaries and training ask.

    def _class_in_files(self) -> tuple[str, str]:
        functional = type(self) is Model and self._call_graph is not None
        return ("keras.src.models.functional", "Functional") if functional else super()._class_in_files()

    def _saved_parts(self) -> list[tuple[str, Any]]:
        parts = super()._saved_parts()
        return parts if self._call_graph is None else [("layers", self.layers), *parts]

    def _summary_rows(self) -> list[Any]:
        return self.layers if self._call_graph is None else self._call_graph.operations

    def _structure(self) -> Any:
        """The description of the graph, or None: what a subclass computes is in its code."""
        return None if self._call_graph is None else functional_structure(self._call_graph)

    def _entrance(self) -> Any:
        if self._call_graph is None:
            return super()._entrance()
        found = [(tensor.shape, tensor.dtype) for tensor in self._call_graph.input_tensors]
        return found if len(found) > 1 else found[0]

    @property
    def _rows_are_independent(self) -> bool:
        graph = self._call_graph  # functions of neurona.ops in it may mix rows
        only_layers = graph is None or len(graph.layers) == len(graph.operations)
        return super()._rows_are_independent and only_layers

    # Computing.

    @property
    def _takes_texts(self) -> bool:
        return True

    @property
    def _ends_texts(self) -> bool:
        return False  # they go on to the parts

    def _note_host(self, args: tuple, kwargs: dict[str, Any]) -> None:
        if self._call_graph is None:
            super()._note_host(args, kwargs)
        else:
            self._call_graph.note_host(self._entering(args[0] if args else kwargs["inputs"]))

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Compute the outputs; a subclass that has no symbolic outputs defines it."""
        if self._call_graph is None:
            raise TypeError(
                translated(
                    f"{type(self).__name__} needs a `call(self, inputs)` method: it is what the model "
                    "computes."
                )
            )
        values = self._entering(inputs)
        if mask is not None:
            for value, one in zip(values, jax.tree.leaves(mask)):
                MASK.set(value, one)
        if self._drawn_losses:
            return _only(self._run_with_losses(values, self._call_graph))
        return _only(self._call_graph.run(values))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        outputs = super().compute_output_spec(*args, **kwargs)
        if self._call_graph is None or not self._draws_lists_of_one:
            return outputs
        structure = jax.tree.structure(self._call_graph.outputs, is_leaf=is_symbolic)
        return jax.tree.unflatten(structure, jax.tree.leaves(outputs, is_leaf=is_symbolic))

    def _numbers_of(self, symbols: Any, x: Any) -> Any:
        return CallGraph(self._require_graph("input").inputs, symbols).run(self._entering(x))

    def add_loss(self, loss: Any) -> None:
        """Add a scalar to the loss of the training step: inside `call`, or a symbolic one of the model's
        tensors.
        """
        if not is_symbolic(loss):
            super().add_loss(loss)
            return
        graph = self._require_graph("input")
        self._drawn_losses = [*self._drawn_losses, loss]
        self._loss_graph = CallGraph(graph.inputs, [*graph.output_tensors, *self._drawn_losses])
        self._layers = self._loss_graph.layers

    def _run_with_losses(self, values: list[Any], graph: CallGraph) -> Any:
        """The outputs; what `add_loss` was given is computed with them."""
        outputs = self._loss_graph.run(values)
        count = len(graph.output_tensors)
        for loss in outputs[count:]:
            super().add_loss(loss)
        structure = jax.tree.structure(graph.outputs, is_leaf=is_symbolic)
        return jax.tree.unflatten(structure, outputs[:count])

    def _entering(self, inputs: Any) -> list[Any]:
        """The inputs in order, in the dtype and rank that the model's Input layers say."""
        graph = self._require_graph("input")
        layers, inputs = graph.input_layers, inputs_of(inputs)
        values = self._named(inputs, graph) if isinstance(inputs, Mapping) else _leaves(inputs)
        if len(values) != len(layers):
            names = ", ".join(repr(layer.name) for layer in layers)
            raise ShapeError(
                f"Model {self.name!r} has {len(layers)} inputs: {names}. Received {len(values)} arrays."
            )
        for value, layer in zip(values, layers):
            if value is None and not layer.optional:
                raise ShapeError(
                    f"Model {self.name!r} needs data for input {layer.name!r}. Received None. Only an input "
                    "made with Input(..., optional=True) may be left out."
                )
        return [
            None if value is None else _adapt(value, layer, self.name) for value, layer in zip(values, layers)
        ]

    def _named(self, inputs: Mapping[str, Any], graph: CallGraph) -> list[Any]:
        """The inputs of a dictionary in order, None for optional ones that are not in it."""
        by_name = isinstance(graph.inputs, Mapping)
        names = list(graph.inputs) if by_name else [layer.name for layer in graph.input_layers]
        optional = {layer.name for layer in graph.input_layers if layer.optional}
        missing = [name for name in names if name not in inputs and name not in optional]
        if missing:
            raise ShapeError(
                f"Model {self.name!r} needs the inputs {', '.join(map(repr, names))}. Missing: "
                f"{missing[0]!r}.{suggestion(missing[0], inputs)}"
            )
        given = {name: inputs.get(name) for name in names}
        return _leaves(given) if by_name else list(given.values())

    def _output_shapes(self, x: Any) -> Any:
        if self._call_graph is not None:
            rows = {leaf.shape[0] for leaf in jax.tree.leaves(x)}
            known = all(
                tensor.shape and None not in tensor.shape[1:] for tensor in self._call_graph.output_tensors
            ) and not any(layer._any_size for layer in self._call_graph.input_layers)
            if known and len(rows) == 1:
                self._entering(jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), x))
                size = rows.pop()
                return jax.tree.map(
                    lambda tensor: jax.ShapeDtypeStruct((size, *tensor.shape[1:]), jnp.dtype(tensor.dtype)),
                    _only(self.output),
                )
        return super()._output_shapes(x)

    def _ensure_built(self, x: Any) -> None:
        if self._call_graph is None:
            super()._ensure_built(x)

    def _check_and_build(self, args: tuple, kwargs: dict[str, Any]) -> None:
        if type(self).build is not Model.build:
            super()._check_and_build(args, kwargs)
        elif not self.built:  # the parts are built as `call` reaches them
            self._build_shapes = (
                {"input_shape": jax.tree.map(lambda leaf: (None, *leaf.shape[1:]), args[0])} if args else None
            )
            self.built = True

    @ends_at_users_line
    def build(self, input_shape: Any = None) -> None:
        """Create the weights of a subclassed model for a shape (or a list or dictionary of shapes), batch
        included.
        """
        if self._call_graph is None and input_shape is not None:
            self.built = True
            self.compute_output_spec(tensors_of(input_shape, self.compute_dtype))

    def quantize(
        self, mode: str | None = None, config: Any = None, filters: Any = None, type_check: bool = True
    ) -> None:
        """Keep the weights of Dense, EinsumDense and Embedding layers as integers from now on.

        Args:
            mode: "int8" or "int4".
            config: an `Int8QuantizationConfig` or `Int4QuantizationConfig`; by default that of the mode.
            filters: regular expressions that are searched in layers' names, one of which must be found; or a
                function that says whether to quantize a layer. None for all.
            type_check: whether to leave out layers of subclasses, whose `call` may compute something else.

        Raises:
            NotBuiltError: a layer has no weights yet.
            ArgumentError: the mode is unknown, the filters are of another type, or a layer is quantized.

        Example:

            >>> from neurona.layers import Dense, Input
            >>> x = Input((3,))
            >>> model = Model(x, Dense(2, name="last")(Dense(4)(x)))
            >>> model.quantize("int8", filters="last")
            >>> [layer.quantization_mode for layer in model.layers]
            [None, None, 'int8']
        """
        quantize_layers(self, mode, config, filters, type_check)

    # Looking.

    @ends_at_users_line
    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], None] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: tuple[str, str] | None = None,
    ) -> None:
        """Print the layers, their output shapes, their parameters and, where it is no plain chain, what they
        are connected to.

        Args:
            line_length: the table's width.
            positions: accepted; the table finds its own columns.
            print_fn: called with the text instead of printing it.
            expand_nested: also show the layers inside nested models.
            show_trainable: also show which layers are trained.
            layer_range: show only from the first to the last of these names.
        """
        print_summary(self, line_length, print_fn, expand_nested, show_trainable, layer_range)

    # Saving.

    @ends_at_users_line
    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Write the whole model, with its optimizer's state, into a `.keras` or `.h5` file."""
        saving.save_model(self, filepath, overwrite=overwrite, **kwargs)

    @ends_at_users_line
    def save_weights(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Write the weights into a `.weights.h5`, `.h5`, `.npz` or `.safetensors` file."""
        saving.save_weights(self, filepath, overwrite=overwrite, **kwargs)

    @ends_at_users_line
    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read the weights from a file; nothing changes unless all of them fit."""
        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    @ends_at_users_line
    def to_json(self, **kwargs: Any) -> str:
        """The architecture as a JSON text, which `neurona.models.model_from_json` reads."""
        return saving.to_json(self, **kwargs)

    def get_config(self) -> dict[str, Any]:
        if self._call_graph is None or not takes_graph(type(self)):
            return super().get_config()
        return functional_config(self, self._call_graph)

    def _repr_html_(self) -> str:
        """The summary, for notebooks; without weights, the plain representation."""
        try:
            return summary_html(self)
        except NotBuiltError:
            return f"<pre>{html.escape(repr(self))}</pre>"

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        with examined(config), custom_object_scope(custom_objects):
            if "layers" in config and "input_layers" in config and takes_graph(cls):
                return functional_from_config(cls, config)  # pyright: ignore[reportReturnType]
            return super().from_config(config)


# Keras's other name for a model with a graph, which files use. It is the same class, so every model is an
# instance of it.
Functional = register_built_in(Model, kind="models", name="Functional")


def _output_names(graph: CallGraph) -> list[str]:
    if isinstance(graph.outputs, Mapping):
        return list(graph.outputs)
    return [graph.address(tensor)[0] for tensor in graph.output_tensors]


def _leaves(tree: Any) -> list[Any]:
    """The leaves of a tree, among them None for an input that is left out."""
    return jax.tree.leaves(tree, is_leaf=lambda leaf: leaf is None)


def _adapt(value: Any, layer: InputLayer, model: str) -> Any:
    """An array in an input's dtype; a missing or superfluous last axis of size 1 is mended, as in Keras. The
    batch may have any size: the last one of an epoch is smaller.
    """
    wanted: tuple[int | None, ...] = layer.batch_shape
    shape = tuple(value.shape)
    if len(shape) == len(wanted) - 1 and wanted[-1:] == (1,):
        shape = (*shape, 1)
    elif len(shape) == len(wanted) + 1 and shape[-1] == 1:
        shape = shape[:-1]
    fixed = () if layer._any_size else zip(wanted[1:], shape[1:])
    if len(shape) != len(wanted) or any(
        want is not None and size is not None and want != size for want, size in fixed
    ):
        raise ShapeError(
            f"Model {model!r} expects input {layer.name!r} of shape {wanted} (None is any size, the first is "
            "the batch). "
            f"Received an array of shape {tuple(value.shape)}."
        )
    if isinstance(value, jax.ShapeDtypeStruct) or is_symbolic(value):
        return value
    if _are_texts(value, layer, model):
        return value.reshape(shape)
    array = jnp.asarray(value, layer.input_dtype)
    array = array if array.shape == shape else array.reshape(shape)
    MASK.carry(value, array)
    return array


def _are_texts(value: Any, layer: InputLayer, model: str) -> bool:
    """Whether an input's data are texts; raises DataError where they should be, and are not, or otherwise."""
    found = is_texts(value)
    if found != (layer.input_dtype == "string"):
        raise DataError(
            f"Model {model!r}: input {layer.name!r} has dtype {layer.input_dtype}. Received "
            f'{"texts" if found else value.dtype}. Texts go into an Input(..., dtype="string").'
        )
    return found


def _only(outputs: Any) -> Any:
    """The outputs; of a list of one this one."""
    return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs
