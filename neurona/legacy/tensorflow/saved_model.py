"""`tf.saved_model`: the format itself needs TensorFlow; Neurona has its own files."""

from typing import Any, NoReturn

from neurona.core.errors import SavingError


class SaveOptions:
    """Accepted."""

    def __init__(self, *_: Any, **__: Any) -> None:
        return


class LoadOptions(SaveOptions):
    """Accepted."""


def _refuse(what: str) -> NoReturn:
    raise SavingError(
        f"{what} is a program of TensorFlow's own graph, which Neurona does not run. Save the "
        "model as a .keras file, "
        "with model.save('model.keras')."
    )


def load(export_dir: Any, tags: Any = None, options: Any = None) -> NoReturn:
    """Told.

    Raises:
        SavingError: always.
    """
    _refuse(f"The SavedModel {str(export_dir)!r}")


def save(obj: Any, export_dir: Any, signatures: Any = None, options: Any = None) -> None:
    """Save a model as `.keras` in the folder's place; refuse anything else.

    Raises:
        SavingError: it is no model.
    """
    if not hasattr(obj, "save"):
        _refuse("A SavedModel")
    obj.save(f"{str(export_dir).rstrip('/')}.keras")


def contains_saved_model(export_dir: Any) -> bool:
    """Whether a folder holds one: none that Neurona reads."""
    return False
