"""What networks of the zoo say of rows that they can't take: where, and in the user's language."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

import neurona as nn
from neurona.zoo import BoltzmannMachine, EchoCanceller, EchoState, Elman, Perceptron

X, Y = np.random.default_rng(0).random((20, 3)), np.arange(20) % 2


def with_a(value, row=3, column=1):
    rows = X.copy()
    rows[row, column] = value
    return rows


MISTAKES = [
    (
        lambda: Perceptron().fit(with_a(np.nan), Y),
        "X holds NaN, first in row 3, column 1. Numbers that are not",
    ),
    (
        lambda: Perceptron().fit(pd.DataFrame(with_a(-np.inf), columns=list("abc")), Y),
        "X holds infinity, first in row 3, column b. Numbers that are not finite: 1.",
    ),
    (
        lambda: Perceptron().fit(X, np.where(Y, np.nan, 1)),
        "y holds NaN, first in row 1. Numbers that are not",
    ),
    (lambda: Perceptron().fit(X, Y).predict(with_a(np.nan)), "X holds NaN, first in row 3, column 1"),
    (
        lambda: Perceptron().fit([[1, 2], [3, "red"]], [0, 1]),
        "X holds 'red' in row 1, column 1, which is no nu",
    ),
    (lambda: Perceptron().fit(np.zeros((0, 3)), []), r"Found array with 0 sample\(s\)"),
    (lambda: Perceptron().fit(X, X[:, 0]), "Unknown label type: continuous"),
    (lambda: Perceptron().predict(X), "Perceptron has not learned yet: call fit"),
    (lambda: EchoState().fit([1, np.nan, 2]), "y holds NaN, first in row 1"),
    (lambda: Elman().fit(np.zeros((0, 6))), r"X is empty. Received shape \(0, 6\)"),
    (lambda: EchoCanceller().fit([1, np.inf], [1, 2]), "X holds infinity, first in row 1"),
]


@pytest.mark.parametrize(("mistake", "said"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_names_its_place(mistake, said):
    with pytest.raises(ValueError, match=said):
        mistake()


def test_where_nan_is_what_is_missing_infinity_is_named():
    machine = BoltzmannMachine(1, epochs=1, random_state=0).fit([[0, 0], [1, 1]])
    with pytest.raises(ValueError, match="X holds infinity, first in row 1, column 0"):
        machine.complete([[np.nan, 1], [np.inf, 0]])


def test_what_has_not_learned_is_refused_as_scikit_learn_does():
    with pytest.raises(NotFittedError):
        Perceptron().predict(X)


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (
            lambda: Perceptron().fit(with_a(np.nan), Y),
            "X contiene NaN, por primera vez en la fila 3, columna 1.",
        ),
        (lambda: Perceptron().fit(np.zeros((0, 3)), []), "La tabla tiene 0 filas"),
        (
            lambda: Perceptron().fit(X, Y).predict(X[:, :2]),
            "X tiene 2 columnas, pero Perceptron aprendió de 3.",
        ),
        (lambda: Perceptron().fit(X, Y[:5]), "no tienen el mismo número de filas"),
        (lambda: Perceptron().predict(X), "Perceptron aún no ha aprendido"),
    ],
    ids=range(5),
)
def test_a_mistake_is_told_in_spanish(mistake, said):
    nn.config.set_language("es")
    try:
        with pytest.raises(ValueError) as caught:  # noqa: PT011 (its text is looked at below)
            mistake()
        assert said in str(caught.value)
    finally:
        nn.config.set_language("en")
