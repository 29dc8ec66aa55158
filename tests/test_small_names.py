"""Small public names of Keras beside its own: settings, policies, aliases."""

import keras
import numpy as np
import pytest

import neurona as nn


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("FloatDTypePolicy", nn.DTypePolicy),
        ("dtype_policies.FloatDTypePolicy", nn.DTypePolicy),
        ("mixed_precision.Policy", nn.DTypePolicy),
        ("mixed_precision.global_policy", nn.config.dtype_policy),
        ("mixed_precision.set_global_policy", nn.config.set_dtype_policy),
        ("models.save_model", nn.saving.save_model),
        ("utils.Sequence", nn.utils.PyDataset),
        ("utils.get_registered_object", nn.saving.get_registered_object),
    ],
)
def test_two_names_of_one_thing(name, other):
    value = nn
    for part in name.split("."):
        value = getattr(value, part)
    assert value is other


def test_a_registered_object_is_found_by_the_name_that_keras_gives_it():
    @nn.saving.register_keras_serializable("shop")
    class Till(nn.layers.Layer):
        pass

    assert nn.saving.get_registered_name(Till) == "shop>Till"
    assert nn.saving.get_registered_object("shop>Till") is Till


def test_epsilon_is_that_of_keras_and_can_be_set():
    assert nn.config.epsilon() == keras.config.epsilon()
    before = nn.config.epsilon()
    try:
        nn.config.set_epsilon(1e-3)
        assert np.isclose(nn.config.epsilon(), 1e-3)
    finally:
        nn.config.set_epsilon(before)


def test_a_stateless_scope_holds_what_is_assigned_as_in_keras():
    results = []
    for library in (nn, keras):
        layer = library.layers.Dense(2, use_bias=False, kernel_initializer="ones")
        layer.build((None, 3))
        counter = library.Variable(1.0)
        with library.StatelessScope([(layer.kernel, np.full((3, 2), 2.0)), (counter, 5.0)]) as scope:
            y = layer(np.ones((1, 3), "float32"))
            counter.assign(counter + 1)
        results.append(
            (np.asarray(y), float(scope.get_current_value(counter)), float(np.asarray(counter.value)))
        )
        with pytest.raises(ValueError, match="shape"):
            library.StatelessScope([(counter, np.ones(3))])
    np.testing.assert_array_equal(results[0][0], results[1][0])
    assert results[0][1:] == results[1][1:] == (6.0, 1.0)
    with nn.SymbolicScope():
        assert nn.layers.Dense(2)(nn.KerasTensor((None, 3), name="x")).shape == (None, 2)


def test_a_function_computes_what_leads_from_its_inputs_to_its_outputs():
    results = []
    for library in (nn, keras):
        a, b = library.Input((2,)), library.Input((2,))
        function = library.Function([a, b], {"sum": a + b, "scaled": library.ops.multiply(b, 3)})
        results.append(function([np.ones((1, 2), "float32"), np.full((1, 2), 2, "float32")]))
        assert function(library.Function(a, [a, a])(a))["sum"].shape == (None, 2)
    for name in ("sum", "scaled"):
        np.testing.assert_array_equal(results[0][name], np.asarray(results[1][name]))


def test_an_operation_of_ones_own_is_a_step_of_a_model():
    class Cube(nn.Operation):
        def call(self, x):
            return x**3

    x = nn.Input((2,))
    model = nn.Model(x, Cube(name="cube")(x))
    np.testing.assert_allclose(model.predict(np.full((1, 2), 2.0), verbose=0), [[8, 8]])
    assert isinstance(x, nn.KerasTensor)


def test_names_and_devices_are_those_of_blocks():
    with nn.name_scope("outer"), nn.name_scope("inner"):
        layer = nn.layers.Dense(1, name="last")
        layer.build((None, 2))
    assert layer.kernel.path == "outer/inner/last/kernel"
    for wrong in ("a/b", 3):
        with pytest.raises(ValueError, match="name"), nn.name_scope(wrong):
            pass
    with nn.device("CPU"):
        assert nn.ops.ones(2).device.platform == "cpu"
    with pytest.raises(ValueError, match=r"no device 'cpu:77'. Known: .*cpu:0"):
        nn.device("cpu:77")
    assert nn.version() == nn.__version__
    assert nn.InputSpec is nn.layers.InputSpec


def test_switches_of_keras_say_what_holds():
    config = nn.config
    assert (config.backend(), config.is_nnx_enabled()) == ("jax", False)
    config.set_backend("jax")
    with pytest.raises(ValueError, match="'torch'"):
        config.set_backend("torch")
    with pytest.raises(ValueError, match="custom_objects"):
        config.enable_unsafe_deserialization()
    config.disable_flash_attention()
    assert config.is_flash_attention_enabled() is False
    config.enable_flash_attention()
    assert config.is_flash_attention_enabled() is True
    config.disable_interactive_logging()
    assert not config.is_interactive_logging_enabled()
    config.enable_interactive_logging()
    assert config.is_interactive_logging_enabled()


@pytest.mark.filterwarnings("ignore:Limiting", "ignore:Your input ran out")
def test_every_training_can_be_cut_short_as_in_keras():
    def trained(library):
        model = library.Sequential([library.layers.Dense(1, kernel_initializer="ones")])
        model.compile(library.optimizers.SGD(0.1), "mse")
        x, y = np.ones((8, 2), "float32"), np.zeros((8, 1), "float32")
        history = model.fit(x, y, epochs=5, batch_size=2, verbose=0).history["loss"]
        return history, len(model.predict(x, batch_size=2, verbose=0))

    results = []
    for library in (nn, keras):
        library.config.set_max_epochs(2)
        library.config.set_max_steps_per_epoch(3)
        try:
            assert (library.config.max_epochs(), library.config.max_steps_per_epoch()) == (2, 3)
            results.append(trained(library))
        finally:
            library.config.set_max_epochs(None)
            library.config.set_max_steps_per_epoch(None)
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-5)
    assert results[0][1] == results[1][1] == 6
