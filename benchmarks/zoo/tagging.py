"""A conditional random field, beside CRFsuite's."""

from dataclasses import dataclass

import numpy as np

from benchmarks.workloads import Workload
from benchmarks.zoo.race import Race

TAGS, WORDS, LONGEST = 5, 500, 30


@dataclass(frozen=True)
class Tagged:
    """Sentences and the tag of each word: to learn, and to test."""

    words: list[list[str]]
    tags: list[list[str]]
    test_words: list[list[str]]
    test_tags: list[list[str]]


def sentences(workload: Workload) -> Tagged:
    """Sentences of 5 to 30 words that a hidden Markov model writes."""
    random, count = np.random.default_rng(0), workload.rows + workload.test_rows
    chain, shown = random.dirichlet(np.full(TAGS, 0.5), TAGS), random.dirichlet(np.full(WORDS, 0.25), TAGS)
    tags = np.empty((count, LONGEST), int)
    tags[:, 0] = random.integers(TAGS, size=count)
    for step in range(1, LONGEST):
        tags[:, step] = _drawn(chain[tags[:, step - 1]], random)
    words = _drawn(shown[tags.ravel()], random).reshape(tags.shape)
    lengths = random.integers(5, LONGEST + 1, count)
    cut = [[list(map(str, row[:size])) for row, size in zip(table, lengths)] for table in (words, tags)]
    return Tagged(*(part[: workload.rows] for part in cut), *(part[workload.rows :] for part in cut))


def _drawn(shares: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return (shares.cumsum(1)[:, :-1] < random.random((len(shares), 1))).sum(1)


def neurona(rows: Tagged, seed: int) -> list[list[str]]:
    """The tags of the test sentences."""
    from neurona.zoo import ConditionalRandomField

    return ConditionalRandomField().fit(rows.words, rows.tags).predict(rows.test_words)


def crfsuite(rows: Tagged, seed: int) -> list[list[str]]:
    from sklearn_crfsuite import CRF

    def features(part: list[list[str]]) -> list[list[dict[str, str]]]:
        return [[{"word": word} for word in sentence] for sentence in part]

    machine = CRF(algorithm="lbfgs", c2=0.1, max_iterations=100)
    machine.fit(features(rows.words), rows.tags)
    return machine.predict(features(rows.test_words))


def right(tags: list[list[str]], rows: Tagged) -> float:
    """The share of test words whose tag was found."""
    pairs = [pair for found, truth in zip(tags, rows.test_tags) for pair in zip(found, truth)]
    return float(np.mean([found == truth for found, truth in pairs]))


RACES = {"tagging": Race(sentences, {"neurona": neurona, "crfsuite": crfsuite}, right)}
