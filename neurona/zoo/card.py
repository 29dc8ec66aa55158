"""What the zoo says of a network: its card, and the experiment that shows what it can do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from neurona.language import in_language


class Words(NamedTuple):
    """A text in both languages.

    Example:

        >>> Words("map", "mapa").of("es")
        'mapa'
    """

    en: str
    es: str

    def of(self, language: str | None) -> str:
        """The text in a language; None is the user's."""
        return in_language(self._asdict(), language)


# The families in which the zoo is listed.
FAMILIES: Mapping[str, Words] = {
    "neurons": Words("Single neurons", "Neuronas solas"),
    "layers": Words("Layers of neurons", "Capas de neuronas"),
    "principal": Words("Hebbian learning", "Aprendizaje hebbiano"),
    "chains": Words("Chains of states", "Cadenas de estados"),
    "recurrent": Words("Recurrent networks", "Redes recurrentes"),
    "memory": Words("Gated and external memory", "Memoria con puertas y externa"),
    "attention": Words("Attention and language", "Atención y lenguaje"),
    "energy": Words("Energy and memory", "Energía y memoria"),
    "reservoirs": Words("Reservoirs and random features", "Reservorios y rasgos aleatorios"),
    "maps": Words("Maps and prototypes", "Mapas y prototipos"),
    "words": Words("Words", "Palabras"),
    "autoencoders": Words("Autoencoders", "Autocodificadores"),
    "generation": Words("Generation", "Generación"),
    "images": Words("Pictures", "Imágenes"),
    "graphs": Words("Graphs", "Grafos"),
    "play": Words("Play and control", "Juego y control"),
}

# The cells of the chart of networks (van Veen, The Neural Network Zoo, 2016).
CELLS: Mapping[str, Words] = {
    "input": Words("input", "entrada"),
    "back-fed input": Words("back-fed input", "entrada realimentada"),
    "noisy input": Words("noisy input", "entrada ruidosa"),
    "hidden": Words("hidden", "oculta"),
    "recurrent": Words("recurrent", "recurrente"),
    "memory": Words("memory", "memoria"),
    "gated memory": Words("gated memory", "memoria con puertas"),
    "kernel": Words("kernel", "núcleo"),
    "probabilistic hidden": Words("probabilistic hidden", "oculta probabilista"),
    "spiking hidden": Words("spiking hidden", "oculta de impulsos"),
    "capsule": Words("capsule", "cápsula"),
    "output": Words("output", "salida"),
    "match-input-output": Words("output that matches the input", "salida que iguala la entrada"),
    "convolution or pool": Words("convolution or pool", "convolución o reducción"),
}

# How a cell is drawn in a terminal that may have no other letters than these.
_SIGNS: Mapping[str, str] = {
    "input": "( )",
    "back-fed input": "(<)",
    "noisy input": "(~)",
    "hidden": "(*)",
    "recurrent": "(@)",
    "memory": "[m]",
    "gated memory": "(&)",
    "kernel": "<*>",
    "probabilistic hidden": "(?)",
    "spiking hidden": "(^)",
    "capsule": "{*}",
    "output": "(o)",
    "match-input-output": "(=)",
    "convolution or pool": "<o>",
}
_ARROW, _HIGH = " -> ", 3


def diagram(cells: Sequence[str], language: str | None = None) -> str:
    """A column of cells of each kind, from the input on, with their names below.

    Args:
        cells: keys of `CELLS`.
        language: `"en"`, `"es"`, or None for the user's.

    Example:

        >>> print(diagram(["input", "recurrent", "output"], "en"))
         ( )        (@)        (o)
         ( )   ->   (@)   ->   (o)
         ( )        (@)        (o)
        input    recurrent    output
    """
    names = [CELLS[cell].of(language) for cell in cells]
    lines = []
    for row in range(_HIGH):
        signs = [_SIGNS[cell].center(len(name)) for cell, name in zip(cells, names)]
        lines.append((_ARROW if row == _HIGH // 2 else " " * len(_ARROW)).join(signs).rstrip())
    return "\n".join([*lines, (" " * len(_ARROW)).join(names)])


@dataclass(frozen=True)
class Outcome:
    """What an experiment found.

    Attributes:
        figure: the number that is compared with the target.
        network: the network that reached it, or one of several, which `plot` draws.
        details: further numbers by their name.
        shown: the arguments with which `network.plot` shows it.
    """

    figure: float
    network: Any
    details: Mapping[Words, float] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """The experiment by which a network is known.

    Attributes:
        task: what is learned, from which data.
        measure: what the figure is.
        target: the figure to be reached.
        source: where the target was published, or how it was found.
        run: called with `seed` and `quick`; it returns an `Outcome`. A quick run takes a few seconds.
        quick_target: the figure that a quick run must reach, and an untrained network does not.
        lower: whether a lower figure is better.
        published: the paper's own, where that takes a GPU or days; it has no quick form.
    """

    task: Words
    measure: Words
    target: float
    source: Words
    run: Callable[..., Outcome]
    quick_target: float
    lower: bool = False
    published: Self | None = None

    def is_reached(self, figure: float, quick: bool = False) -> bool:
        """Whether a figure is as good as the target, or as that of a quick run."""
        bound = self.quick_target if quick else self.target
        return figure <= bound if self.lower else figure >= bound


@dataclass(frozen=True)
class Card:
    """A network of the zoo.

    Attributes:
        title: its name.
        year: of the first paper.
        paper: the paper.
        family: a key of `FAMILIES`.
        cells: the kinds of cells it is made of: keys of `CELLS`.
        summary: in a sentence, how it learns and what for.
        network: its class.
        experiment: its classic experiment.
        parameters: how many numbers the paper's own network learns, where the paper says so.
    """

    title: Words
    year: int
    paper: str
    family: str
    cells: tuple[str, ...]
    summary: Words
    network: type
    experiment: Experiment
    parameters: int | None = None
