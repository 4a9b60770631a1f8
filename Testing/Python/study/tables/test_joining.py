"""Measurements and clinical rows: who has both, who is left out, and why."""

import itertools

import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.cohort.analysis import CohortOptions, analyze_cohort
from BV5AnalysisLib.study.tables.joining import loose
from BV5AnalysisLib.study.tables.measurement_table import definition_of, read_measurements
from helpers.cohort_tables import (
    BV5_PCT,
    case_names,
    clinical,
    clinical_rows,
    measured,
    measurements,
    with_column,
)


def rows_of_cases(**cells):
    return [measured(case, pct, **cells) for case, pct in zip(case_names(), BV5_PCT, strict=True)]


def analyzed(folder, rows=None, clinical_table=None, **options):
    return analyze_cohort(
        measurements(folder, rows),
        clinical(folder, clinical_table),
        CohortOptions(resamples=100, **options),
    )


def refusal(folder, rows=None, clinical_table=None, **options):
    with pytest.raises(AnalysisError) as caught:
        analyzed(folder, rows, clinical_table, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def reasons(result):
    return {each.case: each.reason for step in result.cohort.flow for each in step.excluded}


def steps(result):
    return [(step.text, step.remaining) for step in result.cohort.flow]


def notes(result):
    return " ".join(result.cohort.notes)


def check_flow(result):
    """Every step takes out as many as it says, from all scans to those analyzed."""
    flow = result.cohort.flow
    for before, step in itertools.pairwise(flow):
        assert before.remaining - len(step.excluded) == step.remaining
    assert flow[-1].remaining == len(result.cohort.cases)


def test_the_region_is_chosen(tmp_path):
    rows = rows_of_cases()
    rows += [measured(case, 30 + i, "left") for i, case in enumerate(case_names())]
    both = analyzed(tmp_path, rows)
    left = analyzed(tmp_path, rows, region="Left")
    assert both.cohort.columns["bv5_pct"].tolist() == list(BV5_PCT)
    assert left.cohort.columns["bv5_pct"].tolist() == [30 + i for i in range(10)]
    assert "no region 'lobe'; it has both, left" in refusal(tmp_path, rows, region="lobe")


def test_a_case_without_the_region_is_excluded(tmp_path):
    rows = [*rows_of_cases(), measured("P11", 40, "left")]
    result = analyzed(tmp_path, rows)
    assert reasons(result)["P11"] == "has no region both"
    assert steps(result)[:2] == [("scans", 11), ("measured", 10)]
    check_flow(result)


def test_rejected_cases_are_left_out_unless_kept(tmp_path):
    rows = rows_of_cases()
    rows[0]["review"] = "rejected"
    rows[1]["review"] = "accepted"
    result = analyzed(tmp_path, rows)
    assert reasons(result) == {"P01": "rejected in review"}
    check_flow(result)
    assert len(analyzed(tmp_path, rows, keep_rejected=True).cohort.cases) == 10


def test_rows_that_are_there_twice(tmp_path):
    rows = rows_of_cases()
    result = analyzed(tmp_path, [*rows, rows[0], measured("P02", 99)])
    assert list(reasons(result)) == ["P02"]
    assert "contradict" in reasons(result)["P02"]
    assert result.cohort.cases[0] == "P01"
    check_flow(result)


def test_values_that_cannot_be_are_missing_and_all_missing_is_excluded(tmp_path):
    rows = rows_of_cases()
    rows[0]["bv5_pct"] = 140
    rows[1]["tpbv_ml"] = -1
    for key in rows[2]:
        if key.endswith(("_ml", "_pct")):
            rows[2][key] = ""
    result = analyzed(tmp_path, rows)
    assert {(each.case, each.column) for each in result.cohort.unusable} == {
        ("P01", "bv5_pct"),
        ("P02", "tpbv_ml"),
    }
    assert reasons(result) == {"P03": "all measurements are missing"}
    assert result.comparisons[0].summaries[0].n + result.comparisons[0].summaries[1].n == 8
    check_flow(result)


def test_scans_of_a_batch_that_failed_or_are_not_finished_are_counted(tmp_path):
    measurements(tmp_path)
    (tmp_path / "batch.json").write_text("{}", encoding="utf-8")
    (tmp_path / "failures.csv").write_text("case,reason\nP11,no lungs\n", encoding="utf-8")
    cases = "case,choice\n" + "".join(f"{case},\n" for case in [*case_names(), "P11", "P12"])
    (tmp_path / "cases.csv").write_text(cases, encoding="utf-8")
    result = analyze_cohort(tmp_path, clinical(tmp_path))
    assert steps(result)[:3] == [("scans", 12), ("measured", 10), ("with clinical data", 10)]
    assert reasons(result) == {"P11": "failed: no lungs", "P12": "not finished"}
    check_flow(result)


def test_a_clinical_row_of_a_scan_that_failed_has_a_scan(tmp_path):
    measurements(tmp_path)
    (tmp_path / "batch.json").write_text("{}", encoding="utf-8")
    (tmp_path / "failures.csv").write_text("case,reason\nP11,no lungs\n", encoding="utf-8")
    rows = [*clinical_rows(), ["P11", *clinical_rows()[1][1:]]]
    assert not analyze_cohort(tmp_path, clinical(tmp_path, rows)).cohort.without_scan


def test_cases_without_the_other_half_are_told_on_both_sides(tmp_path):
    rows = [*rows_of_cases()[1:], measured("X1", 40)]
    result = analyzed(tmp_path, rows)
    assert reasons(result) == {"X1": "not in clinical.csv"}
    assert [each.case for each in result.cohort.without_scan] == ["P01"]
    assert "P01" in notes(result)
    check_flow(result)


def test_contradicting_clinical_rows_take_the_case_out(tmp_path):
    table = clinical_rows()
    other = [*table[1][:2], 99, *table[1][3:]]
    result = analyzed(tmp_path, None, [*table, other])
    assert "rows 2, 12 of clinical.csv contradict" in reasons(result)["P01"]
    check_flow(result)


def test_names_join_exactly_and_near_ones_are_suggested(tmp_path):
    table = clinical_rows()
    table[1][0] = "p1"
    result = analyzed(tmp_path, None, table)
    assert reasons(result) == {"P01": "not in clinical.csv"}
    assert "P01 and p1" in notes(result)
    assert "--loose-names" in notes(result)
    joined = analyzed(tmp_path, None, table, loose_names=True)
    assert joined.cohort.cases[0] == "P01"
    assert not joined.cohort.without_scan


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("P01", "p1"),
        ("case_007", "Case 7"),
        ("A-1.nii.gz", "a_01"),
        ("x.nrrd", "X"),
        ("12.0", "12"),
    ],
)
def test_loosely_the_same(one, other):
    assert loose(one) == loose(other)


