"""`tf.saved_model` of TensorFlow 1: the values of a session's variables in a folder, and the names of inputs
and outputs. The graph itself is the process's: another one builds it with its code.
"""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from neurona.core.errors import SavingError
from neurona.legacy.tensorflow.v1.graph import get_default_graph
from neurona.legacy.tensorflow.v1.saver import Saver

_NOTE, _VALUES = "neurona.json", os.path.join("variables", "variables")
_saved: dict[str, tuple[Any, Any]] = {}  # by their folders, the graphs and what is told of them

tag_constants = SimpleNamespace(SERVING="serve", TRAINING="train", GPU="gpu", TPU="tpu")
signature_constants = SimpleNamespace(
    DEFAULT_SERVING_SIGNATURE_DEF_KEY="serving_default",
    PREDICT_METHOD_NAME="tensorflow/serving/predict",
    CLASSIFY_METHOD_NAME="tensorflow/serving/classify",
    REGRESS_METHOD_NAME="tensorflow/serving/regress",
    PREDICT_INPUTS="inputs",
    PREDICT_OUTPUTS="outputs",
    CLASSIFY_INPUTS="inputs",
    CLASSIFY_OUTPUT_CLASSES="classes",
    CLASSIFY_OUTPUT_SCORES="scores",
    REGRESS_INPUTS="inputs",
    REGRESS_OUTPUTS="outputs",
)
SERVING, DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serve", "serving_default"


def build_tensor_info(tensor: Any) -> SimpleNamespace:
    """The name, dtype and shape of a tensor."""
    return SimpleNamespace(name=tensor.name, dtype=tensor.dtype, tensor_shape=tensor.shape)


def build_signature_def(inputs: Any = None, outputs: Any = None, method_name: Any = None) -> SimpleNamespace:
    """Inputs and outputs, by names."""
    return SimpleNamespace(inputs=dict(inputs or {}), outputs=dict(outputs or {}), method_name=method_name)


def predict_signature_def(inputs: Any, outputs: Any) -> SimpleNamespace:
    """Inputs and outputs, by names, of tensors."""
    given, made = (
        {name: build_tensor_info(one) for name, one in group.items()} for group in (inputs, outputs)
    )
    return build_signature_def(given, made, signature_constants.PREDICT_METHOD_NAME)


def regression_signature_def(examples: Any, predictions: Any) -> SimpleNamespace:
    """Examples and the numbers that are predicted of them."""
    told = predict_signature_def({"inputs": examples}, {"outputs": predictions})
    return build_signature_def(told.inputs, told.outputs, signature_constants.REGRESS_METHOD_NAME)


def classification_signature_def(examples: Any, classes: Any, scores: Any) -> SimpleNamespace:
    """Examples, their classes and the classes' scores; either may be None."""
    made = {name: one for name, one in (("classes", classes), ("scores", scores)) if one is not None}
    told = predict_signature_def({"inputs": examples}, made)
    return build_signature_def(told.inputs, told.outputs, signature_constants.CLASSIFY_METHOD_NAME)


def get_tensor_from_tensor_info(tensor_info: Any, graph: Any = None, import_scope: Any = None) -> Any:
    """The tensor of a graph that has a name."""
    name = f"{import_scope}/{tensor_info.name}" if import_scope else tensor_info.name
    return (graph or get_default_graph()).get_tensor_by_name(name)


signature_def_utils = SimpleNamespace(
    build_signature_def=build_signature_def,
    classification_signature_def=classification_signature_def,
    predict_signature_def=predict_signature_def,
    regression_signature_def=regression_signature_def,
)
utils = SimpleNamespace(
    build_tensor_info=build_tensor_info, get_tensor_from_tensor_info=get_tensor_from_tensor_info
)


def __getattr__(name: str) -> Any:
    for constants in (signature_constants, tag_constants):
        if name in vars(constants):
            return vars(constants)[name]
    raise AttributeError(f"module 'tensorflow.saved_model' has no attribute {name!r} in Neurona.", name=name)


