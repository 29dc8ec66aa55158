"""`keras.utils`: today's names, and what older Keras had in `np_utils`, `generic_utils` and their like."""

import sys

from neurona import utils
from neurona.legacy.keras.utils import files, loaders, older
from neurona.utils import *

from neurona.legacy.keras.utils.files import *  # isort: skip
from neurona.legacy.keras.utils.loaders import *  # isort: skip
from neurona.legacy.keras.utils.older import *  # isort: skip

# The modules that Keras 1 and 2 had these names in. All of them are this one.
np_utils = generic_utils = conv_utils = io_utils = data_utils = layer_utils = sys.modules[__name__]
vis_utils = visualize_util = test_utils = training_utils = multi_gpu_utils = np_utils
losses_utils = metrics_utils = tf_utils = image_utils = dataset_utils = legacy = np_utils
PATHS = {name: __name__ for name, value in list(vars().items()) if value is np_utils}

__all__ = list(PATHS)
__all__ += utils.__all__
__all__ += files.__all__
__all__ += loaders.__all__
__all__ += older.__all__
