"""A generative adversarial network with two optimizers in one compiled step, and a checkpoint."""

import os
import tempfile
import time

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

tf.random.set_seed(0)
BATCH_SIZE, noise_dim, EPOCHS = 32, 8, 2
rng = np.random.default_rng(0)
train_images = np.tanh(rng.normal(loc=0.5, scale=0.1, size=(160, 8, 8, 1))).astype("float32")


def make_generator_model():
    model = tf.keras.Sequential()
    model.add(layers.Dense(4 * 4 * 8, use_bias=False, input_shape=(noise_dim,)))
    model.add(layers.BatchNormalization())
    model.add(layers.LeakyReLU())
    model.add(layers.Reshape((4, 4, 8)))
    assert model.output_shape == (None, 4, 4, 8)
    model.add(
        layers.Conv2DTranspose(1, (5, 5), strides=(2, 2), padding="same", use_bias=False, activation="tanh")
    )
    assert model.output_shape == (None, 8, 8, 1)
    return model


def make_discriminator_model():
    model = tf.keras.Sequential()
    model.add(layers.Conv2D(8, (5, 5), strides=(2, 2), padding="same", input_shape=[8, 8, 1]))
    model.add(layers.LeakyReLU())
    model.add(layers.Dropout(0.3))
    model.add(layers.Flatten())
    model.add(layers.Dense(1))
    return model


generator, discriminator = make_generator_model(), make_discriminator_model()
generated_image = generator(tf.random.normal([1, noise_dim]), training=False)
assert generated_image[0, :, :, 0].shape == (8, 8) and discriminator(generated_image).shape == (1, 1)
cross_entropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)


def discriminator_loss(real_output, fake_output):
    real_loss = cross_entropy(tf.ones_like(real_output), real_output)
    fake_loss = cross_entropy(tf.zeros_like(fake_output), fake_output)
    return real_loss + fake_loss


def generator_loss(fake_output):
    return cross_entropy(tf.ones_like(fake_output), fake_output)


generator_optimizer = tf.keras.optimizers.Adam(1e-3)
discriminator_optimizer = tf.keras.optimizers.Adam(1e-3)
checkpoint_dir = tempfile.mkdtemp()
checkpoint_prefix = os.path.join(checkpoint_dir, "ckpt")
checkpoint = tf.train.Checkpoint(
    generator_optimizer=generator_optimizer,
    discriminator_optimizer=discriminator_optimizer,
    generator=generator,
    discriminator=discriminator,
)


@tf.function
def train_step(images):
    noise = tf.random.normal([BATCH_SIZE, noise_dim])
    with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
        generated_images = generator(noise, training=True)
        real_output = discriminator(images, training=True)
        fake_output = discriminator(generated_images, training=True)
        gen_loss = generator_loss(fake_output)
        disc_loss = discriminator_loss(real_output, fake_output)
    gradients_of_generator = gen_tape.gradient(gen_loss, generator.trainable_variables)
    gradients_of_discriminator = disc_tape.gradient(disc_loss, discriminator.trainable_variables)
    generator_optimizer.apply_gradients(zip(gradients_of_generator, generator.trainable_variables))
    discriminator_optimizer.apply_gradients(
        zip(gradients_of_discriminator, discriminator.trainable_variables)
    )
    return gen_loss, disc_loss


before = [w.numpy() for w in generator.weights]
for epoch in range(EPOCHS):
    start = time.time()
    for at in range(0, len(train_images), BATCH_SIZE):
        gen_loss, disc_loss = train_step(train_images[at : at + BATCH_SIZE])
    print("epoch", epoch + 1, "losses", gen_loss.numpy(), disc_loss.numpy(), f"{time.time() - start:.2f} s")
checkpoint.save(file_prefix=checkpoint_prefix)
assert np.isfinite(gen_loss.numpy()) and int(generator_optimizer.iterations) == 10
changed = [np.abs(a - w.numpy()).max() > 0 for a, w in zip(before, generator.weights)]
assert all(changed), changed
kept = generator.weights[0].numpy()
generator.weights[0].assign(tf.zeros_like(generator.weights[0]))
checkpoint.restore(tf.train.latest_checkpoint(checkpoint_dir))
np.testing.assert_array_equal(generator.weights[0].numpy(), kept)
print("ok")
