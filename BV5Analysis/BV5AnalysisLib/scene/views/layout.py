"""What the views of the review layout show."""

from __future__ import annotations

import numpy as np
import slicer

from ..nodes.colors import renew_legend
from ..nodes.outcome import Outcome, find_outcomes
from ..nodes.view_nodes import ApplicationLogic, cameras, show_background, show_chart, show_table
from .review_layout import LAYOUT_ID, scene_layout_node
from .selection import clear_selection

VIEW_MARGIN = 1.1
"""Size of a 3D view relative to the lungs, with space for the legend."""


def fill_views(
    scene: slicer.vtkMRMLScene, logic: ApplicationLogic | None, outcome: Outcome
) -> None:
    """Show an outcome in the views: CT, table, histogram, lungs in 3D, legend.

    Branches of all cases are deselected.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene of the views.
    logic : vtkMRMLApplicationLogic or None
        The application's; without it the views' nodes are set.
    outcome : Outcome
        What to show; deleted nodes are skipped.
    """
    for other in find_outcomes(scene):
        clear_selection(other, logic)
    show_background(scene, logic, outcome.inputVolume)
    show_table(scene, logic, outcome.measurementsTable)
    show_chart(scene, logic, outcome.histogramChart)
    low, high = lung_bounds(outcome)
    if (low < high).all():
        slicer.vtkMRMLSliceNode.JumpAllSlices(
            scene, *((low + high) / 2), slicer.vtkMRMLSliceNode.OffsetJumpSlice
        )
        for camera in cameras(scene):
            _look_from_the_front(camera, low, high)
    if outcome.legend is not None:
        renew_legend(outcome.highlightModel, outcome.legend)


def is_shown(
    scene: slicer.vtkMRMLScene, logic: slicer.vtkMRMLApplicationLogic, outcome: Outcome
) -> bool:
    """Whether the review layout is up and its table is that of a case.

    Parameters
    ----------
    scene : vtkMRMLScene
        Slicer's scene.
    logic : vtkMRMLApplicationLogic
        Slicer's own, whose selection the views follow.
    outcome : Outcome
        The case.
    """
    layout, table = scene_layout_node(scene), outcome.measurementsTable
    if layout is None or table is None or layout.GetViewArrangement() != LAYOUT_ID:
        return False
    return logic.GetSelectionNode().GetActiveTableID() == table.GetID()


def lung_bounds(outcome: Outcome) -> np.ndarray:
    """Lowest and highest RAS coordinates (2, 3) of the lungs, of the CT where there are none."""
    bounds = [1.0, -1.0] * 3
    for node in (outcome.lungsSegmentation, outcome.inputVolume, outcome.centerlinesModel):
        if node is not None and bounds[0] >= bounds[1]:
            node.GetRASBounds(bounds)
    return np.reshape(bounds, (3, 2)).T


def _look_from_the_front(
    camera: slicer.vtkMRMLCameraNode, low: np.ndarray, high: np.ndarray
) -> None:
    """Fit a box into a 3D view, seen from the front."""
    middle, (width, depth, height) = (low + high) / 2, high - low
    half = VIEW_MARGIN * max(width, height) / 2
    distance = depth / 2 + half / np.tan(np.radians(camera.GetViewAngle()) / 2)
    changing = camera.StartModify()
    camera.SetFocalPoint(*middle)
    camera.SetPosition(middle[0], middle[1] + distance, middle[2])
    camera.SetViewUp(0.0, 0.0, 1.0)
    camera.SetParallelScale(half)
    camera.ResetClippingRange()
    camera.EndModify(changing)
