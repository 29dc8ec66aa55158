"""`tf.estimator`'s ready models: linear ones and networks, for classes and for numbers."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow import arrays, math, nn
from neurona.legacy.tensorflow.dtypes import float32, int64
from neurona.legacy.tensorflow.v1 import layers, losses, metrics, train
from neurona.legacy.tensorflow.v1.estimator import Estimator, EstimatorSpec, ModeKeys
from neurona.legacy.tensorflow.v1.feature_column import input_layer
from neurona.messages import translated

_OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "Adagrad": lambda: train.AdagradOptimizer(0.05),
    "Adam": lambda: train.AdamOptimizer(0.001),
    "Ftrl": lambda: train.FtrlOptimizer(0.05),
    "RMSProp": lambda: train.RMSPropOptimizer(0.001),
    "SGD": lambda: train.GradientDescentOptimizer(0.05),
}


class _Ready(Estimator):
    """A model of columns of features.

    Args:
        hidden_units: the sizes of the layers between.
        feature_columns: of `tf.feature_column`.
        model_dir, config: as of `Estimator`.
        n_classes: how many classes there are.
        optimizer: one of `tf.train`, or its name.
        activation_fn, dropout: of the layers between.
        label_dimension: how many numbers are predicted.
    """

    _classifies, _optimizer = True, "Adagrad"

    def __init__(
        self,
        hidden_units: Any = (),
        feature_columns: Any = None,
        model_dir: Any = None,
        n_classes: int = 2,
        optimizer: Any = None,
        activation_fn: Any = nn.relu,
        dropout: float | None = None,
        config: Any = None,
        label_dimension: int = 1,
        **others: Any,
    ) -> None:
        refused = [name for name, value in others.items() if value is not None]
        if refused:
            raise ValueError(
                translated(f"{type(self).__name__} has no {refused[0]}= here: draw the model in a model_fn.")
            )
        self._columns, self._sizes = list(feature_columns or ()), tuple(hidden_units)
        self._count = n_classes if self._classifies else label_dimension
        self._activation, self._dropout = activation_fn, dropout
        self._given_optimizer = optimizer or self._optimizer
        super().__init__(self._draw, model_dir, config)

    def _draw(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        net = input_layer(features, self._columns)
        for size in self._sizes:
            net = layers.dense(net, size, activation=self._activation)
            if self._dropout:
                net = layers.dropout(net, self._dropout, training=mode == ModeKeys.TRAIN)
        outputs = layers.dense(net, self._count)
        if labels is not None:
            labels = arrays.reshape(labels, [-1] if self._classifies else [-1, self._count])
        return (
            self._classified(outputs, labels, mode)
            if self._classifies
            else self._estimated(outputs, labels, mode)
        )

    def _classified(self, logits: Any, labels: Any, mode: str) -> EstimatorSpec:
        places = math.argmax(logits, 1, output_type=int64)
        predictions = {
            "logits": logits,
            "probabilities": nn.softmax(logits),
            "class_ids": arrays.expand_dims(places, -1),
            "classes": arrays.expand_dims(places, -1),
        }
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, predictions)
        labels = arrays.cast(labels, int64)
        loss = losses.sparse_softmax_cross_entropy(labels=labels, logits=logits)
        figures = {"accuracy": metrics.accuracy(labels, places), "average_loss": metrics.mean(loss)}
        return self._spec_of(mode, predictions, loss, figures)

    def _estimated(self, outputs: Any, labels: Any, mode: str) -> EstimatorSpec:
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, {"predictions": outputs})
        loss = losses.mean_squared_error(arrays.cast(labels, float32), outputs)
        return self._spec_of(mode, {"predictions": outputs}, loss, {"average_loss": metrics.mean(loss)})

    def _spec_of(self, mode: str, predictions: Any, loss: Any, figures: Any) -> EstimatorSpec:
        if mode == ModeKeys.EVAL:
            return EstimatorSpec(mode, predictions, loss, eval_metric_ops=figures)
        optimizer: Any = self._given_optimizer
        optimizer = _OPTIMIZERS[optimizer]() if isinstance(optimizer, str) else optimizer
        optimizer = optimizer() if callable(optimizer) else optimizer
        step = optimizer.minimize(loss, global_step=train.get_global_step())
        return EstimatorSpec(mode, predictions, loss, step)


class DNNClassifier(_Ready):
    """A network for classes."""


class DNNRegressor(_Ready):
    """A network for numbers."""

    _classifies = False


class LinearClassifier(_Ready):
    """A linear model for classes."""

    _optimizer = "Ftrl"

    def __init__(self, feature_columns: Any, *args: Any, **options: Any) -> None:
        super().__init__((), feature_columns, *args, **options)


class LinearRegressor(LinearClassifier):
    """A linear model for numbers."""

    _classifies = False
