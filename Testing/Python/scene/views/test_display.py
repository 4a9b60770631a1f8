"""How a case is shown, by what the nodes say and by what Slicer's 3D view draws."""

import dataclasses

import numpy as np
import pytest
import slicer
import vtk
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.imaging.model.size_classes import VESSELS, SizeClass
from BV5AnalysisLib.scene.case.cases import add_case, remove_case, update_case
from BV5AnalysisLib.scene.case.exclusion import erase_branch
from BV5AnalysisLib.scene.nodes.branch_table import branch_at
from BV5AnalysisLib.scene.nodes.colors import renew_legend
from BV5AnalysisLib.scene.nodes.outcome import find_outcomes
from BV5AnalysisLib.scene.nodes.segmentations import SURFACE
from BV5AnalysisLib.scene.views.arrangement import SUPERIOR, arrange_views
from BV5AnalysisLib.scene.views.display import (
    ClassDisplay,
    DisplaySettings,
    apply_display,
    current_display,
)
from BV5AnalysisLib.scene.views.pictures import off_screen_window, pixels_of
from BV5AnalysisLib.scene.views.selection import select_branch
from scene.offscreen_view import OffscreenView

THERE = [each for each in SizeClass if each != SizeClass.HILAR]
"""Classes that the case has."""


def with_class(size_class: SizeClass, **changes) -> DisplaySettings:
    classes = dict(DisplaySettings().classes)
    classes[size_class] = dataclasses.replace(classes[size_class], **changes)
    return DisplaySettings(classes)


def test_a_case_is_shown_by_default_as_the_defaults_say(outcome):
    assert current_display(outcome) == DisplaySettings()


@pytest.mark.parametrize(
    "settings",
    [
        with_class(SizeClass.BV5, visible=False),
        with_class(SizeClass.BV5_10, color=(0.25, 0.5, 0.75)),
        with_class(SizeClass.BELOW_FLOOR, opacity=0.5),
        DisplaySettings(geometry="surfaces"),
        DisplaySettings(slices="fill"),
        DisplaySettings(slices="hidden"),
        DisplaySettings(lungs_visible=False, lungs_opacity=0.5),
        DisplaySettings(legend_visible=False),
    ],
    ids=["class off", "color", "opacity", "surfaces", "fill", "no slices", "no lungs", "no legend"],
)
def test_what_is_set_is_read_back_and_can_be_taken_back(outcome, settings):
    apply_display(outcome, settings)
    assert current_display(outcome) == settings
    apply_display(outcome, DisplaySettings())
    assert current_display(outcome) == DisplaySettings()


def test_one_color_for_segment_tubes_table_plots_and_legend(outcome):
    color = (0.2, 0.4, 0.6)
    updates = []
    outcome.legend.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: updates.append(1))
    apply_display(outcome, with_class(SizeClass.BV10, color=color))
    segment = outcome.vesselsSegmentation.GetSegmentation().GetSegment("bv10")
    assert segment.GetColor() == pytest.approx(color)
    assert outcome.tubesModels[SizeClass.BV10].GetDisplayNode().GetColor() == color
    entry = [0.0] * 4
    outcome.colors.GetColor(int(SizeClass.BV10), entry)
    assert entry == pytest.approx([*color, 1.0])
    for chart, index in ((outcome.histogramChart, 3), (outcome.profileChart, 3)):
        series = chart.GetNthPlotSeriesNode(index)
        assert series.GetName().startswith("BV10")
        assert series.GetColor() == color
    assert updates
    assert outcome.legend.GetPrimaryDisplayNode().GetColorNode() is outcome.colors


def test_a_class_that_is_off_is_off_in_3d_and_on_slices(outcome):
    for geometry in ("tubes", "surfaces"):
        settings = dataclasses.replace(with_class(SizeClass.BV5, visible=False), geometry=geometry)
        apply_display(outcome, settings)
        display = outcome.vesselsSegmentation.GetDisplayNode()
        assert not display.GetSegmentVisibility("bv5")
        assert display.GetSegmentVisibility("bv10")
        assert not outcome.tubesModels[SizeClass.BV5].GetDisplayNode().GetVisibility()
        shown = outcome.tubesModels[SizeClass.BV10].GetDisplayNode().GetVisibility()
        assert shown == (geometry == "tubes")


