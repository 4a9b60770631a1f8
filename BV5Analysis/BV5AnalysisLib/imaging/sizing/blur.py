"""The blur of scanner, slices and interpolation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

USUAL_SIGMA_MM = 0.65
"""Where a scan does not tell."""


@dataclass(frozen=True)
class Blur:
    """A Gaussian along the axes of the work frame.

    Attributes
    ----------
    variance_mm2 : tuple of float
        Along (z, y, x).
    """

    variance_mm2: tuple[float, float, float] = (USUAL_SIGMA_MM**2,) * 3

    def spot_mm2(self, ray: np.ndarray, radius_mm: np.ndarray) -> np.ndarray:
        """How far a blurred disc reaches along each ray of its plane, squared.

        The disc is taken for a Gaussian of its variance, radius² / 4, whose integral outwards along
        a ray is in proportion to this. For discs up to 1.5 mm that is within 2 % of the disc's own,
        for wider ones within 3 %.

        Parameters
        ----------
        ray : numpy.ndarray
            (n, s, 3) unit vectors (z, y, x) evenly around the normals of n planes; s is a multiple
            of 4.
        radius_mm : numpy.ndarray
            (n,) radii of the discs.

        Returns
        -------
        numpy.ndarray
            (n, s), mm².
        """
        first, second = ray[:, 0], ray[:, ray.shape[1] // 4]
        variance = np.array(self.variance_mm2)
        disc = radius_mm**2 / 4
        one = (first**2) @ variance + disc
        two = (second**2) @ variance + disc
        mixed = (first * second) @ variance
        angle = 2 * np.pi * np.arange(ray.shape[1]) / ray.shape[1]
        cosine, sine = np.cos(angle), np.sin(angle)
        inverse = (
            two[:, None] * cosine**2 - 2 * mixed[:, None] * cosine * sine + one[:, None] * sine**2
        )
        return (one * two - mixed**2)[:, None] / inverse
