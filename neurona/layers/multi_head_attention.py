"""Attention with several heads and projections: MultiHeadAttention and GroupQueryAttention."""

import math
import string
from typing import Annotated, Any, Unpack

import jax
import jax.numpy as jnp

from neurona.core.annotations import MASK
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.options import Option
from neurona.core.registry import serialize
from neurona.core.symbolic import unique_name
from neurona.dtype_policies import DTypePolicyMap
from neurona.kernels.attention import attention
from neurona.layers.arguments import fraction, positive
from neurona.layers.attention import causal_mask, inverted_dropout
from neurona.layers.einsum_dense import EinsumDense
from neurona.layers.options import KernelAndBias, for_layer

__all__ = [
    "GroupQueryAttention",
    "MultiHeadAttention",
]


class AttentionOptions(KernelAndBias, total=False):
    """Options of the projections, the gate and the random numbers."""

    use_gate: Annotated[
        bool, Option(False, "whether to multiply the heads' outputs by sigmoid(query @ W_gate).")
    ]
    seed: Annotated[int | None, Option(None, "an integer that fixes the random numbers of dropout.")]


class _HeadedAttention(Layer):
    """What both layers share: the options of the projections, the masks, and softmax(q . k / sqrt(key size))
    @ v in each head.
    """

    # The parts that Keras's files have under private names.
    _private_in_files: tuple[str, ...] = ("gate_dense",)

    def _saved_parts(self) -> list[tuple[str, Any]]:
        parts = dict(super()._saved_parts())
        return [(f"_{name}" if name in self._private_in_files else name, parts[name]) for name in parts]

    _key_size: int
    _axes: tuple[int, ...] = (1,)  # of the inputs, along which there is attention
    supports_masking = True

    def __init__(
        self,
        dropout: float,
        use_bias: bool,
        sliding_window: int | None,
        flash_attention: bool | None,
        **options: Any,
    ) -> None:
        own = ("activity_regularizer", "use_gate", "seed")
        super().__init__(**for_layer(options, "kernel", "bias", own=own))
        owner = type(self).__name__
        self.dropout, self.use_bias = fraction(dropout, "dropout", owner), use_bias
        self.sliding_window = (
            None if sliding_window is None else positive(sliding_window, "sliding_window", owner)
        )
        self.flash_attention = flash_attention
        if flash_attention and dropout:
            raise ArgumentError(
                f"{owner}: with flash_attention there is no dropout. Received: dropout={dropout}; leave one "
                "of them out."
            )
        self._set_weight_options(options, "kernel", "bias")
        self.use_gate, self.seed = options["use_gate"], options["seed"]
        # The projections regularize their outputs, and the layer's output is the last of these.
        self._projection_regularizer = options["activity_regularizer"]

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "activity_regularizer": serialize(self._projection_regularizer)}
        policies = {part.name: part.dtype_policy for part in self._sublayers if part.quantization_mode}
        if policies and not isinstance(self.dtype_policy, DTypePolicyMap):
            paths = {rf"(.*/)?{self.name}/{name}": policy for name, policy in policies.items()}
            config["dtype"] = serialize(DTypePolicyMap(self.dtype_policy, paths))
        return config

    def _projection(
        self, name: str, equation: str, sizes: tuple[int | None, ...], bias_axes: str, activation: Any = None
    ) -> EinsumDense:
        """One of the projections, not yet built."""
        options = {
            f"{weight}_{option}": _copy(getattr(self, f"{weight}_{option}"))
            for weight in ("kernel", "bias")
            for option in ("initializer", "regularizer", "constraint")
        }
        return EinsumDense(
            equation,
            sizes,
            activation,
            bias_axes if self.use_bias else None,
            activity_regularizer=self._projection_regularizer,
            name=name,
            dtype=self.dtype_policy,
            trainable=self.trainable,
            **options,
        )

    def _allowed(
        self, rank: int, masks: list[Any], attention_mask: Any, lengths: tuple[int, int], causal: bool
    ) -> jax.Array | None:
        """True where a query may see a key: everything that any mask says, brought to the scores' rank."""
        query_mask, value_mask, key_mask = masks
        parts = [None if query_mask is None else jnp.asarray(query_mask, bool)[..., :, None]]
        parts += [
            None if mask is None else jnp.asarray(mask, bool)[..., None, :] for mask in (value_mask, key_mask)
        ]
        if causal:
            parts.append(causal_mask(*lengths)[None])
        if self.sliding_window is not None:
            distance = jnp.arange(lengths[0])[:, None] - jnp.arange(lengths[1])
            parts.append((jnp.abs(distance) < self.sliding_window)[None])
        parts.append(None if attention_mask is None else jnp.asarray(attention_mask).astype(bool))
        found = None
        for part in parts:
            if part is not None:
                # The axes that a mask lacks, the heads' first of all, stand before those of attention.
                part = jnp.expand_dims(
                    part, tuple(range(-2 * len(self._axes) - rank + part.ndim, -2 * len(self._axes)))
                )
                found = part if found is None else found & part
        return found

    def _attend(
        self,
        arrays: tuple[jax.Array, ...],
        equations: tuple[str, str],
        masks: tuple,
        training: bool,
        return_scores: bool,
    ) -> tuple[jax.Array, jax.Array | None]:
        """The outputs of all heads and, where it is asked for, the softmax.

        Shapes: query (B, T, N, H), key (B, S, N, H), value (B, S, N, V) -> (B, T, N, V), (B, N, T, S).
        """
        query, key, value = arrays
        if self.flash_attention and return_scores:
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}): with flash_attention there are no scores to "
                "return."
            )
        scale = 1 / math.sqrt(self._key_size)
        drops = training and 0 < self.dropout < 1
        if query.ndim == 4 and not return_scores and self.dropout < 1:
            # As in Keras: a query that may see nothing gets zeros where the layer has dropout, else the mean
            # of all values.
            y = attention(
                query,
                key,
                value,
                self._allowed(4, *masks),
                scale,
                rate=self.dropout if drops else 0.0,
                random_key=self._next_key() if drops else None,
                blind_is_zero=self.dropout > 0,
            )
            return y, None
        scores = jnp.einsum(equations[0], query * scale, key)
        allowed = self._allowed(scores.ndim, *masks)
        exact = scores.astype(jnp.promote_types(scores.dtype, jnp.float32))
        if allowed is not None:
            exact = jnp.where(allowed, exact, 0.7 * jnp.finfo(exact.dtype).min)
        weights = jax.nn.softmax(exact, axis=tuple(range(-len(self._axes), 0)))
        if allowed is not None:
            weights = jnp.where(allowed, weights, 0)
        weights = weights.astype(value.dtype)
        dropped = (
            inverted_dropout(weights, self.dropout, self._next_key())
            if training and self.dropout
            else weights
        )
        return jnp.einsum(equations[1], dropped, value), weights


