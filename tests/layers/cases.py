"""The grid of the conformance test: what to build of each layer, and what to call it on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurona.layers import image_color, image_filters, image_geometry, image_mixing, image_resizing


@dataclass
class Case:
    """One layer with its options, and the inputs that it is tried on.

    Args:
        layer: the class's name, the same in Neurona and in Keras.
        options: its arguments; where they hold layers or functions, a function of the library
            (`library.layers`, `library.activations`).
        inputs: the shape of the input, or a list of shapes for layers that take a list.
        integers: inputs are integers below this instead of normal numbers.
        training: what the layer is called with.
        masked: which of the inputs get a mask (batch, time).
        unknown: axes other than the batch that may be unknown.
        call: further arguments of the call, arrays.
        random: outputs in training are random, so that nothing is compared there.
        differentiable: whether finite differences are to agree.
        tolerance: how far outputs and gradients may differ from Keras's, relative to the largest.
    """

    layer: str
    options: dict[str, Any] | Callable[[Any], dict[str, Any]] = field(default_factory=dict)
    inputs: Any = (2, 3)
    integers: int | None = None
    training: bool = False
    masked: Sequence[int] = ()
    unknown: Sequence[int] = ()
    call: dict[str, np.ndarray] = field(default_factory=dict)
    random: bool = False
    differentiable: bool = True
    tolerance: float = 1e-5

    def __str__(self) -> str:
        options = (
            "nested"
            if callable(self.options)
            else ",".join(f"{name}={value}" for name, value in self.options.items())
        )
        marks = ["training"] * self.training + ["masked"] * bool(self.masked)
        return f"{self.layer}({options}){self.inputs}{''.join(marks)}".replace(" ", "")


def grid(layer: str, inputs: Any, *options: dict[str, Any], **rest: Any) -> list[Case]:
    """A case for each of several sets of options."""
    return [Case(layer, one, inputs, **rest) for one in options]


FIRST = {"data_format": "channels_first"}

ACTIVATIONS = [
    *grid("Identity", (2, 3), {}),
    *grid("Activation", (2, 3, 2), {"activation": "relu"}, {"activation": "softmax"}, masked=[0]),
    *grid(
        "ReLU",
        (2, 5),
        {},
        {"max_value": 0.5},
        {"negative_slope": 0.2},
        {"threshold": 0.3, "negative_slope": 0.1, "max_value": 1.0},
    ),
    *grid("LeakyReLU", (2, 5), {}, {"negative_slope": 0.1}),
    *grid(
        "PReLU",
        (2, 4, 3),
        {},
        {"shared_axes": [1]},
        {"shared_axes": 2, "alpha_initializer": "ones", "alpha_regularizer": "l2"},
    ),
    *grid("ELU", (2, 5), {}, {"alpha": 0.5}),
    *grid("Softmax", (2, 3, 4), {}, {"axis": 1}, {"axis": [1, 2]}),
    Case("Softmax", {}, (2, 4), call={"mask": np.array([[True, False, True, True], [False] * 4])}),
    Case(
        "Softmax",
        {"axis": (0, 1)},
        (2, 3),
        call={"mask": np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]], "float32")},
    ),
]

DENSE = [
    *grid("Dense", (2, 3), {"units": 4}, {"units": 2, "activation": "tanh", "use_bias": False}),
    Case(
        "Dense",
        {"units": 4, "kernel_regularizer": "l2", "bias_constraint": "non_neg"},
        (2, 3, 5),
        masked=[0],
        unknown=[1],
    ),
]

CONVOLUTIONS = [
    *grid(
        "Conv1D",
        (2, 7, 4),
        {"filters": 2, "kernel_size": 3},
        {"filters": 4, "kernel_size": 2, "strides": 2, "padding": "same", "activation": "relu", "groups": 2},
        {"filters": 2, "kernel_size": 3, "padding": "causal", "dilation_rate": 2, "use_bias": False},
        {"filters": 2, "kernel_size": 3, "padding": "causal", "strides": 2},
        unknown=[1],
    ),
    Case("Conv1D", {"filters": 2, "kernel_size": 3, **FIRST, "padding": "causal"}, (2, 3, 6), unknown=[2]),
    *grid(
        "Conv2D",
        (2, 6, 5, 2),
        {"filters": 3, "kernel_size": (3, 2), "kernel_regularizer": "l2", "bias_initializer": "ones"},
        {
            "filters": 2,
            "kernel_size": 3,
            "strides": (2, 1),
            "padding": "same",
            "activation": "tanh",
            "groups": 2,
        },
        {
            "filters": 2,
            "kernel_size": 2,
            "dilation_rate": 2,
            "use_bias": False,
            "kernel_initializer": "he_normal",
        },
        unknown=[1, 2],
    ),
    Case("Conv2D", {"filters": 2, "kernel_size": 3, "strides": 2, **FIRST}, (2, 3, 6, 5), unknown=[2]),
    *grid(
        "Conv3D",
        (1, 4, 3, 4, 2),
        {"filters": 2, "kernel_size": 2},
        {"filters": 2, "kernel_size": (2, 3, 1), "strides": (1, 2, 2), "padding": "same"},
        unknown=[1],
    ),
    Case("Conv3D", {"filters": 2, "kernel_size": 2, **FIRST}, (1, 2, 3, 3, 4)),
    *grid(
        "Conv1DTranspose",
        (2, 4, 3),
        {"filters": 2, "kernel_size": 3},
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"},
        {"filters": 2, "kernel_size": 2, "strides": 3, "output_padding": 1, "use_bias": False},
        {"filters": 2, "kernel_size": 3, "dilation_rate": 2},
        unknown=[1],
    ),
    *grid(
        "Conv2DTranspose",
        (2, 3, 4, 3),
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"},
        {"filters": 2, "kernel_size": (2, 3), "strides": (3, 2), "padding": "same", "output_padding": 1},
        {"filters": 2, "kernel_size": 2},
        unknown=[1, 2],
    ),
    Case(
        "Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, **FIRST}, (2, 3, 3, 2), unknown=[3]
    ),
    *grid(
        "Conv3DTranspose",
        (1, 2, 2, 3, 2),
        {"filters": 2, "kernel_size": 2, "strides": (1, 2, 1)},
        unknown=[3],
    ),
    *grid(
        "DepthwiseConv1D",
        (2, 6, 3),
        {"kernel_size": 3},
        {"kernel_size": 2, "strides": 2, "padding": "same", "depth_multiplier": 2, "activation": "relu"},
        unknown=[1],
    ),
    *grid(
        "DepthwiseConv2D",
        (2, 5, 6, 2),
        {"kernel_size": (2, 3), "depth_multiplier": 2, "depthwise_initializer": "he_normal"},
        {"kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False},
        {"kernel_size": 2, "dilation_rate": 2},
        unknown=[1],
    ),
    Case("DepthwiseConv2D", {"kernel_size": 2, **FIRST}, (2, 3, 4, 4)),
    *grid(
        "SeparableConv1D",
        (2, 6, 3),
        {"filters": 4, "kernel_size": 3},
        {"filters": 2, "kernel_size": 2, "padding": "same", "depth_multiplier": 2, "use_bias": False},
        unknown=[1],
    ),
    *grid(
        "SeparableConv2D",
        (2, 5, 4, 2),
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"},
        {"filters": 2, "kernel_size": (2, 1), "depth_multiplier": 2, "pointwise_regularizer": "l1"},
        unknown=[2],
    ),
    Case("SeparableConv2D", {"filters": 2, "kernel_size": 2, **FIRST}, (2, 3, 4, 4)),
]

POOLINGS = [
    case
    for kind in ("Max", "Average")
    for case in [
        *grid(
            f"{kind}Pooling1D",
            (2, 7, 3),
            {"pool_size": 2},
            {"pool_size": 3, "strides": 2, "padding": "same"},
            unknown=[1],
        ),
        *grid(f"{kind}Pooling1D", (2, 3, 7), {**FIRST, "pool_size": 3}),
        *grid(
            f"{kind}Pooling2D",
            (2, 6, 5, 2),
            {"pool_size": 2},
            {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"},
            unknown=[1, 2],
        ),
        *grid(f"{kind}Pooling2D", (2, 3, 6, 5), {**FIRST, "pool_size": 2, "strides": 1}, unknown=[2]),
        *grid(
            f"{kind}Pooling3D",
            (1, 4, 4, 5, 2),
            {"pool_size": 2},
            {"pool_size": 2, "strides": 1, "padding": "same"},
        ),
        *grid(f"{kind}Pooling3D", (1, 2, 4, 4, 5), {**FIRST, "pool_size": 2}),
        *grid(f"Global{kind}Pooling1D", (2, 5, 3), {}, {"keepdims": True}, FIRST, unknown=[1]),
        *grid(f"Global{kind}Pooling2D", (2, 3, 4, 3), {}, {"keepdims": True}, FIRST),
        *grid(f"Global{kind}Pooling3D", (2, 3, 2, 2, 3), {}, {"keepdims": True, **FIRST}),
        *grid(f"Adaptive{kind}Pooling1D", (2, 7, 3), {"output_size": 3}, {"output_size": 2}),
        *grid(f"Adaptive{kind}Pooling1D", (2, 3, 7), {"output_size": 2, **FIRST}),
        *grid(f"Adaptive{kind}Pooling2D", (2, 7, 4, 3), {"output_size": (3, 2)}),
        *grid(f"Adaptive{kind}Pooling2D", (2, 3, 4, 6), {"output_size": 2, **FIRST}),
        *grid(f"Adaptive{kind}Pooling3D", (1, 3, 4, 5, 2), {"output_size": 2}),
    ]
]
POOLINGS += [
    *grid("GlobalAveragePooling1D", (2, 5, 3), {}, {"keepdims": True}, masked=[0]),
    Case(
        "GlobalAveragePooling1D",
        FIRST,
        (2, 3, 5),
        call={"mask": np.array([[True, True, False, True, False]] * 2)},
    ),
]

RESHAPINGS = [
    *grid("Flatten", (2, 3, 4), {}, FIRST),
    *grid("Flatten", (3,), {}),
    *grid(
        "Reshape", (2, 3, 4), {"target_shape": (4, 3)}, {"target_shape": (2, -1, 3)}, {"target_shape": (-1,)}
    ),
    Case("Reshape", {"target_shape": (-1, 2)}, (2, 3, 4), unknown=[1]),
    *grid("Permute", (2, 3, 4), {"dims": (2, 1)}),
    *grid("RepeatVector", (2, 3), {"n": 4}),
    *grid("ZeroPadding1D", (2, 3, 2), {}, {"padding": (0, 2)}, {**FIRST, "padding": 2}, unknown=[1]),
    *grid(
        "ZeroPadding2D",
        (2, 3, 2, 2),
        {},
        {"padding": ((1, 0), (2, 3))},
        {"padding": (1, 2), **FIRST},
        unknown=[2],
    ),
    *grid(
        "ZeroPadding3D", (1, 2, 3, 2, 2), {}, {"padding": ((1, 0), (2, 3), (0, 0))}, {"padding": 1, **FIRST}
    ),
    *grid("Cropping1D", (2, 5, 2), {}, {"cropping": (0, 2)}, unknown=[1]),
    *grid(
        "Cropping2D",
        (2, 4, 5, 6),
        {},
        {"cropping": ((1, 0), (2, 1))},
        {"cropping": (1, 2), **FIRST},
        unknown=[2],
    ),
    *grid(
        "Cropping3D", (1, 4, 5, 6, 5), {}, {"cropping": ((1, 0), (2, 1), (0, 0))}, {"cropping": 2, **FIRST}
    ),
    *grid("UpSampling1D", (2, 3, 2), {}, {"size": 3}, unknown=[1]),
    *grid("UpSampling2D", (2, 3, 4, 2), {}, {"size": (1, 3)}, {"size": 2, **FIRST}, unknown=[1]),
    *[
        Case("UpSampling2D", {"size": (2, 3), "interpolation": method}, (2, 3, 4, 2))
        for method in ("bilinear", "bicubic", "lanczos3", "lanczos5")
    ],
    Case("UpSampling2D", {"interpolation": "bilinear", **FIRST}, (2, 2, 3, 4)),
    *grid("UpSampling3D", (1, 2, 3, 2, 2), {}, {"size": (1, 2, 3), **FIRST}),
]

NORMALIZATIONS = [
    *[
        case
        for training in (False, True)
        for case in [
            *grid(
                "BatchNormalization",
                (4, 3),
                {},
                {"center": False, "momentum": 0.5, "epsilon": 0.1},
                training=training,
            ),
            Case(
                "BatchNormalization",
                {"axis": 1, "gamma_regularizer": "l2"},
                (2, 3, 4, 2),
                training=training,
                unknown=[2],
            ),
            Case(
                "BatchNormalization", {"scale": False}, (2, 4, 3), training=training, masked=[0], unknown=[1]
            ),
            Case(
                "BatchNormalization",
                {"renorm": True, "momentum": 0.7, "renorm_clipping": {"rmax": 1.1, "dmax": 0.5}},
                (4, 3),
                training=training,
            ),
        ]
    ],
    Case("BatchNormalization", {"renorm": True, "center": False, "scale": False}, (4, 3), training=True),
    Case("BatchNormalization", {"trainable": False}, (4, 3), training=True),
    *grid(
        "LayerNormalization",
        (2, 4, 3),
        {},
        {"axis": [-1, -2], "epsilon": 0.01},
        {"axis": 1, "center": False},
        {"scale": False, "center": False},
        {"rms_scaling": True},
        masked=[0],
    ),
    *grid(
        "GroupNormalization",
        (2, 4, 6),
        {"groups": 3},
        {"groups": -1, "center": False},
        {"groups": 2, "axis": 1},
        {"groups": 1, "scale": False},
    ),
    Case("GroupNormalization", {"groups": 2, "axis": -1}, (2, 3, 3, 4), unknown=[1, 2]),
    *grid("RMSNormalization", (2, 4, 3), {}, {"axis": [1, 2], "epsilon": 0.1}),
    Case("RMSNormalization", {"axis": 1}, (2, 4)),
    *grid("UnitNormalization", (2, 4, 3), {}, {"axis": (1, 2)}, {"axis": 1}, masked=[0]),
    Case(
        "SpectralNormalization",
        lambda library: {"layer": library.layers.Dense(3, name="inner")},
        (2, 4),
        differentiable=False,
    ),
    Case(
        "SpectralNormalization",
        lambda library: {"layer": library.layers.Dense(3, name="inner"), "power_iterations": 2},
        (2, 4),
        training=True,
    ),
    Case(
        "SpectralNormalization",
        lambda library: {"layer": library.layers.Conv2D(2, 2, name="inner")},
        (2, 3, 3, 2),
        training=True,
    ),
]

REGULARIZATIONS = [
    *grid(
        "Dropout", (2, 4, 3), {"rate": 0.4}, {"rate": 0.5, "noise_shape": (None, 1, 3), "seed": 3}, masked=[0]
    ),
    Case("Dropout", {"rate": 1.0}, (2, 3), training=True),
    Case("Dropout", {"rate": 0.0}, (2, 3), training=True),
    *grid(
        "Dropout",
        (40, 50),
        {"rate": 0.4, "seed": 7},
        {"rate": 0.3, "seed": 8, "noise_shape": (None, 1)},
        training=True,
        random=True,
    ),
    *grid("SpatialDropout1D", (2, 4, 3), {"rate": 0.4}),
    *grid("SpatialDropout2D", (2, 4, 3, 2), {"rate": 0.4}),
    *grid("SpatialDropout3D", (2, 4, 3, 2, 2), {"rate": 0.4}),
    Case("SpatialDropout1D", {"rate": 0.4, "seed": 5}, (20, 4, 60), training=True, random=True),
    Case("SpatialDropout2D", {"rate": 0.4, "seed": 5}, (20, 3, 2, 60), training=True, random=True),
    Case(
        "SpatialDropout3D", {"rate": 0.4, "seed": 5, **FIRST}, (20, 60, 3, 2, 2), training=True, random=True
    ),
    *grid("AlphaDropout", (2, 4), {"rate": 0.4}),
    Case("AlphaDropout", {"rate": 0.4, "seed": 5}, (40, 50), training=True, random=True),
    *grid("GaussianDropout", (2, 4), {"rate": 0.4}),
    Case("GaussianDropout", {"rate": 0.4, "seed": 5}, (40, 50), training=True, random=True),
    *grid("GaussianNoise", (2, 4), {"stddev": 0.4}),
    Case("GaussianNoise", {"stddev": 0.4, "seed": 5}, (40, 50), training=True, random=True),
    *grid("ActivityRegularization", (2, 4), {"l1": 0.1, "l2": 0.2}),
]

MERGINGS = [
    case
    for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")
    for case in [
        Case(name, {}, [(2, 3), (2, 3), (2, 3)]),
        Case(name, {}, [(2, 4, 3), (2, 1, 3)]),
        Case(name, {}, [(2, 3), (2, 4, 3)]),
        Case(name, {}, [(2, 4, 3), (2, 4, 3), (2, 4, 3)], masked=[0, 1, 2], unknown=[1]),
        Case(name, {}, [(2, 4, 3), (2, 4, 3)], masked=[1]),
    ]
]
MERGINGS += [
    *grid("Subtract", [(2, 3), (2, 3)], {}),
    *grid("Subtract", [(2, 4, 3), (2, 3)], {}),
    *grid("Subtract", [(2, 4, 3), (2, 4, 3)], {}, masked=[0, 1]),
    *grid("Concatenate", [(2, 3), (2, 2)], {}),
    *grid("Concatenate", [(2, 4, 3), (2, 2, 3)], {"axis": 1}, masked=[0]),
    *grid("Concatenate", [(2, 4, 3), (2, 4, 2)], {}, masked=[0, 1], unknown=[1]),
    *grid("Dot", [(2, 3), (2, 3)], {"axes": 1}, {"axes": -1, "normalize": True}),
    *grid("Dot", [(2, 3, 4), (2, 5, 3)], {"axes": (1, 2)}, {"axes": [1, -1], "normalize": True}),
    *grid("Dot", [(2, 3, 4), (2, 4)], {"axes": (2, 1)}),
    *grid("Dot", [(2, 3), (2, 3, 2, 2)], {"axes": 1}),
]

OTHERS = [
    *grid(
        "Embedding",
        (2, 5),
        {"input_dim": 7, "output_dim": 3},
        {"input_dim": 7, "output_dim": 2, "mask_zero": True},
        integers=7,
        unknown=[1],
    ),
    Case("Embedding", {"input_dim": 5, "output_dim": 2, "embeddings_regularizer": "l2"}, (4,), integers=5),
    Case(
        "ReversibleEmbedding",
        {"input_dim": 7, "output_dim": 3, "tie_weights": False, "logit_soft_cap": 2.0},
        (2, 5),
        integers=7,
    ),
    *grid("Masking", (2, 4, 3), {}, unknown=[1]),
    Case("Masking", {"mask_value": 1}, (2, 6, 1), integers=3),
    Case("Lambda", lambda library: {"function": library.activations.relu}, (2, 3)),
    Case(
        "Lambda",
        lambda library: {"function": library.activations.leaky_relu, "arguments": {"negative_slope": 0.5}},
        (2, 3),
    ),
    *grid(
        "Rescaling",
        (2, 4, 3),
        {"scale": 0.5},
        {"scale": 2.0, "offset": -1.0},
        {"scale": [1.0, 2.0, 3.0], "offset": [0.0, 1.0, 2.0]},
    ),
    Case("Rescaling", {"scale": 0.5}, (2, 4), integers=9),
    *grid(
        "Normalization",
        (4, 3),
        {},
        {"mean": 2.0, "variance": 4.0},
        {"mean": [1.0, 2.0, 3.0], "variance": [1.0, 4.0, 9.0], "invert": True},
    ),
    *grid("Normalization", (4, 2, 3), {"axis": None}, {"axis": (1, 2)}, {"axis": 1, "invert": True}),
]

SEQUENCES = [
    *[
        case
        for name in ("SimpleRNN", "GRU", "LSTM")
        for case in [
            Case(name, {"units": 3}, (2, 4, 2), unknown=[1]),
            Case(name, {"units": 2, "return_sequences": True, "go_backwards": True}, (2, 4, 2), masked=[0]),
            Case(name, {"units": 2, "return_state": True, "kernel_regularizer": "l2"}, (2, 3, 2)),
        ]
    ],
    Case(
        "RNN",
        lambda library: {"cell": library.layers.GRUCell(3, name="inner"), "return_sequences": True},
        (2, 4, 2),
        differentiable=False,
    ),
    Case(
        "Bidirectional",
        lambda library: {"layer": library.layers.LSTM(2, name="inner")},
        (2, 4, 3),
        masked=[0],
        differentiable=False,
    ),
    Case(
        "TimeDistributed",
        lambda library: {"layer": library.layers.Dense(2, name="inner")},
        (2, 4, 3),
        differentiable=False,
    ),
    *grid(
        "EinsumDense",
        (2, 4, 3),
        {"equation": "abc,cd->abd", "output_shape": (4, 5), "bias_axes": "d", "activation": "relu"},
    ),
    *grid("Attention", [(2, 3, 4), (2, 5, 4)], {}, {"use_scale": True, "score_mode": "concat"}, masked=[1]),
    *grid("AdditiveAttention", [(2, 3, 4), (2, 5, 4)], {}, {"use_scale": False}),
]

SEQUENCES_OF_PICTURES = [
    Case("ConvLSTM1D", {"filters": 2, "kernel_size": 3, "strides": 2}, (2, 3, 7, 2), differentiable=False),
    Case(
        "ConvLSTM2D",
        {"filters": 2, "kernel_size": (2, 3), "padding": "same", "return_sequences": True, **FIRST},
        (2, 3, 2, 4, 5),
        differentiable=False,
    ),
    Case(
        "ConvLSTM2D",
        {"filters": 2, "kernel_size": 2, "return_state": True, "go_backwards": True, "dilation_rate": 2},
        (2, 3, 5, 4, 1),
    ),
]

SOUND = [
    Case(
        "MelSpectrogram",
        {"fft_length": 16, "sequence_stride": 8, "num_mel_bins": 4, "sampling_rate": 200, "min_freq": 1.0},
        (2, 64),
        tolerance=1e-4,
        differentiable=False,
    ),
]

CASES = [
    *ACTIVATIONS,
    *DENSE,
    *CONVOLUTIONS,
    *POOLINGS,
    *RESHAPINGS,
    *NORMALIZATIONS,
    *REGULARIZATIONS,
    *MERGINGS,
    *OTHERS,
    *SEQUENCES,
    *SEQUENCES_OF_PICTURES,
    *SOUND,
]

# What has no case here: bases, which compute nothing, and layers called otherwise, with the test file that
# they have.
BASES = {"Layer", "Wrapper", "InputLayer", "ImageLayer", "Feature", "Cross"}
IMAGES = [
    name
    for module in (image_color, image_filters, image_geometry, image_mixing, image_resizing)
    for name in module.__all__
]
ELSEWHERE = {
    "GRUCell": "test_recurrent.py",
    "LSTMCell": "test_recurrent.py",
    "SimpleRNNCell": "test_recurrent.py",
    "StackedRNNCells": "test_recurrent.py",
    "MultiHeadAttention": "test_attention.py",
    "GroupQueryAttention": "test_attention.py",
    "TextVectorization": "test_text_vectorization.py",
    "BytePairTokenizer": "test_byte_pair.py",
    "ConvLSTMCell": "test_conv_lstm.py",
    "ConvLSTM3D": "test_conv_lstm.py",
    "FeatureSpace": "test_feature_space.py",
    **dict.fromkeys(["JaxLayer", "FlaxLayer", "TFSMLayer", "TorchModuleWrapper"], "test_foreign_layers.py"),
    "CRF": "test_tags.py",
    **dict.fromkeys(
        [
            "AttentiveAssociation",
            "BackFedCell",
            "BernoulliUnits",
            "GaussianUnits",
            "NoisyInput",
            "ReversibleDense",
        ],
        "test_units.py",
    ),
    **dict.fromkeys(["NTMCell", "DNCCell"], "test_memory.py"),
    **dict.fromkeys(
        [
            "CachedMultiHeadAttention",
            "PositionEmbedding",
            "RotaryEmbedding",
            "SinePositionEncoding",
            "TokenAndPositionEmbedding",
            "TransformerDecoder",
            "TransformerEncoder",
        ],
        "test_transformer.py",
    ),
    "Pipeline": "test_pipeline.py",
    **dict.fromkeys(["CustomScaleLayer", "LayerScale"], "test_scaling.py"),
    "STFTSpectrogram": "test_spectrogram.py",
    **dict.fromkeys(["LICell", "LIFCell", "RateCoding", "LatencyCoding", "SpikeCount"], "test_spiking.py"),
    **dict.fromkeys(
        ["StringLookup", "IntegerLookup", "CategoryEncoding", "Discretization", "Hashing", "HashedCrossing"],
        "test_lookups.py",
    ),
    **dict.fromkeys(IMAGES, "test_image_layers.py"),
}
