"""Operations of TensorFlow inside models of tf-keras, as those of neurona.ops."""

from typing import Any

from neurona.core.errors import SavingError

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
