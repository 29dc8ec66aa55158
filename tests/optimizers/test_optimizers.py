"""What holds for every optimizer, Keras aside: it converges, it is pure, it never compiles twice, its state
can be written and read.
"""

import copy
import inspect
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neurona import optimizers
from neurona.constraints import MaxNorm
from neurona.core.variable import Variable
from neurona.optimizers import schedules
from tests.optimizers.optimizer_cases import (
    GENERAL,
    OPTIMIZERS,
    PATHS,
    arguments,
    assert_close,
    gradients,
    parameters,
    run,
    variables,
)

# A rate at which each can go a distance of a few units in 400 steps.
RATES = {"Adadelta": 30.0, "Adagrad": 0.5, "Ftrl": 5.0, "SGD": 0.1, "Adafactor": 0.3}
WRAPPED = {
    "LossScaleOptimizer": lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.1)),
    "OptaxOptimizer": lambda: optimizers.get(optax.adam(0.1)),
}


def made(name, **options):
    return WRAPPED[name]() if name in WRAPPED else OPTIMIZERS[name](RATES.get(name, 0.1), **options)


def test_every_optimizer_of_the_registry_is_tested():
    needs_more = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptaxOptimizer"}
    public = {
        name
        for name, value in vars(optimizers).items()
        if inspect.isclass(value) and issubclass(value, optimizers.Optimizer)
    }
    assert set(OPTIMIZERS) | needs_more == public


@pytest.mark.parametrize("name", [*OPTIMIZERS, *WRAPPED])
def test_converges(name):
    """A quadratic bowl in a matrix and a vector: the distance to its bottom shrinks to a twentieth."""
    optimizer = made(name, **({"adam_weight_decay": 0.0, "weight_decay": 0.0} if name == "Muon" else {}))
    if name != "Ftrl":  # whose weights are proportional to the rate of now
        optimizer.learning_rate = schedules.CosineDecay(float(optimizer.learning_rate), 400)
    targets = [jnp.array([[1.0, -2.0, 0.5], [3.0, 1.0, -1.0]]), jnp.array([0.5, -1.5])]
    start = [jnp.full((2, 3), 0.1), jnp.full((2,), 0.1)]

    def distance(values):
        return sum(jnp.sum(jnp.square(value - target)) for value, target in zip(values, targets))

    def step(carry, _):
        values, state = carry
        slopes = jax.grad(lambda values: optimizer.scale_loss(distance(values), state))(values)
        return optimizer.update(slopes, state, values), None

    (values, _), _ = jax.jit(lambda carry: jax.lax.scan(step, carry, None, 400))(
        (start, optimizer.init(start))
    )
    assert distance(values) < distance(start) / 20


@pytest.mark.parametrize("name", [*OPTIMIZERS, *WRAPPED])
def test_stateful_equals_pure(name):
    optimizer, pure, own = made(name), made(name), variables()
    values, state = [variable.value for variable in own], None
    pure.build(own)
    state = pure.init(values)
    for index in range(3):
        now = [gradient[index] for gradient in gradients(steps=3)]
        optimizer.apply_gradients(zip(now, own))
        values, state = jax.jit(pure.update)(now, state, values)
    assert int(optimizer.iterations) == 3
    for variable, value in zip(own, values):
        assert_close(variable, value, variable.path)


@pytest.mark.parametrize("name", [*OPTIMIZERS, *WRAPPED])
def test_three_at_once_equal_three(name):
    optimizer = made(name)
    steps = [gradients(seed, steps=4) for seed in range(3)]
    starts = [[jnp.asarray(value) for value in parameters(seed)] for seed in range(3)]
    stacked = [jnp.stack(arrays) for arrays in zip(*starts)]
    state = jax.vmap(optimizer.init)(stacked)
    update = jax.jit(jax.vmap(optimizer.update))
    for index in range(4):
        now = [jnp.stack([steps[model][place][index] for model in range(3)]) for place in range(len(PATHS))]
        stacked, state = update(now, state, stacked)
    for model in range(3):
        values, _ = run(optimizer, optimizer.init(starts[model]), starts[model], steps[model])
        for value, three in zip(values, stacked):
            assert_close(three[model], value)


