"""Choosing a branch: views, highlight, plot; and what is at a point."""

import dataclasses

import numpy as np
import pytest
import slicer
import vtk
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.sizing.confidence import class_confidence
from BV5AnalysisLib.scene.case.cases import add_case, update_case
from BV5AnalysisLib.scene.case.results import add_result
from BV5AnalysisLib.scene.nodes.branch_table import BranchFinder, branch_at, branch_rows
from BV5AnalysisLib.scene.nodes.coordinates import array_of
from BV5AnalysisLib.scene.views.arrangement import arrange_views
from BV5AnalysisLib.scene.views.display import DisplaySettings, apply_display
from BV5AnalysisLib.scene.views.layout import fill_views
from BV5AnalysisLib.scene.views.review_layout import (
    LAYOUT_ID,
    layout_xml,
    register_layout,
    restore_layout,
    show_layout,
)
from BV5AnalysisLib.scene.views.selection import (
    FIELD_OF_VIEW_MM,
    across,
    clear_selection,
    select_branch,
    selected_branch,
)
from scene.offscreen_plot import drawn_chart
from vtk.util.numpy_support import vtk_to_numpy

SLICES = ("Red", "Yellow", "Green")


@pytest.fixture
def shown(application, outcome):
    """The case with views: slices, camera, plot, table."""
    arrange_views(application, outcome)
    for class_name in ("vtkMRMLPlotViewNode", "vtkMRMLTableViewNode"):
        application.scene.AddNewNodeByClass(class_name)
    return outcome


def view(outcome, name) -> slicer.vtkMRMLSliceNode:
    return outcome.scene.GetSingletonNode(name, "vtkMRMLSliceNode")


def middle_of(result, branch) -> np.ndarray:
    """RAS middle of one of the small result's straight branches."""
    start = result.centerlines.branch_start[branch]
    return result.centerlines.points_mm[start + 15] * (-1, -1, 1)


def state(node) -> tuple:
    return (
        array_of(node.GetSliceToRAS()).tolist(),
        node.GetFieldOfView(),
        node.GetXYZOrigin(),
        node.GetOrientation(),
    )


@pytest.mark.parametrize("branch", [0, 3, 6])
def test_all_views_go_to_the_branch(shown, application, small_result, branch):
    distance = application.camera.GetCamera().GetDistance()
    up = application.camera.GetViewUp()
    middle = middle_of(small_result, branch)
    select_branch(shown, branch)
    assert selected_branch(shown) == branch
    for name in SLICES:
        matrix = array_of(view(shown, name).GetSliceToRAS())
        np.testing.assert_allclose(matrix[:3, 3], middle, atol=1e-3)
    np.testing.assert_allclose(application.camera.GetFocalPoint(), middle, atol=1e-3)
    assert application.camera.GetCamera().GetDistance() == pytest.approx(distance)
    assert application.camera.GetViewUp() == up


def test_linked_slices_go_there_without_taking_over_the_turn(shown, small_result):
    for index in range(3):
        composite = shown.scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode")
        composite.SetLinkedControl(True)
        composite.SetHotLinkedControl(True)
    select_branch(shown, 5, "Green")
    assert view(shown, "Red").GetOrientation() == "Axial"
    assert view(shown, "Yellow").GetOrientation() == "Sagittal"
    for name in SLICES:
        matrix = array_of(view(shown, name).GetSliceToRAS())
        np.testing.assert_allclose(matrix[:3, 3], middle_of(small_result, 5), atol=1e-3)


def test_one_slice_view_turns_across_and_zooms_in(shown, small_result):
    before = {name: state(view(shown, name)) for name in SLICES}
    node = view(shown, "Green")
    node.SetDimensions(600, 400, 1)
    select_branch(shown, 1, "Green")
    normal = array_of(node.GetSliceToRAS())[:3, 2]
    assert abs(normal @ (1.0, 0.0, 0.0)) == pytest.approx(1.0)  # the branches run along x
    width, height, _ = node.GetFieldOfView()
    assert height == pytest.approx(FIELD_OF_VIEW_MM)
    assert width == pytest.approx(FIELD_OF_VIEW_MM * 1.5)
    assert state(view(shown, "Red"))[1] == before["Red"][1]


def test_another_view_turns_and_the_first_goes_back(shown):
    before = {name: state(view(shown, name)) for name in SLICES}
    select_branch(shown, 1, "Green")
    select_branch(shown, 2, "Yellow")
    green = state(view(shown, "Green"))
    assert green[1] == before["Green"][1]
    assert green[3] == "Coronal"
    assert view(shown, "Yellow").GetFieldOfView()[0] == pytest.approx(FIELD_OF_VIEW_MM)
    select_branch(shown, 3)
    assert state(view(shown, "Yellow"))[3] == "Sagittal"
    assert state(view(shown, "Yellow"))[1] == before["Yellow"][1]


