"""The differentiable neural computer: a memory with a list of free places, and links in the order of writing.

Graves et al. (Hybrid computing using a neural network with dynamic external memory, Nature 538, 2016). It is
the successor of the neural Turing machine, of which heads move to neighbours. Here a controller finds places
in three ways (Methods). By content, as there: C(M, k, b)[i] = softmax over i of b cosine(k, M[i]). By use:

    psi_t = product over i of (1 - f_t^i w_t-1^{r,i})              what read heads free,
    u_t = (u_t-1 + w_t-1^w - u_t-1 w_t-1^w) psi_t                  usage,
    a_t[phi[j]] = (1 - u_t[phi[j]]) product over i < j of u_t[phi[i]]         allocation weighting,

where phi orders locations by usage, the least used first. And by time:

    p_t = (1 - sum over i of w_t^w[i]) p_t-1 + w_t^w               precedence: what was written last,
    L_t[i, j] = (1 - w_t^w[i] - w_t^w[j]) L_t-1[i, j] + w_t^w[i] p_t-1[j],    L_t[i, i] = 0,
    f_t = L_t w_t-1^r,     b_t = L_t' w_t-1^r                      what was written next, and before.

The write head takes a free place or one of like content, and each read head goes on, back, or to like
content:

    w_t^w = g_t^w [g_t^a a_t + (1 - g_t^a) C(M_t-1, k_t^w, b_t^w)],
    M_t = M_t-1 (1 - w_t^w e_t') + w_t^w v_t',
    w_t^{r,i} = pi_t^i[1] b_t^i + pi_t^i[2] C(M_t, k_t^{r,i}, b_t^{r,i}) + pi_t^i[3] f_t^i,
    r_t^i = M_t' w_t^{r,i}.

The experiments are copying, as for the neural Turing machine, and recall by association: items are shown,
then one of them, and the next is asked for. The heads show how (extended data, figure 1): the write head
takes free places, and the read head follows the links.

Deviations. The allocation weighting is computed without sorting, by comparing all pairs; so its slope is that
of the same formula. Adam with clipped gradients on batches, where the paper takes RMSProp; a memory of
0.000001 at first. No weight depends on N, so that a network that has learned works with a larger memory
(`enlarged`; the paper shows it in figure 2 of its extended data). The cell is a layer for any model:
`RNN(DNCCell(LSTMCell(32)))`.
"""

import numpy as np

from neurona.layers import DNCCell, LSTMCell
from neurona.optimizers.schedules import CosineDecay
from neurona.zoo.bit_tasks import associative_recall_task, copy_task
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.sequences import (
    SEEDS,
    MemoryNetwork,
    copying_details,
    copying_errors,
    finite_seeds,
)

__all__ = ["DifferentiableNeuralComputer"]

_TITLE = Words("Differentiable neural computer", "Computador neuronal diferenciable")


