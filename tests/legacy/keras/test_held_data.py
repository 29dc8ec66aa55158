"""Models that read their data from tensors, as mnist_dataset_api.py and mnist_tfrecord.py of Keras 2 do."""

import pytest

from tests.legacy.test_older_programs import run

PROGRAM = """
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.layers import Dense, Input
from keras.models import Model
from keras.optimizers import SGD

def line(tensor, target):
    seen = Input((1,)) if tensor is None else Input(tensor=tensor)
    model = Model(seen, Dense(1, use_bias=False, kernel_initializer="zeros")(seen))
    model.compile(SGD(lr=0.01), "mse", target_tensors=target)
    return model

x = np.arange(1, 5, dtype="float32").reshape(4, 1)
data = tf.data.Dataset.from_tensor_slices((x, 3 * x)).repeat().batch(4)
inputs, targets = data.make_one_shot_iterator().get_next()
model = line(inputs, [targets])
losses = model.fit(epochs=1, steps_per_epoch=2, verbose=0).history["loss"]
test = model.evaluate(None, None, steps=1, verbose=0)
print(model.get_weights()[0].item(), *losses, test, *model.predict(None, steps=1).ravel())

rows, wanted = tf.train.batch([x, 3 * x], batch_size=4, enqueue_many=True)
queued = line(rows, {"dense_2": wanted})
coord = tf.train.Coordinator()
threads = tf.train.start_queue_runners(K.get_session(), coord)
queued.fit(epochs=1, steps_per_epoch=2, verbose=0)
coord.request_stop()
coord.join(threads)
fed = line(None, tf.placeholder(tf.float32, (None, 1)))
fed.fit(x, 3 * x, epochs=2, verbose=0)
print(queued.get_weights()[0].item(), fed.get_weights()[0].item())

for options in ({"epochs": 1}, {"y": x, "steps_per_epoch": 1}):
    try:
        model.fit(**options)
    except ValueError as error:
        print(error)
"""


def test_models_train_on_the_tensors_that_they_hold(tmp_path):
    numbers, others, *errors = run(PROGRAM, tmp_path)
    # w' = w + 0.01 * 2 * mean(x^2) * (3 - w), and mean(x^2) = 7.5: 0, 0.45, 0.8325.
    loss = (7.5 * 3**2 + 7.5 * 2.55**2) / 2
    expected = [0.8325, loss, 7.5 * 2.1675**2, *(0.8325 * x for x in (1, 2, 3, 4))]
    assert list(map(float, numbers.split())) == pytest.approx(expected, rel=1e-5)
    assert list(map(float, others.split())) == pytest.approx([0.8325, 0.8325], rel=1e-5)
    assert "steps_per_epoch=..." in errors[0]
    assert "target_tensors=[...]" in errors[1]
