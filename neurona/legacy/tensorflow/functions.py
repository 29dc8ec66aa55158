"""`tf.function`: a Python function that is compiled, one program for each kind of arguments.

Variables are read and assigned through Neurona's scope, and optimizers' states go in and out with them, so
that a whole step of training is one pure function. Code that asks for numbers runs step by step instead,
which a note says once.
"""

import contextlib
import functools
import importlib
import inspect
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.calling import READS
from neurona.core.errors import TracingError
from neurona.core.random import as_key, new_key
from neurona.core.scope import Scope, current_scope
from neurona.core.variable import Variable
from neurona.legacy.tensorflow.dispatch import Hooks, tensor_of
from neurona.legacy.tensorflow.dtypes import as_dtype
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor
from neurona.legacy.tensorflow.recording import is_tracing
from neurona.legacy.tensorflow.spec import TensorSpec
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.variable import Born
from neurona.legacy.tensorflow.widths import narrow, on_device, wide
from neurona.tracebacks import warn

_TRIES = 4  # how often a program is traced until all variables that it uses are known


class Settings:
    """What `tf.config` sets.

    Attributes:
        runs_eagerly: whether functions run step by step.
        adopted: the optimizers that the function that is being traced uses; None outside.
    """

    runs_eagerly = False
    adopted: dict[Any, Any] | None = None


class _Values(dict[Any, Any]):
    """The values of variables in a trace; those that it does not hold are noted."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.met: dict[Any, None] = {}

    def get(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self.met[key] = None
            return default
        return self[key]


def adopt(optimizer: Any, variables: Any) -> None:
    """Carry an optimizer's state in the function that is being traced, if there is one."""
    if Settings.adopted is None or optimizer in Settings.adopted:
        return
    with jax.ensure_compile_time_eval():
        if not optimizer.built and variables is not None:
            optimizer.build(variables)
    Settings.adopted[optimizer] = optimizer.state
    optimizer.state = jax.tree.map(jnp.copy, optimizer.state)


def know(optimizer: Any, variables: list[Any]) -> None:
    """Let an optimizer move variables that it has not met: until TensorFlow 2.10 one could serve several
    models in turn. The count of steps is one for all of them.
    """
    met = set(map(id, optimizer._variables))
    new = [one for one in variables if id(one) not in met]
    if not optimizer.built or not new:
        return
    adopted = (Settings.adopted or {}).get(optimizer)
    if optimizer._is_carried and optimizer._first_state is not None:  # a model's own step, rehearsed
        optimizer.state = optimizer._first_state
    elif adopted is not None:  # the first trace, which only finds what a function uses
        optimizer.state = adopted
    elif Settings.adopted is not None:
        return
    with jax.ensure_compile_time_eval():
        optimizer.build([*optimizer._variables, *new])
    if optimizer._is_carried:
        optimizer._first_state = optimizer.state
    if adopted is not None and Settings.adopted is not None:
        Settings.adopted[optimizer] = optimizer.state
        optimizer.state = jax.tree.map(jnp.copy, optimizer.state)


