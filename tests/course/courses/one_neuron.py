"""A course's first program: one neuron learns y = 2x - 1."""

import tensorflow as tf
import numpy as np
from tensorflow import keras

#crear la neurona más sencilla
model = tf.keras.Sequential([keras.layers.Dense(units=1, input_shape=[1])])

#compilar el modelo
model.compile(optimizer='sgd', loss='mean_squared_error')

#alimentar los datos
xs = np.array([-1, 0, 1, 2, 3, 4], dtype=float)
ys = np.array([-3, -1, 1, 3, 5, 7], dtype=float)

#entrenar
model.fit(xs, ys, epochs=500)


#predecir
print(model.predict([10.0]))

assert abs(float(model.predict([10.0])[0, 0]) - 19) < 0.3
