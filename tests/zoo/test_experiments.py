"""The experiments of the zoo reach their targets; the pages show what they reached."""

import time

import pytest

from neurona import zoo
from tests.zoo import gallery

CARDS = zoo.cards()


@pytest.mark.experiment
@pytest.mark.parametrize("name", CARDS)
def test_the_experiment_reaches_its_target(name):
    begin = time.perf_counter()
    outcome = CARDS[name].experiment.run(seed=0, quick=False)
    gallery.record(name, outcome, time.perf_counter() - begin)
    assert CARDS[name].experiment.is_reached(outcome.figure), outcome


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_pages_show_the_cards_and_the_figures(language):
    written = gallery.PAGES[language].read_text("utf-8")
    assert written == gallery.page(language), "write them anew with: python -m tests.zoo.gallery"
