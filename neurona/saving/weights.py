"""Weights in HDF5, in the layout of Keras 3's `.weights.h5`: groups follow the tree of attributes, each with
its `vars`.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import h5py
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import SavingError
from neurona.core.layer import Layer
from neurona.core.owner import members
from neurona.core.registry import snake_case
from neurona.core.variable import Variable
from neurona.files.gate import Gate
from neurona.files.hdf5 import array_of, open_hdf5, text_attribute
from neurona.saving.ages import legacy, restore_optimizer
from neurona.tracebacks import warn

Assignment = tuple[Variable, np.ndarray]
Parts = Callable[[Layer], list[tuple[str, Any]]]  # of a layer, with their names


def own_variables(layer: Layer, shared: bool = False) -> list[Variable]:
    """The variables of a layer that are not its parts', in the order of the file; with `shared` also those of
    its parts that it has as attributes, which lie twice in a file.
    """
    below = () if shared else {id(variable) for part in layer._sublayers for variable in part.variables}
    return [variable for variable in layer._stored_variables() if id(variable) not in below]


def walk(model: Layer, parts: Parts | None = None) -> Iterator[tuple[str, Layer]]:
    """A model and every layer below it, each once, with the path of its group in a file.

    Args:
        model: where to begin.
        parts: gives the parts of a layer, as Keras 3 looks for them by default.
    """
    return _walk(model, "", {}, parts or _parts_of)


def _walk(layer: Layer, path: str, seen: dict[int, Any], parts: Parts) -> Iterator[tuple[str, Layer]]:
    """`seen` holds the layers and containers met so far, by their identities."""
    if id(layer) in seen:
        return
    seen[id(layer)] = layer
    yield path, layer
    for name, value in parts(layer):
        yield from _walk_value(value, f"{path}/{name}", seen, parts)


def _parts_of(layer: Layer) -> list[tuple[str, Any]]:
    """Where Keras looks for the parts of a layer: first among the layers of a drawn model; then among the
    attributes and properties, by their names, private ones last. A subclassed model has a property `layers`.
    """
    attributes = layer._saved_parts()
    if any(name == "layers" for name, _ in attributes):
        return attributes
    named = {name: None for name in ("layers",) if hasattr(type(layer), name)}
    for cls in type(layer).__mro__:
        if not cls.__module__.startswith("neurona."):
            named |= {name: None for name, value in vars(cls).items() if isinstance(value, property)}
    parts = dict(attributes)
    for name in named:
        with contextlib.suppress(Exception):  # of a property that has no value yet
            parts[name] = getattr(layer, name)
    return sorted(parts.items(), key=lambda part: (part[0].startswith("_"), part[0]))


def _parts_of_tf_keras(layer: Layer) -> list[tuple[str, Any]]:
    """Where tf-keras looks for them: by the same names from the last to the first. The property `layers` of a
    subclassed model has those in a dictionary sorted by their keys.
    """
    parts = dict(_parts_of(layer))
    if "layers" in parts and getattr(layer, "inputs", None) is None:
        parts["layers"] = legacy("container_order").in_order(layer, parts["layers"])
    return sorted(parts.items(), key=lambda part: part[0], reverse=True)


def parts_of_before(layer: Layer) -> list[tuple[str, Any]]:
    """Where Neurona's first versions looked for them."""
    return layer._saved_parts()


def _walk_value(value: Any, path: str, seen: dict[int, Any], parts: Parts) -> Iterator[tuple[str, Layer]]:
    if isinstance(value, Layer):
        yield from _walk(value, path, seen, parts)
    elif (inside := members(value)) is not None and id(value) not in seen:
        seen[id(value)] = value
        used: dict[str, int] = {}
        for item in inside:
            # tf-keras does not look into lists and dictionaries that lie in another one.
            if isinstance(item, Layer) or (members(item) is not None and parts is not _parts_of_tf_keras):
                name = _group_name(item) if isinstance(item, Layer) else "container"
                count = used.get(name, 0)
                used[name] = count + 1
                place = f"{path}/{name}_{count}" if count else f"{path}/{name}"
                yield from _walk_value(item, place, seen, parts)


def _group_name(layer: Layer) -> str:
    """What Keras calls the group of a layer in a list: its class, under the name that it has inside Keras."""
    name = snake_case(layer._class_name)
    return {"group_query_attention": "grouped_query_attention"}.get(name, name)


def write_weights(model: Layer, file: h5py.File, with_optimizer: bool, for_tf_keras: bool = False) -> None:
    """Write a model's weights, and the state of its optimizer, into an open file."""
    for path, name, arrays in stored_arrays(model, with_optimizer, for_tf_keras):
        write_group(file, path, name, arrays)


