"""The chest wall beside straight vessels: all that is beyond a plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from ..model.volume import Grid, Triple

TABLE_MM = 0.01
"""Step of the table of the blurred edge, far below any voxel."""


@dataclass(frozen=True)
class ChestWall:
    """Soft tissue beyond a plane, as the chest wall is to a vessel under the pleura.

    Attributes
    ----------
    normal : tuple of float
        Points into the wall (LPS), of any length.
    distance_mm : float
        From the world's origin to the plane along the normal.
    hu : float
        Its attenuation.
    """

    normal: Triple
    distance_mm: float
    hu: float = 40.0

    def depth_mm(self, world_mm: np.ndarray) -> np.ndarray:
        """How deep (n,) in the wall world points (n, 3) are; negative in the lung."""
        along = world_mm @ np.array(self.normal) / np.linalg.norm(self.normal)
        return np.asarray(along - self.distance_mm)

    def share(self, grid: Grid, sigma_mm: Triple) -> np.ndarray:
        """Share of the wall in each voxel as a scanner shows it.

        Across a plane the scanner's blur is one-dimensional: the Gaussian's width along the
        normal, and for each axis a box as wide as the voxel is along the normal.

        Parameters
        ----------
        grid : Grid
            Voxels, axis-aligned.
        sigma_mm : tuple of float
            Standard deviation of the scanner's Gaussian along x, y, z.

        Returns
        -------
        numpy.ndarray
            float32 (z, y, x), 0 to 1.
        """
        normal = np.array(self.normal) / np.linalg.norm(self.normal)
        depth, share = _blurred_edge(
            float(np.linalg.norm(normal * sigma_mm)), np.abs(normal) * grid.spacing
        )
        z, y, x = (
            start + part * step
            for start, part, step in zip(
                grid.origin[::-1],
                np.indices(grid.shape, sparse=True),
                grid.spacing_zyx,
                strict=True,
            )
        )
        at = x * normal[0] + y * normal[1] + z * normal[2] - self.distance_mm
        return np.asarray(np.interp(at, depth, share).astype(np.float32))


def _blurred_edge(sigma_mm: float, boxes_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Depths and the share seen there of all that is deeper than 0."""
    reach = 5 * sigma_mm + float(boxes_mm.sum()) + TABLE_MM
    depth = np.arange(-reach, reach + TABLE_MM, TABLE_MM)
    share = 0.5 * (1 + erf(depth / max(sigma_mm, 1e-6) / np.sqrt(2)))
    for width in boxes_mm[boxes_mm > TABLE_MM]:
        # The running mean over the box, from the integral; beyond the table all is wall.
        integral = np.concatenate([[0.0], np.cumsum((share[1:] + share[:-1]) / 2 * TABLE_MM)])
        upper = depth + width / 2
        past = np.maximum(upper - depth[-1], 0)
        share = np.interp(upper, depth, integral) + past
        share = (share - np.interp(depth - width / 2, depth, integral)) / width
    return depth, share
