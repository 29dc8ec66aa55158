"""word2vec, beside gensim's, on film reviews."""

from functools import partial

import numpy as np

from benchmarks import data
from benchmarks.workloads import Workload
from benchmarks.zoo.race import Race

Sentences = list[list[str]]
Vectors = tuple[list[str], np.ndarray]  # words, and a row for each


def reviews(workload: Workload) -> Sentences:
    """The words of the first reviews."""
    with np.load(data.FOLDER / "reviews.npz", allow_pickle=False) as archive:
        text = archive["text"].tobytes().decode()
    return [line.split() for line in text.split("\n")[: workload.rows]]


def neurona(rows: Sentences, seed: int, sg: int) -> Vectors:
    from neurona.zoo import Word2Vec

    network = Word2Vec(sg=sg, random_state=seed).fit(rows)
    return list(network.words_), network.vectors


def gensim(rows: Sentences, seed: int, sg: int) -> Vectors:
    from gensim.models import Word2Vec

    vectors = Word2Vec(rows, sg=sg, seed=seed, workers=1).wv
    return list(vectors.index_to_key), vectors.vectors


def rank_correlation(learned: Vectors, rows: Sentences) -> float:
    """Spearman's, of the cosines of 30 pairs of words with how alike they are."""
    from scipy.stats import spearmanr

    from neurona.zoo.word_vectors import PAIRS

    places = {word: place for place, word in enumerate(learned[0])}
    vectors = learned[1] / np.linalg.norm(learned[1], axis=1, keepdims=True)
    known = [pair for pair in PAIRS if pair[0] in places and pair[1] in places]
    cosines = [vectors[places[one]] @ vectors[places[other]] for one, other, _ in known]
    return float(spearmanr(cosines, [alike for _, _, alike in known]).statistic)


RACES = {
    name: Race(
        reviews, {"neurona": partial(neurona, sg=sg), "gensim": partial(gensim, sg=sg)}, rank_correlation
    )
    for name, sg in (("skip-gram", 1), ("bag-of-words", 0))
}
