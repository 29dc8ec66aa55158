"""Modules of scikit-learn that were removed, for programs that were written when it had them."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.legacy.imports import MadeModule


class _Folds:
    """The divisions of a splitter, which was given the rows when it was made, and is iterated itself.

    Args:
        name: the splitter's, in `sklearn.model_selection`.
        rows: how many there are.
        labels: of the rows, or None.
        options: the splitter's.
    """

    def __init__(self, name: str, rows: int, labels: Any, **options: Any) -> None:
        import sklearn.model_selection as today  # a program that gets here has it

        if options.get("shuffle") is False:
            options.pop("random_state")  # refused where it decides nothing
        self._splitter = getattr(today, name)(**options)
        self._rows, self._labels = np.zeros(rows), labels

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return self._splitter.split(self._rows, self._labels)

    def __len__(self) -> int:
        return self._splitter.get_n_splits(self._rows, self._labels)


def k_fold(n: int, n_folds: int = 3, shuffle: bool = False, random_state: Any = None) -> _Folds:
    """`KFold` of the numbers of n rows."""
    return _Folds("KFold", n, None, n_splits=n_folds, shuffle=shuffle, random_state=random_state)


def stratified_k_fold(y: Any, n_folds: int = 3, shuffle: bool = False, random_state: Any = None) -> _Folds:
    """`StratifiedKFold` of rows with these labels."""
    options = {"n_splits": n_folds, "shuffle": shuffle, "random_state": random_state}
    return _Folds("StratifiedKFold", len(y), np.asarray(y), **options)


def shuffle_split(
    n: int, n_iter: int = 10, test_size: Any = 0.1, train_size: Any = None, random_state: Any = None
) -> _Folds:
    """`ShuffleSplit` of the numbers of n rows."""
    sizes = {"test_size": test_size, "train_size": train_size}
    return _Folds("ShuffleSplit", n, None, n_splits=n_iter, random_state=random_state, **sizes)


def stratified_shuffle_split(
    y: Any, n_iter: int = 10, test_size: Any = 0.1, train_size: Any = None, random_state: Any = None
) -> _Folds:
    """`StratifiedShuffleSplit` of rows with these labels."""
    options = {"n_splits": n_iter, "test_size": test_size, "train_size": train_size}
    return _Folds("StratifiedShuffleSplit", len(y), np.asarray(y), random_state=random_state, **options)


def leave_one_out(n: int) -> _Folds:
    """`LeaveOneOut` of n rows."""
    return _Folds("LeaveOneOut", n, None)


def _today(*names: str) -> dict[str, str]:
    return {name: f"sklearn.model_selection:{name}" for name in names}


_MODULES: dict[str, dict[str, Any]] = {
    "cross_validation": {
        **_today("check_cv", "cross_val_predict", "cross_val_score", "permutation_test_score"),
        **_today("train_test_split"),
        "KFold": k_fold,
        "LeaveOneOut": leave_one_out,
        "ShuffleSplit": shuffle_split,
        "StratifiedKFold": stratified_k_fold,
        "StratifiedShuffleSplit": stratified_shuffle_split,
    },
    "grid_search": _today("GridSearchCV", "ParameterGrid", "ParameterSampler", "RandomizedSearchCV"),
    "learning_curve": _today("learning_curve", "validation_curve"),
    "externals.joblib": {
        name: f"joblib:{name}" for name in ("Memory", "Parallel", "cpu_count", "delayed", "dump", "load")
    },
}


def restore() -> None:
    """Let imports find them again, in this process, where scikit-learn has none of them."""
    for path, names in _MODULES.items():
        name = f"sklearn.{path}"
        sys.modules.setdefault(name, MadeModule(name, names, ()))
