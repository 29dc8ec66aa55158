"""Keras 2: regression with functions as losses and metrics, L2 and a custom metric."""

import numpy as np
from keras import backend as K
from keras import losses, metrics, regularizers
from keras.constraints import max_norm
from keras.initializers import RandomNormal, glorot_uniform
from keras.layers import Dense
from keras.models import Sequential, model_from_json
from keras.optimizers import Adam

np.random.seed(0)
X = np.random.rand(200, 3)
y = X @ [1.0, -2.0, 3.0] + 0.5


def coeff_determination(y_true, y_pred):
    SS_res = K.sum(K.square(y_true - y_pred))
    SS_tot = K.sum(K.square(y_true - K.mean(y_true)))
    return 1 - SS_res / (SS_tot + K.epsilon())


model = Sequential()
model.add(
    Dense(
        16, input_dim=3, kernel_initializer=glorot_uniform(seed=1), activation="relu",
        kernel_regularizer=regularizers.l2(1e-5), kernel_constraint=max_norm(4.0),
    )
)  # fmt: skip
model.add(Dense(1, kernel_initializer=RandomNormal(stddev=0.1), bias_initializer="zeros"))
model.compile(
    loss=losses.mean_squared_error, optimizer=Adam(lr=0.02), metrics=[metrics.mae, coeff_determination]
)
history = model.fit(X, y, epochs=40, batch_size=20, verbose=0, validation_split=0.2)
assert history.history["val_coeff_determination"][-1] > 0.5, history.history["val_coeff_determination"][-1]
assert history.history["val_mean_absolute_error"][-1] < 0.3
copy = model_from_json(model.to_json())
copy.set_weights(model.get_weights())
assert np.allclose(copy.predict(X, verbose=0), model.predict(X, verbose=0))
assert len(model.metrics_names) == 3
