"""Variables by their names, and what `tf.contrib.framework` gives them from checkpoints."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from neurona.legacy.tensorflow.v1.building import placeholder
from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.logs import warning
from neurona.legacy.tensorflow.v1.saver import Saver, load_checkpoint
from neurona.legacy.tensorflow.v1.variables import assign, global_variables, group


def get_variables(
    scope: Any = None, suffix: str | None = None, collection: str = GraphKeys.GLOBAL_VARIABLES
) -> list[Any]:
    """Variables whose names begin and end so."""
    name = getattr(scope, "name", scope)
    found = get_default_graph().get_collection(collection, name)
    return [one for one in found if suffix is None or one.op.name.endswith(suffix)]


def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """Variables that optimizers change."""
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """Variables of layers."""
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)


def get_variables_by_name(given_name: str, scope: Any = None) -> list[Any]:
    """Variables whose last name is this one."""
    return get_variables(scope, suffix=f"/{given_name}") + [
        one for one in get_variables(scope) if one.op.name == given_name
    ]


def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[Any]:
    """Variables whose names end so."""
    return get_variables(scope, suffix=suffix)


def get_unique_variable(var_op_name: str) -> Any:
    """The variable of a whole name.

    Raises:
        ValueError: there is none.
    """
    found = [one for one in global_variables() if one.op.name == var_op_name]
    if not found:
        raise ValueError(f"There is no variable {var_op_name!r}.")
    return found[0]


def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """Variables of metrics and the like, which are not saved."""
    return get_variables(scope, suffix, GraphKeys.LOCAL_VARIABLES)


def filter_variables(
    var_list: Any,
    include_patterns: Any = None,
    exclude_patterns: Any = None,
    reg_search: bool = True,
) -> list[Any]:
    """Variables whose names fit one of some regular expressions, and none of others."""
    fits = re.search if reg_search else re.match
    found = list(var_list)
    if include_patterns is not None:
        found = [one for one in found if any(fits(pattern, one.op.name) for pattern in include_patterns)]
    return [one for one in found if not any(fits(pattern, one.op.name) for pattern in exclude_patterns or ())]


def get_variables_to_restore(include: Any = None, exclude: Any = None) -> list[Any]:
    """The variables of some scopes, by default all, without those of others."""
    kept = [one for scope in (include or [None]) for one in get_variables(scope)]
    left_out = {id(one) for scope in exclude or () for one in get_variables(scope)}
    return [one for one in dict.fromkeys(kept) if id(one) not in left_out]


def assign_from_values(var_names_to_values: Mapping[str, Any]) -> tuple[Any, dict[Any, Any]]:
    """The operation that gives variables values, and what it is fed."""
    steps, feed = [], {}
    for name, value in var_names_to_values.items():
        variable = get_unique_variable(name)
        entrance = placeholder(variable.dtype, variable.shape)
        steps.append(assign(variable, entrance))
        feed[entrance] = value
    return group(*steps), feed


def assign_from_values_fn(var_names_to_values: Mapping[str, Any]) -> Callable[[Any], None]:
    """A function that gives variables values in a session."""
    step, feed = assign_from_values(var_names_to_values)
    return lambda session: session.run(step, feed)


def _by_names(var_list: Any) -> dict[str, Any]:
    return dict(var_list) if isinstance(var_list, Mapping) else {one.op.name: one for one in var_list}


def _there(model_path: Any, var_list: Any) -> dict[str, Any]:
    """Those of some variables that a checkpoint has values for."""
    kept = load_checkpoint(model_path).get_variable_to_shape_map()
    wanted = _by_names(var_list)
    for name in wanted:
        if name not in kept:
            warning("Variable %s missing in checkpoint %s", name, model_path)
    return {name: variable for name, variable in wanted.items() if name in kept}


def assign_from_checkpoint(
    model_path: Any, var_list: Any, ignore_missing_vars: bool = False
) -> tuple[Any, dict[Any, Any]]:
    """The operation that gives variables the values of a checkpoint, and what it is fed.

    Args:
        model_path: the checkpoint, or a folder of them.
        var_list: variables, or a dictionary from names in the checkpoint.
        ignore_missing_vars: whether a variable that it lacks stays as it is.

    Raises:
        ValueError: the checkpoint lacks a variable.
    """
    reader = load_checkpoint(model_path)
    wanted = _there(model_path, var_list) if ignore_missing_vars else _by_names(var_list)
    for name in wanted:
        if not reader.has_tensor(name):
            raise ValueError(f"The checkpoint {model_path} has no variable {name!r}.")
    return assign_from_values({one.op.name: reader.get_tensor(name) for name, one in wanted.items()})


def assign_from_checkpoint_fn(
    model_path: Any, var_list: Any, ignore_missing_vars: bool = False, reshape_variables: bool = False
) -> Callable[[Any], None] | None:
    """A function that gives variables the values of a checkpoint in a session; None if there are none."""
    wanted = _there(model_path, var_list) if ignore_missing_vars else _by_names(var_list)
    if not wanted:
        warning("No Variables to restore")
        return None
    saver = Saver(wanted, reshape=reshape_variables)
    return lambda session: saver.restore(session, model_path)
