"""The types, and so the default names, of TensorFlow's operations."""

_TYPES = {
    "reduce_mean": "Mean",
    "reduce_sum": "Sum",
    "reduce_max": "Max",
    "reduce_min": "Min",
    "reduce_prod": "Prod",
    "reduce_all": "All",
    "reduce_any": "Any",
    "reduce_logsumexp": "ReduceLogSumExp",
    "matmul": "MatMul",
    "multiply": "Mul",
    "subtract": "Sub",
    "divide": "truediv",
    "negative": "Neg",
    "pow": "Pow",
    "argmax": "ArgMax",
    "argmin": "ArgMin",
    "conv2d": "Conv2D",
    "max_pool": "MaxPool",
    "max_pool2d": "MaxPool2d",
    "avg_pool": "AvgPool",
    "bias_add": "BiasAdd",
    "relu": "Relu",
    "relu6": "Relu6",
    "elu": "Elu",
    "selu": "Selu",
    "stop_gradient": "StopGradient",
    "top_k": "TopKV2",
    "random_normal": "random_normal",
    "random_uniform": "random_uniform",
    "truncated_normal": "truncated_normal",
    "l2_loss": "L2Loss",
    "floormod": "FloorMod",
    "less_equal": "LessEqual",
    "greater_equal": "GreaterEqual",
    "not_equal": "NotEqual",
    "logical_and": "LogicalAnd",
    "logical_or": "LogicalOr",
    "logical_not": "LogicalNot",
    "expand_dims": "ExpandDims",
    "add_n": "AddN",
    "squared_difference": "SquaredDifference",
    "gather": "GatherV2",
    "where": "Where",
    "in_top_k": "InTopK",
    "cumsum": "Cumsum",
    "shape_of": "Shape",
    "size_of": "Size",
    "rank_of": "Rank",
    "sigmoid_cross_entropy_with_logits": "logistic_loss",
    "convolution": "Conv2D",
    "placeholder_with_default": "PlaceholderWithDefault",
}
# Functions whose steps have the function's own name.
_PLAIN = {
    "concat", "stack", "unstack", "split", "transpose", "zeros", "ones", "zeros_like", "ones_like", "one_hot",
    "embedding_lookup", "dropout", "moments", "batch_normalization", "softmax_cross_entropy_with_logits",
    "logistic_loss", "l2_normalize", "range", "boolean_mask", "clip_by_value", "clip_by_norm", "norm",
    "map_fn",
    "batchnorm", "meshgrid", "eye", "linspace",
}  # fmt: skip


def operation_type(function: str) -> str:
    """The type of the operation of a function of TensorFlow.

    Example:

        >>> operation_type("reduce_mean"), operation_type("concat"), operation_type("log_softmax")
        ('Mean', 'concat', 'LogSoftmax')
    """
    if function in _TYPES or function in _PLAIN:
        return _TYPES.get(function, function)
    return "".join(part.capitalize() for part in function.strip("_").split("_"))
