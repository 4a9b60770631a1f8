"""Blood of wide vessels, summed voxel by voxel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration
from ..model.work_image import WorkImage
from ..numerics.balls import draw_balls
from ..numerics.neighbors import nearest
from ..vessels.branches import Branches
from .branch_sizes import SizedBranches
from .cross_sections import CrossSections

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class WideVesselConstants(MethodConstants):
    """Tuned numbers of counting the blood of wide vessels."""

    wide_mm2: float = constant(
        20.0,
        "mm²",
        "Area from which on about half of a vessel's blood is summed voxel by voxel.",
        "Chosen by eye: most of its voxels are all blood, and its rim is small beside them.",
    )
    wide_ramp: float = constant(
        0.25,
        "1",
        "Share of `wide_mm2` by which the area is below it where no blood, and above where all of"
        " it, is summed so.",
        "The two ways differ by a tenth and more in hila; areas scatter by a few percent.",
    )
    rim_mm: float = constant(
        1.3,
        "mm",
        "How far past the radius blood is counted.",
        "Two standard deviations of the usual blur, 0.65 mm: as far as it carries blood.",
    )
    stub_mm: float = constant(
        4.0,
        "mm",
        "How far from the lines of wide vessels bright voxels that hang on them count.",
        "Chosen by eye on hila, where a trunk that divides just inside the lungs' edge has no line"
        " of its own.",
    )
    brightest_background_hu: float = constant(
        -300.0,
        "HU",
        "Background from which on parenchyma stands in for it.",
        "Chosen by eye: what is brighter is not lung but what lies around the hila.",
    )


CONSTANTS = WideVesselConstants()


def with_wide_volumes(
    sized: SizedBranches,
    branches: Branches,
    sections: CrossSections,
    image: WorkImage,
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
    image : WorkImage
        The whole lungs are read, their outermost layer as well.
    calibration : Calibration
        Attenuation of blood and parenchyma.

    Returns
    -------
    SizedBranches
        The same areas; blood of thin vessels as it was.

    Notes
    -----
    Own method.
    """
    share = _share_by_voxels(sized.csa_mm2)
    wide = share > 0
    if not wide.any():
        return sized
    spacing = image.spacing
    radius_mm = np.sqrt(sized.csa_mm2 / np.pi)
    near, box = _voxels_near(branches, radius_mm, wide, image)
    hu, lung, first_mm = image.hu[box], image.lung[box], [edge.start for edge in box] * spacing
    near = _with_stubs(near & lung, lung & (hu > calibration.half_blood_hu), spacing)

    # Thin vessels keep what is theirs; those inside a wider one hold nothing.
    position_mm = branches.position_mm - first_mm
    index = np.rint(position_mm / spacing).astype(int)
    within = ((index >= 0) & (index < hu.shape)).all(axis=1)
    voxel = tuple(np.clip(index, 0, np.array(hu.shape) - 1).T)
    candidates = np.flatnonzero(wide | (within & near[voxel] & (sized.volume_ml > 0)))
    owner = candidates[
        _owners(np.argwhere(near) * spacing, position_mm[candidates], radius_mm[candidates])
    ]

    background = _background(sections.background_hu, calibration.parenchyma_hu)[owner]
    blood = (hu[near] - background) / (calibration.blood_hu - background)
    of_wide = wide[owner]
    voxel_ml = float(np.prod(spacing)) / 1000
    summed = np.bincount(owner[of_wide], blood[of_wide], len(wide)) * voxel_ml
    return replace(sized, volume_ml=share * summed + (1 - share) * sized.volume_ml)


def _share_by_voxels(csa_mm2: np.ndarray) -> np.ndarray:
    """Share (n,) of the blood of points that is summed voxel by voxel."""
    above = csa_mm2 / CONSTANTS.wide_mm2 - 1
    return np.asarray(np.clip(0.5 + above / (2 * CONSTANTS.wide_ramp), 0.0, 1.0))


def _voxels_near(
    branches: Branches, radius_mm: np.ndarray, chosen: np.ndarray, image: WorkImage
) -> tuple[np.ndarray, Box]:
    """Voxels within the radius and rim of chosen points, in a box with room for stubs."""
    spacing = image.spacing
    reach_mm = radius_mm[chosen] + CONSTANTS.rim_mm
    room_mm = reach_mm.max() + CONSTANTS.stub_mm
    place = branches.position_mm[chosen]
    low = np.maximum(np.floor((place.min(axis=0) - room_mm) / spacing), 0).astype(int)
    high = np.ceil((place.max(axis=0) + room_mm) / spacing).astype(int) + 1
    high = np.minimum(high, image.hu.shape)
    box = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
    near = np.zeros(high - low, bool)
    draw_balls(near, True, place / spacing - low, spacing, reach_mm)
    return near, box


def _with_stubs(near: np.ndarray, bright: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Mask and the bright voxels that hang on it, up to `stub_mm` off.

    Where a trunk divides just inside the lungs' edge, it has no line of its own.
    """
    # With no steps at all scipy dilates without end.
    steps = max(1, round(CONSTANTS.stub_mm / spacing.mean()))
    return ndimage.binary_dilation(near, iterations=steps, mask=near | bright)


def _owners(voxel_mm: np.ndarray, position_mm: np.ndarray, radius_mm: np.ndarray) -> np.ndarray:
    """Find the point (m,) whose ball each voxel is deepest in, by its power distance.

    Distance² - radius² is a plain squared distance, but for a constant, in one more dimension.
    """
    height = np.sqrt(np.maximum(radius_mm.max() ** 2 - radius_mm**2, 0))
    tree = cKDTree(np.column_stack([position_mm, height]))
    return nearest(tree, np.column_stack([voxel_mm, np.zeros(len(voxel_mm))]))[1]


def _background(background_hu: np.ndarray, parenchyma_hu: float) -> np.ndarray:
    is_lung = background_hu < CONSTANTS.brightest_background_hu
    return np.where(is_lung, background_hu, parenchyma_hu)
