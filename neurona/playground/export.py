"""Exports: the network of the page as a program, a notebook, or a model file."""

import json
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from neurona.models import Model
from neurona.playground.network import Network, layer_names, output_activation, outputs_of, sources
from neurona.playground.refusal import Refusal
from neurona.playground.state import OPTIMIZERS, normalized

EXPORTS = {"python": "network.py", "ipynb": "network.ipynb", "keras": "network.keras"}
_MOST_UPDATES = 1_000_000


def exported(message: dict[str, Any]) -> bytes:
    """The file that a request asks for.

    Args:
        message: has `state`, `format`, for a program `updates`, and for a model file `weights`: a list of
            kernel and bias for every layer.

    Raises:
        Refusal: the format is unknown, or the weights do not fit.
    """
    state, kind = normalized(message.get("state"))[0], message.get("format")
    if not (isinstance(kind, str) and kind in EXPORTS):
        names = ", ".join(EXPORTS)
        raise Refusal("format", f"format is one of {names}.", f"format es uno de {names}.")
    if kind == "keras":
        return _model_file(state, message.get("weights"))
    updates = message.get("updates", 0)
    if not (type(updates) is int and updates >= 0):
        raise Refusal("updates", "updates is a whole number.", "updates es un número entero.")
    code = python_of(state, updates)
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


def python_of(state: dict[str, Any], updates: int) -> str:
    """A program that builds the network of a state and trains it by so many updates, as the page did.

    Its figures are the page's. Dropout draws other numbers.
    """
    options = {
        "learning_rate": state["learning_rate"],
        **{one: state[one] for one in OPTIMIZERS[state["optimizer"]]},
    }
    config = {"class_name": state["optimizer"], "config": options}
    metrics = '["mean_absolute_error"]' if state["problem"] == "regression" else "[]"
    return _PROGRAM.format(
        state=json.dumps(state),
        seed=state["seed"],
        width=len(state["features"]),
        layers="\n".join(_layer_lines(state)),
        optimizer=config,
        loss=state["loss"],
        metrics=metrics,
        updates=updates,
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
            lines.append(f"{name} = nn.layers.BatchNormalization()({name})")
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
if len(order):  # the rows of every update, in the order of the page
    model.fit(x[order.ravel()], y[order.ravel()], batch_size=order.shape[1], shuffle=False, verbose=0)
print(model.evaluate(x, y, verbose=0, return_dict=True))
print(model.evaluate(test_x, test_y, verbose=0, return_dict=True))
"""


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


def _model_file(state: dict[str, Any], weights: Any) -> bytes:
    """The model with weights as a .keras file."""
    network = Network(state)
    if weights is not None:
        for name, given in zip(layer_names(state), _checked(weights, network)):
            network.model.get_layer(name).set_weights(given)
    model = Model(network.model.inputs[0], network.model.outputs[-1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, EXPORTS["keras"])
        model.save(path)
        return path.read_bytes()


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
