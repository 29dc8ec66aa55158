"""One update by hand: forward pass, loss, deltas and update of one sample, with a network's own numbers."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.activations import get as activation_of
from neurona.playground.frames import number
from neurona.playground.network import Network, output_activation, sources
from neurona.playground.refusal import Refusal


def by_hand(network: Network, row: int) -> dict[str, Any]:
    """The update for one training row, step by step.

    Of a layer with input a, z = a W + b and h = f(z); its delta is dL/dz; the gradients are the outer product
    of a and the delta, and the delta. The delta of a layer before is (W delta) * f'(z).

    Raises:
        Refusal: there is no such row, or a layer normalizes batches, which one sample does not have.
    """
    state = network.state
    if not 0 <= row < len(network.x):
        raise Refusal(
            "row",
            f"row is a whole number from 0 to {len(network.x) - 1}. Received: {row}",
            f"row es un número entero de 0 a {len(network.x) - 1}. Se recibió: {row}",
        )
    if any(layer["normalization"] for layer in state["layers"]):
        raise Refusal(
            "by_hand",
            "Batch normalization needs a whole batch: take it off to compute one sample by hand.",
            "La normalización por lotes necesita un lote entero: quítela para calcular una muestra a mano.",
        )
    parameters = network.parameters()
    names = [*(layer["activation"] for layer in state["layers"]), output_activation(state)]
    values, inputs, sums = _forward(network, row, parameters, names)
    target = network.y[row : row + 1]

    def loss_of(output: Any) -> Any:
        return jnp.mean(network.loss(target, output))

    loss, slope = jax.value_and_grad(loss_of)(values[-1][None])
    deltas = _deltas(network, parameters, names, sums, slope[0], values)
    gradients = [(np.outer(a, delta), delta) for a, delta in zip(inputs, deltas)]
    gradients = [
        (kernel + _penalty(state, pair[0]), bias) for (kernel, bias), pair in zip(gradients, parameters)
    ]
    after = _updated(network, gradients)
    return {
        "row": row,
        "features": _list(values[0]),
        "target": _list(target[0]),
        "loss": number(loss),
        "loss_name": state["loss"],
        "loss_gradient": _list(slope[0]),
        "layers": _steps(inputs, sums, names, values[1:], deltas, parameters, gradients, after),
    }


def _steps(*columns: Any) -> list[dict[str, Any]]:
    """What happens in every layer, as the page shows it."""
    return [
        {
            "input": _list(a),
            "z": _list(z),
            "activation": name,
            "h": _list(h),
            "delta": _list(delta),
            "kernel": _list(pair[0]),
            "bias": _list(pair[1]),
            "kernel_gradient": _list(gradient[0]),
            "bias_gradient": _list(gradient[1]),
            "new_kernel": _list(new[0]),
            "new_bias": _list(new[1]),
        }
        for a, z, name, h, delta, pair, gradient, new in zip(*columns)
    ]


def _forward(network: Network, row: int, parameters: Any, names: list[str]) -> tuple[Any, Any, Any]:
    """The values of the features and of every layer, what each layer read, and its sums."""
    values, inputs, sums = [np.asarray(network.x[row])], [], []
    for (kernel, bias), name, read in zip(parameters, names, sources(network.state)):
        inputs.append(np.concatenate([values[one] for one in read]))
        sums.append(inputs[-1] @ kernel + bias)
        values.append(np.asarray(activation_of(name)(sums[-1][None]))[0])
    return values, inputs, sums


def _deltas(network: Network, parameters: Any, names: Any, sums: Any, slope: Any, values: Any) -> list[Any]:
    """dL/dz of every layer, from the last to the first."""
    back = [np.zeros_like(value) for value in values]
    back[-1] = np.asarray(slope)
    deltas: list[Any] = [None] * len(parameters)
    for layer in reversed(range(len(parameters))):
        _, pull = jax.vjp(activation_of(names[layer]), sums[layer][None])
        deltas[layer] = np.asarray(pull(jnp.asarray(back[layer + 1][None]))[0])[0]
        flow, start = parameters[layer][0] @ deltas[layer], 0
        for one in sources(network.state)[layer]:
            back[one] = back[one] + flow[start : start + len(back[one])]
            start += len(back[one])
    return deltas


def _penalty(state: dict[str, Any], kernel: np.ndarray) -> Any:
    kind, rate = state["regularization"]["kind"], state["regularization"]["rate"]
    return {None: 0.0, "l1": rate * np.sign(kernel), "l2": 2 * rate * kernel}[kind]


def _updated(network: Network, gradients: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """The parameters after the optimizer's update."""
    values = network.now.values
    flat = [jnp.zeros_like(one) for one in values.trainable]
    for place, (kernel, bias) in zip(network.places(), gradients):
        flat[place["kernel"]], flat[place["bias"]] = jnp.asarray(kernel), jnp.asarray(bias)
    new, _ = network.optimizer.stateless_apply(values.optimizer, flat, values.trainable)
    return [(np.asarray(new[one["kernel"]]), np.asarray(new[one["bias"]])) for one in network.places()]


def _list(array: Any) -> Any:
    """Nested lists for JSON; None stands for what is not finite."""
    array = np.asarray(array)
    return [_list(one) for one in array] if array.ndim else number(array)
