"""Function: the calls between symbolic tensors as something that can be called."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError
from neurona.core.symbolic import Operation, record, symbolic_leaves, unique_name
from neurona.models.call_graph import CallGraph


class Function:
    """What leads from some symbolic tensors to others; a model that is not trained.

    Args:
        inputs, outputs: symbolic tensors, or lists or dictionaries of them.
        name: its name.

    Attributes:
        operations: the layers and operations on the way.

    Raises:
        ArgumentError: the outputs do not depend on the inputs alone.

    Example:

        >>> from neurona.layers import Input
        >>> x = Input((2,))
        >>> double = Function(x, 2 * x)
        >>> double([[1.0, 3.0]]).tolist()
        [[2.0, 6.0]]
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        self.name = name or unique_name("function")
        self._graph = CallGraph(inputs, outputs)
        self.operations = self._graph.operations

    @property
    def inputs(self) -> list[Any]:
        """The symbolic tensors that it begins with."""
        return self._graph.input_tensors

    @property
    def outputs(self) -> list[Any]:
        """The symbolic tensors that it ends with."""
        return self._graph.output_tensors

    def __call__(self, inputs: Any) -> Any:
        if symbolic_leaves(inputs):
            return record(Operation("Function", self._run, self.name), (inputs,), {})
        return self._run(inputs)

    def _run(self, inputs: Any) -> Any:
        single = len(self.inputs) == 1 and not isinstance(self._graph.inputs, (list, tuple, dict))
        values = [inputs] if single else jax.tree.leaves(inputs, is_leaf=lambda part: hasattr(part, "shape"))
        if len(values) != len(self.inputs):
            raise ArgumentError(
                f"Function {self.name!r} has {len(self.inputs)} inputs. Received: {len(values)}."
            )
        return self._graph.run([one if hasattr(one, "shape") else jnp.asarray(one) for one in values])
