"""The neural Turing machine and the differentiable neural computer: their tasks, answers, states,
refusals."""

import numpy as np
import pytest

from neurona import zoo

NETWORKS = [zoo.NeuralTuringMachine, zoo.DifferentiableNeuralComputer]
X, y = zoo.copy_task(40, (2, 3), bits=2, seed=0)


@pytest.fixture(scope="module", params=NETWORKS, ids=lambda network: network.__name__)
def network(request):
    return request.param(5, locations=4, width=3, epochs=1, random_state=0).fit(X, y)


def test_copying_asks_for_what_was_shown():
    X, y = zoo.copy_task(50, (1, 4), bits=3, seed=2)
    assert X.shape == (50, 9, 4)
    assert y.shape == (50, 9, 3)
    lengths = X[..., 3].argmax(axis=1)
    assert set(lengths) == {1, 2, 3, 4}
    for shown, asked, length in zip(X, y, lengths):
        np.testing.assert_array_equal(asked[length + 1 : 2 * length + 1], shown[:length, :3])
        assert not shown[length + 1 :].any()
        assert np.isfinite(asked).all(axis=1).sum() == length


def test_repeated_copying_asks_several_times_and_for_an_end():
    X, y = zoo.repeat_copy_task(50, (1, 3), (2, 4), bits=2, seed=2)
    for shown, asked in zip(X, y):
        length = shown[:, 2].argmax()
        answers = asked[np.isfinite(asked).all(axis=1)]
        times = round((len(answers) - 1) / length)
        np.testing.assert_array_equal(answers[:-1, :2], np.tile(shown[:length, :2], (times, 1)))
        assert answers[:, 2].tolist() == [0] * (len(answers) - 1) + [1]
        assert shown[length, 3] == pytest.approx((times - 5.5) / np.std(range(1, 11)))


def test_recall_asks_for_the_item_after_the_query():
    X, y = zoo.associative_recall_task(50, (2, 5), steps=2, bits=3, seed=2)
    for shown, asked in zip(X, y):
        first, second = np.flatnonzero(shown[:, 4])
        items = shown[:first].reshape(-1, 3, 5)
        assert (items[:, 0, 3] == 1).all()
        query, answer = shown[first + 1 : second, :3], asked[np.isfinite(asked).all(axis=1)]
        after = [
            items[place + 1, 1:, :3]
            for place in range(len(items) - 1)
            if (items[place, 1:, :3] == query).all()
        ]
        assert any((answer == one).all() for one in after)
        assert np.isfinite(asked[second + 1, 0])


def test_answers_are_those_of_the_model_and_of_the_states(network):
    logits = network.model_.predict(X, verbose=0)
    np.testing.assert_allclose(network.predict_proba(X), 1 / (1 + np.exp(-logits)), atol=1e-6)
    np.testing.assert_array_equal(network.predict(X), logits >= 0)
    asked = np.isfinite(y)
    wrong = ((logits >= 0) != y) & asked
    np.testing.assert_array_equal(network.wrong_bits(X, y), wrong.sum(axis=(1, 2)))
    assert network.score(X, y) == pytest.approx(1 - wrong.sum() / asked.sum())
    outputs = network.states(X[0])[0]  # the first state is the output of the cell
    kernel, bias = network.model_.get_weights()[-2:]
    np.testing.assert_allclose(outputs @ kernel + bias, logits[0], atol=1e-5)


def test_sequences_of_several_lengths_are_answered_as_alone(network):
    rows = [X[0], X[1, :4]]
    for found, row in zip(network.predict_proba(rows), rows, strict=True):
        np.testing.assert_allclose(found, network.predict_proba(row[None])[0], atol=1e-6)


def test_a_larger_memory_has_the_same_weights(network):
    larger = network.enlarged(9)
    assert larger.states(X[0])[1].shape == (len(X[0]), 9, 3)
    for one, other in zip(larger.model_.get_weights(), network.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert network.locations == 4


@pytest.mark.experiment
@pytest.mark.parametrize("kind", NETWORKS, ids=lambda network: network.__name__)
def test_ten_seeds_meet_no_nan_though_they_learn_fast(kind):
    for seed in range(10):
        network = kind(6, locations=4, width=3, learning_rate=0.05, epochs=10, random_state=seed).fit(X, y)
        assert all(np.isfinite(weight).all() for weight in network.model_.get_weights())


def test_heads_of_a_machine_are_told_apart():
    machine = zoo.NeuralTuringMachine(4, 5, 3, 2, 3, epochs=1, random_state=0).fit(X, y)
    writing, reading = machine.weightings(X[0])
    assert writing.shape == (len(X[0]), 3, 5)
    assert reading.shape == (len(X[0]), 2, 5)
    for weighting in (writing, reading):
        np.testing.assert_allclose(weighting.sum(axis=-1), 1, atol=1e-5)


def test_a_memory_that_is_too_small_is_told(network):
    longer, _ = zoo.copy_task(1, (7, 7), bits=2)
    longer[:, :7, 0] = 1
    with pytest.warns(UserWarning, match=r"at 8 steps, and the memory has 4 locations.*enlarged\(8\)"):
        network.predict(longer)


def test_other_features_than_it_learned_are_refused(network):
    with pytest.raises(ValueError, match="X has 2 features, but"):
        network.predict(X[..., :2])


SPOILED = np.where(np.isfinite(y), y, np.nan)
SPOILED[3, np.isfinite(y[3, :, 0]).argmax(), 1] = 0.5


@pytest.mark.parametrize("kind", NETWORKS, ids=lambda network: network.__name__)
@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda new: new.fit(X, SPOILED),
            r"answers are bits, 0 or 1.*Sequence 3, step \d, bit 1 of y is 0.5",
        ),
        (lambda new: new.fit(X, y[:, :-1]), "which differ at sequence 0"),
        (lambda new: new.fit(X), r"fit\(X, y\) needs y"),
        (lambda new: new.fit(X * np.inf, y), "X holds"),
        (lambda new: new.predict(X), "has not learned yet"),
        (lambda new: new.enlarged(5), "has not learned yet"),
        (lambda new: new.set_params(locations=0).fit(X, y), "locations must be an integer >= 1"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_does_not_fit_is_refused(kind, ask, words):
    with pytest.raises(ValueError, match=words):
        ask(kind(4, locations=4, width=3, epochs=1))


@pytest.mark.parametrize(
    ("task", "options", "words"),
    [
        (zoo.copy_task, {"lengths": (3, 2)}, r"copy_task: lengths is .* Received: \(3, 2\)"),
        (zoo.repeat_copy_task, {"repeats": (0, 2)}, "repeats is"),
        (zoo.associative_recall_task, {"items": (1, 2)}, "fewest at least 2"),
    ],
)
def test_tasks_refuse_empty_spans(task, options, words):
    with pytest.raises(ValueError, match=words):
        task(1, **options)