def test_clearing_puts_everything_back(shown, application):
    before = state(view(shown, "Green"))
    for branch in (1, 4, 7):
        select_branch(shown, branch, "Green")
    clear_selection(shown)
    assert state(view(shown, "Green")) == before
    assert selected_branch(shown) is None
    assert shown.highlightModel.GetPolyData().GetNumberOfPoints() == 0
    plot = shown.scene.GetFirstNodeByClass("vtkMRMLPlotViewNode")
    assert plot.GetPlotChartNodeID() == shown.histogramChart.GetID()
    clear_selection(shown)


def test_a_view_resized_meanwhile_goes_back_undistorted(shown):
    green = view(shown, "Green")
    _, height, _ = green.GetFieldOfView()
    select_branch(shown, 1, "Green")
    green.SetDimensions(600, 300, 1)
    clear_selection(shown)
    assert green.GetFieldOfView()[:2] == pytest.approx((2 * height, height))


def test_the_branch_is_highlighted_in_3d_and_on_slices(shown, small_result):
    select_branch(shown, 3)
    points = vtk_to_numpy(shown.highlightModel.GetPolyData().GetPoints().GetData())
    lines = small_result.centerlines
    first, after = lines.branch_start[3:5]
    line = lines.points_mm[first:after] * (-1, -1, 1)
    away = np.linalg.norm(points[:, None] - line[None], axis=2).min(axis=1)
    radius = np.sqrt(40.0 / np.pi)
    assert radius < away.max() < radius + 1.5
    display = shown.highlightModel.GetDisplayNode()
    assert display.GetVisibility()
    assert display.GetVisibility2D()


def test_the_profile_has_the_branchs_areas_and_the_bounds(shown, small_result):
    select_branch(shown, 2)
    table = shown.profileTable.GetTable()
    distance = vtk_to_numpy(table.GetColumnByName("distance_mm"))
    np.testing.assert_allclose(distance, np.linspace(0, 60, 31), atol=0.05)
    np.testing.assert_allclose(vtk_to_numpy(table.GetColumnByName("csa_mm2")), 7.0)
    for key, bound in (("bv5", 1.25), ("bv5_10", 5.0), ("bv10", 10.0)):
        np.testing.assert_allclose(vtk_to_numpy(table.GetColumnByName(f"bound_{key}")), bound)
    plot = shown.scene.GetFirstNodeByClass("vtkMRMLPlotViewNode")
    assert plot.GetPlotChartNodeID() == shown.profileChart.GetID()


@pytest.mark.parametrize("branch", [0, 6])
def test_the_profiles_axes_follow_the_branch(shown, small_result, branch):
    # VTK's charts do not: they keep the range of what was in them first.
    select_branch(shown, 3)
    select_branch(shown, branch)
    table, chart = shown.profileTable.GetTable(), shown.profileChart
    distance = vtk_to_numpy(table.GetColumnByName("distance_mm"))
    assert chart.GetXAxisRange() == pytest.approx((0.0, distance.max()))
    start = small_result.centerlines.branch_start
    area = small_result.centerlines.csa_mm2[start[branch] : start[branch + 1]].max()
    next_bound = min((bound for bound in (1.25, 5.0, 10.0) if bound >= area), default=area)
    assert chart.GetYAxisRange() == pytest.approx((0.0, 1.05 * next_bound), rel=1e-3)
    assert not chart.GetXAxisRangeAuto()
    assert not chart.GetYAxisRangeAuto()


def test_titles_name_what_the_plots_show_as_no_legend_lies_on_them(shown):
    for chart, title in (
        (shown.histogramChart, "Blood volume by area: Below floor, BV5, BV5-10, BV10"),
        (shown.profileChart, "Area along the branch (dashed: bounds 1.25, 5, 10 mm²)"),
    ):
        assert chart.GetTitle() == title
        assert not chart.GetLegendVisibility()


