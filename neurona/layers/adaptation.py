"""Low-rank adaptation: a trained weight stays as it is, and the product of two small matrices is learned."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from neurona import initializers
from neurona.core.errors import ArgumentError, NotBuiltError
from neurona.core.layer import Layer
from neurona.core.variable import Variable
from neurona.layers.arguments import positive
from neurona.tracebacks import ends_at_users_line


class Derived(Variable):
    """What is computed from variables, and read like one. It is neither trained nor a weight of its layer.

    Args:
        variable: that takes what is assigned.
        compute: gives the value.
        zeroed: variables that are set to zero by an assignment.
    """

    def __init__(self, variable: Variable, compute: Callable[[], Any], zeroed: list[Variable]) -> None:
        self.variable, self.compute, self.zeroed = variable, compute, zeroed
        self.name, self.path = variable.name, variable.path
        self.parameter = self.trainable = False
        self.persistent = True  # a file holds it as one array

    @property
    def value(self) -> jax.Array:
        return self.compute()

    _value = value  # pyright: ignore[reportAssignmentType]  # shape and dtype are read from it

    def assign(self, value: Any) -> None:
        self.variable.assign(value)
        for variable in self.zeroed:
            variable.assign(jnp.zeros(variable.shape, variable.dtype))


class _Adaptable(Layer):
    """A layer with a weight W that can be adapted: it computes with W + lora_alpha / rank * A @ B.

    Shapes: W (..., n), A (..., rank), B (rank, n).

    Attributes:
        lora_enabled: whether there are A and B.
        lora_rank, lora_alpha: as given.
    """

    _adapted = "kernel"  # the name of W
    lora_enabled = False
    lora_rank: int | None = None
    lora_alpha: float | None = None

    def _keep_rank(self, lora_rank: int | None, lora_alpha: float | None) -> None:
        """Keep the options of the constructor until the layer is built."""
        self.lora_rank = lora_rank
        self.lora_alpha = lora_rank if lora_alpha is None else lora_alpha

    def get_config(self) -> dict[str, Any]:
        adapts = {"lora_rank": self.lora_rank, "lora_alpha": self.lora_alpha} if self.lora_rank else {}
        config = super().get_config()
        return {k: v for k, v in config.items() if k not in ("lora_rank", "lora_alpha")} | adapts

    def _adapt_if_asked(self) -> None:
        """The end of `build`: enable what the constructor was asked for."""
        if self.lora_rank:
            self.built = True
            self.enable_lora(self.lora_rank, self.lora_alpha)

    @ends_at_users_line
    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freeze the kernel (of an embedding, the vectors), and learn a change of it in few numbers.

        W becomes W + lora_alpha / rank * A @ B, and A and B are trained instead of W. Files hold the sum.

        Args:
            rank: the number of columns of A and rows of B.
            lora_alpha: the strength of the change; the rank by default.
            a_initializer, b_initializer: first values; zeros for B leave the layer as it was.

        Shapes: W (..., n), A (..., rank), B (rank, n).

        Raises:
            NotBuiltError: the layer has no weights yet.
            ArgumentError: the rank is not positive, it is enabled already, or the weight has a constraint.

        Source: Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, 2021.

        Example:

            >>> from neurona.layers import Dense
            >>> layer = Dense(4, name="dense")
            >>> layer.build((None, 3))
            >>> layer.enable_lora(rank=2)
            >>> [variable.path for variable in layer.trainable_variables]
            ['dense/bias', 'dense/lora_kernel_a', 'dense/lora_kernel_b']
        """
        who, name = f"Layer {self.name!r} ({type(self).__name__})", self._adapted
        if not self.built:
            raise NotBuiltError(f"{who} has no weights yet: call it on data, or build(input_shape), first.")
        if self.lora_enabled:
            raise ArgumentError(f"{who} is adapted already, with rank {self.lora_rank}: enable it once.")
        if getattr(self, f"{name}_constraint") is not None:
            raise ArgumentError(
                f"{who}: a weight with a constraint can't be adapted: drop {name}_constraint."
            )
        rank = positive(rank, "rank", "enable_lora")
        shape = self._adapted_shape()
        regularizer = getattr(self, f"{name}_regularizer")
        for end, size, initializer in (
            ("a", (*shape[:-1], rank), a_initializer),
            ("b", (rank, shape[-1]), b_initializer),
        ):
            variable = self.add_weight(
                size,
                initializers.get(initializer),
                "float32",
                regularizer=regularizer,
                name=f"lora_{name}_{end}",
            )
            variable.path = f"{self.path}/{variable.name}"
            setattr(self, variable.name, variable)
        self.lora_rank, self.lora_alpha = rank, rank if lora_alpha is None else lora_alpha
        self.lora_enabled = True
        self._read_adapted()
        self._base.trainable = False

    @property
    def _base(self) -> Variable:
        """W itself, or the integers that stand for it."""
        return vars(self).get(f"_{self._adapted}", vars(self)[self._adapted])

    def _adapted_shape(self) -> tuple[int, ...]:
        """The shape of W."""
        return self._base.shape

    def _read_adapted(self) -> None:
        """Let the attribute of W give the sum from now on."""
        base, name = self._base, self._adapted
        self._untracked = (*self._untracked, name)
        setattr(self, f"_{name}", base)
        setattr(self, name, Derived(base, self._adapted_value, self._low_rank))

    @property
    def _low_rank(self) -> list[Variable]:
        """A and B, or nothing."""
        return [getattr(self, f"lora_{self._adapted}_{end}") for end in "ab"] if self.lora_enabled else []

    def _change(self) -> Any:
        """lora_alpha / rank * A @ B."""
        a, b = self._low_rank
        return self._strength * (a.value @ b.value)

    @property
    def _strength(self) -> float:
        return (self.lora_alpha or 0) / (self.lora_rank or 1)

    def _adapted_value(self) -> jax.Array:
        """W with its change."""
        base = self._base.value
        return (base + self._change()).astype(base.dtype)

    @property
    def trainable(self) -> bool:
        """Whether the weights may be trained; an adapted one stays frozen."""
        return Layer.trainable.fget(self)  # pyright: ignore[reportOptionalCall]

    @trainable.setter
    def trainable(self, value: bool) -> None:
        Layer.trainable.fset(self, value)  # pyright: ignore[reportOptionalCall]
        if self.lora_enabled:
            self._base.trainable = False

    def _stored_variables(self) -> list[Variable]:
        """W or what stands for it, with its change, and the other weights."""
        stored, merged = super()._stored_variables(), self._merged()
        if f"_{self._adapted}" not in vars(self):
            return stored
        changes, base = set(self._low_rank), self._base
        stored = sorted((one for one in stored if one not in changes), key=lambda one: one is not base)
        return [merged.get(variable, variable) for variable in stored]

    def _merged(self) -> dict[Variable, Variable]:
        """What files hold instead of a variable: W with its change."""
        return {self._base: getattr(self, self._adapted)} if self.lora_enabled else {}
