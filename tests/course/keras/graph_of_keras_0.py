"""Keras 0.3: a Graph with two inputs, and accuracy asked for at fit."""

import numpy as np
from keras.layers.core import Activation, Dense, Dropout
from keras.models import Graph, Sequential
from keras.optimizers import SGD

np.random.seed(0)
left, right = np.random.rand(200, 3), np.random.rand(200, 2)
target = (left.sum(axis=1) > right.sum(axis=1) * 1.5).astype("float32")

graph = Graph()
graph.add_input(name="left", input_shape=(3,))
graph.add_input(name="right", input_shape=(2,))
graph.add_node(Dense(8, activation="tanh"), name="hidden_left", input="left")
graph.add_node(Dense(8, activation="tanh"), name="hidden_right", input="right")
graph.add_node(
    Dense(1, activation="sigmoid"), name="last", inputs=["hidden_left", "hidden_right"], merge_mode="concat"
)
graph.add_output(name="output", input="last")
graph.compile("adam", {"output": "binary_crossentropy"})
data = {"left": left, "right": right, "output": target}
history = graph.fit(data, nb_epoch=80, batch_size=20, verbose=0)
assert history.history["loss"][-1] < 0.45, history.history["loss"][-1]
assert graph.predict(data)["output"].shape == (200, 1)

model = Sequential()
model.add(Dense(16, input_dim=3, init="uniform"))
model.add(Activation("relu"))
model.add(Dropout(0.1))
model.add(Dense(2))
model.add(Activation("softmax"))
model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=0.1, momentum=0.9, nesterov=True))
labels = np.eye(2)[(left.sum(axis=1) > 1.5).astype(int)]
model.fit(left, labels, nb_epoch=30, batch_size=16, show_accuracy=True, verbose=0)
loss, accuracy = model.evaluate(left, labels, show_accuracy=True, verbose=0)
assert accuracy > 0.9, accuracy
