"""The denoising autoencoder beside the mean of all rows that a damaged one may have been."""

import itertools
from typing import Any

import numpy as np
import pytest

from neurona import zoo

PATTERNS = np.array([[1, 1, 0, 0, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0]], "float32")
ROWS = np.tile(PATTERNS, (40, 1))


def test_it_gives_back_the_mean_of_the_rows_that_a_damaged_one_may_have_been():
    share = 0.3
    options = {"learning_rate": 0.02, "epochs": 400, "batch_size": 30, "random_state": 0}
    network = zoo.DenoisingAutoencoder(16, "masking", share, **options).fit(ROWS)
    damaged = np.array(list(itertools.product([0, 1], repeat=5)), "float32")
    hidden = (PATTERNS[None] > damaged[:, None]).sum(axis=2)
    possible = (damaged[:, None] <= PATTERNS[None]).all(axis=2)
    seen = damaged.sum(axis=1)[:, None]
    likely = np.where(possible, share**hidden * (1 - share) ** seen, 0) / 3  # P(damaged, pattern)
    total = likely.sum(axis=1)
    some = total > 0.01
    mean = (likely @ PATTERNS)[some] / total[some, None]
    np.testing.assert_allclose(network.reconstruct(damaged[some]), mean, atol=0.12)
    away = np.abs(network.reconstruct(damaged[some]) - mean).mean(axis=1)
    assert away @ total[some] < 0.04


def test_of_undamaged_rows_the_loss_is_the_cross_entropy():
    network = zoo.DenoisingAutoencoder(4, amount=0.0, epochs=1, random_state=0).fit(ROWS)
    model: Any = network.model_
    (_, hidden), (back,) = (model.get_layer(part).layers for part in ("encoder", "decoder"))
    code = 1 / (1 + np.exp(-(ROWS @ hidden.kernel.numpy() + hidden.bias.numpy())))
    outputs = 1 / (1 + np.exp(-(code @ back.kernel.numpy() + back.bias.numpy())))
    wanted = -np.mean(ROWS * np.log(outputs) + (1 - ROWS) * np.log(1 - outputs))
    assert network.model_.evaluate(ROWS, ROWS, verbose=0) == pytest.approx(wanted, rel=1e-4)
    np.testing.assert_allclose(network.transform(ROWS), code, atol=1e-5)


def test_backpropagation_begins_at_the_levels_and_lowers_the_loss():
    y = ROWS[:, 0] + ROWS[:, 4]
    options: Any = {"pretraining_epochs": 5, "batch_size": 20, "random_state": 1}
    start = zoo.StackedDenoisingClassifier((4, 3), fine_tuning_rate=1e-12, epochs=1, **options).fit(ROWS, y)
    alone = zoo.DenoisingAutoencoder(4, epochs=5, batch_size=20, random_state=1).fit(ROWS)
    encoder: Any = alone.model_.get_layer("encoder")
    wanted = encoder.layers[-1].get_weights()
    for ours, theirs in zip(start.model_.layers[0].get_weights(), wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert start.pretraining_.shape == (2, 5)
    network = zoo.StackedDenoisingClassifier((4, 3), fine_tuning_rate=0.05, epochs=80, **options).fit(ROWS, y)
    losses = network.history_.history["loss"]
    assert losses[-1] < losses[0] / 4
    assert network.score(ROWS, y) == 1
    np.testing.assert_allclose(network.predict_proba(ROWS).sum(axis=1), 1, atol=1e-5)


def test_what_does_not_fit_is_refused_by_name():
    with pytest.raises(ValueError, match=r"Row 0, column 1 is 7\..* take output_activation='linear'"):
        zoo.DenoisingAutoencoder().fit([[0, 7], [1, 0]])
    with pytest.raises(ValueError, match=r"Row 0, column 1 is 7\..* take DenoisingAutoencoder"):
        zoo.StackedDenoisingClassifier().fit([[0, 7], [1, 0]], [0, 1])
    with pytest.raises(ValueError, match="kind"):
        zoo.DenoisingAutoencoder(noise="rain").fit(ROWS)
    with pytest.raises(ValueError, match="units names one layer or more"):
        zoo.StackedDenoisingClassifier(()).fit(ROWS, ROWS[:, 0])
