"""Label volumes as segmentation nodes, and their surfaces."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ...case.segmentation import terminology_entry
from ...imaging.model.size_classes import Appearance
from ...imaging.model.volume import Grid, Volume
from .coordinates import array_of, index_to_ras
from .images import labelmap, right_handed

BINARY = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
SURFACE = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
SURFACE_NETS = "1"
SAME_GEOMETRY = 1e-9
"""Largest difference between elements of matrices that are equal but for rounding, mm."""
_RULE = slicer.vtkBinaryLabelmapToClosedSurfaceConversionRule


def add_segmentation(
    scene: slicer.vtkMRMLScene,
    name: str,
    labels: Volume,
    appearances: Mapping[int, Appearance],
    reference: slicer.vtkMRMLScalarVolumeNode | None,
) -> slicer.vtkMRMLSegmentationNode:
    """Add a label volume to a scene as a segmentation, without surfaces.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    name : str
        Node name.
    labels : Volume
        uint8 label values, 0 for background.
    appearances : mapping of int to Appearance
        Segments by label value; one without voxels is kept, empty. Their keys are the IDs.
    reference : vtkMRMLScalarVolumeNode or None
        Volume whose geometry edits are made in; None for that of the labels.

    Returns
    -------
    vtkMRMLSegmentationNode
        Segmentation with a binary labelmap.
    """
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    set_edit_geometry(node, labels.grid, reference)
    add_display(node)
    set_labels(node, labels, appearances)
    return node


def add_display(node: slicer.vtkMRMLSegmentationNode) -> None:
    """Give a segmentation a display node."""
    node.CreateDefaultDisplayNodes()
    # Slices show the voxels: surfaces are simplified, and slow to cut.
    node.GetDisplayNode().SetPreferredDisplayRepresentationName2D(BINARY)


def set_edit_geometry(
    node: slicer.vtkMRMLSegmentationNode,
    grid: Grid,
    reference: slicer.vtkMRMLScalarVolumeNode | None,
) -> None:
    """Set the geometry of edits: a volume's voxels, or a grid's where there is no volume."""
    if reference is not None:
        node.SetReferenceImageGeometryParameterFromVolumeNode(reference)
        return
    empty = labelmap(Volume(np.broadcast_to(np.uint8(0), grid.shape), grid))
    empty.SetExtent([bound for length in grid.size for bound in (0, length - 1)])
    node.GetSegmentation().SetConversionParameter(
        slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName(),
        slicer.vtkSegmentationConverter.SerializeImageGeometry(empty),
    )


def set_labels(
    node: slicer.vtkMRMLSegmentationNode, labels: Volume, appearances: Mapping[int, Appearance]
) -> None:
    """Set a node's segments; existing ones keep their name and color.

    All segments share one labelmap layer, so that they stay disjoint when edited. Where the node
    has such a layer, only its voxels are replaced, and nothing at all if they are the same.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        Its surfaces are removed if voxels change.
    labels : Volume
        uint8 label values, 0 for background.
    appearances : mapping of int to Appearance
        Segments by label value.
    """
    image = _only_layer(node.GetSegmentation(), appearances)
    if image is None or not _replace_voxels(image, labels):
        _replace_segments(node, labels, appearances)


def _only_layer(
    segmentation: slicer.vtkSegmentation, appearances: Mapping[int, Appearance]
) -> slicer.vtkOrientedImageData | None:
    """Labelmap of just these segments; None if there is no such, or one without voxels."""
    values = {look.key: int(value) for value, look in appearances.items()}
    there = {key: segmentation.GetSegment(key) for key in segmentation.GetSegmentIDs()}
    if {key: segment.GetLabelValue() for key, segment in there.items()} != values:
        return None
    if segmentation.GetNumberOfLayers(BINARY) != 1:
        return None
    image = segmentation.GetLayerDataObject(0, BINARY)
    return image if image is not None and image.GetNumberOfPoints() else None


def _replace_voxels(image: slicer.vtkOrientedImageData, labels: Volume) -> bool:
    """Write labels into an image; false if it lies elsewhere, or has no room for all of them."""
    labels = right_handed(labels)
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    if np.abs(array_of(matrix) - array_of(index_to_ras(labels.grid))).max() > SAME_GEOMETRY:
        return False
    sides = np.add(np.reshape(image.GetExtent(), (3, 2))[::-1], [0, 1])
    if (sides[:, 0] < 0).any() or (sides[:, 1] > labels.grid.shape).any():
        return False
    new = labels.array[tuple(slice(*side) for side in sides)]
    if np.count_nonzero(new) < np.count_nonzero(labels.array):
        return False
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(new.shape)
    if not np.array_equal(values, new):
        values[...] = new
        image.Modified()
    return True


def _replace_segments(
    node: slicer.vtkMRMLSegmentationNode, labels: Volume, appearances: Mapping[int, Appearance]
) -> None:
    segmentation = node.GetSegmentation()
    kept = {
        key: (segmentation.GetSegment(key).GetName(), segmentation.GetSegment(key).GetColor())
        for key in segmentation.GetSegmentIDs()
    }
    shared = labelmap(labels)
    segmentation.RemoveAllSegments()
    for value, appearance in appearances.items():
        name, color = kept.get(appearance.key, (appearance.name, appearance.color))
        segment = slicer.vtkSegment()
        segment.SetName(name)
        segment.SetColor(color)
        segment.SetTag(
            slicer.vtkSegment.GetTerminologyEntryTagName(), terminology_entry(appearance)
        )
        segment.SetLabelValue(int(value))
        segment.AddRepresentation(BINARY, shared)
        segmentation.AddSegment(segment, appearance.key)


def make_surfaces(node: slicer.vtkMRMLSegmentationNode, smoothing: float) -> None:
    """Give a segmentation closed surfaces, if it has none; edits renew them by Slicer's rule.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        With binary labelmaps.
    smoothing : float
        0 to 1.
    """
    segmentation = node.GetSegmentation()
    if segmentation.ContainsRepresentation(SURFACE) or not segmentation.GetNumberOfSegments():
        return
    _set_rule(segmentation, smoothing)
    node.CreateClosedSurfaceRepresentation()


def make_shell(
    node: slicer.vtkMRMLSegmentationNode, surfaces: Mapping[str, vtk.vtkPolyData], smoothing: float
) -> None:
    """Give a segmentation surfaces that were made elsewhere; edits renew them by its own rule.

    Clicks in 3D views pass through them, to what they surround.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        Whose segments are to have them.
    surfaces : mapping of str to vtkPolyData
        By segment ID, see `shell_surfaces`.
    smoothing : float
        0 to 1, for when they are renewed.
    """
    _set_rule(node.GetSegmentation(), smoothing)
    display = node.GetDisplayNode()
    for key, surface in surfaces.items():
        node.GetSegmentation().GetSegment(key).AddRepresentation(SURFACE, surface)
        display.SetSegmentPickable(key, False)
    display.Modified()


def shell_surfaces(
    labels: Volume, appearances: Mapping[int, Appearance], smoothing: float, coarse_mm: float
) -> dict[str, vtk.vtkPolyData]:
    """Coarse surfaces of structures so large that details do not show.

    Parameters
    ----------
    labels : Volume
        uint8 label values.
    appearances : mapping of int to Appearance
        Structures by label value.
    smoothing : float
        0 to 1.
    coarse_mm : float
        Voxels are thinned out to about that size.

    Returns
    -------
    dict of str to vtkPolyData
        Closed surfaces, RAS mm, by key; empty ones for structures without voxels.
    """
    rule = _RULE()
    for parameter, setting in _settings(smoothing).items():
        rule.SetConversionParameter(parameter, setting)
    shared = labelmap(thinned(labels, coarse_mm))
    surfaces = {}
    for value, appearance in appearances.items():
        segment = slicer.vtkSegment()
        segment.SetLabelValue(int(value))
        segment.AddRepresentation(BINARY, shared)
        rule.Convert(segment)
        surfaces[appearance.key] = segment.GetRepresentation(SURFACE) or vtk.vtkPolyData()
    return surfaces


def thinned(labels: Volume, coarse_mm: float) -> Volume:
    """Every n-th voxel, so that voxels are about this size; each keeps its position."""
    grid = labels.grid
    step = np.maximum(1, np.floor(coarse_mm / grid.spacing_zyx + 1e-6)).astype(int)
    # The middle one of each group.
    first = np.minimum((step - 1) // 2, np.array(grid.shape) - 1)
    array = labels.array[tuple(slice(f, None, s) for f, s in zip(first, step, strict=True))]
    coarse = Grid(
        size=array.shape[::-1],
        spacing=tuple((grid.spacing_zyx * step)[::-1].tolist()),
        origin=tuple(grid.index_to_world(first).tolist()),
        direction=grid.direction,
    )
    return Volume(array, coarse)


def _set_rule(segmentation: slicer.vtkSegmentation, smoothing: float) -> None:
    for parameter, setting in _settings(smoothing).items():
        segmentation.SetConversionParameter(parameter, setting)


def _settings(smoothing: float) -> dict[str, str]:
    return {
        _RULE.GetConversionMethodParameterName(): SURFACE_NETS,
        # Stays within the voxels; the other smoothing shrinks vessels of one voxel to threads.
        _RULE.GetSurfaceNetInternalSmoothingParameterName(): "1",
        _RULE.GetSmoothingFactorParameterName(): str(smoothing),
    }
