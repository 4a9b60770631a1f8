"""Centerlines as lines and tubes."""

import numpy as np
import pytest
import vtk
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.centerlines import BRANCH_ARRAYS, POINT_ARRAYS, Centerlines
from BV5AnalysisLib.imaging.model.size_classes import VESSELS, SizeClass
from BV5AnalysisLib.scene.nodes.models import centerlines_of, centerlines_poly_data
from BV5AnalysisLib.scene.nodes.tubes import STEP_MM, tubes_poly_data
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
    for name, attribute in (*POINT_ARRAYS.items(), ("radius_mm", "radius_mm")):
        values = vtk_to_numpy(point_data.GetArray(name))
        np.testing.assert_allclose(values, getattr(small_result.centerlines, attribute), rtol=1e-6)
    for name in ("length_mm", "volume_ml", "mean_csa_mm2", *BRANCH_ARRAYS):
        values = vtk_to_numpy(cell_data.GetArray(name))
        np.testing.assert_allclose(values, getattr(small_result.centerlines, name), rtol=1e-6)
    assert vtk_to_numpy(cell_data.GetArray("branch_id")).tolist() == list(range(8))
    assert lines.GetNumberOfCells() == 8
    assert lines.GetCell(3).GetNumberOfPoints() == 31
    assert lines.GetCell(3).GetPointId(0) == 93


def test_centerlines_are_read_back_to_the_last_digit(outcome, small_result):
    back = centerlines_of(outcome.centerlinesModel)
    expected = small_result.centerlines
    for name in (*POINT_ARRAYS.values(), *BRANCH_ARRAYS.values(), "points_mm", "branch_start"):
        np.testing.assert_array_equal(getattr(back, name), getattr(expected, name))
    assert back.class_by_hand.dtype == bool


def test_model_that_was_replaced_is_told(outcome):
    outcome.centerlinesModel.SetAndObservePolyData(vtk.vtkPolyData())
    with pytest.raises(AnalysisError, match="centerlines lacks csa_mm2"):
        centerlines_of(outcome.centerlinesModel)
    outcome.centerlinesModel.SetAndObservePolyData(None)
    with pytest.raises(AnalysisError, match="analyze again"):
        centerlines_of(outcome.centerlinesModel)


def enclosed_mm3(surface: vtk.vtkPolyData) -> float:
    mass, triangles = vtk.vtkMassProperties(), vtk.vtkTriangleFilter()
    triangles.SetInputData(surface)
    mass.SetInputConnection(triangles.GetOutputPort())
    return mass.GetVolume()


@pytest.mark.parametrize("size_class", SizeClass)
def test_tubes_have_the_measured_area(size_class):
    t = np.linspace(0.0, 40.0, 41)
    line = np.column_stack([10 + 0.2 * t, 0.3 * t, t])
    lines = classified(line, [41], [size_class] * 41)
    tubes = tubes_poly_data(lines, size_class)
    length, radius = np.linalg.norm(line[-1] - line[0]), np.sqrt(9.0 / np.pi)
    # Round ends are made of few rings, and hold less than half a sphere each.
    assert 9.0 * length < enclosed_mm3(tubes) < 9.0 * length + 4 / 3 * np.pi * radius**3
    # They reach one radius beyond the branch, no more and hardly less.
    along = (line[-1] - line[0]) / length * (-1, -1, 1)
    reach = np.ptp(vtk_to_numpy(tubes.GetPoints().GetData()) @ along)
    assert length + 1.7 * radius < reach < length + 2 * radius


def classified(points, lengths, classes) -> Centerlines:
    made = centerlines(points, lengths)
    return Centerlines.measured(
        made.points_mm,
        made.branch_start,
        made.csa_mm2,
        np.array(classes, np.uint8),
        made.point_volume_ml,
        made.point_length_mm,
    )


