"""`tf.train.Checkpoint` and its manager, in Neurona's own files: one `.npz` for each checkpoint. Those of
TensorFlow are read too.
"""

import functools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from neurona.core.errors import SavingError
from neurona.core.owner import members
from neurona.core.scope import current_scope
from neurona.core.variable import Variable
from neurona.legacy import optimizer_state
from neurona.legacy.tensorflow.errors import NotFoundError
from neurona.legacy.tensorflow.variable import Variable as FaceVariable
from neurona.legacy.tensorflow.widths import on_device
from neurona.optimizers import Optimizer
from neurona.saving.bundles import bundle_exists, data_of, index_of, read_bundle
from neurona.saving.object_graphs import Node, matches, nodes_of
from neurona.tracebacks import warn

_STATE = "optimizer "  # and the number of its node
_PLAIN = frozenset((type(None), bool, int, float, str, bytes))


class Checkpoint:
    """Objects whose variables are saved together.

    Args:
        root: one object.
        **kwargs: others, by name.
    """

    def __init__(self, root: Any = None, **kwargs: Any) -> None:
        if root is not None:
            self.root = root
        for name, value in kwargs.items():
            setattr(self, name, value)
        self.save_counter = FaceVariable(0, trainable=False, name="save_counter", dtype="int64")

    def _met(self) -> Iterator[tuple[str, Any]]:
        """All that is below this object, by the path of attributes that leads to it."""
        for name, value in sorted(vars(self).items()):
            yield from _walk(value, name, set())

    def _values(self) -> dict[str, Any]:
        """What is saved: variables, and what else has a state, by their paths."""
        return {
            path: one
            for path, one in self._met()
            if isinstance(one, (Variable, Optimizer)) or hasattr(one, "_state_of_checkpoint")
        }

    def write(self, file_prefix: Any, options: Any = None) -> str:
        """Write the values; returns the prefix."""
        prefix = os.fsdecode(file_prefix)
        Path(prefix).parent.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, np.ndarray] = {}
        for path, one in self._values().items():
            for number, array in enumerate(_arrays_of(one)):
                arrays[f"{path}#{number}"] = array
        np.savez(f"{prefix}.npz", **arrays)  # pyright: ignore[reportArgumentType]
        return prefix

    def save(self, file_prefix: Any, options: Any = None) -> str:
        """Write the values under the next number."""
        self.save_counter.assign_add(1)
        prefix = self.write(f"{file_prefix}-{int(self.save_counter)}")
        _note_latest(Path(prefix).parent, Path(prefix).name)
        return prefix

    def read(self, save_path: Any, options: Any = None) -> "Status":
        """Take over the values of a file, where the names fit.

        Raises:
            NotFoundError: there is no such file.
        """
        if save_path is None:
            return Status(_Restoring(self, {}))
        if bundle_exists(save_path):
            restoring: _Restoring = _RestoringObjects(self, read_bundle(save_path))
        else:
            restoring = _Restoring(self, stored_groups(save_path))
        restoring.settle()
        return Status(restoring)

    restore = read


class _Restoring:
    """What a checkpoint's file holds for objects, some of whose variables may not be made yet.

    Attributes:
        left: the arrays that no variable has taken, by their paths.
        known: the paths of the file.
    """

    def __init__(self, checkpoint: Checkpoint, groups: dict[str, list[np.ndarray]]) -> None:
        self._checkpoint, self.left, self.known = checkpoint, dict(groups), set(groups)
        self._settling = False

    def missing(self) -> set[str]:
        """The paths of the variables that are there, but not in the file."""
        return {path for path, one in self._places() if _is_made(one)} - self.known

    def _places(self) -> Iterable[tuple[str, Any]]:
        """What takes arrays, with its path in the file."""
        return self._checkpoint._values().items()

    def settle(self) -> None:
        """Give the variables that are there their values; those to come get theirs when they are made."""
        scope = current_scope()
        if self._settling or not self.left or (scope is not None and scope.built and scope.unknown_sizes):
            return  # layers that are built for made-up sizes are built again
        self._settling = True
        try:
            for path, one in self._places():
                if path in self.left and _is_made(one):
                    _take(one, self.left.pop(path), path)
        finally:
            self._settling = False
        if self.left:
            waiting.add(self)
            for _, one in (*self._checkpoint._met(), *self._places()):
                if not getattr(one, "built", True):
                    _settle_after_build(one, self)
        else:
            waiting.discard(self)


def _is_made(one: Any) -> bool:
    return not isinstance(one, Optimizer) or one.built


