"""Keras 2: an encoder and a decoder with states, trained together and then used apart."""

import numpy as np
from keras.layers import LSTM, Dense, Input
from keras.models import Model

np.random.seed(0)
tokens = np.random.randint(1, 5, (200, 3))
encoder_input_data = np.eye(5)[tokens]
decoder_input_data = np.eye(5)[np.concatenate([np.zeros((200, 1), int), tokens[:, :-1]], axis=1)]
decoder_target_data = np.eye(5)[tokens]

encoder_inputs = Input(shape=(None, 5))
encoder = LSTM(24, return_state=True)
encoder_outputs, state_h, state_c = encoder(encoder_inputs)
encoder_states = [state_h, state_c]
decoder_inputs = Input(shape=(None, 5))
decoder_lstm = LSTM(24, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = Dense(5, activation="softmax")
decoder_outputs = decoder_dense(decoder_outputs)
model = Model([encoder_inputs, decoder_inputs], decoder_outputs)
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["acc"])
model.fit(
    [encoder_input_data, decoder_input_data], decoder_target_data, batch_size=20, epochs=60,
    validation_split=0.2, verbose=0,
)  # fmt: skip
assert model.history.history["val_acc"][-1] > 0.7, model.history.history["val_acc"][-1]

encoder_model = Model(encoder_inputs, encoder_states)
inputs_h, inputs_c = Input(shape=(24,)), Input(shape=(24,))
outputs, h, c = decoder_lstm(decoder_inputs, initial_state=[inputs_h, inputs_c])
decoder_model = Model([decoder_inputs] + [inputs_h, inputs_c], [decoder_dense(outputs)] + [h, c])
states = encoder_model.predict(encoder_input_data[:1], verbose=0)
target = np.zeros((1, 1, 5))
target[0, 0, 0] = 1.0
said = []
for _ in range(3):
    output, h, c = decoder_model.predict([target] + states, verbose=0)
    said.append(int(np.argmax(output[0, -1, :])))
    target, states = np.eye(5)[[[said[-1]]]], [h, c]
assert all(0 < one < 5 for one in said), said
