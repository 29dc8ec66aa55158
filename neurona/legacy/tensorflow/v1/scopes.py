"""`tf.variable_scope` and `tf.get_variable`: variables that are shared by their names."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from neurona.legacy.tensorflow.dtypes import as_dtype, float32
from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.initializers import GlorotUniform, Zeros, first_value
from neurona.legacy.tensorflow.v1.tensor import GraphShape, GraphTensor, draw
from neurona.legacy.tensorflow.v1.variables import GraphVariable
from neurona.regularizers import Regularizer


class _AutoReuse:
    """Take a variable where there is one, and make it where there is none."""

    def __repr__(self) -> str:
        return "AUTO_REUSE"


AUTO_REUSE = _AutoReuse()


class VariableScope:
    """What `get_variable` does inside `with tf.variable_scope(...)`.

    Attributes:
        name: with which the names of variables begin.
        reuse: whether variables are there already: False, True or AUTO_REUSE.
        initializer, regularizer, dtype, custom_getter, constraint: what variables have by default.
        original_name_scope: the scope of operations that was opened with it.
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        dtype: Any = float32,
        custom_getter: Any = None,
        name_scope: str = "",
        constraint: Any = None,
    ) -> None:
        self.reuse, self.name, self.initializer, self.regularizer = reuse, name, initializer, regularizer
        self.dtype, self.custom_getter, self.original_name_scope = dtype, custom_getter, name_scope
        self.constraint = constraint

    def reuse_variables(self) -> None:
        """From now on variables are there already."""
        self.reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Set the default initializer."""
        self.initializer = initializer

    def set_regularizer(self, regularizer: Any) -> None:
        """Set the default regularizer."""
        self.regularizer = regularizer

    def get_collection(self, name: str) -> list[Any]:
        """What is in a collection and has a name in this scope."""
        return get_default_graph().get_collection(name, self.name and f"{self.name}/")

    def trainable_variables(self) -> list[Any]:
        """The variables of this scope that optimizers change."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """The variables of this scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)


def get_variable_scope() -> VariableScope:
    """The current scope."""
    graph = get_default_graph()
    if not graph.scope_stack:
        graph.scope_stack.append(VariableScope(False))
    return graph.scope_stack[-1]


@contextlib.contextmanager
def variable_scope(
    name_or_scope: Any,
    default_name: str | None = None,
    values: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: Any = None,
    constraint: Any = None,
    auxiliary_name_scope: bool = True,
) -> Iterator[VariableScope]:
    """Names of variables inside begin with this one, and `reuse` says whether they are there already.

    Args:
        name_or_scope: a name, or a scope that is entered again.
        default_name: the name where there is none, made unique.
        initializer, regularizer, dtype, custom_getter, constraint: defaults for the variables.
        reuse: True, False, None (as outside), or `tf.AUTO_REUSE`.
        auxiliary_name_scope: whether names of operations begin with it too.

    Raises:
        ValueError: there is neither a name nor a default one.
    """
    graph, outer = get_default_graph(), get_variable_scope()
    if name_or_scope is None and default_name is None:
        raise ValueError("If default_name is None then name_or_scope is required")
    again = isinstance(name_or_scope, VariableScope)
    base = name_or_scope if again else outer
    name, short = _entered(graph, outer, name_or_scope, default_name)
    open_names = (
        graph.name_scope(short)
        if auxiliary_name_scope and short
        else contextlib.nullcontext(graph.get_name_scope())
    )
    with open_names as name_scope:
        scope = VariableScope(
            _reuse(reuse, base.reuse if again else outer.reuse, outer.reuse),
            name,
            initializer or base.initializer,
            regularizer or base.regularizer,
            base.dtype if dtype is None else as_dtype(dtype),
            custom_getter or base.custom_getter,
            base.original_name_scope if again else name_scope,
            constraint or base.constraint,
        )
        graph.scope_stack.append(scope)
        counts = dict(graph.scope_counts) if again else None
        try:
            yield scope
        finally:
            graph.scope_stack.remove(scope)
            _leave(graph, name, counts)


def _leave(graph: Any, name: str, counts: dict[str, int] | None) -> None:
    """Let names inside a scope begin anew when it is entered again."""
    if counts is not None:
        graph.scope_counts = counts
    elif name:
        for one in [one for one in graph.scope_counts if one.startswith(f"{name}/")]:
            del graph.scope_counts[one]


def _entered(graph: Any, outer: VariableScope, name_or_scope: Any, default: Any) -> tuple[str, str | None]:
    """The whole name of the scope that is entered, and its last part."""
    if isinstance(name_or_scope, VariableScope):
        return name_or_scope.name, name_or_scope.name.rpartition("/")[2] or None
    short = name_or_scope if name_or_scope is not None else _unique(outer.name, str(default))
    name = f"{outer.name}/{short}" if outer.name and short else short or outer.name
    graph.scope_counts[name] = graph.scope_counts.get(name, 0) + 1
    return name, short


def _reuse(asked: Any, base: Any, outer: Any) -> Any:
    if asked is None or asked is False:
        return base or outer if asked is None else (outer if outer is True else False)
    return asked


def _unique(outer: str, name: str) -> str:
    counts, prefix = get_default_graph().scope_counts, f"{outer}/" if outer else ""
    if f"{prefix}{name}" not in counts:
        return name
    number = 1
    while f"{prefix}{name}_{number}" in counts:
        number += 1
    return f"{name}_{number}"


