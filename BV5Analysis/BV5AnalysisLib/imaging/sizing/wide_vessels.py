"""Blood of wide vessels, summed voxel by voxel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..model.measurements import Calibration
from ..numerics.balls import draw_balls
from ..numerics.cores import cores
from ..vessels.branches import Branches
from .branch_sizes import SizedBranches
from .cross_sections import CrossSections

WIDE_MM2 = 20.0
"""From this area on most of a vessel's voxels are all blood, and its rim is small beside them."""

RIM_MM = 1.3
"""How far past the radius the blur carries blood."""

STUB_MM = 4.0

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
    near, box = _voxels_near(branches, radius_mm, wide, image.shape, spacing)
    image, lung, first_mm = image[box], lung[box], [edge.start for edge in box] * spacing
    half_blood_hu = (calibration.blood_hu + calibration.parenchyma_hu) / 2
    near = _with_stubs(near & lung, lung & (image > half_blood_hu), spacing)

    # Thin vessels keep what is theirs; those inside a wider one hold nothing.
    position_mm = branches.position_mm - first_mm
    index = np.rint(position_mm / spacing).astype(int)
    within = ((index >= 0) & (index < image.shape)).all(axis=1)
    index = tuple(np.clip(index, 0, np.array(image.shape) - 1).T)
    asking = np.flatnonzero(wide | (within & near[index] & (sized.volume_ml > 0)))
    owner = asking[_owners(np.argwhere(near) * spacing, position_mm[asking], radius_mm[asking])]

    background = _background(sections.background_hu, calibration.parenchyma_hu)[owner]
    blood = (image[near] - background) / (calibration.blood_hu - background)
    of_wide = wide[owner]
    voxel_ml = float(np.prod(spacing)) / 1000
    summed = np.bincount(owner[of_wide], blood[of_wide], len(wide)) * voxel_ml
    return replace(sized, volume_ml=np.where(wide, summed, sized.volume_ml))


def _voxels_near(
    branches: Branches,
    radius_mm: np.ndarray,
    chosen: np.ndarray,
    shape: tuple[int, int, int],
    spacing: np.ndarray,
) -> tuple[np.ndarray, tuple[slice, slice, slice]]:
    """Voxels within the radius and rim of chosen points, in a box with room for stubs."""
    reach_mm = radius_mm[chosen] + RIM_MM
    room_mm = reach_mm.max() + STUB_MM
    place = branches.position_mm[chosen]
    low = np.maximum(np.floor((place.min(axis=0) - room_mm) / spacing), 0).astype(int)
    high = np.ceil((place.max(axis=0) + room_mm) / spacing).astype(int) + 1
    box = tuple(
        slice(first, min(last, size)) for first, last, size in zip(low, high, shape, strict=True)
    )
    near = np.zeros(tuple(edge.stop - edge.start for edge in box), bool)
    draw_balls(near, True, place / spacing - low, spacing, reach_mm)
    return near, box


def _with_stubs(near: np.ndarray, bright: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Mask and the bright voxels that hang on it, up to `STUB_MM` off.

    Where a trunk divides just inside the lungs' edge, it has no line of its own.
    """
    # None at all would mean without end.
    steps = max(1, round(STUB_MM / spacing.mean()))
    return ndimage.binary_dilation(near, iterations=steps, mask=near | bright)


def _owners(voxel_mm: np.ndarray, position_mm: np.ndarray, radius_mm: np.ndarray) -> np.ndarray:
    """Find the point (m,) whose ball each voxel is deepest in, by its power distance.

    Distance² - radius² is a plain squared distance, but for a constant, in one more dimension.
    """
    height = np.sqrt(np.maximum(radius_mm.max() ** 2 - radius_mm**2, 0))
    tree = cKDTree(np.column_stack([position_mm, height]))
    return tree.query(np.column_stack([voxel_mm, np.zeros(len(voxel_mm))]), workers=cores())[1]


def _background(background_hu: np.ndarray, parenchyma_hu: float) -> np.ndarray:
    return np.where(background_hu < BRIGHTEST_BACKGROUND_HU, background_hu, parenchyma_hu)
