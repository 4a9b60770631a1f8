"""What lies around a vessel: its background, and whether it goes on sideways as a sheet does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration
from ..numerics.polar_profiles import Profiles


@dataclass(frozen=True)
class SurroundingsConstants(MethodConstants):
    """Tuned numbers of reading a vessel's surroundings."""

    ring_width_mm: float = constant(
        2.0, "mm", "Width of the ring around a vessel that gives its background.", "Chosen by eye."
    )
    start_share: float = constant(
        0.4,
        "1",
        "Share of the ring's values that lie below the level that the clipped mean starts from.",
        "Chosen by eye: a little below the median, since neighbors are brighter than lung.",
    )
    window_hu: float = constant(
        40.0, "HU", "Least half-width of the clipping around the level.", "Chosen by eye."
    )
    window_noises: float = constant(
        1.2,
        "1",
        "Half-width of the clipping in standard deviations of the noise, where that is more.",
        "Chosen by eye.",
    )
    rounds: int = constant(
        3, "1", "Rounds of clipping.", "Chosen by eye: later rounds change next to nothing."
    )
    center_rings: int = constant(
        2, "1", "Innermost rings of a profile that give a vessel's height.", "Chosen by eye."
    )
    least_height_hu: float = constant(
        30.0,
        "HU",
        "Least height over the background (or the noise, where that is more) that flatness is a"
        " share of.",
        "Chosen by eye: what is lower is lost in the noise of a usual scan.",
    )


CONSTANTS = SurroundingsConstants()


def ring_background(
    profile: Profiles, reach_mm: np.ndarray, calibration: Calibration
) -> np.ndarray:
    """Attenuation of the ring outside the vessel.

    Opposite directions are averaged, which cancels a slope such as the edge of ground glass; then a
    clipped mean over the pairs leaves neighbors out. A low percentile instead would come out below
    the parenchyma by a share of the noise, and make every area too large.

    Each point is read for itself. Where nothing of its ring is lung, it has the scan's parenchyma
    around, as nothing says otherwise.

    Parameters
    ----------
    profile : Profiles
        n points.
    reach_mm : numpy.ndarray
        (n, sectors) radius at which the ring begins.
    calibration : Calibration
        Attenuation of plain parenchyma, and the noise in it.

    Returns
    -------
    numpy.ndarray
        (n,) float32, HU.
    """
    sector = _ring(profile, reach_mm)
    one, other = np.split(sector, 2, axis=1)
    pair = (one + other) / 2
    # Beside the lungs' edge a direction has no opposite.
    pair = np.where(np.isfinite(pair), pair, np.where(np.isfinite(one), one, other))
    level = _percentile_of_known(pair, CONSTANTS.start_share, calibration.parenchyma_hu)
    window = max(CONSTANTS.window_hu, CONSTANTS.window_noises * calibration.noise_hu)
    for _ in range(CONSTANTS.rounds):
        near = np.abs(pair - level[:, None]) < window
        total = near.sum(axis=1)
        mean = np.where(near, pair, 0).sum(axis=1) / np.maximum(total, 1)
        level = np.where(total > 0, mean, level).astype(np.float32)
    return level


def flatness(
    profile: Profiles, reach_mm: np.ndarray, background: np.ndarray, noise_hu: float
) -> np.ndarray:
    """Share of the height that goes on in the ring, in two opposite directions at once.

    A neighbor is on one side; a fissure, or the steps that thick slices make of one, on both.

    Parameters
    ----------
    profile : Profiles
        n points.
    reach_mm : numpy.ndarray
        (n, sectors) radius at which the ring begins.
    background : numpy.ndarray
        (n,) from `ring_background`, HU.
    noise_hu : float
        Standard deviation of the image in plain parenchyma.

    Returns
    -------
    numpy.ndarray
        (n,) about 0 for a tube, 1 for a sheet.
    """
    center = profile.hu[:, :, : CONSTANTS.center_rings]
    height = np.nan_to_num(center, nan=0.0).mean(axis=(1, 2)) - background
    beyond = np.nan_to_num(_ring(profile, reach_mm) - background[:, None], nan=0.0)
    one, other = np.split(beyond, 2, axis=1)
    on_both_sides = np.minimum(one, other).max(axis=1)
    flat: np.ndarray = on_both_sides / np.maximum(height, max(CONSTANTS.least_height_hu, noise_hu))
    return flat


def _ring(profile: Profiles, reach_mm: np.ndarray) -> np.ndarray:
    """Attenuation (n, sectors) of the ring around the vessel, NaN where nothing is known."""
    rings = np.arange(round(CONSTANTS.ring_width_mm / profile.step_mm))
    first = np.ceil(reach_mm / profile.step_mm).astype(int)
    index = np.minimum(first[:, :, None] + rings, len(profile.radius_mm) - 1)
    values = np.take_along_axis(profile.hu, index, axis=2)
    known = np.isfinite(values)
    count = known.sum(axis=2)
    total = np.where(known, values, 0).sum(axis=2)
    return np.where(count > 0, total / np.maximum(count, 1), np.float32(np.nan))


def _percentile_of_known(values: np.ndarray, share: float, otherwise: float) -> np.ndarray:
    """Percentile of each row's finite values; another value where a row has none."""
    ordered = np.sort(values, axis=1)
    count = np.isfinite(values).sum(axis=1)
    pick = (share * np.maximum(count - 1, 0)).astype(int)
    level = ordered[np.arange(len(values)), pick]
    return np.where(count > 0, level, np.float32(otherwise)).astype(np.float32)
