"""`tf.estimator`'s ready models: linear ones, networks, and both together, for classes and for numbers."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow import arrays, math, nn, strings
from neurona.legacy.tensorflow.dtypes import float32, int64
from neurona.legacy.tensorflow.feature_column import categorical_column_with_vocabulary_list
from neurona.legacy.tensorflow.v1 import layers, metrics, train
from neurona.legacy.tensorflow.v1.estimator import Estimator, EstimatorSpec, ModeKeys
from neurona.legacy.tensorflow.v1.feature_column import _places, input_layer, linear_model
from neurona.legacy.tensorflow.v1.initializers import Zeros
from neurona.legacy.tensorflow.v1.mode import Mode
from neurona.legacy.tensorflow.v1.scopes import get_variable, variable_scope
from neurona.legacy.tensorflow.v1.variables import group, trainable_variables
from neurona.messages import translated

_OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "Adagrad": lambda: train.AdagradOptimizer(0.05),
    "Adam": lambda: train.AdamOptimizer(0.001),
    "Ftrl": lambda: train.FtrlOptimizer(0.05),
    "RMSProp": lambda: train.RMSPropOptimizer(0.001),
    "SGD": lambda: train.GradientDescentOptimizer(0.05),
}


class _Ready(Estimator):
    """A model of columns of features: the sum of a linear one and of a network, each where it has columns.

    Args:
        linear, linear_optimizer: columns of the linear model, and what trains it.
        dnn, dnn_optimizer, sizes, activation, dropout: the same of the network, and its layers between.
        count: how many classes there are, or how many numbers are predicted.
        label_vocabulary: the classes' names, where labels are texts.
        baseline_optimizer: what trains a model without columns.
        warm_start_from: the folder of another, or `WarmStartSettings`.
        others: options that are not here are refused.
    """

    _classifies = True

    def __init__(
        self,
        model_dir: Any,
        config: Any,
        count: int,
        linear: Any = None,
        linear_optimizer: Any = "Ftrl",
        dnn: Any = None,
        dnn_optimizer: Any = "Adagrad",
        sizes: Any = (),
        activation: Any = nn.relu,
        dropout: float | None = None,
        label_vocabulary: Any = None,
        loss_reduction: Any = None,
        baseline_optimizer: Any = None,
        warm_start_from: Any = None,
        **others: Any,
    ) -> None:
        refused = [name for name, value in others.items() if value is not None]
        if refused:
            raise ValueError(
                translated(f"{type(self).__name__} has no {refused[0]}= here: draw the model in a model_fn.")
            )
        self._linear, self._dnn, self._sizes = list(linear or ()), list(dnn or ()), tuple(sizes or ())
        self._optimizers = {"linear": linear_optimizer, "dnn": dnn_optimizer, "baseline": baseline_optimizer}
        self._activation, self._dropout = activation, dropout
        self._count, self._words = count, None if label_vocabulary is None else list(label_vocabulary)
        given = "sum" if Mode.is_one else "sum_over_batch_size"
        self._sums = str(getattr(loss_reduction, "value", loss_reduction) or given).lower() == "sum"
        super().__init__(self._draw, model_dir, config, warm_start_from=warm_start_from)

    @property
    def _width(self) -> int:
        """How many numbers the model gives: two classes are told apart by one."""
        return 1 if self._classifies and self._count == 2 else self._count

    def _draw(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        outputs = self._logits(features, mode)
        return (self._classified if self._classifies else self._estimated)(outputs, labels, mode)

    def _logits(self, features: Any, mode: str) -> Any:
        parts = []
        if self._dnn:
            with variable_scope("dnn"):
                parts.append(self._network(features, mode))
        if self._linear:
            with variable_scope("linear"):
                parts.append(linear_model(features, self._linear, self._width))
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    def _network(self, features: Any, mode: str) -> Any:
        with variable_scope("input_from_feature_columns"):
            net = input_layer(features, self._dnn)
        for number, size in enumerate(self._sizes):
            net = layers.dense(net, size, activation=self._activation, name=f"hiddenlayer_{number}")
            if self._dropout:
                net = layers.dropout(net, self._dropout, training=mode == ModeKeys.TRAIN)
        return layers.dense(net, self._width, name="logits")

    def _labels(self, labels: Any) -> Any:
        if self._words is None:
            return arrays.cast(arrays.reshape(labels, [-1, 1]), int64)
        column = categorical_column_with_vocabulary_list("label", self._words)
        return arrays.cast(_places({"label": labels}, column), int64)

    def _classified(self, logits: Any, labels: Any, mode: str) -> EstimatorSpec:
        both = logits if self._width > 1 else arrays.concat([arrays.zeros_like(logits), logits], 1)
        places = arrays.expand_dims(math.argmax(both, 1, output_type=int64), -1)
        predictions = {"logits": logits, "probabilities": nn.softmax(both), "class_ids": places}
        if self._words is None:
            predictions["classes"] = strings.as_string(places)
        else:
            predictions["classes"] = nn.embedding_lookup(self._words, places)
        if self._width == 1:
            predictions["logistic"] = math.sigmoid(logits)
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, predictions)
        labels = self._labels(labels)
        one = nn.sparse_softmax_cross_entropy_with_logits(arrays.squeeze(labels, 1), both)
        if mode == ModeKeys.TRAIN:
            return self._spec_of(mode, predictions, one, {})
        figures = {"accuracy": metrics.accuracy(labels, places), "average_loss": metrics.mean(one)}
        if self._width == 1:
            chance = predictions["logistic"]
            figures |= {
                "auc": metrics.auc(labels, chance),
                "auc_precision_recall": metrics.auc(labels, chance, curve="PR"),
                "precision": metrics.precision(labels, places),
                "recall": metrics.recall(labels, places),
                "label/mean": metrics.mean(labels),
                "prediction/mean": metrics.mean(chance),
            }
        return self._spec_of(mode, predictions, one, figures)

    def _estimated(self, outputs: Any, labels: Any, mode: str) -> EstimatorSpec:
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, {"predictions": outputs})
        wanted = arrays.cast(arrays.reshape(labels, [-1, self._count]), float32)
        one = math.square(outputs - wanted)
        figures = (
            {}
            if mode == ModeKeys.TRAIN
            else {
                "average_loss": metrics.mean(one),
                "label/mean": metrics.mean(wanted),
                "prediction/mean": metrics.mean(outputs),
            }
        )
        return self._spec_of(mode, {"predictions": outputs}, one, figures)

    def _spec_of(self, mode: str, predictions: Any, each: Any, figures: Any) -> EstimatorSpec:
        loss = math.reduce_sum(each) if self._sums else math.reduce_mean(each)
        if mode == ModeKeys.EVAL:
            return EstimatorSpec(mode, predictions, loss, eval_metric_ops=figures)
        steps, count = list[Any](), train.get_or_create_global_step()
        for part, columns in (
            ("dnn", self._dnn),
            ("linear", self._linear),
            ("baseline", self._optimizers["baseline"]),
        ):
            if columns:
                variables = [one for one in trainable_variables() if one.op.name.startswith(f"{part}/")]
                steps.append(_optimizer(self._optimizers[part]).minimize(loss, var_list=variables))
        return EstimatorSpec(mode, predictions, loss, group(*steps, count.assign_add(1)))


def _optimizer(given: Any) -> Any:
    made = _OPTIMIZERS[given]() if isinstance(given, str) else given
    return made if hasattr(made, "minimize") else made()


class BaselineClassifier(_Ready):
    """The shares of the classes, whatever the features are."""

    def __init__(
        self, model_dir: Any = None, n_classes: int = 2, weight_column: Any = None,
        label_vocabulary: Any = None, optimizer: Any = "Ftrl", config: Any = None, **others: Any,
    ) -> None:  # fmt: skip
        parts = {"label_vocabulary": label_vocabulary, "weight_column": weight_column}
        super().__init__(model_dir, config, n_classes, baseline_optimizer=optimizer, **parts, **others)

    def _logits(self, features: Any, mode: str) -> Any:
        bias: Any = get_variable("baseline/bias", [self._width], initializer=Zeros())
        first = features if not isinstance(features, dict) else next(iter(features.values()))
        return arrays.zeros([arrays.shape(first)[0], self._width]) + bias


class BaselineRegressor(BaselineClassifier):
    """The mean of the labels, whatever the features are."""

    _classifies = False

    def __init__(
        self, model_dir: Any = None, label_dimension: int = 1, weight_column: Any = None,
        optimizer: Any = "Ftrl", config: Any = None, **others: Any,
    ) -> None:  # fmt: skip
        super().__init__(model_dir, label_dimension, weight_column, None, optimizer, config, **others)


class DNNClassifier(_Ready):
    """A network for classes."""

    def __init__(
        self,
        hidden_units: Any,
        feature_columns: Any,
        model_dir: Any = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        optimizer: Any = "Adagrad",
        activation_fn: Any = nn.relu,
        dropout: float | None = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        **others: Any,
    ) -> None:
        parts = {"dnn": feature_columns, "dnn_optimizer": optimizer, "sizes": hidden_units}
        parts |= {"activation": activation_fn, "dropout": dropout, "label_vocabulary": label_vocabulary}
        super().__init__(model_dir, config, n_classes, weight_column=weight_column, **parts, **others)


class DNNRegressor(DNNClassifier):
    """A network for numbers."""

    _classifies = False

    def __init__(
        self, hidden_units: Any, feature_columns: Any, model_dir: Any = None, label_dimension: int = 1,
        weight_column: Any = None, optimizer: Any = "Adagrad", *args: Any, **options: Any,
    ) -> None:  # fmt: skip
        given = (hidden_units, feature_columns, model_dir, label_dimension, weight_column, None, optimizer)
        super().__init__(*given, *args, **options)


class LinearClassifier(_Ready):
    """A linear model for classes."""

    def __init__(
        self,
        feature_columns: Any,
        model_dir: Any = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        **others: Any,
    ) -> None:
        parts = {"linear": feature_columns, "linear_optimizer": optimizer}
        parts |= {"label_vocabulary": label_vocabulary, "weight_column": weight_column}
        super().__init__(model_dir, config, n_classes, **parts, **others)


class LinearRegressor(LinearClassifier):
    """A linear model for numbers."""

    _classifies = False

    def __init__(
        self,
        feature_columns: Any,
        model_dir: Any = None,
        label_dimension: int = 1,
        *args: Any,
        **options: Any,
    ) -> None:
        super().__init__(feature_columns, model_dir, label_dimension, *args, **options)


class DNNLinearCombinedClassifier(_Ready):
    """A linear model and a network, whose outputs are added, for classes."""

    def __init__(
        self,
        model_dir: Any = None,
        linear_feature_columns: Any = None,
        linear_optimizer: Any = "Ftrl",
        dnn_feature_columns: Any = None,
        dnn_optimizer: Any = "Adagrad",
        dnn_hidden_units: Any = None,
        dnn_activation_fn: Any = nn.relu,
        dnn_dropout: float | None = None,
        n_classes: int = 2,
        config: Any = None,
        **others: Any,
    ) -> None:
        linear, dnn = linear_feature_columns, dnn_feature_columns
        parts = {"linear": linear, "linear_optimizer": linear_optimizer, "dnn": dnn}
        parts |= {"dnn_optimizer": dnn_optimizer, "sizes": dnn_hidden_units}
        parts |= {"activation": dnn_activation_fn, "dropout": dnn_dropout}
        super().__init__(model_dir, config, n_classes, **parts, **others)


class DNNLinearCombinedRegressor(DNNLinearCombinedClassifier):
    """A linear model and a network, whose outputs are added, for numbers."""

    _classifies = False

    def __init__(self, *args: Any, label_dimension: int = 1, **options: Any) -> None:
        super().__init__(*args, n_classes=label_dimension, **options)
