"""Layers that turn values into categories, and categories into numbers: encoding, hashing, bins."""

from collections.abc import Mapping
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, DataError, NotBuiltError, ShapeError
from neurona.core.layer import Layer
from neurona.core.policy import floatx
from neurona.core.sources import each_batch
from neurona.core.symbolic import SymbolicTensor
from neurona.layers.arguments import choice, positive
from neurona.layers.hashes import fingerprint, joined, keyed_hash
from neurona.layers.host import _HostLayer, texts_of

__all__ = [
    "CategoryEncoding",
    "Discretization",
    "HashedCrossing",
    "Hashing",
]

_CROSS_KEY = 956888297470  # TensorFlow's


def output_mode_of(mode: Any, allowed: tuple[str, ...], owner: str) -> str:
    """One of the modes allowed; Keras 2's "binary" and "tf-idf" are "multi_hot" and "tf_idf"."""
    renamed = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode) if isinstance(mode, str) else mode
    return choice(renamed, allowed, "output_mode", owner)


def dense(sparse: bool, owner: str) -> bool:
    """False.

    Raises:
        ArgumentError: sparse outputs are asked for.
    """
    if sparse:
        raise ArgumentError(f"{owner}: outputs are dense arrays here. Leave sparse=True out.")
    return False


def encoded(numbers: Any, mode: str, depth: int, dtype: Any, weights: Any = None) -> Any:
    """Numbers of categories as they are ("int"), or as rows of `depth` columns.

    Args:
        numbers: integers; those out of range count nowhere.
        mode: "int", "one_hot" (a row for each number), "multi_hot" (1 for what occurs in a row), "count"
            (how often).
        depth: the number of categories.
        dtype: of the result.
        weights: what each number counts, for "count".

    Shapes: (batch, n) -> (batch, n), (batch, n, depth) or (batch, depth); (batch,) and (batch, 1) with
        "one_hot" -> (batch, depth).

    Example:

        >>> encoded(jnp.array([[0, 2, 2]]), "count", 3, "int32").tolist()
        [[1, 0, 2]]
    """
    numbers = jnp.asarray(numbers)
    if mode == "int":
        return numbers.astype(dtype)
    numbers = numbers[None] if numbers.ndim == 0 else numbers
    if mode == "one_hot":
        numbers = numbers[..., 0] if numbers.ndim > 1 and numbers.shape[-1] == 1 else numbers
        return jax.nn.one_hot(numbers, depth, dtype=dtype)
    hot = jax.nn.one_hot(numbers, depth, dtype=dtype)
    if mode == "multi_hot":
        return hot.max(-2, initial=0)  # of an empty row too
    axis = 1 if numbers.ndim > 1 else 0
    return (hot if weights is None else hot * weights[..., None]).sum(axis).astype(dtype)


def spec_of_categories(shape: Any, mode: str, depth: int | None, dtype: Any) -> SymbolicTensor:
    """The shape and dtype of what `encoded` returns for numbers of a shape.

    Example:

        >>> spec_of_categories((None, 1), "one_hot", 5, "float32").shape
        (None, 5)
    """
    shape = tuple(shape)
    if mode == "int":
        return SymbolicTensor(shape, "int32")
    if mode == "one_hot":
        return SymbolicTensor((*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), depth), dtype)
    return SymbolicTensor((*shape[:-1], depth), dtype)


