"""Every metric beside Keras's, and beside itself as pure functions."""

import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona import metrics
from neurona.core.annotations import MASK
from neurona.core.policy import set_floatx
from neurona.core.registry import built_in
from tests.metrics.metric_cases import ALL, CASES, IDS, STEPS, labels_and_scores

TOLERANCE = 1e-5
every_case = pytest.mark.parametrize(("name", "options", "kind"), ALL, ids=IDS)
ONE_PER_KIND = list({(name, kind): (name, options, kind) for name, options, kind in reversed(ALL)}.values())
# Where a sample's own axis is averaged away there is nothing for its weight to weigh; adjusted R2 counts
# samples, not weights.
UNWEIGHTED = [case for case in ALL if case[1].get("axis") in (0, 1) or case[1].get("num_regressors", 0) > 40]


@pytest.fixture(autouse=True)
def _keras_counts_rows(monkeypatch):
    """Keras 3.15 takes the number of values for the number of samples in adjusted R2; later ones do not."""
    update_state = keras.metrics.R2Score.update_state

    def counting_rows(self, y_true, y_pred, sample_weight=None):
        before = self.num_samples.numpy()
        update_state(self, y_true, y_pred, sample_weight)
        self.num_samples.assign(before + len(y_true))

    monkeypatch.setattr(keras.metrics.R2Score, "update_state", counting_rows)


def assert_close(ours, theirs):
    theirs = np.asarray(theirs)
    scale = max(np.abs(theirs).max(initial=0), 1e-3)
    assert np.asarray(ours).shape == theirs.shape
    assert np.abs(np.asarray(ours) - theirs).max() <= TOLERANCE * scale


def weights_for(name: str, y_true: np.ndarray, mode: str) -> list:
    rng = np.random.default_rng(7)
    if mode == "none":
        return [None] * STEPS
    if "IoU" in name:  # one integer weight for each place
        shape = y_true.shape[:-1] if y_true.shape[-1] == 3 and name.startswith("OneHot") else y_true.shape
        return list(rng.integers(4, size=shape))
    return list(rng.uniform(size=y_true.shape[:2]).astype("float32"))


def pair(name: str, options: dict):
    return getattr(metrics, name)(**options), getattr(keras.metrics, name)(**options)


def test_every_metric_of_keras_is_here_and_is_tried():
    theirs = {
        name
        for name in dir(keras.metrics)
        if not name.startswith("_") and name not in ("serialize", "deserialize", "get")
    }
    assert theirs <= set(metrics.__all__)
    classes = {name for name, value in built_in("metrics").items() if inspect.isclass(value)}
    assert classes - {"Metric", "Mean", "Sum", "MeanMetricWrapper"} == set(CASES)


@pytest.mark.parametrize(
    ("name", "options", "kind", "weighted"),
    [
        (*case, mode)
        for case in ALL
        for mode in ("none", "per sample")
        if mode == "none" or case not in UNWEIGHTED
    ],
)
def test_results_equal_those_of_keras(name, options, kind, weighted):
    y_true, y_pred = labels_and_scores(kind)
    ours, theirs = pair(name, options)
    for step, weights in enumerate(weights_for(name, y_true, weighted)):
        ours.update_state(y_true[step], y_pred[step], sample_weight=weights)
        theirs.update_state(y_true[step], y_pred[step], sample_weight=weights)
        assert_close(ours.result(), theirs.result())
    assert [v.name for v in ours.variables] == [v.name for v in theirs.variables]
    assert [v.dtype for v in ours.variables] == [v.dtype for v in theirs.variables]
    for mine, other in zip(ours.variables, theirs.variables):
        assert_close(mine.numpy(), other.numpy())
    ours.reset_state()
    assert all(not v.numpy().any() for v in ours.variables)


@pytest.mark.parametrize(("name", "options", "kind"), ONE_PER_KIND)
def test_one_compiled_scan_over_batches_equals_the_python_loop(name, options, kind):
    y_true, y_pred = labels_and_scores(kind)
    loop, pure = pair(name, options)[0], pair(name, options)[0]
    weights = None if "axis" in options else jnp.asarray(np.stack(weights_for(name, y_true, "per sample")))
    for step in range(STEPS):
        loop.update_state(y_true[step], y_pred[step], None if weights is None else weights[step])

    pure._create_variables(y_true[0], y_pred[0])
    assert all(not v.numpy().any() for v in pure.variables)

    @jax.jit
    def scan(batches):
        def body(values, batch):
            return pure.stateless_update_state(values, *batch), None

        values, _ = jax.lax.scan(body, pure.stateless_reset_state(), batches)
        return values, pure.stateless_result(values)

    values, result = scan((y_true, y_pred, weights))
    assert all(not v.numpy().any() for v in pure.variables), "the pure functions left something behind"
    assert_close(result, loop.result())
    for value, variable in zip(values, loop.variables):
        assert_close(value, variable.numpy())


@pytest.mark.parametrize("name", sorted(CASES))
def test_vmap_over_three_states_equals_three_metrics(name):
    options, kind = CASES[name][0]
    y_true, y_pred = labels_and_scores(kind)
    metric = getattr(metrics, name)(**options)
    metric._create_variables(y_true[0], y_pred[0])
    start = [jnp.stack([value] * STEPS) for value in metric.stateless_reset_state()]
    figures = jax.vmap(
        lambda values, y, p: metric.stateless_result(metric.stateless_update_state(values, y, p))
    )(start, y_true, y_pred)
    for step in range(STEPS):
        single = getattr(metrics, name)(**options)
        assert_close(figures[step], single(y_true[step], y_pred[step]))


