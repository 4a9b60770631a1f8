"""The integral of blood fraction across a vessel, clear of its neighbors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage, special

from ..model.constants import MethodConstants, constant
from ..numerics.polar_profiles import SECTORS, Profiles


@dataclass(frozen=True)
class AreaIntegralConstants(MethodConstants):
    """Tuned numbers of the integral across a vessel.

    The noise is that of the blood fraction in a voxel: the image's over the contrast of blood.
    """

    darker: float = constant(
        0.15,
        "1",
        "A direction ends where the blood fraction is below minus this: in the lumen of an airway,"
        " or past the edge of ground glass.",
        "Chosen by eye; with it areas at the edge of ground glass hold (test_cross_sections.py).",
    )
    darker_noises: float = constant(
        3.0, "1", "The same in standard deviations of the noise, if more.", "Chosen by eye."
    )
    rise: float = constant(
        0.08,
        "1",
        "Rise of the blood fraction above its least value so far that shows a neighbor.",
        "Chosen by eye.",
    )
    rise_noises: float = constant(
        2.0, "1", "The same in standard deviations of the noise, if more.", "Chosen by eye."
    )
    lumen_share: float = constant(
        0.8,
        "1",
        "Share of the radius within which no rise counts: noise and mixing of blood make some.",
        "Chosen by eye.",
    )
    fewest_clean: int = constant(
        3,
        "1",
        "Directions without a neighbor from which on their mean stands in for the others.",
        "Chosen by eye.",
    )
    lowest_pairs: int = constant(
        3, "1", "Pairs of opposite directions whose mean is the lowest level.", "Chosen by eye."
    )
    agreement: float = constant(
        0.2,
        "1",
        "Pairs of opposite directions above the lowest level by less than this share of it show"
        " the same vessel.",
        "Chosen by eye: a slanted plane makes pairs differ a little, too.",
    )
    agreement_noises: float = constant(
        4.0, "1", "The same in standard deviations of one direction's area.", "Chosen by eye."
    )
    noise_grain_mm: float = constant(
        0.7, "mm", "Size of a grain of noise.", "The voxel size of a usual scan."
    )


CONSTANTS = AreaIntegralConstants()

TABLE_RADII_SIGMAS = (0.1, 40.0)
"""Radii of discs that are tabulated, in standard deviations of the blur: from next to a point to
wider than any vessel."""

TABLE_REACH_SIGMAS = 8.0
"""Longest reach beyond the radius in the table, in the same: all is caught."""

TABLE_LENGTH = 120
"""Radii and reaches in the table: as many as linear interpolation between them needs."""

DISC_RINGS = 20
"""Rings that a disc is divided into to take the mean over it: within 0.001."""


def area_integral(
    profile: Profiles,
    fraction: np.ndarray,
    radius_mm: np.ndarray,
    reach_mm: np.ndarray,
    expected: np.ndarray,
    noise: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Integrate the blood fraction within a reach, direction by direction.

    Each direction counts up to the valley towards a neighbor. One with a neighbor takes over what
    the opposite direction shows, else the mean of those without.

    Parameters
    ----------
    profile : Profiles
        n points; gives the rings.
    fraction : numpy.ndarray
        (n, sectors, radii) blood fraction, NaN where not lung.
    radius_mm : numpy.ndarray
        (n,) radius of the vessel as known so far.
    reach_mm : numpy.ndarray
        (n, sectors) where the integral ends.
    expected : numpy.ndarray
        (n, sectors) what each direction holds of a vessel alone within the reach, over its area;
        it is divided out.
    noise : numpy.ndarray
        (n,) standard deviation of the blood fraction in a voxel.

    Returns
    -------
    area_mm2, clean : numpy.ndarray
        (n,) integral, and share of directions free of neighbors.
    """
    sector_mm2, clean = sector_integrals(profile, fraction, radius_mm, reach_mm, noise)
    sector_mm2 = sector_mm2 / expected
    clean_count = clean.sum(axis=1)
    clean_mm2 = (sector_mm2 * clean).sum(axis=1) / np.maximum(clean_count, 1)
    half_turn = SECTORS // 2
    opposite = np.roll(clean, half_turn, axis=1)
    several_clean = np.broadcast_to((clean_count >= CONSTANTS.fewest_clean)[:, None], clean.shape)
    # In a direction with a neighbor the opposite one stands in, else the mean of clean ones.
    taken = np.select(
        [clean, opposite, several_clean],
        [
            sector_mm2,
            np.roll(sector_mm2, half_turn, axis=1),
            np.broadcast_to(clean_mm2[:, None], clean.shape),
        ],
        sector_mm2,
    )
    # Noise of one direction's area, scaled up to the whole disc as each direction's area is: that
    # of its sector of a disc in grains, over the pairs and neighbors that are averaged (6 = 2 · 3).
    grain_mm = CONSTANTS.noise_grain_mm
    noise_mm2 = noise * np.sqrt(np.pi * SECTORS / 6) * reach_mm.mean(axis=1) * grain_mm
    area = _mean_of_agreeing_pairs(taken, noise_mm2)
    return area, clean_count / SECTORS


