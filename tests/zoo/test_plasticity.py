"""Spike-timing-dependent plasticity beside its closed form, pair by pair, and its stationary weights."""

import numpy as np
import pytest

from neurona import zoo
from neurona.layers import RNN, Dense, Input, LIFCell
from neurona.models import Sequential

TIME = 30
DRIVE = 2.0  # the weight of the input that makes the neuron fire, which learns nothing


def learned(spikes, rule, start, epochs=1, batch_size=1):
    """The weights after learning from spikes, (rows, time, inputs); the last input makes the neuron fire."""
    inputs = spikes.shape[-1]
    synapses = Dense(1, use_bias=False)
    neurons = RNN(LIFCell(1, decay=0.0, threshold=1.8, reset="zero"), return_sequences=True)
    model = Sequential([Input((None, inputs)), synapses, neurons])
    synapses.set_weights([np.r_[np.full(inputs - 1, start), DRIVE][:, None].astype("float32")])
    model.compile(rule=rule)
    model.fit(spikes, epochs=epochs, batch_size=batch_size, shuffle=False, verbose=0)
    return synapses.get_weights()[0][:-1, 0]


def pairs(differences):
    """One row: each input spikes once, so many steps before the neuron fires."""
    spikes = np.zeros((1, TIME, len(differences) + 1), "float32")
    spikes[0, TIME // 2, -1] = 1
    for place, difference in enumerate(differences):
        spikes[0, TIME // 2 - difference, place] = 1
    return spikes


DIFFERENCES = np.array([-12, -5, -1, 0, 1, 3, 12])
GROWTH = np.where(DIFFERENCES > 0, np.exp(-DIFFERENCES / 8.0), 0)
SHRINKAGE = np.where(DIFFERENCES < 0, np.exp(DIFFERENCES / 15.0), 0)


@pytest.mark.parametrize(("kind", "up", "down"), [("additive", 1, 1), ("multiplicative", 1.4, 0.6)])
def test_the_window_is_that_of_the_paper(kind, up, down):
    rule = zoo.STDPRule(0.03, 0.04, tau_plus=8, tau_minus=15, kind=kind, bounds=(0, 2 if up > 1 else 100))
    weights = learned(pairs(DIFFERENCES), rule, start=0.6)
    np.testing.assert_allclose(weights - 0.6, 0.03 * up * GROWTH - 0.04 * down * SHRINKAGE, atol=1e-6)


def test_all_pairs_count_and_rows_of_a_batch_are_averaged():
    spikes = np.zeros((2, TIME, 2), "float32")
    spikes[0, [3, 5, 11], 0] = 1
    spikes[0, [4, 9], 1] = 1
    before, after = [1, 4, 6], [1, 2, 7]  # steps between: 3-4, 5-9, 3-9; 4-5, 9-11, 4-11
    wanted = 0.02 * np.exp(-np.array(before) / 20).sum() - 0.01 * np.exp(-np.array(after) / 20).sum()
    rule = zoo.STDPRule(0.02, 0.01, bounds=(0, 100))
    assert learned(spikes, rule, 0.5, batch_size=2)[0] - 0.5 == pytest.approx(wanted / 2, rel=1e-4)


def test_additive_weights_end_at_their_bounds_and_multiplicative_ones_in_between():
    spikes = pairs([2, -2])
    hard = learned(spikes, zoo.STDPRule(0.1, 0.1, bounds=(0.1, DRIVE)), 0.5, epochs=40)
    np.testing.assert_allclose(hard, [DRIVE, 0.1], atol=1e-4)
    both = np.maximum(pairs([2]), pairs([-2]))
    soft = learned(both, zoo.STDPRule(0.05, 0.1, kind="multiplicative", bounds=(0, DRIVE)), 0.5, epochs=60)
    up, down = 0.05 * np.exp(-2 / 20), 0.1 * np.exp(-2 / 20)
    # What stays as it is under w += up (2 - w), then w -= down w.
    assert soft[0] == pytest.approx(2 * up * (1 - down) / (1 - (1 - up) * (1 - down)), rel=1e-4)


def test_what_is_wrong_is_told():
    with pytest.raises(ValueError, match=r"kind is 'additive' or 'multiplicative'. Received: kind='hard'"):
        zoo.STDPRule(kind="hard")
    with pytest.raises(ValueError, match=r"the first bound is below the second. Received: .*bounds=\(1, 0\)"):
        zoo.STDPRule(bounds=(1, 0))
    wrong = Sequential([Input((2,)), Dense(1), Dense(1)])
    wrong.compile(rule=zoo.STDPRule())
    with pytest.raises(ValueError, match=r"a Dense and an RNN of a spiking cell.*Received: Dense, Dense"):
        wrong.fit(np.ones((1, 2)), verbose=0)
