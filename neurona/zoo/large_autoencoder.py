"""The large sparse autoencoder: local fields, so that every device keeps the weights of its own places.

Le, Ranzato, Monga, Devin, Chen, Corrado, Dean and Ng (Building high-level features using large scale
unsupervised learning, 2012) taught a network of 10^9 weights from 10 million frames of videos that nobody had
named, and found in it a unit that answers to faces. Coates, Huval, Wang, Wu, Catanzaro and Ng (Deep learning
with COTS HPC systems, 2013) did the same with 16 machines of graphics cards in the place of 1,000 machines.

A stage has three parts. Filters that each see a small field, with weights of their own at every place (they
are not shared, as those of a convolution are); pools, each of which takes the length of one map's answers
around a place; and a normalisation of contrasts:

    h = W1' x,     p_j = sqrt(e + H_j h^2),     y = (p - mean) / max(c, deviation),

where H_j adds the squares around place j. The filters learn to give back what they see through the weights
W2, and to have pools that are silent for most pictures. This is the cost of topographic independent component
analysis, with a reconstruction in the place of orthogonal filters:

    sum over pictures of  |W2 W1' x - x|^2 + lambda sum over j of sqrt(e + H_j (W1' x)^2).      (equation 1)

Filters that are pooled together share this price, so they come to answer to one thing in several places: the
pool does not mind where it is. The paper has three stages; here there are two. They learn at once, and the
cost is the sum of theirs.

Devices. As a filter sees its field alone, the places are dealt out: each device keeps W1 and W2 of its own
places, with what Adam remembers of them, and computes their answers. From the others it has to hear the sum
of reconstructions where fields overlap, and the answers that its pools need (the paper's partition of the
model). The weights are laid out with `neurona.distribution`; XLA finds from this what has to be sent. One
device or eight compute the same sums in another order, so that the weights they end with differ by rounding.

A unit that stands for something is sought as in the paper: for each unit and each of 20 thresholds between
its lowest and highest answer one counts how often "above" tells the wanted pictures from the others. The
paper's best unit is right for 81.7% of pictures with and without faces. At the size of the experiment below
no unit stands for a digit: the mean of both shares is 68% for the best ones on test digits, 64% before
learning, 74% for the best single pixels, and 50% by chance.

Scale. A picture has mean 0 and deviation 1. The weights of W1 begin with the deviation 1 / sqrt(n) for the n
numbers of a field, so that answers have the scale of the pictures, and those of W2 with 1 / sqrt(m) for the m
filters that see a pixel on average, so that the first reconstruction has it too.

Deviations. All devices step together, with Adam, where the paper's steps are asynchronous. A stage does not
change the one below it. The third part is that of Jarrett et al. (2009), whose c is the mean deviation of the
picture where the paper has 0.01.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.distribution import DeviceMesh, TensorLayout, distribute_tensor, list_devices
from neurona.errors import ArgumentError, DataError
from neurona.initializers import RandomNormal
from neurona.layers import Input, Layer
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.deep_belief import grey_digits
from neurona.zoo.estimator import Estimator, TransformerMixin, load
from neurona.zoo.generation import check_count
from neurona.zoo.jarrett import LocalContrastNormalization
from neurona.zoo.pictures import pictures_figure

__all__ = ["L2Pooling", "LargeAutoencoder", "LocalFilters", "selectivity"]

_EPSILON = 1e-4  # e, below the root
_LEAST = 0.01  # deviation of a picture
_THRESHOLDS = 20
_DRAWN = 10  # pictures of a line
_DEVICES = 8  # of the experiment
_PROGRAM = "import sys; from neurona.zoo.large_autoencoder import _save_trained; _save_trained(*sys.argv[1:])"


class LocalFilters(Layer):
    """Filters that each see a field, with weights of their own at every place; and the way back.

    h = W1' x at every place. The cost |W2 h - x|^2, the mean over pictures, is added to the loss; it does not
    change what is below.

    Args:
        field: pixels of a side of the square that a filter sees.
        stride: from one field to the next.
        maps: filters at each place.

    Shapes: x (batch, height, width, channels) -> (batch, rows, columns, maps); kernel, W1 (places, field^2
        channels, maps); back, W2 (places, maps, field^2 channels).

    Raises:
        ArgumentError: a size is no whole number above 0, or a field is larger than the picture.

    Source: Le et al., Building high-level features using large scale unsupervised learning, 2012.

    Example:

        >>> layer = LocalFilters(3, 1, 2)
        >>> h = layer(jnp.ones((1, 5, 5, 1)))
        >>> h.shape, layer.reconstruct(h).shape
        ((1, 3, 3, 2), (1, 5, 5, 1))
    """

    def __init__(self, field: int, stride: int, maps: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, size in {"field": field, "stride": stride, "maps": maps}.items():
            check_count("LocalFilters", name, size)
        self.field, self.stride, self.maps = field, stride, maps

    def build(self, input_shape: Any) -> None:
        high, wide, channels = (int(size) for size in input_shape[1:])
        if self.field > min(high, wide):
            raise ArgumentError(
                f"LocalFilters: field is at most a side of the picture. Received: field={self.field}, "
                f"picture ({high}, {wide})"
            )
        self._shape = (high, wide, channels)
        self.grid = tuple((side - self.field) // self.stride + 1 for side in (high, wide))
        self.places = self.grid[0] * self.grid[1]
        first = np.stack(np.meshgrid(*(self.stride * np.arange(size) for size in self.grid), indexing="ij"))
        inner = np.stack(np.meshgrid(*[np.arange(self.field)] * 2, indexing="ij"))
        y, x = first.reshape(2, -1, 1) + inner.reshape(2, 1, -1)
        self._seen = y * wide + x  # the pixels of each field, (places, field^2)
        numbers = self.field**2 * channels
        filters = self.maps * self._seen.size / (high * wide)  # that see a pixel, on average
        there, back = (RandomNormal(stddev=count**-0.5) for count in (numbers, filters))
        self.kernel = self.add_weight((self.places, numbers, self.maps), there, name="kernel")
        self.back = self.add_weight((self.places, self.maps, numbers), back, name="back")

    def call(self, inputs: jax.Array) -> jax.Array:
        x = jax.lax.stop_gradient(inputs)
        pixels = x.reshape(len(x), -1, self._shape[-1])[:, self._seen]  # (batch, places, field^2, channels)
        h = jnp.einsum("bpf,pfm->bpm", pixels.reshape(*pixels.shape[:2], -1), self.kernel.value)
        h = h.reshape(-1, *self.grid, self.maps)
        self.add_loss(_mean_over_pictures((self.reconstruct(h) - x) ** 2))
        return h

    def reconstruct(self, h: jax.Array) -> jax.Array:
        """W2 h, the picture that answers (batch, rows, columns, maps) give back: where fields overlap, the
        sum."""
        high, wide, channels = self._shape
        parts = jnp.einsum("bpm,pmf->bpf", h.reshape(len(h), -1, self.maps), self.back.value)
        parts = parts.reshape(*parts.shape[:2], -1, channels)
        picture = jnp.zeros((len(h), high * wide, channels), parts.dtype).at[:, self._seen].add(parts)
        return picture.reshape(-1, high, wide, channels)


class L2Pooling(Layer):
    """p = sqrt(e + the sum of squares of one map in the square around each place).

    sparsity times the sum of all p, the mean over pictures, is added to the loss.

    Args:
        size: places of a side of the square.
        sparsity: lambda, at least 0.

    Shapes: (batch, rows, columns, maps) -> the same.

    Raises:
        ArgumentError: size is no whole number above 0, or sparsity below 0.

    Source: Le et al., Building high-level features using large scale unsupervised learning, 2012.

    Example:

        >>> [round(float(one), 3) for one in L2Pooling(1)(jnp.array([[[[3.0, -4.0]]]])).ravel()]
        [3.0, 4.0]
    """

    def __init__(self, size: int = 3, sparsity: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_count("L2Pooling", "size", size)
        if not (np.isfinite(sparsity) and sparsity >= 0):
            raise ArgumentError(
                f"L2Pooling: sparsity is a number of at least 0. Received: sparsity={sparsity!r}"
            )
        self.size, self.sparsity = size, sparsity

    def call(self, inputs: jax.Array) -> jax.Array:
        pooled = jnp.sqrt(_EPSILON + _around(inputs**2, self.size))
        self.add_loss(self.sparsity * _mean_over_pictures(pooled))
        return pooled


def _around(values: jax.Array, size: int) -> jax.Array:
    """The sum of each map over the square around each place."""
    return jax.lax.reduce_window(values, 0.0, jax.lax.add, (1, size, size, 1), (1, 1, 1, 1), "SAME")


def _mean_over_pictures(values: jax.Array) -> jax.Array:
    """The sum of all numbers of a picture, the mean over pictures; of 32 bits at least."""
    return jnp.sum(values, dtype=jnp.promote_types(values.dtype, "float32")) / len(values)


class LargeAutoencoder(TransformerMixin, Estimator):
    """A sparse autoencoder of local fields in stages, whose places are dealt out to several devices.

    Args:
        fields: the side of the fields of each stage.
        strides: from one field to the next, of each stage.
        maps: filters at each place, of each stage.
        pool: places of a side of the squares that pools and contrasts take, an odd number.
        sparsity: lambda.
        devices: names of devices, as `neurona.distribution.list_devices` gives them; None for all there are.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the pictures are gone through.
        batch_size: pictures of a step.
        random_state: an integer for the same numbers at every call, on any devices.

    Attributes:
        image_shape_: height and width.
        model_, history_, n_features_in_: as in `Estimator`. The loss is equation 1, the mean over pictures.

    Raises:
        DataError: X is no table of square pictures.
        ArgumentError: a size is no whole number above 0, or sparsity below 0; stages are not given alike; a
            device is unknown or given twice; or the places of a stage can't be dealt out evenly.

    Source: Le et al., Building high-level features using large scale unsupervised learning, 2012.

    Example:

        >>> X = np.random.default_rng(0).random((40, 64))
        >>> network = LargeAutoencoder((3,), (1,), (2,), devices=["cpu:0"], epochs=1, random_state=0).fit(X)
        >>> network.transform(X).shape
        (40, 72)
    """

    def __init__(
        self,
        fields: Sequence[int] = (7, 5),
        strides: Sequence[int] = (3, 1),
        maps: Sequence[int] = (8, 16),
        pool: int = 3,
        sparsity: float = 1.0,
        devices: Sequence[str] | None = None,
        learning_rate: float = 0.003,
        epochs: int = 5,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.fields = fields
        self.strides = strides
        self.maps = maps
        self.pool = pool
        self.sparsity = sparsity
        self.devices = devices
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        if not (self.fields and len(self.fields) == len(self.strides) == len(self.maps)):
            raise ArgumentError(
                "LargeAutoencoder: fields, strides and maps name a size for each stage. Received: "
                f"fields={tuple(self.fields)}, strides={tuple(self.strides)}, maps={tuple(self.maps)}"
            )
        check_count("LargeAutoencoder", "batch_size", self.batch_size)
        rows, _ = super()._checked(X, y)
        side = round(rows.shape[1] ** 0.5)
        if side**2 != rows.shape[1]:
            raise DataError(
                f"LargeAutoencoder: each row is a square picture. Received {rows.shape[1]} columns."
            )
        self.image_shape_ = (side, side)
        self._batch_size = min(self.batch_size, len(rows))
        return self._pictures(rows), None

    def start(self, X: Any) -> Self:
        """Begin with weights for such pictures, (pictures, pixels), and learn nothing yet."""
        pictures, _ = self._checked(X, None)
        with self._seeded():
            self.model_ = self._model_for(pictures, None)
        return self

    def cost(self, X: Any) -> float:
        """Equation 1 of pictures, (pictures, pixels), the mean over them, summed over the stages."""
        return float(self.model_.evaluate(self._pictures(self._rows(X)), verbose=0))

    def _pictures(self, rows: np.ndarray) -> np.ndarray:
        """Pictures of mean 0 and deviation 1, (pictures, height, width, 1)."""
        away = rows - rows.mean(axis=1, keepdims=True)
        scaled = away / np.maximum(away.std(axis=1, keepdims=True), _LEAST)
        return scaled.reshape(-1, *self.image_shape_, 1)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        layers: list[Layer] = []
        for field, stride, maps in zip(self.fields, self.strides, self.maps):
            layers += [LocalFilters(field, stride, maps), L2Pooling(self.pool, self.sparsity)]
            layers += [LocalContrastNormalization(self.pool)]
        model = Sequential([Input((*self.image_shape_, 1)), *layers])
        model.compile(Adam(self.learning_rate))
        self._deal_out(model)
        return model

    def _deal_out(self, model: Any) -> None:
        """Lay the weights of each place, and what Adam remembers of them, on the device of the place."""
        names = list(list_devices() if self.devices is None else self.devices)
        known = {*list_devices(), *list_devices("cpu")}
        if not names or len(set(names)) < len(names) or set(names) - known:
            raise ArgumentError(
                f"LargeAutoencoder: devices names some of {sorted(known)}, each once. Received: "
                f"devices={names}"
            )
        for places in (layer.places for layer in model.layers if isinstance(layer, LocalFilters)):
            if places % len(names):
                raise ArgumentError(
                    f"LargeAutoencoder: a stage has {places} places, which can't be dealt out evenly to "
                    f"{len(names)} devices. Name fewer of them, such as "
                    f"devices={names[: np.gcd(places, len(names))]}"
                )
        mesh = DeviceMesh((len(names),), ["place"], names)
        model.optimizer.build(model.trainable_variables)
        for variable in (*model.trainable_variables, *model.optimizer.variables):
            axes = ("place", None, None) if len(variable.shape) == 3 else ()
            variable.assign(distribute_tensor(variable.value, TensorLayout(axes, mesh)))

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def transform(self, X: Any) -> np.ndarray:
        """The answers of the last stage's pools, after the contrasts, (pictures, places x maps)."""
        found = self._outputs(self._pictures(self._rows(X)))
        return found.reshape(len(found), -1)

    def reconstruct(self, X: Any) -> np.ndarray:
        """Each picture, of mean 0 and deviation 1, as the first stage gives it back, (pictures, pixels)."""
        pictures = self._pictures(self._rows(X))
        first: Any = self.model_.layers[0]
        return np.asarray(first.reconstruct(first(pictures))).reshape(len(pictures), -1)

    def plot(self, X: Any, y: Any, language: str | None = None, to_file: Any = None) -> Any:
        """Draw for each class the pictures to which its most selective unit answers most, a line for each.

        Args:
            X: pictures, (pictures, pixels).
            y: their classes, which the network has not seen.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        rows, classes, codes = np.asarray(X), np.asarray(y), self.transform(X)
        lines, names = [], []
        for label in np.unique(classes):
            unit = int(selectivity(codes, classes == label)[0].argmax())
            lines.append(rows[np.argsort(-codes[:, unit], kind="stable")[:_DRAWN]])
            names += [f"{_UNIT.of(language)} {unit + 1}: {label}", *[""] * (len(lines[-1]) - 1)]
        title = CARD.title.of(language)
        return finish(pictures_figure(np.concatenate(lines), names, _DRAWN, title), to_file)


_UNIT = Words("unit", "unidad")


def selectivity(codes: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How well each unit alone tells wanted pictures from others, and from which answer on it does.

    The share of wanted pictures above a threshold and that of others below it, their mean: 0.5 by chance. Of
    20 thresholds, evenly between a unit's lowest and highest answer, the best counts.

    Args:
        codes: answers of units, (pictures, units).
        wanted: which pictures, (pictures,).

    Returns:
        The mean share, and the threshold, each (units,).

    Source: Le et al., Building high-level features using large scale unsupervised learning, 2012.

    Example:

        >>> shares, _ = selectivity(np.array([[0.0, 1.0], [0.0, 0.0], [1.0, 1.0]]), np.array([0, 0, 1]) > 0)
        >>> shares.tolist()
        [1.0, 0.75]
    """
    low, high = codes.min(axis=0), codes.max(axis=0)
    inner = (np.arange(_THRESHOLDS) + 0.5) / _THRESHOLDS
    thresholds = low + inner[:, None] * (high - low)
    shares = np.array([_share(codes, wanted, threshold) for threshold in thresholds])
    best = shares.argmax(axis=0)
    return shares.max(axis=0), thresholds[best, np.arange(codes.shape[1])]


