"""A transformer block by hand: positions, attention with a mask, a schedule, a masked loss, and learning to copy."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(0)


def get_angles(pos, i, d_model):
    return pos / np.power(10000, (2 * (i // 2)) / np.float32(d_model))


def positional_encoding(position, d_model):
    angle_rads = get_angles(np.arange(position)[:, np.newaxis], np.arange(d_model)[np.newaxis, :], d_model)
    angle_rads[:, 0::2] = np.sin(angle_rads[:, 0::2])
    angle_rads[:, 1::2] = np.cos(angle_rads[:, 1::2])
    return tf.cast(angle_rads[np.newaxis, ...], dtype=tf.float32)


def create_padding_mask(seq):
    seq = tf.cast(tf.math.equal(seq, 0), tf.float32)
    return seq[:, tf.newaxis, tf.newaxis, :]


def create_look_ahead_mask(size):
    return 1 - tf.linalg.band_part(tf.ones((size, size)), -1, 0)


assert create_padding_mask(tf.constant([[7, 6, 0]])).numpy().ravel().tolist() == [0.0, 0.0, 1.0]
assert create_look_ahead_mask(3).numpy().tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]


def scaled_dot_product_attention(q, k, v, mask):
    matmul_qk = tf.matmul(q, k, transpose_b=True)
    dk = tf.cast(tf.shape(k)[-1], tf.float32)
    scaled_attention_logits = matmul_qk / tf.math.sqrt(dk)
    if mask is not None:
        scaled_attention_logits += mask * -1e9
    attention_weights = tf.nn.softmax(scaled_attention_logits, axis=-1)
    return tf.matmul(attention_weights, v), attention_weights


keys = tf.constant([[10, 0, 0], [0, 10, 0], [0, 0, 10], [0, 0, 10]], dtype=tf.float32)
values = tf.constant([[1, 0], [10, 0], [100, 5], [1000, 6]], dtype=tf.float32)
found, weights = scaled_dot_product_attention(tf.constant([[0, 0, 10]], dtype=tf.float32), keys, values, None)
np.testing.assert_allclose(found.numpy(), [[550.0, 5.5]], rtol=1e-5)


class MultiHeadAttention(tf.keras.layers.Layer):
    def __init__(self, d_model, num_heads):
        super().__init__()
        self.num_heads = num_heads
        self.d_model = d_model
        self.depth = d_model // num_heads
        self.wq = tf.keras.layers.Dense(d_model)
        self.wk = tf.keras.layers.Dense(d_model)
        self.wv = tf.keras.layers.Dense(d_model)
        self.dense = tf.keras.layers.Dense(d_model)

    def split_heads(self, x, batch_size):
        x = tf.reshape(x, (batch_size, -1, self.num_heads, self.depth))
        return tf.transpose(x, perm=[0, 2, 1, 3])

    def call(self, v, k, q, mask):
        batch_size = tf.shape(q)[0]
        q = self.split_heads(self.wq(q), batch_size)
        k = self.split_heads(self.wk(k), batch_size)
        v = self.split_heads(self.wv(v), batch_size)
        attention, weights = scaled_dot_product_attention(q, k, v, mask)
        attention = tf.transpose(attention, perm=[0, 2, 1, 3])
        concat_attention = tf.reshape(attention, (batch_size, -1, self.d_model))
        return self.dense(concat_attention), weights


class Reader(tf.keras.Model):
    def __init__(self, d_model, num_heads, vocabulary, maximum, rate=0.1):
        super().__init__()
        self.d_model = d_model
        self.embedding = tf.keras.layers.Embedding(vocabulary, d_model)
        self.pos_encoding = positional_encoding(maximum, d_model)
        self.mha = MultiHeadAttention(d_model, num_heads)
        self.layernorm1 = tf.keras.layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = tf.keras.layers.Dropout(rate)
        self.final_layer = tf.keras.layers.Dense(vocabulary)

    def call(self, x, training=False, mask=None):
        seq_len = tf.shape(x)[1]
        x = self.embedding(x)
        x *= tf.math.sqrt(tf.cast(self.d_model, tf.float32))
        x += self.pos_encoding[:, :seq_len, :]
        attn_output, _ = self.mha(x, x, x, mask)
        attn_output = self.dropout1(attn_output, training=training)
        return self.final_layer(self.layernorm1(x + attn_output))


class CustomSchedule(tf.keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, d_model, warmup_steps=4000):
        super().__init__()
        self.d_model = tf.cast(d_model, tf.float32)
        self.warmup_steps = warmup_steps

    def __call__(self, step):
        step = tf.cast(step, dtype=tf.float32)
        arg1 = tf.math.rsqrt(step)
        arg2 = step * (self.warmup_steps**-1.5)
        return tf.math.rsqrt(self.d_model) * tf.math.minimum(arg1, arg2)


optimizer = tf.keras.optimizers.Adam(CustomSchedule(16, 20), beta_1=0.9, beta_2=0.98, epsilon=1e-9)
loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")


def loss_function(real, pred):
    mask = tf.math.logical_not(tf.math.equal(real, 0))
    loss_ = loss_object(real, pred)
    mask = tf.cast(mask, dtype=loss_.dtype)
    loss_ *= mask
    return tf.reduce_sum(loss_) / tf.reduce_sum(mask)


def accuracy_function(real, pred):
    accuracies = tf.equal(tf.cast(real, tf.int64), tf.argmax(pred, axis=2))
    mask = tf.math.logical_not(tf.math.equal(real, 0))
    accuracies = tf.math.logical_and(mask, accuracies)
    return tf.reduce_sum(tf.cast(accuracies, tf.float32)) / tf.reduce_sum(tf.cast(mask, tf.float32))


reader = Reader(16, 4, 12, 10)
train_loss = tf.keras.metrics.Mean(name="train_loss")


@tf.function(input_signature=[tf.TensorSpec(shape=(None, None), dtype=tf.int64)])
def train_step(inp):
    with tf.GradientTape() as tape:
        predictions = reader(inp, training=True, mask=create_padding_mask(inp))
        loss = loss_function(inp, predictions)
    gradients = tape.gradient(loss, reader.trainable_variables)
    optimizer.apply_gradients(zip(gradients, reader.trainable_variables))
    train_loss(loss)
    return accuracy_function(inp, predictions)


rng = np.random.default_rng(0)
for step in range(100):
    inp = rng.integers(1, 12, (32, 6))
    inp[:, 4:] *= rng.integers(0, 2, (32, 1))
    accuracy = train_step(tf.constant(inp, dtype=tf.int64))
print(f"loss {train_loss.result():.4f} accuracy {accuracy:.4f}")
assert float(accuracy) > 0.9
print("ok")
