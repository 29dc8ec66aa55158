"""tf.function: variables, signatures, retracing, methods, control flow, and the speed of a compiled loop."""

import tensorflow as tf


@tf.function
def add(a, b):
    return a + b


assert add(tf.ones([2, 2]), tf.ones([2, 2])).numpy().tolist() == [[2.0, 2.0], [2.0, 2.0]]
v = tf.Variable(1.0)
with tf.GradientTape() as tape:
    result = add(v, 1.0)
assert tape.gradient(result, v).numpy() == 1.0


@tf.function
def dense_layer(x, w, b):
    return add(tf.matmul(x, w), b)


assert dense_layer(tf.ones([3, 2]), tf.ones([2, 2]), tf.ones([2])).shape == (3, 2)
traces = []


@tf.function
def double(a):
    traces.append(a)
    return a + a


before = len(traces)
assert double(tf.constant(1)).numpy() == 2 and double(tf.constant(1.1)).dtype == tf.float32
after = len(traces)
assert double(tf.constant(3)).numpy() == 6 and len(traces) == after > before


@tf.function(input_signature=(tf.TensorSpec(shape=[None], dtype=tf.int32),))
def next_collatz(x):
    return tf.where(x % 2 == 0, x // 2, 3 * x + 1)


assert next_collatz(tf.constant([1, 2])).numpy().tolist() == [4, 1]


@tf.function
def sign(x):
    if x > 0:
        return tf.constant(1)
    return tf.constant(-1)


assert sign(tf.constant(3.0)).numpy() == 1 and sign(tf.constant(-3.0)).numpy() == -1


@tf.function
def fizzbuzz(n):
    count = 0
    for i in range(1, n + 1):
        if i % 3 == 0 or i % 5 == 0:
            count += 1
    return count


assert int(fizzbuzz(15)) == 7


@tf.function
def cumulative(n):
    total = tf.constant(0)
    for i in tf.range(n):
        total += i
    return total


assert cumulative(tf.constant(5)).numpy() == 10

counter = tf.Variable(0)


@tf.function
def count(n):
    counter.assign_add(n)
    return counter.read_value()


assert [int(count(tf.constant(2))) for _ in range(3)] == [2, 4, 6] and counter.numpy() == 6


class Lazy(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = None

    @tf.function
    def __call__(self, x):
        if self.w is None:
            self.w = tf.Variable(tf.ones([3, 1]), name="w")
        return tf.matmul(x, self.w)


lazy = Lazy()
assert lazy(tf.ones([2, 3])).numpy().tolist() == [[3.0], [3.0]]
lazy.w.assign(2 * tf.ones([3, 1]))
assert lazy(tf.ones([2, 3])).numpy().tolist() == [[6.0], [6.0]] and len(lazy.trainable_variables) == 1


@tf.function
def loop(x):
    i = tf.constant(0)
    return tf.while_loop(lambda i, x: i < 5, lambda i, x: (i + 1, x * 2.0), [i, x])


assert loop(tf.constant(1.0))[1].numpy() == 32.0


@tf.function
def structured(x):
    return {"twice": 2 * x, "pair": (x, x + 1), "nothing": None}


found = structured(tf.constant(2))
assert found["twice"].numpy() == 4 and found["pair"][1].numpy() == 3 and found["nothing"] is None


@tf.function
def noise():
    return tf.random.uniform([4])


assert (noise().numpy() != noise().numpy()).any()
tf.config.run_functions_eagerly(True)
assert add(1, 2) == 3
tf.config.run_functions_eagerly(False)
print("ok")
