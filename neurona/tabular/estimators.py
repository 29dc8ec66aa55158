"""Learning tables as estimators of scikit-learn, which the package scikit-learn is needed for."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from neurona.core.errors import optional_import
from neurona.evaluation.splits import k_folds
from neurona.tabular.columns import Column, infer_columns
from neurona.tabular.learning import Learned, learn_table
from neurona.tabular.reading import RawTable
from neurona.tabular.training import MODELS, candidates

_base, _multiclass, _validation = (
    optional_import(f"sklearn.{name}", extra="trees", purpose="TabularClassifier and TabularRegressor")
    for name in ("base", "utils.multiclass", "utils.validation")
)


class _Tabular(_base.BaseEstimator):
    """What both share."""

    def __init__(
        self,
        models: Sequence[str] = MODELS,
        preset: str = "fast",
        folds: int = 5,
        time_limit: float | None = None,
        random_state: int = 0,
    ) -> None:
        self.models = models
        self.preset = preset
        self.folds = folds
        self.time_limit = time_limit
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags

    def _learned_rows(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        """Rows to learn from as a frame, and their targets.

        Raises:
            ValueError: the shapes do not fit each other, or there is no target.
        """
        if hasattr(X, "columns"):
            _validation.validate_data(self, X, y, skip_check_array=True)
            _validation.check_consistent_length(X, y)
            return X, _validation.column_or_1d(y, warn=True)
        X, y = _validation.validate_data(
            self, X, y, dtype=None, ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        return _framed(X), y

    def _new_rows(self, X: Any) -> Any:
        """Rows to be predicted as a frame.

        Raises:
            NotFittedError: nothing has been learned.
            ValueError: other columns were learned.
        """
        _validation.check_is_fitted(self)
        if hasattr(X, "columns"):
            _validation.validate_data(self, X, skip_check_array=True, reset=False)
            return X
        return _framed(
            _validation.validate_data(self, X, dtype=None, ensure_all_finite="allow-nan", reset=False)
        )

    def _learn(self, frame: Any, y: np.ndarray, outputs: int) -> None:
        nameless = not hasattr(self, "feature_names_in_")  # then 1, 2, 3... may be a measure, no row numbers
        self.columns_: list[Column] = [
            dataclasses.replace(column, kind="number")
            if nameless and column.why.key == "row_numbers"
            else column
            for column in infer_columns(RawTable(frame))
        ]
        folds = min(self.folds, len(y))
        classes = y if outputs > 1 and np.bincount(y).min() >= folds else None
        cut = k_folds(len(y), folds, classes, seed=self.random_state)
        wanted = candidates(self.models, self.preset, self.random_state, len(y), len(self.columns_))
        self.learned_: Learned = learn_table(frame, self.columns_, y, outputs, cut, wanted, self.time_limit)


def _framed(X: np.ndarray) -> Any:
    """An array as a frame, whose columns are x0, x1, ..."""
    pandas = optional_import("pandas", extra="tables", purpose="learning a table")
    return pandas.DataFrame(X, columns=[f"x{place}" for place in range(X.shape[1])])


class TabularClassifier(_base.ClassifierMixin, _Tabular):
    """Tells classes from the columns of a table: numbers, texts, dates, with holes.

    Args:
        models: which are tried, of `"linear"`, `"neighbours"`, `"trees"`, `"lightgbm"`, `"xgboost"`,
            `"catboost"`, `"network"`; all of them are those whose packages are installed. Those that predict
            best together are joined.
        preset: `"fast"`, or `"best"`, with which the network goes through the rows 256 times instead of 32.
        folds: parts of the rows; each is predicted by what the others taught.
        time_limit: in seconds; no model begins after it.
        random_state: of folds and models.

    Attributes:
        classes_: sorted.
        learned_: the models that were tried, and how good they are.
        columns_: what the columns are.
        n_features_in_, feature_names_in_: of the rows.

    Raises:
        ArgumentError: there is no such model or preset.

    Example:

        >>> import pandas
        >>> rows = pandas.DataFrame({"size": np.arange(40) / 4, "town": ["A", "B"] * 20})
        >>> classifier = TabularClassifier(models=["linear"]).fit(rows, np.arange(40) // 20)
        >>> classifier.predict(rows[:2]).tolist(), round(classifier.score(rows, np.arange(40) // 20), 1)
        ([0, 0], 1.0)
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows, a DataFrame or an array, and their classes, (rows,)."""
        frame, y = self._learned_rows(X, y)
        _multiclass.check_classification_targets(y)
        self.classes_, which = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"{type(self).__name__}: there is one class alone, {self.classes_[0]!r}")
        self._learn(frame, which, len(self.classes_))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row."""
        likely = self.predict_proba(X)
        return self.classes_[likely.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (rows, classes)."""
        rows = self._new_rows(X)
        return self.learned_.model.predict(rows)


class TabularRegressor(_base.RegressorMixin, _Tabular):
    """Predicts numbers from the columns of a table: numbers, texts, dates, with holes.

    Args:
        models, preset, folds, time_limit, random_state: as in `TabularClassifier`.

    Attributes:
        learned_, columns_, n_features_in_, feature_names_in_: as in `TabularClassifier`.

    Raises:
        ArgumentError: there is no such model or preset.

    Example:

        >>> X = np.arange(40.0)[:, None]
        >>> TabularRegressor(models=["linear"]).fit(X, 2 * X[:, 0]).predict([[10.0]]).round(1).tolist()
        [20.0]
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows, a DataFrame or an array, and their numbers, (rows,)."""
        frame, y = self._learned_rows(X, y)
        y = np.asarray(y, "float64")
        if not np.isfinite(y).all():
            raise ValueError(f"{type(self).__name__}: y holds NaN or infinity")
        self._learn(frame, y, 1)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The number of each row."""
        rows = self._new_rows(X)
        return self.learned_.model.predict(rows)[:, 0]
