"""`neurona summary`: the layers of a saved model."""

from pathlib import Path

import neurona as nn
from neurona.cli.texts import texts
from neurona.plotting import plot_model


def run(*, language: str, model: Path, expand_nested: bool, picture: Path | None) -> int:
    """Print a model's table and, with `picture`, draw the model; returns the exit status.

    Raises:
        SavingError: the model can't be read.
        MissingDependencyError: matplotlib, which draws the picture, is not installed.
    """
    loaded = nn.models.load_model(model)
    loaded.summary(expand_nested=expand_nested)
    if picture is not None:
        path = picture if picture.suffix else picture.with_suffix(".png")
        plot_model(
            loaded,
            path,
            show_shapes=True,
            show_layer_names=True,
            expand_nested=expand_nested,
            language=language,
        )
        print(texts(language)["picture_written"].format(path=path))
    return 0