def _share(codes: np.ndarray, wanted: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """The mean of the shares of wanted pictures above thresholds and of others below."""
    above = codes > thresholds
    return (above[wanted].mean(axis=0) + 1 - above[~wanted].mean(axis=0)) / 2


def _best_units(codes: np.ndarray, y: np.ndarray, others: np.ndarray, truth: np.ndarray) -> float:
    """% told right in other pictures by the best unit of each class, the mean over classes."""
    found = []
    for label in np.unique(y):
        shares, thresholds = selectivity(codes, y == label)
        unit = int(shares.argmax())
        found.append(_share(others[:, [unit]], truth == label, thresholds[[unit]])[0])
    return 100 * float(np.mean(found))


def _data(quick: bool) -> Any:
    """10,000 pictures of MNIST to learn from, or 400 digits of 8 x 8 pixels; and those of the test."""
    (X, y), (test, truth) = grey_digits(quick)
    count = 400 if quick else 10_000
    return (X[:count], y[:count]), (test, truth)


def _network(seed: int, quick: bool, devices: list[str]) -> LargeAutoencoder:
    """The network of the experiment, on these devices."""
    stages: Any = {"fields": (5,), "strides": (1,), "maps": (8,), "batch_size": 50} if quick else {}
    return LargeAutoencoder(devices=devices, random_state=seed, **stages)


def _save_trained(path: str, seed: str, quick: str) -> None:
    """What a process of several devices does for one that has a single one."""
    (X, _), _ = _data(bool(int(quick)))
    _network(int(seed), bool(int(quick)), list_devices("cpu")[:_DEVICES]).fit(X).save(path)


def _on_several(seed: int, quick: bool) -> Any:
    """The network that several devices made, virtual ones in a process of their own where there are fewer."""
    if len(list_devices("cpu")) >= _DEVICES:
        return _network(seed, quick, list_devices("cpu")[:_DEVICES]).fit(_data(quick)[0][0])
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={_DEVICES}"
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "network.keras")
        environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
        command = [sys.executable, "-c", _PROGRAM, path, str(seed), str(int(quick))]
        subprocess.check_call(command, env=environment)
        return load(path)


