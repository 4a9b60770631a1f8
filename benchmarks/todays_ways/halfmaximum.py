"""Half-maximum areas across lines, as one of today's ways has them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

RAYS = 24
RAY_STEP_MM = 0.25
RAY_MM = 12.0


def half_maximum_area(
    hu: np.ndarray, spacing: np.ndarray, position_mm: np.ndarray, tangent: np.ndarray
) -> np.ndarray:
    """Measure the area in the plane across within which the image is above half height.

    Parameters
    ----------
    hu : numpy.ndarray
        Work grid, (z, y, x).
    spacing : numpy.ndarray
        Voxel size, mm.
    position_mm, tangent : numpy.ndarray
        (k, 3) places in the work frame, and unit vectors along the vessels.

    Returns
    -------
    numpy.ndarray
        (k,) areas, mm².
    """
    radius = (np.arange(round(RAY_MM / RAY_STEP_MM)) + 0.5) * RAY_STEP_MM
    angle = 2 * np.pi * np.arange(RAYS) / RAYS
    area = np.zeros(len(position_mm))
    for part in np.array_split(np.arange(len(area)), len(area) // 2000 + 1):
        if not len(part):
            continue
        along, center = tangent[part], position_mm[part]
        first = np.cross(along, np.eye(3)[np.abs(along).argmin(axis=1)])
        first /= np.linalg.norm(first, axis=1, keepdims=True)
        second = np.cross(along, first)
        ray = np.cos(angle)[:, None] * first[:, None] + np.sin(angle)[:, None] * second[:, None]
        at = center[:, None, None] + ray[:, :, None] * radius[:, None]
        index = np.moveaxis(at / spacing, 3, 0).reshape(3, -1)
        values = ndimage.map_coordinates(hu, index, order=1, mode="nearest")
        values = values.reshape(len(part), RAYS, len(radius))
        peak = values[:, :, :2].mean(axis=(1, 2))
        # The plane is mostly parenchyma, or ground glass; vessels in it are brighter.
        background = np.percentile(values.reshape(len(part), -1), 30, axis=1)
        below = values < ((peak + background) / 2)[:, None, None]
        first_below = np.where(below.any(axis=2), below.argmax(axis=2), len(radius) - 1)
        level = np.broadcast_to(((peak + background) / 2)[:, None], first_below.shape)
        edge = _crossing(values, first_below, level)
        area[part] = np.pi * (edge**2).mean(axis=1)
    return area


def _crossing(values: np.ndarray, first_below: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Radius (k, rays) at which rays fall to a level, between two samples."""
    after = np.take_along_axis(values, first_below[:, :, None], axis=2)[:, :, 0]
    before_index = np.maximum(first_below - 1, 0)
    before = np.take_along_axis(values, before_index[:, :, None], axis=2)[:, :, 0]
    drop = np.maximum(before - after, 1e-3)
    back = np.clip((level - after) / drop, 0, 1)
    return np.maximum(first_below + 0.5 - back, 0.0) * RAY_STEP_MM
