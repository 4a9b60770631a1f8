"""result.json follows its published schema and tells no secrets."""

import dataclasses
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from BV5AnalysisLib import __version__
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.case.record import case_record, write_record
from BV5AnalysisLib.case.record_fields import check_record, record_schema
from BV5AnalysisLib.imaging.model.finding import Finding, Severity
from BV5AnalysisLib.imaging.model.measurements import CsaHistogram
from BV5AnalysisLib.imaging.model.scan import Acquisition
from BV5AnalysisLib.imaging.parameters import Parameters

SCHEMA = record_schema()


def written(path: Path, result, case: str = "case 1") -> dict:
    write_record(path, case_of(case, result))

    def refuse(constant: str):
        raise AssertionError(f"{constant} is no JSON")

    record = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    return record


def test_it_follows_the_schema_and_holds_what_was_measured(tmp_path, small_result):
    record = written(tmp_path / "result.json", small_result)
    assert record["case"] == "case 1"
    assert record["software"]["bv5-analysis"] == __version__
    assert record["software"]["SimpleITK"]
    assert Parameters.from_dict(record["parameters"]) == small_result.parameters
    assert record["input"]["size"] == [96, 64, 60]
    assert record["input"]["spacing_mm"] == [3, 3, 4]
    assert record["input"]["origin_mm"] == [-144, -96, -120]
    assert record["calibration"] == {
        "blood_hu": 40,
        "parenchyma_hu": -850,
        "noise_hu": 20,
        "kernel": {"sharpness": 0, "wider_mm2": 1},
    }
    assert record["seconds"] == small_result.seconds
    assert record["findings"][0] == {
        "code": "thick_slices",
        "severity": "warning",
        "text": "Slices are 4.0 mm apart.",
        "value": 4.0,
    }
    for row, measurement in zip(record["measurements"], small_result.measurements, strict=True):
        assert row["region"] == measurement.region
        for name in set(row) - {"region"}:
            assert row[name] == pytest.approx(measurement.value(name))
    assert sum(record["csa_histogram"]["volume_ml"]) == pytest.approx(
        small_result.csa_histogram.volume_ml.sum()
    )


def test_a_case_of_a_batch_tells_no_time_and_follows_the_schema(small_result):
    """So that the same scan gives the same bytes."""
    case = dataclasses.replace(case_of("c", small_result), created="", seconds={})
    record = case_record(case)
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    check_record(json.loads(json.dumps(record)))


def test_the_schema_refuses_another_record(tmp_path, small_result):
    record = case_record(case_of("c", small_result))
    del record["measurements"][0]["bv5_ml"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(record)


def test_what_is_not_finite_is_null(tmp_path, small_result):
    none = dataclasses.replace(small_result.measurements[0], bv5_ml=0.0, bv5_10_ml=0.0, bv10_ml=0.0)
    result = dataclasses.replace(
        small_result,
        measurements=(none, *small_result.measurements[1:]),
        csa_histogram=CsaHistogram(np.array([0, 5, np.inf]), np.array([1.0, 2.0])),
        calibration=dataclasses.replace(small_result.calibration, noise_hu=np.float32("nan")),
        findings=(Finding("odd", Severity.INFO, "Odd.", float("nan")),),
    )
    record = written(tmp_path / "result.json", result)
    assert record["measurements"][0]["bv5_pct"] is None
    assert record["csa_histogram"]["edges_mm2"] == [0, 5, None]
    assert record["calibration"]["noise_hu"] is None
    assert record["findings"][0]["value"] is None


def test_dicom_identity_is_kept_but_no_name_of_the_input(tmp_path, small_result):
    scan = dataclasses.replace(
        small_result.scan,
        source="Doe^Jane",
        acquisition=Acquisition("1.2.3", "1.2.3.4", "Maker", "Model", "B41s", None, 2.0),
    )
    record = written(tmp_path / "result.json", dataclasses.replace(small_result, scan=scan))
    assert record["input"]["study_uid"] == "1.2.3"
    assert record["input"]["slice_thickness_mm"] == 2.0
    text = (tmp_path / "result.json").read_text(encoding="utf-8")
    assert "Doe" not in text
    assert str(tmp_path) not in text
    assert str(Path.home()) not in text
