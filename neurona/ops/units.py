"""Units of 0 and 1: how they are drawn, and products with them, as the rules of the zoo call them."""

from neurona.kernels.bernoulli import bernoulli
from neurona.kernels.sparse_product import sparse_product

__all__ = ["bernoulli", "sparse_product"]
