"""One test for every registered layer: Keras's numbers, gradients, masks and configs, and the laws of
Neurona's own house.
"""

import json
import types
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras.src import backend as keras_backend

import neurona.layers
from neurona import activations
from neurona.core.annotations import MASK
from neurona.core.policy import set_global_dtype_policy
from neurona.core.registry import built_in
from neurona.core.symbolic import SymbolicTensor
from tests.layers.cases import BASES, CASES, ELSEWHERE, Case

pytestmark = [
    pytest.mark.filterwarnings("ignore:You passed `rms_scaling=True`"),
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy keyword"
    ),  # Keras's variables
]
LIBRARY = types.SimpleNamespace(layers=neurona.layers, activations=activations)
comparable = [case for case in CASES if not case.random]
several_per_layer = list({(case.layer, case.training): case for case in reversed(comparable)}.values())
one_per_layer = list({case.layer: case for case in reversed(comparable)}.values())


def ours(case: Case, **more: Any) -> Any:
    options = case.options(LIBRARY) if callable(case.options) else case.options
    return getattr(neurona.layers, case.layer)(**options, name="layer", **more)


def theirs(case: Case, **more: Any) -> Any:
    options = case.options(keras) if callable(case.options) else case.options
    return getattr(keras.layers, case.layer)(**options, name="layer", **more)


def generator(case: Case) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(str(case).encode()))


def inputs_of(case: Case, dtype: str = "float32") -> Any:
    rng = generator(case)

    def one(shape: tuple[int, ...]) -> jax.Array:
        if case.integers:
            return jnp.asarray(rng.integers(0, case.integers, shape), "int32")
        return jnp.asarray(rng.normal(size=shape), dtype)

    return [one(shape) for shape in case.inputs] if isinstance(case.inputs, list) else one(case.inputs)


def masks_of(case: Case) -> dict[int, jax.Array]:
    shapes = case.inputs if isinstance(case.inputs, list) else [case.inputs]
    rng = np.random.default_rng(1)
    return {index: jnp.asarray(rng.random(shapes[index][:2]) < 0.6) for index in case.masked}


def with_masks(x: Any, case: Case, attach: Any) -> Any:
    leaves = jax.tree.leaves(x)
    for index, mask in masks_of(case).items():
        attach(leaves[index], mask)
    return x


def call_options(case: Case, layer: Any) -> dict[str, Any]:
    takes_training = "training" in type(layer).call.__code__.co_varnames
    return {**case.call, **({"training": case.training} if takes_training else {})}


def randomize(case: Case, mine: Any, other: Any = None) -> list[np.ndarray]:
    """Give both layers the same random weights, positive ones where a variance or deviation is kept."""
    rng = generator(case)
    values = []
    for weight in mine.weights:
        value = rng.normal(size=weight.shape).astype(weight.dtype)
        values.append(
            np.abs(value) + 0.5 if any(part in weight.name for part in ("variance", "stddev")) else value
        )
    mine.set_weights(values)
    if other is not None:
        other.set_weights(values)
        if hasattr(other, "finalize_state"):  # Keras computes constants from the statistics
            other.finalize_state()
    return values


def symbols(case: Case, make: Any, unknown: Any = ()) -> Any:
    """Symbolic inputs, with these axes unknown."""
    dtype = "int32" if case.integers else "float32"
    hidden = lambda shape: tuple(None if axis in unknown else size for axis, size in enumerate(shape))
    return (
        [make(hidden(shape), dtype) for shape in case.inputs]
        if isinstance(case.inputs, list)
        else make(hidden(case.inputs), dtype)
    )


def built(case: Case, **more: Any) -> tuple[Any, Any]:
    mine, other = ours(case, **more), theirs(case, **more)
    mine(symbols(case, SymbolicTensor))
    other(symbols(case, keras.KerasTensor))
    return mine, other


def assert_close(actual: Any, expected: Any, tolerance: float, what: str) -> None:
    for one, two in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        one, two = np.asarray(one, np.float64), np.asarray(two, np.float64)
        assert one.shape == two.shape, f"{what}: shape {one.shape}, Keras {two.shape}"
        largest = np.max(np.abs(two), initial=1e-6)
        difference = np.max(np.abs(one - two), initial=0.0)
        assert difference <= tolerance * largest, (
            f"{what}: differs by {difference:.2e}, the largest is {largest:.2e}"
        )


