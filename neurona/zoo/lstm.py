"""Long short-term memory: a cell that keeps what it holds, and gates that learn when it is written and read.

Hochreiter and Schmidhuber (Long Short-Term Memory, Neural Computation 9, 1997). In a recurrent network an
error that flows back through q steps is multiplied by q slopes, so that it dies out or explodes (section 3).
Here a cell's state c is fed back with the weight 1, a carousel of constant error, and gates open and close
it:

    i = sigmoid(W_i x(t) + U_i h(t-1) + b_i),     o = sigmoid(W_o x(t) + U_o h(t-1) + b_o),
    g = tanh(W_g x(t) + U_g h(t-1) + b_g),        c(t) = f c(t-1) + i g,     h(t) = o tanh(c(t)).

In 1997 f = 1. The forget gate, f = sigmoid(W_f x(t) + U_f h(t-1) + b_f), is of Gers, Schmidhuber and Cummins
(Learning to Forget, Neural Computation 12, 2000); it begins open, with b_f = 1. The gated recurrent unit (Cho
et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014, equations 5 to 8) has no cell besides
h, and two gates, one for what is renewed and one for what is seen of the past:

    z = sigmoid(W_z x(t) + U_z h(t-1) + b_z),     r = sigmoid(W_r x(t) + U_r h(t-1) + b_r),
    h(t) = z h(t-1) + (1 - z) tanh(W x(t) + b + r (U h(t-1) + d)).

The experiments are those of the paper that a network without gates fails. The adding problem (section 5.4):
of 100 pairs or more, each a number and a marker, the sum of the two marked numbers is asked for at the end.
The embedded Reber grammar (section 5.1): the next symbol is predicted, and the last but one is decided by the
second.

Deviations. Errors are carried back through all steps, where the paper cuts them off outside the cells; the
weights learn by Adam, on batches, with clipped gradients; g and h are tanh, where the paper's are sigmoids of
other ranges; every sequence of a fixed set is seen many times. The biases of the gates are spread over
the lag, so that some units begin with a memory as long as it: with biases of 1 a hundred steps were not
learned.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError, DataError
from neurona.layers import GRU, LSTM, Dense, Input
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish, new_figure
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.sequences import SequenceNetwork

__all__ = ["GatedNetwork", "adding_problem", "embedded_reber"]

_LAYERS: dict[str, Callable[..., Any]] = {"lstm": LSTM, "gru": GRU}
_LOSSES = {"linear": "mse", "softmax": "categorical_crossentropy"}
_WRONG = 0.04  # an error of the adding problem that counts as wrong (1997, section 5.4)
_GRU = Words("Gated recurrent units", "Unidades recurrentes con puertas")
SYMBOLS = "BEPSTVX"  # of the Reber grammar
# Where each state of the grammar leads to: a symbol and the next state (1997, figure 3).
_ARCS: tuple[dict[str, int], ...] = (
    {"T": 1, "P": 2},
    {"S": 1, "X": 3},
    {"T": 2, "V": 4},
    {"X": 2, "S": 5},
    {"P": 3, "V": 5},
    {"E": -1},
)


class GatedNetwork(SequenceNetwork):
    """A recurrent network of gated units: LSTM or GRU.

    `fit(X, y)` takes sequences (sequences, time, features), or a list of them of several lengths; the targets
    are of each step, NaN where nothing is asked, or (sequences, outputs) of the last steps alone.

    Args:
        units: how many.
        cell: `"lstm"` or `"gru"`.
        output_activation: `"linear"`, with the squared error, or `"softmax"`, with the cross-entropy of
            targets that are probabilities.
        lag: over how many steps something may have to be kept. Units begin with gates that keep what they
            hold for times spread evenly from 2 to lag + 1.
        learning_rate: of Adam, in the first step; it falls to 0 as half a cosine does.
        epochs: how often the sequences are gone through.
        batch_size: how many sequences are learned in a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        target_ndim_: 2 where the targets were those of last steps, else 3.
        n_outputs_: how many numbers a target has.
        model_, history_, n_features_in_: as in `Estimator`.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997.

    Example:

        >>> X = np.zeros((40, 12, 1))
        >>> X[::2, 0] = 1  # what was first is asked for at the end
        >>> network = GatedNetwork(8, learning_rate=0.02, epochs=60, random_state=0).fit(X, X[:, 0])
        >>> network.predict(X[:2]).round().tolist()
        [[1.0], [0.0]]
    """

    def __init__(
        self,
        units: int = 32,
        cell: str = "lstm",
        output_activation: str = "linear",
        lag: int = 2,
        learning_rate: float = 1e-3,
        epochs: int = 20,
        batch_size: int = 32,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.cell = cell
        self.output_activation = output_activation
        self.lag = lag
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _check_options(self) -> None:
        """Refuse a cell or an activation of another name, and a lag below 1.

        Raises:
            ArgumentError: it is one.
        """
        if self.cell not in _LAYERS:
            raise ArgumentError(f"GatedNetwork: cell is 'lstm' or 'gru'. Received: cell={self.cell!r}")
        if not self.lag >= 1:
            raise ArgumentError(
                f"GatedNetwork: lag is a number of steps, 1 or more. Received: lag={self.lag}"
            )
        if self.output_activation not in _LOSSES:
            raise ArgumentError(
                "GatedNetwork: output_activation is 'linear' or 'softmax'. Received: "
                f"output_activation={self.output_activation!r}"
            )

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        self._check_options()
        at_end = isinstance(y, np.ndarray | list) and _is_table(y)
        found = super()._checked(X, _only_last(X, y) if at_end else y)
        self.target_ndim_ = 2 if at_end else 3
        return found

    def _check_targets(self, targets: np.ndarray) -> None:
        if self.output_activation != "softmax":
            return
        wrong = np.argwhere((targets.min(axis=-1) < 0) | (np.abs(targets.sum(axis=-1) - 1) > 1e-3))
        if len(wrong):
            raise DataError(
                "GatedNetwork: targets of softmax outputs are probabilities, of which the sum is 1. That "
                f"of sequence {wrong[0][0]}, step {wrong[0][1]} has the sum "
                f"{targets[tuple(wrong[0])].sum():g}."
            )

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        recurrent = _LAYERS[self.cell](self.units, return_sequences=True)
        outputs = Dense(self.n_outputs_, self.output_activation)
        model = Sequential([Input((None, self.n_features_in_)), recurrent, outputs])
        model.compile(Adam(self.learning_rate, global_clipnorm=1.0), _LOSSES[self.output_activation])
        self._keep_for_long(recurrent.cell)
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def _keep_for_long(self, cell: Any) -> None:
        """Begin with units that keep what they hold for about 1 + exp(b) steps, up to the lag."""
        begin = np.log(np.linspace(1, self.lag, self.units))
        bias = np.array(cell.bias.value)
        if self.cell == "lstm":
            bias[: self.units], bias[self.units : 2 * self.units] = -begin, begin
        else:
            bias[0, : self.units] = begin
        cell.bias.assign(bias)

    def predict(self, X: Any) -> Any:
        """The outputs: of last steps, (sequences, outputs), if only they were asked for; else of all steps,
        an array (sequences, time, outputs), or a list for a list of sequences.
        """
        inputs, lengths = self._given(X)
        found = self._outputs(inputs)
        if self.target_ndim_ == 2:
            return found[np.arange(len(found)), np.array(lengths) - 1]
        return found if isinstance(X, np.ndarray) else [row[:size] for row, size in zip(found, lengths)]

    def score(self, X: Any, y: Any) -> float:
        """Of linear outputs 1 - the squared error over the variance of targets; of softmax outputs the share
        of steps, of those that are asked, of which the likeliest is right.
        """
        inputs, targets, asked = self._pairs(X, _only_last(X, y) if self.target_ndim_ == 2 else y)
        found, wanted = self._outputs(inputs)[asked], targets[asked]
        if self.output_activation == "softmax":
            return float(np.mean(found.argmax(axis=-1) == wanted.argmax(axis=-1)))
        return float(1 - np.mean((found - wanted) ** 2) / np.mean((wanted - wanted.mean(axis=0)) ** 2))

    def gates(self, x: Any) -> dict[Words, np.ndarray]:
        """The gates and the state along a sequence (time, features), each (time, units)."""
        inputs = self._given([x])[0]
        layer: Any = self.model_.layers[0]
        outputs = np.asarray(layer(inputs))[0]
        before = np.concatenate([np.zeros((1, self.units), "float32"), outputs[:-1]])
        kernel, recurrent, bias = layer.get_weights()
        added = bias if self.cell == "lstm" else bias.sum(axis=0)
        received = inputs[0] @ kernel + before @ recurrent + added
        if self.cell == "gru":
            update, reset = np.split(np.asarray(jax.nn.sigmoid(received[:, : 2 * self.units])), 2, axis=1)
            return {
                Words("update gate: what is kept", "puerta de actualización: lo que se guarda"): update,
                Words("reset gate", "puerta de reinicio"): reset,
                Words("state", "estado"): outputs,
            }
        opened, kept, candidate, shown = np.split(received, 4, axis=1)
        opened, kept, shown = (np.asarray(jax.nn.sigmoid(gate)) for gate in (opened, kept, shown))

        def step(c: Any, gates: Any) -> Any:
            c = gates[0] * c + gates[1]
            return c, c

        _, cells = jax.lax.scan(step, jnp.zeros(self.units), (kept, opened * np.tanh(candidate)))
        return {
            Words("input gate", "puerta de entrada"): opened,
            Words("forget gate: what is kept", "puerta de olvido: lo que se guarda"): kept,
            Words("output gate", "puerta de salida"): shown,
            Words("cell", "celda"): np.asarray(cells),
        }

    def plot(self, x: Any, language: str | None = None, to_file: Any = None) -> Any:
        """Draw a sequence by time: inputs, gates and states of all units, outputs.

        Args:
            x: a sequence, (time, features).
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        x = np.asarray(x, "float32")
        shown = {
            Words("inputs", "entradas"): x,
            **self.gates(x),
            Words("outputs", "salidas"): self._outputs(x[None])[0],
        }
        figure = new_figure("plot", 8, 0.6 + 1.5 * len(shown), 120)
        panels = figure.subplots(len(shown), 1, sharex=True)
        for panel, (title, values) in zip(panels, shown.items(), strict=True):
            largest = max(1.0, float(np.abs(values).max()))
            low = -largest if values.min() < 0 else 0
            colours = "bone_r" if low == 0 else "RdBu_r"
            image = panel.imshow(
                values.T, aspect="auto", interpolation="nearest", cmap=colours, vmin=low, vmax=largest
            )
            figure.colorbar(image, ax=panel, pad=0.01)
            panel.set_title(title.of(language), fontsize=9)
            for axis in (panel.xaxis, panel.yaxis):
                axis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        panels[-1].set_xlabel(Words("step", "paso").of(language))
        figure.suptitle(CARD.title.of(language) if self.cell == "lstm" else _GRU.of(language))
        return finish(figure, to_file)


