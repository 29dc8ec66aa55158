"""Lambda: any function as a layer."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Self

from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.core.registry import described_function, deserialize

__all__ = [
    "Lambda",
]


class Lambda(Layer):
    """y = function(x, **arguments). A function that needs weights must be a subclass of `Layer` instead.

    Args:
        function: a function of an array (or of several); it also receives `mask` and `training` if it has
            arguments of these names.
        output_shape: no effect: shapes are found by evaluating the function.
        mask: the mask of the output, or a function (inputs, mask) -> mask; None if the layer passes none on.
        arguments: further arguments of the function.

    Raises:
        ArgumentError: the function can't be called.
        SavingError: on saving, where the function has no name that could be looked up again.

    Example:

        >>> import numpy as np
        >>> Lambda(lambda x: 2 * x)(np.ones(2)).tolist()
        [2.0, 2.0]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise ArgumentError(f"Lambda: function is a function of an array. Received: {function!r}")
        self.function, self.output_shape, self.mask, self.arguments = (
            function,
            output_shape,
            mask,
            dict(arguments or {}),
        )
        self.supports_masking = mask is not None
        try:
            self._asks_for = {"mask", "training"} & set(inspect.signature(function).parameters)
        except ValueError:  # some functions written in C do not tell
            self._asks_for = set()

    @property
    def _takes_texts(self) -> bool:
        return True

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        given = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{name: given[name] for name in self._asks_for})

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def _described(self, value: Any) -> Any:
        """A lambda stays what it is: a copy can be made from the config, but no file written."""
        unnamed = callable(value) and getattr(value, "__name__", "<lambda>") == "<lambda>"
        return value if unnamed else super()._described(value)

    @property
    def _rows_are_independent(self) -> bool:
        return False  # the function may do anything

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for name in ("function", "mask", "output_shape"):
            if config[name] is None:
                del config[name]
            elif isinstance(config[name], str):  # a built-in function
                config[name] = described_function(config[name])
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return super().from_config(
            {**config, "function": deserialize(config["function"], kind="activations")}
        )
