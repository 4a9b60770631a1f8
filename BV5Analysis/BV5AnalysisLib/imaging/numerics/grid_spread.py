"""Values of points, summed on the nodes of a grid and smoothed."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy import ndimage

CORNERS = np.array(list(product((0, 1), repeat=3)))
"""Corners of a grid cell."""


class GridSpread:
    """Sums values of points on the nodes of a grid, linearly, and smooths them.

    Parameters
    ----------
    index : numpy.ndarray
        (n, 3) places of the points on the grid, not negative.
    shape : tuple of int
        Of the grid; one node more than the greatest place asks for.
    sigma : float
        Standard deviation of the Gaussian, in nodes.
    """

    def __init__(self, index: np.ndarray, shape: tuple[int, ...], sigma: float) -> None:
        low = np.floor(index).astype(int)
        rest = index - low
        self._shape, self._sigma = shape, sigma
        self._node = [np.ravel_multi_index((low + corner).T, shape) for corner in CORNERS]
        self._weight = [np.prod(np.where(corner, rest, 1 - rest), axis=1) for corner in CORNERS]

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Sum (z, y, x) of values (n,), smoothed."""
        count = int(np.prod(self._shape))
        total = np.zeros(count)
        for node, weight in zip(self._node, self._weight, strict=True):
            total += np.bincount(node, weight * values, minlength=count)
        return np.asarray(ndimage.gaussian_filter(total.reshape(self._shape), self._sigma))

    def at_points(self, nodes: np.ndarray) -> np.ndarray:
        """Values (n,) of nodes (z, y, x) at the points, linear between nodes."""
        flat = nodes.ravel()
        return np.asarray(
            sum(weight * flat[node] for node, weight in zip(self._node, self._weight, strict=True))
        )
