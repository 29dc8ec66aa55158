"""A course's recipes: create, compile, fit and evaluate."""

import numpy as np
import tensorflow as tf

X_train = X_test = np.random.RandomState(0).rand(2, 224, 224, 3)
y_train = y_test = np.eye(3)[np.zeros((2, 224, 224), int)]

# 1. Create a model (specified to your problem)
model = tf.keras.Sequential([
    tf.keras.Input(shape=(224, 224, 3)),
    tf.keras.layers.Dense(100, activation="relu"),
    tf.keras.layers.Dense(3, activation="softmax")
])

# 2. Compile the model
model.compile(loss=tf.keras.losses.CategoricalCrossentropy(),
              optimizer=tf.keras.optimizers.Adam(),
              metrics=["accuracy"])

# 3. Fit the model
model.fit(X_train, y_train, epochs=5)

# 4. Evaluate the model
model.evaluate(X_test, y_test)

X_train_full, y_train_full = np.random.RandomState(0).rand(64, 28, 28), np.eye(10)[np.arange(64) % 10]

# 1. Create the model (specified to your problem)
model = tf.keras.Sequential([
    tf.keras.layers.Flatten(input_shape=(28, 28)),
    tf.keras.layers.Dense(100, activation="relu"),
    tf.keras.layers.Dense(100, activation="relu"),
    tf.keras.layers.Dense(100, activation="relu"),
    tf.keras.layers.Dense(10, activation="softmax")
])

# 2. Compile the model
model.compile(loss=tf.keras.losses.BinaryCrossentropy(),
              optimizer=tf.keras.optimizers.Adam(lr=0.0001),
              metrics=["accuracy"])

# 3. Fit the model
model.fit(X_train_full, y_train_full, epochs=10)

assert model.count_params() == 784 * 100 + 100 + 2 * 10_100 + 1010
assert abs(float(model.optimizer.learning_rate) - 0.0001) < 1e-9
