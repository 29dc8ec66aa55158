"""California housing: 20,640 block groups of the 1990 census, eight numbers each, and the median price of
their houses.

Pace and Barry (1997), "Sparse spatial autoregressions", Statistics and Probability Letters 33; StatLib.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.datasets._common import (
    Split,
    check_test_split,
    in_language,
    shuffle_split,
    table_frame,
)
from neurona.datasets.download import PublicFile, fetch
from neurona.datasets.local import locate, read_npz
from neurona.preprocessing.arguments import check_choice
from neurona.preprocessing.tables import read_table

_COLUMNS = (
    "longitude",
    "latitude",
    "housing_median_age",
    "total_rooms",
    "total_bedrooms",
    "population",
    "households",
    "median_income",
    "median_house_value",
)
_SPANISH = (
    "longitud",
    "latitud",
    "antigüedad_mediana",
    "habitaciones",
    "dormitorios",
    "población",
    "hogares",
    "ingreso_mediano",
    "precio_mediano",
)
_NAMES = {"en": _COLUMNS, "es": _SPANISH}
_SMALL = 600


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int | None = 113,
) -> Split:
    """`(x_train, y_train), (x_test, y_test)`, shuffled by `seed`.

    The columns are the census's own (`feature_names()`), as in the file that Keras publishes; its
    documentation lists scikit-learn's ratios instead. Reads that file, or `california_housing.csv` with the
    nine columns where it is on this machine.

    Args:
        version: `"large"`, or `"small"` for the first 600 rows.
        path: name of the file in the data folder or the cache, or its whole path.
        test_split: share of the rows kept for testing.
        seed: of the shuffle; None gives another split each time.

    Shapes: x (n, 8) float32; y (n,) float32 in dollars, cut off at 500,001.

    Raises:
        ArgumentError: the version is unknown, or test_split is not in [0, 1).
        DownloadError: the file is not on this machine and can't be downloaded.
    """
    check_choice("california_housing.load_data", "version", version, ("large", "small"))
    check_test_split(test_split)
    x, y = _read(path)
    rows = _SMALL if version == "small" else len(x)
    return shuffle_split(x[:rows], y[:rows], test_split, seed)


def as_frame(*, language: str = "en") -> Any:
    """All block groups as a pandas frame: eight features and the median house value, in the file's order."""
    x, y = _read("california_housing.npz")
    return table_frame(x, feature_names(language), target_name(language), y)


def feature_names(language: str = "en") -> list[str]:
    """The eight features, in the order of the columns.

    Example:

        >>> feature_names()[-1], feature_names("es")[-1]
        ('median_income', 'ingreso_mediano')
    """
    return list(in_language(_NAMES, language)[:-1])


def target_name(language: str = "en") -> str:
    """What the target is called."""
    return in_language(_NAMES, language)[-1]


def _read(path: str) -> tuple[np.ndarray, np.ndarray]:
    table = locate("california_housing.csv") if locate(path) is None else None
    if table is not None:
        return _read_csv(table)
    file = PublicFile(
        path,
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/california_housing.npz",
        "sha256:1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
    )
    x, y = read_npz(fetch(file), ("x", "y"))
    return x, y


def _read_csv(path: Path) -> tuple[np.ndarray, np.ndarray]:
    table = read_table(path)
    header = table.header or []
    if header != list(_COLUMNS):
        raise DataError(f"{path}: expected the columns {', '.join(_COLUMNS)}. Received: {', '.join(header)}")
    numbers = table.numbers()
    return numbers[:, :-1], numbers[:, -1]
