"""The neocognitron: planes of cells that each seek one feature everywhere, and cells that blur where it was.

Fukushima (Neocognitron: a self-organizing neural network model for a mechanism of pattern recognition
unaffected by shift in position, Biological Cybernetics 36, 1980). Layers of S-cells and C-cells alternate. A
layer has planes k; the cells of a plane have the same weights, each for its place n of the picture.

An S-cell seeks a feature in the area around its place. It is excited through a, and inhibited through b by a
cell V that measures how strong all of its inputs are,

    u_S(k, n) = r phi[(1 + sum of a(k', i, k) u_C(k', n + i))
                      / (1 + 2 r / (1 + r) b(k) v(n)) - 1],                            (1)
    v(n) = sqrt(sum of c(i) u_C(k', n + i)^2),                                         (4)

with phi(x) = max(x, 0). So it answers to the shape of its inputs, not to their strength; the selectivity r
says how like the feature they must be. A C-cell answers if an S-cell of its plane does anywhere near, and is
inhibited by the mean of all planes,

    u_C(k, n) = psi[(1 + sum of d(i) u_S(k, n + i)) / (1 + v_S(n)) - 1],               (5)
    v_S(n) = the mean over planes of the sum of d(i) u_S(k, n + i),                    (8)

with psi(x) = phi(x) / (alpha + phi(x)).

Learning has no teacher (section 3). Of all S-cells near a place, whatever their plane, the one that answers
most is a candidate; of the candidates of a plane, the strongest represents it. Its inputs reinforce the
weights of the whole plane,

    a(k', i, k) += q c(i) u_C(k', n + i),     b(k) += q / 2 v(n).

At first a is small and b is 0, so that every plane answers weakly to anything. A plane that has learned a
feature wins where the feature is, and by its inhibition falls silent elsewhere, where a new plane takes
over.

Deviations. The layers learn one after the other, from the lowest up, as in Fukushima's later networks. The
sides of the layers follow from `strides`, and the last C-layer sees the whole picture. The values of r and q
are those that tell the five digits of the experiment apart.
"""

from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError, DataError
from neurona.initializers import RandomUniform
from neurona.layers import Flatten, Input, Layer, Reshape
from neurona.models import Model, Sequential
from neurona.plotting.figure import BLUE, finish, new_figure, plain_axes
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator, TransformerMixin

__all__ = ["ComplexCells", "Neocognitron", "SimpleCells"]

_FALL = 0.9  # of the weights c and d with each step of distance
_ALPHA = 0.5
_SMALL = 1e-3  # the weights of a plane that has learned nothing


def _falling(window: int) -> np.ndarray:
    """Weights that fall with the distance from the centre, (window, window)."""
    steps = np.arange(window) - (window - 1) / 2
    return (_FALL ** np.hypot(*np.meshgrid(steps, steps))).astype("float32")


def _spread(u: jax.Array, weights: Any, stride: int = 1, padding: str = "SAME") -> jax.Array:
    """Sums over areas: u (rows, height, width, from), weights (window, window, from, to)."""
    order = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(u, weights, (stride, stride), padding, dimension_numbers=order)


