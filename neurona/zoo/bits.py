"""Units of 0 and 1, which several machines have."""

import jax
import numpy as np

from neurona.errors import DataError
from neurona.ops.native import bernoulli


def draw_units(visible: str, key: jax.Array, received: jax.Array) -> jax.Array:
    """Visible units, given what they receive."""
    if visible == "gaussian":
        return received + jax.random.normal(key, received.shape)
    return bernoulli(key, received)


def check_unit_interval(name: str, rows: np.ndarray) -> None:
    """Refuse rows of anything but 0, 1 and what lies between.

    Raises:
        DataError: it names the row and the column.
    """
    wrong = np.argwhere((rows < 0) | (rows > 1))
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"{name}: the units are 0 or 1, or the probability of a 1. Row {row}, column {column} is "
            f"{rows[row, column]:g}. Scale to [0, 1] with sklearn.preprocessing.MinMaxScaler, binarize with "
            "X > X.mean(), or use GaussianRestrictedBoltzmann for measurements."
        )


def data_bias(rows: np.ndarray) -> np.ndarray:
    """The visible biases of a machine without weights that has the means of the rows, with no unit certain:
    annealing begins there.
    """
    means = (rows.sum(axis=0) + 1) / (len(rows) + 2)
    return np.log(means / (1 - means)).astype("float32")
