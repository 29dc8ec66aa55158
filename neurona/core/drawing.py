"""Drawing: a layer called on symbolic tensors computes shapes only, and notes the call in their history."""

import contextlib
from typing import Any

import jax

from neurona.core.annotations import MASK
from neurona.core.building import Buildable, shapes_for
from neurona.core.calling import call_parameters
from neurona.core.errors import NotConnectedError, ShapeError
from neurona.core.owner import Part
from neurona.core.random import key_of
from neurona.core.scope import Scope
from neurona.core.shapes import tensors_of
from neurona.core.symbolic import SymbolicTensor, infer, is_symbolic, record
from neurona.tensorflow_graph import in_tensorflow_graph, step_of_tensorflow_graph, with_specs


class Drawable(Buildable[Part]):
    """A buildable owner that functional models may be drawn with."""

    _nodes: list[Any]  # its calls on symbolic tensors

    def _call_in_scope(self, scope: Scope, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Compute the outputs in an open scope."""
        raise NotImplementedError

    def _call_symbolically(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        if in_tensorflow_graph((args, kwargs)):
            return step_of_tensorflow_graph(self, args, kwargs, self._foreign_spec(args, kwargs))
        self._check_and_build(args, kwargs)
        outputs = record(self, args, kwargs, self.compute_output_spec(*args, **kwargs))
        self._nodes.append(jax.tree.leaves(outputs)[0].node)
        return outputs

    def _foreign_spec(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """The symbolic outputs for tensors of TensorFlow's graph."""

        def symbolic(shape: Any, dtype: str) -> SymbolicTensor:
            if shape is None:
                raise ShapeError(
                    f"Layer {self.name!r} ({type(self).__name__}) needs to know how many axes its input has. "
                    "Give the tensor its shape before: x = tf.ensure_shape(x, (None, 3))."
                )
            return SymbolicTensor(shape, dtype)

        args, kwargs = with_specs((args, kwargs), symbolic)
        return self.compute_output_spec(*args, **kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """The call on symbolic tensors: its outputs, which remember it."""
        return self._call_symbolically(args, kwargs)

    def _traced_spec(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """The symbolic outputs, found by tracing `call`. Masks of symbolic tensors have shapes only, too."""
        given = jax.tree.leaves((args, kwargs))
        built: list[tuple[Any, dict[str, Any], set[int]]] = []

        def run(masks: list[Any], args: tuple, kwargs: dict[str, Any]) -> tuple[Any, list[Any]]:
            leaves = jax.tree.leaves((args, kwargs))
            for leaf, mask in zip(leaves, masks, strict=True):
                if mask is not None:
                    MASK.set(leaf, mask)
            # The random numbers are not used, and no variable changes.
            with Scope(values={}, key=key_of(0)) as scope:
                scope.unknown_sizes = {
                    size
                    for leaf, tensor in zip(leaves, given)
                    if is_symbolic(tensor)
                    for size, known in zip(leaf.shape, tensor.shape)
                    if known is None
                }
                scope.built = built
                outputs = self._call_in_scope(scope, args, kwargs)
            return outputs, [MASK.get(leaf) for leaf in jax.tree.leaves(outputs)]

        try:
            masks = [MASK.get(leaf) for leaf in given]
            outputs, masks = infer(run, (masks, args, kwargs), {}, getattr(self, "_arguments", None))
        except Exception:
            for part, before, _ in reversed(built):  # a weight may have a size that was made up
                vars(part).clear()
                vars(part).update(before)
            raise
        for output, mask in zip(jax.tree.leaves(outputs), masks, strict=True):
            if mask is not None:
                MASK.set(output, mask)
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic outputs for symbolic inputs, by the layer's `compute_output_shape` if a subclass
        defines it, otherwise by tracing `call`. Nothing is recorded.
        """
        self._check_and_build(args, kwargs)
        if type(self).compute_output_shape is Drawable.compute_output_shape:
            return self._traced_spec(args, kwargs)
        if not all(getattr(part, "built", True) for part, _ in self._walk()):
            # The trace builds the parts; a `call` that can't be traced builds them when it runs.
            with contextlib.suppress(Exception):
                self._traced_spec(args, kwargs)
        shapes = shapes_for(self.compute_output_shape, call_parameters(type(self)), args, kwargs)
        return tensors_of(self.compute_output_shape(**shapes), self.compute_dtype)

    def compute_output_shape(self, *input_shapes: Any, **named_shapes: Any) -> Any:
        """The output's shape.

        Args:
            input_shapes: those of the inputs, None where unknown.
            named_shapes: the first one as `input_shape`, or that of the argument `query` as `query_shape`.
        """
        if "input_shape" in named_shapes:
            input_shapes = (named_shapes.pop("input_shape"), *input_shapes)
        inputs = tuple(tensors_of(shape, self.compute_dtype) for shape in input_shapes)
        named = {
            name.removesuffix("_shape"): tensors_of(shape, self.compute_dtype)
            for name, shape in named_shapes.items()
            if shape is not None
        }
        self._check_and_build(inputs, named)
        return jax.tree.map(lambda tensor: tensor.shape, self._traced_spec(inputs, named))

    @property
    def input(self) -> Any:
        """The symbolic input of the layer's first call in a functional model."""
        node = self._node()
        return node.args[0] if len(node.args) == 1 else node.inputs

    @property
    def output(self) -> Any:
        """The symbolic output of the layer's first call in a functional model."""
        return self._node().outputs

    def _node(self) -> Any:
        if not self._nodes:
            raise NotConnectedError(
                f"Layer {self.name!r} has no symbolic input or output: it was not called on an Input."
            )
        return self._nodes[0]
