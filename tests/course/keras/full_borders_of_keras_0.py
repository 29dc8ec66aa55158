"""Keras 0.3 on Theano: convolutions with border_mode="full", which are larger than their images."""

import numpy as np
from keras.layers.convolutional import Convolution1D, Convolution2D, MaxPooling2D
from keras.layers.core import Activation, Dense, Flatten
from keras.models import Sequential

model = Sequential()
model.add(Convolution2D(4, 3, 3, border_mode='full', input_shape=(1, 6, 6), init='glorot_normal'))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
assert model.output_shape == (None, 4, 4, 4)
model.add(Flatten())
model.add(Dense(2))
model.add(Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam')
r = np.random.RandomState(1)
images, side = r.rand(64, 1, 6, 6), r.randint(0, 2, 64)
images[side == 1, :, :, 3:] += 1
model.fit(images, np.eye(2)[side], nb_epoch=40, batch_size=16, verbose=0)
assert (model.predict_classes(images, verbose=0) == side).mean() > 0.9

line = Sequential([Convolution1D(1, 3, border_mode='full', bias=False, input_shape=(4, 1))])
line.set_weights([np.array([1., 2., 3.]).reshape(line.get_weights()[0].shape)])
out = line.predict(np.array([1., 0., 0., 2.]).reshape(1, 4, 1)).ravel()
assert np.allclose(out, [3, 2, 1, 6, 4, 2])
