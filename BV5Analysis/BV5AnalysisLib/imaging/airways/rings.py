"""The ring of wall around the axis of a bronchus, and whether there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..numerics.polar_profiles import SECTORS

AIR_HU = -1000.0

LEAST_WALL_HU = 50.0
"""How much a wall stands out over its surroundings."""

LEAST_DIP_HU = 20.0
"""How much darker than its wall a lumen is, in nearly all directions; more where there is noise."""

OPEN_DIRECTIONS = 1
"""Directions of `SECTORS` in which the wall may be hidden."""

DENSEST_SURROUNDINGS = 0.55
"""Of the parenchyma's attenuation: in ground glass there are walls to be told from vessels, in
consolidation neither is seen, and filling up its airways would only make it larger."""

THICKEST_WALL_MM = 1.5
"""This far past the middle of a wall less than half its height is left; else it is a vessel's side
or the mediastinum."""

WIDE_RADIUS_MM = (1.5, 1.8)
"""Walls farther out than this leave air to be seen in the middle, as `LEAST_AIR`."""

LEAST_AIR = 0.35
"""Of the step from the surroundings to air, what is seen of it in the middle of a wide lumen."""

BLURRED_RADIUS_MM = (0.9, 1.2, 1.5)
BLURRED_SHARE = (0.8, 0.6, 0.25)
"""Walls at these radii brighten their lumen by up to this share of their own height."""


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
    parenchyma_hu: float,
    noise_hu: float,
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
    parenchyma_hu, noise_hu : float
        Median attenuation of the parenchyma and its standard deviation.

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
    near = radius_mm < np.minimum(2.2 * scale_mm + 1.3, 5.0)[:, None]
    half_circle = _darkest_half(hu, near * radius_mm)
    lumen = hu[:, :, :2].mean(axis=(1, 2))
    wall_at, has_wall = _first_maximum(np.where(near, half_circle, -np.inf), lumen)
    row = np.arange(len(hu))
    wall_hu = half_circle[row, wall_at]
    wall_mm = _between_samples(half_circle, radius_mm, wall_at)
    around = _surroundings(hu, radius_mm, wall_mm)
    around = np.maximum(around, parenchyma_hu - 0.3 * (parenchyma_hu - AIR_HU))

    outer = np.searchsorted(radius_mm, wall_mm + THICKEST_WALL_MM).clip(max=len(radius_mm) - 1)
    thin = half_circle[row, outer] - around < 0.5 * (wall_hu - around)

    to_wall = np.arange(len(radius_mm)) <= wall_at[:, None] + 1
    highest = np.where(to_wall[:, None, :], hu, -np.inf).max(axis=2)
    dip = np.partition(highest - lumen[:, None], OPEN_DIRECTIONS, axis=1)[:, OPEN_DIRECTIONS]
    good = (
        has_wall
        & thin
        & (around < DENSEST_SURROUNDINGS * parenchyma_hu)
        & (wall_hu - around > LEAST_WALL_HU)
        & (dip > max(LEAST_DIP_HU, noise_hu))
        & (lumen < _brightest_lumen(wall_mm, wall_hu, around))
    )
    return WallRings(wall_mm, half_circle - around[:, None], good)


def _darkest_half(hu: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean profile (n, radii) over the half circle of directions with the least in it."""
    sector = (hu * weight[:, None, :]).sum(axis=2)
    half = SECTORS // 2
    total = sum(np.roll(sector, -turn, axis=1) for turn in range(half))
    pick = (total.argmin(axis=1)[:, None] + np.arange(half)) % SECTORS
    return np.take_along_axis(hu, pick[:, :, None], axis=1).mean(axis=1)


def _first_maximum(profile: np.ndarray, lumen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of each profile's first maximum above the lumen (n,), and whether there is one."""
    falls = (profile[:, 1:] < profile[:, :-1]) & np.isfinite(profile[:, 1:])
    falls &= profile[:, :-1] > lumen[:, None] + 0.5 * LEAST_DIP_HU
    return falls.argmax(axis=1), falls.any(axis=1)


def _between_samples(profile: np.ndarray, radius_mm: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Radius (n,) of the maximum near an index: the top of the parabola through three samples."""
    middle = np.clip(index, 1, len(radius_mm) - 2)
    row = np.arange(len(profile))
    before, here, after = (profile[row, middle + step] for step in (-1, 0, 1))
    bend = np.minimum(before - 2 * here + after, -1e-3)
    step_mm = radius_mm[1] - radius_mm[0]
    return radius_mm[middle] + np.clip(0.5 * (before - after) / bend, -0.5, 0.5) * step_mm


def _surroundings(hu: np.ndarray, radius_mm: np.ndarray, wall_mm: np.ndarray) -> np.ndarray:
    """Attenuation (n,) just outside the wall: the lower quartile, for vessels lie there, too."""
    outside = (radius_mm > wall_mm[:, None] + 0.9) & (radius_mm < wall_mm[:, None] + 2.4)
    values = np.where(outside[:, None, :], hu, np.inf).reshape(len(hu), SECTORS * len(radius_mm))
    quarter = SECTORS * outside.sum(axis=1) // 4
    values.sort(axis=1)
    return values[np.arange(len(hu)), quarter]


def _brightest_lumen(wall_mm: np.ndarray, wall_hu: np.ndarray, around: np.ndarray) -> np.ndarray:
    """How bright (n,) the middle of an airway may be whose wall is so far out and so high."""
    filled = np.interp(wall_mm, BLURRED_RADIUS_MM, BLURRED_SHARE) * (wall_hu - around)
    wide = np.interp(wall_mm, WIDE_RADIUS_MM, (0, 1))
    return around + (1 - wide) * filled + wide * LEAST_AIR * (AIR_HU - around)
