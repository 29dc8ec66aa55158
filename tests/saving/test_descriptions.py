"""Descriptions travel between Neurona and Keras 3 in both directions, for every class that both have."""

import inspect
import json

import keras
import numpy as np
import pytest

import neurona as nn
from neurona.core.registry import built_in

# A value for every argument without a default, by its name.
VALUES = {
    **dict.fromkeys(("units", "filters", "output_dim", "num_tokens", "output_shape", "num_classes"), 3),
    **dict.fromkeys(("kernel_size", "pool_size", "size", "n", "num_heads", "num_key_value_heads"), 2),
    **dict.fromkeys(("height", "width", "num_query_heads", "head_dim", "output_size", "max_number"), 4),
    **dict.fromkeys(("key_dim", "input_dim", "seed", "decay_steps", "first_decay_steps", "axes"), 1),
    **dict.fromkeys(("rate", "stddev", "factor", "scale", "value", "height_factor", "width_factor"), 0.25),
    **dict.fromkeys(("recall", "precision", "specificity", "sensitivity", "decay_rate"), 0.5),
    **dict.fromkeys(("initial_learning_rate", "end_learning_rate"), 0.5),
    "activation": "relu",
    "bin_boundaries": [0.0, 1.0],
    "boundaries": [1, 2],
    "dims": (2, 1),
    "equation": "ab,bc->ac",
    "target_class_ids": [1],
    "target_shape": (2, -1),
    "values": [1.0, 2.0, 3.0],
}
# Classes that are made of others.
MADE = {
    "Bidirectional": lambda k: k.layers.Bidirectional(k.layers.LSTM(2), merge_mode="sum"),
    "CategoryEncoding": lambda k: k.layers.CategoryEncoding(4, "one_hot"),
    "Discretization": lambda k: k.layers.Discretization([0.0, 1.0]),
    "InputLayer": lambda k: k.layers.InputLayer((3,), name="in"),
    "LossScaleOptimizer": lambda k: k.optimizers.LossScaleOptimizer(k.optimizers.Adam(0.5)),
    "MeanMetricWrapper": lambda k: k.metrics.MeanMetricWrapper(k.metrics.mean_squared_error),
    "Pipeline": lambda k: k.layers.Pipeline([k.layers.Dense(2)]),
    "RNN": lambda k: k.layers.RNN(k.layers.GRUCell(2), unroll=True),
    "RandomCrop": lambda k: k.layers.RandomCrop(4, 4, seed=1),
    "RandomPosterization": lambda k: k.layers.RandomPosterization(4),
    "SpectralNormalization": lambda k: k.layers.SpectralNormalization(k.layers.Dense(2)),
    "StackedRNNCells": lambda k: k.layers.StackedRNNCells([k.layers.LSTMCell(2)]),
    "TimeDistributed": lambda k: k.layers.TimeDistributed(k.layers.Dense(2)),
    "Wrapper": lambda k: k.layers.Wrapper(k.layers.Dense(2)),
}
# Bases; what Keras makes only with TensorFlow or another library; what has tests of its own.
LEFT_OUT = {
    *("Constraint", "Initializer", "Layer", "Loss", "Metric", "Optimizer", "Regularizer"),
    *("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"),
    *("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper", "Lambda"),
    *("LearningRateSchedule", "MultiOptimizer", "OptimizerMap"),
}
ROOMS = ["constraints", "initializers", "layers", "losses", "metrics", "optimizers", "regularizers"]


def of(library, room):
    """A room of a library, such as `keras.optimizers.schedules`."""
    for name in room.split("."):
        library = getattr(library, name)
    return library


def made(library, room, name):
    """An object of a class, with the arguments that Keras's class needs."""
    if name in MADE:
        return MADE[name](library)
    signature = inspect.signature(getattr(of(keras, room), name).__init__)
    needed = [
        one.name
        for one in list(signature.parameters.values())[1:]
        if one.default is one.empty and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
    ]
    return getattr(of(library, room), name)(**{one: VALUES[one] for one in needed})


def config_of(target):
    """A config as JSON has it, without names and addresses."""

    def plain(value):
        if isinstance(value, dict):
            left = ("name", "shared_object_id", "build_config")
            return {key: plain(inside) for key, inside in value.items() if key not in left}
        if isinstance(value, list):
            return [plain(inside) for inside in value]
        return round(value, 6) if isinstance(value, float) else value

    return plain(json.loads(json.dumps(target.get_config())))


@pytest.mark.parametrize("room", [*ROOMS, "optimizers.schedules"])
def test_descriptions_travel(room):
    names = [
        name
        for name, cls in sorted(built_in(room.rpartition(".")[2]).items())
        if inspect.isclass(cls)
        and name not in LEFT_OUT
        and inspect.isclass(getattr(of(keras, room), name, 0))
    ]
    assert len(names) >= 4
    for name in names:
        theirs, ours = made(keras, room, name), made(nn, room, name)
        back = keras.saving.deserialize_keras_object(nn.saving.serialize_keras_object(ours))
        assert type(back) is type(theirs), name
        assert config_of(back) == config_of(theirs), name
        read = nn.saving.deserialize_keras_object(keras.saving.serialize_keras_object(theirs))
        assert type(read) is type(ours), name
        assert config_of(read) == config_of(ours), name


@nn.saving.register_keras_serializable("tests.descriptions")
class Holder(nn.layers.Layer):
    """As Keras's guide to saving has it: the config holds layers, and from_config rebuilds them."""

    def __init__(self, first, second=None, **kwargs):
        super().__init__(**kwargs)
        self.first, self.second = first, second if second is not None else nn.layers.Dense(3)

    def get_config(self):
        return {**super().get_config(), "first": self.first, "second": self.second}

    @classmethod
    def from_config(cls, config):
        parts = {name: nn.layers.deserialize(config[name]) for name in ("first", "second")}
        return cls(**{**config, **parts})

    def call(self, x):
        return self.first(self.second(x))


def test_configs_may_hold_layers(tmp_path):
    model = nn.Sequential([nn.Input((4,)), Holder(nn.layers.Dense(2, "tanh"))])
    model.save(tmp_path / "a.keras")
    x = np.ones((2, 4), np.float32)
    loaded = nn.models.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
