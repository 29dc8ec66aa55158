"""What a metric is: state, pure functions, subclasses as in Keras, names, directions, and what it says about
bad input.
"""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona import metrics
from neurona.core.errors import ArgumentError, NeuronaError, NotBuiltError, ShapeError, UnexpectedArgument
from neurona.core.registry import custom_object_scope
from neurona.core.symbolic import reset_names
from neurona.core.variable import Variable
from neurona.metrics import Metric


def positives(base, ops):
    """The subclass of Keras's guide, on either library."""

    class BinaryTruePositives(base):
        def __init__(self, name="binary_true_positives", **kwargs):
            super().__init__(name=name, **kwargs)
            self.true_positives = self.add_variable(shape=(), initializer="zeros", name="true_positives")
            self.seen = self.add_weight(name="seen", initializer="zeros", dtype="int32")

        def update_state(self, y_true, y_pred, sample_weight=None):
            values = ops.logical_and(ops.equal(y_true, 1), ops.greater(y_pred, 0.5)).astype(self.dtype)
            if sample_weight is not None:
                values = values * ops.broadcast_to(sample_weight, values.shape)
            self.true_positives.assign(self.true_positives + ops.sum(values))
            self.seen.assign_add(values.size)

        def result(self):
            return self.true_positives

    return BinaryTruePositives


def test_a_subclass_as_in_keras_works_unchanged_and_inside_jit():
    mine, other = positives(Metric, jnp)(), positives(keras.Metric, keras.ops)()
    rng = np.random.default_rng(0)
    batches = [
        (
            rng.integers(2, size=8),
            jnp.asarray(rng.uniform(size=8), "float32"),
            rng.uniform(size=8).astype("float32"),
        )
        for _ in range(3)
    ]
    values = mine.stateless_reset_state()
    step = jax.jit(mine.stateless_update_state)
    for y_true, y_pred, weight in batches:
        mine.update_state(y_true, y_pred, weight)
        other.update_state(y_true, y_pred, weight)
        values = step(values, y_true, y_pred, weight)
    assert float(mine.result()) == pytest.approx(float(other.result()))
    assert float(mine.stateless_result(values)) == pytest.approx(float(other.result()))
    assert [v.dtype for v in mine.variables] == ["float32", "int32"]
    assert [v.path for v in mine.variables] == [v.path for v in other.variables]
    assert int(mine.seen) == 24
    mine.reset_state()
    assert (float(mine.true_positives), int(mine.seen)) == (0.0, 0)


def test_metrics_inside_a_metric_and_bare_variables_are_state_too():
    class Both(Metric):
        def __init__(self):
            super().__init__(name="both")
            self.parts = {"mean": metrics.Mean(), "rest": [metrics.Sum()]}
            self.last = Variable(jnp.zeros(()), trainable=False, name="last")
            self.first = self.add_variable((), name="first")

        def update_state(self, values, sample_weight=None):
            self.parts["mean"].update_state(values, sample_weight)
            self.parts["rest"][0].update_state(values, sample_weight)
            self.last.assign(jnp.asarray(values)[-1])

        def result(self):
            return {
                "mean": self.parts["mean"].result(),
                "sum": self.parts["rest"][0].result(),
                "last": self.last,
            }

    metric = Both()
    assert [v.name for v in metric.variables] == ["first", "last", "total", "count", "total"]
    values = metric.stateless_update_state(metric.stateless_reset_state(), [1.0, 2.0, 6.0])
    assert {k: float(v) for k, v in metric.stateless_result(values).items()} == {
        "mean": 3.0,
        "sum": 9.0,
        "last": 6.0,
    }
    assert all(float(v) == 0 for v in metric.variables)


def test_automatic_names_are_those_of_keras():
    reset_names()
    keras.backend.clear_session()
    for name in ("Precision", "Precision", "AUC", "AUC"):
        assert getattr(metrics, name)().name == getattr(keras.metrics, name)().name
    assert metrics.IoU(2, [0]).name == keras.metrics.IoU(2, [0]).name == "io_u"
    assert metrics.Mean(name=None).name == "mean"