@every_case
def test_configs_travel_to_keras_and_back(name, options, kind):
    y_true, y_pred = labels_and_scores(kind)
    ours, theirs = pair(name, options)
    expected = theirs(y_true[0], y_pred[0])
    if name == "CosineSimilarity":
        theirs.get_config = lambda: {
            "name": theirs.name,
            "dtype": theirs.dtype,
            **options,
        }  # Keras leaves the axis out
    there = keras.metrics.deserialize(metrics.serialize(ours))
    back = metrics.deserialize(keras.metrics.serialize(theirs))
    again = metrics.deserialize(metrics.serialize(ours))
    assert (there.name, back.name, again.name, again.dtype) == (ours.name, theirs.name, ours.name, ours.dtype)
    for metric in (there, back, again):
        assert_close(metric(y_true[0], y_pred[0]), expected)


MASKED = [
    (name, options, kind)
    for name, options, kind in ALL
    if kind in ("one hot in time", "sparse in time", "numbers", "images")
]
MASKED = [case for case in MASKED if "axis" not in case[1] and case[0] not in ("R2Score", "BinaryIoU")]


@pytest.mark.parametrize("weighted", ["none", "per sample"])
@pytest.mark.parametrize(("name", "options", "kind"), MASKED)
def test_masks_of_predictions_weigh_as_in_keras(name, options, kind, weighted):
    y_true, y_pred = labels_and_scores(kind)
    ours, theirs = pair(name, options)
    rng = np.random.default_rng(3)
    for step, weights in enumerate(weights_for(name, y_true, weighted)):
        mask = rng.integers(2, size=y_pred.shape[1:-1]).astype(bool)
        mine, other = jnp.asarray(y_pred[step]), keras.ops.convert_to_tensor(y_pred[step])
        MASK.set(mine, jnp.asarray(mask))
        keras.src.backend.set_keras_mask(other, keras.ops.convert_to_tensor(mask))
        if weights is not None and mask.ndim == 2:
            weights = np.broadcast_to(weights[:, None], mask.shape)
        if weights is not None and mask.ndim == 3:
            weights = np.broadcast_to(weights[:, None, None], mask.shape)
        ours.update_state(jnp.asarray(y_true[step]), mine, weights)
        theirs.update_state(y_true[step], other, weights)
    assert_close(ours.result(), theirs.result())


@pytest.mark.parametrize("reduction", ["Mean", "Sum"])
@pytest.mark.parametrize(
    ("shape", "weight_shape"),
    [
        *((shape, None) for shape in ((), (4,), (4, 3), (4, 3, 2))),
        *((shape, ()) for shape in ((), (4,), (4, 3), (4, 3, 2))),
        *((shape, (4,)) for shape in ((4,), (4, 3), (4, 3, 2))),
        *((shape, (4, 1)) for shape in ((4,), (4, 3), (4, 3, 2))),
        *((shape, (4, 3)) for shape in ((4, 3), (4, 3, 2))),
    ],
)
def test_mean_and_sum_of_any_shape(reduction, shape, weight_shape):
    rng = np.random.default_rng(0)
    ours, theirs = pair(reduction, {})
    for _ in range(2):
        values = rng.normal(size=shape).astype("float32")
        weights = None if weight_shape is None else rng.uniform(size=weight_shape).astype("float32")
        ours.update_state(values, weights)
        theirs.update_state(values, weights)
        assert_close(ours.result(), theirs.result())


def test_mean_takes_the_mask_of_values_beside_weights():
    values, mask, weights = (
        np.arange(6.0, dtype="float32"),
        np.array([1, 1, 0, 1, 0, 1], bool),
        np.linspace(0.5, 1, 6, dtype="float32"),
    )
    mine, other = jnp.asarray(values), keras.ops.convert_to_tensor(values)
    MASK.set(mine, jnp.asarray(mask))
    keras.src.backend.set_keras_mask(other, keras.ops.convert_to_tensor(mask))
    ours, theirs = pair("Mean", {})
    assert_close(ours(mine, weights), theirs(other, weights))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("name", ["MeanSquaredError", "BinaryAccuracy", "FBetaScore", "R2Score"])
def test_dtypes_of_state_are_those_of_keras(name, dtype):
    y_true, y_pred = labels_and_scores("multi label")
    with jax.enable_x64(dtype == "float64"):
        ours, theirs = pair(name, {"dtype": dtype})
        ours.update_state(y_true[0], y_pred[0])
        theirs.update_state(y_true[0], y_pred[0])
    assert ours.dtype == theirs.dtype == dtype
    assert [v.dtype for v in ours.variables] == [v.dtype for v in theirs.variables]


def test_bfloat16_predictions_do_not_blur_large_class_numbers():
    scores = np.zeros((2, 600), "float32")
    scores[0, 512], scores[1, 300] = 1, 1
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state(np.array([513, 300]), jnp.asarray(scores, "bfloat16"))
    assert float(metric.result()) == 0.5


def test_state_follows_floatx():
    set_floatx("float16")
    try:
        metric = metrics.Precision()
        assert [v.dtype for v in metric.variables] == ["float16", "float16"]
        assert metric.dtype == "float16"
    finally:
        set_floatx("float32")
