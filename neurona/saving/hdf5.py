"""The HDF5 files of Keras 0 to 3 (`.h5`, `.hdf5`): a group for each layer, with the names of its weights."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurona.core.errors import SavingError
from neurona.core.layer import Layer
from neurona.core.registry import custom_object_scope, deserialize, get_registered_object
from neurona.core.variable import Variable
from neurona.files.budget import MIB
from neurona.files.gate import Gate
from neurona.files.hdf5 import array_of, attribute, open_hdf5, texts
from neurona.files.values import parse_dictionary
from neurona.saving.ages import age_of, legacy, restore_optimizer, todays_model
from neurona.saving.weights import Assignment, keeps_its_own, own_variables
from neurona.tracebacks import warn

ENDINGS = (".h5", ".hdf5", ".hdf", ".keras_h5")
_SPARE = 16 * MIB  # bytes of variables beside those in the file: the states of recurrent layers
Segments = list[tuple[Layer, list[Variable]]]
StoredLayer = tuple[str, list[str], list[np.ndarray]]  # its name, the names of its weights, and the weights


class Hdf5:
    """An examined file.

    Args:
        source: a path, or a binary stream.
        gate: of the file.

    Raises:
        SavingError: it is damaged, or reaches out of itself.
    """

    def __init__(self, source: Any, gate: Gate) -> None:
        self.gate = gate
        self.file = open_hdf5(source, gate)
        self._read: set[str] = set()
        self._layers: list[StoredLayer] | None = None
        try:
            with gate.watching():
                self._open()
        except BaseException:
            self.file.close()
            raise

    def _open(self) -> None:
        """Find what holds the weights, and what it says of itself."""
        inner = "layer_names" not in self.file.attrs and self.file.get("model_weights")
        self.root: Any = inner if isinstance(inner, h5py.Group) else self.file
        self.version = self._text(self.root, "keras_version") or self._text(self.file, "keras_version")
        self.backend = self._text(self.root, "backend") or self._text(self.file, "backend")
        self.names = texts(self.root, "layer_names", self.gate)
        self.count = None if self.names is not None else attribute(self.root, "nb_layers", self.gate)

    def __enter__(self) -> "Hdf5":
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def _text(self, owner: Any, name: str) -> str | None:
        found = attribute(owner, name, self.gate)
        return None if found is None else str(found)

    @property
    def holds_layers(self) -> bool:
        """Whether weights lie in a group for each layer, not in the layout of today's `.weights.h5`."""
        with self.gate.watching():
            return self.names is not None or self.count is not None or "graph" in self.root

    def description(self, name: str) -> dict[str, Any] | None:
        """A JSON text among the file's attributes."""
        text = self._text(self.file, name)
        return None if text is None else parse_dictionary(text, self.gate, name)

    def layers(self) -> list[StoredLayer]:
        """Each layer's name, the names of its weights, and the weights."""
        if self._layers is None and self.names is None:
            self._layers = self._numbered()
        elif self._layers is None and self.names is not None:
            self.gate.count(len(self.names), "layers", "layers")
            plain = legacy("nodes").plain_name if any("/" in name for name in self.names) else str
            self._layers = [(plain(name), *self.weights_of(self.root, name)) for name in self.names]
        return self._layers or []

    def weights_of(self, owner: Any, name: str) -> tuple[list[str], list[np.ndarray]]:
        """The names and arrays in a group."""
        with self.gate.watching(name):
            group = owner.get(name)
            if not isinstance(group, h5py.Group):
                raise self.gate.refusal("is named as a layer, and is no group.", name)
            names = texts(group, "weight_names", self.gate)
            if names is None:
                raise self.gate.refusal("does not name its weights.", name)
            return names, [self._array(group.get(one), f"{name}/{one}") for one in names]

    def _numbered(self) -> list[StoredLayer]:
        """Weights of Keras 0: groups `layer_0`, `layer_1`... or one, `graph`, of `param_0`, `param_1`..."""
        names = (
            ["graph"]
            if self.count is None
            else [f"layer_{number}" for number in range(self._number(self.count))]
        )
        found = []
        for name in names:
            with self.gate.watching(name):
                group = self.root.get(name)
                if not isinstance(group, h5py.Group):
                    raise self.gate.refusal("is named as a layer, and is no group.", name)
                count = self._number(attribute(group, "nb_params", self.gate) or 0)
                parts = [f"param_{number}" for number in range(count)]
                found.append(
                    (name, parts, [self._array(group.get(part), f"{name}/{part}") for part in parts])
                )
        return found

    def _number(self, value: Any) -> int:
        if not isinstance(value, int) or value < 0:
            raise self.gate.refusal(f"counts its layers or weights by {value!r:.50}.")
        self.gate.count(value, "members", "layers or weights")
        return value

    def _array(self, dataset: Any, place: str) -> np.ndarray:
        """The numbers of a dataset, which stand for one weight only."""
        if not isinstance(dataset, h5py.Dataset):
            raise self.gate.refusal("is named as a weight, and is no array.", place)
        if str(dataset.name) in self._read:
            raise self.gate.refusal("stands for more than one weight.", place)
        self._read.add(str(dataset.name))
        array = array_of(dataset, self.gate)
        if array.dtype.kind == "c":
            raise self.gate.refusal("holds complex numbers for real weights.", place)
        return array

    def size(self) -> int:
        """The bytes of all arrays but the optimizer's."""
        sizes: list[int] = []

        def add(name: str, found: Any) -> None:
            if isinstance(found, h5py.Dataset) and not name.startswith("optimizer_weights/"):
                sizes.append(found.nbytes)

        self.file.visititems(add)
        return sum(sizes)


