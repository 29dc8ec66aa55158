"""Several inputs made one, as in Keras 1."""

from typing import Any

from neurona import layers, ops
from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.legacy.spellings import tell


class _Merge(Layer):
    """The base of layers that make one of several inputs: a program of Keras 2 defines `_merge_function`."""

    def _merge_function(self, inputs: Any) -> Any:
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        return self._merge_function(inputs)


class _OldDot(Layer):
    """A dot product with dot_axes=0, as Keras on TensorFlow computed it: the middle axis of three, and of
    matrices a sum over the batch.
    """

    def __init__(self, normalize: bool, name: str | None = None) -> None:
        super().__init__(name=name)
        self.normalize = normalize

    def call(self, inputs: Any) -> Any:
        if len(inputs[0].shape) > 2:
            return layers.Dot(axes=1, normalize=self.normalize)(inputs)
        return layers.Dot(axes=1, normalize=self.normalize)([ops.transpose(one) for one in inputs])


def merger(
    mode: Any, concat_axis: int = -1, dot_axes: Any = -1, arguments: Any = None, name: str | None = None
) -> Layer:
    """The layer of today that merges as a mode of Keras 1 says."""
    if callable(mode):
        return layers.Lambda(mode, arguments=arguments, name=name)
    axes = tuple(axis[0] if isinstance(axis, (list, tuple)) else axis for axis in _pair(dot_axes))
    made = {
        "sum": lambda: layers.Add(name=name),
        "mul": lambda: layers.Multiply(name=name),
        "ave": lambda: layers.Average(name=name),
        "max": lambda: layers.Maximum(name=name),
        "concat": lambda: layers.Concatenate(axis=concat_axis, name=name),
        "dot": lambda: _dot(axes, False, name),
        "cos": lambda: _dot(axes, True, name),
    }
    if mode not in made:
        raise ArgumentError(f"merge takes a function or a mode: {', '.join(made)}. Received: {mode!r}")
    return made[mode]()


def _dot(axes: Any, normalize: bool, name: str | None) -> Layer:
    if axes == (0, 0):
        return _OldDot(normalize, name=name)
    return layers.Dot(axes=axes, normalize=normalize, name=name)


def _pair(axes: Any) -> Any:
    return (axes, axes) if isinstance(axes, int) else axes


def merge(
    inputs: Any,
    mode: Any = "sum",
    concat_axis: int = -1,
    dot_axes: Any = -1,
    output_shape: Any = None,
    output_mask: Any = None,
    arguments: Any = None,
    name: str | None = None,
) -> Any:
    """Several tensors made one, as in Keras 1."""
    tell("merge(inputs, mode) is an older spelling. Today: layers.add, multiply, concatenate, average, dot.")
    return merger(mode, concat_axis, dot_axes, arguments, name)(list(inputs))


class Merge(Layer):
    """Several layers or models made one, as the first layer of a Sequential model of Keras 1."""

    def __init__(
        self,
        layers: Any = None,
        mode: Any = "sum",
        concat_axis: int = -1,
        dot_axes: Any = -1,
        output_shape: Any = None,
        output_mask: Any = None,
        arguments: Any = None,
        node_indices: Any = None,
        tensor_indices: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.parts = list(layers or ())
        self.merger = merger(mode, concat_axis, dot_axes, arguments, None)
        tell("Merge is an older layer. Today: Model(inputs, outputs) with layers.concatenate, add, dot...")

    @property
    def layers_in_files(self) -> list[Layer]:
        """The layers of all parts, each once, in whose groups files keep the weights."""
        inside = [one for part in self.parts for one in _layers_of(part) or [part]]
        flat = [one for layer in inside for one in getattr(layer, "layers_in_files", None) or [layer]]
        return list({id(layer): layer for layer in flat}.values())

    def _sources(self) -> dict[Any, Any]:
        """The shape and dtype of each input of the parts: once, also where several parts begin with it."""
        return {key: entrance for part in self.parts for key, entrance in _sources_of(part).items()}

    def _entrance(self) -> Any:
        """The inputs of all parts, one after the other."""
        return list(self._sources().values()) if self.parts else None

    def call(self, inputs: Any) -> Any:
        if not self.parts:
            return self.merger(inputs)
        given = dict(zip(self._sources(), inputs, strict=True))
        outputs = []
        for part in self.parts:
            own = [given[key] for key in _sources_of(part)]
            outputs.append(part(own[0] if len(own) == 1 else own))
        return self.merger(outputs)


def _layers_of(part: Any) -> list[Layer]:
    return [] if isinstance(part, Merge) else getattr(part, "layers", [])


def _sources_of(part: Any) -> dict[Any, Any]:
    first = next(iter(_layers_of(part)), None)
    if isinstance(first, Merge) and first.parts:
        return first._sources()
    entrance = part._entrance()
    if entrance is None:
        raise ArgumentError(f"Merge needs the input shape of {part.name!r}.")
    several = entrance if isinstance(entrance, list) else [entrance]
    return {(id(part), number): one for number, one in enumerate(several)}
