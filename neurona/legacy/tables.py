"""The older spellings: arguments, attributes, names and figures, each with today's.

A value is today's name; several names, of which the first that a class has counts; or a converter of
`neurona.legacy.converters`. What is `"module:name"` is found in that module of Neurona.
"""

from typing import Any

from neurona.legacy.converters import (
    decay,
    forget_bias,
    gone,
    initializer,
    input_dim,
    input_length,
    kernel_size,
    normalization_mode,
    rate,
    refused,
    show_accuracy,
    to_values,
    weights,
    window,
)
from neurona.legacy.layer_names import OPTIONS

_COMPILED = gone("XLA compiles for any device.")
_WORKERS = gone("batches are read while others train.")
_FORMATS = {"th": "channels_first", "tf": "channels_last", "default": None}
_KERAS = "neurona.legacy.keras"
_METHODS = f"{_KERAS}.methods"
_LAYERS = f"{_KERAS}.layers"

_LAYER = {
    **OPTIONS,
    # Keras 1
    "init": initializer("kernel_initializer", "embeddings_initializer", "depthwise_initializer"),
    "inner_init": initializer("recurrent_initializer"),
    "forget_bias_init": forget_bias,
    "W_regularizer": ("kernel_regularizer", "embeddings_regularizer", "depthwise_regularizer"),
    "W_constraint": ("kernel_constraint", "embeddings_constraint", "depthwise_constraint"),
    "consume_less": _COMPILED,
    "nb_row": kernel_size("nb_col"),
    "nb_col": window,
    "kernel_dim1": kernel_size("kernel_dim2", "kernel_dim3"),
    "stride": "strides",
    "dim_ordering": to_values("data_format", _FORMATS),
    "length": "size",
    "beta_init": initializer("beta_initializer"),
    "gamma_init": initializer("gamma_initializer"),
    "input_dtype": gone("the dtype is seen from the input."),
    "input_dim": input_dim,
    "input_length": input_length,
    "weights": weights,
    # Keras 0
    "ignore_border": gone("borders are as with padding='valid'."),
    "truncate_gradient": gone("gradients go through the whole sequence."),
    # Keras 2
    "alpha": "negative_slope",
}

ARGUMENTS: dict[str, dict[str, Any]] = {
    "Layer": _LAYER,
    "Model": {"input": "inputs", "output": "outputs"},
    "BatchNormalization": {
        "mode": normalization_mode,
        "renorm": refused("Leave it out: today's BatchNormalization has one way to compute."),
        "fused": _COMPILED,
    },
    "Embedding": {
        "dropout": refused("Put SpatialDropout1D(rate) after the layer: it drops whole features."),
    },
    "MaxoutDense": {"weights": "first_weights"},
    "Highway": {"weights": "first_weights"},
    "Optimizer": {
        "lr": rate,
        "decay": decay,
        "schedule_decay": gone("Nadam's momentum has its usual schedule."),
    },
    "MaxNorm": {"m": "max_value"},
    "CompiledModel.compile": {
        "class_mode": gone("the loss says what the labels are."),
        "theano_mode": _COMPILED,
        "sample_weight_mode": gone("weights of any shape that fits the targets are taken."),
        "target_tensors": refused("Pass the targets to fit."),
        "experimental_run_tf_function": _COMPILED,
        "experimental_steps_per_execution": "steps_per_execution",
        "pss_evaluation_shards": gone("there are no parameter servers."),
    },
    "Trainer.fit": {"nb_epoch": "epochs", "show_accuracy": show_accuracy},
    "Trainer.evaluate": {"show_accuracy": show_accuracy, "nb_steps": "steps"},
    "Trainer.predict": {},
    "Trainer.train_on_batch": {"accuracy": show_accuracy, "reset_metrics": gone("each batch counts alone.")},
    "Trainer.test_on_batch": {"accuracy": show_accuracy, "reset_metrics": gone("each batch counts alone.")},
    "ReduceLROnPlateau": {"epsilon": "min_delta"},
    "TensorBoard": {
        "batch_size": gone("no batches are run for the pictures."),
        "embeddings_layer_names": gone("the vectors of all Embedding layers are written."),
        "embeddings_data": gone("the vectors themselves are written, not what they make of data."),
        "write_grads": gone("histograms are of weights."),
    },
    "Tokenizer": {"nb_words": "num_words"},
    "imdb.load_data": {"nb_words": "num_words", "test_split": gone("the reviews for tests are given.")},
    "reuters.load_data": {"nb_words": "num_words"},
    "arrays.to_categorical": {"nb_classes": "num_classes", "y": "x"},
}
_OF_WORKERS = ("workers", "nb_worker", "use_multiprocessing", "pickle_safe", "max_queue_size", "max_q_size")
for _method in ("fit", "evaluate", "predict"):
    ARGUMENTS[f"Trainer.{_method}"] |= dict.fromkeys(_OF_WORKERS, _WORKERS)

