"""Keras 3: columns of a table are prepared, saved alone and read again, before a functional model."""

import keras
import numpy as np
from keras import layers
from keras.utils import FeatureSpace

r = np.random.RandomState(0)
table = {
    'age': r.randint(20, 80, 120),
    'pulse': r.normal(70, 8, 120),
    'pain': r.choice(['none', 'some', 'much'], 120),
}
ill = ((table['pain'] == 'much') | (table['age'] > 65)).astype('float32')
space = FeatureSpace(
    features={
        'age': FeatureSpace.float_normalized(),
        'pulse': 'float_normalized',
        'pain': FeatureSpace.string_categorical(num_oov_indices=0),
    },
    crosses=[FeatureSpace.cross(('pain', 'pain'), crossing_dim=8)],
    output_mode='concat',
)
space.adapt(table)
prepared = space(table)
space.save('space.keras')
again = keras.models.load_model('space.keras')
assert np.allclose(again(table), prepared)

encoded = space.get_encoded_features()
x = keras.activations.gelu(layers.Dense(16)(encoded))
x = keras.activations.softmax(layers.Dense(2)(x))
model = keras.Model(encoded, x)
model.compile(optimizer=keras.optimizers.Adam(0.02), loss='sparse_categorical_crossentropy', metrics=['accuracy'])
history = model.fit(prepared, ill, epochs=40, verbose=0)
assert history.history['accuracy'][-1] > 0.9
whole = keras.Model(space.get_inputs(), x)
row = {name: keras.ops.convert_to_tensor([column[0]]) for name, column in table.items()}
assert np.allclose(whole.predict(row, verbose=0), model.predict(prepared[:1], verbose=0), atol=1e-6)
