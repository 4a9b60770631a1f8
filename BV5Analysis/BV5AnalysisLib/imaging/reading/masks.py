"""Masks that users give: lungs, and regions to measure separately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import AnalysisError
from ..model.scan import Region
from ..model.volume import Grid, Volume
from .image_files import damaged, read_image

_MOST_LABELS = 255
_TAKEN_NAMES = ["both", "right", "left"]
"""Rows that every table has."""
_EXTENT_TOLERANCE = 0.05
"""How far a cropped segmentation may be from whole voxels of the scan, in voxels."""


@dataclass(frozen=True)
class _Segment:
    """One named structure: where a layer has a label value."""

    identifier: str
    name: str
    layer: int
    value: int


def read_lungs(path: Path | str, grid: Grid) -> Volume:
    """Read lungs to measure in.

    Parameters
    ----------
    path : path-like
        Label volume, or 3D Slicer segmentation (.seg.nrrd); everything but 0 is lung.
    grid : Grid
        Of the scan.

    Returns
    -------
    Volume
        uint8 on the scan's grid: the labels of the file; 1 where they do not fit or overlap.

    Raises
    ------
    AnalysisError
        It cannot be read, is no mask, has another geometry than the scan, or is empty.
    """
    path = Path(path)
    image = read_image(path)
    layers = _layers(image, path.name, grid)
    labels = layers[0] if len(layers) == 1 else np.any([layer != 0 for layer in layers], axis=0)
    if not labels.any():
        raise AnalysisError(f"{path.name} is empty; give a mask with the lungs in it.")
    if labels.min() < 0 or labels.max() > _MOST_LABELS:
        values = len(np.unique(labels))
        if values > _MOST_LABELS:
            raise AnalysisError(f"{path.name} has {values} different values; give a lung mask.")
        labels = labels != 0
    return Volume(labels.astype(np.uint8), grid)


def read_regions(path: Path | str, grid: Grid) -> tuple[Region, ...]:
    """Read regions to measure separately.

    Parameters
    ----------
    path : path-like
        3D Slicer segmentation (.seg.nrrd), whose segments may overlap, or label volume.
    grid : Grid
        Of the scan.

    Returns
    -------
    tuple of Region
        Named as in the segmentation, or ``region 1`` by label value. An empty segment stays, and
        becomes a row of zeros: cases keep the same rows.

    Raises
    ------
    AnalysisError
        It cannot be read, is no mask, has another geometry than the scan, is empty, or two
        regions have one name, or that of a lung.
    """
    path = Path(path)
    image = read_image(path)
    layers = _layers(image, path.name, grid)
    segments = _segments(image) or _unnamed(layers, path.name)
    regions = [
        Region(segment.name, Volume(layers[segment.layer] == segment.value, grid))
        for segment in segments
        if segment.layer < len(layers)
    ]
    if not any(region.mask.array.any() for region in regions):
        raise AnalysisError(f"{path.name} is empty; give a segmentation with regions in it.")
    names = [region.name for region in regions]
    twice = sorted({name for name in names if (names + _TAKEN_NAMES).count(name) > 1})
    if twice:
        raise AnalysisError(
            f"{path.name} has a region named {twice[0]}, as another row is; rename it."
        )
    return tuple(regions)


def read_labels(path: Path | str, grid: Grid, values: Mapping[str, int]) -> Volume:
    """Read a 3D Slicer segmentation whose segments are known.

    Parameters
    ----------
    path : path-like
        The file (.seg.nrrd), as this software or 3D Slicer wrote it.
    grid : Grid
        To lie on.
    values : mapping of str to int
        Label value by segment ID. Where segments overlap, the last one counts.

    Returns
    -------
    Volume
        uint8 label values, 0 outside.

    Raises
    ------
    AnalysisError
        It cannot be read, is no such segmentation, has another geometry, or holds a segment that
        is not known.
    """
    path = Path(path)
    image = read_image(path)
    segments = _segments(image)
    known = sorted({segment.identifier for segment in segments} & set(values))
    foreign = [segment.name for segment in segments if segment.identifier not in values]
    if not known or foreign:
        what = f"has a segment {foreign[0]}" if foreign else "is no segmentation"
        raise AnalysisError(
            f"{path.name} {what} that BV5 Analysis did not write; give the folder as it was"
            " written."
        )
    labels = np.zeros(grid.shape, np.uint8)
    if image.GetNumberOfPixels() == 1:  # 3D Slicer's way to write a segmentation without voxels.
        return Volume(labels, grid)
    layers = _layers(image, path.name, grid)
    if len(layers) == 1 and all(
        segment.value == values[segment.identifier] for segment in segments
    ):
        array = layers[0].astype(np.uint8)
        if array.max(initial=0) > max(values.values()):
            raise damaged(path)
        return Volume(array, grid)
    for segment in segments:
        if segment.layer < len(layers):
            where = layers[segment.layer] == segment.value
            labels[where] = values[segment.identifier]
    return Volume(labels, grid)


def _layers(image: sitk.Image, name: str, grid: Grid) -> list[np.ndarray]:
    """Label arrays (z, y, x) on the scan's grid; a segmentation with overlaps has several."""
    if image.GetDimension() != 3:
        raise AnalysisError(f"{name} is {image.GetDimension()}D; give a 3D mask.")
    if image.GetNumberOfPixels() == 1:  # 3D Slicer's way to write a segmentation without voxels.
        raise AnalysisError(f"{name} is empty; give a mask with something in it.")
    count = image.GetNumberOfComponentsPerPixel()
    if count > 1 and not _is_segmentation(image):
        raise AnalysisError(f"{name} has {count} values a voxel, as color pictures; give a mask.")
    array = sitk.GetArrayViewFromImage(image)
    layers = [array[..., index] for index in range(count)] if count > 1 else [array]
    return [_on_grid(_labels(layer, name), image, name, grid) for layer in layers]


