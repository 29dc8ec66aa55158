"""Hostile files of data: archives of data sets, images, tables, texts, vocabularies, labels."""

import gzip
import io
import json
import lzma
import struct
import tarfile

import numpy as np
from PIL import Image

from tests.hostile.crafting import bomb, gzipped_zeros, npy, png, raw_zip, tar, zipped

MIB = 2**20


def _info(name, **values):
    info = tarfile.TarInfo(name)
    for key, value in values.items():
        setattr(info, key, value)
    return info


def _patched_tar(size, kind=b"0"):
    """The header of a tar member that says another size, with its checksum made right."""
    header = bytearray(tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin").tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    header[156:157] = kind
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def tars(folder):
    """Hostile tar archives in the place of CIFAR-10's."""
    record = bytes(3073)
    yield "empty", b""
    yield "a text", b"hello"
    yield "no archive", gzip.compress(b"hello" * 1000)
    yield "half", tar({"data_batch_1.bin": np.random.default_rng(0).bytes(30730)})[:9000]
    yield "checksum changed", gzip.compress(b"x" + gzip.decompress(tar({"a": record}))[1:])
    yield "zeros without end", gzipped_zeros()
    yield "a member of 8 GB", gzip.compress(_patched_tar(8**11 - 1))
    yield "a member of 8 PiB", gzip.compress(_patched_tar(2**53))
    yield "a member of negative size", gzip.compress(_patched_tar(2**88 - 1))
    yield "a long name of 1 GB", gzip.compress(_patched_tar(2**30, b"L"))
    yield "an extended header of 1 GB", gzip.compress(_patched_tar(2**30, b"x"))
    yield "a bomb", gzipped_zeros(_patched_tar(150 * MIB))
    yield "another size", tar({"data_batch_1.bin": record[:-1]})
    yield "files missing", tar({"data_batch_1.bin": record})
    yield "a member outside", tar({"../canary": b"x"})
    yield "an absolute member", tar({"/tmp/canary": b"x"})
    yield (
        "a link to itself",
        tar(
            {"data_batch_1.bin": _info("data_batch_1.bin", type=tarfile.SYMTYPE, linkname="data_batch_1.bin")}
        ),
    )
    yield "xz that asks for 4 GB", _xz_of_a_dictionary()
    yield "damaged xz", lzma.compress(b"hello" * 9999)[:-30]


def _xz_of_a_dictionary():
    packed = bytearray(lzma.compress(b"hello", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]))
    at = packed.index(b"\x21\x01") + 2  # the filter's properties
    packed[at] = 40  # 4 GiB - 1
    length = (packed[12] + 1) * 4
    packed[12 + length - 4 : 12 + length] = struct.pack(
        "<L", __import__("zlib").crc32(bytes(packed[12 : 12 + length - 4]))
    )
    return bytes(packed)


def npzs(folder):
    """Hostile files in the place of MNIST's."""
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }"
    good = {f"{name}.npy": npy(np.zeros(3)) for name in ("y_train", "x_test", "y_test")}
    yield "empty", b""
    yield "a text", b"hello"
    yield "arrays missing", zipped({"x_train.npy": npy(np.zeros(3))})
    yield "objects", zipped({"x_train.npy": npy(np.array([{}], object)), **good})
    yield "an array of 8 PiB", zipped({"x_train.npy": npy(header=header % ("<f8", f"({2**50},)")), **good})
    yield "an array cut", zipped({"x_train.npy": npy(np.zeros(99))[:-8], **good})
    yield "texts", zipped({"x_train.npy": npy(np.array(["a"])), **good})
    yield "a bomb", bomb("x_train.npy")
    yield "60,000 members", raw_zip("x_train.npy", b"", 0, method=0, extra_entries=60_000)
    yield "encrypted", raw_zip("x_train.npy", b"x" * 20, 8, flags=1)
    yield "a header of 4 GB", zipped({"x_train.npy": b"\x93NUMPY\2\0\xff\xff\xff\xff", **good})


def idxs(folder):
    """Hostile files in the place of Fashion-MNIST's."""
    yield "empty", b""
    yield "a text", b"hello"
    yield "another type", gzip.compress(b"\0\0\x0d\1" + struct.pack(">L", 1) + b"1234")
    yield "more than there is", gzip.compress(b"\0\0\x08\3" + struct.pack(">3L", 2**32 - 1, 28, 28))
    yield "less than there is", gzip.compress(b"\0\0\x08\1" + struct.pack(">L", 1) + b"1234")
    yield "255 sizes", gzip.compress(b"\0\0\x08\xff" + b"\0\0\0\1" * 255 + b"1")
    yield "a bomb", gzipped_zeros()
    yield "half", gzip.compress(np.random.default_rng(0).bytes(5000))[:2000]


def unpacked(folder):
    """Hostile archives for `get_file(extract=True)`."""
    yield "tar with a member outside", tar({"../canary": b"x"})
    yield (
        "tar with a link outside",
        tar(
            {
                "a": _info("a", type=tarfile.SYMTYPE, linkname="../.."),
                "a/canary": b"x",
            }
        ),
    )
    yield "tar with a device", tar({"a": _info("a", type=tarfile.CHRTYPE)})
    yield "tar with a bomb", gzipped_zeros(_patched_tar(150 * MIB))
    yield "zip with a member outside", zipped({"../canary": b"x"})
    yield "zip with an absolute member", zipped({"/tmp/canary": b"x"})
    yield "zip with a bomb", bomb("a")
    yield "zip of 60,000 members", raw_zip("a", b"", 0, method=0, extra_entries=60_000)
    yield "neither", b"hello"


