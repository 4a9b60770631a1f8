"""Airless lung and fluid between aerated lung and ribs: which is which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from ..model.constants import MethodConstants, constant
from .hila import ramp
from .pleural_surface import HalfChest, PleuralSurface, pleural_surface, rank_around
from .survey import Chest


@dataclass(frozen=True)
class AirlessConstants(MethodConstants):
    """Tuned numbers of airless lung; places are shares of the lungs' half-width or depth."""

    gap: tuple[float, float] = constant(
        (0.022, 0.052),
        "1",
        "Tissue between lung and the surface inside the ribs from which it begins to be looked at,"
        " and is in full, by the half-width.",
        "3 and 7 mm in an adult. Healthy lungs are up to 3 mm off that surface: extrapleural fat,"
        " muscle, coarse voxels.",
    )
    lateral: tuple[float, float] = constant(
        (0.45, 0.6),
        "1",
        "Distance of the surface from the middle from which only pleura lies at ribs.",
        "Aorta, esophagus and heart are nearer to the middle, an unfolded aorta is up to 0.45.",
    )
    flank: tuple[float, float] = constant(
        (0.5, 0.75), "1", "Places whose gap tells how thick airless tissue is.", "Behind the lung."
    )
    flank_behind: float = constant(
        0.1, "1", "The same along the depth.", "Behind the middle of the lung."
    )
    flank_gap: tuple[float, float] = constant(
        (0.015, 0.03),
        "1",
        "Gap there, by the half-width, from which airless tissue goes on towards the spine.",
        "Where the lung reaches the ribs, what lies nearer to the spine is aorta or muscle.",
    )
    medial_right: tuple[float, float] = constant(
        (0.15, 0.25), "1", "How far it goes on, right.", "Vertebrae are 0.15 wide."
    )
    medial_left: tuple[float, float] = constant(
        (0.25, 0.4), "1", "How far it goes on, left.", "The aorta lies beside the vertebrae."
    )
    medial_behind: tuple[float, float] = constant(
        (0.15, 0.3),
        "1",
        "The same along the depth.",
        "Ribs meet the spine a third of the depth behind the middle; before lie hilum and heart.",
    )
    behind: tuple[float, float] = constant(
        (-0.1, 0.05),
        "1",
        "Place along the depth from which airless tissue is looked for.",
        "In front lie heart and fat, which are as dense.",
    )
    wide_slice: float = constant(
        0.6,
        "1",
        "Share of a lung's largest area from which a slice is above most of the diaphragm.",
        "Below, liver, spleen and stomach lie beside the ribs.",
    )
    apex: tuple[float, float] = constant(
        (0.4, 0.6),
        "1",
        "A lung's area by its largest from which the surface is believed above its middle.",
        "Above the first rib bones of the shoulder are taken for ribs.",
    )
    apex_airless: tuple[float, float] = constant(
        (0.1, 0.2),
        "1",
        "Area inside the ribs by that of wide slices above thick airless tissue.",
        "Airless tissue goes on to the apex, where the ribs close.",
    )
    thick: tuple[float, float] = constant(
        (0.03, 0.06),
        "1",
        "Airless tissue, by the half-width, that is thick enough for that.",
        "Twice `flank_gap`.",
    )
    below_apex_mm: float = constant(
        8.0, "mm", "How far below it is measured.", "The air's own top is airless above."
    )
    soft_hu: tuple[float, float] = constant(
        (-100.0, 200.0), "HU", "Soft tissue.", "Between aerated lung and bone."
    )
    fat_hu: tuple[float, float] = constant(
        (-45.0, -25.0),
        "HU",
        "Mean up to which tissue is fat, and from which it is not.",
        "Fat has -100 HU.",
    )
    smoothing_mm: float = constant(
        4.0,
        "mm",
        "Standard deviation of the Gaussian that attenuation is averaged with.",
        "Half a milliliter: noise of 80 HU becomes 2 HU.",
    )
    broad_mm: float = constant(
        10.0,
        "mm",
        "The same where no even fluid is found.",
        "10 mL, over which tissue of one kind is decided on as a whole.",
    )
    least_ml: float = constant(
        2.0, "mL", "Airless tissue that is looked at.", "Less moves no volume by a thousandth."
    )
    even_hu: tuple[float, float] = constant(
        (2.0, 6.0),
        "HU",
        "Distances from a level: tissue is even by the share of the second that is in the first.",
        "What noise of 40 HU leaves of an even fluid, and thrice that.",
    )
    fluid_even: tuple[float, float] = constant(
        (0.75, 0.9),
        "1",
        "How even fluid is, over how even this scan shows the organ below the diaphragm.",
        "Fluid is as even as an organ at least, lung with vessels and bronchi is not.",
    )
    fluid_ml: tuple[float, float] = constant(
        (4.0, 12.0), "mL", "Volume of even tissue from which it is fluid.", "Chance makes less."
    )
    fluid_hu: tuple[float, float] = constant(
        (35.0, 30.0), "HU", "Attenuation up to which it is.", "0 to 20 HU, offsets of 15 HU."
    )
    two_levels_hu: tuple[float, float] = constant(
        (10.0, 15.0),
        "HU",
        "Distance of two levels from which the darker is fluid, however even.",
        "Lung before fluid is brighter by 10 to 50 HU; airless lung alone has one level.",
    )
    valley: tuple[float, float] = constant(
        (0.4, 0.2),
        "1",
        "What lies between two levels, by what is at the darker one.",
        "Below half its height a histogram has two modes.",
    )
    airless_even: tuple[float, float] = constant(
        (0.72, 0.6),
        "1",
        "As `fluid_even`, of tissue that is no fluid whatever its attenuation.",
        "Less even than what may be fluid.",
    )
    organ_even: tuple[float, float] = constant(
        (0.65, 0.8),
        "1",
        "How even the organ is for unevenness to tell anything.",
        "Scans with streaks show nothing evenly.",
    )
    airless_hu: tuple[float, float] = constant(
        (16.0, 24.0),
        "HU",
        "Mean from which tissue may be airless lung, and from which it is, where evenness tells"
        " nothing. What is between stays outside, and is reported.",
        "Fluid has 0 to 20 HU, airless lung 20 to 60.",
    )
    levels_hu: tuple[float, float] = constant(
        (-40.0, 150.0), "HU", "Levels that are looked for.", "From fat to enhanced lung."
    )
    darker_per_hu: float = constant(
        0.005,
        "1/HU",
        "How much more even a level must be than one that is darker by 1 HU.",
        "Lung is 15 to 40 HU above fluid, and chance makes a few percent.",
    )
    step_hu: tuple[float, float] = constant(
        (3.5, 16.0),
        "HU",
        "Least and largest distance from fluid's level to the threshold between it and lung.",
        "Half way to the lung's level, within these.",
    )
    organ_step_hu: float = constant(
        6.0,
        "HU",
        "Difference between airless lung and organ from which they are told apart.",
        "Three times what noise leaves.",
    )
    organ_ml: float = constant(
        20.0, "mL", "Organ under the diaphragm whose level counts.", "Its mean is certain."
    )
    spine_side: float = constant(
        0.1,
        "1",
        "Distance of the spine's side from the middle, by the half-width.",
        "Half of a vertebra, and a lung reaches in front of it.",
    )
    hull_mm: float = constant(
        15.0,
        "mm",
        "How far towards the middle from airless lung the gap to aerated lung is filled.",
        "Lung in front of the spine is as thick as that along the ribs.",
    )


