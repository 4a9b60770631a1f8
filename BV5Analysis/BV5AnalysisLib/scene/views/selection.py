"""One branch, shown everywhere: slices, 3D, plot."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import slicer
import vtk

from ...case.record import parameters_of
from ...imaging.errors import AnalysisError
from ...imaging.model.centerlines import Centerlines
from ...imaging.model.size_classes import SizeClass
from ..nodes.coordinates import array_of, ras_points
from ..nodes.models import centerlines_of
from ..nodes.outcome import Outcome
from ..nodes.plots import fill_profile, fit_axes
from ..nodes.tubes import tubes_poly_data
from ..nodes.view_nodes import (
    ApplicationLogic,
    cameras,
    nodes_of_class,
    show_chart,
    slice_node,
)

FIELD_OF_VIEW_MM = 60.0
"""Of the slice across the branch: the shorter side of the view."""
DIRECTION_MM = 3.0
"""Length of branch, to either side, from which its direction is computed."""
WIDER_MM = 0.5
"""How much wider than the branch its highlight is, so that it covers it."""
STEEP = 0.8
"""Cosine to the body's axis from which on a branch runs up or down."""
SELECTED = "BV5Analysis.selectedBranch"
"""Attribute of the case node: ID of the chosen branch."""
BEFORE = "BV5Analysis.sliceBefore"
"""Attribute of a slice node that was turned: its state before."""


@dataclass(frozen=True)
class Place:
    """Middle of a branch, in the world.

    Attributes
    ----------
    position, direction : numpy.ndarray
        (3,) RAS mm, and unit vector.
    """

    position: np.ndarray
    direction: np.ndarray


def select_branch(
    outcome: Outcome,
    branch: int,
    perpendicular_view: str | None = None,
    logic: ApplicationLogic | None = None,
) -> None:
    """Show a branch: views go there, it is highlighted, and its areas are plotted.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    branch : int
        Its ID.
    perpendicular_view : str, optional
        Layout name of the slice view to turn across the branch and zoom in; one that was turned
        before goes back.
    logic : vtkMRMLApplicationLogic, optional
        The application's.

    Raises
    ------
    AnalysisError
        The centerlines were deleted.
    ValueError
        There is no such branch.
    """
    model = outcome.centerlinesModel
    if model is None:
        raise AnalysisError(
            "The centerlines model was deleted; load the case again, or analyze again."
        )
    centerlines = centerlines_of(model)
    if not 0 <= branch < centerlines.branch_count:
        raise ValueError(f"there is no branch {branch}")
    scene, place = outcome.scene, place_of(centerlines, branch, model)
    outcome.caseNode.SetAttribute(SELECTED, str(branch))
    _highlight(outcome, centerlines, branch)
    turned = slice_node(scene, perpendicular_view) if perpendicular_view else None
    _turn_slices_back(scene, but=turned)
    if turned is not None:
        _remember(turned)
    slicer.vtkMRMLSliceNode.JumpAllSlices(
        scene, *place.position, slicer.vtkMRMLSliceNode.CenteredJumpSlice
    )
    if turned is not None:
        _turn_across(turned, place)
    for camera in cameras(scene):
        _look_at(camera, place.position)
    if outcome.profileTable is not None:
        parameters = parameters_of(outcome.record)
        fill_profile(outcome.profileTable, centerlines, parameters, branch)
        if outcome.profileChart is not None:
            fit_axes(outcome.profileChart, outcome.profileTable)
    show_chart(scene, logic, outcome.profileChart)


def clear_selection(outcome: Outcome, logic: ApplicationLogic | None = None) -> None:
    """Undo `select_branch`: no highlight, slices as before, the histogram in the plot.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    logic : vtkMRMLApplicationLogic, optional
        The application's.
    """
    if selected_branch(outcome) is None:
        return
    outcome.caseNode.RemoveAttribute(SELECTED)
    if outcome.highlightModel is not None:
        outcome.highlightModel.SetAndObservePolyData(vtk.vtkPolyData())
    _turn_slices_back(outcome.scene)
    show_chart(outcome.scene, logic, outcome.histogramChart)


def selected_branch(outcome: Outcome) -> int | None:
    """ID of the chosen branch."""
    branch = outcome.caseNode.GetAttribute(SELECTED)
    return int(branch) if branch is not None else None


def place_of(centerlines: Centerlines, branch: int, model: slicer.vtkMRMLModelNode) -> Place:
    """Middle of a branch by length, and its direction there, in the world.

    Parameters
    ----------
    centerlines : Centerlines
        All branches.
    branch : int
        Which one.
    model : vtkMRMLModelNode
        Their node; the transform that it is under applies.

    Returns
    -------
    Place
        On the centerline.
    """
    start = centerlines.branch_start
    line = ras_points(centerlines.points_mm[start[branch] : start[branch + 1]])
    to_world = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
        model.GetParentTransformNode(), None, to_world
    )
    line = np.array([to_world.TransformPoint(point) for point in line])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    middle = along[-1] / 2
    places = np.clip([middle - DIRECTION_MM, middle, middle + DIRECTION_MM], 0.0, along[-1])
    before, position, after = (
        np.array([np.interp(place, along, line[:, axis]) for axis in range(3)]) for place in places
    )
    length = float(np.linalg.norm(after - before))
    direction = (after - before) / length if length > 0 else np.array([0.0, 0.0, 1.0])
    return Place(position, direction)


