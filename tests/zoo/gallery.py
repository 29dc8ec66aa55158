"""The tables of docs/zoo.md and docs/zoologico.md: what each experiment of the zoo reached, and when.

`make experiments ONLY=hopfield` runs one network's experiment, and renews its row and its picture.
docs/zoo_results.json keeps the figures; `python -m tests.zoo.gallery` writes the pages from it, and draws the
pictures that are missing, by quick experiments.
"""

import datetime
import json
import subprocess
from pathlib import Path
from typing import Any

from neurona import zoo
from neurona.zoo import Card, Experiment, Outcome, Words

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "zoo_results.json"
PAGES = {"en": ROOT / "docs" / "zoo.md", "es": ROOT / "docs" / "zoologico.md"}
TITLE = Words("The zoo", "El zoológico")
INTRODUCTION = Words(
    """Every network with the experiment that made it famous. `neurona zoo` lists them, `neurona zoo show
NAME` prints a card, `neurona zoo run NAME` runs the experiment and draws the network, `make experiments
ONLY=NAME` runs it and renews its row here. Seconds are those of two cores, which in some runs did other work
too. A picture shows a network after its experiment, or after the quick form of it (`--quick`).""",
    """Cada red con el experimento que la hizo famosa. `neurona zoo` las lista, `neurona zoo show NOMBRE`
muestra una ficha, `neurona zoo run NOMBRE` ejecuta el experimento y dibuja la red, `make experiments
ONLY=NOMBRE` lo ejecuta y renueva su fila aquí. Los segundos son de dos núcleos, que en algunas ejecuciones
hacían también otro trabajo. Un dibujo muestra una red tras su experimento, o tras la forma breve de este
(`--quick`).""",
)
COLUMNS = Words(
    "| Network | Paper | Experiment | Measure | Target | Reached | Seconds | Date | Command |",
    "| Red | Artículo | Experimento | Medida | Meta | Alcanzado | Segundos | Fecha | Orden |",
)
_DOTS = 64  # an inch of a picture
NOT_RUN = Words("not run yet", "aún sin ejecutar")


def results() -> dict[str, Any]:
    """The figures of the last run of each experiment."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}


def record(name: str, outcome: Outcome, seconds: float) -> None:
    """Keep what an experiment found, draw its network, and write the pages anew."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    found = {
        "figure": round(outcome.figure, 6),
        "details": {words.en: round(value, 6) for words, value in outcome.details.items()},
        "seconds": round(seconds, 1),
        "commit": commit.stdout.strip(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    RESULTS.write_text(json.dumps({**results(), name: found}, indent=2, sort_keys=True) + "\n", "utf-8")
    draw(name, outcome)
    write_pages()


def picture(name: str, language: str) -> Path:
    """Where the picture of a network lies."""
    return PAGES[language].with_suffix("") / f"{name}.png"


def draw(name: str, outcome: Outcome) -> None:
    """Draw a network after its experiment, in both languages."""
    for language in PAGES:
        path = picture(name, language)
        path.parent.mkdir(exist_ok=True)
        figure = outcome.network.plot(**outcome.shown, language=language)
        figure.savefig(path, dpi=_DOTS, metadata={"Software": None})


def draw_missing() -> None:
    """Draw the networks that have no picture, after their quick experiments."""
    for name, card in zoo.cards().items():
        if not all(picture(name, language).exists() for language in PAGES):
            draw(name, card.experiment.run(seed=0, quick=True))


def page(language: str) -> str:
    """A page, in a language."""
    found = results()
    lines = [f"# {TITLE.of(language)}", "", INTRODUCTION.of(language), ""]
    for family, title in zoo.FAMILIES.items():
        rows = [
            _row(name, card, experiment, found.get(name), language)
            for command, card in zoo.cards().items()
            for name, experiment in _experiments(command, card.experiment)
            if card.family == family
        ]
        if rows:
            head = COLUMNS.of(language)
            lines += [f"## {title.of(language)}", "", head, "|---" * (head.count("|") - 1) + "|", *rows, ""]
            lines += _pictures(family, language)
    return "\n".join(lines)


def _pictures(family: str, language: str) -> list[str]:
    """The pictures of a family's networks, each below its name."""
    lines = []
    for name, card in zoo.cards().items():
        path = picture(name, language)
        if card.family == family and path.exists():
            title = card.title.of(language)
            lines += [f"### {title}", "", card.summary.of(language), ""]
            lines += [f"![{title}]({path.relative_to(PAGES[language].parent).as_posix()})", ""]
    return lines


def _experiments(name: str, experiment: Experiment) -> list[tuple[str, Experiment]]:
    """The experiment of a network, and its paper's own where that is another."""
    longer = experiment.published
    return [(name, experiment), *([(f"{name} --published", longer)] if longer else [])]


def _row(name: str, card: Card, experiment: Experiment, found: dict[str, Any] | None, language: str) -> str:
    bound = "≤" if experiment.lower else "≥"
    reached = [f"{found['figure']:.4g}", f"{found['seconds']:g}", found["date"]] if found else []
    cells = [
        f"{card.title.of(language)} ({card.year})",
        card.paper,
        experiment.task.of(language),
        experiment.measure.of(language),
        f"{bound} {experiment.target:g}",
        *(reached or [NOT_RUN.of(language), "", ""]),
        f"`neurona zoo run {name}`",
    ]
    return "| " + " | ".join(cells) + " |"


def write_pages() -> None:
    """Write both pages."""
    for language, path in PAGES.items():
        path.write_text(page(language), "utf-8")


if __name__ == "__main__":
    draw_missing()
    write_pages()
