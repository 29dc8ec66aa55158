"""Gradient-boosted trees as TensorFlow's boosted trees grow them: layer by layer.

Features are the numbers of buckets, (n, features). For each layer the gradients g and curvatures h of the
loss are taken anew, as means over the rows of a batch. A leaf with sums G and H is worth -G / (H + l2), l1
draws G towards 0, and a leaf is split where G_l^2 / (H_l + l2) + G_r^2 / (H_r + l2) is largest. What is added
to a leaf is multiplied with the learning rate. (Ponomareva and others, "TF Boosted Trees", 2017.)
"""

import dataclasses
import json
from typing import Any

import numpy as np


@dataclasses.dataclass
class Growth:
    """How trees grow.

    Attributes:
        trees, depth: how many at most, and how many splits a path has at most.
        rate: what new values are multiplied with.
        l1, l2: penalties of the leaves' values.
        complexity: what a split has to gain.
        least: the curvature that each side of a split has at least.
        prunes: whether leaves are split only where that gains something.
    """

    trees: int
    depth: int
    rate: float
    l1: float
    l2: float
    complexity: float
    least: float
    prunes: bool


class Tree:
    """A tree whose nodes stand in lists: the feature and the last bucket of the left side, the places of the
    children, and the value; feature -1 for a leaf.
    """

    def __init__(self, width: int) -> None:
        self.nodes: list[list[Any]] = [[-1, 0, -1, -1]]
        self.values: list[np.ndarray] = [np.zeros(width)]
        self.layers = 0

    def path(self, buckets: np.ndarray) -> list[np.ndarray]:
        """The nodes that rows go through, (n,) for each depth."""
        nodes = np.array(self.nodes)
        places = [np.zeros(len(buckets), int)]
        for _ in range(self.layers):
            here = nodes[places[-1]]
            split = here[:, 0] >= 0
            value = buckets[np.arange(len(buckets)), np.maximum(here[:, 0], 0)]
            further = np.where(value <= here[:, 1], here[:, 2], here[:, 3])
            places.append(np.where(split, further, places[-1]))
        return places

    def outputs(self, buckets: np.ndarray) -> np.ndarray:
        """The values of the leaves that rows end in."""
        return np.array(self.values)[self.path(buckets)[-1]]


class Forest:
    """Trees whose outputs are added to a bias.

    Args:
        width: how many numbers each output has.
    """

    def __init__(self, width: int) -> None:
        self.bias = np.zeros(width)
        self.trees: list[Tree] = []
        self.gains: dict[int, float] = {}
        self.steps = 0

    def outputs(self, buckets: np.ndarray) -> np.ndarray:
        """The sum for each row, (n, width)."""
        total = np.tile(self.bias, (len(buckets), 1))
        for tree in self.trees:
            total += tree.outputs(buckets)
        return total

    def is_done(self, growth: Growth) -> bool:
        """Whether all trees have all their layers."""
        return len(self.trees) >= growth.trees and self.trees[-1].layers >= growth.depth

    def grow(self, batches: list[tuple[np.ndarray, np.ndarray, np.ndarray]], growth: Growth) -> None:
        """Add a layer, with the buckets, gradients and curvatures of batches."""
        if not self.trees or self.trees[-1].layers >= growth.depth:
            self.trees.append(Tree(len(self.bias)))
        tree = self.trees[-1]
        parts = zip(*((b, g / len(b), h / len(b)) for b, g, h in batches), strict=True)
        buckets, slopes, curves = (np.concatenate(part) for part in parts)
        slopes, curves = slopes / len(batches), curves / len(batches)
        leaves = tree.path(buckets)[-1]
        for leaf in np.unique(leaves):
            rows = leaves == leaf
            self._extend(tree, int(leaf), buckets[rows], slopes[rows], curves[rows], growth)
        tree.layers += 1

    def _extend(self, tree: Tree, leaf: int, buckets: Any, slopes: Any, curves: Any, growth: Growth) -> None:
        """Split a leaf, or give it a new value where no split gains anything."""
        split = _best(buckets, slopes, curves, growth)
        if split is None:
            if not growth.prunes:
                tree.values[leaf] = tree.values[leaf] + growth.rate * _worth(slopes, curves, growth)
            return
        gain, feature, last = split
        self.gains[feature] = self.gains.get(feature, 0.0) + gain
        is_left = buckets[:, feature] <= last
        tree.nodes[leaf] = [feature, last, len(tree.nodes), len(tree.nodes) + 1]
        for rows in (is_left, ~is_left):
            tree.nodes.append([-1, 0, -1, -1])
            tree.values.append(tree.values[leaf] + growth.rate * _worth(slopes[rows], curves[rows], growth))

    def save(self, path: str) -> None:
        """Write everything into a file."""
        trees = [
            {"nodes": tree.nodes, "values": np.array(tree.values).tolist(), "layers": tree.layers}
            for tree in self.trees
        ]
        gains = {str(feature): gain for feature, gain in self.gains.items()}
        state = {"bias": self.bias.tolist(), "trees": trees, "gains": gains, "steps": self.steps}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(state, file)

    @classmethod
    def load(cls, path: str) -> "Forest":
        """Read what `save` wrote."""
        with open(path, encoding="utf-8") as file:
            state = json.load(file)
        forest = cls(len(state["bias"]))
        forest.bias, forest.steps = np.array(state["bias"]), int(state["steps"])
        forest.gains = {int(feature): float(gain) for feature, gain in state["gains"].items()}
        for one in state["trees"]:
            tree = Tree(len(forest.bias))
            tree.nodes, tree.layers = [list(map(int, node)) for node in one["nodes"]], int(one["layers"])
            tree.values = [np.array(value) for value in one["values"]]
            forest.trees.append(tree)
        return forest


def _drawn(total: np.ndarray, l1: float) -> np.ndarray:
    return np.sign(total) * np.maximum(np.abs(total) - l1, 0)


def _worth(slopes: np.ndarray, curves: np.ndarray, growth: Growth) -> np.ndarray:
    """The value of a leaf with these rows."""
    under = curves.sum(0) + growth.l2
    return -_drawn(slopes.sum(0), growth.l1) / np.where(under > 0, under, np.inf)


def _best(buckets: Any, slopes: Any, curves: Any, growth: Growth) -> tuple[float, int, int] | None:
    """The gain of the best split, its feature and its last bucket on the left; None where none gains."""

    def score(g: np.ndarray, h: np.ndarray) -> np.ndarray:
        under = h + growth.l2
        return (_drawn(g, growth.l1) ** 2 / np.where(under > 0, under, np.inf)).sum(-1)

    whole = score(slopes.sum(0), curves.sum(0)) + growth.complexity
    best = None
    for feature in range(buckets.shape[1]):
        count = int(buckets[:, feature].max()) + 1
        sums = []
        for one in (slopes, curves):
            table = np.zeros((count, one.shape[1]))
            np.add.at(table, buckets[:, feature], one)
            sums.append(np.cumsum(table, 0))
        (g, h), (all_g, all_h) = sums, (sums[0][-1], sums[1][-1])
        gains = score(g, h) + score(all_g - g, all_h - h) - whole
        sides = np.minimum(h.sum(1), (all_h - h).sum(1))
        gains = np.where(sides >= growth.least, gains, -np.inf)[:-1]
        if len(gains) and gains.max() > max(1e-12, 0 if best is None else best[0]):
            best = float(gains.max()), feature, int(gains.argmax())
    return best
