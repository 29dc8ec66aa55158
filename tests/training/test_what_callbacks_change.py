"""What a callback changes takes effect at the next step, and nothing else changes."""

import numpy as np
import pytest

import neurona as nn
from tests.counting import Batches

X = np.ones((12, 3), "float32")
Y = np.ones((12, 1), "float32")


def linear(*layers, rate=0.1, **options):
    """A linear model with a kernel of ones: its prediction of a row of ones is 3."""
    model = nn.Sequential(
        [nn.Input((3,)), *layers, nn.layers.Dense(1, use_bias=False, kernel_initializer="ones")]
    )
    model.compile(nn.optimizers.SGD(rate), "mse", **options)
    return model


class Hook(nn.callbacks.Callback):
    """Calls a function with the model and the number of the batch, at one moment."""

    _batch_interval = 1

    def __init__(self, moment, function):
        setattr(self, moment, lambda number, logs=None: function(self.model, number))


@pytest.mark.parametrize("moment", ["on_train_batch_begin", "on_train_batch_end"])
def test_a_rate_set_between_batches_counts_from_the_next_step_on(moment):
    def stop_moving(model, batch):
        model.optimizer.learning_rate = 0.0

    model = linear()
    model.fit(X, Y, batch_size=4, verbose=0, callbacks=[Hook(moment, stop_moving)])
    # The gradient of the loss at ones is 2 (3 - 1) = 4 for each weight.
    expected = 1.0 if moment == "on_train_batch_begin" else 1 - 0.1 * 4
    np.testing.assert_allclose(model.get_weights()[0], np.full((3, 1), expected), rtol=1e-6)


def test_weights_set_before_a_batch_are_trained_on():
    model = linear(rate=0.0)
    hook = Hook(
        "on_train_batch_begin", lambda model, batch: model.set_weights([np.full((3, 1), batch + 2.0)])
    )
    history = model.fit(X, Y, batch_size=4, verbose=0, callbacks=[hook])
    losses = [(3 * weight - 1) ** 2 for weight in (2, 3, 4)]
    assert history.history["loss"] == [pytest.approx(np.mean(losses))]


def test_weights_set_during_validation_stay():
    model = linear(rate=0.0)
    hook = Hook("on_test_batch_end", lambda model, batch: model.set_weights([np.full((3, 1), batch + 5.0)]))
    history = model.fit(X, Y, validation_data=(X, Y), validation_batch_size=6, verbose=0, callbacks=[hook])
    assert model.get_weights()[0][0, 0] == 6.0
    assert history.history["val_loss"] == [pytest.approx(((3 - 1) ** 2 + (15 - 1) ** 2) / 2)]


@pytest.mark.parametrize("look", ["evaluate", "test_on_batch", "predict"])
def test_looking_within_an_epoch_leaves_its_figures_alone(look):
    def peek(model, batch):
        options = {"verbose": 0} if look != "test_on_batch" else {}
        getattr(model, look)(*([X[:2]] if look == "predict" else [X[:2], 9 * Y[:2]]), **options)

    watched, alone = linear(metrics=["mae"]), linear(metrics=["mae"])
    figures = [
        model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=callbacks).history
        for model, callbacks in ((watched, [Hook("on_train_batch_end", peek)]), (alone, []))
    ]
    for name, values in figures[1].items():
        assert figures[0][name] == pytest.approx(values, rel=1e-6)


def test_a_layer_frozen_between_batches_stays_as_it_is():
    def freeze(model, batch):
        if batch == 0:
            frozen.append(model.layers[0].get_weights()[0])
            model.layers[0].trainable = False

    frozen = []
    model = linear(nn.layers.Dense(3, name="first"))
    model.compile(nn.optimizers.SGD(0.01, momentum=0.9), "mse")
    model.fit(X, Y, batch_size=4, verbose=0, callbacks=[Hook("on_train_batch_end", freeze)])
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], frozen[0])
    assert int(model.optimizer.iterations) == 3  # the optimizer goes on where it was
    assert not np.array_equal(model.layers[1].get_weights()[0], np.ones((3, 1)))


def test_one_batch_has_its_own_figures():
    model = linear(rate=0.0)
    assert model.train_on_batch(X[:4], Y[:4]) == pytest.approx(4)
    assert model.train_on_batch(X[:4], 3 * Y[:4]) == pytest.approx(0)
    assert model.test_on_batch(X[:4], 4 * Y[:4]) == pytest.approx(1)


def test_a_metrics_own_reset_is_called():
    class Steps(Batches):
        def reset_state(self):
            """Goes on counting."""

    model = linear(metrics=[Steps(name="steps")])
    assert model.fit(X, Y, batch_size=4, epochs=3, verbose=0).history["steps"] == [3, 6, 9]


