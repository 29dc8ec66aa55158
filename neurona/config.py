"""Settings of the process: default dtypes, epsilon, data format, folders, native kernels, language."""

from neurona.core.folders import cache_folders, data_folder
from neurona.core.lazy import suggest_names
from neurona.core.policy import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from neurona.core.policy import global_dtype_policy as dtype_policy
from neurona.core.policy import set_global_dtype_policy as set_dtype_policy
from neurona.kernels import library
from neurona.language import set_language
from neurona.language import user_language as language
from neurona.tracebacks import (
    disable_traceback_filtering,
    enable_traceback_filtering,
    is_traceback_filtering_enabled,
)


def native_kernels() -> str:
    """The instruction set of the native kernels in use, such as `"avx2"`.

    Returns:
        `"off"` where `NEURONA_KERNELS=off` is set, `"missing"` where no compiler was found at installation,
        or the system's message when the library can't be loaded.

    Raises:
        ArgumentError: `NEURONA_KERNELS` names an instruction set that was not built or does not run here.

    Example:

        >>> native_kernels() in ("avx512", "avx2", "baseline", "off", "missing")
        True
    """
    return library.status()


__all__ = [
    "cache_folders",
    "data_folder",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_traceback_filtering",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_traceback_filtering_enabled",
    "language",
    "native_kernels",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_language",
]

suggest_names(__name__)
