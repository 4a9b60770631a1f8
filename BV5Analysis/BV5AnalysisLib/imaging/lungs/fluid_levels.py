"""What tells airless lung from fluid in a scan: the levels that attenuation crowds at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, stats

from ..model.constants import MethodConstants, constant
from .hila import ramp
from .tissue_means import TissueMeans


@dataclass(frozen=True)
class FluidLevelConstants(MethodConstants):
    """Tuned numbers of telling lung from fluid; pairs are the ends of a ramp or a range."""

    fat_hu: tuple[float, float] = constant(
        (-45.0, -25.0),
        "HU",
        "Mean up to which tissue is fat, and from which it is not.",
        "Fat has -100 HU.",
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
    fluid_organ_even: float = constant(
        0.7,
        "1",
        "How even the organ is taken to be at least for that.",
        "Where streaks make it less even, they need not lie on the fluid. Chosen by eye.",
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
    airless_organ_even: float = constant(
        0.5,
        "1",
        "How even the organ is taken to be at least for that.",
        "A number to divide by; `organ_even` leaves out what is less even.",
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
    bright: float = constant(
        0.1,
        "1",
        "Weight of a level that is too bright for fluid.",
        "Is the level only where values crowd at no darker one. Chosen by eye.",
    )
    crowd: tuple[float, float] = constant(
        (0.3, 1.0),
        "1",
        "Volume at a level, over what is enough, from which it begins to be one, and is.",
        "A third of `fluid_ml`, from which fluid may be told. Chosen by eye.",
    )
    few: float = constant(
        0.01,
        "1",
        "Weight of a level at which there is just enough, where none has a third of it.",
        "Next to none: the most even one is taken, whatever little there is.",
    )
    darker: tuple[float, float] = constant(
        (0.1, 0.2),
        "1",
        "Volume just below a level, over what is enough, from which it begins to tell how even"
        " tissue is, and does.",
        "A milliliter or two, several means. Chosen by eye.",
    )
    rival: tuple[float, float] = constant(
        (0.94, 1.0),
        "1",
        "How good another level is, by the best one, to begin to be heeded, and to be so as much.",
        "Chance makes a few percent; without it the better of two would be a step.",
    )
    few_ml: tuple[float, float] = constant(
        (0.5, 2.0),
        "mL",
        "Volume brighter than fluid from which it begins to tell lung's level, and tells it alone.",
        "What one mean is taken over, and four.",
    )
    step_hu: tuple[float, float] = constant(
        (3.5, 16.0),
        "HU",
        "Least and largest distance from fluid's level to the threshold between it and lung.",
        "Half way to the lung's level, within these.",
    )
    least_width_hu: float = constant(
        0.5,
        "HU",
        "Half of the width of that threshold at a sure level of fluid.",
        "A quarter of what noise leaves, so that it is no step.",
    )
    organ_ml: tuple[float, float] = constant(
        (10.0, 20.0),
        "mL",
        "Organ under the diaphragm from which its level begins to count, and counts.",
        "Of 20 mL the mean is certain.",
    )
    calm: float = constant(
        2.0,
        "1",
        "Slope up to which tissue is one thing, over the median slope in the organ.",
        "Of the slopes that noise alone makes 98 % are less.",
    )
    calm_hu_per_mm: float = constant(
        0.6,
        "HU/mm",
        "The same at most.",
        "What noise of 80 HU leaves; a step of 20 HU is 2 HU/mm steep.",
    )
    flat_percent: float = constant(
        35.0,
        "%",
        "Share of airless tissue, the flattest, that is looked at however steep it is.",
        "A third, so that a scan with much noise has something to tell by. Chosen by eye.",
    )


CONSTANTS = FluidLevelConstants()

BIN_HU = 0.1
"""Width of the bins of histograms."""

VALLEY_STEP_HU = 1.0
"""Steps in which the valley between two levels is looked for, half of the least window."""

TRIMMED = 0.25
"""Share of values left out at either end of a mean: what is left are the middle half."""


@dataclass(frozen=True)
class FluidLevels:
    """What tells lung from fluid.

    Attributes
    ----------
    threshold_hu, width_hu : float
        Mean attenuation from which tissue is rather lung, and half of the width of the ramp there.
    fluid : float
        How surely there is fluid, 0 to 1.
    """

    threshold_hu: float
    width_hu: float
    fluid: float

    def lung(self, hu: np.ndarray, broad_hu: np.ndarray) -> np.ndarray:
        """How surely tissue of a mean is airless lung rather than fluid, 0 to 1.

        Parameters
        ----------
        hu, broad_hu : numpy.ndarray
            Means over half a milliliter, which count as surely as there is fluid, and over ten.
        """
        near, broad = (self._above(values) for values in (hu, broad_hu))
        return np.asarray(self.fluid * near + (1 - self.fluid) * broad)

    def _above(self, hu: np.ndarray) -> np.ndarray:
        ends = (self.threshold_hu - self.width_hu, self.threshold_hu + self.width_hu)
        return np.asarray(ramp(hu, ends) * ramp(hu, CONSTANTS.fat_hu))


@dataclass(frozen=True)
class _Crowd:
    """A level that values crowd at: where, how closely, how many, and how much it counts.

    `most_even` is how closely they do at any level, whether it may be fluid or not.
    """

    level_hu: float
    even: float
    most_even: float
    count: float
    weight: float


def fluid_levels(
    means: TissueMeans, core: np.ndarray, organ: np.ndarray, voxel_ml: float
) -> FluidLevels:
    """Find what tells lung from fluid in this scan.

    Parameters
    ----------
    means : TissueMeans
        Attenuation.
    core : numpy.ndarray
        Bool, (z, y, x): airless tissue without its edges.
    organ : numpy.ndarray
        Bool: organ under the diaphragm.
    voxel_ml : float
        Volume of a voxel.

    Returns
    -------
    FluidLevels
        Continuous in attenuation; of two levels that are as good the mean of what either says.
    """
    c = CONSTANTS
    organ_even, calm = _organ(means, organ, voxel_ml)
    # Where one thing passes into another every level between occurs.
    slope = means.slope[core]
    flat = slope < max(calm, float(np.percentile(slope, c.flat_percent)))
    values = means.hu[core]
    crowds = _most_even(values[flat], c.fluid_ml[1] / voxel_ml)
    each = [_judged(crowd, values, flat, organ_even, voxel_ml) for crowd in crowds]
    weights = np.array([crowd.weight for crowd in crowds])
    return FluidLevels(*(weights @ np.array(each)).tolist())


def _organ(means: TissueMeans, organ: np.ndarray, voxel_ml: float) -> tuple[float, float]:
    """How even the organ is, 0 where there is little of it, and the slope of what is one thing."""
    c = CONSTANTS
    told = float(ramp(np.array(np.count_nonzero(organ) * voxel_ml), c.organ_ml))
    if told == 0:
        return 0.0, c.calm_hu_per_mm
    calm = c.calm * float(np.median(means.slope[organ]))
    values = means.hu[organ & (means.slope < calm)]
    even = sum(crowd.weight * crowd.even for crowd in _most_even(values, len(values)))
    slope = told * min(calm, c.calm_hu_per_mm) + (1 - told) * c.calm_hu_per_mm
    return told * even, slope


def _most_even(values: np.ndarray, least: float) -> list[_Crowd]:
    """Find the level that values crowd at most, and another one that is as good.

    `least` values are enough; fewer count less.
    """
    c = CONSTANTS
    near, far = c.even_hu
    count, edges = np.histogram(values, np.arange(*c.levels_hu, BIN_HU))
    crowd, around = (
        ndimage.uniform_filter1d(count.astype(float), round(2 * reach / BIN_HU), mode="constant")
        * round(2 * reach / BIN_HU)
        for reach in (near, far)
    )
    even = crowd / np.maximum(around, 1.0)
    levels = edges[:-1]
    # Where both are even, the darker is fluid, whichever chance makes a little more even.
    as_fluid = np.maximum(ramp(levels, c.fluid_hu), c.bright)
    as_fluid *= 1 - c.darker_per_hu * (levels - levels[0])
    least = max(least, 1.0)
    enough = np.maximum(ramp(crowd / least, c.crowd), c.few * crowd / least)
    good = even * enough * as_fluid
    best = int(good.argmax())
    # Windows that do not overlap.
    elsewhere = np.where(np.abs(levels - levels[best]) > 2 * near, good, 0.0)
    other = int(elsewhere.argmax())
    as_good = elsewhere[other] / good[best] if good[best] > 0 else 0.0
    weight = float(ramp(np.array(as_good), c.rival)) / 2
    picks = [(best, 1 - weight), (other, weight)]
    anywhere = float((even * ramp(crowd / least, c.crowd)).max())
    crowds = []
    for place, share in picks:
        if share > 0:
            level_hu = float(levels[place])
            closely = max(float(even[place]), _even_below(values, level_hu, least))
            most = max(closely, anywhere)
            crowds.append(_Crowd(level_hu, closely, most, float(crowd[place]), share))
    return crowds


def _even_below(values: np.ndarray, level_hu: float, least: float) -> float:
    """How closely values crowd just below a level; 0 where there are few.

    Towards brighter tissue beside it the levels between occur as well.
    """
    near, far = (
        float(np.count_nonzero((values > level_hu - reach) & (values <= level_hu)))
        for reach in CONSTANTS.even_hu
    )
    return near / max(far, 1.0) * float(ramp(np.array(near / least), CONSTANTS.darker))


def _judged(
    crowd: _Crowd, values: np.ndarray, flat: np.ndarray, organ_even: float, voxel_ml: float
) -> tuple[float, float, float]:
    """Fields of `FluidLevels`, if a level is that of fluid."""
    c = CONSTANTS
    level_hu = crowd.level_hu
    lung_hu = _lung_hu(values, level_hu, voxel_ml)
    alike = ramp(np.array(crowd.even / max(organ_even, c.fluid_organ_even)), c.fluid_even)
    apart = _two_levels(values[flat], level_hu, lung_hu)
    enough = ramp(np.array(crowd.count * voxel_ml), c.fluid_ml)
    enough = enough * ramp(np.array(level_hu), c.fluid_hu)
    fluid = float(np.maximum(alike, apart) * enough)
    uneven = float(
        ramp(np.array(crowd.most_even / max(organ_even, c.airless_organ_even)), c.airless_even)
        * ramp(np.array(organ_even), c.organ_even)
        * ramp(np.array(np.count_nonzero(flat) * voxel_ml), c.fluid_ml)
        * (1 - apart)
    )
    at_fluid = level_hu + float(np.clip((lung_hu - level_hu) / 2, *c.step_hu))
    low, high = c.airless_hu
    # Uneven tissue that is not fat is no fluid.
    alone = high + uneven * (c.fat_hu[0] - high)
    width_hu = c.least_width_hu + (1 - fluid) * (high - low) / 2
    return fluid * at_fluid + (1 - fluid) * alone, width_hu, fluid


def _lung_hu(values: np.ndarray, fluid_hu: float, voxel_ml: float) -> float:
    """Level of what is brighter than fluid; where there is little, as far off as it may be."""
    least, largest = CONSTANTS.step_hu
    brighter = values[values > fluid_hu + least]
    told = float(ramp(np.array(len(brighter) * voxel_ml), CONSTANTS.few_ml))
    far_hu = fluid_hu + 2 * largest
    if told == 0:
        return far_hu
    # A median would jump from one of two levels to the other.
    return told * float(stats.trim_mean(brighter, TRIMMED)) + (1 - told) * far_hu


def _two_levels(values: np.ndarray, dark_hu: float, bright_hu: float) -> float:
    """How surely values crowd at two levels with few between, 0 to 1."""
    c = CONSTANTS
    near = c.even_hu[0]
    between = np.arange(dark_hu + 2 * near, bright_hu - near, VALLEY_STEP_HU)
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
