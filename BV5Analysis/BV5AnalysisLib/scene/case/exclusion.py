"""A branch erased from the vessels, as a brush would."""

from __future__ import annotations

import dataclasses

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ...imaging.editing.branch_voxels import branch_voxels
from ...imaging.errors import AnalysisError
from ...imaging.model.centerlines import Centerlines
from ..nodes.coordinates import grid_from_ras, lps_points, ras_points
from ..nodes.models import centerlines_of
from ..nodes.outcome import Outcome
from ..nodes.segmentations import BINARY
from ..views.display import show_surfaces


def erase_branch(outcome: Outcome, branch: int) -> None:
    """Erase a branch's voxels from all segments of the vessels.

    The numbers stay until they are recomputed. Surfaces of the segments are removed, and made
    again at once if they are shown, else when they are shown.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    branch : int
        ID of the branch.

    Raises
    ------
    AnalysisError
        There is no such branch, or the segmentation or the centerlines were deleted.
    """
    segmentation, model = outcome.vesselsSegmentation, outcome.centerlinesModel
    if segmentation is None or model is None:
        raise AnalysisError(
            "The vessels segmentation or the centerlines model was deleted; load the case"
            " again, or analyze again."
        )
    centerlines = _in_frame_of(segmentation, centerlines_of(model), model)
    if not 0 <= branch < centerlines.branch_count:
        raise AnalysisError(f"There is no branch {branch}; choose one of the list.")
    for image in _layers(segmentation):
        grid = grid_from_ras(_matrix(image), image.GetExtent())
        labels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(grid.shape)
        voxels = branch_voxels(grid, centerlines, branch)
        if labels[voxels].any():
            labels[voxels] = 0
            # Slicer's own event for changed voxels: displays follow, surfaces are dropped.
            image.Modified()
    display = segmentation.GetDisplayNode()
    if display is not None and display.GetVisibility3D():
        show_surfaces(segmentation)


def _layers(segmentation: slicer.vtkMRMLSegmentationNode) -> list[slicer.vtkOrientedImageData]:
    """Labelmaps with voxels in them, each once though segments share them."""
    layers = segmentation.GetSegmentation()
    images = [
        layers.GetLayerDataObject(index, BINARY)
        for index in range(layers.GetNumberOfLayers(BINARY))
    ]
    return [image for image in images if image is not None and image.GetNumberOfPoints()]


def _matrix(image: slicer.vtkOrientedImageData) -> vtk.vtkMatrix4x4:
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    return matrix


def _in_frame_of(
    segmentation: slicer.vtkMRMLSegmentationNode,
    centerlines: Centerlines,
    model: slicer.vtkMRMLModelNode,
) -> Centerlines:
    """Centerlines in the segmentation's frame: both may have been put under transforms."""
    source, target = model.GetParentTransformNode(), segmentation.GetParentTransformNode()
    if source is target:
        return centerlines
    transform = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(source, target, transform)
    moved = [transform.TransformPoint(point) for point in ras_points(centerlines.points_mm)]
    return dataclasses.replace(centerlines, points_mm=lps_points(np.array(moved)))
