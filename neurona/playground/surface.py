"""The loss around the weights, over a plane of two random directions, with the path walked."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.playground.frames import numbers
from neurona.playground.network import Network


def surface(network: Network, span: float, size: int) -> dict[str, Any]:
    """The training loss at the weights + s u + t v, for s and t from -span to span.

    u and v are random, and each unit's part is as long as the unit's weights (Li et al., 2018, "Visualizing
    the loss landscape of neural nets"). They depend on the seed alone.
    """
    values = network.now.values
    rng = np.random.default_rng(network.state["seed"])
    u, v = ([_like(rng, one) for one in values.trainable] for _ in range(2))
    line = np.linspace(-span, span, size)

    @jax.jit
    def losses(s: Any, t: Any) -> Any:
        def one(s: Any, t: Any) -> Any:
            moved = [w + s * a + t * b for w, a, b in zip(values.trainable, u, v)]
            return network.objective(moved, values.others, network.x, network.y, 0.0)[0]

        return jax.lax.map(lambda pair: one(*pair), (s, t), batch_size=size)

    s, t = (jnp.asarray(one.ravel(), jnp.float32) for one in np.meshgrid(line, line))
    table = np.asarray(losses(s, t)).reshape(size, size)
    plane = np.stack([_flat(u), _flat(v)], axis=1)
    here = _flat(values.trainable)
    walked = [(one.update, _flat(one.values.trainable) - here) for one in network.moments]
    path = [[update, *numbers(np.linalg.lstsq(plane, step, rcond=None)[0])] for update, step in walked]
    return {"span": span, "size": size, "loss": [numbers(row) for row in table], "path": path}


def _like(rng: np.random.Generator, weights: Any) -> np.ndarray:
    """A random direction whose columns are as long as the weights' are."""
    direction = rng.normal(size=weights.shape)
    if direction.ndim < 2:
        return np.zeros_like(direction, np.float32)
    lengths = np.linalg.norm(np.asarray(weights), axis=0) / np.maximum(
        np.linalg.norm(direction, axis=0), 1e-12
    )
    return np.asarray(direction * lengths, np.float32)


def _flat(arrays: Any) -> np.ndarray:
    return np.concatenate([np.ravel(np.asarray(one)) for one in arrays])
