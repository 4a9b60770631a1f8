"""The voxels around centerline points that their vessels are drawn into."""

from __future__ import annotations

import dataclasses

import numpy as np

from .balls import map_balls
from .centerlines import Centerlines
from .sizeclasses import SizeClass
from .volume import Grid, Volume

AS_MEASURED = 255
"""Label of vessel voxels in a segment that is no size class: their class is by area."""


def core_radius_mm(centerlines: Centerlines, grid: Grid) -> np.ndarray:
    """Radius (n,) within which all voxels of lung are drawn."""
    # Thin vessels still show as a line of voxels.
    return np.maximum(0.9 * centerlines.radius_mm, 0.5 * grid.spacing_zyx.max())


def reach_mm(centerlines: Centerlines, grid: Grid) -> np.ndarray:
    """Radius (n,) beyond which nothing is drawn."""
    return np.maximum(1.35 * centerlines.radius_mm + 0.5, core_radius_mm(centerlines, grid))


def labels_in_cores(labels: Volume, centerlines: Centerlines, room_mm: float = 0.0) -> np.ndarray:
    """Count labels in the core of each point.

    Parameters
    ----------
    labels : Volume
        uint8, `SizeClass` values or `AS_MEASURED`, 0 outside vessels.
    centerlines : Centerlines
        n points.
    room_mm : float
        How much wider than the core to look.

    Returns
    -------
    numpy.ndarray
        (n, 6) voxels by label: none, the four size classes, `AS_MEASURED`.
    """
    kinds = max(SizeClass) + 2
    count = len(centerlines.points_mm)
    grid = labels.grid
    flat_labels = labels.array.reshape(-1)

    def counted(
        point: np.ndarray, voxel: tuple[np.ndarray, ...], _distance: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        label = np.minimum(flat_labels[np.ravel_multi_index(voxel, grid.shape)], kinds - 1)
        points, index = np.unique(point, return_inverse=True)
        return points, np.bincount(index * kinds + label, minlength=len(points) * kinds)

    votes = np.zeros((count, kinds), np.int32)
    radius = core_radius_mm(centerlines, grid) + room_mm
    center = grid.world_to_index(centerlines.points_mm)
    for points, counts in map_balls(counted, grid.shape, center, grid.spacing_zyx, radius):
        votes[points] = counts.reshape(-1, kinds)
    return votes


def as_drawn(centerlines: Centerlines, vessels: Volume) -> Centerlines:
    """Remember what was drawn, so that edits of it can be told later on.

    Parameters
    ----------
    centerlines : Centerlines
        As measured.
    vessels : Volume
        Their voxels, `SizeClass` values.

    Returns
    -------
    Centerlines
        With `drawn_voxels` and `drawn_class`.
    """
    votes = labels_in_cores(vessels, centerlines)
    return dataclasses.replace(
        centerlines,
        drawn_voxels=votes[:, 1:].sum(axis=1, dtype=np.int32),
        drawn_class=most_frequent(votes, centerlines.size_class),
    )


def most_frequent(votes: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """Size class (n,) of most voxels in `labels_in_cores`; `otherwise` (n,) where none has one."""
    classes = votes[:, 1 : max(SizeClass) + 1]
    return np.where(classes.any(axis=1), classes.argmax(axis=1) + 1, otherwise).astype(np.uint8)