def _copy(value: Any) -> Any:
    # A copy for each projection: an initializer without a seed draws one in its constructor.
    return type(value).from_config(value.get_config()) if hasattr(value, "from_config") else value


class MultiHeadAttention(_HeadedAttention):
    """Attention in several heads, with projections: y = concat(softmax(q k^T / sqrt(key_dim)) v) W_o, where q
    = query W_q, k = key W_k and v = value W_v.

    Args:
        num_heads: number of heads.
        key_dim: size of a head's queries and keys.
        value_dim: size of a head's values; None for key_dim.
        dropout: the share of the softmax that is set to zero in training.
        use_bias: whether the projections have biases.
        output_shape: the sizes of the output's last axes; None for the size of the query.
        attention_axes: the axes of the inputs along which there is attention; None for all between batch and
            features.
        sliding_window: a query sees the keys less than so many places away; None for all.
        flash_attention: no effect, except that True excludes dropout: XLA chooses how to compute.
        **options: those of `AttentionOptions`; the weights are the projections'.

    Call arguments:
        query, value, key: the inputs; the value is its own key.
        query_mask, value_mask, key_mask: true where there is something; they come by themselves from masked
            layers before.
        attention_mask: true where query i may see key j.
        return_attention_scores: whether to give the softmax too.
        use_causal_mask: whether query i sees the keys up to i only.

    Shapes: query (B, T, d), value (B, S, e), key (B, S, f), masks (B, T) and (B, S), attention_mask (B, T, S)
        or (B, heads, T, S) -> (B, T, d)[, softmax (B, heads, T, S)].

    Raises:
        ArgumentError: a size is not positive, or an argument is not one of those allowed.
        ShapeError: key and value differ in length.

    Source: Vaswani et al., Attention Is All You Need, 2017; the gate: Qiu et al., Gated Attention for Large
        Language Models, 2025.

    Example:

        >>> layer = MultiHeadAttention(num_heads=2, key_dim=3)
        >>> y, scores = layer(jnp.ones((4, 5, 6)), jnp.ones((4, 7, 8)), return_attention_scores=True)
        >>> y.shape, scores.shape
        ((4, 5, 6), (4, 2, 5, 7))
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        **options: Unpack[AttentionOptions],
    ) -> None:
        super().__init__(dropout, use_bias, sliding_window, flash_attention, **options)
        owner = type(self).__name__
        self.num_heads = positive(num_heads, "num_heads", owner)
        self.key_dim = positive(key_dim, "key_dim", owner)
        self.value_dim = self.key_dim if value_dim is None else positive(value_dim, "value_dim", owner)
        self._key_size = self.key_dim
        sizes = (output_shape,) if isinstance(output_shape, int) else output_shape
        self._output_sizes = (
            None if sizes is None else tuple(positive(size, "output_shape", owner) for size in sizes)
        )
        self.attention_axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes
        if self.attention_axes is not None and not (
            isinstance(self.attention_axes, (list, tuple))
            and all(isinstance(axis, int) for axis in self.attention_axes)
        ):
            raise ArgumentError(
                f"{owner}: attention_axes is an integer or a list of them. Received: "
                f"attention_axes={attention_axes!r}"
            )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "output_shape": self._output_sizes}

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        _check_lengths(self, value_shape, key_shape)
        free = len(value_shape) - 1
        axes = tuple(range(1, free)) if self.attention_axes is None else tuple(self.attention_axes)
        self._axes = self.attention_axes = tuple(axis if axis >= 0 else free + 1 + axis for axis in axes)
        self.equations = _attention_equations(free + 2, self._axes)
        self.query_dense = self._inward("query", query_shape, self.key_dim)
        self.key_dense = self._inward("key", key_shape, self.key_dim)
        self.gate_dense = (
            self._inward("gate", query_shape, self.value_dim, "sigmoid") if self.use_gate else None
        )
        self.value_dense = self._inward("value", value_shape, self.value_dim)
        free, sizes = len(query_shape) - 1, self._output_sizes or (query_shape[-1],)
        letters = string.ascii_lowercase
        before, heads, after = (
            letters[:free],
            letters[free : free + 2],
            letters[free + 2 : free + 2 + len(sizes)],
        )
        self.output_dense = self._projection(
            "attention_output",
            f"{before}{heads},{heads}{after}->{before}{after}",
            (*[None] * (free - 1), *sizes),
            after,
        )
        self.output_dense.build((*query_shape[:-1], self.num_heads, self.value_dim))

    def _inward(self, name: str, shape: Any, size: int, activation: Any = None) -> EinsumDense:
        letters, free = string.ascii_lowercase, len(shape) - 1
        before, feature, heads = letters[:free], letters[free], letters[free + 1 : free + 3]
        sizes = (*[None] * (free - 1), self.num_heads, size)
        layer = self._projection(
            name, f"{before}{feature},{feature}{heads}->{before}{heads}", sizes, heads, activation
        )
        layer.build(shape)
        return layer

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        key = value if key is None else key
        masks = (
            [query_mask, value_mask, key_mask],
            attention_mask,
            (query.shape[1], value.shape[1]),
            use_causal_mask,
        )
        arrays = self.query_dense(query), self.key_dense(key), self.value_dense(value)
        heads, scores = self._attend(arrays, self.equations, masks, training, return_attention_scores)
        output = self.output_dense(heads if self.gate_dense is None else heads * self.gate_dense(query))
        if query_mask is not None:
            MASK.set(output, query_mask)
        return (output, scores) if return_attention_scores else output


class GroupQueryAttention(_HeadedAttention, aliases=("GroupedQueryAttention",)):
    """MultiHeadAttention in which several heads of queries share one head of keys and values.

    Args:
        head_dim: size of a head's queries, keys and values.
        num_query_heads: number of heads of queries.
        num_key_value_heads: number of heads of keys and values; divides the former.
        dropout: the share of the softmax that is set to zero in training.
        use_bias: whether the projections have biases.
        sliding_window: a query sees the keys less than so many places away; None for all.
        flash_attention: no effect, except that True excludes dropout: XLA chooses how to compute.
        **options: those of `AttentionOptions`; the weights are the projections'.

    Call arguments: those of `MultiHeadAttention`.

    Shapes: query (B, T, d), value (B, S, e), key (B, S, f) -> (B, T, d)[, softmax (B, num_query_heads, T,
        S)].

    Raises:
        ArgumentError: a size is not positive, or the heads do not divide.
        ShapeError: an input has not 3 dimensions, or key and value differ in length.

    Source: Ainslie et al., GQA: Training Generalized Multi-Query Transformer Models from Multi-Head
        Checkpoints, 2023.

    Example:

        >>> layer = GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)
        >>> layer(jnp.ones((4, 5, 6)), jnp.ones((4, 7, 6))).shape
        (4, 5, 6)
    """

    _private_in_files = ("gate_dense", "key_dense", "output_dense", "query_dense", "value_dense")

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        **options: Unpack[AttentionOptions],
    ) -> None:
        options["name"] = options.get("name") or unique_name("grouped_query_attention")
        super().__init__(dropout, use_bias, sliding_window, flash_attention, **options)
        owner = type(self).__name__
        self.head_dim = self._key_size = positive(head_dim, "head_dim", owner)
        self.num_query_heads = positive(num_query_heads, "num_query_heads", owner)
        self.num_key_value_heads = positive(num_key_value_heads, "num_key_value_heads", owner)
        if self.num_query_heads % self.num_key_value_heads:
            raise ArgumentError(
                f"{owner}: num_key_value_heads divides num_query_heads. Received: {num_key_value_heads} and "
                f"{num_query_heads}"
            )

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        _check_lengths(self, value_shape, key_shape)
        for name, shape in (("query", query_shape), ("value", value_shape), ("key", key_shape)):
            if len(shape) != 3:
                raise ShapeError(
                    f"Layer {self.name!r} (GroupQueryAttention): {name} has shape (batch, length, features). "
                    f"Received {shape}."
                )
        self.query_dense = self._inward("query", query_shape, self.num_query_heads)
        self.key_dense = self._inward("key", key_shape, self.num_key_value_heads)
        self.gate_dense = (
            self._inward("gate", query_shape, self.num_query_heads, "sigmoid") if self.use_gate else None
        )
        self.value_dense = self._inward("value", value_shape, self.num_key_value_heads)
        self.output_dense = self._projection(
            "attention_output", "bquh,uhm->bqm", (None, query_shape[-1]), "m"
        )
        self.output_dense.build((None, None, self.num_query_heads, self.head_dim))

    def _inward(self, name: str, shape: Any, heads: int, activation: Any = None) -> EinsumDense:
        layer = self._projection(name, "bqm,muh->bquh", (None, heads, self.head_dim), "uh", activation)
        layer.build(shape)
        return layer

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        key = value if key is None else key
        masks = (
            [query_mask, value_mask, key_mask],
            attention_mask,
            (query.shape[1], value.shape[1]),
            use_causal_mask,
        )
        arrays = self.query_dense(query), self.key_dense(key), self.value_dense(value)
        return self._grouped(query, arrays, masks, training, return_attention_scores)

    def _grouped(
        self, query: Any, arrays: tuple[Any, Any, Any], masks: tuple, training: bool, return_scores: bool
    ) -> Any:
        """The output, from projected queries, keys and values, of which several queries share one."""
        repeats = self.num_query_heads // self.num_key_value_heads
        shared = [jnp.repeat(array, repeats, axis=2) if repeats > 1 else array for array in arrays[1:]]
        heads, scores = self._attend(
            (arrays[0], *shared), ("bquh,bkuh->buqk", "buqk,bkuh->bquh"), masks, training, return_scores
        )
        output = self.output_dense(heads if self.gate_dense is None else heads * self.gate_dense(query))
        if (query_mask := masks[0][0]) is not None:
            MASK.set(output, query_mask)
        return (output, scores) if return_scores else output


def _check_lengths(layer: Layer, value_shape: Any, key_shape: Any) -> None:
    if value_shape[1:-1] != key_shape[1:-1]:
        raise ShapeError(
            f"Layer {layer.name!r} ({type(layer).__name__}): value and key differ in their last axis only. "
            f"Received value {value_shape} and key {key_shape}."
        )


def _attention_equations(rank: int, axes: tuple[int, ...]) -> tuple[str, str]:
    """The Einstein sums of query and key, and of the softmax and the value, for projections of a rank.

    Example:

        >>> _attention_equations(4, (1,))
        ('abcd,aecd->acbe', 'acbe,aecd->abcd')
    """
    query = string.ascii_lowercase[:rank]
    others = dict(zip(axes, string.ascii_lowercase[rank:]))
    key = "".join(others.get(axis, letter) for axis, letter in enumerate(query))
    kept = "".join(letter for axis, letter in enumerate(query[:-1]) if axis not in axes)
    scores = kept + "".join(query[axis] for axis in axes) + "".join(others[axis] for axis in axes)
    return f"{query},{key}->{scores}", f"{scores},{key}->{query}"
