"""Sub-voxel ridge points of bright (or dark) tubes over a range of scales."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..numerics.banded import along_axes
from ..numerics.cores import cores
from ..numerics.eigen import principal_axis

SCALES_MM = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6)
"""Standard deviations of the Gaussians; a tube of radius r answers most at about r/√2."""

MINIMUM_STRENGTH_HU = 35.0
"""Least curvature across, σ²√(λ₂λ₃): what a vessel of 0.3 mm² has at the finest scale."""

WIDE_SCALE_MM = 1.3
"""From this scale on a tube is wider than the blur, so that its middle is all blood."""

MINIMUM_ROUNDNESS = 0.3
"""Least λ₂/λ₃: 1 for a tube, 0 for a plate such as a fissure or a large airway's wall."""


@dataclass(frozen=True, eq=False)
class RidgePoints:
    """Points on the center of tubes; n points.

    Attributes
    ----------
    position_mm : numpy.ndarray
        (n, 3) in the work frame (z, y, x).
    direction : numpy.ndarray
        (n, 3) unit vector along the tube, either sign.
    scale_mm : numpy.ndarray
        (n,) Gaussian that found it.
    strength_hu : numpy.ndarray
        (n,) normalized curvature across the tube, σ²√(λ₂λ₃).
    step_mm : numpy.ndarray
        (n,) voxel size of the grid that found it: how far its neighbors may be.
    """

    position_mm: np.ndarray
    direction: np.ndarray
    scale_mm: np.ndarray
    strength_hu: np.ndarray
    step_mm: np.ndarray

    def __len__(self) -> int:
        return len(self.position_mm)

    def __getitem__(self, pick: np.ndarray) -> RidgePoints:
        return RidgePoints(
            self.position_mm[pick],
            self.direction[pick],
            self.scale_mm[pick],
            self.strength_hu[pick],
            self.step_mm[pick],
        )


