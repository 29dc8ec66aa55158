"""tf.keras: the gradient of a class with respect to a convolution, both outputs of one model (Grad-CAM)."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

inputs = keras.Input((8, 8, 1))
x = layers.Conv2D(3, 3, activation="relu", name="last_conv")(inputs)
x = layers.Flatten()(x)
outputs = layers.Dense(4, activation="softmax")(x)
model = keras.Model(inputs, outputs)
grad_model = keras.Model([model.inputs], [model.get_layer("last_conv").output, model.output])
with tf.GradientTape() as tape:
    conv_output, predictions = grad_model(np.random.rand(1, 8, 8, 1))
    index = tf.argmax(predictions[0])
    class_channel = predictions[:, index]
gradients = tape.gradient(class_channel, conv_output)
kernel, chances, chosen = model.layers[-1].get_weights()[0], predictions.numpy()[0], int(index)
expected = chances[chosen] * (kernel[:, chosen] - kernel @ chances)
assert np.allclose(gradients.numpy().ravel(), expected, atol=1e-6)

pooled = tf.reduce_mean(gradients, axis=(0, 1, 2))
heatmap = tf.squeeze(conv_output[0] @ pooled[..., tf.newaxis])
heatmap = tf.maximum(heatmap, 0) / tf.math.reduce_max(tf.abs(heatmap))
assert heatmap.numpy().shape == (6, 6) and heatmap.numpy().min() >= 0
