"""Optimizers written for Keras, unchanged but for the module they come from."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import neurona as nn
from neurona import optimizers
from neurona.core.errors import ArgumentError, NotBuiltError, SavingError
from neurona.core.variable import Variable
from tests.optimizers.optimizer_cases import gradients, keras_variables, variables


def written_for(module, ops):
    """Classes as a user of Keras writes them: a plain rule, one with variables, and one of a built-in."""

    class Descent(module.Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * gradient)

    class Momentum(module.Optimizer):
        def __init__(self, learning_rate=0.01, momentum=0.9, name="own_momentum", **kwargs):
            super().__init__(learning_rate=learning_rate, name=name, **kwargs)
            self._share = momentum
            self.longest = self.add_variable((), name="longest")

        def build(self, variables):
            if self.built:
                return
            super().build(variables)
            self._momentums = self.add_optimizer_variables(variables, "momentum")
            self._counts = [
                self.add_variable_from_reference(variable, name="count", initializer="ones")
                for variable in variables
            ]

        def update_step(self, gradient, variable, learning_rate):
            index = self._get_variable_index(variable)
            momentum, rate = self._momentums[index], ops.cast(learning_rate, variable.dtype)
            self.assign(momentum, self._share * momentum + gradient)
            self.assign_add(self._counts[index], 1.0)
            self.assign(self.longest, ops.maximum(self.longest, ops.max(ops.abs(gradient))))
            steps = ops.cast(self.iterations + 1, variable.dtype)
            self.assign_sub(variable, rate * momentum / steps)

        def get_config(self):
            return {**super().get_config(), "momentum": self._share}

    class Doubled(module.Adam):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(2.0 * gradient, variable, learning_rate)

    return {"Descent": Descent, "Momentum": Momentum, "Doubled": Doubled}


OURS, THEIRS = written_for(optimizers, nn.ops), written_for(keras.optimizers, keras.ops)
OPTIONS = {
    "plain": {},
    "decay+clipnorm": {"weight_decay": 0.1, "clipnorm": 0.5},
    "ema": {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
    "accumulation": {"gradient_accumulation_steps": 2},
}


@pytest.mark.parametrize("label", OPTIONS)
@pytest.mark.parametrize("name", OURS)
def test_moves_weights_and_its_variables_as_in_keras(name, label):
    ours = OURS[name](learning_rate=0.1, **OPTIONS[label])
    theirs = THEIRS[name](learning_rate=0.1, **OPTIONS[label])
    own, other, steps = variables(), keras_variables(), gradients(steps=4)
    for index in range(4):
        ours.apply([gradient[index] for gradient in steps], own)
        theirs.apply([jnp.asarray(gradient[index]) for gradient in steps], other)
    for mine, wanted in zip(own, other):
        np.testing.assert_allclose(mine.numpy(), wanted.numpy(), rtol=2e-5, atol=1e-6)
    if name == "Momentum" and label == "plain":
        kept = {variable.path: variable.numpy() for variable in ours.variables}
        wanted = {variable.path: variable.numpy() for variable in theirs.variables}
        assert set(kept) == set(wanted)
        for path, value in wanted.items():
            np.testing.assert_allclose(kept[path], value, rtol=1e-5, atol=1e-6, err_msg=path)


def small_model():
    return nn.Sequential([nn.Input((3,)), nn.layers.Dense(4, activation="tanh"), nn.layers.Dense(1)])


X = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
Y = X[:, :1] * 2


@pytest.mark.parametrize("name", OURS)
def test_trains_a_model_and_goes_on_where_it_stopped(name):
    model = small_model()
    model.compile(OURS[name](learning_rate=0.05), "mse")
    losses = model.fit(X, Y, epochs=3, batch_size=8, verbose=0).history["loss"]
    losses += model.fit(X, Y, epochs=3, batch_size=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert int(model.optimizer.iterations) == 24


def test_what_is_remembered_of_a_weight_stays_when_others_are_frozen_and_come_back():
    model = small_model()
    first, second = model.layers[-2:]
    first.trainable = False
    optimizer = OURS["Momentum"](learning_rate=0.05)
    model.compile(optimizer, "mse")
    model.fit(X, Y, batch_size=8, verbose=0)
    counts = {id(v.reference): v for v in optimizer._counts}
    assert float(counts[id(second.kernel)].value[0, 0]) == 5.0
    first.trainable = True
    model.fit(X, Y, batch_size=8, verbose=0)
    second.trainable = False
    before = second.kernel.numpy()
    model.fit(X, Y, batch_size=8, verbose=0)
    counts = {id(v.reference): v for v in optimizer._counts}
    assert float(counts[id(second.kernel)].value[0, 0]) == 9.0
    assert float(counts[id(first.kernel)].value[0, 0]) == 9.0
    assert int(optimizer.iterations) == 12
    np.testing.assert_array_equal(second.kernel.numpy(), before)


def test_it_is_saved_and_loaded_with_its_variables(tmp_path):
    nn.utils.register_keras_serializable("tests")(OURS["Momentum"])
    model = small_model()
    model.compile(OURS["Momentum"](learning_rate=0.05), "mse")
    model.fit(X, Y, batch_size=8, verbose=0)
    model.save(tmp_path / "model.keras")
    other = nn.models.load_model(tmp_path / "model.keras")
    for mine, loaded in zip(model.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), loaded.numpy())
    model.fit(X, Y, batch_size=8, verbose=0, shuffle=False)
    other.fit(X, Y, batch_size=8, verbose=0, shuffle=False)
    np.testing.assert_allclose(other.get_weights()[0], model.get_weights()[0], rtol=1e-6)


def test_it_may_be_wrapped_for_float16():
    optimizer = optimizers.LossScaleOptimizer(OURS["Momentum"](learning_rate=0.1), initial_scale=8.0)
    own = [Variable(jnp.ones(2), name="weight")]
    optimizer.apply([jnp.full(2, 8.0)], own)
    optimizer.apply([jnp.array([jnp.inf, 0.0])], own)
    np.testing.assert_allclose(own[0].numpy(), 0.9, rtol=1e-6)
    assert float(optimizer.inner_optimizer._momentums[0][0]) == 1.0


def test_without_variables_the_pure_update_says_what_is_missing():
    optimizer = OURS["Descent"](0.1)
    with pytest.raises(NotBuiltError, match=r"build\(variables\)"):
        optimizer.update([jnp.ones(1)], optimizer.init([jnp.ones(1)]), [jnp.ones(1)])
    with pytest.raises(NotImplementedError, match="update_step"):
        optimizers.Optimizer(0.1).apply([jnp.ones(1)], [Variable(jnp.ones(1))])
    with pytest.raises(ArgumentError, match="was not built with"):
        OURS["Momentum"]()._get_variable_index(Variable(jnp.ones(1), name="stranger"))


# What every optimizer has.


def test_variables_exist_before_the_optimizer_is_built():
    optimizer = optimizers.SGD(0.1, name="sgd")
    assert [variable.path for variable in optimizer.variables] == ["sgd/iteration", "sgd/learning_rate"]
    assert [float(variable.numpy()) for variable in optimizer.variables] == [0.0, np.float32(0.1)]
    assert optimizer.iterations.numpy() == 0
    optimizer.apply([jnp.ones(1)], [Variable(jnp.ones(1))])
    assert optimizer.iterations.numpy() == 1
    optimizer.iterations.assign(7)
    assert int(optimizer.variables[0]) == 7


def test_automatic_names_count_up():
    nn.utils.clear_session()
    assert [optimizers.Adam().name for _ in range(2)] == ["adam", "adam_1"]
    assert optimizers.Adam(name="mine").name == "mine"


def test_a_weight_that_its_gradient_overwrites_takes_it():
    plain, direct = Variable(jnp.ones(2), name="kernel"), Variable(jnp.zeros(2), name="amax")
    direct.overwrite_with_gradient = True
    optimizer = optimizers.LossScaleOptimizer(optimizers.Adam(0.1, clipnorm=1.0), initial_scale=4.0)
    optimizer.apply([jnp.full(2, 4.0), jnp.array([5.0, 6.0])], [plain, direct])
    assert direct.numpy().tolist() == [5.0, 6.0]
    np.testing.assert_allclose(plain.numpy(), 0.9, rtol=1e-5)


def test_own_variables_go_through_a_store():
    first, second, own = optimizers.Adam(0.1), optimizers.Adam(0.1), variables()
    first.apply([gradient[0] for gradient in gradients(steps=1)], own)
    first.save_own_variables(store := {})
    second.build(own)
    second.load_own_variables(store)
    for mine, loaded in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), loaded.numpy())
    with pytest.raises(SavingError, match="The file holds 9"):
        second.load_own_variables({str(index): store[str(index)] for index in range(9)})


def test_finite_gradients_are_told_from_others():
    optimizer = optimizers.LossScaleOptimizer("sgd")
    assert bool(optimizer.check_finite([jnp.ones(2), None]))
    assert bool(jax.jit(optimizer.check_finite)([jnp.ones(2)]))
    assert not bool(optimizer.check_finite([jnp.ones(2), jnp.array([jnp.inf])]))
