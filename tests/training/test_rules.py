"""Rules: models that learn in another way than by gradients get everything that fit gives."""

import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona.core.variable import Variable
from neurona.training import GradientRule, Rule

rng = np.random.default_rng(3)


class Oja(Rule):
    """w += rate * mean(y (x - y w)), y = x w: the first principal component. No loss at all.

    Source: Oja, A simplified neuron model as a principal component analyzer, 1982.
    """

    figures = ("variance",)

    def __init__(self, rate=0.1):
        self.rate = rate

    def learn(self, model, batch, key, number):
        kernel = model.layers[0].kernel
        y = batch.x @ kernel.value  # (rows, 1)
        change = jnp.mean(y * (batch.x - y @ kernel.value.T), axis=0)[:, None]
        kernel.assign(kernel + self.rate * change)
        return {"variance": jnp.mean(y**2)}


class RidgeReadout(Rule):
    """W = (H'H + alpha I)^-1 H'Y for the features H before the last layer: one pass, then a solve.

    Source: Jaeger, The echo state approach to analysing and training recurrent neural networks, 2001.
    """

    def __init__(self, alpha=1e-3):
        self.alpha = alpha

    def build(self, model):
        features, outputs = model.readout.kernel.shape
        self.products = Variable(jnp.zeros((features, features)), trainable=False, name="products")
        self.targets = Variable(jnp.zeros((features, outputs)), trainable=False, name="targets")

    def begin_epoch(self, model):
        for variable in self.variables:
            variable.assign(jnp.zeros(variable.shape))

    def learn(self, model, batch, key, number):
        features = model.features(batch.x)
        self.products.assign(self.products + features.T @ features)
        self.targets.assign(self.targets + features.T @ batch.y)

    def end_epoch(self, model):
        ridge = self.alpha * jnp.eye(len(self.products.value))
        model.readout.kernel.assign(jnp.linalg.solve(self.products + ridge, self.targets.value))


class EchoState(nn.Model):
    """A fixed random recurrence and a linear readout."""

    def __init__(self, units=20, **kwargs):
        super().__init__(**kwargs)
        self.reservoir = nn.layers.SimpleRNN(
            units,
            kernel_initializer=nn.initializers.RandomUniform(-0.5, 0.5, seed=1),
            recurrent_initializer=nn.initializers.Orthogonal(0.9, seed=2),
            trainable=False,
        )
        self.readout = nn.layers.Dense(1, use_bias=False)

    def features(self, x):
        return self.reservoir(x)

    def call(self, x):
        return self.readout(self.features(x))


# The covariance has the eigenvalues 4, 1 and 0.25.
ROTATION = np.linalg.qr(rng.normal(size=(3, 3)))[0]
X = (rng.normal(size=(256, 3)) * [2.0, 1.0, 0.5] @ ROTATION.T).astype("float32")
FIRST_COMPONENT = np.linalg.eigh(X.T @ X / len(X))[1][:, -1]


def oja(rate=0.05, seed=1):
    nn.utils.set_random_seed(seed)
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1, use_bias=False)])
    model.compile(rule=Oja(rate))
    return model


def echo_state():
    nn.utils.set_random_seed(1)
    model = EchoState()
    model.compile(rule=RidgeReadout(), loss="mse", metrics=["mae"])
    return model


def series(rows=90, steps=12):
    """Windows of a sine wave and the value that follows each."""
    wave = np.sin(np.arange(rows + steps) * 0.3).astype("float32")
    windows = np.stack([wave[start : start + steps, None] for start in range(rows)])
    return windows, wave[steps : steps + rows, None]


def test_ojas_rule_finds_the_first_principal_component():
    model = oja()
    history = model.fit(X, epochs=40, verbose=0).history
    weight = model.get_weights()[0][:, 0]
    assert abs(weight @ FIRST_COMPONENT) == pytest.approx(1, abs=5e-3)
    assert np.linalg.norm(weight) == pytest.approx(1, abs=0.02)
    assert history["variance"][-1] == pytest.approx(np.linalg.eigvalsh(X.T @ X / len(X))[-1], rel=0.05)
    assert set(history) == {"variance"}


def test_a_ridge_readout_is_the_closed_form_after_one_pass():
    x, y = series()
    model = echo_state()
    model.fit(x, y, batch_size=32, epochs=1, verbose=0)
    features = np.asarray(model.features(x), np.float64)
    exact = np.linalg.solve(features.T @ features + 1e-3 * np.eye(20), features.T @ y)
    np.testing.assert_allclose(model(x), features @ exact, atol=2e-3)
    loss, error = model.evaluate(x, y, verbose=0)
    assert loss == pytest.approx(np.mean((features @ exact - y) ** 2), abs=1e-4)
    assert error < 0.05