def sector_integrals(
    profile: Profiles,
    fraction: np.ndarray,
    radius_mm: np.ndarray,
    reach_mm: np.ndarray,
    noise: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Integrate the blood fraction along each direction, as if it were the same all around.

    Parameters
    ----------
    profile, fraction, radius_mm, reach_mm, noise
        As of `area_integral`.

    Returns
    -------
    area_mm2, clean : numpy.ndarray
        (n, sectors) integral up to the reach or the valley towards a neighbor, and whether there
        was no neighbor.
    """
    stop = _valley(profile, fraction, radius_mm, noise)
    counted = (np.arange(len(profile.radius_mm)) < stop[:, :, None]) & np.isfinite(fraction)
    sector_mm2 = (np.where(counted, fraction, 0) * _rings_mm2(profile, reach_mm)).sum(axis=2)

    clean = stop * profile.step_mm >= reach_mm - 0.5 * profile.step_mm
    return sector_mm2, clean


def _rings_mm2(profile: Profiles, reach_mm: np.ndarray) -> np.ndarray:
    """Areas (n, sectors, radii) of a profile's rings within reaches (n, sectors).

    The outermost ring counts by the share of it that the reach takes in.
    """
    radii = profile.radius_mm.astype(np.float32)
    area = (reach_mm.astype(np.float32)[:, :, None] - radii) / np.float32(profile.step_mm)
    area += np.float32(0.5)
    np.clip(area, 0, 1, out=area)
    area *= np.float32(2 * np.pi * profile.step_mm) * radii
    return area


def _mean_of_agreeing_pairs(sector_mm2: np.ndarray, noise_mm2: np.ndarray) -> np.ndarray:
    """Mean (n,) over opposite directions, without those that something beside the vessel swells.

    The wall of a small airway that touches its artery leaves no valley, but lies on one side. The
    mean of two opposite directions does not change where the center is a little off; pairs well
    above the lowest ones have a neighbor in them.
    """
    half_turn = SECTORS // 2
    pair = (sector_mm2[:, :half_turn] + sector_mm2[:, half_turn:]) / 2
    pair = (np.roll(pair, 1, axis=1) + pair + np.roll(pair, -1, axis=1)) / 3
    lowest = np.sort(pair, axis=1)[:, : CONSTANTS.lowest_pairs].mean(axis=1)
    limit = lowest + np.maximum(
        CONSTANTS.agreement_noises * noise_mm2, CONSTANTS.agreement * lowest
    )
    agreeing = pair <= limit[:, None]
    mean: np.ndarray = (pair * agreeing).sum(axis=1) / np.maximum(agreeing.sum(axis=1), 1)
    return mean


def _valley(
    profile: Profiles, fraction: np.ndarray, radius_mm: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Count the rings (n, sectors) up to the valley towards a neighbor or to the lungs' edge."""
    around = 2 * fraction
    around += np.roll(fraction, 1, axis=1)
    around += np.roll(fraction, -1, axis=1)
    around /= 4
    np.copyto(around, fraction, where=~np.isfinite(around))
    # A rise counts outside the lumen only: inside, noise and mixing of blood make harmless ones.
    beyond = (profile.radius_mm > CONSTANTS.lumen_share * radius_mm[:, None])[:, None, :]
    noise = noise[:, None, None]
    missing = around < -np.maximum(CONSTANTS.darker, CONSTANTS.darker_noises * noise)
    missing &= beyond
    missing |= ~np.isfinite(fraction)
    filled = around.copy()
    filled[missing] = np.inf
    rise = around - np.minimum.accumulate(filled, axis=2)
    neighbor = rise > np.maximum(CONSTANTS.rise, CONSTANTS.rise_noises * noise)
    neighbor &= beyond
    rings = fraction.shape[2]
    end = _first(neighbor | missing)
    last = np.minimum(end, rings - 1)[:, :, None]
    noticed = np.take_along_axis(neighbor, last, axis=2)[:, :, 0] & (end < rings)
    # Back from where the rise was noticed to the valley itself.
    before = filled[noticed]
    before[np.arange(rings) >= np.maximum(end[noticed], 1)[:, None]] = np.inf
    end[noticed] = before.argmin(axis=1)
    return end


def _first(hit: np.ndarray) -> np.ndarray:
    """Index of the first True along the last axis, its length where there is none."""
    return np.asarray(np.where(hit.any(axis=-1), hit.argmax(axis=-1), hit.shape[-1]))


def caught_share(radius_in_sigmas: np.ndarray, reach_sigmas: np.ndarray) -> np.ndarray:
    """Share of a blurred disc's integral that lies within a reach beyond its radius.

    Parameters
    ----------
    radius_in_sigmas : numpy.ndarray
        Radii of the discs, in standard deviations of the blur.
    reach_sigmas : numpy.ndarray
        How far past the radius, in the same; of the same shape.

    Returns
    -------
    numpy.ndarray
        0 to 1, of the same shape.
    """
    table = _caught_table()
    low, high = np.log(TABLE_RADII_SIGMAS)
    place = [
        (np.log(np.maximum(radius_in_sigmas, TABLE_RADII_SIGMAS[0])) - low) / (high - low),
        np.asarray(reach_sigmas) / TABLE_REACH_SIGMAS,
    ]
    index = [along * (size - 1) for along, size in zip(place, table.shape, strict=True)]
    return ndimage.map_coordinates(table, index, order=1, mode="nearest")


@cache
def _caught_table() -> np.ndarray:
    """Shares by radius, evenly in its logarithm, and by reach beyond it, evenly from 0.

    A point of the disc plus the blur's Gaussian has a squared distance from the center that is
    noncentral chi-squared; the share is its mean over the disc.
    """
    radii = np.geomspace(*TABLE_RADII_SIGMAS, TABLE_LENGTH)[:, None, None]
    reach = radii + np.linspace(0, TABLE_REACH_SIGMAS, TABLE_LENGTH)[:, None]
    # Middles of rings of the same area.
    from_center = np.sqrt((np.arange(DISC_RINGS) + 0.5) / DISC_RINGS) * radii
    dimensions = 2
    table: np.ndarray = special.chndtr(reach**2, dimensions, from_center**2).mean(axis=2)
    return table
