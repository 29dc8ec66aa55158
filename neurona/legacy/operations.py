"""Operations of TensorFlow inside models of tf-keras, as those of neurona.ops."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from neurona.core.errors import SavingError
from neurona.core.registry import serialize

Config = dict[str, Any]

# TensorFlow's function: the operation of neurona.ops, its operands in their order, and its options
# {TensorFlow's name: ours}.
_BINARY = (("x", "y"), {})
_UNARY = (("x",), {})
_REDUCED = (("input_tensor",), {"axis": "axis", "keepdims": "keepdims"})
FUNCTIONS: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "__operators__.add": ("Add", *_BINARY),
    "math.add": ("Add", *_BINARY),
    "math.subtract": ("Subtract", *_BINARY),
    "math.multiply": ("Multiply", *_BINARY),
    "math.truediv": ("TrueDivide", *_BINARY),
    "math.divide": ("TrueDivide", *_BINARY),
    "math.floordiv": ("FloorDivide", *_BINARY),
    "math.pow": ("Power", *_BINARY),
    "math.maximum": ("Maximum", *_BINARY),
    "math.minimum": ("Minimum", *_BINARY),
    "math.greater": ("Greater", *_BINARY),
    "math.greater_equal": ("GreaterEqual", *_BINARY),
    "math.less": ("Less", *_BINARY),
    "math.less_equal": ("LessEqual", *_BINARY),
    "math.equal": ("Equal", *_BINARY),
    "math.not_equal": ("NotEqual", *_BINARY),
    "math.abs": ("Absolute", *_UNARY),
    "math.exp": ("Exp", *_UNARY),
    "math.log": ("Log", *_UNARY),
    "math.sqrt": ("Sqrt", *_UNARY),
    "math.square": ("Square", *_UNARY),
    "math.negative": ("Negative", *_UNARY),
    "math.sin": ("Sin", *_UNARY),
    "math.cos": ("Cos", *_UNARY),
    "math.tanh": ("Tanh", *_UNARY),
    "math.sigmoid": ("Sigmoid", *_UNARY),
    "math.sign": ("Sign", *_UNARY),
    "math.softplus": ("Softplus", (("features",)), {}),
    "nn.relu": ("Relu", ("features",), {}),
    "nn.relu6": ("Relu6", ("features",), {}),
    "nn.elu": ("Elu", ("features",), {}),
    "nn.selu": ("Selu", ("features",), {}),
    "nn.silu": ("Silu", ("features",), {}),
    "nn.gelu": ("Gelu", ("features",), {"approximate": "approximate"}),
    "nn.leaky_relu": ("LeakyRelu", ("features",), {"alpha": "negative_slope"}),
    "nn.softmax": ("Softmax", ("logits",), {"axis": "axis"}),
    "math.reduce_mean": ("Mean", *_REDUCED),
    "math.reduce_sum": ("Sum", *_REDUCED),
    "math.reduce_max": ("Max", *_REDUCED),
    "math.reduce_min": ("Min", *_REDUCED),
    "math.reduce_prod": ("Prod", *_REDUCED),
    "math.reduce_std": ("Std", *_REDUCED),
    "math.reduce_variance": ("Var", *_REDUCED),
    "math.argmax": ("Argmax", ("input",), {"axis": "axis"}),
    "linalg.matmul": ("Matmul", ("a", "b"), {}),
    "concat": ("Concatenate", ("values",), {"axis": "axis"}),
    "stack": ("Stack", ("values",), {"axis": "axis"}),
    "expand_dims": ("ExpandDims", ("input",), {"axis": "axis"}),
    "squeeze": ("Squeeze", ("input",), {"axis": "axis"}),
    "compat.v1.squeeze": ("Squeeze", ("input",), {"axis": "axis"}),
    "reshape": ("Reshape", ("tensor",), {"shape": "newshape"}),
    "transpose": ("Transpose", ("a",), {"perm": "axes"}),
    "compat.v1.transpose": ("Transpose", ("a",), {"perm": "axes"}),
    "cast": ("Cast", ("x",), {"dtype": "dtype"}),
    "clip_by_value": ("Clip", ("t",), {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "tile": ("Tile", ("input",), {"multiples": "repeats"}),
    "where": ("Where", ("condition", "x", "y"), {}),
    "compat.v1.where": ("Where", ("condition", "x", "y"), {}),
    "ones_like": ("OnesLike", ("input",), {}),
    "zeros_like": ("ZerosLike", ("input",), {}),
    "identity": ("Copy", ("input",), {}),
}
FUNCTIONS |= {
    short: FUNCTIONS[whole]
    for short, whole in {
        "nn.sigmoid": "math.sigmoid",
        "nn.tanh": "math.tanh",
        "nn.swish": "nn.silu",
        "nn.softplus": "math.softplus",
        "compat.v1.nn.softmax": "nn.softmax",
        "keras.activations.relu": "nn.relu",
    }.items()
}
_OLDER: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {}
for _function, (_modern, _operands, _options) in FUNCTIONS.items():
    _OLDER.setdefault(_modern, (_function, _operands, _options))


_WHOLE_NAMES = {name.rpartition(".")[2]: name for name in reversed(FUNCTIONS)}


def operation_of_function(
    name: str, function: Callable[..., Any], step: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[Config, Sequence[Any], Config]:
    """A call of one of TensorFlow's functions in a model, as a file holds one of an operation.

    Args:
        name: the function's, without its module.
        function: itself, whose arguments have TensorFlow's names.
        step: the name of the step in the model.
        args, kwargs: what it was called with.

    Raises:
        SavingError: there is no operation like it.
    """
    whole = _WHOLE_NAMES.get(name, name)
    parameters = inspect.signature(function).parameters
    _, operands, options = FUNCTIONS.get(whole, ("", (), {}))
    theirs = {ours: name for ours, name in zip(parameters, operands) if name not in parameters}
    usual = {key: parameters[key].default for key in options if key in parameters}
    given = {key: value for key, value in usual.items() if value is not inspect.Parameter.empty}
    given |= {**dict(zip(parameters, args)), **kwargs}
    if "dtype" in given:
        given["dtype"] = getattr(given["dtype"], "name", given["dtype"])
    call = {"args": [], "kwargs": {theirs.get(key, key): value for key, value in given.items()}}
    entry, (written,) = modern_operation(
        {"class_name": "TFOpLambda", "config": {"name": step, "function": whole}}, [call]
    )
    return {**entry, "config": serialize(entry["config"])}, written["args"], written["kwargs"]


def older_operation(entry: Mapping[str, Any], for_hdf5: bool) -> tuple[Config, list[Config]]:
    """An operation of today as tf-keras wrote it, and its calls with the operands after the first by name.

    Args:
        entry: the operation among the layers of a model.
        for_hdf5: for a `.h5` file; others have none.

    Raises:
        SavingError: TensorFlow's operation for it is not known.
    """
    name, today = entry["name"], entry["class_name"] if for_hdf5 else ""
    config = {"name": name, "trainable": True, "dtype": "float32"}
    calls = [list(call["args"]) for call in entry["inbound_nodes"]]
    if today == "GetItem":
        config["function"] = "__operators__.getitem"
        specs = [[_older_part(part) for part in _parts(call[1])] for call in calls]
        called = [{"args": call[:1], "kwargs": {"slice_spec": spec}} for call, spec in zip(calls, specs)]
        return {"class_name": "SlicingOpLambda", "config": config}, called
    function, operands, options = _OLDER.get(today, ("", (), {}))
    if not function or not _fits(entry, options.values()):
        raise SavingError(
            f"{name!r} is the operation {entry['class_name']} of neurona.ops, which has no form "
            "in tf-keras 2, which .h5 is written for: make it a layer, or use .keras without save_format."
        )
    config["function"] = function
    given = {theirs: entry["config"][ours] for theirs, ours in options.items() if ours in entry["config"]}
    called = [{"args": call[:1], "kwargs": {**dict(zip(operands[1:], call[1:])), **given}} for call in calls]
    return {"class_name": "TFOpLambda", "config": config}, called


def _fits(entry: Mapping[str, Any], options: Iterable[str]) -> bool:
    """Whether an operation has no option but those that TensorFlow's function has."""
    known = {"name", "dtype", *options}
    has_others = any(key not in known and value is not None for key, value in entry["config"].items())
    return not has_others and not any(call["kwargs"] for call in entry["inbound_nodes"])


