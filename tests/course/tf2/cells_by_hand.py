"""TensorFlow 2: a recurrent cell in the program's own loop, classes drawn in a model, older names of layers."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
np.random.seed(0)


class Remembering(tf.keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.classes = classes
        self.cell = tf.keras.layers.LSTMCell(16)
        self.dense = tf.keras.layers.Dense(classes)

    def call(self, inputs):
        steps = tf.one_hot(inputs, self.classes)
        state = self.cell.get_initial_state(batch_size=tf.shape(inputs)[0], dtype=tf.float32)
        for place in range(inputs.shape[1]):
            output, state = self.cell(steps[:, place], state)
        return self.dense(output)


class Drawing(tf.keras.Model):
    def call(self, scores):
        return tf.squeeze(tf.random.categorical(scores, 1), axis=-1)


class Linear(tf.keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.add_variable(name="kernel", shape=[4, 4])

    def call(self, x):
        return tf.matmul(x, self.trainable_variables[0])


x = np.random.randint(0, 4, (64, 5))
y = x[:, 0]  # the first of five is to be remembered
model, optimizer = Remembering(4), tf.keras.optimizers.Adam(0.02)
losses = []
for _ in range(60):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(
            tf.keras.losses.sparse_categorical_crossentropy(y, model(x), from_logits=True)
        )
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    losses.append(loss.numpy())
assert losses[-1] < 0.5 * losses[0], losses[::10]

certain = np.array([[0.0, 50.0, 0.0], [50.0, 0.0, 0.0]], "float32")
assert Drawing().predict(certain, verbose=0).tolist() == [1, 0]
assert Linear()(tf.ones((2, 4))).shape == (2, 4)
assert [layer.name for layer in model.submodules] == [model.cell.name, model.dense.name]
assert isinstance(model, tf.Module)
assert model.name_scope() == model.name
sizes = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
for place in range(3):
    sizes = sizes.write(place, 2.0 * place)
assert sizes.stack().numpy().tolist() == [0, 2, 4]
