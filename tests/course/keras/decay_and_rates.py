"""The learning rate of Keras 1 and 2: lr, decay, and callbacks that set it."""

import numpy as np
from keras import backend as K
from keras.callbacks import LearningRateScheduler, ReduceLROnPlateau
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import SGD, Adam, RMSprop

x, y = np.ones((4, 1)), np.zeros((4, 1))
model = Sequential([Dense(1, input_dim=1, bias=False, weights=[np.array([[1.0]])])])
model.compile(SGD(lr=0.1, decay=0.5), "mse")
model.fit(x, y, nb_epoch=3, batch_size=4, verbose=0)
weight = 1.0
for step in range(3):
    weight -= 0.1 / (1 + 0.5 * step) * 2 * weight
assert abs(float(model.get_weights()[0][0, 0]) - weight) < 1e-6
assert abs(float(K.get_value(model.optimizer.lr)) - 0.1) < 1e-7
K.set_value(model.optimizer.lr, 0.05)
model.fit(x, y, nb_epoch=1, batch_size=4, verbose=0)
weight -= 0.05 / (1 + 0.5 * 3) * 2 * weight
assert abs(float(model.get_weights()[0][0, 0]) - weight) < 1e-6

model.compile(Adam(lr=0.001, beta_1=0.9, beta_2=0.999, epsilon=None, decay=0.0, amsgrad=False), "mse")
history = model.fit(x, y, epochs=2, verbose=0, callbacks=[LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1))])
assert np.allclose(history.history["lr"], [0.01, 0.005])
model.optimizer.lr = 0.25
assert float(model.optimizer.lr) == 0.25
model.compile(RMSprop(lr=0.001, rho=0.9, epsilon=1e-08, decay=0.0), "mse")
model.fit(x, y, epochs=1, verbose=0, callbacks=[ReduceLROnPlateau(monitor="loss", epsilon=1e-4, patience=0)])
