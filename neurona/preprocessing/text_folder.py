"""The texts and sounds of a folder as batches."""

import os
import wave
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.files.gate import Gate
from neurona.preprocessing.files import read_text
from neurona.preprocessing.labelled_files import FileBatches, Request


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> FileBatches | list[FileBatches]:
    """The `.txt` files under a folder as batches; each sub-folder is a class.

    Args:
        directory, labels, label_mode, class_names, shuffle, seed, validation_split, subset, follow_links,
            verbose: as in `image_dataset_from_directory`.
        batch_size: texts in a batch; None gives single texts.
        max_length: longer texts are cut to this many characters; None keeps all.
        format: accepted for compatibility; there is one form.

    Shapes: x (batch,) of Python's texts; y (batch,) int32, (batch, classes) float32 or (batch, 1) float32.

    Raises:
        ArgumentError: options that are unknown or exclude each other.
        DataError: no text is found, or one subset stays empty.

    Example:

        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name, text in (("neg", "dull"), ("pos", "fine")):
        ...         (path := pathlib.Path(folder, name)).mkdir()
        ...         _ = (path / "1.txt").write_text(text)
        ...     texts = text_dataset_from_directory(folder, shuffle=False)
        ...     texts[0], texts.class_names
        Found 2 files belonging to 2 classes.
        ((array(['dull', 'fine'], dtype=object), array([0, 1], dtype=int32)), ['neg', 'pos'])
    """
    request = Request(
        "text_dataset_from_directory",
        "text",
        (".txt",),
        directory,
        labels,
        label_mode,
        class_names,
        batch_size,
        shuffle,
        seed,
        validation_split,
        subset,
        follow_links,
        verbose,
    )
    return request.load(lambda path: read_text(path)[:max_length], lambda texts: np.array(texts, object))


def audio_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> FileBatches | list[FileBatches]:
    """The `.wav` files under a folder as batches; each sub-folder is a class.

    Args:
        directory, labels, label_mode, class_names, shuffle, seed, validation_split, subset, follow_links,
            verbose: as in `image_dataset_from_directory`.
        batch_size: sounds in a batch; None gives single sounds.
        sampling_rate: samples per second that all files must have; None allows any.
        output_sequence_length: samples to cut or fill up to; by default those of the longest of a batch.
        ragged: not possible: arrays have rows of one length.

    Shapes: x (batch, samples, channels) float32 in -1..1; y as in `text_dataset_from_directory`.

    Raises:
        ArgumentError: options that are unknown or exclude each other.
        DataError: no sound is found, one has another rate or is no WAV file of whole numbers.
    """
    if ragged:
        raise ArgumentError(
            "audio_dataset_from_directory: ragged=True is not possible, because arrays have rows of one "
            "length. Give output_sequence_length, or nothing, to fill up with zeros."
        )
    request = Request(
        "audio_dataset_from_directory",
        "sound",
        (".wav",),
        directory,
        labels,
        label_mode,
        class_names,
        batch_size,
        shuffle,
        seed,
        validation_split,
        subset,
        follow_links,
        verbose,
    )

    def join(sounds: list[np.ndarray]) -> np.ndarray:
        length = output_sequence_length or max(map(len, sounds))
        joined = np.zeros((len(sounds), length, sounds[0].shape[1]), np.float32)
        for row, sound in zip(joined, sounds):
            row[: len(sound)] = sound[:length]
        return joined

    return request.load(lambda path: read_wav(path, sampling_rate), join)


def read_wav(path: str | os.PathLike[str], sampling_rate: int | None = None) -> np.ndarray:
    """The samples of a WAV file of 8, 16 or 32 bits, divided by the largest: (samples, channels) in -1..1.

    Args:
        path: the file.
        sampling_rate: samples per second that it must have; None allows any.

    Raises:
        DataError: it is no such file, or has another rate.
    """
    gate = Gate.of_file(path, DataError)
    try:
        with wave.open(os.fspath(path), "rb") as file:
            rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            gate.spend(4 * file.getnframes() * channels)
            content = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise DataError(f"read_wav: {path!s} is not a WAV file of whole numbers: {error}") from error
    if sampling_rate is not None and rate != sampling_rate:
        raise DataError(
            f"read_wav: {path!s} has {rate} samples per second. Expected: sampling_rate={sampling_rate}"
        )
    if width not in (1, 2, 4):
        raise DataError(f"read_wav: {path!s} has {8 * width} bits per sample. Expected: 8, 16 or 32")
    samples: Any = np.frombuffer(content, {1: np.uint8, 2: "<i2", 4: "<i4"}[width]).astype(np.float32)
    samples = (samples - 128) / 128 if width == 1 else samples / 2.0 ** (8 * width - 1)
    return samples.reshape(-1, channels).astype(np.float32)
