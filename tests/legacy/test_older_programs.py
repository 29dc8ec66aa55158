"""What programs of Keras 1, Keras 2 and tf.keras count on, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import neurona

ROOT = str(Path(neurona.__file__).parents[1])

OF_FILES = """
import os, pathlib, tarfile, zipfile
os.environ["KERAS_HOME"] = os.path.abspath("home")
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

os.makedirs("photos/roses")
pathlib.Path("photos/roses/a.jpg").write_text("")
with tarfile.open("photos.tgz", "w:gz") as archive:
    archive.add("photos")
with zipfile.ZipFile("climate.csv.zip", "w") as archive:
    archive.writestr("climate.csv", "a,b")
here = "file://" + os.getcwd() + "/"
folder = pathlib.Path(tf.keras.utils.get_file("photos", origin=here + "photos.tgz", untar=True))
path = tf.keras.utils.get_file("climate.csv.zip", origin=here + "climate.csv.zip", extract=True)
print(len(list(folder.glob("*/*.jpg"))), open(os.path.splitext(path)[0]).read(), "home" in path)

inputs = layers.Input((4,))
x = layers.Dense(3, name="block_1/dense")(inputs)
x = tf.concat([1.0 - 2.0 * x, x + tf.range(3, dtype=tf.float32)], axis=-1)
x = tf.nn.relu(tf.reduce_mean(x, axis=-1, keepdims=True)[:, 0:1] * np.array([[3.0, 4.0]], "float32"))
model = tf.keras.Model(inputs, tf.matmul(x, tf.ones((2, 3))))
data = np.arange(8.0).reshape(2, 4)
for name in ("model.h5", "model.keras"):
    model.save(name)
    again = tf.keras.models.load_model(name)
    print(np.abs(again.predict(data, verbose=0) - model.predict(data, verbose=0)).max())
    print(again.get_layer("block_1/dense").units)

sparse = tf.sparse.SparseTensor([(0, 1), (1, 3)], [2, 5], (2, 4))
entry = tf.keras.Input((4,), sparse=True)
summed = tf.keras.Model(entry, layers.Dense(1, kernel_initializer="ones")(entry))
print(summed(sparse).numpy().tolist(), summed.predict(sparse, verbose=0).tolist())
"""

OF_KERAS_1 = """
from keras.layers import *
from keras.models import *
from keras.optimizers import *
from keras.layers.core import Dense
from sklearn.cross_validation import KFold, train_test_split
import numpy
border_mode = "same"
assert K.int_shape(Input((3,))) == (None, 3) and interfaces and initializers.get("zero")

class Attention(Layer):
    def __init__(self, make, **kwargs):
        self.make = make
        super(Attention, self).__init__(**kwargs)

    def build(self, input_shape):
        self.inner = self.make()
        self.inner.build(self.inner.get_output_shape_for(input_shape[1]))
        self.A = self.add_weight((3, 4), self.inner.init, "{}_A".format(self.name))
        self.trainable_weights += self.inner.trainable_weights
        self.losses += self.inner.losses
        self.built = True

    def get_output_shape_for(self, input_shape):
        return self.inner.get_output_shape_for(input_shape[1])

    def step(self, x, states):
        return self.inner.step(x + K.dot(states[-1], self.A), states)

    def call(self, x, mask=None):
        constants = self.inner.get_constants(x[1]) + [x[0]]
        states, seen = self.inner.get_initial_states(x[1]), self.inner.preprocess_input(x[1])
        last, outputs, states = K.rnn(self.step, seen, states, mask=mask[1], constants=constants)
        return outputs if self.inner.return_sequences else last

class Doubled(LSTM):
    def step(self, x, states):
        h, states = super(Doubled, self).step(x, states)
        return 2 * h, states

a, b = Input((3,)), Input((5, 4))
out = Attention(lambda: LSTM(4))([a, b])
model = Model(input=[a, b], output=[out, Dense(1)(out)])
model.compile("sgd", "mse", metrics=["accuracy", "mae"])
print(model.name, [layer.name for layer in model.layers], out._keras_shape)
print(model.metrics_names)
plain, doubled = LSTM(4), Doubled(4)
x = numpy.random.rand(2, 5, 4).astype("float32")
plain(x), doubled(x)
doubled.set_weights(plain.get_weights())
numpy.testing.assert_allclose(doubled(x), 2 * numpy.asarray(plain(x)), rtol=1e-5)
x, y = [numpy.zeros((6, 3)), numpy.random.rand(6, 5, 4)], [numpy.zeros((6, 4)), numpy.zeros((6, 1))]
history = model.fit(x, y, nb_epoch=1, verbose=0).history
assert sorted(history) == sorted(model.metrics_names), history
print(len(model.predict(x)), [list(test) for _, test in KFold(4, n_folds=2)])
"""

OF_KERAS_2 = """
from functools import partial
import numpy as np
from keras import backend as K
from keras.layers import Conv2D, Dense, Input, Layer
from keras.callbacks import LearningRateScheduler
from keras.layers.core import Flatten
from keras.models import Model
from keras.legacy import interfaces

