"""The blur of a scan, read from its thin vessels."""

from __future__ import annotations

import numpy as np

from .blur import Blur
from .branches import Branches, pick_points
from .polar import mark_outside, read_profiles
from .sizing import measure_in_marked

LIMITS_MM = (0.35, 1.3)
"""Sharper than any kernel's, and as blurred as slices of 3 mm."""

THIN_SCALE_MM = 1.01
"""Ridge points up to this scale lie in vessels thin enough for the blur to shape them."""

THIN_MM2 = (0.5, 4.0)
HEIGHT = (0.1, 0.9)
"""Share of blood's contrast in their middle: less is lost in noise, more tells nothing of blur."""

MOST_POINTS = 3000
FEWEST_POINTS = 150
ROUNDS = 3


def measure_blur(
    image: np.ndarray,
    valid: np.ndarray,
    spacing: np.ndarray,
    branches: Branches,
    blood_hu: float,
    noise_hu: float,
) -> Blur:
    """Measure the blur by how far thin vessels fall short of blood in their middle.

    The integral over a vessel's cross-section keeps its area whatever the blur, and the height in
    its middle tells over how wide a spot the blur spread it: a disc of area A under a Gaussian of
    standard deviation s has the height 1 - exp(-A / 2 pi s²). Vessels of many directions tell the
    axes apart.

    Parameters
    ----------
    image : numpy.ndarray
        HU, float32 (z, y, x).
    valid : numpy.ndarray
        Bool, where the image is lung, the same shape.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    branches : Branches
        Centerlines.
    blood_hu, noise_hu : float
        Attenuation of blood, and standard deviation of the image in plain parenchyma.

    Returns
    -------
    Blur
        The usual one where there are too few thin vessels.

    Notes
    -----
    Own method.
    """
    thin = np.flatnonzero(branches.scale_mm <= THIN_SCALE_MM)
    if len(thin) < FEWEST_POINTS:
        return Blur()
    chosen = thin[np.linspace(0, len(thin) - 1, min(MOST_POINTS, len(thin))).astype(int)]
    some = pick_points(branches, chosen)
    marked = mark_outside(image, valid)
    center = read_profiles(marked, spacing, some.position_mm, some.tangent, 0.2, 0.1)
    middle_hu = center.hu.mean(axis=(1, 2))
    blur = Blur()
    for _ in range(ROUNDS):
        sections = measure_in_marked(marked, spacing, some, blood_hu, noise_hu, blur)
        height = (middle_hu - sections.background_hu) / (blood_hu - sections.background_hu)
        tells = (sections.clean == 1) & (height > HEIGHT[0]) & (height < HEIGHT[1])
        tells &= (sections.csa_mm2 > THIN_MM2[0]) & (sections.csa_mm2 < THIN_MM2[1])
        if np.count_nonzero(tells) < FEWEST_POINTS:
            return Blur()
        spot = -sections.csa_mm2[tells] / (2 * np.pi * np.log1p(-height[tells]))
        blur = Blur(_by_axis(spot, some.tangent[tells]))
    return blur


def _by_axis(spot_mm2: np.ndarray, tangent: np.ndarray) -> tuple[float, float, float]:
    """Variances along the axes whose mean across each tangent fits best, outliers left out."""
    share = (1 - tangent**2) / 2
    keep = np.abs(spot_mm2 - np.median(spot_mm2)) < np.median(spot_mm2)
    for _ in range(5):
        fit = np.linalg.lstsq(share[keep], spot_mm2[keep], rcond=None)[0]
        off = np.abs(spot_mm2 - share @ fit)
        keep = off < 3 * np.median(off)
    low, high = np.array(LIMITS_MM) ** 2
    return tuple(float(value) for value in np.clip(fit, low, high))
