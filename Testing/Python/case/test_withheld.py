"""Values that a scan cannot give are blank in every file, and kept for a recomputation."""

import csv
import dataclasses
import io
import json

import jsonschema
import numpy as np
import pytest
from BV5AnalysisLib.case.files import case_of, read_case, with_recomputed, write_case
from BV5AnalysisLib.case.measurements_csv import measurements_csv
from BV5AnalysisLib.case.opacities_csv import opacities_csv
from BV5AnalysisLib.case.record import case_record
from BV5AnalysisLib.case.record_fields import record_schema
from BV5AnalysisLib.imaging.editing.recompute import recompute
from BV5AnalysisLib.imaging.model.finding import Finding, Severity
from BV5AnalysisLib.imaging.model.withheld import OF_SMALL_VESSELS, TOTALS, Withheld
from helpers.opaque import with_opacities

SLAB = Withheld("incomplete_chest", "The scan shows a slab.", TOTALS)
COARSE = Withheld("small_vessels_unreadable", "Slices are 4 mm apart.", OF_SMALL_VESSELS)


def case(small_result, *withheld, **changes):
    changed = dataclasses.replace(with_opacities(small_result), withheld=withheld, **changes)
    return case_of("c", changed)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_slab_has_shares_and_densities_but_no_totals(small_result):
    shown = case(small_result, SLAB)
    for row, measured in zip(
        rows_of(measurements_csv(shown)), small_result.measurements, strict=True
    ):
        for name in ("lung_volume_ml", "tpbv_ml", "bv5_ml", "bv5_10_ml", "bv10_ml"):
            assert row[name] == ""
        assert row["below_floor_ml"] == row["vessel_length_mm"] == ""
        assert float(row["bv5_pct"]) == pytest.approx(measured.bv5_pct, abs=1e-3)
        density = 1000 * measured.tpbv_ml / measured.lung_volume_ml
        assert float(row["tpbv_ml_per_l"]) == pytest.approx(density, abs=1e-4)
        assert row["withheld"] == "incomplete_chest"
    for row in rows_of(opacities_csv(shown)):
        assert row["ground_glass_ml"] == row["lung_volume_ml"] == ""
        assert float(row["opacity_pct"]) > 0


def test_coarse_slices_have_tpbv_and_wide_vessels_only(small_result):
    for row in rows_of(measurements_csv(case(small_result, COARSE))):
        for name in ("bv5_ml", "bv5_10_ml", "below_floor_ml", "vessel_length_mm"):
            assert row[name] == ""
        for name in ("bv5_pct", "bv5_10_pct", "bv10_pct", "bv5_ml_per_l"):
            assert row[name] == ""
        assert float(row["tpbv_ml"]) > float(row["bv10_ml"]) > 0
        assert float(row["bv10_ml_per_l"]) > 0


def test_the_record_has_null_and_the_reason_and_follows_the_schema(small_result):
    record = json.loads(json.dumps(case_record(case(small_result, SLAB, COARSE))))
    jsonschema.Draft202012Validator(record_schema()).validate(record)
    for row in record["measurements"]:
        assert row["tpbv_ml"] is row["bv5_pct"] is None
        assert row["bv10_ml_per_l"] > 0
    assert [each["code"] for each in record["withheld"]] == [SLAB.code, COARSE.code]
    assert record["withheld"][0]["reason"] == "The scan shows a slab."
    assert record["opacities"][0]["opacity_ml"] is None


def test_a_usual_case_withholds_nothing(small_result):
    record = case_record(case(small_result))
    assert record["withheld"] == []
    assert record["seen"] is None
    assert record["trusted"] is True
    assert {row["withheld"] for row in rows_of(measurements_csv(case(small_result)))} == {""}


def test_it_is_read_back_and_stays_withheld_when_recomputed(small_result, tmp_path):
    before = case(small_result, SLAB)
    write_case(tmp_path, before)
    after = read_case(tmp_path)
    assert after.measurements == before.measurements
    assert after.withheld == before.withheld
    assert after.opacities == before.opacities
    np.testing.assert_array_equal(after.tissue.array, before.tissue.array)
    recomputed = recompute(
        None,
        after.lungs,
        after.vessels,
        after.centerlines,
        after.calibration,
        after.parameters,
    )
    again = with_recomputed(after, recomputed, after.parameters)
    assert again.withheld == before.withheld
    assert {row["tpbv_ml"] for row in rows_of(measurements_csv(again))} == {""}


def test_folders_without_what_is_new_are_read(small_result, tmp_path):
    """As earlier versions wrote them."""
    write_case(tmp_path, case(small_result))
    (tmp_path / "tissue.seg.nrrd").unlink()
    (tmp_path / "opacities.csv").unlink()
    record = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    for name in ("withheld", "seen", "opacities", "trusted"):
        del record[name]
    for row in record["measurements"]:
        for name in [name for name in row if name.endswith("_per_l")]:
            del row[name]
    record["schema_version"] = "1.1"
    (tmp_path / "result.json").write_text(json.dumps(record), encoding="utf-8")
    old = read_case(tmp_path)
    assert old.measurements == small_result.measurements
    assert (old.withheld, old.opacities, old.tissue) == ((), (), None)


@pytest.mark.parametrize(
    ("severity", "trusted"),
    [(Severity.ERROR, "no"), (Severity.WARNING, "yes"), (Severity.INFO, "yes")],
)
def test_an_error_of_any_code_takes_the_trust(small_result, severity, trusted):
    findings = (Finding("never_heard_of", severity, "Look at it."),)
    shown = case(small_result, findings=findings)
    assert {row["trusted"] for row in rows_of(measurements_csv(shown))} == {trusted}
    assert case_record(shown)["trusted"] == (trusted == "yes")
