"""A second truth: scikit-learn on the whole data at once."""

import numpy as np
import pytest
import sklearn.metrics as sk

from neurona import metrics

RNG = np.random.default_rng(0)
LABELS = RNG.integers(2, size=4000)
SCORES = np.clip(0.3 * LABELS + RNG.uniform(0, 0.7, size=4000), 0, 1).astype("float32")
WEIGHTS = RNG.uniform(0.5, 2, size=4000).astype("float32")
ONE_HOT = np.eye(5)[RNG.integers(5, size=1000)]
CLASS_SCORES = (ONE_HOT + RNG.normal(size=(1000, 5)) * 0.7).astype("float32")


def counted(metric, y_true, y_pred, weights=None, batch=256):
    for start in range(0, len(y_true), batch):
        part = slice(start, start + batch)
        metric.update_state(y_true[part], y_pred[part], None if weights is None else weights[part])
    return np.asarray(metric.result())


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_area_under_the_roc_curve(weights):
    area = counted(metrics.AUC(num_thresholds=2000), LABELS, SCORES, weights)
    assert area == pytest.approx(sk.roc_auc_score(LABELS, SCORES, sample_weight=weights), abs=1e-4)


def test_area_under_the_precision_recall_curve():
    area = counted(metrics.AUC(num_thresholds=2000, curve="PR"), LABELS, SCORES)
    assert area == pytest.approx(sk.average_precision_score(LABELS, SCORES), abs=2e-3)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize(("name", "truth"), [("Precision", sk.precision_score), ("Recall", sk.recall_score)])
def test_precision_and_recall(name, truth, weights):
    figure = counted(getattr(metrics, name)(), LABELS, SCORES, weights)
    assert figure == pytest.approx(truth(LABELS, SCORES > 0.5, sample_weight=weights), rel=1e-5)


@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_f_scores(average, beta):
    figure = counted(metrics.FBetaScore(average=average, beta=beta), ONE_HOT, CLASS_SCORES)
    truth = sk.fbeta_score(ONE_HOT.argmax(1), CLASS_SCORES.argmax(1), beta=beta, average=average)
    np.testing.assert_allclose(figure, truth, rtol=1e-5)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("uniform_average",) * 2, ("variance_weighted_average", "variance_weighted"), (None, "raw_values")],
)
@pytest.mark.parametrize("weights", [None, WEIGHTS[:1000]], ids=["plain", "weighted"])
def test_r2(ours, theirs, weights):
    y_true = RNG.normal(size=(1000, 3)).astype("float32") * [1, 2, 3]
    y_pred = (y_true + RNG.normal(size=(1000, 3))).astype("float32")
    figure = counted(metrics.R2Score(class_aggregation=ours), y_true, y_pred, weights)
    np.testing.assert_allclose(
        figure, sk.r2_score(y_true, y_pred, multioutput=theirs, sample_weight=weights), rtol=1e-5
    )


def test_confusion_matrix_and_iou():
    true, predicted = ONE_HOT.argmax(1), CLASS_SCORES.argmax(1)
    np.testing.assert_array_equal(
        metrics.confusion_matrix(true, predicted, 5), sk.confusion_matrix(true, predicted)
    )
    figure = counted(metrics.MeanIoU(5), true, predicted)
    assert figure == pytest.approx(sk.jaccard_score(true, predicted, average="macro"), rel=1e-5)


def test_accuracies():
    true = ONE_HOT.argmax(1)
    assert counted(metrics.CategoricalAccuracy(), ONE_HOT, CLASS_SCORES) == pytest.approx(
        sk.accuracy_score(true, CLASS_SCORES.argmax(1))
    )
    assert counted(metrics.SparseTopKCategoricalAccuracy(k=2), true, CLASS_SCORES) == pytest.approx(
        sk.top_k_accuracy_score(true, CLASS_SCORES, k=2)
    )