@pytest.mark.parametrize("size", [(473, 181), (585, 251), (739, 275)])
def test_titles_of_plots_fit_into_small_windows(shown, size):
    select_branch(shown, 3)
    for chart in (shown.histogramChart, shown.profileChart):
        ink = drawn_chart(chart, size).min(axis=-1) < 128
        title = ink[: size[1] // 8]
        columns = np.flatnonzero(title.any(axis=0))
        assert columns.size
        assert columns.min() > 2
        assert columns.max() < size[0] - 3


def test_the_histograms_axes_follow_the_numbers(shown, small_result):
    chart = shown.histogramChart
    _, top = chart.GetYAxisRange()
    histogram = small_result.csa_histogram
    assert top == pytest.approx(1.05 * histogram.volume_ml.max(), abs=1e-3)
    low, high = chart.GetXAxisRange()
    assert (low, high) == pytest.approx((0.1, histogram.edges_mm2[-1]), abs=1e-3)
    twice = dataclasses.replace(histogram, volume_ml=2 * histogram.volume_ml)
    update_case(shown, dataclasses.replace(case_of("case 7", small_result), csa_histogram=twice))
    assert chart.GetYAxisRange()[1] == pytest.approx(2 * top, abs=2e-3)


def test_the_applications_selection_follows_where_there_is_one(shown, application):
    select_branch(shown, 2, None, application.logic)
    selection = application.logic.GetSelectionNode()
    assert selection.GetActivePlotChartID() == shown.profileChart.GetID()
    clear_selection(shown, application.logic)
    assert selection.GetActivePlotChartID() == shown.histogramChart.GetID()


def test_a_transform_moves_the_place_along(shown, small_result):
    transform = shown.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "t")
    turn = np.array([[0, -1, 0, 50], [1, 0, 0, -20], [0, 0, 1, 5], [0, 0, 0, 1.0]])
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turn))
    shown.centerlinesModel.SetAndObserveTransformNodeID(transform.GetID())
    select_branch(shown, 3, "Red")
    matrix = array_of(view(shown, "Red").GetSliceToRAS())
    world = turn @ [*middle_of(small_result, 3), 1.0]
    np.testing.assert_allclose(matrix[:3, 3], world[:3], atol=1e-3)
    assert abs(matrix[1, 2]) == pytest.approx(1.0)  # along x before, along y now
    assert branch_at(shown, tuple(world[:3])) == 3


@pytest.mark.parametrize("branch", [-1, 8, 99])
def test_a_branch_that_is_not_there_is_refused(shown, branch):
    with pytest.raises(ValueError, match="no branch"):
        select_branch(shown, branch)
    assert selected_branch(shown) is None


def test_an_update_forgets_the_choice(shown, small_result):
    before = state(view(shown, "Green"))
    select_branch(shown, 2, "Green")
    update_case(shown, case_of("case 7", small_result))
    assert selected_branch(shown) is None
    assert state(view(shown, "Green")) == before
    assert shown.highlightModel.GetPolyData().GetNumberOfPoints() == 0


def test_choice_works_without_any_view(outcome):
    select_branch(outcome, 0, "Green")
    assert outcome.highlightModel.GetPolyData().GetNumberOfPoints() > 0
    clear_selection(outcome)


@pytest.mark.parametrize(
    ("direction", "right", "up"),
    [
        ((0, 0, 1), (-1, 0, 0), (0, 1, 0)),
        ((0, 0, -1), (-1, 0, 0), (0, 1, 0)),
        ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
        ((0, -1, 0), (-1, 0, 0), (0, 0, 1)),
        ((1, 0, 0), (0, -1, 0), (0, 0, 1)),
        ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    ],
    ids=["up", "down", "front", "back", "right", "left"],
)
def test_slices_across_are_held_as_slicers_own(application, direction, right, up):
    node = slicer.vtkMRMLSliceNode()
    application.scene.AddNode(node)
    found, normal = across(np.array(direction, float))
    node.SetSliceToRASByNTP(*normal, *found, 0.0, 0.0, 0.0, 0)
    matrix = array_of(node.GetSliceToRAS())
    np.testing.assert_allclose(matrix[:3, 0], right, atol=1e-9)
    np.testing.assert_allclose(matrix[:3, 1], up, atol=1e-9)
    assert abs(matrix[:3, 2] @ direction) == pytest.approx(1.0)


# What is at a point


def test_the_nearest_surface_counts(outcome, small_result):
    finder = BranchFinder()
    for branch in range(8):
        assert finder.branch_at(outcome, tuple(middle_of(small_result, branch))) == branch
    # Branch 3 is 3.6 mm wide on either side: 6 mm from its line is within 3 mm of its surface.
    middle = middle_of(small_result, 3)
    assert finder.branch_at(outcome, (*middle[:2], middle[2] + 6.0)) == 3
    assert finder.branch_at(outcome, (*middle[:2], middle[2] + 7.0)) is None
    thin = middle_of(small_result, 0)
    assert finder.branch_at(outcome, (*thin[:2], thin[2] + 3.0)) == 0
    assert finder.branch_at(outcome, (*thin[:2], thin[2] + 4.0)) is None