def test_tubes_of_two_classes_meet_where_the_class_changes():
    line = np.column_stack([np.zeros(40), np.zeros(40), 0.7 * np.arange(40)])
    lines = classified(line, [40], [1] * 15 + [2] * 25)
    first, second = (tubes_poly_data(lines, each) for each in (SizeClass.BV5, SizeClass.BV5_10))
    # The thinner one goes on to the first point of the next; its far end is round.
    assert first.GetBounds()[5] == pytest.approx(0.7 * 15, abs=1e-4)
    assert second.GetBounds()[4] == pytest.approx(0.7 * 15, abs=1e-4)
    assert first.GetBounds()[4] < -1.0
    assert second.GetBounds()[5] > 0.7 * 39 + 1.0
    for size_class in (SizeClass.BV10, SizeClass.BELOW_FLOOR):
        assert tubes_poly_data(lines, size_class).GetNumberOfPoints() == 0


@pytest.mark.parametrize(
    ("classes", "spans"),
    [
        ([1, 1, 1, 2], {1: (0, 2), 2: (2, 3)}),
        ([2, 1, 1, 1], {2: (0, 1), 1: (1, 3)}),
        ([1, 2, 1, 2], {2: (1, 3), 1: (0, 2.5)}),
        ([1, 1, 2, 3], {1: (0, 2), 3: (2, 3)}),
        ([1, 2], {2: (0, 1)}),
    ],
    ids=["last alone", "first alone", "in turns", "two alone", "two points"],
)
def test_no_gap_is_left_where_a_point_is_alone_in_its_class(classes, spans):
    count = len(classes)
    line = np.column_stack([np.zeros(count), np.zeros(count), 10.0 * np.arange(count)])
    lines = classified(line, [count], classes)
    drawn = []
    for value in (1, 2, 3):
        tubes = tubes_poly_data(lines, SizeClass(value))
        cells = tubes.GetNumberOfPoints() > 0
        assert cells == (value in spans)
        if cells:
            z = tubes.GetBounds()[4:]
            drawn.append((max(z[0], 0.0), min(z[1], 10.0 * (count - 1))))
    drawn.sort()
    assert drawn[0][0] == 0.0
    assert max(high for _, high in drawn) == pytest.approx(10.0 * (count - 1), abs=1e-3)
    reached = 0.0
    for low, high in drawn:
        assert low <= reached + 1e-3
        reached = max(reached, high)


def test_tubes_are_thinned_out_and_know_their_branch(small_result):
    lines = small_result.centerlines
    for size_class in SizeClass:
        tubes = tubes_poly_data(lines, size_class)
        if size_class == SizeClass.HILAR:
            assert tubes.GetNumberOfPoints() == 0  # none in this case
            continue
        names = {tubes.GetPointData().GetArrayName(i) for i in range(2)}
        assert names == {"branch_id", "TubeNormals"}
        expected = {int(b) for b in lines.branch_id[lines.size_class == size_class]}
        assert set(vtk_to_numpy(tubes.GetPointData().GetArray("branch_id"))) == expected
    # Points 0.7 mm apart, as centerlines have them, make rings at twice that.
    line = np.column_stack([np.zeros(201), np.zeros(201), 0.7 * np.arange(201)])
    tubes = tubes_poly_data(classified(line, [201], [1] * 201), SizeClass.BV5)
    rings = np.unique(np.round(vtk_to_numpy(tubes.GetPoints().GetData())[:, 2], 3))
    inner = rings[(rings > 0) & (rings < 140)]
    assert len(inner) <= 140 / STEP_MM + 1
    assert np.diff(inner).max() < 1.5


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
    tubes = tubes_poly_data(centerlines(points, lengths), SizeClass.BV5_10)
    assert (tubes.GetNumberOfPoints() > 0) == tube_points
    if tube_points:
        assert np.isfinite(vtk_to_numpy(tubes.GetPoints().GetData())).all()


def test_each_class_is_one_model_in_its_color(outcome):
    for size_class, tubes in outcome.tubesModels.items():
        display = tubes.GetDisplayNode()
        assert display.GetColor() == pytest.approx(VESSELS[size_class].color)
        assert not display.GetScalarVisibility()
        assert display.GetVisibility()
        assert not display.GetVisibility2D()
    assert not outcome.centerlinesModel.GetDisplayNode().GetVisibility()
