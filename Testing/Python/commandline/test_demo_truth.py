"""What ``bv5 demo`` and ``bv5 demo-cohort`` hold against a phantom's truth: the hilum included."""

import dataclasses
import json
import math
import types

import pytest
from BV5AnalysisLib import cli
from BV5AnalysisLib.case.case import case_of
from BV5AnalysisLib.case.measurements_csv import write_measurements
from BV5AnalysisLib.case.record import write_record
from BV5AnalysisLib.commandline import demo
from BV5AnalysisLib.commandline.demo_cohort import pruning_table
from BV5AnalysisLib.export.cohort.demo_files import (
    PrunedPhantom,
    measured_phantoms,
    write_pruning,
)
from BV5AnalysisLib.imaging.errors import AnalysisError

HILAR_ML = 6.0


@pytest.fixture
def result(small_result):
    """With as much blood at the hilum as there is elsewhere."""
    rows = tuple(
        dataclasses.replace(
            row,
            hilar_bv5_ml=0.0,
            hilar_bv5_10_ml=0.0,
            hilar_bv10_ml=HILAR_ML,
            hilar_below_floor_ml=0.0,
            hilar_length_mm=10.0,
        )
        for row in small_result.measurements
    )
    return dataclasses.replace(small_result, measurements=rows)


def demo_output(result, truth, monkeypatch, capsys, tmp_path) -> str:
    phantom = types.SimpleNamespace(measurements=truth)
    monkeypatch.setattr(demo, "chest_phantom", lambda *_: phantom)
    monkeypatch.setattr(demo, "write_phantom", lambda *_: None)
    monkeypatch.setattr(demo, "analyze_into_folder", lambda *_: result)
    monkeypatch.setattr(demo, "check_requirements", lambda *_: None)
    assert cli.main(["demo", "-o", str(tmp_path / "out")]) == 0
    return capsys.readouterr().out


def test_the_demo_prints_no_difference_where_all_blood_was_found(
    result, monkeypatch, capsys, tmp_path
):
    text = demo_output(result, result.measurements_hilum_included, monkeypatch, capsys, tmp_path)
    line = next(line for line in text.splitlines() if "both  TPBV" in line)
    both = result.measurements[0]
    total = f"{both.tpbv_ml + HILAR_ML:.1f}"
    assert line.split()[-3:] == [total, total, "+0.0"]
    assert "Hilum included" in text
    assert "in the files it is apart" in text


def batch_of(folder, result) -> None:
    (folder / "pruned-00").mkdir(parents=True)
    case = case_of("pruned-00", result)
    write_measurements(folder / "measurements.csv", case)
    write_record(folder / "pruned-00" / "result.json", case)


def phantoms(result):
    truth = result.measurements_hilum_included[0]
    return [PrunedPhantom("pruned-00", 0.0, truth), PrunedPhantom("pruned-15", 15.0, truth)]


def test_the_study_reads_what_has_the_hilum_included(tmp_path, result):
    batch_of(tmp_path / "batch", result)
    (found,) = measured_phantoms(tmp_path / "batch", phantoms(result))
    assert found.phantom.case == "pruned-00"
    assert found.tpbv_ml == pytest.approx(result.measurements[0].tpbv_ml + HILAR_ML)
    assert found.bv5_pct == pytest.approx(found.phantom.truth.bv5_pct)
    assert found.bv5_pct < result.measurements[0].bv5_pct - 1
    write_pruning(tmp_path / "pruning.csv", [found])
    header, row = (tmp_path / "pruning.csv").read_text(encoding="utf-8").splitlines()
    assert header.split(",")[-1] == "hilum"
    assert row.split(",")[-1] == "included"
    (shown,) = pruning_table([found])[1]
    assert shown[1] == shown[2]


def test_a_case_without_blood_is_no_number(tmp_path, result):
    none = dict.fromkeys(("bv5_ml", "bv5_10_ml", "bv10_ml", "hilar_bv10_ml"), 0.0)
    rows = tuple(dataclasses.replace(row, **none) for row in result.measurements)
    batch_of(tmp_path / "batch", dataclasses.replace(result, measurements=rows))
    (found,) = measured_phantoms(tmp_path / "batch", phantoms(result))
    assert found.tpbv_ml == 0
    assert math.isnan(found.bv5_pct)


def test_a_damaged_record_is_told(tmp_path, result):
    batch_of(tmp_path / "batch", result)
    path = tmp_path / "batch" / "pruned-00" / "result.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    del record["measurements"]
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(AnalysisError, match="measurements is missing"):
        measured_phantoms(tmp_path / "batch", phantoms(result))
