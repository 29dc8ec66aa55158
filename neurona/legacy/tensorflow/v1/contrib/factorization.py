"""`tf.contrib.factorization`: k-means as steps of the graph."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.random import as_key
from neurona.legacy.tensorflow.v1.initializers import Zeros
from neurona.legacy.tensorflow.v1.scopes import get_variable, variable_scope
from neurona.legacy.tensorflow.v1.tensor import convert, draw
from neurona.legacy.tensorflow.v1.variables import assign, group

SQUARED_EUCLIDEAN_DISTANCE, COSINE_DISTANCE = "squared_euclidean", "cosine"
RANDOM_INIT, KMEANS_PLUS_PLUS_INIT = "random", "kmeans_plus_plus"


class KMeans:
    """Clusters of points, each point with the nearest center.

    Args:
        inputs: the points (n, d), or a list of such tensors.
        num_clusters: how many centers.
        initial_clusters: "random" points, "kmeans_plus_plus" (each far from those before), or the centers.
        distance_metric: "squared_euclidean" or "cosine".
        use_mini_batch: whether a run moves the centers towards its points, by their share of all points so
            far, rather than to the means of its points.
        mini_batch_steps_per_iteration, random_seed, kmeans_plus_plus_num_retries, kmc2_chain_length:
            TensorFlow's; no effect.
    """

    def __init__(
        self,
        inputs: Any,
        num_clusters: int,
        initial_clusters: Any = RANDOM_INIT,
        distance_metric: str = SQUARED_EUCLIDEAN_DISTANCE,
        use_mini_batch: bool = False,
        mini_batch_steps_per_iteration: int = 1,
        random_seed: int = 0,
        kmeans_plus_plus_num_retries: int = 2,
        kmc2_chain_length: int = 200,
    ) -> None:
        if distance_metric not in (SQUARED_EUCLIDEAN_DISTANCE, COSINE_DISTANCE):
            raise ValueError(
                f"Unsupported distance metric passed to Kmeans {distance_metric}: it is "
                "'squared_euclidean' or 'cosine'."
            )
        listed = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        self._inputs = [convert(one) for one in listed]
        self._count, self._first = num_clusters, initial_clusters
        self._cosine, self._grows = distance_metric == COSINE_DISTANCE, use_mini_batch

    def training_graph(self) -> tuple[Any, ...]:
        """The distances of all centers, the nearest center and its distance, each a list with a tensor for
        each of the inputs; whether there are centers; the centers; the step that makes the first ones; and
        the one that trains them.
        """
        width = int(self._inputs[0].shape[1])
        with variable_scope(None, "kmeans"):
            centers = get_variable("clusters", [self._count, width], initializer=Zeros(), trainable=False)
            counts = get_variable("counts", [self._count], initializer=Zeros(), trainable=False)
            begun = get_variable("initialized", [], "bool", Zeros(), trainable=False)
        found = [draw(_nearest, (one, centers.value(), self._cosine)) for one in self._inputs]
        scores, places, nearest = (list(parts) for parts in zip(*found))
        first = draw(_first_centers, (self._inputs, self._count, self._first, self._cosine))
        init = group(assign(centers, first), assign(begun, True))
        new, seen = draw(
            _moved, (self._inputs, places, centers.value(), counts.value(), self._cosine, self._grows)
        )
        train = group(assign(centers, new), assign(counts, seen))
        return scores, places, nearest, begun.value(), centers, init, train


def _unit(points: Any) -> Any:
    return points / jnp.maximum(jnp.linalg.norm(points, axis=-1, keepdims=True), 1e-12)


def _distances(points: Any, centers: Any, cosine: bool) -> Any:
    if cosine:
        return 1 - _unit(points) @ _unit(centers).T
    squares = jnp.sum(points**2, 1)[:, None] + jnp.sum(centers**2, 1)
    return jnp.maximum(squares - 2 * points @ centers.T, 0)


def _nearest(points: Any, centers: Any, cosine: bool) -> Any:
    distances = _distances(points, centers, cosine)
    return distances, jnp.argmin(distances, 1).astype("int32"), jnp.min(distances, 1)


def _first_centers(inputs: Any, count: int, how: Any, cosine: bool) -> Any:
    points = jnp.concatenate(inputs)
    points = _unit(points) if cosine else points
    if not isinstance(how, str):
        return jnp.asarray(how, points.dtype)
    if how == RANDOM_INIT:
        return jax.random.permutation(as_key(None), points)[:count]
    keys = jax.random.split(as_key(None), count)
    chosen = points[jax.random.randint(keys[0], (1,), 0, len(points))]
    for key in keys[1:]:
        nearest = jnp.min(_distances(points, chosen, cosine), 1)
        place = jax.random.categorical(key, jnp.log(nearest + 1e-12))
        chosen = jnp.concatenate([chosen, points[place][None]])
    return chosen


def _moved(inputs: Any, places: Any, centers: Any, counts: Any, cosine: bool, grows: bool) -> Any:
    """The centers after a run, and how many points each has seen."""
    points, nearest = jnp.concatenate(inputs), jnp.concatenate(places)
    points = _unit(points) if cosine else points
    total = jax.ops.segment_sum(points, nearest, len(centers))
    number = jax.ops.segment_sum(jnp.ones_like(nearest, points.dtype), nearest, len(centers))
    seen = counts + number
    if grows:
        new = centers + (total - number[:, None] * centers) / jnp.maximum(seen, 1)[:, None]
    else:
        new = jnp.where(number[:, None] > 0, total / jnp.maximum(number, 1)[:, None], centers)
    return new, seen
