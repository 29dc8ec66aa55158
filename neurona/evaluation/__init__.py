"""Figures of classifiers and regressions, and reports as one HTML file."""

from neurona.core.lazy import suggest_names
from neurona.evaluation.classification import (
    ClassFigures,
    Classification,
    classification_figures,
    confusion_matrix,
    predicted_labels,
)
from neurona.evaluation.regression import Regression, regression_figures
from neurona.evaluation.report import Picture, Report, Table, report_html, write_report

__all__ = [
    "ClassFigures",
    "Classification",
    "Picture",
    "Regression",
    "Report",
    "Table",
    "classification_figures",
    "confusion_matrix",
    "predicted_labels",
    "regression_figures",
    "report_html",
    "write_report",
]

suggest_names(__name__)
