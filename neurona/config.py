"""Settings of the process: default dtypes, epsilon, data format, folders, native kernels, language."""

import os

from neurona.core.errors import ArgumentError, SavingError
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


class _Settings:
    """What Keras's switches were set to."""

    flash_attention: bool | None = None
    interactive_logging = True
    max_epochs = int(os.environ.get("KERAS_MAX_EPOCHS") or 0) or None
    max_steps_per_epoch = int(os.environ.get("KERAS_MAX_STEPS_PER_EPOCH") or 0) or None


def backend() -> str:
    """The name of the library that computes: always `"jax"`.

    Example:

        >>> backend()
        'jax'
    """
    return "jax"


def set_backend(backend: str) -> None:
    """Accept `"jax"`, the only library that Neurona computes with.

    Raises:
        ArgumentError: it is another one.
    """
    if backend != "jax":
        raise ArgumentError(
            f"Neurona computes with JAX: set_backend('jax') changes nothing. Received: {backend!r}. To run "
            "on another library, import Keras itself."
        )


def enable_flash_attention() -> None:
    """Ask for flash attention. It is only noted: layers choose the fastest kernel of attention themselves."""
    _Settings.flash_attention = True


def disable_flash_attention() -> None:
    """Ask for plain attention; as of `enable_flash_attention`."""
    _Settings.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """What was asked for last, or None."""
    return _Settings.flash_attention


def enable_interactive_logging() -> None:
    """Let a line of progress be drawn again and again, where the output can."""
    _Settings.interactive_logging = True


def disable_interactive_logging() -> None:
    """Let only the finished line of progress be written, as into a file."""
    _Settings.interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Whether a line of progress may be drawn again.

    Example:

        >>> is_interactive_logging_enabled()
        True
    """
    return _Settings.interactive_logging


def max_epochs() -> int | None:
    """The number of epochs after which any `fit` ends, or None; at first that of the environment variable
    `KERAS_MAX_EPOCHS`.
    """
    return _Settings.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """End every `fit` after so many epochs, as when a long program is only tried out; None takes it back."""
    _Settings.max_epochs = max_epochs


def max_steps_per_epoch() -> int | None:
    """The number of batches after which any epoch ends, or None; at first that of the environment variable
    `KERAS_MAX_STEPS_PER_EPOCH`.
    """
    return _Settings.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """End every epoch of `fit`, `evaluate` and `predict` after so many batches; None takes it back."""
    _Settings.max_steps_per_epoch = max_steps_per_epoch


def is_nnx_enabled() -> bool:
    """Whether layers are modules of Flax NNX: never.

    Example:

        >>> is_nnx_enabled()
        False
    """
    return False


def enable_unsafe_deserialization() -> None:
    """Refuse: code in a file is never allowed for the whole process.

    Raises:
        SavingError: always; the message says what to write instead.
    """
    raise SavingError(
        "Code in files is not allowed for a whole process: any file could then run what it likes. Give the "
        "functions and classes of files that you trust by name: load_model(path, custom_objects={...})."
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
    "backend",
    "cache_folders",
    "data_folder",
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_flash_attention",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_nnx_enabled",
    "is_traceback_filtering_enabled",
    "language",
    "max_epochs",
    "max_steps_per_epoch",
    "native_kernels",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_language",
    "set_max_epochs",
    "set_max_steps_per_epoch",
]

suggest_names(__name__)
