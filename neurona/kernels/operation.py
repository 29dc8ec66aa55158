"""Declares a computation once: its definition in XLA, its native kernel, and the sizes that the kernel suits.

The definition is called the reference. It fixes the numbers, and it runs on accelerators, for other dtypes
than float32, under `vmap`, and where there is no library of kernels. `Operation` decides which of the two
runs; nothing else does. `differentiable` gives an operation a gradient that is an operation too.
"""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import lax

from neurona.kernels import library

Function = Callable[..., Any]
Range = tuple[float, float]

# JAX traces a compiled function again under another value.
_choice: Any = jax.make_user_context("by size")


def without_native_kernels() -> AbstractContextManager[None]:
    """Run every reference inside the `with` block, for programs that XLA divides among devices: it cannot
    divide a native call.

    Example:

        >>> twice = lambda x: 2 * x
        >>> double = Operation("double", twice, twice, size=jnp.size, faster_from_to=(0, 99))
        >>> with without_native_kernels():
        ...     double.pays_off(jnp.ones(2))
        False
        >>> Operation.declared.remove(double)
    """
    return _choice("never")


def with_native_kernels_at_every_size() -> AbstractContextManager[None]:
    """Run every kernel inside the `with` block that can run and has anything to compute, also where it is
    slower; for tests.
    """
    return _choice("always")


def _always(*_arrays: Any, **_options: Any) -> bool:
    return True


class Operation:
    """A computation with a reference in XLA and a native kernel, each a function of arrays and of options.

    Options are constants of the compiled program: the keyword-only arguments of the reference. Derivatives of
    an operation are its reference's, unless `differentiable` declares others.

    Args:
        name: what tests and error messages call it.
        reference: the definition.
        native: the same computation by `library.native_call`.
        size: the size of a problem, such as its number of multiplications.
        faster_from_to: the smallest and the largest size for which the kernel is faster than XLA, measured on
            two cores with AVX-512; a function where they depend on the shapes.
        supports: whether the kernel can compute it at all; dtypes are checked in any case.
        takes_batch_of_layers: whether the kernel also takes arrays that all have one more axis in front, as
            `vmap` makes them of an ensemble's.

    Example:

        >>> twice = lambda x: 2 * x
        >>> double = Operation("double", twice, twice, size=jnp.size, faster_from_to=(10, 99))
        >>> double(jnp.ones(2)).tolist(), double.pays_off(jnp.ones(2))
        ([2.0, 2.0], False)
        >>> Operation.declared.remove(double)
    """

    declared: ClassVar[list["Operation"]] = []

    def __init__(
        self,
        name: str,
        reference: Function,
        native: Function,
        *,
        size: Callable[..., float],
        faster_from_to: Range | Callable[..., Range],
        supports: Callable[..., bool] = _always,
        takes_batch_of_layers: bool = False,
    ) -> None:
        self.name, self.reference, self.native = name, reference, native
        self.size, self.faster_from_to, self.supports = size, faster_from_to, supports
        self.takes_batch_of_layers = takes_batch_of_layers
        self._compiled = jax.jit(self.run, static_argnames=_names(reference, inspect.Parameter.KEYWORD_ONLY))
        self.declared.append(self)

    def __call__(self, *arrays: Any, **options: Any) -> Any:
        """The result, computed by one program where no other is being compiled."""
        return self._compiled(*arrays, **options)

    def run(self, *arrays: Any, **options: Any) -> Any:
        """The result. In contrast to a call, the options need not be hashable."""
        reference = partial(self.reference, **options)
        if not self.pays_off(*arrays, **options):
            return reference(*arrays)
        native = _like_reference(partial(self.native, **options), reference, self.takes_batch_of_layers)
        return lax.platform_dependent(*arrays, cpu=native, default=reference)

    def pays_off(self, *arrays: Any, **options: Any) -> bool:
        """Whether the native kernel computes this on a CPU."""
        if _choice.value == "never" or not self.supports(*arrays, **options):
            return False
        floats = (array for array in jax.tree.leaves(arrays) if jnp.issubdtype(array.dtype, jnp.inexact))
        if not all(array.dtype == jnp.float32 for array in floats):
            return False
        size, limits = self.size(*arrays, **options), self.faster_from_to
        smallest, largest = limits(*arrays, **options) if callable(limits) else limits
        suits = size > 0 if _choice.value == "always" else smallest <= size <= largest
        return suits and library.is_loaded()

    def backward(self, native: Function, reference: Function | None = None) -> "Operation":
        """The operation of the gradients, for the same sizes.

        Args:
            native, reference: functions of what `differentiable` keeps and of the result's gradient. The
                reference is `vjp_of` this one's unless another is given.
        """
        return Operation(
            f"{self.name}, backward",
            vjp_of(self.reference) if reference is None else reference,
            native,
            size=self.size,
            faster_from_to=self.faster_from_to,
            supports=self.supports,
            takes_batch_of_layers=self.takes_batch_of_layers,
        )

    def __repr__(self) -> str:
        return f"<Operation {self.name!r}>"