def weighted_sum(tree: Any) -> Any:
    """A scalar in which every output element counts differently."""
    total = 0.0
    for index, leaf in enumerate(jax.tree.leaves(tree)):
        if jnp.issubdtype(leaf.dtype, jnp.floating):
            weights = np.random.default_rng(index).normal(size=leaf.shape)
            total = total + jnp.sum(leaf * jnp.asarray(weights, leaf.dtype))
    return total


def test_every_layer_has_a_case() -> None:
    # The layers of a network of the zoo are tested with it; they are there once `neurona.zoo` was imported.
    ours = {name for name, layer in built_in("layers").items() if ".zoo." not in layer.__module__}
    missing = ours - {case.layer for case in CASES} - BASES - set(ELSEWHERE)
    assert not missing, f"add cases for {sorted(missing)} to tests/layers/cases.py"
    for name, file in ELSEWHERE.items():
        assert name in (Path(__file__).parent / file).read_text()


def my_program(layer: Any, case: Case) -> Any:
    """(weights, x) -> a scalar, and all that the call gave."""
    options = call_options(case, layer)

    def program(weights: list[Any], x: Any) -> tuple[Any, Any]:
        x = with_masks(x, case, MASK.set)
        (y, state), losses = layer._apply_with_losses(weights, x, **options)
        return weighted_sum(y), (y, [MASK.get(leaf) for leaf in jax.tree.leaves(y)], state, losses)

    return program


def keras_program(layer: Any, case: Case) -> Any:
    """The same of a layer of Keras."""
    options = call_options(case, layer)

    def program(weights: list[Any], x: Any) -> tuple[Any, Any]:
        x = with_masks(x, case, keras_backend.set_keras_mask)
        with keras.StatelessScope(
            state_mapping=list(zip(layer.weights, weights)), collect_losses=True
        ) as scope:
            y = layer(x, **options)
            losses = layer.losses
        state = [scope.get_current_value(weight) for weight in layer.weights]
        state = [old if new is None else new for new, old in zip(state, weights)]
        return weighted_sum(y), (
            y,
            [keras_backend.get_keras_mask(leaf) for leaf in jax.tree.leaves(y)],
            state,
            losses,
        )

    return program


@pytest.mark.parametrize("case", comparable, ids=str)
def test_equals_keras(case: Case) -> None:
    """Weights, outputs, masks, new statistics, losses, and gradients with respect to weights and inputs."""
    mine, other = built(case)
    assert [w.name for w in mine.weights] == [w.name for w in other.weights]
    assert [w.path for w in mine.weights] == [w.path for w in other.weights]
    assert [w.shape for w in mine.weights] == [tuple(w.shape) for w in other.weights]
    assert [w.dtype for w in mine.weights] == [w.dtype for w in other.weights]
    assert [w.name for w in mine.trainable_weights] == [w.name for w in other.trainable_weights]
    weights = [jnp.asarray(value) for value in randomize(case, mine, other)]
    x = inputs_of(case)
    counters = any(not jnp.issubdtype(weight.dtype, jnp.floating) for weight in weights)
    arguments = tuple(n for n in (0, 1) if not (counters if n == 0 else case.integers))

    def run(program: Any) -> Any:
        if not arguments:
            return jax.jit(program)(weights, x), ()
        return jax.jit(jax.value_and_grad(program, arguments, has_aux=True))(weights, x)

    (_, (y, masks, state, losses)), gradients = run(my_program(mine, case))
    (_, (keras_y, keras_masks, keras_state, keras_losses)), keras_gradients = run(keras_program(other, case))
    assert_close(y, keras_y, case.tolerance, "output")
    assert [leaf.dtype for leaf in jax.tree.leaves(y)] == [leaf.dtype for leaf in jax.tree.leaves(keras_y)]
    assert [mask is None for mask in masks] == [mask is None for mask in keras_masks]
    for mask, keras_mask in zip(masks, keras_masks):
        np.testing.assert_array_equal(mask, keras_mask)
    assert_close(state, keras_state, case.tolerance, "weights after the call")
    assert_close(sorted(map(float, losses)), sorted(map(float, keras_losses)), 1e-5, "losses")
    if 0 in arguments:  # statistics have gradients that nobody uses
        trainable = set(mine.trainable_weights)
        keep = [weight in trainable for weight in mine.weights]
        gradients, keras_gradients = (
            ([one for one, kept in zip(each[0], keep) if kept], *each[1:])
            for each in (gradients, keras_gradients)
        )
    assert_close(gradients, keras_gradients, 10 * case.tolerance, "gradients")


