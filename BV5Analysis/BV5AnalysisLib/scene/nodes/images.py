"""Volumes as VTK images and as volume nodes."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from ...imaging.model.volume import Grid, Volume
from .coordinates import index_to_ras
from .node_names import saveable_name

LUNG_WINDOW_HU = 1500.0
LUNG_LEVEL_HU = -600.0


def add_volume(scene: slicer.vtkMRMLScene, name: str, ct: Volume) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a CT to a scene, shown in a lung window.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    name : str
        Node name, see `node_names.saveable_name`.
    ct : Volume
        Attenuation in HU, (z, y, x).

    Returns
    -------
    vtkMRMLScalarVolumeNode
        Volume node with its own copy of the voxels.
    """
    ct = right_handed(ct)
    image = vtk.vtkImageData()
    image.SetDimensions(ct.grid.size)
    image.GetPointData().SetScalars(_scalars(ct.array))
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", saveable_name(name))
    node.SetIJKToRASMatrix(index_to_ras(ct.grid))
    node.SetAndObserveImageData(image)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevel(LUNG_WINDOW_HU, LUNG_LEVEL_HU)
    return node


def labelmap(labels: Volume) -> slicer.vtkOrientedImageData:
    """Label image cropped to what is labeled.

    Parameters
    ----------
    labels : Volume
        uint8 label values, 0 for background.

    Returns
    -------
    vtkOrientedImageData
        Image on the same voxels (its extent starts where the crop does), with one voxel of
        background around the labels where the volume has room for it; empty without labels.
    """
    labels = right_handed(labels)
    image = slicer.vtkOrientedImageData()
    image.SetImageToWorldMatrix(index_to_ras(labels.grid))
    box = _bounding_box(labels.array)
    if box is None:
        image.SetExtent(0, -1, 0, -1, 0, -1)
        image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
        return image
    image.SetExtent([bound for side in reversed(box) for bound in (side.start, side.stop - 1)])
    image.GetPointData().SetScalars(_scalars(labels.array[box].astype(np.uint8, copy=False)))
    return image


def right_handed(volume: Volume) -> Volume:
    """Reverse the order of the slices where the voxel axes are left-handed.

    Slicer does so when it reads files; surfaces of left-handed labels would face inward.

    Parameters
    ----------
    volume : Volume
        Values on any grid.

    Returns
    -------
    Volume
        The same values at the same places.
    """
    direction = np.reshape(volume.grid.direction, (3, 3))
    return volume if np.linalg.det(direction) > 0 else turned_round(volume)


def turned_round(volume: Volume) -> Volume:
    """Reverse the order of the slices; the values stay at their places.

    Parameters
    ----------
    volume : Volume
        Values on any grid.

    Returns
    -------
    Volume
        On a grid of the other handedness.
    """
    grid = volume.grid
    direction = np.reshape(grid.direction, (3, 3))
    last_slice = np.array([grid.size[2] - 1.0, 0.0, 0.0])
    turned = Grid(
        size=grid.size,
        spacing=grid.spacing,
        origin=tuple(grid.index_to_world(last_slice).tolist()),
        direction=tuple((direction * (1.0, 1.0, -1.0)).ravel().tolist()),
    )
    return Volume(volume.array[::-1], turned)


def _scalars(array: np.ndarray) -> vtk.vtkDataArray:
    """Copy of an array (z, y, x) as VTK scalars."""
    scalars = numpy_to_vtk(np.ascontiguousarray(array).ravel(), deep=True)
    scalars.SetName("ImageScalars")
    return scalars


def _bounding_box(array: np.ndarray) -> tuple[slice, ...] | None:
    """Slices (z, y, x) around all nonzero voxels with a margin of one voxel."""
    sides = []
    for axis, length in enumerate(array.shape):
        others = tuple(other for other in range(array.ndim) if other != axis)
        inside = np.flatnonzero(array.any(axis=others))
        if not len(inside):
            return None
        sides.append(slice(max(inside[0] - 1, 0), min(inside[-1] + 2, length)))
    return tuple(sides)