def test_result_before_any_batch_is_zero():
    for name in ("Mean", "BinaryAccuracy", "Precision", "AUC", "F1Score", "R2Score"):
        assert float(getattr(metrics, name)().result()) == 0.0, name
    assert float(metrics.MeanIoU(3).result()) == 0.0


def test_lazily_created_state_is_created_without_counting():
    for metric in (metrics.F1Score(), metrics.R2Score(), metrics.AUC(multi_label=True)):
        metric._create_variables(
            jax.ShapeDtypeStruct((8, 3), "float32"), jax.ShapeDtypeStruct((8, 3), "float32")
        )
        assert metric.variables
        assert all(not v.numpy().any() for v in metric.variables)
        assert all(not isinstance(v.value, jax.core.Tracer) for v in metric.variables)


def test_a_metric_may_be_created_and_reset_inside_jit():
    @jax.jit
    def score(y_true, y_pred):
        metric = metrics.AUC(multi_label=True)
        values = metric.stateless_update_state([], y_true, y_pred)
        return metric.stateless_result(values)

    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(2, size=(20, 3)), rng.uniform(size=(20, 3)).astype("float32")
    assert float(score(y_true, y_pred)) == pytest.approx(
        float(keras.metrics.AUC(multi_label=True)(y_true, y_pred)), rel=1e-5
    )


@pytest.mark.parametrize(
    ("identifier", "cls", "name"),
    [
        ("mse", metrics.MeanSquaredError, "mean_squared_error"),
        ("MAE", metrics.MeanAbsoluteError, "mean_absolute_error"),
        ("mean_absolute_error", metrics.MeanAbsoluteError, "mean_absolute_error"),
        ("AUC", metrics.AUC, None),
        ("auc", metrics.AUC, None),
        ("acc", metrics.Accuracy, "accuracy"),
        ("accuracy", metrics.Accuracy, "accuracy"),
        ("categorical_accuracy", metrics.CategoricalAccuracy, "categorical_accuracy"),
        (
            "sparse_top_k_categorical_accuracy",
            metrics.SparseTopKCategoricalAccuracy,
            "sparse_top_k_categorical_accuracy",
        ),
        ("categorical_crossentropy", metrics.CategoricalCrossentropy, "categorical_crossentropy"),
        ("kl_divergence", metrics.KLDivergence, "kl_divergence"),
        ("cosine_similarity", metrics.CosineSimilarity, "cosine_similarity"),
        ("hinge", metrics.Hinge, "hinge"),
        ("f1_score", metrics.F1Score, "f1_score"),
        ("r2_score", metrics.R2Score, "r2_score"),
        (metrics.Recall, metrics.Recall, None),
        (
            {"class_name": "CategoricalCrossentropy", "config": {"from_logits": True}},
            metrics.CategoricalCrossentropy,
            None,
        ),
    ],
)
def test_get(identifier, cls, name):
    metric = metrics.get(identifier)
    assert type(metric) is cls
    assert name is None or metric.name == name


def test_get_returns_functions_objects_and_none_as_they_are():
    def mine(y_true, y_pred):
        return y_true

    metric = metrics.Mean()
    assert metrics.get(metric) is metric
    assert metrics.get(mine) is mine
    assert metrics.get(None) is None
    with custom_object_scope({"mine": mine}):
        assert metrics.get("mine") is mine
    assert metrics.deserialize("binary_accuracy") is metrics.binary_accuracy


@pytest.mark.parametrize(
    ("y_true", "y_pred", "kind"),
    [
        ((8,), (8, 1), "Binary"),
        ((8, 1), (8, 1), "Binary"),
        ((8, 5, 1), (8, 5, 1), "Binary"),
        ((8,), (8,), "Binary"),
        ((8,), (8, 10), "SparseCategorical"),
        ((8, 1), (8, 10), "SparseCategorical"),
        ((8, 5), (8, 5, 10), "SparseCategorical"),
        ((8, 10), (8, 10), "Categorical"),
        ((None, 10), (None, 10), "Categorical"),
        ((None,), (None, 10), "SparseCategorical"),
    ],
)
@pytest.mark.parametrize(
    ("identifier", "family"),
    [("accuracy", "Accuracy"), ("acc", "Accuracy"), ("crossentropy", "Crossentropy"), ("ce", "Crossentropy")],
)
def test_compile_chooses_by_shapes(identifier, family, y_true, y_pred, kind):
    metric = metrics.resolve_metric(identifier, y_true, y_pred)
    assert type(metric).__name__ == kind + family
    assert metric.name == identifier
    if family == "Accuracy" and None not in y_true and len(y_pred) > 1:
        from keras.src.trainers.compile_utils import get_metric

        theirs = get_metric(identifier, np.zeros(y_true), np.zeros(y_pred))
        assert type(theirs).__name__ == type(metric).__name__


