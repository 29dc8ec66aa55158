"""Ensembles: each member is the model that its seed gives alone, and none of them harms another."""

import copy
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona.kernels.dense import dense
from neurona.search import Ensemble

rng = np.random.default_rng(3)
X = rng.normal(size=(70, 6)).astype("float32")
Y = (X[:, 0] + X[:, 1] > 0).astype("int32")


def network(*between, input=True, optimizer=None, metrics=("accuracy",)):
    first = [nn.Input((6,))] if input else []
    model = nn.Sequential(
        [*first, nn.layers.Dense(8, activation="tanh"), *between, nn.layers.Dense(2, activation="softmax")]
    )
    model.compile(
        optimizer or nn.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=list(metrics)
    )
    return model


def alone(make, seed, x=X, y=Y, **options):
    nn.utils.set_random_seed(seed)
    model = make()
    model.fit(x, y, verbose=0, **options)
    return model


def check_against_lone_models(make, seeds=(7, 0, 12), x=X, y=Y, **options):
    ensemble = Ensemble(make(), seeds=seeds)
    history = ensemble.fit(x, y, verbose=0, **options)
    for member, seed in enumerate(seeds):
        lone = alone(make, seed, x, y, **options)
        for ours, expected in zip(ensemble.models[member].get_weights(), lone.get_weights(), strict=True):
            np.testing.assert_allclose(ours, expected, atol=2e-5)
        assert set(history.history) == set(lone.history.history)
        for name, expected in lone.history.history.items():
            np.testing.assert_allclose(
                [values[member] for values in history.history[name]], expected, atol=2e-5
            )
    return ensemble


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(network, id="adam"),
        pytest.param(
            lambda: network(nn.layers.Dropout(0.3)), id="dropout", marks=pytest.mark.experiment
        ),  # as in "unbuilt"
        pytest.param(lambda: network(nn.layers.BatchNormalization()), id="batch normalization"),
        pytest.param(
            lambda: network(nn.layers.Dropout(0.3, seed=4), nn.layers.GaussianNoise(0.1), input=False),
            id="unbuilt",
        ),
        pytest.param(
            lambda: network(optimizer=nn.optimizers.SGD(0.1, momentum=0.9, clipnorm=1.0)), id="momentum"
        ),
        pytest.param(
            lambda: network(
                optimizer=nn.optimizers.Adam(nn.optimizers.schedules.ExponentialDecay(0.01, 5, 0.5))
            ),
            id="schedule",
        ),
        pytest.param(
            lambda: network(optimizer=nn.optimizers.AdamW(0.01, use_ema=True, ema_momentum=0.9)),
            id="moving average",
        ),
    ],
)
def test_members_equal_the_same_models_trained_alone(make):
    check_against_lone_models(make, epochs=3, batch_size=16, validation_split=0.2)


def test_iris_with_rows_in_order_and_weights():
    (x, y), _ = nn.datasets.iris.load_data()

    def make():
        model = nn.Sequential(
            [nn.Input((4,)), nn.layers.Dense(16, activation="relu"), nn.layers.Dense(3, activation="softmax")]
        )
        model.compile(nn.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    check_against_lone_models(
        make, x=x, y=y, epochs=5, shuffle=False, class_weight="balanced", validation_data=(x[:20], y[:20])
    )


def test_several_inputs_and_outputs():
    def make():
        a, b = nn.Input((2,), name="a"), nn.Input((4,), name="b")
        hidden = nn.layers.Dense(5, activation="relu")(nn.layers.Concatenate()([a, b]))
        model = nn.Model(
            [a, b], {"u": nn.layers.Dense(1, name="u")(hidden), "v": nn.layers.Dense(2, name="v")(hidden)}
        )
        model.compile("sgd", {"u": "mse", "v": "mae"}, metrics={"u": ["mae"]})
        return model

    y = {"u": X[:, :1], "v": X[:, 1:3]}
    ensemble = check_against_lone_models(make, x=[X[:, :2], X[:, 2:]], y=y, epochs=2)
    assert ensemble.predict([X[:, :2], X[:, 2:]])["v"].shape == (3, 70, 2)


def test_a_train_step_of_ones_own():
    class Halved(nn.Model):
        def __init__(self):
            super().__init__()
            self.dense = nn.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def train_step(self, state, data):
            trainable, non_trainable, optimizer, metrics = state
            x, y = data

            def loss_of(values):
                y_pred, others = self.stateless_call(values, non_trainable, x, training=True)
                return 0.5 * jnp.mean((y_pred[:, 0] - y) ** 2), others

            (loss, others), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable)
            trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
            return {"loss": loss}, (trainable, others, optimizer, metrics)

    def make():
        model = Halved()
        model.compile("sgd", "mse")
        return model

    check_against_lone_models(make, y=X[:, 2], epochs=2)