def plain(config: Any) -> Any:
    """A config as it comes back from a file; Keras keeps the factors of regularizers in float32."""
    return json.loads(json.dumps(config), parse_float=lambda number: float(np.float32(number)))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_config_travels(case: Case) -> None:
    """Ours to ours, ours to Keras, Keras to ours: the same layer comes back."""
    mine, other = ours(case), theirs(case)
    config, keras_config = plain(mine.get_config()), plain(other.get_config())
    assert plain(type(mine).from_config(plain(config)).get_config()) == config
    assert plain(type(other).from_config(plain(config)).get_config()) == keras_config
    assert plain(type(mine).from_config(plain(keras_config)).get_config()) == config


@pytest.mark.parametrize("case", several_per_layer, ids=str)
def test_pure_function_equals_the_call(case: Case) -> None:
    mine = ours(case)
    x, options = inputs_of(case), call_options(case, mine)
    mine(x, **options)
    before = randomize(case, mine)
    y, after = mine.apply(before, x, **options)
    for weight, value in zip(mine.get_weights(), before):
        np.testing.assert_array_equal(weight, value)  # applying changed nothing
    assert_close(mine(x, **options), y, 1e-6, "output")
    if "SpectralNormalization" not in case.layer:
        assert_close(mine.get_weights(), after, 1e-6, "weights")


@pytest.mark.parametrize("case", one_per_layer, ids=str)
def test_an_ensemble_is_vmap(case: Case) -> None:
    mine = ours(case)
    x, options = inputs_of(case), call_options(case, mine)
    mine(x, **options)
    values = randomize(case, mine)
    stacked = [
        jnp.stack([jnp.asarray(value * factor, value.dtype) for factor in (1, 2, 3)]) for value in values
    ]
    if not stacked:
        x = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf, leaf]), x)
        each, over = jax.jit(lambda x: mine.apply([], x, **options)[0]), x
    else:
        each, over = jax.jit(lambda values: mine.apply(values, x, **options)[0]), stacked
    together = jax.jit(jax.vmap(each))(over)
    alone = [each(jax.tree.map(lambda leaf, n=n: leaf[n], over)) for n in range(3)]
    assert_close(together, jax.tree.map(lambda *leaves: jnp.stack(leaves), *alone), 1e-5, "output")


@pytest.mark.parametrize("case", [case for case in one_per_layer if case.differentiable], ids=str)
@pytest.mark.usefixtures("in_double_precision")
def test_gradients_are_finite_differences(case: Case) -> None:
    """In float64, along one random direction through all weights and inputs."""
    mine = ours(case, dtype="float64")
    x, options = inputs_of(case, "float64"), call_options(case, mine)
    mine(x, **options)
    values = [jnp.asarray(value) for value in randomize(case, mine)]
    point = ([v for v in values if jnp.issubdtype(v.dtype, jnp.floating)], x if case.integers is None else [])
    rest = [v for v in values if not jnp.issubdtype(v.dtype, jnp.floating)]

    @jax.jit
    @jax.value_and_grad
    def loss_and_gradient(point: Any) -> Any:
        floats, integers = iter(point[0]), iter(rest)
        weights = [next(floats) if jnp.issubdtype(v.dtype, jnp.floating) else next(integers) for v in values]
        return weighted_sum(mine.apply(weights, x if case.integers is not None else point[1], **options)[0])

    if not jax.tree.leaves(point):
        return
    rng = np.random.default_rng(2)
    direction = jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape)), point)
    step = 1e-6
    ahead, behind = (
        loss_and_gradient(jax.tree.map(lambda p, d, sign=sign: p + sign * step * d, point, direction))[0]
        for sign in (1, -1)
    )
    gradient = loss_and_gradient(point)[1]
    along = sum(float(jnp.sum(g * d)) for g, d in zip(jax.tree.leaves(gradient), jax.tree.leaves(direction)))
    assert abs(along - float(ahead - behind) / (2 * step)) <= 1e-6 * max(1.0, abs(along))


