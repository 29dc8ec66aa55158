"""Every declared operation: its kernel against its reference, and which of the two runs where."""

import importlib
import pkgutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import kernels
from neurona.kernels import library
from neurona.kernels.operation import Operation, without_native_kernels
from tests.kernels.conftest import close, skip_without_library
from tests.kernels.operation_cases import declared, problems

for module in pkgutil.iter_modules(kernels.__path__):
    if not module.name.startswith("library_"):
        importlib.import_module(f"neurona.kernels.{module.name}")
NAMES = [operation.name for operation in Operation.declared]
# XLA's maximum on a CPU passes over NaN. The kernels keep it, as test_convolution_pooling.py and
# test_normalization_native.py prove.
POOLED = {"convolution with pooling", "batch normalization"}


def compiled(operation, inputs, options):
    """A program that takes the floating-point arrays by their places among all; and those arrays."""
    leaves, tree = jax.tree.flatten(inputs)
    floats = {place: leaf for place, leaf in enumerate(leaves) if is_float(leaf)}

    def run(values):
        filled = [values.get(place, leaf) for place, leaf in enumerate(leaves)]
        results = operation.run(*jax.tree.unflatten(tree, filled), **options)
        if isinstance(results, tuple) and not is_gradient(operation.name):
            results = results[0]  # the others are what the gradients need
        return [each for each in jax.tree.leaves(results) if is_float(each)]

    return jax.jit(run).lower(floats).compile(), floats


def is_gradient(name):
    return "backward" in name or "gradient" in name


def is_float(array):
    return jnp.issubdtype(array.dtype, jnp.inexact)


def test_every_operation_has_a_problem_and_a_name():
    assert len(set(NAMES)) == len(NAMES)
    assert set(NAMES) == set(problems(17))


@skip_without_library
@pytest.mark.usefixtures("at_every_size")
@pytest.mark.parametrize("name", NAMES)
def test_the_kernel_equals_its_reference(name):
    """And NaN, in one sample of the inputs or of the gradient, reaches the same results. The gradients are
    operations too.
    """
    problem = declared()[name], *problems(17)[name]
    native, values = compiled(*problem)
    assert "neurona_" in native.as_text()
    with without_native_kernels():
        reference, _ = compiled(*problem)
    assert "neurona_" not in reference.as_text()
    close(native(values), reference(values), 2e-5)
    place = max(values) if name.endswith("backward") else min(values)
    if values[place].ndim and name not in POOLED:
        values = values | {place: values[place].at[1].set(jnp.nan)}
        assert any(jnp.isnan(each).any() for each in reference(values))
        for one, other in zip(native(values), reference(values), strict=True):
            np.testing.assert_array_equal(jnp.isnan(one), jnp.isnan(other))


@skip_without_library
@pytest.mark.usefixtures("at_every_size")
@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("convolution")])
def test_an_empty_batch_gives_what_the_reference_gives(name):
    inputs, options = problems(0)[name]
    found = declared()[name].run(*inputs, **options)
    with without_native_kernels():
        close(found, declared()[name].run(*inputs, **options))


def test_a_program_is_compiled_again_without_native_kernels():
    double = Operation("double", lambda x: 2 * x, lambda x: 3 * x, size=jnp.size, faster_from_to=(0, 9))
    Operation.declared.remove(double)
    compiled = jax.jit(lambda x: double(x))
    once = 3 if library.is_loaded() else 2
    assert compiled(jnp.float32(1)) == once
    with without_native_kernels():
        assert compiled(jnp.float32(1)) == 2
    assert compiled(jnp.float32(1)) == once
