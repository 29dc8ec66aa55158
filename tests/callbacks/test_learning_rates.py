"""The learning rate changes as in Keras, and nothing is compiled again."""

import numpy as np
import pytest

import neurona
from neurona import optimizers
from neurona.callbacks import LearningRateScheduler, ReduceLROnPlateau
from neurona.core.errors import ArgumentError, UnexpectedArgument
from tests.callbacks.fabricated import fabricating, fit, fit_both, model

VALUES = [
    1.0,
    0.9,
    0.91,
    0.92,
    0.9,
    0.8999,
    0.85,
    0.86,
    0.87,
    0.9,
    0.9,
    0.9,
    0.9,
    0.5,
    0.6,
    0.6,
    0.6,
    0.6,
    0.6,
    0.6,
]


@pytest.mark.parametrize(
    "arguments",
    [
        {"patience": 2},
        {"patience": 1, "factor": 0.5},
        {"patience": 2, "cooldown": 3},
        {"patience": 2, "min_lr": 0.004},
        {"patience": 1, "factor": 0.3, "min_delta": 0.05, "cooldown": 1},
        {"patience": 3, "mode": "max"},
        {},
    ],
)
def test_reduces_as_keras(arguments):
    (theirs, _, their_model), (ours, _, our_model) = fit_both(
        lambda library: library.ReduceLROnPlateau(**arguments), {"val_loss": VALUES}, len(VALUES)
    )
    np.testing.assert_allclose(ours.history["learning_rate"], theirs.history["learning_rate"], rtol=1e-6)
    for one, other in zip(our_model.get_weights(), their_model.get_weights()):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_no_better_than_the_baseline_is_no_improvement():
    """Until 0.8 is undercut, every second epoch reduces; then the improvement counts."""
    values = [1.0, 0.9, 0.85, 0.7, 0.7]
    callback = ReduceLROnPlateau(patience=2, baseline=0.8)
    fabricate = fabricating(neurona, {"val_loss": values})
    history = fit(model(), fabricate, callback, epochs=len(values)).history
    np.testing.assert_allclose(history["learning_rate"], [0.01, 0.01, 0.001, 0.001, 0.001], rtol=1e-6)
    assert callback.best == 0.7
    assert not callback.in_cooldown()


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch: 0.1 / (epoch + 1),
        lambda epoch, rate: rate * 0.9,
        lambda epoch, lr=0.5: float(np.float32(lr) * 0.5),
    ],
)
def test_schedules_as_keras(schedule):
    (theirs, _, their_model), (ours, _, our_model) = fit_both(
        lambda library: library.LearningRateScheduler(schedule), {}, 5, "adam"
    )
    np.testing.assert_allclose(ours.history["learning_rate"], theirs.history["learning_rate"], rtol=1e-6)
    for one, other in zip(our_model.get_weights(), their_model.get_weights()):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_new_rate_compiles_nothing():
    made = model(optimizer="adam")
    fit(made, epochs=1)
    traces = made._learner._program.traces
    fit(
        made,
        LearningRateScheduler(lambda epoch, rate: rate / 2),
        ReduceLROnPlateau("loss", patience=1, min_delta=1e9),
        epochs=6,
    )
    assert made._learner._program.traces == traces


def test_they_say_what_they_do(capsys):
    watchers = (
        LearningRateScheduler(lambda epoch: 0.25, verbose=1),
        ReduceLROnPlateau("loss", 0.5, 1, verbose=1, min_delta=1e9),
    )
    fit(model(), *watchers, epochs=2)
    out = capsys.readouterr().out
    assert "Epoch 1: the learning rate is 0.25." in out
    assert "Epoch 2: loss no longer improves; the learning rate is now 0.125." in out


def test_mistakes_are_told():
    with pytest.raises(ArgumentError, match="factor less than 1"):
        ReduceLROnPlateau(factor=1.0)
    with pytest.raises(UnexpectedArgument, match="Did you mean 'min_delta'"):
        ReduceLROnPlateau(mindelta=0.1)
    with pytest.raises(ArgumentError, match=r"takes a function"):
        LearningRateScheduler(0.1)
    with pytest.raises(ArgumentError, match=r"must return a number. It returned: None"):
        fit(model(), LearningRateScheduler(lambda epoch: None))
    scheduled = model(optimizer=optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)))
    for callback in (LearningRateScheduler(lambda epoch: 0.1), ReduceLROnPlateau("loss")):
        with pytest.raises(ArgumentError, match="follows a schedule"):
            fit(scheduled, callback)


def test_an_error_inside_the_schedule_is_not_hidden():
    def schedule(epoch, rate):
        return rate + "a"

    with pytest.raises(TypeError, match="unsupported operand"):
        fit(model(), LearningRateScheduler(schedule))
