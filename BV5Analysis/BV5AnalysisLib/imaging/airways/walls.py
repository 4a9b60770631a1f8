"""What bronchi add to the image, so that it can be subtracted and only vessels are left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..model.constants import MethodConstants, constant
from ..model.work_image import WorkImage
from ..numerics.balls import draw_balls
from ..numerics.neighbors import nearest
from .bronchi import Bronchi


@dataclass(frozen=True)
class WallConstants(MethodConstants):
    """Tuned numbers of subtracting bronchi."""

    beyond_wall_mm: float = constant(
        2.0,
        "mm",
        "How far past the middle of a wall its blur shows.",
        "Three standard deviations of the usual blur.",
    )
    fade_mm: float = constant(
        0.6,
        "mm",
        "Length over which the last of it is brought to nothing.",
        "About a voxel, so that no step is left. Chosen by eye on three scans.",
    )
    past_end_mm: float = constant(
        1.5,
        "mm",
        "How far past the last point of an axis an airway is taken to go on.",
        "Half the longest gap without a good ring. Chosen by eye on three scans.",
    )


CONSTANTS = WallConstants()


def subtract_bronchi(image: WorkImage, bronchi: Bronchi) -> WorkImage:
    """Subtract lumina and walls of bronchi from an image.

    A scanner adds up what is in the lung, blur and all. So an artery beside a bronchus is left
    whole when the bronchus, the same all around its axis, is subtracted; cutting the bronchus out
    would take the artery's blurred edge along, or leave the wall's to it.

    Parameters
    ----------
    image : WorkImage
        Stays as it is.
    bronchi : Bronchi
        Axes, and what each airway adds to its surroundings.

    Returns
    -------
    WorkImage
        The image without them; the same one if there are none.

    Notes
    -----
    Own method.
    """
    if not len(bronchi):
        return image
    voxel, added_hu = added_by_bronchi(bronchi, image.hu.shape, image.spacing)
    hu = image.hu.copy()
    hu[voxel] -= added_hu
    return image.with_hu(hu)


def added_by_bronchi(
    bronchi: Bronchi, shape: tuple[int, ...], spacing: np.ndarray
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Find what bronchi add to the parenchyma.

    Parameters
    ----------
    bronchi : Bronchi
        At least one point.
    shape : tuple of int
        Of the image (z, y, x).
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.

    Returns
    -------
    voxel, added_hu
        Indices (three arrays) of the voxels that bronchi show in, and float32 (m,) HU.
    """
    reached = np.zeros(shape, bool)
    reach_mm = bronchi.wall_radius_mm + CONSTANTS.beyond_wall_mm
    draw_balls(reached, True, bronchi.position_mm / spacing, spacing, reach_mm)
    voxel = np.argwhere(reached)
    point = nearest(cKDTree(bronchi.position_mm), voxel * spacing)[1]
    apart = voxel * spacing - bronchi.position_mm[point]
    along_mm = (apart * bronchi.direction[point]).sum(axis=1)
    from_axis_mm = np.sqrt(np.clip((apart**2).sum(axis=1) - along_mm**2, 0, None))

    step_mm = bronchi.radius_mm[1] - bronchi.radius_mm[0]
    place = np.clip(from_axis_mm / step_mm - 0.5, 0, len(bronchi.radius_mm) - 1.001)
    ring = place.astype(int)
    part = place - ring
    profile = _ending(bronchi)
    added_hu = (1 - part) * profile[point, ring] + part * profile[point, ring + 1]
    known = np.abs(along_mm) < CONSTANTS.past_end_mm
    return tuple(voxel[known].T), added_hu[known].astype(np.float32)


def _ending(bronchi: Bronchi) -> np.ndarray:
    """Profiles (n, radii) that only fall outside the wall: what rises again is a neighbor."""
    past_wall = bronchi.radius_mm - bronchi.wall_radius_mm[:, None]
    own = np.where(past_wall > 0, np.maximum(bronchi.profile_hu, 0), np.inf)
    falling = np.minimum.accumulate(own, axis=1)
    fade = np.clip((CONSTANTS.beyond_wall_mm - past_wall) / CONSTANTS.fade_mm, 0, 1)
    ending: np.ndarray = np.where(past_wall > 0, falling, bronchi.profile_hu) * fade
    return ending
