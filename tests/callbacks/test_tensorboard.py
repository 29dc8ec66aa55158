"""Event files, read back with TensorBoard's own reader."""

import json
import sys

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.graph.keras_util import keras_model_to_graph_def
from tensorboard.util import tensor_util

from neurona import layers, models
from neurona.callbacks import TensorBoard
from neurona.core.errors import ArgumentError, MissingDependencyError
from tests.callbacks.fabricated import X, Y, fit, model


def read(folder):
    """{tag: [(step, value), ...]} of a folder of event files."""
    accumulator = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    accumulator.Reload()
    return {
        tag: [
            (event.step, tensor_util.make_ndarray(event.tensor_proto)) for event in accumulator.Tensors(tag)
        ]
        for tag in accumulator.Tags()["tensors"]
    }


def numbers(entries):
    return [(step, float(value)) for step, value in entries]


def test_the_figures_of_every_epoch(tmp_path):
    made = model()
    history = fit(made, TensorBoard(tmp_path, write_steps_per_second=True), validation_data=(X, Y))
    train, validation = read(tmp_path / "train"), read(tmp_path / "validation")
    assert set(train) == {"keras", "epoch_loss", "epoch_mae", "epoch_learning_rate", "epoch_steps_per_second"}
    for name in ("loss", "mae"):
        np.testing.assert_allclose(
            numbers(train[f"epoch_{name}"]), list(enumerate(history.history[name])), rtol=1e-6
        )
        np.testing.assert_allclose(
            numbers(validation[f"epoch_{name}"]), list(enumerate(history.history[f"val_{name}"])), rtol=1e-6
        )
    assert [step for step, _ in validation["evaluation_loss_vs_iterations"]] == [2, 4, 6]
    assert float(train["epoch_learning_rate"][0][1]) == np.float32(0.01)
    assert all(speed > 0 for _, speed in numbers(train["epoch_steps_per_second"]))


@pytest.mark.parametrize(
    ("update_freq", "steps"), [("batch", [1, 2, 3, 4, 5, 6]), (2, [2, 4, 6]), (4, [4]), ("epoch", None)]
)
def test_figures_between_epochs(tmp_path, update_freq, steps):
    fit(model(), TensorBoard(tmp_path, update_freq=update_freq, write_steps_per_second=True))
    train = read(tmp_path / "train")
    if steps is None:
        assert not any(tag.startswith("batch_") for tag in train)
    else:
        for tag in ("batch_loss", "batch_mae", "batch_steps_per_second"):
            assert [step for step, _ in train[tag]] == steps


def test_weights_as_histograms_and_pictures(tmp_path):
    made = models.Sequential(
        [
            layers.Input((6, 6, 1)),
            layers.Conv2D(4, 3, name="look"),
            layers.Flatten(),
            layers.Dense(2, name="tell"),
        ]
    )
    made.compile("sgd", "mse")
    watcher = TensorBoard(tmp_path, histogram_freq=2, write_images=True)
    made.fit(np.ones((4, 6, 6, 1)), np.ones((4, 2)), epochs=3, verbose=0, callbacks=[watcher])
    train = read(tmp_path / "train")
    assert {tag for tag in train if tag.endswith("/histogram")} == {
        f"{weight.path}/histogram" for weight in made.weights
    }
    step, buckets = train[f"{made.layers[-1].kernel.path}/histogram"][-1]
    values = made.layers[-1].kernel.numpy()
    assert step == 2
    assert buckets[:, 2].sum() == values.size
    np.testing.assert_allclose([buckets[0, 0], buckets[-1, 1]], [values.min(), values.max()], rtol=1e-6)
    width, height, *pictures = train[f"{made.layers[0].kernel.path}/image"][0][1]
    assert (width, height) == (b"3", b"3")
    assert len(pictures) == 3
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert train[f"{made.layers[-1].kernel.path}/image"][0][1][:2].tolist() == [b"64", b"2"]


def test_the_model_is_drawn(tmp_path):
    made = model(layers.Dense(3, name="middle"))
    fit(made, TensorBoard(tmp_path / "with"))
    fit(made, TensorBoard(tmp_path / "without", write_graph=False))
    _, text = read(tmp_path / "with" / "train")["keras"][0]
    nodes = [node.name for node in keras_model_to_graph_def(json.loads(text.item())).node]
    assert any("middle" in name for name in nodes)
    assert "keras" not in read(tmp_path / "without" / "train")


def test_a_model_that_can_not_be_described_is_trained_all_the_same(tmp_path):
    made = model(layers.Lambda(lambda x: x + 1))
    with pytest.warns(UserWarning, match="not drawn"):
        fit(made, TensorBoard(tmp_path))
    assert "epoch_loss" in read(tmp_path / "train")


def test_word_vectors_for_the_projector(tmp_path):
    made = models.Sequential(
        [layers.Input((3,)), layers.Embedding(7, 5, name="words"), layers.Flatten(), layers.Dense(1)]
    )
    made.compile("sgd", "mse")
    watcher = TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"words": "labels.tsv"})
    made.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0, callbacks=[watcher])
    np.testing.assert_allclose(np.loadtxt(tmp_path / "words.tsv"), made.layers[0].get_weights()[0])
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert 'metadata_path: "labels.tsv"' in config
    assert 'tensor_path: "words.tsv"' in config
    wrong = TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"word": "labels.tsv"})
    with pytest.raises(ArgumentError, match="Did you mean 'words'"):
        made.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0, callbacks=[wrong])


def test_evaluate_alone_writes_too(tmp_path):
    made = model()
    fit(made, epochs=2)
    loss, _ = made.evaluate(X, Y, verbose=0, callbacks=[TensorBoard(tmp_path)])
    np.testing.assert_allclose(
        numbers(read(tmp_path / "validation")["evaluation_loss_vs_iterations"]), [(4, loss)], rtol=1e-6
    )


def test_mistakes_are_told(tmp_path):
    with pytest.raises(ArgumentError, match=r"jax.profiler.trace"):
        TensorBoard(tmp_path, profile_batch=2)
    for wrong in ("step", 0, 1.5):
        with pytest.raises(ArgumentError, match="update_freq='epoch', 'batch' or a number"):
            TensorBoard(tmp_path, update_freq=wrong)


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.event_file_writer", None)
    with pytest.raises(MissingDependencyError, match=r"pip install .*\[tensorboard\]"):
        TensorBoard(tmp_path)
