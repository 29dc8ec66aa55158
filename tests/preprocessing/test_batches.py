"""Pipelines of batches, and the folders of texts and sounds that they are read from."""

import wave

import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import ArgumentError, DataError
from neurona.preprocessing.batches import Stream
from neurona.preprocessing.text_folder import read_wav


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    for name in ("neg", "pos"):
        (folder / name).mkdir()
        for number in range(5):
            (folder / name / f"{number}.txt").write_text(f"{name} text {number}")
    return folder


def test_texts_of_a_folder(texts):
    batches = nn.utils.text_dataset_from_directory(
        texts, batch_size=4, shuffle=False, max_length=8, verbose=False
    )
    assert (len(batches), batches.class_names) == (3, ["neg", "pos"])
    x, y = batches[1]
    assert x.tolist() == ["neg text", "pos text", "pos text", "pos text"]
    assert y.tolist() == [0, 1, 1, 1]
    training, validation = nn.utils.text_dataset_from_directory(
        texts, validation_split=0.2, subset="both", seed=1, verbose=False
    )
    assert set(training.file_paths).isdisjoint(validation.file_paths)
    assert len(validation.file_paths) == 2


def test_a_pipeline_of_texts_is_trained_on(texts):
    batches = nn.utils.text_dataset_from_directory(texts, batch_size=4, seed=0, verbose=False)
    vectorize = nn.layers.TextVectorization(max_tokens=20, output_mode="multi_hot")
    vectorize.adapt(np.concatenate(list(batches.map(lambda x, y: x))))
    data = batches.map(lambda x, y: (vectorize(x), y)).cache().prefetch(2)
    model = nn.Sequential([nn.layers.Dense(1, activation="sigmoid")])
    model.compile(nn.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    assert model.fit(data, epochs=10, verbose=0).history["accuracy"][-1] == 1.0


def test_the_steps_of_a_pipeline():
    numbers = Stream(lambda: iter(range(7)), 7)
    assert list(numbers.filter(lambda x: x % 2).repeat(2)) == [1, 3, 5, 1, 3, 5]
    batches = numbers.map(lambda x: (x, 10 * x)).batch(3)
    assert (batches.cardinality(), numbers.batch(3, drop_remainder=True).cardinality()) == (3, 2)
    assert [x.tolist() for x, _ in batches] == [[0, 1, 2], [3, 4, 5], [6]]
    assert [int(y) for _, y in batches.unbatch()] == [0, 10, 20, 30, 40, 50, 60]
    shuffled = numbers.shuffle(3, seed=0)
    first, second = list(shuffled), list(shuffled)
    assert sorted(first) == sorted(second) == list(range(7))
    assert first != second
    fixed = numbers.shuffle(7, seed=0, reshuffle_each_iteration=False)
    assert list(fixed) == list(fixed)
    assert list(numbers.skip(5)) == [5, 6]
    assert batches.element_spec[1].shape == (3,)
    with pytest.raises(ArgumentError, match="buffer_size"):
        numbers.shuffle(0)


def write_wav(path, samples, width=2, rate=8000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def test_sounds_of_a_folder(tmp_path):
    for name, length in (("high", 6), ("low", 4)):
        (tmp_path / name).mkdir()
        write_wav(tmp_path / name / "1.wav", np.full((length, 1), -(2**14), np.int16))
    sounds = nn.utils.audio_dataset_from_directory(tmp_path, shuffle=False, verbose=False)
    x, y = sounds[0]
    assert (x.shape, x.dtype, y.tolist()) == ((2, 6, 1), np.float32, [0, 1])
    np.testing.assert_array_equal(x[1].ravel(), [-0.5] * 4 + [0, 0])
    cut = nn.utils.audio_dataset_from_directory(tmp_path, output_sequence_length=2, verbose=False)
    assert cut[0][0].shape == (2, 2, 1)
    with pytest.raises(DataError, match="8000 samples per second"):
        nn.utils.audio_dataset_from_directory(tmp_path, sampling_rate=16000, verbose=False)[0]
    with pytest.raises(ArgumentError, match="ragged"):
        nn.utils.audio_dataset_from_directory(tmp_path, ragged=True)
    (tmp_path / "no.wav").write_bytes(b"no sound")
    with pytest.raises(DataError, match="not a WAV file"):
        read_wav(tmp_path / "no.wav")
    write_wav(tmp_path / "8.wav", np.array([[0, 255]], np.uint8), 1)
    np.testing.assert_array_equal(read_wav(tmp_path / "8.wav"), [[-1.0, 127 / 128]])
