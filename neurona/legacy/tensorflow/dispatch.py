"""TensorFlow's functions, declared as functions of arrays: what makes them take and give tensors.

A function's annotations say what each argument is:

    T     a tensor                               I    a tensor of places, whose dtype the result
    M     a tensor; all M have one dtype              does not take over
    Ms    a list of tensors, all of one dtype    Is   a list of such tensors
    D     a dtype                                S    known when the program is compiled: axes, shapes
    any   passed as it is

A call computes on arrays and returns tensors; it draws a step where an argument is a symbolic tensor of a
functional model, or a node of a graph.
"""

import functools
import inspect
from collections.abc import Callable, Collection, Iterator
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.calling import raise_shape_error
from neurona.core.errors import ShapeError
from neurona.core.scope import current_scope
from neurona.core.symbolic import Operation, record, symbolic_leaves
from neurona.core.texts import holds_texts, is_tracing_shapes
from neurona.core.variable import Variable
from neurona.legacy.operations import operation_of_function
from neurona.legacy.tensorflow.dtypes import DType, as_dtype, float32, int32, string
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.kinds import cut_fractions, refuse_fractions, refuse_kind
from neurona.legacy.tensorflow.ragged_calls import is_ragged, over_ragged
from neurona.legacy.tensorflow.recording import computed, has_numbers, is_tracing, is_watched, without_tapes
from neurona.legacy.tensorflow.tensor import NeedsEagerError, Tensor, unwrapped
from neurona.legacy.tensorflow.texts import on_texts
from neurona.legacy.tensorflow.widths import NARROW, is_wide, on_device, scope_of, wide
from neurona.messages import translated
from neurona.tracebacks import ends_at_users_line

T = Annotated[Any, "a tensor"]
M = Annotated[Any, "a tensor of the same dtype as the others"]
Ms = Annotated[Any, "tensors of one dtype"]
I = Annotated[Any, "a tensor of places"]  # noqa: E741
Is = Annotated[Any, "tensors of places"]
S = Annotated[Any, "known when the program is compiled"]
D = Annotated[Any, "a dtype"]

_TENSORS = (T, M, Ms, I, Is)
_OLD_ARGUMENTS = {  # and those that a function of one tensor has under the name x here
    "keep_dims": ("keepdims",),
    **dict.fromkeys(["reduction_indices", "dimension", "dim", "concat_dim", "split_dim"], ("axis",)),
    "squeeze_dims": ("axis",),
    "rate": ("dilations",),
    "dilation_rate": ("dilations",),
    "filter": ("filters",),
    "ksizes": ("sizes",),
    "box_ind": ("box_indices",),
    "seq_dim": ("seq_axis",),
    "batch_dim": ("batch_axis",),
    "string_tensor": ("input",),
    "input_tensor": ("input", "x"),
    "bytes": ("input_bytes",),
    "output_dtype": ("dtype",),
    **dict.fromkeys(["features", "input", "matrix", "tensor", "value", "a"], ("x",)),
}
_SMALL = 1 << 11  # of the numbers that are computed to learn a shape
_FAMILIES = {"f": "fc", "c": "fc", "i": "iu", "u": "iu"}


class Hooks:
    """What other files add to every function.

    Attributes:
        graph: called as `graph(function, args, kwargs)` before anything is computed; draws a node and returns
            it, or returns NotImplemented where no graph is drawn.
        draws: whether everything draws a graph now.
    """

    graph: Callable[[Any, tuple, dict[str, Any]], Any] | None = None
    draws: "staticmethod[[], bool]" = staticmethod(lambda: False)


def variable_dtype(variable: Any) -> DType:
    """The dtype of a variable, as the program sees it."""
    return as_dtype(variable.dtype)


