"""Cross-sectional areas by integrating blood fraction across the vessel."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from ..numerics.cores import cores
from ..numerics.polar_profiles import SECTORS, Profiles, mark_outside, read_profiles
from ..vessels.branches import Branches
from .blur import USUAL_SIGMA_MM, Blur

NOISE_GRAIN_MM = 0.7
"""Size of a voxel or grain of noise."""

AGREEMENT = 0.2
"""Opposite directions that agree within this show the same vessel."""

REACH_SIGMAS = 2.0
"""How far past a vessel's radius the integral goes, in standard deviations of the blur."""

LEAST_CONTRAST_HU = 50.0
"""Of blood over its surroundings, to divide by; in consolidation there is none."""

DARKER = 0.15
"""A direction ends where it is darker than the background by this share of blood's contrast: in the
lumen of an airway, or past the edge of ground glass."""

RING_WIDTH_MM = 2.0
"""Width of the ring around a vessel that gives its background."""

CHUNK = 2000
"""Cross-sections at a time, which bounds the memory."""


@dataclass(frozen=True)
class Reach:
    """How far out, and how finely, cross-sections of a range of scales are read."""

    largest_scale_mm: float
    radius_mm: float
    step_mm: float


REACHES = (
    Reach(0.85, 4.8, 0.3),
    Reach(1.2, 6.4, 0.4),
    Reach(2.4, 10.0, 0.5),
    Reach(np.inf, 20.0, 0.8),
)


@dataclass(frozen=True, eq=False)
class CrossSections:
    """What was read across vessels; n points.

    Attributes
    ----------
    csa_mm2 : numpy.ndarray
        (n,) cross-sectional area.
    background_hu : numpy.ndarray
        (n,) attenuation around the vessel.
    clean : numpy.ndarray
        (n,) share of directions, 0 to 1, in which nothing else came near.
    flatness : numpy.ndarray
        (n,) share of its height over the background that goes on beyond the vessel to both sides:
        about 0 for a tube, 1 for a sheet such as a fissure.
    """

    csa_mm2: np.ndarray
    background_hu: np.ndarray
    clean: np.ndarray
    flatness: np.ndarray


def measure_cross_sections(
    image: np.ndarray,
    valid: np.ndarray,
    spacing: np.ndarray,
    branches: Branches,
    blood_hu: float,
    noise_hu: float,
    blur: Blur,
    progress: Callable[[float], None] | None = None,
) -> CrossSections:
    """Measure the area of vessels in the plane across them.

    The area is the integral of (HU - background) / (blood - background). The scanner's blur moves
    intensity but keeps this integral, so that vessels thinner than the blur come out right, where
    half-maximum and distance-transform sizes fail. It is taken direction by direction, each up to
    the valley towards a neighbor; directions with a neighbor take over the area that the opposite
    direction shows.

    Parameters
    ----------
    image : numpy.ndarray
        HU, float32 (z, y, x), isotropic or nearly.
    valid : numpy.ndarray
        Bool, where the image is lung (not chest wall, not airway), the same shape.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    branches : Branches
        Centerlines.
    blood_hu, noise_hu : float
        Attenuation of blood, and standard deviation of the image in plain parenchyma.
    blur : Blur
        Of the image; tells how far out the integral goes in each direction, and what of it is to be
        expected there.
    progress : callable
        Called with the fraction done.

    Returns
    -------
    CrossSections
        One a point of `branches`.

    Notes
    -----
    That a blurred profile keeps its integral is common knowledge of sizing below the resolution;
    how the integral is shared among directions and kept clear of neighbors is the project's own.
    """
    marked = mark_outside(image, valid)
    return measure_in_marked(marked, spacing, branches, blood_hu, noise_hu, blur, progress)


