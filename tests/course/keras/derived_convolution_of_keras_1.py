"""Keras 1: a causal convolution derived from the dilated one, which reads the attributes of then."""

import numpy as np
from keras import backend as K
from keras.callbacks import ModelCheckpoint
from keras.engine import Input, Model
from keras.layers import AtrousConvolution1D, Convolution2D
from keras.utils.np_utils import conv_output_length


class Causal(AtrousConvolution1D):
    def __init__(self, nb_filter, filter_length, weights=None, bias=True, causal=True, **kwargs):
        super().__init__(nb_filter, filter_length, weights=weights, bias=bias, **kwargs)
        self.causal = causal

    def get_output_shape_for(self, input_shape):
        length = input_shape[1] + self.atrous_rate * (self.filter_length - 1)
        length = conv_output_length(
            length, self.filter_length, self.border_mode, self.subsample_length, dilation=self.atrous_rate
        )
        return (input_shape[0], length, self.nb_filter)

    def call(self, x, mask=None):
        before = self.atrous_rate * (self.filter_length - 1)
        return super().call(K.asymmetric_temporal_padding(x, before, 0), mask)


def built():
    steps = Input(shape=(9, 2))
    return Model(steps, Causal(3, 2, atrous_rate=4, border_mode="valid", name="causal")(steps))


rng = np.random.RandomState(0)
x, y = rng.randn(8, 9, 2), rng.randn(8, 9, 3)
model = built()
model.compile("sgd", "mse")
model.fit(x, y, nb_epoch=1, verbose=0, callbacks=[ModelCheckpoint("causal.hdf5", monitor="loss")])
kernel, bias = (np.asarray(one) for one in model.get_layer("causal").get_weights())
padded = np.concatenate([np.zeros((8, 4, 2)), x], axis=1)
expected = padded[:, :9] @ kernel.reshape(2, 2, 3)[0] + padded[:, 4:] @ kernel.reshape(2, 2, 3)[1] + bias
np.testing.assert_allclose(model.predict(x), expected, atol=1e-5)

again = built()
again.load_weights("causal.hdf5")
np.testing.assert_allclose(again.predict(x), expected, atol=1e-5)

images = Convolution2D(4, 3, 5, border_mode="same", dim_ordering="tf", input_shape=(8, 8, 1))
assert (images.nb_row, images.nb_col, images.border_mode, images.dim_ordering) == (3, 5, "same", "tf")
both = K.concatenate([K.variable(np.ones((1, 4, 4, 3))), K.placeholder((1, 4, 4, 3))], axis=0)
assert both.get_shape().as_list() == [2, 4, 4, 3]
