"""`keras.backend`, whose functions old programs call `K`: on arrays, variables and symbolic tensors."""

import importlib
import sys
from typing import Any

from neurona.core.errors import suggestion
from neurona.core.variable import Variable
from neurona.legacy.keras.backend import (
    control,
    ctc,
    drawing,
    history,
    mathematics,
    networks,
    running,
    settings,
)
from neurona.legacy.keras.backend.control import *
from neurona.legacy.keras.backend.ctc import *
from neurona.legacy.keras.backend.drawing import *
from neurona.legacy.keras.backend.mathematics import *
from neurona.legacy.keras.backend.networks import *
from neurona.legacy.keras.backend.running import *
from neurona.legacy.keras.backend.settings import *

history.install()

# The modules of the backends that Keras had. All of them are this one.
tensorflow_backend = theano_backend = cntk_backend = common = load_backend = sys.modules[__name__]
PATHS = dict.fromkeys(
    ("tensorflow_backend", "theano_backend", "cntk_backend", "common", "load_backend"), __name__
)


_SETTINGS = {
    "_EPSILON": settings.epsilon,
    "_FLOATX": settings.floatx,
    "_IMAGE_DATA_FORMAT": settings.image_data_format,
}


def __getattr__(name: str) -> Any:
    if name in ("tf", "control_flow_ops", "math_ops", "array_ops"):  # what Keras 1 and 2 imported
        return importlib.import_module("neurona.legacy.tensorflow")
    if name in _SETTINGS:
        return _SETTINGS[name]()
    hint = suggestion(name, __all__)
    raise AttributeError(f"module 'keras.backend' has no attribute {name!r}.{hint}", name=name)


__all__ = ["Variable", "cntk_backend", "common", "load_backend", "tensorflow_backend", "theano_backend"]
__all__ += control.__all__
__all__ += ctc.__all__
__all__ += drawing.__all__
__all__ += mathematics.__all__
__all__ += networks.__all__
__all__ += running.__all__
__all__ += settings.__all__
