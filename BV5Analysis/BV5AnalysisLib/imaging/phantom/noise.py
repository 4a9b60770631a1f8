"""Noise of a reconstructed image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..errors import AnalysisError
from ..model.constants import MethodConstants, constant

KERNELS = {"white": 0.0, "smooth": 0.8, "sharp": 1.2}
"""In-plane Gaussian, in voxels, that a kernel adds to noise (smooth) or takes from it (sharp); both
chosen by eye to look like soft-tissue and lung kernels."""


@dataclass(frozen=True)
class NoiseConstants(MethodConstants):
    """Numbers of noise."""

    sharp_share: float = constant(
        0.8,
        "1",
        "Share of the long waves that a sharp kernel takes away.",
        "Chosen by eye: not all of them, as in scanners' noise power spectra.",
    )


CONSTANTS = NoiseConstants()


def add_noise(hu: np.ndarray, noise_hu: float, kernel: str, rng: np.random.Generator) -> None:
    """Add noise in place, slice by slice independent, as a reconstruction kernel colors it.

    Parameters
    ----------
    hu : numpy.ndarray
        (z, y, x) float32.
    noise_hu : float
        Standard deviation after the kernel.
    kernel : str
        ``white``, ``smooth`` (long-waved, soft-tissue kernel) or ``sharp`` (short-waved, lung
        kernel).
    rng : numpy.random.Generator
        Source of the noise.

    Raises
    ------
    AnalysisError
        The kernel is unknown.
    """
    if kernel not in KERNELS:
        raise AnalysisError(f"Noise kernel {kernel!r} is unknown; take {', '.join(KERNELS)}.")
    if noise_hu == 0:
        return
    # Wider than any kernel's response.
    impulse = np.zeros((17, 17))
    impulse[8, 8] = 1
    gain = noise_hu / np.sqrt(np.sum(_color(impulse, kernel) ** 2))
    for z in range(len(hu)):
        white = rng.standard_normal(hu[z].shape, np.float32)
        hu[z] += np.float32(gain) * _color(white, kernel)


def _color(plane: np.ndarray, kernel: str) -> np.ndarray:
    if kernel == "white":
        return plane
    smooth = plane
    for axis in (0, 1):
        smooth = gaussian_filter1d(smooth, KERNELS[kernel], axis, mode="wrap")
    return smooth if kernel == "smooth" else plane - CONSTANTS.sharp_share * smooth