class Halves(Layer):
    pattern = None

    def build(self, input_shape):
        options = {"dtype": "int32", "initializer": self.order_of, "trainable": False}
        self.order = self.add_weight(name="order", shape=(6,), **options)
        self.built = True

    def order_of(self, shape):
        return list(range(shape[0]))[::-1]

    def call(self, inputs):
        size = K.int_shape(inputs)[-1]
        self.seen = K.int_shape(inputs)
        self.pattern = [size // 2, size - size // 2]
        return [inputs[:, : size // 2], inputs[:, size // 2 :]]

    def compute_output_shape(self, input_shape):
        return [input_shape[:-1] + (size,) for size in self.pattern]

halves = Halves()
inputs = Input((6,))
parts = halves(inputs)
print([part._keras_shape for part in parts], halves.seen, halves.order.eval(session=None))
seen = Input((4, 4, 1))
model = Model(seen, Dense(1)(Flatten()(Conv2D(2, (3, 3))(seen))))
print([layer.name for layer in model.layers], (K.variable([2.0]) * 3).eval(session=K.get_session()))
model.compile("sgd", "mse")
halved = LearningRateScheduler(lambda epoch: 0.5 / (epoch + 1))
history = model.fit(np.ones((4, 4, 4, 1)), np.ones(4), epochs=2, verbose=0, callbacks=[halved]).history
model.save_weights("weights")
model.load_weights("weights")
print(sorted(history), [round(rate, 2) for rate in history["lr"]], open("weights", "rb").read(4))
"""

OF_TF_KERAS = """
import numpy as np
import tensorflow as tf
import tensorflow.experimental.numpy as tnp
from functools import partial
from tensorflow.keras import backend as K
from tensorflow.keras import layers
from tensorflow.compiler.tf2xla.python import xla

print(tnp.mean(tnp.arange(4)), tnp.ones((2,)).dtype.name, tnp.random.randn(2).shape)
print(xla.dynamic_update_slice(tf.zeros([3]), tf.constant([2.0]), [tf.constant(1)]).numpy())

class Step(tf.keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compiled_loss(y, self(x, training=True))
        slopes = tape.gradient(loss, self.trainable_variables)
        print("slope %.4f" % tf.reduce_max(tf.abs(slopes[0])) != "")
        self.optimizer.apply_gradients(zip(slopes, self.trainable_variables))
        return {"loss": loss}

seen = tf.keras.Input((2,))
model = Step(seen, layers.Dense(1)(seen))
print(seen.name, [layer.name for layer in model.layers])
model.compile("sgd", "mse", run_eagerly=True)
print(len(model.fit(np.ones((4, 2)), np.ones((4, 1)), batch_size=2, verbose=0).history["loss"]))
print(tf.keras.Model(seen, seen).name)
"""

PENALTY = """
import numpy as np
import tensorflow as tf
tf.compat.v1.disable_eager_execution()
from functools import partial
from tensorflow.keras import backend as K
from tensorflow.keras import layers

class Losses:
    @tf.function
    def penalty(self, y_true, y_pred, at):
        return K.mean(K.square(1 - K.sqrt(K.sum(K.square(K.gradients(y_pred, at)[0]), axis=1))))

seen = tf.keras.Input((2,))
dense = layers.Dense(1, use_bias=False)
loss = partial(Losses().penalty, at=seen)
loss.__name__ = "penalty"
model = tf.keras.Model(seen, dense(seen))
model.compile("sgd", loss=loss)
model.set_weights([np.array([[3.0], [4.0]])])
print(model.train_on_batch(np.ones((4, 2)), np.ones((4, 1))))
"""

WEIGHTS = """
import numpy as np
from tensorflow.keras import Input, Model, Sequential, layers
import tensorflow as tf

class Own(layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(2)

    def build(self, shape):
        self.scale = self.add_weight(shape=(2,), name="scale")
        self.shift = tf.Variable(tf.zeros(2), name="shift")

    def call(self, x):
        return self.inner(x) * self.scale + self.shift

class Net(Model):
    def __init__(self):
        super().__init__()
        self.first, self.own = layers.Dense(3, name="first"), Own()
        self.last = Sequential([layers.Dense(2)])

    def call(self, x):
        return self.last(self.own(self.first(x)))

net = Net()
net(np.zeros((1, 4)))
print(*[weight.name for weight in net.weights])
seen = Input((5, 4))
x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(seen)
x = layers.TimeDistributed(Sequential([layers.Input((6,)), layers.Dense(2)]))(x)
x = layers.TimeDistributed(layers.Dense(2))(x)
print(*[weight.name for weight in Model(seen, x).weights])
"""

PHASES = """
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.drop = layers.Dropout(0.5)

    def call(self, inputs, training):
        flat = tf.reshape(inputs, [8, 3])
        return tf.reshape(self.drop(flat, training=training), [tf.shape(inputs)[0], 2, 3])

seen = keras.Input((2, 3))
model = keras.Model(seen, Block()(seen))
print(model.output_shape[1:])
same = model(tf.ones((4, 2, 3)))
print(float(tf.reduce_min(same)), float(tf.reduce_max(model(tf.ones((4, 2, 3)), training=True))))
"""


def run(text, folder):
    (folder / "program.py").write_text(text)
    command = [sys.executable, "-m", "neurona", "run", "program.py"]
    options = {"cwd": folder, "env": {**os.environ, "PYTHONPATH": ROOT}, "capture_output": True, "text": True}
    done = subprocess.run(command, check=False, **options)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def test_files_and_models_of_tensorflow_s_functions(tmp_path):
    said = run(OF_FILES, tmp_path)
    assert said[0] == "1 a,b True"  # as Keras 2 unpacked archives
    assert said[1:5] == ["0.0", "3", "0.0", "3"]
    assert said[5] == "[[2.0], [5.0]] [[2.0], [5.0]]"


def test_inner_methods_and_names_of_keras_1(tmp_path):
    said = run(OF_KERAS_1, tmp_path)
    assert said[0] == "model_1 ['input_2', 'input_3', 'attention_1', 'dense_1'] (None, 4)"
    names = ["acc", "mean_absolute_error"]
    of_outputs = [f"{layer}_{name}" for layer in ("attention_1", "dense_1") for name in names]
    assert said[1] == str(["loss", "attention_1_loss", "dense_1_loss", *of_outputs])
    assert said[2].startswith("2 [")
    assert len(said) == 3  # predict shows no progress


def test_shapes_and_first_values_of_keras_2(tmp_path):
    said = run(OF_KERAS_2, tmp_path)
    assert said[0] == "[(None, 3), (None, 3)] (None, 6) [5 4 3 2 1 0]"
    assert said[1] == "['input_2', 'conv2d_1', 'flatten_1', 'dense_1'] [6.]"
    assert said[2] == r"['loss', 'lr'] [0.5, 0.25] b'\x89HDF'"


def test_numpy_of_tensorflow_and_steps_that_print_numbers(tmp_path):
    said = run(OF_TF_KERAS, tmp_path)
    assert said[:2] == ["tf.Tensor(1.5, shape=(), dtype=float64) float64 (2,)", "[0. 2. 0.]"]
    assert said[2] == "input_1 ['input_1', 'dense']"
    assert said[3:] == ["True", "True", "1", "model"]


def test_gradients_in_a_loss_of_tf_keras_without_eager(tmp_path):
    assert float(run(PENALTY, tmp_path)[-1]) == pytest.approx(16)  # (1 - |(3, 4)|)^2


def test_names_of_weights_have_those_of_their_layers(tmp_path):
    # As tf-keras 2.21 prints them.
    said = [line.split() for line in run(WEIGHTS, tmp_path)]
    of_first = [f"net/first/{name}:0" for name in ("kernel", "bias")]
    of_own = [f"net/own/{name}:0" for name in ("scale", "shift", "dense/kernel", "dense/bias")]
    assert said[0] == [*of_first, *of_own, "dense_1/kernel:0", "dense_1/bias:0"]
    parts = ("kernel", "recurrent_kernel", "bias")
    gates = [
        f"bidirectional/{way}_gru/gru_cell/{name}:0" for way in ("forward", "backward") for name in parts
    ]
    inner = [
        f"{layer}/{name}:0" for layer in ("dense_2", "time_distributed_1") for name in ("kernel", "bias")
    ]
    assert said[1] == [*gates, *inner]
    older = WEIGHTS.replace("tensorflow.keras", "keras") + "from keras.utils import np_utils"
    assert run(older, tmp_path)[1].startswith("bidirectional_1/forward_gru_1/kernel:0 ")
    todays = run(WEIGHTS + "print(net.first.kernel.path)", tmp_path)
    assert todays[0].startswith("kernel bias scale ")
    assert todays[-1] == "net/first/kernel"


def test_a_block_is_drawn_with_the_size_of_its_batches_and_without_a_phase(tmp_path):
    # tf-keras 2.21 prints these, too.
    assert run(PHASES, tmp_path) == ["(2, 3)", "1.0 2.0"]
