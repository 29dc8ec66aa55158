"""Muon: momentum made orthogonal, for matrices; Adam for everything else."""

import re
from collections.abc import Hashable, Sequence
from typing import Annotated, Any, TypedDict, Unpack

import jax
import jax.numpy as jnp

from neurona.core.errors import ShapeError
from neurona.core.options import Option
from neurona.numerics import with_norm
from neurona.optimizers.adam import adam_moments, adam_rate
from neurona.optimizers.arguments import CommonOptions
from neurona.optimizers.base import Optimizer
from neurona.optimizers.variables import path_of

__all__ = [
    "Muon",
]


class MuonSettings(TypedDict, total=False):
    """What Muon takes after the options of all optimizers, as in Keras."""

    exclude_layers: Annotated[
        Sequence[str] | None,
        Option(None, "regular expressions; a variable whose path matches one goes to Adam."),
    ]
    exclude_embeddings: Annotated[
        bool, Option(True, 'whether variables with "embedding" in their path go to Adam.')
    ]
    muon_a: Annotated[float, Option(3.4445, "a of the iteration.")]
    muon_b: Annotated[float, Option(-4.7750, "b of the iteration.")]
    muon_c: Annotated[float, Option(2.0315, "c of the iteration.")]
    adam_lr_ratio: Annotated[float, Option(1, "Adam's learning rate divided by Muon's.")]
    momentum: Annotated[float, Option(0.95, "from 0 to 1; the share of the last momentum that stays.")]
    ns_steps: Annotated[int, Option(5, "the number of Newton-Schulz iterations.")]
    nesterov: Annotated[bool, Option(True, "whether to look ahead by the momentum.")]
    rms_rate: Annotated[
        float | None,
        Option(0.2, "the root mean square of an update; None leaves updates orthogonal."),
    ]


class MuonOptions(CommonOptions, MuonSettings):
    """Options of Muon."""


