"""Segments on a CT's grid, whatever geometry and transform they were made in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import slicer
import vtk
from scipy import ndimage
from vtk.util.numpy_support import vtk_to_numpy

from ...imaging.errors import AnalysisError
from ...imaging.model.volume import Grid, Volume
from .coordinates import array_of, index_to_ras
from .segmentations import BINARY

GEOMETRY = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
ON_VOXEL = 1e-3
"""Tolerance, in voxels, within which voxels coincide with a grid's."""

Frame = slicer.vtkMRMLTransformableNode
LayerOnGrid = tuple[tuple[slice, ...], np.ndarray, dict[int, str]]
"""The part of a grid that a layer covers, its labels there, and its segments by label."""


def labels_on_grid(
    segmentation: slicer.vtkMRMLSegmentationNode,
    values: Mapping[str, int],
    grid: Grid,
    frame: Frame | None,
    later_counts: tuple[int, ...] = (),
) -> Volume:
    """Segments as labels on a grid; other geometries are resampled by nearest neighbor.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
        Segments of any representation; they stay as they are.
    values : mapping of str to int
        Label value, 1 to 255, by segment ID; other segments are left out.
    grid : Grid
        Where to have the labels.
    frame : vtkMRMLTransformableNode or None
        Node in whose frame the grid is; None for the world.
    later_counts : tuple of int, optional
        Values in the order in which they overwrite each other; without it, earlier layers win.

    Returns
    -------
    Volume
        uint8.
    """
    rank = np.zeros(256, np.uint8)
    rank[1:] = 1
    rank[list(later_counts)] = np.arange(len(later_counts)) + 1
    result = np.zeros(grid.shape, np.uint8)
    first = True
    for where, labels, segments in layers_on_grid(segmentation, grid, frame):
        known = {label: values[name] for label, name in segments.items() if name in values}
        new = looked_up(labels, known)
        into = result[where]
        if first:  # The result is empty yet, so there is nothing to overwrite.
            into[...] = new
            first = False
        else:
            ranks = dict(enumerate(rank.tolist()))
            np.copyto(into, new, where=looked_up(new, ranks) > looked_up(into, ranks))
    return Volume(result, grid)


def looked_up(labels: np.ndarray, values: Mapping[int, int]) -> np.ndarray:
    """Another value for each label.

    Parameters
    ----------
    labels : numpy.ndarray
        Integers, whatever their type.
    values : mapping of int to int
        Values, 0 to 255, by label; 0 for all others.

    Returns
    -------
    numpy.ndarray
        uint8, of the same shape; the labels themselves if none of them changes.
    """
    if labels.dtype == np.uint8:
        largest = int(labels.max(initial=0))
        if all(values.get(label, 0) == label for label in range(largest + 1)):
            return labels
        # Several times quicker than an index array: scans have 10⁸ voxels.
        table = bytes(values.get(label, 0) for label in range(256))
        return np.frombuffer(labels.tobytes().translate(table), np.uint8).reshape(labels.shape)
    table = np.zeros(int(max(labels.max(initial=0), *values, 0)) + 1, np.uint8)
    table[list(values)] = list(values.values())
    return table[np.maximum(labels, 0)]


def layers_on_grid(
    segmentation: slicer.vtkMRMLSegmentationNode, grid: Grid, frame: Frame | None
) -> Iterator[LayerOnGrid]:
    """Give the layers of a segmentation, one after the other; segments of one are disjoint.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
        Segments of any representation; they stay as they are.
    grid : Grid
        Where to have them.
    frame : vtkMRMLTransformableNode or None
        Node in whose frame the grid is; None for the world.

    Yields
    ------
    tuple
        See `LayerOnGrid`.

    Raises
    ------
    AnalysisError
        They cannot be converted to voxels.
    """
    transform = _transform_between(segmentation, frame)
    source = _with_binary_labelmaps(segmentation, grid)
    for layer in range(source.GetNumberOfLayers(BINARY)):
        image = source.GetLayerDataObject(layer, BINARY)
        segments = {
            source.GetSegment(name).GetLabelValue(): name
            for name in source.GetSegmentIDsForLayer(layer, BINARY)
        }
        placed = None if image is None or image.IsEmpty() else _placed(image, grid, transform)
        if placed is not None and segments:
            yield *placed, segments


