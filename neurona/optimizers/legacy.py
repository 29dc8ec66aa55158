"""The names of `tf.keras.optimizers.legacy`, for older programs: the optimizers of today."""

from neurona.core.lazy import suggest_names
from neurona.optimizers.adagrad import Adagrad
from neurona.optimizers.adam import Adam
from neurona.optimizers.base import Optimizer
from neurona.optimizers.ftrl import Ftrl
from neurona.optimizers.rmsprop import RMSprop
from neurona.optimizers.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "Ftrl", "Optimizer", "RMSprop"]

suggest_names(__name__)
