"""Loss, the base of all losses: errors of samples, weighted, masked and reduced to one number."""

import contextlib
import copy
import functools
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.annotations import LOGITS, MASK
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import standardize_dtype
from neurona.core.registry import (
    Serializable,
    described_function,
    deserialize,
    register_built_in,
    resolve,
    snake_case,
)
from neurona.core.symbolic import Operation, is_symbolic, record, symbolic_leaves
from neurona.messages import translated
from neurona.tracebacks import ends_at_users_line

__all__ = [
    "Loss",
    "LossFunctionWrapper",
    "apply_mask",
    "reduce_weighted_values",
    "squeeze_or_expand_to_same_rank",
    "standardize_reduction",
]

# Computes a symbolic tensor that a loss took from around it; by default the error that it has no numbers.
_numbers_of: ContextVar[Callable[[Any], Any]] = ContextVar("numbers_of", default=np.asarray)

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss(Serializable):
    """Base of losses. A custom loss defines `call(y_true, y_pred)`, which gives one error per sample
    (and per time step).

    Args:
        name: what it is called in logs.
        reduction: `"sum_over_batch_size"` or `"mean"` divide the sum of the errors by their number,
            `"mean_with_sample_weight"` by the sum of their weights; `"sum"` divides by nothing; `"none"` or
            None leave the errors apart.
        dtype: in which targets and predictions are compared; None means `floatx()`.

    Raises:
        ArgumentError: the reduction is none of these.

    Example:

        >>> class Cubic(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return jnp.mean(abs(y_true - y_pred) ** 3, axis=-1)
        >>> float(Cubic()(np.array([[0.0], [1.0]]), np.array([[2.0], [1.0]]))), Cubic().name
        (4.0, 'cubic')
    """

    _kind = "losses"
    # Whether targets are class numbers, which stay integers: a float would round large ones.
    _integer_targets: bool = False

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.reduction = standardize_reduction(reduction)
        self.dtype = standardize_dtype(dtype)

    @ends_at_users_line
    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> jax.Array:
        """The loss.

        Args:
            y_true: the targets, an array or a tree of arrays.
            y_pred: the predictions; a mask attached to them leaves samples or time steps out.
            sample_weight: the weight of each error: a number, (batch,), or the shape of the errors.

        Raises:
            ShapeError: the shapes do not fit.
        """
        if symbolic_leaves((y_true, y_pred, sample_weight)):
            step = Operation(type(self).__name__, self.__call__)
            return record(step, (y_true, y_pred, sample_weight), {})
        mask = MASK.get(y_pred)
        y_pred = _arrays(y_pred, self.dtype)
        y_true = _arrays(y_true, self.dtype, keep_integers=self._integer_targets)
        errors = self.call(y_true, y_pred)
        errors = numbers_of(errors)
        own_mask = MASK.get(errors)
        if mask is not None and own_mask is not None:
            mask = mask & own_mask
        elif mask is None:
            mask = own_mask
        return reduce_weighted_values(errors, sample_weight, mask, self.reduction, self.dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One error per sample (and per time step), before weights and reduction."""
        raise NotImplementedError(
            translated(
                f"{type(self).__name__} needs a method call(self, y_true, y_pred) that returns one error per "
                "sample."
            )
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that rebuild this loss; `dtype` only where one was chosen."""
        config = super().get_config()
        if self._arguments.get("dtype") is None:
            config.pop("dtype", None)
        return config


class LossFunctionWrapper(Loss):
    """A function of targets and predictions as a `Loss`.

    Args:
        fn: `fn(y_true, y_pred, **options)`, which gives one error per sample; or the name of a built-in one.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.
        **options: passed on to `fn`, and kept as attributes.

    Example:

        >>> def cubic(y_true, y_pred):
        ...     return jnp.mean(abs(y_true - y_pred) ** 3, axis=-1)
        >>> float(LossFunctionWrapper(cubic)(np.array([0.0, 1.0]), np.array([[2.0], [1.0]])))
        4.0
    """

    def __init__(
        self,
        fn: Callable[..., Any] | str,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        self.fn = resolve("losses", fn)
        super().__init__(name or getattr(self.fn, "__name__", None), reduction, dtype)
        self._integer_targets = getattr(self.fn, "integer_targets", False)
        self.options = options
        vars(self).update(options)

    @ends_at_users_line
    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> jax.Array:
        """The loss; a cross-entropy of a softmax's or sigmoid's output is computed from their logits, as in
        Keras on TensorFlow.
        """
        logits = LOGITS.get(y_pred)
        of_this_loss = logits is not None and logits.activation == getattr(self.fn, "activation", None)
        if (
            logits is None
            or not of_this_loss
            or self.options.get("from_logits")
            or self.options.get("axis", -1) != -1
        ):
            return super().__call__(y_true, y_pred, sample_weight)
        on_logits = copy.copy(self)
        on_logits.options = {**self.options, "from_logits": True}
        MASK.carry(y_pred, logits.values)
        return super(LossFunctionWrapper, on_logits).__call__(y_true, logits.values, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if isinstance(y_true, jax.Array) and isinstance(y_pred, jax.Array):
            y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        elif jax.tree.structure(y_true) == jax.tree.structure(y_pred):
            pairs = jax.tree.map(squeeze_or_expand_to_same_rank, y_true, y_pred)
            y_true, y_pred = jax.tree.transpose(jax.tree.structure(y_true), jax.tree.structure((0, 0)), pairs)
        return self.fn(y_true, y_pred, **self.options)

    def get_config(self) -> dict[str, Any]:
        """The arguments that rebuild this loss, a built-in function being described as in Keras's files."""
        config = super().get_config()
        if isinstance(config.get("fn"), str):
            config["fn"] = described_function(config["fn"])
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build a loss from what `get_config` returned."""
        if "fn" in config:
            config = {**config, "fn": deserialize(config["fn"], kind="losses")}
        return super().from_config(config)


def loss_function(
    *aliases: str, integer_targets: bool = False, activation: str | None = None
) -> Callable[[Any], Any]:
    """Make a function findable among the losses, by its name and these.

    Args:
        aliases: more names.
        integer_targets: whether its targets are class numbers.
        activation: what makes its probabilities of logits; then the loss is computed from those where they
            are known.

    Example:

        >>> resolve("losses", "mse").__name__
        'mean_squared_error'
    """

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if symbolic_leaves((args, kwargs)):
                return record(Operation(function.__name__, call), args, kwargs)
            return function(*args, **kwargs)

        call.integer_targets = integer_targets  # pyright: ignore[reportAttributeAccessIssue]
        call.activation = activation  # pyright: ignore[reportAttributeAccessIssue]
        return register_built_in(call, kind="losses", aliases=aliases)

    return decorate


def numbers_of(value: Any) -> Any:
    """The value of a symbolic tensor for the batch of the loss; anything else as it is."""
    return _numbers_of.get()(value) if is_symbolic(value) else value


@contextlib.contextmanager
def symbols_computed(numbers_of: Callable[[Any], Any]) -> Iterator[None]:
    """A block in which losses may take symbolic tensors of the model from around them, as those of Keras 1
    and 2 do.

    Args:
        numbers_of: computes a symbolic tensor for the batch of the loss.
    """
    token = _numbers_of.set(numbers_of)
    try:
        yield
    finally:
        _numbers_of.reset(token)


def standardize_reduction(reduction: str | None) -> str | None:
    """The reduction, checked.

    Example:

        >>> standardize_reduction("sum")
        'sum'
    """
    if reduction not in REDUCTIONS:
        raise ArgumentError(
            f"reduction is one of {', '.join(map(repr, REDUCTIONS))}. Received: {reduction!r}"
        )
    return reduction


def _arrays(tree: Any, dtype: str, keep_integers: bool = False) -> Any:
    """Every leaf of a tree as an array. Nested lists of numbers are one array, lists of arrays are a tree."""
    if isinstance(tree, Mapping):
        return {key: _arrays(value, dtype, keep_integers) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)) and any(
        isinstance(item, Mapping) or hasattr(item, "ndim") for item in tree
    ):
        return type(tree)(_arrays(item, dtype, keep_integers) for item in tree)
    array: Any = tree if hasattr(tree, "dtype") else np.asarray(tree)
    if keep_integers and jnp.issubdtype(array.dtype, jnp.integer):
        return jnp.asarray(array, "int32")
    return jnp.asarray(array, dtype)


def squeeze_or_expand_to_same_rank(x1: Any, x2: Any, expand_rank_1: bool = True) -> tuple[Any, Any]:
    """Drop or add a last axis of size 1 where the ranks differ by one: (batch,) and (batch, 1) both become
    (batch, 1).

    Args:
        x1, x2: arrays.
        expand_rank_1: whether an array of rank 1 gets the axis; else the other one loses it.

    Example:

        >>> [x.shape for x in squeeze_or_expand_to_same_rank(np.ones(3), np.ones((3, 1)))]
        [(3, 1), (3, 1)]
        >>> [x.shape for x in squeeze_or_expand_to_same_rank(np.ones((3, 2)), np.ones((3, 2, 1)))]
        [(3, 2), (3, 2)]
    """
    if x1.ndim == x2.ndim + 1 and x1.shape[-1] == 1:
        return (x1, x2[..., None]) if x2.ndim == 1 and expand_rank_1 else (x1[..., 0], x2)
    if x2.ndim == x1.ndim + 1 and x2.shape[-1] == 1:
        return (x1[..., None], x2) if x1.ndim == 1 and expand_rank_1 else (x1, x2[..., 0])
    return x1, x2


def prepare(function: str, y_true: Any, y_pred: Any) -> tuple[jax.Array, jax.Array]:
    """Targets and predictions as arrays of the predictions' dtype whose shapes broadcast.

    Raises:
        ShapeError: they do not; the message names the function.
    """
    y_pred = jnp.asarray(y_pred)
    y_true, y_pred = squeeze_or_expand_to_same_rank(jnp.asarray(y_true, y_pred.dtype), y_pred)
    try:
        np.broadcast_shapes(y_true.shape, y_pred.shape)
    except ValueError:
        raise ShapeError(
            f"{function} compares targets with predictions of the same shape. Received: y_true of shape "
            f"{y_true.shape}, y_pred of shape "
            f"{y_pred.shape}. {_mend(y_true.shape, y_pred.shape)}"
        ) from None
    return y_true, y_pred


def _mend(true: tuple[int, ...], pred: tuple[int, ...]) -> str:
    if true == pred[:-1] or (true[:-1] == pred[:-1] and true[-1] == 1):
        return (
            "If the targets are class numbers, use sparse_categorical_crossentropy, or make them one-hot: "
            f"to_categorical(y, {pred[-1]}). "
            "If they are values, the last layer needs 1 unit."
        )
    if len(true) == len(pred) and true[:-1] == pred[:-1]:
        return f"The last layer must have as many units as the targets have columns: {true[-1]}."
    return "Check the last layer's units and the shape of the targets."


def reduce_weighted_values(
    values: Any,
    sample_weight: Any = None,
    mask: Any = None,
    reduction: str | None = "sum_over_batch_size",
    dtype: Any = None,
) -> jax.Array:
    """Errors times weights, without the masked ones, reduced as in `Loss`.

    Args:
        values: the errors: (batch,), (batch, time)... or a scalar.
        sample_weight: a number, (batch,), or a shape that broadcasts to the errors'.
        mask: true where an error counts. Means are over those that count.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        dtype: the dtype of the result; that of the values if None.

    Raises:
        ShapeError: weights or mask do not fit the errors.

    Example:

        >>> float(reduce_weighted_values(np.array([1.0, 5.0]), np.array([2.0, 1.0])))
        3.5
        >>> float(reduce_weighted_values(np.array([1.0, 5.0]), mask=np.array([True, False])))
        1.0
    """
    standardize_reduction(reduction)
    values = jnp.asarray(values, dtype or jnp.result_type(values))
    weights = None if sample_weight is None else jnp.asarray(sample_weight, values.dtype)
    weights = apply_mask(weights, mask, values.dtype, reduction)
    if weights is not None:
        values, weights = align_weights(values, weights)
        values = values * weights
    if reduction in (None, "none") or values.shape in ((), (0,)):
        return values
    total = jnp.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weights is not None:
        return divide_no_nan(total, jnp.sum(weights))
    return total / values.size if values.size else jnp.zeros_like(total)


def apply_mask(sample_weight: Any, mask: Any, dtype: Any, reduction: str | None) -> Any:
    """Weights with the mask in them, so that a mean over all errors becomes the mean over those that count.

    Example:

        >>> apply_mask(None, np.array([True, False]), "float32", "mean").tolist()
        [2.0, 0.0]
        >>> apply_mask(None, np.array([True, False]), "float32", "sum").tolist()
        [1.0, 0.0]
    """
    if mask is None:
        return sample_weight
    counted = jnp.asarray(mask, dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        counted = jnp.where(
            counted != 0, divide_no_nan(jnp.asarray(counted.size, dtype), jnp.sum(counted)), 0
        )
    if sample_weight is None:
        return counted
    counted, weights = align_weights(counted, jnp.asarray(sample_weight, dtype))
    return weights * counted


def divide_no_nan(x: jax.Array, y: jax.Array) -> jax.Array:
    """x / y, and 0 where y is 0.

    Example:

        >>> divide_no_nan(jnp.array([1.0, 1.0]), jnp.array([2.0, 0.0])).tolist()
        [0.5, 0.0]
    """
    return jnp.where(y == 0, 0, x / jnp.where(y == 0, 1, y))


def align_weights(values: jax.Array, weights: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Errors and weights in shapes that broadcast. Weights of whole samples, (batch,), apply to all time
    steps of (batch, time).

    Raises:
        ShapeError: they can't be.

    Example:

        >>> align_weights(jnp.ones((3, 5)), jnp.ones(3))[1].shape
        (3, 1)
    """
    values, weights = squeeze_or_expand_to_same_rank(values, weights)
    if 0 < weights.ndim < values.ndim and weights.shape == values.shape[: weights.ndim]:
        weights = weights.reshape(weights.shape + (1,) * (values.ndim - weights.ndim))
    try:
        np.broadcast_shapes(values.shape, weights.shape)
    except ValueError:
        raise ShapeError(
            f"sample_weight or mask of shape {weights.shape} does not fit errors of shape {values.shape}. "
            f"Give one weight per sample, ({values.shape[0]},), or one per error, {values.shape}."
        ) from None
    return values, weights
