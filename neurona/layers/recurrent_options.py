"""Options of recurrent cells and layers, in Keras's positional order, which differs from one to the next."""

from typing import Annotated, Any, TypedDict

from neurona.core.options import Option
from neurona.layers.options import (
    ActivityRegularizer,
    LayerOptions,
    constraint,
    initializer,
    regularizer,
)


class RecurrentStart(TypedDict, total=False):
    """First values of the two kernels and the bias."""

    kernel_initializer: Annotated[Any, initializer("kernel", "glorot_uniform")]
    recurrent_initializer: Annotated[Any, initializer("recurrent kernel", "orthogonal")]
    bias_initializer: Annotated[Any, initializer("bias", "zeros")]


class ForgetBias(TypedDict, total=False):
    """The bias of the forget gate."""

    unit_forget_bias: Annotated[
        bool, Option(True, "whether the forget gate's bias begins at 1 (Jozefowicz et al., 2015).")
    ]


class RecurrentRegularizers(TypedDict, total=False):
    """Regularizers of the two kernels and the bias."""

    kernel_regularizer: Annotated[Any, regularizer("kernel")]
    recurrent_regularizer: Annotated[Any, regularizer("recurrent kernel")]
    bias_regularizer: Annotated[Any, regularizer("bias")]


class RecurrentConstraints(TypedDict, total=False):
    """Constraints of the two kernels and the bias."""

    kernel_constraint: Annotated[Any, constraint("kernel")]
    recurrent_constraint: Annotated[Any, constraint("recurrent kernel")]
    bias_constraint: Annotated[Any, constraint("bias")]


class RecurrentDropout(TypedDict, total=False):
    """Dropout of a recurrence: the same mask at every step."""

    dropout: Annotated[
        float,
        Option(0.0, "the share of the inputs set to zero in training, the same at every step (Gal, 2016)."),
    ]
    recurrent_dropout: Annotated[
        float, Option(0.0, "the share of the state set to zero in training, the same at every step.")
    ]


class ResetAfter(TypedDict, total=False):
    """The place of the reset gate."""

    reset_after: Annotated[
        bool,
        Option(True, "apply the reset gate after (True) or before (False) the recurrent product."),
    ]


class Seed(TypedDict, total=False):
    """The seed of dropout."""

    seed: Annotated[int | None, Option(None, "an integer that fixes the random numbers of dropout.")]


class SequenceOptions(TypedDict, total=False):
    """What a recurrent layer returns, and how it runs along the sequence."""

    return_sequences: Annotated[
        bool, Option(False, "whether to return the outputs of all steps, or the last one only.")
    ]
    return_state: Annotated[bool, Option(False, "whether to return the final states after the output.")]
    go_backwards: Annotated[
        bool, Option(False, "whether to begin at the last step; outputs come in the order of computation.")
    ]
    stateful: Annotated[
        bool,
        Option(
            False,
            "whether a batch begins with the final states of the previous one; needs a known batch size.",
        ),
    ]
    unroll: Annotated[
        bool, Option(False, "whether to compile the loop as straight code: for short sequences.")
    ]


class UseCudnn(TypedDict, total=False):
    """Keras's choice of a kernel."""

    use_cudnn: Annotated[
        bool | str, Option("auto", "'auto', True or False; no effect: XLA compiles for any device.")
    ]


class CellOptions(LayerOptions, total=False):
    """Keywords of every cell and recurrent layer."""

    activity_regularizer: Any
    implementation: int


class RecurrentOptions(LayerOptions, total=False):
    """Keywords of every recurrent layer."""

    implementation: int
    zero_output_for_mask: bool


class SimpleRNNCellOptions(
    RecurrentStart, RecurrentRegularizers, RecurrentConstraints, RecurrentDropout, Seed, CellOptions
):
    """Options of SimpleRNNCell."""


class LSTMCellOptions(
    RecurrentStart,
    ForgetBias,
    RecurrentRegularizers,
    RecurrentConstraints,
    RecurrentDropout,
    Seed,
    CellOptions,
):
    """Options of LSTMCell."""


class GRUCellOptions(
    RecurrentStart,
    RecurrentRegularizers,
    RecurrentConstraints,
    RecurrentDropout,
    ResetAfter,
    Seed,
    CellOptions,
):
    """Options of GRUCell."""


class SimpleRNNOptions(
    RecurrentStart,
    RecurrentRegularizers,
    ActivityRegularizer,
    RecurrentConstraints,
    RecurrentDropout,
    SequenceOptions,
    Seed,
    RecurrentOptions,
):
    """Options of SimpleRNN."""


class LSTMOptions(
    RecurrentStart,
    ForgetBias,
    RecurrentRegularizers,
    ActivityRegularizer,
    RecurrentConstraints,
    RecurrentDropout,
    Seed,
    SequenceOptions,
    UseCudnn,
    RecurrentOptions,
):
    """Options of LSTM."""


class GRUOptions(
    RecurrentStart,
    RecurrentRegularizers,
    ActivityRegularizer,
    RecurrentConstraints,
    RecurrentDropout,
    Seed,
    SequenceOptions,
    ResetAfter,
    UseCudnn,
    RecurrentOptions,
):
    """Options of GRU."""
