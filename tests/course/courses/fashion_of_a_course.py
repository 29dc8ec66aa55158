"""A course's program on Fashion-MNIST; of the data, a tenth."""

import tensorflow as tf
from tensorflow import keras

mnist = tf.keras.datasets.fashion_mnist
(training_images, training_labels), (test_images, test_labels) = mnist.load_data()
training_images, training_labels = training_images[::10], training_labels[::10]  # for the test's time

class_names = ['Camiseta', 'Pantalón', 'Jersey',
               'Vestido', 'Abrigo', 'Sandalia', 'Camisa',
               'Zapatilla', 'Bolso', 'Bota']
x, idx = tf.unique(training_labels)
for i in x:
    print(class_names[i])

model = tf.keras.models.Sequential([
    tf.keras.layers.Flatten(input_shape=(28,28)),
    tf.keras.layers.Dense(128, activation=tf.nn.relu),
    tf.keras.layers.Dense(10, activation=tf.nn.softmax)
])

model.compile(optimizer = tf.keras.optimizers.Adam(),
              loss = 'sparse_categorical_crossentropy')

model.fit(training_images, training_labels, epochs=5)

model.summary()

model.evaluate(test_images, test_labels)

assert model.count_params() == 101_770
# Of pixels from 0 to 255, as the course has them.
accuracy = (model.predict(test_images).argmax(axis=-1) == test_labels).mean()
assert accuracy > 0.6, accuracy
