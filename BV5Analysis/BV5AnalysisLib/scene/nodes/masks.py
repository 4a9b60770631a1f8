"""Segmentation nodes as label volumes on a CT's grid, whatever geometry they were edited in."""

from __future__ import annotations

import numpy as np
import slicer

from ...imaging.errors import AnalysisError
from ...imaging.lungs.given_lungs import given_lungs
from ...imaging.model.orientation import Orientation
from ...imaging.model.scan import Region
from ...imaging.model.size_classes import LUNGS, VESSELS, SizeClass
from ...imaging.model.tissue import TISSUES
from ...imaging.model.volume import Grid, Volume
from ...imaging.sizing.voxel_labels import AS_MEASURED
from .label_grids import Frame, labels_on_grid, layers_on_grid

WIDER_LAST = (
    AS_MEASURED,
    SizeClass.HILAR,
    SizeClass.BELOW_FLOOR,
    SizeClass.BV5,
    SizeClass.BV5_10,
    SizeClass.BV10,
)
"""Where vessel segments overlap, the later one counts."""
OTHER_SEGMENT = 255
"""Label of lung segments that are neither the right nor the left lung."""


def vessel_labels(
    segmentation: slicer.vtkMRMLSegmentationNode, grid: Grid, frame: Frame | None
) -> Volume:
    """Vessels by size class, as they were edited.

    A segment is a size class by its ID, whatever its name is now; a class whose segment was
    deleted has no voxels. Where segments overlap, the wider class counts.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
        Vessels.
    grid : Grid
        Of the CT.
    frame : vtkMRMLTransformableNode or None
        Node in whose frame the grid is: the CT's.

    Returns
    -------
    Volume
        uint8 `SizeClass` values, `AS_MEASURED` in segments that are no size class, else 0.
    """
    classes = {look.key: int(size_class) for size_class, look in VESSELS.items()}
    values = {segment: classes.get(segment, AS_MEASURED) for segment in segment_ids(segmentation)}
    return labels_on_grid(segmentation, values, grid, frame, WIDER_LAST)


def lung_labels(
    segmentation: slicer.vtkMRMLSegmentationNode, grid: Grid, frame: Frame | None
) -> Volume:
    """Right and left lung, as they were edited.

    Segments are identified by their IDs. If others have voxels, too, all of them together are
    split by side.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
        Lungs of an analysis.
    grid : Grid
        Of the CT.
    frame : vtkMRMLTransformableNode or None
        Node in whose frame the grid is.

    Returns
    -------
    Volume
        uint8 `LungLabel` values; all 0 if every segment is empty.

    Raises
    ------
    AnalysisError
        Segments that must be split by side cover only one lung.
    """
    labels = lung_labels_as_drawn(segmentation, grid, frame)
    # The largest value that labels can have.
    if labels.array.max(initial=0) < OTHER_SEGMENT:
        return labels
    mask = labels.with_array((labels.array > 0).astype(np.uint8))
    orientation = Orientation.of(grid)
    return mask.with_array(orientation.turn_back(given_lungs(mask, orientation)))


def lung_labels_as_drawn(
    segmentation: slicer.vtkMRMLSegmentationNode, grid: Grid, frame: Frame | None
) -> Volume:
    """Right and left lung, and other segments, before they are split by side.

    Parameters
    ----------
    segmentation, grid, frame
        As for `lung_labels`.

    Returns
    -------
    Volume
        uint8 `LungLabel` values, `OTHER_SEGMENT` in segments that are no lung, else 0.
    """
    sides = {look.key: int(label) for label, look in LUNGS.items()}
    values = {name: sides.get(name, OTHER_SEGMENT) for name in segment_ids(segmentation)}
    others_count = (*sorted(sides.values(), reverse=True), OTHER_SEGMENT)
    return labels_on_grid(segmentation, values, grid, frame, others_count)


