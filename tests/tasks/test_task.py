"""Tasks, their labels and their networks."""

import numpy as np
import pytest

from neurona.errors import ArgumentError, DataError
from neurona.tasks.catalog import DATASETS, NETWORKS
from neurona.tasks.labels import Labels, read_labels, read_words, write_labels
from neurona.tasks.recipes import build_model, choose, networks_for
from neurona.tasks.task import Task, load_task
from neurona.tasks.texts import TABLES


def test_every_data_set_has_networks_and_every_network_a_data_set():
    offered = {network for dataset in DATASETS for network in networks_for(dataset)}
    assert offered == set(NETWORKS)


def test_the_last_tenth_of_the_training_examples_is_for_validation():
    task = load_task("digits", "en", samples=100)
    assert [len(part[0]) for part in (task.train, task.validation, task.test)] == [90, 10, 100]
    assert task.train[0].shape[1:] == (8, 8, 1)
    assert task.labels.brightest == task.train[0].max() == 16
    assert len(load_task("iris", "en").train[0]) == 108


@pytest.mark.parametrize("dataset", ["iris", "digits"])
def test_every_network_of_a_data_set_takes_its_examples(dataset):
    task = load_task(dataset, "en", samples=20)
    for network in networks_for(dataset):
        model = build_model(task, network, choose(dataset, network, "en")[1])
        assert model.input_shape[1:] == task.train[0].shape[1:]
        assert model.output_shape == (None, len(task.labels.classes or []))


@pytest.mark.parametrize(
    ("dataset", "shape"), [("digits", (8, 8, 1)), ("mnist", (28, 28, 1)), ("cifar10", (32, 32, 3))]
)
def test_lenet_is_the_lenet_5_of_1998(dataset, shape):
    """C1 6 maps of 28 x 28, S2 14 x 14, C3 16 of 10 x 10, S4 5 x 5, C5 120, F6 84, 10 classes."""
    examples = np.zeros((4, *shape), np.float32), np.zeros(4)
    labels = Labels("image", [str(digit) for digit in range(10)], dark_background=True)
    task = Task(dataset, labels, examples, examples, examples)
    model = build_model(task, "lenet", choose("mnist", "lenet", "en")[1])
    kinds = [
        type(layer).__name__ for layer in model.layers if layer.weights or "Pooling" in type(layer).__name__
    ]
    assert kinds == ["Conv2D", "AveragePooling2D", "Conv2D", "AveragePooling2D", "Conv2D", "Dense", "Dense"]
    sizes = [layer.output.shape[1:] for layer in model.layers if "2D" in type(layer).__name__]
    assert sizes[-5:] == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (1, 1, 120)]
    channels = shape[-1]
    weights = 25 * channels * 6 + 6 + 25 * 6 * 16 + 16 + 25 * 16 * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10
    assert model.count_params() == weights
    learned = [layer for layer in model.layers if hasattr(layer, "activation") and layer.weights]
    assert [layer.activation.__name__ for layer in learned] == ["tanh"] * 4 + ["softmax"]


def test_an_unknown_choice_names_the_nearest_in_the_users_language():
    with pytest.raises(ArgumentError, match="Did you mean 'digits'"):
        choose("digitz", None, "en")
    with pytest.raises(ArgumentError, match="iris se puede aprender con mlp, linear"):
        choose("iris", "lenet", "es")


def test_labels_and_words_return_as_they_were_written(tmp_path):
    labels = Labels("text", ["negativa", "positiva"], None, "señal", 16, False)
    write_labels(labels, {"año": 4}, tmp_path)
    assert read_labels(tmp_path / "model.keras") == labels
    assert read_words(tmp_path / "model.keras") == {"año": 4}
    write_labels(labels, None, tmp_path)
    assert read_words(tmp_path / "model.keras") is None
    (tmp_path / "labels.json").write_text("3")
    with pytest.raises(DataError, match="expected a list of class names"):
        read_labels(tmp_path / "model.keras")


def test_the_languages_say_the_same_things():
    assert TABLES["en"].keys() == TABLES["es"].keys()


def test_prices_are_counted_in_hundred_thousand_dollars(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    x, y = np.zeros((10, 8), np.float32), np.full(10, 250_000, np.float32)
    np.savez(tmp_path / "california_housing.npz", x=x, y=y)
    task = load_task("california_housing", "en")
    assert task.test[1].tolist() == [2.5, 2.5]
    assert "hundred thousand dollars" in task.labels.target
