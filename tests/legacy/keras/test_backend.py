"""`keras.backend`: the numbers of Keras 2, on arrays, in graphs, and in layers and losses of old programs."""

import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import ArgumentError, DataError
from neurona.legacy.keras import backend as K
from tests.legacy.keras.backend_cases import CASES, X


@pytest.mark.parametrize("name", CASES)
def test_a_function_gives_the_numbers_of_keras(name):
    call, shape, total = CASES[name]
    result = np.asarray(call(), np.float64)
    assert result.shape == shape
    weighted = (result * np.cos(np.arange(result.size)).reshape(shape)).sum()
    np.testing.assert_allclose(weighted, total, rtol=2e-4, atol=1e-4)


@pytest.fixture(scope="module")
def model():
    inputs = nn.Input((4,))
    dropped = nn.layers.Dropout(0.5)(inputs)
    return nn.Model(inputs, nn.layers.Dense(2, name="last")(dropped))


def test_the_learning_phase_is_an_input_of_a_function(model):
    run = K.function([model.input, K.learning_phase()], [model.layers[1].output])
    x = np.ones((5, 4), "float32")
    np.testing.assert_array_equal(run([x, 0])[0], x)
    assert set(np.unique(run([x, 1])[0])) <= {0.0, 2.0}
    with pytest.raises(ArgumentError, match="has 2 inputs"):
        run([x])


def test_gradients_of_an_output_for_inputs_layers_and_weights(model):
    kernel = model.layers[-1].kernel
    loss = K.variable(0.0)
    loss = loss + K.sum(K.square(model.output[:, 0]))
    to_input, to_output, to_kernel, to_nothing = K.gradients(
        loss, [model.input, model.output, kernel, K.placeholder(shape=(None, 1))]
    )
    assert to_nothing is None
    assert to_input.shape == (None, 4)
    x = X @ np.ones((3, 4), "float32")
    run = K.function([model.input], [loss, to_input / (K.mean(K.abs(to_input)) + 1e-5), to_output, to_kernel])
    for _ in range(2):
        value, scaled, of_output, of_kernel = run([x])
        y, w = x @ kernel.numpy(), kernel.numpy()
        np.testing.assert_allclose(value, (y[:, 0] ** 2).sum(), rtol=1e-5)
        expected = 2 * y[:, :1] * w[:, 0]
        np.testing.assert_allclose(scaled, expected / (np.abs(expected).mean() + 1e-5), rtol=1e-4)
        np.testing.assert_allclose(of_output, np.stack([2 * y[:, 0], 0 * y[:, 0]], 1), rtol=1e-5)
        np.testing.assert_allclose(of_kernel, np.stack([x.T @ (2 * y[:, 0]), np.zeros(4)], 1), rtol=1e-4)
        kernel.assign(kernel * 0.5)  # the program reads the weights that the model has now


def test_a_program_of_placeholders_and_variables_learns():
    x, target = K.placeholder(shape=(None, 3)), K.placeholder(ndim=2)
    weights, bias = K.variable(np.zeros((3, 1))), K.variable(np.zeros(1))
    loss = K.mean(K.square(K.dot(x, weights) + bias - target))
    parameters = [weights, bias]
    updates = [(p, p - 0.1 * g) for p, g in zip(parameters, K.gradients(loss, parameters))]
    train = K.function([x, target], [loss], updates=updates)
    rows = np.random.RandomState(0).randn(64, 3)
    losses = [float(train([rows, rows @ [[1], [2], [3]] + 0.5])[0]) for _ in range(60)]
    assert losses[-1] < 1e-3 * losses[0]
    np.testing.assert_allclose(K.get_value(weights).ravel(), [1, 2, 3], atol=0.1)
    with pytest.raises(DataError, match="not fed"):
        K.eval(loss)


