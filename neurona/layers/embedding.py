"""Layers at the beginning of a sequence model: vectors for numbers of words, and masks over padding."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from neurona import constraints, initializers, regularizers
from neurona.core.errors import DataError, ShapeError
from neurona.core.layer import Layer
from neurona.core.symbolic import also_symbolic
from neurona.kernels.embedding import embedding
from neurona.layers.arguments import positive
from neurona.layers.quantization import _Quantizable
from neurona.layers.quantized_weights import Layout

__all__ = [
    "Embedding",
    "Masking",
    "ReversibleEmbedding",
]


class Embedding(_Quantizable):
    """y = embeddings[x]: a learned vector for each of `input_dim` words, categories or other numbers.

    Args:
        input_dim: how many there are; the inputs are 0 to input_dim - 1.
        output_dim: the length of the vectors.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: names or objects.
        mask_zero: whether 0 is padding, which later layers then skip.
        weights: the first embeddings, instead of the initializer's.
        lora_rank: the rank of a low-rank adaptation, see `enable_lora`; None for none.
        lora_alpha: the strength of the adaptation; the rank by default.
        quantization_config: how the embeddings are kept as integers where `dtype` says so, see `quantize`.

    Shapes: x (any), integers -> y (*x, output_dim); embeddings (input_dim, output_dim).

    Raises:
        ArgumentError: a size is not a positive integer.
        DataError: an input is outside the range, in `fit` and `predict` as well (in a program that you
            compile yourself its vector is NaN).

    Source: Bengio, Ducharme, Vincent and Jauvin, A Neural Probabilistic Language Model, 2003.

    Example:

        >>> Embedding(10, 4)(jnp.array([[1, 2, 0]])).shape
        (1, 3, 4)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep_options(lora_rank, lora_alpha, quantization_config)
        self.input_dim, self.output_dim = (
            positive(input_dim, "input_dim", "Embedding"),
            positive(output_dim, "output_dim", "Embedding"),
        )
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = self.supports_masking = mask_zero
        self.autocast = False  # the inputs are numbers of words, not quantities
        self._arguments.pop("weights", None)
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    _refuses_values = True
    _adapted = "embeddings"
    _quantizable = ("embeddings",)
    _rounding_modes = ()  # the inputs are numbers of words

    def build(self, input_shape: Any = None) -> None:
        self.embeddings = self._add_adaptable("embeddings", (self.input_dim, self.output_dim))
        self._adapt_if_asked()

    def call(self, inputs: Any) -> Any:
        return embedding(self.embeddings.value, self._indices(inputs)).astype(self.compute_dtype)

    def _indices(self, inputs: Any) -> Any:
        """The inputs as integers in the range.

        Raises:
            DataError: one is outside.
        """
        indices = inputs if jnp.issubdtype(inputs.dtype, jnp.integer) else inputs.astype(jnp.int32)
        if not isinstance(indices, Tracer) and indices.size:
            known = np.asarray(indices)
            least, most = int(known.min()), int(known.max())
            if least < 0 or most >= self.input_dim:
                raise DataError(
                    f"Layer {self.name!r} (Embedding) has input_dim={self.input_dim} vectors, for the "
                    f"integers 0 to {self.input_dim - 1}. "
                    f"Received integers from {least} to {most}. "
                    + (
                        "Numbers do not count from the end: shift them so that they begin at 0, with 0 for "
                        "padding."
                        if least < 0
                        else f"Give it input_dim={most + 1} or more, or limit the vocabulary."
                    )
                )
        return indices

    def _layout(self, name: str, shape: tuple[int, ...]) -> Layout:
        return Layout(shape, axis=-1) if name == "embeddings" else Layout(shape, packed=-2)

    def _quantized_call(self, inputs: Any) -> Any:
        indices = self._indices(inputs)
        indices = jnp.where(indices < 0, self.input_dim, indices)  # NaN, as for others outside the range

        def rows(array: Any) -> Any:
            return jnp.take(array, indices, axis=0)

        vectors = self._quantized["embeddings"].numbers(rows)
        if self.lora_enabled:
            a, b = (matrix.value for matrix in self._low_rank)
            vectors = vectors + self._strength * (rows(a) @ b)
        return vectors.astype(self.compute_dtype)

    @also_symbolic
    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return jnp.not_equal(inputs, 0) if self.mask_zero else None


