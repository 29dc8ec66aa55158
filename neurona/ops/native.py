"""Operations of native kernels that networks of the zoo call: rows of a table, and units of 0 and 1."""

from neurona.kernels.bernoulli import bernoulli
from neurona.kernels.embedding import embedding
from neurona.kernels.sparse_product import sparse_product

__all__ = ["bernoulli", "embedding", "sparse_product"]
