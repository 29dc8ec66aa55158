"""Exports: the network of the page as a program, a notebook, or a model file."""

import json
import math
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from neurona.models import Model
from neurona.playground.network import (
    Moment,
    Network,
    layer_names,
    output_activation,
    outputs_of,
    parameters_of,
    sources,
)
from neurona.playground.refusal import Refusal
from neurona.playground.state import OPTIMIZERS, normalized

EXPORTS = {"python": "network.py", "ipynb": "network.ipynb", "keras": "network.keras"}
_MOST_UPDATES = 1_000_000
Weights = dict[str, list[np.ndarray]]
Shown = Iterable[tuple[Network, Moment]]


def exported(message: dict[str, Any], shown: Shown = ()) -> bytes:
    """The file that a request asks for.

    Args:
        message: has `state`, `format`, for a program `updates`, and `weights`: a list of kernel and bias for
            every layer. A program without weights trains from the seed.
        shown: the moments that open pages show. The one with these weights has the rest of the network.

    Raises:
        Refusal: the format is unknown, or the weights do not fit.
    """
    state, kind = normalized(message.get("state"))[0], message.get("format")
    if not (isinstance(kind, str) and kind in EXPORTS):
        names = ", ".join(EXPORTS)
        raise Refusal("format", f"format is one of {names}.", f"format es uno de {names}.")
    network = Network(state)
    weights, pure = _weights(network, message.get("weights"), shown)
    if kind == "keras":
        return _model_file(network, weights)
    updates = message.get("updates", 0)
    if not (type(updates) is int and 0 <= updates <= _MOST_UPDATES):
        raise Refusal(
            "updates",
            f"updates is a whole number from 0 to {_MOST_UPDATES}. Received: {updates!r}"[:200],
            f"updates es un número entero de 0 a {_MOST_UPDATES}. Se recibió: {updates!r}"[:200],
        )
    code = python_of(state, updates, None if pure else weights)
    if kind == "python":
        return code.encode()
    cell = {"cell_type": "code", "execution_count": None, "id": "network", "metadata": {}, "outputs": []}
    book = {
        "cells": [{**cell, "source": code.splitlines(True)}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(book, indent=1).encode()


def python_of(state: dict[str, Any], updates: int, weights: Weights | None = None) -> str:
    """A program that builds the network of a state and trains it by so many updates, as the page did; with
    weights, it takes them instead.

    Its figures are the page's. Dropout draws other numbers.
    """
    options = {
        "learning_rate": state["learning_rate"],
        **{one: state[one] for one in OPTIMIZERS[state["optimizer"]]},
    }
    config = {"class_name": state["optimizer"], "config": options}
    metrics = '["mean_absolute_error"]' if state["problem"] == "regression" else "[]"
    plain = None if weights is None else {name: _plain(arrays) for name, arrays in weights.items()}
    return _PROGRAM.format(
        state=json.dumps(state),
        seed=state["seed"],
        width=len(state["features"]),
        layers="\n".join(_layer_lines(state)),
        optimizer=config,
        loss=state["loss"],
        metrics=metrics,
        updates=updates if weights is None else 0,
        learning=_TRAINING if weights is None else _TAKING.format(weights=json.dumps(plain)),
    )


def _layer_lines(state: dict[str, Any]) -> list[str]:
    """The lines that build the layers."""
    penalty = state["regularization"]
    rate = penalty["rate"] if penalty["kind"] else 0
    regularizer = (
        f", kernel_regularizer=nn.regularizers.{(penalty['kind'] or '').upper()}({rate!r})" if rate else ""
    )
    names, lines = ["features"], []
    activations = [*(layer["activation"] for layer in state["layers"]), output_activation(state)]
    for number, (name, read) in enumerate(zip(layer_names(state), sources(state))):
        last = name == "output"
        layer = {} if last else state["layers"][number]
        units = outputs_of(state) if last else layer["units"]
        inputs = names[read[0]]
        if len(read) > 1:
            inputs = f"nn.layers.Concatenate()([{', '.join(names[one] for one in read)}])"
        bare = layer.get("normalization")
        activation = "" if bare else f", activation={activations[number]!r}"
        lines.append(f"{name} = nn.layers.Dense({units}{activation}{regularizer}, name={name!r})({inputs})")
        if bare:
            title = f"normalization{number + 1}"
            lines.append(f"{name} = nn.layers.BatchNormalization(name={title!r})({name})")
            lines.append(f"{name} = nn.layers.Activation({activations[number]!r})({name})")
        if layer.get("dropout"):
            lines.append(f"{name} = nn.layers.Dropout({layer['dropout']!r})({name})")
        names.append(name)
    return lines


_PROGRAM = """\
import json

import numpy as np

import neurona as nn
from neurona.playground import training_data

state = json.loads({state!r})
x, y, test_x, test_y, order = training_data(state, {updates})

nn.utils.set_random_seed({seed})
features = nn.Input(({width},), name="features")
{layers}
model = nn.Model(features, output)
model.compile(nn.optimizers.deserialize({optimizer}), {loss!r}, metrics={metrics})
{learning}
print(model.evaluate(x, y, verbose=0, return_dict=True))
print(model.evaluate(test_x, test_y, verbose=0, return_dict=True))
"""

_TRAINING = """\
if len(order):  # the rows of every update, in the order of the page
    model.fit(x[order.ravel()], y[order.ravel()], batch_size=order.shape[1], shuffle=False, verbose=0)"""

_TAKING = """\
# The page's weights. Training from the seed does not lead to them: a weight or a rate was changed on the way.
weights = json.loads({weights!r})
for name, arrays in weights.items():
    model.get_layer(name).set_weights([np.array(one, "float32") for one in arrays])"""


def training_data(state: dict[str, Any], updates: int) -> tuple[np.ndarray, ...]:
    """The data of a state: inputs and targets to train and to test on, and the rows of every update.

    Args:
        state: as the page's address holds it.
        updates: how many.

    Returns:
        x (n, features), y (n, outputs), the same to test on, and rows (updates, batch).

    Example:

        >>> x, y, test_x, test_y, order = training_data({"batch": 5}, 7)
        >>> x.shape, y.shape, order.shape
        ((250, 2), (250, 1), (7, 5))
    """
    network = Network(normalized(state)[0])
    test_x, test_y = network.test_arrays
    order = network.rows_of(updates)
    return np.asarray(network.x), np.asarray(network.y), np.asarray(test_x), np.asarray(test_y), order


def _model_file(network: Network, weights: Weights | None) -> bytes:
    """The model with weights as a .keras file."""
    for name, given in (weights or {}).items():
        network.model.get_layer(name).set_weights(given)
    model = Model(network.model.input, network.model.get_layer("output").output)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, EXPORTS["keras"])
        model.save(path)
        return path.read_bytes()


def _weights(network: Network, given: Any, shown: Shown) -> tuple[Weights | None, bool]:
    """The weights of every layer by its name, and whether training from the seed leads to them.

    The page sends kernels and biases. What a normalization has learned is in the moment that the page shows.
    """
    if given is None:
        return None, True
    pairs = _checked(given, network)
    for other, moment in shown:
        own = parameters_of(other, moment) if other.state == network.state else []
        if len(own) == len(pairs) and all(
            np.array_equal(one, two) for pair, same in zip(own, pairs) for one, two in zip(pair, same)
        ):
            return _by_layer(other, moment), moment.pure
    if any(layer["normalization"] for layer in network.state["layers"]):
        raise Refusal(
            "weights",
            "No open page shows these weights now, and only it knows the statistics of the batch "
            "normalization. Pause, then export again.",
            "Ninguna página abierta muestra ahora estos pesos, y solo ella conoce las estadísticas de la "
            "normalización por lotes. Pause y vuelva a exportar.",
        )
    return dict(zip(layer_names(network.state), pairs)), False


def _by_layer(network: Network, moment: Moment) -> Weights:
    """All weights of a moment, as `set_weights` of every layer takes them."""
    model, values = network.model, moment.values
    pairs = [
        *zip(model.trainable_variables, values.trainable),
        *zip(model.non_trainable_variables, values.others),
    ]
    value_of = {one.path: np.asarray(value) for one, value in pairs}
    layers = [layer for layer in model.layers if layer.name.startswith(("hidden", "normalization", "output"))]
    return {layer.name: [value_of[one.path] for one in layer.weights] for layer in layers}


def _plain(arrays: list[np.ndarray]) -> list[Any]:
    return [one.tolist() for one in arrays]


def _checked(weights: Any, network: Network) -> list[list[np.ndarray]]:
    """Kernel and bias of every layer as arrays."""
    try:
        arrays = [[np.asarray(one, np.float32) for one in pair] for pair in weights]
        fit = [[one.shape for one in pair] for pair in arrays] == [
            [one.shape for one in pair] for pair in network.parameters()
        ]
        fit = fit and all(math.isfinite(float(np.sum(one))) for pair in arrays for one in pair)
    except (TypeError, ValueError):
        arrays, fit = [], False
    if not fit:
        raise Refusal(
            "weights",
            "weights is a list of [kernel, bias] for every layer, of the network's shapes.",
            "weights es una lista de [kernel, bias] de cada capa, con las formas de la red.",
        )
    return arrays
