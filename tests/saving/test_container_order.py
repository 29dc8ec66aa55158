"""Layers in dictionaries: tf-keras lists them by their sorted keys in its files of weights. The layouts below
are those that tf-keras 2.21 writes for this model.
"""

import h5py
import numpy as np
import pytest

from neurona import layers
from neurona.models import Model


class Sum(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = {"z": layers.Dense(2, name="sum_z"), "c": layers.Dense(2, name="sum_c")}

    def call(self, x):
        return self.parts["z"](x) + self.parts["c"](x)


class Heads(Model):
    def __init__(self):
        super().__init__()
        inner = {"y": layers.Dense(2, name="y"), "x": layers.Dense(2, name="x")}
        self.heads = {"b": layers.Dense(2, name="b"), "a": layers.Dense(2, name="a"), "n": inner}
        self.many = [
            {"q": layers.Dense(2, name="q"), "p": layers.Dense(2, name="p")},
            layers.Dense(2, name="m"),
        ]
        self.sum = Sum(name="sum")

    def call(self, x):
        x = self.heads["b"](self.heads["a"](x))
        x = self.heads["n"]["y"](x) + self.heads["n"]["x"](x)
        return self.sum(self.many[1](self.many[0]["q"](x) + self.many[0]["p"](x)))


IN_MODEL = ["a", "b", "x", "y", "p", "q", "m"]


@pytest.fixture
def model():
    model = Heads()
    model(np.zeros((1, 2)))
    return model


def kernels(model):
    """The first number of each kernel, by the name of its layer."""
    owners = [owner for owner, own in model._walk() if own]
    return {owner.name: float(owner.kernel[0, 0]) for owner in owners}


def values(name):
    return np.full((2, 2), float(sum(map(ord, name)))), np.zeros(2)


EXPECTED = {name: values(name)[0][0, 0] for name in [*IN_MODEL, "sum_z", "sum_c"]}


def test_hdf5_lists_layers_in_dictionaries_by_their_keys(model, tmp_path):
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([*IN_MODEL, "sum"], "S")
        file.attrs["backend"], file.attrs["keras_version"] = "tensorflow", "2.21.0"
        for layer in [*IN_MODEL, "sum"]:
            within = [layer] if layer != "sum" else ["sum_c", "sum_z"]
            names = [f"heads/{name}/{kind}:0" for name in within for kind in ("kernel", "bias")]
            group = file.create_group(layer)
            group.attrs["weight_names"] = np.array(names, "S")
            for name, array in zip(names, [array for one in within for array in values(one)]):
                group[name] = array
    model.load_weights(path)
    assert kernels(model) == EXPECTED
    model.save_weights(tmp_path / "again.h5", save_format="h5")
    with h5py.File(tmp_path / "again.h5") as file:
        assert [name.decode() for name in file.attrs["layer_names"]] == [*IN_MODEL, "sum"]
        names = [name.decode().split("/")[-2] for name in file["sum"].attrs["weight_names"]]
    assert names == ["sum_c", "sum_c", "sum_z", "sum_z"]


def test_weights_of_tf_keras_lie_with_the_layers_in_that_order(model, tmp_path):
    path = tmp_path / "a.weights.h5"
    places = {
        f"layers/dense_{count}" if count else "layers/dense": name for count, name in enumerate("abxypq")
    }
    places |= {"many/dense": "m", "sum/parts/dense": "sum_z", "sum/parts/dense_1": "sum_c"}
    with h5py.File(path, "w") as file:
        for place, name in places.items():
            for number, array in enumerate(values(name)):
                file[f"{place}/vars/{number}"] = array
    model.load_weights(path)
    assert kernels(model) == EXPECTED
