"""Hostile files in the formats of older libraries: HDF5 of Keras 0 to 2, descriptions, safetensors, npz."""

import copy
import io
import json
import os

import h5py
import numpy as np

from tests.hostile.crafting import npy, zipped

HUGE = 10**12
DENSE = {
    "class_name": "Dense",
    "config": {"name": "out", "units": 2, "activation": "linear", "batch_input_shape": [None, 3]},
}
CHAIN = {"class_name": "Sequential", "config": {"name": "small", "layers": [DENSE]}, "keras_version": "2.3.1"}
INPUT = {
    "class_name": "InputLayer",
    "config": {"batch_input_shape": [None, 3], "name": "i"},
    "name": "i",
    "inbound_nodes": [],
}


def graph(nodes, layer=DENSE, inputs=(("i", 0, 0),), outputs=(("out", 0, 0),)):
    """A functional model of Keras 2: an input and a layer with these calls."""
    layers = [INPUT, {**copy.deepcopy(layer), "name": "out", "inbound_nodes": nodes}]
    config = {"name": "g", "layers": layers, "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Model", "config": config, "keras_version": "2.3.1"}


def layered(name, **config):
    """A Sequential model of one layer."""
    layer = {"class_name": name, "config": {"name": "out", "batch_input_shape": [None, 3], **config}}
    return {**CHAIN, "config": {"name": "small", "layers": [layer]}}


def nested(depth):
    model = CHAIN
    for number in range(depth):
        model = {"class_name": "Sequential", "config": {"name": f"n{number}", "layers": [model]}}
    return {**model, "keras_version": "1.2.2"}


CALL = [["i", 0, 0, {}]]
DESCRIPTIONS = {
    "class_name is a list": {**CHAIN, "class_name": ["Sequential"]},
    "no config": {"class_name": "Sequential", "keras_version": "1.2.2"},
    "config is a number": {**CHAIN, "config": 3},
    "layers are a dictionary": {**CHAIN, "config": {"layers": {"a": 1}}},
    "layers are texts": {**CHAIN, "config": ["a", "b"]},
    "a layer without a class": {**CHAIN, "config": [{"config": {}}]},
    "a layer's config is a list": {**CHAIN, "config": [{"class_name": "Dense", "config": [1]}]},
    "a class of the system": layered("os.system", command="true"),
    "a dunder class": layered("__import__"),
    "10^12 units": layered("Dense", output_dim=HUGE),
    "units are a text": layered("Dense", output_dim="a"),
    "a shape of 10^12": layered("Dense", units=2, batch_input_shape=[None, HUGE]),
    "10^12 words": layered("Embedding", input_dim=HUGE, output_dim=4),
    "a kernel of 10^6 x 10^6": layered(
        "Convolution2D", nb_filter=2, nb_row=10**6, nb_col=10**6, batch_input_shape=[None, 9, 9, 1]
    ),
    "a dimension of images that is a list": layered("Convolution2D", dim_ordering=["th"], nb_filter=1),
    "code in a Lambda": layered("Lambda", function=["4wEAAAA=", None, None], function_type="lambda"),
    "code in a Merge": layered("Merge", mode="4wEAAAA=", mode_type="lambda"),
    "code in an activation": layered(
        "Dense", units=2, activation={"class_name": "__lambda__", "config": {"code": "x"}}
    ),
    "a wrapper without a layer": layered("Bidirectional"),
    "a wrapper around itself": layered("TimeDistributed", layer=layered("TimeDistributed")),
    "a regularizer that is no class": layered("Dense", output_dim=2, W_regularizer={"name": "os.system"}),
    "an unknown operation": graph(
        CALL, {"class_name": "TFOpLambda", "config": {"name": "out", "function": "io.x"}}
    ),
    "an operation that reads files": graph(
        CALL, {"class_name": "TFOpLambda", "config": {"name": "out", "function": "io.read_file"}}
    ),
    "a node of TensorFlow": graph(
        CALL, {"class_name": "TensorFlowOpLayer", "config": {"name": "out", "node_def": "op: 'PyFunc'"}}
    ),
    "a slice of texts": graph(
        [["i", 0, 0, {"slice_spec": ["a"]}]], {"class_name": "SlicingOpLambda", "config": {"name": "out"}}
    ),
    "calls are a number": graph(7),
    "a call is a number": graph([7]),
    "a call on nothing": graph([[]]),
    "a call on what is missing": graph([[["nowhere", 0, 0, {}]]]),
    "a call on itself": graph([[["out", 0, 0, {}]]]),
    "a call number of -5": graph([[["i", -5, 0, {}]]]),
    "an output number of 10^12": graph([[["i", 0, HUGE, {}]]]),
    "no inputs": graph([CALL], inputs=()),
    "inputs are a number": graph([CALL], inputs=3),
    "outputs that are missing": graph([CALL], outputs=[["nowhere", 0, 0]]),
    "100,000 calls": graph([CALL] * 100_000),
    "300 models in models": nested(300),
    "30 models in models, each unknown": {**nested(30), "class_name": "Unknown"},
    "a Graph without nodes": {"name": "Graph", "nodes": {}, "node_config": [{"name": "a", "input": "b"}]},
    "a Graph of numbers": {"name": "Graph", "nodes": 1, "node_config": 2},
    "a branch without a shape": {
        "class_name": "Sequential",
        "config": [{"class_name": "Merge", "config": {"layers": [{"class_name": "Dense", "config": {}}]}}],
        "keras_version": "1.2.2",
    },
    "a version that is a list": {**CHAIN, "keras_version": [1], "class_name": "Nothing"},
}


