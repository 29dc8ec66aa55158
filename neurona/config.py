"""Settings of the process: default dtypes, epsilon, data format."""

from neurona.core.policy import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from neurona.core.policy import global_dtype_policy as dtype_policy
from neurona.core.policy import set_global_dtype_policy as set_dtype_policy

__all__ = [
    "dtype_policy",
    "epsilon",
    "floatx",
    "image_data_format",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]