def test_a_loss_written_without_training_is_taken():
    class Own(nn.Model):
        def __init__(self):
            super().__init__()
            self.dense = nn.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return super().compute_loss(x, y, y_pred, sample_weight) * 2

    model = Own()
    model.compile("sgd", "mse")
    loss = model.evaluate(X, Y, verbose=0)
    assert loss == pytest.approx(2 * float(np.mean((model.predict(X, verbose=0) - Y) ** 2)), rel=1e-5)


def test_a_models_step_may_call_the_one_it_overrides():
    class Counting(nn.Sequential):
        def train_step(self, state, data):
            logs, state = super().train_step(state, data)
            return {**logs, "twice": 2 * logs["loss"]}, state

    model = Counting([nn.Input((3,)), nn.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile(nn.optimizers.SGD(0.1), "mse")
    history = model.fit(X, Y, batch_size=12, verbose=0).history
    assert (history["loss"], history["twice"]) == ([pytest.approx(4)], [pytest.approx(8)])
    np.testing.assert_allclose(model.get_weights()[0], np.full((3, 1), 1 - 0.1 * 4), rtol=1e-6)


@pytest.mark.parametrize(("steps", "done"), [(11, [10, 10, 10]), (9, [9, 1, 9]), (5, [5, 5, 5])])
def test_an_epoch_in_steps_ends_where_the_data_end_and_goes_on_from_there(steps, done):
    numbers = []
    model = linear()
    x = np.ones((10, 3), "float32")
    hook = Hook("on_train_batch_end", lambda model, batch: numbers.append(batch))
    model.fit(x, x[:, :1], batch_size=1, epochs=3, steps_per_epoch=steps, verbose=0, callbacks=[hook])
    assert numbers == [number for count in done for number in range(count)]


def test_an_evaluation_and_a_prediction_end_where_a_callback_says():
    def stop(model, batch):
        model.stop_evaluating = model.stop_predicting = batch == 1

    def for_ever():
        while True:
            yield X[:4], Y[:4]

    model = linear()
    model.evaluate(for_ever(), verbose=0, callbacks=[Hook("on_test_batch_end", stop)])
    outputs = model.predict(X, batch_size=3, verbose=0, callbacks=[Hook("on_predict_batch_end", stop)])
    assert len(outputs) == 6
    assert len(model.predict(X, batch_size=3, verbose=0)) == 12


def test_a_metric_may_return_its_variable():
    class Steps(Batches):
        def result(self):
            return self.count

    model = linear(metrics=[Steps(name="steps")])
    assert model.fit(X, Y, batch_size=4, epochs=2, verbose=0).history["steps"] == [3, 3]
    assert model.evaluate(X, Y, batch_size=6, verbose=0, return_dict=True)["steps"] == 2


def test_metrics_that_create_variables_late_may_be_fitted_again():
    class Late(nn.metrics.Metric):
        def update_state(self, y_true, y_pred, sample_weight=None):
            if not self.variables:
                self.total = self.add_variable(y_pred.shape[1:], name="total")
            self.total.assign(self.total + y_pred.sum(0))

        def result(self):
            return self.total.value if self.variables else 0.0

    model = linear(rate=0.0, metrics=[Late(name="late"), nn.metrics.F1Score(), nn.metrics.R2Score()])
    for _ in range(2):
        history = model.fit(X, Y, batch_size=4, validation_data=(X, Y), verbose=0).history
        assert history["late"][0] == pytest.approx([36])


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ({"a": ["mse"], "b": "mae"}, 4 + 2),
        (["mse", ("mae",)], 4 + 2),
        ([{"a": "mse"}, {"b": ["mae"]}], 4 + 2),
        (("mse", None), 4),
        ({"b": ("mae",)}, 2),
    ],
    ids=str,
)
def test_losses_may_be_nested(losses, expected):
    x = nn.Input((3,))
    dense = [nn.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=name) for name in ("a", "b")]
    model = nn.Model(x, [d(x) for d in dense])
    model.compile(nn.optimizers.SGD(0.0), losses)
    loss = model.evaluate(X, [Y, Y], verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(expected)


def test_a_weighted_metric_beside_its_plain_one_has_a_name_of_its_own():
    model = linear(metrics=["mean_squared_error"], weighted_metrics=["mean_squared_error", "mae"])
    history = model.fit(X, Y, sample_weight=np.zeros(12), batch_size=12, verbose=0).history
    assert list(history) == ["loss", "mae", "mean_squared_error", "weighted_mean_squared_error"]
    assert history["mean_squared_error"] == [pytest.approx(4)]
    assert history["weighted_mean_squared_error"] == [0]