def tensor_of(value: Any, dtype: DType | None = None, hint: DType | None = None) -> Tensor:
    """Anything as a tensor.

    Args:
        value: a tensor, variable, array, number, text, or lists of these.
        dtype: the dtype that it must have.
        hint: the dtype that numbers of Python and NumPy take.

    Raises:
        TypeError: a number does not fit the dtype.
        ValueError: a tensor has another dtype.
    """
    if isinstance(value, Variable):
        value = Tensor(value.value, variable_dtype(value))
    elif isinstance(value, jax.Array):
        value = Tensor(value)
    elif hasattr(value, "_as_tensor"):
        value = value._as_tensor()
    if isinstance(value, Tensor):
        if dtype is not None and value.dtype != dtype:
            raise ValueError(
                translated(
                    f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype "
                    f"{value.dtype.name}: "
                    f"write tf.cast(x, tf.{dtype.name})."
                )
            )
        return value
    if isinstance(value, (list, tuple)) and _holds_arrays(value):
        hint = hint or _first_dtype(
            jax.tree.leaves(value, is_leaf=lambda one: not isinstance(one, (list, tuple)))
        )
        parts = [tensor_of(item, dtype, hint) for item in value]
        first = parts[0].dtype if parts else dtype
        arrays = [part._array for part in parts]
        with scope_of(arrays):
            return Tensor(_concretely(jnp.stack, arrays), first)
    return _of_python(value, dtype, hint)


def _holds_arrays(value: Any) -> bool:
    """Whether nested lists hold tensors somewhere."""
    return any(
        isinstance(item, (Tensor, Variable, jax.Array))
        or hasattr(item, "_as_tensor")
        or (isinstance(item, (list, tuple)) and _holds_arrays(item))
        for item in value
    )


def _of_python(value: Any, dtype: DType | None, hint: DType | None) -> Tensor:
    """Numbers and texts of Python and NumPy as a tensor."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            translated(f"Can't convert non-rectangular Python sequence to Tensor. ({error})")
        ) from None
    if array.dtype.kind in "SUO":
        return _of_texts(array)
    from_numpy = hasattr(value, "dtype")
    own = as_dtype(array.dtype) if from_numpy else _python_dtype(array)
    target = dtype or hint or own
    if target is string:
        return _of_texts(array.astype(str))
    if not from_numpy and _loses(own, target):
        if dtype is not None:
            raise TypeError(translated(f"Cannot convert {value!r} to EagerTensor of dtype {target.name}"))
        target = own  # the operation tells of the two dtypes
    return Tensor(held(array, target), target)


def _python_dtype(array: np.ndarray) -> DType:
    """The dtype that TensorFlow gives Python's numbers."""
    own = as_dtype(array.dtype)
    if own.name == "int64":
        fits = not array.size or (array.min() >= -(2**31) and array.max() < 2**31)
        return int32 if fits else own
    return float32 if own.name == "float64" else own


def _loses(own: DType, target: DType) -> bool:
    """Whether Python's numbers of one dtype are refused by another."""
    return (own.is_floating and (target.is_integer or target.is_bool)) or (own.is_integer and target.is_bool)


def _of_texts(array: np.ndarray) -> Tensor:
    def as_bytes(text: Any) -> bytes:
        if isinstance(text, (bytes, str)):
            return text.encode() if isinstance(text, str) else text
        raise ValueError(
            translated(
                f"Can't convert an object of {type(text)} to a Tensor: {text!r}. Lists must be rectangular."
            )
        )

    texts = np.empty(array.shape, object)
    for index in np.ndindex(array.shape):
        texts[index] = as_bytes(array[index] if array.shape else array[()])
    return Tensor(texts, string)


def held(array: np.ndarray, dtype: DType) -> Any:
    """NumPy's numbers as an array of a dtype."""
    return _concretely(on_device, np.asarray(array).astype(dtype.held, copy=False))


