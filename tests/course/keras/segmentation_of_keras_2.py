"""Keras 2 on TensorFlow 1: a metric of tf.metrics, lambdas in a saved model, and sessions of both."""

import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.callbacks import ModelCheckpoint
from keras.layers import Conv2D, Input, Lambda, MaxPooling2D, UpSampling2D
from keras.models import Model, load_model
from keras.optimizers import Adam


def mean_iou(y_true, y_pred):
    found = []
    for threshold in (0.4, 0.6):
        score, update = tf.metrics.mean_iou(y_true, tf.to_int32(y_pred > threshold), 2)
        K.get_session().run(tf.local_variables_initializer())
        with tf.control_dependencies([update]):
            score = tf.identity(score)
        found.append(score)
    return K.mean(K.stack(found), axis=0)


np.random.seed(0)
masks = np.kron(np.random.rand(32, 4, 4) > 0.5, np.ones((4, 4)))[..., None]
images = 255 * masks + np.random.normal(0, 20, masks.shape)

inputs = Input((16, 16, 1))
scaled = Lambda(lambda x: x / 255)(inputs)
centred = Lambda(lambda x: x - 0.5)(scaled)
inner = UpSampling2D()(MaxPooling2D()(Conv2D(4, (3, 3), activation="relu", padding="same")(centred)))
model = Model(inputs, Conv2D(1, (3, 3), activation="sigmoid", padding="same")(inner))
model.compile(optimizer=Adam(lr=0.03), loss="binary_crossentropy", metrics=[mean_iou])
history = model.fit(
    images, masks, epochs=60, batch_size=8, verbose=0,
    callbacks=[ModelCheckpoint("best.h5", monitor="loss", save_best_only=True)],
)  # fmt: skip
predicted = model.predict(images)
both = [((predicted > threshold) == masks).mean() for threshold in (0.4, 0.6)]
assert history.history["mean_iou"][-1] > 0.8, history.history["mean_iou"][-1]
assert min(both) > 0.9, both

again = load_model("best.h5", custom_objects={"mean_iou": mean_iou})
assert abs(again.predict(images) - predicted).max() < 0.1

session = K.get_session()
session.run(tf.global_variables_initializer())
place = tf.placeholder(tf.float32, (None, 16, 16, 1))
values = session.run(tf.reduce_mean(place), feed_dict={place: images})
assert abs(values - images.mean()) < 1e-3
gradient = K.gradients(K.sum(model.output), model.input)[0]
with tf.Session() as other:
    assert other.run(gradient, feed_dict={model.input: images[:2]}).shape == (2, 16, 16, 1)