def test_a_second_pass_begins_afresh():
    x, y = series()
    once, twice = echo_state(), echo_state()
    once.fit(x, y, epochs=1, shuffle=False, verbose=0)
    twice.fit(x, y, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_array_equal(once.readout.get_weights()[0], twice.readout.get_weights()[0])


@pytest.mark.parametrize("watched", [False, True])
def test_the_bits_do_not_depend_on_who_looks(watched):
    expected = oja()
    expected.fit(X, epochs=3, verbose=0)
    steps = []
    watch = nn.callbacks.LambdaCallback(
        **({"on_train_batch_end": lambda batch, logs: steps.append(logs["variance"])} if watched else {})
    )
    model = oja()
    model.fit(X, epochs=3, verbose=0, callbacks=[watch])
    np.testing.assert_array_equal(model.get_weights()[0], expected.get_weights()[0])
    assert len(steps) == (3 * 8 if watched else 0)


def test_a_killed_training_resumes_with_the_same_bits(tmp_path):
    class Kill(nn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    whole = oja()
    whole.fit(X, epochs=4, verbose=0, callbacks=[nn.callbacks.BackupAndRestore(tmp_path / "whole")])
    first = oja()
    with pytest.raises(KeyboardInterrupt):
        first.fit(
            X, epochs=4, verbose=0, callbacks=[Kill(), nn.callbacks.BackupAndRestore(tmp_path / "parts")]
        )
    second = oja(seed=9)
    second.fit(X, epochs=4, verbose=0, callbacks=[nn.callbacks.BackupAndRestore(tmp_path / "parts")])
    # The epoch that was interrupted at its end is repeated from the backup of the epoch before.
    np.testing.assert_array_equal(second.get_weights()[0], whole.get_weights()[0])


def test_an_ensemble_trains_many_rules_at_once():
    ensemble = nn.search.Ensemble(oja(), seeds=[1, 2, 3])
    ensemble.fit(X, epochs=3, verbose=0)
    alone = oja(seed=2)
    alone.fit(X, epochs=3, verbose=0)
    np.testing.assert_allclose(ensemble.models[1].get_weights()[0], alone.get_weights()[0], atol=1e-6)


def test_an_ensemble_of_echo_states_solves_each_readout():
    class Sequences(nn.Sequential):
        @property
        def readout(self):
            return self.layers[-1]

        def features(self, x):
            return self.layers[0](x)

    x, y = series()
    nn.utils.set_random_seed(5)
    model = Sequences(
        [nn.Input((12, 1)), nn.layers.SimpleRNN(6, trainable=False), nn.layers.Dense(1, use_bias=False)]
    )
    model.compile(rule=RidgeReadout(), loss="mse")
    ensemble = nn.search.Ensemble(model, seeds=[1, 2])
    ensemble.fit(x, y, epochs=1, verbose=0)
    features = np.asarray(model.features(x), np.float64)
    exact = features @ np.linalg.solve(features.T @ features + 1e-3 * np.eye(6), features.T @ y)
    np.testing.assert_allclose(ensemble.predict(x), np.stack([exact, exact]), atol=5e-3)


def test_a_rate_that_is_too_large_stops_at_its_step_and_keeps_the_weights():
    model = oja(rate=1e3)
    with pytest.raises(ArithmeticError, match="Oja"):
        model.fit(X, epochs=5, verbose=0)
    assert np.isfinite(model.get_weights()[0]).all()


def test_a_rule_belongs_to_one_model_and_needs_no_optimizer():
    model = oja()
    model.fit(X, verbose=0)
    other = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1, use_bias=False)])
    other.compile(rule=model._rule)
    with pytest.raises(ValueError, match="belongs to another model"):
        other.fit(X, verbose=0)
    with pytest.raises(ValueError, match="an optimizer or a rule"):
        model.compile("adam", rule=Oja())
    with pytest.raises(ValueError, match=r"neurona\.training\.Rule"):
        model.compile(rule="hebb")


def test_gradients_are_the_rule_of_every_other_model():
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert type(model._rule) is GradientRule


def test_a_model_with_a_rule_is_saved_and_loaded_without_its_optimizer(tmp_path):
    model = oja()
    model.fit(X, verbose=0)
    with nn.utils.custom_object_scope({"Oja": Oja}):
        model.save(tmp_path / "oja.keras")
        loaded = nn.models.load_model(tmp_path / "oja.keras", custom_objects={"Oja": Oja})
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])
    assert isinstance(loaded._rule, Oja)
    loaded.fit(X, verbose=0)
