"""The models among which the best for a table are chosen. Each takes encoded columns, and gives (rows,
outputs): numbers, or the probability of each class.
"""

import contextlib
import importlib.util
import time
from typing import Any, Protocol, Self

import numpy as np

from neurona.core.errors import optional_import
from neurona.tabular.baselines import LogisticBaseline, NeighboursBaseline, RidgeBaseline
from neurona.tabular.encoding import Encoded

_FIRST_TREES = 5  # of a training in limited time
_CAUTION = 0.8  # share of the time that is planned for
MANY_ROWS = 1000  # from which on some may be left for when to stop
MANY_CELLS = 5_000_000  # cells of a table from which on several threads are of use


class Candidate(Protocol):
    """What learns from encoded columns."""

    def fit(self, X: Encoded, y: np.ndarray, outputs: int, weights: np.ndarray | None = None) -> Self:
        """Learn.

        Args:
            X: the columns of the rows.
            y: numbers, or which class.
            outputs: how many classes there are; 1 for numbers.
            weights: how much each row counts, 1 on average; None where all count the same.
        """
        ...

    def predict(self, X: Encoded) -> np.ndarray:
        """(rows, outputs)."""
        ...


class ConstantModel:
    """The mean, or the share of each class, for every row.

    Example:

        >>> X = Encoded(np.zeros((4, 1)), ["x"], ["x"], [True])
        >>> ConstantModel().fit(X, np.array([0, 0, 0, 1]), 2).predict(X)[0].tolist()
        [0.75, 0.25]
    """

    def fit(self, X: Encoded, y: np.ndarray, outputs: int, weights: np.ndarray | None = None) -> Self:
        """Learn the mean, or the shares."""
        if outputs == 1:
            self.answer = np.array([np.average(y, weights=weights)])
        else:
            counts = np.bincount(y, weights, outputs)
            self.answer = counts / counts.sum()
        return self

    def predict(self, X: Encoded) -> np.ndarray:
        """The same for each row."""
        return np.tile(self.answer, (len(X.values), 1))


class LinearModel:
    """Ridge regression, or logistic regression of classes.

    Example:

        >>> X = Encoded(np.arange(10.0)[:, None], ["x"], ["x"], [True])
        >>> LinearModel().fit(X, np.arange(10.0), 1).predict(X).shape
        (10, 1)
    """

    def fit(self, X: Encoded, y: np.ndarray, outputs: int, weights: np.ndarray | None = None) -> Self:
        """Learn the weights."""
        self.outputs = outputs
        with _few_threads(X):
            model: Any = RidgeBaseline() if outputs == 1 else LogisticBaseline()
            self.model: Any = model.fit(X.values, y, weights)
        return self

    def predict(self, X: Encoded) -> np.ndarray:
        """Sums of weighted columns, or their softmax."""
        if self.outputs == 1:
            return self.model.predict(X.values)[:, None]
        return of_all_classes(self.model.predict_proba(X.values), self.model.classes_, self.outputs)


class NeighboursModel:
    """The mean of the 10 nearest rows.

    Example:

        >>> X = Encoded(np.arange(20.0)[:, None], ["x"], ["x"], [True])
        >>> NeighboursModel().fit(X, np.arange(20) // 10, 2).predict(X)[0].tolist()
        [1.0, 0.0]
    """

    def fit(self, X: Encoded, y: np.ndarray, outputs: int, weights: np.ndarray | None = None) -> Self:
        """Keep the rows."""
        targets = y[:, None] if outputs == 1 else np.eye(outputs)[y]
        self.model = NeighboursBaseline().fit(X.values, targets, weights)
        return self

    def predict(self, X: Encoded) -> np.ndarray:
        """The mean of what the nearest rows had."""
        return self.model.predict(X.values)


class BoostedTrees:
    """Gradient boosting over histograms, of scikit-learn, with the steps of tuned defaults.

    Source: Ke et al., LightGBM, NeurIPS 2017.

    Example:

        >>> X = Encoded(np.arange(100.0)[:, None], ["x"], ["x"], [True])
        >>> BoostedTrees().fit(X, np.arange(100) // 50, 2).predict(X).argmax(axis=1)[[0, 99]].tolist()
        [0, 1]
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.seconds: float | None = None  # that learning may take

    @staticmethod
    def is_available() -> bool:
        """Whether scikit-learn is installed, and skops, which writes its trees into files."""
        return all(importlib.util.find_spec(name) is not None for name in ("sklearn", "skops"))

    @staticmethod
    def needed() -> Any:
        """The package that grows them.

        Raises:
            MissingDependencyError: it is not installed.
        """
        return optional_import("sklearn.ensemble", extra="trees", purpose="boosted trees")

    def fit(self, X: Encoded, y: np.ndarray, outputs: int, weights: np.ndarray | None = None) -> Self:
        """Learn the trees: 100 from few rows; from 1,000 or more up to 300, as a tenth of them says."""
        ensemble = self.needed()
        self.outputs = outputs
        many = len(y) >= MANY_ROWS
        settings: dict[str, Any] = {"max_iter": 300 if many else 100, "early_stopping": many}
        settings |= {"n_iter_no_change": 20, "random_state": self.seed}
        if outputs > 1:
            settings |= {"learning_rate": 0.04, "min_samples_leaf": 20}
            self.model: Any = ensemble.HistGradientBoostingClassifier(**settings)
        else:
            settings |= {"learning_rate": 0.07, "max_leaf_nodes": 63 if many else 31, "min_samples_leaf": 5}
            settings |= {"l2_regularization": 1.0, "max_features": 0.7}
            self.model = ensemble.HistGradientBoostingRegressor(**settings)
        with _few_threads(X):
            if self.seconds is None:
                self.model.fit(X.values, y, weights)
            else:
                self._fit_in_time(X.values, y, weights)
        return self

    def _fit_in_time(self, values: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> None:
        """Learn a few trees in any case, then as many more as the time left is enough for."""
        begin, all_trees = time.perf_counter(), self.model.max_iter
        trees = min(_FIRST_TREES, all_trees)
        self.model.set_params(warm_start=True, max_iter=trees)
        self.model.fit(values, y, weights)
        while self.model.n_iter_ == trees < all_trees:
            passed = time.perf_counter() - begin
            more = int(_CAUTION * (float(self.seconds or 0) - passed) / (passed / trees))
            if more < 1:
                break
            trees = min(
                trees + min(more, trees), all_trees
            )  # at most twice as many, since the speed is a guess
            self.model.set_params(max_iter=trees)
            self.model.fit(values, y, weights)
        self.model.set_params(warm_start=False, max_iter=all_trees)

    def predict(self, X: Encoded) -> np.ndarray:
        """The sum of the trees."""
        with _few_threads(X):
            if self.outputs == 1:
                return self.model.predict(X.values)[:, None]
            return of_all_classes(self.model.predict_proba(X.values), self.model.classes_, self.outputs)


def of_all_classes(likely: np.ndarray, classes: np.ndarray, outputs: int) -> np.ndarray:
    """Probabilities of all classes, where rows to learn from lacked some."""
    found = np.zeros((len(likely), outputs))
    found[:, classes.astype(int)] = likely
    return found


def _few_threads(X: Encoded) -> contextlib.AbstractContextManager[Any]:
    """One thread for a table of few cells: the threads of BLAS and OpenMP would wait for each other longer
    than they work.
    """
    if X.values.size > MANY_CELLS:
        return contextlib.nullcontext()
    threads = optional_import("threadpoolctl", extra="tables", purpose="learning a table")
    return threads.threadpool_limits(1)