def find_ridge_points(
    image: np.ndarray,
    mask: np.ndarray,
    spacing: np.ndarray,
    filled_from_hu: float,
    scales_mm: tuple[float, ...] = SCALES_MM,
    minimum_strength_hu: float = MINIMUM_STRENGTH_HU,
    progress: Callable[[float], None] | None = None,
    dark: bool = False,
) -> RidgePoints:
    """Find the center points of bright tubes, or of dark ones.

    At each scale one Gaussian; gradient and Hessian by differences only where a voxel is a maximum
    along at least two axes, as each voxel nearest to a ridge is; there the gradient's zero in the
    plane across the tube gives the point's place within the voxel. Of points at several scales in
    one tube the strongest stays.

    Parameters
    ----------
    image : numpy.ndarray
        HU, float32 (z, y, x).
    mask : numpy.ndarray
        Where points are wanted, the same shape.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    filled_from_hu : float
        Least value in the middle of a wide tube; what answers at a coarse scale with less is a
        group of thin ones. The greatest value, for dark ones.
    scales_mm : tuple of float
        Rising standard deviations.
    minimum_strength_hu : float
        Weakest curvature to keep.
    progress : callable
        Called with the fraction done.
    dark : bool
        Tubes darker than what is around them are wanted.

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
    found = []
    reached = 0.0
    # Of the negative image all is the same; the first smoothing turns it over on the way.
    sign = -1 if dark else 1
    finest, finest_spacing = None, spacing
    origin_mm = np.zeros(3)
    for number, scale in enumerate(scales_mm):
        # Past two voxels' blur every other voxel holds all there is.
        step = np.where(scale >= 2.4 * spacing, 2, 1)
        # Of an even number the middles between two, or a scan's mirror image would differ.
        between = (step == 2) & (np.array(image.shape) % 2 == 0)
        turn = sign if finest is None else 1
        image = _smooth(image, np.sqrt(scale**2 - reached**2) / spacing, step, turn)
        for axis in np.flatnonzero(step == 2):
            mask = _every_other(mask, axis, between[axis])
        origin_mm += np.where(between, spacing / 2, 0.0)
        reached, spacing = scale, spacing * step
        points = _ridge_points_at(image, mask, spacing, scale, minimum_strength_hu)
        points.position_mm[:] += origin_mm
        if finest is None:
            finest = image
        elif scale >= WIDE_SCALE_MM:
            points = points[_values_at(finest, points, finest_spacing) >= sign * filled_from_hu]
        found.append(points)
        if progress is not None:
            progress((number + 1) / len(scales_mm))
    return _strongest_across_scales(found)


def _values_at(image: np.ndarray, points: RidgePoints, spacing: np.ndarray) -> np.ndarray:
    index = np.rint(points.position_mm / spacing).astype(int)
    return image[tuple(np.minimum(index, np.array(image.shape) - 1).T)]


def _smooth(image: np.ndarray, sigma_voxels: np.ndarray, step: np.ndarray, sign: int) -> np.ndarray:
    """Gaussian, times a sign, at every voxel or every other one along an axis, as `step` says.

    Every other one of an even number lies between two voxels.
    """
    matrices = [
        _gaussian_matrix(count, float(sigma), int(each))
        for count, sigma, each in zip(image.shape, sigma_voxels, step, strict=True)
    ]
    matrices[0] *= sign
    return along_axes(matrices, image)


def _gaussian_matrix(count: int, sigma: float, step: int) -> np.ndarray:
    """Weights (count / step, count) of a Gaussian along a line that is mirrored at its ends."""
    unit = np.eye(count, dtype=np.float32)
    if step == 1 or count % 2:
        return ndimage.gaussian_filter1d(unit, sigma, axis=0, truncate=3.5)[::step]
    # The mean of two rows is a quarter of a voxel² wider.
    rows = ndimage.gaussian_filter1d(unit, np.sqrt(sigma**2 - 0.25), axis=0, truncate=3.5)
    return (rows[::2] + rows[1::2]) / 2


def _every_other(mask: np.ndarray, axis: int, between: bool) -> np.ndarray:
    """Every other voxel along an axis, or where both neighbors of the places between two are."""
    even = (slice(None),) * axis + (slice(None, None, 2),)
    odd = (slice(None),) * axis + (slice(1, None, 2),)
    return (mask[even] != 0) & (mask[odd] != 0) if between else mask[even]


def _ridge_points_at(
    image: np.ndarray, mask: np.ndarray, spacing: np.ndarray, scale: float, minimum: float
) -> RidgePoints:
    if len(image) < 3:
        return _ridge_points_in(image, mask, spacing, scale, minimum)
    edges = np.unique(np.linspace(1, image.shape[0] - 1, 9).astype(int))

    def work(first: int, last: int) -> RidgePoints:
        slab = slice(first - 1, last + 1)
        points = _ridge_points_in(image[slab], mask[slab], spacing, scale, minimum)
        points.position_mm[:, 0] += (first - 1) * spacing[0]
        return points

    with ThreadPoolExecutor(cores()) as pool:
        return _concatenate(list(pool.map(work, edges[:-1], edges[1:])))


def _ridge_points_in(
    image: np.ndarray, mask: np.ndarray, spacing: np.ndarray, scale: float, minimum: float
) -> RidgePoints:
    flat = _candidates(image, mask, (scale / spacing) ** 2, 1.5 * minimum)
    gradient, hessian = _derivatives(image, flat, spacing)
    values, direction = principal_axis(*hessian)
    # A second difference is the second derivative after a triangle of variance spacing² / 6.
    scale_squared = scale**2 + (spacing**2).mean() / 6
    strength = scale_squared * np.sqrt(np.clip(values[:, 1] * values[:, 2], 0, None))
    offset = _offset_across(gradient, hessian, values, direction)
    keep = (
        (values[:, 1] < 0)
        & (values[:, 1] <= MINIMUM_ROUNDNESS * values[:, 2])
        & (strength > minimum)
        & (np.abs(offset) <= 0.6 * spacing).all(axis=1)
    )
    index = np.stack(np.unravel_index(flat[keep], image.shape), axis=1)
    position = index * spacing + offset[keep]
    return RidgePoints(
        position,
        direction[keep],
        np.full(len(position), scale),
        strength[keep],
        np.full(len(position), spacing.max()),
    )


def _candidates(
    image: np.ndarray, mask: np.ndarray, weights: np.ndarray, minimum: float
) -> np.ndarray:
    """Flat indices of voxels that are a maximum along two axes, and curved enough over all.

    A plane at a time: what is worked on stays in the processor's cache.
    """
    weights = weights.astype(np.float32)
    found = [np.empty(0, int)]
    for number in range(1, len(image) - 1):
        inside = mask[number, 1:-1, 1:-1]
        if not inside.any():
            continue
        plane = image[number]
        center = plane[1:-1, 1:-1]
        neighbors = (
            (image[number - 1, 1:-1, 1:-1], image[number + 1, 1:-1, 1:-1]),
            (plane[:-2, 1:-1], plane[2:, 1:-1]),
            (plane[1:-1, :-2], plane[1:-1, 2:]),
        )
        first, second, third = (
            (center > before) & (center >= after) for before, after in neighbors
        )
        wanted = (first & second) | (third & (first | second))
        wanted &= inside
        curvature = (2 * weights.sum()) * center
        for weight, (before, after) in zip(weights, neighbors, strict=True):
            both = before + after
            both *= weight
            curvature -= both
        wanted &= curvature > minimum
        row, column = np.nonzero(wanted)
        found.append((number * image.shape[1] + row + 1) * image.shape[2] + column + 1)
    return np.concatenate(found)


def _derivatives(
    image: np.ndarray, flat: np.ndarray, spacing: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Gradient (n, 3) and the six Hessian elements at flat indices, per mm and mm²."""
    values = image.ravel()
    steps = [image.shape[1] * image.shape[2], image.shape[2], 1]
    center = values[flat].astype(np.float64)
    gradient, diagonal, mixed = [], [], []
    for axis, step in enumerate(steps):
        after, before = values[flat + step].astype(float), values[flat - step].astype(float)
        gradient.append((after - before) / (2 * spacing[axis]))
        diagonal.append((after - 2 * center + before) / spacing[axis] ** 2)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        a, b = steps[first], steps[second]
        same = values[flat + a + b].astype(float) + values[flat - a - b]
        opposite = values[flat + a - b].astype(float) + values[flat - a + b]
        mixed.append((same - opposite) / (4 * spacing[first] * spacing[second]))
    return np.stack(gradient, axis=1), [*diagonal, *mixed]


