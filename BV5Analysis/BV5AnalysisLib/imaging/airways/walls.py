"""What bronchi add to the image, so that it can be taken off and only vessels are left."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from ..numerics.balls import draw_balls
from ..numerics.cores import cores
from .bronchi import Bronchi

BEYOND_WALL_MM = 2.0
"""How far past the middle of a wall its blur is seen."""

FADE_MM = 0.6
"""Over this length the last of it is brought to nothing."""

PAST_END_MM = 1.5
"""How far past the last point of an axis the airway is taken to go on."""


def subtract_bronchi(image: np.ndarray, bronchi: Bronchi, spacing: np.ndarray) -> None:
    """Take lumina and walls of bronchi off an image, in place.

    A scanner adds up what is in the lung, blur and all. So an artery beside a bronchus is left
    whole when the bronchus, the same all around its axis, is taken off; cutting the bronchus out
    would take the artery's blurred edge along, or leave the wall's to it.

    Parameters
    ----------
    image : numpy.ndarray
        HU, float32 (z, y, x).
    bronchi : Bronchi
        Axes, and what each airway adds to its surroundings.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.

    Notes
    -----
    Own method.
    """
    if not len(bronchi):
        return
    voxel, added_hu = added_by_bronchi(bronchi, image.shape, spacing)
    image[voxel] -= added_hu


def added_by_bronchi(
    bronchi: Bronchi, shape: tuple[int, int, int], spacing: np.ndarray
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Find what bronchi add to the parenchyma.

    Parameters
    ----------
    bronchi : Bronchi
        At least one point.
    shape : tuple of int
        Of the work grid.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.

    Returns
    -------
    voxel, added_hu
        Indices (three arrays) of the voxels that bronchi show in, and float32 (m,) HU.
    """
    reached = np.zeros(shape, bool)
    reach_mm = bronchi.wall_radius_mm + BEYOND_WALL_MM
    draw_balls(reached, True, bronchi.position_mm / spacing, spacing, reach_mm)
    voxel = np.argwhere(reached)
    point = cKDTree(bronchi.position_mm).query(voxel * spacing, workers=cores())[1]
    apart = voxel * spacing - bronchi.position_mm[point]
    along_mm = (apart * bronchi.direction[point]).sum(axis=1)
    from_axis_mm = np.sqrt(np.clip((apart**2).sum(axis=1) - along_mm**2, 0, None))

    step_mm = bronchi.radius_mm[1] - bronchi.radius_mm[0]
    place = np.clip(from_axis_mm / step_mm - 0.5, 0, len(bronchi.radius_mm) - 1.001)
    ring = place.astype(int)
    part = place - ring
    profile = _ending(bronchi)
    added_hu = (1 - part) * profile[point, ring] + part * profile[point, ring + 1]
    known = np.abs(along_mm) < PAST_END_MM
    return tuple(voxel[known].T), added_hu[known].astype(np.float32)


def _ending(bronchi: Bronchi) -> np.ndarray:
    """Profiles (n, radii) that only fall outside the wall: what rises again is a neighbor."""
    past_wall = bronchi.radius_mm - bronchi.wall_radius_mm[:, None]
    own = np.where(past_wall > 0, np.maximum(bronchi.profile_hu, 0), np.inf)
    falling = np.minimum.accumulate(own, axis=1)
    fade = np.clip((BEYOND_WALL_MM - past_wall) / FADE_MM, 0, 1)
    return np.where(past_wall > 0, falling, bronchi.profile_hu) * fade
