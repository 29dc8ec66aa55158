"""`tf.contrib.learn`: its data sets; its models became `tf.estimator`."""

from types import SimpleNamespace
from typing import Any

from neurona.legacy.tensorflow.v1 import estimator, examples
from neurona.messages import translated


def _load_dataset(name: str, *_: Any, **__: Any) -> Any:
    if name != "mnist":
        raise ValueError(translated(f"tf.contrib.learn.datasets has 'mnist' here. Received: {name!r}"))
    return examples.read_data_sets()


datasets = SimpleNamespace(
    load_dataset=_load_dataset, mnist=SimpleNamespace(read_data_sets=examples.read_data_sets)
)
ModeKeys, RunConfig = estimator.ModeKeys, estimator.RunConfig


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"tf.contrib.learn.{name} is not in Neurona: it became tf.estimator.", name=name)