CONSTANTS = AirlessConstants()


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


@dataclass(frozen=True, eq=False)
class _Means:
    """Attenuation of soft tissue averaged without its edges, and where there is any."""

    hu: np.ndarray
    slope: np.ndarray
    inner: np.ndarray


@dataclass(frozen=True)
class _Levels:
    """What tells lung from fluid: the threshold, half its width, and how surely there is fluid."""

    threshold_hu: float
    width_hu: float
    fluid: float

    def lung(self, hu: np.ndarray, broad_hu: np.ndarray) -> np.ndarray:
        """How surely tissue of a mean is airless lung rather than fluid, 0 to 1."""
        near, broad = (self._above(values) for values in (hu, broad_hu))
        return np.asarray(self.fluid * near + (1 - self.fluid) * broad)

    def _above(self, hu: np.ndarray) -> np.ndarray:
        ends = (self.threshold_hu - self.width_hu, self.threshold_hu + self.width_hu)
        return np.asarray(ramp(hu, ends) * ramp(hu, CONSTANTS.fat_hu))


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
    area = half.lung.sum(axis=(1, 2))
    lowest = int(np.flatnonzero(area >= c.wide_slice * area.max())[0])
    inside, gap = _space(half, surface, number, lowest)
    soft = (half.hu > c.soft_hu[0]) & (half.hu < c.soft_hu[1]) & ~half.lung & ~other
    dense = (half.hu > chest.half_hu) & (half.hu < c.soft_hu[1]) & ~half.lung & ~other
    gap &= dense
    upper = np.zeros(len(half.lung), bool)
    upper[lowest:] = True
    inner = ndimage.binary_erosion(soft) & inside
    core = gap & inner
    if np.count_nonzero(core) * voxel_ml < c.least_ml:
        return none, none
    means = _means(half, inner & (gap | ~upper[:, None, None]))
    organ = _organ(half, soft & inside & ~upper[:, None, None])
    levels = _levels(means, core, organ, voxel_ml)
    broad = _average(half.hu, core, c.broad_mm / half.spacing)
    lung = gap & (levels.lung(means.hu, broad) > HALF)
    is_fluid = levels.fluid * (1 - levels.lung(means.hu, means.hu)) > HALF
    fluid = gap & ~lung & is_fluid & (means.hu > c.fat_hu[1])
    beyond = _beyond(fluid & inner, surface)
    fluid |= gap & beyond
    lung &= ~beyond
    if np.count_nonzero(lung) * voxel_ml < c.least_ml:
        return none, fluid
    below = dense & inside & ~upper[:, None, None] & ~beyond
    below &= levels.lung(means.hu, means.hu) > HALF
    lung |= _below(below, lung, means, organ, half)
    medial = dense & (levels.lung(means.hu, broad) > HALF) & ~beyond & upper[:, None, None]
    lung |= _medial(medial, lung, half)
    return lung, fluid & ~lung


