"""`tf.estimator.export` and the exporters: what an estimator is given when it is saved for others."""

import os
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from neurona.legacy.tensorflow import io
from neurona.legacy.tensorflow.dtypes import string
from neurona.legacy.tensorflow.v1.building import placeholder
from neurona.legacy.tensorflow.v1.saved_model import (
    DEFAULT_SERVING_SIGNATURE_DEF_KEY,
    SERVING,
    SavedModelBuilder,
    predict_signature_def,
)


class ServingInputReceiver:
    """The features of a model, and the tensors that are fed for them."""

    def __init__(
        self, features: Any, receiver_tensors: Any, receiver_tensors_alternatives: Any = None
    ) -> None:
        self.features = features
        named = isinstance(receiver_tensors, dict)
        self.receiver_tensors = receiver_tensors if named else {"input": receiver_tensors}


TensorServingInputReceiver = ServingInputReceiver


def build_raw_serving_input_receiver_fn(
    features: dict[str, Any], default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """A function that gives placeholders like the features."""

    def receive() -> ServingInputReceiver:
        fed = {
            name: placeholder(one.dtype, [default_batch_size, *list(one.shape)[1:]], name)
            for name, one in features.items()
        }
        return ServingInputReceiver(fed, fed)

    return receive


def build_parsing_serving_input_receiver_fn(
    feature_spec: dict[str, Any], default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """A function that gives a placeholder of serialized examples, and the features in them."""

    def receive() -> ServingInputReceiver:
        examples = placeholder(string, [default_batch_size], "input_example_tensor")
        return ServingInputReceiver(io.parse_example(examples, feature_spec), {"examples": examples})

    return receive


def PredictOutput(outputs: Any) -> SimpleNamespace:
    """Numbers that are predicted, by names."""
    return SimpleNamespace(outputs=outputs if isinstance(outputs, dict) else {"output": outputs})


def RegressionOutput(value: Any) -> SimpleNamespace:
    """One number that is predicted."""
    return SimpleNamespace(outputs={"outputs": value})


def ClassificationOutput(scores: Any = None, classes: Any = None) -> SimpleNamespace:
    """Classes and their scores."""
    given = {"scores": scores, "classes": classes}
    return SimpleNamespace(outputs={name: one for name, one in given.items() if one is not None})


class LatestExporter:
    """Saves an estimator when `train_and_evaluate` has measured it."""

    def __init__(
        self,
        name: str = "exporter",
        serving_input_receiver_fn: Any = None,
        assets_extra: Any = None,
        as_text: bool = False,
        *_: Any,
        **__: Any,
    ) -> None:
        self.name, self._receives = name, serving_input_receiver_fn

    def export(self, estimator: Any, export_path: Any, *_: Any, **__: Any) -> Any:
        """Save it in a folder."""
        return estimator.export_saved_model(export_path, self._receives)


FinalExporter = BestExporter = LatestExporter


def save(folder: Any, session: Any, receiver: Any, spec: Any) -> bytes:
    """Write the values of a session's variables into a new folder, with the names of inputs and outputs."""
    number = int(time.time())
    while os.path.exists(path := os.path.join(os.fsdecode(folder), str(number))):
        number += 1
    exported = spec.export_outputs or {DEFAULT_SERVING_SIGNATURE_DEF_KEY: PredictOutput(spec.predictions)}
    told = {
        name: predict_signature_def(receiver.receiver_tensors, one.outputs) for name, one in exported.items()
    }
    told.setdefault(DEFAULT_SERVING_SIGNATURE_DEF_KEY, next(iter(told.values())))
    builder = SavedModelBuilder(path)
    builder.add_meta_graph_and_variables(session, [SERVING], told)
    builder.save()
    return os.fsencode(path)
