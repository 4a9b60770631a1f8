"""Sub-voxel ridge points of bright (or dark) tubes over a range of scales."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.work_image import WorkImage
from ..numerics.banded import along_axes
from ..numerics.cores import cores
from ..numerics.eigen import principal_axis
from .ridge_points import RidgePoints, concatenate, strongest_across_scales
from .ridge_voxels import candidates, derivatives, offset_across


@dataclass(frozen=True)
class RidgeConstants(MethodConstants):
    """Tuned numbers of finding ridge points, and scales that other steps derive from these."""

    scales_mm: tuple[float, ...] = constant(
        (0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6),
        "mm",
        "Standard deviations of the Gaussians, rising; a tube of radius r answers most at r/√2.",
        "Steps of √2, so that no width is off its nearest scale by over a fifth; from about a voxel"
        " of a usual scan up to trunks of 8 mm radius. Chosen by eye.",
    )
    minimum_strength_hu: float = constant(
        35.0,
        "HU",
        "Least curvature across a tube, σ²√(λ₂λ₃).",
        "What a vessel of 0.3 mm² has at the finest scale.",
    )
    minimum_roundness: float = constant(
        0.3,
        "1",
        "Least λ₂/λ₃: 1 for a tube, 0 for a plate such as a fissure or a large airway's wall.",
        "Chosen by eye; on phantoms plates give no point and tubes keep all of theirs. As much less"
        " where thick slices flatten a tube.",
    )
    wide_ratio: float = constant(
        1.3,
        "1",
        "Multiple of the second scale from which a tube is wider than the scan's blur.",
        "Between the second scale and the third, next to the third. Chosen by eye.",
    )
    thin_ratio: float = constant(
        1.01,
        "1",
        "Multiple of the second scale up to which a tube is thin enough for the blur to shape it.",
        "The second scale itself, with room for rounding where scales were interpolated.",
    )
    halving_voxels: float = constant(
        2.4,
        "voxels",
        "Scale from which every other voxel along an axis is enough.",
        "Past two voxels' blur every other voxel holds all there is; the rest is room.",
    )
    within_slices_mm2: float = constant(
        0.42,
        "mm²",
        "Variance of the blur within slices, to tell how flat thick slices make a tube.",
        "The usual standard deviation of 0.65 mm.",
    )
    candidate_ratio: float = constant(
        1.5,
        "1",
        "Least negative Laplacian of a candidate voxel, -σ²Δ, over the least strength.",
        "A tube's is twice its strength; noise lowers it. Chosen by eye.",
    )
    farthest_voxels: float = constant(
        0.6,
        "voxels",
        "Farthest that a ridge may be from the middle of its voxel, along each axis.",
        "Half a voxel, and room so that a ridge between two voxels is not missed by both.",
    )
    rivals: int = constant(
        4,
        "1",
        "Points of another scale, the nearest ones, that a point may have to give way to.",
        "Enough for both sides of a point along its tube. Chosen by eye.",
    )
    gaussian_sigmas: float = constant(
        3.5,
        "1",
        "Where a Gaussian is cut off, in standard deviations.",
        "What lies beyond weighs less than 0.05 %.",
    )

    @property
    def wide_scale_mm(self) -> float:
        """Scale from which a tube is wider than the blur, so that its middle is all blood."""
        return self.wide_ratio * self.scales_mm[1]

    @property
    def thin_scale_mm(self) -> float:
        """Scale up to which the blur shapes a tube's profile more than its width does."""
        return self.thin_ratio * self.scales_mm[1]


CONSTANTS = RidgeConstants()

SLABS = 8
"""Parts of an image that threads share."""


@dataclass(frozen=True, eq=False)
class _Level:
    """An image as smooth as one scale, with only as many voxels as that takes.

    Attributes
    ----------
    hu : numpy.ndarray
        float32 (z, y, x); the negative image where dark tubes are looked for.
    mask : numpy.ndarray
        Where points are looked for, the same shape.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    origin_mm : numpy.ndarray
        Middle of the first voxel (z, y, x) in the frame of the image that was given.
    scale_mm : float
        Standard deviation of the Gaussian so far.
    """

    hu: np.ndarray
    mask: np.ndarray
    spacing: np.ndarray
    origin_mm: np.ndarray
    scale_mm: float

    def planes(self, first: int, stop: int) -> _Level:
        """Slab of the image along z; the origin stays that of the whole."""
        return replace(self, hu=self.hu[first:stop], mask=self.mask[first:stop])


