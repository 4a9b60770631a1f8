"""Masks without their outermost layer."""

from __future__ import annotations

import numpy as np


def without_edge(mask: np.ndarray, spacing: np.ndarray, edge_mm: float) -> np.ndarray:
    """Erode a mask by a length along each axis, a voxel at a time.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool (z, y, x); beyond the array counts as outside.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    edge_mm : float
        Thickness of the layer, rounded to whole voxels; at least one along each axis.

    Returns
    -------
    numpy.ndarray
        Bool, a new array.
    """
    layers = np.maximum(1, np.rint(edge_mm / spacing)).astype(int)
    for layer in range(layers.max()):
        rest = mask.copy()
        for axis in np.nonzero(layers > layer)[0]:
            to_axis, from_axis = np.moveaxis(rest, axis, 0), np.moveaxis(mask, axis, 0)
            to_axis[1:] &= from_axis[:-1]
            to_axis[:-1] &= from_axis[1:]
            to_axis[[0, -1]] = False
        mask = rest
    return mask
