"""Networks that translate: attention beside its formulas in NumPy, writing beside what is taught, the tasks
beside their definition.
"""

import datetime
import re
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.zoo.translation import greedy

X = ["ab", "bca", "cab", "aabb", "c", "acbb", "bb"]
Y = [text.upper()[::-1] for text in X]
MAKERS = {
    "bahdanau": lambda **options: zoo.AdditiveTranslator(12, 8, random_state=0, **options),
    "transformer": lambda **options: zoo.Transformer(16, 2, 2, random_state=0, **options),
}
NETWORKS = {}


def learned(name):
    if name not in NETWORKS:
        NETWORKS[name] = MAKERS[name](epochs=60, batch_size=2, learning_rate=0.01).fit(X, Y)
    return NETWORKS[name]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gru(weights, x, h):
    kernel, recurrent, bias = weights
    seen, past, n = x @ kernel + bias[0], h @ recurrent + bias[1], len(h)
    z, r = sigmoid(seen[:n] + past[:n]), sigmoid((seen + past)[n : 2 * n])
    return z * h + (1 - z) * np.tanh(seen[2 * n :] + r * past[2 * n :])


def test_additive_attention_is_that_of_the_papers_formulas():
    network = learned("bahdanau")
    layer = network.model_.layers[-1]
    weights = lambda part: [np.asarray(one, float) for one in part.get_weights()]
    source = network._numbers(["bca"], network.source_symbols_, 3)[0]
    vectors = weights(layer.source_embedding)[0][source]
    states = []
    for half, order in ((layer.encoder.forward_layer, 1), (layer.encoder.backward_layer, -1)):
        h, found = np.zeros(12), []
        for row in vectors[::order]:
            h = gru(weights(half), row, h)
            found.append(h)
        states.append(np.array(found)[::order])
    h, (W_s, b_s) = np.concatenate(states, axis=1), weights(layer.first_state)
    s, symbol, answer, looked = np.tanh(states[1][0] @ W_s + b_s), 1, [], []
    (U,), (W, b), (v,) = weights(layer.key), weights(layer.query), weights(layer.attention)
    (V, b_o), (words,) = weights(layer.output_dense), weights(layer.target_embedding)
    for _ in range(network.longest_[1] + 1):
        e = np.array([v @ np.tanh(W.T @ s + b + U.T @ row) for row in h])
        a = np.exp(e) / np.exp(e).sum()
        c = a @ h
        s = gru(weights(layer.cell), np.concatenate([words[symbol], c]), s)
        symbol = int((np.concatenate([s, words[symbol], c]) @ V + b_o).argmax())
        if symbol < 2:
            break
        answer.append(network.target_symbols_[symbol - 2])
        looked.append(a)
    text, alignment = network.alignment("bca")
    assert text == "".join(answer)
    np.testing.assert_allclose(alignment, looked, atol=1e-5)


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_written_is_likeliest_where_it_was_taught(name):
    network = learned(name)
    found = network.predict(X)
    assert sum(mine == right for mine, right in zip(found, Y)) >= 5
    width = network.longest_[1] + 1
    sources = network._numbers(X, network.source_symbols_, network.longest_[0])
    written = network._numbers(found, network.target_symbols_, width)
    before = np.pad(written[:, :-1], ((0, 0), (1, 0)), constant_values=1)
    logits = network.model_.predict([sources, before], verbose=0)
    for row, text in zip(logits.argmax(axis=-1), found):
        symbols = [network.target_symbols_[number - 2] for number in row[: len(text)]]
        assert "".join(symbols) == text
        assert len(text) == width or row[len(text)] < 2  # and then the end
    assert network.score(X, found) == 1


@pytest.mark.parametrize("name", MAKERS)
def test_answers_depend_on_no_other_text(name):
    network = learned(name)
    together = network.predict(X)
    assert [network.predict([text])[0] for text in X[:3]] == together[:3]
    longer = network.predict([*X, "abcabcabc"])  # all are padded to it
    assert longer[: len(X)] == together


def test_weights_are_shares_of_the_text():
    answer, alignment = learned("bahdanau").alignment("acbb")
    assert alignment.shape == (len(answer), 4)
    np.testing.assert_allclose(alignment.sum(axis=1), 1, atol=1e-5)
    shares = learned("transformer").attention("acb")
    assert shares.shape == (2, 3, 3)
    np.testing.assert_allclose(shares.sum(axis=-1), 1, atol=1e-5)


