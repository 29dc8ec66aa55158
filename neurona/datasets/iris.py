"""Iris: 150 flowers of three species, four measurements each.

Fisher, R. A. (1936), "The use of multiple measurements in taxonomic problems". The copy is scikit-learn's,
which corrects two values that are wrong in the UCI repository's; UCI publishes the data under CC BY 4.0,
scikit-learn its copy under BSD-3.
"""

from typing import Any

import numpy as np

from neurona.datasets._common import Split, in_language, pandas, shuffle_split, table_frame
from neurona.datasets.local import SHIPPED

_CLASSES = {"en": ("setosa", "versicolor", "virginica"), "es": ("setosa", "versicolor", "virginica")}
_FEATURES = {
    "en": ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
    "es": (
        "largo del sépalo (cm)",
        "ancho del sépalo (cm)",
        "largo del pétalo (cm)",
        "ancho del pétalo (cm)",
    ),
}


def load_data(test_split: float = 0.2, seed: int | None = 113) -> Split:
    """`(x_train, y_train), (x_test, y_test)`, shuffled by `seed`.

    Args:
        test_split: share of the flowers kept for testing.
        seed: of the shuffle; None gives another split each time.

    Shapes: x (n, 4) float32 in centimetres; y (n,) int32 in 0..2.

    Raises:
        ArgumentError: test_split is not in [0, 1).

    Example:

        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, y_test.shape
        ((120, 4), (30,))
    """
    return shuffle_split(*_read(), test_split, seed)


def as_frame(*, language: str = "en") -> Any:
    """All 150 flowers as a pandas frame: four measurements and the species by name."""
    x, y = _read()
    species = pandas().Categorical.from_codes(y, class_names(language))
    return table_frame(x, feature_names(language), target_name(language), species)


def class_names(language: str = "en") -> list[str]:
    """The species, in the order of the labels."""
    return list(in_language(_CLASSES, language))


def feature_names(language: str = "en") -> list[str]:
    """The four measurements, in the order of the columns."""
    return list(in_language(_FEATURES, language))


def target_name(language: str = "en") -> str:
    """What the label is called."""
    return in_language({"en": "species", "es": "especie"}, language)


def _read() -> tuple[np.ndarray, np.ndarray]:
    table = np.loadtxt(SHIPPED / "iris.csv", delimiter=",", skiprows=1)
    return table[:, :4].astype(np.float32), table[:, 4].astype(np.int32)
