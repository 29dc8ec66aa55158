"""Keras 2: a file of the program's own layers, whose arguments are called as Keras's once were."""

import numpy as np
from keras import backend as K
from keras import initializers, regularizers
from keras.engine.topology import Layer
from keras.layers import Dense, Embedding, Input
from keras.models import Model, load_model


class Attention(Layer):
    def __init__(self, W_regularizer=None, bias=True, init="glorot_uniform", output_dim=3, **kwargs):
        self.supports_masking = True
        self.init, self.output_dim, self.bias = initializers.get(init), output_dim, bias
        self.W_regularizer = regularizers.get(W_regularizer)
        super(Attention, self).__init__(**kwargs)

    def build(self, input_shape):
        shape = (input_shape[-1], self.output_dim)
        self.W = self.add_weight(shape, initializer=self.init, name="W", regularizer=self.W_regularizer)
        super(Attention, self).build(input_shape)

    def compute_mask(self, input, input_mask=None):
        return None

    def call(self, x, mask=None):
        scores = K.exp(K.tanh(K.dot(x, self.W)))
        if mask is not None:
            scores *= K.expand_dims(K.cast(mask, K.floatx()))
        scores /= K.sum(scores, axis=1, keepdims=True) + K.epsilon()
        return K.sum(scores, axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape[0], self.output_dim

    def get_config(self):
        own = {"bias": self.bias, "output_dim": self.output_dim, "W_regularizer": None, "init": "ones"}
        return dict(list(super(Attention, self).get_config().items()) + list(own.items()))


words = Input((5,))
x = Attention(bias=False, output_dim=2)(Embedding(9, 4, mask_zero=True)(words))
model = Model(words, Dense(1)(x))
model.compile("adam", "mse")
model.save("own.h5")
again = load_model("own.h5", custom_objects={"Attention": Attention})
given = np.random.randint(0, 9, (6, 5))
assert np.allclose(model.predict(given), again.predict(given), atol=1e-6)
assert (again.layers[2].bias, again.layers[2].output_dim) == (False, 2)
