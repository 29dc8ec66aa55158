"""NumPy, float() and `if` on data in code that is compiled: an error that names who, why and the mend."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from neurona import Input, Model, Sequential, layers, metrics
from neurona.core.errors import TracingError
from neurona.core.layer import Layer

READS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "NumPy": (lambda x: np.sin(x), "with NumPy.*neurona.ops for numpy"),
    "np.asarray": (lambda x: np.asarray(x) + x, "with NumPy"),
    "float": (lambda x: x * float(x.max()), r"float\(\).*Leave out the conversion"),
    "int": (lambda x: x * int(x.max()), r"int\(\)"),
    "item": (lambda x: x * x.sum().item(), r"float\(\)"),
    "if": (lambda x: x if x.sum() > 0 else -x, r"an `if`.*neurona.ops.where"),
    "and": (lambda x: x.sum() > 0 and x, "an `if`"),
    "range": (lambda x: sum(x for _ in range(x.astype("int32").max())), "as an integer.*fori_loop"),
    "boolean index": (lambda x: x[x > 0], r"x\[x > 0\].*neurona.ops.where"),
}


class Reading(Layer):
    """A layer that calls a function."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__(name="reading")
        self.function = function

    def call(self, x: Any) -> Any:
        return self.function(x)


class Inside(Layer):
    """A layer around another."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.reading = Reading(function)

    def call(self, x: Any) -> Any:
        return self.reading(x)


def drawn(layer: Layer) -> None:
    x = Input((None, 3))
    Model(x, layer(x))


RUNS: dict[str, tuple[Callable[[Layer], Any], str]] = {
    "drawn": (drawn, r"\(None, None, 3\)"),
    "predicted": (lambda layer: Sequential([layer]).predict(np.ones((5, 3)), verbose=0), r"\(None, 3\)"),
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("how", READS)
@pytest.mark.parametrize("cls", [Reading, Inside])
def test_a_layer_is_told(cls: Any, how: str, run: str) -> None:
    function, words = READS[how]
    start, shape = RUNS[run]
    with pytest.raises(TracingError, match=f"Layer 'reading'.*{words}.*{shape}") as caught:
        start(cls(function))
    frames = caught.traceback
    assert any(
        frame.path.name == "test_code_that_reads_numbers.py" and frame.name == "<lambda>" for frame in frames
    )


class Ratio(metrics.Mean):
    """A metric that reads."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(float(y_pred[0, 0]))


def cubic(y_true: Any, y_pred: Any) -> Any:
    return np.abs(np.asarray(y_true) - np.asarray(y_pred)) ** 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": cubic}, r"Loss 'cubic'.*with NumPy.*\[\(None, 1\), \(None, 1\)\]"),
        ({"loss": "mse", "metrics": [Ratio(name="ratio")]}, r"Metric 'ratio' \(Ratio\).*float\(\)"),
    ],
)
def test_losses_and_metrics_are_told(options: dict[str, Any], words: str) -> None:
    model = Sequential([Input((3,)), layers.Dense(1)])
    model.compile("sgd", **options)
    with pytest.raises(TracingError, match=words):
        model.fit(np.ones((5, 3)), np.ones((5, 1)), verbose=0)


def test_the_same_code_runs_where_there_are_numbers() -> None:
    for how in ("NumPy", "float", "if", "boolean index"):
        Reading(READS[how][0])(np.ones((2, 3), "float32"))
