"""Numbers as people type them, and rules that leave cases out."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.tables.case_table import CaseTable, frame_of
from BV5AnalysisLib.study.tables.exclusions import exclude, parse_rule
from BV5AnalysisLib.study.tables.numbers import MISSING, NO_NUMBER, parse_numbers
from BV5AnalysisLib.study.values import Variable
from hypothesis import given
from hypothesis import strategies as st

# What no program takes for a thousand: not three digits after the sign.
tenths = st.integers(-100_000, 100_000).map(lambda n: n / 10)
columns_of_tenths = st.lists(tenths, min_size=1, max_size=10)
missing = st.sampled_from(sorted(MISSING))
plain = st.floats(-1e6, 1e6).map(lambda number: round(number, 2))
cells = st.lists(st.text(max_size=12) | missing | plain.map(str), max_size=8)


@given(columns_of_tenths)
def test_plain_numbers_are_themselves(numbers):
    found = parse_numbers([repr(number) for number in numbers])
    assert found.values.tolist() == numbers
    assert not found.unusable
    assert not found.decimal_comma


@given(columns_of_tenths)
def test_decimal_commas_are_decimal_points(numbers):
    found = parse_numbers([repr(number).replace(".", ",") for number in numbers])
    assert found.values.tolist() == numbers
    assert not found.unusable
    assert found.decimal_comma


@given(columns_of_tenths, st.sampled_from([",", ".", " ", "'", "\u202f"]))
def test_thousands_with_decimals_are_clear(numbers, sign):
    decimal = "." if sign == "," else ","
    numbers = [1000.0 + abs(number) for number in numbers]
    written = [
        f"{number:,.1f}".replace(",", "T").replace(".", decimal).replace("T", sign)
        for number in numbers
    ]
    found = parse_numbers(written)
    assert found.values.tolist() == numbers
    assert not found.unusable


@given(st.lists(st.floats(1e-29, 1e29) | st.floats(-1e29, -1e-29), min_size=1, max_size=8))
def test_scientific_numbers(numbers):
    written = [f"{number:.16e}" for number in numbers]
    assert parse_numbers(written).values.tolist() == numbers


@given(cells)
def test_each_cell_is_a_number_or_missing_or_has_a_reason(column):
    column = [cell.strip() for cell in column]
    found = parse_numbers(column)
    assert len(found.values) == len(column)
    for index, cell in enumerate(column):
        is_number = np.isfinite(found.values[index])
        assert not (is_number and index in found.unusable)
        if not is_number and index not in found.unusable:
            assert cell.casefold().replace("\u2212", "-") in MISSING


@given(cells)
def test_missing_cells_change_no_other_cell(column):
    column = [cell.strip() for cell in column]
    alone = parse_numbers(column)
    beside = parse_numbers([*column, "", "n/a", "–"])
    assert np.array_equal(beside.values[: len(column)], alone.values, equal_nan=True)
    assert beside.unusable == alone.unusable


@given(st.lists(st.text("abcxyz", min_size=2, max_size=6), min_size=1, max_size=5))
def test_words_are_no_numbers(words):
    words = [word for word in words if word.casefold() not in MISSING]
    assert parse_numbers(words).unusable == dict.fromkeys(range(len(words)), NO_NUMBER)


# Rules

AGE = Variable("age_years", "Age", "years")
COMPARED = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
    "!=": np.not_equal,
    "==": np.equal,
    "≤": np.less_equal,
    "≥": np.greater_equal,
    "≠": np.not_equal,
}
ages = st.lists(st.integers(0, 100).map(float) | st.just(np.nan), min_size=1, max_size=10)
rules = st.tuples(st.sampled_from(sorted(COMPARED)), st.integers(0, 100))


def table_of(values: list[float]) -> CaseTable:
    names = tuple(f"P{number}" for number in range(len(values)))
    return CaseTable(frame_of(names, {AGE.key: np.array(values)}), (AGE,))


@given(ages, rules)
def test_a_rule_leaves_out_those_for_whom_it_holds(values, rule):
    sign, bound = rule
    table = table_of(values)
    left, (step,), _ = exclude(table, [f"age {sign} {bound}"])
    numbers = table.columns[AGE.key]
    out = np.isfinite(numbers) & COMPARED[sign](numbers, bound)
    assert [each.case for each in step.excluded] == list(table.select(out).cases)
    assert left.cases == table.select(~out).cases
    assert step.remaining == len(left)


@given(ages, st.lists(rules, min_size=1, max_size=4))
def test_rules_leave_each_case_out_once(values, several):
    table = table_of(values)
    left, steps, _ = exclude(table, [f"age{sign}{bound}" for sign, bound in several])
    out = [each.case for step in steps for each in step.excluded]
    assert len(out) == len(set(out))
    assert sorted([*out, *left.cases]) == sorted(table.cases)


@given(ages)
def test_a_rule_of_nothing_leaves_out_who_has_no_value(values):
    left, _, _ = exclude(table_of(values), ["age="])
    assert np.isfinite(left.columns[AGE.key]).all()
    assert len(left) == np.isfinite(values).sum()


WARD = Variable("ward", "Ward")
wards = st.lists(st.sampled_from(["ICU", "A", "B2", ""]), min_size=1, max_size=10)


@given(wards, st.sampled_from(["icu", "A", "b2", "C"]))
def test_rules_of_text_part_the_cases_that_have_some(values, wanted):
    names = [f"P{number}" for number in range(len(values))]
    table = CaseTable(frame_of(names, {WARD.key: np.array(values, dtype=object)}), (WARD,))
    left_out = [
        [each.case for step in exclude(table, [f"ward{sign}{wanted}"])[1] for each in step.excluded]
        for sign in ("=", "!=", "~")
    ]
    same = [n for n, ward in zip(names, values, strict=True) if ward.casefold() == wanted.lower()]
    has = [n for n, ward in zip(names, values, strict=True) if wanted.lower() in ward.casefold()]
    assert left_out[0] == same
    assert sorted(left_out[0] + left_out[1]) == sorted(
        n for n, ward in zip(names, values, strict=True) if ward
    )
    assert left_out[2] == has


@given(st.text(max_size=20))
def test_any_text_is_a_rule_or_a_clear_refusal(text):
    refusal = ""
    try:
        rule = parse_rule(text)
    except AnalysisError as error:
        refusal = str(error)
    else:
        assert rule.column
        assert rule.column in text
        assert rule.value in text
    assert not refusal or "is no rule" in refusal


@pytest.mark.parametrize("sign", sorted(COMPARED))
@given(column=st.text("abc_ é", min_size=1, max_size=8), value=st.text("abc9,.", min_size=3))
def test_rules_are_taken_apart_where_they_were_put_together(sign, column, value):
    if not column.strip():
        column = "age"
    rule = parse_rule(f"{column} {sign} {value}")
    assert (rule.column, rule.value) == (column.strip(), value)
