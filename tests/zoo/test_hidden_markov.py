"""Hidden Markov models beside sums over all paths of short sequences."""

import itertools

import numpy as np
import pytest

from neurona import zoo

rng = np.random.default_rng(3)
START, CHAIN = np.array([0.7, 0.2, 0.1]), np.array([[0.8, 0.15, 0.05], [0.1, 0.6, 0.3], [0.25, 0.25, 0.5]])
SIGNS = np.array([[0.6, 0.3, 0.1, 0.0], [0.1, 0.1, 0.4, 0.4], [0.25, 0.25, 0.25, 0.25]])
CENTERS = np.array([[0.0, 0.0], [4.0, 1.0], [0.0, 5.0]])


def written(length):
    """States, a categorical sign of each, and a Gaussian one."""
    states = [rng.choice(3, p=START)]
    while len(states) < length:
        states.append(rng.choice(3, p=CHAIN[states[-1]]))
    states = np.array(states)
    signs = np.array([rng.choice(4, p=SIGNS[state]) for state in states])
    return states, signs[:, None], CENTERS[states] + rng.normal(size=(length, 2)) * [1.0, 0.5]


STATES, KINDS, MEASURES = (
    np.concatenate(parts) for parts in zip(*[written(60) for _ in range(4)], strict=True)
)
LENGTHS = [60] * 4


@pytest.fixture(scope="module")
def models():
    options = {"epochs": 8, "tol": 0.0, "random_state": 0}
    return (
        zoo.CategoricalHiddenMarkov(3, **options).fit(KINDS, LENGTHS),
        zoo.GaussianHiddenMarkov(3, **options).fit(MEASURES, LENGTHS),
    )


def emission(model, rows):
    """The density of rows in each state, (rows, states)."""
    if isinstance(model, zoo.CategoricalHiddenMarkov):
        return model.emissionprob_[:, rows[:, 0]].T.astype("float64")
    apart = (rows[:, None] - model.means_) ** 2 / model.variances_
    return np.exp(-apart.sum(axis=2) / 2) / np.sqrt(np.prod(2 * np.pi * model.variances_, axis=1))


def enumerated(model, rows):
    """Every path of the hidden states, and the probability of each with the rows."""
    density = emission(model, rows)
    paths = np.array(list(itertools.product(range(3), repeat=len(rows))))
    masses = model.startprob_[paths[:, 0]] * np.prod(density[np.arange(len(rows)), paths], axis=1)
    return paths, masses * np.prod(model.transmat_[paths[:, :-1], paths[:, 1:]], axis=1)


def test_likelihood_posterior_and_path_are_those_of_all_paths(models):
    for model, rows in zip(models, (KINDS, MEASURES), strict=True):
        parts = rows[10:15], rows[60:64]  # of unlike lengths
        posterior, best, total = [], [], 0.0
        for part in parts:
            paths, masses = enumerated(model, part)
            posterior.append(
                np.stack([(paths == state).T @ masses for state in range(3)], axis=1) / masses.sum()
            )
            best.append(paths[masses.argmax()])
            total += np.log(masses.sum())
        X, lengths = np.concatenate(parts), [5, 4]
        assert model.score(X, lengths) == pytest.approx(total, rel=1e-4)
        np.testing.assert_allclose(model.predict_proba(X, lengths), np.concatenate(posterior), atol=1e-4)
        np.testing.assert_array_equal(model.predict(X, lengths), np.concatenate(best))


def test_a_round_of_baum_and_welch_is_the_expected_counts(models):
    for model, rows in zip(models, (KINDS[:5], MEASURES[:5]), strict=True):
        layer, x = model.model_.layers[-1], model._signs(rows)[None].astype("float32")
        gamma, xi, _ = (np.asarray(value) for value in layer.expected(x, np.ones((1, 5), bool)))
        paths, masses = enumerated(model, rows)
        masses = masses / masses.sum()
        pairs = [
            [((paths[:, :-1] == i) & (paths[:, 1:] == j)).sum(axis=1) @ masses for j in range(3)]
            for i in range(3)
        ]
        np.testing.assert_allclose(xi, pairs, atol=1e-4)
        np.testing.assert_allclose(
            gamma.sum(axis=(0, 2)), [(paths == s).sum(axis=1) @ masses for s in range(3)], atol=1e-4
        )


def test_the_likelihood_never_falls_and_probabilities_add_up(models):
    for model in models:
        assert np.all(np.diff(model.history_.history["log_likelihood"]) > -1e-3)
        np.testing.assert_allclose(model.transmat_.sum(axis=1), 1, rtol=1e-5)
        assert model.startprob_.sum() == pytest.approx(1)
    np.testing.assert_allclose(models[0].emissionprob_.sum(axis=1), 1, rtol=1e-5)


def test_gaussian_states_are_found(models):
    model = models[1]
    order = np.argmin(np.linalg.norm(model.means_[None] - CENTERS[:, None], axis=2), axis=1)
    np.testing.assert_allclose(model.means_[order], CENTERS, atol=0.4)
    np.testing.assert_allclose(model.transmat_[order][:, order], CHAIN, atol=0.15)
    assert np.mean(order[STATES] == model.predict(MEASURES, LENGTHS)) > 0.97


def test_a_long_sequence_does_not_vanish_and_samples_are_like_what_was_learned(models):
    drawn, states = models[1].sample(3000)
    assert drawn.shape == (3000, 2)
    assert np.isfinite(models[1].score(drawn))
    np.testing.assert_allclose(drawn[states == 0].mean(axis=0), models[1].means_[0], atol=0.3)
    signs, states = models[0].sample(3000)
    shares = np.bincount(signs[states == 1, 0], minlength=4) / np.sum(states == 1)
    np.testing.assert_allclose(shares, models[0].emissionprob_[1], atol=0.08)


def test_what_does_not_fit_is_refused(models):
    with pytest.raises(ValueError, match=r"whole numbers from 0, \(rows, 1\). Received 2 columns"):
        zoo.CategoricalHiddenMarkov().fit(MEASURES)
    with pytest.raises(ValueError, match="the sign 9 is above 3"):
        models[0].predict([[0], [9]])
    with pytest.raises(ValueError, match="2 rows for 3 states"):
        zoo.GaussianHiddenMarkov(3).fit(MEASURES[:2])
    with pytest.raises(ValueError, match="lengths of 2 sequences come to 5, and X has 240 rows"):
        zoo.GaussianHiddenMarkov(3).fit(MEASURES, [2, 3])
    with pytest.raises(ValueError, match="NaN"):
        zoo.GaussianHiddenMarkov().fit([[1.0], [np.nan]])
