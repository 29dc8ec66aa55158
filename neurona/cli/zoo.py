"""`neurona zoo`: the networks of the zoo, their cards, their experiments, and games against them."""

import textwrap
import time
from dataclasses import replace
from pathlib import Path

from neurona.cli import play
from neurona.cli.folders import own_folder
from neurona.cli.texts import texts
from neurona.errors import MissingDependencyError, suggestion
from neurona.tasks.texts import Say
from neurona.zoo import CELLS, FAMILIES, Card, cards, diagram

_WIDTH = 96
_NETWORK = "network.keras"


def run(
    *,
    language: str,
    action: str,
    name: str | None,
    quick: bool,
    published: bool,
    seed: int,
    output: Path | None,
) -> int:
    """List the networks, show the card of one, run its experiment, or play; returns the exit status.

    Raises:
        MissingDependencyError: scikit-learn, whose contract the networks keep, is not installed.
    """
    say, known = texts(language), cards()
    if action == "list":
        _list(known, language)
        return 0
    if action == "play":
        return play.run(say, name, seed)
    if action not in ("show", "run"):
        hint = suggestion(action, ["list", "show", "run", "play"])
        print(say["zoo_action"].format(action=action, hint=hint))
        return 2
    if name is None:
        print(say["zoo_which"].format(action=action, names=", ".join(known)))
        return 2
    if name not in known:
        print(say["zoo_unknown"].format(name=name, hint=suggestion(name, known), names=", ".join(known)))
        return 2
    card = known[name]
    if published:
        longer = card.experiment.published
        if longer is None or quick:
            names = ", ".join(other for other, one in known.items() if one.experiment.published)
            print(say["zoo_unpublished"].format(name=name, names=names))
            return 2
        card = replace(card, experiment=longer)
    _show(card, language, say)
    return _experiment(name, card, language, say, quick, seed, output) if action == "run" else 0


def _list(known: dict[str, Card], language: str) -> None:
    """The networks of each family, the oldest first."""
    for family, title in FAMILIES.items():
        print(f"{title.of(language)}")
        for name, card in known.items():
            if card.family == family:
                print(f"  {card.year}  {name:<14} {card.title.of(language)}")


def _show(card: Card, language: str, say: Say) -> None:
    """What is known of a network."""
    experiment = card.experiment
    bound = "<=" if experiment.lower else ">="
    target = (
        f"{experiment.measure.of(language)} {bound} {experiment.target:g} ({experiment.source.of(language)})"
    )
    print(f"{card.title.of(language)} ({card.year})\n")
    print(textwrap.indent(diagram(card.cells, language), "  ") + "\n")
    lines = {
        "zoo_summary": card.summary.of(language),
        "zoo_paper": card.paper,
        "zoo_cells": ", ".join(CELLS[cell].of(language) for cell in card.cells),
        "zoo_class": f"neurona.zoo.{card.network.__name__}",
        "zoo_experiment": experiment.task.of(language),
        "zoo_target": target,
    }
    if card.parameters is not None:
        lines["zoo_parameters"] = f"{card.parameters:,}".replace(",", " " if language == "es" else ",")
    margin = max(len(say[key]) for key in lines) + 2
    for key, text in lines.items():
        head = f"{say[key]}:".ljust(margin)
        print(textwrap.fill(head + text, _WIDTH, subsequent_indent=" " * margin))


def _experiment(
    name: str, card: Card, language: str, say: Say, quick: bool, seed: int, output: Path | None
) -> int:
    """Run a network's experiment, print what it found, and draw the network."""
    print(f"\n{say['zoo_running']}", flush=True)
    begin = time.perf_counter()
    outcome = card.experiment.run(seed=seed, quick=quick)
    seconds = time.perf_counter() - begin
    reached = card.experiment.is_reached(outcome.figure, quick)
    print(
        say["zoo_reached" if reached else "zoo_missed"].format(
            measure=card.experiment.measure.of(language), figure=outcome.figure, seconds=seconds
        )
    )
    for detail, value in outcome.details.items():
        print(f"  {detail.of(language)}: {value:.4g}")
    folder = own_folder(output or Path("neurona-output") / "zoo" / name, _NETWORK)
    folder.mkdir(parents=True, exist_ok=True)
    outcome.network.save(folder / _NETWORK)  # first: a picture may be missing
    try:
        outcome.network.plot(**outcome.shown, language=language, to_file=folder / "network.png")
    except MissingDependencyError as error:
        print(say["no_pictures"].format(reason=error))
    print(say["zoo_written"].format(folder=folder))
    return 0
