"""The CT of a case, and whether all its nodes still lie where they were measured."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

from ...case.record import grid_of
from ...imaging.errors import AnalysisError
from ...imaging.model.volume import Grid, Volume
from .coordinates import array_of, grid_from_ras
from .images import turned_round
from .outcome import Outcome
from .volumes import ct_volume

SAME_PLACE = 1e-4
"""Largest difference between elements of transforms that are equal but for rounding."""


def check_together(outcome: Outcome, with_volume: bool) -> None:
    """Refuse a case whose nodes were moved apart: they would refer to different places.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case; deleted ones are skipped.
    with_volume : bool
        Whether its CT has to be in place, too.

    Raises
    ------
    AnalysisError
        The message names the nodes that are elsewhere than the centerlines.
    """
    nodes = [outcome.vesselsSegmentation, outcome.lungsSegmentation]
    lines, volume = outcome.centerlinesModel, outcome.inputVolume
    if lines is None:
        return
    # A CT whose transform was hardened has no transform any more, and is in place nevertheless.
    if with_volume and volume is not None and _on_grid(outcome, volume) is None:
        nodes.append(volume)
    apart = [node.GetName() for node in nodes if node is not None and not _together(node, lines)]
    if apart:
        raise AnalysisError(
            f"{' and '.join(apart)} and {lines.GetName()} do not lie in the same place any more;"
            " put all nodes of the case under the same transform, or none (Transforms module)."
        )


def frame_of(
    outcome: Outcome, otherwise: slicer.vtkMRMLTransformableNode
) -> slicer.vtkMRMLTransformableNode:
    """Node in whose frame the case's grid is."""
    return outcome.centerlinesModel or outcome.inputVolume or otherwise


def scan_of(outcome: Outcome) -> Volume | None:
    """Voxels of the case's CT, on the case's grid; None without CT.

    Raises
    ------
    AnalysisError
        The CT has another grid now.
    """
    node = outcome.inputVolume
    if node is None:
        return None
    volume = _on_grid(outcome, node)
    if volume is None:
        raise AnalysisError(
            f"{node.GetName()} was moved, cropped or resampled after it was analyzed; undo that, or"
            " analyze it again."
        )
    return volume


def _on_grid(outcome: Outcome, node: slicer.vtkMRMLScalarVolumeNode) -> Volume | None:
    """Voxels of the CT on the case's grid, whatever transform either is under; None if elsewhere.

    The case's grid is in the frame of its centerlines.
    """
    volume, grid = ct_volume(node), grid_of(outcome.record)
    lines = outcome.centerlinesModel
    if lines is not None and (between := _between(node, lines)) is not None:
        matrix = vtk.vtkMatrix4x4()
        node.GetIJKToRASMatrix(matrix)
        vtk.vtkMatrix4x4.Multiply4x4(between, matrix, matrix)
        volume = Volume(volume.array, grid_from_ras(matrix, node.GetImageData().GetExtent()))
    # Slicer reverses the slices of left-handed grids.
    for candidate in (volume, turned_round(volume)):
        if candidate.grid.matches(grid):
            return candidate
    return None


def check_same_grid(grid: Grid, volume: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Raise AnalysisError unless a volume's voxels are those of a grid, in whatever order."""
    own = ct_volume(volume)
    if not own.grid.matches(grid) and not turned_round(own).grid.matches(grid):
        raise AnalysisError(
            f"{volume.GetName()} does not have the voxels of the analyzed scan; choose the CT that"
            " was analyzed, or none."
        )


def _together(
    node: slicer.vtkMRMLTransformableNode, other: slicer.vtkMRMLTransformableNode
) -> bool:
    if node.GetParentTransformNode() is other.GetParentTransformNode():
        return True
    between = _between(node, other)
    return between is not None and bool(np.abs(array_of(between) - np.eye(4)).max() <= SAME_PLACE)


def _between(
    node: slicer.vtkMRMLTransformableNode, other: slicer.vtkMRMLTransformableNode
) -> vtk.vtkMatrix4x4 | None:
    """From one node's frame to another's; None if they have the same, or a transform bends it."""
    one, two = node.GetParentTransformNode(), other.GetParentTransformNode()
    linear = all(node is None or node.IsTransformToWorldLinear() for node in (one, two))
    if one is two or not linear:
        return None
    matrix = vtk.vtkMatrix4x4()
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(one, two, matrix)
    return matrix
