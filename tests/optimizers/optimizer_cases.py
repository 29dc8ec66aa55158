"""What the optimizer tests share: every optimizer found by registry, the options to try it with, and
parameters to move.
"""

import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np

import neurona.optimizers  # noqa: F401 - its classes register themselves
from neurona.core.registry import built_in
from neurona.core.variable import Variable

PATHS = ["dense/kernel", "dense/bias", "conv/kernel", "embedding/embeddings"]
SHAPES = [(4, 3), (3,), (2, 2, 2, 3), (5, 2)]
STEPS = 20

# Optimizers that can be made from their names alone.
OPTIMIZERS = {
    name: cls
    for name, cls in built_in("optimizers").items()
    if all(
        p.default is not p.empty or p.kind is p.VAR_KEYWORD
        for p in inspect.signature(cls).parameters.values()
    )
}

# Options that every optimizer takes, gathered so that each is met once without the tests taking long.
GENERAL = {
    "plain": {},
    "decay+clipnorm+scale": {"weight_decay": 0.1, "clipnorm": 0.5, "loss_scale_factor": 8.0},
    "clipvalue+ema": {"clipvalue": 0.3, "use_ema": True, "ema_momentum": 0.9},
    "global_clipnorm+ema_overwrite+schedule": {
        "global_clipnorm": 1.0,
        "use_ema": True,
        "ema_overwrite_frequency": 3,
        "learning_rate": "schedule",
    },
    "accumulation+ema_overwrite+decay+clipnorm": {
        "gradient_accumulation_steps": 3,
        "use_ema": True,
        "ema_overwrite_frequency": 2,
        "weight_decay": 0.1,
        "clipnorm": 0.5,
    },
}
OWN = {
    "SGD": [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}],
    "RMSprop": [
        {"momentum": 0.5},
        {"centered": True},
        {"momentum": 0.5, "centered": True, "rho": 0.8, "epsilon": 1e-3},
    ],
    "Adam": [{"amsgrad": True}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}],
    "AdamW": [{"amsgrad": True}],
    "Nadam": [{"gradient_accumulation_steps": 3, "learning_rate": "schedule"}],
    "Adagrad": [{"initial_accumulator_value": 0.0, "epsilon": 1e-2}],
    "Adadelta": [{"rho": 0.5, "learning_rate": 1.0}],
    "Ftrl": [
        {
            "l1_regularization_strength": 0.1,
            "l2_regularization_strength": 0.2,
            "l2_shrinkage_regularization_strength": 0.3,
            "beta": 0.1,
            "learning_rate_power": -0.3,
        }
    ],
    "Lion": [{"beta_1": 0.8, "beta_2": 0.7}],
    "Adafactor": [{"relative_step": False, "clip_threshold": 0.5, "learning_rate": 0.5}],
    "Muon": [
        {"exclude_layers": ["dense"]},
        {"exclude_embeddings": False, "rms_rate": None, "nesterov": False},
        {"adam_lr_ratio": 0.1},
    ],
    "ScheduleFreeAdamW": [{"warmup_steps": 7}],
}
CASES = [(name, label, options) for name in OPTIMIZERS for label, options in GENERAL.items()]
CASES += [(name, "+".join(options), options) for name, several in OWN.items() for options in several]


def arguments(options, schedules):
    """The options as constructor arguments, with a real schedule of the given module for the word."""
    options = {"learning_rate": 0.02, **options}
    if options["learning_rate"] == "schedule":
        options["learning_rate"] = schedules.ExponentialDecay(0.05, 5, 0.7)
    return options


def parameters(seed=0):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape).astype("float32") for shape in SHAPES]


def gradients(seed=1, steps=STEPS):
    """One list of arrays whose first axis is the step."""
    generator = np.random.default_rng(seed)
    return [generator.normal(size=(steps, *shape)).astype("float32") for shape in SHAPES]


def variables(seed=0):
    return [
        Variable(value, name=path.split("/")[-1], path=path) for path, value in zip(PATHS, parameters(seed))
    ]


def keras_variables(seed=0):
    """Keras variables whose paths are ours."""
    found = []
    for path, value in zip(PATHS, parameters(seed)):
        scope, name = path.split("/")
        with keras.name_scope(scope):
            found.append(keras.Variable(value, name=name))
    return found


def keras_class(name):
    """Keras's optimizer of a name."""
    return getattr(keras.optimizers, name)


def run(optimizer, state, start, gradient_steps):
    """All steps as one compiled scan."""

    def step(carry, gradient):
        values, state = carry
        return optimizer.update(gradient, state, values), None

    (values, state), _ = jax.jit(lambda carry, gradient: jax.lax.scan(step, carry, gradient))(
        ([jnp.asarray(value) for value in start], state),
        [jnp.asarray(gradient) for gradient in gradient_steps],
    )
    return values, state


def run_keras(optimizer, gradient_steps):
    """The same in Keras, on its `stateless_apply`; the optimizer is built with variables made for it and
    holds its state afterwards.
    """
    moved = keras_variables()
    optimizer.build(moved)

    def step(carry, gradient):
        values, state = carry
        return optimizer.stateless_apply(state, gradient, values), None

    start = [variable.value for variable in moved], [variable.value for variable in optimizer.variables]
    (values, state), _ = jax.jit(lambda carry, gradient: jax.lax.scan(step, carry, gradient))(
        start, gradient_steps
    )
    for variable, value in zip(optimizer.variables, state, strict=True):
        variable.assign(value)
    return values


def assert_close(actual, expected, what="", tolerance=1e-5):
    """Equal to within the tolerance, relative to the largest value."""
    actual, expected = np.asarray(actual, "float64"), np.asarray(expected, "float64")
    assert actual.shape == expected.shape, f"{what}: {actual.shape} is not {expected.shape}"
    error, largest = np.abs(actual - expected).max(initial=0), np.abs(expected).max(initial=0)
    assert error <= tolerance * max(largest, 1e-30), (
        f"{what}: differs by {error:.3g}, the largest value being {largest:.3g}"
    )