def _highlight(outcome: Outcome, centerlines: Centerlines, branch: int) -> None:
    """Wrap a tube around the branch."""
    if outcome.highlightModel is None:
        return
    first, after = centerlines.branch_start[branch : branch + 2]
    area = np.pi * (centerlines.radius_mm[first:after] + WIDER_MM) ** 2
    of_points = {
        name: getattr(centerlines, name)[first:after]
        for name in (
            "points_mm",
            "point_volume_ml",
            "point_length_mm",
        )
    }
    alone = Centerlines.measured(
        branch_start=np.array([0, after - first]),
        csa_mm2=area,
        size_class=np.full(after - first, SizeClass.BV10, np.uint8),
        **of_points,
    )
    outcome.highlightModel.SetAndObservePolyData(tubes_poly_data(alone, SizeClass.BV10))


def _remember(node: slicer.vtkMRMLSliceNode) -> None:
    """Store a slice view's state with it, unless it is turned already."""
    if node.GetAttribute(BEFORE) is None:
        before = {
            "slice_to_ras": array_of(node.GetSliceToRAS()).tolist(),
            "field_of_view": node.GetFieldOfView(),
            "dimensions": node.GetDimensions(),
            "origin": node.GetXYZOrigin(),
        }
        node.SetAttribute(BEFORE, json.dumps(before))


def _turn_across(node: slicer.vtkMRMLSliceNode, place: Place) -> None:
    """Turn a slice view across a branch, zoomed in."""
    right, normal = across(place.direction)
    changing = node.StartModify()
    para_axial = 0
    node.SetSliceToRASByNTP(*normal, *right, *place.position, para_axial)
    width, height = node.GetDimensions()[:2]
    pixel = FIELD_OF_VIEW_MM / max(min(width, height), 1)
    node.SetXYZOrigin(0.0, 0.0, 0.0)
    node.SetFieldOfView(pixel * max(width, 1), pixel * max(height, 1), node.GetFieldOfView()[2])
    node.EndModify(changing)


def across(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a slice across a direction has its right, and its normal.

    The head is up where the plane lets it, else the front; the patient's left is on the right,
    or the back where the plane runs from front to back: as in Slicer's own views.

    Parameters
    ----------
    direction : numpy.ndarray
        (3,) unit vector, RAS.

    Returns
    -------
    right, normal : numpy.ndarray
        (3,) unit vectors, RAS; the slice's up is normal × right.
    """
    up = np.array([0.0, 1.0, 0.0] if abs(direction[2]) > STEEP else [0.0, 0.0, 1.0])
    up -= (up @ direction) * direction
    up /= np.linalg.norm(up)
    right = np.cross(up, direction)
    if right @ (-1.0, -0.5, 0.0) < 0:
        right = -right
    return right, np.cross(right, up)


def _turn_slices_back(
    scene: slicer.vtkMRMLScene, but: slicer.vtkMRMLSliceNode | None = None
) -> None:
    """Restore plane and zoom of slice views that were turned."""
    for node in nodes_of_class(scene, "vtkMRMLSliceNode"):
        kept = node.GetAttribute(BEFORE)
        if kept is None or node is but:
            continue
        before = json.loads(kept)
        node.RemoveAttribute(BEFORE)
        changing = node.StartModify()
        node.GetSliceToRAS().DeepCopy(np.ravel(before["slice_to_ras"]))
        node.UpdateMatrices()
        node.SetXYZOrigin(*before["origin"])
        node.SetFieldOfView(*_field_of_view(before, node.GetDimensions()))
        node.EndModify(changing)


def _field_of_view(before: dict[str, list], dimensions: tuple[int, int, int]) -> list[float]:
    """Previous field of view, in mm; adapted as Slicer does if the view was resized since."""
    width, height, depth = before["field_of_view"]
    if list(dimensions[:2]) != before["dimensions"][:2] and dimensions[1] > 0:
        width = height * dimensions[0] / dimensions[1]
    return [width, height, depth]


def _look_at(camera: slicer.vtkMRMLCameraNode, position: np.ndarray) -> None:
    """Move a camera so that a point is in the middle; direction and distance stay."""
    offset = position - np.array(camera.GetFocalPoint())
    changing = camera.StartModify()
    camera.SetPosition(*(np.array(camera.GetPosition()) + offset))
    camera.SetFocalPoint(*position)
    camera.ResetClippingRange()
    camera.EndModify(changing)
