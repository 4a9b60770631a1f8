"""What a batch left, read back from its tables."""

from pathlib import Path

import numpy as np
import pytest
from BV5AnalysisLib.case.measurements_csv import COLUMNS, table_columns
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.scene.cohort.batch_table import BatchResult, add_batch_table, batch_result
from BV5AnalysisLib.study.batch.batch_case import CaseStatus
from vtk.util.numpy_support import vtk_to_numpy

ROWS = {
    ("a ü", "both"): {"tpbv_ml": "100.5000", "bv5_pct": "40.250", "findings": "thick_slices"},
    ("a ü", "right"): {"tpbv_ml": "60.5000", "bv5_pct": ""},
    ("b, c", "both"): {"tpbv_ml": "90.1234", "bv5_pct": "nan", "review_comment": '"x"'},
}


def write_tables(folder: Path, failures: str = "case,reason\n", columns=COLUMNS) -> Path:
    lines = [",".join(columns)]
    for (case, region), values in ROWS.items():
        cells = {"case": case, "region": region, **values}
        quoted = ('"' + cells.get(each, "").replace('"', '""') + '"' for each in columns)
        lines.append(",".join(quoted))
    (folder / "measurements.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "failures.csv").write_text(failures, encoding="utf-8")
    return folder


def test_cases_and_failures_are_read_in_their_order(tmp_path):
    write_tables(tmp_path, 'case,reason\nz,"cut short; copy, again"\n')
    assert batch_result(tmp_path) == BatchResult(
        tmp_path, ("a ü", "b, c"), (CaseStatus("z", "cut short; copy, again"),)
    )


def test_the_table_has_a_row_a_case(application, tmp_path):
    node = add_batch_table(application.scene, write_tables(tmp_path), "both", "Study & co")
    assert node.GetName() == "Study + co"
    assert node.GetNumberOfRows() == 2
    table = node.GetTable()
    names = [node.GetColumnName(index) for index in range(node.GetNumberOfColumns())]
    assert names == list(COLUMNS)
    assert all(node.GetColumnTitle(name) for name in names)
    assert node.GetColumnTitle("bv5_10_ml") == "BV5-10 (mL)"
    assert node.GetColumnTitle("bv5_pct_low") == "BV5 (%) from"
    np.testing.assert_allclose(vtk_to_numpy(table.GetColumnByName("tpbv_ml")), [100.5, 90.123])
    percent = vtk_to_numpy(table.GetColumnByName("bv5_pct"))
    assert percent[0] == 40.25
    assert np.isnan(percent[1])
    assert table.GetColumnByName("findings").GetValue(0) == "thick_slices"
    assert table.GetColumnByName("review_comment").GetValue(1) == "”x”"
    assert node.GetLocked()


def test_the_scores_of_a_reference_are_shown(application, tmp_path, monkeypatch):
    scores = {
        "reference": "site",
        "reference_group": "women",
        "bv5_pct_z": "-2.00",
        "bv5_pct_percentile": "<5",
    }
    monkeypatch.setitem(ROWS, ("a ü", "both"), ROWS["a ü", "both"] | scores)
    columns = table_columns(has_reference=True)
    node = add_batch_table(application.scene, write_tables(tmp_path, columns=columns), "both")
    names = [node.GetColumnName(index) for index in range(node.GetNumberOfColumns())]
    assert names == list(columns)
    table = node.GetTable()
    shown = {key: table.GetColumnByName(key).GetValue(0) for key in scores}
    assert shown == scores | {"bv5_pct_z": -2.0}
    assert np.isnan(table.GetColumnByName("bv5_pct_z").GetValue(1))
    assert node.GetColumnTitle("bv5_pct_z") == "BV5 (%) z score"
    assert node.GetColumnTitle("hilar_ml_percentile") == "Hilar (mL) percentile"


def test_all_regions_on_demand_and_none_that_is_not_there(application, tmp_path):
    write_tables(tmp_path)
    assert add_batch_table(application.scene, tmp_path, "").GetNumberOfRows() == 3
    count = application.scene.GetNumberOfNodes()
    with pytest.raises(AnalysisError, match="region lobe; choose one of both, right"):
        add_batch_table(application.scene, tmp_path, "lobe")
    assert application.scene.GetNumberOfNodes() == count


def test_a_batch_without_any_result_is_an_empty_table(application, tmp_path):
    write_tables(tmp_path)
    (tmp_path / "measurements.csv").write_text(",".join(COLUMNS) + "\n")
    assert add_batch_table(application.scene, tmp_path, "both").GetNumberOfRows() == 0
    assert batch_result(tmp_path).measured == ()


def test_a_table_that_excel_saved_again_is_read(tmp_path):
    write_tables(tmp_path)
    text = (tmp_path / "measurements.csv").read_text("utf-8").replace("\n", "\r\n")
    (tmp_path / "measurements.csv").write_bytes(text.encode("utf-8-sig"))
    assert batch_result(tmp_path).measured == ("a ü", "b, c")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "holds no measurements.csv; give the output folder of a batch"),
        (b"", "has no column case"),
        (b"name,region\nx,both\n", "has no column case; was it edited"),
        (b"case,region\n\xff\xfe,both\n", r"cannot be read \('utf-8' codec"),
        (b'case,region\n"x,both\n', r"cannot be read \(unexpected end of data\)"),
    ],
)
def test_what_is_no_table_of_a_batch_is_told(tmp_path, application, content, message):
    if content is not None:
        (tmp_path / "measurements.csv").write_bytes(content)
    for read in (batch_result, lambda folder: add_batch_table(application.scene, folder, "both")):
        with pytest.raises(AnalysisError, match=message):
            read(tmp_path)


def test_a_folder_without_failures_table_is_no_batch(tmp_path):
    write_tables(tmp_path)
    (tmp_path / "failures.csv").unlink()
    with pytest.raises(AnalysisError, match=r"holds no failures\.csv"):
        batch_result(tmp_path)


def test_many_failures_are_told_in_few_lines(tmp_path):
    failed = tuple(CaseStatus(f"c{index}", "no scan") for index in range(30))
    lines = repr(BatchResult(tmp_path, ("a",), failed)).splitlines()
    assert lines[0] == f"1 of 31 cases measured in {tmp_path}"
    assert lines[1] == "c0: no scan"
    assert lines[-1] == "and 20 more, see failures.csv"
    assert len(lines) == 12
