"""The McCulloch-Pitts neuron: the first model of one, all or nothing, which computes what logic can say.

McCulloch and Pitts (A logical calculus of the ideas immanent in nervous activity, Bulletin of Mathematical
Biophysics 5, 1943). A neuron fires or does not, 1 or 0. Endings of others reach it, some of which excite it
and some of which inhibit it. One step later it fires if

    as many endings excite it as its threshold asks for, and none that inhibits it is active:

a single inhibition is absolute. Nothing is learned: the net is built. Every function of logic is a net of
such neurons (1943, theorem II), though XOR takes more than one; a net with a circle remembers.

Here a net is written as a line for each neuron,

    "or":  "a + b >= 1"             fires where one of a and b did;
    "and": "a + b >= 2"             where both did; a name twice has two endings;
    "xor": "or >= 1 unless and"     where `or` did, and `and` did not;
    "not": ">= 0 unless a"          always, unless a did: a neuron at rest that is held back.

Deviation. A threshold of 0 stands for endings that are always active, which the paper takes from outside.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError, DataError
from neurona.layers import RNN, Input, Layer
from neurona.models import Sequential
from neurona.plotting.figure import BLUE, GRAY, VERMILLION, finish, new_figure
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator, utils

__all__ = ["McCullochPitts", "McCullochPittsCell"]

NETS: Mapping[str, Mapping[str, str]] = {
    "and": {"and": "a + b >= 2"},
    "or": {"or": "a + b >= 1"},
    "not": {"not": ">= 0 unless a"},
    "nand": {"and": "a + b >= 2", "nand": ">= 0 unless and"},
    "nor": {"nor": ">= 0 unless a, b"},
    "xor": {"or": "a + b >= 1", "and": "a + b >= 2", "xor": "or >= 1 unless and"},
    "xnor": {"both": "a + b >= 2", "neither": ">= 0 unless a, b", "xnor": "both + neither >= 1"},
    "latch": {"latch": "set + latch >= 1 unless reset"},
}
_LINE = re.compile(
    r"^(?P<excite>(?:\w+(?:\s*\+\s*\w+)*)?)\s*>=\s*(?P<threshold>\d+)"
    r"(?:\s+unless\s+(?P<inhibit>\w+(?:\s*,\s*\w+)*))?$"
)
_TABLE = 16  # inputs up to which all combinations are listed


class McCullochPittsCell(Layer):
    """One step of a net of McCulloch-Pitts neurons.

        y = 1 where s E >= threshold and s I = 0, and else 0, for s = (inputs, y of the step before).

    `RNN(McCullochPittsCell(3))` is a layer for any model. Its weights are set, and not learned.

    Args:
        units: how many neurons.

    Shapes: inputs (batch, features) of 0 and 1, the state (batch, units) -> (batch, units), the state;
        excitatory and inhibitory, E and I, (features + units, units): how many endings; threshold (units,).

    Source: McCulloch and Pitts, A logical calculus of the ideas immanent in nervous activity, 1943.

    Example:

        >>> cell = McCullochPittsCell(1)
        >>> cell.build((None, 2))
        >>> cell.set_weights([[[1], [0], [0]], [[0], [1], [0]], [1]])  # a, and not b
        >>> cell(np.array([[1.0, 0.0], [1.0, 1.0]]), [np.zeros((2, 1))])[0].tolist()
        [[1.0], [0.0]]
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[-1] + self.units, self.units)
        self.excitatory = self.add_weight(shape, "zeros", trainable=False, name="excitatory")
        self.inhibitory = self.add_weight(shape, "zeros", trainable=False, name="inhibitory")
        self.threshold = self.add_weight((self.units,), "ones", trainable=False, name="threshold")

    def call(self, inputs: jax.Array, states: Any) -> tuple[jax.Array, list[jax.Array]]:
        signals = jnp.concatenate([inputs, states[0]], axis=-1)
        excited = signals @ self.excitatory.value >= self.threshold.value
        fires = excited & (signals @ self.inhibitory.value == 0)
        y = fires.astype(inputs.dtype)
        return y, [y]


