"""The conditional random field beside the minimum of its objective over all paths, found by SciPy."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from neurona import zoo
from neurona.zoo.conditional_random_field import _Language

WORDS = [["a", "b", "b"], ["b", "a"], ["c", "a", "b"], ["a"]]
TAGS = [[0, 1, 1], [1, 0], [1, 0, 1], [0]]
PATHS = {n: np.array(list(itertools.product(range(2), repeat=n))) for n in (1, 2, 3)}


def objective(weights, c2):
    """-log P of the tags, and c2 times the squared weights of words, from all paths."""
    words, chain, ends = weights[:8].reshape(4, 2), weights[8:12].reshape(2, 2), weights[12:].reshape(2, 2)
    total = c2 * np.sum(words**2)
    for sentence, tags in zip(WORDS, TAGS, strict=True):
        rows = [words[0] + words["abc".index(word) + 1] for word in sentence]
        paths = PATHS[len(sentence)]
        scores = sum(row[paths[:, t]] for t, row in enumerate(rows)) + chain[paths[:, :-1], paths[:, 1:]].sum(
            1
        )
        scores = scores + ends[0][paths[:, 0]] + ends[1][paths[:, -1]]
        total += np.logaddexp.reduce(scores) - scores[(paths == tags).all(axis=1)][0]
    return total


@pytest.fixture(scope="module")
def tagger():
    return zoo.ConditionalRandomField(c2=0.5, tol=1e-6).fit(WORDS, TAGS)


def test_the_best_weights_are_found(tagger):
    best = minimize(objective, np.zeros(16), args=(0.5,), method="L-BFGS-B")
    kernel, *chain = tagger.model_.get_weights()
    found = np.concatenate([kernel[1:].ravel(), *(part.ravel() for part in chain)])
    assert objective(found, 0.5) == pytest.approx(best.fun, rel=0.02)
    np.testing.assert_allclose(kernel[1:].ravel(), best.x[:8], atol=0.1)
    steps = sum(map(len, WORDS))
    assert tagger.history_.history["loss"][-1] * steps == pytest.approx(objective(found, 0.5), rel=0.02)


def test_the_slope_is_0_at_the_end_and_packing_changes_nothing():
    rng = np.random.default_rng(3)
    words = [[f"w{word}" for word in rng.integers(0, 12, size)] for size in rng.integers(1, 9, 80)]
    tags = [[int(word[1:]) % 3 if rng.random() < 0.8 else 0 for word in sentence] for sentence in words]
    tagger = zoo.ConditionalRandomField(tol=0.0).fit(words, tags)
    rows = tagger._checked(words, tags)[0][0]
    assert len(rows) * rows.shape[1] < 2 * sum(map(len, words))
    expected, seen = np.zeros((13, 3)), np.zeros((13, 3))
    kernel = np.asarray(tagger.model_.get_weights()[0], float)
    for sentence, truth, shares in zip(words, tags, tagger.predict_proba(words), strict=True):
        alone = tagger.predict_proba([sentence])[0]
        np.testing.assert_allclose(shares, alone, atol=1e-6)
        for word, tag, share in zip(sentence, truth, shares.astype(float), strict=True):
            for feature in (0, tagger.features_[word] - 1):
                expected[feature] += share
                seen[feature, tag] += 1
    slope = expected - seen + 2 * tagger.c2 * kernel[1:]
    assert np.abs(slope).max() < 2e-3 * np.abs(expected - 1 / 3 * seen.sum(axis=1, keepdims=True)).max()


def test_tags_and_their_probabilities_are_given_for_each_step(tagger):
    assert tagger.predict(WORDS) == TAGS
    assert tagger.score(WORDS, TAGS) == 1
    shares = tagger.predict_proba([["b"], ["a", "new", "b"]])
    assert [one.shape for one in shares] == [(1, 2), (3, 2)]
    np.testing.assert_allclose(shares[1].sum(axis=1), 1, rtol=1e-5)
    assert shares[0][0, 1] > 0.5


def test_features_come_as_texts_truths_and_numbers():
    X = [[{"word": word, "vowel": word in "ae", "height": 0.5}, ["bias", word]] for word in "abce"]
    tagger = zoo.ConditionalRandomField(epochs=1)
    (numbers, values, begins), tags = tagger._checked(X, [["v", "x"], ["c", "x"]] * 2)
    assert list(tagger.features_)[:6] == ["", "word=a", "vowel", "height", "bias", "a"]
    assert numbers[0, :2].tolist() == [[1, 2, 3, 4], [1, 5, 6, 0]]
    assert values[0, 2:4].tolist() == [[1, 1, 0, 0.5], [1, 1, 1, 0]]
    assert tags[0, :8].tolist() == [1, 2, 0, 2] * 2
    assert begins.tolist() == [[True, False] * 4 + [False] * 8]
    assert zoo.word_features(["Uno", "2"])[0]["after"] == "2"


def test_the_best_tagger_of_a_known_language_is_that_of_all_paths():
    language = _Language(0, tags=2, words=4)
    words = np.array([0, 3, 1])
    shown, start = language.words[:, words].T, np.full(2, 0.5)
    paths = PATHS[3]
    masses = start[paths[:, 0]] * np.prod(language.chain[paths[:, :-1], paths[:, 1:]], axis=1)
    masses = masses * np.prod(shown[np.arange(3), paths], axis=1)
    wanted = np.stack([(paths == tag).T @ masses for tag in range(2)]).argmax(axis=0)
    np.testing.assert_array_equal(language.best(words), wanted)


def test_a_batch_size_is_refused():
    with pytest.raises(ValueError, match=r"on all sequences together\. Leave batch_size out"):
        zoo.ConditionalRandomField().fit(WORDS, TAGS, batch_size=2)


WRONG = [
    ((WORDS, None), r"fit\(X, y\) needs y"),
    ((WORDS, [[0, 1, 1], [1], [1, 0, 1], [0]]), "4 sequences in X and 4 in y, which differ at sequence 1"),
    ((WORDS, TAGS[:2]), "4 sequences in X and 2 in y, which differ at sequence 2"),
    ((["a word", "no list"], TAGS), r"X holds sequences, and each is a list of steps.*Received: 'a word'"),
    (([["a"], []], [[0], []]), "sequence 1 of X is empty"),
    (([[{"size": np.nan}]], [[0]]), "the feature 'size' of a step is nan"),
]


@pytest.mark.parametrize(("given", "words"), WRONG)
def test_what_does_not_fit_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        zoo.ConditionalRandomField().fit(*given)
