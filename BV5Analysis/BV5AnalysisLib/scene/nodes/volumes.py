"""Volume nodes as scans to measure: which ones can be, and their voxels."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ...imaging.model.volume import Volume
from ...imaging.reading import scan_findings, scan_reader
from .coordinates import array_of, grid_from_ras

RIGID = 1e-4
"""Largest deviation of a rigid transform's columns from unit length and right angles."""
EIGHT_BIT = (vtk.VTK_CHAR, vtk.VTK_SIGNED_CHAR, vtk.VTK_UNSIGNED_CHAR, vtk.VTK_BIT)


def ct_volume(node: slicer.vtkMRMLScalarVolumeNode) -> Volume:
    """Voxels of a volume node, in the node's own frame.

    A transform that the node is under is left out: results go under the same transform.

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode
        One that `reason_not_measurable` finds fit.

    Returns
    -------
    Volume
        Attenuation (z, y, x) that shares memory with the node, on its grid in LPS.
    """
    image = node.GetImageData()
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    return Volume(array, grid_from_ras(matrix, image.GetExtent()))


def reason_not_measurable(node: slicer.vtkMRMLNode | None) -> str:
    """Why a node is no CT that can be measured, in a sentence that says what to do.

    Quick enough to be asked whenever the choice changes; what only the voxels tell is found
    out when the analysis starts.

    Parameters
    ----------
    node : vtkMRMLNode or None
        What the user chose.

    Returns
    -------
    str
        Empty if it can be measured.
    """
    if node is None:
        return "Choose a chest CT."
    return _reason_of_kind(node) or _reason_of_geometry(node) or _reason_of_transform(node)


def _reason_of_kind(node: slicer.vtkMRMLNode) -> str:
    """Why the node's values are not those of a CT."""
    name = node.GetName()
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        return f"{name} is a labelmap; choose the CT itself."
    if not node.IsA("vtkMRMLScalarVolumeNode"):
        return f"{name} is no scalar volume; choose a chest CT."
    image = node.GetImageData()
    if image is None or image.GetPointData().GetScalars() is None:
        return f"{name} has no voxels; load the CT again."
    what = _unlike_ct(image)
    return f"{name} has {what}." if what else ""


def _unlike_ct(image: vtk.vtkImageData) -> str:
    """Say what an image has that a CT has not, and what to choose instead."""
    if image.GetNumberOfScalarComponents() != 1:
        return "several values a voxel, as colors and vectors; choose a CT in HU"
    if image.GetScalarType() in EIGHT_BIT:
        return "8-bit values, as masks and pictures; choose a CT in HU"
    if min(image.GetDimensions()) < scan_reader.CONSTANTS.least_voxels:
        size = " × ".join(map(str, image.GetDimensions()))
        return f"{size} voxels, a picture or slab; choose a CT of the whole chest"
    low, high = image.GetScalarRange()
    if not low < scan_reader.CONSTANTS.some_below_hu < high <= np.iinfo(np.int16).max:
        return (
            f"values from {low:g} to {high:g}, no Hounsfield units of a chest with its air; choose"
            " the original CT"
        )
    return ""


def _reason_of_geometry(node: slicer.vtkMRMLScalarVolumeNode) -> str:
    """Why the node's voxels are not those of a chest CT."""
    name = node.GetName()
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASDirectionMatrix(matrix)
    cosines = array_of(matrix)[:3, :3]
    if np.abs(cosines.T @ cosines - np.eye(3)).max() > scan_reader.CONSTANTS.perpendicular:
        return (
            f"{name} has slanted axes, as of a tilted gantry; resample it onto a regular grid"
            " first (Crop Volume module, interpolated cropping)."
        )
    limits = scan_reader.CONSTANTS
    coarsest_slice_mm = scan_findings.CONSTANTS.coarsest_slice_mm
    spacing = node.GetSpacing()
    finest, second, coarsest = sorted(spacing)
    if finest < limits.finest_mm or second > limits.coarsest_pixel_mm:
        return (
            f"{name} has voxels of {' × '.join(f'{step:.3g}' for step in spacing)} mm, which no"
            " chest CT has; check its spacing (Volumes module)."
        )
    if coarsest > coarsest_slice_mm:
        return (
            f"{name} has slices {coarsest:.3g} mm apart; small vessels need"
            f" {coarsest_slice_mm:g} mm or less, best 1.5 mm: choose a thinner reconstruction."
        )
    return ""


def _reason_of_transform(node: slicer.vtkMRMLScalarVolumeNode) -> str:
    """Why the transform that the node is under changes sizes."""
    transform = node.GetParentTransformNode()
    if transform is None or is_rigid(transform):
        return ""
    return (
        f"{node.GetName()} is under the transform {transform.GetName()}, which scales, shears or"
        " bends it, so that areas cannot be measured; take it out of the transform or harden the"
        " transform (Transforms module)."
    )


def is_rigid(transform: slicer.vtkMRMLTransformNode) -> bool:
    """Whether a transform, with all those it is under, only turns and moves."""
    if not transform.IsTransformToWorldLinear():
        return False
    matrix = vtk.vtkMatrix4x4()
    transform.GetMatrixTransformToWorld(matrix)
    turn = array_of(matrix)[:3, :3]
    return bool(np.abs(turn.T @ turn - np.eye(3)).max() <= RIGID and np.linalg.det(turn) > 0)