class _RestoringObjects(_Restoring):
    """What a checkpoint of TensorFlow holds: objects, by the attributes that lead to them."""

    def __init__(self, checkpoint: Checkpoint, tensors: dict[str, np.ndarray]) -> None:
        self._nodes = nodes_of(tensors)
        groups = {node.key: [tensors[node.key]] for node in self._nodes if node.key is not None}
        for number, node in enumerate(self._nodes):
            if (kept := _of_optimizer(node, self._nodes)) and all(key in groups for key in kept):
                groups[f"{_STATE}{number}"] = [groups.pop(key)[0] for key in kept]
                groups.pop(str(self._nodes[node.children["_learning_rate"]].key), None)
        super().__init__(checkpoint, groups)

    def _places(self) -> Iterator[tuple[str, Any]]:
        for root in (self._checkpoint, getattr(self._checkpoint, "root", None)):
            for one, node in matches(root, self._nodes):
                if isinstance(one, Optimizer):
                    yield f"{_STATE}{self._nodes.index(node)}", one
                elif isinstance(one, Variable) and node.key is not None:
                    yield node.key, one

    def missing(self) -> set[str]:
        found = {id(one) for _, one in self._places()}
        values = self._checkpoint._values().items()
        return {path for path, one in values if _is_made(one) and id(one) not in found}


def _of_optimizer(node: Node, nodes: Sequence[Node]) -> list[str]:
    """Where an optimizer of tf.keras 2.11 or later has its steps and what it keeps of each weight."""
    if not {"_iterations", "_learning_rate", "_variables"} <= set(node.children):
        return []
    kept = nodes[node.children["_variables"]].children
    found = [node.children["_iterations"], *(kept[name] for name in sorted(kept, key=int) if name != "0")]
    return [key for number in found if (key := nodes[number].key) is not None]


waiting: set[_Restoring] = set()


def variables_were_made() -> None:
    """Give variables that were just made the values that checkpoints hold for them."""
    for one in list(waiting):
        one.settle()


def _settle_after_build(one: Any, restoring: _Restoring) -> None:
    """Let an object take its values as soon as its variables are made."""
    build = one.build

    @functools.wraps(build)
    def run(*args: Any, **kwargs: Any) -> Any:
        vars(one).pop("build", None)
        result = build(*args, **kwargs)
        restoring.settle()
        return result

    if "build" not in vars(one):
        object.__setattr__(one, "build", run)


class Status:
    """Which names of the objects and of the file fit, at the moment in which it is asked."""

    def __init__(self, restoring: _Restoring) -> None:
        self._restoring = restoring

    def expect_partial(self) -> "Status":
        """Itself."""
        return self

    def assert_existing_objects_matched(self) -> "Status":
        """Refuse objects that the file does not hold."""
        if missing := sorted(self._restoring.missing()):
            raise AssertionError(f"The checkpoint does not hold {', '.join(missing)}.")
        return self

    def assert_consumed(self) -> "Status":
        """Refuse names that do not fit on both sides, and variables that are not made yet."""
        self.assert_existing_objects_matched()
        if unused := sorted(self._restoring.left):
            raise AssertionError(
                f"The checkpoint holds more: {', '.join(unused)}. Variables that a model makes at its first "
                "call take their values then."
            )
        return self

    assert_nontrivial_match = assert_existing_objects_matched
    run_restore_ops = expect_partial
    initialize_or_restore = expect_partial


def stored_groups(save_path: Any) -> dict[str, list[np.ndarray]]:
    """The arrays of a checkpoint's file, by the paths of their objects.

    Raises:
        NotFoundError: there is no such file.
    """
    file = Path(f"{save_path}.npz")
    if not file.exists():
        raise NotFoundError(f"There is no checkpoint {str(save_path)!r}: Neurona writes {file.name!r}.")
    groups: dict[str, list[np.ndarray]] = {}
    with np.load(file, allow_pickle=False) as stored:
        for name in sorted(stored.files, key=lambda one: (one.split("#")[0], int(one.split("#")[1]))):
            groups.setdefault(name.split("#")[0], []).append(stored[name])
    return groups


def files_of(prefix: str) -> list[Path]:
    """The files of a checkpoint, Neurona's or TensorFlow's."""
    return [Path(f"{prefix}.npz"), index_of(prefix), data_of(prefix)]