@pytest.mark.parametrize(
    ("one", "other"), [("P10", "P1"), ("P0", "P"), ("A1", "B1"), ("P1.0", "P1"), ("12", "1 2")]
)
def test_loosely_different(one, other):
    assert loose(one) != loose(other)


def test_names_that_are_loosely_the_same_in_one_table(tmp_path):
    table = [*clinical_rows(), ["p1", *clinical_rows()[2][1:]]]
    # Rows of one case that contradict each other take it out; two scans cannot be one.
    assert "P01" in reasons(analyzed(tmp_path, None, table, loose_names=True))
    rows = [*rows_of_cases(), measured("p1", 40)]
    assert "are the same with --loose-names" in refusal(tmp_path, rows, loose_names=True)


def test_letters_with_accents_join_however_they_are_stored(tmp_path):
    rows = [*rows_of_cases(), measured("Zoe\u0308", 40)]
    table = [*clinical_rows(), ["Zo\u00eb", *clinical_rows()[1][1:]]]
    assert len(analyzed(tmp_path, rows, table).cohort.cases) == 11


def test_nothing_joins(tmp_path):
    table = with_column(clinical_rows(), "case", range(1, 11), instead_of="case")
    told = refusal(tmp_path, None, table)
    assert "No case of measurements.csv (P01, P02, P03 and 7 more)" in told
    assert "--case-column" in told
    table = with_column(clinical_rows(), "case", [f"p{i}" for i in range(1, 11)], "case")
    assert "--loose-names" in refusal(tmp_path, None, table)


def test_nothing_joins_as_all_cases_have_several_rows(tmp_path):
    table = clinical_rows()
    later = [[row[0], 15, *row[2:]] for row in table[1:]]
    told = refusal(tmp_path, None, [*table, *later])
    assert "10 cases of clinical.csv have several rows that contradict each other" in told


def test_a_clinical_column_is_not_taken_for_one_of_ours(tmp_path):
    rows = [{k: v for k, v in row.items() if k != "review"} for row in rows_of_cases()]
    table = with_column(clinical_rows(), "review", ["x", "y"] * 5)
    result = analyzed(tmp_path, rows, table)
    assert "review_clinical" in [each.variable.key for each in result.categories]


