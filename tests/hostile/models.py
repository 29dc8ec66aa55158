"""Hostile files of models: archives, descriptions, weights, backups. Each is a name and its content."""

import functools
import json
import os
import stat
import zipfile

import h5py
import numpy as np

from tests.hostile.crafting import (
    bomb,
    config,
    deflated_zeros,
    described,
    keras_file,
    kernel,
    model_parts,
    npy,
    packed_chunk,
    raw_zip,
    weights_file,
    with_bomb,
    zipped,
)

CANARY = "canary"  # the file that must not come to exist, in the folder of the hostile one


def _with_info(change):
    info = zipfile.ZipInfo("assets/a")
    change(info)
    return zipped({**model_parts(), "a": (info, b"../../etc/passwd")})


def _link(info):
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def _flipped(content, at):
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


def archives(folder):
    """Damaged and hostile zip archives, for whoever reads a `.keras` file."""
    whole = keras_file()
    data, _, check = deflated_zeros()
    yield "empty", b""
    yield "text", b"hello"
    yield "half", whole[: len(whole) // 2]
    yield "last byte missing", whole[:-1]
    yield "directory missing", whole[: whole.rindex(b"PK\1\2")]
    yield "config changed", _flipped(whole, whole.index(b'"class_name"') + 3)
    yield "weights changed", _flipped(whole, whole.index(b"\x89HDF") + 900)
    yield "encrypted", raw_zip("config.json", b"x" * 30, 18, flags=1)
    yield "unknown method", raw_zip("config.json", b"x", 1, method=99)
    yield "bzip2", zipped(model_parts(), zipfile.ZIP_BZIP2)
    yield "lzma", zipped(model_parts(), zipfile.ZIP_LZMA)
    yield "damaged deflate", raw_zip("config.json", b"\xff" * 50, 100)
    yield "patched data", raw_zip("config.json", b"x", 1, flags=0x20)
    yield "config is a bomb", bomb("config.json")
    yield "config is a bomb that lies", raw_zip("config.json", data, 1000, check)
    yield "config says 4 GB", raw_zip("config.json", data, 0xFFFFFFFE, check)
    parts = model_parts()
    yield "weights are a bomb", with_bomb("model.weights.h5", {"config.json": parts["config.json"]})
    yield "assets are a bomb", with_bomb("assets/layers/dense/a")
    yield "60,000 members", raw_zip("config.json", b"{}", 2, method=0, extra_entries=60_000)
    yield "a million entries", raw_zip("c", b"{}", 2, method=0, extra_entries=1_000_000)
    yield "twice the same name", raw_zip("config.json", b"{}", 2, method=0, extra_entries=1)
    for name in ("../canary", "/tmp/canary", "assets/../../canary", "assets\\..\\canary", "C:canary"):
        yield f"member {name}", zipped({**parts, name: b"x"})
    yield "member with NUL", raw_zip(b"config.json\0.txt", b"{}", 2, method=0)
    yield "member is a link", _with_info(_link)
    yield "config missing", keras_file(config=None)
    yield "weights missing", keras_file(weights=None)
    yield "config is a folder", zipped({"config.json/": b"", "model.weights.h5": parts["model.weights.h5"]})


def _layers(change):
    def changed(tree):
        change(tree["config"]["layers"])

    return changed


def _layer(**values):
    return _layers(lambda layers: layers[1].update(values))


def _options(**values):
    return _layers(lambda layers: layers[1]["config"].update(values))


def _as_layer(name, **values):
    entry = {"module": "keras.layers", "class_name": name, "config": values, "registered_name": None}
    return _layers(lambda layers: layers.__setitem__(1, entry))


def _sequence(change, shape=(None, 5, 4)):
    def changed(tree):
        tree["config"]["layers"][0]["config"]["batch_shape"] = list(shape)
        change(tree)

    return changed


def _replaced(**values):
    return lambda tree: tree.update(values)


def _compiled(**values):
    return lambda tree: tree["compile_config"].update(values)


def _metric(name, **values):
    metric = {"module": "keras.metrics", "class_name": name, "config": values, "registered_name": None}
    return _compiled(metrics=[metric])


def _functional(nodes, outputs=("d", 0, 0)):
    tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "dtype": "float32"}}
    entries = [
        {
            "class_name": "InputLayer",
            "module": "keras.layers",
            "config": {"batch_shape": [None, 3], "name": "i"},
            "name": "i",
            "inbound_nodes": [],
        },
        {
            "class_name": "Dense",
            "module": "keras.layers",
            "config": {"units": 2, "name": "d"},
            "name": "d",
            "inbound_nodes": [],
        },
    ]
    if nodes is not None:
        for history in nodes:
            one = {**tensor, "config": {**tensor["config"], "keras_history": history}}
            entries[1]["inbound_nodes"].append({"args": [one], "kwargs": {}})
    return _replaced(
        class_name="Functional",
        config={
            "name": "f",
            "layers": entries,
            "input_layers": [["i", 0, 0]],
            "output_layers": [list(outputs)],
        },
    )


