"""Keras's names for computing in 16 bits while weights stay in 32: policies, and the scale of the loss."""

from neurona.core.lazy import suggest_names
from neurona.core.policy import DTypePolicy
from neurona.core.policy import global_dtype_policy as dtype_policy
from neurona.core.policy import set_global_dtype_policy as set_dtype_policy
from neurona.optimizers import LossScaleOptimizer

Policy, global_policy, set_global_policy = DTypePolicy, dtype_policy, set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]

suggest_names(__name__)
