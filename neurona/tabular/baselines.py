"""What a network has to beat on a table: linear models and the nearest rows; and how models are joined.

Each takes numbers, (rows, features), as `TableEncoder` gives them.
"""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.spatial import KDTree

from neurona.errors import ArgumentError, DataError, NotBuiltError

_PENALTIES = 10.0 ** np.arange(-3, 5)  # among which ridge regression chooses
_BLOCK = 1024  # rows whose distances are found at once
_TREE = 15  # features up to which a tree finds near rows faster than all distances do


class RidgeBaseline:
    """Linear regression with a penalty, chosen by leaving out each row in turn.

    It minimizes |y - X w - b|^2 + penalty |w|^2. With the singular values s and vectors U of the centred X,
    the error of a row that is left out is (y - p) / (1 - h), where h is 1 / n + the sum of U^2 s^2 / (s^2 +
    penalty): no fit is repeated. Where rows have weights, rows and errors are times their roots, and the
    row's share of all weights stands for 1 / n.

    Attributes:
        penalty_, coef_, intercept_: of the best among 0.001 to 10,000.

    Source: Golub, Heath and Wahba, Generalized cross-validation as a method for choosing a good ridge
        parameter, Technometrics 21, 1979.

    Example:

        >>> X = np.arange(10.0)[:, None]
        >>> RidgeBaseline().fit(X, 2 * X[:, 0] + 1).predict([[20.0]]).round(2).tolist()
        [41.0]
    """

    def fit(self, X: Any, y: Any, weights: Any = None) -> Self:
        """Learn from rows and their numbers, (rows,); weights, (rows,), are above 0, and 1 on average."""
        X, y = _rows("RidgeBaseline", X, y)
        y = y.astype("float64")
        weights = np.ones(len(y)) if weights is None else np.asarray(weights, "float64")
        roots, share = np.sqrt(weights), weights / weights.sum()
        middle, mean = share @ X, float(share @ y)
        U, s, V = np.linalg.svd((X - middle) * roots[:, None], full_matrices=False)
        far = (y - mean) * roots
        projected = U.T @ far

        def left_out(penalty: float) -> float:
            shares = s**2 / (s**2 + penalty)
            away = far - U @ (shares * projected)
            return float(np.mean((away / np.maximum(1 - share - U**2 @ shares, 1e-9)) ** 2))

        self.penalty_ = float(min(_PENALTIES, key=left_out))
        self.coef_ = V.T @ (s / (s**2 + self.penalty_) * projected)
        self.intercept_ = float(mean - middle @ self.coef_)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """A number for each row."""
        if not hasattr(self, "coef_"):
            raise NotBuiltError("RidgeBaseline has not learned yet: call fit first.")
        return _given("RidgeBaseline", X, len(self.coef_)) @ self.coef_ + self.intercept_