def _nested(depth):
    def changed(tree):
        inner = tree["config"]["layers"][1]
        for number in range(depth):
            inner = {
                "module": "keras",
                "class_name": "Sequential",
                "config": {"name": f"n{number}", "layers": [inner]},
                "registered_name": None,
            }
        tree["config"]["layers"][1] = inner

    return changed


DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2}, "registered_name": None}
HUGE = 10**12

# What is wrong with a description, and how a good one is changed into it.
DESCRIPTIONS = {
    "class_name is a list": _replaced(class_name=["Sequential"]),
    "class_name is a dictionary": _replaced(class_name={"a": 1}),
    "class_name is null": _replaced(class_name=None),
    "class_name is a number": _replaced(class_name=7),
    "class_name is a path": _replaced(class_name="../../os"),
    "class_name is dunder": _replaced(class_name="__class__"),
    "no class_name": lambda tree: tree.pop("class_name"),
    "config is a list": _replaced(config=[1]),
    "config is a number": _replaced(config=3),
    "config is null": _replaced(config=None),
    "config is a text": _replaced(config="os.system"),
    "module is a list": _replaced(module=[1], class_name="X"),
    "registered_name is a dictionary": _replaced(registered_name={"a": 1}),
    "a layer, not a model": _replaced(**DENSE),
    "a function, not a model": _replaced(class_name="function", config="relu", module="builtins"),
    "an optimizer, not a model": _replaced(class_name="Adam", module="keras.optimizers", config={}),
    "an array, not a model": _replaced(class_name="__numpy__", config={"value": [1], "dtype": "int8"}),
    "a lambda": _replaced(class_name="__lambda__", config={"value": "import os"}),
    "os.system as a layer": _layer(module="os", class_name="system", config={"command": "touch canary"}),
    "os.system as a function": _options(
        activation={"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
    ),
    "builtins.eval as an initializer": _options(
        kernel_initializer={"module": "builtins", "class_name": "eval", "config": {"x": "1"}}
    ),
    "a Lambda of code": _as_layer(
        "Lambda", function={"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None}}
    ),
    "layers is a number": lambda tree: tree["config"].update(layers=3),
    "layers is a text": lambda tree: tree["config"].update(layers="Dense"),
    "layers is missing": lambda tree: tree["config"].pop("layers"),
    "a layer is a number": _layers(lambda layers: layers.append(7)),
    "a layer is a list": _layers(lambda layers: layers.append([DENSE])),
    "a layer is null": _layers(lambda layers: layers.append(None)),
    "a layer without config": _layers(lambda layers: layers[1].pop("config")),
    "a layer twice": _layers(lambda layers: layers.append(layers[1])),
    "input in the middle": _layers(lambda layers: layers.append(layers[0])),
    "20,000 layers": _layers(lambda layers: layers.extend([DENSE] * 20_000)),
    "100 models in models": _nested(100),
    "name is a path": _options(name="../../canary"),
    "name is a number": _options(name=5),
    "units are 1e12": _options(units=HUGE),
    "units are 1e9": _options(units=10**9),
    "units are 1e30": _options(units=10**30),
    "units are negative": _options(units=-1),
    "units are infinite": _options(units=float("inf")),
    "units are a fraction": _options(units=2.5),
    "units are a text": _options(units="many"),
    "units are a list": _options(units=[2, 3]),
    "units are an array of text": _options(
        units={"class_name": "__numpy__", "config": {"value": "x", "dtype": "S1000000000"}}
    ),
    "units are an array of objects": _options(
        units={"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}}
    ),
    "units are an array of nonsense": _options(
        units={"class_name": "__numpy__", "config": {"value": [1], "dtype": "nonsense"}}
    ),
    "units are an array of voids": _options(
        units={"class_name": "__numpy__", "config": {"value": 0, "dtype": "V1000000000"}}
    ),
    "unknown option": _options(colour="red"),
    "unknown activation": _options(activation="explode"),
    "unknown initializer": _options(kernel_initializer="explode"),
    "initializer is a number": _options(kernel_initializer=5),
    "unknown dtype": _options(dtype="float31"),
    "dtype is a list": _options(dtype=["float32"]),
    "dtype policy of nonsense": _options(
        dtype={"module": "keras", "class_name": "DTypePolicy", "config": {"name": "x" * 9}}
    ),
    "trainable is a path": _layer(build_config={"input_shape": "abc"}),
    "build shape is huge": _layer(build_config={"input_shape": [None, HUGE]}),
    "input shape is huge": _sequence(lambda tree: None, (None, HUGE)),
    "input shape is a text": _sequence(lambda tree: None, "abc"),
    "input shape is negative": _sequence(lambda tree: None, (None, -3)),
    "input shape has a dictionary": _sequence(lambda tree: None, (None, {"a": 1})),
    "LSTM of 1e6 units": _sequence(_as_layer("LSTM", units=10**6)),
    "GRU of 1e6 units": _sequence(_as_layer("GRU", units=10**6)),
    "Embedding of 1e12 rows": _as_layer("Embedding", input_dim=HUGE, output_dim=3),
    "convolution of 1e9 filters": _sequence(_as_layer("Conv1D", filters=10**9, kernel_size=3)),
    "kernel of 1e9": _sequence(_as_layer("Conv1D", filters=1, kernel_size=10**9, padding="same")),
    "1e9 heads": _sequence(_as_layer("MultiHeadAttention", num_heads=10**9, key_dim=10**6)),
    "EinsumDense of 1e12": _as_layer("EinsumDense", equation="ab,bc->ac", output_shape=[HUGE]),
    "EinsumDense of nonsense": _as_layer("EinsumDense", equation="((((", output_shape=[2]),
    "Bidirectional of a text": _sequence(_as_layer("Bidirectional", layer="LSTM")),
    "TimeDistributed of a number": _sequence(_as_layer("TimeDistributed", layer=3)),
    "RNN of a layer": _sequence(_as_layer("RNN", cell=DENSE)),
    "Reshape to nonsense": _as_layer("Reshape", target_shape=["a"]),
    "RepeatVector of 1e12 and Dense": _layers(
        lambda layers: layers.extend(
            [
                {"module": "keras.layers", "class_name": "RepeatVector", "config": {"n": HUGE}},
                {"module": "keras.layers", "class_name": "Flatten", "config": {}},
                {"module": "keras.layers", "class_name": "Dense", "config": {"units": 5}},
            ]
        )
    ),
    "vocabulary is a path": _as_layer("TextVectorization", vocabulary="/etc/passwd"),
    "vocabulary of numbers": _as_layer("TextVectorization", vocabulary=5),
    "call of a tensor that is not there": _functional([["nowhere", 0, 0]]),
    "call of itself": _functional([["d", 0, 0]]),
    "two calls of each other": _functional([["d", 1, 0], ["d", 0, 0]]),
    "output that is not there": _functional([["i", 0, 0]], ("d", 7, 0)),
    "output of an index that is not there": _functional([["i", 0, 0]], ("d", 0, 9)),
    "history of two": _functional([["i", 0]]),
    "history of dictionaries": _functional([[{}, 0, 0]]),
    "30,000 calls": _functional([["i", 0, 0]] * 30_000),
}

# The same for how a model was compiled, which only whole files say.
COMPILATIONS = {
    "optimizer is unknown": _compiled(optimizer="explode"),
    "optimizer is a list": _compiled(optimizer=[1]),
    "optimizer is a layer": _compiled(optimizer=DENSE),
    "loss is os.system": _compiled(
        loss={"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
    ),
    "rate is a text": _compiled(
        optimizer={"module": "keras.optimizers", "class_name": "SGD", "config": {"learning_rate": "fast"}}
    ),
    "metric is unknown": _compiled(metrics=["explode"]),
    "AUC of 1e9 thresholds": _metric("AUC", num_thresholds=10**9),
    "PrecisionAtRecall of 1e9 thresholds": _metric("PrecisionAtRecall", recall=0.5, num_thresholds=10**9),
    "MeanIoU of 1e6 classes": _metric("MeanIoU", num_classes=10**6),
    "compile_config is a list": _replaced(compile_config=[1]),
    "compile_config is a text": _replaced(compile_config="adam"),
}

TEXTS = {
    "a list": b"[1, 2]",
    "a text": b'"Sequential"',
    "a number": b"3",
    "null": b"null",
    "nothing": b"",
    "half": json.dumps(config()).encode()[:200],
    "no JSON": b"<html>",
    "no UTF-8": b'{"class_name": "\xff\xfe"}',
    "UTF-16 half": "{".encode("utf-16")[:3],
    "100,000 lists in lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 dictionaries in dictionaries": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "500 lists in lists": b'{"class_name": "Sequential", "config": ' + b"[" * 500 + b"]" * 500 + b"}",
    "1,000 models in models": (b'{"class_name": "Sequential", "config": {"layers": [' * 1000 + b"]}}" * 1000),
    "3 million empty lists": b'{"a": [' + b"[]," * 3_000_000 + b"1]}",
    "3 million numbers": b'{"a": [' + b"1," * 3_000_000 + b"1]}",
    "a number of 100,000 digits": b'{"class_name": ' + b"1" * 100_000 + b"}",
}


def _linked(link, at="layers/dense/vars/0"):
    def change(file):
        del file[at]
        file[at] = link

    return weights_file(change)


def _virtual(folder):
    with h5py.File(os.path.join(folder, "secret.h5"), "w") as file:
        file["k"] = np.full((3, 2), 42.0, "float32")

    def change(file):
        del file["layers/dense/vars/0"]
        layout = h5py.VirtualLayout((3, 2), "float32")
        layout[:] = h5py.VirtualSource(os.path.join(folder, "secret.h5"), "k", (3, 2))
        file["layers/dense/vars"].create_virtual_dataset("0", layout)

    return weights_file(change)


def _virtual_of_itself(file):
    del file["layers/dense/vars/0"]
    layout = h5py.VirtualLayout((3, 2), "float32")
    layout[:] = h5py.VirtualSource(".", "layers/dense/vars/0", (3, 2))
    file["layers/dense/vars"].create_virtual_dataset("0", layout)


def _external(folder):
    path = os.path.join(folder, "secret.bin")
    with open(path, "wb") as file:
        file.write(np.full(6, 42, "float32").tobytes())
    return weights_file(lambda file: kernel(file, shape=(3, 2), dtype="float32", external=[(path, 0, 24)]))


def _elsewhere(change):
    return weights_file(lambda file: change(file.create_group("elsewhere")))


def _deep(file):
    group = file
    for _ in range(3000):
        group = group.create_group("a")


@functools.cache
def _of_many():
    def change(file):
        group = file.create_group("many")
        for number in range(11_000):
            group[str(number)] = np.float32(1)

    return weights_file(change)


def _huge_attribute(file):
    file.create_dataset("layers/dense/vars/2", data=np.ones(2)).attrs["dtype"] = "x" * 60_000


_OBJECTS = np.dtype({"names": ["a"], "formats": ["<f4"]})


def weights(folder):
    """Hostile files of weights."""
    whole = weights_file(lambda file: None)
    yield "virtual dataset", _virtual(folder)
    yield "virtual dataset of itself", weights_file(_virtual_of_itself)
    yield "external storage", _external(folder)
    yield "external link", _linked(h5py.ExternalLink(os.path.join(folder, "secret.h5"), "/k"))
    yield "external link to a group", _linked(h5py.ExternalLink("secret.h5", "/"), "layers/dense")
    yield "soft link", _linked(h5py.SoftLink("/layers/dense/vars/1"))
    yield "soft link to itself", _linked(h5py.SoftLink("/layers/dense/vars/0"))
    yield "soft link to the root", _linked(h5py.SoftLink("/"), "layers")
    yield "soft link elsewhere", _elsewhere(lambda group: group.__setitem__("a", h5py.SoftLink("/x")))
    yield (
        "external link elsewhere",
        _elsewhere(lambda group: group.__setitem__("a", h5py.ExternalLink("secret.h5", "/k"))),
    )
    yield "a group that holds itself", _elsewhere(lambda group: group.__setitem__("a", group))
    yield "a group that holds the root", _elsewhere(lambda group: group.__setitem__("a", group.file["/"]))
    yield (
        "an array with two names",
        _elsewhere(lambda group: group.__setitem__("a", group.file["layers/dense/vars/0"])),
    )
    yield "a named type", weights_file(lambda file: file.__setitem__("type", np.dtype("float32")))
    yield "texts", weights_file(lambda file: kernel(file, data=np.full((3, 2), b"abc")))
    yield (
        "texts of any length",
        weights_file(
            lambda file: kernel(file, data=np.full((3, 2), "abc", object), dtype=h5py.string_dtype())
        ),
    )
    yield "texts of 1 GB", weights_file(lambda file: kernel(file, shape=(3, 2), dtype="S1000000000"))
    yield "records", weights_file(lambda file: kernel(file, data=np.zeros((3, 2), _OBJECTS)))
    yield "references", weights_file(lambda file: kernel(file, shape=(3, 2), dtype=h5py.ref_dtype))
    yield "opaque bytes", weights_file(lambda file: kernel(file, data=np.zeros((3, 2), "V4")))
    yield "complex numbers", weights_file(lambda file: kernel(file, data=np.ones((3, 2), "complex64")))
    yield "no numbers", weights_file(lambda file: kernel(file, data=h5py.Empty("float32")))
    yield (
        "a group as weight",
        weights_file(
            lambda file: (file.__delitem__("layers/dense/vars/0"), file.create_group("layers/dense/vars/0"))
        ),
    )
    yield (
        "8 PiB in chunks",
        weights_file(lambda file: kernel(file, shape=(2**25, 2**26), dtype="float32", chunks=(1024, 1024))),
    )
    yield "8 PiB at once", weights_file(lambda file: kernel(file, shape=(2**25, 2**26), dtype="float32"))
    yield (
        "a chunk of 3.9 GB",
        weights_file(
            lambda file: kernel(
                file, shape=(3, 2), maxshape=(None, None), dtype="float32", chunks=(31250, 31250)
            )
        ),
    )
    yield "a packed bomb", weights_file(_packed_bomb)
    yield "an unknown filter", weights_file(_unknown_filter)
    yield "3,000 groups in groups", weights_file(_deep)
    yield "11,000 arrays", _of_many()
    yield "an array too many", weights_file(_huge_attribute)
    yield "an array too few", weights_file(lambda file: file.__delitem__("layers/dense/vars/1"))
    yield "another shape", weights_file(lambda file: kernel(file, data=np.ones((2, 3), "float32")))
    yield (
        "vars is an array",
        weights_file(
            lambda file: (
                file.__delitem__("layers/dense/vars"),
                file.__setitem__("layers/dense/vars", np.ones(3)),
            )
        ),
    )
    yield (
        "layers is an array",
        weights_file(lambda file: (file.__delitem__("layers"), file.__setitem__("layers", np.ones(3)))),
    )
    yield "empty", b""
    yield "a text", b"hello"
    yield "half", whole[: len(whole) // 2]
    yield "the first block alone", whole[:512]
    yield "a damaged signature", b"\0" + whole[1:]
    yield "a damaged superblock", whole[:20] + b"\xff" * 40 + whole[60:]


def _packed_bomb(file):
    data, size = packed_chunk()
    dataset = kernel(file, shape=(4 * size,), dtype="float32", chunks=(size,), compression="gzip")
    for number in range(4):
        dataset.id.write_direct_chunk((number * size,), data)


def _unknown_filter(file):
    del file["layers/dense/vars/0"]
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((3, 2))
    properties.set_filter(h5py.h5z.FILTER_SZIP + 28_000, h5py.h5z.FLAG_OPTIONAL, (1,))
    space = h5py.h5s.create_simple((3, 2))
    h5py.h5d.create(file["layers/dense/vars"].id, b"0", h5py.h5t.NATIVE_FLOAT, space, properties)


def _state(tree, **members):
    return zipped({"tree.json": json.dumps(tree).encode(), **members})


def _arrayed(content, **values):
    tree = {"a": {"__array__": 0, "dtype": "float32", "shape": [3], **values}}
    return _state(tree, **{"0.npy": content})


def backups(folder):
    """Hostile backups of a training."""
    good = npy(np.ones(3, "float32"))
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }"
    yield "empty", b""
    yield "a text", b"hello"
    yield "no tree", zipped({"0.npy": good})
    yield "tree is a bomb", bomb("tree.json")
    yield "tree is no JSON", zipped({"tree.json": b"{"})
    yield "tree of 100,000 lists", zipped({"tree.json": b"[" * 100_000})
    yield "tree of 300 lists", zipped({"tree.json": b"[" * 300 + b"]" * 300})
    yield "array missing", _state({"a": {"__array__": 0, "dtype": "float32", "shape": [3]}})
    yield "array is a text", _arrayed(b"hello")
    yield "array is a path", _arrayed(good, __array__="../../canary")
    yield "array number is a list", _arrayed(good, __array__=[0])
    yield "array of objects", _arrayed(npy(np.array([{}], object)))
    yield "array says a terabyte", _arrayed(npy(header=header % ("<f4", "(250000000000,)"), body=b"1234"))
    yield "array says less than it has", _arrayed(npy(header=header % ("<f4", "(1,)"), body=b"12345678"))
    yield "array of negative size", _arrayed(npy(header=header % ("<f4", "(-1, -1)"), body=b"1234"))
    yield "array of texts of 1 GB", _arrayed(npy(header=header % ("S1000000000", "(1,)"), body=b"1"))
    yield "array of records", _arrayed(npy(header=header % ("[('a', '<f4')]", "(1,)"), body=b"1234"))
    yield "array header is code", _arrayed(npy(header="__import__('os').mkdir('canary')"))
    yield "array header is deep", _arrayed(npy(header="(" * 9000 + ")" * 9000))
    yield "array shape is a text", _arrayed(npy(header=header % ("<f4", "'abc'"), body=b"1234"))
    yield "array dtype is nonsense", _arrayed(good, dtype="float31")
    yield "array dtype is a list", _arrayed(good, dtype=[1])
    yield "array dtype has no bytes", _arrayed(good, dtype="S0")
    yield "array shape is another", _arrayed(npy(np.zeros(3, "uint8")), dtype="float32")
    yield "a bomb beside it", with_bomb("0.npy", {"tree.json": b"{}"})
    yield "member outside", zipped({"tree.json": b"{}", "../canary": b"x"})
    yield "60,000 members", raw_zip("tree.json", b"{}", 2, method=0, extra_entries=60_000)


def descriptions(folder):
    """Model files whose description is hostile."""
    for name, change in {**DESCRIPTIONS, **COMPILATIONS}.items():
        yield name, described(change)
    for name, content in TEXTS.items():
        yield f"config is {name}", keras_file(config=content)


def texts(folder):
    """Hostile JSON texts."""
    for name, change in DESCRIPTIONS.items():
        tree = config()
        change(tree)
        yield name, json.dumps(tree).encode()
    yield from TEXTS.items()


def keras_files_of_weights(folder):
    """Whole model files with hostile weights."""
    for name, content in weights(folder):
        yield f"weights: {name}", keras_file(weights=content)


def archives_of_weights(folder):
    """Archives that are hostile to whoever reads the weights alone."""
    return (case for case in archives(folder) if "config" not in case[0])
