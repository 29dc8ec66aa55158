"""Inner modules of TensorFlow 1 that programs import from, each with the module that has its names here."""

_FACE, _HERE = "neurona.legacy.tensorflow", "neurona.legacy.tensorflow.v1"
_OF_MODULES = {
    "": """python.ops.clip_ops python.ops.gradients python.ops.gradients_impl python.ops.logging_ops
        python.ops.sparse_ops python.ops.functional_ops python.ops.gen_array_ops python.ops.gen_math_ops
        python.ops.data_flow_ops python.ops.parsing_ops python.ops.check_ops python.framework.random_seed
        python.framework.sparse_tensor python.ops.partitioned_variables python.ops.state_ops
        python.ops.random_ops python.ops.string_ops python.ops.linalg_ops""",
    "nn": "python.ops.nn_impl python.ops.gen_nn_ops python.ops.ctc_ops python.ops.candidate_sampling_ops",
    "control": "python.control_flow_ops",
    "train": """python.training.optimizer python.training.training_util python.training.adam
        python.training.gradient_descent python.training.momentum python.training.rmsprop
        python.training.adagrad python.training.summary_io python.training.session_run_hook
        python.training.basic_session_run_hooks python.training.learning_rate_decay
        python.training.coordinator python.training.monitored_session
        python.training.queue_runner python.training.training
        python.training.input python.framework.graph_io""",
    "saver": """python.training.saver python.training.checkpoint_management python.training.checkpoint_utils
        python.tools.inspect_checkpoint""",
    "graph_def": "python.framework.importer",
    "session": "python.client.session",
    "timeline": "python.client.timeline",
    "app": "python.platform.app",
    "estimator": "python.estimator.estimator",
    "feature_column": "python.feature_column.feature_column",
    "data": "python.data.ops.dataset_ops",
    "losses": "python.ops.losses.losses python.ops.losses",
    "metrics": "python.ops.metrics python.ops.metrics_impl",
    "summary": "python.summary.summary python.summary",
    "rnn": "models.rnn.rnn",
    "cells": "models.rnn.rnn_cell",
    "layers": "python.layers.base python.layers.pooling python.layers.normalization",
    "contrib.framework": """contrib.framework.python.ops contrib.framework.python.ops.variables
        contrib.framework.python.ops.arg_scope contrib.framework.python.framework""",
    "contrib.layers": """contrib.layers.python.layers.layers
        contrib.layers.python.layers.initializers contrib.layers.python.layers.regularizers
        contrib.layers.python.layers.optimizers""",
    "contrib.rnn": """contrib.rnn.python.ops.core_rnn_cell contrib.rnn.python.ops.core_rnn_cell_impl
        contrib.rnn.python.ops.rnn_cell contrib.rnn.python.ops.rnn contrib.rnn.python.ops.core_rnn""",
    "contrib.seq2seq": """contrib.seq2seq.python.ops.attention_wrapper contrib.seq2seq.python.ops.loss
        contrib.seq2seq.python.ops.basic_decoder contrib.seq2seq.python.ops.decoder
        contrib.seq2seq.python.ops.helper contrib.seq2seq.python.ops.beam_search_decoder""",
    "contrib.legacy_seq2seq": "contrib.legacy_seq2seq.python.ops.seq2seq models.rnn.seq2seq",
    "contrib.metrics": "contrib.metrics.python.ops contrib.metrics.python.ops.metric_ops",
    "contrib.crf": "contrib.crf.python.ops contrib.crf.python.ops.crf",
    "contrib.distributions": "python.ops.distributions python.ops.distributions.distributions",
}
_OF_TODAY = {
    "test": "python.platform.test python.platform.googletest",
    "io": "python.lib.io.tf_record",
    "io.file_io": "python.lib.io.file_io",
}
INNER_PATHS = {
    **{path: f"{_HERE}.{home}".rstrip(".") for home, paths in _OF_MODULES.items() for path in paths.split()},
    **{path: f"{_FACE}.{home}" for home, paths in _OF_TODAY.items() for path in paths.split()},
    "contrib.layers.python.layers": {
        **dict.fromkeys(("initializers", "layers", "optimizers", "regularizers"), f"{_HERE}.contrib.layers:"),
        **{name: f"{_HERE}.contrib.layers:{name}" for name in ("batch_norm", "conv2d", "flatten")},
        "fully_connected": f"{_HERE}.contrib.layers:fully_connected",
    },
    "core.framework.summary_pb2": {"Summary": f"{_HERE}.summary:Summary"},
    "core.framework.graph_pb2": {name: f"{_HERE}.graph_def:{name}" for name in ("GraphDef", "NodeDef")},
    "core.protobuf.config_pb2": {
        name: f"{_HERE}.old:{name}"
        for name in (
            "ConfigProto",
            "GPUOptions",
            "GraphOptions",
            "OptimizerOptions",
            "RunMetadata",
            "RunOptions",
        )
    },
    "core.example.example_pb2": {
        name: f"{_FACE}.io.examples:{name}" for name in ("Example", "SequenceExample")
    },
    "core.example.feature_pb2": {
        name: f"{_FACE}.io.examples:{name}"
        for name in (
            "BytesList",
            "Feature",
            "FeatureList",
            "FeatureLists",
            "Features",
            "FloatList",
            "Int64List",
        )
    },
}
