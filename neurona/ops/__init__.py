"""Functions of arrays under the names of `keras.ops`, built on `jax.numpy`, `jax.nn` and `jax.lax`.

They take arrays, variables, numbers and lists of numbers. Called on symbolic tensors, they become steps of a
functional model.

Example:

    >>> from neurona import ops
    >>> ops.softmax([[0.0, 0.0]]).tolist()
    [[0.5, 0.5]]
"""

from neurona.core.lazy import suggest_names
from neurona.ops import arrays, core, creation, elementwise, image, linalg, math, nn, numpy
from neurona.ops.arrays import *
from neurona.ops.core import *
from neurona.ops.creation import *
from neurona.ops.elementwise import *
from neurona.ops.linalg import *
from neurona.ops.math import *
from neurona.ops.nn import *
from neurona.ops.registry import call_from_config, operation, operation_config

__all__ = ["call_from_config", "image", "linalg", "nn", "numpy", "operation", "operation_config"]
__all__ += arrays.__all__
__all__ += core.__all__
__all__ += creation.__all__
__all__ += elementwise.__all__
__all__ += linalg.__all__
__all__ += math.__all__
__all__ += nn.__all__

suggest_names(__name__)
