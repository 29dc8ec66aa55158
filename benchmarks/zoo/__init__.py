"""Networks of the zoo beside the packages that have one each.

A race is a workload of the kind "zoo". Its `network` names an entry of `RACES`, which gives the same rows and
the same settings to every contender. A round fits a new network; all that were fitted are judged by the same
code, which takes no package's own word for its quality.
"""

import time
from collections.abc import Callable

from benchmarks.workloads import Workload
from benchmarks.zoo import (
    chains,
    energy,
    generation,
    language,
    linear,
    maps,
    memory,
    pictures,
    playing,
    reservoirs,
    spikes,
    tagging,
    words,
)
from benchmarks.zoo.race import Race

RACES: dict[str, Race] = {
    **maps.RACES,
    **energy.RACES,
    **linear.RACES,
    **chains.RACES,
    **reservoirs.RACES,
    **spikes.RACES,
    **tagging.RACES,
    **words.RACES,
    **generation.RACES,
    **memory.RACES,
    **language.RACES,
    **pictures.RACES,
    **playing.RACES,
}


def race(name: str, workload: Workload) -> tuple[Callable[[], dict[str, float]], Callable[[], float]]:
    """A contender's rounds, each with another seed, and the mean quality of what the counted ones fitted."""
    found = RACES[workload.network]
    rows, fit, fitted = found.rows(workload), found.fits[name], []

    def work() -> dict[str, float]:
        start = time.perf_counter()
        fitted.append(fit(rows, len(fitted)))
        return {"fit": time.perf_counter() - start}

    def judge() -> float:
        counted = fitted[1:]
        return sum(found.judge(network, rows) for network in counted) / len(counted)

    return work, judge
