"""Names that older programs count on: those that layers got by themselves, those of layers in ResNet50, and
those that `from keras.layers import *` brought along.
"""

import functools
import importlib
import re
from collections.abc import Callable
from typing import Any

from neurona.core import layer as layer_room
from neurona.core.errors import ArgumentError
from neurona.legacy.imports import find
from neurona.models import Model

# Today's word for a layer: the one of then.
_WORDS = {"input_layer": "input", "functional": "model"}
_WORDS_OF_KERAS_1 = {
    **dict.fromkeys(("add", "average", "concatenate", "dot", "maximum", "multiply"), "merge"),
    **{f"conv{rank}d": f"convolution{rank}d" for rank in (1, 2, 3)},
    "conv2d_transpose": "deconvolution2d",
    "separable_conv2d": "separableconvolution2d",
}
_COUNTED = re.compile(r"(.+?)_(\d+)")
_KERAS_1 = re.compile(
    r"nb_epoch|samples_per_epoch|border_mode|nb_filter|dropout_[WU]\b|get_output_shape_for|image_dim_ordering"
    r"|Model\(\s*input\s*=|\bmerge\("
)
_KERAS_2 = re.compile(
    r"\bepochs\s*=|steps_per_epoch|padding\s*=|\bunits\s*=|\bConv[123]D\(|image_data_format"
)


def is_keras_1(source: str) -> bool:
    """Whether the text of an older program is one of Keras 1.

    Example:

        >>> is_keras_1("model.fit(x, y, nb_epoch=2)"), is_keras_1("model.fit(x, y, epochs=2)")
        (True, False)
    """
    return bool(_KERAS_1.search(source)) and not _KERAS_2.search(source)


def count_from_one(of_keras_1: bool) -> None:
    """Let layers be `dense_1`, `dense_2`, as in Keras 1 and 2; in Keras 1 in its words."""
    if not isinstance(layer_room.unique_name, functools.partial):
        today = layer_room.unique_name
        layer_room.unique_name = functools.partial(_from_one, today, of_keras_1)


def count_inputs_from_one() -> None:
    """Let inputs and models have the names of tf.keras 2: `input_1`, `model`, `model_1`."""
    if not isinstance(layer_room.unique_name, functools.partial):
        layer_room.unique_name = functools.partial(_of_tf_keras, layer_room.unique_name)


def _from_one(today: Callable[[str], str], of_keras_1: bool, prefix: str) -> str:
    word = _WORDS.get(prefix, prefix)
    if of_keras_1:
        word = _WORDS_OF_KERAS_1.get(word, word).replace("_", "")
    return _one_more(today(word), word)


def _one_more(name: str, word: str) -> str:
    return f"{word}_{int(name[len(word) + 1 :] or 0) + 1}"


def _of_tf_keras(today: Callable[[str], str], prefix: str) -> str:
    name = today(_WORDS.get(prefix, prefix))
    return _one_more(name, "input") if prefix == "input_layer" else name


def name_layers_of_resnet() -> None:
    """Let `get_layer` find the layers of ResNet50 by the names that they had in Keras 1 and 2."""
    if not hasattr(Model.get_layer, "__wrapped__"):
        Model.get_layer = _with_names_of_resnet(Model.get_layer)


def _with_names_of_resnet(get_layer: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(get_layer)
    def wrapper(self: Any, name: str | None = None, index: int | None = None) -> Any:
        try:
            return get_layer(self, name, index)
        except ArgumentError:
            today = _in_resnet(str(name)) if index is None else None
            if today is None or all(layer.name != today for layer in self.layers):
                raise
            return get_layer(self, today)

    return wrapper


_PARTS = {"2a": "1", "2b": "2", "2c": "3", "1": "0"}
_BRANCH = re.compile(r"(res|bn)([2-5])([a-f])_branch(2a|2b|2c|1)")
_BLOCKS = (3, 4, 6, 3)  # in the stages 2 to 5


def _in_resnet(name: str) -> str | None:
    """Today's name of a layer of ResNet50.

    Example:

        >>> _in_resnet("res5c_branch2c"), _in_resnet("activation_49"), _in_resnet("fc1000")
        ('conv5_block3_3_conv', 'conv5_block3_out', 'predictions')
    """
    plain = {"conv1": "conv1_conv", "bn_conv1": "conv1_bn", "activation_1": "conv1_relu"}
    plain |= {"fc1000": "predictions", "max_pooling2d_1": "pool1_pool"}
    if name in plain:
        return plain[name]
    if branch := _BRANCH.fullmatch(name):
        kind, stage, letter, part = branch.groups()
        end = "conv" if kind == "res" else "bn"
        return f"conv{stage}_block{'abcdef'.index(letter) + 1}_{_PARTS[part]}_{end}"
    if counted := _COUNTED.fullmatch(name):
        word, number = counted[1], int(counted[2])
        if word == "add":
            return _block(number, "add")
        if word == "activation":
            return _block((number + 1) // 3, ("out", "1_relu", "2_relu")[(number - 1) % 3])
    return None


def _block(number: int, end: str) -> str | None:
    """The name of a part of the block of this number, counted through all stages."""
    for stage, blocks in enumerate(_BLOCKS, start=2):
        if 0 < number <= blocks:
            return f"conv{stage}_block{number}_{end}"
        number -= blocks
    return None


_EVERYWHERE = {"K": "keras.backend", "np": "numpy", "copy": "copy", "os": "os", "warnings": "warnings"}
_OF_LAYERS = {
    f"{name}": f"keras.{name}" for name in ("activations", "constraints", "initializers", "regularizers")
}
_INTERFACES = {"interfaces": "keras.legacy.interfaces"}
_BROUGHT_ALONG = {
    "layers": {**_EVERYWHERE, **_OF_LAYERS, **_INTERFACES},
    "models": {**_EVERYWHERE, "json": "json", "optimizers": "keras.optimizers"},
    "optimizers": {**_EVERYWHERE, **_INTERFACES},
    "callbacks": {**_EVERYWHERE, "csv": "csv", "json": "json", "time": "time"},
    "preprocessing.image": {**_EVERYWHERE, "re": "re"},
    "preprocessing.text": {**_EVERYWHERE, "string": "string"},
    "preprocessing.sequence": _EVERYWHERE,
    "regularizers": {"K": "keras.backend"},
    "initializers": {"K": "keras.backend", "np": "numpy"},
    "constraints": {"K": "keras.backend"},
    "losses": {"K": "keras.backend"},
    "metrics": {"K": "keras.backend"},
}


def bring_along(source: str) -> None:
    """Let `from keras.layers import *` give the modules that Keras's module had imported itself."""
    for room, modules in _BROUGHT_ALONG.items():
        if not re.search(rf"keras\.{re.escape(room)}\S*\s+import\s+\*", source):
            continue
        module: Any = find(f"keras.{room}")
        listed = getattr(module, "__all__", None) or [name for name in dir(module) if name[0] != "_"]
        for name, place in modules.items():
            setattr(module, name, find(place) or importlib.import_module(place))
        module.__all__ = [*listed, *(name for name in modules if name not in listed)]
