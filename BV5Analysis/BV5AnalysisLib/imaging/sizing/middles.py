"""Attenuation in the middle of vessels."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..model.work_image import WorkImage

AROUND = np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)])
"""A voxel and its neighbors along the axes, seven together, to quiet the noise."""

AROUND_VARIANCE = 2 / len(AROUND)
"""Variance along each axis that their mean adds to the blur, in voxels squared."""


def middles_hu(position_mm: np.ndarray, image: WorkImage) -> np.ndarray:
    """Mean attenuation at places and a voxel around.

    Parameters
    ----------
    position_mm : numpy.ndarray
        (n, 3) in the work frame.
    image : WorkImage
        Is read.

    Returns
    -------
    numpy.ndarray
        (n,) HU.
    """
    place = position_mm / image.spacing
    read = [
        ndimage.map_coordinates(image.hu, (place + step).T, order=1, mode="nearest")
        for step in AROUND
    ]
    return np.asarray(np.mean(read, axis=0))
