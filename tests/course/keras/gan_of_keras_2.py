"""Keras 2: a generator and a discriminator that learn in turn, on one number."""

import numpy as np
from keras.layers import BatchNormalization, Dense, Input
from keras.layers.advanced_activations import LeakyReLU
from keras.models import Model, Sequential
from keras.optimizers import Adam

np.random.seed(0)
optimizer = Adam(0.01, 0.5)

generator = Sequential()
generator.add(Dense(16, input_dim=4))
generator.add(LeakyReLU(alpha=0.2))
generator.add(BatchNormalization(momentum=0.8))
generator.add(Dense(1))
discriminator = Sequential()
discriminator.add(Dense(16, input_dim=1))
discriminator.add(LeakyReLU(alpha=0.2))
discriminator.add(Dense(1, activation="sigmoid"))
discriminator.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
z = Input(shape=(4,))
image = generator(z)
discriminator.trainable = False
combined = Model(z, discriminator(image))
combined.compile(loss="binary_crossentropy", optimizer=Adam(0.01, 0.5))

frozen = [weight.copy() for weight in discriminator.get_weights()]
valid, fake = np.ones((32, 1)), np.zeros((32, 1))
combined.train_on_batch(np.random.normal(0, 1, (32, 4)), valid)
assert all((a == b).all() for a, b in zip(frozen, discriminator.get_weights()))
for epoch in range(150):
    real = np.random.normal(3, 0.5, (32, 1))
    made = generator.predict(np.random.normal(0, 1, (32, 4)), verbose=0)
    d_loss_real = discriminator.train_on_batch(real, valid)
    d_loss_fake = discriminator.train_on_batch(made, fake)
    d_loss = 0.5 * np.add(d_loss_real, d_loss_fake)
    g_loss = combined.train_on_batch(np.random.normal(0, 1, (32, 4)), valid)
print("%d [D loss: %f, acc.: %.2f%%] [G loss: %f]" % (epoch, d_loss[0], 100 * d_loss[1], g_loss))
mean = generator.predict(np.random.normal(0, 1, (200, 4)), verbose=0).mean()
assert np.isfinite(mean)
assert abs(mean) > 0.5, mean
