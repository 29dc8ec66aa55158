"""Checkpoints of TensorFlow 2.21 in `tensorflow_checkpoints.zip`: by `tf.train.Saver` in both versions, by
`save_weights` of tf-keras 2, with what the models predicted, and by `tf.train.Checkpoint`.
"""

import zipfile
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import SavingError
from neurona.files.checksums import checksum
from neurona.saving.bundles import read_bundle, write_bundle
from neurona.saving.object_graphs import _part

layers = nn.layers


@pytest.fixture
def folder(tmp_path):
    with zipfile.ZipFile(Path(__file__).with_name("tensorflow_checkpoints.zip")) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def test_checksums_of_long_texts_are_those_of_short_ones():
    # The published check value, and one text of lanes against the same text byte by byte.
    assert checksum(b"123456789") == 0xE3069283
    data = np.random.default_rng(0).bytes(70001)
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    assert checksum(data) == value ^ 0xFFFFFFFF


def test_tensors_of_a_saver_in_both_versions(folder):
    first, second = read_bundle(folder / "first.ckpt"), read_bundle(folder / "model.ckpt")
    assert set(second) - set(first) == {"txt", "empty"}
    for name, array in first.items():
        assert array.dtype == second[name].dtype
        np.testing.assert_array_equal(array, second[name])
    assert second["layer/w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert second["flags"].tolist() == [True, False]
    assert second["half"].dtype == np.float16
    assert second["half"].tolist() == [1.5, -2]
    assert second["i32"].tolist() == [-4, 3, 2**30]
    assert second["txt"].tolist() == [b"x", b"yy", b"z" * 300]
    assert second["empty"].shape == (0, 3)
    assert second["global_step"] == 3
    assert second["many/number_17"].tolist() == [17, 17]


def test_a_variable_of_several_parts_is_put_together(folder):
    parts = [np.arange(rows * 4).reshape(rows, 4) + 100 * part for part, rows in enumerate((4, 3, 3))]
    np.testing.assert_array_equal(read_bundle(folder / "part.ckpt")["part"], np.concatenate(parts))


def test_what_is_written_is_what_tensorflow_writes(folder):
    write_bundle(folder / "ours", read_bundle(folder / "model.ckpt"))
    for ending in ("index", "data-00000-of-00001"):
        assert (folder / f"ours.{ending}").read_bytes() == (folder / f"model.ckpt.{ending}").read_bytes()


def test_many_names_are_in_several_blocks(tmp_path):
    tensors = {f"{number:05d}/{'x' * 300}": np.full(2, number) for number in range(2000)}
    write_bundle(tmp_path / "many", tensors)
    found = read_bundle(tmp_path / "many")
    assert list(found) == sorted(tensors)
    assert found[sorted(tensors)[-1]].tolist() == [1999, 1999]


@pytest.mark.parametrize("ending", ["index", "data-00000-of-00001"])
def test_damaged_files_are_refused_by_name(folder, ending):
    file = folder / f"model.ckpt.{ending}"
    whole = file.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:9] + b"\xff" + whole[10:]):
        file.write_bytes(damaged)
        with pytest.raises(SavingError, match=r"model\.ckpt"):
            read_bundle(folder / "model.ckpt")
    with pytest.raises(SavingError, match="There is no checkpoint"):
        read_bundle(folder / "another.ckpt")


def sequences():
    return nn.Sequential(
        [
            layers.Embedding(20, 4),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.GRU(5),
            layers.BatchNormalization(),
            layers.Dense(2),
        ]
    )


def images():
    inputs = nn.Input((8, 8, 1))
    x = layers.Conv2D(3, 3, activation="relu")(inputs)
    x = layers.Add()([layers.Conv2D(2, 1)(x), layers.SeparableConv2D(2, 1)(x)])
    inner = nn.Sequential([nn.Input((2,)), layers.Dense(4), layers.LayerNormalization(), layers.Dense(1)])
    return nn.Model(inputs, inner(layers.Dense(2)(layers.Flatten()(x))))


@pytest.mark.parametrize(
    ("name", "build", "x"),
    [
        ("seq", sequences, np.arange(12).reshape(2, 6)),
        ("fun", images, np.linspace(0, 1, 128, dtype="float32").reshape(2, 8, 8, 1)),
    ],
)
def test_weights_of_tf_keras_2(folder, name, build, x):
    model = build()
    model(x)
    model.load_weights(folder / f"{name}.ckpt")
    np.testing.assert_allclose(model.predict(x, verbose=0), np.load(folder / f"{name}.npy"), atol=1e-5)


def test_weights_of_another_model_are_refused_whole(folder):
    model = nn.Sequential([nn.Input((8, 8, 1)), layers.Conv2D(3, 3), layers.PReLU()])
    before = model.get_weights()
    with pytest.raises(SavingError, match=r"it lacks .*alpha"):
        model.load_weights(folder / "fun.ckpt")
    with pytest.raises(SavingError, match="names"):
        model.load_weights(folder / "model.ckpt")
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_the_kernel_of_a_depthwise_convolution_is_found_by_its_name_of_then():
    layer = nn.layers.DepthwiseConv2D(3)
    layer.build((None, 8, 8, 2))
    assert _part(layer, "depthwise_kernel") is layer.kernel
    assert _part(layer, "bias") is layer.bias