@pytest.mark.parametrize("case", comparable, ids=str)
def test_symbolic_shape_is_the_real_one(case: Case) -> None:
    """With the batch, and what else may be, unknown: Keras's symbolic shape, and no contradiction to the real
    one.
    """

    mine, other = ours(case), theirs(case)
    unknown = (0, *case.unknown)
    options = {name: value for name, value in call_options(case, mine).items() if name not in case.call}
    symbolic = mine(symbols(case, SymbolicTensor, unknown), **options)
    keras_symbolic = other(symbols(case, keras.KerasTensor, unknown), **options)
    mine_shapes = [tuple(leaf.shape) for leaf in jax.tree.leaves(symbolic)]
    assert mine_shapes == [tuple(leaf.shape) for leaf in jax.tree.leaves(keras_symbolic)]
    for leaf, real in zip(mine_shapes, jax.tree.leaves(mine(symbols(case, SymbolicTensor), **options))):
        assert all(size in (None, found) for size, found in zip(leaf, real.shape, strict=True))


@pytest.fixture
def mixed_precision() -> Iterator[None]:
    """Policy of all layers, so that those inside others follow it too."""
    set_global_dtype_policy("mixed_bfloat16")
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    set_global_dtype_policy("float32")
    keras.config.set_dtype_policy("float32")


@pytest.mark.usefixtures("mixed_precision")
@pytest.mark.parametrize("case", one_per_layer, ids=str)
def test_mixed_precision(case: Case) -> None:
    mine, other = built(case)
    assert [w.dtype for w in mine.weights] == [w.dtype for w in other.weights]
    weights, x = [jnp.asarray(value) for value in randomize(case, mine, other)], inputs_of(case)
    (_, (y, *_)), (_, (expected, *_)) = (
        jax.jit(program)(weights, x) for program in (my_program(mine, case), keras_program(other, case))
    )
    assert [leaf.dtype for leaf in jax.tree.leaves(y)] == [leaf.dtype for leaf in jax.tree.leaves(expected)]
    assert_close(y, expected, 0.05, "output")


@pytest.mark.parametrize("case", [case for case in CASES if case.random], ids=str)
def test_random_layers(case: Case) -> None:
    """The same key gives the same draw, another key another, no training none; a seed gives Keras's very
    numbers.
    """
    mine, other = ours(case), theirs(case)
    x = inputs_of(case)
    np.testing.assert_array_equal(mine(x), x)
    assert_close(mine(x, training=True), other(x, training=True), 1e-6, "first draw")
    assert_close(mine(x, training=True), other(x, training=True), 1e-6, "second draw")
    unseeded = ours(
        Case(case.layer, {name: value for name, value in case.options.items() if name != "seed"}, case.inputs)
    )
    draw = lambda seed: unseeded.apply([], x, key=jax.random.key(seed), training=True)[0]
    np.testing.assert_array_equal(draw(0), draw(0))
    assert not np.array_equal(draw(0), draw(1))
    ones = unseeded.apply([], jnp.ones(case.inputs), key=jax.random.key(0), training=True)[0]
    if case.layer == "AlphaDropout":
        normal = unseeded.apply(
            [],
            jnp.asarray(generator(case).normal(size=case.inputs), "float32"),
            key=jax.random.key(0),
            training=True,
        )[0]
        assert abs(float(normal.mean())) < 0.1
        assert abs(float(normal.std()) - 1) < 0.1
    else:
        assert abs(float(ones.mean()) - 1) < 0.1
    if case.layer in ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"):
        assert abs(float((ones == 0).mean()) - case.options["rate"]) < 0.1
