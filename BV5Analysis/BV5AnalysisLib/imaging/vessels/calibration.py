"""Parenchyma and noise, measured in the scan itself, and what areas are scaled by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.measurements import BloodLevels, Calibration
from ..numerics.cores import cores


@dataclass(frozen=True)
class CalibrationConstants(MethodConstants):
    """Tuned numbers of measuring parenchyma and noise."""

    unenhanced_blood_hu: float = constant(
        40.0,
        "HU",
        "Blood where the scan does not show it.",
        "Blood without contrast agent lies at 30 to 60 HU.",
    )
    parenchyma_range_hu: tuple[float, float] = constant(
        (-1000.0, -400.0),
        "HU",
        "Where parenchyma lies.",
        "From emphysema to full expiration.",
    )
    usual_parenchyma_hu: float = constant(
        -850.0,
        "HU",
        "Parenchyma where the lungs hold none in that range.",
        "A usual inspiration. Such lungs are all opacity, so that little rests on it.",
    )
    level_bins: int = constant(
        60,
        "1",
        "Bins of the histogram whose peak is the most frequent attenuation.",
        "Bins of 10 HU: finer than the noise, coarse enough to be full. Chosen by eye.",
    )
    smoothed_bins: int = constant(
        5,
        "1",
        "Bins that the histogram is averaged over before its peak is looked for.",
        "About the width of the noise. Chosen by eye.",
    )
    around_level_hu: float = constant(
        150.0,
        "HU",
        "Values farther than this from the most frequent one are no plain parenchyma.",
        "Opacities, vessels and airways differ by more, noise seldom. Chosen by eye.",
    )
    half_blood_ratio: float = constant(
        0.45,
        "1",
        "What counts as half way from parenchyma to blood while blood is not measured yet, as a"
        " multiple of parenchyma's attenuation.",
        "Chosen by eye for scans without contrast agent, where it is 20 HU above the true middle"
        " (-382 for -850 and 40 HU). It knows nothing of contrast agent: with blood at 300 HU it"
        " lies 107 HU below the middle, so that ends of vessels are carried on, and groups of thin"
        " vessels pass for a wide one, more easily than without.",
    )

    @property
    def half_bin_hu(self) -> float:
        """Half the width of the histogram's bins."""
        low, high = self.parenchyma_range_hu
        return (high - low) / self.level_bins / 2


CONSTANTS = CalibrationConstants()

LAYERS = 8
"""Layers of the image that one thread looks at."""


@dataclass(frozen=True)
class Parenchyma:
    """Plain lung parenchyma of a scan.

    Attributes
    ----------
    level_hu : float
        Its median attenuation.
    noise_hu : float
        Standard deviation of the noise in it.
    """

    level_hu: float
    noise_hu: float

    @property
    def presumed_half_blood_hu(self) -> float:
        """Half way from parenchyma to blood, presumed before blood is measured.

        Once it is, `Calibration.half_blood_hu` says it exactly.
        """
        return CONSTANTS.half_blood_ratio * self.level_hu


def measure_parenchyma(image: np.ndarray, lung: np.ndarray) -> Parenchyma:
    """Median attenuation of plain parenchyma and its noise, HU.

    Parameters
    ----------
    image : numpy.ndarray
        HU (z, y, x), not resampled.
    lung : numpy.ndarray
        Bool, the same shape.

    Returns
    -------
    Parenchyma
        The noise is read from second differences along x, which cancel gradients; their median
        absolute value passes over edges. In correlated noise it is a lower bound.

    References
    ----------
    Donoho DL, Johnstone IM. Ideal spatial adaptation by wavelet shrinkage. Biometrika
    1994;81:425-455 (noise as the median absolute value over 0.6745, there of wavelets).
    """
    values = image[::2][lung[::2]]
    low, high = CONSTANTS.parenchyma_range_hu
    values = values[(values > low) & (values < high)]
    if not len(values):
        return Parenchyma(CONSTANTS.usual_parenchyma_hu, 0.0)
    counts, edges = np.histogram(values, bins=CONSTANTS.level_bins, range=(low, high))
    smooth = ndimage.uniform_filter1d(counts, CONSTANTS.smoothed_bins, mode="constant")
    peak = edges[smooth.argmax()] + CONSTANTS.half_bin_hu
    level = _median_of_whole(values[np.abs(values - peak) < CONSTANTS.around_level_hu])
    spread = _second_differences(image[::2], lung[::2], level)
    # A Gaussian's median absolute value is 0.6745 of its standard deviation, and a second
    # difference has six times the variance.
    noise = max(_median_of_whole(spread), 0.0) / 0.6745 / float(np.sqrt(6)) if len(spread) else 0.0
    return Parenchyma(level, noise)


def _median_of_whole(values: np.ndarray) -> float:
    """Median of values that are stored as whole numbers, as if they had not been rounded.

    The plain median of whole numbers is one, and jumps to the next: noise of 9 HU by a fifteenth.
    Each whole number stands for all values that are rounded to it.
    """
    whole = np.rint(values).astype(int)
    least = int(whole.min())
    counts = np.bincount(whole - least)
    upto = np.cumsum(counts)
    at = int(np.searchsorted(upto, len(values) / 2))
    share = (len(values) / 2 - (upto[at] - counts[at])) / counts[at]
    return float(least + at - 0.5 + share)


def _second_differences(image: np.ndarray, lung: np.ndarray, level: float) -> np.ndarray:
    """Size (n,) of the second differences along x of plain parenchyma, HU."""

    def of_layers(layers: slice) -> np.ndarray:
        values = image[layers].astype(np.float32)
        near = lung[layers] & (np.abs(values - np.float32(level)) < CONSTANTS.around_level_hu)
        run = near[:, :, 2:] & near[:, :, 1:-1] & near[:, :, :-2]
        second = (values[:, :, 2:] - 2 * values[:, :, 1:-1] + values[:, :, :-2])[run]
        return np.asarray(np.abs(second))

    with ThreadPoolExecutor(cores()) as pool:
        starts = range(0, len(image), LAYERS)
        return np.concatenate(
            list(pool.map(of_layers, [slice(first, first + LAYERS) for first in starts]))
        )


def calibrate(
    parenchyma: Parenchyma, measured: BloodLevels | None, given_blood_hu: float | None
) -> Calibration:
    """Join what was measured with what the user gave; given blood goes before measured."""
    blood_hu = CONSTANTS.unenhanced_blood_hu if measured is None else measured.blood_hu
    if given_blood_hu is not None:
        blood_hu = given_blood_hu
    return Calibration(blood_hu, parenchyma.level_hu, parenchyma.noise_hu)