def origin(file: Hdf5, layers: Sequence[StoredLayer]) -> tuple[int, str]:
    """The age of a file's weights and the backend that wrote them.

    Weights that do not say it are told by their names: those of Keras 1 end in `_W` and `_b`, with `:0` after
    it where TensorFlow gave them.
    """
    names = [name for _, weights, _ in layers for name in weights]
    if file.names is None:
        return 0, file.backend or "theano"
    age = age_of(file.version) if file.version else None
    if age is None:
        age = 1 if any(_OLD_NAME.search(name) for name in names) or not names else 2
    backend = "tensorflow" if age >= 2 or any(name.endswith(":0") for name in names) else "theano"
    return age, file.backend or backend


_OLD_NAME = re.compile(r"(_(W|U|b|B)(_\w+)?|_(gamma|beta|running_mean|running_std|alphas)|param_\d+)(:0)?$")


def segments(layer: Layer, age: int = 2) -> Segments:
    """A layer's weights as files of an age list them: the trainable ones of it and all layers in it, then the
    others; each with the layer that owns it.
    """
    walked = list(layer._walk() if age >= 3 else legacy("container_order").walk(layer))
    trainable = {id(variable) for variable in layer.trainable_variables}
    found: Segments = []
    for wanted in (True, False):
        for owner, own in walked:
            below = {id(variable) for one in owner._sublayers for variable in one.variables}
            alone = [one for one in own if one.persistent and id(one) not in below]
            part = [one for one in alone if (id(one) in trainable) == wanted]
            if part:
                found.append((owner, part))
    return found


def converted(layer: Layer, arrays: list[np.ndarray], age: int, backend: str) -> list[np.ndarray]:
    """Arrays of a file as the layer's weights hold them."""
    return arrays if age >= 3 else legacy("weights").modern_weights(segments(layer), arrays, age, backend)


def assignments(
    model: Layer, file: Hdf5, names: Mapping[str, Layer] | None = None, skip_mismatch: bool = False
) -> list[Assignment]:
    """Which array of a file goes into which variable; nothing is assigned yet.

    Args:
        model: whose variables they are.
        file: the file.
        names: the layers that get the weights under their names; by default all get those in their places.
        skip_mismatch: leave out weights that do not fit.

    Raises:
        SavingError: the weights do not fit the model's.
    """
    layers = file.layers()
    age, backend = origin(file, layers)
    found: list[Assignment] = []
    for layer, (name, _, arrays) in _pairs(model, layers, names, age):
        with file.gate.watching(name):
            if keeps_its_own(layer) and not segments(layer):  # such as the quantiles of adapted bins
                layer.load_own_variables({str(index): array for index, array in enumerate(arrays)})
                continue
            arrays = converted(layer, arrays, age, backend)
        found += _fitting(layer, name, arrays, skip_mismatch, age)
    with file.gate.watching():
        has_top_level = "top_level_model_weights" in file.root
    if has_top_level:
        _, arrays = file.weights_of(file.root, "top_level_model_weights")
        found += _pair(own_variables(model), arrays, model.name, skip_mismatch)
    return found


