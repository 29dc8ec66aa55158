"""Placement: training on eight devices ends where training on one does."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

PROGRAM = """
import json, sys
import jax, numpy as np
import neurona as nn
from neurona.training import Placement

L = nn.layers
rng = np.random.default_rng(0)
rows = 100  # 100 = 6 * 16 + 4: the last batch of four rows can't be shared by eight devices

def mlp():
    return nn.Sequential([nn.Input((20,)), L.Dense(16, "relu"), L.Dropout(0.2), L.Dense(3, "softmax")])

def lenet():
    return nn.Sequential([
        nn.Input((16, 16, 1)), L.Conv2D(6, 5, padding="same", activation="tanh"), L.AveragePooling2D(),
        L.Conv2D(16, 5, activation="tanh"), L.AveragePooling2D(), L.BatchNormalization(), L.Flatten(),
        L.Dense(20, activation="tanh"), L.Dense(3, activation="softmax"),
    ])

def trained(build, shape, devices):
    nn.utils.set_random_seed(7)
    x = np.random.default_rng(1).normal(size=(rows, *shape)).astype("float32")
    y = np.random.default_rng(2).integers(0, 3, rows)
    model = build()
    optimizer = nn.optimizers.SGD(0.05, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    seen = []
    look = nn.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(
        len(model.trainable_variables[0].value.sharding.device_set)))
    with Placement(devices):
        history = model.fit(x, y, batch_size=16, epochs=3, verbose=0, validation_split=0.1, callbacks=[look])
    prediction = model.predict(x[:5], verbose=0)
    return [w.tolist() for w in model.get_weights()], history.history, prediction.tolist(), max(seen)

found = {}
for name, build, shape in (("mlp", mlp, (20,)), ("lenet", lenet, (16, 16, 1))):
    found[name] = [trained(build, shape, jax.devices()[:count]) for count in (1, 8)]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found():
    """What one device and eight virtual ones give, in a process that has eight."""
    flags = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
    environment = {**os.environ, "XLA_FLAGS": flags}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def relative_difference(ours, expected):
    largest = max(np.abs(np.asarray(w)).max() for w in expected)
    return (
        max(np.abs(np.asarray(a) - np.asarray(b)).max() for a, b in zip(ours, expected, strict=True))
        / largest
    )


@pytest.mark.parametrize("name", ["mlp", "lenet"])
def test_eight_devices_end_where_one_ends(found, name):
    (weights, history, prediction, one), (others, other_history, other_prediction, eight) = found[name]
    assert (one, eight) == (1, 8)
    assert relative_difference(others, weights) < 1e-5
    for figure, values in history.items():
        assert other_history[figure] == pytest.approx(values, rel=1e-5)
    assert relative_difference([other_prediction], [prediction]) < 1e-5
