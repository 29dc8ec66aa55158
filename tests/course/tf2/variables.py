"""Variables: assignment, items, shapes, copies, names, and a module that owns some."""

import numpy as np
import tensorflow as tf

my_tensor = tf.constant([[1.0, 2.0], [3.0, 4.0]])
my_variable = tf.Variable(my_tensor)
assert my_variable.shape == (2, 2) and my_variable.dtype == tf.float32
assert (my_variable.numpy() == my_tensor.numpy()).all()
assert tf.convert_to_tensor(my_variable).shape == (2, 2)
assert int(tf.argmax(my_variable)[0]) == 1
assert tf.reshape(my_variable, [1, 4]).shape == (1, 4)

a = tf.Variable([2.0, 3.0])
a.assign([1, 2])
try:
    a.assign([1.0, 2.0, 3.0])
except ValueError as error:
    print(type(error).__name__)
else:
    raise AssertionError("a variable changed its shape")
b = tf.Variable(a)
a.assign([5, 6])
assert b.numpy().tolist() == [1.0, 2.0] and a.assign_add([2, 3]).numpy().tolist() == [7.0, 9.0]
assert a.assign_sub([7, 9]).numpy().tolist() == [0.0, 0.0]
b[0].assign(7.0)
assert b.numpy().tolist() == [7.0, 2.0]
m = tf.Variable(tf.zeros([3, 3]))
m[1, 1:].assign([4.0, 5.0])
m[:, 0].assign([1.0, 1.0, 1.0])
np.testing.assert_array_equal(m.numpy(), [[1, 0, 0], [1, 4, 5], [1, 0, 0]])

named = tf.Variable(my_tensor, name="Mark")
assert named.name == "Mark:0" and (named == my_variable).numpy().all()
assert "Mark:0" in repr(named) and "shape=(2, 2)" in repr(named)
step = tf.Variable(1, trainable=False)
step.assign_add(1)
assert step.numpy() == 2 and not step.trainable and step.dtype == tf.int32
with tf.device("CPU:0"):
    k = tf.matmul(tf.Variable([[1.0, 2.0, 3.0]]), tf.Variable([[1.0], [2.0], [3.0]]))
assert k.numpy() == 14.0


class SimpleModule(tf.Module):
    def __init__(self, name=None):
        super().__init__(name=name)
        self.a_variable = tf.Variable(5.0, name="train_me")
        self.non_trainable_variable = tf.Variable(5.0, trainable=False, name="do_not_train_me")

    def __call__(self, x):
        return self.a_variable * x + self.non_trainable_variable


simple = SimpleModule(name="simple")
assert simple(tf.constant(5.0)).numpy() == 30.0
assert [v.name for v in simple.trainable_variables] == ["train_me:0"] and len(simple.variables) == 2


class Dense(tf.Module):
    def __init__(self, in_features, out_features, name=None):
        super().__init__(name=name)
        self.w = tf.Variable(tf.random.normal([in_features, out_features]), name="w")
        self.b = tf.Variable(tf.zeros([out_features]), name="b")

    @tf.function
    def __call__(self, x):
        return tf.nn.relu(tf.matmul(x, self.w) + self.b)


class SequentialModule(tf.Module):
    def __init__(self):
        super().__init__()
        self.layers = [Dense(3, 3), Dense(3, 2)]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


model = SequentialModule()
out = model(tf.constant([[2.0, 2.0, 2.0]]))
assert out.shape == (1, 2) and len(model.trainable_variables) == 4 and len(model.submodules) == 2
expected = np.full((1, 3), 2.0, "float32")
for layer in model.layers:
    expected = np.maximum(expected @ layer.w.numpy() + layer.b.numpy(), 0)
np.testing.assert_allclose(out.numpy(), expected, rtol=1e-5)
print("ok")
