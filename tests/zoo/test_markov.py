"""The Markov chain: the counts that Markov published, eigenvectors, and what it writes."""

import numpy as np
import pytest

from neurona import zoo

# 20,000 letters with the counts of Onegin: 8,638 vowels, of which 1,104 follow a vowel.
ONEGIN = "v" * 1105 + "c" * 3829 + "vc" * 7533


def test_markovs_counts_give_the_probabilities_he_published():
    chain = zoo.MarkovChain().fit(ONEGIN)
    assert chain.symbols_ == ["c", "v"]
    assert chain.transition_[1, 1] == pytest.approx(0.128, abs=5e-4)
    assert chain.transition_[0, 1] == pytest.approx(0.663, abs=5e-4)
    assert chain.stationary()[1] == pytest.approx(0.432, abs=5e-4)
    likeliest = sum(
        n * np.log(n / total) for n, total in ((1104, 8638), (7534, 8638), (7533, 11361), (3828, 11361))
    )
    assert chain.score(ONEGIN) == pytest.approx(likeliest / 19999, rel=1e-4)


def test_the_stationary_distribution_is_the_eigenvector():
    rng = np.random.default_rng(0)
    chain = zoo.MarkovChain().fit(rng.integers(0, 4, 300))
    values, vectors = np.linalg.eig(chain.transition_.T)
    exact = np.real(vectors[:, np.argmax(values.real)])
    np.testing.assert_allclose(chain.stationary(), exact / exact.sum(), atol=1e-6)
    np.testing.assert_allclose(zoo.MarkovChain().fit("abcabcabca").stationary(), 1 / 3, atol=1e-6)  # a cycle


def test_what_it_writes_has_its_transitions_and_the_same_seed_the_same_text():
    chain = zoo.MarkovChain(order=2, random_state=1).fit("abcab dab abc" * 20)
    written = chain.sample(5000)
    assert chain.sample(5000) == written
    seen = {"abcab dab abc" * 3}
    assert {written[place : place + 3] for place in range(4998)} <= {
        text[place : place + 3] for text in seen for place in range(len(text))
    }
    again = zoo.MarkovChain(order=2).fit(written)
    np.testing.assert_allclose(again.transition_[0, 1], chain.transition_[0, 1], atol=0.05)
    np.testing.assert_allclose(chain.stationary()[1], np.mean(np.array(list(written)) == "a"), atol=0.02)
    assert zoo.MarkovChain(random_state=0).fit([3, 5, 3, 5, 5]).sample(4).dtype.kind == "i"


def test_sequences_are_apart_and_smoothing_adds_to_each_count():
    chain = zoo.MarkovChain(smoothing=1.0).fit(list("abab") + list("bb"), lengths=[4, 2])
    np.testing.assert_allclose(chain.transition_, [[1 / 4, 3 / 4], [2 / 4, 2 / 4]])  # never b, b across


def test_what_does_not_fit_is_refused():
    chain = zoo.MarkovChain().fit("abab")
    with pytest.raises(ValueError, match="the symbol 'z' was not in the sequence"):
        chain.score("abz")
    with pytest.raises(
        ValueError, match=r"1 symbols hold no transition of order 1: a sequence has at least 2"
    ):
        zoo.MarkovChain().fit("a")
    with pytest.raises(ValueError, match=r"3 sequences come to 5, and X has 4 rows"):
        zoo.MarkovChain().fit("abab", lengths=[2, 2, 1])
    with pytest.raises(ValueError, match=r"the table has \d+ entries, of at most 16777216"):
        zoo.MarkovChain(order=8).fit(np.arange(100))
    with pytest.raises(ValueError, match=r"Received shape \(2, 2\)"):
        zoo.MarkovChain().fit([[0, 1], [1, 0]])
