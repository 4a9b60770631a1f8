"""Masks without their outermost layers, and with more."""

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


def with_layers(mask: np.ndarray, layers: int) -> np.ndarray:
    """Grow a mask by the six neighbors of its voxels, so many times.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool (z, y, x); beyond the array counts as outside.
    layers : int
        How often.

    Returns
    -------
    numpy.ndarray
        Bool; as `scipy.ndimage.binary_dilation`, but several times faster. The same array where
        nothing is to be added.
    """
    if not mask.any():
        return mask
    for _ in range(layers):
        grown = mask.copy()
        for axis in range(mask.ndim):
            to_axis, from_axis = np.moveaxis(grown, axis, 0), np.moveaxis(mask, axis, 0)
            to_axis[1:] |= from_axis[:-1]
            to_axis[:-1] |= from_axis[1:]
        mask = grown
    return mask