def test_a_class_that_is_off_is_not_hit(outcome, small_result):
    point = tuple(middle_of(small_result, 3))
    settings = DisplaySettings()
    classes = dict(settings.classes)
    classes[SizeClass.BV10] = dataclasses.replace(classes[SizeClass.BV10], visible=False)
    apply_display(outcome, dataclasses.replace(settings, classes=classes))
    assert branch_at(outcome, point) is None
    apply_display(outcome, settings)
    assert branch_at(outcome, point) == 3


def test_the_finder_follows_new_centerlines(outcome, small_result):
    finder = BranchFinder()
    point = tuple(middle_of(small_result, 3))
    assert finder.branch_at(outcome, point) == 3
    case = case_of("case 7", small_result)
    moved = dataclasses.replace(
        case.centerlines, points_mm=case.centerlines.points_mm + np.array([0.0, 0.0, 50.0])
    )
    update_case(outcome, dataclasses.replace(case, centerlines=moved))
    assert finder.branch_at(outcome, point) is None
    assert finder.branch_at(outcome, (*point[:2], point[2] + 50.0)) == 3
    outcome.scene.RemoveNode(outcome.centerlinesModel)
    assert finder.branch_at(outcome, point) is None


# Tables and plots


def test_branches_are_listed(outcome, small_result):
    rows = branch_rows(outcome)
    lines = small_result.centerlines
    np.testing.assert_array_equal(rows.branch_id, np.arange(8))
    np.testing.assert_allclose(rows.mean_csa_mm2, lines.mean_csa_mm2, atol=1e-3)
    np.testing.assert_allclose(rows.length_mm, 60.0, atol=0.05)
    np.testing.assert_allclose(rows.volume_ml, lines.volume_ml, atol=1e-3)
    assert rows.size_class.tolist() == [4, 1, 2, 3] * 2
    assert rows.lung == ("right",) * 4 + ("left",) * 4
    np.testing.assert_allclose(rows.bound_distance_mm2, [0.45, 1.75, 2.0, 30.0] * 2, atol=1e-3)
    expected = class_confidence(lines, Parameters())
    np.testing.assert_allclose(rows.confidence, expected, atol=1e-4)


def test_branches_of_a_deleted_table_are_none(outcome):
    outcome.scene.RemoveNode(outcome.branchesTable)
    rows = branch_rows(outcome)
    assert len(rows.branch_id) == len(rows.size_class) == len(rows.lung) == 0


def test_the_histogram_has_the_volume_of_each_class_in_its_color(outcome, small_result):
    table, chart = outcome.histogramTable.GetTable(), outcome.histogramChart
    area = vtk_to_numpy(table.GetColumnByName("csa_mm2"))
    heights = {1: 2 * 0.18, 2: 2 * 0.42, 3: 2 * 2.4, 4: 2 * 0.048}
    assert chart.GetNumberOfPlotSeriesNodes() == 4
    assert chart.GetXAxisLogScale()
    for index, size_class in enumerate((4, 1, 2, 3)):
        series = chart.GetNthPlotSeriesNode(index)
        look = outcome.tubesModels[SizeClass(size_class)].GetDisplayNode()
        assert series.GetColor() == pytest.approx(look.GetColor())
        values = vtk_to_numpy(table.GetColumnByName(series.GetYColumnName()))
        assert values.max() == pytest.approx(heights[size_class], abs=1e-3)
        low, high = {1: (1.25, 5), 2: (5, 10), 3: (10, 100), 4: (0.1, 1.25)}[size_class]
        assert area[values > 0].min() == low
        assert area[values > 0].max() == high


# Layout


def test_the_layout_is_registered_once_and_described_validly(application):
    node = application.scene.AddNewNodeByClass("vtkMRMLLayoutNode")
    register_layout(node)
    register_layout(node)
    assert node.GetLayoutDescription(LAYOUT_ID) == layout_xml()


def test_a_scene_that_was_saved_in_the_layout_opens_in_it(application):
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(application.scene)
    node = logic.GetLayoutNode()
    vtk.vtkObject.GlobalWarningDisplayOff()  # it says that it does not know the layout
    loaded = slicer.vtkMRMLLayoutNode()
    loaded.SetViewArrangement(LAYOUT_ID)  # Slicer saves the number, not what it stands for
    node.CopyContent(loaded)
    vtk.vtkObject.GlobalWarningDisplayOn()
    assert logic.GetViewNodes().GetNumberOfItems() == 0
    register_layout(node)
    assert logic.GetViewNodes().GetNumberOfItems() == 6


