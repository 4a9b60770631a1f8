"""Blood of wide vessels, summed voxel by voxel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from .balls import draw_balls
from .branches import Branches
from .measurements import Calibration
from .profiles import SizedBranches
from .sizing import CrossSections

WIDE_MM2 = 30.0
"""From this area on most of a vessel's voxels are all blood, and its rim is small beside them."""

RIM_MM = 1.3
"""How far past the radius the blur carries blood."""

BRIGHTEST_BACKGROUND_HU = -300.0
"""A brighter one is not lung but what lies around the hila."""


def with_wide_volumes(
    sized: SizedBranches,
    branches: Branches,
    sections: CrossSections,
    image: np.ndarray,
    lung: np.ndarray,
    spacing: np.ndarray,
    calibration: Calibration,
) -> SizedBranches:
    """Replace the blood of wide vessels by the blood fractions of their voxels.

    In the hila vessels meet, touch and leave the lungs within a radius or two. Lines there are
    doubled or lead astray and their areas cannot be read well, and area times length may come to
    more than there is. Each voxel of lung counts once, for the vessel whose surface it is nearest
    to.

    Parameters
    ----------
    sized : SizedBranches
        Areas, and blood as area times length.
    branches : Branches
        Centerlines.
    sections : CrossSections
        Their backgrounds.
    image : numpy.ndarray
        HU, float32 (z, y, x).
    lung : numpy.ndarray
        Bool, the whole lungs, the same shape.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    calibration : Calibration
        Attenuation of blood and parenchyma.

    Returns
    -------
    SizedBranches
        The same areas; blood of thin vessels as it was.
    """
    wide = sized.csa_mm2 >= WIDE_MM2
    if not wide.any():
        return sized
    radius_mm = np.sqrt(sized.csa_mm2 / np.pi)
    near = np.zeros(image.shape, bool)
    reach_mm = radius_mm[wide] + RIM_MM
    draw_balls(near, True, branches.position_mm[wide] / spacing, spacing, reach_mm)
    index = np.rint(branches.position_mm / spacing).astype(int)
    index = tuple(np.clip(index, 0, np.array(image.shape) - 1).T)
    # Thin vessels keep what is theirs; those inside a wider one hold nothing.
    asking = np.flatnonzero(wide | (near[index] & (sized.volume_ml > 0)))
    near &= lung
    voxel = np.argwhere(near)
    owner = asking[_owners(voxel * spacing, branches.position_mm[asking], radius_mm[asking])]

    background = _background(sections.background_hu, calibration.parenchyma_hu)[owner]
    blood = (image[near] - background) / (calibration.blood_hu - background)
    of_wide = wide[owner]
    voxel_ml = float(np.prod(spacing)) / 1000
    summed = np.bincount(owner[of_wide], blood[of_wide], len(wide)) * voxel_ml
    return replace(sized, volume_ml=np.where(wide, summed, sized.volume_ml))


def _owners(voxel_mm: np.ndarray, position_mm: np.ndarray, radius_mm: np.ndarray) -> np.ndarray:
    """Find the point (m,) whose ball each voxel is deepest in, by its power distance.

    Distance² - radius² is a plain squared distance, but for a constant, in one more dimension.
    """
    height = np.sqrt(np.maximum(radius_mm.max() ** 2 - radius_mm**2, 0))
    tree = cKDTree(np.column_stack([position_mm, height]))
    return tree.query(np.column_stack([voxel_mm, np.zeros(len(voxel_mm))]), workers=-1)[1]


def _background(background_hu: np.ndarray, parenchyma_hu: float) -> np.ndarray:
    return np.where(background_hu < BRIGHTEST_BACKGROUND_HU, background_hu, parenchyma_hu)
