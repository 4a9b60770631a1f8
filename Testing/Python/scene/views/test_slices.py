"""What Slicer's own slice views draw of a case."""

import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.size_classes import LUNGS, VESSELS, LungLabel, SizeClass
from BV5AnalysisLib.scene.case.case_nodes import HIGHLIGHT_COLOR
from BV5AnalysisLib.scene.views.arrangement import arrange_views
from BV5AnalysisLib.scene.views.display import DisplaySettings, apply_display
from BV5AnalysisLib.scene.views.pictures import pixels_of
from BV5AnalysisLib.scene.views.selection import select_branch
from scene.offscreen_view import OffscreenView

PIXELS = 400
MANAGERS = ("vtkMRMLModelSliceDisplayableManager", "vtkMRMLSegmentationsDisplayableManager2D")


class SliceView(OffscreenView):
    """What lies over the CT in a slice view."""

    def __init__(self, application, name: str) -> None:
        node = application.scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        super().__init__(application, node, MANAGERS, (PIXELS, PIXELS))

    def showing(self, color: tuple[float, float, float], brightness: float = 1.0) -> np.ndarray:
        """Pixels (n, 2), right and up from the middle, that have a color."""
        self.window.Render()
        wanted = 255 * brightness * np.array(color)
        near = np.abs(pixels_of(self.window) - wanted).max(axis=-1) < 12
        return np.argwhere(near)[:, ::-1] - PIXELS / 2


@pytest.fixture
def axial(application, outcome) -> SliceView:
    arrange_views(application, outcome)
    view = SliceView(application, "Red")
    view.node.JumpSliceByCentering(0.0, 0.0, 0.0)
    yield view
    view.close()


@pytest.mark.parametrize("size_class", set(SizeClass) - {SizeClass.HILAR})
def test_each_class_is_outlined_in_its_color_where_it_is(axial, outcome, size_class):
    pixel = axial.node.GetFieldOfView()[0] / PIXELS
    place = axial.showing(VESSELS[size_class].color) * pixel
    front = {SizeClass.BELOW_FLOOR: 45.0, SizeClass.BV5: 15.0, SizeClass.BV5_10: -15.0}
    assert len(place) > 60
    assert np.abs(place[:, 1] - front.get(size_class, -45.0)).max() < 4.0
    assert 95.0 < np.abs(place[:, 0]).max() < 106.0  # both lungs
    assert np.abs(place[:, 0]).min() > 34.0


def test_right_is_on_the_left(axial, outcome):
    right, left = (axial.showing(LUNGS[side].color)[:, 0] for side in LungLabel)
    assert len(right) > 200
    assert right.max() < 0 < left.min()


def test_outlines_fill_and_nothing(axial, outcome):
    blue = VESSELS[SizeClass.BV10].color
    outlines = len(axial.showing(blue))
    assert len(axial.showing(blue, 0.5)) == 0
    apply_display(outcome, DisplaySettings(slices="fill"))
    assert len(axial.showing(blue, 0.5)) > 100  # half of it, on black
    apply_display(outcome, DisplaySettings(slices="hidden"))
    assert len(axial.showing(blue)) == 0
    apply_display(outcome, DisplaySettings())
    assert len(axial.showing(blue)) == outlines
    classes = dict(DisplaySettings().classes)
    classes[SizeClass.BV10] = dataclasses.replace(classes[SizeClass.BV10], visible=False)
    apply_display(outcome, DisplaySettings(classes))
    assert len(axial.showing(blue)) == 0


def test_a_chosen_branch_is_ringed_in_the_slice_across_it(axial, outcome):
    assert len(axial.showing(HIGHLIGHT_COLOR)) == 0
    select_branch(outcome, 3, "Red")
    pixel = axial.node.GetFieldOfView()[0] / PIXELS
    assert pixel == pytest.approx(60.0 / PIXELS)
    ring = np.linalg.norm(axial.showing(HIGHLIGHT_COLOR) * pixel, axis=1)
    radius = np.sqrt(40.0 / np.pi) + 0.5
    assert len(ring) > 100
    assert ring.min() > 0.9 * radius - 3 * pixel
    assert ring.max() < 1.1 * radius + 3 * pixel


def test_surfaces_in_3d_leave_the_slices_as_they_were(axial, outcome):
    before = len(axial.showing(VESSELS[SizeClass.BV5_10].color))
    apply_display(outcome, DisplaySettings(geometry="surfaces"))
    assert len(axial.showing(VESSELS[SizeClass.BV5_10].color)) == before
