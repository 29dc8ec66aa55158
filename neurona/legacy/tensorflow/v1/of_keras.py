"""`model_to_estimator`: a model of Keras as an estimator, whose values lie in a folder."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.layer import Layer
from neurona.legacy.keras.models import load_model
from neurona.legacy.tensorflow.checkpoint import Checkpoint, latest_checkpoint
from neurona.legacy.tensorflow.errors import OutOfRangeError
from neurona.legacy.tensorflow.v1 import train
from neurona.legacy.tensorflow.v1.estimator import Estimator, _has_end, _tensors
from neurona.legacy.tensorflow.v1.graph import Graph
from neurona.legacy.tensorflow.v1.mode import computing
from neurona.messages import translated


def batches_of(input_fn: Any, hooks: Any, most: int | None) -> Iterator[tuple[Any, Any]]:
    """The features and labels that a graph gives, up to its end; once, where it has none and no number of
    batches is given.
    """
    with Graph().as_default():
        train.get_or_create_global_step()
        features, labels = _tensors(input_fn)
        ends = _has_end(features)
        fetched = [features, *([] if labels is None else [labels])]
        with train.MonitoredSession(hooks=list(hooks or ())) as session:
            for _ in itertools.count() if most is None else range(most):
                try:
                    found = session.run(fetched)
                except OutOfRangeError:
                    return
                yield found[0], found[1] if len(found) > 1 else None
                if most is None and not ends:
                    return


class _OfKeras(Estimator):
    """The estimator: batches come from a graph, and the model trains on them as in `fit`."""

    def __init__(self, model: Any, model_dir: Any, config: Any) -> None:
        super().__init__(lambda features: model(features), model_dir, config)
        self._model, self._saved = model, Checkpoint(model=model, optimizer=model.optimizer)

    def latest_checkpoint(self) -> str | None:
        return latest_checkpoint(self.model_dir)

    def _read(self, path: Any = None) -> None:
        path = path or self.latest_checkpoint()
        if path is not None:
            self._saved.read(path)

    def _steps(self) -> int:
        return int(np.asarray(self._model.optimizer.iterations))

    def _batches(self, input_fn: Any, hooks: Any, most: int | None) -> Iterator[Any]:
        """Batches for the model."""
        for features, labels in batches_of(input_fn, hooks, most):
            yield (_in_order(self._model, features), *([] if labels is None else [labels]))

    def train(
        self,
        input_fn: Any,
        hooks: Any = None,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Any = None,
    ) -> "Estimator":
        self._read()
        most = steps if max_steps is None else max(max_steps - self._steps(), 0)
        batches = self._batches(input_fn, hooks, most)
        with computing():
            self._model.fit(batches, verbose=0)
            self._saved.save(f"{self.model_dir}/model.ckpt")
        return self

    def evaluate(
        self,
        input_fn: Any,
        steps: int | None = None,
        hooks: Any = None,
        checkpoint_path: Any = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        self._read(checkpoint_path)
        batches = self._batches(input_fn, hooks, steps)
        with computing():
            found = self._model.evaluate(batches, verbose=0, return_dict=True)
        return {**{key: np.float32(value) for key, value in found.items()}, "global_step": self._steps()}

    def predict(
        self,
        input_fn: Any,
        predict_keys: Any = None,
        hooks: Any = None,
        checkpoint_path: Any = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        self._read(checkpoint_path)
        names = [name for name in self._model.output_names if predict_keys is None or name in predict_keys]
        for features, *_ in self._batches(input_fn, hooks, None):
            with computing():
                found = self._model.predict_on_batch(features)
            found = found if isinstance(found, (list, tuple)) else [found]
            told = dict(zip(self._model.output_names, map(np.asarray, found), strict=True))
            batch = {key: told[key] for key in names}
            if yield_single_examples:
                yield from ({key: one[row] for key, one in batch.items()} for row in range(len(found[0])))
            else:
                yield batch


def _in_order(model: Any, features: Any) -> Any:
    """Features by name as the model's inputs."""
    if not isinstance(features, dict):
        return features
    names = list(model.input_names)
    missing = [name for name in names if name not in features]
    if missing:
        raise KeyError(
            translated(
                f"The model's inputs are {', '.join(names)}. The features of input_fn are "
                f"{', '.join(features)}: name them as the inputs."
            )
        )
    inputs = [features[name] for name in names]
    return inputs[0] if len(inputs) == 1 else inputs


def model_to_estimator(
    keras_model: Any = None,
    keras_model_path: Any = None,
    custom_objects: Any = None,
    model_dir: Any = None,
    config: Any = None,
    checkpoint_format: Any = None,
    metric_names_map: Any = None,
    **_: Any,
) -> Estimator:
    """An estimator that trains a compiled model of Keras, or the one in a file.

    Raises:
        ValueError: there is no model, or it was not compiled.
    """
    if keras_model is None and keras_model_path is None:
        raise ValueError(translated("model_to_estimator takes keras_model= or keras_model_path=."))
    model = load_model(keras_model_path, custom_objects) if keras_model is None else keras_model
    if not isinstance(model, Layer) or getattr(model, "optimizer", None) is None:
        raise ValueError(translated("model_to_estimator takes a compiled model: call model.compile first."))
    return _OfKeras(model, model_dir, config)