_AT = ("get_input_at", "get_input_shape_at", "get_output_at", "get_output_shape_at")
_SHORT = {
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}
_SHORT |= {short.upper(): long for short, long in _SHORT.items()}
_SHORT |= {"cosine": "cosine_similarity", "cosine_proximity": "cosine_similarity"}
_SHORT |= dict.fromkeys(("kld", "KLD", "kullback_leibler_divergence"), "kl_divergence")

NAMES: dict[str, dict[str, str]] = {
    "neurona": {
        "keras": f"{_KERAS}:",
        "load_ipython_extension": "neurona.legacy.imports:load_ipython_extension",
    },
    "layers": {
        name: f"{_LAYERS}:{name}"
        for name in (
            "AtrousConvolution1D",
            "AtrousConvolution2D",
            "CuDNNGRU",
            "CuDNNLSTM",
            "Deconvolution2D",
            "Deconvolution3D",
            "Highway",
            "LocallyConnected1D",
            "LocallyConnected2D",
            "MaxoutDense",
            "Merge",
            "ParametricSoftplus",
            "SReLU",
            "ThresholdedReLU",
            "TimeDistributedDense",
            "merge",
        )
    }
    | {
        name: f"neurona.legacy.tensorflow.feature_column:{name}"
        for name in ("DenseFeatures", "SequenceFeatures")
    },
    "callbacks": {"BaseLogger": f"{_KERAS}.parts:BaseLogger"},
    "optimizers": {"legacy": "neurona.optimizers:"},
    "losses": {short: f"neurona.losses:{long}" for short, long in _SHORT.items()},
    "metrics": {short: f"neurona.losses:{long}" for short, long in _SHORT.items()}
    | {
        name: f"{_KERAS}.older_metrics:{name}"
        for name in ("precision", "recall", "fbeta_score", "fmeasure", "matthews_correlation")
    },
    "initializers": {
        "normal": ":RandomNormal",
        "uniform": ":RandomUniform",
        "zero": ":Zeros",
        "one": ":Ones",
        "Initializer": ":Initializer",
    },
    "constraints": {
        "maxnorm": ":MaxNorm",
        "max_norm": ":MaxNorm",
        "nonneg": ":NonNeg",
        "non_neg": ":NonNeg",
        "unitnorm": ":UnitNorm",
        "unit_norm": ":UnitNorm",
        "min_max_norm": ":MinMaxNorm",
    },
    "regularizers": {
        "WeightRegularizer": ":L1L2",
        "ActivityRegularizer": ":L1L2",
        "l1l2": ":L1L2",
        "activity_l1": ":L1",
        "activity_l2": ":L2",
        "activity_l1l2": ":L1L2",
    },
}

_ATTRIBUTES = "neurona.legacy.keras.layer_attributes"
_OF_WEIGHTS = {
    "W": "kernel",
    "b": "bias",
    "init": "kernel_initializer",
    **{
        f"{letter}_{what}": f"{weight}_{what}"
        for letter, weight in (("W", "kernel"), ("b", "bias"))
        for what in ("regularizer", "constraint")
    },
}
_RECURRENT = {
    "output_dim": "units",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
_CONVOLUTION = {
    **_OF_WEIGHTS,
    "nb_filter": "filters",
    "subsample": "strides",
    "border_mode": "padding",
    **{
        name: f"{_ATTRIBUTES}:{name}()"
        for name in ("nb_row", "nb_col", "filter_length", "subsample_length", "atrous_rate")
    },
}
ATTRIBUTES: dict[str, dict[str, str]] = {
    "Trainer": {
        name: f"{_METHODS}:{name}"
        for name in (
            "evaluate_generator",
            "fit_generator",
            "predict_classes",
            "predict_generator",
            "predict_proba",
            "reset_states",
            "to_yaml",
        )
    }
    | {"input_names": f"{_METHODS}:input_names()"},
    "Layer": {
        **{name: f"{_METHODS}:{name}()" for name in ("input_shape", "output_shape")},
        **{name: f"{_METHODS}:{name}" for name in (*_AT, "add_metric")},
        "updates": f"{_METHODS}:updates()",
        "dim_ordering": f"{_ATTRIBUTES}:dim_ordering()",
    },
    "Merge": {"layers": "parts"},
    "Metric": {"reset_states": "reset_state"},
    "Optimizer": {
        "lr": "learning_rate",
        **{name: f"{_METHODS}:{name}" for name in ("get_gradients", "get_updates")},
    },
    "Dense": {**_OF_WEIGHTS, "output_dim": "units"},
    "_Convolution": _CONVOLUTION,
    "Embedding": {"W": "embeddings"},
    "Dropout": {"p": "rate"},
    "LSTM": _RECURRENT,
    "GRU": _RECURRENT,
    "SimpleRNN": _RECURRENT,
}

# The names that a figure in the logs has had.
FIGURES = (
    ("accuracy", "acc"),
    ("mean_squared_error", "mse"),
    ("mean_absolute_error", "mae"),
    ("mean_absolute_percentage_error", "mape"),
    ("mean_squared_logarithmic_error", "msle"),
    ("cosine_similarity", "cosine_proximity"),
    ("learning_rate", "lr"),
)