def texts(folder):
    """Hostile descriptions in the older forms."""
    for name, tree in DESCRIPTIONS.items():
        yield name, json.dumps(tree).encode()


def old_file(change=lambda file: None, config=CHAIN, **attributes):
    """A whole model of Keras 2.3.1, changed."""
    content = io.BytesIO()
    with h5py.File(content, "w", libver="latest") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.3.1", "tensorflow"
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = np.array([b"out"])
        layer = weights.create_group("out")
        layer.attrs["weight_names"] = np.array([b"out/kernel:0", b"out/bias:0"])
        layer["out/kernel:0"], layer["out/bias:0"] = np.ones((3, 2), "float32"), np.ones(2, "float32")
        change(file)
        file.attrs.update(attributes)
    return content.getvalue()


def _kernel(make):
    def change(file):
        layer = file["model_weights/out"]
        del layer["out/kernel:0"]
        make(layer)

    return change


def _dataset(**options):
    return _kernel(lambda layer: layer.create_dataset("out/kernel:0", **options))


def _link(link):
    return _kernel(lambda layer: layer["out"].__setitem__("kernel:0", link))


def _names(*names, of="out"):
    return lambda file: file["model_weights"][of].attrs.__setitem__("weight_names", np.array(names, "S"))


def _layers(value):
    return lambda file: file["model_weights"].attrs.__setitem__("layer_names", value)


def _pieces(count):
    def change(file):
        del file["model_weights"].attrs["layer_names"]
        for number in range(count):
            file["model_weights"].attrs[f"layer_names{number}"] = np.array([b"out"])

    return change


def _numbered(**values):
    def change(file):
        del file["model_weights"].attrs["layer_names"]
        for key, value in values.items():
            where = (
                file["model_weights"]
                if key == "nb_layers"
                else file["model_weights"].require_group("layer_0")
            )
            where.attrs[key] = value

    return change


def _replaced_by_array(file):
    del file["model_weights/out"]
    file["model_weights/out"] = np.ones(3)


def _virtual(file):
    layout = h5py.VirtualLayout((3, 2), "float32")
    layout[:] = h5py.VirtualSource("secret.h5", "k", (3, 2))
    _kernel(lambda layer: layer.create_virtual_dataset("out/kernel:0", layout))(file)


def _external(folder):
    path = os.path.join(folder, "secret.bin")
    with open(path, "wb") as file:
        file.write(np.full(6, 42, "float32").tobytes())
    return _dataset(shape=(3, 2), dtype="float32", external=[(path, 0, 24)])


