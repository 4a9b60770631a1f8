"""Smooth quantities of the body on a coarse grid: distances to surfaces, texture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, map_coordinates


@dataclass(frozen=True, eq=False)
class Field:
    """A smooth quantity known on a coarse axis-aligned grid, linear between its nodes.

    Attributes
    ----------
    values : numpy.ndarray
        (z, y, x) float32.
    origin_mm : numpy.ndarray
        (3,) world point (x, y, z) of the first node.
    step_mm : float
        Distance between nodes.
    """

    values: np.ndarray
    origin_mm: np.ndarray
    step_mm: float

    def like(self, values: np.ndarray) -> Field:
        """Another quantity on the same nodes."""
        return Field(np.asarray(values, np.float32), self.origin_mm, self.step_mm)

    def at(self, points_mm: np.ndarray) -> np.ndarray:
        """Values at world points (..., 3)."""
        index = np.moveaxis((points_mm - self.origin_mm)[..., ::-1] / self.step_mm, -1, 0)
        return map_coordinates(self.values, index, order=1, mode="nearest")

    def gradient_at(self, points_mm: np.ndarray) -> np.ndarray:
        """Gradients (..., 3) along x, y, z at world points (..., 3)."""
        reach = self.step_mm
        steps = reach * np.eye(3)
        return np.stack(
            [(self.at(points_mm + s) - self.at(points_mm - s)) / (2 * reach) for s in steps], -1
        )

    def plane(self, z_mm: float, y_mm: np.ndarray, x_mm: np.ndarray) -> np.ndarray:
        """Values (y, x) on an axial plane of voxels."""
        values = _between(self.values, np.array([z_mm]), self.origin_mm[2], self.step_mm, 0)[0]
        values = _between(values, y_mm, self.origin_mm[1], self.step_mm, 0)
        return _between(values, x_mm, self.origin_mm[0], self.step_mm, 1)


def _between(
    values: np.ndarray, where: np.ndarray, origin: float, step: float, axis: int
) -> np.ndarray:
    """Linear interpolation along one axis; the ends go on."""
    index = np.clip((where - origin) / step, 0, values.shape[axis] - 1.001)
    low = index.astype(np.intp)
    part = (index - low).astype(np.float32)
    part = part.reshape([-1 if i == axis else 1 for i in range(values.ndim)])
    return values.take(low, axis) * (1 - part) + values.take(low + 1, axis) * part


def signed_distance(implicit: np.ndarray, step_mm: float) -> np.ndarray:
    """Distance to the zero surface of a smooth function, positive where it is.

    Parameters
    ----------
    implicit : numpy.ndarray
        (z, y, x) values on nodes.
    step_mm : float
        Distance between nodes.

    Returns
    -------
    numpy.ndarray
        (z, y, x) float32 distance, mm: by the gradient near the surface, by distance transform
        farther away.
    """
    slope = np.sqrt(sum(g**2 for g in np.gradient(implicit, step_mm)))
    near = implicit / np.maximum(slope, 1e-6)
    inside = implicit > 0
    far = np.where(
        inside,
        distance_transform_edt(inside) - 0.5,
        0.5 - distance_transform_edt(~inside),
    )
    far *= step_mm
    return np.where(
        abs(far) < 1.6 * step_mm, np.clip(near, far - step_mm, far + step_mm), far
    ).astype(np.float32)
