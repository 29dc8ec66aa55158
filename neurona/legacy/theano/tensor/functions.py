"""The functions of `theano.tensor`: each a line over jax.numpy."""

import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np

from neurona.legacy.theano.indexing import read_items, read_window
from neurona.legacy.theano.settings import config
from neurona.legacy.theano.tensor.products import batched_tensordot, dot, log, tensordot  # noqa: F401 - given on
from neurona.legacy.theano.variables import Tensor, apply, as_tensor_variable, cast, several


def _round(x: Any) -> Any:
    """To the nearest integer, halves away from zero."""
    return jnp.sign(x) * jnp.floor(jnp.abs(x) + 0.5)


def _floats(x: Any) -> Any:
    """Integers and truth values as float64, of which means are; floats as they are."""
    return x if jnp.issubdtype(jnp.result_type(x), jnp.floating) else jnp.asarray(x, "float64")


ONE = {
    "abs": jnp.abs,
    "abs_": jnp.abs,
    "neg": jnp.negative,
    "inv": jnp.reciprocal,
    "exp": jnp.exp,
    "exp2": jnp.exp2,
    "expm1": jnp.expm1,
    "log2": jnp.log2,
    "log10": jnp.log10,
    "log1p": jnp.log1p,
    "sqr": jnp.square,
    "sqrt": jnp.sqrt,
    "sgn": jnp.sign,
    "floor": jnp.floor,
    "ceil": jnp.ceil,
    "trunc": jnp.trunc,
    "sin": jnp.sin,
    "cos": jnp.cos,
    "tan": jnp.tan,
    "arcsin": jnp.arcsin,
    "arccos": jnp.arccos,
    "arctan": jnp.arctan,
    "sinh": jnp.sinh,
    "cosh": jnp.cosh,
    "tanh": jnp.tanh,
    "arcsinh": jnp.arcsinh,
    "arccosh": jnp.arccosh,
    "arctanh": jnp.arctanh,
    "deg2rad": jnp.deg2rad,
    "rad2deg": jnp.rad2deg,
    "erf": jsp.special.erf,
    "erfc": jsp.special.erfc,
    "erfinv": jsp.special.erfinv,
    "gamma": lambda x: jnp.exp(jsp.special.gammaln(x)),
    "gammaln": jsp.special.gammaln,
    "psi": jsp.special.digamma,
    "isnan": jnp.isnan,
    "isinf": jnp.isinf,
    "invert": jnp.bitwise_not,
    "conj": jnp.conj,
    "real": jnp.real,
    "imag": jnp.imag,
    "angle": jnp.angle,
    "tensor_copy": jnp.copy,
    "identity": jnp.copy,
    "triu": jnp.triu,
    "tril": jnp.tril,
    "nonzero_values": lambda x: x[jnp.nonzero(x)],
    "ptp": jnp.ptp,
    "identity_like": lambda x: jnp.eye(*jnp.shape(x), dtype=x.dtype),
    "trace": jnp.trace,
    "squeeze": jnp.squeeze,
}
TWO = {
    "sub": jnp.subtract,
    "true_div": jnp.true_divide,
    "int_div": jnp.floor_divide,
    "floor_div": jnp.floor_divide,
    "mod": jnp.mod,
    "pow": jnp.power,
    "power": jnp.power,
    "eq": jnp.equal,
    "neq": jnp.not_equal,
    "lt": jnp.less,
    "le": jnp.less_equal,
    "gt": jnp.greater,
    "ge": jnp.greater_equal,
    "and_": jnp.bitwise_and,
    "bitwise_and": jnp.bitwise_and,
    "or_": jnp.bitwise_or,
    "bitwise_or": jnp.bitwise_or,
    "xor": jnp.bitwise_xor,
    "arctan2": jnp.arctan2,
    "outer": jnp.outer,
    "allclose": jnp.allclose,
    "isclose": jnp.isclose,
    "batched_dot": lambda a, b: jax.vmap(jnp.dot)(a, b),
    "fill": lambda a, b: jnp.full_like(a, 1, dtype=jnp.asarray(b).dtype) * b,
}
MANY = {"add": jnp.add, "mul": jnp.multiply, "maximum": jnp.maximum, "minimum": jnp.minimum}
REDUCTIONS = {
    "sum": jnp.sum,
    "prod": jnp.prod,
    "mean": lambda x, **options: jnp.mean(_floats(x), **options),
    "max": jnp.max,
    "min": jnp.min,
    "any": jnp.any,
    "all": jnp.all,
    "argmax": jnp.argmax,
    "argmin": jnp.argmin,
    "logsumexp": jsp.special.logsumexp,
}


