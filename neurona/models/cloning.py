"""Copies of models: the same architecture with new weights."""

from collections.abc import Callable, Mapping
from typing import Any

from neurona.core.errors import ArgumentError, SavingError
from neurona.core.layer import Layer
from neurona.core.registry import deserialize
from neurona.files.gate import Gate
from neurona.files.values import parse_dictionary
from neurona.layers.input import InputLayer
from neurona.models.description import functional_from_config
from neurona.models.model import Model
from neurona.models.sequential import Sequential


def clone_model(
    model: Model, input_tensors: Any = None, clone_function: Callable[[Layer], Layer] | None = None
) -> Model:
    """A model of the same architecture with new weights.

    Args:
        model: the original; it is not changed.
        input_tensors: symbolic tensors to build the copy of a functional model on, instead of new inputs.
        clone_function: makes the copy of each layer; by default from its config.

    Raises:
        ArgumentError: tensors were given for a model that has no symbolic inputs.

    Example:

        >>> from neurona.layers import Dense, Input
        >>> copy = clone_model(Sequential([Input((3,)), Dense(2, name="out")]))
        >>> copy.layers[0].name, copy.count_params()
        ('out', 8)
    """
    copies: dict[int, Layer] = {}

    def copy(layer: Layer) -> Layer:
        if id(layer) not in copies:
            if clone_function is None or isinstance(layer, InputLayer):
                copies[id(layer)] = type(layer).from_config(layer.get_config())
            else:
                copies[id(layer)] = clone_function(layer)
        return copies[id(layer)]

    if isinstance(model, Sequential):
        entrance = (
            [] if model._call_graph is None else [copy(layer) for layer in model._call_graph.input_layers]
        )
        return Sequential(
            [*entrance, *(copy(layer) for layer in model.layers)], name=model.name, trainable=model.trainable
        )
    if model._call_graph is None:
        if input_tensors is not None:
            raise ArgumentError(
                f"clone_model: input_tensors are for functional models; {type(model).__name__} is subclassed."
            )
        return type(model).from_config(model.get_config())
    clone: Model = functional_from_config(
        type(model), model.get_config(), layers={layer.name: copy(layer) for layer in model.layers}
    )
    if input_tensors is None:
        return clone
    outputs = clone(input_tensors)
    return type(model)(input_tensors, outputs, name=model.name)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """A model from the text that `to_json` returned, with new weights.

    Raises:
        SavingError: the text is no description of a model, or asks for more than the budget.
    """
    description = parse_dictionary(json_string, Gate("The JSON text", SavingError))
    model = deserialize(description, kind="models", custom_objects=custom_objects)
    if not isinstance(model, Model):
        raise SavingError(f"The JSON text describes {type(model).__name__!r}, which is not a model.")
    return model
