"""The ring of wall around the axis of a bronchus, and whether there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from ..numerics.polar_profiles import SECTORS
from ..vessels.calibration import Parenchyma

AIR_HU = -1000.0
"""Of air, by definition."""


@dataclass(frozen=True)
class RingConstants(MethodConstants):
    """Tuned numbers of telling an airway's wall from the gap between vessels."""

    wall_scales: float = constant(
        2.2,
        "1",
        "Farthest middle of a wall, in scales of the lumen.",
        "A lumen's radius is about 1.4 scales. Chosen by eye on three scans.",
    )
    wall_more_mm: float = constant(
        1.3,
        "mm",
        "How much farther than that, for the wall's own thickness.",
        "Chosen by eye on three scans.",
    )
    farthest_wall_mm: float = constant(
        5.0,
        "mm",
        "Farthest middle of a wall at all.",
        "That of the widest lumen looked at lies within.",
    )
    least_wall_hu: float = constant(
        50.0,
        "HU",
        "Least height of a wall over its surroundings.",
        "Chosen by eye on three scans.",
    )
    least_dip_hu: float = constant(
        20.0,
        "HU",
        "How much darker than its wall a lumen is; the noise where that is more.",
        "Chosen by eye on three scans.",
    )
    rise_ratio: float = constant(
        0.5,
        "1",
        "Share of the least dip that a profile rises from the lumen to its first maximum.",
        "Half, as the mean over a half circle is lower than a wall. Chosen by eye on three scans.",
    )
    open_directions: int = constant(
        1,
        "1",
        "Directions, of 16, in which the wall may be hidden.",
        "Chosen by eye on three scans.",
    )
    darkest_surroundings: float = constant(
        0.3,
        "1",
        "How far from parenchyma to air the surroundings count as dark at most.",
        "Another lumen next to it is not lung. Chosen by eye on three scans.",
    )
    densest_surroundings: float = constant(
        0.55,
        "1",
        "Densest surroundings, as a share of the parenchyma's attenuation.",
        "In ground glass walls can be distinguished from vessels; in consolidation neither is seen,"
        " and filling up its airways would only make it larger. Chosen by eye on three scans.",
    )
    around_from_mm: float = constant(
        0.9,
        "mm",
        "How far past the middle of a wall its surroundings begin.",
        "Past the blur's standard deviation and a half. Chosen by eye on three scans.",
    )
    around_to_mm: float = constant(
        2.4,
        "mm",
        "How far past the middle of a wall its surroundings end.",
        "Chosen by eye on three scans.",
    )
    thickest_wall_mm: float = constant(
        1.5,
        "mm",
        "This far past the middle of a wall its height is mostly gone.",
        "Else it is a vessel's side or the mediastinum. Chosen by eye on three scans.",
    )
    outer_height: float = constant(
        0.5,
        "1",
        "Share of a wall's height that may be left there.",
        "Chosen by eye on three scans.",
    )
    wide_radius_mm: tuple[float, float] = constant(
        (1.5, 1.8),
        "mm",
        "Walls from the first radius on, and all past the second, let air be seen in the middle.",
        "A lumen wider than the blur shows its air. Chosen by eye on three scans.",
    )
    least_air: float = constant(
        0.35,
        "1",
        "Share of the step from the surroundings to air that the middle of a wide lumen shows.",
        "Chosen by eye on three scans.",
    )
    blurred_radius_mm: tuple[float, ...] = constant(
        (0.9, 1.2, 1.5),
        "mm",
        "Radii of walls that `blurred_share` belongs to.",
        "Chosen by eye on three scans.",
    )
    blurred_share: tuple[float, ...] = constant(
        (0.8, 0.6, 0.25),
        "1",
        "How much of their own height walls at those radii brighten their lumen by at most.",
        "The blur fills up a lumen the more the thinner it is. Chosen by eye on three scans.",
    )


CONSTANTS = RingConstants()


@dataclass(frozen=True, eq=False)
class WallRings:
    """Rings of wall around n points on axes.

    Attributes
    ----------
    radius_mm : numpy.ndarray
        (n,) from the axis to the middle of the wall.
    profile_hu : numpy.ndarray
        (n, radii) what the airway adds to its surroundings, by distance from the axis.
    good : numpy.ndarray
        (n,) bool: this is an airway's ring.
    """

    radius_mm: np.ndarray
    profile_hu: np.ndarray
    good: np.ndarray