def measure_in_marked(
    marked: np.ndarray,
    spacing: np.ndarray,
    branches: Branches,
    blood_hu: float,
    noise_hu: float,
    blur: Blur,
    progress: Callable[[float], None] | None = None,
) -> CrossSections:
    """Do `measure_cross_sections` in an image from `mark_outside`, as for several rounds."""
    count = len(branches.position_mm)
    csa, background, clean, flatness = np.zeros((4, count))
    jobs = []
    smallest = 0.0
    for reach in REACHES:
        inside = (branches.scale_mm > smallest) & (branches.scale_mm <= reach.largest_scale_mm)
        smallest = reach.largest_scale_mm
        chosen = np.nonzero(inside)[0]
        jobs += [(reach, part) for part in np.array_split(chosen, len(chosen) // CHUNK + 1)]

    # The reaches have room for the usual blur.
    widest_mm = np.sqrt(max(blur.variance_mm2))
    room_mm = REACH_SIGMAS * max(0.0, widest_mm - USUAL_SIGMA_MM)

    def work(job: tuple[Reach, np.ndarray]) -> None:
        reach, chosen = job
        if len(chosen):
            profile = read_profiles(
                marked,
                spacing,
                branches.position_mm[chosen],
                branches.tangent[chosen],
                reach.radius_mm + room_mm,
                reach.step_mm,
            )
            start_mm = np.clip(np.sqrt(2) * branches.scale_mm[chosen] - 0.2, 0.7, None)
            csa[chosen], background[chosen], clean[chosen], flatness[chosen] = _areas(
                profile, start_mm, blood_hu, noise_hu, blur
            )

    with ThreadPoolExecutor(cores()) as pool:
        for number, _ in enumerate(pool.map(work, jobs)):
            if progress is not None:
                progress((number + 1) / len(jobs))
    return CrossSections(csa, background, clean, flatness)


def _areas(
    profile: Profiles,
    start_radius_mm: np.ndarray,
    blood_hu: float,
    noise_hu: float,
    blur: Blur,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Areas, backgrounds, clean shares and flatness, all (n,), from profiles and first radii."""
    radius_mm = start_radius_mm
    blur_mm = np.sqrt(blur.spot_mm2(profile.ray, np.zeros_like(radius_mm)))
    mean_mm = blur_mm.mean(axis=1)
    largest_mm = profile.radius_mm[-1] - REACH_SIGMAS * mean_mm - RING_WIDTH_MM
    for _ in range(3):
        radius_mm = np.clip(radius_mm, 0.3, largest_mm)
        reach_mm = radius_mm[:, None] + REACH_SIGMAS * blur_mm
        background = _background(profile, reach_mm, noise_hu)
        base = background[:, None, None]
        contrast_hu = np.maximum(np.float32(blood_hu) - base, LEAST_CONTRAST_HU)
        fraction = (profile.hu - base) / contrast_hu
        noise = noise_hu / contrast_hu[:, 0, 0]
        expected = blur.spot_mm2(profile.ray, radius_mm)
        expected /= expected.mean(axis=1, keepdims=True)
        area, clean = _integral(profile, fraction, radius_mm, reach_mm, expected, noise)
        area /= _caught_share(radius_mm / mean_mm)
        radius_mm = np.sqrt(np.clip(area, 0.2, None) / np.pi)
    return area, background, clean, _flatness(profile, reach_mm, background, noise_hu)


def _background(profile: Profiles, reach_mm: np.ndarray, noise_hu: float) -> np.ndarray:
    """Attenuation of the ring outside the vessel, (n,) HU, float32.

    Opposite directions are averaged, which cancels a slope such as the edge of ground glass; then a
    clipped mean over the pairs leaves neighbors out. A low percentile instead would come out below
    the parenchyma by a share of the noise, and make every area too large.
    """
    sector = _ring(profile, reach_mm)
    one, other = np.split(sector, 2, axis=1)
    pair = (one + other) / 2
    # Beside the lungs' edge a direction has no opposite.
    pair = np.where(np.isfinite(pair), pair, np.where(np.isfinite(one), one, other))
    level = _percentile_of_known(pair, 0.4)
    window = max(40.0, 1.2 * noise_hu)
    for _ in range(3):
        near = np.abs(pair - level[:, None]) < window
        total = near.sum(axis=1)
        mean = np.where(near, pair, 0).sum(axis=1) / np.maximum(total, 1)
        level = np.where(total > 0, mean, level).astype(np.float32)
    return level


def _ring(profile: Profiles, reach_mm: np.ndarray) -> np.ndarray:
    """Attenuation (n, sectors) of the ring around the vessel, NaN where nothing is known."""
    rings = np.arange(round(RING_WIDTH_MM / profile.step_mm))
    first = np.ceil(reach_mm / profile.step_mm).astype(int)
    index = np.minimum(first[:, :, None] + rings, len(profile.radius_mm) - 1)
    values = np.take_along_axis(profile.hu, index, axis=2)
    known = np.isfinite(values)
    count = known.sum(axis=2)
    total = np.where(known, values, 0).sum(axis=2)
    return np.where(count > 0, total / np.maximum(count, 1), np.float32(np.nan))


def _flatness(
    profile: Profiles, reach_mm: np.ndarray, background: np.ndarray, noise_hu: float
) -> np.ndarray:
    """Share (n,) of the height that goes on in the ring, in two opposite directions at once.

    A neighbor is on one side; a fissure, or the steps that thick slices make of one, on both.
    """
    height = np.nan_to_num(profile.hu[:, :, :2], nan=0.0).mean(axis=(1, 2)) - background
    beyond = np.nan_to_num(_ring(profile, reach_mm) - background[:, None], nan=0.0)
    one, other = np.split(beyond, 2, axis=1)
    return np.minimum(one, other).max(axis=1) / np.maximum(height, max(30.0, noise_hu))


def _percentile_of_known(values: np.ndarray, share: float) -> np.ndarray:
    """Percentile of each row's finite values; the middle row's where a row has none."""
    ordered = np.sort(values, axis=1)
    count = np.isfinite(values).sum(axis=1)
    pick = (share * np.maximum(count - 1, 0)).astype(int)
    level = ordered[np.arange(len(values)), pick]
    some = count > 0
    return np.where(some, level, np.median(level[some]) if some.any() else 0.0).astype(np.float32)


def _integral(
    profile: Profiles,
    fraction: np.ndarray,
    radius_mm: np.ndarray,
    reach_mm: np.ndarray,
    expected: np.ndarray,
    noise: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Integral (n,) within the reach, mm², and share (n,) of directions free of neighbors.

    What each direction holds of a vessel alone, `expected` (n, sectors) of mean 1, is divided out.
    """
    # The outermost ring counts by the share of it that the reach takes in.
    share = np.clip((reach_mm[:, :, None] - profile.radius_mm) / profile.step_mm + 0.5, 0, 1)
    ring_mm2 = (2 * np.pi * profile.radius_mm * profile.step_mm * share).astype(np.float32)
    stop = _valley(profile, fraction, radius_mm, noise)
    counted = (np.arange(len(profile.radius_mm)) < stop[:, :, None]) & np.isfinite(fraction)
    sector_mm2 = (np.where(counted, fraction, 0) * ring_mm2).sum(axis=2) / expected

    clean = stop * profile.step_mm >= reach_mm - 0.5 * profile.step_mm
    clean_count = clean.sum(axis=1)
    clean_mm2 = (sector_mm2 * clean).sum(axis=1) / np.maximum(clean_count, 1)
    half_turn = SECTORS // 2
    opposite = np.roll(clean, half_turn, axis=1)
    # In a direction with a neighbor the opposite one stands in, else the mean of clean ones.
    taken = np.select(
        [clean, opposite, np.broadcast_to((clean_count >= 3)[:, None], clean.shape)],
        [
            sector_mm2,
            np.roll(sector_mm2, half_turn, axis=1),
            np.broadcast_to(clean_mm2[:, None], clean.shape),
        ],
        sector_mm2,
    )
    # Noise of one direction's area: of its share of the disc, one voxel thick.
    noise_mm2 = noise * np.sqrt(np.pi * SECTORS / 6) * reach_mm.mean(axis=1) * NOISE_GRAIN_MM
    area = _mean_of_agreeing_pairs(taken, noise_mm2)
    return area, clean_count / SECTORS


def _mean_of_agreeing_pairs(sector_mm2: np.ndarray, noise_mm2: np.ndarray) -> np.ndarray:
    """Mean (n,) over opposite directions, without those that something beside the vessel swells.

    The wall of a small airway that touches its artery leaves no valley, but lies on one side. The
    mean of two opposite directions does not change where the center is a little off; pairs well
    above the lowest ones have a neighbor in them.
    """
    half_turn = SECTORS // 2
    pair = (sector_mm2[:, :half_turn] + sector_mm2[:, half_turn:]) / 2
    pair = (np.roll(pair, 1, axis=1) + pair + np.roll(pair, -1, axis=1)) / 3
    lowest = np.sort(pair, axis=1)[:, :3].mean(axis=1)
    # A slanted plane makes pairs differ a little, too.
    limit = lowest + np.maximum(4 * noise_mm2, AGREEMENT * lowest)
    agreeing = pair <= limit[:, None]
    return (pair * agreeing).sum(axis=1) / np.maximum(agreeing.sum(axis=1), 1)


def _valley(
    profile: Profiles, fraction: np.ndarray, radius_mm: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Count the rings (n, sectors) up to the valley towards a neighbor or to the lungs' edge."""
    around = (np.roll(fraction, 1, axis=1) + 2 * fraction + np.roll(fraction, -1, axis=1)) / 4
    around = np.where(np.isfinite(around), around, fraction)
    # A rise counts outside the lumen only: inside, noise and mixing of blood make harmless ones.
    beyond = (profile.radius_mm > 0.8 * radius_mm[:, None])[:, None, :]
    noise = noise[:, None, None]
    missing = ~np.isfinite(fraction) | (beyond & (around < -np.maximum(DARKER, 3.0 * noise)))
    filled = np.where(missing, np.float32(np.inf), around)
    rise = around - np.minimum.accumulate(filled, axis=2)
    neighbor = (rise > np.maximum(0.08, 2.0 * noise)) & beyond
    end = _first(neighbor | missing)
    # Back from where the rise was noticed to the valley itself.
    position = np.arange(fraction.shape[2])
    before = np.where(position < np.maximum(end, 1)[:, :, None], filled, np.float32(np.inf))
    valley = before.argmin(axis=2)
    noticed = np.take_along_axis(
        neighbor, np.minimum(end, fraction.shape[2] - 1)[:, :, None], axis=2
    )[:, :, 0] & (end < fraction.shape[2])
    return np.where(noticed, valley, end)


def _first(hit: np.ndarray) -> np.ndarray:
    """Index of the first True along the last axis, its length where there is none."""
    return np.where(hit.any(axis=-1), hit.argmax(axis=-1), hit.shape[-1])


def _caught_share(radius_in_sigmas: np.ndarray) -> np.ndarray:
    """Share of a blurred disc's integral within the reach; radii in sigmas of the blur."""
    radii, shares = _caught_table()
    return np.interp(radius_in_sigmas, radii, shares)


@cache
def _caught_table() -> tuple[np.ndarray, np.ndarray]:
    """Radii of discs, and the share within the reach beyond the radius.

    A point of the disc plus the blur's Gaussian has a squared distance from the center that is
    noncentral chi-squared; the share is its mean over the disc.
    """
    radii = np.geomspace(0.1, 40, 120)
    from_center = np.sqrt((np.arange(60) + 0.5) / 60) * radii[:, None]
    reach = radii[:, None] + REACH_SIGMAS
    return radii, special.chndtr(reach**2, 2, from_center**2).mean(axis=1)
