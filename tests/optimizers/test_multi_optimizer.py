"""Several optimizers for one model: numbers, files and learning rates equal Keras's."""

import keras
import numpy as np
import pytest

import neurona as nn
from neurona import optimizers
from neurona.callbacks import LearningRateScheduler, ReduceLROnPlateau, SwapEMAWeights
from neurona.core.errors import ArgumentError, NotBuiltError
from tests.optimizers.optimizer_cases import assert_close, gradients, keras_variables, run, variables

X, Y = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3), np.ones((8, 1), "float32")
FIRST = [np.full((3, 2), 0.5), np.zeros(2), np.full((2, 1), 0.25), np.zeros(1)]


def several(k):
    """Of Keras or Neurona: with a schedule, with a moving average, without variables, and for the rest."""
    of = k.optimizers
    schedule = of.schedules.ExponentialDecay(0.1, 1, 0.9)
    chosen = {
        "conv/.*": of.Adam(schedule, name="scheduled"),
        ".*/bias": of.RMSprop(0.01, use_ema=True, name="averaged"),
        "unused/.*": of.Lion(0.5, name="idle"),
    }
    return of.MultiOptimizer(of.OptimizerMap(of.SGD(0.1, momentum=0.9, name="rest"), chosen), name="several")


def network(k, **options):
    """A small model, compiled, with the same weights in both."""
    layers = [k.layers.Dense(2, name="hidden"), k.layers.Dense(1, name="last")]
    model = k.Sequential([k.Input((3,)), *layers], name="net")
    model.set_weights(FIRST)
    default = k.optimizers.RMSprop(0.01, name="rms", **options)
    chosen = k.optimizers.OptimizerMap(default, {".*hidden/.*": k.optimizers.Adam(0.1, name="adam")})
    model.compile(k.optimizers.MultiOptimizer(chosen, name="both"), "mse")
    return model


def test_steps_variables_and_configs_equal_keras():
    theirs, ours, their_weights, own = several(keras), several(nn), keras_variables(), variables()
    steps = gradients(steps=3)
    ours.build(own)
    values, ours.state = run(ours, ours.state, [one.value for one in own], steps)
    for step in zip(*steps):
        theirs.apply([keras.ops.array(gradient) for gradient in step], their_weights)
    for value, expected in zip(values, their_weights):
        assert_close(value, expected)
    for one, expected in zip(ours.variables, theirs.variables, strict=True):
        assert one.path == expected.path
        assert_close(one.value, expected, one.path)
    assert [int(one.iterations) for one in (ours, *ours.optimizers)] == [3, 3, 3, 0, 3]
    ours.finalize_variable_values(own)
    assert_close(own[1].value, ours.optimizers[1].state["ema"][0])
    again = optimizers.deserialize(keras.optimizers.serialize(theirs))
    back = keras.optimizers.deserialize(optimizers.serialize(ours))
    assert again.get_config() == theirs.get_config()
    assert back.get_config() == theirs.get_config()


def test_training_goes_on_from_files_of_both(tmp_path):
    theirs = network(keras)
    theirs.fit(X, Y, epochs=1, verbose=0, shuffle=False)
    theirs.save(tmp_path / "theirs.keras")
    ours = nn.models.load_model(tmp_path / "theirs.keras")
    ours.save(tmp_path / "ours.keras")
    back = keras.models.load_model(tmp_path / "ours.keras")
    losses = [
        model.fit(X, Y, epochs=2, verbose=0, shuffle=False).history["loss"] for model in (theirs, ours, back)
    ]
    np.testing.assert_allclose(losses[1:], losses[:1] * 2, rtol=1e-5)


def test_callbacks_reach_every_optimizer():
    model = network(nn, use_ema=True)
    callbacks = [LearningRateScheduler(lambda epoch, rate: rate / 2), SwapEMAWeights()]
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=callbacks, validation_data=(X, Y)).history
    np.testing.assert_allclose(history["learning_rate_adam"], [0.05, 0.025])
    np.testing.assert_allclose(history["learning_rate_rms"], [0.005, 0.0025])
    adam, rms = model.optimizer.optimizers
    adam.learning_rate = 1.0
    plateau = ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1e9, min_lr=0.0025)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[plateau])
    assert (float(adam.learning_rate), rms.learning_rate == 0.0025) == (0.5, True)
    with pytest.raises(AttributeError, match="has a learning rate for each of its optimizers"):
        model.optimizer.learning_rate = 0.1
    scaled = optimizers.LossScaleOptimizer(model.optimizer)
    assert not hasattr(scaled, "learning_rate")
    assert scaled._with_rates == [adam, rms]


def test_a_function_is_asked_once_for_each_variable():
    asked = []
    own = variables()

    def choose(variable):
        asked.append(variable.path)
        return optimizers.SGD(0.5)

    optimizer = optimizers.MultiOptimizer(choose, loss_scale_factor=4.0)
    optimizer.build(own[:2])
    optimizer.build(own)  # two more are trained now
    assert asked == [variable.path for variable in own]
    before = [variable.numpy() for variable in own]
    optimizer.apply([np.full(own[2].shape, 4.0)], [own[2]])
    for place, (variable, value) in enumerate(zip(own, before)):
        assert_close(variable.numpy(), value - 0.5 * (place == 2))
    assert [int(one.iterations) for one in optimizer.optimizers] == [0, 0, 1, 0]
    assert float(optimizer.scale_loss(2.0)) == 8.0


def test_what_is_no_choice_is_refused_by_name():
    sgd, kernel = optimizers.SGD(), variables()[0]
    chosen = optimizers.OptimizerMap(sgd, {"dense/.*": sgd, ".*/kernel": optimizers.Adam()})
    with pytest.raises(ArgumentError, match=r"'dense/kernel' has several optimizers: 'dense/\.\*', "):
        optimizers.MultiOptimizer(chosen).build([kernel])
    with pytest.raises(ArgumentError, match=r"optimizer_map\('dense/kernel'\) must be an optimizer"):
        optimizers.MultiOptimizer(lambda variable: "adam").build([kernel])
    with pytest.raises(ArgumentError, match="already: delete it first"):
        chosen["dense/.*"] = sgd
    for wrapped in (optimizers.LossScaleOptimizer("sgd"), optimizers.MultiOptimizer(chosen)):
        with pytest.raises(ArgumentError, match="which contains others"):
            chosen["head"] = wrapped
    with pytest.raises(ArgumentError, match="takes an OptimizerMap, or a function"):
        optimizers.MultiOptimizer({"dense": sgd})
    with pytest.raises(TypeError, match="as default_optimizer"):
        optimizers.OptimizerMap("sgd")
    with pytest.raises(NotBuiltError, match="by the variables' paths"):
        optimizers.MultiOptimizer(optimizers.OptimizerMap(sgd)).init([kernel.value])