class _Neuron(NamedTuple):
    """A line: what excites a neuron, each ending by its name, its threshold, and what inhibits it."""

    excite: list[str]
    threshold: int
    inhibit: list[str]


class McCullochPitts(Estimator):
    """A net of McCulloch-Pitts neurons.

    Args:
        neurons: the line of each neuron by its name; or the name of a ready net: `"and"`, `"or"`, `"not"`,
            `"nand"`, `"nor"`, `"xor"`, `"xnor"` or `"latch"`. Names that are no neuron are inputs.
        inputs: the order of the inputs; by default that in which they are first named.

    Attributes:
        inputs_: the names of the inputs, in their order.
        neurons_: the names of the neurons.
        outputs_: the names of those that no other neuron hears; of all where there are none.
        model_: as in `Estimator`.

    Raises:
        ArgumentError: a line can't be read, there is no such net, or `inputs` lacks one that is heard.

    Example:

        >>> McCullochPitts("xor").truth_table().tolist()  # a, b and what the net says
        [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]
        >>> majority = McCullochPitts({"most": "a + b + c >= 2"})
        >>> majority.predict([[1, 0, 1], [0, 0, 1]]).tolist()
        [1, 0]
        >>> McCullochPitts("latch").run([[1, 0], [0, 0], [0, 1], [0, 0]])[:, 0].tolist()  # set, -, reset, -
        [1, 1, 0, 0]
    """

    def __init__(self, neurons: str | dict[str, str] = "xor", inputs: list[str] | None = None) -> None:
        self.neurons = neurons
        self.inputs = inputs

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Build the net. Nothing is learned, and rows are not looked at; the other methods build it too."""
        lines = _lines(self.neurons)
        self.inputs_ = self._named_inputs(lines)
        self.neurons_ = list(lines)
        told = {name for own, line in lines.items() for name in line.excite + line.inhibit if name != own}
        self.outputs_ = [name for name in lines if name not in told] or list(lines)
        self.n_features_in_ = len(self.inputs_)
        places = {name: place for place, name in enumerate(self.inputs_ + self.neurons_)}
        excitatory, inhibitory = np.zeros((2, len(places), len(lines)), "float32")
        for column, line in enumerate(lines.values()):
            np.add.at(excitatory[:, column], [places[name] for name in line.excite], 1)
            np.add.at(inhibitory[:, column], [places[name] for name in line.inhibit], 1)
        cell = McCullochPittsCell(len(lines))
        self.model_ = Sequential([Input((None, len(self.inputs_))), RNN(cell, return_sequences=True)])
        thresholds = np.array([line.threshold for line in lines.values()], "float32")
        self.model_.set_weights([excitatory, inhibitory, thresholds])
        return self

    def _named_inputs(self, lines: dict[str, _Neuron]) -> list[str]:
        """The inputs, in their order.

        Raises:
            ArgumentError: one that is heard is not named, or a neuron is.
        """
        heard = dict.fromkeys(itertools.chain(*(line.excite + line.inhibit for line in lines.values())))
        named = [name for name in heard if name not in lines]
        inputs = named if self.inputs is None else list(self.inputs)
        if {*named} - {*inputs} or {*lines} & {*inputs}:
            raise ArgumentError(
                f"McCullochPitts: the neurons hear the inputs {', '.join(named)}; inputs= names these at "
                f"least, and no neuron. Received: inputs={self.inputs}"
            )
        return inputs

    def _build(self) -> None:
        if not hasattr(self, "model_"):
            self.fit()

    def run(self, X: Any) -> np.ndarray:
        """Which neurons fire after each step, (time, neurons), from a net at rest.

        Args:
            X: the inputs of each step, (time, inputs), of 0 and 1.
        """
        self._build()
        states = self.model_.predict(self._signals(X)[None], verbose=0)
        return np.asarray(states)[0].astype(int)

    def predict(self, X: Any) -> np.ndarray:
        """What the net says of each row once its signals have gone through: (samples,), or (samples, outputs)
        of several.

        Args:
            X: (samples, inputs) of 0 and 1.

        Raises:
            ArgumentError: the net has a circle.
        """
        self._build()
        rows, depth = self._signals(X), max(self._depths().values())
        held = np.repeat(rows[:, None], depth, axis=1)
        fires = np.asarray(self.model_.predict(held, verbose=0))[:, -1].astype(int)
        said = fires[:, [self.neurons_.index(name) for name in self.outputs_]]
        return said[:, 0] if len(self.outputs_) == 1 else said

    def truth_table(self) -> np.ndarray:
        """All combinations of the inputs, and what the net says of each: (2**inputs, inputs + outputs).

        Raises:
            ArgumentError: the net has a circle, or more than 16 inputs.
        """
        self._build()
        if len(self.inputs_) > _TABLE:
            raise ArgumentError(
                f"McCullochPitts: a table has up to {_TABLE} inputs, and the net has {len(self.inputs_)}. "
                "Ask predict for the rows of interest."
            )
        rows = np.array(list(itertools.product([0, 1], repeat=len(self.inputs_))))
        return np.column_stack([rows, self.predict(rows)])

    def score(self, X: Any, y: Any) -> float:
        """The share of rows of which the net says what `y` does."""
        return float(np.mean(np.all(np.equal(self.predict(X), y).reshape(len(y), -1), axis=1)))

    def _signals(self, X: Any) -> np.ndarray:
        rows = utils.check_array(X, dtype="float32", ensure_all_finite=False)
        if rows.shape[1] != len(self.inputs_):
            raise DataError(
                f"McCullochPitts: the inputs are {', '.join(self.inputs_)}, a column for each. Received "
                f"{rows.shape[1]} columns."
            )
        wrong = np.argwhere((rows != 0) & (rows != 1))
        if len(wrong):
            row, column = wrong[0]
            raise DataError(
                f"McCullochPitts: a signal is 0 or 1. Row {row}, column {column} is {rows[row, column]:g}."
            )
        return rows

    def _depths(self) -> dict[str, int]:
        """After how many steps each neuron has heard the inputs.

        Raises:
            ArgumentError: the net has a circle.
        """
        lines, depths = _lines(self.neurons), dict.fromkeys(self.inputs_, 0)
        waiting = list(lines)
        while waiting:
            ready = [name for name in waiting if depths.keys() >= {*lines[name].excite, *lines[name].inhibit}]
            if not ready:
                raise ArgumentError(
                    f"McCullochPitts: {', '.join(waiting)} hear themselves in a circle, so that what they "
                    "say depends on the past. Give the inputs of each step to run."
                )
            for name in ready:
                before = [depths[one] for one in lines[name].excite + lines[name].inhibit]
                depths[name] = 1 + max(before, default=0)
            waiting = [name for name in waiting if name not in ready]
        return {name: depths[name] for name in lines}

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the net: arrows excite, lines that end in a ring inhibit, numbers are thresholds.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        self._build()
        validation.check_is_fitted(self)
        lines = _lines(self.neurons)
        places = _places(self.inputs_, lines)
        width, height = np.ptp(list(places.values()), axis=0) + 1
        figure = new_figure("McCullochPitts.plot", 1.7 * width, 0.4 + 1.6 * height, 120)
        axes = figure.subplots()
        for name, line in lines.items():
            ways = [(one, "-|>", BLUE) for one in dict.fromkeys(line.excite)]
            ways += [(one, "-", VERMILLION) for one in dict.fromkeys(line.inhibit)]
            for source, head, colour in ways:
                _connect(axes, places[source], places[name], head, colour, line.excite.count(source))
        for name, (x, y) in places.items():
            is_input = name not in lines
            colour = GRAY if is_input else "black"
            axes.plot(x, y, "s" if is_input else "o", ms=20, mfc="white", mec=colour, zorder=3)
            axes.text(x, y - 0.16, name, ha="center", va="top", fontsize=9)
            text = "" if is_input else str(lines[name].threshold)
            axes.text(x, y, text, ha="center", va="center", fontsize=10, zorder=4)
        x, y = np.array(list(places.values())).T
        axes.set(xlim=(x.min() - 0.4, x.max() + 0.4), ylim=(y.min() - 0.4, y.max() + 0.5), aspect="equal")
        axes.set_axis_off()
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


def _lines(neurons: str | Mapping[str, str]) -> dict[str, _Neuron]:
    """The neurons of a net, by their names.

    Raises:
        ArgumentError: a line can't be read, or there is no such net.
    """
    if isinstance(neurons, str):
        if neurons not in NETS:
            raise ArgumentError(
                f"McCullochPitts: the ready nets are {', '.join(sorted(NETS))}. Received: neurons={neurons!r}"
            )
        neurons = NETS[neurons]
    if not neurons:
        raise ArgumentError("McCullochPitts: a net has at least one neuron.")
    return {str(name): _read(str(name), str(text)) for name, text in neurons.items()}


def _read(name: str, text: str) -> _Neuron:
    """A neuron from its line.

    Raises:
        ArgumentError: the line can't be read.
    """
    read = _LINE.match(text.strip())
    if not read:
        raise ArgumentError(
            f"McCullochPitts: the line of {name!r} is like 'a + b >= 2 unless c', with whole numbers and "
            f"names of letters, digits and _. Received: {text!r}"
        )
    excite, inhibit = (re.findall(r"\w+", read[part] or "") for part in ("excite", "inhibit"))
    return _Neuron(excite, int(read["threshold"]), inhibit)


def net_of_table(inputs: Sequence[str], outputs: Sequence[int], name: str = "y") -> dict[str, str]:
    """The neurons that compute a column of a truth table, one for each of its rows that are 1: what the paper
    proves that there are.

    Args:
        inputs: their names.
        outputs: what is said of each row, in the order of `McCullochPitts.truth_table`.
        name: of the neuron that says it.

    Raises:
        ArgumentError: the column is not as long as the table.

    Example:

        >>> net_of_table(["a", "b"], [0, 1, 1, 0])
        {'y1': 'b >= 1 unless a', 'y2': 'a >= 1 unless b', 'y': 'y1 + y2 >= 1'}
    """
    if len(outputs) != 2 ** len(inputs):
        raise ArgumentError(
            f"net_of_table: a table of {len(inputs)} inputs has {2 ** len(inputs)} rows. Received "
            f"{len(outputs)} outputs."
        )
    neurons = {}
    for number, row in enumerate(itertools.product([0, 1], repeat=len(inputs))):
        if outputs[number]:
            on = [one for one, signal in zip(inputs, row, strict=True) if signal]
            off = [one for one, signal in zip(inputs, row, strict=True) if not signal]
            line = f"{' + '.join(on)} >= {len(on)}".strip()
            neurons[f"{name}{number}"] = f"{line} unless {', '.join(off)}" if off else line
    neurons[name] = f"{' + '.join(neurons)} >= 1".strip()
    return neurons


def _places(inputs: Sequence[str], lines: Mapping[str, _Neuron]) -> dict[str, tuple[float, float]]:
    """Where each input and neuron is drawn: in columns, each right of what it hears, circles aside."""
    depths = dict.fromkeys(inputs, 0)
    for name, line in lines.items():
        depths[name] = 1 + max((depths.get(one, 0) for one in line.excite + line.inhibit), default=0)
    columns: dict[int, list[str]] = {}
    for name, depth in depths.items():
        columns.setdefault(depth, []).append(name)
    return {
        name: (1.3 * depth, (len(column) - 1) / 2 - row)
        for depth, column in columns.items()
        for row, name in enumerate(column)
    }


def _connect(
    axes: Any, start: tuple[float, float], stop: tuple[float, float], head: str, colour: str, endings: int
) -> None:
    """A line from one to another, or a loop; with the number of its endings where there are several."""
    loop = start == stop
    bent = "arc3,rad=2.2" if loop else "arc3,rad=0.12" if stop[0] <= start[0] else "arc3"
    shift = 0.12 if loop else 0.0
    style = {"arrowstyle": head, "color": colour, "connectionstyle": bent, "shrinkA": 11, "shrinkB": 12}
    begin, end = (start[0] + shift, start[1]), (stop[0] - shift, stop[1])
    axes.annotate("", xy=end, xytext=begin, arrowprops=style)
    if endings > 1:
        axes.text(*(np.add(start, stop) / 2 + [0, 0.08]), f"x {endings}", color=colour, fontsize=8)
    if head == "-":
        away = np.subtract(start, stop) / (np.hypot(*np.subtract(start, stop)) or 1.0)
        axes.plot(*(np.array(stop) + 0.23 * away), "o", ms=6, mfc="white", mec=colour, zorder=4)


_LETTERS = ["a", "b", "c", "d"]
_TABLES = {
    "and": [0, 0, 0, 1],
    "or": [0, 1, 1, 1],
    "not": [1, 0],
    "nand": [1, 1, 1, 0],
    "nor": [1, 0, 0, 0],
    "xor": [0, 1, 1, 0],
    "xnor": [1, 0, 0, 1],
}


def _truth_tables(seed: int = 0, quick: bool = False) -> Outcome:
    """The gates, a latch over a random sequence, and nets built from random tables of four inputs."""
    rng = np.random.default_rng(seed)
    wrong = sum(
        int(np.sum(McCullochPitts(name).truth_table()[:, -1] != table)) for name, table in _TABLES.items()
    )
    signals = rng.integers(0, 2, (20 if quick else 1000, 2))
    held, kept = 0, []
    for is_set, is_reset in signals:
        held = int((is_set or held) and not is_reset)
        kept.append(held)
    latch = int(np.sum(McCullochPitts("latch").run(signals)[:, 0] != kept))
    for _ in range(1 if quick else 20):
        table = rng.integers(0, 2, 16)
        net = McCullochPitts(net_of_table(_LETTERS, table.tolist()), _LETTERS)
        wrong += int(np.sum(net.truth_table()[:, -1] != table))
    details = {Words("wrong states of the latch", "estados erróneos del biestable"): float(latch)}
    return Outcome(figure=float(wrong + latch), network=McCullochPitts("xor").fit(), details=details)


CARD = Card(
    title=Words("McCulloch-Pitts neuron", "Neurona de McCulloch y Pitts"),
    year=1943,
    paper="McCulloch and Pitts, A logical calculus of the ideas immanent in nervous activity, 1943",
    family="neurons",
    cells=("input", "hidden", "output"),
    summary=Words(
        "A neuron that fires where enough others excite it and none inhibits it; nets of them compute every "
        "function of logic, and remember.",
        "Una neurona que dispara si bastantes otras la excitan y ninguna la inhibe; sus redes calculan toda "
        "función lógica, y recuerdan.",
    ),
    network=McCullochPitts,
    experiment=Experiment(
        task=Words(
            "AND, OR, NOT, NAND, NOR, XOR, XNOR, a latch over 1,000 steps, 20 random tables of four inputs",
            "AND, OR, NOT, NAND, NOR, XOR, XNOR, un biestable en 1000 pasos, 20 tablas al azar de cuatro "
            "entradas",
        ),
        measure=Words("wrong entries", "entradas erróneas"),
        target=0.0,
        source=Words("logic", "la lógica"),
        run=_truth_tables,
        quick_target=0.0,
        lower=True,
    ),
)