def test_greedy_goes_on_from_what_was_likeliest():
    def step(state, symbols, place):
        return state, jnp.eye(7)[(symbols + 2) % 7] + 0 * place, symbols

    symbols, before = greedy(step, None, 2, 4)
    assert symbols.tolist() == [[3, 5, 0, 2]] * 2
    assert before.tolist() == [[1, 1], [3, 3], [5, 5], [0, 0]]


# The tasks.

NUMBERS = {
    0: "cero",
    1: "uno",
    16: "dieciséis",
    21: "veintiuno",
    31: "treinta y uno",
    100: "cien",
    101: "ciento uno",
    555: "quinientos cincuenta y cinco",
    1000: "mil",
    1001: "mil uno",
    1984: "mil novecientos ochenta y cuatro",
    2022: "dos mil veintidós",
    21_000: "veintiún mil",
    31_701: "treinta y un mil setecientos uno",
    100_000: "cien mil",
    101_100: "ciento un mil cien",
    999_999: "novecientos noventa y nueve mil novecientos noventa y nueve",
}


def test_numbers_are_written_as_in_spanish():
    assert {number: zoo.spanish_number(number) for number in NUMBERS} == NUMBERS
    words = [zoo.spanish_number(number) for number in range(0, 1_000_000, 37)]
    assert len(set(words)) == len(words)


DAYS = "lunes martes miércoles jueves viernes sábado domingo"
MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"


def read(text):
    """A date, read back from one of its forms."""
    days: Any = DAYS.split()
    months: Any = MONTHS.split()
    inverse = {zoo.spanish_number(number): number for number in [*range(32), *range(1900, 2100)]}
    if match := re.fullmatch(r"(\d+)/(\d+)/(\d{4})", text):
        day, month, year = map(int, match.groups())
    elif match := re.fullmatch(r"(\d+)-(\w{3})-(\d{4})", text):
        day, month, year = int(match[1]), [one[:3] for one in months].index(match[2]) + 1, int(match[3])
    else:
        match: Any = re.fullmatch(r"(?:(\w+), |el )?(\w+(?: y \w+)?) de (\w+) de (.+)", text)
        day, year = (
            1 if part == "primero" else int(part) if part.isdigit() else inverse[part]
            for part in (match[2], match[4])
        )
        month = months.index(match[3]) + 1
        if match[1]:
            assert days[datetime.date(year, month, day).weekday()] == match[1]
    return datetime.date(year, month, day).isoformat()


def test_dates_are_what_they_say_and_days_for_testing_are_others():
    X, y = zoo.date_task(3000, seed=2)
    assert [read(text) for text in X] == y
    assert len({re.sub(r"\w", "x", text) for text in X}) > 6
    others = zoo.date_task(1000, seed=2, test=True)[1]
    assert not set(others) & set(y)
    assert 0.4 < np.mean([date >= "2000" for date in y]) < 0.6


def test_numbers_for_testing_are_others():
    X, y = zoo.number_task(2000, seed=1)
    assert y == [zoo.spanish_number(int(text)) for text in X]
    assert not set(X) & set(zoo.number_task(500, seed=1, test=True)[0])
    assert {len(text) for text in X} == set(range(1, 7))


WRONG = [
    (lambda name: zoo.Transformer().predict(X), "has not learned yet"),
    (lambda name: zoo.Transformer().fit(X), "y is a list of texts, none of them empty. Received: None"),
    (lambda name: zoo.Transformer().fit("ab", ["AB"]), "X is a list of texts"),
    (
        lambda name: zoo.Transformer().fit(["", "a"], ["A", "B"]),
        "X is a list of texts, none of them empty",
    ),
    (lambda name: zoo.Transformer().fit(X, Y[:3]), "each text has an answer. Received 7 texts in X and 3"),
    (
        lambda name: learned(name).predict(["abz"]),
        "the symbol 'z' of 'abz' was in no text that it learned from",
    ),
    (lambda name: zoo.spanish_number(1_000_000), "number is from 0 to 999999. Received: 1000000"),
]


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(("call", "words"), WRONG)
def test_what_does_not_fit_is_refused(name, call, words):
    with pytest.raises(ValueError, match=words):
        call(name)