class CategoryEncoding(Layer):
    """Numbers of categories as rows of ones and zeros, or of counts.

    Args:
        num_tokens: the number of categories.
        output_mode: "multi_hot" (1 for each that occurs in a row), "one_hot" (a row for each number), or
            "count" (how often).
        sparse: must be False: outputs are dense arrays.

    Call arguments:
        inputs: integers from 0 to num_tokens - 1.
        count_weights: what each of them counts, for "count".

    Shapes: (batch, n) -> (batch, num_tokens), or (batch, n, num_tokens) with "one_hot" and n > 1.

    Raises:
        ArgumentError: num_tokens is missing, the mode is unknown, or weights come in another mode.

    Example:

        >>> CategoryEncoding(4)(jnp.array([[0, 1], [3, 3]])).tolist()
        [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
        >>> CategoryEncoding(3, output_mode="one_hot")(jnp.array([2, 0])).tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_tokens is None:
            raise ArgumentError(
                "CategoryEncoding needs num_tokens, the number of categories. IntegerLookup finds it in data."
            )
        self.num_tokens = positive(num_tokens, "num_tokens", "CategoryEncoding")
        self.output_mode = output_mode_of(output_mode, ("multi_hot", "one_hot", "count"), "CategoryEncoding")
        self.sparse = dense(sparse, "CategoryEncoding")

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        if count_weights is not None and self.output_mode != "count":
            raise ArgumentError(
                f"Layer {self.name!r} (CategoryEncoding): count_weights belong to output_mode='count'. "
                f"Received: output_mode={self.output_mode!r}"
            )
        numbers = jnp.asarray(inputs)
        if not jnp.issubdtype(numbers.dtype, jnp.integer):
            numbers = numbers.astype("int32")
        weights = None if count_weights is None else jnp.asarray(count_weights, self.compute_dtype)
        return encoded(numbers, self.output_mode, self.num_tokens, self.compute_dtype, weights)

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_config().items() if name != "sparse"}


class Discretization(Layer):
    """The number of the bin that each value falls into: 0 below the first boundary, 1 from it on, and so on.

    Args:
        bin_boundaries: the boundaries, ascending.
        num_bins: instead of boundaries: how many bins `adapt` makes, with about as many values in each.
        epsilon: how exactly `adapt` finds the quantiles: it keeps about 1 / epsilon of them.
        output_mode: "int", or "one_hot", "multi_hot" or "count" as of `CategoryEncoding`.
        sparse: must be False: outputs are dense arrays.
        dtype: a dtype or a `DTypePolicy`; the global policy if None.
        name: unique in a model; made from the class's name if None.

    Shapes: x (any) -> bins, the same, or rows of ones as of `CategoryEncoding`.

    Raises:
        ArgumentError: both boundaries and a number of bins are given, or neither, or an option is unknown.
        NotBuiltError: it is called before it has boundaries.
        DataError: adapt received no data.

    Example:

        >>> Discretization([0.0, 1.0, 2.0])(jnp.array([-5.0, 0.0, 1.5, 9.0])).tolist()
        [0, 1, 2, 3]
        >>> layer = Discretization(num_bins=2)
        >>> layer.adapt(np.arange(100.0))
        >>> layer(jnp.array([3.0, 90.0])).tolist()
        [0, 1]
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if (bin_boundaries is None) == (num_bins is None):
            raise ArgumentError(
                "Discretization takes bin_boundaries, or num_bins for boundaries that adapt finds: one of "
                f"them. Received: bin_boundaries={bin_boundaries}, num_bins={num_bins}"
            )
        self.num_bins = None if num_bins is None else positive(num_bins, "num_bins", "Discretization")
        self.bin_boundaries = None if bin_boundaries is None else np.asarray(bin_boundaries).tolist()
        self.epsilon, self.sparse = epsilon, dense(sparse, "Discretization")
        modes = ("int", "one_hot", "multi_hot", "count")
        self.output_mode = output_mode_of(output_mode, modes, "Discretization")

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find the boundaries in an array, or in an iterable of batches: the first `steps` of them."""
        if self.num_bins is None:
            raise ArgumentError(
                f"Layer {self.name!r} (Discretization) was given boundaries; there is nothing to adapt."
            )
        batches = (
            [data] if hasattr(data, "__array__") or isinstance(data, (list, tuple)) else each_batch(data)
        )
        summary = np.zeros((2, 0), "float32")
        for number, batch in enumerate(batches):
            if steps is not None and number >= steps:
                break
            batch = batch[0] if isinstance(batch, tuple) else batch
            summary = _merged(_summary(np.asarray(batch, "float32"), self.epsilon), summary, self.epsilon)
        if not summary.size:
            raise DataError(f"Layer {self.name!r} (Discretization): adapt received no data.")
        self.bin_boundaries = _compressed(summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The symbolic outputs; before `adapt`, the number of bins says them."""
        if self.bin_boundaries is not None:
            return super().compute_output_spec(inputs, *args, **kwargs)
        boundaries = [float(number) for number in range((self.num_bins or 1) - 1)]
        like = type(self)(boundaries, output_mode=self.output_mode, dtype=self.dtype)
        return like.compute_output_spec(inputs)

    def call(self, inputs: Any) -> Any:
        if self.bin_boundaries is None:
            raise NotBuiltError(
                f"Layer {self.name!r} (Discretization) has no boundaries yet: call `adapt(data)` first."
            )
        boundaries = jnp.asarray(self.bin_boundaries, floatx())
        bins = jnp.searchsorted(boundaries, jnp.asarray(inputs, floatx()), side="right")
        dtype = "int32" if self.output_mode == "int" else self.compute_dtype
        return encoded(bins, self.output_mode, len(self.bin_boundaries) + 1, dtype)

    def get_config(self) -> dict[str, Any]:
        names = ("bin_boundaries", "num_bins", "epsilon", "output_mode", "sparse", "name", "dtype")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """A layer that was adapted has both a number of bins and boundaries."""
        if config.get("bin_boundaries") is None or config.get("num_bins") is None:
            return super().from_config(config)
        layer = super().from_config({**config, "bin_boundaries": None})
        layer.bin_boundaries = list(config["bin_boundaries"])
        return layer

    def load_own_variables(self, store: Any) -> None:
        """Read the quantiles that tf-keras keeps of what the layer was adapted to.

        Raises:
            ShapeError: they are no pairs of quantiles and their weights.
        """
        if self.num_bins is None or "0" not in store:
            return
        summary = np.asarray(store["0"], np.float32)
        if summary.ndim != 2 or len(summary) != 2:
            raise ShapeError(
                f"Layer {self.name!r} (Discretization) is read from quantiles of shape (2, n). Received "
                f"shape {summary.shape}."
            )
        if summary.size:
            self.bin_boundaries = _compressed(summary, 1.0 / self.num_bins)[0, :-1].tolist()


