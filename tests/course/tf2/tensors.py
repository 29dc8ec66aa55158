"""Tensors: ranks, dtypes, shapes, indexing, broadcasting and what mixing dtypes gives."""

import numpy as np
import tensorflow as tf

rank_0 = tf.constant(4)
rank_1 = tf.constant([2.0, 3.0, 4.0])
rank_2 = tf.constant([[1, 2], [3, 4], [5, 6]], dtype=tf.float16)
print(rank_0, rank_1, rank_2, sep="\n")
assert str(rank_0) == "tf.Tensor(4, shape=(), dtype=int32)"
assert str(rank_1) == "tf.Tensor([2. 3. 4.], shape=(3,), dtype=float32)"
assert rank_2.dtype == tf.float16 and rank_2.dtype.name == "float16"

a = tf.constant([[1, 2], [3, 4]])
b = tf.ones([2, 2], dtype=tf.int32)
assert (tf.add(a, b).numpy() == [[2, 3], [4, 5]]).all()
assert (a * b).numpy().tolist() == a.numpy().tolist()
assert (a @ b).numpy().tolist() == [[3, 3], [7, 7]]

c = tf.constant([[4.0, 5.0], [10.0, 1.0]])
assert tf.reduce_max(c) == 10.0
assert tf.math.argmax(c).numpy().tolist() == [1, 0] and tf.math.argmax(c).dtype == tf.int64
np.testing.assert_allclose(tf.nn.softmax(c)[0], [0.26894143, 0.7310586], rtol=1e-5)

rank_4 = tf.zeros([3, 2, 4, 5])
assert rank_4.ndim == 4 and rank_4.shape[-1] == 5 and tf.size(rank_4).numpy() == 120
assert rank_4.shape.as_list() == [3, 2, 4, 5] and str(rank_4.shape) == "(3, 2, 4, 5)"

row = tf.constant([0, 1, 1, 2, 3, 5, 8, 13, 21, 34])
assert row[::2].numpy().tolist() == [0, 1, 3, 8, 21]
assert row[::-1].numpy()[0] == 34 and row[2:7].shape == (5,) and row[-1].numpy() == 34
assert c[:, tf.newaxis].shape == (2, 1, 2) and c[..., 0].numpy().tolist() == [4.0, 10.0]
assert row[row > 8].numpy().tolist() == [13, 21, 34]

x = tf.constant([[1], [2], [3]])
assert tf.reshape(x, [1, 3]).shape == (1, 3) and tf.reshape(rank_4, [-1]).shape == (120,)
assert tf.transpose(rank_4, [3, 0, 1, 2]).shape == (5, 3, 2, 4)
assert tf.cast(tf.constant([2.2, 3.9]), tf.int32).numpy().tolist() == [2, 3]
assert (tf.reshape(x, [3, 1]) * tf.range(1, 5)).shape == (3, 4)
assert tf.broadcast_to(tf.constant([1, 2, 3]), [3, 3]).numpy()[2].tolist() == [1, 2, 3]

try:
    tf.constant(1) + tf.constant(1.0)
except tf.errors.InvalidArgumentError as error:
    print("refused:", error)
else:
    raise AssertionError("int32 and float32 were added")
try:
    tf.constant([1.0, 2.0])[5]
except tf.errors.InvalidArgumentError:
    pass

text = tf.constant(["Gray wolf", "Quick brown fox", "Lazy dog"])
assert text.dtype == tf.string and text[0].numpy() == b"Gray wolf" and text.shape == (3,)
values = tf.constant(np.arange(6.0).reshape(2, 3))
assert values.dtype == tf.float64 and values.numpy().dtype == np.float64
first, second = tf.split(values, [1, 2], axis=1)
assert first.shape == (2, 1) and second.shape == (2, 2)
assert tf.concat([first, second], axis=1).numpy().tolist() == values.numpy().tolist()
y, idx = tf.unique([1, 1, 2, 4, 4, 4, 7])
assert y.numpy().tolist() == [1, 2, 4, 7] and idx.numpy().tolist() == [0, 0, 1, 2, 2, 2, 3]
assert tf.where([True, False, True]).numpy().tolist() == [[0], [2]]
assert tf.gather([[1, 2], [3, 4], [5, 6]], [2, 0]).numpy().tolist() == [[5, 6], [1, 2]]
assert tf.tensor_scatter_nd_update([0, 0, 0], [[1]], [9]).numpy().tolist() == [0, 9, 0]
assert int(tf.constant(3)) + 1 == 4 and f"{tf.constant(2.5):.2f}" == "2.50" and 3 / tf.constant(2) == 1.5
values, places = tf.math.top_k([3.0, 9.0, 5.0], k=2)
assert values.numpy().tolist() == [9.0, 5.0] and places.numpy().tolist() == [1, 2]
print("ok")
