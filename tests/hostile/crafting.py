"""Tools that craft hostile and damaged files. What they would do is harmless, and visible: a file that must
not come to exist.
"""

import copy
import functools
import gzip
import io
import json
import struct
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np

import neurona as nn

ZEROS = 2**27  # bytes of a bomb once it is unpacked; the budget of a small file is half of it


def small_model():
    """The model whose files are damaged: 3 inputs, 2 outputs."""
    return nn.Sequential([nn.Input((3,)), nn.layers.Dense(2, name="out")], name="small")


@functools.cache
def model_parts():
    """The members of the model's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.keras")
        model = small_model()
        model.compile("sgd", "mse")
        model.save(path)
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def config():
    """The model's description, to be changed."""
    return copy.deepcopy(json.loads(model_parts()["config.json"]))


def zipped(members, method=zipfile.ZIP_STORED):
    """A zip archive of members, each bytes or an (info, bytes) pair."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in members.items():
            info, data = data if isinstance(data, tuple) else (name, data)
            archive.writestr(info, data)
    return content.getvalue()


def keras_file(**changes):
    """The model's file, with members replaced (None leaves one out)."""
    names = {"config": "config.json", "weights": "model.weights.h5"}
    parts = {**model_parts(), **{names.get(name, name): data for name, data in changes.items()}}
    return zipped({name: data for name, data in parts.items() if data is not None})


def described(change):
    """The model's file with a changed description."""
    tree = config()
    change(tree)
    return keras_file(config=json.dumps(tree).encode())


@functools.cache
def deflated_zeros(size=ZEROS):
    """A raw deflate stream of zeros, its size, and its checksum."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block, stream, check = bytes(2**20), b"", 0
    for _ in range(size // len(block)):
        stream += packer.compress(block)
        check = zlib.crc32(block, check)
    return stream + packer.flush(), size, check


@functools.cache
def gzipped_zeros(before=b"", size=150 * 2**20):
    """A gzip file of some bytes and many zeros."""
    return gzip.compress(before + bytes(size), 1)


def with_bomb(name, members=None):
    """A zip archive of the model's members, or others, and one more that unpacks to zeros."""
    data, size, check = deflated_zeros()
    content = io.BytesIO(zipped(model_parts() if members is None else members))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(name, data)
        info = archive.getinfo(name)
        end = archive.start_dir
        info.compress_type, info.file_size, info.CRC = zipfile.ZIP_DEFLATED, size, check
        content.seek(info.header_offset)
        content.write(info.FileHeader())
        content.seek(end)
    return content.getvalue()


def raw_zip(name, data, size, check=0, method=8, flags=0, attributes=0, extra_entries=0):
    """A zip archive of one member, in which every field is as told."""
    raw = name if isinstance(name, bytes) else name.encode()
    common = struct.pack("<HHHHHLLLHH", 20, flags, method, 0, 33, check, len(data), size, len(raw), 0)
    local = b"PK\3\4" + common + raw + data
    entry = b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHLL", 0, 0, 0, attributes, 0) + raw
    directory = entry * (1 + extra_entries)
    count = min(1 + extra_entries, 0xFFFF)
    end = struct.pack("<HHHHLLH", 0, 0, count, count, len(directory), len(local), 0)
    return local + directory + b"PK\5\6" + end


def bomb(name):
    """A small zip archive whose one member unpacks to zeros."""
    data, size, check = deflated_zeros()
    return raw_zip(name, data, size, check)


def weights_file(change):
    """The model's weights, changed with h5py."""
    content = io.BytesIO(model_parts()["model.weights.h5"])
    with h5py.File(content, "r+") as file:
        change(file)
    return content.getvalue()


@functools.cache
def packed_chunk(size=2**25):
    """A chunk of zeros as HDF5 packs it, and its number of float32 values."""
    return zlib.compress(bytes(size), 1), size // 4


def kernel(file, **options):
    """Replace the kernel's dataset."""
    del file["layers/dense/vars/0"]
    return file["layers/dense/vars"].create_dataset("0", **options)


def npy(array=None, header=None, body=b""):
    """An array in NumPy's format, or a header and what follows it."""
    content = io.BytesIO()
    if header is None:
        np.lib.format.write_array(content, np.asarray(array), allow_pickle=True)
        return content.getvalue()
    text = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + body


def tar(members):
    """A tar archive of members, each bytes or a TarInfo with a change."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in members.items():
            info = data if isinstance(data, tarfile.TarInfo) else tarfile.TarInfo(name)
            if isinstance(data, bytes):
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data if isinstance(data, bytes) else b""))
    return content.getvalue()


def png(width, height, depth=8, color=0, data=b"", kind=b"IDAT"):
    """A PNG file with a header as told."""

    def chunk(name, body):
        return struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body))

    header = struct.pack(">LLBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(kind, data) + chunk(b"IEND", b"")
