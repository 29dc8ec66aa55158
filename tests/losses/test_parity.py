"""Every loss found by registry: Keras's values and gradients with weights and masks, finite differences,
configs that travel both ways.
"""

import inspect
import zlib

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras.src import backend

from neurona import losses
from neurona.core.annotations import MASK
from neurona.core.registry import built_in

CLASSES = sorted(
    n
    for n, v in built_in("losses").items()
    if inspect.isclass(v)
    and v.__module__.startswith("neurona.losses")
    and n not in ("ChainCrossentropy", "Loss", "LossFunctionWrapper")  # the first: see test_tags.py
)
FUNCTIONS = sorted(n for n, v in built_in("losses").items() if inspect.isfunction(v))
REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)
LOGITS = [{}, {"from_logits": True}, {"label_smoothing": 0.1}, {"from_logits": True, "label_smoothing": 0.2}]
OPTIONS = {
    "BinaryCrossentropy": [*LOGITS, {"axis": 1}],
    "BinaryFocalCrossentropy": [*LOGITS, {"apply_class_balancing": True, "alpha": 0.7, "gamma": 1.5}],
    "CategoricalCrossentropy": LOGITS,
    "CategoricalFocalCrossentropy": [
        *LOGITS,
        {"alpha": 0.6, "gamma": 3.0},
        {"alpha": [0.1, 0.2, 0.3, 0.4, 0.5]},
    ],
    "SparseCategoricalCrossentropy": [
        {},
        {"from_logits": True},
        {"ignore_class": 2},
        {"ignore_class": -1},
        {"ignore_class": 0, "from_logits": True},
    ],
    "CategoricalGeneralizedCrossEntropy": [{}, {"q": 0.9}],
    "Huber": [{}, {"delta": 0.3}],
    "CosineSimilarity": [{}, {"axis": 1}],
    "Dice": [{}, {"axis": (1,)}],
    "Tversky": [{}, {"alpha": 0.2, "beta": 0.9, "axis": (1,)}],
    "Circle": [{}, {"gamma": 5.0, "margin": 0.2, "remove_diagonal": False}],
}
CASES = [(name, options) for name in CLASSES for options in OPTIONS.get(name, [{}])]
# The function that each class wraps.
WRAPPED = {name: getattr(losses, name)().fn for name in CLASSES}
SHAPES = {"CTC": [(4, 9, 5)], "Circle": [(9, 6)], "CategoricalGeneralizedCrossEntropy": [(7, 5)]}


def data(name, options, shape):
    """Targets and predictions that this loss may meet."""
    rng = np.random.default_rng(zlib.crc32(repr((name, options, shape)).encode()))
    pred = rng.normal(size=shape)
    classes, logits = shape[-1], options.get("from_logits", False)
    if name == "Circle":
        true = np.array([0, 0, 1, 1, 1, 2, 2, 0, 3])
        # A little shorter than 1, where the distance of a sample to itself has its kink.
        return true, 0.95 * pred / np.linalg.norm(pred, axis=-1, keepdims=True)
    if name == "CTC":
        return np.array([[1, 2, 0], [3, 3, 4], [1, 0, 0], [0, 0, 0]]), pred
    if name in ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError"):
        return rng.uniform(0.5, 3, shape), rng.uniform(0.5, 3, shape)
    if name in ("BinaryCrossentropy", "BinaryFocalCrossentropy", "Dice", "Tversky"):
        return rng.integers(0, 2, shape), pred if logits else rng.uniform(0.01, 0.99, shape)
    if name in ("Hinge", "SquaredHinge"):
        return 2 * rng.integers(0, 2, shape) - 1, pred
    if name == "Poisson":
        return rng.poisson(2.0, shape), rng.uniform(0.1, 3, shape)
    if name in ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"):
        true = rng.integers(0, classes, shape[:-1])
        if options.get("ignore_class") == -1:
            true[::2] = -1
        return true, pred if logits else rng.dirichlet(np.ones(classes), shape[:-1])
    if name in (
        "CategoricalCrossentropy",
        "CategoricalFocalCrossentropy",
        "CategoricalHinge",
        "KLDivergence",
    ):
        true = np.eye(classes)[rng.integers(0, classes, shape[:-1])]
        if name == "KLDivergence":
            true = rng.dirichlet(np.ones(classes), shape[:-1])
        # Not normalized: Keras does it.
        return true, pred if logits or name == "CategoricalHinge" else 0.7 * rng.dirichlet(
            np.ones(classes), shape[:-1]
        )
    return rng.normal(size=shape), pred


def of_keras(name, options):
    """Keras's loss. Keras 3.15 exchanges alpha and beta of Tversky; later ones do not."""
    if name == "Tversky" and "alpha" in options:
        options = {**options, "alpha": options["beta"], "beta": options["alpha"]}
    return getattr(keras.losses, name)(**options)


