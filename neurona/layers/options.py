"""Options that several layers take, written once; `neurona.core.options` says how they reach a constructor.

A family's options are blocks, in the order in which Keras takes them by position.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypedDict

from neurona.core.options import Option


def initializer(weight: str, default: Any) -> Option:
    """The option that gives a weight its first values."""
    return Option(default, f"gives the first values of the {weight}: a name, an object or an array.")


def regularizer(weight: str) -> Option:
    """The option that adds a penalty on a weight to the loss."""
    return Option(None, f"a penalty on the {weight} that is added to the loss: a name or an object.")


def constraint(weight: str) -> Option:
    """The option that projects a weight after each step."""
    return Option(None, f"a projection of the {weight} after each step: a name or an object.")


ACTIVITY_REGULARIZER = Option(
    None, "a penalty on the output that is divided by the batch size and added to the loss."
)


class LayerOptions(TypedDict, total=False):
    """Keywords of every layer: see `Layer`."""

    trainable: bool
    dtype: Any
    autocast: bool
    name: str | None
    input_shape: Any
    batch_input_shape: Any
    batch_shape: Any
    input_dim: int | None
    batch_size: int | None


def for_layer(options: Mapping[str, Any], *weights: str, own: Iterable[str] = ()) -> dict[str, Any]:
    """The options that go on to `Layer`: without those of the weights named, which
    `Layer._set_weight_options` keeps, and without those in `own`.

    Example:

        >>> for_layer({"kernel_constraint": None, "seed": 1, "name": "x"}, "kernel", own=["seed"])
        {'name': 'x'}
    """
    kept = [f"{weight}_{kind}" for weight in weights for kind in ("initializer", "regularizer", "constraint")]
    return {name: value for name, value in options.items() if name not in (*kept, *own)}


class ActivityRegularizer(TypedDict, total=False):
    """The penalty on the output."""

    activity_regularizer: Annotated[Any, ACTIVITY_REGULARIZER]


# A kernel and a bias: Dense, EinsumDense, convolutions, attention.


class KernelAndBiasStart(TypedDict, total=False):
    """First values and regularizers of a kernel and a bias."""

    kernel_initializer: Annotated[Any, initializer("kernel", "glorot_uniform")]
    bias_initializer: Annotated[Any, initializer("bias", "zeros")]
    kernel_regularizer: Annotated[Any, regularizer("kernel")]
    bias_regularizer: Annotated[Any, regularizer("bias")]


class KernelAndBiasConstraints(TypedDict, total=False):
    """Constraints of a kernel and a bias."""

    kernel_constraint: Annotated[Any, constraint("kernel")]
    bias_constraint: Annotated[Any, constraint("bias")]


class KernelAndBias(KernelAndBiasStart, ActivityRegularizer, KernelAndBiasConstraints, LayerOptions):
    """Options of a layer with a kernel, a bias and a penalty on its output."""


# A weight that can be adapted and kept as integers: Dense, EinsumDense, Embedding.


class Quantizable(TypedDict, total=False):
    """How a weight is adapted and kept."""

    lora_rank: Annotated[
        int | None, Option(None, "the rank of a low-rank adaptation, see `enable_lora`; None for none.")
    ]
    lora_alpha: Annotated[float | None, Option(None, "the strength of the adaptation; the rank by default.")]
    quantization_config: Annotated[
        Any, Option(None, "how weights are kept as integers where `dtype` says so, see `quantize`.")
    ]


QUANTIZABLE = ("lora_rank", "lora_alpha", "quantization_config")


class DenseOptions(KernelAndBias, Quantizable):
    """Options of a layer with a kernel that can be adapted and kept as integers."""


class EinsumDenseOptions(
    KernelAndBiasStart, KernelAndBiasConstraints, Quantizable, LayerOptions, total=False
):
    """`DenseOptions`, with `activity_regularizer` by keyword only."""

    activity_regularizer: Any