def test_compile_names_metrics_as_keras_does():
    def mine(y_true, y_pred):
        return jnp.abs(y_true - y_pred)

    class Callable:
        def __call__(self, y_true, y_pred):
            return jnp.abs(y_true - y_pred)

    def named(identifier):
        return metrics.resolve_metric(identifier, (4, 1), (4, 1)).name

    assert named("mse") == "mse"
    assert named("AUC") == "AUC"
    assert named(mine) == "mine"
    assert named(Callable()) == "callable"
    assert named(metrics.mean_squared_error) == "mean_squared_error"
    assert named(metrics.Mean(name="other")) == "other"
    assert named(metrics.BinaryAccuracy) == "binary_accuracy"
    assert named({"class_name": "BinaryAccuracy", "config": {"name": "x"}}) == "x"
    metric = metrics.resolve_metric(mine, (4, 1), (4, 1))
    assert float(metric(jnp.array([1.0, 2.0]), jnp.array([0.0, 4.0]))) == 1.5
    with pytest.raises(ArgumentError, match="None"):
        metrics.resolve_metric(None, (4, 1), (4, 1))


def test_wrapped_functions_are_saved_by_name():
    metric = metrics.MeanMetricWrapper(metrics.top_k_categorical_accuracy, name="top", k=2)
    config = metrics.serialize(metric)
    theirs = keras.metrics.serialize(
        keras.metrics.MeanMetricWrapper(keras.metrics.top_k_categorical_accuracy, name="top", k=2)
    )
    assert config == theirs
    again = metrics.deserialize(config)
    y_true, y_pred = np.eye(4)[[0, 1, 2]], np.array([[0.4, 0.3, 0.2, 0.1]] * 3)
    assert float(again(y_true, y_pred)) == float(metric(y_true, y_pred)) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("loss", "min"),
        ("val_loss", "min"),
        ("decoder_loss", "min"),
        ("val_decoder_loss", "min"),
        ("accuracy", "max"),
        ("val_acc", "max"),
        ("sparse_categorical_accuracy", "max"),
        ("out_a_auc", "max"),
        ("precision_2", "max"),
        ("val_mean_io_u", "max"),
        ("f1_score", "max"),
        ("rmse", "min"),
        ("val_mean_absolute_percentage_error", "min"),
        ("kl_divergence", "min"),
        ("cosine_similarity", "max"),
        ("false_positives_1", "min"),
        ("true_positives", "max"),
        ("learning_rate", None),
        ("mean", None),
        ("anything", None),
    ],
)
def test_direction_of_log_names(name, direction):
    assert metrics.direction_of(name) == direction


def test_directions_agree_with_keras():
    constructed = {"IoU": (2, [0]), "MeanIoU": (2,), "OneHotIoU": (2, [0]), "OneHotMeanIoU": (2,)}
    at = ("SensitivityAtSpecificity", "SpecificityAtSensitivity", "PrecisionAtRecall", "RecallAtPrecision")
    for name in (
        n for n in dir(keras.metrics) if n[0].isupper() and n not in ("Metric", "MeanMetricWrapper")
    ):
        arguments = constructed.get(name, (0.5,) if name in at else ())
        direction = getattr(getattr(keras.metrics, name)(*arguments), "_direction", None)
        ours = getattr(metrics, name)(*arguments)._direction
        assert ours == direction or (direction is None and name.startswith(("True", "False")))


def test_a_metric_tells_its_own_direction():
    class Odd(Metric):
        _direction = "up"

    assert metrics.direction_of("error", Odd()) == "max"
    assert metrics.direction_of("mine", metrics.MeanMetricWrapper(metrics.huber)) == "min"
    assert metrics.direction_of("mine", metrics.MeanMetricWrapper(lambda y_true, y_pred: y_true)) is None


