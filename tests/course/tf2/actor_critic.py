"""An actor and a critic that learn a small game, with TensorArrays and returns that are computed backwards."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

seed = 4
tf.random.set_seed(seed)
np.random.seed(seed)
eps = np.finfo(np.float32).eps.item()


class Game:
    """Two lights: the action must be that of the brighter one."""

    def reset(self):
        self.state = np.random.rand(2).astype(np.float32)
        return self.state

    def step(self, action):
        reward = 1.0 if action == int(self.state[1] > self.state[0]) else 0.0
        return self.reset(), reward


class ActorCritic(tf.keras.Model):
    def __init__(self, num_actions, num_hidden_units):
        super().__init__()
        self.common = layers.Dense(num_hidden_units, activation="relu")
        self.actor = layers.Dense(num_actions)
        self.critic = layers.Dense(1)

    def call(self, inputs):
        x = self.common(inputs)
        return self.actor(x), self.critic(x)


game, model = Game(), ActorCritic(2, 16)
huber_loss = tf.keras.losses.Huber(reduction="sum")
optimizer = tf.keras.optimizers.Adam(learning_rate=0.1)


def env_step(action):
    state, reward = game.step(action)
    return state.astype(np.float32), np.array(reward, np.float32)


def run_episode(steps):
    action_probs = tf.TensorArray(dtype=tf.float32, size=0, dynamic_size=True)
    values = tf.TensorArray(dtype=tf.float32, size=0, dynamic_size=True)
    rewards = tf.TensorArray(dtype=tf.float32, size=0, dynamic_size=True)
    state = tf.constant(game.reset(), dtype=tf.float32)
    for t in tf.range(steps):
        action_logits_t, value = model(tf.expand_dims(state, 0))
        action = tf.random.categorical(action_logits_t, 1)[0, 0]
        action_probs_t = tf.nn.softmax(action_logits_t)
        values = values.write(t, tf.squeeze(value))
        action_probs = action_probs.write(t, action_probs_t[0, action])
        state, reward = tf.numpy_function(env_step, [action], [tf.float32, tf.float32])
        rewards = rewards.write(t, reward)
    return action_probs.stack(), values.stack(), rewards.stack()


def get_expected_return(rewards, gamma, standardize=True):
    n = tf.shape(rewards)[0]
    returns = tf.TensorArray(dtype=tf.float32, size=n)
    rewards = tf.cast(rewards[::-1], dtype=tf.float32)
    discounted_sum = tf.constant(0.0)
    for i in tf.range(n):
        discounted_sum = rewards[i] + gamma * discounted_sum
        returns = returns.write(i, discounted_sum)
    returns = returns.stack()[::-1]
    if standardize:
        returns = (returns - tf.math.reduce_mean(returns)) / (tf.math.reduce_std(returns) + eps)
    return returns


np.testing.assert_allclose(
    get_expected_return(tf.constant([1.0, 0.0, 2.0]), 0.5, False).numpy(), [1.5, 1.0, 2.0], rtol=1e-6
)


def compute_loss(action_probs, values, returns):
    advantage = returns - values
    action_log_probs = tf.math.log(action_probs)
    actor_loss = -tf.math.reduce_sum(action_log_probs * tf.stop_gradient(advantage))
    return actor_loss + 0.5 * huber_loss(values, returns)


def train_step(steps):
    with tf.GradientTape() as tape:
        action_probs, values, rewards = run_episode(steps)
        returns = get_expected_return(rewards, 0.0)
        action_probs, values, returns = [tf.expand_dims(x, 1) for x in [action_probs, values, returns]]
        loss = compute_loss(action_probs, values, returns)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return tf.math.reduce_mean(rewards)


model(tf.zeros((1, 2)))  # its variables are made by the first call
before = [v.numpy() for v in model.trainable_variables]
scores = [float(train_step(6)) for _ in range(8)]
print("rewards", scores)
moved = [np.abs(v.numpy() - old).max() for v, old in zip(model.trainable_variables, before)]
assert len(moved) == 6 and min(moved) > 0 and all(0 <= score <= 1 for score in scores)
assert int(optimizer.iterations) == 8
print("ok")