def _transform_between(
    segmentation: slicer.vtkMRMLSegmentationNode, frame: Frame | None
) -> vtk.vtkGeneralTransform | np.ndarray:
    """From the segmentation's frame to the grid's: a matrix (4, 4), or a nonlinear transform."""
    source = segmentation.GetParentTransformNode()
    target = frame.GetParentTransformNode() if frame is not None else None
    if source is target:
        return np.eye(4)
    matrix, transform = vtk.vtkMatrix4x4(), vtk.vtkGeneralTransform()
    between = slicer.vtkMRMLTransformNode
    if all(node is None or node.IsTransformToWorldLinear() for node in (source, target)):
        between.GetMatrixTransformBetweenNodes(source, target, matrix)
        return array_of(matrix)
    between.GetTransformBetweenNodes(source, target, transform)
    return transform


def _with_binary_labelmaps(
    segmentation: slicer.vtkMRMLSegmentationNode, grid: Grid
) -> slicer.vtkSegmentation:
    """Segments with labelmaps; of others, such as contours, a copy is filled on the grid."""
    source = segmentation.GetSegmentation()
    if source.GetNumberOfSegments() == 0 or source.ContainsRepresentation(BINARY):
        return source
    copy = slicer.vtkSegmentation()
    copy.DeepCopy(source)
    geometry = slicer.vtkSegmentationConverter.SerializeImageGeometry(_reference(grid))
    copy.SetConversionParameter(GEOMETRY, geometry)
    if not copy.CreateRepresentation(BINARY):
        raise AnalysisError(
            f"The segmentation {segmentation.GetName()} cannot be turned into voxels; convert it"
            " to a binary labelmap (Segmentations module)."
        )
    return copy


def _placed(
    image: slicer.vtkOrientedImageData, grid: Grid, transform: vtk.vtkGeneralTransform | np.ndarray
) -> tuple[tuple[slice, ...], np.ndarray] | None:
    """Part of the grid that an image covers, and its values there; None if there is none."""
    if not isinstance(transform, np.ndarray):
        resampled = slicer.vtkOrientedImageData()
        slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(
            image, _reference(grid), resampled, False, False, transform
        )
        return (slice(None),) * 3, _values(resampled)
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    extent = np.reshape(image.GetExtent(), (3, 2))
    to_grid = np.linalg.inv(array_of(index_to_ras(grid))) @ transform @ array_of(matrix)
    to_grid[:3, 3] += to_grid[:3, :3] @ extent[:, 0]  # of array indices, which start at 0
    corners = np.array(np.meshgrid(*[(0, length) for length in np.ptp(extent, axis=1)], [1]))
    corners = to_grid @ corners.reshape(4, -1)
    on_voxels = np.abs(corners - np.rint(corners)).max() < ON_VOXEL
    first = np.rint(corners[:3].min(axis=1)).astype(int)
    last = np.rint(corners[:3].max(axis=1)).astype(int)
    begin, end = np.maximum(first, 0), np.minimum(last + 1, grid.size)
    if (begin >= end).any():
        return None
    where = tuple(slice(*bounds) for bounds in zip(begin[::-1], end[::-1], strict=True))
    diagonal = np.diag(to_grid)[:3]
    if on_voxels and np.abs(to_grid[:3, :3] - np.diag(np.sign(diagonal))).max() < ON_VOXEL:
        steps = tuple(slice(None, None, int(step)) for step in np.sign(diagonal)[::-1])
        inner = zip((begin - first)[::-1], (end - first)[::-1], strict=True)
        part = tuple(slice(*bounds) for bounds in inner)
        return where, _values(image)[steps][part]
    to_image = np.linalg.inv(to_grid)
    to_image[:3, 3] += to_image[:3, :3] @ begin
    nearest = ndimage.affine_transform(
        _values(image),
        to_image[2::-1, 2::-1],
        to_image[2::-1, 3],
        tuple((end - begin)[::-1]),
        order=0,
        prefilter=False,
    )
    return where, nearest


def _reference(grid: Grid) -> slicer.vtkOrientedImageData:
    """Image without voxels that has the grid's geometry."""
    reference = slicer.vtkOrientedImageData()
    reference.SetExtent([bound for length in grid.size for bound in (0, length - 1)])
    reference.SetImageToWorldMatrix(index_to_ras(grid))
    return reference


def _values(image: slicer.vtkOrientedImageData) -> np.ndarray:
    """Label values (z, y, x), sharing memory."""
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
