"""Distances to the outside of a mask."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import SimpleITK as sitk

from ..model.volume import Grid
from .cores import cores

FEW_STEPS = 40
"""Up to so many steps along the three axes taken together, stepping is faster than SimpleITK."""

SLABS = 8
"""Parts of a volume that threads take in turn."""

FAR = np.float32(1e12)
"""Squared distance, mm², of what no outermost voxel has been found for."""


def distance_mm(mask: np.ndarray, grid: Grid, limit_mm: float = np.inf) -> np.ndarray:
    """Distance of each voxel of a mask to the mask's outermost voxels.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool, (z, y, x).
    grid : Grid
        For the voxel spacing.
    limit_mm : float
        Larger distances are given as this, which is faster if the limit is a few voxels.

    Returns
    -------
    numpy.ndarray
        float32, mm, 0 outside the mask and in its outermost voxels, at most the limit. Outside the
        array counts as inside the mask.
    """
    steps = np.floor(limit_mm / grid.spacing_zyx + 1e-6)
    if steps.sum() > FEW_STEPS:
        image = sitk.GetImageFromArray(mask.astype(np.uint8))
        image.SetSpacing(grid.spacing)
        signed = sitk.SignedMaurerDistanceMap(
            image, insideIsPositive=True, squaredDistance=False, useImageSpacing=True
        )
        distances = np.asarray(sitk.GetArrayViewFromImage(signed))
        return np.asarray(np.clip(distances, 0.0, np.float32(limit_mm)))
    squared = np.where(_without_rim(mask), FAR, np.float32(0))
    for axis in (2, 1, 0):
        squared = _nearest_along(squared, axis, int(steps[axis]), float(grid.spacing_zyx[axis]))
    return np.minimum(np.sqrt(squared, out=squared), np.float32(limit_mm), out=squared)


def _without_rim(mask: np.ndarray) -> np.ndarray:
    """Mask without the voxels that SimpleITK measures from: those with a 26-neighbor outside."""
    for axis in range(3):
        rest = mask.copy()
        to_axis, from_axis = np.moveaxis(rest, axis, 0), np.moveaxis(mask, axis, 0)
        to_axis[1:] &= from_axis[:-1]
        to_axis[:-1] &= from_axis[1:]
        mask = rest
    return mask


def _nearest_along(squared: np.ndarray, axis: int, steps: int, spacing: float) -> np.ndarray:
    """Least squared distance over what lies up to so many steps along an axis.

    The square of a distance is the sum of those along the axes, so that one axis after the other
    gives the exact distance (Saito and Toriwaki, Pattern Recognition 1994;27:1551-1565).
    """
    nearest = squared.copy()
    from_axis = np.moveaxis(squared, axis, 0)
    to_axis = np.moveaxis(nearest, axis, 0)
    edges = np.linspace(0, to_axis.shape[1], SLABS + 1).astype(int)

    def work(first: int, last: int) -> None:
        source, target = from_axis[:, first:last], to_axis[:, first:last]
        for step in range(1, min(steps, len(source) - 1) + 1):
            further = source + np.float32((step * spacing) ** 2)
            np.minimum(target[step:], further[:-step], out=target[step:])
            np.minimum(target[:-step], further[step:], out=target[:-step])

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))
    return nearest
