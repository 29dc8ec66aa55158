"""Is a film review positive or negative? Word embeddings and an LSTM (Maas et al., Learning Word Vectors for
Sentiment Analysis, 2011).

python examples/imdb_lstm.py
"""

import neurona as nn


def main(epochs: int = 3, rows: int | None = None, seed: int = 0, length: int = 200) -> float:
    """The test accuracy."""
    nn.utils.set_random_seed(seed)
    words = 10_000
    (x_train, y_train), (x_test, y_test) = nn.datasets.imdb.load_data(num_words=words)
    x_train = nn.utils.pad_sequences(x_train[:rows], maxlen=length)
    x_test = nn.utils.pad_sequences(x_test[:rows], maxlen=length)
    y_train, y_test = y_train[:rows], y_test[:rows]
    model = nn.Sequential(
        [
            nn.Input((length,)),
            nn.layers.Embedding(words, 64),
            nn.layers.Dropout(0.3),
            nn.layers.LSTM(64),
            nn.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=64, epochs=epochs, verbose=2)
    accuracy = model.evaluate(x_test, y_test, batch_size=256, verbose=0)[1]
    print(f"IMDB, embedding and LSTM, {epochs} epochs: test accuracy {accuracy:.4f}")
    return accuracy


if __name__ == "__main__":
    main()
