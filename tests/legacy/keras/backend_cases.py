"""Calls of `keras.backend`, and what TensorFlow made of them: shape, and sum weighted with cos(0), cos(1)."""

import numpy as np

from neurona.legacy.keras import backend as K

RANDOM = np.random.RandomState(1)


def normal(*shape):
    return RANDOM.randn(*shape).astype("float32")


X, Y, P = normal(2, 3), normal(3, 4), RANDOM.rand(2, 3).astype("float32")
IMAGES, KERNEL = normal(2, 6, 5, 3), normal(3, 2, 3, 4)
SERIES, KERNEL_1D = normal(2, 7, 3), normal(3, 3, 4)
VOLUME, KERNEL_3D = normal(1, 4, 4, 4, 2), normal(2, 2, 2, 2, 3)
TARGETS, CLASSES = np.eye(3, dtype="float32")[[0, 2]], np.exp(X) / np.exp(X).sum(-1, keepdims=True)
MASK = np.array([[1, 1, 0, 1, 0, 0, 1], [0, 1, 1, 1, 1, 0, 0]], bool)

CASES = {
    "sum": (lambda: K.sum(X, axis=1), (2,), -0.87126),
    "mean_bool": (lambda: K.mean(K.greater(X, 0)), (), 0.33333),
    "mean": (lambda: K.mean(X, axis=[0, 1]), (), -0.33745),
    "std": (lambda: K.std(X, axis=0, keepdims=True), (1, 3), 1.3787),
    "var": (lambda: K.var(X), (), 1.6343),
    "max": (lambda: K.max(X, -1), (2,), 2.0919),
    "prod": (lambda: K.prod(X, axis=1), (2,), 1.6795),
    "any": (lambda: K.any(X > 0, axis=1), (2,), 1.5403),
    "all": (lambda: K.all(X > 0, axis=1), (2,), 0),
    "argmax": (lambda: K.argmax(X), (2,), 0.5403),
    "argmin": (lambda: K.argmin(X, axis=0), (3,), 0.58385),
    "square": (lambda: K.square(X), (2, 3), 2.5979),
    "sqrt": (lambda: K.sqrt(X), (2, 3), 0.66643),
    "pow": (lambda: K.pow(X, 2.0), (2, 3), 2.5979),
    "clip": (lambda: K.clip(X, -0.5, 0.5), (2, 3), 0.46427),
    "l2_normalize": (lambda: K.l2_normalize(X, axis=1), (2, 3), 0.776),
    "dot": (lambda: K.dot(X, Y), (2, 4), 4.8465),
    "dot3": (lambda: K.dot(SERIES, Y), (2, 7, 4), -5.1596),
    "batch_dot": (lambda: K.batch_dot(IMAGES[:, :, :, 0], IMAGES[:, 0, :, :]), (2, 6, 3), -1.5397),
    "batch_dot of one axis": (lambda: K.batch_dot(P, X, axes=1), (2, 1), -0.035451),
    "batch_dot of two axes": (lambda: K.batch_dot(X, SERIES, axes=(1, 2)), (2, 7), -5.7968),
    "batch_flatten": (lambda: K.batch_flatten(IMAGES), (2, 90), -2.536),
    "flat": (lambda: K.flatten(X), (6,), 1.3573),
    "permute_dimensions": (lambda: K.permute_dimensions(IMAGES, (0, 3, 1, 2)), (2, 3, 6, 5), 2.9717),
    "concat": (lambda: K.concatenate([X, P]), (2, 6), -0.48967),
    "stack": (lambda: K.stack([X, P], axis=1), (2, 2, 3), -0.48967),
    "repeat": (lambda: K.repeat(X, 2), (2, 2, 3), 0.35393),
    "repeat_elements": (lambda: K.repeat_elements(X, 2, 1), (2, 6), 2.725),
    "tile": (lambda: K.tile(X, [2, 1]), (4, 3), 2.7739),
    "reverse": (lambda: K.reverse(X, 1), (2, 3), -0.12619),
    "gather": (lambda: K.gather(Y, np.array([2, 0])), (2, 4), 0.24224),
    "one_hot": (lambda: K.one_hot(np.array([1, 0]), 3), (2, 3), -0.44969),
    "arange": (lambda: K.arange(2, 9, 3), (3,), 1.3723),
    "cumsum": (lambda: K.cumsum(X, axis=1), (2, 3), 2.456),
    "cumprod": (lambda: K.cumprod(X, axis=0), (2, 3), 3.9299),
    "exp": (lambda: K.exp(X), (2, 3), 3.2595),
    "relu": (lambda: K.relu(X, alpha=0.1, max_value=0.5, threshold=0.1), (2, 3), 0.20886),
    "elu": (lambda: K.elu(X, 0.7), (2, 3), 1.2824),
    "hard_sigmoid": (lambda: K.hard_sigmoid(X), (2, 3), 0.15355),
    "softmax": (lambda: K.softmax(X), (2, 3), 0.16413),
    "softplus": (lambda: K.softplus(X), (2, 3), 0.78601),
    "softsign": (lambda: K.softsign(X), (2, 3), 0.56914),
    "conv2d": (lambda: K.conv2d(IMAGES, KERNEL, padding="same"), (2, 6, 5, 4), 48.106),
    "conv2d with strides": (
        lambda: K.conv2d(IMAGES, KERNEL, strides=(2, 2), padding="valid"),
        (2, 2, 2, 4),
        -7.211,
    ),
    "conv2d dilated": (lambda: K.conv2d(IMAGES, KERNEL, dilation_rate=(2, 2)), (2, 2, 3, 4), -18.205),
    "causal conv1d": (
        lambda: K.conv1d(SERIES, KERNEL_1D, padding="causal", dilation_rate=2),
        (2, 7, 4),
        -4.8602,
    ),
    "conv3d": (lambda: K.conv3d(VOLUME, KERNEL_3D, strides=(2, 2, 2)), (1, 2, 2, 2, 3), 3.6261),
    "conv2d_transpose": (
        lambda: K.conv2d_transpose(
            IMAGES, np.transpose(KERNEL, (0, 1, 3, 2)), (2, 12, 10, 4), strides=(2, 2), padding="same"
        ),
        (2, 12, 10, 4),
        15.992,
    ),
    "conv2d_transpose valid": (
        lambda: K.conv2d_transpose(
            IMAGES, np.transpose(KERNEL, (0, 1, 3, 2)), (2, 13, 10, 4), strides=(2, 2), padding="valid"
        ),
        (2, 13, 10, 4),
        -61.745,
    ),
    "pool": (
        lambda: K.pool2d(IMAGES, (2, 2), strides=(2, 2), padding="same", pool_mode="avg"),
        (2, 3, 3, 3),
        -1.9116,
    ),
    "poolm": (lambda: K.pool2d(IMAGES, (2, 2)), (2, 5, 4, 3), -0.21536),
    "pool3": (lambda: K.pool3d(VOLUME, (2, 2, 2), strides=(2, 2, 2)), (1, 2, 2, 2, 2), -1.3772),
    "bias_add": (lambda: K.bias_add(IMAGES, X[0]), (2, 6, 5, 3), -0.91426),
    "bias_add channels first": (
        lambda: K.bias_add(np.transpose(IMAGES, (0, 3, 1, 2)), X[0], data_format="channels_first"),
        (2, 3, 6, 5),
        -0.079486,
    ),
    "resize": (lambda: K.resize_images(IMAGES, 2, 3, "channels_last"), (2, 12, 15, 3), 17.175),
    "temporal_padding": (lambda: K.temporal_padding(SERIES, (1, 2)), (2, 10, 3), -0.20756),
    "spatial_2d_padding": (lambda: K.spatial_2d_padding(IMAGES, ((1, 0), (2, 1))), (2, 7, 8, 3), 9.2159),
    "batch_normalization": (
        lambda: K.batch_normalization(IMAGES, IMAGES.mean((0, 1, 2)), IMAGES.var((0, 1, 2)), X[0], P[0]),
        (2, 6, 5, 3),
        -1.9149,
    ),
    "categorical_crossentropy": (lambda: K.categorical_crossentropy(TARGETS, CLASSES), (2,), 2.0047),
    "crossentropy of unnormalized": (lambda: K.categorical_crossentropy(TARGETS, P), (2,), 1.2498),
    "crossentropy of logits": (
        lambda: K.categorical_crossentropy(TARGETS, X, from_logits=True),
        (2,),
        2.0047,
    ),
    "sparse crossentropy": (
        lambda: K.sparse_categorical_crossentropy(np.array([0, 2]), CLASSES),
        (2,),
        2.0047,
    ),
    "binary crossentropy": (lambda: K.binary_crossentropy(TARGETS, P), (2, 3), -1.1175),
    "binary crossentropy of logits": (
        lambda: K.binary_crossentropy(TARGETS, X, from_logits=True),
        (2, 3),
        -0.18548,
    ),
    "in_top_k": (lambda: K.in_top_k(CLASSES, np.array([0, 2]), 2), (2,), 1),
    "rnn": (
        lambda: K.rnn(
            lambda a, s: (a * 2 + s[0], [a * 2 + s[0]]),
            SERIES,
            [np.zeros((2, 3), "float32")],
            go_backwards=True,
        )[1],
        (2, 7, 3),
        -6.9442,
    ),
    "rnn with mask": (
        lambda: K.rnn(
            lambda a, s: (a * 2 + s[0], [a * 2 + s[0]]), SERIES, [np.zeros((2, 3), "float32")], mask=MASK
        )[1],
        (2, 7, 3),
        -5.6185,
    ),
    "rnn with zeros for masked": (
        lambda: K.rnn(
            lambda a, s: (a * 2 + s[0], [a * 2 + s[0]]),
            SERIES,
            [np.zeros((2, 3), "float32")],
            mask=MASK,
            zero_output_for_mask=True,
        )[1],
        (2, 7, 3),
        -6.339,
    ),
    "map_fn": (lambda: K.map_fn(lambda r: K.sum(r), X), (2,), -0.87126),
    "foldl": (lambda: K.foldl(lambda a, b: a * 2 + b, X), (3,), 3.3796),
    "foldr": (lambda: K.foldr(lambda a, b: a * 2 + b, X), (3,), 2.2184),
    "switch": (lambda: K.switch(X > 0, X, P), (2, 3), 0.98322),
    "depthwise_conv2d": (
        lambda: K.depthwise_conv2d(IMAGES, KERNEL[..., :2], padding="same"),
        (2, 6, 5, 6),
        35.953,
    ),
    "separable_conv2d": (
        lambda: K.separable_conv2d(
            IMAGES,
            KERNEL[..., :2],
            np.random.RandomState(3).randn(1, 1, 6, 4).astype("float32"),
            padding="same",
        ),
        (2, 6, 5, 4),
        -3.7743,
    ),
    "eye": (lambda: K.eye(3), (3, 3), 0.20086),
    "round": (lambda: K.round(X * 3), (2, 3), 3.7751),
    "sign": (lambda: K.sign(X), (2, 3), 0.92853),
    "expand_dims": (lambda: K.expand_dims(X), (2, 3, 1), 1.3573),
    "squeeze": (lambda: K.squeeze(X[:, None], 1), (2, 3), 1.3573),
    "binary focal": (lambda: K.binary_focal_crossentropy(TARGETS, P), (2, 3), -0.51073),
    "balanced binary focal": (
        lambda: K.binary_focal_crossentropy(TARGETS, P, apply_class_balancing=True),
        (2, 3),
        -0.38378,
    ),
    "categorical focal": (lambda: K.categorical_focal_crossentropy(TARGETS, CLASSES), (2,), 0.42104),
    "count_params": (lambda: K.count_params(K.variable(X)), (), 6),
    "variable of integers": (lambda: K.get_value(K.variable(np.array([1, 2]))), (2,), 2.0806),
    "resize_volumes": (lambda: K.resize_volumes(VOLUME, 2, 1, 2, "channels_last"), (1, 8, 4, 8, 2), -10.144),
    "spatial_3d_padding": (
        lambda: K.spatial_3d_padding(VOLUME, ((1, 0), (0, 1), (2, 0))),
        (1, 5, 5, 6, 2),
        -7.7415,
    ),
}
