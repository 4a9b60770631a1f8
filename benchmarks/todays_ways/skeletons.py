"""Skeletons of masks made into lines: specks and spurs dropped, stairs smoothed, lengths shared."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

SPECK_MM3 = 20.0
"""Smaller pieces of a mask are noise."""


def without_specks(mask: np.ndarray, voxel_mm3: float) -> np.ndarray:
    """Drop the smallest connected pieces of a mask.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool.
    voxel_mm3 : float
        Volume of a voxel.

    Returns
    -------
    numpy.ndarray
        Bool, the pieces of at least `SPECK_MM3`.
    """
    pieces, _ = ndimage.label(mask, np.ones((3, 3, 3)))
    large = np.bincount(pieces.ravel()) * voxel_mm3 >= SPECK_MM3
    large[0] = False
    return large[pieces]


def in_wider(center_mm: np.ndarray, radius_mm: np.ndarray) -> np.ndarray:
    """Tell which skeleton voxels are spurs inside the ball of a much wider one.

    Parameters
    ----------
    center_mm : numpy.ndarray
        (k, 3) places.
    radius_mm : numpy.ndarray
        (k,) distance to the background.

    Returns
    -------
    numpy.ndarray
        (k,) bool.
    """
    inside = np.zeros(len(center_mm), bool)
    low = 1.0
    while low < radius_mm.max(initial=0.0):
        wide = np.nonzero((radius_mm >= low) & (radius_mm < 1.25 * low))[0]
        thin = np.nonzero(radius_mm < low / 1.5)[0]
        if len(wide) and len(thin):
            distance, nearest = cKDTree(center_mm[wide]).query(center_mm[thin], workers=-1)
            inside[thin] |= distance < radius_mm[wide[nearest]]
        low *= 1.25
    return inside


def line_of(
    center_mm: np.ndarray, spacing: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Smooth the stairs out of a skeleton.

    Parameters
    ----------
    center_mm : numpy.ndarray
        (k, 3) places of its voxels.
    spacing : numpy.ndarray
        Voxel size, mm; voxels that touch by a corner are neighbors.

    Returns
    -------
    place, direction, step : numpy.ndarray
        (k, 3) smoothed places, (k, 3) unit vectors, and (k,) the length that each stands for.
    """
    if len(center_mm) < 2:
        return center_mm, np.tile([1.0, 0.0, 0.0], (len(center_mm), 1)), np.zeros(len(center_mm))
    reach = 1.01 * float(np.linalg.norm(spacing))
    pairs = cKDTree(center_mm).query_pairs(reach, output_type="ndarray")
    both = np.concatenate([pairs, pairs[:, ::-1]])
    degree = np.bincount(both[:, 0], minlength=len(center_mm))
    place = center_mm.astype(float)
    for _ in range(3):
        around = np.stack(
            [np.bincount(both[:, 0], place[both[:, 1], a], len(place)) for a in range(3)], axis=1
        )
        mean = around / np.maximum(degree, 1)[:, None]
        # Ends stay, or every smoothing would shorten the vessels.
        place = np.where((degree > 1)[:, None], (place + mean) / 2, place)
    apart = np.linalg.norm(place[both[:, 0]] - place[both[:, 1]], axis=1)
    step = np.bincount(both[:, 0], apart, len(place)) / 2
    # Where voxels touch in triangles, each has more than two neighbors but stands for no more.
    step *= np.minimum(1, 2 / np.maximum(degree, 1))
    return place, _directions(place), step


def _directions(place: np.ndarray) -> np.ndarray:
    """Fit a line through the nearest places of each: unit vectors (k, 3)."""
    _, nearest = cKDTree(place).query(place, k=min(9, len(place)), workers=-1)
    offset = place[nearest] - place[nearest].mean(axis=1, keepdims=True)
    return np.linalg.eigh(np.einsum("nki,nkj->nij", offset, offset))[1][:, :, 2]
