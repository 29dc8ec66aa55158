"""Optimizers of programs with `_resource_apply_dense`, each program in a process of its own."""

import subprocess
import sys

PROGRAM = '''
import numpy as np
import tensorflow as tf


class Rolling(tf.keras.optimizers.Optimizer):
    """Momentum whose coefficient is a hyperparameter."""

    def __init__(self, learning_rate=0.1, roll=0.5, name="Rolling", **kwargs):
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", kwargs.get("lr", learning_rate))
        self._set_hyper("roll", roll)
        self._set_hyper("decay", self._initial_decay)

    def _create_slots(self, var_list):
        for var in var_list:
            self.add_slot(var, "speed", initializer="ones")

    def _resource_apply_dense(self, grad, var, apply_state=None):
        dtype = var.dtype.base_dtype
        state = (apply_state or {}).get((var.device, dtype)) or self._fallback_apply_state(var.device, dtype)
        speed = self.get_slot(var, "speed")
        new = speed.assign(self._get_hyper("roll", dtype) * speed - state["lr_t"] * grad)
        return tf.group(var.assign_add(new, use_locking=self._use_locking), new)

    def get_config(self):
        return {**super().get_config(), "learning_rate": self._serialize_hyperparameter("learning_rate"),
                "roll": self._serialize_hyperparameter("roll")}


class Shrinking(tf.keras.optimizers.Adam):
    """Adam that first shrinks weights, of gradients that are halved."""

    def apply_gradients(self, grads_and_vars, name=None):
        return super().apply_gradients([(grad / 2, var) for grad, var in grads_and_vars])

    def _resource_apply_dense(self, grad, var, apply_state=None):
        var.assign_sub(0.1 * var)
        return super()._resource_apply_dense(grad, var, apply_state)


def rolled(w, gradients, decay=0.0):
    speed = np.ones_like(w)
    for step, gradient in enumerate(gradients):
        speed = 0.5 * speed - 0.1 / (1 + decay * step) * gradient(w)
        w = w + speed
    return w


first = np.array([1.0, -2.0, 3.0], np.float32)
for decay in (0.0, 0.5):
    weight, optimizer = tf.Variable(first), Rolling(0.1, **({"decay": decay} if decay else {}))
    for _ in range(4):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(weight**2)
        optimizer.apply_gradients([(tape.gradient(loss, weight), weight)])
    np.testing.assert_allclose(weight.numpy(), rolled(first, [lambda w: 2 * w] * 4, decay), rtol=1e-5)
assert int(optimizer.iterations.numpy()) == 4
assert optimizer.get_slot_names() == ["speed"]
again = Rolling.from_config(Rolling(0.25, roll=0.75, clipnorm=1.0).get_config())
assert (float(again.learning_rate), again.roll, again.clipnorm) == (0.25, 0.75, 1.0)

x = np.eye(3, dtype=np.float32)
y = np.array([[1.0], [2.0], [3.0]], np.float32)


def trained(optimizer):
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, use_bias=False, input_shape=(3,))])
    model.layers[0].set_weights([first[:, None]])
    model.compile(optimizer=optimizer, loss="mse")
    model.fit(x, y, epochs=3, batch_size=3, shuffle=False, verbose=0)
    return model.layers[0].get_weights()[0][:, 0]


slope = lambda w: 2 * (w - y[:, 0]) / 3
np.testing.assert_allclose(trained(Rolling(0.1)), rolled(first, [slope] * 3), rtol=1e-5)
w, m, v = first.astype(float), 0, 0
for step in range(1, 4):
    gradient = slope(w) / 2
    w = 0.9 * w
    m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
    w = w - 0.01 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-7)
np.testing.assert_allclose(trained(Shrinking(0.01, 0.9, 0.999, 1e-7, False, "Shrinking")), w, rtol=1e-4)
print("done")
'''

MADE_INSIDE = """
import tensorflow as tf


class Lazy(tf.Module):
    def __init__(self):
        self.w = None
        self.calls = 0

    @tf.function
    def __call__(self, x):
        if self.w is None:
            self.calls += 1
            self.w = tf.Variable(tf.random.normal([2, 3], seed=1))
        return x @ self.w


lazy = Lazy()
x = tf.ones([4, 2])
first = lazy(x)
assert lazy.calls == 1 and lazy.w.shape == (2, 3)
assert bool(tf.reduce_all(abs(first - x @ lazy.w) < 1e-6)) and bool(tf.reduce_all(lazy(x) == first))
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(lazy(x))
assert tape.gradient(loss, lazy.w).numpy().tolist() == [[4.0] * 3] * 2

numbers = None

@tf.function
def draw():
    global numbers
    if numbers is None:
        numbers = tf.random.Generator.from_seed(3)
    return numbers.normal([2])


a, b = draw(), draw()
again = tf.random.Generator.from_seed(3)
assert bool(tf.reduce_all(a == again.normal([2]))) and bool(tf.reduce_all(b == again.normal([2])))
print("done")
"""


def _run(program, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(program)
    command = [sys.executable, "-m", "neurona", "run", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert ended.stdout.endswith("done\n"), ended.stdout + ended.stderr


def test_optimizers_of_programs_take_the_steps_of_their_formulas(tmp_path):
    _run(PROGRAM, tmp_path)


def test_what_a_function_makes_in_its_first_call_stays(tmp_path):
    _run(MADE_INSIDE, tmp_path)