def test_a_column_of_both_tables(tmp_path):
    table = with_column(clinical_rows(), "tpbv_ml", range(10))
    result = analyzed(tmp_path, None, table)
    assert result.cohort.columns["tpbv_ml"].tolist() == [200] * 10
    assert result.cohort.columns["tpbv_ml_clinical"].tolist() == list(range(10))


def test_the_tables_in_the_wrong_order(tmp_path):
    with pytest.raises(AnalysisError, match=r"clinical\.csv is no table of measurements"):
        analyze_cohort(clinical(tmp_path), measurements(tmp_path))


def test_a_folder_without_measurements(tmp_path):
    with pytest.raises(AnalysisError, match=r"holds no measurements\.csv"):
        analyze_cohort(tmp_path, clinical(tmp_path))


def test_measurements_that_went_through_a_spreadsheet(tmp_path):
    path = measurements(tmp_path)
    text = path.read_text(encoding="utf-8").translate(str.maketrans(",.", ";,"))
    path.write_text("\ufeff" + text, encoding="utf-8")
    assert read_measurements(path).table.columns["bv5_pct"].tolist() == list(BV5_PCT)


def test_a_name_that_was_guarded_against_formulas(tmp_path):
    rows = [*rows_of_cases(), measured("'=P11", 40)]
    assert read_measurements(measurements(tmp_path, rows)).table.cases[-1] == "=P11"


def test_different_definitions_are_refused_unless_left_out(tmp_path):
    rows = rows_of_cases()
    rows[0]["minimum_csa_mm2"] = 0
    told = refusal(tmp_path, rows)
    assert "mixes definitions" in told
    assert "1 case with 0, 5, 10" in told
    result = analyzed(tmp_path, rows, exclude=("minimum_csa_mm2!=1.25",))
    assert reasons(result) == {"P01": "minimum_csa_mm2 ≠ 1.25"}
    assert "1.25 ≤ CSA < 5 mm²" in result.definitions[0]
    table = read_measurements(measurements(tmp_path, rows)).table
    with pytest.raises(AnalysisError, match="mixes definitions"):
        definition_of(table, "measurements.csv")


def test_the_definition_without_a_floor(tmp_path):
    result = analyzed(tmp_path, rows_of_cases(minimum_csa_mm2=0))
    assert "0 ≤ CSA < 5 mm²" in result.definitions[0]
    assert "without vessels below" not in result.definitions[-1]


def test_different_versions_are_told(tmp_path):
    rows = rows_of_cases()
    rows[0]["software_version"] = "0.9"
    result = analyzed(tmp_path, rows)
    assert "different versions of the software: 0.9, 1.0" in notes(result)
    assert "0.9 and 1.0" in result.methods[0]


def test_findings_are_told_and_can_be_a_rule(tmp_path):
    rows = rows_of_cases()
    rows[3]["findings"] = "thick_slices;noise"
    assert "thick_slices (1)" in notes(analyzed(tmp_path, rows))
    result = analyzed(tmp_path, rows, exclude=("findings~thick_slices",))
    assert list(reasons(result)) == ["P04"]


def test_too_few_cases_tell_where_the_others_went(tmp_path):
    told = refusal(tmp_path, rows_of_cases()[:2])
    assert "Only 2 cases can be analyzed, and 3 are needed: 2 scans; 2 with clinical data" in told


def test_what_is_withheld_is_missing_and_counted(tmp_path):
    rows = rows_of_cases()
    for row in rows[:2]:
        row |= {"withheld": "incomplete_chest", "tpbv_ml": "", "bv5_ml": ""}
    for row in rows:
        row.setdefault("withheld", "")
    assert "missing in 2 cases (incomplete_chest (2))" in notes(analyzed(tmp_path, rows))
    assert "TPBV (mL) of 2" in notes(analyzed(tmp_path, rows))


def test_cases_that_cannot_be_trusted_are_named_and_can_be_left_out(tmp_path):
    rows = rows_of_cases()
    for number, row in enumerate(rows):
        row["trusted"] = "no" if number == 1 else "yes"
    named = notes(analyzed(tmp_path, rows))
    assert "The numbers of 1 case cannot be trusted" in named
    assert rows[1]["case"] in named
    result = analyzed(tmp_path, rows, exclude=("trusted=no",))
    assert list(reasons(result)) == [rows[1]["case"]]
