"""Copies of models: the same architecture with new weights."""

from collections.abc import Callable, Mapping
from typing import Any

from neurona.core.errors import ArgumentError, SavingError
from neurona.core.layer import Layer
from neurona.core.registry import custom_object_scope, deserialize, examined, keeps_functions
from neurona.files.gate import Gate
from neurona.files.values import parse_dictionary
from neurona.layers.input import InputLayer
from neurona.models.description import functional_from_config, takes_graph
from neurona.models.model import Model
from neurona.models.sequential import Sequential
from neurona.saving.ages import todays_model
from neurona.tracebacks import ends_at_users_line


@ends_at_users_line
def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Model:
    """A model of the same architecture with new weights, compiled if the original is.

    Args:
        model: the original; it is not changed.
        input_tensors: symbolic tensors to build the copy of a functional model on, instead of new inputs.
        clone_function: makes the copy of each layer; by default from its config.
        call_function: calls the copies of a functional model's layers, as `call_function(layer, *args,
            **kwargs)`.
        recursive: whether clone_function also makes the copies of layers inside models.

    Raises:
        ArgumentError: tensors or a function were given for a model that has no symbolic inputs.

    Example:

        >>> from neurona.layers import Dense, Input
        >>> copy = clone_model(Sequential([Input((3,)), Dense(2, name="out")]))
        >>> copy.layers[0].name, copy.count_params()
        ('out', 8)
    """
    token = keeps_functions.set(True)
    try:
        clone = _clone(model, input_tensors, clone_function, call_function, recursive)
    finally:
        keeps_functions.reset(token)
    if model.compiled and not clone.compiled:
        clone._compile_like(model)
    return clone


def _clone(
    model: Model,
    input_tensors: Any,
    clone_function: Callable[[Layer], Layer] | None,
    call_function: Callable[..., Any] | None,
    recursive: bool,
) -> Model:
    copies: dict[int, Layer] = {}

    def new(layer: Layer) -> Layer:
        if recursive and isinstance(layer, Model):
            return _clone(layer, None, clone_function, call_function, recursive)
        if clone_function is None or isinstance(layer, InputLayer):
            return type(layer).from_config(layer.get_config())
        return clone_function(layer)

    def copy(layer: Layer) -> Layer:
        if id(layer) not in copies:
            copies[id(layer)] = new(layer)
        return copies[id(layer)]

    if isinstance(model, Sequential):
        entrance = [] if model._call_graph is None else map(copy, model._call_graph.input_layers)
        return Sequential([*entrance, *map(copy, model.layers)], name=model.name, trainable=model.trainable)
    if model._call_graph is not None:
        return _clone_of_graph(model, input_tensors, copy, call_function)
    if input_tensors is not None or clone_function is not None or call_function is not None:
        raise ArgumentError(
            "clone_model: input_tensors, clone_function and call_function are for models made of layers; "
            f"{type(model).__name__} is subclassed."
        )
    return type(model).from_config(model.get_config())


def _clone_of_graph(
    model: Model,
    input_tensors: Any,
    copy: Callable[[Layer], Layer],
    call_function: Callable[..., Any] | None,
) -> Model:
    if not takes_graph(type(model)):
        return type(model).from_config(model.get_config())
    layers = {layer.name: copy(layer) for layer in model.layers}
    clone: Model = functional_from_config(type(model), model.get_config(), layers, call_function)
    if input_tensors is None:
        return clone
    return type(model)(input_tensors, clone(input_tensors), name=model.name)


@ends_at_users_line
def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """A model from the text that `to_json` of Neurona or any Keras returned, with new weights.

    Raises:
        SavingError: the text is no description of a model, or asks for more than the budget.
    """
    description = parse_dictionary(json_string, Gate("The JSON text", SavingError))
    with examined(description), custom_object_scope(custom_objects):
        model = deserialize(todays_model(description), kind="models")
    if not isinstance(model, Model):
        raise SavingError(f"The JSON text describes {type(model).__name__!r}, which is not a model.")
    return model