def in32(true, pred):
    return true.astype("int32" if true.dtype.kind == "i" else "float32"), pred.astype("float32")


def test_every_keras_loss_is_here_with_its_arguments():
    theirs = {n: v for n, v in vars(keras.losses).items() if inspect.isclass(v) and n != "Loss"}
    assert set(theirs) == set(CLASSES)
    functions = {n for n, v in vars(keras.losses).items() if inspect.isfunction(v)} - {
        "get",
        "serialize",
        "deserialize",
    }
    assert functions <= set(FUNCTIONS)
    for name, theirs_ in [*theirs.items(), *((n, getattr(keras.losses, n)) for n in functions)]:
        ours, want = inspect.signature(getattr(losses, name)), inspect.signature(theirs_)
        own_default = {"q"} if name == "categorical_generalized_cross_entropy" else set()
        assert list(ours.parameters) == list(want.parameters), name
        for parameter in set(ours.parameters) - own_default:
            assert ours.parameters[parameter].default == want.parameters[parameter].default, (name, parameter)
    assert {fn.__name__ for fn in WRAPPED.values()} == set(FUNCTIONS)


@pytest.mark.parametrize("name", CLASSES)
def test_functions_equal_keras(name):
    ours, theirs = WRAPPED[name], getattr(keras.losses, WRAPPED[name].__name__)
    options = {"q": 0.5} if name.startswith("CategoricalGeneralized") else {}
    true, pred = in32(*data(name, options, SHAPES.get(name, [(6, 5)])[0]))
    want = np.asarray(theirs(true, jnp.asarray(pred), **options))
    value = ours(true, pred)
    assert (value.dtype, value.shape) == ("float32", want.shape)
    np.testing.assert_allclose(value, want, rtol=1e-5, atol=1e-5 * max(1e-3, np.abs(want).max()))


def compare(name, options, shape, reduction, weigh, mask):
    """Value and gradient beside Keras's, weighed and masked by functions of the errors' shape that give an
    array or None.
    """
    ours = getattr(losses, name)(**options, reduction=reduction)
    theirs = of_keras(name, {**options, "reduction": reduction})
    true, pred = in32(*data(name, options, shape))
    errors = np.shape(ours.fn(true, pred, **options))
    sample_weight, mask = weigh(errors), mask(errors)

    def value_and_gradient(loss, attach):
        def call(pred):
            pred = pred * 1
            if mask is not None:
                attach(pred, jnp.asarray(mask))
            return loss(true, pred, sample_weight)

        value, pull = jax.vjp(call, jnp.asarray(pred))
        return value, pull(jnp.cos(jnp.arange(value.size, dtype="float32").reshape(value.shape)))[0]

    (value, gradient), (want, want_gradient) = (
        value_and_gradient(ours, MASK.set),
        value_and_gradient(theirs, backend.set_keras_mask),
    )
    assert (value.dtype, value.shape) == ("float32", want.shape)
    np.testing.assert_allclose(value, want, rtol=1e-5, atol=1e-5 * max(1e-3, np.abs(want).max()))
    np.testing.assert_allclose(
        gradient, want_gradient, rtol=1e-5, atol=1e-5 * max(1e-3, np.abs(want_gradient).max())
    )


def nothing(shape):
    return None


def weights(shape):
    return np.random.default_rng(5).uniform(size=shape).astype("float32")


def half(shape):
    return np.random.default_rng(6).integers(0, 2, shape).astype(bool) if shape else None


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_values_and_gradients_equal_keras(name, options):
    for shape in SHAPES.get(name, [(6, 5), (4, 3, 5)]):
        compare(name, options, shape, "sum_over_batch_size", nothing, nothing)
        compare(name, options, shape, "sum_over_batch_size", weights, half)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("MeanSquaredError", {}),
        ("SparseCategoricalCrossentropy", {"ignore_class": 2}),
        ("Circle", {}),
        ("Dice", {}),
    ],
)
def test_every_reduction_weighs_and_masks_as_keras(name, options, reduction):
    def columns(shape):
        return weights(shape)[..., None] if shape else None

    def first_column(shape):
        return weights(shape)[:, :1] if len(shape) > 1 else weights(shape)

    def none(shape):
        return np.zeros(shape, bool) if shape else None

    for shape in SHAPES.get(name, [(6, 5), (4, 3, 5)]):
        for weigh, mask in (
            (weights, nothing),
            (nothing, half),
            (columns, half),
            (first_column, nothing),
            (nothing, none),
        ):
            compare(name, options, shape, reduction, weigh, mask)


