"""TensorFlow 1's face: `tensorflow` in its programs, `tensorflow.compat.v1` in those of TensorFlow 2.

Names that only TensorFlow 1 had, or had with other arguments, are listed here; all others are those of
`neurona.legacy.tensorflow`. Names are loaded when first touched.
"""

import importlib
from typing import Any

from neurona.core.errors import suggestion
from neurona.legacy.tensorflow.v1.age import looks_like_one
from neurona.legacy.tensorflow.v1.inner_paths import INNER_PATHS
from neurona.legacy.tensorflow.v1.mode import Mode, begin
from neurona.messages import translated

__all__ = ["begin", "looks_like_one"]

_FACE, _HERE = "neurona.legacy.tensorflow", __name__
_HOMES = {
    "graph": """Graph GraphKeys get_default_graph reset_default_graph name_scope op_scope
        control_dependencies device add_to_collection add_to_collections get_collection get_collection_ref
        set_random_seed get_seed""",
    "graph_def": "GraphDef NodeDef import_graph_def",
    "tensor": "Operation constant",
    "variables": """assign assign_add assign_sub group no_op global_variables trainable_variables
    local_variables
        model_variables moving_average_variables variables_initializer global_variables_initializer
        local_variables_initializer tables_initializer scatter_update scatter_add scatter_sub scatter_mul
        scatter_div scatter_max scatter_min""",
    "scopes": """AUTO_REUSE VariableScope get_variable_scope variable_scope variable_op_scope get_variable
        make_template""",
    "initializers": "uniform_unit_scaling_initializer",
    "session": "Session InteractiveSession get_default_session",
    "building": """zeros_like placeholder placeholder_with_default gradients hessians py_func
        is_variable_initialized report_uninitialized_variables shape size rank
        check_numerics add_check_numerics_ops verify_tensor_all_finite""",
    "control": "cond case switch_case while_loop map_fn scan foldl foldr",
    "summary": "Summary",
    "checks": """assert_equal assert_none_equal assert_greater assert_greater_equal assert_less
        assert_less_equal assert_positive assert_negative assert_non_negative assert_non_positive""",
    "tensor_array": "TensorArray",
    "queues": "FIFOQueue PaddingFIFOQueue RandomShuffleQueue QueueBase",
    "ctc": "edit_distance",
    "sparse": """SparseTensor SparseTensorValue sparse_placeholder sparse_tensor_to_dense
        sparse_tensor_dense_matmul sparse_reduce_sum""",
    "settings": """AggregationMethod VariableAggregation VariableSynchronization DeviceSpec colocate_with
        container fixed_size_partitioner variable_axis_size_partitioner min_max_variable_partitioner
        NotDifferentiable NoGradient RegisterGradient register_tensor_conversion_function no_regularizer
        get_local_variable scatter_nd_update scatter_nd_add scatter_nd_sub to_complex64 to_complex128
        setdiff1d unravel_index space_to_batch_nd batch_to_space_nd count_up_to string_split
        batch_gather sparse_matmul sparse_segment_sum sparse_segment_mean dimension_value
        enable_tensor_equality disable_tensor_equality enable_v2_tensorshape wrap_function""",
    "readers": """ReaderBase TextLineReader WholeFileReader TFRecordReader FixedLengthRecordReader
        IdentityReader""",
    "old": """ConfigProto GPUOptions RunOptions RunMetadata OptimizerOptions GraphOptions split concat argmax
    argmin
        expand_dims random_normal random_uniform truncated_normal random_shuffle multinomial random_gamma
        random_poisson sparse_to_dense matrix_inverse executing_eagerly enable_eager_execution
        disable_eager_execution disable_v2_behavior enable_v2_behavior enable_resource_variables
        disable_resource_variables disable_v2_tensorshape disable_control_flow_v2 batch_matmul pack unpack
        select complex_abs inv div transpose to_bfloat16 where gather one_hot
        count_nonzero confusion_matrix extract_image_patches batch_to_space space_to_batch
        assert_integer clip_by_average_norm""",
}
_NAMES = {name: (module, name) for module, names in _HOMES.items() for name in names.split()}
_NAMES |= {
    "Variable": ("variables", "GraphVariable"),
    "VariableV1": ("variables", "GraphVariable"),
    "slice": ("slices", "slice_"),
    "strided_slice": ("slices", "strided_slice"),
    "tuple": ("variables", "tuple_"),
    "range": ("building", "range_"),
    "Print": ("building", "print_"),
    "Assert": ("building", "assert_"),
    "convert_to_tensor": ("old", "convert_to_tensor"),
    "arg_max": ("old", "argmax"),
    "arg_min": ("old", "argmin"),
    "listdiff": ("settings", "setdiff1d"),
    "HParams": ("contrib.training", "HParams"),
    "get_logger": ("logs", "get_logger"),
    **{
        f"sparse_{name}": ("sparse", name)
        for name in ["add", "concat", "reorder", "reset_shape", "reshape", "retain", "slice", "softmax"]
    },
    "sparse_transpose": ("sparse", "transpose"),
    "all_variables": ("variables", "global_variables"),
    "initialize_all_variables": ("variables", "global_variables_initializer"),
    "initialize_variables": ("variables", "variables_initializer"),
    "initialize_local_variables": ("variables", "local_variables_initializer"),
    "initialize_all_tables": ("variables", "tables_initializer"),
    "merge_all_summaries": ("summary", "merge_all"),
    "merge_summary": ("summary", "merge"),
    "scalar_summary": ("summary", "scalar"),
    "histogram_summary": ("summary", "histogram"),
    "image_summary": ("summary", "image"),
    "SessionLog": ("summary", "Summary"),
    "zeros_initializer": ("initializers", "Zeros"),
    "ones_initializer": ("initializers", "Ones"),
    "constant_initializer": ("initializers", "Constant"),
    "random_normal_initializer": ("initializers", "RandomNormal"),
    "random_uniform_initializer": ("initializers", "RandomUniform"),
    "truncated_normal_initializer": ("initializers", "TruncatedNormal"),
    "orthogonal_initializer": ("initializers", "Orthogonal"),
    "variance_scaling_initializer": ("initializers", "VarianceScaling"),
    "glorot_uniform_initializer": ("initializers", "GlorotUniform"),
    "glorot_normal_initializer": ("initializers", "GlorotNormal"),
}
_ROOMS = {
    "app": "app",
    "contrib": "contrib",
    "data": "data",
    "estimator": "estimator",
    "feature_column": "feature_column",
    "flags": "app",
    "gfile": "gfile",
    "image": "image",
    "graph_util": "graph_def",
    "layers": "layers",
    "logging": "logs",
    "losses": "losses",
    "metrics": "metrics",
    "nn": "nn",
    "saved_model": "saved_model",
    "summary": "summary",
    "train": "train",
    "initializers": "initializers",
    "queue": "queues",
    "sparse": "sparse",
    "strings": "strings",
    "distributions": "contrib.distributions",
}
# Modules of TensorFlow 1 that are others today.
_OF_TODAY = {"compat": "compat", "python_io": "io", "spectral": "signal"}
# Names of TensorFlow 1 that are another's today.
_RENAMED = {
    **{
        name: f"math.{name}"
        for name in [
            "log",
            "log1p",
            "log_sigmoid",
            "erf",
            "erfc",
            "lgamma",
            "digamma",
            "polygamma",
            "rsqrt",
            "reciprocal",
        ]
    },
    **{
        name: f"math.{name}"
        for name in [
            "is_nan",
            "is_inf",
            "is_finite",
            "floor",
            "ceil",
            "sigmoid",
            "cumprod",
            "top_k",
            "in_top_k",
        ]
    },
    "mul": "math.multiply",
    "sub": "math.subtract",
    "neg": "math.negative",
    "mod": "math.floormod",
    "floor_div": "math.floordiv",
    "realdiv": "math.divide",
    "matrix_determinant": "linalg.det",
    "matrix_solve": "linalg.solve",
    "matrix_triangular_solve": "linalg.triangular_solve",
    "matrix_transpose": "linalg.matrix_transpose",
    "matrix_diag": "linalg.diag",
    "matrix_diag_part": "linalg.diag_part",
    "matrix_band_part": "linalg.band_part",
    "cholesky": "linalg.cholesky",
    "cholesky_solve": "linalg.cholesky_solve",
    "qr": "linalg.qr",
    "svd": "linalg.svd",
    "self_adjoint_eig": "linalg.eigh",
    "trace": "linalg.trace",
    "diag": "linalg.diag",
    "diag_part": "linalg.diag_part",
    "cross": "linalg.cross",
    "random_crop": "random.random_crop",
    "to_float": "arrays.to_float32",
    "to_int32": "arrays.to_int32",
    "to_int64": "arrays.to_int64",
    "to_double": "arrays.to_double",
    "read_file": "io.read_file",
    "write_file": "io.write_file",
    "decode_raw": "io.decode_raw",
    "decode_csv": "io.decode_csv",
    "parse_example": "io.parse_example",
    "parse_single_example": "io.parse_single_example",
    "parse_single_sequence_example": "io.parse_single_sequence_example",
    "VarLenFeature": "io.VarLenFeature",
    "string_to_number": "strings.to_number",
    "string_join": "strings.join",
    "reduce_join": "strings.reduce_join",
    "regex_replace": "strings.regex_replace",
    "substr": "strings.substr",
    "fft": "signal.fft",
    "ifft": "signal.ifft",
    "dequantize": "quantization.dequantize",
    **{
        f"assert_{name}": f"debugging.assert_{name}"
        for name in [
            "near",
            "rank",
            "rank_at_least",
            "rank_in",
            "same_float_dtype",
            "scalar",
            "type",
        ]
    },
    **{
        name: f"io.{name}"
        for name in [
            "FixedLenFeature",
            "FixedLenSequenceFeature",
            "decode_base64",
            "encode_base64",
            "matching_files",
            "parse_tensor",
            "serialize_tensor",
        ]
    },
    **{f"sparse_{name}": f"sparse.{name}" for name in ["fill_empty_rows", "split", "to_indicator"]},
    "string_strip": "strings.strip",
    "string_to_hash_bucket": "strings.to_hash_bucket",
    "string_to_hash_bucket_fast": "strings.to_hash_bucket_fast",
    "string_to_hash_bucket_strong": "strings.to_hash_bucket_strong",
    "tensor_scatter_update": "choosing.tensor_scatter_nd_update",
    "tensor_scatter_add": "choosing.tensor_scatter_nd_add",
    "tensor_scatter_sub": "choosing.tensor_scatter_nd_sub",
    "where_v2": "choosing.where",
    "lin_space": "arrays.linspace",
    "reverse_v2": "arrays.reverse",
    "div_no_nan": "math.divide_no_nan",
    "matrix_set_diag": "linalg.set_diag",
    "matrix_solve_ls": "linalg.lstsq",
    "self_adjoint_eigvals": "linalg.eigvalsh",
    "is_numeric_tensor": "debugging.is_numeric_tensor",
    "is_non_decreasing": "math.is_non_decreasing",
    "is_strictly_increasing": "math.is_strictly_increasing",
    "fft2d": "signal.fft2d",
    "ifft2d": "signal.ifft2d",
    "fft3d": "signal.fft3d",
    "ifft3d": "signal.ifft3d",
    "OpError": "errors.OpError",
    "lbeta": "math.lbeta",
    "matrix_square_root": "linalg.sqrtm",
}
# Modules that programs import by these paths.
PATHS = {
    **INNER_PATHS,
    "compat": f"{_FACE}.compat",
    "keras": "neurona.legacy.keras",
    "python.keras": "neurona.legacy.keras",
    "contrib.keras": "neurona.legacy.keras",
    "examples.tutorials.mnist.input_data": f"{_HERE}.examples",
    "examples.tutorials.mnist.mnist": f"{_HERE}.mnist",
    "examples.tutorials.mnist": {
        "input_data": f"{_HERE}.examples:",
        "mnist": f"{_HERE}.mnist:",
    },
    "contrib.learn.python.learn": f"{_HERE}.contrib.learn",
    "contrib.learn.python.learn.learn_runner": f"{_HERE}.contrib.experiments",
    "contrib.learn.python.learn.monitors": f"{_HERE}.contrib.experiments",
    "contrib.learn.python.learn.metric_spec": f"{_HERE}.contrib.experiments",
    "contrib.learn.python.learn.estimators": {
        "model_fn": f"{_HERE}.contrib.experiments:",
        "run_config": f"{_HERE}.estimator:",
        "constants": f"{_HERE}.contrib.experiments:",
        **{name: f"{_HERE}.contrib.learn:{name}" for name in ("Estimator", "DNNClassifier", "DNNRegressor")},
    },
    "contrib.learn.python.learn.estimators.model_fn": f"{_HERE}.contrib.experiments",
    "contrib.learn.python.learn.estimators.run_config": f"{_HERE}.estimator",
    "contrib.learn.python.learn.datasets.mnist": f"{_HERE}.examples",
    "python.saved_model": f"{_HERE}.saved_model",
    **{
        f"python.saved_model.{name}": f"{_HERE}.saved_model"
        for name in ("builder", "loader", "signature_def_utils", "utils", "simple_save")
    },
    "python.saved_model.tag_constants": {"SERVING": "serve", "TRAINING": "train"},
    "python.saved_model.signature_constants": {
        "DEFAULT_SERVING_SIGNATURE_DEF_KEY": "serving_default",
        "PREDICT_METHOD_NAME": "tensorflow/serving/predict",
    },
    "python.client.device_lib": f"{_FACE}.devices",
    **{
        f"python.layers.{name}": f"{_HERE}.layers"
        for name in ("convolutional", "core", "layers", "normalization", "pooling")
    },
    "python.layers": f"{_HERE}.layers",
    "python.framework.graph_util": f"{_HERE}.graph_def",
    "graph_util": f"{_HERE}.graph_def",
    "python.ops.rnn_cell": f"{_HERE}.cells",
    "python.ops.rnn_cell_impl": f"{_HERE}.cells",
    "python.ops.rnn": f"{_HERE}.rnn",
    "python.ops.tensor_array_ops": f"{_HERE}.tensor_array",
    "python.ops.control_flow_ops": f"{_HERE}.control",
    **dict.fromkeys(
        (
            "python.framework.ops",
            "python.ops.array_ops",
            "python.ops.init_ops",
            "python.ops.math_ops",
            "python.ops.variable_scope",
        ),
        _HERE,
    ),
    "python.ops.nn_ops": f"{_HERE}.nn",
    "python.ops.lookup_ops": f"{_HERE}.contrib.lookup",
    "estimator.export": f"{_HERE}.exporters",
    "lookup": f"{_FACE}.lookup",
    "python.ops.embedding_ops": f"{_HERE}.nn",
    "python.framework.dtypes": f"{_FACE}.dtypes",
    "python.framework.constant_op": _HERE,
    "python.ops.seq2seq": f"{_HERE}.contrib.legacy_seq2seq",
    "python.ops.resources": {
        "shared_resources": list,
        "initialize_resources": f"{_HERE}.variables:variables_initializer",
    },
    "nn.rnn_cell": f"{_HERE}.cells",
    "train.queue_runner": {
        name: f"{_HERE}.train:{name}" for name in ("QueueRunner", "add_queue_runner", "start_queue_runners")
    },
    "python.platform.gfile": f"{_HERE}.gfile",
    "python.platform.flags": f"{_HERE}.app",
    "logging": f"{_HERE}.logs",
    "flags": f"{_HERE}.app",
    **{
        room: f"{_FACE}.{room}"
        for room in ["data", "io", "linalg", "math", "random", "signal", "errors", "sets"]
    },
}


