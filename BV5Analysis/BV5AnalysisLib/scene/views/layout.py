"""What the views of the review layout show."""

from __future__ import annotations

import numpy as np
import slicer

from ..nodes.colors import renew_legend
from ..nodes.outcome import Outcome, find_outcomes
from ..nodes.view_nodes import ApplicationLogic, cameras, show_background, show_chart, show_table
from .selection import clear_selection

ROOM = 1.1
"""How much larger than the lungs a 3D view is, for the legend and for looks."""


def fill_views(
    scene: slicer.vtkMRMLScene, logic: ApplicationLogic | None, outcome: Outcome
) -> None:
    """Let the views show an outcome: CT, table, histogram, lungs in 3D, legend.

    Branches that were chosen, of whatever case, are not any more.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene of the views.
    logic : vtkMRMLApplicationLogic or None
        The application's; without it the views' nodes are set.
    outcome : Outcome
        What to show; deleted nodes are passed over.
    """
    for each in find_outcomes(scene):
        clear_selection(each, logic)
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
    half = ROOM * max(width, height) / 2
    distance = depth / 2 + half / np.tan(np.radians(camera.GetViewAngle()) / 2)
    changing = camera.StartModify()
    camera.SetFocalPoint(*middle)
    camera.SetPosition(middle[0], middle[1] + distance, middle[2])
    camera.SetViewUp(0.0, 0.0, 1.0)
    camera.SetParallelScale(half)
    camera.ResetClippingRange()
    camera.EndModify(changing)
