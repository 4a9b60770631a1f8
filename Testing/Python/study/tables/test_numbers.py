"""Numbers as people type them, and titles as people write them."""

import math

import numpy as np
import pytest
from BV5AnalysisLib.study.tables.columns import known_unit, plain, slug, understand
from BV5AnalysisLib.study.tables.numbers import AMBIGUOUS, parse_numbers


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("9.8", 9.8),
        ("9,8", 9.8),
        (" 9.8 ", 9.8),
        ("\u22123", -3),
        ("-3,5", -3.5),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1'234.5", 1234.5),
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        ("1 234", 1234),
        (".5", 0.5),
        ("5.", 5),
        ("1.5e3", 1500),
        ("+4", 4),
        ("0,21", 0.21),
        ("1.234", 1.234),
    ],
)
def test_a_number(cell, value):
    found = parse_numbers([cell])
    assert found.values[0] == pytest.approx(value)
    assert not found.unusable


@pytest.mark.parametrize("cell", ["", "NA", "n/a", "-", "–", "?", "Missing", "NaN", "#N/A", "."])
def test_a_missing_value_is_nothing_to_tell(cell):
    found = parse_numbers([cell, "1"])
    assert math.isnan(found.values[0])
    assert not found.unusable


@pytest.mark.parametrize(
    "cell",
    ["<5", ">15", "~60", "none", "5-6", "2 or 3", "2024-05-02", "inf", "1e999", "1_000", "#DIV/0!"],
)
def test_what_is_no_number_is_told(cell):
    found = parse_numbers(["1", cell])
    assert math.isnan(found.values[1])
    assert found.unusable == {1: "is no number"}


@pytest.mark.parametrize("cell", ["9" * 309, "1e99", "9" * 200 + ",5", "1e-99"])
def test_what_nobody_measures_is_told_and_missing(cell):
    found = parse_numbers(["1", cell])
    assert math.isnan(found.values[1])
    assert found.unusable[1].startswith("is no number")
    assert parse_numbers(["0", "1e25", "-1e-25"]).values.tolist() == [0, 1e25, -1e-25]


@pytest.mark.parametrize(
    ("cells", "unclear"),
    [
        (["98.5", "1,234", "97,25"], [1]),
        (["1,234", "980", "2,345"], [0, 2]),  # Excel's thousands.
        (["1,234"], [0]),
        (["1,234", "1,234.5"], [0]),
        (["1,234", "1,234,567", "9,8"], [0]),
        (["1.234", "1.234.567"], [0]),
        (["1.234", "1.234,5"], [0]),
        (["1.234", "9,8"], [0]),
        (["98,5", "1,234"], []),
        (["1,234", "0,980"], []),
        (["28.120", "1.234"], []),
        (["28.120", "2024.05.02"], []),
    ],
)
def test_what_may_be_a_decimal_or_a_thousand_is_not_guessed(cells, unclear):
    found = parse_numbers(cells)
    told = [i for i, reason in found.unusable.items() if reason == AMBIGUOUS]
    assert told == unclear
    assert np.isnan(found.values[unclear]).all()


def test_without_thousands_a_comma_is_decimal():
    assert parse_numbers(["48,123", "50,5"], thousands=False).values.tolist() == [48.123, 50.5]
    assert parse_numbers(["48,123"], thousands=False).values.tolist() == [48.123]


def test_decimal_commas_are_noticed():
    assert parse_numbers(["1,5"]).decimal_comma
    assert not parse_numbers(["1.5"]).decimal_comma


def test_no_cells():
    assert parse_numbers([]).values.shape == (0,)
    assert parse_numbers([]).values.dtype == np.float64


@pytest.mark.parametrize(
    ("title", "key", "unit"),
    [
        ("pao2_mmhg", "pao2_mmhg", "mmHg"),
        ("PaO2", "pao2_mmhg", ""),
        ("PaO₂ (kPa)", "pao2_mmhg", "kPa"),
        ("PaO2 [mm Hg]", "pao2_mmhg", "mmHg"),
        ("pao2_kpa", "pao2_mmhg", "kPa"),
        ("PaO2, kPa", "pao2_mmhg", "kPa"),
        ("PaO2 in kPa", "pao2_mmhg", "kPa"),
        ("PaO2 (arterial)", "pao2_mmhg", ""),
        ("pCO2 / mmHg", "paco2_mmhg", "mmHg"),
        ("FiO2", "fio2", ""),
        ("FiO2 (%)", "fio2", "percent"),
        ("FiO2 %", "fio2", "percent"),
        ("FiO2%", "fio2", "percent"),
        ("fio2_pct", "fio2", "percent"),
        ("oxygen_l_min", "oxygen_l_min", "L/min"),
        ("O2 flow (L/min)", "oxygen_l_min", "L/min"),
        ("Oxygen L/min", "oxygen_l_min", "L/min"),
        ("O2 [lpm]", "oxygen_l_min", "L/min"),
        ("Oxygen need", "oxygen_l_min", ""),
        ("A-a gradient", "aado2_mmhg", ""),
        ("AaDO2 (mmHg)", "aado2_mmhg", "mmHg"),
        ("PaO2/FiO2", "pao2_fio2_mmhg", ""),
        ("P/F ratio", "pao2_fio2_mmhg", ""),
        ("Age (years)", "age", "years"),
        ("AGE", "age", ""),
        ("CRP (mg/L)", "crp_mg_l", "mg/L"),
        ("Days in hospital", "days_in_hospital", ""),
        ("SpO2 %", "spo2", ""),
    ],
)
def test_titles_are_understood(title, key, unit):
    found = understand(title)
    assert (found.key, found.unit) == (key, unit)


def test_names_without_units():
    assert understand("CRP (mg/L)").name == "CRP"
    assert understand("pao2_kpa").name == "PaO2"
    assert understand("Days").name == "Days"


def test_words_for_comparing():
    assert plain("Pa_O₂ ") == plain("PaO2") == "pao2"
    assert slug("Days in  Hospital!") == "days_in_hospital"
    assert known_unit("MM HG") == "mmHg"
    assert known_unit("furlong") == ""
