"""The deep belief network beside all states of a small one, and its layers beside machines learned alone."""

import itertools

import numpy as np
import pytest

from neurona import zoo

rng = np.random.default_rng(2)
STRIPES = np.array([[1, 1, 0, 0, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0]])[rng.integers(0, 3, 60)]


def states(units):
    return np.array(list(itertools.product([0, 1], repeat=units)), "float64")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture(scope="module")
def network():
    options = {"learning_rate": 0.3, "epochs": 60, "batch_size": 20, "random_state": 0}
    return zoo.DeepBelief((4, 3), **options).fit(STRIPES)


def test_the_first_layer_is_a_machine_learned_alone(network):
    options = {"learning_rate": 0.3, "epochs": 60, "batch_size": 20, "persistent": False, "random_state": 0}
    alone = zoo.RestrictedBoltzmann(4, **options).fit(STRIPES)
    np.testing.assert_array_equal(network.model_.layers[0].kernel.numpy(), alone.components_.T)
    hidden = sigmoid(STRIPES @ alone.components_.T + alone.intercept_hidden_)
    second = network.model_.layers[1]
    expected = sigmoid(hidden @ second.kernel.numpy() + second.bias.numpy())
    np.testing.assert_allclose(network.transform(STRIPES), expected, atol=1e-5)
    assert network.pretraining_.shape == (2, 60)


def test_dreams_have_the_distribution_that_all_states_add_up_to(network):
    first, second = network.model_.layers
    middle, top = states(4), states(3)
    inner = middle @ second.kernel.numpy() @ top.T + top @ second.bias.numpy()
    prior = np.exp(inner + (middle @ second.visible_bias.numpy())[:, None]).sum(axis=1)  # P(h1), times Z
    on = sigmoid(middle @ first.kernel.numpy().T + first.visible_bias.numpy())
    likely = np.prod(np.where(states(5)[:, None] == 1, on, 1 - on), axis=2)  # P(v | h1), (32, 16)
    exact = likely @ prior / prior.sum()
    drawn = network.sample(4000, rounds=200)
    share = (drawn[:, None] == states(5)[None]).all(axis=2).mean(axis=0)
    np.testing.assert_allclose(share, exact, atol=0.03)
    assert exact[[7, 24, 25]].sum() > 0.5  # of the three rows that it learned; by chance 0.09


def test_backpropagation_begins_at_the_layers_and_lowers_the_loss():
    X, y = STRIPES, STRIPES[:, 0] + STRIPES[:, 4]
    options = {"pretraining_epochs": 5, "batch_size": 20, "random_state": 1}
    start = zoo.DeepBeliefClassifier((4, 3), epochs=1, fine_tuning_rate=1e-12, **options).fit(X, y)
    alone = zoo.DeepBelief((4, 3), epochs=5, batch_size=20, random_state=1).fit(X)
    for ours, theirs in zip(start.model_.layers, alone.model_.layers, strict=False):
        np.testing.assert_allclose(ours.kernel.numpy(), theirs.kernel.numpy(), atol=1e-6)
    network = zoo.DeepBeliefClassifier((4, 3), epochs=80, fine_tuning_rate=0.02, **options).fit(X, y)
    losses = network.history_.history["loss"]
    assert losses[-1] < losses[0] / 4
    assert network.score(X, y) == 1
    np.testing.assert_allclose(network.predict_proba(X).sum(axis=1), 1, atol=1e-5)
    assert network.dreams_.shape == (8, 5)


def test_a_single_layer_dreams_like_a_restricted_machine():
    options = {"learning_rate": 0.3, "epochs": 60, "batch_size": 20, "random_state": 0}
    network = zoo.DeepBelief((3,), persistent=True, **options).fit(STRIPES)
    machine = zoo.RestrictedBoltzmann(3, persistent=True, **options).fit(STRIPES)
    np.testing.assert_allclose(
        network.sample(2000, 100).mean(axis=0), machine.sample(2000, 100).mean(axis=0), atol=0.05
    )


def test_what_does_not_fit_is_refused_by_name(network):
    with pytest.raises(ValueError, match=r"DeepBelief: the units are 0 or 1.* Row 0, column 1 is 7"):
        zoo.DeepBelief().fit([[0, 7], [1, 0]])
    with pytest.raises(ValueError, match=r"DeepBelief: the units are 0 or 1.* Row 1, column 0 is -1"):
        network.transform([[0, 0, 0, 0, 0], [-1, 0, 0, 0, 0]])
    with pytest.raises(ValueError, match=r"units\[1\] is a whole number above 0. Received: units\[1\]=0"):
        zoo.DeepBelief((3, 0)).fit(STRIPES)
    with pytest.raises(ValueError, match="units names one hidden layer or more"):
        zoo.DeepBeliefClassifier(()).fit(STRIPES, STRIPES[:, 0])
    with pytest.raises(ValueError, match="sample_weight is not taken"):
        zoo.DeepBelief().fit(STRIPES, sample_weight=np.ones(60))
