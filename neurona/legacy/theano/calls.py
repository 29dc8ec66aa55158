"""`theano.function`: a program from inputs to outputs, which also updates shared variables."""

import functools
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np

from neurona.errors import ArgumentError
from neurona.graph import Node, Program, compile_graph, nodes_in
from neurona.legacy.theano.indexing import exact_windows
from neurona.legacy.theano.settings import config, wide
from neurona.legacy.theano.sparse_variables import SparseVariable
from neurona.legacy.theano.variables import Shared, Tensor, as_tensor_variable, clone


class UnusedInputError(ArgumentError):
    """An input on which nothing depends."""


class In:
    """An input of a function, with a value where none is given.

    Args:
        variable: the input.
        name: by which it can be given; by default the variable's.
        value: where none is given; a shared variable is read at each call.
        update: its next value, where `value` keeps one from call to call.
    """

    def __init__(
        self, variable: Any, name: str | None = None, value: Any = None, update: Any = None, **_: Any
    ) -> None:
        self.variable, self.value, self.update = variable, value, update
        self.name = name or getattr(variable, "given_name", None)


class Param(In):
    """The older name of `In`: `Param(variable, default=value)`."""

    def __init__(self, variable: Any, default: Any = None, name: str | None = None, **options: Any) -> None:
        super().__init__(variable, name, default, **options)


class Out:
    """An output of a function."""

    def __init__(self, variable: Any, borrow: bool = False) -> None:
        self.variable = variable


class Function:
    """What `theano.function` makes.

    Calling it returns the outputs as NumPy arrays, and then sets the updates.
    """

    def __init__(
        self,
        inputs: list[In],
        outputs: Any,
        updates: dict[Any, Any],
        givens: dict[Any, Any],
        name: str | None = None,
        allow_input_downcast: bool | None = None,
        draws_anew: bool = True,
    ) -> None:
        self.name, self.inputs, self.outputs = name, inputs, outputs
        self._allow = allow_input_downcast
        self.updates, self.givens, self._draws_anew = updates, givens, draws_anew
        self._program = self._compiled()
        nodes = list(_all_nodes(self._program.nodes))
        self._windows = [node.window for node in nodes if getattr(node, "window", None) is not None]
        streams = [node.stream_of for node in nodes if getattr(node, "stream_of", None) is not None]
        self._stream = next(iter(streams), None)
        self._words = None if draws_anew else np.array([0, 1], np.uint32)
        self.maker = SimpleNamespace(
            fgraph=SimpleNamespace(
                inputs=[one.variable for one in inputs],
                outputs=list(nodes_in(outputs)),
                toposort=lambda: [one.owner for one in nodes if getattr(one, "owner", None)],
            )
        )

    def _compiled(self) -> Program:
        return compile_graph([one.variable for one in self.inputs], self.outputs, self.updates, self.givens)

    @functools.cached_property
    def _exact(self) -> Program:
        """The program for windows that go beyond their arrays."""
        return self._compiled()

    def copy(
        self,
        share_memory: bool = False,
        swap: Mapping[Any, Any] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
        profile: Any = None,
    ) -> "Function":
        """The function with other shared variables, or without its updates."""
        updates: dict[Any, Any] = {} if delete_updates else self.updates
        new = dict(swap or {})
        return Function(
            self.inputs,
            clone(self.outputs, new),
            {new.get(one, one): clone(value, new) for one, value in updates.items()},
            {one: clone(value, new) for one, value in self.givens.items()},
            name or self.name,
            self._allow,
            self._draws_anew,
        )

    def __call__(self, *args: Any, output_subset: Any = None, **kwargs: Any) -> Any:
        values = self._values(args, kwargs)
        known = {one.variable: value for one, value in zip(self.inputs, values, strict=True)}
        words = self._words
        if words is None and self._stream is not None:
            words = self._stream.next_words()
        with wide():
            if all(window.is_inside(known) for window in self._windows):
                outputs = self._program(*values, words=words)
            else:
                with exact_windows():
                    outputs = self._exact(*values, words=words)
        return jax.tree.map(np.array, outputs)  # which the caller may change

    def _values(self, args: tuple, kwargs: dict[str, Any]) -> list[Any]:
        """The values of the inputs, by place or by name."""
        if len(args) > len(self.inputs):
            raise TypeError(f"{self}: it takes {len(self.inputs)} inputs. Received: {len(args)}.")
        given = dict(zip(self.inputs, args))
        for key, value in kwargs.items():
            match = next((one for one in self.inputs if key == one.name or key is one.variable), None)
            if match is None or match in given:
                names = ", ".join(str(one.name) for one in self.inputs)
                raise TypeError(f"{self}: unknown or repeated input {key!r}. Its inputs are: {names}.")
            given[match] = value
        missing = [one for one in self.inputs if one not in given and one.value is None]
        if missing:
            raise TypeError(f"{self}: missing required input: {missing[0].name or missing[0].variable}")
        return [self._array(one, given.get(one, one.value)) for one in self.inputs]

    def _array(self, one: In, value: Any) -> Any:
        """A value in the dtype of its input.

        Raises:
            TypeError: another number of axes, or a dtype that would lose numbers.
        """
        variable = one.variable
        if isinstance(value, Shared):
            value = value.value
        array = np.asarray(value)
        if array.ndim != variable.ndim:
            raise TypeError(
                f"Bad input argument with name {one.name!r} to {self}: wrong number of dimensions: expected "
                f"{variable.ndim}, got {array.ndim} with shape {array.shape}."
            )
        is_python = not isinstance(value, (np.ndarray, np.generic, jax.Array))
        loose = is_python and (array.dtype.kind in "biu" or self._allow is not False)
        if not (
            self._allow or np.can_cast(array.dtype, variable.dtype) or (loose and _holds(array, variable))
        ):
            raise TypeError(
                f"Bad input argument with name {one.name!r} to {self}: it has dtype {array.dtype}, and the "
                f"input {variable.dtype}. Convert it, numpy.asarray(x, dtype={variable.dtype!r}), or set "
                "allow_input_downcast=True."
            )
        return array.astype(variable.dtype, copy=False)

    def __repr__(self) -> str:
        return f"<theano.function {self.name or ''!r}>"


