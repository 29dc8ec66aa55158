"""A recurrent model of characters that keeps its state, trained in a loop, that samples by tf.random.categorical."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(1)
text = "abcabcabc " * 60
vocab = sorted(set(text))
char2idx = {u: i for i, u in enumerate(vocab)}
idx2char = np.array(vocab)
text_as_int = np.array([char2idx[c] for c in text])
seq_length, batch = 10, 16
sequences = text_as_int[: (seq_length + 1) * batch * 3].reshape(3, batch, seq_length + 1)


class MyModel(tf.keras.Model):
    def __init__(self, vocab_size, embedding_dim, rnn_units):
        super().__init__()
        self.embedding = tf.keras.layers.Embedding(vocab_size, embedding_dim)
        self.gru = tf.keras.layers.GRU(rnn_units, return_sequences=True, return_state=True)
        self.dense = tf.keras.layers.Dense(vocab_size)

    def call(self, inputs, states=None, return_state=False, training=False):
        x = self.embedding(inputs, training=training)
        if states is None:
            states = self.gru.get_initial_state(tf.shape(x)[0])
        x, states = self.gru(x, initial_state=states, training=training)
        x = self.dense(x, training=training)
        return (x, states) if return_state else x


model = MyModel(len(vocab), 8, 24)
example = model(tf.constant(sequences[0][:, :-1]))
assert example.shape == (batch, seq_length, len(vocab))
sampled = tf.squeeze(tf.random.categorical(example[0], num_samples=1), axis=-1).numpy()
assert sampled.shape == (seq_length,) and sampled.dtype == np.int64
loss = tf.losses.SparseCategoricalCrossentropy(from_logits=True)
mean_loss = loss(sequences[0][:, 1:], example)
assert abs(tf.exp(mean_loss).numpy() - len(vocab)) < 1
optimizer = tf.keras.optimizers.Adam(0.02)


@tf.function
def train_step(inp, target):
    with tf.GradientTape() as tape:
        predictions = model(inp, training=True)
        value = tf.reduce_mean(
            tf.keras.losses.sparse_categorical_crossentropy(target, predictions, from_logits=True)
        )
    grads = tape.gradient(value, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return value


for epoch in range(25):
    for sequence in sequences:
        value = train_step(sequence[:, :-1], sequence[:, 1:])
print(f"loss {value:.4f}")
assert value < 0.3
states, next_char, result = None, tf.constant([[char2idx["a"]]]), ["a"]
for _ in range(12):
    predicted_logits, states = model(next_char, states=states, return_state=True)
    predicted_logits = predicted_logits[:, -1, :] / 0.2
    next_char = tf.random.categorical(predicted_logits, num_samples=1)
    result.append(idx2char[next_char.numpy()[0, 0]])
print("".join(result))
assert "".join(result).startswith("abc")
print("ok")