def tell_of_gates(model: Layer, file: Hdf5, names: Mapping[str, Layer] | None) -> None:
    """Warn of recurrent layers that weights of an older Keras do not fit, although their shapes do."""
    layers = file.layers()
    age, _ = origin(file, layers)
    if age < 3:
        for layer, (_, _, arrays) in _pairs(model, layers, names, age):
            legacy("weights").tell_of_gates(layer, arrays, age, file.version)


def layers_of(model: Any, age: int = 2) -> list[Layer]:
    """The layers that have groups in a file of an age; those of a `Merge` of Keras 1 in its place."""
    layers = list(getattr(model, "layers", None) or model._sublayers)
    if age < 3 and getattr(model, "inputs", None) is None:
        layers = legacy("container_order").in_order(model, layers)
    inside = [getattr(layer, "layers_in_files", None) for layer in layers]
    return [one for layer, own in zip(layers, inside) for one in (own or [layer])] or [model]


def layers_by_name(model: Layer) -> dict[str, Layer]:
    """The layers of a model, without those of models in it, by name."""
    return {layer.name: layer for layer in layers_of(model)}


def _pairs(
    model: Layer, layers: list[StoredLayer], names: Mapping[str, Layer] | None, age: int
) -> Iterator[tuple[Layer, StoredLayer]]:
    """Layers of the model with those of the file that have weights."""
    filled, own = [one for one in layers if one[2]], [one for one in layers_of(model, age) if segments(one)]
    if [one[0] for one in filled] == ["graph"]:
        raise SavingError("The weights of a Graph of Keras 0 do not say which layer they are of.")
    if names is None and len(own) != len(filled):
        names = _by_name(model)  # a model inside may have been made of what the file has outside
        _check_names(model, own, filled, names)
    if names is not None:
        return iter([(names[one[0]], one) for one in filled if one[0] in names])
    return iter(zip(own, filled))


def _check_names(
    model: Layer, own: list[Layer], filled: list[StoredLayer], names: Mapping[str, Layer]
) -> None:
    if not all(one[0] in names for one in filled):
        raise SavingError(
            f"Model {model.name!r} has {len(own)} layers with weights: "
            f"{_listed(layer.name for layer in own)}. The file has {len(filled)}: "
            f"{_listed(one[0] for one in filled)}. To load the weights of layers with equal names: "
            "load_weights(path, by_name=True)."
        )


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:8]) + (", ..." if len(shown) > 8 else "")


def _by_name(model: Layer) -> dict[str, Layer]:
    """The layers of a model, those of models in it included, by name; the outer ones count first."""
    found: dict[str, Layer] = {}
    waiting = [layers_of(model)]
    while waiting:
        layers = waiting.pop(0)
        for layer in layers:
            found.setdefault(layer.name, layer)
        inner = [getattr(layer, "layers", None) for layer in layers]
        waiting += [one for one in inner if one]
    return found


def _fitting(
    layer: Layer, name: str, arrays: list[np.ndarray], skip_mismatch: bool, age: int
) -> list[Assignment]:
    variables = [variable for _, own in segments(layer, age) for variable in own]
    return _pair(variables, arrays, f"{layer.name!r} ({name!r} in the file)", skip_mismatch)


def _pair(
    variables: list[Variable], arrays: list[np.ndarray], where: str, skip_mismatch: bool
) -> list[Assignment]:
    """Which array goes into which variable. Where a shape differs, the others are still taken."""
    pairs = list(zip(variables, arrays)) if len(variables) == len(arrays) else []
    fitting = [(one, array) for one, array in pairs if tuple(one.shape) == array.shape]
    if len(fitting) == len(variables) == len(arrays):
        return fitting
    shapes = [tuple(one.shape) for one in variables], [array.shape for array in arrays]
    if not skip_mismatch:
        raise SavingError(f"Layer {where} has weights of shapes {shapes[0]}. The file's have {shapes[1]}.")
    warn(
        f"Layer {where} keeps {len(variables) - len(fitting)} of its {len(variables)} weights. Their shapes "
        f"are {shapes[0]}; the file's are {shapes[1]}."
    )
    return fitting