def _difference(ours: Any, others: Any) -> float:
    """The largest difference of a weight, over the largest weight of its array."""
    pairs = zip(ours.model_.get_weights(), others.model_.get_weights(), strict=True)
    return max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in pairs)


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """One device and eight; and the best units of a network that has learned, beside one that has not."""
    (X, y), (test, truth) = _data(quick)
    one = list_devices("cpu")[:1]
    network, fresh = _network(seed, quick, one).fit(X), _network(seed, quick, one).start(X)
    best = [_best_units(each.transform(X), y, each.transform(test), truth) for each in (network, fresh)]
    costs = [each.cost(test) for each in (network, fresh)]
    details = {
        Words("cost of a test digit", "coste de un dígito de prueba"): costs[0],
        Words("cost of a test digit before learning", "coste de un dígito antes de aprender"): costs[1],
        Words(
            "% of test digits that the best unit of a class tells from the others, mean of ten",
            "% de dígitos de prueba que la mejor unidad de una clase distingue de los demás, media de diez",
        ): best[0],
        Words("the same before learning", "lo mismo antes de aprender"): best[1],
        Words("the same, of single pixels", "lo mismo, de píxeles solos"): _best_units(X, y, test, truth),
    }
    difference = _difference(network, _on_several(seed, quick))
    return Outcome(difference, network, details, shown={"X": test, "y": truth})


