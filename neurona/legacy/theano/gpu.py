"""What Theano had for graphics processors: its functions' names, over those for any processor."""

from typing import Any

from neurona.legacy.theano.tensor import nnet, signal
from neurona.legacy.theano.variables import as_tensor_variable
from neurona.tracebacks import warn

cuda_available = cuda_enabled = pygpu_activated = False


def use(*_: Any, **__: Any) -> None:
    """Told that JAX chooses the processor."""
    warn("Theano's use(device) has no effect: the processor that JAX finds is used. Leave the line out.")


def dnn_available(*_: Any) -> bool:
    """Whether Theano's own calls of cuDNN are here."""
    return False


def gpu_contiguous(x: Any) -> Any:
    """The same tensor."""
    return as_tensor_variable(x)


gpu_from_host = host_from_gpu = as_cuda_ndarray_variable = as_gpuarray_variable = gpu_contiguous


def dnn_conv(
    img: Any,
    kerns: Any,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    dilation: Any = (1, 1),
    conv_mode: str = "conv",
    **_: Any,
) -> Any:
    """`theano.tensor.nnet.conv2d`; conv_mode="cross" does not turn the filters round."""
    flip = conv_mode == "conv"
    return nnet.conv2d(
        img, kerns, None, None, border_mode, subsample, filter_flip=flip, filter_dilation=dilation
    )


def dnn_pool(img: Any, ws: Any, stride: Any = None, mode: str = "max", pad: Any = (0, 0), **_: Any) -> Any:
    """`pool_2d` of whole windows; the windows overlap with stride (1, 1), which is the default."""
    mode = {"average": "average_inc_pad"}.get(mode, mode)
    return signal.pool_2d(img, ws, True, stride or (1, 1), pad, mode)
