"""The state of optimizers as Keras 1, 2 and tf-keras kept it, put into those of today, and written so."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.core.errors import SavingError
from neurona.optimizers.ftrl import Ftrl
from neurona.optimizers.sgd import SGD
from neurona.optimizers.state import Entry, at, replaced

Arrays = list[np.ndarray]
# A layer, the names of its weights in the file, the weights, and how many of today's weights are not trained.
Stored = tuple[Any, Sequence[str], Sequence[np.ndarray], int]


def restore(
    optimizer: Any,
    names: Sequence[str] | None,
    arrays: Sequence[np.ndarray],
    layers: Sequence[Stored] = (),
    version: int = 2,
    convert: Callable[[Any, Arrays], Arrays] = lambda layer, arrays: arrays,
) -> None:
    """Put a file's state into a built optimizer.

    Args:
        optimizer: of the model.
        names, arrays: of its state, in the order of the file; the names are None in a `.keras` file.
        layers: those of the file.
        version: of Keras: 1 or 2.
        convert: gives a layer's arrays as its weights of today hold them.

    Raises:
        SavingError: the state does not fit the optimizer.
    """
    by_name = names is None or (bool(names) and names[0].startswith("iteration"))
    optimizer.state = (
        _of_tf_keras(optimizer, arrays) if by_name else _by_kind(optimizer, arrays, layers, version, convert)
    )
    if callable(optimizer._rate):  # a schedule: the rate of the step that was reached
        optimizer.learning_rate = optimizer._rate


def _by_kind(
    optimizer: Any,
    arrays: Sequence[np.ndarray],
    layers: Sequence[Stored],
    version: int,
    convert: Callable[[Any, Arrays], Arrays],
) -> dict[str, Any]:
    """The state from a file that has one kind of arrays after the other."""
    trained = _trained(layers, version)
    steps, kinds = _kinds(arrays, len(trained), by_weight=isinstance(optimizer, Ftrl))
    slots = [name for group in optimizer._slot_groups() for name in group]
    state = dict(optimizer.state)
    state["iteration"] = jnp.asarray(steps, state["iteration"].dtype)
    for name, kind in zip(slots, kinds):
        values = _per_weight(kind, trained, layers, convert)
        own = state["slots"][name]
        if len(values) != len(own) or any(
            a.shape != np.shape(b) for a, b in zip(values, own) if b is not None
        ):
            raise SavingError(f"The file's {name} of the optimizer are of other weights than the model's.")
        state["slots"] = {**state["slots"], name: [jnp.asarray(value) for value in values]}
    if "scalars" in state and "u_product" in state["scalars"] and len(arrays) > 1 and arrays[1].ndim == 0:
        state["scalars"] = {**state["scalars"], "u_product": jnp.asarray(arrays[1], jnp.float32)}
    return state


def _of_tf_keras(optimizer: Any, arrays: Sequence[np.ndarray]) -> dict[str, Any]:
    """The state from a file of tf-keras, which has today's order, without the rate and other numbers."""
    state = dict(optimizer.state)
    entries = _kept(optimizer)
    if _keeps_no_momentum(optimizer):
        arrays = arrays[: len(entries) + 1]
    if len(arrays) == 1 and int(arrays[0]) == 0:  # of a model that was not trained
        return state
    if entries and len(arrays) != len(entries) + 1:
        raise SavingError(f"The optimizer keeps {len(entries)} arrays. The file holds {len(arrays) - 1}.")
    steps = int(arrays[0])
    state["iteration"] = jnp.asarray(steps, state["iteration"].dtype)
    for entry, array in zip(entries, arrays[1:]):
        if np.shape(at(state, entry.keys)) != array.shape:
            raise SavingError(
                f"{entry.path} has shape {np.shape(at(state, entry.keys))}, the file's {array.shape}."
            )
        state = replaced(state, entry.keys, jnp.asarray(array))
    if "u_product" in state.get("scalars", {}):
        # Nadam's momentum of step t is beta_1 * (1 - 0.96 ** t / 2); the product of all is not kept.
        rates = optimizer.beta_1 * (1 - 0.5 * 0.96 ** np.arange(1, steps + 1))
        state["scalars"] = {**state["scalars"], "u_product": jnp.asarray(np.prod(rates), jnp.float32)}
    return state