class Program:
    """One compiled form of a function.

    Args:
        run: the function of the arguments that are arrays.
    """

    def __init__(self, run: Callable[[list[Any]], Any]) -> None:
        self._run_python = run
        self.variables: list[Variable] = []
        self.optimizers: list[Any] = []
        self._plain: Any = None  # the outputs that are no arrays
        self._compiled = jax.jit(self._run)

    def trace(self, arrays: list[Any]) -> None:
        """Find the variables and optimizers that the function uses."""
        values, adopted, born = _Values(), {}, []

        def run(arrays: list[Any], key: jax.Array) -> list[Any]:
            self._outputs(values, arrays, key)
            return [variable._value for variable in born]

        outer, Born.variables = Born.variables, born
        try:
            with self._tracing(adopted):
                traced = jax.jit(run).trace(arrays, jax.random.key(0))
        finally:
            Born.variables = outer
        if born:  # what the first call makes keeps the value that it computes for it
            for variable, value in zip(born, traced.lower().compile()(arrays, new_key())):
                variable._value = value
        self.variables, self.optimizers = list(dict.fromkeys([*values.met, *values])), list(adopted)

    @contextlib.contextmanager
    def _tracing(self, adopted: dict[Any, Any]) -> Iterator[None]:
        """While the function is traced: optimizers that it uses are adopted, and get their state back."""
        outer, Settings.adopted = Settings.adopted, adopted
        kept = {optimizer: optimizer.state for optimizer in self.optimizers}
        try:
            yield
        finally:
            Settings.adopted = outer
            for optimizer, state in adopted.items():
                optimizer.state = kept.get(optimizer, state)

    def _outputs(self, values: _Values, arrays: list[Any], key: jax.Array) -> Any:
        with Scope(values, key):
            leaves, tree = jax.tree.flatten(self._run_python(arrays), is_leaf=_is_result)
        found = [_result(leaf) for leaf in leaves]
        self._plain = tree, [None if isinstance(one, Tensor) else one for one in found]
        return [one for one in found if isinstance(one, Tensor)]

    def _run(self, values: list[Any], states: list[Any], arrays: list[Any], key: jax.Array) -> Any:
        table = _Values(zip(self.variables, values))
        adopted = dict.fromkeys(self.optimizers)
        with narrow(), self._tracing(adopted):
            for optimizer, state in zip(self.optimizers, states):
                optimizer.state = state
            outputs = self._outputs(table, arrays, key)
            new_states = [optimizer.state for optimizer in self.optimizers]
        known = set(self.variables)
        missed = [one for one in (*table.met, *table) if one not in known]
        if missed or list(adopted) != self.optimizers:
            self.variables += list(dict.fromkeys(missed))
            self.optimizers = list(adopted)
            raise _MoreVariablesError
        new = {
            place: table[variable]
            for place, (variable, value) in enumerate(zip(self.variables, values))
            if table[variable] is not value
        }
        return outputs, new, new_states

    def __call__(self, arrays: list[Any]) -> Any:
        for _ in range(_TRIES):
            values = [variable.value for variable in self.variables]
            states = [optimizer.state for optimizer in self.optimizers]
            scope = current_scope()
            key = new_key() if scope is None or scope.key is None else as_key(None)
            try:
                with wide():  # which XLA's operations of 64 bits are made in
                    outputs, new, new_states = self._compiled(values, states, arrays, key)
                break
            except _MoreVariablesError:
                self._compiled = jax.jit(self._run)
        else:
            raise TracingError("A tf.function uses other variables each time that it is traced.")
        for place, value in new.items():
            Variable.assign(self.variables[place], value)
        for optimizer, state in zip(self.optimizers, new_states):
            optimizer.state = state
        tree, plain = self._plain
        rest = iter(outputs)
        return jax.tree.unflatten(tree, [next(rest) if one is None else one for one in plain])


class _MoreVariablesError(Exception):
    """A trace met variables that it had not met before."""


def _is_result(value: Any) -> bool:
    return value is None or isinstance(value, (Tensor, Variable))


def _result(leaf: Any) -> Any:
    """An output as a tensor, or as it is where it is none."""
    if isinstance(leaf, (Tensor, Variable, jax.Array, np.ndarray, np.generic, bool, int, float)):
        made = tensor_of(leaf)
        return Tensor(on_device(made._array), made._dtype) if made._array.dtype != object else _Plain(leaf)
    return _Plain(leaf) if leaf is None else leaf


