"""The neural Turing machine: a controller that writes to a memory and reads from it, and learns where.

Graves, Wayne and Danihelka (Neural Turing Machines, 2014). The memory M has N locations of M numbers each. A
head has a weighting w of the locations, so that it reads and writes everywhere a little, and mostly at one:

    sum over i of w_t(i) = 1,     0 <= w_t(i) <= 1,                                                  (1)
    r_t <- sum over i of w_t(i) M_t(i)                                    a read head reads,         (2)
    M~_t(i) <- M_t-1(i) [1 - w_t(i) e_t]                                  a write head erases,       (3)
    M_t(i) <- M~_t(i) + w_t(i) a_t                                        and adds.                  (4)

A weighting comes about by content and by place (figure 2). A key k is compared with each location, with the
strength b (beta); the gate g keeps the weighting of the step before; the shift s moves it, and the sharpness c
(gamma) undoes the blur:

    wc_t(i) <- exp(b_t K[k_t, M_t(i)]) / sum over j of exp(b_t K[k_t, M_t(j)])                       (5)
    K[u, v] = u . v / (|u| |v|)                                                                      (6)
    wg_t <- g_t wc_t + (1 - g_t) w_t-1                                                               (7)
    w~_t(i) <- sum over j of wg_t(j) s_t(i - j), indices modulo N                                    (8)
    w_t(i) <- w~_t(i)^c_t / sum over j of w~_t(j)^c_t                                                (9)

All of it has slopes, so that the controller learns by gradients what to write, where, and when to read it. It
learns algorithms: a machine that has copied sequences of up to 20 steps copies much longer ones.

The experiment is the first of the paper (section 4.1): random bits are shown, then a delimiter, then they are
asked for. What it has learned is seen in its heads (figure 6): the write head goes along the memory, and the
read head follows the same way.

What the paper leaves open. A step writes first and then reads. All heads begin at location 0. The ranges of
what heads are given (tanh of keys and of what is added), a memory of 0.000001 at first, and clipped gradients
are those of Collier and Beel (Implementing Neural Turing Machines, ICANN 2018), who compared ways to begin.

Deviations. Adam on batches, where the paper takes RMSProp on single sequences. Squares and weightings are kept
off 0 by 0.000001 under roots and logarithms. No weight depends on N, so that the experiment learns with a small
memory, and is asked with a large one. The cell is a layer for any model: `RNN(NTMCell(LSTMCell(100)))`.
"""

from typing import Any

import numpy as np

from neurona.layers import LSTMCell, NTMCell
from neurona.zoo.bit_tasks import copy_task
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.sequences import MemoryNetwork

__all__ = ["NeuralTuringMachine"]

_SEEDS = 10  # that must learn without a number that is not finite

_TITLE = Words("Neural Turing machine", "Máquina de Turing neuronal")


class NeuralTuringMachine(MemoryNetwork):
    """A neural Turing machine that learns to answer sequences with bits.

    `fit(X, y)` takes sequences (sequences, time, features), or a list of them of several lengths, and targets of
    0 and 1, NaN at steps at which nothing is asked, such as `copy_task` gives.

    Args:
        controller_units: how many, of an LSTM.
        locations: N, how many the memory has.
        width: M, how many numbers a location holds.
        read_heads, write_heads: how many.
        shifts: how many locations a head moves in a step at most, either way.
        learning_rate: of Adam.
        epochs: how often the sequences are gone through.
        batch_size: how many sequences are learned in a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        n_outputs_: how many bits an answer has.
        model_, history_, n_features_in_: as in `Estimator`.

    Source: Graves, Wayne and Danihelka, Neural Turing Machines, 2014.

    Example:

        >>> from neurona.zoo import copy_task
        >>> X, y = copy_task(64, (1, 2), bits=1)
        >>> machine = NeuralTuringMachine(8, locations=4, width=4, epochs=2, random_state=0).fit(X, y)
        >>> machine.predict(X).shape, machine.enlarged(10).locations
        ((64, 5, 1), 10)
    """

    _title = _TITLE

    def __init__(
        self,
        controller_units: int = 100,
        locations: int = 128,
        width: int = 20,
        read_heads: int = 1,
        write_heads: int = 1,
        shifts: int = 1,
        learning_rate: float = 2e-3,
        epochs: int = 20,
        batch_size: int = 16,
        random_state: int | None = None,
    ) -> None:
        self.controller_units = controller_units
        self.locations = locations
        self.width = width
        self.read_heads = read_heads
        self.write_heads = write_heads
        self.shifts = shifts
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _cell(self) -> NTMCell:
        return NTMCell(
            LSTMCell(self.controller_units),
            self.locations,
            self.width,
            self.read_heads,
            self.write_heads,
            self.shifts,
        )

    def weightings(self, x: Any) -> tuple[np.ndarray, np.ndarray]:
        """Where the write heads and the read heads are along a sequence (time, features), each (time, heads,
        locations).
        """
        found = self.states(x)[2]
        return found[:, : self.write_heads], found[:, self.write_heads :]

    def _panels(self, states: list[np.ndarray]) -> list[tuple[Words, np.ndarray]]:
        output, memory, weightings = states[:3]
        before = np.concatenate([np.full_like(memory[:1], 1e-6), memory[:-1]])
        writing, reading = weightings[:, : self.write_heads], weightings[:, self.write_heads :]
        return [
            (Words("change of the memory, all locations", "cambio de la memoria, todos los lugares"), (memory - before).sum(axis=1).T),
            (Words("what is read", "lo que se lee"), output[:, self.controller_units :].T),
            (Words("write weighting by location", "ponderación de escritura por lugar"), writing.sum(axis=1).T),
            (Words("read weighting by location", "ponderación de lectura por lugar"), reading.sum(axis=1).T),
        ]
