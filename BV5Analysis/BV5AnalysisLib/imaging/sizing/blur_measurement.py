"""The blur of a scan, read from its thin vessels."""

from __future__ import annotations

import numpy as np

from ..numerics.polar_profiles import mark_outside, read_profiles
from ..vessels.branches import Branches, pick_points
from .blur import Blur
from .cross_sections import measure_in_marked

LIMITS_MM = (0.35, 1.3)
"""Sharper than any kernel's, and as blurred as slices of 3 mm."""

THIN_SCALE_MM = 1.01
"""Ridge points up to this scale lie in vessels thin enough for the blur to shape them."""

THIN_MM2 = (0.5, 4.0)
HEIGHT = (0.1, 0.9)
"""Share of blood's contrast in their middle: less is lost in noise, more tells nothing of blur."""

EVENNESS = 10.0
"""Weight of what voxels tell of the axes: that of some 500 points of all directions."""

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
    voxel_mm: np.ndarray,
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
    voxel_mm : numpy.ndarray
        Voxel size of the scan itself, before it was resampled (z, y, x).

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
        blur = Blur(_by_axis(spot, some.tangent[tells], voxel_mm))
    return blur


def _by_axis(
    spot_mm2: np.ndarray, tangent: np.ndarray, voxel_mm: np.ndarray
) -> tuple[float, float, float]:
    """Variances (z, y, x) that fit best the mean across each tangent, outliers left out.

    Within slices the blur is the same in all directions. Where tangents all rise alike, what they
    show cannot be told apart; then voxels have to do, each of which averages over itself.
    """
    usual_more = (voxel_mm[0] ** 2 - voxel_mm[1] * voxel_mm[2]) / 12
    through = (1 - tangent[:, 0] ** 2) / 2
    keep = np.abs(spot_mm2 - np.median(spot_mm2)) < np.median(spot_mm2)
    for _ in range(5):
        apart = through[keep] - through[keep].mean()
        mean = spot_mm2[keep].mean()
        unexplained = spot_mm2[keep] - mean - usual_more * apart
        more = usual_more + (apart * unexplained).sum() / ((apart**2).sum() + EVENNESS)
        within = mean - more * through[keep].mean()
        off = np.abs(spot_mm2 - within - more * through)
        keep = off <= 3 * np.median(off)
    low, high = np.array(LIMITS_MM) ** 2
    z, yx = np.clip([within + more, within], low, high)
    return float(z), float(yx), float(yx)
