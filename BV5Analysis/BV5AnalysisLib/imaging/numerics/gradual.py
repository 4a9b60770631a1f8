"""Parts of masks that grow with how sure something is, instead of all at once."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

HALF = 0.5
"""From here on a thing is rather so than not."""

SMOOTH_VOXELS = 2.0
"""Standard deviation that depths are averaged with, so that few voxels are as deep as others."""


def best_part(mask: np.ndarray, share: float, score: np.ndarray) -> np.ndarray:
    """Keep the share of a mask that has the highest scores.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool.
    share : float
        0 for nothing, 1 for the whole mask.
    score : numpy.ndarray
        Numbers of the same shape.

    Returns
    -------
    numpy.ndarray
        Bool; voxels of one score stay or go together.
    """
    if share >= 1 or not mask.any():
        return mask
    if share <= 0:
        return np.zeros_like(mask)
    part: np.ndarray = mask & (score >= np.quantile(score[mask], 1 - share))
    return part


def inner_part(mask: np.ndarray, share: float, spacing: np.ndarray) -> np.ndarray:
    """Keep the share of a mask that lies deepest in it.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool.
    share : float
        0 for nothing, 1 for the whole mask.
    spacing : numpy.ndarray
        Voxel size along the axes.

    Returns
    -------
    numpy.ndarray
        Bool.
    """
    if share <= 0 or share >= 1 or not mask.any():
        return best_part(mask, share, mask)
    depth = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=spacing)
    inner = tuple(slice(1, -1) for _ in mask.shape)
    return best_part(mask, share, ndimage.gaussian_filter(depth[inner], SMOOTH_VOXELS))