def __getattr__(name: str) -> Any:
    if Mode.is_one and not name.startswith("__"):
        importlib.import_module(f"{_HERE}.tensor")  # what makes functions draw, whichever is called first
    if name == "__version__":
        return "1.15.5" if Mode.is_one else "2.21.0"
    if name in ("VERSION", "GIT_VERSION", "COMPILER_VERSION"):
        return __getattr__("__version__")
    if name == "newaxis":
        return None
    if name == "placeholder":  # what a layer may be called on
        importlib.import_module(f"{_HERE}.keras_layers")
    if name == "examples":
        return importlib.import_module(f"{_HERE}.examples")
    if name in _ROOMS:
        value = importlib.import_module(f"{_HERE}.{_ROOMS[name]}")
    elif name in _OF_TODAY:
        value = importlib.import_module(f"{_FACE}.{_OF_TODAY[name]}")
    elif name in _NAMES:
        home, original = _NAMES[name]
        value = getattr(importlib.import_module(f"{_HERE}.{home}"), original)
    elif name in _RENAMED:
        home, _, original = _RENAMED[name].partition(".")
        value = getattr(importlib.import_module(f"{_FACE}.{home}"), original)
    else:
        return _of_today(name)
    globals()[name] = value
    return value


_asked: set[str] = set()  # names that TensorFlow 2's face is being asked for: it asks here for those it lacks


def _of_today(name: str) -> Any:
    """A name that TensorFlow 2 has too."""
    today = importlib.import_module(_FACE)
    if not name.startswith("__") and name not in _asked and name in {*dir(today), *vars(today)}:
        _asked.add(name)
        try:
            return getattr(today, name)
        finally:
            _asked.discard(name)
    hint = suggestion(name, [*_NAMES, *_ROOMS, *_RENAMED, *dir(today)])
    raise AttributeError(
        translated(f"module 'tensorflow' (version 1) has no attribute {name!r} in Neurona.{hint}"), name=name
    )


def __dir__() -> list[str]:
    today = importlib.import_module(_FACE)
    return sorted({*_NAMES, *_ROOMS, *_RENAMED, *dir(today)})
