"""Every program of the course runs, shortened where it is long; `make experiments` runs them whole, to their
targets.
"""

import importlib.util
from pathlib import Path

import pytest

from neurona.core.errors import DownloadError

FOLDER = Path(__file__).resolve().parents[2] / "examples"


def example(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def main(**options):
        try:
            return module.main(**options)
        except DownloadError as error:
            pytest.skip(f"the data set is neither here nor reachable: {error}")

    return main


def test_neuron():
    assert 18.9 < example("neuron")() < 19.1


def test_logic_gates():
    assert list(example("logic_gates")().values()) == [True, True, False, True]


def test_iris():
    assert example("iris")() >= 0.93


def test_overfitting(tmp_path):
    losses = example("overfitting")(epochs=5, output=str(tmp_path / "figure.png"))
    assert list(losses) == ["none", "L2", "early stopping", "dropout", "augmentation"]
    assert (tmp_path / "figure.png").stat().st_size > 20_000


# What a shortened run must reach to show that it learns at all.
SHORT = {
    "fashion_mnist_deep": ({"epochs": 2, "rows": 4000}, 0.5),
    "mnist_mlp": ({"epochs": 2, "rows": 4000}, 0.6),
    "mnist_lenet": ({"epochs": 2, "rows": 2000}, 0.3),
    "california_housing": ({"epochs": 3, "rows": 4000}, 0.4),
    "imdb_lstm": ({"epochs": 2, "rows": 600, "length": 40}, 0.5),
}


@pytest.mark.parametrize("name", SHORT)
def test_long_examples_shortened(name):
    options, floor = SHORT[name]
    assert example(name)(**options) > floor


def test_fashion_mnist_shortened():
    scores = example("fashion_mnist")(epochs=2, rows=12_000)
    assert scores["scaled"] > 0.7
    assert scores["raw"] > 0.5


def test_every_example_is_tested():
    tested = {"neuron", "logic_gates", "iris", "overfitting", "fashion_mnist", *SHORT}
    assert {path.stem for path in FOLDER.glob("*.py")} == tested


# Where the last epochs of plain SGD wander by half a percent, the target is for the mean of five seeds, as it
# is for Iris.
WHOLE = {
    "fashion_mnist_deep": (5, 0.88),
    "mnist_mlp": (1, 0.97),
    "mnist_lenet": (5, 0.985),
    "california_housing": (1, 0.77),
    "imdb_lstm": (1, 0.85),
}


@pytest.mark.experiment
@pytest.mark.parametrize("name", WHOLE)
def test_whole_examples_reach_their_targets(name):
    seeds, target = WHOLE[name]
    scores = [example(name)(seed=seed) for seed in range(seeds)]
    print(f"{name}: {', '.join(f'{score:.4f}' for score in scores)}")
    assert sum(scores) / seeds >= target


@pytest.mark.experiment
def test_whole_fashion_mnist():
    scores = [example("fashion_mnist")(seed=seed) for seed in range(5)]
    print("fashion_mnist:", scores)
    assert sum(score["scaled"] for score in scores) / 5 >= 0.87


@pytest.mark.experiment
def test_whole_overfitting(tmp_path):
    losses = example("overfitting")(output=str(tmp_path / "figure.png"))
    assert all(losses[cure] < losses["none"] for cure in ("L2", "early stopping", "dropout", "augmentation"))
