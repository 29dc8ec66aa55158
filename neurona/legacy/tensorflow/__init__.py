"""TensorFlow's face: `import tensorflow as tf` finds this module where `neurona run` is in charge.

Names are loaded when first touched. What is missing says so, with the Neurona way.
"""

import importlib
import importlib.util
import sys
from typing import Any

from neurona.core.errors import suggestion
from neurona.legacy.tensorflow import dispatch
from neurona.legacy.tensorflow import operators as _operators  # noqa: F401 - which tensors get here
from neurona.messages import translated

__version__ = "2.21.0"

_FACE = __name__
_ROOMS = (
    "audio", "autodiff", "autograph", "bitwise", "compat", "config", "data", "debugging", "distribute",
    "dtypes", "errors", "experimental", "feature_column", "image", "io", "linalg", "lookup", "math",
    "nest", "nn", "quantization", "ragged", "random", "saved_model", "sets", "signal", "sparse", "strings",
    "summary", "sysconfig", "test", "train", "types", "version", "xla",
)  # fmt: skip
_HOMES = {
    "math": """abs acos acosh add add_n argmax argmin asin asinh atan atan2 atanh ceil conj cos cosh cumsum
        divide equal exp floor greater greater_equal less less_equal logical_and logical_not logical_or
        maximum minimum multiply negative not_equal pow reduce_all reduce_any reduce_logsumexp
        reduce_max reduce_mean reduce_min reduce_prod reduce_sum round scalar_mul sigmoid sign sin sinh
        sqrt square subtract tan tanh truediv accumulate_n angle bincount confusion_matrix
        count_nonzero cumprod digamma div_no_nan erf erfc expm1 floordiv floormod imag is_finite is_inf
        is_nan lgamma log log1p log_sigmoid logical_xor mod real reciprocal rint rsqrt segment_max
        segment_mean segment_min segment_prod segment_sum squared_difference truncatediv truncatemod
        unsorted_segment_max unsorted_segment_mean unsorted_segment_min unsorted_segment_prod
        unsorted_segment_sqrt_n
        unsorted_segment_sum zeta polygamma igamma igammac betainc invert_permutation""",
    "arrays": """bitcast broadcast_dynamic_shape broadcast_static_shape broadcast_to cast concat constant
        convert_to_tensor ensure_shape expand_dims eye fill identity linspace meshgrid one_hot ones
        ones_like pad parallel_stack range rank repeat reshape reverse reverse_sequence roll
        saturate_cast shape shape_n size split squeeze stack tile transpose unstack zeros zeros_like""",
    "choosing": """argsort boolean_mask clip_by_global_norm clip_by_norm clip_by_value complex depth_to_space
        dynamic_partition dynamic_stitch gather gather_nd get_static_value global_norm
        histogram_fixed_width
        histogram_fixed_width_bins is_tensor scatter_nd searchsorted sequence_mask sort space_to_depth
        stop_gradient strided_slice tensor_scatter_nd_add tensor_scatter_nd_max tensor_scatter_nd_min
        tensor_scatter_nd_sub tensor_scatter_nd_update unique unique_with_counts where""",
    "linalg": "eig eigvals einsum matmul norm tensordot",
    "variable": "IndexedSlices Variable",
    "tensor_shape": "Dimension TensorShape",
    "tensor": "Tensor",
    "names": "name_scope",
    "module": "Module",
    "tape": "GradientTape custom_gradient no_gradient recompute_grad UnconnectedGradients",
    "functions": "function",
    "control": """TensorArray case cond control_dependencies foldl foldr grad_pass_through group
        init_scope identity_n map_fn no_op numpy_function py_function scan switch_case timestamp
        vectorized_map while_loop executing_eagerly inside_function""",
    "spec": "OptionalSpec SparseTensorSpec TensorArraySpec TensorSpec TypeSpec type_spec_from_value",
    "sparse": "SparseTensor",
    "dtypes": """DType as_dtype bfloat16 complex128 complex64 double float16 float32 float64 half int16 int32
        int64 int8 qint32 qint8 quint8 resource string uint16 uint32 uint64 uint8 variant""",
    "devices": "device",
    "initial": """constant_initializer ones_initializer random_normal_initializer random_uniform_initializer
        zeros_initializer""",
}
_NAMES = {name: (module, name) for module, names in _HOMES.items() for name in names.split()}
_NAMES |= {
    "Assert": ("control", "assert_"),
    "bool": ("dtypes", "bool_"),
    "print": ("control", "print_"),
    "tuple": ("control", "tuple_"),
    "RaggedTensor": ("ragged", "RaggedTensor"),
    "RaggedTensorSpec": ("data.specs", "RaggedTensorSpec"),
    "slice": ("choosing", "slice_"),
    "as_string": ("strings", "as_string"),
    "gradients": ("v1", "gradients"),
    "hessians": ("v1", "hessians"),
    "get_logger": ("v1.logs", "get_logger"),
}
_FROM_KERAS = ("initializers", "losses", "metrics", "optimizers")
_OTHERWISE = {
    "lite": "neurona.saving exports models; TensorFlow Lite is not written.",
    "tpu": "Neurona computes on what JAX finds: with a TPU machine's jax there is nothing to set.",
    "mlir": "neurona graph show draws the program that XLA compiles.",
    "raw_ops": "Use the public function of the same name in tf or tf.nn.",
    "data_experimental": "Use tf.data.",
}


class _Begun:
    """Whether the program's layers, losses and metrics return tensors."""

    by_program = False


def on_import() -> None:
    """Let layers, losses and metrics return tensors: a program has imported TensorFlow."""
    _Begun.by_program = True
    importlib.import_module(f"{_FACE}.results").install()


def _is_in_charge() -> bool:
    """Whether programs that import tensorflow find this module."""
    imports: Any = sys.modules.get("neurona.legacy.imports")
    if imports is None or imports.FACES.get("tensorflow") != _FACE:
        return False
    return any(isinstance(finder, imports.Finder) for finder in sys.meta_path)


def __getattr__(name: str) -> Any:
    if not _Begun.by_program and not name.startswith("__") and _is_in_charge():
        on_import()
    if name == "newaxis":
        return None
    if name == "keras":
        return _keras()
    if name in _FROM_KERAS:
        return getattr(_keras(), name)
    if name == "layers" and not dispatch.Hooks.draws():  # TensorFlow 1's, where nothing is drawn
        return _keras().layers
    if name in _NAMES:
        home, original = _NAMES[name]
        value = getattr(importlib.import_module(f"{_FACE}.{home}"), original)
    elif name in _ROOMS and importlib.util.find_spec(f"{_FACE}.{name}"):
        value = importlib.import_module(f"{_FACE}.{name}")
    else:
        value = _of_version_1(name)
    globals()[name] = value
    return value


def _keras() -> Any:
    """`tf.keras`: the face of Keras."""
    try:
        return importlib.import_module("neurona.legacy.keras")
    except ModuleNotFoundError:
        return importlib.import_module("neurona")


def _of_version_1(name: str) -> Any:
    """A name that only TensorFlow 1 had."""
    try:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(f"{_FACE}.v1"), name)
    except (ModuleNotFoundError, AttributeError):
        hint = _OTHERWISE.get(name) or suggestion(name, [*_NAMES, *_ROOMS]).strip()
        raise AttributeError(
            translated(f"module 'tensorflow' has no attribute {name!r} in Neurona. {hint}"), name=name
        ) from None


def __dir__() -> list[str]:
    return sorted({*_NAMES, *_ROOMS, *_FROM_KERAS, "keras", "newaxis", "__version__"})
