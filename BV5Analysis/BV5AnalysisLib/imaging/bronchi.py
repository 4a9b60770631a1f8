"""Bronchi inside the lungs, found by their lumen, so that their walls are not taken for vessels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .balls import draw_balls
from .branches import link_branches
from .polar import mark_outside, read_profiles
from .ridges import find_ridge_points

LUMEN_SCALES_MM = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
"""Scales at which lumina of about 1 to 6 mm radius answer."""

MINIMUM_LENGTH_MM = 5.0
"""Shorter chains of lumen points are gaps between vessels."""

MINIMUM_WALL_HU = 60.0
"""How much a wall stands out over the lumen it encloses."""

ENCLOSED = 0.8
"""Share of directions in which a lumen must have a wall: between two vessels it is less."""

WALL_HALF_MM = 0.5
"""From the middle of a wall, as the scanner shows it, to where it ends."""

REACH_MM = 8.0
STEP_MM = 0.3


@dataclass(frozen=True, eq=False)
class Bronchi:
    """Points on the axes of bronchi; n points.

    Attributes
    ----------
    position_mm : numpy.ndarray
        (n, 3) in the work frame (z, y, x).
    wall_radius_mm : numpy.ndarray
        (n,) distance from the axis to the middle of the wall.
    """

    position_mm: np.ndarray
    wall_radius_mm: np.ndarray


def find_bronchi(
    image: np.ndarray, lung: np.ndarray, spacing: np.ndarray, parenchyma_hu: float
) -> Bronchi:
    """Find bronchi by the same ridges as vessels, on the negative image.

    A lumen is a dark ridge with a brighter wall nearly all around; the gap between two vessels has
    one on two sides only.

    Parameters
    ----------
    image : numpy.ndarray
        HU, float32 (z, y, x).
    lung : numpy.ndarray
        Bool, the same shape.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    parenchyma_hu : float
        Median attenuation of the parenchyma; a lumen is not brighter.

    Returns
    -------
    Bronchi
        Points along the axes of bronchi longer than `MINIMUM_LENGTH_MM`; none is no error.

    Notes
    -----
    Own method; the ridges are those of `find_ridge_points`, where their sources are.
    """
    points = find_ridge_points(-image, lung, spacing, -parenchyma_hu, LUMEN_SCALES_MM)
    profile = read_profiles(
        mark_outside(image, lung),
        spacing,
        points.position_mm,
        points.direction,
        REACH_MM,
        STEP_MM,
    )
    radius, enclosed, lumen_hu = _wall(profile.hu, profile.radius_mm, points.scale_mm)
    keep = (enclosed >= ENCLOSED) & (lumen_hu < parenchyma_hu + 40)
    points, radius = points[keep], radius[keep]
    if not len(points):
        return Bronchi(np.empty((0, 3)), np.empty(0))
    linked = link_branches(points, MINIMUM_LENGTH_MM)
    return _with_radius(linked.position_mm, points.position_mm, radius)


def _wall(
    hu: np.ndarray, radius_mm: np.ndarray, scale_mm: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Radius to the wall (n,), share of directions with a wall (n,), lumen attenuation (n,)."""
    # Next to the lungs' edge there may be nothing to read: no lumen is taken there.
    lumen = np.nan_to_num(hu[:, :, :2], nan=np.inf).mean(axis=(1, 2))
    # The wall is the first maximum; a scale finds lumina up to about twice as wide.
    within = radius_mm < 2.5 * scale_mm[:, None] + 1.5
    known = np.where(within[:, None, :] & np.isfinite(hu), hu, -np.inf)
    falls = np.zeros(known.shape, bool)
    falls[..., :-1] = (
        (known[..., 1:] < known[..., :-1])
        & np.isfinite(known[..., 1:])
        & (known[..., :-1] > lumen[:, None, None] + MINIMUM_WALL_HU)
    )
    has_wall = falls.any(axis=2)
    where = np.where(has_wall, falls.argmax(axis=2), -1)
    at = np.where(where >= 0, radius_mm[where], np.nan)
    with_any = has_wall.any(axis=1)
    middle = np.full(len(hu), np.nan)
    middle[with_any] = np.nanmedian(at[with_any], axis=1)
    return middle, has_wall.mean(axis=1), lumen


def _with_radius(position: np.ndarray, known_at: np.ndarray, radius: np.ndarray) -> Bronchi:
    nearest = cKDTree(known_at).query(position, k=5)[1]
    nearest = np.minimum(nearest, len(known_at) - 1)
    return Bronchi(position, np.median(radius[nearest], axis=1))


def bronchial_zone(
    bronchi: Bronchi, shape: tuple[int, int, int], spacing: np.ndarray
) -> np.ndarray:
    """Voxels of bronchi, lumen and wall.

    Parameters
    ----------
    bronchi : Bronchi
        Axes and radii.
    shape : tuple of int
        Of the work grid.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.

    Returns
    -------
    numpy.ndarray
        Bool, shape `shape`.
    """
    zone = np.zeros(shape, bool)
    outer = bronchi.wall_radius_mm + WALL_HALF_MM
    draw_balls(zone, True, bronchi.position_mm / spacing, spacing, outer)
    return zone
