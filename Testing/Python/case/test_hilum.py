"""Hilar blood in the record: both sets of rows, read back, and records that do not have it."""

import dataclasses
import json

import numpy as np
import pytest
from BV5AnalysisLib.case.case import case_of
from BV5AnalysisLib.case.centerlines import read_centerlines, write_centerlines
from BV5AnalysisLib.case.files import read_case, write_case
from BV5AnalysisLib.case.record import case_record, parameters_of
from BV5AnalysisLib.case.record_fields import check_record
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.withheld import TOTALS, Withheld
from BV5AnalysisLib.imaging.parameters import Parameters

HILAR_ML = {"hilar_bv5_ml": 0.25, "hilar_bv5_10_ml": 0.5, "hilar_bv10_ml": 6.0}


@pytest.fixture
def case(small_result):
    rows = tuple(dataclasses.replace(row, **HILAR_ML) for row in small_result.measurements)
    return case_of("c", dataclasses.replace(small_result, measurements=rows))


def test_both_sets_of_rows_are_there_by_class(case):
    record = case_record(case)
    check_record(json.loads(json.dumps(record)))
    apart, included = record["measurements"][0], record["measurements_hilum_included"][0]
    assert apart["hilar_ml"] == included["hilar_ml"] == 6.75
    assert {name: apart[name] for name in HILAR_ML} == HILAR_ML
    assert included["bv10_ml"] == pytest.approx(apart["bv10_ml"] + 6.0)
    assert included["tpbv_ml"] == pytest.approx(apart["tpbv_ml"] + 6.75)
    assert included["bv5_pct"] == pytest.approx(100 * included["bv5_ml"] / included["tpbv_ml"])


def test_included_is_asked_for(case):
    parameters = Parameters(hilum="included", hilum_share=0.7)
    record = case_record(dataclasses.replace(case, parameters=parameters))
    assert record["measurements"] == record["measurements_hilum_included"]
    assert (record["parameters"]["hilum"], record["parameters"]["hilum_share"]) == ("included", 0.7)


def test_a_folder_gives_it_back(tmp_path, case):
    (tmp_path / "c").mkdir()
    write_case(tmp_path / "c", case)
    back = read_case(tmp_path / "c")
    assert back.measurements == case.measurements
    assert back.parameters == case.parameters


def test_a_folder_of_an_earlier_version_has_it_included(tmp_path, case):
    (tmp_path / "c").mkdir()
    write_case(tmp_path / "c", case)
    path = tmp_path / "c" / "result.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["schema_version"] = "1.2"
    del record["measurements_hilum_included"]
    for name in ("hilum", "hilum_share"):
        del record["parameters"][name]
    for row in record["measurements"]:
        for name in [each for each in row if each.startswith("hilar")]:
            del row[name]
    path.write_text(json.dumps(record), encoding="utf-8")
    lines = tmp_path / "c" / "centerlines.vtp"
    text = lines.read_text(encoding="utf-8")
    lines.write_text(text.replace('Name="lung_around"', 'Name="unknown"'), encoding="utf-8")
    old = read_case(tmp_path / "c")
    assert old.parameters.hilum == "included"
    assert old.measurements[0].tpbv_ml == case.measurements[0].tpbv_ml
    assert np.isnan(old.measurements[0].hilar_ml)
    assert np.isnan(old.centerlines.lung_around).all()
    # Written anew it says what it is.
    anew = case_record(old)
    assert anew["parameters"]["hilum"] == "included"
    assert anew["measurements"][0]["hilar_ml"] is None
    assert anew["measurements_hilum_included"] == anew["measurements"]


@pytest.mark.parametrize("missing", ["hilum", "hilum_share"])
@pytest.mark.parametrize("version", ["1.3", "1.4", f"1.{10**30}"])
def test_a_record_that_should_tell_it_and_does_not_is_damaged(tmp_path, case, missing, version):
    """Its numbers may have the hilum included: the default would be a guess."""
    (tmp_path / "c").mkdir()
    write_case(tmp_path / "c", case)
    path = tmp_path / "c" / "result.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["schema_version"] = version
    check_record(record)
    assert parameters_of(record) == case.parameters
    del record["parameters"][missing]
    path.write_text(json.dumps(record), encoding="utf-8")
    expected = rf"lacks or garbles something: parameters\.{missing} is missing; analyze the scan"
    for read in (
        lambda: read_case(tmp_path / "c"),
        lambda: check_record(record),
        lambda: parameters_of(record),
    ):
        with pytest.raises(AnalysisError, match=expected):
            read()


def test_where_volumes_are_withheld_hilar_ones_are_too(case):
    slab = dataclasses.replace(case, withheld=(Withheld("slab", "A slab.", TOTALS),))
    row = case_record(slab)["measurements"][0]
    assert {row[name] for name in ("tpbv_ml", "hilar_ml", *HILAR_ML)} == {None}


@pytest.mark.parametrize("wrong", [-0.1, 1.5, np.nan])
def test_impossible_surroundings_are_refused(tmp_path, case, wrong):
    around = case.centerlines.lung_around.copy()
    around[3] = wrong
    lines = dataclasses.replace(case.centerlines, lung_around=around)
    write_centerlines(tmp_path / "lines.vtp", lines)
    with pytest.raises(AnalysisError, match="values of lung_around"):
        read_centerlines(tmp_path / "lines.vtp")


@pytest.mark.parametrize(("name", "value"), [("hilum", "maybe"), ("hilum_share", 0.1)])
def test_a_record_with_an_unknown_hilum_is_refused(tmp_path, case, name, value):
    (tmp_path / "c").mkdir()
    write_case(tmp_path / "c", case)
    path = tmp_path / "c" / "result.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["parameters"][name] = value
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(AnalysisError, match=name):
        read_case(tmp_path / "c")
