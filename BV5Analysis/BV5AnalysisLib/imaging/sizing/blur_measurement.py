"""The blur of a scan, read from its thin vessels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration
from ..model.work_image import WorkImage
from ..numerics.polar_profiles import MarkedImage, read_profiles
from ..vessels import ridges
from ..vessels.branches import Branches, pick_points
from ..vessels.work_grid import slice_variance_mm2
from .blur import Blur
from .spots import Spots, read_spots

MOST_POINTS = 12000
"""Points of thin vessels that are read at most, which bounds the time. With 3000 the variance along
z moved by 7 % when noise of 1 HU chose other points, and TPBV by 1 %."""

FIRST_POINTS = 3000
"""Those of the rounds before the last, which only say how far out spots are read."""

ANGLES = 8
"""Directions of a quarter of a turn that heights are integrated over: within 0.1 %."""

STEP_MM2 = 1e-3
"""By which variances are moved to see what that changes."""

TINY = 1e-9
"""To divide by where nothing is off."""


@dataclass(frozen=True)
class BlurMeasurementConstants(MethodConstants):
    """Tuned numbers of measuring the blur."""

    limits_mm: tuple[float, float] = constant(
        (0.35, 2.2),
        "mm",
        "Least and largest standard deviation that is believed.",
        "Sharper than any kernel's; slices of 3 mm with a profile half as wide again as they are"
        " apart.",
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
        1.0,
        "1",
        "Weight of what the voxels' size says of the axes against what vessels show.",
        "That of some 50 points of all directions: only where these rise alike does it count.",
    )
    fewest_points: int = constant(
        150, "1", "Points with fewer of which the usual blur is taken.", "Chosen by eye."
    )
    rounds: int = constant(
        3,
        "1",
        "Rounds of reading spots as far out as the blur says, and the blur from the spots.",
        "Chosen by eye: later rounds change next to nothing.",
    )
    fit_rounds: int = constant(
        8, "1", "Rounds of fitting the axes and weighing the points.", "Chosen by eye."
    )
    steady: float = constant(
        0.3,
        "1",
        "Median absolute deviations from the fit up to which points weigh alike; beyond, as much"
        " less as they are farther off.",
        "Nearly the least sum of absolute deviations: neighbors swell spots on one side only.",
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
    standard deviation s has the height 1 - exp(-A / 2 pi s²). Where the blur is wider along z, s²
    is the product of the two standard deviations across the vessel, and how far the spot goes in
    the direction that rises most shows the one along z. The other directions are not asked: sharp
    kernels draw dark rings there. Vessels of many directions show the axes apart.

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
        return _presumed(voxel_mm)
    marked = MarkedImage.of(image)
    blur = _presumed(voxel_mm)
    for count in (FIRST_POINTS,) * (CONSTANTS.rounds - 1) + (MOST_POINTS,):
        chosen = thin[np.linspace(0, len(thin) - 1, min(count, len(thin))).astype(int)]
        some = pick_points(branches, chosen)
        spots = read_spots(
            marked, some, _middles_hu(marked, some), calibration, blur, CONSTANTS.thin_mm2[1]
        )
        usable = spots.is_clean & _between(spots.height, CONSTANTS.height)
        usable &= _between(spots.area_mm2, CONSTANTS.thin_mm2)
        if np.count_nonzero(usable) < CONSTANTS.fewest_points:
            blur = _presumed(voxel_mm)
            continue
        blur = _fitted(blur, spots[usable], 1 - some.tangent[usable, 0] ** 2, voxel_mm)
    return blur


def _middles_hu(image: MarkedImage, some: Branches) -> np.ndarray:
    """Attenuation (n,) in the middle of lines."""
    middle = read_profiles(
        image,
        some.position_mm,
        some.tangent,
        CONSTANTS.middle_radius_mm,
        CONSTANTS.middle_step_mm,
    )
    return np.asarray(middle.hu.mean(axis=(1, 2)))


def _between(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    return np.asarray((values > limits[0]) & (values < limits[1]))


def _presumed(voxel_mm: np.ndarray) -> Blur:
    """Return the usual blur with what thick slices add to it."""
    usual = Blur().variance_mm2
    return Blur((usual[0] + slice_variance_mm2(voxel_mm), *usual[1:]))


def _fitted(blur: Blur, spots: Spots, upright: np.ndarray, voxel_mm: np.ndarray) -> Blur:
    """Variances along the axes that fit best the spots of vessels.

    Gauss-Newton. Within slices the blur is the same in all directions. Where all vessels rise alike
    it cannot be seen along z; then the voxels' size stands in, since each voxel averages over
    itself.

    Parameters
    ----------
    blur : Blur
        To start from.
    spots : Spots
        Of n points.
    upright : numpy.ndarray
        (n,) square of the sine between vessel and slices' axis.
    voxel_mm : numpy.ndarray
        Voxel size of the scan (z, y, x).
    """
    low, high = np.array(CONSTANTS.limits_mm) ** 2
    fit = np.array(blur.variance_mm2[:2])
    pull = np.array([1.0, -1.0])
    for _ in range(CONSTANTS.fit_rounds):
        off = _off(spots, upright, fit)
        moved = [_off(spots, upright, fit + step) for step in STEP_MM2 * np.eye(2)]
        # Shapes in units of the heights' scatter, so that each counts by how little it scatters.
        unit = np.median(np.abs(off), axis=1)
        unit = unit[0] / np.maximum(unit, TINY)
        matrix = CONSTANTS.prior_weight * np.outer(pull, pull)
        target = CONSTANTS.prior_weight * pull * (slice_variance_mm2(voxel_mm) - pull @ fit)
        for kind in range(2):
            residual = unit[kind] * off[kind]
            slopes = unit[kind] * np.stack([off[kind] - by[kind] for by in moved]) / STEP_MM2
            steady = max(CONSTANTS.steady * float(np.median(np.abs(residual))), TINY)
            weighted = slopes * (steady / np.maximum(np.abs(residual), steady))
            matrix, target = matrix + weighted @ slopes.T, target + weighted @ residual
        fit = np.clip(fit + np.linalg.solve(matrix, target), low, high)
    z, within = (float(variance) for variance in fit)
    return Blur((z, within, within))


def _off(spots: Spots, upright: np.ndarray, fit: np.ndarray) -> np.ndarray:
    """How far (2, n) spots are from what a blur (z, within) makes: by height, mm², and by shape.

    A disc is taken for a Gaussian of its variance, radius² / 4, but for its height.
    """
    z, within = fit
    across = within + (z - within) * upright
    disc = spots.area_mm2 / (4 * np.pi)
    rising, level = across + disc, within + disc
    along = 2 / ((1 + spots.twice) / rising[:, None] + (1 - spots.twice) / level[:, None])
    seen = along * -np.expm1(-(spots.reach_mm**2) / (2 * along))
    share = seen.mean(axis=1)
    area = spots.seen_mm2 * np.sqrt(rising * level) / share
    height = _middle_height(area, within, across)
    by_height = _spot_mm2(spots.height, area) - _spot_mm2(height, area)
    one = np.arange(len(share)), spots.rising
    spread = np.sqrt(along[one])
    held_mm = np.sqrt(np.pi / 2) * spread * special.erf(spots.reach_mm[one] / spread / np.sqrt(2))
    by_shape = spots.rising_mm2 - spots.rising_mm * seen[one] / held_mm
    return np.stack([by_height, by_shape])


def _spot_mm2(height: np.ndarray, area_mm2: np.ndarray) -> np.ndarray:
    """Variance (n,) of a round Gaussian under which discs have such heights in their middle."""
    return np.asarray(-area_mm2 / (2 * np.pi * np.log1p(-height)))


def _middle_height(area_mm2: np.ndarray, within: float, across: np.ndarray) -> np.ndarray:
    """Height (n,) in the middle of discs under Gaussians of two variances across each other.

    The integral over the disc in polar coordinates: along a ray it has a closed form.
    """
    angle = (np.arange(ANGLES) + 0.5) * (np.pi / 2 / ANGLES)
    squared = 1 / (np.cos(angle) ** 2 / across[:, None] + np.sin(angle) ** 2 / within)
    caught = -np.expm1(-area_mm2[:, None] / (2 * np.pi * squared))
    return np.asarray((squared * caught).mean(axis=1) / np.sqrt(within * across))