def read_rings(
    hu: np.ndarray,
    radius_mm: np.ndarray,
    scale_mm: np.ndarray,
    parenchyma: Parenchyma,
) -> WallRings:
    """Find the wall in profiles around the axis of what may be an airway.

    An artery lies beside most airways, and its blood must not be taken for wall. So the wall is
    read in the darkest half circle of directions, and is as thick on the other side.

    Parameters
    ----------
    hu : numpy.ndarray
        (n, sectors, radii) profiles, averaged along the axis.
    radius_mm : numpy.ndarray
        (radii,) of evenly spaced rings.
    scale_mm : numpy.ndarray
        (n,) at which the lumen was found; the wall is not much farther than twice that.
    parenchyma : Parenchyma
        What is around bronchi.

    Returns
    -------
    WallRings
        One ring a profile.

    Notes
    -----
    Own method. A lumen wider than the blur shows its air; a thinner one is filled up by the blur of
    its wall, but not as bright as a vessel, and the dip has a wall in every direction. The gap
    between vessels is either open on a side or as wide as its "wall" is far, without showing air.
    """
    to_wall_mm = CONSTANTS.wall_scales * scale_mm + CONSTANTS.wall_more_mm
    near = radius_mm < np.minimum(to_wall_mm, CONSTANTS.farthest_wall_mm)[:, None]
    half_circle = _darkest_half(hu, near * radius_mm)
    lumen = hu[:, :, :2].mean(axis=(1, 2))
    wall_at, has_wall = _first_maximum(np.where(near, half_circle, -np.inf), lumen)
    row = np.arange(len(hu))
    wall_hu = half_circle[row, wall_at]
    wall_mm = _between_samples(half_circle, radius_mm, wall_at)
    around = _surroundings(hu, radius_mm, wall_mm)
    level_hu = parenchyma.level_hu
    darkest_hu = level_hu - CONSTANTS.darkest_surroundings * (level_hu - AIR_HU)
    around = np.maximum(around, darkest_hu)

    outer = np.searchsorted(radius_mm, wall_mm + CONSTANTS.thickest_wall_mm)
    outer = np.minimum(outer, len(radius_mm) - 1)
    thin = half_circle[row, outer] - around < CONSTANTS.outer_height * (wall_hu - around)

    to_wall = np.arange(len(radius_mm)) <= wall_at[:, None] + 1
    highest = np.where(to_wall[:, None, :], hu, -np.inf).max(axis=2)
    hidden = CONSTANTS.open_directions
    dip = np.partition(highest - lumen[:, None], hidden, axis=1)[:, hidden]
    good = (
        has_wall
        & thin
        & (around < CONSTANTS.densest_surroundings * level_hu)
        & (wall_hu - around > CONSTANTS.least_wall_hu)
        & (dip > max(CONSTANTS.least_dip_hu, parenchyma.noise_hu))
        & (lumen < _brightest_lumen(wall_mm, wall_hu, around))
    )
    return WallRings(wall_mm, half_circle - around[:, None], good)


def _darkest_half(hu: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean profile (n, radii) over the half circle of directions with the least in it."""
    sector = (hu * weight[:, None, :]).sum(axis=2)
    half = SECTORS // 2
    total = sum(np.roll(sector, -turn, axis=1) for turn in range(half))
    pick = (total.argmin(axis=1)[:, None] + np.arange(half)) % SECTORS
    darkest: np.ndarray = np.take_along_axis(hu, pick[:, :, None], axis=1).mean(axis=1)
    return darkest


def _first_maximum(profile: np.ndarray, lumen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of each profile's first maximum above the lumen (n,), and whether there is one."""
    falls = (profile[:, 1:] < profile[:, :-1]) & np.isfinite(profile[:, 1:])
    falls &= profile[:, :-1] > lumen[:, None] + CONSTANTS.rise_ratio * CONSTANTS.least_dip_hu
    return falls.argmax(axis=1), falls.any(axis=1)


def _between_samples(profile: np.ndarray, radius_mm: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Radius (n,) of the maximum near an index: the top of the parabola through three samples."""
    middle = np.clip(index, 1, len(radius_mm) - 2)
    row = np.arange(len(profile))
    before, here, after = (profile[row, middle + step] for step in (-1, 0, 1))
    bend = np.minimum(before - 2 * here + after, -1e-3)
    step_mm = radius_mm[1] - radius_mm[0]
    top = np.clip(0.5 * (before - after) / bend, -0.5, 0.5)
    between: np.ndarray = radius_mm[middle] + top * step_mm
    return between


def _surroundings(hu: np.ndarray, radius_mm: np.ndarray, wall_mm: np.ndarray) -> np.ndarray:
    """Attenuation (n,) just outside the wall: the lower quartile, for vessels lie there, too."""
    first_mm = wall_mm[:, None] + CONSTANTS.around_from_mm
    outside = (radius_mm > first_mm) & (radius_mm < wall_mm[:, None] + CONSTANTS.around_to_mm)
    values = np.where(outside[:, None, :], hu, np.inf).reshape(len(hu), SECTORS * len(radius_mm))
    quarter = SECTORS * outside.sum(axis=1) // 4
    values.sort(axis=1)
    around: np.ndarray = values[np.arange(len(hu)), quarter]
    return around


def _brightest_lumen(wall_mm: np.ndarray, wall_hu: np.ndarray, around: np.ndarray) -> np.ndarray:
    """How bright (n,) the middle of an airway may be whose wall is so far out and so high."""
    share = np.interp(wall_mm, CONSTANTS.blurred_radius_mm, CONSTANTS.blurred_share)
    filled = share * (wall_hu - around)
    wide = np.interp(wall_mm, CONSTANTS.wide_radius_mm, (0, 1))
    brightest: np.ndarray = (
        around + (1 - wide) * filled + wide * CONSTANTS.least_air * (AIR_HU - around)
    )
    return brightest