@pytest.mark.parametrize(
    "name",
    [
        "BinaryCrossentropy",
        "CategoricalCrossentropy",
        "SparseCategoricalCrossentropy",
        "KLDivergence",
        "Poisson",
    ],
)
def test_certain_predictions_equal_keras(name):
    """Probabilities of exactly 0 and 1, where the clipping decides."""
    pred = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0]], "float32")
    true = np.array([0, 2, 2]) if name.startswith("Sparse") else np.eye(3, dtype="float32")[[0, 2, 2]]
    ours, theirs = getattr(losses, name)(), getattr(keras.losses, name)()
    np.testing.assert_allclose(ours(true, pred), theirs(true, pred), rtol=1e-6)
    want = jax.grad(lambda pred: theirs(true, pred))(jnp.asarray(pred))
    np.testing.assert_allclose(jax.grad(lambda pred: ours(true, pred))(jnp.asarray(pred)), want, rtol=1e-5)


@pytest.fixture
def x64():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_gradients_are_finite_differences(name, options, x64):
    shape = SHAPES.get(name, [(3, 5)])[0]
    true, pred = data(name, options, shape)
    loss = jax.jit(lambda pred: getattr(losses, name)(**options, dtype="float64")(true, pred))
    assert loss(pred).dtype == "float64"
    gradient, step = np.asarray(jax.grad(loss)(jnp.asarray(pred))), 1e-6
    for index in np.ndindex(shape):
        moved = np.zeros(shape)
        moved[index] = step
        slope = float(loss(pred + moved) - loss(pred - moved)) / (2 * step)
        assert slope == pytest.approx(gradient[index], rel=1e-5, abs=1e-7), index


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_64_bit_mode_does_not_change_float32(name, options):
    true, pred = in32(*data(name, options, SHAPES.get(name, [(6, 5)])[0]))
    narrow = getattr(losses, name)(**options)(true, pred)
    with jax.enable_x64(True):
        wide = getattr(losses, name)(**options)(true, pred)
    assert wide.dtype == "float32"
    np.testing.assert_allclose(narrow, wide, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", CLASSES)
def test_half_precision_is_kept_and_finite(name, dtype):
    true, pred = data(name, {}, SHAPES.get(name, [(6, 5)])[0])
    value = getattr(losses, name)(dtype=dtype)(true, pred)
    assert value.dtype == dtype
    want = float(getattr(losses, name)()(true, pred))
    assert float(value) == pytest.approx(want, rel=0.1, abs=0.1)


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_configs_travel_both_ways(name, options):
    options = {**options, "reduction": "sum", "name": "mine"}
    ours, theirs = getattr(losses, name)(**options), getattr(keras.losses, name)(**options)
    config, want = ours.get_config(), theirs.get_config()
    # Keras forgets these; without them a loaded loss would be another.
    forgotten = {
        "CosineSimilarity": {"axis"},
        "Huber": {"delta"},
        "SparseCategoricalCrossentropy": {"axis"},
    }.get(name, set())
    assert set(config) == set(want) | forgotten
    assert {key: config[key] for key in want} == {
        key: list(value) if isinstance(value, tuple) else value for key, value in want.items()
    }
    assert getattr(losses, name)(**options, dtype="float16").get_config()["dtype"] == "float16"
    true, pred = in32(*data(name, options, SHAPES.get(name, [(6, 5)])[0]))
    value = ours(true, pred)
    to_keras = keras.saving.deserialize_keras_object(losses.serialize(ours))
    copies = [losses.deserialize(losses.serialize(ours)), *([] if name == "Tversky" else [to_keras])]
    for loss in (
        copies if forgotten & set(options) else [*copies, losses.deserialize(keras.losses.serialize(theirs))]
    ):
        assert (type(loss).__name__, loss.name, loss.reduction) == (name, "mine", "sum")
        np.testing.assert_allclose(loss(true, pred), value, rtol=1e-5)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_names_travel_both_ways(name):
    function = getattr(losses, name)
    assert losses.get(name) is function
    assert losses.deserialize(losses.serialize(function)) is function
    theirs = getattr(keras.losses, name)
    if name in keras.src.losses.ALL_OBJECTS_DICT:
        assert keras.losses.deserialize(losses.serialize(function)) is theirs
        assert losses.deserialize(keras.losses.serialize(theirs)) is function


def test_get_gives_keras_functions_and_instances():
    for name, want in keras.src.losses.ALL_OBJECTS_DICT.items():
        if name in ("Loss", "LossFunctionWrapper"):
            continue
        found = losses.get(name)
        if inspect.isclass(want):
            assert type(found).__name__ == want.__name__
        else:
            assert found.__name__ == want.__name__
    for alias in ("logcosh", "kullback_leibler_divergence", "huber_loss"):
        assert inspect.isfunction(losses.get(alias))
    assert losses.get(None) is None
