"""Options written once: what a constructor shows, takes and hands on."""

import inspect
from typing import Annotated, Any, TypedDict, Unpack

import pytest

from neurona.core.options import Option, documented, with_options


class Start(TypedDict, total=False):
    start: Annotated[str, Option("zeros", "the first value.")]


class Rates(Start, total=False):
    rate: Annotated[float, Option(0.5, "how fast.")]
    name: str


class Cell:
    """A cell.

    Args:
        units: how many.
        **options: those of `Rates`.
        last: what comes last.
    """

    @with_options
    def __init__(self, units: int, scale: float = 1.0, **options: Unpack[Rates]) -> None:
        self.given: dict[str, Any] = {"units": units, "scale": scale, **options}


def test_the_signature_lists_the_options_of_all_blocks_in_order_with_their_defaults():
    assert (
        str(inspect.signature(Cell))
        == "(units: int, scale: float = 1.0, start: str = 'zeros', rate: float = 0.5, **kwargs: Any) -> None"
    )


def test_options_are_taken_by_position_and_by_keyword_and_reach_the_constructor_complete():
    expected = {"units": 3, "scale": 2.0, "start": "ones", "rate": 0.5}
    assert Cell(3, 2.0, "ones").given == Cell(3, 2.0, start="ones").given == expected


def test_a_field_without_a_default_stays_a_keyword_and_is_left_out_unless_given():
    assert "name" not in Cell(3).given
    assert Cell(3, name="a").given["name"] == "a"


@pytest.mark.parametrize("call", [lambda: Cell(3, 1.0, "ones", start="zeros"), lambda: Cell(1, 2, "a", 3, 4)])
def test_too_many_values_are_refused(call):
    with pytest.raises(TypeError):
        call()


def test_a_constructor_without_options_is_left_as_it_is():
    def init(self, units, **kwargs):
        pass

    assert with_options(init) is init


def test_the_docstring_explains_each_option_where_the_options_stood():
    # cleandoc, because Python 3.13 takes the indentation away by itself
    assert inspect.cleandoc(documented(Cell)).splitlines()[3:7] == [
        "    units: how many.",
        "    start: the first value.",
        "    rate: how fast.",
        "    last: what comes last.",
    ]
