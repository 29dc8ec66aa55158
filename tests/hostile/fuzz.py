"""Read real small files with random damage: each is read, or refused with the one error of its reader.

`python -m tests.hostile.fuzz FOLDER SEED COUNT` damages each file COUNT times, and writes what went wrong: a
line of JSON for each damaged file that raised another error or took too much.
"""

import gzip
import io
import json
import os
import random
import struct
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

import neurona as nn
from neurona.datasets.fashion_mnist import read_idx
from neurona.datasets.local import read_npz
from neurona.errors import DataError, SavingError
from neurona.saving import read_state, write_state
from neurona.tasks.inputs import ExampleReader
from neurona.tasks.labels import Labels
from tests.hostile.crafting import config, keras_file, npy, tar, weights_file, zipped
from tests.hostile.readers import _load_weights
from tests.hostile.runner import memory

_WHOLE = (0, 1, 0x7F, 0x80, 0xFF)
_INTEGERS = (0, 1, 2**31 - 1, 2**31, 2**32 - 1)
SECONDS, MEGABYTES = 2, 200


def _picture(form):
    content = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (9, 9, 3), np.uint8)
    Image.fromarray(pixels).save(content, form)
    return content.getvalue()


def _state():
    path = Path("state.npz")
    write_state(path, {"epoch": 3, "weights": [np.ones((3, 2), np.float32)], "best": None})
    return path.read_bytes()


def _older(name):
    """A model as tf-keras 2 has it, with how it was compiled."""
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2), nn.layers.BatchNormalization()])
    model.compile(nn.optimizers.Adam(), "mse")
    model.fit(np.ones((2, 3)), np.ones((2, 2)), verbose=0)
    model.save(name, save_format="tf_keras")
    return Path(name).read_bytes()


def _read_cifar(path):
    os.replace(path, "cifar-10-binary.tar.gz")
    os.environ["NEURONA_DATA"] = "."
    nn.datasets.cifar10.load_data()


def _from_json(path):
    nn.models.model_from_json(path.read_bytes().decode("utf-8", "replace"))


def _table(path):
    ExampleReader((2,), Labels("table", features=["a", "b"])).read(path)


def _tar():
    names = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]
    return gzip.decompress(tar(dict.fromkeys(names, bytes(3073))))


def seeds():
    """For each kind of file: its name, a good file, its reader, the error."""
    yield "a.keras", keras_file(), nn.models.load_model, SavingError
    yield "a.weights.h5", weights_file(lambda file: None), _load_weights, SavingError
    yield "a.h5", _older("a.h5"), nn.models.load_model, SavingError
    yield "b.keras", _older("b.keras"), nn.models.load_model, SavingError
    yield "a.json", json.dumps(config()).encode(), _from_json, SavingError
    yield "a.npz", _state(), read_state, SavingError
    yield "b.npz", zipped({"x.npy": npy(np.ones((3, 3)))}), lambda path: read_npz(path, ["x"]), DataError
    yield "a.npy", npy(np.ones((3, 2))), _table, DataError
    yield "a.csv", b"a,b\n1,2.5\n3,4e3\n", _table, DataError
    yield "a.gz", gzip.compress(b"\0\0\x08\1" + struct.pack(">L", 99) + bytes(99)), read_idx, DataError
    yield "a.tar", _tar(), _read_cifar, DataError
    yield "b.tar", gzip.compress(_tar()), _read_cifar, DataError
    for form in ("png", "jpeg", "gif", "bmp", "tiff", "webp"):
        yield f"a.{form}", _picture(form), nn.utils.load_img, DataError


def damaged(content, rng):
    """A file with one to four changes."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) or 1)
        match rng.randrange(6):
            case 0:
                data[at : at + 1] = bytes([rng.choice(_WHOLE)])
            case 1:
                data[at : at + 1] = bytes([data[at] ^ 1 << rng.randrange(8)] if data else [0])
            case 2:
                data[at : at + 4] = struct.pack(rng.choice("<>") + "L", rng.choice(_INTEGERS))
            case 3:
                del data[at:]
            case 4:
                del data[at : at + rng.randint(1, 16)]
            case _:
                data[at:at] = data[at : at + rng.randint(1, 64)]
    return bytes(data)


def main(seed, count):
    """Damage and read; the end of the output says that the process lived to it."""
    warnings.simplefilter("ignore")
    for name, content, read, error in seeds():
        rng = random.Random(f"{seed} {name}")
        for number in range(count):
            path = Path(name)
            path.write_bytes(damaged(content, rng))
            before, began = memory("VmRSS"), time.process_time()
            what = ""
            try:
                read(path)
            except error:
                pass
            except Exception as raised:
                what = f"{type(raised).__name__}: {raised}"[:500]
            seconds, megabytes = time.process_time() - began, memory("VmRSS") - before
            if what or seconds > SECONDS or megabytes > MEGABYTES:
                where = {"file": name, "seed": seed, "number": number}
                print(json.dumps({**where, "error": what, "seconds": seconds, "MB": megabytes}), flush=True)
    print("END")


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    main(int(sys.argv[2]), int(sys.argv[3]))