def stored_arrays(
    model: Layer, with_optimizer: bool, for_tf_keras: bool = False
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """What a file holds of a model: for each group its path, the name of what it is for, and the arrays."""
    places = legacy("older").older_places(walk(model)) if for_tf_keras else walk(model)
    for path, layer in places:
        if keeps_its_own(layer):
            store: dict[str, Any] = {}
            layer.save_own_variables(store)
        else:
            store = {
                str(index): variable.numpy()
                for index, variable in enumerate(own_variables(layer, shared=True))
                # tf-keras keeps no states of recurrent layers.
                if not for_tf_keras or getattr(variable, "persistent", True)
            }
        yield path, layer.name, store
        if for_tf_keras and type(layer).__name__ == "TextVectorization":
            yield f"{path}/_lookup_layer", layer.name, store  # which it reads, too
    optimizer = getattr(model, "optimizer", None)
    if not with_optimizer or optimizer is None or not optimizer.built:
        return
    if for_tf_keras:
        state = legacy("optimizer_state").older_state(optimizer).values()
        arrays = {str(index): array for index, array in enumerate(state)}
        yield "/optimizer", optimizer.name, arrays
        for name, part in optimizer._saved_parts():  # which tf-keras writes twice
            yield f"/optimizer/{name}", part.name, arrays
    else:
        yield from _optimizer_arrays(optimizer, "/optimizer")


def _optimizer_arrays(optimizer: Any, path: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """An optimizer's state; Keras looks for that of optimizers inside it in their own groups, too."""
    yield path, optimizer.name, {str(index): array for index, array in enumerate(optimizer._state_list())}
    for name, part in optimizer._saved_parts():
        yield from _optimizer_arrays(part, f"{path}/{name}")


def keeps_its_own(layer: Layer) -> bool:
    """Whether a layer's class says itself what is written of its variables, or how that is read."""
    names = ("save_own_variables", "load_own_variables")
    return any(getattr(type(layer), name) is not getattr(Layer, name) for name in names)


def write_group(file: h5py.File, path: str, name: str, arrays: Mapping[str, Any]) -> None:
    """Write arrays into the group of a layer or an optimizer."""
    group = file.require_group(f"{path}/vars")
    group.attrs["name"] = name
    for key, value in arrays.items():
        array = np.asarray(value)
        if array.dtype.name == "bfloat16":
            dataset = group.create_dataset(key, data=array.astype(np.float32))
            dataset.attrs["dtype"] = "bfloat16"
        else:
            group.create_dataset(key, data=array)


def in_order(names: Any) -> list[str]:
    """The names of arrays in a group: "2" before "10", and numbers before words."""
    return sorted(names, key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0))


class Stored:
    """An examined file of weights, and the gate that it passed.

    Args:
        source: a path, or a binary stream.
        gate: of the file.

    Raises:
        FileNotFoundError: there is no such file.
        SavingError: it is damaged, or reaches out of itself.
    """

    def __init__(self, source: Any, gate: Gate) -> None:
        self.gate = gate
        self.file = open_hdf5(source, gate)

    def __enter__(self) -> "Stored":
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def datasets(self, path: str) -> list[Any]:
        """The datasets of a group's `vars`, in their order."""
        with self.gate.watching(path):
            found = (self.file.get(f"{one}/vars") for one in _spellings(path))
            group: Any = next((group for group in found if group is not None), None)
            if group is None:
                return []
            if not isinstance(group, h5py.Group):
                raise self.gate.refusal("is not a group of arrays.", f"{path}/vars")
            return [group[name] for name in in_order(group)]

    def places(self, model: Layer) -> Iterator[tuple[str, Layer]]:
        """A model and every layer below it, with the path of its group in this file."""
        if self._holds_all(walk(model, _parts_of_tf_keras)) and not self._holds_all(walk(model)):
            yield from walk(model, _parts_of_tf_keras)
            return
        former = {id(layer): path for path, layer in walk(model, parts_of_before)}
        for path, layer in walk(model):
            before = former.get(id(layer), path)
            yield before if before != path and not self.datasets(path) else path, layer

    def _holds_all(self, places: Iterator[tuple[str, Layer]]) -> bool:
        """Whether the file has arrays for each layer with weights."""
        return all(
            self.datasets(path)
            for path, layer in places
            if any(variable.persistent for variable in own_variables(layer))
        )

    def name(self, path: str) -> str:
        """The name of what a group was written for; empty where it is not kept."""
        group = self.file.get(f"{path}/vars")
        return text_attribute(group, "name") if isinstance(group, h5py.Group) else ""

    def array(self, dataset: Any) -> np.ndarray:
        """The numbers of a dataset."""
        array = array_of(dataset, self.gate)
        return array.astype(jnp.bfloat16) if text_attribute(dataset, "dtype") == "bfloat16" else array

    def size(self) -> int:
        """The bytes of all arrays but the optimizer's."""
        sizes = []

        def add(name: str, found: Any) -> None:
            if isinstance(found, h5py.Dataset) and not name.startswith("optimizer/"):
                sizes.append(found.nbytes)

        self.file.visititems(add)
        return sum(sizes)


def _spellings(path: str) -> Iterator[str]:
    """A path, and those of it in older files: tf-keras kept some parts under private names, and Neurona under
    public ones; it named functional models inside others, and normalization over devices, by their class.
    """
    yield path
    before, _, last = path.rpartition("/")
    yield f"{before}/{last[1:]}" if last.startswith("_") else f"{before}/_{last}"
    yield re.sub(r"/functional(?=/|_\d)", "/model", path)
    yield re.sub(r"/(?=batch_normalization(_\d+)?$)", "/sync_", path)


def read_weights(model: Layer, stored: Stored, skip_mismatch: bool = False) -> list[Assignment]:
    """Which array of a file goes into which variable; nothing is assigned yet.

    Args:
        model: whose variables they are.
        stored: the file.
        skip_mismatch: leave out the weights of a layer from the first on that does not fit.

    Raises:
        SavingError: a number of arrays or a shape differs from the model's.
    """
    assignments: list[Assignment] = []
    for path, layer in stored.places(model):
        if keeps_its_own(layer):
            continue
        pairs, wrong = _pairs(layer, path, stored)
        if wrong and not skip_mismatch:
            raise SavingError(wrong)
        if wrong:
            warn(f"Weights that do not fit are left out. {wrong}")
        for variable, dataset in pairs:
            array = stored.array(dataset)
            if array.dtype.kind == "c" and not jnp.iscomplexobj(variable.value):
                raise stored.gate.refusal("holds complex numbers for real weights.", dataset.name)
            assignments.append((variable, array))
    return assignments


def _pairs(layer: Layer, path: str, stored: Stored) -> tuple[list[tuple[Variable, Any]], str]:
    """A layer's own variables with their datasets, up to the first that does not fit, and what is wrong."""
    variables, datasets = own_variables(layer, shared=True), stored.datasets(path)
    if len(variables) != len(datasets):  # files of Neurona's first versions hold each once
        variables = own_variables(layer)
    if not datasets:  # tf-keras keeps no states of recurrent layers
        variables = [variable for variable in variables if variable.persistent]
    if len(variables) != len(datasets):
        hint = "" if layer.built else " The layer has no weights yet: call the model on data first."
        return [], (
            f"Layer {layer.name!r} has {len(variables)} weights, the file holds {len(datasets)} (at "
            f"{path!r}).{hint}"
        )
    pairs: list[tuple[Variable, Any]] = []
    for variable, dataset in zip(variables, datasets):
        shape = getattr(dataset, "shape", None)
        if variable.shape != shape:
            return pairs, f"Weight {variable.path!r} has shape {variable.shape}, the file's has {shape}."
        pairs.append((variable, dataset))
    return pairs, ""


def assign(model: Layer, stored: Stored, assignments: list[Assignment]) -> None:
    """Put the arrays into the variables, and let layers that keep their own variables read theirs. Where one
    refuses, all variables have the values that they had before.
    """
    before: list[tuple[Any, Any]] = [(variable, variable._value) for variable in model.variables]
    try:
        for variable, array in assignments:
            variable.assign(array)
        for path, layer in stored.places(model):
            if keeps_its_own(layer):
                names = {dataset.name.rpartition("/")[2]: dataset for dataset in stored.datasets(path)}
                store = {name: stored.array(dataset) for name, dataset in names.items()}
                with stored.gate.watching(path):
                    layer.load_own_variables(store)
    except Exception:
        for variable, value in before:
            variable.take(value)
        raise


def read_optimizer(model: Any, stored: Stored, age: int = 3, has_options: bool = True) -> None:
    """Restore the optimizer's state, if the file holds one that fits; training goes on from there. Where the
    file does not hold the optimizer's options, a state that does not fit is told and left out.
    """
    datasets = stored.datasets("/optimizer")
    if datasets and getattr(model, "optimizer", None) is not None:
        model.optimizer.build(model.trainable_variables)
        arrays = [stored.array(dataset) for dataset in datasets]
        if age < 3:
            restore_optimizer(model.optimizer, None, arrays)
            return
        try:
            model.optimizer.set_weights(arrays)
        except SavingError as error:
            if has_options:
                raise
            warn(f"The optimizer begins anew: its state in the file does not fit. {error}")
