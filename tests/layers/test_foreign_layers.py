"""JaxLayer and FlaxLayer train what they wrap; TFSMLayer and TorchModuleWrapper say what to do instead."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, MissingDependencyError


def init(rng: Any, inputs: Any) -> tuple[Any, Any]:
    return {"w": jax.random.normal(rng, (inputs.shape[-1], 1))}, {"calls": jnp.zeros(())}


def call(params: Any, state: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
    return inputs @ params["w"], {"calls": state["calls"] + training}


def test_a_function_of_jax_is_trained_and_keeps_its_state() -> None:
    layer = layers.JaxLayer(call, init)
    model = nn.Sequential([nn.Input((3,)), layer])
    model.compile(nn.optimizers.SGD(0.1), "mse")
    x = np.random.default_rng(0).normal(size=(64, 3))
    history = model.fit(x, x.sum(1, keepdims=True), epochs=8, batch_size=16, verbose=0).history["loss"]
    assert history[-1] < 0.1 * history[0]
    assert float(layer.state["calls"].value) == 32
    assert [weight.shape for weight in layer.trainable_weights] == [(3, 1)]


def test_random_numbers_come_in_training_only() -> None:
    noisy = layers.JaxLayer(
        lambda rng, inputs: inputs if rng is None else inputs + jax.random.normal(rng, inputs.shape), seed=1
    )
    x = jnp.zeros(3)
    np.testing.assert_array_equal(noisy(x), x)
    assert not np.array_equal(noisy(x, training=True), noisy(x, training=True))


class Module:
    """As a module of Flax, with a running mean."""

    def __call__(self, inputs: Any, training: bool) -> Any: ...

    def init(self, rng: Any, inputs: Any, method: Any = None, training: bool = True) -> Any:
        return {"params": {"w": jnp.ones(inputs.shape[-1])}, "stats": {"mean": jnp.zeros(inputs.shape[-1])}}

    def apply(self, variables: Any, inputs: Any, mutable: Any, training: bool, **_: Any) -> Any:
        if not training:
            return variables["params"]["w"] * (inputs - variables["stats"]["mean"])
        assert mutable == ["stats"]
        return inputs, {"stats": {"mean": inputs.mean(0)}}


def test_a_module_of_flax_keeps_its_statistics() -> None:
    layer = layers.FlaxLayer(Module())
    x = jnp.array([[1.0, 2.0], [3.0, 6.0]])
    layer(x, training=True)
    np.testing.assert_array_equal(layer(x), x - x.mean(0))
    with pytest.raises(ArgumentError, match="Flax module is code"):
        layer.get_config()


def test_what_is_wrong_is_told() -> None:
    with pytest.raises(ArgumentError, match="call_fn takes `inputs`"):
        layers.JaxLayer(lambda x: x)
    with pytest.raises(ArgumentError, match="Give init_fn"):
        layers.JaxLayer(call)
    for name in ("TFSMLayer", "TorchModuleWrapper"):
        with pytest.raises(MissingDependencyError, match=name):
            getattr(layers, name)("folder", call_endpoint="serve")
