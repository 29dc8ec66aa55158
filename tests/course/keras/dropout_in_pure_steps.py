"""Keras 3 on JAX: a training loop of one's own for a model with Dropout, whose zeros differ at each step."""

import jax
import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((8,)), layers.Dense(16), layers.Dropout(0.5), layers.Dense(1)])
optimizer, loss_of = keras.optimizers.SGD(0.01), keras.losses.MeanSquaredError()
optimizer.build(model.trainable_variables)


def loss_and_updates(trained, others, x, y):
    outputs, others = model.stateless_call(trained, others, x, training=True)
    return loss_of(y, outputs), others


@jax.jit
def step(trained, others, state, x, y):
    (loss, others), gradients = jax.value_and_grad(loss_and_updates, has_aux=True)(trained, others, x, y)
    trained, state = optimizer.stateless_apply(state, gradients, trained)
    return loss, trained, others, state


x = np.random.rand(32, 8).astype("float32")
y = x.sum(axis=1, keepdims=True)
now = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
now = tuple([variable.value for variable in group] for group in now)
losses = []
for _ in range(60):
    loss, *now = step(*now, x, y)
    losses.append(float(loss))
assert np.mean(losses[-10:]) < np.mean(losses[:10]) / 2
trained, others = now[:2]
shifted = [*trained[:3], trained[3] + 1e-3]
outputs = [model.stateless_call(one, others, x, training=True)[0] for one in (trained, shifted)]
assert np.abs(outputs[0] - outputs[1]).max() > 0.01  # other zeros
