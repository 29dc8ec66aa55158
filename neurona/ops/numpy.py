"""`keras.ops.numpy`: every operation that NumPy has too."""

# ruff: noqa: F403 - the names come from the three tables' own __all__
from neurona.ops import arrays, creation, elementwise
from neurona.ops.arrays import *
from neurona.ops.creation import *
from neurona.ops.elementwise import *
from neurona.ops.math import slogdet

__all__ = ["slogdet"]
__all__ += arrays.__all__
__all__ += creation.__all__
__all__ += elementwise.__all__