class SparseFunction:
    """A function with sparse matrices among its inputs and outputs, which SciPy's stand for.

    Args:
        build: makes the function of the variables that the matrices are made of.
        inputs: variables, or `In`.
        outputs: a variable, or a list of them.
    """

    def __init__(self, build: Callable[..., Function], inputs: list[In], outputs: Any) -> None:
        self.inputs, self.outputs = inputs, outputs
        self._is_list = isinstance(outputs, (list, tuple))
        wanted = list(outputs) if self._is_list else [outputs]
        self._wanted = [one for one in wanted if one is not None]
        parts = [_parts(one.variable) or [one] for one in inputs]
        self._inner = build(
            [one for several in parts for one in several],
            [part for one in self._wanted for part in _parts(one) or [one]],
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = list(args)
        for one in self.inputs[len(args) :]:
            if one.name not in kwargs and one.value is None:
                raise TypeError(f"{self._inner}: missing required input: {one.name or one.variable}")
            given.append(kwargs.pop(str(one.name), one.value))
        if kwargs or len(given) > len(self.inputs):
            raise TypeError(f"{self._inner}: it takes {len(self.inputs)} inputs. Received: {len(given)}.")
        values: list[Any] = []
        for one, value in zip(self.inputs, given, strict=True):
            is_sparse = isinstance(one.variable, SparseVariable)
            values += one.variable.values_of(value) if is_sparse else [value]
        results = iter(self._inner(*values))
        made = [
            one.matrix_of([next(results) for _ in one.parts])
            if isinstance(one, SparseVariable)
            else next(results)
            for one in self._wanted
        ]
        return made if self._is_list or not made else made[0]


def _holds_sparse(inputs: list[In], outputs: Any) -> bool:
    several = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return any(isinstance(one, SparseVariable) for one in (*several, *(entry.variable for entry in inputs)))


def _parts(variable: Any) -> list[Any]:
    return variable.parts if isinstance(variable, SparseVariable) else []


def _all_nodes(nodes: Iterable[Any]) -> Iterator[Any]:
    """Nodes, and those in the steps of loops."""
    for node in nodes:
        yield node
        yield from _all_nodes(getattr(node, "inner", ()))


def _holds(array: np.ndarray, variable: Any) -> bool:
    """Whether numbers of Python fit a dtype: those that are equal in it, and floats where it is `floatX`."""
    if array.dtype.kind == "f" and variable.dtype == config.floatX:
        return True
    return bool(np.all(array.astype(variable.dtype) == array))


def function(
    inputs: Iterable[Any],
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
) -> Function:
    """A function from inputs to outputs.

    Args:
        inputs: variables, or `In`.
        outputs: a variable, a list or a dictionary of them, or None.
        updates: shared variables with their new values, computed from the values before.
        givens: variables with those that stand in their place.
        on_unused_input: "raise", "warn" or "ignore" where nothing depends on an input.

    Raises:
        UnusedInputError: nothing depends on an input.
        TypeError: an update of what is no shared variable, or of another dtype or number of axes.
    """
    if inspect.isgenerator(inputs) or isinstance(inputs, Node):
        inputs = [inputs] if isinstance(inputs, Node) else list(inputs)
    entries = [one if isinstance(one, In) else In(one) for one in inputs]
    if _holds_sparse(entries, outputs):

        def build(inputs: list[Any], outputs: list[Any]) -> Function:
            return function(
                inputs, outputs, mode, updates, givens, no_default_updates, accept_inplace, name,
                rebuild_strict, allow_input_downcast, profile, "ignore",
            )  # fmt: skip

        return SparseFunction(build, entries, outputs)  # pyright: ignore[reportReturnType]
    new = {one: _update(one, value) for one, value in _pairs(updates).items()}
    in_place_of = {old: _replacement(old, value) for old, value in _pairs(givens).items()}
    wanted = _outputs(outputs)
    for one in entries:
        if isinstance(one.variable, Shared) or not isinstance(one.variable, Tensor):
            raise TypeError(
                f"An input of a function is a variable such as T.matrix(). Received: {one.variable!r}"
            )
        if one.update is not None:
            raise ArgumentError("In(update=...) is not here: keep the value in a theano.shared variable.")
    built = Function(entries, wanted, new, in_place_of, name, allow_input_downcast, not no_default_updates)
    _check_used(entries, built, wanted, new, in_place_of, on_unused_input or config.on_unused_input)
    return built


def _pairs(given: Any) -> dict[Any, Any]:
    """A dictionary from a dictionary or a list of pairs."""
    if given is None:
        return {}
    return dict(given.items() if isinstance(given, Mapping) else [tuple(pair) for pair in given])


def _outputs(outputs: Any) -> Any:
    if isinstance(outputs, Mapping):
        return {key: _outputs(value) for key, value in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return [_outputs(value) for value in outputs]
    if outputs is None:
        return []
    return as_tensor_variable(outputs.variable if isinstance(outputs, Out) else outputs)


def _update(variable: Any, value: Any) -> Any:
    """The new value of a shared variable.

    Raises:
        TypeError: it is of another number of axes, or of a dtype that would lose numbers.
    """
    if not isinstance(variable, Shared):
        raise TypeError(f"An update is of a theano.shared variable. Received: {variable!r}")
    node = as_tensor_variable(value)
    with wide():
        shape, dtype = node.shape if not hasattr(node, "spec") else node.spec.shape, node.dtype
    if shape is not None and len(shape) != variable.ndim:
        raise TypeError(
            f"The update of {variable.name!r} has {len(shape)} dimensions, and the shared variable "
            f"{variable.ndim}."
        )
    if not np.can_cast(dtype, variable.dtype, "same_kind"):
        raise TypeError(
            f"The update of {variable.name!r} has dtype {dtype}, and the shared variable {variable.dtype}: "
            f"cast it, T.cast(value, {variable.dtype!r})."
        )
    return node


def _replacement(old: Any, value: Any) -> Any:
    node = as_tensor_variable(value)
    with wide():
        same = node.spec.shape is None or len(node.spec.shape) == old.ndim
    if not same:
        raise TypeError(
            f"givens: {old.name!r} has {old.ndim} dimensions, and what stands for it another number."
        )
    return node


def _check_used(
    entries: list[In], built: Function, outputs: Any, updates: dict, givens: dict, how: str
) -> None:
    read = {node for one in built._program.nodes for node in one.inputs}
    read |= {*nodes_in(outputs), *updates.values(), *givens.values()}
    for one in entries:
        if one.variable in read or how == "ignore":
            continue
        text = (
            f"theano.function was given the input {one.name or one.variable!r}, on which nothing depends. To "
            "allow it: on_unused_input='ignore'."
        )
        if how == "raise":
            raise UnusedInputError(text)
        warnings.warn(text, UserWarning, stacklevel=3)