def _parts(spec: Any) -> list[Any]:
    spec = spec["items"] if isinstance(spec, Mapping) and "items" in spec else spec
    return list(spec) if isinstance(spec, (list, tuple)) else [spec]


def _older_part(part: Any) -> Any:
    if isinstance(part, Mapping) and part.get("class_name") == "__ellipsis__":
        return "..."
    return part["config"] if isinstance(part, Mapping) else part


def modern_operation(layer: Config, calls: list[Config]) -> tuple[Config, list[Config]]:
    """An operation's entry and its calls.

    Raises:
        SavingError: there is no operation like it.
    """
    config, name = layer["config"], layer["config"].get("name")
    if layer["class_name"] == "SlicingOpLambda":
        return _sliced(name, calls)
    function = str(config.get("function") or config.get("method") or layer["class_name"])
    if layer["class_name"] != "TFOpLambda" or function not in FUNCTIONS:
        raise SavingError(
            f"Layer {name!r} is the operation tf.{function} of TensorFlow ({layer['class_name']}), which is "
            "not converted. Rebuild the model in Python with neurona.ops, and load the weights with "
            "load_weights."
        )
    modern, operands, options = FUNCTIONS[function]
    found: Config = {"name": name}
    entries = []
    for call in calls:
        given = dict(call["kwargs"])
        args = list(call["args"])
        for operand in operands[len(args) :]:
            if operand in given:
                args.append(given.pop(operand))
        found |= {ours: given.pop(theirs) for theirs, ours in options.items() if theirs in given}
        given.pop("name", None)
        if left := sorted(key for key, value in given.items() if value not in (None, False)):
            raise SavingError(f"Layer {name!r}: tf.{function} with {left[0]}= is not converted.")
        entries.append({"args": args, "kwargs": {}})
    return _described(modern, found), entries


def _described(modern: str, config: Config) -> Config:
    return {
        "module": "keras.src.ops.numpy",
        "class_name": modern,
        "config": config,
        "registered_name": modern,
    }


def _sliced(name: Any, calls: list[Config]) -> tuple[Config, list[Config]]:
    """Indexing: each part of `slice_spec` is a slice, a number, an ellipsis or a new axis."""
    entries = []
    for call in calls:
        spec = call["kwargs"].get("slice_spec")
        parts = spec if isinstance(spec, list) else [spec]
        entries.append(
            {
                "args": [*call["args"], {"class_name": "__tuple__", "items": [_part(one) for one in parts]}],
                "kwargs": {},
            }
        )
    return _described("GetItem", {"name": name}), entries


def _part(one: Any) -> Any:
    if isinstance(one, dict) and "start" in one:
        return {"class_name": "__slice__", "config": {key: one.get(key) for key in ("start", "stop", "step")}}
    if (isinstance(one, dict) and one.get("class_name") == "__ellipsis__") or one == "...":
        return {"class_name": "__ellipsis__", "config": {}}
    return one
