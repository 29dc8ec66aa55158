"""A pass over a text that learns word vectors, as the rules of the zoo call it."""

from neurona.kernels.word_vectors import LANES, WordDraws, word_pass

__all__ = ["LANES", "WordDraws", "word_pass"]