class SimpleCells(Layer):
    """S-cells: each plane seeks one feature, everywhere in the picture.

    Args:
        planes: how many.
        window: the side of the area that a cell sees, odd.
        selectivity: r, above 0; a cell answers to areas whose likeness to its feature is above r / (1 + r).

    Shapes: (rows, height, width, channels), from 0 -> (rows, height, width, planes); kernel (window, window,
        channels, planes), inhibition (planes,).

    Source: Fukushima, Neocognitron, 1980, equations 1 and 4.

    Example:

        >>> layer = SimpleCells(1, window=3)
        >>> layer.build((None, 3, 3, 1))
        >>> stroke = np.array([[0, 1, 0]] * 3, "float32")[None, :, :, None]
        >>> layer.kernel.assign(100 * stroke[0, :, :, :, None])
        >>> layer.inhibition.assign(150 / layer.inhibitory(jnp.asarray(stroke))[0, 1, 1][None])
        >>> bool(layer(stroke)[0, 1, 1, 0] > 0.9), float(layer(stroke.transpose(0, 2, 1, 3))[0, 1, 1, 0])
        (True, 0.0)
    """

    def __init__(self, planes: int, window: int = 5, selectivity: float = 1.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.planes, self.window, self.selectivity = planes, window, selectivity

    def build(self, input_shape: Any) -> None:
        shape = (self.window, self.window, input_shape[-1], self.planes)
        self.kernel = self.add_weight(shape, RandomUniform(0.0, _SMALL), name="kernel")
        self.inhibition = self.add_weight((self.planes,), "zeros", name="inhibition")

    def weights_of_distance(self, channels: int) -> np.ndarray:
        """c, which adds up to 1 over an area and all channels, (window, window)."""
        falling = _falling(self.window)
        return falling / falling.sum() / channels

    def inhibitory(self, u: jax.Array) -> jax.Array:
        """v: how strong the inputs around each place are, (rows, height, width)."""
        c = self.weights_of_distance(u.shape[-1])
        total = _spread(jnp.sum(u**2, -1, keepdims=True), c[:, :, None, None])[..., 0]
        return jnp.sqrt(total + 1e-12)

    def call(self, u: jax.Array) -> jax.Array:
        return self.answers(u, self.inhibitory(u), self.kernel.value, self.inhibition.value)

    def answers(self, u: jax.Array, v: jax.Array, kernel: Any, inhibition: Any) -> jax.Array:
        """u_S with these weights."""
        r = self.selectivity
        excited = 1 + _spread(u, kernel)
        return r * jax.nn.relu(excited / (1 + 2 * r / (1 + r) * inhibition * v[..., None]) - 1)


class ComplexCells(Layer):
    """C-cells: each answers if an S-cell of its plane does anywhere near.

    Args:
        window: the side of the area that a cell sees; None sees the whole picture.
        stride: how many places apart the cells are.

    Shapes: (rows, height, width, planes) -> (rows, height / stride, width / stride, planes), rounded up; or
        (rows, 1, 1, planes).

    Source: Fukushima, Neocognitron, 1980, equations 5 and 8.

    Example:

        >>> spot = np.zeros((1, 4, 4, 2), "float32")
        >>> spot[0, 1, 2, 0] = 1
        >>> (ComplexCells(3)(spot)[0, :, :, 0] > 0).tolist()
        [[True, True], [False, False]]
    """

    def __init__(self, window: int | None = 5, stride: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.window, self.stride = window, stride

    def call(self, u: jax.Array) -> jax.Array:
        rows, height, width, planes = u.shape
        alone = jnp.moveaxis(u, -1, 1).reshape(rows * planes, height, width, 1)  # each plane by itself
        if self.window is None:
            d = _falling(max(height, width))[:height, :width]
            near = _spread(alone, d[:, :, None, None], padding="VALID")
        else:
            near = _spread(alone, _falling(self.window)[:, :, None, None], self.stride)
        near = jnp.moveaxis(near.reshape(rows, planes, *near.shape[1:3]), 1, -1)
        excess = jax.nn.relu((1 + near) / (1 + near.mean(axis=-1, keepdims=True)) - 1)
        return excess / (_ALPHA + excess)


class ReinforcementRule(Rule):
    """a += q c u, b += q / 2 v of the cell that represents each plane of S-cells, row by row.

    Args:
        rates: q of each layer of S-cells.
        column: the side of the area in which cells of all planes compete. In the last layer all compete.
        steps: after how many steps the next layer learns.

    Figures: `answer`, the strongest answer of the last layer.
    """

    figures = ("answer",)

    def __init__(self, rates: Sequence[float], column: int, steps: int) -> None:
        self.rates, self.column, self.steps = tuple(rates), column, steps

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        seers = [layer for layer in model.layers if isinstance(layer, SimpleCells)]
        blurrers = [layer for layer in model.layers if isinstance(layer, ComplexCells)]
        side = round(batch.x.shape[1] ** 0.5)
        turn = jnp.minimum(number // self.steps, len(seers) - 1)
        rates = jnp.where(jnp.arange(len(seers)) == turn, jnp.asarray(self.rates), 0)

        def see(weights: Any, row: jax.Array) -> Any:
            u, after = row.reshape(1, side, side, 1), []
            for seer, blurrer, rate, (kernel, inhibition) in zip(
                seers, blurrers, rates, weights, strict=True
            ):
                v = seer.inhibitory(u)
                answers = seer.answers(u, v, kernel, inhibition)
                column = 2 * side if seer is seers[-1] else self.column  # twice: from corner to corner
                places, strengths = representatives(answers[0], column)
                kernel, inhibition = reinforced(
                    seer, u[0], v[0], kernel, inhibition, places, rate * (strengths > 0)
                )
                after.append((kernel, inhibition))
                u = blurrer(answers)
            return after, u.max()

        start = [(seer.kernel.value, seer.inhibition.value) for seer in seers]
        after, answers = jax.lax.scan(see, start, batch.x)
        for seer, (kernel, inhibition) in zip(seers, after, strict=True):
            seer.kernel.assign(kernel)
            seer.inhibition.assign(inhibition)
        return {"answer": answers.mean()}


def representatives(answers: jax.Array, column: int) -> tuple[jax.Array, jax.Array]:
    """The place of the cell that represents each plane, counted row by row, and its answer; 0 for none."""
    strongest = answers.max(axis=-1)
    near = jax.lax.reduce_window(strongest, 0.0, jax.lax.max, (column, column), (1, 1), "SAME")
    candidates = jnp.where(answers == near[..., None], answers, 0).reshape(-1, answers.shape[-1])
    return candidates.argmax(axis=0), candidates.max(axis=0)


def reinforced(
    seer: SimpleCells, u: jax.Array, v: jax.Array, kernel: Any, inhibition: Any, places: Any, rates: Any
) -> tuple[jax.Array, jax.Array]:
    """The weights after what the representatives see, (height, width, channels), is added."""
    half, width = seer.window // 2, u.shape[1]
    wide = jnp.pad(u, ((half, half), (half, half), (0, 0)))
    shape = (seer.window, seer.window, u.shape[-1])

    def area(place: jax.Array) -> jax.Array:
        return jax.lax.dynamic_slice(wide, (place // width, place % width, 0), shape)

    areas = jnp.moveaxis(jax.vmap(area)(places), 0, -1)  # (window, window, channels, planes)
    c = seer.weights_of_distance(u.shape[-1])[:, :, None, None]
    return kernel + rates * c * areas, inhibition + rates / 2 * v.ravel()[places]


class Neocognitron(TransformerMixin, Estimator):
    """A neocognitron, which learns to tell square pictures apart without being told their classes.

    Args:
        planes: how many planes of cells each pair of layers has.
        selectivity: r of each layer of S-cells.
        rates: q of each layer of S-cells.
        strides: how many places apart the C-cells of each layer but the last are.
        windows: the side of the area that an S-cell of each layer sees, odd.
        column: the side of the area in which cells of all planes compete; in the last layer all compete.
        epochs: how often the pictures are shown while a layer learns.
        n_init: how many starts are tried; the one in which most planes win a picture is kept, and of those
            alike the one whose winners stand out most.
        random_state: an integer for the same numbers at every call.

    Attributes:
        model_: the layers, as a model that gives the answer of each plane of the last layer.
        history_, n_features_in_: as in `Estimator`.

    Raises:
        DataError: the rows are no square pictures, or a number is below 0.
        ArgumentError: the layers have unlike numbers of parameters, a window is even, or r is not above 0.

    Example:

        >>> bars = np.zeros((2, 8, 8))
        >>> bars[0, 2:6, 3] = bars[1, 3, 2:6] = 1
        >>> network = Neocognitron((4, 4), (4, 2.5), (16, 16), (2,), (5, 7), random_state=0)
        >>> network = network.fit(bars.reshape(2, 64))
        >>> moved = np.roll(bars, 1, axis=2).reshape(2, 64)
        >>> kinds = network.predict(bars.reshape(2, 64))
        >>> bool(kinds[0] != kinds[1]), bool((network.predict(moved) == kinds).all())
        (True, True)
    """

    def __init__(
        self,
        planes: Sequence[int] = (24, 24, 24),
        selectivity: Sequence[float] = (3.0, 2.0, 2.0),
        rates: Sequence[float] = (16.0, 16.0, 16.0),
        strides: Sequence[int] = (2, 1),
        windows: Sequence[int] = (5, 5, 7),
        column: int = 5,
        epochs: int = 10,
        n_init: int = 1,
        random_state: int | None = None,
    ) -> None:
        self.planes = planes
        self.selectivity = selectivity
        self.rates = rates
        self.strides = strides
        self.windows = windows
        self.column = column
        self.epochs = epochs
        self.n_init = n_init
        self.random_state = random_state

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        rows, _ = super()._checked(X, y)
        side = round(rows.shape[1] ** 0.5)
        if side**2 != rows.shape[1]:
            raise DataError(
                "Neocognitron: rows are square pictures, of 64, 256 or 784 columns. Received "
                f"{rows.shape[1]}."
            )
        lengths = [len(one) for one in (self.planes, self.selectivity, self.rates, self.windows)]
        if set(lengths) != {len(self.strides) + 1}:
            raise ArgumentError(
                "Neocognitron: planes, selectivity, rates and windows have a number for each pair of "
                f"layers, and strides one less. Received lengths {lengths} and {len(self.strides)}."
            )
        if any(window % 2 == 0 for window in self.windows) or min(self.selectivity) <= 0:
            raise ArgumentError(
                "Neocognitron: windows are odd, and selectivity above 0. Received: "
                f"windows={self.windows}, selectivity={self.selectivity}"
            )
        _check_ink(rows)
        return rows, None

    def _rows(self, X: Any) -> np.ndarray:
        rows = super()._rows(X)
        _check_ink(rows)
        return rows

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from square pictures, (samples, side * side), layer by layer.

        Args:
            X: the pictures, from 0 up.
            y: is not used.
            options: further arguments of the model's `fit`.
        """
        if self.n_init < 1:
            raise ArgumentError(f"Neocognitron: n_init is at least 1. Received: n_init={self.n_init}")
        given = {"epochs": self.epochs * len(self.planes), **options}
        found = []
        for start in range(self.n_init):
            self._start = start
            super().fit(X, y, **given)
            answers = self.transform(X)
            winners, contrast = (
                len(np.unique(answers.argmax(axis=1))),
                answers.max(axis=1) - answers.mean(axis=1),
            )
            found.append((winners, contrast.mean(), self.model_, self.history_))
        *_, self.model_, self.history_ = max(found, key=lambda one: one[:2])
        return self

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        side = round(X.shape[1] ** 0.5)
        self._batch_size = len(X)
        cells: list[Any] = []
        for place, planes in enumerate(self.planes):
            cells.append(SimpleCells(planes, self.windows[place], self.selectivity[place]))
            last = place == len(self.strides)
            cells.append(ComplexCells(None) if last else ComplexCells(stride=self.strides[place]))
        model = Sequential([Input((X.shape[1],)), Reshape((side, side, 1)), *cells, Flatten()])
        for layer in cells[::2] * self._start:  # draw anew, so that starts differ
            layer.set_weights([RandomUniform(0.0, _SMALL)(layer.kernel.shape), np.zeros(layer.planes)])
        model.compile(rule=ReinforcementRule(self.rates, self.column, self.epochs))
        return model

    def transform(self, X: Any) -> np.ndarray:
        """The answer of each plane of the last layer, (samples, planes[-1])."""
        return self._outputs(self._rows(X))

    def predict(self, X: Any) -> np.ndarray:
        """The plane of the last layer that answers most to each row; -1 where all are silent."""
        answers = self.transform(X)
        return np.where(answers.max(axis=1) > 0, answers.argmax(axis=1), -1)

    def plot(self, X: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw what the planes of each layer answer to rows, darker where more.

        Args:
            X: up to five rows are drawn; by default a picture of a ring.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        side = round(self.n_features_in_**0.5)
        rows = self._rows(_ring(side) if X is None else X)[:5]
        layers = self.model_.layers[1:-1]
        figure = new_figure("plot", 1.6 * (len(layers) + 1), 0.6 + 1.6 * len(rows), 120)
        panels = figure.subplots(len(rows), len(layers) + 1, squeeze=False)
        for line, row in zip(panels, rows, strict=True):
            u = jnp.asarray(row).reshape(1, side, side, 1)
            shown = [("U0", u[0])]
            for number, layer in enumerate(layers):
                u = layer(u)
                shown.append((f"U{'SC'[number % 2]}{number // 2 + 1}", u[0]))
            for axes, (name, planes) in zip(line, shown, strict=True):
                if planes.shape[0] == 1:
                    axes.bar(np.arange(1, planes.shape[2] + 1), planes[0, 0], color=BLUE)
                    axes.set_ylim(0, 1)
                    plain_axes(axes)
                else:
                    axes.imshow(_mosaic(np.asarray(planes)) ** 0.5, cmap="Greys", vmin=0)
                    axes.set_facecolor("#cfe0ee")  # of the lines between planes
                    axes.set(xticks=[], yticks=[])
                axes.set_title(name, fontsize=9)
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)

    @property
    def _n_features_out(self) -> int:
        return self.planes[-1]


def _check_ink(rows: np.ndarray) -> None:
    wrong = np.argwhere(rows < 0)
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"Neocognitron: cells answer with 0 or more. Row {row}, column {column} is "
            f"{rows[row, column]:g}. Give pictures of ink, from 0 to 1."
        )


def _mosaic(planes: np.ndarray) -> np.ndarray:
    """Planes, (height, width, planes), beside each other with a line between."""
    height, width, count = planes.shape
    across = int(np.ceil(count**0.5))
    tiles = np.pad(planes, ((0, 1), (0, 1), (0, -count % across)), constant_values=np.nan)
    grid = tiles.reshape(height + 1, width + 1, -1, across).transpose(2, 0, 3, 1)
    return grid.reshape(-1, across * (width + 1))


def _ring(side: int) -> np.ndarray:
    steps = np.arange(side) - (side - 1) / 2
    distance = np.hypot(*np.meshgrid(steps, steps))
    return np.clip(1.2 - np.abs(distance - side / 3.5), 0, 1).reshape(1, -1)


# The strokes of the digits, in a square from -1 to 1, y downward.
_TURN = np.linspace(0, 2 * np.pi, 25)
_STROKES = (
    [np.stack([0.6 * np.sin(_TURN), -0.9 * np.cos(_TURN)], axis=1)],
    [np.array([[-0.25, -0.6], [0.0, -0.9], [0.0, 0.9]])],
    [
        np.array(
            [[-0.6, -0.5], [-0.4, -0.85], [0.1, -0.9], [0.5, -0.6], [0.5, -0.25], [-0.6, 0.9], [0.65, 0.9]]
        )
    ],
    [
        np.array([[-0.55, -0.9], [0.55, -0.9], [0.0, -0.2], [0.4, -0.1], [0.6, 0.3], [0.4, 0.8], [0.0, 0.9]]),
        np.array([[0.0, 0.9], [-0.4, 0.85], [-0.6, 0.6]]),
    ],
    [np.array([[0.2, -0.9], [-0.65, 0.3], [0.7, 0.3]]), np.array([[0.3, -0.2], [0.3, 0.9]])],
)


def drawn_digit(
    digit: int, side: int = 16, size: float = 0.6, shift: tuple[float, float] = (0, 0)
) -> np.ndarray:
    """A digit from 0 to 4 in thin strokes, (side * side,), from 0 to 1.

    Args:
        digit: which.
        side: of the picture.
        size: of the digit, as a share of the side.
        shift: to the right and downward, in pixels.
    """
    places = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 1, 2)
    nearest = np.full(side**2, np.inf)
    for stroke in _STROKES[digit]:
        corners = stroke * size * side / 2 + (side - 1) / 2 + np.asarray(shift)
        start, along = corners[:-1], np.diff(corners, axis=0)
        share = np.clip(np.sum((places - start) * along, -1) / np.sum(along**2, -1), 0, 1)
        distance = np.linalg.norm(places - start - share[..., None] * along, axis=-1)
        nearest = np.minimum(nearest, distance.min(axis=1))
    return np.clip(1.2 - nearest, 0, 1)


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """The digits 0 to 4, as in section 5; then moved, larger and smaller, and with noise."""
    rng = np.random.default_rng(seed)
    X = np.array([drawn_digit(digit) for digit in range(5)])
    kept, network, apart = {}, Neocognitron(), []
    for run in range(1 if quick else 5):
        network = Neocognitron(n_init=2 if quick else 5, random_state=seed + run).fit(X)
        kinds = network.predict(X)
        apart.append(len(set(kinds)))
        moves = [(dx, dy) for dx in (-2, 0, 2) for dy in (-2, 0, 2)]
        changed = {
            Words("% kept when moved by 2 pixels", "% mantenido al mover 2 píxeles"): [
                [drawn_digit(digit, shift=move) for digit in range(5)] for move in moves
            ],
            Words("% kept when 15% larger or smaller", "% mantenido un 15% mayor o menor"): [
                [drawn_digit(digit, size=0.6 * scale) for digit in range(5)] for scale in (0.85, 1.15)
            ],
            Words("% kept with 3% of the pixels flipped", "% mantenido con 3% de píxeles invertidos"): [
                np.where(rng.random(X.shape) < 0.03, 1 - X, X) for _ in range(10)
            ],
        }
        for words, pictures in changed.items():
            same = [np.mean((network.predict(one) == kinds) & unique(kinds)) for one in pictures]
            kept.setdefault(words, []).append(100 * np.mean(same))
    details = {words: float(np.mean(found)) for words, found in kept.items()}
    return Outcome(
        figure=float(np.mean(list(details.values()))),
        network=network,
        details={
            **details,
            Words("digits told apart, of 5", "dígitos distinguidos, de 5"): float(np.mean(apart)),
        },
        shown={"X": X},
    )


def unique(kinds: np.ndarray) -> np.ndarray:
    """Where a plane answers to one digit only."""
    return (kinds >= 0) & (np.sum(kinds[:, None] == kinds, axis=1) == 1)


CARD = Card(
    title=Words("Neocognitron", "Neocognitrón"),
    year=1980,
    paper="Fukushima, Neocognitron, 1980",
    family="maps",
    cells=("input", "hidden", "convolution or pool"),
    summary=Words(
        "Cells that seek a feature everywhere, and cells that blur where it was, in turn; the planes compete "
        "for what they see, and a digit keeps its plane when it is moved.",
        "Células que buscan un rasgo en todas partes y células que borran dónde estaba, por turnos; los "
        "planos compiten por lo que ven, y un dígito conserva su plano al moverse.",
    ),
    network=Neocognitron,
    experiment=Experiment(
        task=Words(
            "five drawn digits, learned without classes; then moved, scaled and with noise; five seeds",
            "cinco dígitos dibujados, aprendidos sin clases; luego movidos, escalados y ruidosos; 5 semillas",
        ),
        measure=Words("% of pictures whose plane is kept", "% de imágenes que conservan su plano"),
        target=100.0,
        source=Words(
            "Fukushima, 1980, section 5: moved, scaled, distorted and with noise they keep their cell",
            "Fukushima, 1980, sección 5: movidos, escalados, deformados y con ruido conservan su célula",
        ),
        run=_digits,
        quick_target=50.0,
    ),
)