def put(model: Layer, found: list[Assignment]) -> None:
    """Assign the arrays. Where one is refused, all variables have the values that they had before."""
    before = [(variable, variable.value) for variable, _ in found]
    try:
        for variable, array in found:
            variable.assign(array)
    except Exception:
        for variable, value in before:
            variable.take(value)
        raise


def load_hdf5_model(path: Path, gate: Gate, custom_objects: Mapping[str, Any] | None, compile: bool) -> Any:
    """The whole model in a file."""
    with Hdf5(path, gate) as file:
        description = file.description("model_config")
        if description is None:
            raise SavingError(
                f"{path.name} holds weights alone, no model. Build the model in Python, then call "
                f"model.load_weights({str(path)!r})."
            )
        age = age_of(file.version, description)
        backend = origin(file, file.layers())[1] if file.holds_layers else None
        with gate.building(_SPARE + 2 * file.size()), custom_object_scope(custom_objects):
            model: Any = deserialize(todays_model(description, age, backend), kind="models")
            if not hasattr(model, "compile_from_config"):
                raise SavingError(f"{path.name} does not hold a model.")
            if file.root is not file.file or file.names is not None:
                put(model, assignments(model, file, _named_as_in(model, file)))
            training = file.description("training_config") if compile else None
            if training:
                compile_as_trained(model, training, age)
                with file.gate.watching("optimizer_weights"):
                    read_optimizer(model, file, age)
    return model


def _named_as_in(model: Layer, file: Hdf5) -> dict[str, Layer] | None:
    """The layers of a model by name, where the file names all of its own so; else None."""
    known = _by_name(model)
    return known if all(name in known for name, *_ in file.layers()) else None


def compile_as_trained(model: Any, training: Mapping[str, Any], age: int) -> None:
    """Compile a model as a file says. What an older file says and is not to be had is told, and the model is
    left uncompiled.

    Raises:
        SavingError: a file of today says something else than how to compile.
    """
    if age >= 3:
        config = {key: value for key, value in training.items() if key != "optimizer_config"}
        optimizer = training.get("optimizer_config")
        if isinstance(optimizer, Mapping):  # of a `.h5` file
            config["optimizer"] = {"module": "keras.optimizers", "registered_name": None, **optimizer}
        model.compile_from_config(_with_own_functions(config))
        return
    try:
        config = legacy("compilation").modern_compilation(training)
        if config:
            model.compile_from_config(_with_own_functions(config))
    except Exception as error:
        warn(f"The model is loaded without how it was compiled: compile it before training. {error}")


def _with_own_functions(config: Mapping[str, Any]) -> dict[str, Any]:
    """What compile takes, with the losses and metrics of the user's own that it names, which are known only
    while the file is read.
    """

    def found(value: Any) -> Any:
        if isinstance(value, Mapping) and "class_name" not in value:
            return {key: found(item) for key, item in value.items()}
        if isinstance(value, list):
            return [found(item) for item in value]
        is_own = isinstance(value, str) and get_registered_object(value) is not None
        return {"class_name": "function", "config": value, "registered_name": value} if is_own else value

    own = ("loss", "metrics", "weighted_metrics")
    return {key: found(value) if key in own else value for key, value in config.items()}


def read_optimizer(model: Any, file: Hdf5, age: int) -> None:
    """Restore the optimizer's state, so that training goes on."""
    if getattr(model, "optimizer", None) is None or "optimizer_weights" not in file.file:
        return
    state_names, arrays = file.weights_of(file.file, "optimizer_weights")
    model.optimizer.build(model.trainable_variables)
    if age >= 3:
        model.optimizer.set_weights(arrays)
        return
    layers = file.layers()
    age, backend = origin(file, layers)
    stored = []
    for layer, (_, names, weights) in _pairs(model, layers, _named_as_in(model, file), age):
        trained = {id(variable) for variable in layer.trainable_variables}
        fixed = sum(id(variable) not in trained for _, own in segments(layer) for variable in own)
        stored.append((layer, names, weights, fixed))

    def convert(layer: Layer, own: list[np.ndarray]) -> list[np.ndarray]:
        return converted(layer, own, age, backend)

    restore_optimizer(model.optimizer, state_names, arrays, stored, age, convert)
