"""Nearest points, as arrays whatever their number."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from .cores import cores


def nearest(
    tree: cKDTree, points: np.ndarray, count: int = 1, within: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Find the points of a tree that are nearest to each of some others.

    Parameters
    ----------
    tree : scipy.spatial.cKDTree
        n points.
    points : numpy.ndarray
        (m, 3) places to look from.
    count : int
        How many to find for each.
    within : float
        Farthest distance.

    Returns
    -------
    distance, index : numpy.ndarray
        (m,) for a count of one, else (m, count), the nearest first; infinite and n where there are
        fewer.
    """
    distance, index = tree.query(points, count, distance_upper_bound=within, workers=cores())
    return np.asarray(distance), np.asarray(index)
