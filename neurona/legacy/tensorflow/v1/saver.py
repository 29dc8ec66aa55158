"""`tf.train.Saver`: the values of variables in TensorFlow's checkpoints, which both libraries read.

`path.meta` lists the names of the graph's operations. The text file `checkpoint` says which checkpoint is the
latest.
"""

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from neurona.legacy.tensorflow.checkpoint import stored_groups
from neurona.legacy.tensorflow.dtypes import as_dtype
from neurona.legacy.tensorflow.errors import NotFoundError
from neurona.legacy.tensorflow.v1.graph import get_default_graph
from neurona.legacy.tensorflow.v1.variables import GraphVariable, global_variables
from neurona.saving.bundles import bundle_exists, data_of, index_of, read_bundle, write_bundle

_LATEST = re.compile(r'^(model_checkpoint_path|all_model_checkpoint_paths): "(.*)"$', re.MULTILINE)


class CheckpointState:
    """Which checkpoints a folder holds.

    Attributes:
        model_checkpoint_path: the latest.
        all_model_checkpoint_paths: all of them, the latest last.
    """

    def __init__(self, model_checkpoint_path: str, all_model_checkpoint_paths: Iterable[str]) -> None:
        self.model_checkpoint_path = model_checkpoint_path
        self.all_model_checkpoint_paths = list(all_model_checkpoint_paths)


class Saver:
    """Writes and reads the values of variables.

    Args:
        var_list: a list, or a dictionary from names; all variables by default.
        max_to_keep: older files are deleted; None keeps all.
        reshape, sharded, keep_checkpoint_every_n_hours, name, restore_sequentially, saver_def, builder,
            defer_build, allow_empty, write_version, pad_step_number, save_relative_paths, filename:
            TensorFlow's;
            no effect.
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        *_: Any,
        allow_empty: bool = False,
        **__: Any,
    ) -> None:
        self._given, self._graph = var_list, get_default_graph()
        self._max, self.last_checkpoints = max_to_keep, list[str]()
        if not self._variables() and not allow_empty:
            raise ValueError("No variables to save")

    def _variables(self) -> dict[str, GraphVariable]:
        given = self._given
        if given is None:
            with self._graph.as_default():
                given = [*global_variables(), *self._graph.get_collection("saveable_objects")]
        if isinstance(given, dict):
            return given
        return {variable.op.name: variable for variable in given}

    def save(
        self,
        sess: Any,
        save_path: Any,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        **_: Any,
    ) -> str:
        """Write the values of a session; returns the path for `restore`.

        Raises:
            ValueError: the folder is not there, nor the one around it.
        """
        path = os.fsdecode(save_path)
        if global_step is not None:
            number = sess.run(global_step) if hasattr(global_step, "graph_nodes") else global_step
            path = f"{path}-{int(number)}"
        folder = Path(path).parent
        if folder.parent.is_dir():
            folder.mkdir(exist_ok=True)
        else:
            raise ValueError(f"Parent directory of {path} doesn't exist, can't save.")
        variables = self._variables()
        values = dict(zip(variables, sess.run(list(variables.values())), strict=True))
        write_bundle(path, {name: np.asarray(value) for name, value in values.items()})
        if write_meta_graph:
            _write_names(sess.graph, Path(f"{path}.{meta_graph_suffix}"))
        self._keep(path)
        if write_state:
            update_checkpoint_state(folder, path, self.last_checkpoints, latest_filename)
        return path

    def _keep(self, path: str) -> None:
        """Note a path, and delete the files of what is too old."""
        self.last_checkpoints = [one for one in self.last_checkpoints if one != path] + [path]
        while self._max and len(self.last_checkpoints) > self._max:
            old = self.last_checkpoints.pop(0)
            for file in (data_of(old), index_of(old), Path(f"{old}.meta")):
                file.unlink(missing_ok=True)

    def restore(self, sess: Any, save_path: Any) -> None:
        """Give a session the values of a file.

        Raises:
            ValueError: there is none.
            NotFoundError: it lacks a variable.
        """
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        found = load_values(save_path)
        for name, variable in self._variables().items():
            if name not in found:
                raise NotFoundError(
                    f"Key {name} not found in checkpoint {save_path}. It has: {', '.join(sorted(found))}."
                )
            sess.load(variable, found[name])

    def set_last_checkpoints(self, paths: Iterable[str]) -> None:
        """Say which files were written before."""
        self.last_checkpoints = list(paths)

    def recover_last_checkpoints(self, checkpoint_paths: Iterable[str]) -> None:
        """Say which files were written before; those that are gone are left out."""
        self.last_checkpoints = [path for path in checkpoint_paths if checkpoint_exists(path)]

    def export_meta_graph(self, filename: Any = None, *_: Any, **__: Any) -> Any:
        """`tf.train.export_meta_graph`."""
        return export_meta_graph(filename)


def load_values(path: Any) -> dict[str, np.ndarray]:
    """The arrays of a checkpoint, by their names.

    Raises:
        ValueError: there is none.
        SavingError: it is damaged.
    """
    if Path(f"{path}.npz").is_file():
        return _values_of_objects(path)
    if not bundle_exists(path):
        raise ValueError(f"The passed save_path is not a valid checkpoint: {path}")
    return read_bundle(path)


def _values_of_objects(path: Any) -> dict[str, np.ndarray]:
    """The arrays of a `tf.train.Checkpoint`, by the names that TensorFlow gives them."""
    found = {}
    for name, arrays in stored_groups(path).items():
        for number, array in enumerate(arrays):
            place = name if len(arrays) == 1 else f"{name}/{number}"
            found[f"{place}/.ATTRIBUTES/VARIABLE_VALUE"] = array
    return found


class CheckpointReader:
    """The values in a checkpoint.

    Args:
        path: its path, without endings.
    """

    def __init__(self, path: Any) -> None:
        self._values = load_values(path)

    def get_tensor(self, tensor_str: str) -> np.ndarray:
        """The value of a variable.

        Raises:
            NotFoundError: it is not there.
        """
        if tensor_str not in self._values:
            raise NotFoundError(
                f"Key {tensor_str} not found in checkpoint. It has: {', '.join(sorted(self._values))}."
            )
        return self._values[tensor_str]

    def has_tensor(self, tensor_str: str) -> bool:
        """Whether a variable is there."""
        return tensor_str in self._values

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shapes of the variables."""
        return {name: list(value.shape) for name, value in self._values.items()}

    def get_variable_to_dtype_map(self) -> dict[str, Any]:
        """The dtypes of the variables."""
        return {name: as_dtype(value.dtype.name) for name, value in self._values.items()}