def test_surfaces_are_made_once_when_first_shown(outcome):
    segmentation = outcome.vesselsSegmentation.GetSegmentation()
    assert not segmentation.ContainsRepresentation(SURFACE)
    apply_display(outcome, DisplaySettings(geometry="surfaces"))
    surfaces = [
        segmentation.GetSegment(VESSELS[each].key).GetRepresentation(SURFACE) for each in THERE
    ]
    assert all(surface.GetNumberOfPolys() > 0 for surface in surfaces)
    apply_display(outcome, DisplaySettings())
    apply_display(outcome, DisplaySettings(geometry="surfaces"))
    again = [
        segmentation.GetSegment(VESSELS[each].key).GetRepresentation(SURFACE) for each in THERE
    ]
    assert all(one is other for one, other in zip(surfaces, again, strict=True))


def test_slices_show_voxels_whatever_3d_shows(outcome):
    apply_display(outcome, DisplaySettings(geometry="surfaces"))
    for node in (outcome.vesselsSegmentation, outcome.lungsSegmentation):
        display = node.GetDisplayNode()
        assert display.GetDisplayRepresentationName2D() == "Binary labelmap"
        assert display.GetDisplayRepresentationName3D() == SURFACE


def test_nothing_changes_where_nothing_differs(outcome):
    apply_display(outcome, DisplaySettings())
    changed = []
    nodes = [
        outcome.vesselsSegmentation.GetDisplayNode(),
        outcome.lungsSegmentation.GetDisplayNode(),
        outcome.legend,
        outcome.colors,
        *(tubes.GetDisplayNode() for tubes in outcome.tubesModels.values()),
    ]
    for node in nodes:
        node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda node, _: changed.append(node))
    apply_display(outcome, DisplaySettings())
    assert changed == []
    apply_display(outcome, with_class(SizeClass.BV5, opacity=0.4))
    assert set(changed) == {
        outcome.tubesModels[SizeClass.BV5].GetDisplayNode(),
        outcome.vesselsSegmentation.GetDisplayNode(),
    }


def test_surfaces_of_thin_vessels_are_as_wide_as_their_voxels(outcome):
    apply_display(outcome, DisplaySettings(geometry="surfaces"))
    for look in (VESSELS[each] for each in THERE):
        segment = outcome.vesselsSegmentation.GetSegmentation().GetSegment(look.key)
        low, high = segment.GetRepresentation(SURFACE).GetBounds()[2:4]
        assert 0.4 * 3.0 < high - low < 1.1 * 3.0  # one voxel of 3 mm


# What Slicer's own displayable managers draw

MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLColorLegendDisplayableManager",
)
WIDTH, HEIGHT = 480, 360
LEGEND = (slice(int(0.73 * HEIGHT), None), slice(0, int(0.29 * WIDTH)))
"""Rows and columns of the corner where the legend is."""


