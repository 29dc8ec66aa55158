"""Keras 2: several inputs and outputs, losses by name, figures with the names of then."""

import keras
import numpy as np
from keras.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from keras.models import Model

np.random.seed(0)
images, others = np.random.rand(64, 8, 8, 1), np.random.rand(64, 5)
main = (others.sum(axis=1) > 2.5).astype("float32")
side = keras.utils.to_categorical(np.random.randint(0, 3, 64), num_classes=3)

img, aux = Input(shape=(8, 8, 1), name="img"), Input(shape=(5,), name="aux")
t = Conv2D(4, (3, 3), padding="same", activation="relu")(img)
t = keras.layers.add([t, Conv2D(4, (1, 1), padding="same")(img)])
t = Flatten()(MaxPooling2D()(t))
merged = keras.layers.concatenate([t, aux])
main_output = Dense(1, activation="sigmoid", name="main")(merged)
side_output = Dense(3, activation="softmax", name="side")(merged)
model = Model(inputs=[img, aux], outputs=[main_output, side_output])
model.compile(
    optimizer="adam", loss={"main": "binary_crossentropy", "side": "categorical_crossentropy"},
    loss_weights={"main": 1.0, "side": 0.2}, metrics=["accuracy"],
)  # fmt: skip
history = model.fit(
    {"img": images, "aux": others}, {"main": main, "side": side}, epochs=300, batch_size=16, verbose=0,
    validation_split=0.25,
)  # fmt: skip
assert history.history["main_acc"][-1] > 0.75, history.history["main_acc"][-1]
assert len(history.history["val_side_acc"]) == 300
features = Model(inputs=model.input, outputs=model.get_layer("main").output)
assert features.predict([images, others], verbose=0).shape == (64, 1)
assert model.layers[-1].output_shape == (None, 3)
