"""`tf.autodiff`: forward derivatives told."""

from typing import Any

from neurona.legacy.tensorflow.tape import GradientTape

__all__ = ["GradientTape"]


class ForwardAccumulator:
    """Told: jax.jvp gives forward derivatives."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError(
            "tf.autodiff.ForwardAccumulator is missing: use neurona.ops.linalg.jvp, or jax.jvp."
        )