class _Plain:
    """An output that is no array."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Function:
    """A Python function that is compiled at its first call with each kind of arguments.

    Args:
        python_function: what it computes.
        input_signature: specifications of its tensors.
    """

    def __init__(self, python_function: Callable[..., Any], input_signature: Any = None) -> None:
        functools.update_wrapper(self, python_function)
        self.python_function = python_function
        self.input_signature = input_signature
        self.runs_eagerly = False
        self._programs: dict[tuple[Any, ...], Program] = {}
        self._known: tuple[list[Variable], list[Any]] = [], []

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundFunction(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.runs_eagerly or Settings.runs_eagerly or Hooks.draws() or is_tracing():
            return self.python_function(*args, **kwargs)
        args = self._as_signed(args)
        leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=lambda one: isinstance(one, Variable))
        leaves = [_argument(leaf) for leaf in leaves]
        places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)]
        if any(_is_of_host(leaf) for leaf in leaves):
            return self.python_function(*args, **kwargs)
        try:
            return self._compiled(leaves, tree, places)
        except (*READS, TracingError, jax.errors.UnexpectedTracerError) as error:
            self._fall_back(error)
            return self.python_function(*args, **kwargs)

    def _compiled(self, leaves: list[Any], tree: Any, places: list[int]) -> Any:
        arrays = [leaves[place] for place in places]
        plain = [None if place in places else leaf for place, leaf in enumerate(leaves)]
        key = tree, tuple(map(_identity, plain)), tuple((one.shape, one.dtype) for one in arrays)
        program = self._programs.get(key)
        if program is None:
            program = self._traced(plain, tree, places, arrays)
            self._programs[key] = program
        results = program(arrays)
        return jax.tree.map(_opened, results, is_leaf=lambda one: isinstance(one, (Tensor, _Plain)))

    def _traced(self, plain: list[Any], tree: Any, places: list[int], arrays: list[Any]) -> Program:
        def run(arrays: list[Any]) -> Any:
            filled = list(plain)
            for place, array in zip(places, arrays):
                filled[place] = array
            args, kwargs = jax.tree.unflatten(tree, filled)
            return self.python_function(*args, **kwargs)

        program = Program(run)
        program.variables, program.optimizers = map(list, self._known)
        if not program.variables:
            program.trace(arrays)
        self._known = program.variables, program.optimizers
        return program

    def _as_signed(self, args: tuple) -> tuple:
        """Arguments as tensors of the dtypes that the signature says."""
        if self.input_signature is None:
            return jax.tree.map(_as_tensor, args, is_leaf=lambda one: isinstance(one, (Tensor, Variable)))
        extra = max(len(args) - len(self.input_signature), 0)
        signed = [self._signed(one, spec) for one, spec in zip(args[extra:], self.input_signature)]
        return (*args[:extra], *signed)

    def _signed(self, one: Any, spec: Any) -> Any:
        """An argument as a tensor that fits its specification."""
        if not isinstance(spec, TensorSpec) or isinstance(one, RaggedTensor):
            return one
        if not isinstance(one, (Tensor, Variable)):
            one = tensor_of(one, spec.dtype)
        if one.dtype != spec.dtype or not spec.shape.is_compatible_with(one.shape):
            name = getattr(self.python_function, "__name__", "function")
            raise TypeError(
                f"Binding inputs to tf.function {name!r} failed: its input_signature says a tensor of "
                f"shape {spec.shape} and dtype {as_dtype(spec.dtype).name}. Received one of shape "
                f"{TensorShape(one.shape)} and dtype {as_dtype(one.dtype).name}."
            )
        return one

    def _fall_back(self, error: Exception) -> None:
        self.runs_eagerly = True
        self._programs.clear()
        name = getattr(self.python_function, "__qualname__", "it")
        reason = str(error).split("\n")[0]
        warn(f"tf.function {name!r} runs step by step, because its Python code depends on numbers: {reason}")

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> "ConcreteFunction":
        """The function for one kind of arguments."""
        return ConcreteFunction(self, self.python_function, args or tuple(self.input_signature or ()), kwargs)

    @property
    def pretty_printed_signature(self) -> str:
        """The arguments."""
        return str(self.input_signature)

    def pretty_printed_concrete_signatures(self, verbose: bool = True) -> str:
        """The dtypes and shapes of the arguments that programs were compiled for."""
        name = getattr(self.python_function, "__name__", "function")
        kinds = [", ".join(f"{dtype}{list(shape)}" for shape, dtype in key[2]) for key in self._programs]
        return "\n\n".join(f"{name}({kind})" for kind in kinds)

    def experimental_get_tracing_count(self) -> int:
        """How many programs there are."""
        return len(self._programs)

    def experimental_get_compiler_ir(self, *_: Any, **__: Any) -> None:
        """Told: JAX shows the program."""
        raise NotImplementedError(
            "Write jax.jit(function).lower(...).as_text() for the program that XLA compiles."
        )


class ConcreteFunction:
    """A function for one kind of arguments.

    Args:
        function: what is called.
        python_function: what it computes.
        args, kwargs: tensors, or specifications of them.
    """

    def __init__(self, function: Any, python_function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        functools.update_wrapper(self, python_function)
        self._function, self._python, self._given = function, python_function, (args, kwargs)
        self.name = getattr(python_function, "__name__", "function")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = self._completed(args, kwargs)
        return self._function(*args, **kwargs)

    def _completed(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The arguments of a call, with those of the function that are no tensors and were given before."""
        try:
            signature = inspect.signature(self._python)
            given, bound = signature.bind(*self._given[0], **self._given[1]), signature.bind_partial()
            free = [name for name in given.arguments if _has_dtype(given.arguments[name])]
            named = dict(zip(free if len(args) <= len(free) else signature.parameters, args)) | kwargs
            bound.arguments = {name: named.pop(name) for name in list(signature.parameters) if name in named}
        except (TypeError, ValueError):
            return args, kwargs
        if named:
            return args, kwargs
        for name, value in given.arguments.items():
            if not _has_dtype(value):
                bound.arguments.setdefault(name, value)
        self._check(given.arguments, bound.arguments)
        bound.arguments = {
            one: bound.arguments[one] for one in signature.parameters if one in bound.arguments
        }
        return bound.args, bound.kwargs

    def _check(self, given: dict[str, Any], called: dict[str, Any]) -> None:
        for name, value in called.items():
            wanted, found = getattr(given.get(name), "dtype", None), getattr(value, "dtype", None)
            if None not in (wanted, found) and as_dtype(wanted) != as_dtype(found):
                raise InvalidArgumentError(
                    f"{self.name!r}: argument {name!r} is of dtype {as_dtype(wanted).name} here. Received a "
                    f"tensor of dtype {as_dtype(found).name}."
                )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._function, name)

    @property
    def structured_input_signature(self) -> tuple[Any, Any]:
        """The specifications of the arguments."""
        args, kwargs = jax.tree.map(_spec, self._given, is_leaf=_has_dtype)
        return tuple(args), kwargs

    @property
    def structured_outputs(self) -> Any:
        """What the function returns, as tensors of its graph."""
        return self._drawn[2]

    @property
    def inputs(self) -> list[Any]:
        """The tensors of the graph that stand for the arguments."""
        return self._drawn[1]

    @property
    def outputs(self) -> list[Any]:
        """The tensors of the graph that are returned."""
        return [leaf for leaf in jax.tree.leaves(self._drawn[2], is_leaf=_is_result) if leaf is not None]

    @property
    def graph(self) -> Any:
        """The operations of the function, drawn as a graph of TensorFlow 1.

        Raises:
            NotImplementedError: it does what can't be drawn.
        """
        return self._drawn[0]

    @functools.cached_property
    def _drawn(self) -> tuple[Any, list[Any], Any]:
        graphs = importlib.import_module("neurona.legacy.tensorflow.v1")
        graph, inputs = graphs.Graph(), []

        def drawn(leaf: Any) -> Any:
            if not _has_dtype(leaf) or isinstance(leaf, Variable):
                return leaf
            inputs.append(graphs.placeholder(leaf.dtype, leaf.shape, getattr(leaf, "name", None)))
            return inputs[-1]

        with graph.as_default():
            args, kwargs = jax.tree.map(drawn, self._given, is_leaf=_has_dtype)
            try:
                outputs = self._python(*args, **kwargs)
            except Exception as error:
                raise NotImplementedError(
                    f"The graph of {self.name!r} can't be drawn: {error}. "
                    "Write jax.make_jaxpr(function)(...) for the program that is compiled."
                ) from error
        return graph, inputs, outputs


