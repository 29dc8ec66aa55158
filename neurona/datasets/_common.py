"""Helpers of all data sets: the reproducible split, names in two languages, data frames."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, optional_import
from neurona.language import in_language
from neurona.preprocessing.arguments import check_choice

Split = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def check_test_split(test_split: float) -> None:
    if not 0 <= test_split < 1:
        raise ArgumentError(
            "load_data: expected 0 <= test_split < 1, the share of the rows kept for testing. Received: "
            f"{test_split}"
        )


def shuffle_split(x: np.ndarray, y: np.ndarray, test_split: float, seed: int | None) -> Split:
    """Rows in the order of `RandomState(seed).shuffle`, the first int(n * (1 - test_split)) for training
    (Keras's rule).
    """
    check_test_split(test_split)
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    cut = int(len(x) * (1 - test_split))
    train, test = order[:cut], order[cut:]
    return (x[train], y[train]), (x[test], y[test])


def pandas() -> ModuleType:
    return optional_import("pandas", extra="data", purpose="as_frame")


def table_frame(x: np.ndarray, features: Sequence[str], target: str, y: Any) -> Any:
    """A data frame of feature columns and, last, the target."""
    frame = pandas().DataFrame(x, columns=list(features))
    frame[target] = y
    return frame


def choose_subset(data: Split, subset: str) -> tuple[np.ndarray, np.ndarray]:
    """The `"train"`, `"test"` or `"all"` rows of what `load_data()` returned."""
    check_choice("as_frame", "subset", subset, ("train", "test", "all"))
    parts = {"train": data[:1], "test": data[1:], "all": data}[subset]
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def image_frame(x: np.ndarray, y: np.ndarray, language: str) -> Any:
    """A data frame of a label column and one column per pixel value, row by row, as in Kaggle's digit
    files.
    """
    label = in_language({"en": "label", "es": "etiqueta"}, language)
    pixels = x.reshape(len(x), -1)
    frame = pandas().DataFrame(pixels, columns=[f"pixel{index}" for index in range(pixels.shape[1])])
    frame.insert(0, label, y.reshape(-1))
    return frame