ONES = np.ones
BAD = [
    (lambda: metrics.get("acuracy"), ArgumentError, "Did you mean 'accuracy'"),
    (lambda: metrics.get("mean_squared_eror"), ArgumentError, "Did you mean 'mean_squared_error'"),
    (lambda: metrics.get(3), ArgumentError, "Received: 3"),
    (lambda: metrics.AUC(num_threshold=3), UnexpectedArgument, "Did you mean 'num_thresholds'"),
    (lambda: metrics.get("IoU"), UnexpectedArgument, "num_classes"),
    (lambda: metrics.AUC(curve="RCO"), ArgumentError, "ROC, PR, PRGAIN"),
    (lambda: metrics.AUC(summation_method="left"), ArgumentError, "interpolation, minoring, majoring"),
    (lambda: metrics.AUC(num_thresholds=1), ArgumentError, "num_thresholds is an integer > 1"),
    (lambda: metrics.AUC(num_labels=3), ArgumentError, "multi_label=True"),
    (lambda: metrics.AUC(multi_label=True)(ONES(3), ONES(3)), ShapeError, r"\(batch, labels\)"),
    (
        lambda: metrics.AUC(multi_label=True, num_labels=2)(ONES((3, 3)), ONES((3, 3))),
        ShapeError,
        r"\(batch, 2\)",
    ),
    (
        lambda: metrics.AUC(label_weights=[1, 2])(ONES((3, 3)), ONES((3, 3))),
        ShapeError,
        "one weight per column",
    ),
    (lambda: metrics.Precision(thresholds=1.5), ArgumentError, "from 0 to 1"),
    (lambda: metrics.Recall(thresholds=[0.1, None]), ArgumentError, "from 0 to 1"),
    (lambda: metrics.Precision(top_k=0), ArgumentError, "top_k is an integer >= 1"),
    (lambda: metrics.Precision(top_k=4)(ONES((2, 3)), ONES((2, 3))), ShapeError, "only 3 classes"),
    (lambda: metrics.Precision(class_id=3)(ONES((2, 3)), ONES((2, 3))), ShapeError, "only 3 classes"),
    (lambda: metrics.Precision(class_id=1)(ONES(3), ONES(3)), ShapeError, r"\(batch, classes\)"),
    (
        lambda: metrics.Precision()(ONES(3), ONES(4)),
        ShapeError,
        r"Precision: .* y_true \(3,\), y_pred \(4,\)",
    ),
    (lambda: metrics.Precision()(ONES(3), ONES(3), ONES(4)), ShapeError, r"sample_weight of shape \(4,\)"),
    (lambda: metrics.Precision()(1, 0.5), ShapeError, "batch dimension"),
    (lambda: metrics.SensitivityAtSpecificity(1.5), ArgumentError, "specificity=1.5"),
    (lambda: metrics.RecallAtPrecision(0.5, num_thresholds=0), ArgumentError, "num_thresholds"),
    (lambda: metrics.BinaryAccuracy()(ONES((4, 1)), ONES((4, 10))), ShapeError, "same shape"),
    (lambda: metrics.BinaryAccuracy(threshold=None), ArgumentError, "threshold"),
    (
        lambda: metrics.CategoricalAccuracy()(ONES(4), ONES((4, 10))),
        ShapeError,
        "sparse_categorical_accuracy",
    ),
    (
        lambda: metrics.TopKCategoricalAccuracy()(ONES(4), ONES((4, 10))),
        ShapeError,
        "sparse_top_k_categorical_accuracy",
    ),
    (lambda: metrics.TopKCategoricalAccuracy(k=0), ArgumentError, "k is an integer >= 1"),
    (
        lambda: metrics.SparseCategoricalAccuracy()(ONES((4, 10)), ONES((4, 10))),
        ShapeError,
        "use categorical_accuracy",
    ),
    (lambda: metrics.SparseCategoricalAccuracy()(ONES(5), ONES((4, 10))), ShapeError, r"should be \(4,\)"),
    (lambda: metrics.F1Score()(ONES(4), ONES(4)), ShapeError, r"\(batch, classes\)"),
    (lambda: metrics.FBetaScore(average="mean"), ArgumentError, "'micro', 'macro' or 'weighted'"),
    (lambda: metrics.FBetaScore(beta=0), ArgumentError, "beta is a number > 0"),
    (lambda: metrics.FBetaScore(threshold=2.0), ArgumentError, "threshold"),
    (lambda: metrics.IoU(2, [2]), ArgumentError, "classes from 0 to 1"),
    (lambda: metrics.MeanIoU(3)(ONES((4, 6)), ONES((4, 6, 3))), ShapeError, "sparse_y_pred=False"),
    (lambda: metrics.MeanIoU(3)(ONES((4, 6)), ONES((4, 6)), ONES(4, "int32")), ShapeError, "24 values"),
    (lambda: metrics.R2Score()(ONES(4), ONES(4)), ShapeError, r"\(batch, outputs\)"),
    (lambda: metrics.R2Score(class_aggregation="mean"), ArgumentError, "uniform_average"),
    (lambda: metrics.R2Score(num_regressors=-1), ArgumentError, "num_regressors"),
    (lambda: metrics.RootMeanSquaredError()(ONES((4, 2)), ONES((4, 3))), ShapeError, "RootMeanSquaredError"),
    (lambda: metrics.MeanSquaredError()(ONES((4, 2)), ONES((4, 3))), ShapeError, "mean_squared_error"),
    (lambda: metrics.Mean()(ONES(4), ONES(3)), ShapeError, "one weight per sample"),
    (lambda: metrics.MeanMetricWrapper(3), ArgumentError, "needs a function"),
    (lambda: metrics.Mean().stateless_update_state([0.0], ONES(3)), ShapeError, "2 variables. Received 1"),
    (lambda: metrics.confusion_matrix([0, 1], [0], 2), ShapeError, "one length"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_is_refused_with_what_would_be_right(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, NeuronaError)


def test_a_constructor_that_forgets_super():
    class Forgetful(Metric):
        def __init__(self):
            self.x = self.add_variable((), name="x")

    with pytest.raises(NotBuiltError, match=r"super\(\).__init__\(\)"):
        Forgetful()


def test_fractions_of_weights_are_not_cut_off_silently():
    with pytest.warns(UserWarning, match="dtype='float32'"):
        metrics.MeanIoU(2)([0, 1], [0, 1], np.array([0.5, 1.5]))
    assert float(metrics.MeanIoU(2, dtype="float32")([0, 1], [0, 0], np.array([0.5, 1.5]))) == pytest.approx(
        0.125, rel=1e-5
    )


@pytest.mark.parametrize("outputs", [1, 3])
def test_adjusted_r2_counts_rows_with_weight(outputs):
    rng = np.random.default_rng(0)
    y_true = rng.normal(size=(9, outputs))
    y_pred = y_true + 0.3 * rng.normal(size=y_true.shape)
    weights = np.array([0.0, 0.0, 0.5, 1.0, 2.0, 1.0, 1.0, 1.0, 0.5])
    plain = metrics.R2Score(class_aggregation=None)
    adjusted = metrics.R2Score(class_aggregation=None, num_regressors=2)
    for rows in (slice(0, 5), slice(5, 9)):
        plain.update_state(y_true[rows], y_pred[rows], weights[rows])
        adjusted.update_state(y_true[rows], y_pred[rows], weights[rows])
    np.testing.assert_allclose(adjusted.result(), 1 - (1 - plain.result()) * 6 / 4, rtol=1e-5)


def test_the_best_scores_of_a_single_row():
    labels, scores = np.array([0, 1, 1, 0, 0]), np.array([0.2, 0.1, 0.5, 0, 0.2])
    assert float(metrics.Precision(top_k=3)(labels, scores)) == pytest.approx(1 / 3)
    assert float(metrics.Recall(top_k=3)(labels, scores)) == pytest.approx(1 / 2)


def test_a_column_of_labels_for_the_steps_of_one_series():
    scores = np.array([[[0.9, 0.1, 0.0], [0.8, 0.15, 0.05], [0.1, 0.8, 0.1]]])  # (1, steps, classes)
    labels = np.array([[0], [1], [1]])  # (steps, 1)
    assert float(metrics.SparseCategoricalAccuracy()(labels, scores)) == pytest.approx(2 / 3)
