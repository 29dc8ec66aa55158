"""Keras 1: Merge of two Sequential branches, merge of tensors, Model(input=, output=)."""

import h5py
import numpy as np
from keras.layers import Dense, Embedding, Flatten, Input, Merge, merge
from keras.models import Model, Sequential, load_model, model_from_json

np.random.seed(3)
users, films = np.random.randint(0, 12, (300, 1)), np.random.randint(0, 9, (300, 1))
ratings = ((users[:, 0] % 3) * (films[:, 0] % 2) + 1).astype("float32")

left = Sequential()
left.add(Embedding(12, 4, input_length=1))
left.add(Flatten())
right = Sequential()
right.add(Embedding(9, 4, input_length=1))
right.add(Flatten())
model = Sequential()
model.add(Merge([left, right], mode="concat"))
model.add(Dense(16, activation="relu"))
model.add(Dense(1))
model.compile(loss="mse", optimizer="adam")
model.fit([users, films], ratings, batch_size=20, nb_epoch=60, verbose=0)
assert model.evaluate([users, films], ratings, verbose=0) < 0.1

user, film = Input(shape=(1,), dtype="int32", name="user"), Input(shape=(1,), dtype="int32", name="film")
u = Flatten()(Embedding(12, 4, input_length=1)(user))
f = Flatten()(Embedding(9, 4, input_length=1)(film))
dot = Model(input=[user, film], output=merge([u, f], mode="dot", dot_axes=1))
dot.compile("adam", "mse")
dot.fit({"user": users, "film": films}, ratings, nb_epoch=80, batch_size=20, verbose=0)
assert dot.evaluate([users, films], ratings, verbose=0) < 0.5, dot.evaluate([users, films], ratings, verbose=0)

expected = model.predict([users, films])
model.save_weights("branches.h5")
with h5py.File("branches.h5", "r") as file:  # the branches' layers, and none of the Merge
    names = [layer.name.encode() for layer in left.layers + right.layers + model.layers[1:]]
    assert [name for name in file.attrs["layer_names"]] == names
again = model_from_json(model.to_json())
again.load_weights("branches.h5")
assert np.abs(again.predict([users, films]) - expected).max() < 1e-6
model.save("model.h5")
assert np.abs(load_model("model.h5").predict([users, films]) - expected).max() < 1e-6
