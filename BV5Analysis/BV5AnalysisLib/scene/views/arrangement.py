"""Camera, background and slices of an analysis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer

from ..nodes.outcome import Outcome
from .layout import lung_bounds
from .offscreen import OffscreenApplication

CAMERA_DISTANCE_MM = 1000.0
BACKGROUND_BOTTOM = (0.02, 0.025, 0.035)
BACKGROUND_TOP = (0.10, 0.12, 0.15)
MARGIN = 1.06
LEGEND_HEIGHT = 0.10
"""Fraction of the view's height, at the bottom, reserved for the legend."""


SLICE_PIXELS = 400


@dataclass(frozen=True)
class SliceView:
    """One of Slicer's slice views.

    Attributes
    ----------
    name : str
        Layout name.
    orientation : str
        Name of its orientation.
    plane : tuple of int
        RAS axes to its right and up.
    color : tuple of float
        Slicer's color for it.
    """

    name: str
    orientation: str
    plane: tuple[int, int]
    color: tuple[float, float, float]


SLICE_VIEWS = (
    SliceView("Red", "Axial", (0, 1), slicer.vtkMRMLSliceNode.GetRedColor()),
    SliceView("Yellow", "Sagittal", (1, 2), slicer.vtkMRMLSliceNode.GetYellowColor()),
    SliceView("Green", "Coronal", (0, 2), slicer.vtkMRMLSliceNode.GetGreenColor()),
)


@dataclass(frozen=True)
class ViewDirection:
    """Where the camera looks from.

    Attributes
    ----------
    toward_viewer, up : tuple of float
        Unit vectors in RAS, at right angles.
    """

    toward_viewer: tuple[float, float, float]
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)

    @property
    def right(self) -> tuple[float, ...]:
        """Unit vector in RAS that points to the right in the picture."""
        return tuple(np.cross(self.up, self.toward_viewer).tolist())


ANTERIOR = ViewDirection((0.0, 1.0, 0.0))
POSTERIOR = ViewDirection((0.0, -1.0, 0.0))
LEFT = ViewDirection((-1.0, 0.0, 0.0))
RIGHT = ViewDirection((1.0, 0.0, 0.0))
SUPERIOR = ViewDirection((0.0, 0.0, 1.0), (0.0, 1.0, 0.0))


def arrange_views(
    application: OffscreenApplication,
    outcome: Outcome,
    direction: ViewDirection = ANTERIOR,
    aspect: float = 4 / 3,
) -> None:
    """Set 3D and slice views so that a scene opens with the lungs in sight.

    Parameters
    ----------
    application : OffscreenApplication
        Application whose views to set.
    outcome : Outcome
        What to show.
    direction : ViewDirection
        Where the 3D view looks from.
    aspect : float
        Width of the 3D view by its height.
    """
    view = application.view
    view.SetBackgroundColor(BACKGROUND_BOTTOM)
    view.SetBackgroundColor2(BACKGROUND_TOP)
    view.SetBoxVisible(False)
    view.SetAxisLabelsVisible(False)
    view.SetRenderMode(slicer.vtkMRMLViewNode.Orthographic)
    _aim(application.camera, framing(lung_bounds(outcome), direction, aspect))
    for slice_view in SLICE_VIEWS:
        show_in_slice(application, slice_view, outcome.inputVolume)


@dataclass(frozen=True)
class Framing:
    """How a camera without perspective sees the lungs.

    Attributes
    ----------
    focus, position, up : tuple of float
        RAS mm, and a unit vector.
    half_height_mm : float
        Half of what the view's height shows.
    """

    focus: tuple[float, float, float]
    position: tuple[float, float, float]
    up: tuple[float, float, float]
    half_height_mm: float


def framing(bounds: np.ndarray, direction: ViewDirection, aspect: float) -> Framing:
    """Fit a box into the part of a view above the legend.

    Parameters
    ----------
    bounds : numpy.ndarray
        (2, 3) lowest and highest RAS coordinates.
    direction : ViewDirection
        Where to look from.
    aspect : float
        Width of the view by its height.

    Returns
    -------
    Framing
        The camera.
    """
    up, right = np.array(direction.up), np.array(direction.right)
    extent = bounds[1] - bounds[0]
    width, height = extent @ np.abs(right), extent @ np.abs(up)
    view_height = MARGIN * max(height / (1 - LEGEND_HEIGHT), width / aspect)
    focus = bounds.mean(axis=0) - up * view_height * LEGEND_HEIGHT / 2
    position = focus + CAMERA_DISTANCE_MM * np.array(direction.toward_viewer)
    return Framing(tuple(focus), tuple(position), direction.up, view_height / 2)


def _aim(camera: slicer.vtkMRMLCameraNode, frame: Framing) -> None:
    camera.SetFocalPoint(frame.focus)
    camera.SetPosition(frame.position)
    camera.SetViewUp(frame.up)
    camera.SetParallelProjection(True)
    camera.SetParallelScale(frame.half_height_mm)
    camera.ResetClippingRange()


def show_in_slice(
    application: OffscreenApplication,
    slice_view: SliceView,
    volume: slicer.vtkMRMLScalarVolumeNode,
) -> None:
    """Put the whole volume into a slice view, at its middle."""
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLApplicationLogic(application.logic)
    logic.SetMRMLScene(application.scene)
    logic.AddSliceNode(slice_view.name)
    logic.GetSliceCompositeNode().SetBackgroundVolumeID(volume.GetID())
    bounds = [0.0] * 6
    volume.GetRASBounds(bounds)
    low, high = np.reshape(bounds, (3, 2)).T
    width, height = (high - low)[list(slice_view.plane)]
    field_of_view = max(width, height)
    node = logic.GetSliceNode()
    node.SetOrientation(slice_view.orientation)
    node.SetLayoutLabel(slice_view.name[0])
    node.SetLayoutColor(slice_view.color)
    node.SetDimensions(SLICE_PIXELS, SLICE_PIXELS, 1)
    node.SetFieldOfView(field_of_view, field_of_view, min(volume.GetSpacing()))
    node.JumpSliceByCentering(*((low + high) / 2))
