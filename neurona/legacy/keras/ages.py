"""What Keras 1 and 2 did otherwise than Keras 3, for programs that show by their text that they are older."""

import functools
import re
from collections.abc import Callable
from typing import Any

from neurona.core.variable import Variable
from neurona.legacy.spellings import tell
from neurona.models import Model
from neurona.optimizers import Adadelta, Adagrad, Adamax, Nadam

# Learning rates where a program names none. `tf.keras` has had those of today since its beginning.
_RATES = {Adadelta: 1.0, Adagrad: 0.01, Adamax: 0.002, Nadam: 0.002}
_SIGNS = re.compile(
    r"""np_utils|nb_epoch|samples_per_epoch|image_dim_ordering|image_data_format|Convolution[123]D|fit_generator
    |keras\.(?:objectives|layers\.(?:core|convolutional|recurrent|normalization|embeddings|merge|noise|wrappers
        |advanced_activations)|utils\.(?:vis_utils|generic_utils|training_utils)|wrappers\.scikit_learn)
    |from\s+__future__|predict_classes|\blr\s*=|\bhistory\[['"](?:val_)?acc['"]\]""",
    re.VERBOSE,
)
_IMPORTS = re.compile(r"^\s*(?:import\s+keras\b|from\s+keras[\s.])", re.MULTILINE)


def is_older(source: str) -> bool:
    """Whether a program's text is one of Keras 1 or 2.

    Example:

        >>> is_older("from keras.utils import np_utils"), is_older("import keras")
        (True, False)
        >>> is_older("from tensorflow.keras.optimizers import Adadelta  # lr=1")
        False
    """
    return bool(_IMPORTS.search(source) and _SIGNS.search(source))


class _State:
    is_older = False


def begin(source: str) -> None:
    """Give optimizers the learning rates of Keras 1 and 2, where the program is one of those."""
    if _State.is_older or not is_older(source):
        return
    _State.is_older = True
    for cls, rate in _RATES.items():
        type.__setattr__(cls, "__init__", _with_rate(cls.__init__, cls.__name__, rate))
    Model.compile = _noting_frozen(Model.compile)
    Model._trained_variables = _trained_since_compile


def _noting_frozen(compile: Callable[..., None]) -> Callable[..., None]:
    """`compile` that notes what is frozen: in Keras 1 and 2 that holds until the next `compile`, so that the
    discriminator of a GAN, frozen for the compilation of both, still learns when it is trained alone.
    """

    @functools.wraps(compile)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        compile(self, *args, **kwargs)
        layers = [layer for layer in self._flatten_layers() if not layer.trainable]
        self.__dict__["_frozen_by_compile"] = layers, {one for one in self.variables if not one.trainable}

    return wrapper


def _trained_since_compile(self: Any) -> list[Variable]:
    """The variables that training moves: those that were not frozen when the model was compiled."""
    noted = self.__dict__.get("_frozen_by_compile")
    if noted is None:
        return self.trainable_variables
    layers, frozen = noted
    still = frozen.union(*(layer.variables for layer in layers))
    return [one for one in self.variables if one.parameter and one not in still]


def _with_rate(init: Callable[..., None], name: str, rate: float) -> Callable[..., None]:
    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if not args and not {"learning_rate", "lr"} & kwargs.keys():
            tell(f"{name} has the learning rate {rate}, as in Keras 1 and 2. Keras 3 has another: name it.")
            kwargs["learning_rate"] = rate
        init(self, *args, **kwargs)

    return wrapper