def test_learning_rates_differ_and_compile_nothing_new():
    model = network()
    rates = [0.001, 0.01, 0.1]
    ensemble = Ensemble(model, seeds=[5] * 3, learning_rate=rates)
    ensemble.fit(X, Y, epochs=2, verbose=0)
    for member, rate in enumerate(rates):
        lone = alone(lambda rate=rate: network(optimizer=nn.optimizers.Adam(rate)), 5, epochs=2)
        for ours, expected in zip(ensemble.models[member].get_weights(), lone.get_weights(), strict=True):
            np.testing.assert_allclose(ours, expected, atol=2e-5)
        assert float(ensemble.models[member].optimizer.learning_rate) == pytest.approx(rate)
    traces = model._learner._program.traces
    Ensemble(network(), seeds=range(3), learning_rate=[0.5, 0.2, 0.3]).fit(X, Y, epochs=4, verbose=0)
    assert model._learner._program.traces == traces


def test_fit_goes_on_and_so_does_each_member_alone():
    make = lambda: network(nn.layers.Dropout(0.2))
    ensemble = Ensemble(make(), seeds=[1, 2])
    ensemble.fit(X, Y, epochs=2, verbose=0)
    first = ensemble.models[1]
    ensemble.fit(X, Y, epochs=1, verbose=0)
    lone = alone(make, 2, epochs=2)
    lone.fit(X, Y, epochs=1, verbose=0)
    for ours, expected in zip(ensemble.models[1].get_weights(), lone.get_weights(), strict=True):
        np.testing.assert_allclose(ours, expected, atol=2e-5)
    in_order, lone = [first, alone(make, 2, epochs=2)]
    for model in (in_order, lone):  # the optimizer's state and the random key came along
        model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    for ours, expected in zip(in_order.get_weights(), lone.get_weights(), strict=True):
        np.testing.assert_allclose(ours, expected, atol=2e-5)


def test_evaluate_and_predict_are_those_of_the_members():
    ensemble = Ensemble(network(nn.layers.BatchNormalization()), seeds=range(4))
    ensemble.fit(X, Y, epochs=2, verbose=0)
    figures, outputs = ensemble.evaluate(X[:50], Y[:50]), ensemble.predict(X[:50], batch_size=20)
    assert outputs.shape == (4, 50, 2)
    for member, model in enumerate(ensemble.models):
        np.testing.assert_allclose(outputs[member], model.predict(X[:50], verbose=0), atol=1e-5)
        for name, expected in model.evaluate(X[:50], Y[:50], verbose=0, return_dict=True).items():
            assert figures[name][member] == pytest.approx(expected, abs=1e-5)


def test_the_best_member_can_be_saved(tmp_path):
    ensemble = Ensemble(network(), seeds=range(4), learning_rate=[0.0, 0.05, 0.0, 0.0])
    history = ensemble.fit(X, Y, epochs=5, validation_split=0.2, verbose=0)
    assert int(np.argmin(history.history["val_loss"][-1])) == 1
    best = ensemble.best()
    np.testing.assert_allclose(
        best.history.history["val_loss"], [values[1] for values in history.history["val_loss"]]
    )
    best.save(tmp_path / "best.keras")
    np.testing.assert_array_equal(
        nn.saving.load_model(tmp_path / "best.keras").predict(X, verbose=0), best.predict(X, verbose=0)
    )
    assert ensemble.best("accuracy").history.history["accuracy"][-1] == history.history["accuracy"][-1].max()


