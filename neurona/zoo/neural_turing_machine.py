"""The neural Turing machine: a controller that writes to a memory and reads from it, and learns where.

Graves, Wayne and Danihelka (Neural Turing Machines, 2014). The memory M has N locations of M numbers each. A
head has a weighting w of the locations, so that it reads and writes everywhere a little, and mostly at one:

    sum over i of w_t(i) = 1,     0 <= w_t(i) <= 1,                                                  (1)
    r_t <- sum over i of w_t(i) M_t(i)                                    a read head reads,         (2)
    M~_t(i) <- M_t-1(i) [1 - w_t(i) e_t]                                  a write head erases,       (3)
    M_t(i) <- M~_t(i) + w_t(i) a_t                                        and adds.                  (4)

A weighting comes about by content and by place (figure 2). A key k is compared with each location, with the
strength b (beta); the gate g keeps the weighting of the step before; the shift s moves it, and the sharpness
c (gamma) undoes the blur:

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

Deviations. Adam on batches, where the paper takes RMSProp on single sequences. The controller has 32 units,
the paper's 100: those remember short sequences by themselves, and take far longer to find the memory. Squares
and weightings are kept off 0 by 0.000001 under roots and logarithms. No weight depends on N, so that the
experiment learns with a small memory, and is asked with a large one. The cell is a layer for any model:
`RNN(NTMCell(LSTMCell(100)))`.
"""

from typing import Any

import numpy as np

from neurona.layers import LSTMCell, NTMCell
from neurona.zoo.bit_tasks import associative_recall_task, copy_task, repeat_copy_task
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.sequences import (
    SEEDS,
    MemoryNetwork,
    copying_details,
    copying_errors,
    finite_seeds,
)

__all__ = ["NeuralTuringMachine"]

_TITLE = Words("Neural Turing machine", "Máquina de Turing neuronal")


class NeuralTuringMachine(MemoryNetwork):
    """A neural Turing machine that learns to answer sequences with bits.

    `fit(X, y)` takes sequences (sequences, time, features), or a list of them of several lengths, and targets
    of 0 and 1, NaN at steps at which nothing is asked, such as `copy_task` gives.

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
        controller_units: int = 32,
        locations: int = 128,
        width: int = 20,
        read_heads: int = 1,
        write_heads: int = 1,
        shifts: int = 1,
        learning_rate: float = 2e-3,
        epochs: int = 16,
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

    def cell(self) -> NTMCell:
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
            (
                Words("change of the memory, all locations", "cambio de la memoria, todos los lugares"),
                (memory - before).sum(axis=1).T,
            ),
            (Words("what is read", "lo que se lee"), output[:, self.controller_units :].T),
            (
                Words("write weighting by location", "ponderación de escritura por lugar"),
                writing.sum(axis=1).T,
            ),
            (Words("read weighting by location", "ponderación de lectura por lugar"), reading.sum(axis=1).T),
        ]


def _copied(seed: int = 0, quick: bool = False) -> Outcome:
    """Copying, beyond the lengths that were learned; and the two tasks that follow it in the paper."""
    if quick:
        machine = _small(seed).fit(*copy_task(2000, (1, 4), bits=3, seed=seed))
        X, y = copy_task(50, (5, 5), bits=3, seed=seed + 1000)
        return Outcome(float(machine.wrong_bits(X, y).mean()), machine, shown={"x": X[0]})
    runs = range(seed, seed + 2)
    machines = [
        NeuralTuringMachine(locations=32, random_state=run).fit(*copy_task(4000, seed=run)).enlarged(128)
        for run in runs
    ]
    errors = [copying_errors(machine, seed + 1000) for machine in machines]
    X, _ = copy_task(1, (40, 40), seed=seed + 2000)
    return Outcome(
        figure=float(np.mean([one[80] for one in errors])),
        network=machines[0],
        details=copying_details(errors) | _other_tasks(seed) | {SEEDS: finite_seeds(_small, seed)},
        shown={"x": X[0]},
    )


def _other_tasks(seed: int) -> dict[Words, float]:
    """Repeated copying and recall by association, small, and beyond what was learned."""
    repeating, recalling = (
        NeuralTuringMachine(locations=32, random_state=seed).fit(*task)
        for task in (
            repeat_copy_task(4000, (1, 5), (1, 4), seed=seed),
            associative_recall_task(4000, (2, 4), seed=seed),
        )
    )
    found = {}
    for steps, times in ((5, 4), (10, 4), (5, 8)):
        task = repeat_copy_task(50, (steps, steps), (times, times), seed=seed + 1000)
        bits = 9 * (steps * times + 1)
        name = Words(
            f"copying {steps} steps {times} times: wrong bits of {bits}",
            f"copiar {steps} pasos {times} veces: bits equivocados de {bits}",
        )
        found[name] = float(repeating.wrong_bits(*task).mean())
    for items in (4, 8):
        task = associative_recall_task(50, (items, items), seed=seed + 1000)
        name = Words(
            f"recall among {items}: wrong bits of 18", f"recordar entre {items}: bits equivocados de 18"
        )
        found[name] = float(recalling.enlarged(64).wrong_bits(*task).mean())
    return found


def _small(seed: int) -> NeuralTuringMachine:
    """A machine for short sequences of three bits."""
    return NeuralTuringMachine(32, 8, 8, learning_rate=0.01, epochs=5, random_state=seed)


CARD = Card(
    title=_TITLE,
    year=2014,
    paper="Graves, Wayne and Danihelka, Neural Turing Machines, 2014",
    family="memory",
    cells=("input", "gated memory", "memory", "output"),
    summary=Words(
        "A controller writes to a memory and reads from it through heads that learn where to go; so it "
        "learns algorithms, which work for longer sequences than it has seen.",
        "Un controlador escribe en una memoria y lee de ella con cabezales que aprenden adónde ir; así "
        "aprende algoritmos, que valen para secuencias más largas que las vistas.",
    ),
    network=NeuralTuringMachine,
    experiment=Experiment(
        task=Words(
            "copying 1 to 20 steps of 8 random bits, tested on 80 steps with a memory of 128 locations; an "
            "LSTM of 32 units, locations of 20 numbers",
            "copiar de 1 a 20 pasos de 8 bits al azar, probado en 80 pasos con una memoria de 128 lugares; "
            "una LSTM de 32 unidades, lugares de 20 números",
        ),
        measure=Words(
            "wrong bits of 640, mean of 50 sequences", "bits equivocados de 640, media de 50 secuencias"
        ),
        target=1.0,
        source=Words(
            "Graves et al., 2014, figure 4: sequences of 120 are copied nearly without error",
            "Graves et al., 2014, figura 4: secuencias de 120 se copian casi sin errores",
        ),
        run=_copied,
        quick_target=3.0,
        lower=True,
    ),
)
