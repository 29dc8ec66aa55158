"""`tf.io`: files, pictures, records and what bytes hold."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.files.gate import Gate, read_bytes
from neurona.graph import Spec
from neurona.legacy.tensorflow.dtypes import string
from neurona.legacy.tensorflow.errors import NotFoundError
from neurona.legacy.tensorflow.hosts import host, text
from neurona.legacy.tensorflow.image.codecs import (
    decode_and_crop_jpeg,
    decode_bmp,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    encode_jpeg,
    encode_png,
    extract_jpeg_shape,
    is_jpeg,
)
from neurona.legacy.tensorflow.io import gfile
from neurona.legacy.tensorflow.io.parsing import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    RaggedFeature,
    VarLenFeature,
    decode_base64,
    decode_csv,
    decode_raw,
    encode_base64,
    parse_example,
    parse_single_example,
    parse_tensor,
    serialize_tensor,
)
from neurona.legacy.tensorflow.io.records import TFRecordOptions, TFRecordWriter, tf_record_iterator
from neurona.legacy.tensorflow.io.sequences import parse_single_sequence_example
from neurona.legacy.tensorflow.on_host import on_host, one_text
from neurona.legacy.tensorflow.tensor import Tensor


@on_host(one_text)
def read_file(filename: Any, name: Any = None) -> Any:
    """What a file holds, as a text of bytes."""
    path = text(filename)
    if not os.path.exists(path):
        raise NotFoundError(f"{path}; No such file or directory")
    content = np.empty((), object)
    content[()] = read_bytes(Path(path), Gate.of_file(path, DataError))
    return Tensor(content, string)


def write_file(filename: Any, contents: Any, name: Any = None) -> None:
    """Write a text of bytes to a file, and make the folders above it."""
    path = Path(text(filename))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(host(contents).item())


@on_host(lambda given: Spec((None,), string.held))
def matching_files(pattern: Any, name: Any = None) -> Any:
    """The paths that match a pattern, or several."""
    patterns = [one.decode() for one in np.atleast_1d(host(pattern)).tolist()]
    found = np.empty(len(paths := gfile.glob(patterns)), object)
    found[:] = [path.encode() for path in paths]
    return Tensor(found, string)


__all__ = [
    "FixedLenFeature", "FixedLenSequenceFeature", "RaggedFeature", "TFRecordOptions", "TFRecordWriter",
    "VarLenFeature", "decode_and_crop_jpeg", "decode_base64", "decode_bmp", "decode_csv", "decode_gif",
    "decode_image", "decode_jpeg", "decode_png", "decode_raw", "encode_base64",
    "encode_jpeg", "encode_png", "extract_jpeg_shape", "gfile", "is_jpeg", "matching_files",
    "parse_example", "parse_single_example", "parse_single_sequence_example", "parse_tensor", "read_file",
    "serialize_tensor", "tf_record_iterator", "write_file",
]  # fmt: skip
