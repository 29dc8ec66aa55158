"""What every network of the zoo must do: found by listing the folder."""

import json
import zipfile

import numpy as np
import pytest

import neurona as nn
from neurona import zoo

CARDS = zoo.cards()
OUTCOMES = {}


def quick(name):
    """What a network's quick experiment found; each is run once."""
    if name not in OUTCOMES:
        OUTCOMES[name] = CARDS[name].experiment.run(seed=0, quick=True)
    return OUTCOMES[name]


@pytest.mark.parametrize("name", CARDS)
def test_a_card_says_what_a_reader_wants_to_know(name):
    card = CARDS[name]
    experiment = card.experiment
    assert card.family in zoo.FAMILIES
    assert set(card.cells) <= set(zoo.CELLS)
    assert str(card.year) in card.paper or card.year < int(card.paper[-4:])
    assert getattr(zoo, card.network.__name__) is card.network
    for words in (card.title, card.summary, experiment.task, experiment.measure):
        assert all(words), words
        assert words.en != words.es
    assert experiment.is_reached(experiment.target)
    assert not experiment.is_reached(experiment.target + (1 if experiment.lower else -1))


@pytest.mark.parametrize("name", CARDS)
def test_the_quick_experiment_reaches_its_bound(name):
    experiment = CARDS[name].experiment
    figure = quick(name).figure
    assert experiment.is_reached(figure, quick=True), figure


@pytest.mark.parametrize("name", CARDS)
def test_a_network_is_drawn(name, tmp_path):
    """Every second one in Spanish; `python -m tests.zoo.gallery` draws all in both languages."""
    language = ("en", "es")[list(CARDS).index(name) % 2]
    file = tmp_path / "drawn.png"
    figure = quick(name).network.plot(**quick(name).shown, language=language, to_file=file)
    drawn = [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
    assert CARDS[name].title.of(language) in drawn
    assert file.stat().st_size > 1000


@pytest.mark.parametrize("name", CARDS)
def test_a_saved_network_is_the_same(name, tmp_path):
    network = quick(name).network
    network.save(tmp_path / "network.keras")
    again = zoo.load(tmp_path / "network.keras")
    assert type(again) is type(network)
    assert str(again.get_params()) == str(network.get_params())
    for ours, theirs in zip(again.model_.get_weights(), network.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    fitted = {name for name in vars(network) if name.endswith("_")} - {"model_", "history_"}
    for attribute in fitted:
        np.testing.assert_array_equal(getattr(again, attribute), getattr(network, attribute))


def test_a_model_that_is_no_network_is_refused(tmp_path):
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    with pytest.raises(nn.errors.SavingError, match="no network of the zoo"):
        zoo.load(tmp_path / "model.keras")


GOOD = {"class_name": "Oja", "params": {}, "tuples": [], "fitted": {}}


@pytest.mark.parametrize(
    "described",
    [
        {**GOOD, "class_name": "Popen", "module": "subprocess"},
        {**GOOD, "class_name": "Estimator", "params": {"a": 1}},
        {**GOOD, "class_name": ["Oja"]},
        {**GOOD, "params": {"no_such": 1}},
        {**GOOD, "params": {"rule": {"class_name": "Popen", "module": "subprocess", "config": {}}}},
        {**GOOD, "fitted": {"__class__": 1}},
        {**GOOD, "fitted": {"fit": 1}},
        {**GOOD, "tuples": ["epochs"]},
        {"class_name": "Oja"},
        [],
        None,
    ],
)
def test_a_strangers_description_is_refused_and_nothing_else_is_run(described, tmp_path):
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras", "a") as archive:
        archive.writestr("network.json", json.dumps(described))
    with pytest.raises(nn.errors.SavingError):
        zoo.load(tmp_path / "model.keras")
