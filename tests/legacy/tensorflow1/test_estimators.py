"""Boosted trees against closed forms and scikit-learn, and values of one estimator that begin another."""

import numpy as np
import pytest

import neurona.legacy.tensorflow.v1 as tf
from neurona.legacy.tensorflow.data import Dataset

fc = tf.feature_column
RANDOM = np.random.default_rng(3)
X = {"a": RANDOM.integers(0, 6, 120).astype("float32"), "b": RANDOM.integers(0, 4, 120).astype("float32")}
COLUMNS = [
    fc.bucketized_column(fc.numeric_column("a"), [0.5, 1.5, 2.5, 3.5, 4.5]),
    fc.bucketized_column(fc.numeric_column("b"), [0.5, 1.5, 2.5]),
]


def data(labels, epochs=None, rows=X, size=120):
    return lambda: Dataset.from_tensor_slices((dict(rows), labels)).repeat(epochs).batch(size)


def test_stumps_are_those_of_scikit_learn(tmp_path):
    ensemble = pytest.importorskip("sklearn.ensemble")
    y = (X["a"] - 2 * X["b"] + RANDOM.normal(size=120)).astype("float32")
    est = tf.estimator.BoostedTreesRegressor(
        COLUMNS, 1, tmp_path, n_trees=20, max_depth=1, learning_rate=0.3, center_bias=True
    )
    est.train(data(y), max_steps=100)
    found = [one["predictions"][0] for one in est.predict(data(y, 1))]
    settings = {"max_iter": 20, "max_depth": 1, "learning_rate": 0.3, "min_samples_leaf": 1}
    theirs = ensemble.HistGradientBoostingRegressor(**settings, early_stopping=False)
    matrix = np.stack([X["a"], X["b"]], 1)
    np.testing.assert_allclose(found, theirs.fit(matrix, y).predict(matrix), atol=1e-4)
    figures = tf.estimator.BoostedTreesRegressor(COLUMNS, 1, tmp_path).evaluate(data(y, 1))  # from the folder
    assert figures["loss"] == pytest.approx(np.mean((found - y) ** 2), rel=1e-4)
    assert figures["global_step"] == 20


def test_each_layer_is_a_step_of_its_own(tmp_path):
    rows = {"a": np.array([0, 0, 1, 1], "float32"), "b": np.array([0, 1, 0, 1], "float32")}
    columns = [fc.bucketized_column(fc.numeric_column(name), [0.5]) for name in "ab"]
    y = np.array([0, 2, 10, 16], "float32")
    options = {"n_trees": 1, "max_depth": 2, "learning_rate": 0.5}
    est = tf.estimator.BoostedTreesRegressor(columns, 2, tmp_path, **options)
    est.train(data(y, rows=rows, size=4), max_steps=4)
    # Split by a: half of the means 1 and 13. Then by b: half of what is left of each.
    found = [one["predictions"][0] for one in est.predict(data(y, 1, rows))]
    assert found == pytest.approx([0.5 - 0.25, 0.5 + 0.75, 6.5 + 1.75, 6.5 + 4.75])
    names, gains = est.experimental_feature_importances(normalize=True)
    assert names.tolist() == ["a_bucketized", "b_bucketized"]
    assert gains.sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="center_bias=True"):
        next(est.experimental_predict_with_explanations(data(y, 1, rows)))


def test_classes_their_figures_and_what_columns_add(tmp_path):
    y = (X["a"] > X["b"]).astype(int)
    words = fc.categorical_column_with_identity("c", 2)
    columns = [*COLUMNS, fc.indicator_column(words), fc.numeric_column("b")]
    rows = {**X, "c": (X["b"] > 1).astype("int64")}
    options = {"n_trees": 10, "max_depth": 3, "l2_regularization": 1 / 120, "center_bias": True}
    est = tf.estimator.BoostedTreesClassifier(columns, 1, tmp_path, **options)
    est.train(data(y, rows=rows))
    figures = est.evaluate(data(y, 1, rows))
    told = list(est.experimental_predict_with_explanations(data(y, 1, rows)))
    chances = np.array([one["logistic"][0] for one in told])
    assert figures["accuracy"] == np.float32(np.mean((chances > 0.5) == y)) > 0.9
    assert figures["auc"] > figures["accuracy_baseline"] == np.float32(max(y.mean(), 1 - y.mean()))
    assert est.experimental_feature_importances()[0][0] in ("a_bucketized", "b_bucketized", "b")
    for one in told[:5]:
        assert one["bias"] + sum(one["dfc"].values()) == pytest.approx(one["logistic"][0], abs=1e-6)
        assert set(one["dfc"]) == {"a_bucketized", "b_bucketized", "b", "c"}
    three = tf.estimator.BoostedTreesClassifier(COLUMNS, 1, n_classes=3, n_trees=20, max_depth=3)
    of_three = (X["a"] // 2).astype(int)
    three.train(data(of_three))
    assert three.evaluate(data(of_three, 1))["accuracy"] == 1
    with pytest.raises(ValueError, match="takes numeric, bucketized and indicator columns"):
        tf.estimator.BoostedTreesClassifier([fc.embedding_column(words, 2)], 1)


def test_values_of_one_estimator_begin_another(tmp_path):
    column, y = fc.numeric_column("a"), X["a"] * 3
    first = tf.estimator.LinearRegressor([column], tmp_path / "first")
    first.train(data(y), steps=5)
    weight = "linear/linear_model/a/weights"
    values = [first.get_variable_value(name) for name in (weight, "linear/linear_model/bias_weights")]
    settings = tf.estimator.WarmStartSettings(str(tmp_path / "first"), vars_to_warm_start=".*/a/.*")
    for place, (given, expected) in enumerate(
        [(str(tmp_path / "first"), values), (settings, [values[0], [0.0]])]
    ):
        again = tf.estimator.LinearRegressor([column], tmp_path / f"{place}", warm_start_from=given)
        figures = again.evaluate(data(y, 1))
        line = X["a"] * expected[0].item() + np.float32(expected[1][0])
        assert figures["average_loss"] == pytest.approx(np.mean((line - y) ** 2), rel=1e-4)
        assert figures["global_step"] == 0
    other = tf.estimator.LinearRegressor(
        [fc.numeric_column("b")], tmp_path / "b", warm_start_from=settings[0]
    )
    with pytest.raises(ValueError, match="vars_to_warm_start="):
        other.evaluate(data(y, 1))
