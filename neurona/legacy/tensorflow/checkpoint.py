"""`tf.train.Checkpoint` and its manager, in Neurona's own files: one `.npz` for each checkpoint."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import SavingError
from neurona.core.owner import members
from neurona.core.variable import Variable
from neurona.legacy.tensorflow.errors import NotFoundError
from neurona.legacy.tensorflow.variable import Variable as FaceVariable
from neurona.optimizers import Optimizer


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

    def _values(self) -> dict[str, Any]:
        """What is saved: variables by the path of attributes that leads to them."""
        found: dict[str, Any] = {}
        for name, value in sorted(vars(self).items()):
            for path, one in _walk(value, name, set()):
                found[path] = one
        return found

    def write(self, file_prefix: Any, options: Any = None) -> str:
        """Write the values; returns the prefix."""
        prefix = str(file_prefix)
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
            return Status(set(), set())
        file = Path(f"{save_path}.npz")
        if not file.exists():
            raise NotFoundError(f"There is no checkpoint {str(save_path)!r}: Neurona writes {file.name!r}.")
        with np.load(file, allow_pickle=False) as stored:
            groups: dict[str, list[np.ndarray]] = {}
            for name in sorted(stored.files, key=lambda one: (one.split("#")[0], int(one.split("#")[1]))):
                groups.setdefault(name.split("#")[0], []).append(stored[name])
        own = self._values()
        for path, one in own.items():
            if path in groups:
                _take(one, groups[path], path)
        here = {path for path, one in own.items() if not isinstance(one, Optimizer) or one.built}
        return Status(here, set(groups))

    restore = read


class Status:
    """Which names of the objects and of the file fitted."""

    def __init__(self, own: set[str], stored: set[str]) -> None:
        self._own, self._stored = own, stored

    def expect_partial(self) -> "Status":
        """Itself."""
        return self

    def assert_existing_objects_matched(self) -> "Status":
        """Refuse objects that the file does not hold."""
        if missing := sorted(self._own - self._stored):
            raise AssertionError(f"The checkpoint does not hold {', '.join(missing)}.")
        return self

    def assert_consumed(self) -> "Status":
        """Refuse names that do not fit on both sides."""
        self.assert_existing_objects_matched()
        if unused := sorted(self._stored - self._own):
            raise AssertionError(f"The checkpoint holds more: {', '.join(unused)}.")
        return self

    assert_nontrivial_match = assert_existing_objects_matched
    run_restore_ops = expect_partial
    initialize_or_restore = expect_partial


def _walk(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """The variables and optimizers of an object, by the path that leads to them."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, (Variable, Optimizer)):
        yield path, value
    elif (inside := members(value)) is not None:
        names = list(value) if isinstance(value, dict) else range(len(inside))
        for name, one in zip(names, inside):
            yield from _walk(one, f"{path}/{name}", seen)
    elif hasattr(value, "_tracked_parts"):
        variables, parts = value._tracked_parts()
        for number, one in enumerate([*variables, *parts]):
            yield from _walk(one, f"{path}/{number}", seen)
    elif hasattr(value, "_state_of_checkpoint"):
        yield path, value
    elif (
        hasattr(value, "__dict__")
        and not isinstance(value, type)
        and not callable(getattr(value, "as_numpy_iterator", None))
    ):
        for name, one in sorted(vars(value).items()):
            yield from _walk(one, f"{path}/{name}", seen)


def _arrays_of(one: Any) -> list[np.ndarray]:
    if isinstance(one, Optimizer):
        return one._state_list() if one.built else []
    return one._state_of_checkpoint() if hasattr(one, "_state_of_checkpoint") else [np.asarray(one._value)]


def _take(one: Any, arrays: list[np.ndarray], path: str) -> None:
    if isinstance(one, Optimizer):
        one.set_weights(arrays) if one.built else _take_when_built(one, arrays)
        return
    if hasattr(one, "_load_checkpoint"):
        one._load_checkpoint(arrays)
        return
    if tuple(one.shape) != arrays[0].shape:
        raise SavingError(
            f"Variable {path!r} has shape {tuple(one.shape)}. The checkpoint holds {arrays[0].shape}."
        )
    Variable.assign(one, arrays[0])


def _take_when_built(optimizer: Any, arrays: list[np.ndarray]) -> None:
    """Give an optimizer its state as soon as it knows the variables that it trains."""
    build = optimizer.build

    def run(*args: Any, **kwargs: Any) -> Any:
        del optimizer.build
        result = build(*args, **kwargs)
        optimizer.set_weights(arrays)
        return result

    optimizer.build = run


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
        files = [file.with_suffix("") for file in Path(self.directory).glob("*.npz")]
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
            Path(f"{self.checkpoints.pop(0)}.npz").unlink(missing_ok=True)
        return path

    def restore_or_initialize(self) -> str | None:
        """Read the last checkpoint, if there is one."""
        if self.latest_checkpoint is not None:
            self.checkpoint.restore(self.latest_checkpoint)
        return self.latest_checkpoint
