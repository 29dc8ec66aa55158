"""The data sets of the plane, and the features computed from x and y."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from neurona.playground.formulas import formula

EXTENT = 6.0
SAMPLES = {"classification": 500, "regression": 600}


class Points(NamedTuple):
    """Points of the plane, (n, 2), and their class or value, (n,)."""

    xy: np.ndarray
    target: np.ndarray


def make(state: dict[str, Any]) -> tuple[Points, Points]:
    """The points to train on and the points to test on. Equal states give equal points.

    Example:

        >>> from neurona.playground.state import normalized
        >>> train, test = make(normalized({"data": {"train": 80}})[0])
        >>> train.xy.shape, test.target.shape
        ((400, 2), (100,))
    """
    data, problem = state["data"], state["problem"]
    rng = np.random.default_rng(data["seed"])
    if data["name"] == "points":
        rows = np.asarray(data["points"], float)
        points = Points(rows[:, :2], rows[:, 2])
    elif data["name"] == "formula":
        points = _by_formula(rng, data, problem)
    else:
        points = _SETS[data["name"]](rng, SAMPLES[problem], data["noise"] / 100, data["classes"])
    order = rng.permutation(len(points.xy))
    cut = int(np.clip(round(len(order) * data["train"] / 100), 1, len(order) - 1))
    train, test = order[:cut], order[cut:]
    return Points(points.xy[train], points.target[train]), Points(points.xy[test], points.target[test])


def features(names: list[str], xy: Any) -> np.ndarray:
    """The inputs of the network for points, (n, features).

    Example:

        >>> features(["x", "x*y"], [[2.0, 3.0]])
        array([[2., 6.]], dtype=float32)
    """
    x, y = np.asarray(xy, float).T
    return np.stack([formula(name)(x, y) for name in names], axis=1).astype(np.float32)


def grid(size: int) -> np.ndarray:
    """The points of a square grid over the plane, (size * size, 2), the row of the highest y first."""
    line = np.linspace(-EXTENT, EXTENT, size)
    x, y = np.meshgrid(line, line[::-1])
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _by_formula(rng: np.random.Generator, data: dict[str, Any], problem: str) -> Points:
    xy = rng.uniform(-EXTENT, EXTENT, (SAMPLES[problem], 2))
    moved = xy + data["noise"] / 100 * rng.normal(0, 2, xy.shape)
    value = np.nan_to_num(formula(data["formula"])(*moved.T), posinf=1e6, neginf=-1e6)
    if problem == "classification":
        value = np.clip(np.floor(value), 0, data["classes"] - 1)
    return Points(xy, value)


def _circle(rng: np.random.Generator, n: int, noise: float, classes: int) -> Points:
    """Rings, one for each class, with a gap between neighbours."""
    label = np.arange(n) % classes
    width = 5.0 / (1.5 * classes - 0.5)
    radius = label * 1.5 * width + rng.uniform(0, width, n)
    angle = rng.uniform(0, 2 * np.pi, n)
    xy = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
    return Points(xy + rng.uniform(-5, 5, xy.shape) * noise, label)


def _xor(rng: np.random.Generator, n: int, noise: float, classes: int) -> Points:
    """Sectors whose class alternates; with two classes, the four quadrants."""
    xy = rng.uniform(-5, 5, (n, 2))
    xy += np.sign(xy) * 0.3
    moved = xy + rng.uniform(-5, 5, xy.shape) * noise
    turn = np.arctan2(moved[:, 1], moved[:, 0]) % (2 * np.pi) / (2 * np.pi)
    return Points(xy, np.floor(turn * 2 * classes) % classes)


def _gauss(rng: np.random.Generator, n: int, noise: float, classes: int) -> Points:
    label = np.arange(n) % classes
    angle = np.pi / 4 + 2 * np.pi * label / classes
    centre = 2 * np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Points(centre + rng.normal(0, np.sqrt(0.5 + 7 * noise), (n, 2)), label)


def _spiral(rng: np.random.Generator, n: int, noise: float, classes: int) -> Points:
    label, part = np.arange(n) % classes, np.arange(n) // classes / max(n // classes, 1)
    angle = 1.75 * part * 2 * np.pi + 2 * np.pi * label / classes
    xy = 5 * part[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return Points(xy + rng.uniform(-1, 1, xy.shape) * noise * 2, label)


def _plane(rng: np.random.Generator, n: int, noise: float, classes: int) -> Points:
    xy = rng.uniform(-EXTENT, EXTENT, (n, 2))
    moved = xy + rng.uniform(-EXTENT, EXTENT, xy.shape) * noise
    return Points(xy, np.clip(moved.sum(axis=1) / 10, -1, 1))


def _gaussians(rng: np.random.Generator, n: int, noise: float, classes: int) -> Points:
    xy = rng.uniform(-EXTENT, EXTENT, (n, 2))
    moved = xy + rng.uniform(-EXTENT, EXTENT, xy.shape) * noise
    centres = np.array([[-4, 2.5], [0, 2.5], [4, 2.5], [-4, -2.5], [0, -2.5], [4, -2.5]])
    signs = np.array([1, -1, 1, -1, 1, -1])
    height = np.clip(1 - np.linalg.norm(moved[:, None] - centres, axis=2) / 2, 0, 1)
    best = height.argmax(axis=1)
    return Points(xy, signs[best] * height[np.arange(n), best])


_SETS: dict[str, Callable[[np.random.Generator, int, float, int], Points]] = {
    "circle": _circle,
    "xor": _xor,
    "gauss": _gauss,
    "spiral": _spiral,
    "plane": _plane,
    "gaussians": _gaussians,
}
