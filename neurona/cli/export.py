"""`neurona export`: a model of a table as one `.keras` file, or as a Python program."""

from pathlib import Path

from neurona.cli.folders import MODEL
from neurona.cli.table import PREDICTOR, load_predictor
from neurona.cli.texts import texts
from neurona.errors import ArgumentError
from neurona.tabular import export_model, export_program

_FILES = {"keras": MODEL, "python": "predict.py"}


def run(*, language: str, model: Path, format: str, output: Path | None) -> int:
    """Write the model in another form; returns the exit status.

    Raises:
        ArgumentError: there is no such form, or the model has none.
        SavingError: the model can't be read.
    """
    say = texts(language)
    if format not in _FILES:
        raise ArgumentError(say["export_format"].format(format=format, formats=", ".join(_FILES)))
    predictor = load_predictor(model, "export", language)
    file = model / PREDICTOR if model.is_dir() else model
    path = output or file.parent / _FILES[format]
    if format == "keras":
        export_model(predictor).save(path)
    else:
        path.write_text(export_program(predictor, str(file), path.name), encoding="utf-8")
    print(say["export_written"].format(path=path))
    return 0
