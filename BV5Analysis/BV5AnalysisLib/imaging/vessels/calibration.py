"""Blood, parenchyma and noise, measured in the scan itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import ndimage

from ..model.measurements import Calibration
from ..numerics.cores import cores
from .ridge_points import RidgePoints

LARGE_VESSEL_SCALES_MM = (2.7, 1.9)
"""Ridge points from these scales on lie in vessels of over 3.5 and 2.5 mm radius, whose middle is
free of partial volume; the wider ones are asked first."""

FEWEST_POINTS = 30
"""With fewer large vessels than that the scan does not tell the attenuation of blood."""

UNENHANCED_BLOOD_HU = 40.0

LEAST_BLOOD_HU = 0.0
"""Even thinned blood is above; below is fat of the mediastinum, which may be taken for lung."""

BLOOD_PERCENTILE = 75.0
"""Motion, a bronchus close by and vessel ends mix air into many middles, and nothing adds to them:
the upper quartile is blood, where the median of patients' scans is 20 HU below it."""

PARENCHYMA_HU = (-1000.0, -400.0)
"""Where parenchyma lies, from emphysema to full expiration."""

AROUND_LEVEL_HU = 150.0
"""Values that far from the most frequent one are other things: opacities, vessels, airways."""

LAYERS = 8
"""Layers of the image that one thread looks at."""


def measure_parenchyma(image: np.ndarray, lung: np.ndarray) -> tuple[float, float]:
    """Median attenuation of plain parenchyma and its noise, HU.

    Parameters
    ----------
    image : numpy.ndarray
        HU (z, y, x), not resampled.
    lung : numpy.ndarray
        Bool, the same shape.

    Returns
    -------
    parenchyma_hu, noise_hu : float
        The noise is read from second differences along x, which cancel gradients; their median
        absolute value passes over edges. In correlated noise it is a lower bound.

    References
    ----------
    Donoho DL, Johnstone IM. Ideal spatial adaptation by wavelet shrinkage. Biometrika
    1994;81:425-455 (noise as the median absolute value over 0.6745, there of wavelets).
    """
    values = image[::2][lung[::2]]
    values = values[(values > PARENCHYMA_HU[0]) & (values < PARENCHYMA_HU[1])]
    if not len(values):
        return -850.0, 0.0
    counts, edges = np.histogram(values, bins=60, range=PARENCHYMA_HU)
    peak = edges[ndimage.uniform_filter1d(counts, 5, mode="constant").argmax()] + 5.0
    level = float(np.median(values[np.abs(values - peak) < AROUND_LEVEL_HU]))
    spread = _second_differences(image[::2], lung[::2], level)
    noise = float(np.median(spread) / 0.6745 / np.sqrt(6)) if len(spread) else 0.0
    return level, noise


def _second_differences(image: np.ndarray, lung: np.ndarray, level: float) -> np.ndarray:
    """Size (n,) of the second differences along x of plain parenchyma, HU."""

    def of_layers(layers: slice) -> np.ndarray:
        values = image[layers].astype(np.float32)
        near = lung[layers] & (np.abs(values - np.float32(level)) < AROUND_LEVEL_HU)
        run = near[:, :, 2:] & near[:, :, 1:-1] & near[:, :, :-2]
        return np.abs((values[:, :, 2:] - 2 * values[:, :, 1:-1] + values[:, :, :-2])[run])

    with ThreadPoolExecutor(cores()) as pool:
        starts = range(0, len(image), LAYERS)
        return np.concatenate(
            list(pool.map(of_layers, [slice(first, first + LAYERS) for first in starts]))
        )


def measure_blood_hu(image: np.ndarray, spacing: np.ndarray, points: RidgePoints) -> float | None:
    """Attenuation of blood in the middle of large vessels, HU; None with too few of them.

    Parameters
    ----------
    image : numpy.ndarray
        HU, float32 (z, y, x), work grid.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    points : RidgePoints
        Center points of vessels.

    Returns
    -------
    float or None
        HU.

    Notes
    -----
    Own method.
    """
    around = np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)])
    for scale in LARGE_VESSEL_SCALES_MM:
        large = points[points.scale_mm >= scale]
        index = (large.position_mm / spacing).T
        # Seven voxels together, to quiet the noise.
        middle = np.mean(
            [
                ndimage.map_coordinates(image, index + step[:, None], order=1, mode="nearest")
                for step in around
            ],
            axis=0,
        )
        middle = middle[middle > LEAST_BLOOD_HU]
        if len(middle) >= FEWEST_POINTS:
            return float(np.percentile(middle, BLOOD_PERCENTILE))
    return None


def calibrate(
    parenchyma_hu: float, noise_hu: float, measured_blood_hu: float | None, given: float | None
) -> Calibration:
    """Join what was measured with what the user gave; given blood goes before measured."""
    blood = given if given is not None else measured_blood_hu
    return Calibration(UNENHANCED_BLOOD_HU if blood is None else blood, parenchyma_hu, noise_hu)