def _labels(values: np.ndarray, name: str) -> np.ndarray:
    if np.issubdtype(values.dtype, np.integer):
        return values
    if not np.isfinite(values).all() or (values != np.rint(values)).any():
        raise AnalysisError(f"{name} has values that are no labels; give a mask of whole numbers.")
    return values.astype(np.int32)


def _on_grid(labels: np.ndarray, image: sitk.Image, name: str, grid: Grid) -> np.ndarray:
    own = Grid.of(image)
    if own.matches(grid):
        return labels
    start = _crop_start(own, grid) if _is_segmentation(image) else None
    if start is None:
        raise AnalysisError(
            f"{name} ({_described(own)}) does not lie on the voxels of the scan "
            f"({_described(grid)}); make it on this scan, or resample it to the scan."
        )
    whole = np.zeros(grid.shape, labels.dtype)
    box = tuple(slice(a, a + n) for a, n in zip(start, labels.shape, strict=True))
    whole[box] = labels
    return whole


def _crop_start(own: Grid, grid: Grid) -> tuple[int, ...] | None:
    """First index (z, y, x) of a crop of the grid, None if it is none.

    3D Slicer may write a segmentation cropped to what is segmented.
    """
    start = np.rint(grid.world_to_index(np.array([own.origin]))[0])
    if (start < 0).any() or (start + own.shape > grid.shape).any():
        return None
    last = np.array(own.shape) - 1
    corners = np.array([np.zeros(3), last, last * (1, 0, 0), last * (0, 1, 0), last * (0, 0, 1)])
    there = grid.world_to_index(own.index_to_world(corners))
    if np.abs(there - (corners + start)).max() > _EXTENT_TOLERANCE:
        return None
    return tuple(int(index) for index in start)


def _described(grid: Grid) -> str:
    size = "×".join(map(str, grid.size))
    spacing = "×".join(f"{value:.3g}" for value in grid.spacing)
    origin = ", ".join(f"{value:.1f}" for value in grid.origin)
    return f"{size} voxels of {spacing} mm from {origin}"


def _is_segmentation(image: sitk.Image) -> bool:
    return bool(image.HasMetaDataKey("Segment0_ID"))


def _segments(image: sitk.Image) -> list[_Segment]:
    """Segments by 3D Slicer's header fields; none where these are absent."""
    found: list[_Segment] = []
    layered = image.GetNumberOfComponentsPerPixel() > 1
    while image.HasMetaDataKey(f"Segment{len(found)}_ID"):
        key = f"Segment{len(found)}"
        # Before layers and label values were written, each segment had a layer of its own.
        identifier = _field(image, f"{key}_ID", key)
        name = _field(image, f"{key}_Name", identifier)
        layer = int(_field(image, f"{key}_Layer", str(len(found) if layered else 0)))
        value = int(_field(image, f"{key}_LabelValue", "1"))
        found.append(_Segment(identifier, name, layer, value))
    return found


def _field(image: sitk.Image, key: str, default: str) -> str:
    return image.GetMetaData(key).strip() if image.HasMetaDataKey(key) else default


def _unnamed(layers: list[np.ndarray], name: str) -> list[_Segment]:
    values = [int(value) for value in np.unique(layers[0]) if value]
    if len(values) > _MOST_LABELS:
        raise AnalysisError(f"{name} has {len(values)} different values; give a mask, no image.")
    return [_Segment(str(value), f"region {value}", 0, value) for value in values]