CARD = Card(
    title=Words("Large sparse autoencoder", "Gran autocodificador disperso"),
    year=2012,
    paper="Le et al., Building high-level features using large scale unsupervised learning, 2012",
    family="autoencoders",
    cells=("input", "convolution or pool", "convolution or pool", "match-input-output"),
    summary=Words(
        "Stages of local filters and pools, dealt out by place to several devices, learn sparse codes from "
        "pictures that nobody has named; one device or eight find the same weights.",
        "Etapas de filtros locales y reducciones, repartidas por lugar entre varios dispositivos, aprenden "
        "códigos dispersos de imágenes que nadie ha nombrado; un dispositivo u ocho hallan los mismos pesos.",
    ),
    network=LargeAutoencoder,
    experiment=Experiment(
        task=Words(
            "10,000 digits of MNIST without their classes, two stages of local fields, 5 epochs, on 1 device "
            "and on 8 virtual ones",
            "10 000 dígitos de MNIST sin sus clases, dos etapas de campos locales, 5 épocas, en 1 "
            "dispositivo y en 8 virtuales",
        ),
        measure=Words(
            "largest difference of a weight between 8 devices and 1, over the largest weight",
            "mayor diferencia de un peso entre 8 dispositivos y 1, sobre el mayor peso",
        ),
        target=1e-4,
        source=Words(
            "a bound of our own: equal but for rounding, as sums are taken in another order",
            "cota propia: igual salvo redondeo, pues las sumas van en otro orden",
        ),
        run=_digits,
        quick_target=1e-4,
        lower=True,
    ),
)