class DifferentiableNeuralComputer(MemoryNetwork):
    """A differentiable neural computer that learns to answer sequences with bits.

    `fit(X, y)` takes sequences (sequences, time, features), or a list of them of several lengths, and targets
    of 0 and 1, NaN at steps at which nothing is asked, such as `associative_recall_task` gives.

    Args:
        controller_units: how many, of an LSTM.
        locations: N, how many the memory has.
        width: W, how many numbers a location holds.
        read_heads: R, how many.
        learning_rate: of Adam, in the first step; it falls to 0 as half a cosine does.
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
        >>> computer = DifferentiableNeuralComputer(8, 4, 4, epochs=2, random_state=0).fit(X, y)
        >>> computer.predict(X).shape, computer.enlarged(10).locations
        ((64, 5, 1), 10)
    """

    _title = _TITLE

    def __init__(
        self,
        controller_units: int = 32,
        locations: int = 32,
        width: int = 16,
        read_heads: int = 1,
        learning_rate: float = 5e-3,
        epochs: int = 8,
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

    def cell(self) -> DNCCell:
        return DNCCell(LSTMCell(self.controller_units), self.locations, self.width, self.read_heads)

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def _panels(self, states: list[np.ndarray]) -> list[tuple[Words, np.ndarray]]:
        output, _, usage, _, writing, _, reading = states[:7]
        return [
            (Words("write weighting by location", "ponderación de escritura por lugar"), writing.T),
            (Words("read weighting by location", "ponderación de lectura por lugar"), reading.sum(axis=1).T),
            (Words("usage by location", "uso por lugar"), usage.T),
            (Words("what is read", "lo que se lee"), output[:, self.controller_units :].T),
        ]


def _copied_and_recalled(seed: int = 0, quick: bool = False) -> Outcome:
    """Copying, beyond the lengths that were learned, and recall by association."""
    if quick:
        computer = _small(seed).fit(*copy_task(2000, (1, 4), bits=3, seed=seed))
        X, y = copy_task(50, (5, 5), bits=3, seed=seed + 1000)
        return Outcome(float(computer.wrong_bits(X, y).mean()), computer, shown={"x": X[0]})
    runs = range(seed, seed + 2)
    computers = [
        DifferentiableNeuralComputer(random_state=run).fit(*copy_task(4000, seed=run)).enlarged(128)
        for run in runs
    ]
    errors = [copying_errors(computer, seed + 1000) for computer in computers]
    X, _ = copy_task(1, (40, 40), seed=seed + 2000)
    return Outcome(
        figure=float(np.mean([one[80] for one in errors])),
        network=computers[0],
        details=copying_details(errors) | _recalled(seed) | {SEEDS: finite_seeds(_small, seed)},
        shown={"x": X[0]},
    )


def _recalled(seed: int) -> dict[Words, float]:
    """Recall by association, also among more items than were learned."""
    computer = DifferentiableNeuralComputer(learning_rate=3e-3, epochs=16, random_state=seed)
    computer.fit(*associative_recall_task(4000, (2, 4), seed=seed))
    found = {}
    for items in (4, 6, 8):
        task = associative_recall_task(50, (items, items), seed=seed + 1000)
        name = Words(
            f"recall among {items}: wrong bits of 18", f"recordar entre {items}: bits equivocados de 18"
        )
        found[name] = float(computer.enlarged(64).wrong_bits(*task).mean())
    return found


def _small(seed: int) -> DifferentiableNeuralComputer:
    """A computer for short sequences of three bits."""
    return DifferentiableNeuralComputer(32, 8, 8, learning_rate=0.03, epochs=5, random_state=seed)


CARD = Card(
    title=_TITLE,
    year=2016,
    paper="Graves et al., Hybrid computing using a neural network with dynamic external memory, 2016",
    family="memory",
    cells=("input", "gated memory", "memory", "output"),
    summary=Words(
        "A controller with a memory that knows which places are free and what was written after what; it "
        "reads by content, or along the order of writing.",
        "Un controlador con una memoria que sabe qué lugares están libres y qué se escribió después de qué; "
        "lee por contenido, o siguiendo el orden de escritura.",
    ),
    network=DifferentiableNeuralComputer,
    experiment=Experiment(
        task=Words(
            "copying 1 to 20 steps of 8 random bits, tested on 80 steps with a memory of 128 locations; "
            "beside it recall by association; an LSTM of 32 units, locations of 16 numbers",
            "copiar de 1 a 20 pasos de 8 bits al azar, probado en 80 pasos con una memoria de 128 lugares; "
            "además recordar por asociación; una LSTM de 32 unidades, lugares de 16 números",
        ),
        measure=Words(
            "wrong bits of 640, mean of 50 sequences", "bits equivocados de 640, media de 50 secuencias"
        ),
        target=1.0,
        source=Words(
            "as of the neural Turing machine: beyond trained lengths nearly without error",
            "como la máquina de Turing neuronal: más allá de lo aprendido casi sin errores",
        ),
        run=_copied_and_recalled,
        quick_target=3.0,
        lower=True,
    ),
)
