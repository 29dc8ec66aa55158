"""predict keeps its program between calls, and still sees every change of the model."""

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import jax
import keras
import numpy as np
import pytest

import neurona as nn
from neurona import layers

X = np.random.default_rng(5).normal(size=(40, 6)).astype("float32")


def network(dtype=None):
    return nn.Sequential(
        [nn.Input((6,)), layers.Dense(8, "tanh", dtype=dtype), layers.Dense(3, "softmax", dtype=dtype)]
    )


def by_hand(model, x):
    """The network in NumPy, with the weights of now."""
    first, bias, second, last_bias = model.get_weights()
    scores = np.exp(np.tanh(x @ first + bias) @ second + last_bias)
    return scores / scores.sum(-1, keepdims=True)


def predict(model, x=X):
    return model.predict(x, verbose=0)


def test_the_weights_of_now_are_used_without_a_new_trace():
    model = network()
    predict(model)
    traces = model._predictor.program.traces
    for seed in range(3):
        generator = np.random.default_rng(seed)
        model.set_weights([generator.normal(size=weight.shape) for weight in model.get_weights()])
        np.testing.assert_allclose(predict(model), by_hand(model, X), atol=1e-5)
    model.layers[0].kernel.assign(np.ones((6, 8)))
    np.testing.assert_allclose(predict(model), by_hand(model, X), atol=1e-5)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, np.arange(40) % 3, epochs=2, verbose=0)
    np.testing.assert_allclose(predict(model), by_hand(model, X), atol=1e-5)
    assert model._predictor.program.traces == traces


def test_models_of_equal_structure_predict_with_one_program_and_their_own_weights():
    first, second = network(), network()
    predict(first)
    traces = first._predictor.program.traces
    np.testing.assert_allclose(predict(second), by_hand(second, X), atol=1e-5)
    np.testing.assert_allclose(predict(first), by_hand(first, X), atol=1e-5)
    assert first._predictor.program.traces == traces


class Stack(nn.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(4, use_bias=False), layers.ReLU()]
        self.head = layers.Dense(2, use_bias=False)

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def test_replaced_layers_are_seen():
    model = Stack()

    def check(activation):
        hidden, head = model.blocks[0], model.head
        result = predict(model)
        np.testing.assert_allclose(
            result, activation(X @ hidden.kernel.numpy()) @ head.kernel.numpy(), atol=1e-5
        )

    def relu(x):
        return np.maximum(x, 0)

    check(relu)
    model.head = layers.Dense(5, use_bias=False)
    check(relu)
    model.blocks[0] = layers.Dense(3, use_bias=False)  # in a list
    model.head = layers.Dense(2, use_bias=False)
    check(relu)
    model.blocks[1] = layers.Activation("tanh")  # without weights
    check(np.tanh)
    model.blocks.append(layers.Rescaling(2.0))
    check(lambda x: 2 * np.tanh(x))


def test_layers_added_to_and_removed_from_a_sequence_are_seen():
    model = network()
    expected = predict(model)
    model.add(layers.Rescaling(3.0))
    np.testing.assert_allclose(predict(model), 3 * expected, atol=1e-5)
    model.pop()
    np.testing.assert_allclose(predict(model), expected, atol=1e-6)


def test_freezing_is_seen():
    """Frozen, a batch normalization that was called with training=True takes the moving statistics: 0 and 1
    at first.
    """
    x = nn.Input((6,))
    normalize = layers.BatchNormalization(epsilon=1e-6, momentum=1.0)
    model = nn.Model(x, normalize(x, training=True))
    np.testing.assert_allclose(
        model.predict(X, batch_size=40, verbose=0), (X - X.mean(0)) / X.std(0), atol=1e-3
    )
    normalize.trainable = False
    np.testing.assert_allclose(model.predict(X, batch_size=40, verbose=0), X, atol=1e-3)


def test_state_goes_on_from_batch_to_batch_and_from_call_to_call():
    nn.utils.set_random_seed(2)
    steps = np.random.default_rng(3).normal(size=(4, 6, 2)).astype("float32")
    whole = nn.Sequential([nn.Input((None, 2)), layers.GRU(3)])
    parts = nn.Sequential([nn.Input((3, 2), batch_size=4), layers.GRU(3, stateful=True)])
    parts.set_weights(whole.get_weights())
    predict(parts, steps[:, :3])
    np.testing.assert_allclose(predict(parts, steps[:, 3:]), predict(whole, steps), atol=1e-5)
    parts.layers[0].reset_state()
    np.testing.assert_allclose(predict(parts, steps[:, :3]), predict(whole, steps[:, :3]), atol=1e-5)