@pytest.mark.parametrize("name", [*OPTIMIZERS, *WRAPPED])
def test_a_new_learning_rate_compiles_nothing(name):
    optimizer, own, traces = made(name), variables(), []
    optimizer.build(own)
    values, now = [variable.value for variable in own], [gradient[0] for gradient in gradients(steps=1)]

    @jax.jit
    def step(now, state, values):
        traces.append(1)
        return optimizer.update(now, state, values)

    moved = values
    for rate in (0.1, 0.01, np.float32(0.5), jnp.asarray(0.25), 0):
        optimizer.learning_rate = rate
        assert float(optimizer.learning_rate) == pytest.approx(float(rate))
        moved, optimizer.state = step(now, optimizer.state, values)
    assert len(traces) == 1
    assert step._cache_size() == 1
    if name not in (
        "Ftrl",
        "ScheduleFreeAdamW",
    ):  # the last rate was 0: Ftrl divides by it, the other still averages
        for value, same in zip(moved, values):
            assert_close(value, same)


@pytest.mark.parametrize("name", [*OPTIMIZERS, *WRAPPED])
def test_state_written_and_read_goes_on_alike(name):
    first, second, own = made(name), made(name), variables()
    now = [gradient[0] for gradient in gradients(steps=1)]
    first.apply(now, own)
    first.learning_rate = 0.03125
    second.build(own)
    second.set_weights(first._state_list())
    assert float(second.learning_rate) == 0.03125
    values = [variable.value for variable in own]
    for one, other in zip(
        first.update(now, first.state, values)[0], second.update(now, second.state, values)[0]
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("label", GENERAL)
def test_state_keeps_its_types_from_step_to_step(label):
    """What `scan` asks for, in all precisions; and parameters and state share no buffer, so that both can be
    donated.
    """
    for name, cls in OPTIMIZERS.items():
        for dtype in ("float16", "bfloat16"):
            optimizer = cls(**arguments(GENERAL[label], schedules))
            values = [jnp.asarray(value, dtype) for value in parameters()]
            state = optimizer.init(values)
            new_values, new_state = jax.eval_shape(
                optimizer.update, [jnp.asarray(v, "float32") for v in parameters()], state, values
            )
            before, after = jax.tree.map(
                lambda x: (x.shape, x.dtype), [(values, state), (new_values, new_state)]
            )
            assert before == after, name
            assert not {id(value) for value in values} & {id(leaf) for leaf in jax.tree.leaves(state)}


def test_donation_works_for_every_optimizer():
    for cls in OPTIMIZERS.values():
        optimizer, values = cls(), [jnp.asarray(value) for value in parameters()]
        step = jax.jit(optimizer.update, donate_argnums=(1, 2))
        state = optimizer.init(values)
        now = [jnp.asarray(gradient[0]) for gradient in gradients(steps=1)]
        for _ in range(2):
            values, state = step(now, state, values)
        assert all(np.isfinite(value).all() for value in values)


def test_float64_uses_its_precision():
    """Adam's first step is learning_rate * sign(g), less a part in epsilon / |g|."""
    with jax.enable_x64(True):
        values = [jnp.zeros(2, "float64")]
        optimizer = optimizers.Adam(0.5, epsilon=0.0)
        moved, _ = optimizer.update([jnp.array([3.0, -1e-9], "float64")], optimizer.init(values), values)
        assert moved[0].dtype == "float64"
        np.testing.assert_allclose(moved[0], [-0.5, 0.5], rtol=1e-12)


@pytest.mark.parametrize(
    "transformation",
    [optax.adam(1e-2), optax.chain(optax.clip(0.1), optax.sgd(0.1, momentum=0.9, nesterov=True))],
)
def test_optax_wrapped_equals_optax(transformation):
    optimizer = optimizers.get(transformation)
    start, steps = parameters(), gradients()
    values, _ = run(optimizer, optimizer.init([jnp.asarray(value) for value in start]), start, steps)
    wanted = [jnp.asarray(value) for value in start]
    state = transformation.init(wanted)
    for index in range(20):
        updates, state = transformation.update([gradient[index] for gradient in steps], state, wanted)
        wanted = optax.apply_updates(wanted, updates)
    for value, expected in zip(values, wanted):
        assert_close(value, expected, tolerance=1e-6)


def test_an_optax_schedule_is_a_learning_rate():
    schedule = optax.linear_schedule(0.5, 0.0, 4)
    optimizer, own = optimizers.SGD(schedule), [Variable(jnp.zeros(1))]
    seen = []
    for _ in range(5):
        optimizer.build(own)
        seen.append(float(optimizer.learning_rate))
        optimizer.apply([jnp.ones(1)], own)
    assert seen == [0.5, 0.375, 0.25, 0.125, 0.0]
    assert float(own[0][0]) == -1.25


def test_a_function_without_arguments_is_a_learning_rate():
    optimizer = optimizers.SGD(lambda: 0.25)
    values, _ = optimizer.update([jnp.ones(1)], optimizer.init([jnp.ones(1)]), [jnp.ones(1)])
    assert float(values[0][0]) == 0.75


def test_learning_rate_before_and_after_build():
    optimizer = optimizers.Adam(0.5)
    assert optimizer.learning_rate == 0.5
    optimizer.learning_rate = 0.25
    assert optimizer.get_config()["learning_rate"] == 0.25
    optimizer.build(variables())
    assert float(optimizer.state["learning_rate"]) == 0.25
    optimizer.learning_rate.assign(0.125)
    assert optimizer.learning_rate * 2 == 0.25
    assert optimizer.learning_rate.numpy() == np.float32(0.125)
    optimizer.learning_rate = schedules.InverseTimeDecay(1.0, 1, 1.0)
    assert float(optimizer.learning_rate) == 1.0
    optimizer.learning_rate = 0.1
    assert optimizer.get_config()["learning_rate"] == 0.1


def test_a_schedule_in_force_is_computed_anew_after_the_state_is_read():
    first, second = (optimizers.SGD(schedules.InverseTimeDecay(1.0, 1, 1.0)) for _ in range(2))
    first.apply([jnp.ones(1)], [Variable(jnp.zeros(1))])
    second.build([Variable(jnp.zeros(1))])
    second.set_weights(first._state_list())
    assert float(second.learning_rate) == 0.5


def test_the_learning_rates_of_stacked_models_are_set_together():
    optimizer = optimizers.SGD(0.5)
    optimizer.state = jax.vmap(optimizer.init)([jnp.zeros((3, 2))])
    optimizer.learning_rate = 0.25
    assert optimizer.state["learning_rate"].tolist() == [0.25, 0.25, 0.25]


def test_constraints_hold_after_apply():
    weight = Variable(jnp.array([3.0, 4.0]), constraint=MaxNorm(1.0))
    optimizers.SGD(0.1).apply([jnp.zeros(2)], [weight])
    assert_close(weight, [0.6, 0.8])


def test_variables_without_gradient_stay_and_others_may_be_left_out():
    own = variables()
    optimizer = optimizers.SGD(0.1, momentum=0.9, weight_decay=0.5)
    optimizer.build(own)
    now = [gradient[0] for gradient in gradients(steps=1)]
    before = [variable.numpy() for variable in own]
    optimizer.apply([now[2], None], [own[2], own[0]])
    changed = [not np.array_equal(variable, old) for variable, old in zip(own, before)]
    assert changed == [False, False, True, False]


# Options under which each variable moves as if it were alone.
INDEPENDENT = {"plain": {}, "ema": {"use_ema": True, "ema_momentum": 0.9}, "clip": {"clipnorm": 0.5}}


@pytest.mark.parametrize("name", [*OPTIMIZERS, *WRAPPED])
@pytest.mark.parametrize("label", INDEPENDENT)
def test_a_variable_that_stays_goes_on_as_if_the_others_had_never_changed(name, label):
    """Three steps with all and two with another set: as five with the one that stays, alone."""
    options = {} if name in WRAPPED else INDEPENDENT[label]
    optimizer, alone = made(name, **options), made(name, **options)
    (stays, leaves, *_), steps = variables(), [gradient[:5] for gradient in gradients(steps=5)]
    (copy_of_it, *_), (_, _, comes, _) = variables(), variables(seed=1)
    for index in range(3):
        optimizer.apply([steps[0][index], steps[1][index]], [stays, leaves])
    optimizer.build([comes, stays])
    assert int(optimizer.iterations) == 3
    for index in range(3, 5):
        optimizer.apply([steps[2][index], steps[0][index]], [comes, stays])
    for index in range(5):
        alone.apply([steps[0][index]], [copy_of_it])
    assert_close(stays, copy_of_it, name, tolerance=1e-6)
    assert int(optimizer.iterations) == int(alone.iterations) == 5
    assert np.isfinite(comes.numpy()).all()
    if options.get("use_ema"):
        assert_close(optimizer.state["ema"][1], alone.state["ema"][0], tolerance=1e-6)


def test_a_new_variable_begins_afresh_and_one_that_left_is_forgotten():
    optimizer, (first, second, third, _) = optimizers.Adam(0.1, name="adam"), variables()
    now = [gradient[0] for gradient in gradients(steps=1)]
    optimizer.apply(now[:2], [first, second])
    momentum = optimizer.state["slots"]["momentum"][1]
    optimizer.build([third, second])
    assert not optimizer.state["slots"]["momentum"][0].any()
    np.testing.assert_array_equal(optimizer.state["slots"]["momentum"][1], momentum)
    optimizer.build([first, second])
    assert not optimizer.state["slots"]["momentum"][0].any()
    assert [variable.path for variable in optimizer.variables][2:4] == [
        "adam/dense_kernel_momentum",
        "adam/dense_kernel_velocity",
    ]


def test_other_variables_of_equal_shapes_are_other_variables():
    optimizer, own = optimizers.Adam(), variables()
    optimizer.apply([gradient[0] for gradient in gradients(steps=1)], own)
    optimizer.build(variables(seed=5))
    assert int(optimizer.iterations) == 1
    assert not any(momentum.any() for momentum in optimizer.state["slots"]["momentum"])


def test_gradients_gathered_so_far_belong_to_their_variable():
    optimizer, (first, second, *_) = optimizers.SGD(1.0, gradient_accumulation_steps=2), variables()
    before = second.numpy()
    optimizer.apply([jnp.ones(first.shape), jnp.ones(second.shape)], [first, second])
    optimizer.build([second])
    optimizer.apply([3 * jnp.ones(second.shape)], [second])
    np.testing.assert_allclose(second.numpy(), before - 2, rtol=1e-6)


def test_the_rate_of_a_loaded_optimizer_is_written_as_it_was_given():
    first, second, own = optimizers.Adam(0.001), optimizers.Adam(0.001), variables()
    first.build(own)
    second.build(own)
    second.set_weights(first._state_list())
    assert second.get_config()["learning_rate"] == 0.001
    first.learning_rate = 0.25
    second.set_weights(first._state_list())
    assert second.get_config()["learning_rate"] == 0.25


def test_finalize_gives_the_variables_their_average():
    own = variables()
    optimizer = optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    for index in range(3):
        optimizer.apply([gradient[index] for gradient in gradients(steps=3)], own)
    average = optimizer.state["ema"]
    assert not np.allclose(own[0], average[0])
    optimizer.finalize_variable_values(own)
    for variable, value in zip(own, average):
        np.testing.assert_array_equal(variable, value)


def test_equal_structure_means_equal_program():
    assert optimizers.Adam(0.1)._structure == optimizers.Adam(0.5, name="other")._structure
    assert optimizers.Adam(0.1)._structure != optimizers.Adam(0.1, beta_1=0.5)._structure
    assert optimizers.Adam(0.1)._structure != optimizers.AdamW(0.1, weight_decay=0.0)._structure
    with_schedule = [optimizers.SGD(schedules.ExponentialDecay(rate, 10, 0.5)) for rate in (0.1, 0.1, 0.2)]
    assert with_schedule[0]._structure == with_schedule[1]._structure != with_schedule[2]._structure
    assert optimizers.LossScaleOptimizer("adam")._structure != optimizers.LossScaleOptimizer("sgd")._structure
    for name in (*OPTIMIZERS, *WRAPPED):
        hash(made(name)._structure)


def test_copies_and_pickles_carry_the_state():
    optimizer = optimizers.Adam(0.1)
    optimizer.apply([gradient[0] for gradient in gradients(steps=1)], variables())
    for other in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        for one, two in zip(optimizer._state_list(), other._state_list(), strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", ["rmsprop", "RMSprop", "RMSProp", "rm_sprop"])
def test_names_of_any_spelling(name):
    assert isinstance(optimizers.get(name), optimizers.RMSprop)


def test_get_takes_configs_classes_and_objects():
    own = optimizers.Lamb()
    assert optimizers.get(own) is own
    assert isinstance(optimizers.get(optimizers.Lion), optimizers.Lion)
    assert optimizers.get({"class_name": "adam", "config": {"beta_1": 0.5}}).beta_1 == 0.5
    assert (
        optimizers.get(
            optimizers.serialize(optimizers.LossScaleOptimizer(optimizers.SGD(0.5)))
        ).inner_optimizer.momentum
        == 0.0
    )
    assert optimizers.get(None) is None
