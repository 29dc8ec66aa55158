"""Layers and their options by the names of Keras 0, 1 and 2, each with today's."""

from typing import Any

CLASSES = {
    "Model": "Functional",
    "Container": "Functional",
    "Network": "Functional",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
    "ThresholdedReLU": "ReLU",
    "TimeDistributedDense": "Dense",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "GRUCellV2": "GRUCell",
    "LSTMCellV2": "LSTMCell",
}

# Options by their older names, each with today's, in programs and in files.
OPTIONS: dict[str, str] = {
    "output_dim": "units",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "depthwise_init": "depthwise_initializer",
    "pointwise_init": "pointwise_initializer",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
    "beta_init": "beta_initializer",
    "gamma_init": "gamma_initializer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "bias": "use_bias",
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "atrous_rate": "dilation_rate",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "pool_length": "pool_size",
    "poolsize": "pool_size",
    "dim_ordering": "data_format",
    "p": "rate",
    "sigma": "stddev",
    "dims": "target_shape",
}
# Those of files.
NAMES: dict[str, str] = {
    **OPTIONS,
    "stack_size": "input_dim",
    "input_dtype": "dtype",
    "batch_input_shape": "batch_shape",
}
_ON_WEIGHTS = ("regularizer", "constraint")
# Layers of Keras 1 that have the same options today.
_AS_THEY_WERE = {
    name: name
    for name in ("output_dim", "init", "bias", *(f"{one}_{what}" for one in "Wb" for what in _ON_WEIGHTS))
}
NAMES_OF_CLASSES: dict[str, dict[str, str]] = {
    "Highway": _AS_THEY_WERE,
    "MaxoutDense": _AS_THEY_WERE,
    "Embedding": {
        "output_dim": "output_dim",
        "input_dim": "input_dim",
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "LeakyReLU": {"alpha": "negative_slope"},
    "MaxPooling1D": {"stride": "strides"},
    "AveragePooling1D": {"stride": "strides"},
    "Permute": {"dims": "dims"},
    "PReLU": {"init": "alpha_initializer"},
    "UpSampling1D": {"length": "size"},
}
ORDERINGS = {"th": "channels_first", "tf": "channels_last", "default": "channels_last"}
# Options that change no result today: how it was computed, or what is seen from the input.
WITHOUT_EFFECT = {
    "_keras_shape",
    "cache_enabled",
    "consume_less",
    "fused",
    "implementation",
    "input_dim",
    "input_length",
    "input_shape",
    "query_shape",
    "key_shape",
    "value_shape",
    "ragged",
    "rng_type",
    "sparse",
    "time_step_axis",
    "truncate_gradient",
    "synchronized",
    "weights",
}
# Options that change what a layer computes, and that today's layers have not; they are used where not empty.
REFUSED = ("adjustment", "time_major", "virtual_batch_size")
# Options that a layer of today may lack, with values that mean that they were not used.
UNUSED: dict[str, tuple[Any, ...]] = {
    "groups": (1,),
    "softmax_robust_masking": (False,),
    "trainable": (True, False),
    "renorm": (False,),
    "renorm_clipping": ({},),
    "renorm_momentum": (0.99,),
    "interpolation": ("nearest",),
    "data_format": ("channels_last",),
    "keepdims": (False,),
    "shared_axes": ([],),
}
