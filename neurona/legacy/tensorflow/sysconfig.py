"""`tf.sysconfig`: how TensorFlow was built, which here is not at all."""

from typing import Any

CXX11_ABI_FLAG, MONOLITHIC_BUILD = 1, 0


def get_build_info() -> dict[str, Any]:
    """What programs ask of a build: Neurona is no build for CUDA or ROCm; JAX finds the accelerators."""
    return {"is_cuda_build": False, "is_rocm_build": False, "is_tensorrt_build": False}
