"""`tf.types`: the names of kinds, for annotations."""

from types import SimpleNamespace
from typing import Any

from neurona.legacy.tensorflow.functions import ConcreteFunction, Function
from neurona.legacy.tensorflow.tensor import Tensor

experimental = SimpleNamespace(
    Tensor=Tensor,
    TensorLike=Any,
    Callable=Function,
    GenericFunction=Function,
    PolymorphicFunction=Function,
    ConcreteFunction=ConcreteFunction,
)
