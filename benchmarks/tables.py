"""From seconds to ratios, verdicts and lines of tables."""

from dataclasses import dataclass
from statistics import median

from benchmarks.races import ZOO_TARGETS
from benchmarks.rounds import Figures
from benchmarks.workloads import MEASURES, NAMES, PARTS, TARGETS, Workload

OURS = "neurona"
ALL_TARGETS = {**TARGETS, **ZOO_TARGETS}


@dataclass
class Result:
    """What was measured of one workload, in which run.

    `run` holds the command, the machine and the packages' versions; `ceiling` is the machine's floating-point
    operations per second.
    """

    workload: Workload
    figures: dict[str, Figures]
    run: dict
    ceiling: float

    def seconds(self, contender: str, measure: str) -> list[float]:
        return self.figures[contender].seconds.get(measure, []) if contender in self.figures else []

    @property
    def measures(self) -> list[str]:
        """The measures that any contender's figures hold."""
        return [
            name
            for name in MEASURES[self.workload.kind]
            if any(self.seconds(each, name) for each in self.figures)
        ]


def best_peer(result: Result, measure: str) -> str | None:
    """The fastest contender by its median, Neurona excluded."""
    medians = {
        name: median(result.seconds(name, measure))
        for name in result.figures
        if not name.startswith(OURS) and result.seconds(name, measure)
    }
    return min(medians, key=medians.__getitem__, default=None)


def ratios(own: list[float], theirs: list[float]) -> list[float]:
    """Speed relative to a peer, formed within each round: above 1 is faster."""
    return [their / mine for mine, their in zip(own, theirs)]


@dataclass
class Comparison:
    """Neurona against one peer in one measure: medians, the median of the rounds' ratios and their
    extremes.
    """

    title: str
    own: float
    peer: str
    theirs: float
    ratio: float
    low: float
    high: float
    target: float | None

    @property
    def verdict(self) -> str:
        """Whether the target was met, or by how much it was missed."""
        if self.target is None:
            return ""
        return "met" if self.ratio >= self.target else f"missed by {1 - self.ratio / self.target:.0%}"


def title_of(result: Result, measure: str) -> str:
    """The workload's name in a table of several; with the measure where it has more than one."""
    title = result.workload.title
    return f"{title}: {measure}" if len(MEASURES[result.workload.kind]) > 1 else title


def comparisons(result: Result) -> list[Comparison]:
    """Neurona against the best peer in each measure that is not a part of another; and against the peer that
    a target names.
    """
    found = []
    for measure in result.measures:
        own, best = result.seconds(OURS, measure), best_peer(result, measure)
        targets = [
            target for target in ALL_TARGETS.get((result.workload.name, measure), ()) if target.at_least
        ]
        peers = {target.against or best: target.at_least for target in targets}
        for peer in () if measure in PARTS or not own else dict.fromkeys((best, *peers)):
            theirs = result.seconds(peer, measure) if peer else []
            if theirs:
                each = ratios(own, theirs)
                title, middle = title_of(result, measure), median(each)
                found.append(
                    Comparison(
                        title,
                        median(own),
                        peer,
                        median(theirs),
                        middle,
                        min(each),
                        max(each),
                        peers.get(peer),
                    )
                )
    return found


@dataclass
class Limit:
    """A measure that should not exceed a number: of seconds, or of times another measure."""

    title: str
    at_most: str
    measured: str
    verdict: str


def limits(result: Result) -> list[Limit]:
    found = []
    for measure in result.measures:
        for target in ALL_TARGETS.get((result.workload.name, measure), ()):
            own = result.seconds(target.contender, measure)
            if target.at_most is None or not own:
                continue
            title = title_of(result, measure) + (
                "" if target.contender == OURS else f" ({NAMES[target.contender]})"
            )
            if target.times_measure:
                value = median(own) / median(result.seconds(target.contender, target.times_measure))
                texts = f"{target.at_most:g} x {target.times_measure}", f"{value:.2f} x"
            else:
                value = median(own)
                texts = duration(target.at_most), duration(value)
            verdict = (
                "met" if value <= target.at_most else f"missed: {value / target.at_most:.2f} times the limit"
            )
            found.append(Limit(title, *texts, verdict))
    return found


def duration(seconds: float) -> str:
    """Three digits in the unit that suits.

    >>> duration(12.3456), duration(0.01234), duration(0.00008)
    ('12.3 s', '12.3 ms', '80.0 µs')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)):
        value = seconds / size
        if value >= 0.9995 or unit == "ns":
            break
    return f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f} {unit}"


def lines(result: Result, measure: str) -> list[list[str]]:
    """A table of one measure, its header first, then a line per contender, the fastest first."""
    workload = result.workload
    steps = -(-workload.rows // workload.batch) if workload.kind == "training" else 0
    header = ["contender", f"time per {measure}" if measure in ("epoch", "call") else measure, "from - to"]
    header += ["per step"] * bool(steps)
    peer = None if measure in PARTS else best_peer(result, measure)
    judged = workload.score and measure == MEASURES[workload.kind][0]
    header += ["speed / best peer", "from - to"] * bool(peer)
    header += ["of ceiling"] * bool(workload.operations) + [workload.score] * bool(judged)
    names = [name for name in result.figures if result.seconds(name, measure)]
    table = []
    for name in sorted(names, key=lambda name: median(result.seconds(name, measure))):
        own = result.seconds(name, measure)
        middle = median(own)
        cells = [NAMES[name], duration(middle), f"{duration(min(own))} - {duration(max(own))}"]
        if steps:
            cells.append(duration(middle / steps))
        if peer:
            each = ratios(own, result.seconds(peer, measure))
            cells += [f"{median(each):.2f}", f"{min(each):.2f} - {max(each):.2f}"] if each else ["", ""]
        if workload.operations:
            cells.append(f"{workload.operations / middle / result.ceiling:.1%}")
        if judged:
            score = result.figures[name].score
            cells.append("" if score is None else f"{score:.4f}")
        table.append(cells)
    return [header, *table]


def as_text(table: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*table)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths)).rstrip() for line in table
    )


def as_markdown(table: list[list[str]]) -> str:
    header, *rest = table
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, ["---"] * len(header), *rest])
