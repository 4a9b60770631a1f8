"""Airless lung and fluid between aerated lung and ribs: which is which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..numerics.gradual import HALF, inner_part
from . import airless_space, fluid_levels
from .airless_extent import goes_on_below, towards_spine
from .airless_space import first_wide_slice, space_at_ribs
from .hila import ramp
from .pleural_surface import HalfChest, PleuralSurface, pleural_surface, rank_around
from .survey import Chest
from .tissue_means import TissueMeans, averaged


@dataclass(frozen=True)
class AirlessConstants(MethodConstants):
    """Tuned numbers of airless lung and fluid; pairs are the ends of a ramp or a range."""

    soft_hu: tuple[float, float] = constant(
        (-100.0, 200.0), "HU", "Soft tissue.", "Between aerated lung and bone."
    )
    broad_mm: float = constant(
        10.0,
        "mm",
        "The same where no even fluid is found.",
        "10 mL, over which tissue of one kind is decided on as a whole.",
    )
    least_ml: tuple[float, float] = constant(
        (1.0, 2.0),
        "mL",
        "Airless tissue that begins to be looked at, and is in full.",
        "Less moves no volume by a thousandth.",
    )
    sure_fluid: tuple[float, float] = constant(
        (0.45, 0.55),
        "1",
        "How surely there is fluid to begin to be drawn, from its middle on, and to be in full.",
        "Around a half.",
    )
    organ_voxels: int = constant(
        3,
        "voxels",
        "How deep in what lies under aerated lung is surely organ.",
        "Beyond the edge and what a mean over half a milliliter takes in of it.",
    )
    window: tuple[int, int] = constant(
        (3, 3),
        "1",
        "Slices and directions over which the inside of fluid is a median.",
        "A voxel that noise makes fluid is alone.",
    )


CONSTANTS = AirlessConstants()

MEDIAN = 50.0
"""Percentile that is the median."""


@dataclass(frozen=True, eq=False)
class AirlessSpace:
    """What lies between an aerated lung and the ribs; bool, coarse.

    Attributes
    ----------
    lung : numpy.ndarray
        Airless lung.
    fluid : numpy.ndarray
        Fluid.
    """

    lung: np.ndarray
    fluid: np.ndarray


def find_airless(chest: Chest, sides: list[np.ndarray]) -> list[AirlessSpace]:
    """Find airless lung and fluid that lie along the ribs behind each lung.

    Between aerated lung and the surface inside the ribs nothing lies in health. What does is lung
    if it is denser than fluid, or less even; fluid is even, and lies outside of the lung. Where
    neither its attenuation nor its evenness tells, it is neither.

    Parameters
    ----------
    chest : Chest
        The surveyed scan.
    sides : list of numpy.ndarray
        Bool, coarse: aerated right and left lung.

    Returns
    -------
    list of AirlessSpace
        Of the right and the left lung.

    Notes
    -----
    Own method.
    """
    spaces = []
    for number in (0, 1):
        half = HalfChest.of(chest, sides, number)
        within = slice(None), slice(None), half.columns
        masks = []
        for part in _of_half(half, sides[1 - number][within], chest, number):
            whole = np.zeros(chest.hu.array.shape, bool)
            whole[within] = part
            masks.append(whole)
        spaces.append(AirlessSpace(*masks))
    return spaces


def _of_half(
    half: HalfChest, other: np.ndarray, chest: Chest, number: int
) -> tuple[np.ndarray, np.ndarray]:
    """Airless lung and fluid of one side; what may be either is neither."""
    c, voxel_ml = CONSTANTS, chest.grid.voxel_volume_ml
    none = np.zeros_like(half.lung)
    surface = pleural_surface(half)
    lowest = first_wide_slice(half.lung)
    inside, gap = space_at_ribs(half, surface, number, lowest)
    soft = (half.hu > c.soft_hu[0]) & (half.hu < c.soft_hu[1]) & ~half.lung & ~other
    dense = (half.hu > chest.half_hu) & (half.hu < c.soft_hu[1]) & ~half.lung & ~other
    gap &= dense
    upper = np.zeros(len(half.lung), bool)
    upper[lowest:] = True
    inner = ndimage.binary_erosion(soft) & inside
    core = gap & inner
    looked_at = _looked_at(core, voxel_ml)
    if looked_at == 0:
        return none, none
    means = TissueMeans.of(half.hu, inner & (gap | ~upper[:, None, None]), half.spacing)
    organ = _organ(half, soft & inside & ~upper[:, None, None])
    levels = fluid_levels.fluid_levels(means, core, organ, voxel_ml)
    gap = inner_part(gap, looked_at, half.spacing)
    broad = averaged(half.hu, core, c.broad_mm / half.spacing)
    lung = gap & (levels.lung(means.hu, broad) > HALF)
    fluid = gap & ~lung & (means.hu > fluid_levels.CONSTANTS.fat_hu[1])
    # As sure as there is fluid, and as it is fluid rather than lung.
    fluid &= max(levels.fluid, c.sure_fluid[1]) * (1 - levels.lung(means.hu, means.hu)) > HALF
    sure = float(ramp(np.array(levels.fluid), c.sure_fluid))
    fluid = inner_part(fluid, sure, half.spacing)
    beyond = _beyond(fluid & inner, surface)
    fluid |= gap & beyond
    lung &= ~beyond
    lung = inner_part(lung, _looked_at(lung, voxel_ml), half.spacing)
    if not lung.any():
        return none, fluid
    below = dense & inside & ~upper[:, None, None] & ~beyond
    below &= levels.lung(means.hu, means.hu) > HALF
    lung |= goes_on_below(below, lung, means, organ, half)
    medial = dense & (levels.lung(means.hu, broad) > HALF) & ~beyond & upper[:, None, None]
    lung |= towards_spine(medial, lung, half)
    return lung, fluid & ~lung


def _looked_at(tissue: np.ndarray, voxel_ml: float) -> float:
    """How far so much tissue is looked at, 0 to 1."""
    return float(ramp(np.array(np.count_nonzero(tissue) * voxel_ml), CONSTANTS.least_ml))


def _organ(half: HalfChest, below: np.ndarray) -> np.ndarray:
    """Bool: deep in what lies inside the ribs under aerated lung, as liver and spleen do."""
    above = np.logical_or.accumulate(half.lung[::-1], axis=0)[::-1]
    organ: np.ndarray = ndimage.binary_erosion(
        below & above & (half.off > airless_space.CONSTANTS.medial_left[0]),
        iterations=CONSTANTS.organ_voxels,
    )
    return organ


def _beyond(fluid: np.ndarray, surface: PleuralSurface) -> np.ndarray:
    """Bool: outside of fluid, seen from the lung's axis; fluid surrounds the lung."""
    c = CONSTANTS
    nearest = np.full(surface.air_mm.shape, np.inf, np.float32)
    z, y, x = np.nonzero(fluid)
    ray, radius = surface.polar(z, y, x)
    np.minimum.at(nearest, (z, ray), radius)
    nearest = rank_around(nearest, c.window, MEDIAN)
    beyond = np.zeros_like(fluid)
    for level in np.flatnonzero(np.isfinite(nearest).any(axis=1)).tolist():
        rays, radii = surface.plane(level, fluid.shape)
        beyond[level] = radii > nearest[level][rays] + float(surface.spacing[1])
    return beyond
