"""Units of 0 and 1, which several machines draw."""

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import DataError


def bernoulli(key: jax.Array, log_odds: jax.Array) -> jax.Array:
    """0 and 1, where 1 has the probability sigmoid(log_odds), to the nearest of 1 / 65536: each random word
    serves two units.
    """
    words = jax.random.bits(key, (-(-log_odds.size // 2),))
    halves = jax.lax.bitcast_convert_type(words, jnp.uint16).ravel()[: log_odds.size]
    level = (halves.reshape(log_odds.shape) + 0.5) / 65536
    return (level < jax.nn.sigmoid(log_odds)).astype(log_odds.dtype)


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
