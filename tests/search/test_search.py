"""Searches: many trials of one structure train as one program, each as it would alone."""

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError, DataError, SavingError
from neurona.search import HyperParameters, keras_code, search
from neurona.search.numbers import structure_of
from neurona.search.places import Places, Runner
from neurona.training.batches import ArrayBatches
from neurona.training.trainer import ready_learner

rng = np.random.default_rng(5)
X = rng.normal(size=(64, 4)).astype("float32")
Y = np.eye(3, dtype="float32")[(X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 1)]


def network(rate=0.02, decay=0.05, dropout=0.3, l2=0.01, smoothing=0.1, units=8):
    model = nn.Sequential(
        [
            nn.Input((4,)),
            nn.layers.Dense(units, "relu", kernel_regularizer=nn.regularizers.L2(l2)),
            nn.layers.Dropout(dropout),
            nn.layers.Dense(3, "softmax"),
        ]
    )
    loss = nn.losses.CategoricalCrossentropy(label_smoothing=smoothing)
    model.compile(nn.optimizers.AdamW(rate, weight_decay=decay), loss, metrics=["accuracy"])
    return model


def build(hp):
    return network(
        hp.Float("rate", 1e-3, 0.1, sampling="log"), hp.suggest_float("decay", 1e-4, 0.1, log=True)
    )


def states_of(given, at_once):
    """The weights of models with other numbers, after 2 epochs in the places of one program."""
    learner = ready_learner(given[0], ArrayBatches.of(X, Y))
    structures = [structure_of(model) for model in given]
    assert len({one.text for one in structures}) == 1
    rows = np.arange(64)
    runners = [
        Runner([slot.value for slot in one.slots], float(m.optimizer.learning_rate), 3, rows, rows, [])
        for m, one in zip(given, structures)
    ]
    places = Places(learner, structures[0], ArrayBatches.of(X, Y).device, 16, runners)
    if not at_once:
        places.at_once = False
        places._states = [nn.tree.map_structure(lambda leaf, n=n: leaf[n], places._states) for n in range(2)]
    else:
        places.at_once = True
    assert places.train(2, np.inf)
    if not at_once:
        return [np.asarray(state.trainable[0]) for state in places._states], places.figures()
    return list(np.asarray(places._states.trainable[0])), places.figures()


def test_numbers_are_inputs_of_one_program_with_the_results_of_models_of_their_own():
    given = [network(), network(0.05, 0.2, 0.1, 0.1, 0.2)]
    together, figures = states_of(given, at_once=True)
    after_another, same = states_of(given, at_once=False)
    # Alone: a program for one place, whose numbers are those of the model itself.
    for place, model in enumerate(given):
        alone, _ = states_of([model, model], at_once=True)
        np.testing.assert_allclose(together[place], alone[0], atol=2e-5)
        np.testing.assert_allclose(after_another[place], alone[0], atol=2e-5)
    assert np.abs(together[0] - together[1]).max() > 0.01
    np.testing.assert_allclose(figures["loss"], same["loss"], atol=1e-4)


def test_numbers_are_told_from_structures():
    text = structure_of(network()).text
    assert structure_of(network(0.5, 0.5, 0.5, 0.5, 0.5)).text == text
    assert structure_of(network(units=9)).text != text
    assert [slot.name for slot in structure_of(network()).slots] == [
        "l2",
        "rate",
        "label_smoothing",
        "beta_1",
        "beta_2",
        "weight_decay",
    ]


def test_a_search_finds_the_rate_and_goes_on_after_a_kill(tmp_path):
    path = tmp_path / "trials.jsonl"
    arguments = {"epochs": 9, "folds": 2, "storage": path}
    first = search(build, X, Y, trials=4, **arguments)
    with path.open("a", encoding="utf-8") as stream:
        stream.write('{"number": 4, "va')  # a kill while it was written
    told = []
    found = search(build, X, Y, trials=12, tell=told.append, **arguments)
    assert [trial.number for trial in found.trials] == list(range(12))
    assert [trial.number for trial in told] == sorted(set(range(12)) - {0, 1, 2, 3}) or len(told) == 8
    assert [t.value for t in found.trials[:4]] == [t.value for t in first.trials]
    assert {trial.state for trial in found.trials} == {"complete", "stopped"}
    assert found.best.value == min(t.value for t in found.trials if t.state == "complete")
    assert next(iter(found.importances())) == "rate"
    assert "keras.layers.Dropout(rate=0.3)" in keras_code(found.best_model(), "keras")
    with pytest.raises(SavingError, match="another search: epochs was 9"):
        search(build, X, Y, trials=4, epochs=3, folds=2, storage=path)


@pytest.mark.experiment  # importing Optuna takes seconds
def test_optuna_gives_values_and_keeps_the_study(tmp_path):
    pytest.importorskip("optuna")
    storage = f"sqlite:///{tmp_path / 'trials.db'}"
    arguments = {"epochs": 4, "sampler": "optuna", "storage": storage, "objective": "val_accuracy"}
    search(build, X, Y, trials=3, **arguments)
    found = search(build, X, Y, trials=5, **arguments)
    assert len(found.trials) == 5
    assert not found.less


def test_spaces_and_searches_refuse_what_they_can_not_be():
    hp = HyperParameters()
    assert (hp.Int("a", 2, 8, step=2), hp.Choice("b", ["x", "y"]), hp.Fixed("c", 7)) == (2, "x", 7)
    for ask, said in [
        (lambda: hp.Int("a", 1, 8), "two ranges"),
        (lambda: hp.Float("d", 0, 1, sampling="log"), "above 0"),
        (lambda: hp.Choice("e", []), "list of values"),
        (lambda: hp.get("bb"), "no hyperparameter 'bb'"),
        (lambda: search(build, X, Y), "trials, time_limit"),
        (lambda: search(build, X, Y, trials=2, objective="val_acuracy"), "val_accuracy"),
        (lambda: search(build, X, Y, trials=2, sampler="grid"), "'random', 'optuna'"),
    ]:
        with pytest.raises(ArgumentError, match=said):
            ask()
    with pytest.raises(DataError, match="no trial ended"):
        _ = search(lambda hp: network(rate=1e30), X, Y, trials=2, epochs=2).best