class Muon(Optimizer):
    """Move matrices along the orthogonal matrix nearest to their momentum: every direction learns at the same
    speed.

    For a matrix of n rows and m columns: M = momentum * M + g; d = g + momentum * M with nesterov, else M;
    w = w - learning_rate * orthogonal(d) * sqrt(max(n, m)) * rms_rate, where orthogonal is `ns_steps`
    Newton-Schulz iterations X = a X + (b A + c A^2) X with A = X X^T. Vectors, embeddings, arrays of other
    ranks and excluded layers get Adam at learning_rate * adam_lr_ratio. Jordan et al., Muon: An optimizer for
    hidden layers in neural networks, 2024; the scale: Liu et al., Muon is Scalable for LLM Training, 2025.

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        adam_beta_1: from 0 to 1; how slowly Adam's mean gradient changes.
        adam_beta_2: from 0 to 1; how slowly Adam's mean square changes.
        adam_weight_decay: the weight decay of the arrays that Adam moves.
        epsilon: keeps Adam's division finite.
        weight_decay: the weight decay of the matrices that Muon moves.
        **options: those of `MuonOptions`.

    Raises:
        ArgumentError: an argument is out of range.

    Example:

        >>> optimizer = Muon(1.0, weight_decay=None, rms_rate=None)
        >>> parameters = [jnp.zeros((2, 2))]
        >>> state = optimizer.init(parameters)
        >>> parameters, state = optimizer.update([jnp.diag(jnp.array([5.0, 0.5]))], state, parameters)
        >>> [f"{x:.1f}" for x in jnp.diag(parameters[0])]
        ['-0.7', '-0.7']
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        **options: Unpack[MuonOptions],
    ) -> None:
        own = {name: value for name, value in options.items() if name in MuonSettings.__annotations__}
        common = {name: value for name, value in options.items() if name not in own}
        super().__init__(learning_rate, weight_decay=weight_decay, **common)  # pyright: ignore[reportArgumentType]
        self.adam_beta_1, self.adam_beta_2 = (
            self._checked_fraction("adam_beta_1", adam_beta_1),
            self._checked_fraction("adam_beta_2", adam_beta_2),
        )
        self.adam_weight_decay = self._checked_minimum("adam_weight_decay", adam_weight_decay)
        self.epsilon = self._checked_epsilon(epsilon)
        self._set(**own)  # pyright: ignore[reportArgumentType]

    def _set(
        self,
        exclude_layers: Sequence[str] | None,
        exclude_embeddings: bool,
        muon_a: float,
        muon_b: float,
        muon_c: float,
        adam_lr_ratio: float,
        momentum: float,
        ns_steps: int,
        nesterov: bool,
        rms_rate: float | None,
    ) -> None:
        self.exclude_layers, self.exclude_embeddings = list(exclude_layers or ()), exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.adam_lr_ratio = self._checked_minimum("adam_lr_ratio", adam_lr_ratio)
        self.momentum, self.nesterov = self._checked_fraction("momentum", momentum), nesterov
        self.ns_steps, self.rms_rate = int(self._checked_minimum("ns_steps", ns_steps, 1)), rms_rate

    @property
    def _structure(self) -> Hashable:
        return super()._structure, tuple(
            self._by_adam(index, len(variable.shape)) for index, variable in enumerate(self._variables)
        )

    def _by_adam(self, index: int, rank: int) -> bool:
        """Whether a parameter goes to Adam: by its rank and, once the optimizer is built, by its path."""
        if rank != 2:
            return True
        path = path_of(self._variables[index]) if index < len(self._variables) else ""
        return (self.exclude_embeddings and "embedding" in path.lower()) or any(
            re.search(word, path) for word in self.exclude_layers
        )

    def _slot_groups(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "velocity"),)

    def _initial_slot(self, name: str, index: int, parameter: jax.Array) -> jax.Array | None:
        return (
            jnp.zeros_like(parameter) if name == "momentum" or self._by_adam(index, parameter.ndim) else None
        )

    def _decay_of(self, index: int, parameter: jax.Array) -> float | None:
        decay = self.adam_weight_decay if self._by_adam(index, parameter.ndim) else self.weight_decay
        return None if self._is_excluded(index) else decay

    def _shared(self, rate: jax.Array, count: jax.Array, scalars: dict[str, jax.Array]) -> Any:
        return rate, adam_rate(rate * self.adam_lr_ratio, count, self.adam_beta_1, self.adam_beta_2)

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        rate, corrected_rate = shared
        if "velocity" in slots:
            moments = adam_moments(gradient, slots, self.adam_beta_1, self.adam_beta_2)
            return parameter - moments["momentum"] * corrected_rate / (
                jnp.sqrt(moments["velocity"]) + self.epsilon
            ), moments
        momentum = self.momentum * slots["momentum"] + gradient
        direction = gradient + self.momentum * momentum if self.nesterov else momentum
        update = self.lr_adjust(self.zeropower_via_newtonschulz5(direction, self.ns_steps))
        return parameter - rate * update, {"momentum": momentum}

    def transpose_last_axis(self, X: jax.Array) -> jax.Array:
        """Matrices with rows and columns exchanged.

        Shapes: (..., n, m) -> (..., m, n).
        """
        return jnp.swapaxes(X, -1, -2)

    def lr_adjust(self, x: jax.Array) -> jax.Array:
        """x * sqrt(max(n, m)) * rms_rate, for a matrix of n rows and m columns; x itself without
        `rms_rate`.

        Source: Liu et al., Muon is Scalable for LLM Training, 2025.
        """
        return x if self.rms_rate is None else x * (max(x.shape) ** 0.5 * self.rms_rate)

    def zeropower_via_newtonschulz5(self, x: jax.Array, steps: int) -> jax.Array:
        """The orthogonal matrix nearest to x, about: U V^T where x = U S V^T.

        Args:
            x: (..., n, m).
            steps: the number of iterations.

        Raises:
            ShapeError: x is no matrix.

        Example:

            >>> matrix = jnp.array([[0.0, 3.0], [0.2, 0.0]])
            >>> [0.6 < x < 1.3 for x in Muon().zeropower_via_newtonschulz5(matrix, 5).ravel().tolist()]
            [False, True, True, False]
        """
        if x.ndim < 2:
            raise ShapeError(f"Muon makes matrices orthogonal. Received an array of shape {x.shape}.")
        tall = x.shape[-2] > x.shape[-1]
        if tall:
            x = self.transpose_last_axis(x)
        # Singular values below 1 are what the iteration drives towards 1.
        x = with_norm(x, 1.0, (-2, -1))
        for _ in range(steps):
            square = x @ self.transpose_last_axis(x)
            x = self.muon_a * x + (self.muon_b * square + self.muon_c * square @ square) @ x
        return self.transpose_last_axis(x) if tall else x