def _has_dtype(value: Any) -> bool:
    return hasattr(value, "dtype")


def _spec(value: Any) -> Any:
    return TensorSpec(value.shape, value.dtype) if _has_dtype(value) else value


class BoundFunction:
    """A `Function` that is a method."""

    def __init__(self, function: Function, instance: Any) -> None:
        functools.update_wrapper(self, function.python_function)
        self._function, self._instance = function, instance
        self.python_function = functools.partial(function.python_function, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(self._instance, *args, **kwargs)

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """The method for one kind of arguments."""
        given = args or tuple(self._function.input_signature or ())
        return ConcreteFunction(self, self.python_function, given, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._function, name)


def function(func: Any = None, input_signature: Any = None, autograph: bool = True, **options: Any) -> Any:
    """Compile a function; as a decorator, with or without arguments."""
    del autograph, options  # XLA compiles in any case

    def decorate(func: Callable[..., Any]) -> Any:
        return func if isinstance(func, (Function, BoundFunction)) else Function(func, input_signature)

    return decorate if func is None else decorate(func)


def _as_tensor(leaf: Any) -> Any:
    return tensor_of(leaf) if isinstance(leaf, (np.ndarray, np.generic, jax.Array)) else leaf


def _argument(leaf: Any) -> Any:
    if isinstance(leaf, np.ndarray) and leaf.dtype != object:
        return on_device(leaf)
    return leaf


def _is_of_host(leaf: Any) -> bool:
    """Whether an argument is of texts or ragged, which XLA does not compute with."""
    return isinstance(leaf, RaggedTensor) or (isinstance(leaf, np.ndarray) and leaf.dtype == object)


def _identity(leaf: Any) -> Hashable:
    """What tells arguments apart that are no arrays: plain values by their value, objects by identity."""
    return (type(leaf), leaf) if isinstance(leaf, (bool, int, float, str, bytes, type(None))) else _Kept(leaf)


class _Kept:
    """An object as a key: by identity, and kept alive."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def _opened(one: Any) -> Any:
    return one.value if isinstance(one, _Plain) else one
