"""The modules that Keras 1 and 2 had, and comparisons of versions."""

import keras
import keras.backend as K
from keras import activations, initializers, metrics, objectives, regularizers
from keras.callbacks import Callback, CSVLogger, TensorBoard
from keras.constraints import max_norm, maxnorm, nonneg
from keras.datasets import boston_housing, cifar10, fashion_mnist, imdb, mnist, reuters
from keras.engine import InputSpec, Layer
from keras.engine.topology import Layer as TopologyLayer
from keras.layers import *
from keras.layers.advanced_activations import ELU, LeakyReLU, PReLU, ThresholdedReLU
from keras.layers.convolutional import Conv2D, Convolution1D, Convolution2D, MaxPooling2D, UpSampling2D, ZeroPadding2D
from keras.layers.core import Dense, Flatten, Lambda, MaxoutDense, Permute, RepeatVector
from keras.layers.embeddings import Embedding
from keras.layers.local import LocallyConnected1D, LocallyConnected2D
from keras.layers.merge import add, concatenate
from keras.layers.noise import GaussianDropout, GaussianNoise
from keras.layers.normalization import BatchNormalization
from keras.layers.pooling import GlobalAveragePooling2D
from keras.layers.recurrent import GRU, LSTM, SimpleRNN
from keras.layers.wrappers import Bidirectional, TimeDistributed
from keras.models import *
from keras.objectives import categorical_crossentropy, mse
from keras.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, Nadam, RMSprop
from keras.regularizers import activity_l2, l1, l2

assert int(keras.__version__.split(".")[0]) >= 1
assert Layer is TopologyLayer
model = Sequential()
model.add(LocallyConnected1D(3, 2, input_shape=(5, 2)))
model.add(LeakyReLU(alpha=0.2))
model.add(GaussianNoise(sigma=0.1))
model.add(Flatten())
model.add(MaxoutDense(4, nb_feature=3))
model.add(Highway(activation="tanh"))
model.add(BatchNormalization(mode=0, axis=-1))
model.add(ThresholdedReLU(theta=0.1))
model.add(Dense(2, W_constraint=maxnorm(3), activity_regularizer=activity_l2(0.01), b_regularizer=l2(0.01)))
weights = 4 * 4 * 3 + 4 * 3 + 3 * (12 * 4 + 4) + 2 * (16 + 4) + 16 + 10
assert model.count_params() == weights, (model.count_params(), weights)
assert isinstance(model.layers[0].get_weights(), list)
assert keras.layers.core.Dense is Dense and keras.objectives.mse is mse
