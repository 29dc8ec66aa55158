"""The conditional random field beside sums over all paths of short sequences."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.core.annotations import MASK
from neurona.losses import ChainCrossentropy

rng = np.random.default_rng(2)
SCORES = rng.normal(size=(4, 5, 3)).astype("float32")
MASKS = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1]], bool)
TAGS = rng.integers(0, 3, (4, 5))
TRANSITIONS, START, END = rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=3)


def field(decoding="viterbi"):
    layer: Any = layers.CRF(3, decoding, use_kernel=False)
    layer.build((None, None, 3))
    layer.set_weights([TRANSITIONS, START, END])
    return layer


def paths_of(scores):
    """Every path, and its score."""
    paths = np.array(list(itertools.product(range(3), repeat=len(scores))))
    found = scores[np.arange(len(scores)), paths].sum(axis=1) + START[paths[:, 0]] + END[paths[:, -1]]
    return paths, found + TRANSITIONS[paths[:, :-1], paths[:, 1:]].sum(axis=1)


def enumerated(row):
    """The likeliest path of a row's steps that count, P(tag) at each, and log P of the row's tags."""
    held = MASKS[row]
    paths, scores = paths_of(SCORES[row][held].astype("float64"))
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    marginal = np.stack([(paths == tag).T @ shares for tag in range(3)], axis=1)
    return paths[scores.argmax()], marginal, np.log(shares[(paths == TAGS[row][held]).all(axis=1)][0])


def test_path_marginals_and_likelihood_are_those_of_all_paths():
    found, probable = field()(SCORES, mask=MASKS), field("marginal")(SCORES, mask=MASKS)
    errors = ChainCrossentropy().call(TAGS, found)
    for row, held in enumerate(MASKS):
        path, marginal, likelihood = enumerated(row)
        np.testing.assert_array_equal(np.asarray(found)[row][held].argmax(-1), path)
        np.testing.assert_allclose(np.asarray(probable)[row][held], marginal, atol=1e-5)
        assert float(errors[row].sum()) == pytest.approx(-likelihood, rel=1e-5)
        for outputs, empty in ((found, 0), (probable, 1 / 3), (errors, 0)):
            np.testing.assert_allclose(np.asarray(outputs)[row][~held], empty)


def test_a_row_may_hold_several_sequences():
    lengths = [3, 5, 2]
    begins = np.zeros((1, 12), bool)
    begins[0, np.cumsum([0, *lengths[:-1]])] = True
    held, scores, tags = np.arange(12)[None] < 10, np.zeros((1, 12, 3), "float32"), np.zeros((1, 12), int)
    parts = list(zip(np.cumsum([0, *lengths[:-1]]), lengths))
    for row, (first, size) in enumerate(parts):
        scores[0, first : first + size], tags[0, first : first + size] = SCORES[row, :size], TAGS[row, :size]

    def loss(scores, tags, **options):
        return ChainCrossentropy(reduction="sum").call(tags, field()(scores, **options)).sum()

    apart = np.arange(5) < np.array(lengths)[:, None]  # the same sequences, a row for each
    slope = jax.grad(loss)(jnp.asarray(scores), tags, mask=held, begins=begins)
    expected = jax.grad(loss)(jnp.asarray(SCORES[:3]), TAGS[:3], mask=apart)
    for row, (first, size) in enumerate(parts):
        np.testing.assert_allclose(slope[0, first : first + size], expected[row, :size], atol=1e-5)
    for decoding in ("viterbi", "marginal"):
        together = np.asarray(field(decoding)(scores, mask=held, begins=begins))
        alone = np.asarray(field(decoding)(SCORES[:3], mask=apart))
        for row, (first, size) in enumerate(parts):
            np.testing.assert_allclose(together[0, first : first + size], alone[row, :size], atol=1e-6)


def test_the_loss_is_the_mean_over_steps_that_count():
    outputs = field()(SCORES, mask=MASKS)
    MASK.set(outputs, jnp.asarray(MASKS))  # as in a model
    total = sum(enumerated(row)[2] for row in range(4))
    assert float(ChainCrossentropy()(TAGS, outputs)) == pytest.approx(-total / MASKS.sum(), rel=1e-5)


def test_the_gradient_is_the_marginals_less_the_tags():
    layer = field()

    def loss(scores):
        return ChainCrossentropy(reduction="sum")(TAGS[:1], layer(scores))

    marginal = enumerated(0)[1]
    np.testing.assert_allclose(jax.grad(loss)(SCORES[:1])[0], marginal - np.eye(3)[TAGS[0]], atol=1e-5)


def tagger(decoding="viterbi"):
    return nn.Sequential(
        [
            nn.Input((None,)),
            layers.Embedding(6, 4, mask_zero=True),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.CRF(3, decoding),
        ]
    )


X = rng.integers(1, 6, (8, 6)) * (np.arange(6) < rng.integers(3, 7, (8, 1)))
Y = X % 3


def test_a_tagger_learns_and_travels_in_its_file(tmp_path):
    model = tagger()
    model.compile(nn.optimizers.Adam(0.1), "chain_crossentropy", metrics=["accuracy"])
    history = model.fit(X, Y, epochs=25, batch_size=8, verbose=0).history
    assert history["loss"][-1] < 0.2
    assert history["accuracy"][-1] > 0.95
    found = model.predict(X, verbose=0)
    assert set(np.unique(found)) == {0, 1}
    assert not found[X == 0].any()
    model.save(tmp_path / "tagger.keras")
    again = nn.models.load_model(tmp_path / "tagger.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), found)
    ours, theirs = (one.evaluate(X, Y, verbose=0, return_dict=True) for one in (again, model))
    assert ours == pytest.approx(theirs)


def test_another_loss_of_the_path_is_refused_and_one_of_marginals_learns():
    model = tagger()
    model.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=r"path of tags has no gradient.*loss='chain_crossentropy'"):
        model.fit(X, Y, verbose=0)
    marginal = tagger("marginal")
    marginal.compile(nn.optimizers.Adam(0.1), "sparse_categorical_crossentropy")
    losses = marginal.fit(X, Y, epochs=6, batch_size=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="decoding is one of viterbi, marginal"):
        layers.CRF(3, "best")
    with pytest.raises(ValueError, match=r"no kernel, so its inputs are the scores of 3 tags"):
        layers.CRF(3, use_kernel=False).build((None, None, 4))
    with pytest.raises(ValueError, match="takes the output of a CRF layer itself"):
        ChainCrossentropy()(TAGS, jnp.ones((4, 5, 3)))
    with pytest.raises(ValueError, match=r"The steps have the shape \(4, 5\), and the tags \(4, 4\)"):
        ChainCrossentropy()(TAGS[:, :4], field()(SCORES))
    model = tagger()
    model.compile("adam", "chain_crossentropy")
    with pytest.raises(ValueError, match=r"label 5 .* not one of the 3 classes"):
        model.fit(X, np.where(X == 5, 5, Y), verbose=0)