class ReversibleEmbedding(Embedding):
    """An embedding that also goes back: from vectors to a number for each of the words.

    Args:
        input_dim: how many words there are.
        output_dim: the length of the vectors.
        tie_weights: whether the way back uses the same vectors, or its own kernel (output_dim, input_dim).
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: names or objects.
        mask_zero: whether 0 is padding, which later layers then skip.
        reverse_dtype: the dtype in which the way back is computed; the inputs' by default.
        logit_soft_cap: c limits the way back smoothly: c tanh(z / c).

    Call arguments:
        inputs: integers, or vectors with `reverse=True`.
        reverse: whether to go back: z = x @ embeddings^T.

    Shapes: integers (any) -> (*any, output_dim); with reverse (..., output_dim) -> (..., input_dim).

    Raises:
        ArgumentError: a size is not a positive integer.
        DataError: an input is outside the range.

    Source: Press and Wolf, Using the Output Embedding to Improve Language Models, 2017.

    Example:

        >>> layer = ReversibleEmbedding(10, 4)
        >>> layer(layer(jnp.array([[1, 2]])), reverse=True).shape
        (1, 2, 10)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **kwargs,
        )
        self.tie_weights, self.reverse_dtype = tie_weights, reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self._add_adaptable(
                "reverse_embeddings", (self.output_dim, self.input_dim), self.embeddings_initializer
            )

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        if not reverse:
            return super().call(inputs)
        kernel = self.embeddings.value.T if self.tie_weights else self.reverse_embeddings.value
        return self._logits(inputs, kernel)

    def _logits(self, inputs: Any, kernel: Any) -> Any:
        """The way back."""
        dtype = self.reverse_dtype or self.compute_dtype
        logits = inputs.astype(dtype) @ kernel.astype(dtype)
        if self.logit_soft_cap is None:
            return logits
        return jnp.tanh(logits / self.logit_soft_cap) * self.logit_soft_cap

    _rounding_modes = ("int8", "int4")  # on the way back the inputs are vectors

    @property
    def _quantizable(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return ("embeddings",) if self.tie_weights else ("embeddings", "reverse_embeddings")

    def _quantized_call(self, inputs: Any, reverse: bool = False) -> Any:
        if not reverse:
            return super()._quantized_call(inputs)
        kernel = (
            self._quantized["embeddings"].numbers().T
            if self.tie_weights
            else self._quantized["reverse_embeddings"].numbers()
        )
        return self._logits(self._rounded(inputs), kernel)

    @also_symbolic
    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        integers = jnp.issubdtype(inputs.dtype, jnp.integer)
        return jnp.not_equal(inputs, 0) if self.mask_zero and integers else None


class Masking(Layer):
    """Masks the steps of a sequence in which every feature has the value that means padding, and sets them to
    0.

    Args:
        mask_value: that value.

    Shapes: x (batch, time, features) -> y the same, with a mask (batch, time).

    Raises:
        ShapeError: x has no features.

    Example:

        >>> from neurona.core.annotations import MASK
        >>> y = Masking(-1.0)(jnp.array([[[2.0, -1.0], [-1.0, -1.0]]]))
        >>> y.tolist(), MASK.get(y).tolist()
        ([[[2.0, -1.0], [0.0, 0.0]]], [[True, False]])
    """

    supports_masking = True

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def call(self, inputs: Any) -> Any:
        if inputs.ndim < 2:
            raise ShapeError(f"Masking takes (batch, time, features). Received shape {inputs.shape}.")
        return jnp.where(self.compute_mask(inputs)[..., None], inputs, 0)

    @also_symbolic
    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return jnp.any(jnp.not_equal(inputs, self.mask_value), axis=-1)
