"""The differentiable neural computer: a memory with a list of free places, and links in the order of writing.

Graves et al. (Hybrid computing using a neural network with dynamic external memory, Nature 538, 2016). It is the
successor of the neural Turing machine, of which heads move to neighbours. Here a controller finds places in three
ways (Methods). By content, as there: C(M, k, b)[i] = softmax over i of b cosine(k, M[i]). By use:

    psi_t = product over i of (1 - f_t^i w_t-1^{r,i})              what read heads free,
    u_t = (u_t-1 + w_t-1^w - u_t-1 w_t-1^w) psi_t                  usage,
    a_t[phi[j]] = (1 - u_t[phi[j]]) product over i < j of u_t[phi[i]]         allocation weighting,

where phi orders locations by usage, the least used first. And by time:

    p_t = (1 - sum over i of w_t^w[i]) p_t-1 + w_t^w               precedence: what was written last,
    L_t[i, j] = (1 - w_t^w[i] - w_t^w[j]) L_t-1[i, j] + w_t^w[i] p_t-1[j],    L_t[i, i] = 0,
    f_t = L_t w_t-1^r,     b_t = L_t' w_t-1^r                      what was written next, and before.

The write head takes a free place or one of like content, and each read head goes on, back, or to like content:

    w_t^w = g_t^w [g_t^a a_t + (1 - g_t^a) C(M_t-1, k_t^w, b_t^w)],    M_t = M_t-1 (1 - w_t^w e_t') + w_t^w v_t',
    w_t^{r,i} = pi_t^i[1] b_t^i + pi_t^i[2] C(M_t, k_t^{r,i}, b_t^{r,i}) + pi_t^i[3] f_t^i,    r_t^i = M_t' w_t^{r,i}.

The experiments are copying, as for the neural Turing machine, and recall by association: items are shown, then
one of them, and the next is asked for. The heads show how (extended data, figure 1): the write head takes free
places, and the read head follows the links.

Deviations. The allocation weighting is computed without sorting, by comparing all pairs; so its slope is that of
the same formula. Adam with clipped gradients on batches, where the paper takes RMSProp; a memory of 0.000001 at
first. No weight depends on N, so that a network that has learned works with a larger memory (`enlarged`; the
paper shows it in figure 2 of its extended data). The cell is a layer for any model: `RNN(DNCCell(LSTMCell(64)))`.
"""

from typing import Any

import numpy as np

from neurona.layers import DNCCell, LSTMCell
from neurona.zoo.bit_tasks import associative_recall_task, copy_task
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.sequences import MemoryNetwork

__all__ = ["DifferentiableNeuralComputer"]

_TITLE = Words("Differentiable neural computer", "Computador neuronal diferenciable")


class DifferentiableNeuralComputer(MemoryNetwork):
    """A differentiable neural computer that learns to answer sequences with bits.

    `fit(X, y)` takes sequences (sequences, time, features), or a list of them of several lengths, and targets of
    0 and 1, NaN at steps at which nothing is asked, such as `associative_recall_task` gives.

    Args:
        controller_units: how many, of an LSTM.
        locations: N, how many the memory has.
        width: W, how many numbers a location holds.
        read_heads: R, how many.
        learning_rate: of Adam.
        epochs: how often the sequences are gone through.
        batch_size: how many sequences are learned in a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        n_outputs_: how many bits an answer has.
        model_, history_, n_features_in_: as in `Estimator`.

    Source: Graves et al., Hybrid computing using a neural network with dynamic external memory, 2016.

    Example:

        >>> from neurona.zoo import copy_task
        >>> X, y = copy_task(64, (1, 2), bits=1)
        >>> computer = DifferentiableNeuralComputer(8, locations=4, width=4, epochs=2, random_state=0).fit(X, y)
        >>> computer.predict(X).shape, computer.enlarged(10).locations
        ((64, 5, 1), 10)
    """

    _title = _TITLE

    def __init__(
        self,
        controller_units: int = 64,
        locations: int = 32,
        width: int = 16,
        read_heads: int = 1,
        learning_rate: float = 2e-3,
        epochs: int = 20,
        batch_size: int = 16,
        random_state: int | None = None,
    ) -> None:
        self.controller_units = controller_units
        self.locations = locations
        self.width = width
        self.read_heads = read_heads
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _cell(self) -> DNCCell:
        return DNCCell(LSTMCell(self.controller_units), self.locations, self.width, self.read_heads)

    def _panels(self, states: list[np.ndarray]) -> list[tuple[Words, np.ndarray]]:
        output, _, usage, _, writing, _, reading = states[:7]
        return [
            (Words("write weighting by location", "ponderación de escritura por lugar"), writing.T),
            (Words("read weighting by location", "ponderación de lectura por lugar"), reading.sum(axis=1).T),
            (Words("usage by location", "uso por lugar"), usage.T),
            (Words("what is read", "lo que se lee"), output[:, self.controller_units :].T),
        ]
