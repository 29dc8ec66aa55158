"""Data and options that every metric is tried with. `CASES[name]` is a list of (options, shape of the
data).
"""

import numpy as np

STEPS, BATCH = 3, 16


def labels_and_scores(kind: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random y_true and y_pred of (STEPS, BATCH, ...)."""
    rng = np.random.default_rng(seed)
    n = (STEPS, BATCH)

    def uniform(*shape: int) -> np.ndarray:
        return rng.uniform(size=(*n, *shape)).astype("float32")

    def softmax(*shape: int) -> np.ndarray:
        exponential = np.exp(3 * uniform(*shape))
        return (exponential / exponential.sum(-1, keepdims=True)).astype("float32")

    def one_hot(*shape: int) -> np.ndarray:
        return np.eye(shape[-1], dtype="float32")[rng.integers(shape[-1], size=(*n, *shape[:-1]))]

    match kind:
        case "numbers":
            return rng.normal(size=(*n, 3)).astype("float32"), rng.normal(size=(*n, 3)).astype("float32")
        case "vector and column":
            return rng.normal(size=n).astype("float32"), rng.normal(size=(*n, 1)).astype("float32")
        case "positive":
            return uniform(3) + 0.1, uniform(3) + 0.1
        case "images":
            return uniform(4, 4, 2), uniform(4, 4, 2)
        case "equal integers":
            return rng.integers(3, size=(*n, 1)), rng.integers(3, size=(*n, 1)).astype("float32")
        case "binary":
            return rng.integers(2, size=(*n, 1)), uniform(1)
        case "binary vector":
            return rng.integers(2, size=n).astype("float32"), uniform(1)
        case "binary flat":
            return rng.integers(2, size=n).astype("float32"), uniform()
        case "binary grid":  # scores exactly at thresholds
            return rng.integers(2, size=(*n, 1)), (rng.integers(11, size=(*n, 1)) / 10).astype("float32")
        case "binary logits":
            return rng.integers(2, size=(*n, 1)).astype("float32"), rng.normal(size=(*n, 1)).astype(
                "float32"
            ) * 2
        case "multi label":
            return rng.integers(2, size=(*n, 4)).astype("float32"), uniform(4)
        case "one hot":
            return one_hot(7), softmax(7)
        case "one hot in time":
            return one_hot(5, 7), softmax(5, 7)
        case "sparse":
            return rng.integers(7, size=n), softmax(7)
        case "sparse column":
            return rng.integers(7, size=(*n, 1)).astype("float32"), softmax(7)
        case "sparse in time":
            return rng.integers(7, size=(*n, 5)), softmax(5, 7)
        case "sorted ids":
            return rng.integers(7, size=n), np.argsort(-softmax(7), axis=-1).astype("int32")
        case "classes":
            return rng.integers(3, size=(*n, 6)), rng.integers(3, size=(*n, 6))
        case "segmentation":
            return rng.integers(3, size=(*n, 6)), softmax(6, 3)
        case "one hot segmentation":
            return one_hot(6, 3), softmax(6, 3)
        case "one hot classes":
            return one_hot(6, 3), rng.integers(3, size=(*n, 6))
    raise ValueError(kind)


_thresholded = [
    ({}, "binary"),
    ({}, "binary vector"),
    ({}, "binary flat"),
    ({"thresholds": 0.3}, "binary"),
    ({"thresholds": [0.1, 0.4, 0.9]}, "multi label"),
    ({"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]}, "binary grid"),
]
_precision_and_recall = [
    *_thresholded,
    ({"top_k": 2}, "multi label"),
    ({"top_k": 3, "thresholds": 0.6}, "multi label"),
    ({"class_id": 1}, "multi label"),
    ({"class_id": 2, "top_k": 2}, "multi label"),
]
_plain = [
    ({}, "numbers"),
    ({}, "images"),
    ({}, "vector and column"),
    ({"name": "mine", "dtype": "float32"}, "numbers"),
]
_iou = [
    ({"num_classes": 3}, "classes"),
    ({"num_classes": 3, "ignore_class": 1}, "classes"),
    ({"num_classes": 2, "dtype": "float32"}, "classes"),  # labels outside are not counted
    ({"num_classes": 5}, "classes"),  # classes that never occur are left out of the mean
]
_f_score = [
    ({}, "one hot"),
    ({"threshold": 0.5}, "multi label"),
    *(({"average": average}, "one hot") for average in ("micro", "macro", "weighted")),
    ({"average": "weighted", "threshold": 0.25, "name": "mine"}, "multi label"),
]
_curves = [
    ({"curve": curve, "summation_method": method}, "binary")
    for curve in ("ROC", "PR", "PRGAIN")
    for method in ("interpolation", "minoring", "majoring")
]


def _at(constraint: str) -> list:
    return [
        ({constraint: 0.5}, "binary"),
        ({constraint: 0.7, "num_thresholds": 11}, "binary grid"),
        ({constraint: 0.4, "num_thresholds": 1}, "binary vector"),
        ({constraint: 0.3, "class_id": 2}, "multi label"),
    ]


CASES: dict[str, list[tuple[dict, str]]] = {
    "Accuracy": [({}, "equal integers"), ({}, "classes")],
    "BinaryAccuracy": [
        ({}, "binary"),
        ({}, "binary vector"),
        ({"threshold": 0.3}, "multi label"),
        ({"threshold": 0}, "binary logits"),
    ],
    "CategoricalAccuracy": [({}, "one hot"), ({}, "one hot in time")],
    "SparseCategoricalAccuracy": [({}, "sparse"), ({}, "sparse column"), ({}, "sparse in time")],
    "TopKCategoricalAccuracy": [({}, "one hot"), ({"k": 2}, "one hot in time")],
    "SparseTopKCategoricalAccuracy": [
        ({}, "sparse"),
        ({"k": 2}, "sparse column"),
        ({"k": 3}, "sparse in time"),
        ({"k": 2, "from_sorted_ids": True}, "sorted ids"),
    ],
    "AUC": [
        ({}, "binary"),
        ({}, "binary vector"),
        *_curves,
        ({"num_thresholds": 7, "curve": "PR"}, "binary grid"),
        ({"thresholds": [0.1, 0.15, 0.6]}, "multi label"),
        ({"thresholds": [0.25, 0.5, 0.75], "curve": "PR"}, "multi label"),
        ({"from_logits": True}, "binary logits"),
        ({"multi_label": True}, "multi label"),
        ({"multi_label": True, "num_labels": 4, "label_weights": [0.1, 0.2, 0.3, 0.9]}, "multi label"),
        ({"multi_label": True, "thresholds": [0.2, 0.3], "curve": "PR"}, "multi label"),
        ({"label_weights": [0.1, 0.2, 0.3, 0.9]}, "multi label"),
        ({"label_weights": [0.1, 0.2, 0.3, 0.9], "thresholds": [0.2, 0.3]}, "multi label"),
    ],
    "TruePositives": _thresholded,
    "TrueNegatives": _thresholded,
    "FalsePositives": _thresholded,
    "FalseNegatives": _thresholded,
    "Precision": _precision_and_recall,
    "Recall": _precision_and_recall,
    "SensitivityAtSpecificity": _at("specificity"),
    "SpecificityAtSensitivity": _at("sensitivity"),
    "PrecisionAtRecall": _at("recall"),
    "RecallAtPrecision": _at("precision"),
    "PearsonCorrelation": [({}, "numbers"), ({"axis": 0}, "numbers"), ({}, "images")],
    "ConcordanceCorrelation": [({}, "numbers"), ({"axis": 0}, "numbers"), ({}, "images")],
    "F1Score": _f_score,
    "FBetaScore": [*_f_score, ({"beta": 2.0}, "one hot"), ({"beta": 0.5, "average": "macro"}, "one hot")],
    "Hinge": [({}, "binary logits"), ({}, "numbers")],
    "SquaredHinge": [({}, "binary logits"), ({}, "numbers")],
    "CategoricalHinge": [({}, "one hot")],
    "IoU": [
        *(({**options, "target_class_ids": [0, options["num_classes"] - 1]}, kind) for options, kind in _iou),
        ({"num_classes": 3, "target_class_ids": [2], "sparse_y_pred": False}, "segmentation"),
    ],
    "BinaryIoU": [
        ({}, "binary"),
        ({"target_class_ids": [1], "threshold": 0.3}, "images"),
        ({"dtype": "float32"}, "binary"),
    ],
    "MeanIoU": [*_iou, ({"num_classes": 3, "sparse_y_pred": False}, "segmentation")],
    "OneHotIoU": [
        ({"num_classes": 3, "target_class_ids": [0, 2]}, "one hot segmentation"),
        (
            {"num_classes": 3, "target_class_ids": [1], "sparse_y_pred": True, "ignore_class": 0},
            "one hot classes",
        ),
    ],
    "OneHotMeanIoU": [
        ({"num_classes": 3}, "one hot segmentation"),
        ({"num_classes": 3, "sparse_y_pred": True}, "one hot classes"),
    ],
    "KLDivergence": [({}, "positive"), ({}, "one hot")],
    "Poisson": [({}, "positive"), ({}, "images")],
    "BinaryCrossentropy": [
        ({}, "binary"),
        ({"from_logits": True}, "binary logits"),
        ({"label_smoothing": 0.2}, "multi label"),
    ],
    "CategoricalCrossentropy": [
        ({}, "one hot"),
        ({"from_logits": True, "label_smoothing": 0.1}, "one hot"),
        ({}, "one hot in time"),
        ({"axis": 1}, "one hot in time"),
    ],
    "SparseCategoricalCrossentropy": [
        ({}, "sparse"),
        ({"from_logits": True}, "sparse in time"),
        ({"ignore_class": 2}, "sparse"),
        ({}, "sparse column"),
    ],
    "CosineSimilarity": [*_plain, ({"axis": 1}, "images")],
    "LogCoshError": _plain,
    "MeanAbsoluteError": _plain,
    "MeanAbsolutePercentageError": _plain,
    "MeanSquaredError": _plain,
    "MeanSquaredLogarithmicError": [({}, "positive"), ({}, "images")],
    "RootMeanSquaredError": _plain,
    "R2Score": [
        ({}, "numbers"),
        ({}, "vector and column"),
        ({"class_aggregation": None}, "numbers"),
        ({"class_aggregation": "variance_weighted_average"}, "numbers"),
        ({"num_regressors": 2}, "numbers"),
        ({"num_regressors": 47}, "vector and column"),
        ({"num_regressors": 90}, "vector and column"),
    ],
}
ALL = [(name, options, kind) for name, cases in CASES.items() for options, kind in cases]
IDS = [f"{name}-{kind}-{'-'.join(f'{k}={v}' for k, v in options.items())}" for name, options, kind in ALL]
