"""Boston housing: 506 districts of the 1970s, 13 numbers each, and the median price of their houses.

Harrison and Rubinfeld (1978), "Hedonic prices and the demand for clean air"; StatLib. Column `B` is built
from the share of Black residents, on the authors' assumption that segregation raises prices: use the set to
discuss such choices, and `california_housing` to learn regression. The file is the one that Keras publishes.
"""

from typing import Any

import numpy as np

from neurona.datasets._common import Split, check_test_split, in_language, shuffle_split, table_frame
from neurona.datasets.download import PublicFile, fetch
from neurona.datasets.local import read_npz

_FEATURES = {
    "en": ("CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT"),
    "es": (
        "crímenes por habitante",
        "suelo residencial (%)",
        "suelo industrial (%)",
        "junto al río Charles",
        "óxidos de nitrógeno",
        "habitaciones por vivienda",
        "viviendas anteriores a 1940 (%)",
        "distancia a los centros de empleo",
        "acceso a autopistas",
        "impuesto por 10 000 dólares",
        "alumnos por profesor",
        "B (índice racial)",
        "población de bajos ingresos (%)",
    ),
}


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int | None = 113) -> Split:
    """`(x_train, y_train), (x_test, y_test)`, shuffled by `seed`.

    Args:
        path: name of the file in the data folder or the cache, or its whole path.
        test_split: share of the rows kept for testing.
        seed: of the shuffle; None gives another split each time.

    Shapes: x (n, 13) float64; y (n,) float64 in thousands of dollars.

    Raises:
        ArgumentError: test_split is not in [0, 1).
        DownloadError: the file is not on this machine and can't be downloaded.
    """
    check_test_split(test_split)
    x, y = _read(path)
    return shuffle_split(x, y, test_split, seed)


def as_frame(*, language: str = "en") -> Any:
    """All districts as a pandas frame: 13 features and the median value, in the file's order."""
    x, y = _read("boston_housing.npz")
    return table_frame(x, feature_names(language), target_name(language), y)


def feature_names(language: str = "en") -> list[str]:
    """The 13 features, in the order of the columns: their original abbreviations, or what they mean in
    Spanish.

    Example:

        >>> feature_names()[5], feature_names("es")[5]
        ('RM', 'habitaciones por vivienda')
    """
    return list(in_language(_FEATURES, language))


def target_name(language: str = "en") -> str:
    """What the target is called."""
    return in_language({"en": "MEDV", "es": "precio mediano (miles de dólares)"}, language)


def _read(path: str) -> tuple[np.ndarray, np.ndarray]:
    file = PublicFile(
        path,
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/boston_housing.npz",
        "sha256:f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
    )
    x, y = read_npz(fetch(file), ("x", "y"))
    return x, y
