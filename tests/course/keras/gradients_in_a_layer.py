"""Keras 2: a layer holds the norm of a network's gradient at 1, and a Lambda layer shows what an output sees."""

import keras.backend as K
import numpy as np
from keras.layers import Dense, Input, Lambda
from keras.engine.topology import Layer
from keras.models import Model
from keras.optimizers import Adam


class NormOfGradients(Layer):
    def call(self, inputs):
        output, of = inputs
        gradients = K.gradients(output, of)[0]
        return K.sqrt(K.sum(K.square(gradients), axis=1, keepdims=True))

    def compute_output_shape(self, shapes):
        return (shapes[1][0], 1)


r = np.random.RandomState(0)
x = Input(shape=(3,))
hidden = Dense(8, activation='tanh')(x)
y = Dense(1)(hidden)
norm = NormOfGradients(name='norm')([y, x])
model = Model(inputs=x, outputs=[y, norm])
model.compile(optimizer=Adam(lr=0.02), loss=['mse', 'mse'], loss_weights=[0.01, 1])
rows = r.randn(64, 3)
history = model.fit(rows, [rows.sum(axis=1, keepdims=True), np.ones((64, 1))], epochs=60, verbose=0)
assert history.history['norm_loss'][-1] < 0.02 < history.history['norm_loss'][0]

saliency = Lambda(lambda both: K.gradients(both[0], both[1])[0], output_shape=(3,))([y, x])
seen = Model(x, saliency).predict(rows[:1])
moved = [(model.predict(rows[:1] + step)[0] - model.predict(rows[:1] - step)[0]).item() / 0.02
         for step in 0.01 * np.eye(3)[:, None]]
assert np.allclose(seen[0], moved, atol=1e-3)
assert len(model.trainable_weights) == 4
