"""Sessions that save and report by themselves: hooks, MonitoredTrainingSession, Supervisor."""

import glob

import numpy as np
import tensorflow as tf

tf.logging.set_verbosity(tf.logging.INFO)
rng = np.random.RandomState(0)
points = rng.randn(100, 3).astype(np.float32)
answers = (points @ [1.0, -2.0, 0.5]).astype(np.float32)


class Watch(tf.train.SessionRunHook):
    """Keeps the loss of every run."""

    def __init__(self, tensor):
        self.tensor, self.seen = tensor, []

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(self.tensor)

    def after_run(self, run_context, run_values):
        self.seen.append(run_values.results)


def model():
    x, y = tf.data.Dataset.from_tensor_slices((points, answers)).repeat().batch(20).make_one_shot_iterator().get_next()
    w = tf.get_variable("w", [3, 1], initializer=tf.zeros_initializer())
    loss = tf.reduce_mean(tf.square(tf.squeeze(tf.matmul(x, w), 1) - y))
    tf.summary.scalar("loss", loss)
    step = tf.train.get_or_create_global_step()
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss, global_step=step)
    return loss, train, step, w


last = 0
for until in (30, 60):  # the second session goes on where the first one stopped
    with tf.Graph().as_default():
        loss, train, step, w = model()
        watch = Watch(loss)
        hooks = [tf.train.StopAtStepHook(last_step=until), tf.train.NanTensorHook(loss), watch]
        with tf.train.MonitoredTrainingSession(
            checkpoint_dir="monitored", hooks=hooks, save_summaries_steps=10, save_checkpoint_steps=20
        ) as session:
            while not session.should_stop():
                session.run(train)
        assert len(watch.seen) == until - last
        last = until
print(watch.seen[-1])
assert watch.seen[-1] < 1e-3
assert glob.glob("monitored/events.out.tfevents.*")
assert tf.train.latest_checkpoint("monitored").endswith("-60")

for until in (10, 20):
    with tf.Graph().as_default():
        loss, train, step, w = model()
        supervisor = tf.train.Supervisor(logdir="supervised", save_model_secs=0)
        with supervisor.managed_session() as session:
            while not supervisor.should_stop() and session.run(step) < until:
                session.run(train)
            values = session.run(w)
assert tf.train.load_variable("supervised", "global_step") == 20
np.testing.assert_allclose(tf.train.load_variable("supervised", "w"), values)