def test_one_model_in_32_and_64_bits():
    single = network()
    expected = by_hand(single, X)
    np.testing.assert_allclose(predict(single), expected, atol=1e-5)
    with jax.enable_x64(True):
        double = network(dtype="float64")
        result = predict(double, X.astype("float64"))
        assert result.dtype == "float64"
        np.testing.assert_allclose(result, by_hand(double, X.astype("float64")), atol=1e-12)
        np.testing.assert_allclose(predict(single), expected, atol=1e-5)
    np.testing.assert_allclose(predict(single), expected, atol=1e-5)


def test_several_threads_and_models_of_equal_structure():
    models = [network() for _ in range(4)]
    expected = [by_hand(model, X) for model in models]

    def work(number):
        for rows in (1, 3, 40):
            np.testing.assert_allclose(
                predict(models[number % 4], X[:rows]), expected[number % 4][:rows], atol=1e-5
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(64)))


def test_memory_stays_flat_over_1000_predictions_of_changing_sizes():
    model = network()
    sizes = np.random.default_rng(7).integers(1, 41, 1000)
    for rows in range(1, 41):
        predict(model, X[:rows])

    def used():
        gc.collect()
        return len(jax.live_arrays()), model._predictor.program.traces, tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        predict(model)
        arrays, traces, size = used()
        for rows in sizes:
            predict(model, X[:rows])
        after = used()
    finally:
        tracemalloc.stop()
    assert after[0] <= arrays  # fewer where another test's models die meanwhile
    assert after[1] == traces
    assert after[2] < size + 50_000


def test_a_prediction_runs_on_the_thread_that_asks_for_it():
    model = nn.Sequential([nn.Input((6,)), layers.Dense(2000), layers.Dense(2000), layers.Dense(1)])
    x = np.ones((2000, 6), "float32")
    predict(model, x)
    assert model._predictor(x).is_ready()


@pytest.mark.parametrize("seed", [None, 3])
def test_dropout_that_stays_on_draws_anew_for_every_batch_and_call(seed):
    x = nn.Input((50,))
    model = nn.Model(x, nn.layers.Dropout(0.5, seed=seed)(x, training=True))
    rows = np.ones((40, 50), "float32")
    nn.utils.set_random_seed(1)
    first, second = (model.predict(rows, verbose=0, batch_size=20) for _ in range(2))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first[:20], first[20:])
    assert set(np.unique(first)) == {0, 2}
    if seed is None:
        nn.utils.set_random_seed(1)
        np.testing.assert_array_equal(model.predict(rows, verbose=0, batch_size=20), first)


def own_predictions(library, step):
    class Doubled(library.Model):
        def __init__(self):
            super().__init__()
            self.dense = library.layers.Dense(2, kernel_initializer="ones")
            self.norm = library.layers.BatchNormalization(momentum=0.5)

        def call(self, x, training=False):
            return self.norm(self.dense(x), training=training)

        predict_step = step

    return Doubled()


def test_an_own_predict_step_as_in_keras():
    def doubled(self, state, data):
        outputs, others = type(self).__mro__[1].predict_step(self, state, data)
        return {"twice": 2 * outputs, "mean": outputs.mean(0, keepdims=True)}, others

    def sees_itself_in_training(self, state, data):
        return self.stateless_call(*state, data, training=True)

    for step in (doubled, sees_itself_in_training):
        model, theirs = own_predictions(nn, step), own_predictions(keras, step)
        for _ in range(2):  # what a step returns of the statistics stays
            found = model.predict(X, batch_size=16, verbose=0)
            expected = theirs.predict(X, batch_size=16, verbose=0)
            jax.tree.map(
                lambda one, other: np.testing.assert_allclose(one, other, atol=1e-5), found, expected
            )
        for one, other in zip(model.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_predict_step_is_a_pure_function():
    model = network()
    values = [variable.value for variable in model.variables]
    outputs, others = model.predict_step((values, []), (X,))
    np.testing.assert_allclose(outputs, by_hand(model, X), atol=1e-5)
    assert others == []


def test_predictions_do_not_walk_through_the_model_again_and_again(monkeypatch):
    """To look for new layers takes longer than a row of a small network."""
    model = network()
    for _ in range(2):
        model.predict(X, verbose=0)
    walked = []
    walk = type(model)._walk
    monkeypatch.setattr(nn.Model, "_walk", lambda self: walked.append(self) or walk(self))
    model.predict(X, verbose=0)
    assert not walked
    model.note = "an assignment"
    model.predict(X, verbose=0)
    assert walked == [model]