def _names(function: Function, kind: Any) -> list[str]:
    return [name for name, one in inspect.signature(function).parameters.items() if one.kind is kind]


def _like_reference(native: Function, reference: Function, takes_batch_of_layers: bool) -> Function:
    """The native function with the derivatives of its reference. A batch of problems takes the reference,
    unless the native function takes the batch as it is.
    """
    batched = jax.custom_batching.custom_vmap(native)

    @batched.def_vmap
    def _(axis_size: int, in_batched: Any, *arrays: Any) -> Any:
        axes = jax.tree.map(lambda batched: 0 if batched else None, tuple(in_batched))
        together = jax.vmap(reference, in_axes=axes, axis_size=axis_size)
        if takes_batch_of_layers and all(jax.tree.leaves(in_batched)):
            together = _like_reference(native, together, takes_batch_of_layers=False)
        results = together(*arrays)
        return results, jax.tree.map(lambda _: True, results)

    with_gradient = jax.custom_vjp(batched)

    def forward(*arrays: Any) -> Any:
        return batched(*arrays), arrays

    def backward(arrays: Any, gradients: Any) -> Any:
        return jax.vjp(reference, *arrays)[1](gradients)

    with_gradient.defvjp(forward, backward)
    return with_gradient


def vjp_of(reference: Function) -> Function:
    """The gradients of a reference, from its arrays, anything else that was kept, and the result's gradient.

    Where the reference returns several results, only the first has a gradient. Arrays of integers and truth
    values get None.

    Example:

        >>> vjp_of(lambda x, n: x * x)(jnp.array([1.0, 2.0]), jnp.array(1), jnp.ones(2))
        (Array([2., 4.], dtype=float32), None)
    """
    count = len(_names(reference, inspect.Parameter.POSITIONAL_OR_KEYWORD))

    def gradients(*kept_and_g: Any, **options: Any) -> tuple[Any, ...]:
        arrays, g = list(kept_and_g[:count]), kept_and_g[-1]
        floats = [place for place, array in enumerate(arrays) if jnp.issubdtype(array.dtype, jnp.inexact)]

        def result(*values: Any) -> Any:
            inputs = list(arrays)
            for place, value in zip(floats, values):
                inputs[place] = value
            return _first(reference(*inputs, **options))

        found = dict(zip(floats, jax.vjp(result, *(arrays[place] for place in floats))[1](g)))
        return tuple(found.get(place) for place in range(count))

    gradients.__signature__ = inspect.signature(reference)  # pyright: ignore[reportFunctionMemberAccess]
    return gradients


def _first(results: Any) -> Any:
    return results[0] if isinstance(results, tuple) else results


def _arrays_and_more(arrays: tuple, _y: Any, *more: Any, **_options: Any) -> tuple:
    return (*arrays, *more)


def differentiable(
    forward: Function,
    backward: Function,
    *,
    keeps: Callable[..., tuple] = _arrays_and_more,
    alone: Function | None = None,
    skips_dx: bool = False,
) -> Function:
    """A function of arrays and options with a gradient that is written out.

    Args:
        forward: gives the result y, or a tuple of y and of more that the gradients need.
        backward: the gradient of each array, None for those without; a function of what is kept and of y's
            gradient.
        keeps: what is kept, a tuple; a function of the tuple of arrays, of y, of the rest and of the options.
            All arrays and the rest unless given.
        alone: gives y where no gradient is asked for, instead of `forward`.
        skips_dx: whether `backward` takes one more option, `needs_dx`: False where the first array is data.

    Example:

        >>> square = differentiable(lambda x: x * x, lambda x, g: (2 * x * g,))
        >>> jax.grad(square)(3.0)
        Array(6., dtype=float32, weak_type=True)
    """

    @partial(jax.custom_vjp, nondiff_argnums=(0,))
    def function(options: tuple, *arrays: Any) -> Any:
        run = alone or (lambda *arrays, **options: _first(forward(*arrays, **options)))
        return run(*arrays, **dict(options))

    def run_forward(options: tuple, *arrays: Any) -> tuple[Any, Any]:
        needs_dx = not skips_dx or arrays[0].perturbed
        if skips_dx:
            arrays = jax.tree.map(lambda each: each.value, arrays)
        results = forward(*arrays, **dict(options))
        y, *more = results if isinstance(results, tuple) else (results,)
        return y, (keeps(arrays, y, *more, **dict(options)), () if needs_dx else None)

    def run_backward(options: tuple, residuals: Any, g: Any) -> Any:
        kept, needs_dx = residuals
        needs = {"needs_dx": needs_dx is not None} if skips_dx else {}
        return backward(*kept, jax.tree.map(_instantiated, g, is_leaf=_is_zero), **dict(options), **needs)

    function.defvjp(run_forward, run_backward, symbolic_zeros=skips_dx)
    return lambda *arrays, **options: function(tuple(options.items()), *arrays)


def _is_zero(gradient: Any) -> bool:
    return isinstance(gradient, jax.custom_derivatives.SymbolicZero)


def _instantiated(gradient: Any) -> Any:
    return jnp.zeros(gradient.shape, gradient.dtype) if _is_zero(gradient) else gradient