NewCheckpointReader = CheckpointReader


def load_checkpoint(ckpt_dir_or_file: Any) -> CheckpointReader:
    """A reader of a checkpoint, or of the latest one of a folder."""
    return CheckpointReader(_path(ckpt_dir_or_file))


def update_checkpoint_state(
    save_dir: Any,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Any = None,
    latest_filename: Any = None,
) -> None:
    """Write the file that says which checkpoint is the latest."""
    paths = list(all_model_checkpoint_paths or [model_checkpoint_path])
    lines = [f'model_checkpoint_path: "{os.path.relpath(model_checkpoint_path, save_dir)}"']
    lines += [f'all_model_checkpoint_paths: "{os.path.relpath(path, save_dir)}"' for path in paths]
    (Path(save_dir) / (latest_filename or "checkpoint")).write_text("\n".join(lines) + "\n", encoding="utf-8")


def get_checkpoint_state(checkpoint_dir: Any, latest_filename: str | None = None) -> CheckpointState | None:
    """Which checkpoints a folder holds; None where it holds none."""
    file = Path(checkpoint_dir) / (latest_filename or "checkpoint")
    if not file.is_file():
        return None
    found = [
        (kind, os.path.join(checkpoint_dir, path)) for kind, path in _LATEST.findall(file.read_text("utf-8"))
    ]
    latest = next((path for kind, path in found if kind == "model_checkpoint_path"), "")
    return CheckpointState(latest, [path for kind, path in found if kind != "model_checkpoint_path"])


def latest_checkpoint(checkpoint_dir: Any, latest_filename: str | None = None) -> str | None:
    """The path of a folder's latest checkpoint, or None."""
    found = get_checkpoint_state(checkpoint_dir, latest_filename)
    return found.model_checkpoint_path if found and checkpoint_exists(found.model_checkpoint_path) else None


def checkpoint_exists(checkpoint_prefix: Any) -> bool:
    """Whether there is a checkpoint under a path."""
    return bundle_exists(checkpoint_prefix)


def list_variables(ckpt_dir_or_file: Any) -> list[tuple[str, list[int]]]:
    """The names and shapes of the variables in a checkpoint."""
    return [(name, list(value.shape)) for name, value in sorted(load_values(_path(ckpt_dir_or_file)).items())]


def load_variable(ckpt_dir_or_file: Any, name: str) -> np.ndarray:
    """The value of a variable in a checkpoint."""
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def print_tensors_in_checkpoint_file(
    file_name: Any, tensor_name: str = "", all_tensors: bool = False, all_tensor_names: bool = False, **_: Any
) -> None:
    """Print a tensor of a checkpoint, or all of them, or the shapes of all."""
    values = load_checkpoint(file_name)
    shapes = values.get_variable_to_shape_map()
    if tensor_name or all_tensors or all_tensor_names:
        for name in [tensor_name] if tensor_name else sorted(shapes):
            print("tensor_name: ", name)
            if tensor_name or all_tensors:
                print(values.get_tensor(name))
        return
    for name in sorted(shapes):
        print(name, f"({values.get_variable_to_dtype_map()[name].name})", shapes[name])


def _path(place: Any) -> Any:
    if not Path(place).is_dir():
        return place
    found = get_checkpoint_state(place)
    if found is None:
        raise ValueError(f"Couldn't find 'checkpoint' file or checkpoints in given directory {place}")
    return found.model_checkpoint_path


def import_meta_graph(
    meta_graph_or_file: Any, clear_devices: bool = False, import_scope: Any = None, **_: Any
) -> Saver:
    """Put the operations of a graph that this process has saved into the default graph.

    Raises:
        NotImplementedError: another process has saved it: a graph's functions are not in a file.
    """
    saved = getattr(meta_graph_or_file, "graph", None) or _saved_graphs.get(_place_of(meta_graph_or_file))
    if saved is None:
        raise NotImplementedError(
            "tf.train.import_meta_graph finds what the same process has saved: functions are not written "
            "into files. Build the graph with the code that made it, then Saver().restore(sess, path)."
        )
    graph = get_default_graph()
    if saved is not graph:
        graph.take_over(saved)
    return Saver(allow_empty=True)


def export_meta_graph(filename: Any = None, *_: Any, **__: Any) -> Any:
    """Write the names of the default graph's operations; `import_meta_graph` finds it in this process."""
    graph = get_default_graph()
    if filename is not None:
        _write_names(graph, Path(str(filename)))
    return graph.as_graph_def()


_saved_graphs: dict[str, Any] = {}


def _write_names(graph: Any, path: Path) -> None:
    path.write_text(json.dumps([one.name for one in graph.get_operations()]), encoding="utf-8")
    _saved_graphs[_place_of(path)] = graph


def _place_of(path: Any) -> str:
    return os.path.abspath(str(path))
