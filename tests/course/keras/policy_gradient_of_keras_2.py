"""Keras 2: an optimizer's step as the update of a K.function, as programs of reinforcement learning took it."""

import numpy as np
from keras import backend as K
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import SGD, Adam

policy = Sequential([Dense(16, activation="relu", input_dim=4), Dense(2, activation="softmax")])
actions = K.placeholder(shape=(None, 2), name="action_onehot")
rewards = K.placeholder(shape=(None,), name="discount_reward")
action_prob = K.sum(policy.output * actions, axis=1)
loss = K.mean(-K.log(action_prob) * rewards)
updates = Adam(lr=0.01).get_updates(params=policy.trainable_weights, loss=loss)
train = K.function(inputs=[policy.input, actions, rewards], outputs=[loss], updates=updates)
states, chosen = np.random.rand(8, 4), np.eye(2)[[0] * 8]
first = train([states, chosen, np.ones(8)])[0]
for _ in range(30):
    last = train([states, chosen, np.ones(8)])[0]
assert last < first / 2, (first, last)

# One step of plain descent is w - lr * gradient, with the arguments of Keras 1 too.
line = Sequential([Dense(1, use_bias=False, input_dim=1)])
line.set_weights([np.array([[3.0]])])
square = K.mean(K.square(line.output))
step = K.function([line.input], [square], SGD(lr=0.1).get_updates(line.trainable_weights, {}, square))
value = step([np.array([[1.0]])])[0]
value *= 2  # what K.function returns may be written to
assert np.isclose(line.get_weights()[0][0, 0], 3 - 0.1 * 6) and np.isclose(value, 18)
