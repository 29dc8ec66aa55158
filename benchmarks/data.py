"""The data of the workloads, the same arrays for every contender.

    python -m benchmarks.data mnist imdb    # writes mnist.npz and imdb.npz in .venv-bench/data

Files that exist stay as they are. Contenders read them with numpy alone, so that no measure includes turning
texts and pictures into numbers.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.workloads import FEATURES, STEPS, WORDS, Workload

FOLDER = Path(__file__).resolve().parents[1] / ".venv-bench" / "data"
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # x, y, x_test, y_test


def load(workload: Workload) -> Arrays:
    """Inputs and labels for training and testing, cut to the workload's rows and brought into its shape."""
    if workload.data == "neuron":
        numbers = np.arange(-1, 5, dtype="float32")[:, None]
        return numbers, 2 * numbers - 1, np.array([[10]], "float32"), np.array([[19]], "float32")
    if workload.data == "synthetic":
        return _synthetic(workload.rows, workload.test_rows)
    with np.load(FOLDER / f"{workload.data}.npz", allow_pickle=False) as archive:
        x, y, x_test, y_test = (archive[name] for name in ("x", "y", "x_test", "y_test"))
    rows, test_rows = workload.rows, workload.test_rows
    return _shaped(x[:rows], workload), y[:rows], _shaped(x_test[:test_rows], workload), y_test[:test_rows]


def _shaped(x: np.ndarray, workload: Workload) -> np.ndarray:
    if workload.data == "imdb":
        return x[
            :, -workload.input_shape[0] :
        ]  # the last words: reviews end with their verdict, and are padded in front
    x = x.astype("float32") / 255 if x.dtype == np.uint8 else x
    return x.reshape(-1, *workload.input_shape)


def _synthetic(rows: int, test_rows: int) -> Arrays:
    """Smooth functions of normal numbers."""
    random = np.random.default_rng(0)
    x = random.standard_normal((rows + test_rows, FEATURES), dtype="float32")
    y = np.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:3]
    return x[:rows], y[:rows], x[rows:], y[rows:]


def _prepare(name: str) -> dict[str, Any]:
    """Read by Neurona's loaders: from the folder NEURONA_DATA, or downloaded."""
    import neurona  # contenders import this module too, and must not load Neurona

    if name == "reviews":
        (texts, _), _ = neurona.datasets.imdb.load_data(start_char=None, index_from=0)
        words = {number: word for word, number in neurona.datasets.imdb.get_word_index().items()}
        lines = "\n".join(" ".join(words[number] for number in text if number in words) for text in texts)
        return {"text": np.frombuffer(lines.encode(), np.uint8)}
    (x, y), (x_test, y_test) = getattr(
        neurona.datasets, {"housing": "california_housing"}.get(name, name)
    ).load_data()
    if name == "imdb":
        x, x_test = (_numbered(reviews) for reviews in (x[:4000], x_test[:4000]))
        y, y_test = (labels[:4000].astype("float32")[:, None] for labels in (y, y_test))
    elif name == "housing":
        mean, deviation = x.mean(0), x.std(0)
        x, x_test = ((rows - mean) / deviation for rows in (x, x_test))
        y, y_test = (prices.reshape(-1, 1) / 100_000 for prices in (y, y_test))
        x, y, x_test, y_test = (array.astype("float32") for array in (x, y, x_test, y_test))
    else:
        y, y_test = (labels.reshape(-1).astype("int32") for labels in (y, y_test))
    if name == "cifar10":
        x, y, x_test, y_test = (array[:10_000] for array in (x, y, x_test, y_test))
    return {"x": x, "y": y, "x_test": x_test, "y_test": y_test}


def _numbered(reviews: Any) -> np.ndarray:
    """(n, STEPS) int32: the last words of each review, rare ones as 2, zeros in front of short ones."""
    result = np.zeros((len(reviews), STEPS), "int32")
    for row, words in zip(result, reviews):
        last = [word if word < WORDS else 2 for word in words[-STEPS:]]
        row[-len(last) :] = last
    return result


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for wanted in sys.argv[1:]:
        if not (FOLDER / f"{wanted}.npz").exists():
            print(f"Preparing {wanted}...", flush=True)
            np.savez(FOLDER / f"{wanted}.npz", **_prepare(wanted))
