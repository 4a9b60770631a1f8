"""Centerlines as lines and tubes."""

import numpy as np
import pytest
import vtk
from BV5AnalysisLib.imaging.centerlines import Centerlines
from BV5AnalysisLib.scene.models import TUBE_SIDES, centerlines_poly_data, tubes_poly_data
from vtk.util.numpy_support import vtk_to_numpy


def centerlines(points: np.ndarray, lengths: list[int], csa: float = 9.0) -> Centerlines:
    """Branches of given numbers of points, all of one area."""
    count = len(points)
    return Centerlines.measured(
        points_mm=np.asarray(points, float),
        branch_start=np.concatenate([[0], np.cumsum(lengths)]).astype(int),
        csa_mm2=np.full(count, csa),
        size_class=np.full(count, 2, np.uint8),
        point_volume_ml=np.linspace(0.1, 0.2, count),
        point_length_mm=np.linspace(0.6, 0.8, count),
    )


def test_lines_carry_the_arrays_of_the_exported_file(small_result):
    lines = centerlines_poly_data(small_result.centerlines)
    point_data, cell_data = lines.GetPointData(), lines.GetCellData()
    for name in ("csa_mm2", "radius_mm", "size_class"):
        values = vtk_to_numpy(point_data.GetArray(name))
        np.testing.assert_allclose(values, getattr(small_result.centerlines, name), rtol=1e-6)
    for name in ("length_mm", "volume_ml", "mean_csa_mm2"):
        values = vtk_to_numpy(cell_data.GetArray(name))
        np.testing.assert_allclose(values, getattr(small_result.centerlines, name), rtol=1e-6)
    assert vtk_to_numpy(cell_data.GetArray("branch_id")).tolist() == list(range(8))
    assert lines.GetNumberOfCells() == 8
    assert lines.GetCell(3).GetNumberOfPoints() == 31
    assert lines.GetCell(3).GetPointId(0) == 93


def test_tubes_have_the_measured_area():
    t = np.linspace(0.0, 40.0, 41)
    line = np.column_stack([10 + 0.2 * t, 0.3 * t, t])
    tubes = tubes_poly_data(centerlines(line, [41], csa=9.0))
    mass = vtk.vtkMassProperties()
    triangles = vtk.vtkTriangleFilter()
    triangles.SetInputData(tubes)
    mass.SetInputConnection(triangles.GetOutputPort())
    length = np.linalg.norm(line[-1] - line[0])
    polygon = TUBE_SIDES / (2 * np.pi) * np.sin(2 * np.pi / TUBE_SIDES)  # of its circle's area
    radius = np.sqrt(9.0 / np.pi)
    ends = 4 / 3 * np.pi * radius**3
    assert mass.GetVolume() == pytest.approx((9.0 * length + ends) * polygon, rel=0.01)
    # Round ends reach one radius beyond the branch, no more and hardly less.
    along = (line[-1] - line[0]) / length * (-1, -1, 1)
    reach = vtk_to_numpy(tubes.GetPoints().GetData()) @ along
    assert np.ptp(reach) == pytest.approx(length + 2 * radius, abs=0.02)


def test_tubes_keep_only_what_colors_them(small_result):
    tubes = tubes_poly_data(small_result.centerlines)
    point_data = tubes.GetPointData()
    names = {point_data.GetArrayName(i) for i in range(point_data.GetNumberOfArrays())}
    assert names == {"size_class", "TubeNormals"}
    assert set(vtk_to_numpy(point_data.GetArray("size_class"))) == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("points", "lengths", "tube_points"),
    [
        (np.zeros((0, 3)), [], False),
        ([(1, 2, 3)], [1], False),
        ([(1, 2, 3), (1, 2, 3), (2, 2, 3), (2, 2, 3), (5, 2, 3)], [5], True),
        ([(1, 2, 3), (4, 2, 3), (0, 0, 0)], [2, 1], True),
    ],
    ids=["none", "one point", "points that coincide", "a branch of one point"],
)
def test_odd_branches_make_no_trouble(points, lengths, tube_points):
    tubes = tubes_poly_data(centerlines(points, lengths))
    assert (tubes.GetNumberOfPoints() > 0) == tube_points
    if tube_points:
        assert np.isfinite(vtk_to_numpy(tubes.GetPoints().GetData())).all()


def test_models_are_colored_by_size_class(outcome):
    for model in (outcome.centerlines_model, outcome.tubes_model):
        display = model.GetDisplayNode()
        assert display.GetActiveScalarName() == "size_class"
        assert display.GetScalarVisibility()
        assert display.GetColorNodeID() == outcome.colors.GetID()
        assert display.GetScalarRange() == (0.0, 4.0)
    assert outcome.tubes_model.GetDisplayNode().GetVisibility()
    assert not outcome.centerlines_model.GetDisplayNode().GetVisibility()
