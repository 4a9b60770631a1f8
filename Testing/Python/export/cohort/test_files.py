"""A cohort's text files: whole, exact, and harmless in a spreadsheet."""

import csv
import dataclasses
import io
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from BV5AnalysisLib.export.cohort.cohort_json import cohort_json
from BV5AnalysisLib.export.cohort.table_blocks import Block, table_one
from BV5AnalysisLib.export.cohort.text_tables import (
    cohort_csv,
    comparisons_csv,
    correlations_csv,
    exclusions_csv,
    pairs_csv,
    table_csv,
    table_markdown,
    unusable_csv,
)
from BV5AnalysisLib.study.cohort.options import CohortOptions
from BV5AnalysisLib.study.measures import MEASURES
from BV5AnalysisLib.study.statistics.statistical_results import Estimate, Test
from BV5AnalysisLib.study.values import Exclusion, FlowStep, Group, UnusableCell
from helpers.cohorts import cohort_result

NAN = float("nan")
SCHEMA = json.loads(
    (Path(__file__).parents[4] / "docs" / "cohort.schema.json").read_text(encoding="utf-8")
)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def dicts_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def result():
    return cohort_result()


@pytest.fixture(params=FORMULAS, ids=repr)
def hostile(request):
    """A result whose every text of others begins like a formula."""
    text = request.param
    plain = cohort_result(12)
    cohort = dataclasses.replace(
        plain.cohort,
        cases=tuple(f"{text}{index}" for index in range(12)),
        columns={**plain.cohort.columns, "site": np.array([text] * 12, object)},
        flow=(FlowStep(text, 12, (Exclusion(text, text),)),),
        without_scan=(Exclusion(text, text),),
        unusable=(UnusableCell(text, text, text, text),),
    )
    groups = tuple(Group(text + group.label, group.members) for group in plain.groups)
    comparisons = tuple(dataclasses.replace(each, problem=text) for each in plain.comparisons)
    correlations = tuple(
        dataclasses.replace(
            each, problem=text, variable=dataclasses.replace(each.variable, key=text, name=text)
        )
        for each in plain.correlations
    )
    return dataclasses.replace(
        plain, cohort=cohort, groups=groups, comparisons=comparisons, correlations=correlations
    )


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would calculate a cell, which a plain number is not."""
    if cell[:1] not in {"=", "+", "-", "@", "\t", "\r"}:
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize(
    "write",
    [
        lambda result: table_csv(table_one(result)).removeprefix("\ufeff"),
        cohort_csv,
        comparisons_csv,
        correlations_csv,
        exclusions_csv,
        unusable_csv,
    ],
    ids=["table1", "cohort", "comparisons", "correlations", "exclusions", "unusable"],
)
def test_no_cell_is_a_formula(hostile, write):
    rows = rows_of(write(hostile))
    assert len(rows) > 1
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if is_formula(cell)] == []
    assert any(cell.startswith("'") for cell in cells)


def test_table_one_is_what_is_printed(result):
    text = table_csv(table_one(result))
    assert text.startswith("\ufeff")
    rows = rows_of(text.removeprefix("\ufeff"))
    assert {len(row) for row in rows} == {len(rows[0])}
    comparison, correlation = table_one(result)
    assert rows[0] == list(comparison.header)
    assert rows[1 : 1 + len(MEASURES)] == [list(row) for row in comparison.rows]
    assert list(correlation.header) in [row[: len(correlation.header)] for row in rows]
    assert comparison.footnotes[0] in [row[0] for row in rows]


def test_markdown_has_rows_of_one_width_and_nothing_of_the_text_acts():
    block = Block("A | b", ("M", "<b>x</b>"), (("a|b", "1*2_3"), ("Heading",)), ("`n`\nx",))
    lines = table_markdown([block]).splitlines()
    assert lines == [
        "### A \\| b",
        "",
        "| M | \\<b\\>x\\</b\\> |",
        "| :-- | --: |",
        "| a\\|b | 1\\*2\\_3 |",
        "| **Heading** |  |",
        "",
        "\\`n\\` x  ",
    ]


def test_cohort_csv_has_every_patient_with_group_and_all_columns(result):
    rows = dicts_of(cohort_csv(result))
    assert [row["case"] for row in rows] == list(result.cohort.cases)
    assert list(rows[0]) == ["case", "group", *result.cohort.columns]
    members = result.groups[0].members
    assert [row["group"] == result.groups[0].label for row in rows] == members.tolist()
    values = [float(row["bv5_pct"]) for row in rows]
    assert np.allclose(values, result.cohort.columns["bv5_pct"], rtol=1e-9)


def test_a_clinical_column_named_group_keeps_its_name(result):
    columns = {**result.cohort.columns, "group": np.full(50, "control", object)}
    cohort = dataclasses.replace(result.cohort, columns=columns)
    row = dicts_of(cohort_csv(dataclasses.replace(result, cohort=cohort)))[0]
    assert row["group"] == "control"
    assert row["compared_group"] in {group.label for group in result.groups}


def test_missing_values_are_empty_cells(result):
    columns = dict(result.cohort.columns)
    columns["age"] = np.where(np.arange(50) == 7, NAN, columns["age"])
    columns["sex"] = np.where(np.arange(50) == 7, "", columns["sex"]).astype(object)
    cohort = dataclasses.replace(result.cohort, columns=columns)
    rows = dicts_of(cohort_csv(dataclasses.replace(result, cohort=cohort)))
    assert (rows[7]["age"], rows[7]["sex"]) == ("", "")
    assert rows[8]["age"] != ""


def test_a_patient_of_no_group_has_no_group(result):
    only = (Group("first", np.arange(50) == 0),)
    rows = dicts_of(cohort_csv(dataclasses.replace(result, groups=only)))
    assert [row["group"] for row in rows] == ["first"] + [""] * 49


def test_comparisons_csv_has_all_digits_of_all_measures_and_characteristics(result):
    rows = dicts_of(comparisons_csv(result))
    assert len(rows) == 2 * (len(result.comparisons) + len(result.characteristics))
    first = result.comparisons[0]
    assert float(rows[0]["mean"]) == pytest.approx(first.summaries[0].mean, rel=1e-9)
    assert float(rows[1]["sd"]) == pytest.approx(first.summaries[1].sd, rel=1e-9)
    assert float(rows[0]["p"]) == pytest.approx(first.tests[0].p, rel=1e-9)
    assert rows[0]["test"] == "welch"
    assert rows[0]["other_tests"].startswith("mann-whitney p=")


def test_a_comparison_that_failed_has_its_reason_and_no_number(result):
    failed = dataclasses.replace(
        result.comparisons[0], difference=None, effect_size=None, tests=(), p_holm=NAN, problem="x"
    )
    changed = dataclasses.replace(result, comparisons=(failed,), characteristics=())
    for row in dicts_of(comparisons_csv(changed)):
        assert row["problem"] == "x"
        assert {row[name] for name in ("difference", "effect_size", "test", "p", "p_holm")} == {""}
        assert (row["difference_of"], row["effect_size_name"]) == ("", "")


def test_comparisons_csv_says_whose_difference_and_which_effect_size(result):
    first = dicts_of(comparisons_csv(result))[0]
    assert (first["difference_of"], first["effect_size_name"]) == ("means", "Hedges' g")
    by_ranks = dataclasses.replace(
        result.comparisons[0], tests=(Test("mann-whitney", 190.0, NAN, 0.03),)
    )
    changed = dataclasses.replace(result, comparisons=(by_ranks,))
    first = dicts_of(comparisons_csv(changed))[0]
    assert (first["difference_of"], first["effect_size_name"]) == ("medians", "Rank-biserial r")


def test_comparisons_csv_has_both_degrees_of_freedom_of_an_analysis_of_variance():
    three = cohort_result(groups=3)
    tests = (Test("anova", 3.2, 47.0, 0.04, 2.0),)
    anova = dataclasses.replace(three.comparisons[0], tests=tests)
    rows = dicts_of(comparisons_csv(dataclasses.replace(three, comparisons=(anova,))))
    found = rows[0]["numerator_degrees_of_freedom"], rows[0]["degrees_of_freedom"]
    assert found == ("2", "47")
    # The clinical variables are compared by the test of Kruskal and Wallis.
    found = rows[-1]["numerator_degrees_of_freedom"], rows[-1]["degrees_of_freedom"]
    assert found == ("", "2")


def test_pairs_csv_has_each_two_groups_of_each_measure():
    three = cohort_result(groups=3)
    rows = dicts_of(pairs_csv(three))
    assert len(rows) == 3 * len(three.comparisons)
    assert (rows[1]["first_group"], rows[1]["second_group"]) == ("Site A", "Site C")
    found = three.pairs[1].comparison
    assert float(rows[1]["difference"]) == pytest.approx(found.difference.value, rel=1e-9)
    assert float(rows[1]["p_holm"]) == pytest.approx(found.p_holm, rel=1e-9)
    assert rows[1]["test"] == "welch"


def test_labels_of_pairs_are_no_formulas():
    three = cohort_result(groups=3)
    pair = dataclasses.replace(three.pairs[0], groups=("=1+1", "−2"))
    row = dicts_of(pairs_csv(dataclasses.replace(three, pairs=(pair,))))[0]
    assert not row["first_group"].startswith("=")
    assert not row["second_group"].startswith("−")


def test_correlations_csv(result):
    rows = dicts_of(correlations_csv(result))
    assert len(rows) == len(result.correlations)
    assert {row["method"] for row in rows} == {"pearson", "spearman"}
    first = result.correlations[0]
    assert float(rows[0]["coefficient"]) == pytest.approx(first.coefficient.value, rel=1e-9)


def test_everyone_left_out_is_named_with_the_reason(result):
    rows = dicts_of(exclusions_csv(result))
    assert [(row["case"], row["what"]) for row in rows] == [
        ("scan-1", "scan"),
        ("scan-2", "scan"),
        ("scan-3", "scan"),
        ("scan-4", "scan"),
        ("patient-77", "clinical row"),
    ]
    assert rows[3]["reason"] == "age below 18"
    assert dicts_of(unusable_csv(result)) == [
        {"case": "case-00003", "column": "PaO2", "cell": "n/a", "reason": "is no number"}
    ]


def test_the_record_follows_its_schema(result):
    record = json.loads(cohort_json(result))
    jsonschema.validate(record, SCHEMA)
    assert record["n"] == 50
    assert record["comparisons"][0]["tests"][0]["p"] == result.comparisons[0].tests[0].p
    assert len(record["flow"][1]["excluded"]) == 2


def test_the_record_of_three_groups_follows_its_schema():
    jsonschema.validate(json.loads(cohort_json(cohort_result(groups=3))), SCHEMA)


def test_what_is_no_number_is_null(result):
    lost = dataclasses.replace(
        result.correlations[0], coefficient=Estimate(NAN, NAN, float("inf")), p=NAN
    )
    text = cohort_json(dataclasses.replace(result, correlations=(lost,)))
    assert "NaN" not in text
    assert "Infinity" not in text
    record = json.loads(text)
    jsonschema.validate(record, SCHEMA)
    assert record["correlations"][0]["coefficient"] == {
        "value": None, "low": None, "high": None, "problem": "",
    }  # fmt: skip


def test_options_are_kept(result):
    options = CohortOptions(group_by="age", adjust=("age", "sex"), units={"pao2": "kPa"})
    record = json.loads(cohort_json(result, options))
    assert set(record["options"]) == {field.name for field in dataclasses.fields(CohortOptions)}
    assert record["options"]["group_by"] == "age"
    assert record["options"]["adjust"] == ["age", "sex"]
    assert record["options"]["threshold"] is None
    assert record["options"]["units"] == {"pao2": "kPa"}
