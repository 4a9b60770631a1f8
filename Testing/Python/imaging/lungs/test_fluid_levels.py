"""Fluid is the even level, lung what is brighter; and no step where either is just told."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.fluid_levels import CONSTANTS, fluid_levels
from BV5AnalysisLib.imaging.lungs.tissue_means import TissueMeans
from scipy import stats

VOXEL_ML = 0.016


def told(*tissues, organ_ml=100.0, organ_spread_hu=1.5):
    """Levels of airless tissues, of volume, mean and spread, and an even organ of 60 HU."""
    parts = [(organ_ml, 60.0, organ_spread_hu), *tissues]
    counts = [round(ml / VOXEL_ML) for ml, _, _ in parts]
    # Quantiles of noise instead of draws, so that sweeps have none of their own.
    hu = [
        mean + spread * stats.norm.ppf((np.arange(count) + 0.5) / count)
        for count, (_, mean, spread) in zip(counts, parts, strict=True)
    ]
    organ = np.arange(sum(counts)) < counts[0]
    values = np.concatenate(hu)[:, None, None]
    means = TissueMeans(values, np.full(values.shape, 0.3), np.ones(values.shape, bool))
    return fluid_levels(means, ~organ[:, None, None], organ[:, None, None], VOXEL_ML)


def rather_lung(levels, hu):
    return float(levels.lung(np.array(hu), np.array(hu)))


def test_even_tissue_of_few_hu_is_fluid():
    levels = told((100.0, 10.0, 1.5))
    assert levels.fluid == 1
    assert rather_lung(levels, 10.0) == 0
    # No lung shows where half way to it is: what is farther off than fluid scatters is none.
    assert rather_lung(levels, 14.0) == 0
    assert rather_lung(levels, 10.0 + CONSTANTS.step_hu[1] + 1.0) == 1


def test_lung_behind_fluid_is_what_is_above_half_way():
    levels = told((80.0, 10.0, 1.5), (60.0, 34.0, 1.5))
    assert levels.fluid == 1
    assert levels.threshold_hu == pytest.approx(22.0, abs=2)
    assert rather_lung(levels, 10.0) == 0
    assert rather_lung(levels, 34.0) == 1


def test_uneven_tissue_is_lung_whatever_its_attenuation():
    levels = told((100.0, 15.0, 12.0))
    assert levels.fluid == 0
    assert levels.threshold_hu == pytest.approx(CONSTANTS.fat_hu[0], abs=5)
    assert rather_lung(levels, 10.0) > 0.9


def test_tissue_of_fat_is_neither_lung_nor_fluid():
    assert rather_lung(told((100.0, 15.0, 12.0)), -60.0) == 0


def test_where_the_organ_is_uneven_too_only_attenuation_tells():
    levels = told((100.0, 15.0, 12.0), organ_spread_hu=15.0)
    assert levels.threshold_hu == CONSTANTS.airless_hu[1]


def organ_of(ml):
    return told((100.0, 15.0, 12.0), organ_ml=ml)


def lung_of(ml):
    return told((60.0, 10.0, 1.5), (ml, 30.0, 1.5))


def fluid_of(ml):
    return told((ml, 5.0, 1.0), (60.0, 25.0, 1.0))


def fluid_at(hu):
    return told((60.0, hu, 1.5))


@pytest.mark.parametrize(
    ("of", "low", "high"),
    [(organ_of, 15.0, 20.0), (lung_of, 0.0, 3.0), (fluid_of, 9.5, 12.0), (fluid_at, 30.0, 37.0)],
)
def test_what_is_told_moves_without_a_step(of, low, high):
    """Of the organ's volume, lung's, fluid's, and its attenuation.

    Measured: by 12, 4, 6 and 15 % of the range at most, and by 0.3 of sure fluid, which are voxels
    and bins; at a step it would be most of the range.
    """
    levels = [of(value) for value in np.linspace(low, high, 200)]
    thresholds = np.array([each.threshold_hu for each in levels])
    fluids = np.array([each.fluid for each in levels])
    assert np.ptp(thresholds) > 4
    assert np.abs(np.diff(thresholds)).max() < 0.2 * np.ptp(thresholds)
    assert np.abs(np.diff(fluids)).max() < 0.35