BIN_HU = 0.1
"""Width of the bins of histograms."""

HALF = 0.5
"""From here on a thing is so."""


def _space(
    half: HalfChest, surface: PleuralSurface, number: int, lowest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Bool: inside the ribs, and between them and aerated lung."""
    c = CONSTANTS
    share = ramp(surface.gap_mm / half.half_width_mm, c.gap) * _costal(
        half, surface, number, lowest
    )
    inside, gap = np.zeros_like(half.lung), np.zeros_like(half.lung)
    for z in range(half.top + 1):
        ray, radius = surface.plane(z, half.lung.shape)
        inside[z] = radius < surface.pleura_mm[z][ray]
        gap[z] = inside[z] & (radius > surface.air_mm[z][ray]) & (share[z][ray] > HALF)
    gap &= (half.off > 0) & (ramp(half.behind, c.behind) > HALF)[:, None]
    gap[:lowest] = False
    return inside, gap


def _costal(half: HalfChest, surface: PleuralSurface, number: int, lowest: int) -> np.ndarray:
    """How surely (z, ray) the surface lies at ribs with only pleura inside, 0 to 1."""
    c = CONSTANTS
    known = surface.pleura_mm > 0
    y, x = surface.places()
    off = np.interp(x, np.arange(len(half.off)), half.off)
    behind = np.interp(y, np.arange(len(half.behind)), half.behind)
    flank = known & (off > c.flank[0]) & (off < c.flank[1]) & (behind > c.flank_behind)
    # A layer of two centimeters is thick, whatever is beyond.
    thick = np.where(flank, np.minimum(surface.gap_mm, 20.0), 0).sum(axis=1)
    thick /= np.maximum(flank.sum(axis=1), 1)
    thick = ndimage.gaussian_filter1d(thick, c.smoothing_mm * 2 / half.spacing[0])
    area = half.lung.sum(axis=(1, 2))
    within = (surface.pleura_mm**2).sum(axis=1)
    usual = float(np.percentile(within[area >= c.wide_slice * area.max()], 80)) or 1.0
    high = np.maximum(
        ramp(area / area.max(), c.apex),
        _thick_below(thick, lowest, half) * ramp(within / usual, c.apex_airless),
    )
    medial = ramp(thick / half.half_width_mm, c.flank_gap)[:, None] * ramp(
        off, c.medial_right if number == 0 else c.medial_left
    )
    medial *= ramp(behind, c.medial_behind)
    costal = np.maximum(ramp(off, c.lateral), medial)
    return np.asarray(costal * ramp(behind, c.behind) * high[:, None] * known)


def _thick_below(thick_mm: np.ndarray, lowest: int, half: HalfChest) -> np.ndarray:
    """How surely (z,) all is thick from the lung's middle up to a little below a slice, 0 to 1."""
    highest = int(np.flatnonzero(half.lung.any(axis=(1, 2)))[-1])
    middle = (lowest + highest) // 2
    least = thick_mm.copy()
    least[middle:] = np.minimum.accumulate(least[middle:])
    below = np.arange(len(least)) - int(CONSTANTS.below_apex_mm / half.spacing[0])
    return ramp(least[np.clip(below, 0, highest)] / half.half_width_mm, CONSTANTS.thick)


def _average(hu: np.ndarray, where: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Attenuation averaged over what is in a mask."""
    weight = where.astype(np.float32)
    share = ndimage.gaussian_filter(weight, sigma, truncate=3.0)
    total = ndimage.gaussian_filter(weight * hu, sigma, truncate=3.0)
    return np.asarray(total / np.maximum(share, 1e-3))


def _means(half: HalfChest, inner: np.ndarray) -> _Means:
    hu = _average(half.hu, inner, CONSTANTS.smoothing_mm / half.spacing)
    square = sum(
        (along / step) ** 2 for along, step in zip(np.gradient(hu), half.spacing, strict=True)
    )
    return _Means(hu, np.sqrt(square), inner)


def _organ(half: HalfChest, below: np.ndarray) -> np.ndarray:
    """Bool: deep in what lies inside the ribs under aerated lung, as liver and spleen do."""
    above = np.logical_or.accumulate(half.lung[::-1], axis=0)[::-1]
    organ: np.ndarray = ndimage.binary_erosion(
        below & above & (half.off > CONSTANTS.medial_left[0]), iterations=3
    )
    return organ


def _most_even(values: np.ndarray, least: float) -> tuple[float, float, float]:
    """Level that values crowd at, how much they do, and how many they are.

    `least` values are enough; fewer count less.
    """
    near, far = CONSTANTS.even_hu
    count, edges = np.histogram(values, np.arange(*CONSTANTS.levels_hu, BIN_HU))
    crowd, around = (
        ndimage.uniform_filter1d(count.astype(float), round(2 * reach / BIN_HU), mode="constant")
        * round(2 * reach / BIN_HU)
        for reach in (near, far)
    )
    even = crowd / np.maximum(around, 1.0)
    # Where both are even, the darker is fluid, whichever chance makes a little more even.
    as_fluid = np.maximum(ramp(edges[:-1], CONSTANTS.fluid_hu), 0.1)
    as_fluid *= 1 - CONSTANTS.darker_per_hu * (edges[:-1] - edges[0])
    least = max(least, 1.0)
    best = int((even * ramp(crowd, (0.3 * least, least)) * as_fluid).argmax())
    # Towards brighter tissue beside it the levels between occur as well.
    level = float(edges[best])
    darker = [
        float(np.count_nonzero((values > level - reach) & (values <= level)))
        for reach in (near, far)
    ]
    one_sided = darker[0] / max(darker[1], 1.0) if darker[0] > 0.15 * least else 0.0
    return level, max(float(even[best]), one_sided), float(crowd[best])


def _levels(means: _Means, core: np.ndarray, organ: np.ndarray, voxel_ml: float) -> _Levels:
    """Find what tells lung from fluid in this scan."""
    c = CONSTANTS
    organ_even, calm = 0.0, np.inf
    if np.count_nonzero(organ) * voxel_ml > c.organ_ml:
        calm = 2 * float(np.median(means.slope[organ]))
        at_calm = organ & (means.slope < calm)
        values = means.hu[at_calm]
        organ_even = _most_even(values, len(values))[1]
    # Where one thing passes into another every level between occurs.
    slope = means.slope[core]
    flat = slope < max(min(calm, 0.6), float(np.percentile(slope, 35)))
    values = means.hu[core]
    level, even, count = _most_even(values[flat], c.fluid_ml[1] / voxel_ml)
    if count == 0:
        level, even = -40.0, 0.0
    brighter = values[values > level + c.step_hu[0]]
    lung_hu = float(np.median(brighter)) if len(brighter) else level + 2 * c.step_hu[1]
    alike = ramp(np.array(even / max(organ_even, 0.7)), c.fluid_even)
    apart = _two_levels(values[flat], level, lung_hu)
    enough = ramp(np.array(count * voxel_ml), c.fluid_ml) * ramp(np.array(level), c.fluid_hu)
    fluid = float(np.maximum(alike, apart) * enough)
    uneven = float(
        ramp(np.array(even / max(organ_even, HALF)), c.airless_even)
        * ramp(np.array(organ_even), c.organ_even)
        * ramp(np.array(np.count_nonzero(flat) * voxel_ml), c.fluid_ml)
        * (1 - apart)
    )
    at_fluid = level + float(np.clip((lung_hu - level) / 2, *c.step_hu))
    low, high = c.airless_hu
    # Uneven tissue that is not fat is no fluid.
    alone = high + uneven * (c.fat_hu[0] - high)
    return _Levels(
        fluid * at_fluid + (1 - fluid) * alone, 0.5 + (1 - fluid) * (high - low) / 2, fluid
    )


def _two_levels(values: np.ndarray, dark_hu: float, bright_hu: float) -> float:
    """How surely values crowd at two levels with few between, 0 to 1."""
    c = CONSTANTS
    near = c.even_hu[0]
    between = np.arange(dark_hu + 2 * near, bright_hu - near, 1.0)
    if len(between) == 0:
        return 0.0
    values = np.sort(values)

    def crowd(levels: np.ndarray) -> np.ndarray:
        until, start = (np.searchsorted(values, levels + reach) for reach in (near, -near))
        return np.asarray(until - start)

    dark = float(crowd(np.array([dark_hu])).max())
    least = float(crowd(between).min()) / max(dark, 1.0)
    return float(
        ramp(np.array(bright_hu - dark_hu), c.two_levels_hu) * ramp(np.array(least), c.valley)
    )


def _beyond(fluid: np.ndarray, surface: PleuralSurface) -> np.ndarray:
    """Bool: outside of fluid, seen from the lung's axis; fluid surrounds the lung."""
    nearest = np.full(surface.air_mm.shape, np.inf, np.float32)
    z, y, x = np.nonzero(fluid)
    ray, radius = surface.polar(z, y, x)
    np.minimum.at(nearest, (z, ray), radius)
    nearest = rank_around(nearest, (3, 3), 50.0)
    beyond = np.zeros_like(fluid)
    for level in np.flatnonzero(np.isfinite(nearest).any(axis=1)).tolist():
        rays, radii = surface.plane(level, fluid.shape)
        beyond[level] = radii > nearest[level][rays] + float(surface.spacing[1])
    return beyond


def _below(
    where: np.ndarray, lung: np.ndarray, means: _Means, organ: np.ndarray, half: HalfChest
) -> np.ndarray:
    """Bool: airless lung that goes on below from airless lung above, unlike the organ there."""
    c = CONSTANTS
    known = lung & means.inner
    if not organ.any() or not known.any():
        return np.zeros_like(lung)
    organ_hu, lung_hu = (float(np.median(means.hu[mask])) for mask in (organ, known))
    if abs(organ_hu - lung_hu) < c.organ_step_hu:
        return np.zeros_like(lung)
    between = (organ_hu + lung_hu) / 2
    alike = means.hu < between if lung_hu < organ_hu else means.hu > between
    side = c.medial_right[1]
    where = where & alike & (half.off > side) & (ramp(half.behind, c.behind) > HALF)[:, None]
    # The edges of fluid and organ are as bright as lung, but thin.
    thick = ndimage.binary_opening(where | lung | half.lung, iterations=2)
    pieces, count = ndimage.label((where & thick) | lung)
    joined = np.zeros(count + 1, bool)
    joined[pieces[lung]] = True
    joined[0] = False
    found: np.ndarray = joined[pieces] & where & thick
    return found


def _medial(where: np.ndarray, lung: np.ndarray, half: HalfChest) -> np.ndarray:
    """Bool: what lies between airless lung along the ribs and aerated lung, towards the spine."""
    c = CONSTANTS
    spacing = half.spacing[1:]
    filled = np.zeros_like(lung)
    y, x = (np.arange(size) * step for size, step in zip(lung.shape[1:], spacing, strict=True))
    behind = half.behind > c.behind[0]
    reach = c.hull_mm / half.half_width_mm
    for z in np.flatnonzero(lung.any(axis=(1, 2))):
        rows = np.flatnonzero(lung[z].any(axis=1))
        medial = half.off[lung[z].any(axis=0)].min()
        points = np.argwhere((half.lung[z] | lung[z]) & behind[:, None]) * spacing
        try:
            hull = ConvexHull(points)
        except QhullError:
            continue
        here = where[z] & ~lung[z] & (half.off < medial + reach) & (half.off > c.spine_side)
        here[: rows[0]] = False
        for along, across, offset in hull.equations:
            here &= along * y[:, None] + across * x <= 0.1 - offset
        pieces, count = ndimage.label(here | lung[z])
        joined = np.zeros(count + 1, bool)
        joined[pieces[lung[z]]] = True
        joined[0] = False
        filled[z] = here & joined[pieces]
    return filled
