"""Numbers, dates, yes and no as people write them, against Python's own formatting and parsing."""

import datetime
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurona.tabular.spellings import (
    NumberForm,
    date_orders,
    number_forms,
    to_date,
    to_number,
    yes_and_no,
)


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1), st.sampled_from([",", ".", " ", "'"]))
def test_whole_numbers_in_groups_are_those_that_python_wrote(numbers, thousands):
    texts = [f"{number:,}".replace(",", thousands) for number in numbers]
    form = NumberForm("," if thousands == "." else ".", thousands)
    assert [to_number(text, form) for text in texts] == numbers
    forms = number_forms(texts)
    assert any([to_number(text, one) for text in texts] == numbers for one in forms)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_of_python_come_back_bit_by_bit(numbers):
    texts = [repr(number) for number in numbers]
    assert number_forms(texts)[0] == NumberForm()
    assert [to_number(text, NumberForm()) for text in texts] == numbers


@given(st.lists(st.floats(-1e9, 1e9), min_size=1))
def test_decimal_commas_come_back(numbers):
    texts = [f"{number:,.2f}".translate(str.maketrans(",.", ".,")) for number in numbers]
    found = [to_number(text, NumberForm(",", ".")) for text in texts]
    assert found == [float(f"{number:.2f}") for number in numbers]
    assert NumberForm(",", ".") in number_forms(texts) or not any("." in text for text in texts)


@pytest.mark.parametrize(
    ("texts", "number"),
    [
        (["$1,234.50"], 1234.5),
        (["1.234,50 €"], 1234.5),
        (["-$5"], -5),
        (["US$ 7"], 7),
        (["(1,234)"], -1234),
        (["12,5%"], 12.5),
        (["1\u202f234,5"], 1234.5),
        (["−3.5"], -3.5),
        ([".5"], 0.5),
        (["5."], 5),
        (["1e3"], 1000),
        (["1'234.5"], 1234.5),
    ],
)
def test_one_form_reads_the_number(texts, number):
    values = {to_number(texts[0], form) for form in number_forms(texts)}
    assert number in values


@pytest.mark.parametrize(
    "texts",
    [
        ["007"],
        ["1,23,456"],
        ["12a"],
        ["1 2"],
        ["1.2.3"],
        [""],
        ["5%", "5"],
        ["$5", "5 €"],
        ["--5"],
        ["(5"],
        [],
    ],
    ids=str,
)
def test_what_is_no_number_has_no_form(texts):
    assert number_forms(texts) == []


def test_a_cell_in_another_form_is_nan():
    assert math.isnan(to_number("1.234,5", NumberForm()))
    assert math.isnan(to_number("5%", NumberForm()))


@given(st.lists(st.dates(datetime.date(1970, 1, 1), datetime.date(2068, 12, 31)), min_size=1))
def test_dates_of_python_come_back(dates):
    for order, form in (("ymd", "%Y-%m-%d"), ("dmy", "%d/%m/%Y"), ("mdy", "%m/%d/%Y"), ("dmy", "%d.%m.%y")):
        texts = [date.strftime(form) for date in dates]
        assert order in date_orders(texts)
        assert [to_date(text, order).astype(object).date() for text in texts] == dates


@given(st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2068, 12, 31)))
def test_times_come_back_to_the_second(moment):
    moment = moment.replace(microsecond=0)
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %I:%M:%S %p", "%Y-%m-%d %H:%M:%S+00:00"):
        assert to_date(moment.strftime(form), "ymd").astype(object) == moment


@pytest.mark.parametrize(
    ("text", "order", "date"),
    [
        ("3 de abril de 2024", "d month y", "2024-04-03"),
        ("3 abr. 2024", "d month y", "2024-04-03"),
        ("1 de setiembre del 2024", "d month y", "2024-09-01"),
        ("March 3rd, 2024", "month d y", "2024-03-03"),
        ("3-Mar-2024", "d month y", "2024-03-03"),
        ("1/2/70", "dmy", "1970-02-01"),
        ("1/2/68", "mdy", "2068-01-02"),
    ],
)
def test_dates_in_words_and_of_two_digits(text, order, date):
    assert str(to_date(text, order))[:10] == date


@pytest.mark.parametrize(
    "text", ["2023-02-29", "32/1/2024", "2024-13-01", "3 de marzos de 2024", "24:61", ""]
)
def test_days_that_do_not_exist_are_no_dates(text):
    assert date_orders([text]) == []


def test_midnight_and_noon():
    assert str(to_date("2024-01-01 12:05 am", "ymd")) == "2024-01-01T00:05:00"
    assert str(to_date("2024-01-01 12:05 p.m.", "ymd")) == "2024-01-01T12:05:00"
    assert np.isnat(to_date("2024-01-01 25:00", "ymd"))


@pytest.mark.parametrize("pair", ["yes no", "SÍ NO", "Verdadero Falso", "t f", "V F", "on off"])
def test_yes_and_no(pair):
    yes, no = pair.split()
    assert yes_and_no([no, yes]) == {no: False, yes: True}
    assert yes_and_no([yes]) is None
    assert yes_and_no([yes, no, "maybe"]) is None
