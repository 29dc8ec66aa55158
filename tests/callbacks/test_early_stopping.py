"""EarlyStopping stops and restores where Keras does."""

import numpy as np
import pytest

from neurona.callbacks import EarlyStopping
from neurona.core.errors import ArgumentError, UnexpectedArgument
from tests.callbacks.fabricated import fit, fit_both, model

FALLING = [5.0, 4.0, 4.1, 3.0, 3.2, 3.1, 3.3, 3.0, 2.0, 2.5, 2.6, 2.7]
RISING = [0.1, 0.5, 0.4, 0.6, 0.6, 0.59, 0.61, 0.3, 0.2, 0.1, 0.0, 0.0]


@pytest.mark.parametrize("restore", [False, True])
@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ({}, FALLING),
        ({"patience": 2}, FALLING),
        ({"patience": 4}, FALLING),
        ({"patience": 2, "min_delta": 0.95}, FALLING),
        ({"patience": 2, "min_delta": -0.95}, FALLING),
        ({"patience": 2, "baseline": 3.05}, FALLING),
        ({"patience": 2, "baseline": 1.0}, FALLING),
        ({"patience": 1, "start_from_epoch": 4}, FALLING),
        ({"patience": 2, "mode": "max"}, FALLING),
        ({"patience": 2, "monitor": "val_mae", "mode": "max"}, RISING),
        ({"patience": 3, "monitor": "val_mae", "mode": "max", "baseline": 0.55}, RISING),
        ({"patience": 3, "monitor": "val_mae"}, FALLING),
        ({"patience": 30}, FALLING),
    ],
)
def test_stops_and_restores_as_keras(arguments, values, restore):
    monitor = arguments.get("monitor", "val_loss")
    (theirs, their_stop, their_model), (ours, our_stop, our_model) = fit_both(
        lambda library: library.EarlyStopping(restore_best_weights=restore, **arguments),
        {monitor: values},
        len(values),
    )
    assert ours.epoch == theirs.epoch
    assert (our_stop.stopped_epoch, our_stop.best_epoch, our_stop.wait) == (
        their_stop.stopped_epoch,
        their_stop.best_epoch,
        their_stop.wait,
    )
    for one, other in zip(our_model.get_weights(), their_model.get_weights()):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_restored_weights_are_those_of_the_best_epoch():
    made, stop = model(), EarlyStopping("loss", patience=2, mode="max", restore_best_weights=True)
    fit(made, stop, epochs=20)  # the loss falls, so "max" is worst from the first epoch on
    assert stop.best_epoch == 0
    assert stop.stopped_epoch == 2
    for one, other in zip(made.get_weights(), stop.best_weights):
        np.testing.assert_array_equal(one, other)


def test_nan_never_counts_as_best():
    stop = EarlyStopping("loss", patience=2)
    stop.model = model()
    stop.on_train_begin()
    for epoch, value in enumerate([float("nan"), 2.0, float("nan"), 1.0]):
        stop.on_epoch_end(epoch, {"loss": value})
    assert stop.best == 1.0
    assert stop.wait == 0


def test_says_what_it_does(capsys):
    fit(
        model(),
        EarlyStopping("loss", min_delta=1e9, patience=2, verbose=1, restore_best_weights=True),
        epochs=9,
    )
    out = capsys.readouterr().out
    assert "Stopped early after epoch 3: loss was best in epoch 1." in out
    assert "weights of epoch 1" in out


def test_a_misspelt_monitor_is_told_once():
    with pytest.warns(
        UserWarning, match=r"'mea', which is not among.*Did you mean 'mae'\? There are: loss, mae"
    ) as seen:
        fit(model(), EarlyStopping("mea"))
    assert len([one for one in seen if "EarlyStopping" in str(one.message)]) == 1


def test_missing_validation_is_told():
    with pytest.warns(UserWarning, match="pass validation_data to fit, and validation_freq=1"):
        fit(model(), EarlyStopping())


def test_mistakes_are_told():
    with pytest.raises(ArgumentError, match=r"mode='auto', 'min' or 'max'.*'maxx'"):
        EarlyStopping(mode="maxx")
    with pytest.raises(
        UnexpectedArgument, match=r"EarlyStopping has no argument 'patiance'. Did you mean 'patience'\?"
    ):
        EarlyStopping(patiance=3)
    stop = EarlyStopping("quirk")
    stop.model = model()
    stop.on_train_begin()
    with pytest.raises(ArgumentError, match="can't tell whether more or less of 'quirk' is better"):
        stop.on_epoch_end(0, {"quirk": 2.0})
