"""The blur of a scan, read from its thin vessels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration
from ..model.work_image import WorkImage
from ..numerics.polar_profiles import MarkedImage, read_profiles
from ..vessels import ridges
from ..vessels.branches import Branches, pick_points
from .blur import Blur
from .cross_sections import measure_in_marked

MOST_POINTS = 12000
"""Points of thin vessels that are read at most, which bounds the time. With 3000 the variance along
z moved by 7 % when noise of 1 HU chose other points, and TPBV by 1 %."""

FIRST_POINTS = 3000
"""Those of the rounds before the last, whose error the last one divides by about six."""


@dataclass(frozen=True)
class BlurMeasurementConstants(MethodConstants):
    """Tuned numbers of measuring the blur."""

    limits_mm: tuple[float, float] = constant(
        (0.35, 1.3),
        "mm",
        "Least and largest standard deviation that is believed.",
        "Sharper than any kernel's, and as blurred as slices of 3 mm.",
    )
    thin_mm2: tuple[float, float] = constant(
        (0.5, 4.0),
        "mm²",
        "Areas of vessels that show the blur.",
        "Chosen by eye: smaller ones are lost in noise, the height of larger ones hardly changes.",
    )
    height: tuple[float, float] = constant(
        (0.1, 0.9),
        "1",
        "Share of blood's contrast in the middle of vessels that show the blur.",
        "Chosen by eye: less is lost in noise, more shows nothing of the blur.",
    )
    prior_weight: float = constant(
        10.0,
        "1",
        "Weight of what the voxels' size says of the axes against what vessels show.",
        "That of some 500 points of all directions.",
    )
    fewest_points: int = constant(
        150, "1", "Points with fewer of which the usual blur is taken.", "Chosen by eye."
    )
    rounds: int = constant(
        3,
        "1",
        "Rounds of measuring areas with the blur and the blur from the areas.",
        "Chosen by eye: later rounds change next to nothing.",
    )
    fit_rounds: int = constant(
        5, "1", "Rounds of fitting the axes and leaving out outliers.", "Chosen by eye."
    )
    outlier: float = constant(
        3.0,
        "1",
        "Median absolute deviations from the fit beyond which a point is left out.",
        "Chosen by eye: two standard deviations of a normal distribution.",
    )
    middle_radius_mm: float = constant(
        0.2, "mm", "Radius around the centerline that gives the middle's height.", "Chosen by eye."
    )
    middle_step_mm: float = constant(
        0.1, "mm", "Distance of the samples within that radius.", "Half the radius."
    )


CONSTANTS = BlurMeasurementConstants()


def measure_blur(
    image: WorkImage, branches: Branches, calibration: Calibration, voxel_mm: np.ndarray
) -> Blur:
    """Measure the blur by how far thin vessels fall short of blood in their middle.

    The integral over a vessel's cross-section keeps its area whatever the blur, and the height in
    its middle shows over how wide a spot the blur spread it: a disc of area A under a Gaussian of
    standard deviation s has the height 1 - exp(-A / 2 pi s²). Vessels of many directions show the
    axes apart.

    Parameters
    ----------
    image : WorkImage
        Only its core is read.
    branches : Branches
        Centerlines.
    calibration : Calibration
        Attenuation of blood, and noise.
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
    thin = np.flatnonzero(branches.scale_mm <= ridges.CONSTANTS.thin_scale_mm)
    if len(thin) < CONSTANTS.fewest_points:
        return Blur()
    marked = MarkedImage.of(image)
    blur = Blur()
    for count in (FIRST_POINTS,) * (CONSTANTS.rounds - 1) + (MOST_POINTS,):
        some = thin[np.linspace(0, len(thin) - 1, min(count, len(thin))).astype(int)]
        spots = _spots(marked, pick_points(branches, some), calibration, blur)
        if len(spots.area_mm2) < CONSTANTS.fewest_points:
            return Blur()
        blur = Blur(_by_axis(spots, voxel_mm))
    return blur


@dataclass(frozen=True, eq=False)
class _Spots:
    """How wide the blur is across thin vessels; n points.

    Attributes
    ----------
    area_mm2 : numpy.ndarray
        (n,) mean variance across the vessel.
    tangent : numpy.ndarray
        (n, 3) unit vectors along the vessel, (z, y, x).
    """

    area_mm2: np.ndarray
    tangent: np.ndarray


def _spots(image: MarkedImage, some: Branches, calibration: Calibration, blur: Blur) -> _Spots:
    """Blur's spot at those points that show it, their areas measured with the blur known so far."""
    middle = read_profiles(
        image,
        some.position_mm,
        some.tangent,
        CONSTANTS.middle_radius_mm,
        CONSTANTS.middle_step_mm,
    )
    middle_hu = middle.hu.mean(axis=(1, 2))
    sections = measure_in_marked(image, some, calibration, blur)
    height = (middle_hu - sections.background_hu) / (calibration.blood_hu - sections.background_hu)
    least_height, largest_height = CONSTANTS.height
    least_mm2, largest_mm2 = CONSTANTS.thin_mm2
    usable = (sections.clean == 1) & (height > least_height) & (height < largest_height)
    usable &= (sections.csa_mm2 > least_mm2) & (sections.csa_mm2 < largest_mm2)
    spot = -sections.csa_mm2[usable] / (2 * np.pi * np.log1p(-height[usable]))
    return _Spots(spot, some.tangent[usable])


def _by_axis(spots: _Spots, voxel_mm: np.ndarray) -> tuple[float, float, float]:
    """Variances (z, y, x) that fit best the mean across each tangent, outliers left out.

    Within slices the blur is the same in all directions: a straight line of the spot over how much
    of the plane across a vessel lies along z. Where all vessels rise alike its slope cannot be
    seen; then the voxels' size stands in, since each voxel averages over itself.
    """
    # A box of width w has the variance w² / 12.
    expected_slope = (voxel_mm[0] ** 2 - voxel_mm[1] * voxel_mm[2]) / 12
    spot_mm2 = spots.area_mm2
    along_z = (1 - spots.tangent[:, 0] ** 2) / 2
    keep = np.abs(spot_mm2 - np.median(spot_mm2)) < np.median(spot_mm2)
    for _ in range(CONSTANTS.fit_rounds):
        apart = along_z[keep] - along_z[keep].mean()
        mean = spot_mm2[keep].mean()
        residual = spot_mm2[keep] - mean - expected_slope * apart
        slope = expected_slope + (apart * residual).sum() / (
            (apart**2).sum() + CONSTANTS.prior_weight
        )
        within = mean - slope * along_z[keep].mean()
        deviation = np.abs(spot_mm2 - within - slope * along_z)
        keep = deviation <= CONSTANTS.outlier * np.median(deviation)
    low, high = np.array(CONSTANTS.limits_mm) ** 2
    z, yx = np.clip([within + slope, within], low, high)
    return float(z), float(yx), float(yx)