def test_all_views_of_the_layout_are_made_by_slicers_layout_logic(application):
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(application.scene)
    node = logic.GetLayoutNode()
    first = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    node.SetViewArrangement(first)
    show_layout(node)
    assert node.GetViewArrangement() == LAYOUT_ID
    views = logic.GetViewNodes()
    shown = sorted(
        (views.GetItemAsObject(i).GetClassName(), views.GetItemAsObject(i).GetLayoutName())
        for i in range(views.GetNumberOfItems())
    )
    assert shown == [
        ("vtkMRMLPlotViewNode", "PlotView1"),
        ("vtkMRMLSliceNode", "Green"),
        ("vtkMRMLSliceNode", "Red"),
        ("vtkMRMLSliceNode", "Yellow"),
        ("vtkMRMLTableViewNode", "TableView1"),
        ("vtkMRMLViewNode", "1"),
    ]
    show_layout(node)  # again: the one before is not forgotten
    restore_layout(node)
    assert node.GetViewArrangement() == first
    restore_layout(node)
    assert node.GetViewArrangement() == first


def test_after_the_scene_was_closed_the_layout_can_be_left(application):
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(application.scene)
    node = logic.GetLayoutNode()
    show_layout(node)
    application.scene.Clear()
    assert logic.GetLayoutNode().GetViewArrangement() == LAYOUT_ID
    restore_layout(logic.GetLayoutNode())
    four_up = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    assert logic.GetLayoutNode().GetViewArrangement() == four_up


def test_a_layout_chosen_since_is_left(application):
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(application.scene)
    node = logic.GetLayoutNode()
    show_layout(node)
    node.SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    restore_layout(node)
    assert node.GetViewArrangement() == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView


@pytest.mark.parametrize("with_logic", [True, False])
def test_views_are_filled(shown, application, with_logic):
    scene = shown.scene
    for index in range(3):
        scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode").SetBackgroundVolumeID(None)
    application.camera.SetParallelProjection(False)
    fill_views(scene, application.logic if with_logic else None, shown)
    if with_logic:
        selection = application.logic.GetSelectionNode()
        assert selection.GetActiveTableID() == shown.measurementsTable.GetID()
        assert selection.GetActivePlotChartID() == shown.histogramChart.GetID()
        assert selection.GetActiveVolumeID() == shown.inputVolume.GetID()
    else:
        table = scene.GetFirstNodeByClass("vtkMRMLTableViewNode")
        assert table.GetTableNodeID() == shown.measurementsTable.GetID()
        for index in range(3):
            composite = scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode")
            assert composite.GetBackgroundVolumeID() == shown.inputVolume.GetID()
    camera = application.camera
    np.testing.assert_allclose(camera.GetFocalPoint(), (0, 0, 0), atol=3.0)
    assert camera.GetPosition()[1] > 200
    assert shown.legend.GetScene() is scene
    for name in SLICES:
        assert view(shown, name).GetOrientation() in ("Axial", "Sagittal", "Coronal")


def test_showing_a_case_ends_the_choice_in_another(shown, application, small_result):
    second = add_case(application.scene, case_of("case 8", small_result), shown.inputVolume)
    select_branch(shown, 2, "Green", application.logic)
    fill_views(application.scene, application.logic, second)
    assert selected_branch(shown) is None
    assert view(shown, "Green").GetOrientation() == "Coronal"
    active = application.logic.GetSelectionNode().GetActivePlotChartID()
    assert active == second.histogramChart.GetID()


def test_views_are_filled_with_what_is_left(shown, application):
    for name in (
        "inputVolume",
        "measurementsTable",
        "histogramChart",
        "highlightModel",
        "lungsSegmentation",
    ):
        shown.scene.RemoveNode(getattr(shown, name))
    fill_views(shown.scene, application.logic, shown)
    select_branch(shown, 2, "Green", application.logic)
    assert selected_branch(shown) == 2
    assert application.logic.GetSelectionNode().GetActivePlotChartID() == shown.profileChart.GetID()
    clear_selection(shown, application.logic)


def test_a_case_without_ct_is_filled_in(application, small_result):
    outcome = add_case(application.scene, case_of("case", small_result))
    fill_views(application.scene, application.logic, outcome)
    second = add_result(application.scene, small_result, "second")
    fill_views(application.scene, application.logic, second)
    active = application.logic.GetSelectionNode().GetActiveTableID()
    assert active == second.measurementsTable.GetID()