def _concretely(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of arrays at once, where all of their numbers are known while a program is compiled."""
    if is_tracing() and all(map(_is_constant, jax.tree.leaves((args, kwargs)))):
        _refuse_made_up_sizes(function, args, kwargs)
        with jax.ensure_compile_time_eval():
            return function(*args, **kwargs)
    return function(*args, **kwargs)


def _refuse_made_up_sizes(function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> None:
    """Refuse to compute what made-up sizes make large, such as a grid over an image of unknown size.

    Raises:
        NeedsEagerError: the results are too large for an example.
    """
    given = sum(np.size(leaf) for leaf in jax.tree.leaves((args, kwargs)) if hasattr(leaf, "shape"))
    if given > _SMALL and is_tracing_shapes():
        made = jax.eval_shape(functools.partial(function, *args, **kwargs))
        if sum(leaf.size for leaf in jax.tree.leaves(made)) > _SMALL**2:
            raise NeedsEagerError("The size of an array depends on sizes that are not known yet.")


def _is_constant(array: Any) -> bool:
    return has_numbers(array) and not is_watched(array)


def static(value: Any) -> Any:
    """Axes, shapes and counts as Python's integers, wherever they come from.

    Raises:
        NeedsEagerError: they depend on numbers that are not there yet.
    """
    if isinstance(value, (Tensor, jax.Array)):
        array = value._array if isinstance(value, Tensor) else value
        if not has_numbers(array):
            raise NeedsEagerError(
                "A shape or an axis depends on numbers, but this code is compiled before there are any."
            )
        return np.asarray(array).tolist()
    if isinstance(value, Variable):
        return static(value.value)
    if isinstance(value, (list, tuple)) and not isinstance(value, str):
        return tuple(static(item) for item in value)
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def as_list(value: Any) -> Any:
    """Axes as JAX takes them: an integer, None, or a tuple."""
    value = static(value)
    return tuple(value) if isinstance(value, (list, tuple)) else value


def belongs_to_model(arguments: Any) -> bool:
    """Whether there are symbolic tensors of a model, or its texts, among the arguments of a function."""
    return bool(symbolic_leaves(arguments)) or holds_texts(arguments)


def step_of_model(call: Callable[..., Any], name: str, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What a function returns for such arguments: symbolic tensors, or what it makes of texts."""
    step = Operation(name.title().replace("_", ""), lambda *a, **k: unwrapped(call(*a, **k)))
    step.in_files = functools.partial(operation_of_function, name, getattr(call, "raw", call))
    is_drawn = bool(symbolic_leaves((args, kwargs)))
    return record(step, args, kwargs) if is_drawn else step(*args, **kwargs)


def function(raw: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator that makes a function of arrays one of TensorFlow's. `raw` is kept as its attribute."""
    signature = inspect.signature(raw)
    parameters = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    kinds = {parameter.name: parameter.annotation for parameter in parameters}
    names = list(kinds)
    takes_name = "name" in kinds
    dtypes = {p.name: p.default for p in parameters if p.annotation is D and p.default not in (p.empty, None)}

    @ends_at_users_line
    @functools.wraps(raw)
    def call(*args: Any, **kwargs: Any) -> Any:
        if Hooks.graph is not None:
            node = Hooks.graph(call, args, kwargs)
            if node is not NotImplemented:
                return node
        if is_ragged(args):
            return over_ragged(call, raw.__name__, args, kwargs)
        if not takes_name:
            kwargs.pop("name", None)
            args = args[: len(names)] if len(args) == len(names) + 1 else args
        if belongs_to_model((args, kwargs)):
            return step_of_model(call, raw.__name__, args, kwargs)
        given = {**dtypes, **dict(zip(names, args, strict=False))}
        given.update((renamed(name, kinds), value) for name, value in kwargs.items())
        if len(args) > len(names):
            raise TypeError(f"{raw.__name__}() takes {len(names)} arguments. Received {len(args)}.")
        return _computed(raw, kinds, given)

    call.raw = raw  # pyright: ignore[reportFunctionMemberAccess]
    return call


def renamed(name: str, known: Collection[str]) -> str:
    """The name that an argument has here, for one that it has in TensorFlow 1 or 2."""
    if name in known:
        return name
    return next((new for new in _OLD_ARGUMENTS.get(name, ()) if new in known), name)


def _computed(raw: Callable[..., Any], kinds: dict[str, Any], given: dict[str, Any]) -> Any:
    tensors, options, families = _sorted(raw.__name__, kinds, given)
    asked = next(
        (given[name] for name, kind in kinds.items() if kind is D and given.get(name) is not None), None
    )
    asked = None if asked is None else as_dtype(asked)
    refuse_kind(raw.__name__, tensors)
    compute = on_texts(raw.__name__, raw, tensors)

    is_wide_call = bool(families) or (asked is not None and asked.held in NARROW)

    def run(arrays: dict[str, Any]) -> Any:
        if is_wide_call:
            return _in_64_bits(lambda: compute(**arrays, **options), families, asked)
        return compute(**arrays, **options)

    try:
        if is_tracing() and "key" not in options and all(map(_is_constant, jax.tree.leaves(tensors))):
            results = _concretely(run, tensors)  # but random numbers are never constants
        elif hasattr(raw, "stops_gradients"):
            results = without_tapes(run, tensors)
        else:
            results = computed(run, tensors, (raw, options, is_wide_call))
    except (TypeError, IndexError, ValueError) as error:
        try:
            raise_shape_error(error, raw.__name__, tensors)
        except ShapeError as shapes:
            raise InvalidArgumentError(str(shapes)) from None
        raise
    return _wrapped(results, asked)


def _in_64_bits(compute: Callable[[], Any], families: set[str], asked: DType | None) -> Any:
    """Results in 64 bits where an argument has them or they are asked for, else in 32."""

    def kept(result: Any) -> Any:
        if isinstance(result, Tensor) or not is_wide(result) or result.dtype.kind in families:
            return result
        return result if asked == result.dtype else result.astype(NARROW[result.dtype.name])

    with wide():
        return jax.tree.map(kept, compute(), is_leaf=_is_tensor)


def _sorted(
    name: str, kinds: dict[str, Any], given: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], set[str]]:
    """The arguments that are arrays, the others, and the kinds of those that have 64 bits: "f" for floats.

    Places of 64 bits count too, as kind "_", because they are computed with but give their width to nothing.
    """
    tensors: dict[str, Any] = {}
    options: dict[str, Any] = {}
    families: set[str] = set()
    matching = _same_dtype(name, [given[key] for key, kind in kinds.items() if kind is M and key in given])
    for key, value in given.items():
        kind = kinds.get(key)
        if value is None or kind not in _TENSORS:
            options[key] = _option(kind, value)
            continue
        if kind in (Ms, Is):
            parts = _several(name, kind, value)
            tensors[key] = [part._array for part in parts]
        else:
            parts = [next(matching) if kind is M else tensor_of(cut_fractions(name, value))]
            tensors[key] = parts[0]._array
            if kind is I:
                refuse_fractions(name, parts[0]._array)
        for part in parts:
            if is_wide(part._array):
                families.update("_" if kind in (I, Is) else _FAMILIES[part._array.dtype.kind])
    return tensors, options, families


def _several(name: str, kind: Any, value: Any) -> list[Tensor]:
    if kind is Is:
        return [tensor_of(one) for one in value]
    return list(_same_dtype(name, list(value) if isinstance(value, (list, tuple)) else [value]))


def _option(kind: Any, value: Any) -> Any:
    if kind is D:
        return None if value is None else as_dtype(value).held
    return as_list(value) if kind is S else value


def _same_dtype(name: str, values: list[Any]) -> Iterator[Tensor]:
    """Tensors of one dtype: Python's numbers and NumPy's take over that of the first tensor.

    Raises:
        InvalidArgumentError: two tensors have different ones.
    """
    values = [value for value in values if value is not None]
    hint = _first_dtype(values)
    tensors = [tensor_of(value, hint=hint) for value in values]
    if hint is None and {tensor.dtype.name for tensor in tensors} == {"int32", "float32"}:
        tensors = [tensor_of(value, hint=float32) for value in values]  # Python's numbers alone
    for place, tensor in enumerate(tensors):
        first = hint or tensors[0].dtype
        if first == tensor.dtype:
            continue
        if _are_of_models(tensors):
            widest = max((one.dtype for one in tensors), key=lambda dtype: dtype.size)
            return iter([Tensor(one._array, widest) for one in tensors])
        raise InvalidArgumentError(
            f"cannot compute {name} as input #{place}(zero-based) was expected to be a "
            f"{first.name} tensor "
            f"but is a {tensor.dtype.name} tensor: write tf.cast(x, tf.{first.name})."
        )
    return iter(tensors)


def _are_of_models(tensors: list[Tensor]) -> bool:
    """Whether tensors differ in their widths alone, in the code of a model, which is given 32 bits for 64."""
    kinds = {(one._array.dtype.kind, one._array.dtype.itemsize) for one in tensors}
    return current_scope() is not None and (kinds == {("i", 4), ("i", 8)} or kinds == {("f", 4), ("f", 8)})


def _first_dtype(values: list[Any]) -> DType | None:
    """The dtype of the first tensor, or else of the first array of NumPy."""
    for value in values:
        if isinstance(value, (Tensor, Variable, jax.Array)):
            return _dtype_of(value)
    return next((tensor_of(value).dtype for value in values if hasattr(value, "dtype")), None)


def _dtype_of(value: Any) -> DType:
    return variable_dtype(value) if isinstance(value, Variable) else as_dtype(value.dtype)


def _is_tensor(leaf: Any) -> bool:
    return isinstance(leaf, Tensor)


def _wrapped(results: Any, asked: DType | None) -> Any:
    """Arrays as tensors, in the dtype that was asked for where no array can say it."""

    def wrap(array: Any) -> Any:
        if isinstance(array, Tensor) or not hasattr(array, "dtype"):
            return array
        name = array.dtype.name
        is_special = asked is not None and asked.held == name != asked.name
        return Tensor(array, asked if is_special else None)

    return jax.tree.map(wrap, results, is_leaf=_is_tensor)


def unary(name: str, compute: Callable[..., Any], *, floats: bool = False) -> Callable[..., Any]:
    """A function of one tensor. With `floats`, integers become float32 first."""

    def raw(x: T) -> Any:
        return compute(to_float(x) if floats else x)

    return _named(name, raw)


def binary(name: str, compute: Callable[..., Any]) -> Callable[..., Any]:
    """A function of two tensors of one dtype, which are broadcast against each other."""

    def raw(x: M, y: M) -> Any:
        return compute(x, y)

    return _named(name, raw)


def reduction(name: str, compute: Callable[..., Any]) -> Callable[..., Any]:
    """A function that reduces a tensor over axes, or over all of them."""

    def raw(input_tensor: T, axis: S = None, keepdims: bool = False) -> Any:
        return compute(input_tensor, axis=axis, keepdims=bool(keepdims))

    return _named(name, raw)


def _named(name: str, raw: Callable[..., Any]) -> Callable[..., Any]:
    raw.__name__ = raw.__qualname__ = name
    raw.__doc__ = f"`tf.{name}`."
    return function(raw)


def to_float(x: Any) -> Any:
    """Integers and truth values as float32, anything else as it is."""
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype("float32")


def public(names: dict[str, Any], module: str) -> list[str]:
    """The names that a module of the face offers: what it defines itself."""
    return sorted(
        name
        for name, value in names.items()
        if not name.startswith("_") and (hasattr(value, "raw") or getattr(value, "__module__", "") == module)
    )