class LogisticBaseline:
    """Logistic regression, of several classes by the softmax: the least sum of -log p + penalty / 2 |W|^2.

    Args:
        penalty: of the weights, not of the biases.

    Attributes:
        classes_: sorted.
        coef_, intercept_: (classes, features), (classes,).

    Source: Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3.4.

    Example:

        >>> X = np.arange(10.0)[:, None] - 4.5
        >>> LogisticBaseline().fit(X, X[:, 0] > 0).predict_proba([[9.0]]).round(2).tolist()
        [[0.0, 1.0]]
    """

    def __init__(self, penalty: float = 1.0) -> None:
        if not penalty > 0:
            raise ArgumentError(f"LogisticBaseline: penalty is above 0. Received: {penalty=}")
        self.penalty = penalty

    def fit(self, X: Any, y: Any, weights: Any = None) -> Self:
        """Learn from rows and their classes, (rows,); weights, (rows,), multiply the losses of the rows."""
        X, y = _rows("LogisticBaseline", X, y)
        weights = np.ones(len(y)) if weights is None else np.asarray(weights, "float64")
        self.classes_, which = np.unique(y, return_inverse=True)
        happened = np.eye(len(self.classes_))[which]

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            slopes = flat.reshape(len(self.classes_), -1)
            scores = X @ slopes[:, :-1].T + slopes[:, -1]
            largest = scores.max(axis=1, keepdims=True)
            total = np.log(np.exp(scores - largest).sum(axis=1, keepdims=True)) + largest
            away = (np.exp(scores - total) - happened) * weights[:, None]
            value = weights @ (total[:, 0] - scores[happened > 0])
            value += self.penalty / 2 * np.sum(slopes[:, :-1] ** 2)
            slope = np.concatenate(
                [away.T @ X + self.penalty * slopes[:, :-1], away.sum(axis=0)[:, None]], axis=1
            )
            return float(value), slope.ravel()

        start = np.zeros(len(self.classes_) * (X.shape[1] + 1))
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "ftol": 1e-10})
        slopes = found.x.reshape(len(self.classes_), -1)
        self.coef_, self.intercept_ = slopes[:, :-1], slopes[:, -1]
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (rows, classes)."""
        if not hasattr(self, "coef_"):
            raise NotBuiltError("LogisticBaseline has not learned yet: call fit first.")
        scores = _given("LogisticBaseline", X, self.coef_.shape[1]) @ self.coef_.T + self.intercept_
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        return likely / likely.sum(axis=1, keepdims=True)


class NeighboursBaseline:
    """The mean of the nearest rows, by the Euclidean distance.

    Args:
        neighbours: how many count; of fewer rows all.

    Source: Cover and Hart, Nearest neighbor pattern classification, IEEE Transactions on Information Theory
        13, 1967.

    Example:

        >>> X = np.arange(10.0)[:, None]
        >>> NeighboursBaseline(3).fit(X, X[:, 0] ** 2).predict([[5.0]]).round(2).tolist()
        [25.67]
    """

    _weights: np.ndarray | None = None

    def __init__(self, neighbours: int = 10) -> None:
        if not (isinstance(neighbours, int | np.integer) and neighbours > 0):
            raise ArgumentError(
                f"NeighboursBaseline: neighbours is a whole number above 0. Received: {neighbours=}"
            )
        self.neighbours = neighbours

    def fit(self, X: Any, y: Any, weights: Any = None) -> Self:
        """Keep rows and their numbers, (rows,) or (rows, outputs), and their weights in means, (rows,)."""
        self._X, self._y = _rows("NeighboursBaseline", X, y)
        self._weights = None if weights is None else np.asarray(weights, "float64")
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The mean of the numbers of the nearest rows, for each row."""
        if not hasattr(self, "_X"):
            raise NotBuiltError("NeighboursBaseline has not learned yet: call fit first.")
        nearest = self._nearest(_given("NeighboursBaseline", X, self._X.shape[1]))
        if self._weights is None:
            return self._y[nearest].mean(axis=1)
        shares = self._weights[nearest] / self._weights[nearest].sum(axis=1, keepdims=True)
        return np.einsum("rn,rn...->r...", shares, self._y[nearest])

    def _nearest(self, X: np.ndarray) -> np.ndarray:
        """Which rows are nearest to each, (rows, neighbours)."""
        count = min(self.neighbours, len(self._X))
        if self._X.shape[1] <= _TREE:
            tree: Any = KDTree(self._X)
            return tree.query(X, range(1, count + 1))[1]
        squares, found = np.sum(self._X**2, axis=1), []
        for begin in range(0, len(X), _BLOCK):
            distances = squares - 2 * X[begin : begin + _BLOCK] @ self._X.T
            found.append(np.argpartition(distances, count - 1, axis=1)[:, :count])
        return np.concatenate(found)


def select_ensemble(
    predictions: Sequence[Any], loss: Callable[[np.ndarray], float], rounds: int = 40
) -> np.ndarray:
    """How much each model counts, found by greedy selection: from none on, the model is added, again and
    again, with which the mean predicts best.

    It never does worse on these rows than the best model alone, and stops where no model makes it better. The
    rows must be such that no model has learned from them.

    Args:
        predictions: of each model, arrays of one shape.
        loss: of a mean of them; the lower the better.
        rounds: how many models are added at most, with repetition.

    Returns:
        Weights that sum to 1, (models,).

    Raises:
        DataError: there are no predictions, or of several shapes.

    Source: Caruana et al., Ensemble selection from libraries of models, ICML 2004.

    Example:

        >>> truth = np.array([1.0, 2.0, 3.0])
        >>> loss = lambda p: float(np.mean((p - truth) ** 2))
        >>> select_ensemble([truth + 1, truth - 1, truth + 9], loss).tolist()
        [0.5, 0.5, 0.0]
    """
    models = [np.asarray(one, "float64") for one in predictions]
    if not models or len({one.shape for one in models}) > 1:
        raise DataError(
            f"select_ensemble: there are predictions, of one shape. Received: {[one.shape for one in models]}"
        )
    counts, total, best = np.zeros(len(models)), np.zeros(models[0].shape), np.inf
    for size in range(1, rounds + 1):
        losses = [loss((total + one) / size) for one in models]
        chosen = int(np.argmin(losses))
        if not losses[chosen] < best:
            break
        best, total = losses[chosen], total + models[chosen]
        counts[chosen] += 1
    return counts / max(counts.sum(), 1)


def _rows(owner: str, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    X, y = np.asarray(X, "float64"), np.asarray(y)
    if X.ndim != 2 or len(X) != len(y) or not len(X):
        raise DataError(
            f"{owner}: X is (rows, features) and y has an entry for each row. Received shapes {X.shape} and "
            f"{y.shape}"
        )
    _check_finite(owner, X)
    return X, y


def _given(owner: str, X: Any, features: int) -> np.ndarray:
    """Rows to be predicted.

    Raises:
        DataError: they have another number of features than those that were learned from, or one is not
            finite.
    """
    X = np.asarray(X, "float64")
    if X.ndim != 2 or X.shape[1] != features:
        raise DataError(f"{owner}: it learned from {features} features. Received X of shape {X.shape}")
    _check_finite(owner, X)
    return X


def _check_finite(owner: str, X: np.ndarray) -> None:
    if not np.isfinite(X).all():
        row, feature = np.argwhere(~np.isfinite(X))[0]
        raise DataError(f"{owner}: row {row}, feature {feature} of X is {X[row, feature]}.")