def tissue_labels(
    segmentation: slicer.vtkMRMLSegmentationNode, grid: Grid, frame: Frame | None
) -> Volume:
    """Opacities and unclaimed air, as in the scene now.

    Parameters
    ----------
    segmentation, grid, frame
        As for `lung_labels`; segments are identified by their IDs.

    Returns
    -------
    Volume
        uint8 `Tissue` values, 0 elsewhere and in segments of another kind.
    """
    kinds = {look.key: int(kind) for kind, look in TISSUES.items()}
    values = {name: kinds[name] for name in segment_ids(segmentation) if name in kinds}
    return labels_on_grid(segmentation, values, grid, frame, tuple(sorted(kinds.values())))


def lungs_from(
    segmentation: slicer.vtkMRMLSegmentationNode, grid: Grid, frame: Frame | None
) -> Volume:
    """Lungs that a user gives; `imaging.pipeline.analyze` separates right and left.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
        One segment for both lungs, one for each, or several such as lobes.
    grid : Grid
        Of the CT.
    frame : vtkMRMLTransformableNode or None
        Node in whose frame the grid is: the CT's.

    Returns
    -------
    Volume
        uint8, another label for each segment.

    Raises
    ------
    AnalysisError
        There is no segment, or none has a voxel within the CT.
    """
    segments = _some_segments(segmentation, "lungs")
    values = {segment: index % 254 + 1 for index, segment in enumerate(segments)}
    mask = labels_on_grid(segmentation, values, grid, frame)
    if not mask.array.any():
        raise AnalysisError(
            f"The lungs segmentation {segmentation.GetName()} has no voxel within the CT; choose"
            " another one, or none to have the lungs segmented."
        )
    return mask


def regions_from(
    segmentation: slicer.vtkMRMLSegmentationNode, grid: Grid, frame: Frame | None
) -> tuple[Region, ...]:
    """Each segment as a region to measure apart, under its name.

    An empty segment stays, and becomes a row of zeros: cases keep the same rows. Of segments
    of the same name, and of those named as the rows that every table has, the later ones are
    numbered.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
        Lobes, arteries and veins, or whatever else; segments may overlap.
    grid : Grid
        Of the CT.
    frame : vtkMRMLTransformableNode or None
        Node in whose frame the grid is: the CT's.

    Returns
    -------
    tuple of Region
        In the segments' order.

    Raises
    ------
    AnalysisError
        There is no segment, or none has a voxel within the CT.
    """
    segments = _some_segments(segmentation, "regions")
    masks = {segment: np.zeros(grid.shape, bool) for segment in segments}
    for where, labels, layer_segments in layers_on_grid(segmentation, grid, frame):
        for value, segment in layer_segments.items():
            np.equal(labels, value, out=masks[segment][where])
    if not any(mask.any() for mask in masks.values()):
        raise AnalysisError(
            f"The regions segmentation {segmentation.GetName()} has no voxel within the CT; choose"
            " one that was made on this CT, or none."
        )
    names = _distinct([segment_name(segmentation, segment) for segment in segments])
    return tuple(
        Region(name, Volume(mask, grid)) for name, mask in zip(names, masks.values(), strict=True)
    )


def segment_ids(segmentation: slicer.vtkMRMLSegmentationNode) -> tuple[str, ...]:
    """IDs of the segments, in their order."""
    return tuple(segmentation.GetSegmentation().GetSegmentIDs())


def segment_name(segmentation: slicer.vtkMRMLSegmentationNode, segment_id: str) -> str:
    """Name that people read."""
    return segmentation.GetSegmentation().GetSegment(segment_id).GetName()


def _some_segments(segmentation: slicer.vtkMRMLSegmentationNode, what: str) -> tuple[str, ...]:
    segments = segment_ids(segmentation)
    if not segments:
        raise AnalysisError(
            f"The {what} segmentation {segmentation.GetName()} has no segment; choose another one,"
            " or none."
        )
    return segments


def _distinct(names: list[str]) -> list[str]:
    """Names of which none is another's, nor a row's that every table has."""
    taken = {"both", "right", "left"}
    distinct = []
    for name in names:
        candidate, number = name, 1
        while candidate in taken:
            number += 1
            candidate = f"{name} ({number})"
        taken.add(candidate)
        distinct.append(candidate)
    return distinct
