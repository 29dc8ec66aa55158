"""McCulloch-Pitts neurons: truth tables, absolute inhibition, memory, nets from tables, bad lines."""

import itertools

import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.zoo.mcculloch_pitts import net_of_table

FUNCTIONS = {
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "nand": lambda a, b: not (a and b),
    "nor": lambda a, b: not (a or b),
    "xor": lambda a, b: a != b,
    "xnor": lambda a, b: a == b,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_gate_says_what_logic_says(name):
    wanted = [[a, b, int(FUNCTIONS[name](a, b))] for a, b in itertools.product([0, 1], repeat=2)]
    assert zoo.McCullochPitts(name).truth_table().tolist() == wanted


def test_one_inhibition_is_absolute():
    net = zoo.McCullochPitts({"y": "a + a + b >= 1 unless c"})
    table = net.truth_table()
    assert net.inputs_ == ["a", "b", "c"]
    np.testing.assert_array_equal(table[:, 3], (table[:, 0] | table[:, 1]) & (1 - table[:, 2]))
    assert zoo.McCullochPitts({"y": "a + a + b >= 2"}).predict([[1, 0], [0, 1]]).tolist() == [1, 0]


def test_signals_take_a_step_for_each_neuron():
    fired = zoo.McCullochPitts({"first": "a >= 1", "second": "first >= 1"}).run([[1], [0], [0]])
    assert fired.tolist() == [[1, 0], [0, 1], [0, 0]]


def test_a_latch_remembers_and_has_no_table():
    latch = zoo.McCullochPitts("latch")
    signals = [[1, 0], [0, 0], [0, 0], [0, 1], [0, 0], [1, 1]]
    assert latch.run(signals)[:, 0].tolist() == [1, 1, 1, 0, 0, 0]
    with pytest.raises(ValueError, match=r"latch hear themselves in a circle.*run"):
        latch.truth_table()


def test_any_table_becomes_a_net():
    table = [0, 1, 0, 1, 1, 0, 1, 1]
    net = zoo.McCullochPitts(net_of_table(["a", "b", "c"], table), ["a", "b", "c"])
    assert net.truth_table()[:, -1].tolist() == table
    assert net.score(net.truth_table()[:, :3], table) == 1
    with pytest.raises(ValueError, match=r"a table of 2 inputs has 4 rows. Received 3"):
        net_of_table(["a", "b"], [0, 1, 1])


def test_the_cell_is_a_layer_of_any_model():
    model = nn.Sequential([nn.Input((None, 2)), nn.layers.RNN(zoo.McCullochPittsCell(1)), nn.layers.Dense(1)])
    assert model.predict(np.ones((3, 4, 2)), verbose=0).shape == (3, 1)


@pytest.mark.parametrize(
    ("neurons", "said"),
    [
        ("nxor", "the ready nets are and, latch"),
        ({}, "at least one neuron"),
        ({"y": "a - b >= 1"}, "the line of 'y' is like"),
        ({"y": "a + b > 1"}, "the line of 'y' is like"),
        ({"y": "a + >= 1"}, "the line of 'y' is like"),
    ],
)
def test_lines_that_can_not_be_read_are_refused(neurons, said):
    with pytest.raises(ValueError, match=said):
        zoo.McCullochPitts(neurons).fit()
    with pytest.raises(ValueError, match=r"hear the inputs a, b; inputs= names these at least"):
        zoo.McCullochPitts("and", inputs=["b"]).fit()


def test_signals_that_are_none_are_refused():
    net = zoo.McCullochPitts("and")
    with pytest.raises(ValueError, match=r"Row 1, column 0 is 0.5"):
        net.predict([[1, 0], [0.5, 1]])
    with pytest.raises(ValueError, match=r"inputs are a, b, a column for each. Received 3 columns"):
        net.predict([[1, 0, 1]])
    wide = {"y": " + ".join(f"x{number}" for number in range(17)) + " >= 1"}
    with pytest.raises(ValueError, match="a table has up to 16 inputs, and the net has 17"):
        zoo.McCullochPitts(wide).truth_table()
