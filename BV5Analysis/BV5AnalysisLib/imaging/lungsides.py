"""Telling the right lung from the left, also where they touch."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .chest import distance_mm
from .volume import Grid

ONE_SIDE = 0.15
"""Least share of the whole that a lung has."""


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
        if len(large) >= 2:
            return _grown_back(lungs, cores, large, grid)
    return _by_body_side(lungs)


def _grown_back(
    lungs: np.ndarray, cores: np.ndarray, large: np.ndarray, grid: Grid
) -> tuple[np.ndarray, np.ndarray]:
    """Give every voxel to the side whose core is nearer."""
    x = [float(np.flatnonzero(cores == n).__mod__(cores.shape[2]).mean()) for n in large]
    middle = (min(x) + max(x)) / 2
    sides = np.zeros(len(np.bincount(cores.ravel())), np.uint8)
    for number, position in zip(large, x, strict=True):
        sides[number] = 1 if position < middle else 2
    seeds = sides[cores]
    right = distance_mm(seeds != 1, grid) <= distance_mm(seeds != 2, grid)
    return lungs & right, lungs & ~right


def _by_body_side(lungs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One lung alone: which side it is on, seen from the array's middle."""
    x = np.nonzero(lungs.any((0, 1)))[0].mean()
    nothing = np.zeros_like(lungs)
    return (lungs, nothing) if x < lungs.shape[2] / 2 else (nothing, lungs)