def test_expressions_of_variables_have_the_value_of_now():
    one = K.variable([1.0, 2.0])
    total = K.sum(one * one) + 1.0
    assert float(total) == 6.0
    assert K.get_value(K.gradients(total, one)[0]).tolist() == [2.0, 4.0]
    K.set_value(one, [0.0, 3.0])
    assert float(total) == 10.0
    assert K.eval(one).tolist() == [0.0, 3.0]
    session = K.get_session()
    session.run(K.update_add(one, K.ones((2,)) * 1.0))
    assert one.get_value().tolist() == [1.0, 4.0]
    with pytest.raises(ArgumentError, match=r"K\.set_value"):
        K.set_value(3.0, 1.0)


def test_a_compiled_loss_reads_a_variable_anew_at_every_epoch():
    weight = K.variable(0.0)
    seen = []

    class Anneal(nn.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            K.set_value(weight, float(epoch))

        def on_epoch_end(self, epoch, logs=None):
            seen.append(logs["loss"])

    model = nn.Sequential([nn.layers.Dense(1, input_shape=(2,), kernel_initializer="ones")])
    model.compile(nn.optimizers.SGD(0.0), lambda y, p: K.mean(K.square(y - p), axis=-1) * weight)
    model.fit(np.ones((4, 2)), np.zeros((4, 1)), epochs=3, verbose=0, callbacks=[Anneal()])
    assert seen == [0.0, 4.0, 8.0]


def test_layers_of_keras_2_draw_and_know_the_phase():
    class Sampling(nn.layers.Layer):
        def call(self, inputs):
            shape = (K.shape(inputs)[0], K.int_shape(inputs)[1])
            noise = K.random_normal(shape=shape, mean=0.0, stddev=1.0)
            ones = K.dot(inputs, K.eye(3)) * K.ones((3,)) + K.zeros((3,))
            return K.in_train_phase(ones + noise, inputs)

    inputs = nn.Input((3,))
    model = nn.Model(inputs, Sampling()(inputs))
    np.testing.assert_array_equal(model.predict(X, verbose=0), X)
    assert not np.allclose(model(X, training=True), X)
    assert K.reshape(inputs, (K.shape(inputs)[0], 3, 1)).shape == (None, 3, 1)


@pytest.mark.parametrize("greedy", [True, False])
def test_ctc_of_probabilities_with_the_last_class_as_blank(greedy):
    p = np.random.RandomState(0).rand(2, 6, 4).astype("float32")
    p /= p.sum(-1, keepdims=True)
    cost = K.ctc_batch_cost(np.array([[0, 1, 2], [2, 1, 0]]), p, np.array([[6], [5]]), np.array([[3], [2]]))
    np.testing.assert_allclose(cost, [[3.9713213], [4.0967526]], rtol=1e-5)
    paths, chances = K.ctc_decode(p, np.array([6, 5]), greedy=greedy, beam_width=10, top_paths=2)
    if greedy:
        assert paths[0].tolist() == [[1, 0, 1, 0, -1, -1], [2, -1, -1, -1, -1, -1]]
        np.testing.assert_allclose(chances, [[5.9852424], [4.5039215]], rtol=1e-5)
    else:
        assert paths[1].tolist() == [[2, 0, 1, -1, -1, -1], [1, 0, 2, -1, -1, -1]]
        np.testing.assert_allclose(chances, [[-3.2937772, -3.5083292], [-2.448991, -2.606375]], rtol=1e-4)


def test_settings_under_their_old_names():
    assert (K.image_dim_ordering(), K.image_data_format()) == ("tf", "channels_last")
    K.set_image_dim_ordering("th")
    assert K.image_data_format() == "channels_first"
    K.set_image_dim_ordering("tf")
    assert K.backend() in ("tensorflow", "jax")
    assert nn.backend.backend() == "jax"
    assert K.tensorflow_backend.set_session is K.set_session
    np.testing.assert_array_equal(
        K.conv1d(np.ones((1, 4, 1)), np.ones((2, 1, 1)), border_mode="same").shape, (1, 4, 1)
    )
    assert K.epsilon() == K.common._EPSILON
    with pytest.raises(AttributeError, match="Did you mean 'squeeze'"):
        _ = K.sqeeze
    with K.learning_phase_scope(1):
        assert K.learning_phase() == 1
    assert nn.backend.get_uid("z") + 1 == K.get_uid("z")