def variable_op_scope(values: Any, name_or_scope: Any, default_name: Any = None, **options: Any) -> Any:
    """The old name of `variable_scope`."""
    return variable_scope(name_or_scope, default_name, values, **options)


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: Any = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: Any = None,
    aggregation: Any = None,
) -> Any:
    """The variable of a name in the current scope: the one that is there, or a new one.

    Args:
        name: its name, after those of the scopes.
        shape: of its values; not with an initializer that is a value.
        dtype: of its numbers.
        initializer: how it begins; Glorot's uniform distribution for floats, zeros for integers.
        regularizer: gives a loss that is put into the collection of regularization losses.
        trainable, collections, validate_shape, constraint: as of `tf.Variable`.
        custom_getter: called instead, with this function first.
        caching_device, partitioner, use_resource, synchronization, aggregation: TensorFlow's; no effect.

    Raises:
        ValueError: it is there and must not be, is not there and must be, or has another shape.
    """
    scope = get_variable_scope()
    full_name = f"{scope.name}/{name}" if scope.name else name
    make = functools.partial(_get_variable, scope)
    getter: Callable[..., Any] | None = custom_getter or scope.custom_getter
    options: dict[str, Any] = {
        "shape": shape,
        "dtype": dtype,
        "initializer": initializer,
        "regularizer": regularizer,
        "trainable": trainable,
        "collections": collections,
        "validate_shape": validate_shape,
        "constraint": constraint or scope.constraint,
    }
    return getter(make, full_name, **options) if getter else make(full_name, **options)


def _get_variable(
    scope: VariableScope,
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    validate_shape: bool = True,
    constraint: Any = None,
    **_: Any,
) -> Any:
    graph = get_default_graph()
    found = graph.store.get(name)
    if found is not None:
        return _found(scope, name, found, shape, dtype)
    if scope.reuse is True:
        raise ValueError(
            f"Variable {name} does not exist, or was not created with tf.get_variable(). Did you mean to set "
            "reuse=tf.AUTO_REUSE in VarScope?"
        )
    wanted, begin = _beginning(scope, name, shape, dtype, initializer, validate_shape)
    keys = None if collections is None else list(collections)
    if keys is not None and trainable is not False:
        keys.append(GraphKeys.TRAINABLE_VARIABLES)
    variable = GraphVariable(
        lambda: first_value(begin, shape, wanted),
        trainable=trainable is not False,
        collections=keys,
        validate_shape=validate_shape,
        dtype=wanted,
        constraint=constraint,
        full_name=name,
    )
    graph.store[name] = variable
    regularizer = regularizer or scope.regularizer
    if regularizer is not None:
        with graph.name_scope(f"{name}/Regularizer/"):
            loss = penalty(regularizer, variable)
        if isinstance(loss, GraphTensor):
            graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
    return variable


def penalty(regularizer: Any, tensor: Any) -> Any:
    """The loss that a regularizer, one of Keras too, gives for a tensor."""
    if isinstance(regularizer, Regularizer):
        return draw(regularizer.__call__, (tensor,), default="Regularizer", kind="Regularizer")
    return regularizer(tensor)


def _beginning(
    scope: VariableScope, name: str, shape: Any, dtype: Any, initializer: Any, validate_shape: bool
) -> tuple[Any, Any]:
    """The dtype of a new variable, and its initializer.

    Raises:
        ValueError: its shape is not known.
    """
    is_value = initializer is not None and not callable(initializer) and not isinstance(initializer, str)
    if shape is None and not is_value and not callable(initializer):
        raise ValueError(
            f"Shape of a new variable ({name}) must be fully defined, but instead was <unknown>."
        )
    if shape is not None and validate_shape and not GraphShape(shape).is_fully_defined():
        raise ValueError(
            f"Shape of a new variable ({name}) must be fully defined, but instead was {GraphShape(shape)}."
        )
    if is_value:
        return None if dtype is None else as_dtype(dtype), initializer
    wanted = as_dtype(dtype or scope.dtype)
    return wanted, initializer or scope.initializer or _usual_initializer(wanted)


def _usual_initializer(dtype: Any) -> Any:
    return GlorotUniform() if dtype.is_floating else Zeros()


def _found(scope: VariableScope, name: str, variable: GraphVariable, shape: Any, dtype: Any) -> GraphVariable:
    if scope.reuse is False:
        raise ValueError(
            f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or "
            "reuse=tf.AUTO_REUSE "
            "in VarScope?"
        )
    if shape is not None and not variable.shape.is_compatible_with(shape):
        raise ValueError(
            f"Trying to share variable {name}, but specified shape {GraphShape(shape)} and found shape "
            f"{variable.shape}."
        )
    if dtype is not None and as_dtype(dtype) != variable.dtype:
        raise ValueError(
            f"Trying to share variable {name}, but specified dtype {as_dtype(dtype).name} and found dtype "
            f"{variable.dtype.name}."
        )
    return variable


def make_template(
    name_: str, func_: Callable[..., Any], create_scope_now_: bool = False, **kwargs: Any
) -> Any:
    """A function that makes its variables at the first call, and shares them at the others."""
    called: list[VariableScope] = []

    def call(*args: Any, **more: Any) -> Any:
        with variable_scope(called[0] if called else None, name_, reuse=bool(called) or None) as scope:
            if not called:
                called.append(scope)
            return func_(*args, **kwargs, **more)

    return call
