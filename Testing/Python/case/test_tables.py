"""measurements.csv, read back with the csv module."""

import csv
import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.case.files import Review, case_of
from BV5AnalysisLib.case.measurements_csv import COLUMNS, safe_cell, write_measurements
from BV5AnalysisLib.imaging.model.finding import Finding, Severity
from BV5AnalysisLib.imaging.model.measurements import Kernel
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.study.formulas import unguard

FIXED = (
    "case,region,lung_volume_ml,tpbv_ml,bv5_ml,bv5_10_ml,bv10_ml,below_floor_ml,"
    "bv5_pct,bv5_10_pct,bv10_pct"
)


def read_rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_agreed_columns_come_first():
    assert ",".join(COLUMNS).startswith(FIXED + ",")


def test_rows_hold_the_measurements(tmp_path, small_result):
    write_measurements(tmp_path / "m.csv", case_of("case 1", small_result))
    rows = read_rows(tmp_path / "m.csv")
    assert [row["region"] for row in rows] == ["both", "right", "left"]
    for row, measurement in zip(rows, small_result.measurements, strict=True):
        assert row["case"] == "case 1"
        for name in FIXED.split(",")[2:]:
            assert float(row[name]) == pytest.approx(getattr(measurement, name), abs=1e-3)
        shares = sum(float(row[name]) for name in ("bv5_pct", "bv5_10_pct", "bv10_pct"))
        assert shares == pytest.approx(100, abs=0.01)
        assert float(row["minimum_csa_mm2"]) == 1.25
        assert float(row["bv5_upper_csa_mm2"]) == 5
        assert float(row["bv10_lower_csa_mm2"]) == 10
        assert float(row["blood_hu"]) == 40


def test_findings_are_codes_of_what_should_worry(tmp_path, small_result):
    findings = (
        Finding("cut", Severity.ERROR, "Cut."),
        Finding("thick_slices", Severity.WARNING, "Thick."),
        Finding("note", Severity.INFO, "Note."),
    )
    result = dataclasses.replace(small_result, findings=findings)
    write_measurements(tmp_path / "m.csv", case_of("c", result))
    assert read_rows(tmp_path / "m.csv")[0]["findings"] == "cut;thick_slices"


def test_no_blood_gives_empty_percentages(tmp_path, small_result):
    none = dataclasses.replace(small_result.measurements[0], bv5_ml=0.0, bv5_10_ml=0.0, bv10_ml=0.0)
    assert np.isnan(none.bv5_pct)
    result = dataclasses.replace(small_result, measurements=(none,))
    write_measurements(tmp_path / "m.csv", case_of("c", result))
    (row,) = read_rows(tmp_path / "m.csv")
    assert row["bv5_pct"] == row["bv5_10_pct"] == row["bv10_pct"] == ""
    assert float(row["tpbv_ml"]) == 0


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(tmp_path, small_result, text):
    region = dataclasses.replace(small_result.measurements[0], region=text)
    result = dataclasses.replace(small_result, measurements=(region,))
    write_measurements(tmp_path / "m.csv", case_of(text, result))
    (row,) = read_rows(tmp_path / "m.csv")
    assert row["case"] == row["region"] == "'" + text.strip()


@pytest.mark.parametrize("sign", ["=", "+", "-", "−", "@", "＝", "＋", "－", "＠"])
@pytest.mark.parametrize("before", ["", " ", "\t", "\r", "\n", "\u3000"])
def test_a_sign_that_begins_a_formula_is_neutralized(sign, before):
    assert safe_cell(f"{before}{sign}1+1") == f"'{sign}1+1"


def test_a_formula_after_a_semicolon_is_neutralized():
    """It is a cell of its own where the comma is the decimal sign."""
    assert safe_cell("seen; =1+1;@x") == "seen; '=1+1;'@x"


@pytest.mark.parametrize(
    "text", ["left lower lobe, 2", "a = b", "P-001", "ground_glass;consolidation", "5 - 3; 2"]
)
def test_plain_text_stays(text):
    assert safe_cell(text) == text


def test_what_was_made_safe_can_be_undone():
    assert safe_cell("=1;-2") == "'=1;'-2"
    assert unguard(safe_cell("=1;-2")) == "=1;-2"


def test_commas_quotes_and_umlauts_survive(tmp_path, small_result):
    write_measurements(tmp_path / "m.csv", case_of('Fall "Ü", 2', small_result))
    assert read_rows(tmp_path / "m.csv")[0]["case"] == 'Fall "Ü", 2'


def test_the_review_stands_in_every_row_and_is_no_formula(tmp_path, small_result):
    case = case_of("c", small_result)
    write_measurements(tmp_path / "m.csv", case)
    assert {row["review"] for row in read_rows(tmp_path / "m.csv")} == {""}
    review = Review("rejected", "=HYPERLINK(1)", '@cmd\n"two", lines', "2026-11-22T10:00:00+00:00")
    write_measurements(tmp_path / "m.csv", dataclasses.replace(case, review=review))
    rows = read_rows(tmp_path / "m.csv")
    assert len(rows) == 3
    for row in rows:
        assert row["review"] == "rejected"
        assert row["reviewer"] == "'=HYPERLINK(1)"
        assert row["review_comment"] == '\'@cmd "two", lines'
    assert list(rows[0])[24:27] == ["review", "reviewer", "review_comment"]


def test_hilar_blood_and_how_it_counts_stand_behind_the_review(tmp_path, small_result):
    row = dataclasses.replace(small_result.measurements[0], hilar_bv10_ml=2.5, hilar_bv5_ml=0.25)
    result = dataclasses.replace(small_result, measurements=(row,))
    write_measurements(tmp_path / "m.csv", case_of("c", result))
    (written,) = read_rows(tmp_path / "m.csv")
    assert list(written)[27:30] == ["hilar_ml", "hilum", "hilum_share"]
    assert list(written.values())[27:30] == ["2.7500", "apart", "0.80"]
    # Not told apart: no number.
    unknown = dataclasses.replace(row, hilar_bv10_ml=float("nan"))
    old = dataclasses.replace(
        result, measurements=(unknown,), parameters=Parameters(hilum="included")
    )
    write_measurements(tmp_path / "m.csv", case_of("c", old))
    (written,) = read_rows(tmp_path / "m.csv")
    assert list(written.values())[27:30] == ["", "included", "0.80"]


@pytest.mark.parametrize(
    ("kernel", "text"),
    [(Kernel(), "0.00"), (Kernel(1.234, 1.5), "1.23"), (Kernel(looked_for=False), "")],
)
def test_how_sharp_a_kernel_was_undone_is_told(tmp_path, small_result, kernel, text):
    calibration = dataclasses.replace(small_result.calibration, kernel=kernel)
    result = dataclasses.replace(small_result, calibration=calibration)
    write_measurements(tmp_path / "m.csv", case_of("c", result))
    rows = read_rows(tmp_path / "m.csv")
    assert [row["kernel_sharpness"] for row in rows] == [text] * 3