def test_the_model_keeps_its_weights_and_gives_what_is_not_trained():
    scale = nn.layers.Normalization()
    scale.adapt(X * 3 + 1)
    frozen = nn.layers.Dense(6, trainable=False)
    model = nn.Sequential([nn.Input((6,)), scale, frozen, nn.layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.get_weights()
    ensemble = Ensemble(model, seeds=[3, 4])
    ensemble.fit(X, Y, epochs=2, verbose=0)
    for kept, weight in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, kept)
    for member in ensemble.models:
        np.testing.assert_array_equal(member.layers[0].mean, scale.mean)
        np.testing.assert_array_equal(member.layers[1].kernel, frozen.kernel)
    one, other = (member.layers[2].kernel.numpy() for member in ensemble.models)
    assert np.abs(one - other).max() > 0.01


def test_the_programs_own_random_numbers_go_on_as_if_nothing_happened():
    model = network()
    model.fit(X, Y, epochs=1, verbose=0)
    nn.utils.set_random_seed(1)
    expected = nn.random.uniform((3,))
    nn.utils.set_random_seed(1)
    Ensemble(model, seeds=range(3)).fit(X, Y, epochs=1, verbose=0)
    np.testing.assert_array_equal(nn.random.uniform((3,)), expected)


def test_a_copied_model_is_a_model_of_its_own():
    model = network(nn.layers.Dropout(0.1))
    model.fit(X, Y, epochs=1, verbose=0)
    expected = model.predict(X, verbose=0)
    other = copy.deepcopy(model)
    model.fit(X, Y, epochs=1, verbose=0)
    np.testing.assert_array_equal(other.predict(X, verbose=0), expected)
    other.fit(X, Y, epochs=1, verbose=0)


def test_gradients_of_a_dense_layer_for_several_kernels_at_once():
    """And the gradients of gradients, which penalties need: against JAX's own formula."""

    def ours(kernel, x):
        return jnp.sum(dense(x, kernel, activation=nn.activations.tanh) ** 2)

    def plain(kernel, x):
        return jnp.sum(jnp.tanh(x @ kernel) ** 2)

    kernels, x = jnp.asarray(rng.normal(size=(5, 6, 3)), "float32"), jnp.asarray(X)
    for transform in (jax.grad, lambda f: jax.grad(lambda *a: jnp.sum(jax.grad(f)(*a) ** 2))):
        mine, expected = (jax.vmap(transform(function), (0, None))(kernels, x) for function in (ours, plain))
        np.testing.assert_allclose(mine, expected, rtol=1e-4, atol=1e-4)


class TestFailures:
    def test_a_member_that_diverges_harms_no_other(self):
        model = nn.Sequential([nn.Input((6,)), nn.layers.Dense(8, activation="relu"), nn.layers.Dense(1)])
        model.compile(nn.optimizers.SGD(0.01), "mse")
        y = 10 * X[:, :1]
        ensemble = Ensemble(model, seeds=[1, 2, 3], learning_rate=[0.01, 1e30, 0.02])
        with pytest.warns(
            UserWarning,
            match=r"1 of 3 members failed.*\[1\].*Member 1 \(seed 2, learning rate 1e\+30\).*not finite",
        ):
            history = ensemble.fit(X, y, epochs=4, verbose=0, validation_split=0.2)
        assert list(ensemble.failures) == [1]
        for values in history.history.values():
            assert np.isnan(values[-1]).tolist() == [False, True, False]
        assert all(np.isfinite(weight).all() for weight in ensemble.models[1].get_weights())
        calm = Ensemble(model, seeds=[1, 3], learning_rate=[0.01, 0.02])
        calm.fit(X, y, epochs=4, verbose=0, validation_split=0.2)
        for ours, expected in zip((0, 2), calm.models):
            for weight, other in zip(
                ensemble.models[ours].get_weights(), expected.get_weights(), strict=True
            ):
                np.testing.assert_allclose(weight, other, atol=1e-6)
        assert ensemble.best("val_loss").history.history["val_loss"][-1] == np.nanmin(
            history.history["val_loss"][-1]
        )
        stayed = ensemble.models[1].get_weights()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ensemble.fit(X, y, epochs=1, verbose=0)
        for weight, kept in zip(ensemble.models[1].get_weights(), stayed, strict=True):
            np.testing.assert_array_equal(weight, kept)

    def test_its_weights_are_those_before_the_step(self):
        """The member stops exactly where the same model alone does."""

        def make():
            model = nn.Sequential([nn.Input((6,)), nn.layers.Dense(1)])
            model.compile(nn.optimizers.SGD(1e12), "mse")
            return model

        nn.utils.set_random_seed(9)
        lone = make()
        with pytest.raises(ArithmeticError) as caught:
            lone.fit(X, X[:, :1], batch_size=10, verbose=0)
        ensemble = Ensemble(make(), seeds=[9, 4], learning_rate=[1e12, 1e-3])
        with pytest.warns(UserWarning, match="1 of 2"):
            ensemble.fit(X, X[:, :1], batch_size=10, verbose=0)
        assert ensemble.failures[0] == str(caught.value)
        for ours, expected in zip(ensemble.models[0].get_weights(), lone.get_weights(), strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-4)

    def test_none_left(self):
        model = nn.Sequential([nn.Input((6,)), nn.layers.Dense(1)])
        model.compile(nn.optimizers.SGD(1e30), "mse")
        with pytest.raises(ArithmeticError, match=r"No member is left\. Member 0"):
            Ensemble(model, seeds=[1, 2]).fit(X, X[:, :1], epochs=5, verbose=0)

    def test_bad_data_are_named(self):
        x = X.copy()
        x[13, 2] = np.nan
        with pytest.raises(ValueError, match="x holds NaN or infinity: in row 13"):
            Ensemble(network(), seeds=[1, 2]).fit(x, Y, verbose=0)


class TestMessages:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"seeds": 5}, "such as range"),
            ({"seeds": [1, -1]}, "from 0 to"),
            ({"seeds": [1, 0.5]}, "from 0 to"),
            ({"seeds": []}, "at least one member"),
            ({"seeds": [1, 2, 1]}, "Members 0 and 2 have the same seed"),
            ({"seeds": [1, 1], "learning_rate": [0.1, 0.1]}, "same seed and learning rate"),
            ({"seeds": [1, 2], "learning_rate": [0.1]}, "each of the 2 seeds. Received 1"),
            ({"seeds": [1, 2], "learning_rate": 0.1}, "one for all is the optimizer's"),
            ({"seeds": [1, 2], "learning_rate": [0.1, float("nan")]}, "finite number"),
        ],
    )
    def test_members(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            Ensemble(network(), **arguments)

    def test_models(self):
        with pytest.raises(ValueError, match="takes a model"):
            Ensemble(network, seeds=range(2))
        with pytest.raises(ValueError, match="Call compile"):
            Ensemble(nn.Sequential([nn.layers.Dense(1)]), seeds=range(2))
        scheduled = network(optimizer=nn.optimizers.SGD(nn.optimizers.schedules.CosineDecay(0.1, 10)))
        with pytest.raises(ValueError, match="schedule"):
            Ensemble(scheduled, seeds=range(2), learning_rate=[0.1, 0.2])
        stateful = nn.Sequential([nn.Input(batch_shape=(2, 3, 4)), nn.layers.LSTM(2, stateful=True)])
        stateful.compile("sgd", "mse")
        with pytest.raises(ValueError, match="stateful"):
            Ensemble(stateful, seeds=range(2))
        eager = network()
        eager.compile("sgd", "mse", run_eagerly=True)
        with pytest.raises(ValueError, match="run_eagerly"):
            Ensemble(eager, seeds=range(2))

    def test_use(self):
        ensemble = Ensemble(network(), seeds=range(2))
        with pytest.raises(ValueError, match="Call fit"):
            ensemble.predict(X)
        with pytest.raises(ValueError, match="Call fit"):
            _ = ensemble.models
        with pytest.raises(ValueError, match="another order"):
            ensemble.fit(iter([(X, Y)]), verbose=0)
        with pytest.raises(TypeError, match="no argument 'callbacks'"):
            ensemble.fit(X, Y, callbacks=[])
        ensemble.fit(X, Y, verbose=0)
        with pytest.raises(ValueError, match="Did you mean 'loss'"):
            ensemble.best("los")
        with pytest.raises(IndexError):
            _ = ensemble.models[2]


def test_the_bar_shows_means(capsys):
    Ensemble(network(), seeds=range(2)).fit(X, Y, verbose=2, epochs=2)
    assert "Epoch 2/2" in capsys.readouterr().out