def _is_table(y: Any) -> bool:
    """Whether targets are (sequences, outputs), those of last steps."""
    return len(y) > 0 and np.ndim(y[0]) == 1


def _only_last(X: Any, y: Any) -> list[np.ndarray]:
    """Targets of all steps, NaN but at the last."""
    targets = [np.full((len(one), len(wanted)), np.nan, "float32") for one, wanted in zip(X, y)]
    for row, wanted in zip(targets, y):
        row[-1:] = wanted
    return targets


def adding_problem(sequences: int, steps: int = 100, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of a number and a marker; at the end 0.5 + (the first marked number + the second) / 4 is asked.

    Numbers are uniform in [-1, 1]. The first marker is at one of the first ten pairs, the second at another
    of the first half. Markers are 1 there, -1 at both ends, and else 0. A sequence has `steps` to 1.1 `steps`
    pairs, and is followed by zeros. A marked first number is 0, as its marker is that of an end.

    Args:
        sequences: how many.
        steps: the fewest pairs, at least 22.
        seed: of the numbers.

    Shapes: -> (sequences, 1.1 steps, 2), (sequences, 1.1 steps, 1), NaN but at the last pair of each.

    Raises:
        ArgumentError: there are fewer steps.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997, section 5.4.

    Example:

        >>> X, y = adding_problem(3)
        >>> X.shape, np.isfinite(y).sum(axis=1).ravel().tolist()
        ((3, 110, 2), [1, 1, 1])
    """
    if steps < 22:
        raise ArgumentError(f"adding_problem: steps is 22 or more. Received: steps={steps}")
    rng = np.random.default_rng(seed)
    longest, rows = steps + steps // 10, np.arange(sequences)
    lengths = rng.integers(steps, longest + 1, sequences)
    first, second = rng.integers(0, 10, sequences), rng.integers(0, steps // 2 - 2, sequences)
    second += second >= first
    numbers, markers = rng.uniform(-1, 1, (sequences, longest)), np.zeros((sequences, longest))
    markers[:, 0] = markers[rows, lengths - 1] = -1
    for place in (first, second):
        numbers[rows[place == 0], 0] = 0
        markers[rows[place > 0], place[place > 0]] = 1
    y = np.full((sequences, longest, 1), np.nan, "float32")
    y[rows, lengths - 1, 0] = 0.5 + (numbers[rows, first] + numbers[rows, second]) / 4
    X = np.stack([numbers, markers], axis=-1).astype("float32")
    X[np.arange(longest) >= lengths[:, None]] = 0
    return X, y


def embedded_reber(
    strings: int, seed: int = 0
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Strings of the embedded Reber grammar: symbols, the next symbol of each, and which might have come
    next.

    A string of the Reber grammar, B to E, stands between B, T or P, and the same T or P, E.

    Args:
        strings: how many.
        seed: of the turns.

    Shapes: -> three lists of arrays (time, 7): ones at a symbol of "BEPSTVX".

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997, section 5.1; Reber, Implicit learning of
        artificial grammars, 1967.

    Example:

        >>> X, y, legal = embedded_reber(1)
        >>> "".join("BEPSTVX"[place] for place in X[0].argmax(axis=1))[:3] in ("BTB", "BPB")
        True
        >>> bool((legal[0] >= y[0]).all())
        True
    """
    rng = np.random.default_rng(seed)
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for _ in range(strings):
        outer = "TP"[rng.integers(2)]
        text, choices, state = f"B{outer}B", ["TP", "B", "TP"], 0
        while state >= 0:
            symbol = list(_ARCS[state])[rng.integers(len(_ARCS[state]))]
            state = _ARCS[state][symbol]
            text += symbol
            choices.append("".join(_ARCS[state]) if state >= 0 else outer)
        text += outer + "E"
        choices.append("E")
        symbols = np.array([[one == other for other in SYMBOLS] for one in text], "float32")
        legal = np.array([[one in choice for one in SYMBOLS] for choice in choices], "float32")
        for part, rows in zip(parts, (symbols[:-1], symbols[1:], legal), strict=True):
            part.append(rows)
    return parts


def legal_strings(network: Any, X: list[np.ndarray], legal: list[np.ndarray]) -> float:
    """The share of strings of which, at all steps, the symbols that may come next are the likeliest."""
    right = []
    for found, allowed in zip(network.predict(X), legal, strict=True):
        least = np.where(allowed > 0, found, np.inf).min(axis=1)
        right.append(bool((np.where(allowed > 0, -np.inf, found).max(axis=1) < least).all()))
    return float(np.mean(right))


def _added(cell: str, seed: int, quick: bool) -> tuple[GatedNetwork, np.ndarray]:
    """A network that has learned the adding problem, and its errors of 2,560 test sequences."""
    steps, count, epochs, rate = (30, 4000, 5, 0.01) if quick else (100, 20_000, 8, 3e-3)
    network = GatedNetwork(
        32, cell, lag=steps, learning_rate=rate, epochs=epochs, batch_size=50, random_state=seed
    )
    network.fit(*adding_problem(count, steps, seed))
    X, y = adding_problem(2560, steps, seed + 1000)
    errors = np.abs(network.predict(X) - y)
    return network, errors[np.isfinite(errors)]


def _predicted(cell: str, seed: int, quick: bool) -> float:
    """The share of 256 test strings that are predicted right, after learning from 256 others."""
    network = GatedNetwork(
        16, cell, "softmax", lag=30, learning_rate=0.01, epochs=40 if quick else 150, random_state=seed
    )
    X, y, _ = embedded_reber(256, seed)
    network.fit(X, y)
    X, _, legal = embedded_reber(256, seed + 1000)
    return legal_strings(network, X, legal)


def _adding_and_grammar(seed: int = 0, quick: bool = False) -> Outcome:
    """The adding problem by both cells, three times each, and the embedded Reber grammar."""
    runs = range(seed, seed + (1 if quick else 3))
    added = [_added("lstm", run, quick) for run in runs]
    details = {}
    for cell in () if quick else ("lstm", "gru"):
        name = cell.upper()
        errors = (
            [one for _, one in added] if cell == "lstm" else [_added(cell, run, quick)[1] for run in runs]
        )
        details |= {
            Words(f"{name}: wrong of 2,560, mean", f"{name}: fallos de 2560, media"): float(
                np.mean([np.sum(one >= _WRONG) for one in errors])
            ),
            Words(f"{name}: largest error of all runs", f"{name}: mayor error de todas las pruebas"): float(
                np.max(errors)
            ),
            Words(
                f"{name}: strings of the Reber grammar predicted right, mean",
                f"{name}: cadenas de la gramática de Reber predichas bien, media",
            ): float(np.mean([_predicted(cell, run, quick) for run in runs])),
        }
    network, _ = added[0]
    X, y = adding_problem(1, 30 if quick else 100, seed + 2000)
    return Outcome(
        figure=float(np.median([np.max(errors) for _, errors in added])),
        network=network,
        details=details,
        shown={"x": X[0, : int(np.argmax(np.isfinite(y[0]))) + 1]},
    )


CARD = Card(
    title=Words("Long short-term memory", "Memoria larga a corto plazo"),
    year=1997,
    paper="Hochreiter and Schmidhuber, Long Short-Term Memory, 1997",
    family="memory",
    cells=("input", "gated memory", "output"),
    summary=Words(
        "A cell keeps what it holds, and gates learn when it is written, kept and read; so errors flow back "
        "over a hundred steps.",
        "Una celda guarda lo que tiene, y unas puertas aprenden cuándo se escribe, se guarda y se lee; así "
        "los errores vuelven a través de cien pasos.",
    ),
    network=GatedNetwork,
    experiment=Experiment(
        task=Words(
            "the adding problem, 100 to 110 pairs: the sum of two marked numbers; 32 units, 20,000 "
            "sequences, 8 passes, 3 runs; beside it the same by GRU, and the embedded Reber grammar",
            "el problema de la suma, de 100 a 110 pares: la suma de dos números marcados; 32 unidades, "
            "20 000 secuencias, 8 pasadas, 3 pruebas; además lo mismo con GRU, y la gramática de Reber "
            "incrustada",
        ),
        measure=Words(
            "largest error of 2,560 test sequences, LSTM, median of the runs",
            "mayor error de 2560 secuencias de prueba, LSTM, mediana de las pruebas",
        ),
        target=_WRONG,
        source=Words(
            "Hochreiter and Schmidhuber, 1997, section 5.4: errors above 0.04 are wrong",
            "Hochreiter y Schmidhuber, 1997, sección 5.4: errores de más de 0,04 son fallos",
        ),
        run=_adding_and_grammar,
        quick_target=0.2,
        lower=True,
    ),
)