class SavedModelBuilder:
    """Writes a session's values, and what is told of the graph.

    Args:
        export_dir: a folder, which must be new or empty.
    """

    def __init__(self, export_dir: Any) -> None:
        self._folder = Path(os.fsdecode(export_dir))
        if self._folder.is_dir() and any(self._folder.iterdir()):
            raise AssertionError(
                f"Export directory {self._folder} already exists, and isn't empty. Please choose a different "
                "export directory, or delete all the contents of the specified directory."
            )
        self._told: Any = None

    def add_meta_graph_and_variables(
        self, sess: Any, tags: Any, signature_def_map: Any = None, *_: Any, **__: Any
    ) -> None:
        """Take the graph and the values of a session."""
        path = self._folder / _VALUES
        path.parent.mkdir(parents=True, exist_ok=True)
        Saver(allow_empty=True).save(sess, path, write_state=False)
        self.add_meta_graph(tags, signature_def_map, graph=sess.graph)

    def add_meta_graph(self, tags: Any, signature_def_map: Any = None, graph: Any = None, **_: Any) -> None:
        """Take a graph, with the values that were taken before."""
        self._told = (list(tags), dict(signature_def_map or {}), graph or get_default_graph())

    def save(self, as_text: bool = False) -> str:
        """Write; returns the path of the note that says what the folder holds."""
        tags, signatures, graph = self._told
        self._folder.mkdir(parents=True, exist_ok=True)
        note = {"written_by": "neurona", "holds": "the values of a graph", "tags": tags}
        note["signatures"] = {
            name: {"inputs": _names(one.inputs), "outputs": _names(one.outputs)}
            for name, one in signatures.items()
        }
        (self._folder / _NOTE).write_text(json.dumps(note, indent=1), encoding="utf-8")
        _saved[str(self._folder.resolve())] = (graph, signatures)
        return str(self._folder / _NOTE)


def _names(group: Any) -> dict[str, str]:
    return {key: one.name for key, one in group.items()}


Builder = SavedModelBuilder
builder = SimpleNamespace(SavedModelBuilder=SavedModelBuilder)


def simple_save(session: Any, export_dir: Any, inputs: Any, outputs: Any, legacy_init_op: Any = None) -> None:
    """Write a session's values, with the names of inputs and outputs."""
    made = SavedModelBuilder(export_dir)
    told = {DEFAULT_SERVING_SIGNATURE_DEF_KEY: predict_signature_def(inputs, outputs)}
    made.add_meta_graph_and_variables(session, [SERVING], told)
    made.save()


def load(sess: Any, tags: Any, export_dir: Any, import_scope: Any = None, **_: Any) -> SimpleNamespace:
    """Give a session a saved graph and its values; returns `signature_def`, by names.

    Raises:
        SavingError: TensorFlow has written the folder, or another process and the session's graph is empty.
    """
    folder = Path(os.fsdecode(export_dir))
    if not folder.exists():
        raise OSError(f"SavedModel file does not exist at: {folder}")
    if not (folder / _NOTE).is_file():
        raise SavingError(
            f"The SavedModel {str(folder)!r} is a program of TensorFlow's own graph, which Neurona does not "
            "run. Build the graph with the code that made it, and read values that were written with "
            "numpy.savez."
        )
    held = _saved.get(str(folder.resolve()))
    if held is None:
        raise SavingError(
            f"{str(folder)!r} was saved by another process: a graph's functions are not in a file. Build the "
            "graph with the code that made it, then "
            f"tf.train.Saver().restore(sess, {str(folder / _VALUES)!r})."
        )
    graph, signatures = held
    if graph is not sess.graph:
        sess.graph.take_over(graph)
    with sess.graph.as_default():
        saver = Saver(allow_empty=True)
        if saver._variables():
            saver.restore(sess, folder / _VALUES)
    return SimpleNamespace(signature_def=signatures, meta_info_def=SimpleNamespace(tags=list(tags)))


def maybe_saved_model_directory(export_dir: Any) -> bool:
    """Whether a folder holds what `load` reads."""
    return (Path(os.fsdecode(export_dir)) / _NOTE).is_file()


contains_saved_model = maybe_saved_model_directory
loader = SimpleNamespace(load=load, maybe_saved_model_directory=maybe_saved_model_directory)