@dataclass(frozen=True, eq=False)
class _Filled:
    """Where the finest level is as bright as the middle of a wide tube; all that is kept of it.

    Attributes
    ----------
    mask : numpy.ndarray
        Bool (z, y, x).
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    """

    mask: np.ndarray
    spacing: np.ndarray

    def at(self, points: RidgePoints) -> np.ndarray:
        """Whether the voxels nearest to points (n,) are."""
        index = np.rint(points.position_mm / self.spacing).astype(int)
        values: np.ndarray = self.mask[tuple(np.minimum(index, np.array(self.mask.shape) - 1).T)]
        return values


def find_ridge_points(
    image: WorkImage,
    filled_from_hu: float,
    scales_mm: tuple[float, ...] | None = None,
    minimum_strength_hu: float | None = None,
    progress: Callable[[float], None] | None = None,
    dark: bool = False,
    slices_mm2: float = 0.0,
) -> RidgePoints:
    """Find the center points of bright tubes, or of dark ones.

    At each scale one Gaussian; gradient and Hessian by differences only where a voxel is a maximum
    along at least two axes, as each voxel nearest to a ridge is; there the gradient's zero in the
    plane across the tube gives the point's place within the voxel. Of points at several scales in
    one tube the strongest stays.

    Parameters
    ----------
    image : WorkImage
        Points are looked for in its core.
    filled_from_hu : float
        Least value in the middle of a wide tube; what answers at a coarse scale with less is a
        group of thin ones. The greatest value, for dark ones.
    scales_mm : tuple of float, optional
        Rising standard deviations; `RidgeConstants.scales_mm` if not given.
    minimum_strength_hu : float, optional
        Weakest curvature to keep; `RidgeConstants.minimum_strength_hu` if not given.
    progress : callable, optional
        Called with the fraction done.
    dark : bool
        Tubes darker than what is around them are wanted.
    slices_mm2 : float
        Variance that thick slices add to the blur along z, see `slice_variance_mm2`.

    Returns
    -------
    RidgePoints
        Points of all scales, within half a voxel or so of the tubes' centers; none where there is
        no tube.

    References
    ----------
    Steger C. An unbiased detector of curvilinear structures. IEEE PAMI 1998;20:113-125.
    Lindeberg T. Edge detection and ridge detection with automatic scale selection. IJCV
    1998;30:117-154.
    """
    scales_mm = CONSTANTS.scales_mm if scales_mm is None else scales_mm
    minimum_hu = (
        CONSTANTS.minimum_strength_hu if minimum_strength_hu is None else minimum_strength_hu
    )
    # Dark tubes are bright ones of the negative image, which the first smoothing makes.
    sign = -1 if dark else 1
    level = _Level(image.hu, image.core, image.spacing, np.zeros(3), 0.0)
    # An image made for this call alone is needed no longer once it is smoothed.
    del image
    found = []
    filled: _Filled | None = None
    for number, scale_mm in enumerate(scales_mm):
        level = _smoother(level, scale_mm, sign if filled is None else 1)
        points = _ridge_points(level, minimum_hu, slices_mm2).moved(level.origin_mm)
        if filled is None:
            filled = _Filled(level.hu >= sign * filled_from_hu, level.spacing)
        elif scale_mm >= CONSTANTS.wide_scale_mm:
            points = points[filled.at(points)]
        found.append(points)
        if progress is not None:
            progress((number + 1) / len(scales_mm))
    return strongest_across_scales(found, CONSTANTS.rivals)


def coarsest_step(spacing: np.ndarray) -> np.ndarray:
    """Voxels (3,) of an image that become one along each axis (z, y, x) at the coarsest scale.

    An image that begins at a multiple of it in the world, and has as many voxels or a multiple,
    gives the same points wherever it begins.
    """
    step = np.ones(len(spacing), int)
    for scale_mm in CONSTANTS.scales_mm:
        step *= _halving(scale_mm, spacing * step)
    return step


def _halving(scale_mm: float, spacing: np.ndarray) -> np.ndarray:
    """Which of the voxels (3,) an image as smooth as a scale needs: every one, or every other."""
    return np.where(scale_mm >= CONSTANTS.halving_voxels * spacing, 2, 1)


def _smoother(level: _Level, scale_mm: float, sign: int) -> _Level:
    """Smooth an image up to a scale, times a sign, with half the voxels where these are enough."""
    step = _halving(scale_mm, level.spacing)
    # Of an even number of voxels the middles between two are taken, or a mirrored scan would give
    # other points.
    between = (step == 2) & (np.array(level.hu.shape) % 2 == 0)
    sigma_mm = np.sqrt(scale_mm**2 - level.scale_mm**2)
    hu, mask = _smooth(level.hu, sigma_mm / level.spacing, step, sign), level.mask
    for axis in np.flatnonzero(step == 2).tolist():
        mask = _every_other(mask, axis, between[axis])
    origin_mm = level.origin_mm + np.where(between, level.spacing / 2, 0.0)
    return _Level(hu, mask, level.spacing * step, origin_mm, scale_mm)