class View(OffscreenView):
    """Slicer's 3D view."""

    def __init__(self, application, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        super().__init__(application, application.view, MANAGERS, size)

    def drawn(self) -> np.ndarray:
        """Pixels from the top down, as they are now."""
        self.renderer.ResetCameraClippingRange()
        self.window.Render()
        return pixels_of(self.window)[::-1]

    def visible_actors(self) -> int:
        """Actors with something in them that are drawn."""
        actors = self.renderer.GetActors()
        items = [actors.GetItemAsObject(i) for i in range(actors.GetNumberOfItems())]
        return sum(
            bool(actor.GetVisibility()) and actor.GetMapper().GetInput().GetNumberOfPoints() > 0
            for actor in items
            if actor.GetMapper() is not None and actor.GetMapper().GetInput() is not None
        )


@pytest.fixture
def view(application, outcome) -> View:
    view = View(application)
    renew_legend(outcome.highlightModel, outcome.legend)
    # The vessels lie one behind the other, seen from the front.
    arrange_views(application, outcome, SUPERIOR, WIDTH / HEIGHT)
    yield view
    view.close()


def showing(pixels: np.ndarray, color: tuple[float, float, float]) -> int:
    """How many pixels beside the legend have a color, in some light."""
    value = pixels / 255.0
    value[LEGEND] = 0.0
    bright = value.max(axis=-1)
    ratio = value / np.maximum(bright, 1e-6)[..., None]
    wanted = np.array(color) / max(color)
    near = (np.abs(ratio - wanted).max(axis=-1) < 0.15) & (bright > 0.3 * max(color))
    return int(near.sum())


def in_legend(pixels: np.ndarray, color: tuple[float, float, float]) -> int:
    legend = pixels[LEGEND].astype(float)
    return int((np.abs(legend - 255 * np.array(color)).max(axis=-1) < 5).sum())


@pytest.mark.parametrize("geometry", ["tubes", "surfaces"])
def test_classes_are_drawn_each_by_one_actor_and_can_be_switched_off(outcome, view, geometry):
    blue = VESSELS[SizeClass.BV10].color
    settings = DisplaySettings(geometry=geometry, lungs_visible=False)
    apply_display(outcome, settings)
    assert showing(view.drawn(), blue) > 20
    assert view.visible_actors() == len(THERE)
    without = with_class(SizeClass.BV10, visible=False).classes
    apply_display(outcome, dataclasses.replace(settings, classes=without))
    assert showing(view.drawn(), blue) == 0
    assert view.visible_actors() == len(THERE) - 1
    apply_display(outcome, dataclasses.replace(settings, lungs_visible=True))
    assert view.visible_actors() == len(THERE) + 2


def test_a_click_in_3d_goes_through_the_lungs_to_a_vessel(outcome, view, small_result):
    update_case(outcome, case_of("case 7", small_result))  # the lungs' segments are made anew
    image = view.drawn()
    blue = np.array(VESSELS[SizeClass.BV10].color)
    ratio = image / np.maximum(image.max(axis=-1, keepdims=True), 1)
    near = np.abs(ratio - blue / blue.max()).max(axis=-1) < 0.15
    near[LEGEND] = False
    rows, columns = np.nonzero(near)
    middle = len(rows) // 2
    # As Slicer's markups find the place of a click.
    picker = vtk.vtkCellPicker()
    picker.SetTolerance(0.005)
    assert picker.Pick(int(columns[middle]), HEIGHT - 1 - int(rows[middle]), 0, view.renderer)
    branch = branch_at(outcome, picker.GetPickPosition())
    assert branch is not None
    start = small_result.centerlines.branch_start[branch]
    assert small_result.centerlines.size_class[start] == SizeClass.BV10


def test_the_legend_shows_whatever_else_is_shown_and_hides_on_demand(outcome, view):
    blue = VESSELS[SizeClass.BV10].color
    assert in_legend(view.drawn(), blue) > 200
    nothing = {each: ClassDisplay(False, look.color, 1.0) for each, look in VESSELS.items()}
    for geometry in ("surfaces", "tubes"):
        apply_display(
            outcome,
            DisplaySettings(nothing, geometry, "hidden", lungs_visible=False),
        )
        image = view.drawn()
        assert view.visible_actors() == 0
        assert in_legend(image, blue) > 200
    apply_display(outcome, DisplaySettings(legend_visible=False))
    assert in_legend(view.drawn(), blue) == 0
    apply_display(outcome, DisplaySettings())
    assert in_legend(view.drawn(), blue) > 200


def test_the_legend_follows_the_colors(outcome, view):
    green = (0.0, 1.0, 0.2)
    assert in_legend(view.drawn(), green) == 0
    apply_display(
        outcome,
        dataclasses.replace(with_class(SizeClass.BV10, color=green), lungs_visible=False),
    )
    image = view.drawn()
    assert in_legend(image, green) > 200
    assert in_legend(image, VESSELS[SizeClass.BV10].color) == 0
    assert showing(image, green) > 20


@pytest.mark.parametrize(
    ("size", "dpi"),
    [
        ((634, 415), 96),
        ((790, 575), 96),
        ((1000, 630), 96),
        ((400, 500), 96),
        ((1268, 830), 192),
    ],
    ids=["1366 x 768", "1600 x 1000", "1920 x 1080", "narrow", "200 %"],
)
def test_no_text_of_the_legend_lies_on_another_or_beyond_the_view(application, outcome, size, dpi):
    view = View(application, size)
    view.window.SetDPI(dpi)
    renew_legend(outcome.highlightModel, outcome.legend)
    nothing = {each: ClassDisplay(False, look.color, 1.0) for each, look in VESSELS.items()}
    apply_display(outcome, DisplaySettings(nothing, "tubes", "hidden", lungs_visible=False))
    for renderer in view.window.GetRenderers():
        renderer.SetBackground(0.0, 0.0, 0.0)
    application.view.SetBackgroundColor(0.0, 0.0, 0.0)
    application.view.SetBackgroundColor2(0.0, 0.0, 0.0)
    application.view.SetBoxVisible(False)
    application.view.SetAxisLabelsVisible(False)
    image = view.drawn().astype(int)
    view.close()
    # The rows of colors begin at the left; text is white.
    white = image.min(axis=-1) > 170
    rows = np.flatnonzero(white.any(axis=1))
    lines = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    assert len(lines) == len(SizeClass)
    assert min(len(line) for line in lines) >= 6
    columns = np.flatnonzero(white.any(axis=0))
    assert columns.max() < 0.31 * size[0]
    assert rows.max() < size[1] - 2


def test_a_second_cases_legend_can_be_switched_off_alone(application, outcome, view, small_result):
    second = add_case(application.scene, case_of("case 8", small_result))
    apply_display(second, dataclasses.replace(DisplaySettings(), legend_visible=False))
    assert in_legend(view.drawn(), VESSELS[SizeClass.BV10].color) > 200
    apply_display(outcome, DisplaySettings(legend_visible=False))
    assert in_legend(view.drawn(), VESSELS[SizeClass.BV10].color) == 0


@pytest.mark.parametrize(
    "name",
    [
        "vesselsSegmentation",
        "lungsSegmentation",
        "legend",
        "highlightModel",
        "inputVolume",
    ],
)
def test_a_node_may_go_while_it_is_drawn_and_come_back(outcome, view, small_result, name):
    apply_display(outcome, DisplaySettings(geometry="surfaces"))
    view.drawn()
    outcome.scene.RemoveNode(getattr(outcome, name))
    view.drawn()
    apply_display(outcome, DisplaySettings())
    update_case(outcome, case_of("case 7", small_result))
    image = view.drawn()
    assert in_legend(image, VESSELS[SizeClass.BV10].color) > 200
    assert showing(image, VESSELS[SizeClass.BV10].color) > 20


@pytest.mark.parametrize("geometry", ["tubes", "surfaces"])
def test_surfaces_that_are_shown_stay_when_a_branch_is_erased(outcome, geometry):
    apply_display(outcome, DisplaySettings(geometry=geometry))
    erase_branch(outcome, 3)
    segmentation = outcome.vesselsSegmentation.GetSegmentation()
    assert segmentation.ContainsRepresentation(SURFACE) == (geometry == "surfaces")


def test_a_case_may_go_while_it_is_drawn(outcome, view):
    view.drawn()
    remove_case(outcome)
    image = view.drawn()
    assert view.visible_actors() == 0
    assert in_legend(image, VESSELS[SizeClass.BV10].color) == 0


def test_the_scene_may_be_closed_while_a_case_is_drawn(outcome, view):
    scene = outcome.scene
    select_branch(outcome, 2)
    view.drawn()
    scene.Clear()
    assert find_outcomes(scene) == []
    view.drawn()


def test_drawing_a_picture_leaves_slicers_shared_factory_alone(small_result, monkeypatch):
    from BV5AnalysisLib.scene.views.rendering import rendered_png

    shared = slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance()
    logic = slicer.vtkSlicerApplicationLogic()
    shared.SetMRMLApplicationLogic(logic)
    count = shared.GetRegisteredDisplayableManagerCount()
    modified = shared.GetMTime()
    try:
        assert rendered_png(case_of("case", small_result), (120, 90)).startswith(b"\x89PNG")
        assert shared.GetMRMLApplicationLogic() is logic
        assert shared.GetRegisteredDisplayableManagerCount() == count
        assert shared.GetMTime() == modified
    finally:
        shared.SetMRMLApplicationLogic(None)


def test_without_egl_a_plain_window_is_made_as_in_slicer(monkeypatch):
    from unittest import mock

    from BV5AnalysisLib.scene.views import pictures

    vtk_without_egl = mock.Mock(spec=["vtkRenderWindow", "vtkObject"])
    monkeypatch.setattr(pictures, "vtk", vtk_without_egl)
    window = off_screen_window()
    assert window is vtk_without_egl.vtkRenderWindow.return_value
    window.SetShowWindow.assert_called_once_with(False)
    window.SetOffScreenRendering.assert_called_once_with(True)
