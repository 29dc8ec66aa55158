"""Figures of classifiers and regressions, and reports as one HTML file."""

from neurona.core.lazy import suggest_names
from neurona.evaluation.classification import (
    ClassFigures,
    Classification,
    classification_figures,
    confusion_matrix,
    predicted_labels,
)
from neurona.evaluation.probabilities import (
    Calibration,
    best_temperature,
    brier_score,
    calibration,
    log_loss,
    with_temperature,
)
from neurona.evaluation.ranking import (
    PrecisionRecallCurve,
    RocCurve,
    Threshold,
    cheapest_threshold,
    lift,
    precision_recall_curve,
    roc_curve,
)
from neurona.evaluation.regression import Regression, regression_figures
from neurona.evaluation.report import Picture, Report, Table, report_html, write_report
from neurona.evaluation.splits import k_folds, time_folds
from neurona.evaluation.uncertainty import (
    Interval,
    PairedTest,
    bootstrap_interval,
    compare_folds,
    compare_predictions,
    conformal_width,
    folds_interval,
)

__all__ = [
    "Calibration",
    "ClassFigures",
    "Classification",
    "Interval",
    "PairedTest",
    "Picture",
    "PrecisionRecallCurve",
    "Regression",
    "Report",
    "RocCurve",
    "Table",
    "Threshold",
    "best_temperature",
    "bootstrap_interval",
    "brier_score",
    "calibration",
    "cheapest_threshold",
    "classification_figures",
    "compare_folds",
    "compare_predictions",
    "conformal_width",
    "confusion_matrix",
    "folds_interval",
    "k_folds",
    "lift",
    "log_loss",
    "precision_recall_curve",
    "predicted_labels",
    "regression_figures",
    "report_html",
    "roc_curve",
    "time_folds",
    "with_temperature",
    "write_report",
]

suggest_names(__name__)
