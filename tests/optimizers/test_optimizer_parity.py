"""Every optimizer beside Keras's: 20 steps, all options, the state with its names and order, and configs both
ways.
"""

import re

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona import optimizers
from neurona.core.errors import ShapeError
from neurona.optimizers import schedules
from tests.optimizers.optimizer_cases import (
    CASES,
    GENERAL,
    OPTIMIZERS,
    arguments,
    assert_close,
    gradients,
    keras_class,
    keras_variables,
    run,
    run_keras,
    variables,
)


@pytest.mark.parametrize(
    ("name", "label", "options"), CASES, ids=[f"{name}-{label}" for name, label, _ in CASES]
)
def test_twenty_steps_equal_keras(name, label, options):
    theirs = keras_class(name)(**arguments(options, keras.optimizers.schedules))
    steps = gradients()
    expected_values = run_keras(theirs, steps)

    ours = OPTIMIZERS[name](**arguments(options, schedules))
    own = variables()
    ours.build(own)
    values, ours.state = run(ours, ours.state, [variable.value for variable in own], steps)

    for variable, value, expected in zip(own, values, expected_values):
        assert_close(value, expected, variable.path)
    assert len(ours.variables) == len(theirs.variables)
    for mine, other, saved in zip(ours.variables, theirs.variables, ours._state_list()):
        if not other.path.startswith("variable"):  # Keras numbers those it forgot to name.
            assert mine.path.split("/")[-1] == other.path.split("/")[-1]
            # Both count their optimizers, `adam`, `adam_1`, but not from the same first one.
            first = re.sub(r"_\d+$", "", mine.path.split("/")[0])
            assert "/" not in other.path or first == keras.src.utils.naming.to_snake_case(name)
        assert_close(saved, other, other.path)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_configs_travel_both_ways(name):
    theirs = keras_class(name)(
        **arguments({"use_ema": True, "clipnorm": 2.0}, keras.optimizers.schedules), name="mine"
    )
    ours = OPTIMIZERS[name](**arguments({"use_ema": True, "clipnorm": 2.0}, schedules), name="mine")
    wanted, config = theirs.get_config(), ours.get_config()
    assert config.pop("learning_rate") == pytest.approx(wanted.pop("learning_rate"))
    assert config == wanted

    assert OPTIMIZERS[name].from_config(theirs.get_config()).get_config() == theirs.get_config()
    assert type(theirs).from_config(ours.get_config()).get_config() == theirs.get_config()


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"Lamb"}))
def test_descriptions_travel_both_ways_with_a_schedule(name):
    theirs = keras_class(name)(**arguments({"learning_rate": "schedule"}, keras.optimizers.schedules))
    ours = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert type(ours).__name__ == name
    assert isinstance(ours.get_config()["learning_rate"], dict)
    back = keras.optimizers.deserialize(optimizers.serialize(ours))
    assert back.get_config() == theirs.get_config()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_defaults_equal_keras(name):
    config, wanted = OPTIMIZERS[name]().get_config(), keras_class(name)().get_config()
    assert config.keys() == wanted.keys()
    for key in config.keys() - {"name"}:
        assert config[key] == pytest.approx(wanted[key]), key


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_keras_state_is_read_and_training_goes_on(name):
    """Ten steps in Keras, the state as a file would carry it, ten steps here: the same as twenty in Keras."""
    options, steps = GENERAL["accumulation+ema_overwrite+decay+clipnorm"], gradients()
    theirs = keras_class(name)(**arguments(options, keras.optimizers.schedules))
    halfway = run_keras(theirs, [gradient[:10] for gradient in steps])
    ours = OPTIMIZERS[name](**arguments(options, schedules))
    ours.build(variables())
    ours.set_weights([np.asarray(variable) for variable in theirs.variables])
    values, _ = run(ours, ours.state, halfway, [gradient[10:] for gradient in steps])
    complete = keras_class(name)(**arguments(options, keras.optimizers.schedules))
    for value, expected in zip(values, run_keras(complete, steps)):
        assert_close(value, expected)


def test_excluded_variables_do_not_decay():
    theirs, ours = keras.optimizers.AdamW(0.1, weight_decay=0.5), optimizers.AdamW(0.1, weight_decay=0.5)
    theirs_moved, own = keras_variables(), variables()
    theirs.exclude_from_weight_decay(var_list=[theirs_moved[3]], var_names=["bias"])
    ours.exclude_from_weight_decay(var_list=[own[3]], var_names=["bias"])
    steps = gradients(steps=3)
    for index in range(3):
        now = [gradient[index] for gradient in steps]
        theirs.apply(now, theirs_moved)
        ours.apply(now, own)
    for mine, other in zip(own, theirs_moved):
        assert_close(mine, other, mine.path)


def test_loss_scaling_follows_keras_through_an_overflow():
    theirs = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(0.1), initial_scale=8.0, dynamic_growth_steps=3
    )
    ours = optimizers.LossScaleOptimizer(optimizers.Adam(0.1), initial_scale=8.0, dynamic_growth_steps=3)
    own = variables()
    ours.build(own)
    steps = gradients()
    steps[1][7, 0] = np.inf
    steps[2][8] = np.nan
    expected_values = run_keras(theirs, steps)
    values, ours.state = run(ours, ours.state, [variable.value for variable in own], steps)
    for value, expected in zip(values, expected_values):
        assert_close(value, expected)
    assert [variable.name for variable in ours.variables] == [
        variable.path.split("/")[-1] for variable in theirs.variables
    ]
    for saved, expected in zip(ours._state_list(), theirs.variables, strict=True):
        assert_close(saved, expected)
    config = theirs.get_config()
    assert type(ours).from_config(config).get_config()["inner_optimizer"]["class_name"] == "Adam"
    assert keras.optimizers.LossScaleOptimizer.from_config(ours.get_config()).initial_scale == 8.0


@pytest.mark.parametrize("shape", [(3, 3), (5, 2), (2, 5), (4, 2, 3)], ids=str)
def test_muon_s_steps_equal_those_of_keras(shape):
    ours, theirs = optimizers.Muon(), keras.optimizers.Muon()
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    assert_close(ours.transpose_last_axis(x), theirs.transpose_last_axis(x))
    assert_close(
        ours.zeropower_via_newtonschulz5(jnp.asarray(x), 5),
        theirs.zeropower_via_newtonschulz5(x, 5),
        tolerance=1e-4,
    )
    if len(shape) == 2:
        assert_close(ours.lr_adjust(jnp.asarray(x)), theirs.lr_adjust(x))
    assert optimizers.Muon(rms_rate=None).lr_adjust(x) is x
    with pytest.raises(ShapeError, match="makes matrices orthogonal"):
        ours.zeropower_via_newtonschulz5(jnp.ones(3), 5)
