"""A case with hilar vessels in the scene: tubes, segment, legend, list, and what is read back."""

import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.case.measurements_csv import MEASUREMENT_FIELDS
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.intervals import ENDS
from BV5AnalysisLib.imaging.model.size_classes import VESSELS, SizeClass
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.sizing.blood_intervals import ImageQuality
from BV5AnalysisLib.imaging.sizing.blood_volumes import measure_regions, with_surroundings
from BV5AnalysisLib.imaging.sizing.voxel_labels import as_drawn
from BV5AnalysisLib.scene.case.cases import add_case, case_from_scene
from BV5AnalysisLib.scene.case.measuring import recomputed_case
from BV5AnalysisLib.scene.nodes.branch_table import branch_rows
from BV5AnalysisLib.scene.nodes.images import add_volume
from BV5AnalysisLib.scene.nodes.models import centerlines_of

HILAR = VESSELS[SizeClass.HILAR]
INCLUDED = Parameters(hilum="included")


def told_apart(result, parameters=None):
    """The widest vessels are at the hilum."""
    parameters = parameters or Parameters()
    wide = result.centerlines.csa_mm2 > 10
    lines = with_surroundings(result.centerlines, np.where(wide, 0.3, 1.0), parameters)
    labels = result.vessels.array.copy()
    if parameters.hilum_apart:
        labels[labels == SizeClass.BV10] = SizeClass.HILAR
    vessels = result.vessels.with_array(labels)
    image = ImageQuality.of(result.lungs.grid.spacing, result.calibration)
    return dataclasses.replace(
        result,
        vessels=vessels,
        centerlines=as_drawn(lines, vessels),
        measurements=measure_regions(lines, result.lungs, parameters, image=image),
        parameters=parameters,
    )


@pytest.fixture
def case(small_result):
    return case_of("hilar", told_apart(small_result))


@pytest.fixture
def outcome(application, small_result, case):
    volume = add_volume(application.scene, "ct", small_result.scan.volume)
    return add_case(application.scene, case, volume)


def test_hilar_vessels_have_tubes_a_segment_and_an_entry(outcome, case):
    assert outcome.tubesModels[SizeClass.HILAR].GetPolyData().GetNumberOfPoints() > 0
    assert outcome.tubesModels[SizeClass.BV10].GetPolyData().GetNumberOfPoints() == 0
    segment = outcome.vesselsSegmentation.GetSegmentation().GetSegment(HILAR.key)
    assert segment.GetColor() == pytest.approx(HILAR.color)
    assert outcome.colors.GetColorName(int(SizeClass.HILAR)) == "Hilar"
    assert outcome.colors.GetColorDefined(int(SizeClass.HILAR))
    table = outcome.measurementsTable.GetTable()
    held = table.GetColumnByName("hilar_ml").GetValue(0)
    assert held == pytest.approx(case.measurements[0].hilar_ml, abs=0.006)


def test_the_list_tells_them(outcome):
    rows = branch_rows(outcome)
    hilar = rows.size_class == SizeClass.HILAR
    assert np.array_equal(hilar, rows.mean_csa_mm2 > 10)
    assert rows.hilar_pct == pytest.approx(np.where(hilar, 100, 0))


def test_the_case_comes_back_and_recomputes_to_the_same(outcome, case):
    back = case_from_scene(outcome, need_volume=True)
    assert back.measurements == case.measurements
    assert np.array_equal(back.centerlines.lung_around, case.centerlines.lung_around)
    assert recomputed_case(outcome).measurements == case.measurements
    included = recomputed_case(outcome, INCLUDED)
    for row, same in zip(included.measurements, case.measurements_hilum_included, strict=True):
        for name in (*MEASUREMENT_FIELDS, *ENDS):
            assert row.value(name) == pytest.approx(same.value(name), rel=1e-9), name
    assert not (included.vessels.array == SizeClass.HILAR).any()


def test_included_the_legend_has_no_hilum(application, small_result):
    volume = add_volume(application.scene, "ct", small_result.scan.volume)
    case = case_of("included", told_apart(small_result, INCLUDED))
    outcome = add_case(application.scene, case, volume)
    assert not outcome.colors.GetColorDefined(int(SizeClass.HILAR))
    assert outcome.tubesModels[SizeClass.HILAR].GetPolyData().GetNumberOfPoints() == 0


def test_a_scene_of_an_earlier_version_has_the_hilum_included(outcome):
    outcome.centerlinesModel.GetPolyData().GetPointData().RemoveArray("lung_around")
    record = outcome.record
    record["schema_version"] = "1.2"
    for name in ("hilum", "hilum_share"):
        del record["parameters"][name]
    outcome.set_record(record)
    assert np.isnan(centerlines_of(outcome.centerlinesModel).lung_around).all()
    assert case_from_scene(outcome, need_volume=True).parameters.hilum == "included"
    with pytest.raises(AnalysisError, match="earlier version"):
        recomputed_case(outcome, Parameters())
