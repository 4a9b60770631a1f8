"""The measurements table: values, titles, units."""

import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.case.measurements_csv import MEASUREMENT_FIELDS
from BV5AnalysisLib.imaging.model.measurements import Measurement
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.scene.nodes.tables import fill_measurements, measurement_columns
from vtk.util.numpy_support import vtk_to_numpy


def test_columns_are_those_of_the_exported_table():
    keys = [column.key for column in measurement_columns(Parameters())]
    assert set(keys[1:-4]) == {*MEASUREMENT_FIELDS, "tpbv_ml_per_l", "hilar_ml"}
    assert keys[-4:] == ["trusted", "review", "reviewer", "review_comment"]
    # Percentages are seen without scrolling; the exported table has its own order.
    assert keys[:4] == ["region", "bv5_pct", "bv5_10_pct", "bv10_pct"]


def test_rows_hold_the_measurements(outcome, small_result):
    table = outcome.measurementsTable
    assert table.GetNumberOfRows() == 3
    regions = table.GetTable().GetColumnByName("region")
    assert [regions.GetValue(row) for row in range(3)] == ["both", "right", "left"]
    for key in MEASUREMENT_FIELDS:
        values = vtk_to_numpy(table.GetTable().GetColumnByName(key))
        expected = [getattr(row, key) for row in small_result.measurements]
        np.testing.assert_allclose(values, expected, atol=0.05 if key.endswith("mm") else 0.005)
    assert table.GetLocked()


def test_columns_have_titles_units_and_descriptions(outcome):
    table = outcome.measurementsTable
    assert table.GetColumnTitle("tpbv_ml") == "TPBV (mL)"
    # Slicer's table views append a unit label to the title, which has the unit.
    assert table.GetColumnUnitLabel("tpbv_ml") == ""
    assert "cross-sectional" in table.GetDescription()
    assert "minimum_csa_mm2 = 1.25" in table.GetDescription()
    assert "from 1.25 to below 5 mm²" in table.GetColumnDescription("bv5_ml")
    assert table.GetUseColumnTitleAsColumnHeader()


def test_percentage_without_blood_is_not_a_number(application, small_result):
    row = Measurement("both", 1000.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    case = dataclasses.replace(case_of("t", small_result), measurements=(row,))
    table = application.scene.AddNewNodeByClass("vtkMRMLTableNode", "t")
    fill_measurements(table, case)
    values = vtk_to_numpy(table.GetTable().GetColumnByName("bv5_pct"))
    assert np.isnan(values).all()


def test_descriptions_follow_the_parameters():
    parameters = Parameters(minimum_csa_mm2=0.5, class_bounds_mm2=(4.0, 8.0))
    texts = {column.key: column.description for column in measurement_columns(parameters)}
    assert "0.5 to below 4 mm²" in texts["bv5_ml"]
    assert "8 mm² and above" in texts["bv10_ml"]
    assert "thinner than 0.5 mm²" in texts["below_floor_ml"]


@pytest.mark.parametrize("column", measurement_columns(Parameters()))
def test_every_column_is_described(column):
    assert column.title
    assert column.description.endswith(".")
    assert column.unit in {"", "mL", "%", "mm", "mL/L"}