def _image(form, size=(4, 4), mode="L", **options):
    content = io.BytesIO()
    Image.new(mode, size).save(content, form, **options)
    return content.getvalue()


_POSTSCRIPT = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n"
    b"(canary) (w) file closefile showpage\n%%EOF\n"
)


def images(folder):
    """Hostile images."""
    yield "empty.png", b""
    yield "text.png", b"hello"
    yield "13,000 x 13,000.png", _image("PNG", (13_000, 13_000), "1")
    yield "header of 60,000 x 60,000.png", png(60_000, 60_000)
    yield "header of 2**31.png", png(2**31 - 1, 2**31 - 1)
    yield "no pixels.png", png(0, 0)
    yield "no data.png", png(4, 4)
    yield "damaged data.png", png(4, 4, data=b"xyz")
    yield "unknown depth.png", png(4, 4, depth=7)
    yield "cut.png", _image("PNG", (99, 99))[:60]
    yield "eps.png", _POSTSCRIPT
    yield "eps.jpg", _POSTSCRIPT
    yield "icon.png", _image("ICO", (16, 16), "RGBA")
    yield "pcx.bmp", _image("PCX")
    yield "pdf.png", _image("PDF")
    yield "cut.jpg", _image("JPEG", (99, 99))[:150]
    yield "cut.gif", _image("GIF", (99, 99), "P")[:30]
    yield "cut.webp", _image("WEBP", (99, 99), "RGB")[:40]
    yield "cut.tiff", _image("TIFF", (99, 99))[:100]
    yield "header of 50,000 x 50,000.gif", b"GIF89a" + struct.pack("<HH", 50_000, 50_000) + b"\0\0\0"
    yield "header of 40,000 x 40,000.bmp", _large_bmp()
    yield "decimal numbers.tiff", _image("TIFF", mode="F")


def _large_bmp():
    header = struct.pack("<LllHHLLllLL", 40, 40_000, 40_000, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<LLL", 54, 0, 54) + header


def tables(folder):
    """Hostile tables."""
    yield "NUL.csv", b"a,b\n1,\x002\n\n\x00"
    yield "a cell of 200,000 letters.csv", b'a,b\n"' + b"x" * 200_000 + b'",1\n'
    yield "3 million cells.csv", b"a,b\n" + b"1," * 3_000_000
    yield "3 million lines.csv", b"a,b\n" + b"1\n" * 3_000_000
    yield "an open quote.csv", b'a,b\n"1,2\n'
    yield "words.csv", b"a,b\n1,two\n"
    yield "wide.csv", b"a,b\n1,5,2,5\n"
    yield "narrow.csv", b"a,b\n1\n"
    yield "half UTF-16.csv", "a,b\n1,2".encode("utf-16")[:-1]
    yield "an archive.csv", zipped({"a": b"x" * 99})
    yield "no rows.csv", b"a,b\n"


def arrays(folder):
    """Hostile `.npy` files."""
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }"
    yield "empty.npy", b""
    yield "text.npy", b"hello"
    yield "objects.npy", npy(np.array([{}], object))
    yield "8 PiB.npy", npy(header=header % ("<f8", f"({2**50},)"))
    yield "texts.npy", npy(np.array(["a", "b"]))
    yield "code.npy", npy(header="__import__('os').mkdir('canary')")
    yield "cut.npy", npy(np.zeros(9))[:-4]
    yield "endless header.npy", b"\x93NUMPY\2\0\xff\xff\xff\x7f" + b" " * 99


def vocabularies(folder):
    """Hostile files of tokens."""
    yield "empty", b""
    yield "no UTF-8", b"a\n\xff\xfe\xfa\n"
    yield "NUL", b"a\n\0\nb"
    yield "a token twice", b"a\nb\na\n"
    yield "an empty token", b"a\n\nb\n"
    yield "3 million tokens", b"a\n" * 3_000_000
    yield "an archive", zipped({"a": b"x" * 99})


def labels(folder):
    """Hostile labels.json."""
    yield "empty", b""
    yield "a number", b"3"
    yield "a text", b'"cat"'
    yield "depth", b"[" * 100_000
    yield "classes are a number", b'{"classes": 3}'
    yield "classes are lists", b'{"classes": [[1]]}'
    yield "features are a dictionary", b'{"features": {"a": 1}}'
    yield "brightest is a text", b'{"brightest": "x"}'
    yield "kind is a list", b'{"kind": [1]}'
    yield "3 million numbers", b"[" + b"1," * 3_000_000 + b"1]"


def words(folder):
    """Hostile words.json."""
    yield "a list", b"[1]"
    yield "numbers are texts", b'{"a": "b"}'
    yield "half", b'{"a": 1'
    yield "depth", b'{"a":' * 100_000
    yield "objects", json.dumps({"a": {"b": 1}}).encode()
