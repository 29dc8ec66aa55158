"""Trees as arrays: what LightGBM, XGBoost and CatBoost have grown, in one form that predicts without them and
stands in a file without code.
"""

import dataclasses
from typing import Self

import numpy as np

_AT_ONCE = 500_000  # places of rows in trees: what is known of them stays in the cache of the processor


@dataclasses.dataclass
class Forest:
    """Binary trees, whose nodes stand in one list; a node's children come after it.

    A row goes to the left child where its feature is no larger than the threshold. A leaf has no children:
    its `left` is 0, and its `threshold` is its value.

    Attributes:
        roots: the first node of each tree, (trees,).
        outputs: to which output each tree adds, (trees,).
        features: of each node, (nodes,).
        thresholds: (nodes,).
        left, right: places of the children, (nodes,).
        missing_left: where a row without a value goes, (nodes,).
        base: of each output, (outputs,).
        single: whether values have 32 bits, as the trees have learned them.
    """

    roots: np.ndarray
    outputs: np.ndarray
    features: np.ndarray
    thresholds: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    base: np.ndarray
    single: bool = False

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The base and what the trees add, (rows, outputs).

        Example:

            >>> one = np.array([0, 0, 0])
            >>> tree = Forest(one[:1], one[:1], one, np.array([0.5, -1, 1]), np.array([1, 0, 0]),
            ...               np.array([2, 0, 0]), one > 0, np.zeros(1))
            >>> tree.sums(np.array([[0.2], [0.7], [np.nan]])).ravel().tolist()
            [-1.0, 1.0, 1.0]
        """
        rows = max(1, _AT_ONCE // max(1, len(self.roots)))
        parts = [self._sums(values[at : at + rows]) for at in range(0, len(values), rows)]
        return np.concatenate([np.empty((0, len(self.base))), *parts])

    def _sums(self, values: np.ndarray) -> np.ndarray:
        flat = np.ascontiguousarray(values, np.float32 if self.single else float).ravel()
        trees, rows, columns = len(self.roots), *values.shape
        nodes = np.repeat(self.roots, rows)  # of each tree, where each row is
        begins = np.tile(np.arange(rows, dtype=np.int32) * columns, trees)
        under_way = np.flatnonzero(self.left[nodes])
        while len(under_way):
            node = nodes[under_way]
            value = flat[begins[under_way] + self.features[node]]
            goes_left = (value <= self.thresholds[node]) | (np.isnan(value) & self.missing_left[node])
            node = np.where(goes_left, self.left[node], self.right[node])
            nodes[under_way] = node
            under_way = under_way[self.left[node] > 0]
        found = np.tile(np.asarray(self.base, float), (rows, 1))
        leaves = self.thresholds[nodes].reshape(trees, rows)
        for output in range(found.shape[1]):
            found[:, output] += leaves[self.outputs == output].sum(axis=0)
        return found

    def check(self) -> None:
        """Refuse what would not end or be read beside an array.

        Raises:
            ValueError: a node points to one before it, or to none.
        """
        places = np.arange(len(self.features))
        inner = self.left != 0
        for child in (self.left[inner], self.right[inner]):
            if (child <= places[inner]).any() or (child >= len(places)).any():
                raise ValueError("a tree has a node that points to none")
        if (self.features < 0).any() or (self.roots < 0).any() or (self.roots >= len(places)).any():
            raise ValueError("a tree begins nowhere, or asks for a feature that there is not")


@dataclasses.dataclass
class SymmetricForest:
    """Trees that ask one question of all nodes of a level: the answers are the bits of the leaf's number.

    Attributes:
        features: that each level asks for, (trees, levels).
        borders: a larger value is a 1, (trees, levels); infinite where a tree has fewer levels.
        leaves: (trees, 2 ** levels, outputs).
        base: of each output, (outputs,).

    Source: Prokhorenkova et al., CatBoost: unbiased boosting with categorical features, NeurIPS 2018.
    """

    features: np.ndarray
    borders: np.ndarray
    leaves: np.ndarray
    base: np.ndarray

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The base and what the trees add, (rows, outputs); a missing value is a 0 everywhere.

        Example:

            >>> tree = SymmetricForest(np.array([[0]]), np.array([[0.5]]), np.array([[[-1.0], [1.0]]]),
            ...                        np.zeros(1))
            >>> tree.sums(np.array([[0.2], [0.7], [np.nan]])).ravel().tolist()
            [-1.0, 1.0, -1.0]
        """
        values = values.astype(np.float32)
        found = np.tile(np.asarray(self.base, float), (len(values), 1))
        for features, borders, leaves in zip(self.features, self.borders, self.leaves):
            found += leaves[(values[:, features] > borders) @ (1 << np.arange(len(features)))]
        return found

    def check(self) -> None:
        """Refuse what would be read beside an array.

        Raises:
            ValueError: the arrays do not fit one another.
        """
        trees, levels = self.features.shape
        if self.borders.shape != (trees, levels) or self.leaves.shape[:2] != (trees, 2**levels):
            raise ValueError("trees have other levels than leaves")
        if (self.features < 0).any():
            raise ValueError("a tree asks for a feature that there is not")


class Grower:
    """Gathers the nodes of binary trees into a `Forest`."""

    def __init__(self) -> None:
        self._roots: list[int] = []
        self._outputs: list[int] = []
        self._nodes: list[tuple[int, float, int, int, bool]] = []

    def tree(self, output: int) -> Self:
        """Begin a tree, whose root is the next node."""
        self._roots.append(len(self._nodes))
        self._outputs.append(output)
        return self

    def node(self, feature: int, threshold: float, missing_left: bool) -> int:
        """Add a node that asks; `join` tells its children later."""
        self._nodes.append((feature, threshold, 0, 0, missing_left))
        return len(self._nodes) - 1

    def leaf(self, value: float) -> int:
        """Add a leaf."""
        return self.node(0, value, False)

    def join(self, place: int, left: int, right: int) -> int:
        """Tell a node's children."""
        feature, threshold, _, _, missing_left = self._nodes[place]
        self._nodes[place] = feature, threshold, left, right, missing_left
        return place

    def forest(self, base: np.ndarray, single: bool = False) -> Forest:
        """The trees so far."""
        columns = list(zip(*self._nodes)) or [[], [], [], [], []]
        features, thresholds, left, right, missing_left = columns
        return Forest(
            np.array(self._roots, np.int32),
            np.array(self._outputs, np.int32),
            np.array(features, np.int32),
            np.array(thresholds, float),
            np.array(left, np.int32),
            np.array(right, np.int32),
            np.array(missing_left, bool),
            np.asarray(base, float),
            single,
        )
