"""Layers of Keras 0.1, which were told how many inputs they have, and parts of its age."""

import numpy as np
from keras.layers import containers
from keras.layers.advanced_activations import PReLU
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.layers.core import (
    Activation,
    AutoEncoder,
    Dense,
    Flatten,
    Reshape,
    TimeDistributedDense,
    TimeDistributedMerge,
)
from keras.layers.embeddings import Embedding
from keras.layers.normalization import BatchNormalization
from keras.layers.recurrent import GRU, LSTM
from keras.models import Sequential
from keras.optimizers import SGD

rng = np.random.RandomState(0)
pictures, labels = rng.rand(32, 3, 8, 8), np.eye(4)[np.arange(32) % 4]

model = Sequential()
model.add(Convolution2D(5, 3, 3, 3, border_mode="full"))
model.add(Activation("relu"))
model.add(MaxPooling2D(poolsize=(2, 2)))
model.add(Flatten())
model.add(Dense(5 * 5 * 5, 6, init="normal"))
model.add(PReLU((6,)))
model.add(BatchNormalization((6,)))
model.add(Dense(6, 4))
model.add(Activation("softmax"))
model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=0.01, momentum=0.9, nesterov=True))
model.fit(pictures, labels, batch_size=16, nb_epoch=1, show_accuracy=True)
shapes = [weights.shape for weights in model.get_weights()]
assert shapes[0] == (3, 3, 3, 5) and (125, 6) in shapes and (6, 4) in shapes

model = Sequential()
model.add(Embedding(20, 7))
model.add(LSTM(7, 6, activation="sigmoid", inner_activation="hard_sigmoid"))
model.add(Dense(6, 1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="rmsprop")
model.fit(rng.randint(0, 20, (12, 5)), np.arange(12) % 2, nb_epoch=1)
assert model.predict_classes(rng.randint(0, 20, (3, 5))).shape == (3, 1)

steps = rng.rand(8, 6, 5)
for mode, merged in (("sum", np.sum), ("ave", np.mean), ("max", np.max)):
    model = Sequential()
    model.add(TimeDistributedDense(5, 4))
    model.add(GRU(4, 3, return_sequences=True))
    model.add(TimeDistributedMerge(mode=mode))
    model.add(Reshape(3, 1))
    model.compile("sgd", "mse")
    outputs = model.predict(steps)
    before = np.asarray(model.layers[1](model.layers[0](steps.astype("float32"))))
    np.testing.assert_allclose(outputs[..., 0], merged(before, axis=1), atol=1e-5)

encoder, decoder = containers.Sequential([Dense(12, 4)]), containers.Sequential([Dense(4, 12)])
model = Sequential()
model.add(AutoEncoder(encoder=encoder, decoder=decoder, output_reconstruction=False))
model.compile("sgd", "mse")
assert model.predict(rng.rand(5, 12)).shape == (5, 4)
print("ok")
