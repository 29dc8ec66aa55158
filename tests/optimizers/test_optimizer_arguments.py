"""Bad arguments and bad calls, each with what its message must say."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neurona import optimizers
from neurona.core.errors import (
    ArgumentError,
    NotBuiltError,
    SavingError,
    ShapeError,
    TracingError,
    UnexpectedArgument,
)
from neurona.core.variable import Variable
from neurona.optimizers import schedules
from tests.optimizers.optimizer_cases import gradients, variables

BAD = [
    (lambda: optimizers.Adam(beta1=0.9), UnexpectedArgument, "Did you mean 'beta_1'"),
    (lambda: optimizers.Adam(eps=1e-8), UnexpectedArgument, "Did you mean 'epsilon'"),
    (lambda: optimizers.SGD(momentun=0.9), UnexpectedArgument, "Did you mean 'momentum'"),
    (lambda: optimizers.Adam(nesterov=True), UnexpectedArgument, "It takes: learning_rate, beta_1"),
    (lambda: optimizers.LossScaleOptimizer("sgd", clipnorm=1.0), UnexpectedArgument, "inner_optimizer"),
    (lambda: optimizers.SGD(-0.1), ArgumentError, "learning_rate=-0.1"),
    (lambda: optimizers.SGD("fast"), ArgumentError, "learning_rate='fast'"),
    (lambda: optimizers.SGD(float("nan")), ArgumentError, "learning_rate=nan"),
    (lambda: optimizers.SGD([0.1, 0.2]), ArgumentError, "learning_rate=[0.1, 0.2]"),
    (lambda: optimizers.SGD(None), ArgumentError, "learning_rate=None"),
    (
        lambda: optimizers.SGD(0.1, momentum=1.5),
        ArgumentError,
        "SGD takes momentum from 0 to 1. Received: momentum=1.5",
    ),
    (lambda: optimizers.RMSprop(rho=-1.0), ArgumentError, "rho=-1.0"),
    (lambda: optimizers.Adam(beta_2=2.0), ArgumentError, "beta_2=2.0"),
    (lambda: optimizers.Adam(epsilon=-1e-7), ArgumentError, "epsilon=-1e-07"),
    (lambda: optimizers.Adam(weight_decay=-0.1), ArgumentError, "weight_decay=-0.1"),
    (lambda: optimizers.AdamW(weight_decay=None), ArgumentError, "weight_decay=None"),
    (lambda: optimizers.Lion(beta_1=0.0), ArgumentError, "beta_1=0.0"),
    (lambda: optimizers.Ftrl(learning_rate_power=0.5), ArgumentError, "learning_rate_power=0.5"),
    (
        lambda: optimizers.Ftrl(l1_regularization_strength=-1.0),
        ArgumentError,
        "l1_regularization_strength=-1.0",
    ),
    (lambda: optimizers.Adafactor(clip_threshold=0.0), ArgumentError, "clip_threshold=0.0"),
    (
        lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0),
        ArgumentError,
        "one of clipnorm, clipvalue and global_clipnorm",
    ),
    (lambda: optimizers.SGD(clipnorm=-1.0), ArgumentError, "clipnorm=-1.0"),
    (lambda: optimizers.SGD(use_ema=True, ema_momentum=1.5), ArgumentError, "ema_momentum=1.5"),
    (lambda: optimizers.SGD(gradient_accumulation_steps=1), ArgumentError, "gradient_accumulation_steps=1"),
    (
        lambda: optimizers.SGD(use_ema=True, ema_overwrite_frequency=2.5),
        ArgumentError,
        "ema_overwrite_frequency=2.5",
    ),
    (
        lambda: optimizers.LossScaleOptimizer("sgd", dynamic_growth_steps=0.5),
        ArgumentError,
        "dynamic_growth_steps=0.5",
    ),
    (
        lambda: optimizers.LossScaleOptimizer(optimizers.LossScaleOptimizer("sgd")),
        ArgumentError,
        "wraps an optimizer",
    ),
    (lambda: optimizers.OptaxOptimizer("adam"), ArgumentError, "optax.adam"),
    (lambda: optimizers.get("adamm"), ArgumentError, "Did you mean 'adam'"),
    (lambda: optimizers.get("rmsporp"), ArgumentError, "rmsprop"),
    (lambda: optimizers.get({"class_name": "Adamm", "config": {}}), ArgumentError, "Adam"),
    (lambda: optimizers.get(3), ArgumentError, "Received: 3"),
    (lambda: optimizers.get(lambda x: x), ArgumentError, "An optimizer is a name"),
    (
        lambda: optimizers.get({"class_name": "SGD", "config": {"momentun": 0.5}}),
        SavingError,
        "Did you mean 'momentum'",
    ),
    (lambda: optimizers.get(optax.sgd(0.1)).get_config(), SavingError, "optax transformation"),
    (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), ArgumentError, "decay_steps=0"),
    (lambda: schedules.CosineDecayRestarts(0.1, -1), ArgumentError, "first_decay_steps=-1"),
    (
        lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2]),
        ArgumentError,
        "one value more than boundaries",
    ),
    (lambda: schedules.CosineDecay(0.1, 10, warmup=3), UnexpectedArgument, "warmup_"),
    (lambda: optimizers.SGD().apply([jnp.ones(2)]), NotBuiltError, "no variables yet"),
    (lambda: optimizers.SGD()._state_list(), NotBuiltError, "build(variables)"),
    (
        lambda: built().apply([jnp.ones(2)], [Variable(jnp.ones(2), path="other/kernel", name="kernel")]),
        ArgumentError,
        "kernel",
    ),
    (lambda: built().apply([jnp.ones(2)] * 3), ArgumentError, "3 gradients for 4 parameters"),
    (lambda: built().apply([None] * 4), ArgumentError, "does not depend on any trainable variable"),
    (
        lambda: built().apply([jnp.ones(2)] * 4),
        ShapeError,
        "'kernel' has shape (4, 3). Received a gradient of shape (2,)",
    ),
    (lambda: built().set_weights([np.zeros(())]), SavingError, "keeps 6 arrays"),
    (
        lambda: built().set_weights([np.zeros(())] * 6),
        SavingError,
        "dense_kernel_momentum has shape (4, 3)",
    ),
    (lambda: built().exclude_from_weight_decay(var_names=["bias"]), ArgumentError, "before training starts"),
    (
        lambda: unbound_exclusion().update(
            [jnp.ones(2)], unbound_exclusion().init([jnp.ones(2)]), [jnp.ones(2)]
        ),
        NotBuiltError,
        "by name",
    ),
    (
        lambda: jax.jit(built().apply)([g[0] for g in gradients(steps=1)]),
        TracingError,
        "optimizer.update(gradients",
    ),
]


def built():
    optimizer = optimizers.SGD(0.1, momentum=0.9)
    optimizer.build(variables())
    return optimizer


def unbound_exclusion():
    optimizer = optimizers.AdamW()
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


@pytest.mark.parametrize(
    ("call", "error", "words"), BAD, ids=[f"{index}-{words}" for index, (_, _, words) in enumerate(BAD)]
)
def test_message(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)


def test_setting_a_bad_learning_rate_leaves_the_old_one():
    optimizer = built()
    with pytest.raises(ArgumentError, match="learning_rate=-1"):
        optimizer.learning_rate = -1
    assert optimizer.learning_rate == np.float32(0.1)
