"""What users may call their own: classes that are subclassed have no public names but Keras's."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import neurona
from neurona import layers
from tests.layers.cases import CASES

# Names of Neurona alone, which nothing inside reads: a subclass may use them for anything.
OURS = {"apply": "the layer as a pure function"}
# Keras sets these on instances, when a model is compiled or fitted.
SET_LATER = {
    "compiled",
    "history",
    "loss",
    "optimizer",
    "output_names",
    "params",
    "stop_evaluating",
    "stop_predicting",
    "stop_training",
}
# Keras has these on its functional models, another class there, and on built optimizers.
ELSEWHERE = {"built", "input_shape", "inputs", "output_shape", "outputs"}
# Keras sets it in the constructor.
OF_OBJECTS = {"steps_per_execution"}
# The pure functions behind an optimizer's steps.
OF_OPTIMIZERS = {"init", "update"}

BASES = {
    "Layer": ("Layer", set(OURS)),
    "Model": ("Model", {*OURS, *SET_LATER, *ELSEWHERE, *OF_OBJECTS}),
    "Sequential": ("Sequential", {*OURS, *SET_LATER, *OF_OBJECTS}),
    "Metric": ("Metric", set()),
    "Loss": ("Loss", set()),
    "Optimizer": ("Optimizer", {*OF_OPTIMIZERS, *ELSEWHERE}),
    "Callback": ("callbacks.Callback", SET_LATER),
    "Initializer": ("Initializer", set()),
    "Regularizer": ("Regularizer", set()),
    "Constraint": ("constraints.Constraint", set()),
    "LearningRateSchedule": ("optimizers.schedules.LearningRateSchedule", set()),
    "RNN": ("layers.RNN", {*OURS, "state_size"}),
    "Wrapper": ("layers.Wrapper", set(OURS)),
}


def public(target: Any) -> set[str]:
    return {name for name in dir(target) if not name.startswith("_")}


def find(library: Any, path: str) -> Any:
    for name in path.split("."):
        library = getattr(library, name)
    return library


@pytest.mark.parametrize(("path", "allowed"), BASES.values(), ids=BASES)
def test_classes_that_are_subclassed_have_keras_names_only(path: str, allowed: set[str]) -> None:
    assert public(find(neurona, path)) - public(find(keras, path)) - allowed == set()


@pytest.mark.parametrize("name", sorted({case.layer for case in CASES}))
def test_layers_have_keras_names_only(name: str) -> None:
    """And the names of arguments, wherever they are kept."""
    case = next(case for case in CASES if case.layer == name)

    def made(library: Any) -> Any:
        options = case.options(library) if callable(case.options) else case.options
        return getattr(library.layers, name)(**options)

    ours = made(neurona)
    others = {"data_format", "layer", "output_shape", "use_cudnn"}  # which Keras keeps under other names
    arguments = {*ours._arguments, *others}
    learned = {"beta", "gamma", "variance", "state_size"}  # Keras's, from the build on
    assert public(ours) - public(made(keras)) - arguments - learned - set(OURS) == set()


# Names that subclasses took for their own, and that broke the model.
TAKEN = [
    *(
        "sublayers",
        "graph",
        "pace",
        "walk",
        "flatten_layers",
        "training_state",
        "steps_trained",
        "interrupted",
    ),
    *("custom_step", "parts", "run", "kind", "keras_module", "from_name", "apply", "input_names", "history"),
    *("rank", "count", "pool", "axes", "merge", "scores", "projection", "state", "key", "step", "scope"),
]


def model_with(name: str, value: Callable[[], Any]) -> Any:
    class Own(neurona.Model):
        def __init__(self) -> None:
            super().__init__()
            setattr(self, name, value())
            self.dense = layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    return Own()


@pytest.mark.parametrize("value", [lambda: [layers.Dense(1)], lambda: "text", lambda: lambda x: x])
def test_any_other_name_is_free(value: Callable[[], Any]) -> None:
    """A list of layers, a text and a function under each of them, at once and in a subclass's body."""
    model = model_with("own", value)
    for name in TAKEN:
        setattr(model, name, value())
    model.compile("sgd", "mse")
    x = np.ones((4, 2), "float32")
    model.fit(x, x[:, :1], verbose=0)
    assert model.predict(x, verbose=0).shape == (4, 1)
    model.evaluate(x, x[:, :1], verbose=0)
    model.summary(print_fn=lambda text: None)
    assert model.get_config() is not None
