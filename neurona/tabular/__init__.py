"""Tables: read from any file, told what their columns are, and learned.

table = neurona.tabular.read_table("precios.csv")
for column in neurona.tabular.infer_columns(table):
    print(column.name, column.kind, column.why.say())

trained = neurona.tabular.train_table(table, "precio")
trained.predictor.predict(neurona.tabular.read_table("nuevos.csv").frame)
"""

from typing import TYPE_CHECKING

from neurona.core.lazy import lazy_names

if TYPE_CHECKING:
    from neurona.tabular.assessment import Assessment, assess
    from neurona.tabular.assessment_blocks import assessment_figures, assessment_report, assessment_verdict
    from neurona.tabular.baselines import LogisticBaseline, NeighboursBaseline, RidgeBaseline, select_ensemble
    from neurona.tabular.boosters import CatBoostTrees, LightGBMTrees, XGBoostTrees
    from neurona.tabular.candidates import (
        BoostedTrees,
        Candidate,
        ConstantModel,
        LinearModel,
        NeighboursModel,
    )
    from neurona.tabular.checks import Check
    from neurona.tabular.columns import KINDS, Column, infer_columns
    from neurona.tabular.comparison import (
        Compared,
        Run,
        compare_runs,
        comparison_figures,
        comparison_report,
        comparison_rows,
        comparison_verdict,
        read_run,
        write_predictions,
    )
    from neurona.tabular.drift import Drift, Profile, Usual, column_drift
    from neurona.tabular.encoding import Encoded, TableEncoder
    from neurona.tabular.estimators import TabularClassifier, TabularRegressor
    from neurona.tabular.explanation import Dependence, Explanation, Importance, RowExplanation, explain
    from neurona.tabular.explanation_blocks import (
        explanation_figures,
        explanation_report,
        explanation_verdict,
    )
    from neurona.tabular.exporting import export_model, export_program
    from neurona.tabular.judgement import Judgement, Standing, Worth, column_worth, judge
    from neurona.tabular.learning import Learned, Member, TableModel, Trial, learn_table
    from neurona.tabular.network import KerasNetwork
    from neurona.tabular.notes import Note
    from neurona.tabular.predictor import TablePredictor
    from neurona.tabular.reading import RawTable, read_table
    from neurona.tabular.real_mlp import RealMLP
    from neurona.tabular.report import model_name, table_figures, table_report, verdict
    from neurona.tabular.searching import (
        SearchedTable,
        TableSearchOptions,
        search_table,
        searched_figures,
        searched_report,
        searched_verdict,
    )
    from neurona.tabular.target import TASKS, Target, infer_target
    from neurona.tabular.training import MODELS, PRESETS, TableOptions, TrainedTable, train_table

_MODULES = {
    "assessment": ("Assessment", "assess"),
    "assessment_blocks": ("assessment_figures", "assessment_report", "assessment_verdict"),
    "comparison": (
        "Compared",
        "Run",
        "compare_runs",
        "comparison_figures",
        "comparison_report",
        "comparison_rows",
        "comparison_verdict",
        "read_run",
        "write_predictions",
    ),
    "drift": ("Drift", "Profile", "Usual", "column_drift"),
    "baselines": (
        "LogisticBaseline",
        "NeighboursBaseline",
        "RidgeBaseline",
        "select_ensemble",
    ),
    "boosters": ("CatBoostTrees", "LightGBMTrees", "XGBoostTrees"),
    "candidates": (
        "BoostedTrees",
        "Candidate",
        "ConstantModel",
        "LinearModel",
        "NeighboursModel",
    ),
    "checks": ("Check",),
    "columns": (
        "KINDS",
        "Column",
        "infer_columns",
    ),
    "encoding": (
        "Encoded",
        "TableEncoder",
    ),
    "estimators": (
        "TabularClassifier",
        "TabularRegressor",
    ),
    "explanation": ("Dependence", "Explanation", "Importance", "RowExplanation", "explain"),
    "explanation_blocks": ("explanation_figures", "explanation_report", "explanation_verdict"),
    "judgement": (
        "Judgement",
        "Standing",
        "Worth",
        "column_worth",
        "judge",
    ),
    "learning": (
        "Learned",
        "Member",
        "TableModel",
        "Trial",
        "learn_table",
    ),
    "notes": ("Note",),
    "predictor": ("TablePredictor",),
    "reading": (
        "RawTable",
        "read_table",
    ),
    "real_mlp": ("RealMLP",),
    "exporting": ("export_model", "export_program"),
    "network": ("KerasNetwork",),
    "searching": (
        "SearchedTable",
        "TableSearchOptions",
        "search_table",
        "searched_figures",
        "searched_report",
        "searched_verdict",
    ),
    "report": (
        "model_name",
        "table_figures",
        "table_report",
        "verdict",
    ),
    "target": (
        "TASKS",
        "Target",
        "infer_target",
    ),
    "training": (
        "MODELS",
        "PRESETS",
        "TableOptions",
        "TrainedTable",
        "train_table",
    ),
}

__all__ = [
    "KINDS",
    "MODELS",
    "PRESETS",
    "TASKS",
    "Assessment",
    "BoostedTrees",
    "Candidate",
    "CatBoostTrees",
    "Check",
    "Column",
    "Compared",
    "ConstantModel",
    "Dependence",
    "Drift",
    "Encoded",
    "Explanation",
    "Importance",
    "Judgement",
    "KerasNetwork",
    "Learned",
    "LightGBMTrees",
    "LinearModel",
    "LogisticBaseline",
    "Member",
    "NeighboursBaseline",
    "NeighboursModel",
    "Note",
    "Profile",
    "RawTable",
    "RealMLP",
    "RidgeBaseline",
    "RowExplanation",
    "Run",
    "SearchedTable",
    "Standing",
    "TableEncoder",
    "TableModel",
    "TableOptions",
    "TablePredictor",
    "TableSearchOptions",
    "TabularClassifier",
    "TabularRegressor",
    "Target",
    "TrainedTable",
    "Trial",
    "Usual",
    "Worth",
    "XGBoostTrees",
    "assess",
    "assessment_figures",
    "assessment_report",
    "assessment_verdict",
    "column_drift",
    "column_worth",
    "compare_runs",
    "comparison_figures",
    "comparison_report",
    "comparison_rows",
    "comparison_verdict",
    "explain",
    "explanation_figures",
    "explanation_report",
    "explanation_verdict",
    "export_model",
    "export_program",
    "infer_columns",
    "infer_target",
    "judge",
    "learn_table",
    "model_name",
    "read_run",
    "read_table",
    "search_table",
    "searched_figures",
    "searched_report",
    "searched_verdict",
    "select_ensemble",
    "table_figures",
    "table_report",
    "train_table",
    "verdict",
    "write_predictions",
]

__getattr__, __dir__ = lazy_names(
    __name__, {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names}
)
