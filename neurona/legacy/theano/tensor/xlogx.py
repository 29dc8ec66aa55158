"""`theano.tensor.xlogx`: products with logarithms that are 0 where the first factor is."""

from typing import Any

import jax.scipy.special as special

from neurona.legacy.theano.variables import apply


def xlogx(x: Any) -> Any:
    """x log x, and 0 for x = 0."""
    return apply(lambda one: special.xlogy(one, one), x, name="xlogx")


def xlogy0(x: Any, y: Any) -> Any:
    """x log y, and 0 for x = 0."""
    return apply(special.xlogy, x, y, name="xlogy0")
