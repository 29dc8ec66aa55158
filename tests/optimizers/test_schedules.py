"""Schedules beside Keras's, at every step, and their configs."""

import json

import jax
import keras
import numpy as np
import pytest

from neurona.core.registry import built_in
from neurona.optimizers import schedules
from tests.optimizers.optimizer_cases import assert_close

CASES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.3, "decay_steps": 7, "decay_rate": 0.6}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 0.3, "decay_steps": 7, "decay_rate": 0.6, "staircase": True},
    ),
    ("InverseTimeDecay", {"initial_learning_rate": 0.3, "decay_steps": 7, "decay_rate": 0.6}),
    (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.3, "decay_steps": 7, "decay_rate": 0.6, "staircase": True},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [3, 10, 20], "values": [0.4, 0.3, 0.2, 0.1]}),
    ("PiecewiseConstantDecay", {"boundaries": [5], "values": [0.4, 0.3]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.3, "decay_steps": 20}),
    (
        "PolynomialDecay",
        {"initial_learning_rate": 0.3, "decay_steps": 9, "end_learning_rate": 0.1, "power": 0.5},
    ),
    ("PolynomialDecay", {"initial_learning_rate": 0.3, "decay_steps": 9, "power": 2.0, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.3, "decay_steps": 20}),
    ("CosineDecay", {"initial_learning_rate": 0.3, "decay_steps": 20, "alpha": 0.2}),
    (
        "CosineDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 20, "warmup_target": 0.5, "warmup_steps": 6},
    ),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "warmup_target": 0.5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.3, "first_decay_steps": 5}),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.3, "first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.7, "alpha": 0.1},
    ),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.3, "first_decay_steps": 6, "t_mul": 1.5, "m_mul": 0.8},
    ),
]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_equal_to_keras(name, options):
    ours, theirs = getattr(schedules, name)(**options), getattr(keras.optimizers.schedules, name)(**options)
    steps = np.array([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 15, 20, 21, 26, 40])
    wanted = [float(theirs(step)) for step in steps]
    assert_close(ours(steps), wanted, tolerance=2e-6)
    assert_close(jax.jit(ours)(steps), wanted, tolerance=2e-6)
    assert float(ours(7)) == pytest.approx(wanted[7], rel=1e-5)
    assert ours.get_config() == theirs.get_config()


@pytest.mark.parametrize(("name", "options"), CASES)
def test_configs_travel_both_ways(name, options):
    ours, theirs = getattr(schedules, name)(**options), getattr(keras.optimizers.schedules, name)(**options)
    assert schedules.serialize(ours) == keras.optimizers.schedules.serialize(theirs)
    read = schedules.deserialize(json.loads(json.dumps(keras.optimizers.schedules.serialize(theirs))))
    assert type(read) is type(ours)
    assert read.get_config() == ours.get_config()
    assert (
        keras.optimizers.schedules.deserialize(schedules.serialize(ours)).get_config() == theirs.get_config()
    )


def test_every_schedule_of_the_registry_is_tested():
    assert {name for name, _ in CASES} | {"LearningRateSchedule"} == set(built_in("schedules"))