def _smooth(image: np.ndarray, sigma_voxels: np.ndarray, step: np.ndarray, sign: int) -> np.ndarray:
    """Gaussian, times a sign, at every voxel or every other one along an axis, as `step` says.

    Every other one of an even number lies between two voxels.
    """
    matrices = [
        _gaussian_matrix(count, float(sigma), int(every))
        for count, sigma, every in zip(image.shape, sigma_voxels, step, strict=True)
    ]
    matrices[0] *= sign
    return along_axes(matrices, image)


def _gaussian_matrix(count: int, sigma: float, step: int) -> np.ndarray:
    """Weights (count / step, count) of a Gaussian along a line that is mirrored at its ends."""
    unit = np.eye(count, dtype=np.float32)
    pairs = step == 2 and count % 2 == 0
    if pairs:
        # The mean of two rows is a quarter of a voxel² wider.
        sigma = np.sqrt(sigma**2 - 0.25)
    rows: np.ndarray = ndimage.gaussian_filter1d(
        unit, sigma, axis=0, truncate=CONSTANTS.gaussian_sigmas
    )
    return (rows[::2] + rows[1::2]) / 2 if pairs else rows[::step]


def _every_other(mask: np.ndarray, axis: int, between: bool) -> np.ndarray:
    """Every other voxel along an axis, or where both neighbors of the places between two are."""
    even = (slice(None),) * axis + (slice(None, None, 2),)
    odd = (slice(None),) * axis + (slice(1, None, 2),)
    return (mask[even] != 0) & (mask[odd] != 0) if between else mask[even]


def _ridge_points(level: _Level, minimum_hu: float, slices_mm2: float) -> RidgePoints:
    """Find the ridge points of one scale, as seen from the first voxel."""
    if len(level.hu) < 3:
        return _ridge_points_of_slab(level, minimum_hu, slices_mm2)
    edges = np.unique(np.linspace(1, len(level.hu) - 1, SLABS + 1).astype(int))

    def work(first: int, last: int) -> RidgePoints:
        slab = level.planes(first - 1, last + 1)
        points = _ridge_points_of_slab(slab, minimum_hu, slices_mm2)
        return points.moved(np.array([(first - 1) * level.spacing[0], 0.0, 0.0]))

    with ThreadPoolExecutor(cores()) as pool:
        return concatenate(list(pool.map(work, edges[:-1], edges[1:])))


def _ridge_points_of_slab(level: _Level, minimum_hu: float, slices_mm2: float) -> RidgePoints:
    spacing, scale_mm = level.spacing, level.scale_mm
    least_curvature_hu = CONSTANTS.candidate_ratio * minimum_hu
    flat = candidates(level.hu, level.mask, (scale_mm / spacing) ** 2, least_curvature_hu)
    gradient, hessian = derivatives(level.hu, flat, spacing)
    values, direction = principal_axis(*hessian)
    # A second difference is the second derivative after a triangle of variance spacing² / 6.
    scale_squared = scale_mm**2 + (spacing**2).mean() / 6
    strength = scale_squared * np.sqrt(np.clip(values[:, 1] * values[:, 2], 0, None))
    offset = offset_across(gradient, hessian, values, direction)
    keep = (
        (values[:, 1] < 0)
        & (values[:, 1] <= _least_roundness(direction, scale_mm, slices_mm2) * values[:, 2])
        & (strength > minimum_hu)
        & (np.abs(offset) <= CONSTANTS.farthest_voxels * spacing).all(axis=1)
    )
    index = np.stack(np.unravel_index(flat[keep], level.hu.shape), axis=1)
    position = index * spacing + offset[keep]
    return RidgePoints(
        position,
        direction[keep],
        np.full(len(position), scale_mm),
        strength[keep],
        np.full(len(position), spacing.max()),
    )


def _least_roundness(direction: np.ndarray, scale_mm: float, slices_mm2: float) -> np.ndarray:
    """Least λ₂/λ₃ (n,) of tubes along directions (n, 3).

    Curvatures across a thin tube go as one over the variances of what blurs it. A tube that lies in
    a thick slice is blurred more along z, and would pass for a plate.
    """
    level = CONSTANTS.within_slices_mm2 + scale_mm**2
    rising = level + slices_mm2 * (1 - direction[:, 0] ** 2)
    return np.asarray(CONSTANTS.minimum_roundness * level / rising)