def _offset_across(
    gradient: np.ndarray, hessian: list[np.ndarray], values: np.ndarray, direction: np.ndarray
) -> np.ndarray:
    """Newton step (n, 3) to the ridge in the plane across the tube, mm."""
    xx, yy, zz, xy, xz, yz = hessian
    matrix = np.stack([xx, xy, xz, xy, yy, yz, xz, yz, zz], axis=1).reshape(-1, 3, 3)
    # Along the tube the curvature is made as large as across, so that the step stays across.
    along = direction[:, :, None] * direction[:, None, :]
    matrix += (values[:, 2] - values[:, 0])[:, None, None] * along
    across = gradient - (gradient * direction).sum(axis=1, keepdims=True) * direction
    a, b, c = matrix[:, 0], matrix[:, 1], matrix[:, 2]
    bc = np.cross(b, c)
    determinant = (a * bc).sum(axis=1)
    determinant[determinant == 0] = np.inf
    adjugate = np.stack([bc, np.cross(c, a), np.cross(a, b)], axis=2)
    return -np.einsum("nij,nj->ni", adjugate, across) / determinant[:, None]


def _strongest_across_scales(found: list[RidgePoints]) -> RidgePoints:
    """Keep, of points at different scales in the same tube, the strongest.

    A point gives way only to a point that stays: where two scales answer alike, noise makes now the
    one, now the other the stronger, and points hidden by hidden ones would leave holes.
    """
    every = _concatenate(found)
    weaker, stronger = _rivals(found)
    stays = np.ones(len(every), bool)
    undecided = np.ones(len(every), bool)
    while len(weaker):
        open_rival = np.zeros(len(every), bool)
        open_rival[weaker] = True
        undecided &= open_rival
        # What has no stronger rival left stays, and hides its own rivals.
        hidden = weaker[~undecided[stronger]]
        stays[hidden] = False
        undecided[hidden] = False
        keep = undecided[weaker] & stays[stronger]
        weaker, stronger = weaker[keep], stronger[keep]
    return every[stays]


def _rivals(found: list[RidgePoints]) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of points, weaker and stronger, that lie in one tube at different scales.

    A stronger tube hides what lies inside its own or inside the asking point's width.
    """
    trees = [cKDTree(points.position_mm) for points in found]
    start = np.cumsum([0, *map(len, found)])
    weaker, stronger = [np.empty(0, int)], [np.empty(0, int)]
    for number, points in enumerate(found):
        for rival, tree in enumerate(trees):
            other = found[rival]
            if rival == number or not len(other) or not len(points):
                continue
            reach = max(points.scale_mm[0], other.scale_mm[0])
            nearest = tree.query(
                points.position_mm, k=4, distance_upper_bound=reach, workers=cores()
            )[1]
            strength = np.append(other.strength_hu, -np.inf)[nearest]
            row, column = np.nonzero(strength > points.strength_hu[:, None])
            weaker.append(row + start[number])
            stronger.append(nearest[row, column] + start[rival])
    return np.concatenate(weaker), np.concatenate(stronger)


def _concatenate(parts: list[RidgePoints]) -> RidgePoints:
    return RidgePoints(
        np.concatenate([part.position_mm for part in parts]),
        np.concatenate([part.direction for part in parts]),
        np.concatenate([part.scale_mm for part in parts]),
        np.concatenate([part.strength_hu for part in parts]),
        np.concatenate([part.step_mm for part in parts]),
    )
