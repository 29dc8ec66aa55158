"""The workloads: their networks, data, settings, contenders and targets. Plain data, for the
harness and each contender.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

KERAS = ("keras-jax", "keras-tensorflow")
TORCH = ("torch", "torch-compile")
USUAL = ("neurona", *KERAS, *TORCH)
PROCESSES = ("neurona", "neurona-cached", *KERAS, "torch", "scikit-learn")
NAMES = {
    "neurona": "Neurona",
    "neurona-cached": "Neurona, compiled code on disk",
    "keras-jax": "Keras on JAX",
    "keras-tensorflow": "Keras on TensorFlow",
    "torch": "PyTorch",
    "torch-compile": "PyTorch compiled",
    "scikit-learn": "scikit-learn",
    "minisom": "MiniSom",
    "xpysom": "XPySom",
    "hmmlearn": "hmmlearn",
    "reservoirpy": "ReservoirPy",
    "hpelm": "hpelm",
    "gensim": "gensim",
    "crfsuite": "CRFsuite",
    "snntorch": "snnTorch",
}


@dataclass(frozen=True)
class Target:
    """What a measure should reach: so many times a peer's speed (the best one's, or that of `against`); at
    most so many seconds; or at most so many times the seconds of another measure."""

    at_least: float | None = None
    against: str | None = None
    at_most: float | None = None
    times_measure: str | None = None
    contender: str = "neurona"


@dataclass(frozen=True)
class Workload:
    """One thing to measure.

    `kind` says what a round is: "training" (epochs of a warm network), "prediction" (calls of a warm
    network), "search" (several small networks), "costs" (epochs in several circumstances), "process" (a
    new process that builds, trains and predicts, twice), "start" (a new process that imports and fits a
    first time) and "zoo" (a new network of `benchmarks.zoo` is fitted). `width` serves networks that can be
    made wider. `multiplications` are those of a sample's forward pass, with an addition each, and how many of
    them belong to the first layer, whose input needs no gradient.
    """

    name: str
    title: str
    kind: str
    network: str
    data: str
    contenders: tuple[str, ...]
    rows: int
    test_rows: int = 0
    batch: int = 32
    epochs: int = 1
    rounds: int = 5
    threads: int = 2
    input_shape: tuple[int, ...] = ()
    width: int = 0
    optimizer: str = "sgd"
    rate: float = 0.01
    loss: str = "sparse_categorical_crossentropy"
    multiplications: tuple[int, int] | None = None
    details: str = ""  # a sentence on the network
    quality: str = ""  # what networks of the zoo are judged by

    @property
    def score(self) -> str:
        """What the contenders' equality is judged by."""
        if self.kind == "zoo":
            return self.quality
        if self.kind in ("prediction", "start", "search", "costs"):
            return ""
        return {"neuron": "prediction for 10", "housing": "test R²", "synthetic": "R²"}.get(
            self.data, "test accuracy"
        )

    @property
    def operations(self) -> float | None:
        """Floating-point operations of one epoch, two for each multiplication: forward, gradients of the
        weights, of the inputs.
        """
        if self.kind != "training" or not self.multiplications:
            return None
        forward, first_layer = self.multiplications
        return 2 * (3 * forward - first_layer) * self.rows

    @classmethod
    def from_json(cls, fields: dict) -> "Workload":
        """The workload that `dataclasses.asdict` and JSON have turned into `fields`, its tuples into
        lists.
        """
        return cls(
            **{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
        )

    def quick(self) -> "Workload":
        """A small version, to see whether everything runs."""
        rows = (
            self.rows
            if self.kind in ("prediction", "process", "search", "start", "zoo")
            else max(2 * self.batch, min(self.rows // 20, 1024))
        )
        return replace(self, rows=rows, epochs=max(1, self.epochs // 50), rounds=2)


def dense_stack(*sizes: int) -> tuple[int, int]:
    """Multiplications of a chain of dense layers, and of its first one."""
    products = [left * right for left, right in pairwise(sizes)]
    return sum(products), products[0]


LENET = (28 * 28 * 25 * 6 + 14 * 14 * 150 * 16 + 784 * 120 + 120 * 84 + 84 * 10, 28 * 28 * 25 * 6)
CNN = (32 * 32 * 27 * 32 + 16 * 16 * 288 * 64 + 8 * 8 * 576 * 128 + 2048 * 10, 32 * 32 * 27 * 32)
WORDS, STEPS, UNITS = 10_000, 200, 128  # of the recurrent networks
SHORT_STEPS, DIMENSIONS, HEADS, HIDDEN, BLOCKS = 80, 64, 4, 128, 2  # of the Transformer
TRANSFORMER = (
    SHORT_STEPS * BLOCKS * (4 * DIMENSIONS**2 + 2 * SHORT_STEPS * DIMENSIONS + 2 * DIMENSIONS * HIDDEN)
    + DIMENSIONS,
    0,
)
SEARCHED = 32  # networks
FEATURES = 8  # of the synthetic rows

_reviews = Workload(
    "lstm",
    "IMDB LSTM",
    "training",
    "lstm",
    "imdb",
    USUAL,
    rows=1024,
    test_rows=4000,
    input_shape=(STEPS,),
    optimizer="adam",
    rate=0.001,
    loss="binary_crossentropy",
    details=f"Embedding({WORDS}, {UNITS}), LSTM({UNITS}) over {STEPS} words, one sigmoid.",
    multiplications=(STEPS * 2 * UNITS * 4 * UNITS + UNITS, 0),
)
_mlp = Workload(
    "mlp",
    "MLP 784-300-100-10",
    "training",
    "mlp",
    "mnist",
    (*USUAL, "scikit-learn"),
    rows=60_000,
    test_rows=10_000,
    input_shape=(784,),
    multiplications=dense_stack(784, 300, 100, 10),
)
_lenet = replace(
    _mlp,
    name="lenet",
    title="LeNet-5",
    network="lenet",
    contenders=USUAL,
    rows=24_000,
    input_shape=(28, 28, 1),
    details="On digits of 28x28.",
    multiplications=LENET,
)
_iris = Workload(
    "iris",
    "Iris",
    "process",
    "iris",
    "iris",
    PROCESSES,
    rows=120,
    test_rows=30,
    epochs=500,
    rounds=3,
    input_shape=(4,),
    optimizer="adam",
    details=(
        "MLP 4-10-3; from the start of the process to the first prediction, and the same once more in "
        "that process."
    ),
)
_predict = replace(_mlp, kind="prediction", multiplications=None, details="MLP 784-300-100-10.")

_all = [
    _mlp,
    _lenet,
    Workload(
        "cnn",
        "CNN with batch normalization",
        "training",
        "cnn",
        "cifar10",
        USUAL,
        rows=4000,
        test_rows=2000,
        input_shape=(32, 32, 3),
        details=(
            "Three blocks of a 3x3 convolution with 32, 64 and 128 channels, batch normalization, ReLU "
            "and 2x2 max-pooling."
        ),
        multiplications=CNN,
    ),
    _reviews,
    replace(
        _reviews,
        name="gru",
        title=_reviews.title.replace("LSTM", "GRU"),
        network="gru",
        details=_reviews.details.replace("LSTM", "GRU"),
        multiplications=(STEPS * 2 * UNITS * 3 * UNITS + UNITS, 0),
    ),
    replace(
        _reviews,
        name="transformer",
        title="Small Transformer",
        network="transformer",
        input_shape=(SHORT_STEPS,),
        details=(
            f"{BLOCKS} blocks: {HEADS} heads, {DIMENSIONS} dimensions, {HIDDEN} hidden units; "
            f"{SHORT_STEPS} words, one sigmoid."
        ),
        multiplications=TRANSFORMER,
    ),
    Workload(
        "housing",
        "California housing",
        "training",
        "housing",
        "housing",
        (*USUAL, "scikit-learn"),
        rows=16_512,
        test_rows=4128,
        input_shape=(8,),
        optimizer="adam",
        rate=0.001,
        loss="mean_squared_error",
        details="MLP 8-64-64-1.",
        multiplications=dense_stack(8, 64, 64, 1),
    ),
    _iris,
    replace(
        _iris,
        name="neuron",
        title="One neuron",
        details=(
            "y = 2x - 1 from six points; from the start of the process to the first prediction, and the "
            "same once more."
        ),
        network="neuron",
        data="neuron",
        rows=6,
        test_rows=1,
        input_shape=(1,),
        optimizer="sgd",
        loss="mean_squared_error",
    ),
    replace(_predict, name="predict-1", title="Predict 1 row", rows=1, batch=32),
    replace(_predict, name="predict-32", title="Predict 32 rows", rows=32, batch=32),
    replace(_predict, name="predict-10000", title="Predict 10,000 rows", rows=10_000, batch=1000),
    replace(
        _iris,
        name="start",
        title="Start-up",
        kind="start",
        epochs=10,
        details="MLP 4-10-3: import, build, compile, fit.",
    ),
    replace(
        _iris,
        name="search",
        title="Search",
        details=(
            f"{SEARCHED} new networks 4-10-3: Neurona at once by `Ensemble`, scikit-learn in two "
            "processes, the others in turn."
        ),
        kind="search",
        epochs=50,
        contenders=("neurona", "keras-jax", "torch", "scikit-learn"),
    ),
    replace(
        _mlp,
        name="costs",
        title="Beside the steps",
        kind="costs",
        contenders=("neurona",),
        epochs=3,
        multiplications=None,
        details=(
            "MLP 784-300-100-10: an epoch alone; with a progress bar in a terminal and three callbacks; in a "
            "new order from a file that is mapped into memory; and beside a process that keeps one core busy."
        ),
    ),
]

# Growth: a series is one workload at several sizes.
GROWTH_CONTENDERS = ("neurona", *KERAS, "torch")
_growth = {"contenders": GROWTH_CONTENDERS, "rounds": 3}
_threads = [
    replace(
        workload,
        **_growth,
        name=f"threads-{workload.name}-{count}",
        title=f"{count} threads",
        threads=count,
        rows=rows,
    )
    for workload, rows in ((_mlp, 32_000), (_lenet, 8000), (_reviews, 512))
    for count in (1, 2)
]
_batches = [
    replace(_mlp, **_growth, name=f"batch-{size}", title=f"batches of {size}", batch=size, rows=32_768)
    for size in (8, 32, 128, 512, 1024)
]  # fmt: skip
_widths = [
    replace(
        _mlp,
        **_growth,
        name=f"width-{width}",
        title=f"{width} units",
        network="wide",
        width=width,
        rows=rows,
        multiplications=dense_stack(784, width, width, 10),
    )
    for width, rows in ((64, 16_000), (256, 16_000), (1024, 6400), (4096, 960))
]
_rows = [
    Workload(
        f"rows-{rows}",
        f"{rows:,} rows",
        "training",
        "synthetic",
        "synthetic",
        GROWTH_CONTENDERS,
        rows=rows,
        test_rows=1000,
        batch=1000,
        epochs=max(1, 100_000 // rows),
        rounds=3 if rows < 10_000_000 else 2,
        input_shape=(FEATURES,),
        loss="mean_squared_error",
        multiplications=dense_stack(FEATURES, 32, 32, 1),
    )
    for rows in (1000, 10_000, 100_000, 1_000_000, 10_000_000)
]


@dataclass(frozen=True)
class Series:
    """One workload at growing sizes: `sizes` and the workloads' names belong together."""

    title: str
    axis: str
    sizes: tuple[int, ...]
    workloads: tuple[str, ...]


def _series(title: str, axis: str, sizes: tuple[int, ...], workloads: list[Workload]) -> Series:
    return Series(title, axis, sizes, tuple(workload.name for workload in workloads))


WORKLOADS = {workload.name: workload for workload in _all}
GROWTH = {workload.name: workload for workload in [*_threads, *_batches, *_widths, *_rows]}
SERIES = {
    "threads-mlp": _series("MLP 784-300-100-10", "threads", (1, 2), _threads[:2]),
    "threads-lenet": _series("LeNet-5", "threads", (1, 2), _threads[2:4]),
    "threads-lstm": _series("IMDB LSTM", "threads", (1, 2), _threads[4:]),
    "batch": _series("MLP 784-300-100-10", "batch size", (8, 32, 128, 512, 1024), _batches),
    "width": _series("MLP 784-width-width-10", "width", (64, 256, 1024, 4096), _widths),
    "rows": _series(
        f"MLP {FEATURES}-32-32-1, batches of 1000",
        "rows",
        (1000, 10_000, 100_000, 1_000_000, 10_000_000),
        _rows,
    ),
}
# What a round of each kind measures; the first one is the workload's main figure.
MEASURES = {
    "training": ("epoch",),
    "prediction": ("call",),
    "search": (f"{SEARCHED} networks", "one network"),
    "costs": ("epoch", "with progress bar and callbacks", "from a file", "beside a busy process"),
    "process": ("whole process", "second fit"),
    "start": ("import and first fit", "import", "first fit"),
    "zoo": ("fit",),
}
# Parts of the main figure: what one framework loads at its import, another loads at the first fit.
PARTS = ("import", "first fit", "one network")
TARGETS: dict[tuple[str, str], tuple[Target, ...]] = {
    ("mlp", "epoch"): (Target(at_least=2),),
    ("lenet", "epoch"): (Target(at_least=5.5),),
    ("cnn", "epoch"): (Target(at_least=2.5),),
    ("lstm", "epoch"): (Target(at_least=2),),
    ("gru", "epoch"): (Target(at_least=2),),
    ("transformer", "epoch"): (Target(at_least=1.3),),
    ("iris", "whole process"): (Target(at_least=2, against="scikit-learn"),),
    ("iris", "second fit"): (Target(at_least=20, against="scikit-learn"),),
    ("predict-1", "call"): (Target(at_least=6, against="keras-jax"), Target(at_most=100e-6)),
    ("start", "import"): (Target(at_most=0.2),),
    ("start", "first fit"): (Target(at_most=0.5), Target(at_most=0.25, contender="neurona-cached")),
    ("costs", "with progress bar and callbacks"): (Target(at_most=1.02, times_measure="epoch"),),
    ("costs", "beside a busy process"): (
        Target(at_most=2, times_measure="epoch"),
    ),  # one of two cores is left
    ("search", f"{SEARCHED} networks"): (Target(at_most=4, times_measure="one network"),),
}