def _named(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = name
    return function


def _one(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    return _named(
        name,
        lambda x, *options, **named: apply(operation, as_tensor_variable(x), *options, name=name, **named),
    )


def _two(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    return _named(name, lambda a, b: apply(operation, _lifted(a), _lifted(b), name=name))


def _lifted(x: Any) -> Any:
    """Lists of numbers as arrays; numbers of Python stay, and adapt to the dtype of what they meet."""
    return as_tensor_variable(x) if isinstance(x, (list, tuple)) else x


def _many(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    def joined(*terms: Any) -> Any:
        total = terms[0]
        for term in terms[1:]:
            total = operation(total, term)
        return total

    return _named(name, lambda *terms: apply(joined, *map(_lifted, terms), name=name))


def _reduction(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    def reduced(
        x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None, **_: Any
    ) -> Any:
        options = {} if dtype is None else {"dtype": dtype}
        axis = tuple(axis) if isinstance(axis, list) else axis
        return apply(operation, as_tensor_variable(x), axis=axis, keepdims=keepdims, name=name, **options)

    return _named(name, reduced)


def _spread(operation: Callable[..., Any]) -> Callable[..., Any]:
    def spread(
        x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False
    ) -> Any:
        return apply(operation, as_tensor_variable(x), axis=axis, ddof=ddof, keepdims=keepdims)

    return spread


TABLE: dict[str, Callable[..., Any]] = {
    "dot": dot,
    "log": log,
    **{name: _one(name, function) for name, function in ONE.items()},
    **{name: _two(name, function) for name, function in TWO.items()},
    **{name: _many(name, function) for name, function in MANY.items()},
    **{name: _reduction(name, function) for name, function in REDUCTIONS.items()},
    "std": _spread(lambda x, **options: jnp.std(_floats(x), **options)),
    "var": _spread(lambda x, **options: jnp.var(_floats(x), **options)),
}


def round(x: Any, mode: str = "half_away_from_zero") -> Any:
    """To the nearest integer; halves away from zero, or to the even one."""
    return apply(jnp.round if mode == "half_to_even" else _round, x)


def iround(x: Any, mode: str = "half_away_from_zero") -> Any:
    """The nearest integer."""
    return cast(round(x, mode), "int64")


def max_and_argmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest numbers and where they are."""
    return TABLE["max"](x, axis, keepdims=keepdims), TABLE["argmax"](x, axis, keepdims=keepdims)


def switch(condition: Any, ift: Any, iff: Any) -> Any:
    """Element by element, one of two."""
    return apply(
        lambda c, a, b: jnp.where(c != 0, a, b), as_tensor_variable(condition), ift, iff, name="switch"
    )


where = switch


def clip(x: Any, min: Any, max: Any) -> Any:
    """Numbers within bounds."""
    return apply(
        lambda a, low, high: jnp.clip(a, low, high).astype(a.dtype),
        as_tensor_variable(x),
        min,
        max,
        name="clip",
    )


# Shapes.


def concatenate(tensor_list: Any, axis: int = 0) -> Any:
    """Arrays one after another along an axis."""
    return apply(
        lambda *parts: jnp.concatenate(parts, axis), *map(as_tensor_variable, tensor_list), name="Join"
    )


def join(axis: int, *tensors: Any) -> Any:
    """`concatenate`, with the axis first."""
    return concatenate(tensors, int(axis))


def stack(*tensors: Any, axis: int = 0) -> Any:
    """Arrays along a new axis."""
    parts: Any = tensors
    if tensors and isinstance(tensors[0], (list, tuple)):
        parts, axis = tensors[0], (*tensors[1:], axis)[0]
    return apply(lambda *arrays: jnp.stack(arrays, axis), *map(as_tensor_variable, parts), name="Stack")


def stacklists(arg: Any) -> Any:
    """Nested lists of variables as one array."""
    return (
        stack([stacklists(one) for one in arg]) if isinstance(arg, (list, tuple)) else as_tensor_variable(arg)
    )


def horizontal_stack(*args: Any) -> Any:
    """Matrices side by side."""
    return concatenate(args, axis=1)


def vertical_stack(*args: Any) -> Any:
    """Matrices one above the other."""
    return concatenate(args, axis=0)


def split(x: Any, splits_size: Any, n_splits: int, axis: int = 0) -> Any:
    """Parts of given sizes along an axis."""

    def parts(array: Any, sizes: Any) -> Any:
        ends = np.cumsum([operator.index(size) for size in sizes])[:-1]
        return tuple(jnp.split(array, [int(end) for end in ends], axis))

    sizes = list(splits_size) if isinstance(splits_size, (list, tuple)) else splits_size
    return several(parts, x, sizes)


def reshape(x: Any, newshape: Any, ndim: int | None = None) -> Any:
    """The elements in another shape."""
    return as_tensor_variable(x).reshape(newshape, ndim)


def flatten(x: Any, ndim: int = 1, outdim: int | None = None) -> Any:
    """The last axes as one, so that `ndim` are left."""
    return as_tensor_variable(x).flatten(ndim if outdim is None else outdim)


def transpose(x: Any, axes: Any = None) -> Any:
    """The axes in another order."""
    return as_tensor_variable(x).transpose(*(axes or ()))


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    return apply(jnp.swapaxes, x, axis1, axis2)


def shape(x: Any) -> Any:
    """The sizes of the axes."""
    return as_tensor_variable(x).shape


def shape_padleft(x: Any, n_ones: int = 1) -> Any:
    """New axes in front."""
    return apply(lambda a: jnp.reshape(a, (*[1] * n_ones, *jnp.shape(a))), x)


def shape_padright(x: Any, n_ones: int = 1) -> Any:
    """New axes at the end."""
    return apply(lambda a: jnp.reshape(a, (*jnp.shape(a), *[1] * n_ones)), x)


def shape_padaxis(x: Any, axis: int) -> Any:
    """A new axis."""
    return apply(jnp.expand_dims, x, axis=axis)


expand_dims = shape_padaxis


def _unchanged(x: Any, *axes: Any) -> Any:
    """The variable: its axes of size 1 are stretched anyway."""
    return x


addbroadcast = unbroadcast = patternbroadcast = Rebroadcast = _unchanged


def tile(x: Any, reps: Any, ndim: int | None = None) -> Any:
    """Copies of an array side by side."""
    return apply(
        lambda a, n: jnp.tile(a, _sizes(n)), x, list(reps) if isinstance(reps, (list, tuple)) else reps
    )


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element several times."""
    return apply(lambda a, n: jnp.repeat(a, np.asarray(n), axis), x, repeats)


def roll(x: Any, shift: Any, axis: int | None = None) -> Any:
    """Elements moved along an axis, those at the end to the front."""
    return apply(jnp.roll, x, shift, axis=axis)


# Making arrays.


def _sizes(shape: Any) -> tuple[int, ...]:
    given = shape if isinstance(shape, (list, tuple)) else np.asarray(shape).ravel()
    return tuple(operator.index(size) for size in given)


def _shape_of(shape: Any) -> Any:
    return list(shape) if isinstance(shape, (list, tuple)) else shape


def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros."""
    dtype = dtype or config.floatX
    return apply(lambda sizes: jnp.zeros(_sizes(sizes), dtype), _shape_of(shape), name="zeros")


def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones."""
    dtype = dtype or config.floatX
    return apply(lambda sizes: jnp.ones(_sizes(sizes), dtype), _shape_of(shape), name="ones")


def alloc(value: Any, *shape: Any) -> Any:
    """An array that holds a value everywhere."""
    return apply(
        lambda one, *sizes: jnp.broadcast_to(one, _sizes(sizes)),
        as_tensor_variable(value),
        *shape,
        name="Alloc",
    )


def zeros_like(model: Any, dtype: Any = None, opt: bool = False) -> Any:
    """Zeros in the shape of another."""
    return apply(jnp.zeros_like, as_tensor_variable(model), dtype=dtype)


def ones_like(model: Any, dtype: Any = None, opt: bool = False) -> Any:
    """Ones in the shape of another."""
    return apply(jnp.ones_like, as_tensor_variable(model), dtype=dtype)


def eye(n: Any, m: Any = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on a diagonal."""
    dtype = dtype or config.floatX
    return apply(
        lambda a, b: jnp.eye(operator.index(a), operator.index(b), k, dtype),
        n,
        n if m is None else m,
        name="eye",
    )


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Any:
    """Numbers from `start` up to before `stop`."""
    start, stop = (0, start) if stop is None else (start, stop)

    def numbers(begin: Any, end: Any, by: Any) -> Any:
        bounds = [np.asarray(one).item() for one in (begin, end, by)]
        return jnp.arange(
            *bounds, dtype=dtype or ("int64" if all(isinstance(one, int) for one in bounds) else None)
        )

    return apply(numbers, start, stop, step, name="ARange")


def tri(n: Any, m: Any = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on and below a diagonal."""
    return apply(
        lambda a, b: jnp.tri(operator.index(a), operator.index(b), k, dtype or config.floatX),
        n,
        n if m is None else m,
    )


def diag(v: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or a matrix with a vector on its diagonal."""
    return apply(jnp.diag, v, k=k)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal."""
    return apply(jnp.diagonal, a, offset=offset, axis1=axis1, axis2=axis2)


# Elements.


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Elements by their places along an axis."""
    return apply(
        lambda x, i: jnp.take(
            x, jnp.asarray(i), axis, mode="wrap" if mode == "wrap" else "clip" if mode == "clip" else None
        ),
        a,
        indices,
    )


def nonzero(a: Any, return_matrix: bool = False) -> Any:
    """The places of the elements that are not zero."""
    if return_matrix:
        return apply(lambda x: jnp.stack(jnp.nonzero(x)), a)
    return tuple(several(jnp.nonzero, a))


def sort(a: Any, axis: int = -1, kind: Any = None, order: Any = None) -> Any:
    """Elements in order."""
    return apply(jnp.sort, a, axis=axis)


def argsort(a: Any, axis: int = -1, kind: Any = None, order: Any = None) -> Any:
    """The places of the elements in order."""
    return apply(jnp.argsort, a, axis=axis)


def _written(how: str, x: Any, y: Any) -> Any:
    """A copy of the array that a subtensor is of, in which that part is changed."""
    source = getattr(x, "function", None)
    if source not in (read_items, read_window):
        raise TypeError(
            f"T.{how}_subtensor takes a part of a variable, such as x[1:3], and what to write there. "
            f"Received: {x!r}"
        )

    def change(whole: Any, place: Any, value: Any) -> Any:
        whole = jnp.asarray(whole)
        value = jnp.asarray(value, whole.dtype)
        if source is read_window:
            place = jnp.asarray(place) + jnp.arange(x.kwargs["size"])
        parts = tuple(_plain(part) for part in (place if isinstance(place, tuple) else (place,)))
        return whole.at[parts].set(value) if how == "set" else whole.at[parts].add(value)

    return apply(change, *x.args, y, name=f"{how.capitalize()}Subtensor")


def _plain(part: Any) -> Any:
    if isinstance(part, list):
        return np.asarray(part)
    if isinstance(part, slice):
        return slice(
            *(None if one is None else operator.index(one) for one in (part.start, part.stop, part.step))
        )
    return part


def set_subtensor(x: Any, y: Any, inplace: bool = False, tolerate_inplace_aliasing: bool = False) -> Any:
    """A copy of an array with other numbers in a part: `set_subtensor(x[0], 1)`."""
    return _written("set", x, y)


def inc_subtensor(x: Any, y: Any, inplace: bool = False, set_instead_of_inc: bool = False, **_: Any) -> Any:
    """A copy of an array with numbers added to a part: `inc_subtensor(x[0], 1)`."""
    return _written("set" if set_instead_of_inc else "inc", x, y)


# Products.


def cumsum(x: Any, axis: int | None = None) -> Any:
    """Running sums."""
    return apply(jnp.cumsum, x, axis=axis)


def cumprod(x: Any, axis: int | None = None) -> Any:
    """Running products."""
    return apply(jnp.cumprod, x, axis=axis)


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """Differences of neighbours."""
    return apply(jnp.diff, x, n=n, axis=axis)


def bincount(x: Any, weights: Any = None, minlength: Any = None, assert_nonneg: bool = False) -> Any:
    """How often each integer occurs."""
    return apply(lambda a, w: jnp.bincount(a, w, minlength=minlength or 0), x, weights)


def to_one_hot(y: Any, nb_class: int, dtype: Any = None) -> Any:
    """A row for each class number: 1 at its place, else 0."""
    return apply(lambda a: jax.nn.one_hot(a, nb_class, dtype=dtype or config.floatX), y)


def unique(
    x: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
) -> Any:
    """The elements, each once, in order."""
    if not (return_index or return_inverse or return_counts):
        return apply(lambda a: jnp.unique(a, axis=axis), x, name="unique")
    return several(lambda a: jnp.unique(a, return_index, return_inverse, return_counts, axis), x)


def norm(x: Any, ord: Any = None, axis: Any = None) -> Any:
    """The length of a vector."""
    return apply(lambda a: jnp.linalg.norm(a, ord, axis), x)


def largest(*args: Any) -> Any:
    """The largest of several."""
    return TABLE["maximum"](*args)


def smallest(*args: Any) -> Any:
    """The smallest of several."""
    return TABLE["minimum"](*args)


def opt_einsum(subscripts: str, *operands: Any) -> Any:
    """Einstein's summation."""
    return apply(lambda *arrays: jnp.einsum(subscripts, *arrays), *operands, name="einsum")


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, *args, **options: function(self, *args, **options)


for _name in (*REDUCTIONS, "std", "var", "dot", "trace", "squeeze", "conj"):
    setattr(Tensor, _name, _method(TABLE[_name]))
for _name, _function in {
    "clip": clip,
    "repeat": repeat,
    "cumsum": cumsum,
    "cumprod": cumprod,
    "nonzero": nonzero,
    "nonzero_values": TABLE["nonzero_values"],
    "sort": sort,
    "argsort": argsort,
    "swapaxes": swapaxes,
    "round": round,
    "diagonal": diagonal,
    "take": take,
    "fill": TABLE["fill"],
    "norm": lambda x, L=2, axis=None: norm(x, L, axis),
    "zeros_like": zeros_like,
    "ones_like": ones_like,
}.items():
    setattr(Tensor, _name, _method(_function))
