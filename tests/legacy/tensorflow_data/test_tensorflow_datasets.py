"""tensorflow_datasets: the data sets that Neurona has, by name."""

import numpy as np
import pytest

from neurona import datasets
from neurona.core.errors import ArgumentError
from neurona.legacy import tensorflow_datasets as tfds

ROWS = (np.arange(10 * 4).reshape(10, 2, 2).astype(np.uint8), np.arange(10))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(datasets.mnist, "load_data", lambda: (ROWS, ROWS))


def labels(data):
    return [int(label) for _, label in data]


def test_parts_and_forms():
    train, info = tfds.load("mnist", split="train", as_supervised=True, with_info=True)
    assert labels(train) == list(range(10))
    assert next(iter(train))[0].shape == (2, 2, 1)
    assert info.splits["test"].num_examples == 10
    assert info.features["label"].num_classes == 10
    assert set(tfds.load("mnist")) == {"train", "test"}
    first, second = tfds.load("mnist", split=["train[:80%]", "train[80%:]"], as_supervised=True)
    assert (labels(first), labels(second)) == (list(range(8)), [8, 9])
    assert [row["label"].item() for row in tfds.as_numpy(tfds.load("mnist", split="test[2:4]"))] == [2, 3]
    images, digits = tfds.load("mnist", split="test[2:4]", batch_size=-1, as_supervised=True)
    assert images.shape == (2, 2, 2, 1)
    assert digits.numpy().tolist() == [2, 3]
    rows = tfds.as_numpy(tfds.load("mnist", split=tfds.Split.TEST, batch_size=-1))
    assert type(rows["label"]) is np.ndarray
    assert rows["label"].tolist() == list(range(10))


def test_refusals():
    with pytest.raises(ArgumentError, match="Neurona has mnist"):
        tfds.load("coco")
    with pytest.raises(ArgumentError, match="split is such as"):
        tfds.load("mnist", split="validation")


def test_classes_have_names(monkeypatch):
    monkeypatch.setattr(datasets.fashion_mnist, "load_data", lambda: (ROWS, ROWS))
    features = tfds.load("fashion_mnist", with_info=True)[1].features
    label = features["label"]
    assert label.names[:2] == ["T-shirt/top", "Trouser"]
    assert (label.int2str(9), label.str2int("Ankle boot")) == ("Ankle boot", 9)
    assert label.int2str(np.array([0, 1])) == ["T-shirt/top", "Trouser"]
    assert features["image"].shape == (2, 2, 1)
