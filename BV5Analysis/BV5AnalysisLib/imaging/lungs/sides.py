"""Telling the right lung from the left, also where they touch."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..model.volume import Grid
from ..numerics.distances import distance_mm

ONE_SIDE = 0.1
"""Least share of the whole that a lung has."""
APART_MM = 50.0
"""Least distance from right to left between the middles of two lungs; parts of one are closer."""


def split_sides(lungs: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Split a mask of both lungs into right and left.

    Peels the mask until it falls into two cores of which one lies to each side, then gives every
    voxel to the core that reaches it first within the mask.

    Parameters
    ----------
    lungs : numpy.ndarray
        Bool, (z, y, x), LPS axes: x grows to the patient's left.
    grid : Grid
        For the voxel spacing.

    Returns
    -------
    right, left : numpy.ndarray
        Bool, the same shape; one of them is empty if there is but one lung.
    """
    depth = distance_mm(lungs, grid)
    for peel in (0.0, 1.5, 3.0, 5.0, 7.0, 10.0, 14.0, 18.0):
        cores, count = ndimage.label(depth > peel)
        sizes = np.bincount(cores.ravel(), minlength=count + 1)
        sizes[0] = 0
        large = np.flatnonzero(sizes >= ONE_SIDE * sizes.sum())
        middles = np.array([_middle_x(cores == number) for number in large])
        if len(large) >= 2 and np.ptp(middles) * grid.spacing[0] >= APART_MM:
            return _grown_back(lungs, cores, large, middles, grid)
    return _by_body_side(lungs)


def _grown_back(
    lungs: np.ndarray, cores: np.ndarray, large: np.ndarray, middles: np.ndarray, grid: Grid
) -> tuple[np.ndarray, np.ndarray]:
    """Give every voxel to the side whose core is nearer."""
    is_right = middles < (middles.min() + middles.max()) / 2
    right_core = np.isin(cores, large[is_right])
    left_core = np.isin(cores, large[~is_right])
    right = distance_mm(~right_core, grid) <= distance_mm(~left_core, grid)
    return lungs & right, lungs & ~right


def _middle_x(mask: np.ndarray) -> float:
    """Mean x index of a mask."""
    columns = np.count_nonzero(mask, axis=(0, 1))
    return float((columns * np.arange(len(columns))).sum() / columns.sum())


def _by_body_side(lungs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One lung alone: which side it is on, seen from the array's middle."""
    nothing = np.zeros_like(lungs)
    return (lungs, nothing) if _middle_x(lungs) < lungs.shape[2] / 2 else (nothing, lungs)
