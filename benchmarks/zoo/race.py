"""What a race is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import data
from benchmarks.workloads import Workload


@dataclass(frozen=True)
class Race:
    """Rows, the contenders' ways to learn from them, and a judge.

    Attributes:
        rows: the rows of a workload.
        fits: by contender, called with the rows and a seed; it gives what the judge looks at.
        judge: the quality of that, on these rows.
    """

    rows: Callable[[Workload], Any]
    fits: Mapping[str, Callable[[Any, int], Any]]
    judge: Callable[[Any, Any], float]


def standardized(workload: Workload) -> data.Arrays:
    """The stored rows, each column with mean 0 and deviation 1."""
    x, y, x_test, y_test = data.load(workload)
    mean, deviation = x.mean(0), x.std(0)
    return (x - mean) / deviation, y, (x_test - mean) / deviation, y_test


def accuracy(classes: np.ndarray, rows: data.Arrays) -> float:
    """The share of test rows whose class was told."""
    return float(np.mean(classes == rows[3]))
