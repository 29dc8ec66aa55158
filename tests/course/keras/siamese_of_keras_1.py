"""Keras 1: two branches with shared weights, a distance in a Lambda layer, a contrastive loss."""

import numpy as np
from keras import backend as K
from keras.layers import Dense, Dropout, Input, Lambda
from keras.models import Model, Sequential
from keras.optimizers import RMSprop

np.random.seed(1337)


def euclidean_distance(vects):
    x, y = vects
    return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))


def eucl_dist_output_shape(shapes):
    shape1, shape2 = shapes
    return (shape1[0], 1)


def contrastive_loss(y_true, y_pred):
    margin = 1
    return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(margin - y_pred, 0)))


def create_base_network(input_dim):
    seq = Sequential()
    seq.add(Dense(16, input_shape=(input_dim,), activation="relu"))
    seq.add(Dropout(0.1))
    seq.add(Dense(4, activation="relu"))
    return seq


classes = np.random.randint(0, 3, (400, 2))
centres = np.eye(3) * 2
a, b = centres[classes[:, 0]], centres[classes[:, 1]]
a, b = a + 0.2 * np.random.randn(400, 3), b + 0.2 * np.random.randn(400, 3)
same = (classes[:, 0] == classes[:, 1]).astype("float32")
base_network = create_base_network(3)
input_a, input_b = Input(shape=(3,)), Input(shape=(3,))
distance = Lambda(euclidean_distance, output_shape=eucl_dist_output_shape)(
    [base_network(input_a), base_network(input_b)]
)
model = Model(input=[input_a, input_b], output=distance)
model.compile(loss=contrastive_loss, optimizer=RMSprop(lr=0.01))
model.fit([a, b], same, batch_size=32, nb_epoch=15, verbose=0)
pred = model.predict([a, b], verbose=0)
accuracy = np.mean((pred.ravel() < 0.5) == (same == 1))
assert accuracy > 0.93, accuracy
