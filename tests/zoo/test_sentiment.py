"""The convolutional sentence classifier beside its formulas in NumPy, and a bag of words that can't deny."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.zoo.sentiment import bag_of_words

TEXTS = ["not good at all", "really good", "not bad", "bad, bad film", "good", "it is never bad"]
LABELS = ["-", "+", "+", "-", "+", "+"]
NETWORKS = []


def learned():
    if not NETWORKS:
        network = zoo.SentenceClassifier(6, 5, (1, 2, 3), longest=7, epochs=3, batch_size=2, random_state=0)
        NETWORKS.append(network.fit(TEXTS, LABELS))
    return NETWORKS[0]


def by_hand(network, words):
    """Kim's formulas, word by word, in 64 bits: z and p."""
    vectors, *filters = [np.asarray(one, float) for one in network.model_.get_weights()]
    *filters, kernel, bias = filters
    x = vectors[[network.words_.index(word) + 2 for word in words]]
    x = np.concatenate([x, np.tile(vectors[0], (2, 1))])  # padding, for texts shorter than a run
    z = []
    for W, b in zip(filters[::2], filters[1::2]):
        runs = range(max(len(words) - len(W) + 1, 1))
        z.append(np.max([np.maximum(np.tensordot(x[i : i + len(W)], W, 2) + b, 0) for i in runs], axis=0))
    y = np.concatenate(z) @ kernel + bias
    return np.concatenate(z), np.exp(y) / np.exp(y).sum()


def test_probabilities_are_those_of_the_papers_formulas():
    network = learned()
    for text, row in zip(TEXTS, network.predict_proba(TEXTS)):
        _, p = by_hand(network, text.replace(",", "").split())
        np.testing.assert_allclose(row, p, rtol=1e-5)


def test_only_whole_runs_count_and_the_strongest_alone_learns():
    layer = zoo.StrongestRuns(2, 2)
    x = np.random.default_rng(0).normal(size=(1, 5, 3)).astype("float32")
    alone = layer(x[:, :3])
    mask = np.arange(5)[None] < 3
    np.testing.assert_allclose(layer(x, mask=mask), alone, rtol=1e-6)
    best = np.asarray(layer.answers(x, mask))[0]
    np.testing.assert_array_equal(best[2:], 0)
    assert str(zoo.StrongestRuns(2, 2, dtype="bfloat16")(x).dtype) == "bfloat16"
    assert zoo.StrongestRuns(2, 2)(x[:, :2], mask=np.array([[True, False]])).shape == (1, 2)


def test_evidence_adds_up_to_the_log_odds():
    network = learned()
    for text in TEXTS:
        plus, minus = np.log(network.predict_proba([text])[0])
        *_, bias = network.model_.get_weights()
        told = network.evidence(text, "+")
        assert sum(share for _, share in told) + bias[0] - bias[1] == pytest.approx(plus - minus, abs=1e-5)
        assert [share for _, share in told] == sorted((share for _, share in told), reverse=True)
        assert all(run in text.replace(",", "") for run, _ in told)


def test_denied_words_are_told_by_two_words_and_by_no_single_one():
    (X, y), (test, truth) = zoo.negated_sentences(400), zoo.negated_sentences(300, seed=1)
    network = zoo.SentenceClassifier(
        8, 16, (2,), longest=16, learning_rate=0.02, epochs=10, batch_size=20, random_state=0
    )
    network.fit(X, y)
    assert network.score(test, truth) > 0.95
    words = [[text.lower().replace(".", "").split() for text in texts] for texts in (X, test)]
    assert bag_of_words(words[0], y, words[1], truth) < 65
    strongest = [network.evidence(text)[0][0] for text in test[:20]]
    assert np.mean([run in text.lower() for run, text in zip(strongest, test)]) == 1
    sure = {how for run in strongest for how in run.split()}
    assert sure & {"not", "never", "hardly"}


def test_rare_words_share_a_vector_and_strange_ones_are_named():
    network = zoo.SentenceClassifier(4, 4, (2,), vocabulary=3, epochs=1, random_state=0).fit(TEXTS, LABELS)
    assert network.words_ == ["bad", "good", "not"]
    one, other = network.predict_proba(["a good scherzo", "this good rondo"])
    np.testing.assert_array_equal(one, other)
    assert network.unknown_words(["A good scherzo", "good a!"]) == ["a", "scherzo"]
    with pytest.raises(ValueError, match=r"no word of text 1 was in a text that it learned from: una, obra"):
        network.predict(["good", "Una obra"])


def test_of_a_long_text_the_last_words_are_read():
    network = learned()
    one = "good " * 5 + "it is never bad at all"
    np.testing.assert_array_equal(
        network.predict_proba([one]), network.predict_proba([" ".join(one.split()[-7:])])
    )


def test_three_classes_and_lists_of_words():
    texts = [[word, "film"] for word in ("good", "bad", "odd")] * 20
    network = zoo.SentenceClassifier(
        8, 16, (1,), longest=4, learning_rate=0.02, epochs=15, batch_size=10, random_state=0
    )
    network.fit(texts, ["+", "-", "?"] * 20)
    assert network.predict(texts[:3]).tolist() == ["+", "-", "?"]
    likely = np.log(network.predict_proba(texts[:1])[0])
    bias = network.model_.get_weights()[-1]
    told = sum(share for _, share in network.evidence(texts[0], "+"))
    assert told + bias[0] - bias[1:].mean() == pytest.approx(likely[0] - likely[1:].mean(), abs=1e-4)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ("good", ["+"], r"X is a list of texts; a single one is \[text\]"),
        ([], [], "X is a list of texts, and it is empty"),
        (["good", "..."], ["+", "-"], "text 1 has no word"),
        (["good", 3], ["+", "-"], "Text 1 is 3"),
        (["good"], ["+", "-"], "1 texts in X and 2 classes in y"),
        (["good", "bad"], ["+", "+"], "all 2 rows are of 1 class"),
    ],
)
def test_what_is_no_text_is_refused(X, y, message):
    with pytest.raises(ValueError, match=message):
        zoo.SentenceClassifier(epochs=1).fit(X, y)


def test_sizes_and_classes_that_do_not_fit_are_refused():
    options: Any
    for options, message in [
        ({"filters": 0}, "filters is a whole number above 0"),
        ({"widths": (2, 0)}, r"widths\[1\] is a whole number above 0"),
        ({"widths": ()}, "widths names one width or more"),
        ({"widths": (5,), "longest": 4}, r"none above longest\. Received: widths=\(5,\), longest=4"),
    ]:
        with pytest.raises(ValueError, match=message):
            zoo.SentenceClassifier(**options).fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match=r"there is no class 'odd'; it knows \+, -"):
        learned().evidence("good", "odd")


def test_some_seeds_stay_finite_also_in_16_bits():
    for seed in range(3):
        network = zoo.SentenceClassifier(4, 4, (2,), longest=6, epochs=2, random_state=seed)
        assert np.isfinite(network.fit(TEXTS, LABELS).history_.history["loss"]).all()
    assert jnp.isfinite(zoo.StrongestRuns(2, 2, dtype="float16")(np.ones((1, 3, 2)))).all()
