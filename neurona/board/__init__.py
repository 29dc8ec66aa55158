"""Runs: what trainings have written into a folder, read while they write.

runs = neurona.board.Runs("runs")
runs.update()
for run in runs:
    print(run.key, run.state, run.hyperparameters, run.series["loss"].value[-1])
"""

from neurona.board.records import Histogram, Picture, Run, Series
from neurona.board.runs import Runs
from neurona.core.lazy import suggest_names

__all__ = ["Histogram", "Picture", "Run", "Runs", "Series"]

suggest_names(__name__)
