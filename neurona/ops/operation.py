"""Operation: a step of a functional model that is no layer."""

from typing import Any

from neurona.core import symbolic
from neurona.core.registry import snake_case
from neurona.core.symbolic import infer, record, symbolic_leaves, unique_name


class Operation(symbolic.Operation):
    """The base of steps without weights: define `call`.

    Args:
        name: unique in a model; made from the class's name if not given.

    Example:

        >>> import numpy as np
        >>> class Twice(Operation):
        ...     def call(self, x):
        ...         return 2 * x
        >>> float(Twice()(np.float32(3))), Twice()(symbolic.SymbolicTensor((None, 2))).shape
        (6.0, (None, 2))
    """

    def __init__(self, name: str | None = None) -> None:
        class_name = type(self).__name__
        super().__init__(class_name, self.call, name or unique_name(snake_case(class_name)))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if symbolic_leaves((args, kwargs)):
            return self.symbolic_call(*args, **kwargs)
        return super().__call__(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output."""
        raise NotImplementedError

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic outputs for symbolic inputs, found by tracing `call`."""
        return infer(self.call, args, kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """The call on symbolic tensors: its outputs, which remember it."""
        return record(self, args, kwargs, self.compute_output_spec(*args, **kwargs))