def _walk(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """An object and all below it, by the path of attributes that leads to each."""
    if id(value) in seen or type(value) in _PLAIN or isinstance(value, type):
        return
    seen.add(id(value))
    if (inside := members(value)) is not None:
        names = list(value) if isinstance(value, dict) else range(len(inside))
        for name, one in zip(names, inside):
            yield from _walk(one, f"{path}/{name}", seen)
        return
    yield path, value
    if isinstance(value, (Variable, Optimizer)) or hasattr(value, "_state_of_checkpoint"):
        return
    if hasattr(value, "__dict__") and not callable(getattr(value, "as_numpy_iterator", None)):
        names = [name for name, one in list(vars(value).items()) if _is_part(value, name, one)]
        names = sorted(names, key=lambda name: members(vars(value)[name]) is not None)  # lists at the end
        for name in names if hasattr(value, "_owns") else sorted(names):
            yield from _walk(vars(value)[name], f"{path}/{name.lstrip('_')}", seen)


def _is_part(owner: Any, name: str, value: Any) -> bool:
    """Whether an attribute belongs to an object: of layers, that is what they own."""
    if not hasattr(owner, "_owns") or isinstance(value, Variable):
        return True
    if (inside := members(value)) is not None:
        return name not in owner._untracked and any(_is_part(owner, name, one) for one in inside)
    return owner._owns(value)


def _arrays_of(one: Any) -> list[np.ndarray]:
    if isinstance(one, Optimizer):
        return one._state_list() if one.built else []
    return one._state_of_checkpoint() if hasattr(one, "_state_of_checkpoint") else [np.asarray(one._value)]


def _take(one: Any, arrays: list[np.ndarray], path: str) -> None:
    if isinstance(one, Optimizer) and path.startswith(_STATE):
        try:
            optimizer_state.restore(one, None, arrays)
        except (
            SavingError
        ) as error:  # tf.keras has a model's own weights in another order than those of layers
            warn(f"The optimizer begins anew: the checkpoint has its state for other weights. {error}")
        return
    if isinstance(one, Optimizer):
        one.set_weights(arrays)
        return
    if hasattr(one, "_load_checkpoint"):
        one._load_checkpoint(arrays)
        return
    if tuple(one.shape) != arrays[0].shape:
        raise SavingError(
            f"Variable {path!r} has shape {tuple(one.shape)}. The checkpoint holds {arrays[0].shape}."
        )
    held = np.dtype(one._value.dtype)
    with jax.ensure_compile_time_eval():  # the model may be built while a program is traced
        one.take(arrays[0] if held.kind == "O" else on_device(arrays[0].astype(held)))


def _note_latest(folder: Path, name: str) -> None:
    (folder / "checkpoint").write_text(f'model_checkpoint_path: "{name}"\n', encoding="utf-8")


def latest_checkpoint(checkpoint_dir: Any, latest_filename: Any = None) -> str | None:
    """The prefix of the checkpoint that was written last."""
    note = Path(checkpoint_dir) / (latest_filename or "checkpoint")
    if not note.exists():
        return None
    found = re.search(r'model_checkpoint_path: "(.*)"', note.read_text(encoding="utf-8"))
    return str(Path(checkpoint_dir) / found.group(1)) if found else None


class CheckpointManager:
    """Checkpoints in a folder, of which the last ones are kept.

    Args:
        checkpoint: what is saved.
        directory: the folder.
        max_to_keep: how many stay.
        checkpoint_name: the beginning of their names.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        directory: Any,
        max_to_keep: int | None = None,
        keep_checkpoint_every_n_hours: Any = None,
        checkpoint_name: str = "ckpt",
        step_counter: Any = None,
        checkpoint_interval: Any = None,
        init_fn: Any = None,
    ) -> None:
        self.checkpoint, self.directory, self._most = checkpoint, str(directory), max_to_keep
        self._prefix = str(Path(directory) / checkpoint_name)
        latest = latest_checkpoint(directory)
        self.checkpoints = [] if latest is None else self._on_disk()

    def _on_disk(self) -> list[str]:
        files = {
            file.with_suffix("") for end in ("npz", "index") for file in Path(self.directory).glob(f"*.{end}")
        }
        return sorted(map(str, files), key=lambda name: int(re.sub(r".*-", "", name) or 0))

    @property
    def latest_checkpoint(self) -> str | None:
        """The prefix of the last one."""
        return self.checkpoints[-1] if self.checkpoints else None

    def save(self, checkpoint_number: Any = None, check_interval: bool = True, options: Any = None) -> str:
        """Save, and remove the oldest ones beyond the limit."""
        if checkpoint_number is None:
            path = self.checkpoint.save(self._prefix)
        else:
            path = self.checkpoint.write(f"{self._prefix}-{int(checkpoint_number)}")
            _note_latest(Path(path).parent, Path(path).name)
        self.checkpoints.append(path)
        while self._most is not None and len(self.checkpoints) > self._most:
            for file in files_of(self.checkpoints.pop(0)):
                file.unlink(missing_ok=True)
        return path

    def restore_or_initialize(self) -> str | None:
        """Read the last checkpoint, if there is one."""
        if self.latest_checkpoint is not None:
            self.checkpoint.restore(self.latest_checkpoint)
        return self.latest_checkpoint
