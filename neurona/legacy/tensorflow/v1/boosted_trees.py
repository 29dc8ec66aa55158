"""`tf.estimator.BoostedTreesClassifier` and `BoostedTreesRegressor`."""

import abc
import itertools
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.legacy.tensorflow import columns as kinds
from neurona.legacy.tensorflow.v1.estimator import Estimator
from neurona.legacy.tensorflow.v1.of_keras import batches_of
from neurona.legacy.tensorflow.v1.trees import Forest, Growth
from neurona.messages import translated
from neurona.metrics import AUC

_FILE = "boosted_trees.json"
_LEAST = 1e-12


class _Trees(Estimator):
    """Trees of the buckets of columns.

    Args:
        count: how many classes there are, or 1 for numbers.
        sketch: which share of the rows a bucket of a numeric column has.
        options: as TensorFlow calls them.
    """

    def __init__(
        self,
        columns: Any,
        batches_per_layer: int,
        model_dir: Any,
        config: Any,
        count: int,
        growth: Growth,
        center_bias: bool,
        sketch: float,
        weight_column: Any,
        words: Any = None,
    ) -> None:
        super().__init__(lambda features: features, model_dir, config)
        given = [columns] if hasattr(columns, "_fields") else list(columns)
        self._columns = sorted(map(self._accepted, given), key=lambda column: column.name)
        self._per_layer, self._count, self._growth = int(batches_per_layer), count, growth
        self._centers, self._sketch = center_bias, sketch
        self._weight = getattr(weight_column, "key", weight_column)
        self._words = None if words is None else [str(word) for word in words]
        self._bounds: dict[str, list[float]] = {}
        self._forest = Forest(1 if count <= 2 else count)

    def _accepted(self, column: Any) -> Any:
        column = column if hasattr(column, "width") else kinds.indicator_column(column)
        if not isinstance(column, (kinds.NumericColumn, kinds.BucketizedColumn, kinds.IndicatorColumn)):
            raise ValueError(
                translated(
                    f"{type(self).__name__} takes numeric, bucketized and indicator columns. Received: "
                    f"{type(column).__name__}."
                )
            )
        return column

    # Files.

    def latest_checkpoint(self) -> str | None:
        path = os.path.join(self.model_dir, _FILE)
        return path if os.path.exists(path) else None

    def _read(self, path: Any = None) -> None:
        path = path or self.latest_checkpoint()
        if path is None:
            return
        self._forest = Forest.load(os.fspath(path))
        bounds = np.load(f"{path}.npz")
        self._bounds = {name: bounds[name].tolist() for name in bounds.files}

    def _write(self) -> None:
        path = os.path.join(self.model_dir, _FILE)
        self._forest.save(path)
        bounds: dict[str, Any] = {name: np.array(one) for name, one in self._bounds.items()}
        np.savez(f"{path}.npz", **bounds)

    # What classes and numbers do each in their way.

    @abc.abstractmethod
    def _wanted(self, labels: Any) -> np.ndarray:
        """Labels as numbers, (n,)."""

    @abc.abstractmethod
    def _first(self, wanted: np.ndarray) -> np.ndarray:
        """The bias that trees begin from, (outputs,)."""

    @abc.abstractmethod
    def _slopes(self, outputs: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and second derivatives of the losses, (n, outputs) each."""

    @abc.abstractmethod
    def _losses(self, outputs: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """The loss of each row, (n,)."""

    @abc.abstractmethod
    def _predictions(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        """What `predict` gives of rows."""

    @abc.abstractmethod
    def _figures(self, outputs: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> dict[str, Any]:
        """What `evaluate` gives beside the loss."""

    @abc.abstractmethod
    def _shown(self, outputs: np.ndarray) -> np.ndarray:
        """The number of a prediction that is explained, (n,)."""

    # Data.

    def _buckets(self, features: Any) -> np.ndarray:
        """The buckets of each column's numbers, (n, features)."""
        found = []
        for column in self._columns:
            if isinstance(column, kinds.NumericColumn):
                values = np.asarray(column.dense(column.prepared(features)))
                if column.name not in self._bounds:
                    shares = np.arange(self._sketch, 1, self._sketch)
                    self._bounds[column.name] = np.unique(np.quantile(values, shares)).tolist()
                found.append(np.searchsorted(self._bounds[column.name], values, "left"))
            elif isinstance(column, kinds.BucketizedColumn):
                found.append(column.numbers(features))
            else:
                found.append(np.asarray(column.dense(column.prepared(features))).astype(int))
        return np.concatenate(found, 1)

    @property
    def _names(self) -> list[str]:
        """The column of each feature."""
        names = []
        for column in self._columns:
            one = column.categorical_column.name if hasattr(column, "categorical_column") else column.name
            narrow = isinstance(column, kinds.BucketizedColumn)
            names += [one] * (column.source_column.width if narrow else column.width)
        return names

    def _weights(self, features: Any, rows: int) -> np.ndarray:
        if self._weight is None:
            return np.ones((rows, 1))
        return np.asarray(kinds._column(features, self._weight), float).reshape(rows, 1)

    # Training.

    def train(
        self,
        input_fn: Any,
        hooks: Any = None,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Any = None,
    ) -> "Estimator":
        self._read()
        forest = self._forest
        most = steps if max_steps is None else max(max_steps - forest.steps, 0)
        waiting: list[Any] = []
        for features, labels in batches_of(input_fn, hooks, most):
            if forest.is_done(self._growth):
                break
            buckets, wanted = self._buckets(features), self._wanted(labels)
            if self._centers and not forest.trees and not waiting:
                forest.bias = self._first(wanted)
            slopes, curves = self._slopes(forest.outputs(buckets), wanted)
            weights = self._weights(features, len(buckets))
            waiting.append((buckets, slopes * weights, curves * weights))
            forest.steps += 1
            if len(waiting) >= self._per_layer:
                forest.grow(waiting, self._growth)
                waiting = []
        self._write()
        return self

    def _batches(self, input_fn: Any, hooks: Any, steps: int | None, path: Any) -> Iterator[Any]:
        """Each batch's outputs, features and labels."""
        self._read(path)
        for features, labels in batches_of(input_fn, hooks, steps):
            yield self._forest.outputs(self._buckets(features)), features, labels

    def evaluate(
        self,
        input_fn: Any,
        steps: int | None = None,
        hooks: Any = None,
        checkpoint_path: Any = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        outputs, wanted, weights = [], [], []
        losses = []
        for found, features, labels in self._batches(input_fn, hooks, steps, checkpoint_path):
            outputs.append(found)
            wanted.append(self._wanted(labels))
            weights.append(self._weights(features, len(found)))
            losses.append(np.average(self._losses(found, wanted[-1]), weights=weights[-1][:, 0]))
        figures = self._figures(*map(np.concatenate, (outputs, wanted, weights)))
        figures = {key: np.float32(value) for key, value in figures.items()}
        return {**figures, "loss": np.float32(np.mean(losses)), "global_step": self._forest.steps}

    def predict(
        self,
        input_fn: Any,
        predict_keys: Any = None,
        hooks: Any = None,
        checkpoint_path: Any = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        for outputs, _, _ in self._batches(input_fn, hooks, None, checkpoint_path):
            batch = self._predictions(outputs)
            batch = {key: one for key, one in batch.items() if predict_keys is None or key in predict_keys}
            if yield_single_examples:
                yield from ({key: one[row] for key, one in batch.items()} for row in range(len(outputs)))
            else:
                yield batch

    # Explanations.

    def experimental_feature_importances(self, normalize: bool = False) -> tuple[Any, Any]:
        """The columns, and what their splits have gained, the largest first."""
        self._read()
        totals = dict.fromkeys(self._names, 0.0)
        for feature, gain in self._forest.gains.items():
            totals[self._names[feature]] += gain
        order = sorted(totals, key=lambda name: -totals[name])
        values = np.array([totals[name] for name in order])
        return np.array(order), values / values.sum() if normalize and values.sum() else values

    def experimental_predict_with_explanations(
        self, input_fn: Any, predict_keys: Any = None, hooks: Any = None, checkpoint_path: Any = None
    ) -> Iterator[Any]:
        """Predictions with the share of each column: they and the bias add up to the prediction.

        Raises:
            ValueError: the trees do not begin with a bias, or tell several classes apart.
        """
        if not self._centers or len(self._forest.bias) > 1:
            raise ValueError(
                translated(
                    f"{type(self).__name__} explains predictions of one number that begin with a bias: make "
                    "it with center_bias=True."
                )
            )
        for outputs, features, _ in self._batches(input_fn, hooks, None, checkpoint_path):
            bias, shares = self._shares(self._buckets(features))
            batch = self._predictions(outputs)
            for row in range(len(outputs)):
                told = dict(zip(shares, (one[row] for one in shares.values()), strict=True))
                told = dict(sorted(told.items(), key=lambda pair: -abs(pair[1])))
                yield {**{key: one[row] for key, one in batch.items()}, "bias": bias[row], "dfc": told}

    def _shares(self, buckets: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """How far the splits on each column moved the predictions of rows."""
        shares = {name: np.zeros(len(buckets)) for name in self._names}
        names = np.array(self._names)
        total = np.tile(self._forest.bias, (len(buckets), 1))
        bias = self._shown(total)
        for tree in self._forest.trees:
            values, nodes = np.array(tree.values), np.array(tree.nodes)
            path = tree.path(buckets)
            bias += self._shown(total + values[path[0]]) - self._shown(total)
            for here, further in itertools.pairwise(path):
                moved = self._shown(total + values[further]) - self._shown(total + values[here])
                for feature in np.unique(nodes[here, 0][here != further]):
                    rows = (nodes[here, 0] == feature) & (here != further)
                    shares[str(names[feature])][rows] += moved[rows]
            total = total + values[path[-1]]
        return bias, shares


class BoostedTreesClassifier(_Trees):
    """Trees for classes; the loss is the cross-entropy."""

    def __init__(
        self,
        feature_columns: Any,
        n_batches_per_layer: int,
        model_dir: Any = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        n_trees: int = 100,
        max_depth: int = 6,
        learning_rate: float = 0.1,
        l1_regularization: float = 0.0,
        l2_regularization: float = 0.0,
        tree_complexity: float = 0.0,
        min_node_weight: float = 0.0,
        config: Any = None,
        center_bias: bool = False,
        pruning_mode: str = "none",
        quantile_sketch_epsilon: float = 0.01,
        train_in_memory: bool = False,
    ) -> None:
        penalties = l1_regularization, l2_regularization, tree_complexity, min_node_weight
        growth = Growth(n_trees, max_depth, learning_rate, *penalties, _prunes(pruning_mode, tree_complexity))
        given = feature_columns, n_batches_per_layer, model_dir, config, n_classes, growth
        super().__init__(*given, center_bias, quantile_sketch_epsilon, weight_column, label_vocabulary)

    def _wanted(self, labels: Any) -> np.ndarray:
        labels = np.asarray(labels).reshape(-1)
        if self._words is not None:
            texts = [one.decode() if isinstance(one, bytes) else str(one) for one in labels.tolist()]
            return np.array([self._words.index(one) for one in texts])
        return labels.astype(int)

    def _chances(self, outputs: np.ndarray) -> np.ndarray:
        """The probability of each class, (n, classes)."""
        both = outputs if outputs.shape[1] > 1 else np.concatenate([np.zeros_like(outputs), outputs], 1)
        raised = np.exp(both - both.max(1, keepdims=True))
        return raised / raised.sum(1, keepdims=True)

    def _shown(self, outputs: np.ndarray) -> np.ndarray:
        return self._chances(outputs)[:, 1]

    def _first(self, wanted: np.ndarray) -> np.ndarray:
        shares = np.bincount(wanted, minlength=self._count) / len(wanted)
        logs = np.log(np.maximum(shares, _LEAST))
        return logs[1:] - logs[:1] if self._count == 2 else logs

    def _slopes(self, outputs: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chances = self._chances(outputs)
        slopes, curves = chances - np.eye(self._count)[wanted], chances * (1 - chances)
        return (slopes[:, 1:], curves[:, 1:]) if self._count == 2 else (slopes, curves)

    def _losses(self, outputs: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        chances = self._chances(outputs)[np.arange(len(wanted)), wanted]
        return -np.log(np.maximum(chances, _LEAST))

    def _predictions(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        chances = self._chances(outputs)
        places = chances.argmax(1)[:, None]
        words = np.array([str(one).encode() for one in self._words or range(self._count)], object)
        found: dict[str, Any] = {}
        found |= {"logits": outputs.astype(np.float32), "probabilities": chances.astype(np.float32)}
        found |= {"class_ids": places, "classes": words[places]}
        found["all_class_ids"] = np.tile(np.arange(self._count), (len(outputs), 1))
        found["all_classes"] = np.tile(words, (len(outputs), 1))
        if self._count == 2:
            found["logistic"] = chances[:, 1:].astype(np.float32)
        return found

    def _figures(self, outputs: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> dict[str, Any]:
        chances, each = self._chances(outputs), weights[:, 0]
        mean = lambda values: np.average(values, weights=each)
        places = chances.argmax(1)
        figures = {
            "accuracy": mean(places == wanted),
            "average_loss": mean(self._losses(outputs, wanted)),
        }
        if self._count > 2:
            return figures
        for name, curve in (("auc", "ROC"), ("auc_precision_recall", "PR")):
            metric = AUC(curve=curve)
            metric.update_state(wanted.astype(np.float32), chances[:, 1].astype(np.float32), each)
            figures[name] = float(metric.result())
        share, right = mean(wanted), (each * (places == 1) * (wanted == 1)).sum()
        return {
            **figures,
            "accuracy_baseline": max(share, 1 - share),
            "precision": right / max((each * (places == 1)).sum(), _LEAST),
            "recall": right / max((each * (wanted == 1)).sum(), _LEAST),
            "label/mean": share,
            "prediction/mean": mean(chances[:, 1]),
        }


class BoostedTreesRegressor(_Trees):
    """Trees for numbers; the loss is the mean squared error."""

    def __init__(
        self,
        feature_columns: Any,
        n_batches_per_layer: int,
        model_dir: Any = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        n_trees: int = 100,
        max_depth: int = 6,
        learning_rate: float = 0.1,
        l1_regularization: float = 0.0,
        l2_regularization: float = 0.0,
        tree_complexity: float = 0.0,
        min_node_weight: float = 0.0,
        config: Any = None,
        center_bias: bool = False,
        pruning_mode: str = "none",
        quantile_sketch_epsilon: float = 0.01,
        train_in_memory: bool = False,
    ) -> None:
        if label_dimension != 1:
            raise ValueError(
                translated(
                    f"BoostedTreesRegressor predicts one number. Received: label_dimension={label_dimension}"
                )
            )
        penalties = l1_regularization, l2_regularization, tree_complexity, min_node_weight
        growth = Growth(n_trees, max_depth, learning_rate, *penalties, _prunes(pruning_mode, tree_complexity))
        given = feature_columns, n_batches_per_layer, model_dir, config, 1, growth
        super().__init__(*given, center_bias, quantile_sketch_epsilon, weight_column)

    def _wanted(self, labels: Any) -> np.ndarray:
        return np.asarray(labels, float).reshape(-1)

    def _shown(self, outputs: np.ndarray) -> np.ndarray:
        return outputs[:, 0]

    def _first(self, wanted: np.ndarray) -> np.ndarray:
        return np.array([wanted.mean()])

    def _slopes(self, outputs: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 2 * (outputs - wanted[:, None]), np.full_like(outputs, 2.0)

    def _losses(self, outputs: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        return (outputs[:, 0] - wanted) ** 2

    def _predictions(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        return {"predictions": outputs.astype(np.float32)}

    def _figures(self, outputs: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> dict[str, Any]:
        mean = lambda values: np.average(values, weights=weights[:, 0])
        return {
            "average_loss": mean(self._losses(outputs, wanted)),
            "label/mean": mean(wanted),
            "prediction/mean": mean(outputs[:, 0]),
        }


def _prunes(mode: str, complexity: float) -> bool:
    """Whether leaves are split only where that gains something.

    Raises:
        ValueError: leaves would be joined after a tree is done.
    """
    if mode not in ("none", "pre"):
        raise ValueError(
            translated(f"Boosted trees have pruning_mode='none' or 'pre' here. Received: {mode!r}")
        )
    if mode == "none" and complexity:
        raise ValueError(
            translated("Boosted trees: tree_complexity has an effect with pruning_mode='pre' alone.")
        )
    return mode == "pre"