def _summary(values: np.ndarray, epsilon: float) -> np.ndarray:
    """Quantiles of values and how many values each stands for, (2, n)."""
    values = np.sort(values, axis=None)
    step = max(values.size * epsilon, 1.0)
    kept = values[int(step - 1) :: int(step)]
    return np.stack([kept, np.full_like(kept, step)])


def _merged(one: np.ndarray, other: np.ndarray, epsilon: float) -> np.ndarray:
    both = np.concatenate([one, other], 1)
    return _compressed(both[:, np.argsort(both[0])], epsilon)


def _compressed(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """A summary of about 1 / epsilon quantiles, interpolated."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    sums = summary[1].cumsum()
    values = np.interp(shares, sums / sums[-1], summary[0])
    weights = np.diff(np.interp(shares, sums / sums[-1], sums), prepend=0)
    return np.stack([values, weights]).astype("float32")


def salt_of(salt: Any, owner: str) -> list[int] | None:
    """Two integers, from one, two or None.

    Raises:
        ArgumentError: it is something else.
    """
    if salt is None:
        return None
    pair = list(salt) if isinstance(salt, (tuple, list)) else [salt, salt]
    if len(pair) != 2 or not all(isinstance(one, (int, np.integer)) for one in pair):
        raise ArgumentError(f"{owner}: salt is one integer or two. Received: salt={salt!r}")
    return [int(one) for one in pair]


def hashed(texts: Any, bins: int, salt: Any = None) -> np.ndarray:
    """The bin of each text, by FarmHash, or by SipHash with a salt.

    Example:

        >>> hashed(np.array(["A", "B", "A"]), 5).tolist()
        [4, 3, 4]
    """
    known: dict[Any, int] = {}
    for text in set(np.asarray(texts).ravel().tolist()):
        raw = text if isinstance(text, bytes) else str(text).encode()
        known[text] = (fingerprint(raw) if salt is None else keyed_hash(raw, tuple(salt))) % bins
    flat = [known[text] for text in np.asarray(texts).ravel().tolist()]
    return np.array(flat, "int32").reshape(np.shape(texts))


def _as_hashed(values: Any, who: str) -> np.ndarray:
    """Texts as they are; integers, and floats cut to integers, as the texts that write them."""
    array = np.asarray(values)
    if array.dtype.kind in "SUO":
        return texts_of(values, "utf-8", who)
    return array.astype("int64").astype(str).astype(object)


class Hashing(_HostLayer):
    """The bin of each text or integer, by a hash function: no vocabulary is needed, and different words may
    share a bin. In a model the layer runs on the host, on the model's inputs, before what is compiled.

    Args:
        num_bins: how many bins.
        mask_value: the value that gets bin 0 alone; None for none.
        salt: one integer or two, for another function (SipHash) that they change.
        output_mode: "int", or "one_hot", "multi_hot" or "count" as of `CategoryEncoding`.
        sparse: must be False: outputs are dense arrays.

    Shapes: texts or integers (any) -> integers, the same, or rows of ones as of `CategoryEncoding`.

    Raises:
        ArgumentError: an option has another form.
        TracingError: it is called in a compiled program, on what is computed there.

    Source: Weinberger et al., Feature Hashing for Large Scale Multitask Learning, 2009.

    Example:

        >>> Hashing(3)(["A", "B", "C", "D", "A"]).tolist()
        [1, 0, 1, 1, 1]
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        modes = ("int", "one_hot", "multi_hot", "count")
        self.output_mode = output_mode_of(output_mode, modes, "Hashing")
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if self.output_mode == "int" else floatx()
        super().__init__(**kwargs)
        self.num_bins = positive(num_bins, "num_bins", "Hashing")
        self.mask_value, self.salt = mask_value, salt_of(salt, "Hashing")
        self.sparse = dense(sparse, "Hashing")

    def _output_spec(self, inputs: Any) -> SymbolicTensor:
        return spec_of_categories(inputs.shape, self.output_mode, self.num_bins, self.compute_dtype)

    def call(self, inputs: Any) -> Any:
        values = _as_hashed(inputs, f"Layer {self.name!r} (Hashing)")
        if self.output_mode == "one_hot" and values.ndim and values.shape[-1] == 1:
            values = values[..., 0]
        masked = self.mask_value is not None and self.num_bins > 1
        bins = hashed(values, self.num_bins - masked, self.salt)
        if masked:
            bins = np.where(values == str(self.mask_value), 0, bins + 1)
        dtype = "int32" if self.output_mode == "int" else self.compute_dtype
        return encoded(bins, self.output_mode, self.num_bins, dtype)


def _prints(values: Any, who: str) -> list[int]:
    """64 bits for each value: of a text its fingerprint, of an integer itself."""
    array = np.asarray(values)
    if array.dtype.kind in "SUO":
        return [fingerprint(text.encode()) for text in texts_of(values, "utf-8", who).ravel()]
    return [int(number) & (2**64 - 1) for number in array.ravel()]


class HashedCrossing(_HostLayer):
    """The bin of each combination of several features, by a hash function.

    Args:
        num_bins: how many bins.
        output_mode: "int" or "one_hot".
        sparse: must be False: outputs are dense arrays.
        name: unique in a model; made from the class's name if None.
        dtype: of the result.

    Call arguments:
        inputs: a list of at least two arrays of texts or integers.

    Shapes: each (batch,) or (batch, 1) -> integers, the same, or (batch, num_bins).

    Raises:
        ArgumentError: an option has another form, or there are fewer than two features.
        ShapeError: the features differ in shape, or have several columns.
        TracingError: it is called in a compiled program, on what is computed there.

    Example:

        >>> HashedCrossing(5)([np.array(["A", "B", "A"]), np.array([101, 102, 101])]).tolist()
        [1, 1, 1]
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        self.output_mode = output_mode_of(output_mode, ("int", "one_hot"), "HashedCrossing")
        dtype = "int64" if dtype is None and self.output_mode == "int" else dtype
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.num_bins = positive(num_bins, "num_bins", "HashedCrossing")
        self.sparse = dense(sparse, "HashedCrossing")

    def _output_spec(self, inputs: Any) -> SymbolicTensor:
        return spec_of_categories(inputs[0].shape, self.output_mode, self.num_bins, self.compute_dtype)

    def call(self, inputs: Any) -> Any:
        who = f"Layer {self.name!r} (HashedCrossing)"
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ArgumentError(f"{who} crosses at least two features: give a list of arrays.")
        columns = [np.asarray(one) for one in inputs]
        shapes = [column.shape for column in columns]
        if len(set(shapes)) > 1 or len(shapes[0]) > 2 or (len(shapes[0]) == 2 and shapes[0][1] != 1):
            raise ShapeError(f"{who} takes features of one shape, (batch,) or (batch, 1). Received {shapes}.")
        if any(column.dtype.kind == "f" for column in columns):
            raise ArgumentError(
                f"{who} crosses texts and integers. Received floats: put them into bins first."
            )
        crossed = [_CROSS_KEY] * columns[0].size
        for given in inputs:
            crossed = [joined(before, one) for before, one in zip(crossed, _prints(given, who))]
        bins = np.array([one % self.num_bins for one in crossed], "int32").reshape(shapes[0])
        dtype = "int32" if self.output_mode == "int" else self.compute_dtype
        return encoded(bins, self.output_mode, self.num_bins, dtype)

    def get_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("num_bins", "output_mode", "sparse", "name", "dtype")}