def _kept(optimizer: Any) -> list[Entry]:
    """What tf-keras keeps of each weight, in its order."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    return [entry for entry in optimizer._entries() if entry.keys and entry.keys[0] in ("ema", "slots")]


def _keeps_no_momentum(optimizer: Any) -> bool:
    """Whether an optimizer has no momentum, for which tf-keras keeps zeros."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    return isinstance(optimizer, SGD) and not optimizer._slot_groups()


def older_state(optimizer: Any) -> dict[str, np.ndarray]:
    """A built optimizer's state as tf-keras keeps it, by the names of the arrays."""
    arrays = {"iteration": np.asarray(optimizer.state["iteration"], np.int64)}
    for number, entry in enumerate(_kept(optimizer)):  # of which two may have one path
        arrays[f"{entry.path}_{number}"] = np.asarray(at(optimizer.state, entry.keys))
    if _keeps_no_momentum(optimizer):
        weights = enumerate(optimizer._variables)
        arrays |= {f"{optimizer.name}/m_{index}": np.zeros(one.shape, one.dtype) for index, one in weights}
    return arrays


def first_state(optimizer: Any) -> dict[str, np.ndarray]:
    """A built optimizer's state as the first versions of tf-keras 2 kept it: the steps, then one kind of
    arrays after the other.
    """
    arrays = {f"{optimizer.name}/iter": np.asarray(optimizer.state["iteration"], np.int64)}
    if "u_product" in optimizer.state.get("scalars", {}):
        arrays[f"{optimizer.name}/momentum_cache"] = np.asarray(optimizer.state["scalars"]["u_product"])
    slots = {
        (kind, index): np.asarray(array)
        for kind in [name for names in optimizer._slot_groups() for name in names]
        for index, array in enumerate(optimizer.state["slots"][kind])
        if array is not None
    }
    if isinstance(optimizer, Ftrl):  # which kept them weight by weight
        slots = dict(sorted(slots.items(), key=lambda item: item[0][1]))
    return arrays | {f"{optimizer.name}/{kind}_{index}": array for (kind, index), array in slots.items()}


def _trained(layers: Sequence[Stored], version: int) -> list[tuple[int, int]]:
    """The trained weights of the file, each as the numbers of its layer and of its place there, in the order
    in which the optimizer kept them: Keras 1 sorted them by name.
    """
    found: list[tuple[str, tuple[int, int]]] = []
    for number, (layer, names, arrays, fixed) in enumerate(layers):
        count = len(arrays) - fixed if layer.trainable_variables else 0
        found += [(names[place], (number, place)) for place in range(count)]
    names = [name for name, _ in found]
    if version < 2 and len(set(names)) == len(names):
        found.sort(key=lambda one: one[0])
    return [place for _, place in found]


def _kinds(arrays: Sequence[np.ndarray], count: int, by_weight: bool) -> tuple[int, list[Arrays]]:
    """The steps so far, and the arrays of each kind, one for each weight.

    Args:
        arrays: of the file.
        count: of the weights.
        by_weight: whether all kinds of one weight stand together, as those of Ftrl do.

    Raises:
        SavingError: the arrays don't come out even.
    """
    numbers = next((place for place, array in enumerate(arrays) if array.ndim), len(arrays))
    rest = list(arrays[numbers:])
    if not count or len(rest) % count:
        raise SavingError(f"The optimizer's state has {len(rest)} arrays for {count} weights.")
    number = len(rest) // count
    kinds = [rest[one::number] if by_weight else rest[one * count :][:count] for one in range(number)]
    return int(arrays[0]) if numbers else 0, kinds


def _per_weight(
    kind: Arrays,
    trained: list[tuple[int, int]],
    layers: Sequence[Stored],
    convert: Callable[[Any, Arrays], Arrays],
) -> Arrays:
    """The arrays of one kind in the order and layout of today's weights."""
    by_place = dict(zip(trained, kind))
    modern: Arrays = []
    for number, (layer, _, arrays, fixed) in enumerate(layers):
        if not layer.trainable_variables:
            continue
        count = len(arrays) - fixed
        own = [by_place[number, place] for place in range(count)]
        # The others only keep their place.
        converted = convert(layer, own + [np.zeros_like(array) for array in arrays[count:]])
        modern += converted[: len(converted) - fixed]
    return modern
