"""The spiking network: its spikes beside the formula, its counts, its raster."""

import numpy as np
import pytest

from neurona import zoo

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")


@pytest.fixture(scope="module")
def network():
    """A network that has learned the exclusive or."""
    network = zoo.SpikingClassifier((12,), 15, decay=0.9, learning_rate=0.02, epochs=60, random_state=0)
    return network.fit(X, ["no", "yes", "yes", "no"])


def fired(currents):
    """The spikes, (rows, steps, neurons), that the paper's equations give for currents."""
    U = S = np.zeros_like(currents[:, 0])
    found = []
    for step in range(currents.shape[1]):
        U = 0.9 * U + currents[:, step] - S
        S = (U > 1).astype(float)
        found.append(S)
    return np.stack(found, axis=1)


def test_spikes_and_counts_are_those_of_the_formula(network):
    kernel, bias, _, out_kernel, out_bias, _ = network.model_.get_weights()
    hidden = fired(np.repeat((X @ kernel + bias)[:, None], 15, axis=1))
    outputs = fired(hidden @ out_kernel + out_bias)
    found = network.spikes(X)
    np.testing.assert_array_equal(found[0], hidden)
    np.testing.assert_array_equal(found[1], outputs)
    counts = outputs.sum(axis=1)
    np.testing.assert_array_equal(network.decision_function(X), counts[:, 1] - counts[:, 0])
    np.testing.assert_array_equal(network.predict(X), np.array(["no", "yes"])[counts.argmax(axis=1)])


def test_the_raster_shows_every_spike(network):
    figure = network.plot([1, 0])
    hidden, outputs = network.spikes(X[2:3])
    for axes, spikes in zip(figure.axes, (hidden, outputs), strict=True):
        times, neurons = axes.collections[0].get_offsets().T.astype(int)
        assert len(times) == spikes.sum() > 0
        assert spikes[0, times, neurons].all()


def test_a_network_without_hidden_neurons_is_refused():
    with pytest.raises(ValueError, match="layers has one number or more"):
        zoo.SpikingClassifier(()).fit(X, [0, 1, 1, 0])
