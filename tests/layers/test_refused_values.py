"""Values that a layer can't mean anything by are refused by name, however the layer is run."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from neurona import Sequential, layers
from neurona.core.errors import DataError
from neurona.preprocessing.text import Tokenizer

RUNS = {
    "call": lambda model, x: model(x),
    "fit": lambda model, x: model.fit(x, np.zeros((len(x), 2)), verbose=0),
    "predict": lambda model, x: model.predict(x, verbose=0),
    "predict in batches": lambda model, x: model.predict(x, batch_size=1, verbose=0),
    "predict a stream": lambda model, x: model.predict((row[None] for row in x), verbose=0),
    "predict_on_batch": lambda model, x: model.predict_on_batch(x),
}


@pytest.fixture(scope="module")
def model() -> Sequential:
    model = Sequential(
        [
            layers.Input((2,), dtype="int32"),
            layers.Embedding(3, 2),
            layers.GlobalAveragePooling1D(),
            layers.Dense(2, activation="relu"),
        ]
    )
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("number", [-1, -3, -4, 3, 2**31 - 1, -(2**31)])
def test_numbers_outside_of_an_embedding_are_refused(model: Sequential, run: str, number: int) -> None:
    before = model.get_weights()
    with pytest.raises(DataError, match=rf"for the integers 0 to 2.*integers from .*{number}"):
        RUNS[run](model, np.array([[0, 1], [2, number]]))
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("run", RUNS)
def test_numbers_of_an_embedding_are_taken(model: Sequential, run: str) -> None:
    RUNS[run](model, np.array([[0, 1], [2, 2]]))


MISSING: dict[str, Any] = {
    "None in a list": ["a", None],
    "NaN in a list": ["a", float("nan")],
    "None in an array": np.array(["a", None], object),
    "NaN in an array": np.array(["a", np.nan], object),
    "a column": pd.Series(["a", None]),
    "a column of texts": pd.Series(["a", None], dtype="string"),
    "a time that is none": pd.Series(["a", pd.NaT], dtype=object),
    "a masked cell": np.ma.masked_array(["a", "b"], [False, True]),
}


@pytest.mark.parametrize("texts", MISSING.values(), ids=MISSING)
def test_missing_texts_are_refused_by_row(texts: Any) -> None:
    layer = layers.TextVectorization(vocabulary=["a", "nan", "none"])
    calls: list[Any] = [layer, layer.adapt, layers.TextVectorization(output_mode="count").adapt]
    if not isinstance(texts, np.ma.MaskedArray):  # as any iterable of texts
        calls += [Tokenizer().fit_on_texts, Tokenizer().texts_to_sequences]
    for call in calls:
        with pytest.raises(DataError, match=r"row 1 holds no text.*fillna"):
            call(texts)


def test_a_missing_token_is_refused_by_row() -> None:
    layer = layers.TextVectorization(split=None, vocabulary=["a", "b"])
    with pytest.raises(DataError, match="row 1"):
        layer([["a", "b"], ["a", None]])


def test_the_words_nan_and_none_are_words() -> None:
    layer = layers.TextVectorization(vocabulary=["a", "nan", "none"])
    for texts in (["nan", "none"], np.array(["nan", "none"]), pd.Series(["nan", "none"])):
        assert layer(texts).tolist() == [[3], [4]]
