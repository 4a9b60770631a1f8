"""Measurements in a batch's folder: what lies beside them, and each case's own table."""

import pytest
from BV5AnalysisLib.case.tables import safe_cell
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.cohort.analysis import CohortOptions, analyze_cohort
from BV5AnalysisLib.study.tables.measurement_table import read_measurements
from helpers.cohort_tables import BV5_PCT, case_names, clinical, measured, measurements


def rows_of(case, pct, **cells):
    return [measured(case, pct, region, **cells) for region in ("right", "left", "both")]


@pytest.fixture
def batch(tmp_path):
    """A finished batch of ten cases."""
    (tmp_path / "batch.json").write_text("{}", encoding="utf-8")
    cases = list(zip(case_names(), BV5_PCT, strict=True))
    measurements(tmp_path, [row for case, pct in cases for row in rows_of(case, pct)])
    for case, pct in cases:
        (tmp_path / case).mkdir()
        measurements(tmp_path / case, rows_of(case, pct))
    return tmp_path


def steps(found):
    return [(step.text, step.remaining) for step in found.flow]


def excel(path):
    """Save as Excel does where the comma is decimal."""
    text = path.read_text(encoding="utf-8").translate(str.maketrans(",.", ";,"))
    path.write_bytes(text.replace("\n", "\r\n").encode("cp1252"))


def test_nothing_is_told_where_all_agree(batch):
    found = read_measurements(batch)
    assert found.table.columns["bv5_pct"].tolist() == list(BV5_PCT)
    assert not found.notes
    excel(batch / "measurements.csv")
    assert not read_measurements(batch).notes
    excel(batch / "P01" / "measurements.csv")
    assert not read_measurements(batch).notes


@pytest.mark.parametrize("name", ["", "measurements.csv"])
def test_a_review_after_the_batch_counts(batch, name):
    measurements(batch / "P03", rows_of("P03", BV5_PCT[2], review="rejected"))
    found = read_measurements(batch / name)
    assert steps(found) == [("scans", 10), ("not rejected in review", 9)]
    assert [each.case for each in found.flow[-1].excluded] == ["P03"]
    assert "1 case was reviewed or measured again after the batch" in found.notes[0]
    assert "P03" in found.notes[0]
    assert len(read_measurements(batch / name, keep_rejected=True).table) == 10
    result = analyze_cohort(batch / name, clinical(batch), CohortOptions(resamples=100))
    assert "P03" not in result.cohort.cases


def test_what_was_computed_anew_counts(batch):
    measurements(batch / "P01", rows_of("P01", 33.5))
    measurements(batch / "P02", rows_of("P02", 34.5))
    found = read_measurements(batch)
    assert found.table.columns["bv5_pct"][:3].tolist() == [33.5, 34.5, BV5_PCT[2]]
    assert "2 cases were reviewed" in found.notes[0]


def test_a_case_without_its_own_table_keeps_what_the_batch_wrote(batch):
    (batch / "P01" / "measurements.csv").unlink()
    (batch / "P02" / "measurements.csv").write_bytes(b"")
    found = read_measurements(batch)
    assert found.table.columns["bv5_pct"].tolist() == list(BV5_PCT)
    (note,) = found.notes
    assert "1 case cannot be read" in note
    assert "P02" in note


def test_names_lead_nowhere_else(batch):
    measurements(batch, rows_of("../P01", 30))
    measurements(batch / "P01", rows_of("P01", 40))
    assert read_measurements(batch / "measurements.csv").table.columns["bv5_pct"].tolist() == [30]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", ",;\t")
def test_failures_that_went_through_a_spreadsheet(batch, encoding, delimiter):
    failures = f"case{delimiter}reason\nMüller-Scan{delimiter}keine Lunge für die Messung\n"
    (batch / "failures.csv").write_bytes(failures.encode(encoding))
    found = read_measurements(batch)
    assert steps(found) == [("scans", 11), ("measured", 10)]
    assert found.flow[-1].excluded[0].case == "Müller-Scan"
    assert found.flow[-1].excluded[0].reason == "failed: keine Lunge für die Messung"


def test_a_batch_without_failures(batch):
    (batch / "failures.csv").write_text("case,reason\n", encoding="utf-8")
    assert steps(read_measurements(batch)) == [("scans", 10)]


def test_failures_without_a_column_are_refused(batch):
    (batch / "failures.csv").write_text("case,why\nP11,no lungs\n", encoding="utf-8")
    with pytest.raises(AnalysisError, match=r"failures\.csv beside .* no column 'reason'"):
        read_measurements(batch)


@pytest.mark.parametrize("name", ["=P", "a;=b", "＝x", "'=x", "\u2212P"])
def test_names_that_were_guarded_against_formulas(tmp_path, name):
    rows = [measured(safe_cell(name), 40)]
    assert read_measurements(measurements(tmp_path, rows)).table.cases == (name,)


def test_the_same_scan_twice_is_told(tmp_path):
    rows = [measured("P01", 40), measured("P02", 41), measured("again", 40)]
    (note,) = read_measurements(measurements(tmp_path, rows)).notes
    assert "P01 and again" in note
    assert "P02" not in note
    assert note.endswith("--exclude 'case=again'.")