CHANGES = {
    "a missing layer": _layers(np.array([b"nowhere"])),
    "a layer that is an array": _replaced_by_array,
    "the same layer twice": _layers(np.array([b"out", b"out"])),
    "a layer that is the root": _layers(np.array([b"/"])),
    "20,000 layers": _layers(np.array([b"out"] * 20_000)),
    "20,000 texts of any length": _layers(np.array(["out"] * 20_000, h5py.string_dtype())),
    "1,000 texts and one of 10 MB": _layers(
        np.array(["a" * 10_000_000] + ["out"] * 1000, h5py.string_dtype())
    ),
    "names of 90 MB": _layers(np.array([b"a" * 90_000_000])),
    "names that are numbers": _layers(np.arange(5)),
    "names that are a table": _layers(np.array([[b"a", b"b"]])),
    "names that are a number": _layers(5),
    "names that are bytes that are no text": _layers(np.array([b"\xff\xfe"])),
    "11,000 pieces of names": _pieces(11_000),
    "a missing weight": _names(b"nowhere", b"out/bias:0"),
    "a weight that is a group": _names(b"out", b"out/bias:0"),
    "a weight that is the root": _names(b"/", b"out/bias:0"),
    "a weight outside": _names(b"../../etc/passwd", b"out/bias:0"),
    "the same weight twice": _names(b"out/bias:0", b"out/bias:0"),
    "11,000 weights": _names(*[b"out/bias:0"] * 11_000),
    "a weight too few": _names(b"out/kernel:0"),
    "another shape": _dataset(data=np.ones((2, 3), "float32")),
    "texts": _dataset(data=np.full((3, 2), b"abc")),
    "texts of any length": _dataset(data=np.full((3, 2), "abc", object), dtype=h5py.string_dtype()),
    "references": _dataset(shape=(3, 2), dtype=h5py.ref_dtype),
    "complex numbers": _dataset(data=np.ones((3, 2), "complex64")),
    "no numbers": _dataset(data=h5py.Empty("float32")),
    "8 PiB in chunks": _dataset(shape=(2**25, 2**26), dtype="float32", chunks=(1024, 1024)),
    "a chunk of 3.9 GB": _dataset(
        shape=(3, 2), maxshape=(None, None), dtype="float32", chunks=(31250, 31250)
    ),
    "a soft link": _link(h5py.SoftLink("/model_weights/out/out/bias:0")),
    "a link to itself": _link(h5py.SoftLink("/model_weights/out/out/kernel:0")),
    "an external link": _link(h5py.ExternalLink("secret.h5", "/k")),
    "a group that holds itself": lambda file: file["model_weights"].__setitem__(
        "loop", file["model_weights"]
    ),
    "virtual numbers": _virtual,
    "10^9 layers of Keras 0": _numbered(nb_layers=10**9),
    "-1 layers of Keras 0": _numbered(nb_layers=-1),
    "a text of layers of Keras 0": _numbered(nb_layers="many"),
    "10^9 weights of Keras 0": _numbered(nb_layers=1, nb_params=10**9),
    "missing weights of Keras 0": _numbered(nb_layers=1, nb_params=2),
}


def weights(folder):
    """Hostile files of weights, as Keras 2 kept them."""
    yield "external storage", old_file(_external(folder))
    for name, change in CHANGES.items():
        yield name, old_file(change)


def models(folder):
    """Hostile whole models: their weights, their descriptions, their attributes."""
    yield from weights(folder)
    for name, tree in DESCRIPTIONS.items():
        yield name, old_file(config=tree)
    yield "no description", old_file(config=None)
    yield "a description that is no JSON", old_file(config=None, model_config="{'a': __import__('os')}")
    yield "a description of 100,000 lists", old_file(config=None, model_config="[" * 100_000)
    yield "a description that is a list", old_file(config=None, model_config="[1]")
    yield "a description of numbers", old_file(config=None, model_config=np.ones(3))
    yield "a description that is a pickle", old_file(config=None, model_config=np.void(b"\x80\x04]q\x00."))
    yield "a compilation that is no JSON", old_file(training_config="{")
    yield "a compilation of 100,000 lists", old_file(training_config="[" * 100_000)
    yield "a version of 70,000 letters", old_file(_layers(np.array([b"nowhere"])), keras_version="1" * 70_000)


def _tensors(header, body=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + body


def _tensor(offsets=(0, 24), shape=(3, 2), dtype="F32"):
    return {"out/kernel": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}}


def safetensors(folder):
    """Hostile `.safetensors` files."""
    body = bytes(24)
    yield "empty", b""
    yield "a text", b"hello"
    yield "a header of 16 EiB", _tensors({}, length=2**64 - 1)
    yield "a header of 90 MB that is not there", _tensors({}, length=90_000_000)
    yield "a header of 100,000 lists", _tensors(b"[" * 100_000)
    yield "a header that is a list", _tensors([1])
    yield "an entry that is a number", _tensors({"a": 1})
    yield "a terabyte", _tensors(_tensor((0, HUGE), (HUGE // 4,)), body)
    yield "a shape that lies", _tensors(_tensor(shape=(3, 3)), body)
    yield "a negative shape", _tensors(_tensor(shape=(-3, -2)), body)
    yield "negative offsets", _tensors(_tensor((-24, 0)), body)
    yield "offsets backwards", _tensors(_tensor((24, 0)), body)
    yield (
        "arrays that overlap",
        _tensors({**_tensor(), "out/bias": _tensor((0, 8), (2,))["out/kernel"]}, body),
    )
    yield "bytes that no array has", _tensors(_tensor(), body + b"x")
    yield "an unknown type", _tensors(_tensor(dtype="PICKLE"), body)
    yield "other names", _tensors({"a": _tensor()["out/kernel"]}, body)


def npzs(folder):
    """Hostile `.npz` files of weights."""
    good = {"out/kernel.npy": npy(np.ones((3, 2), "float32"))}
    yield "no bias", zipped(good)
    yield "objects", zipped({**good, "out/bias.npy": npy(np.array([{}, {}], object))})
    yield "another shape", zipped({**good, "out/bias.npy": npy(np.ones(3, "float32"))})
    yield "a text", b"hello"
