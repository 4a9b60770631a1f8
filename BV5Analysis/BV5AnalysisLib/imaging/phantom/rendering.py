"""From tubes to voxels: blood, air and wall as fractions of each voxel, then the scanner's blur.

A tube is filled with quadrature points that carry the volume they stand for, and each point is
shared out among the voxels around it by a B-spline. The volume that reaches the voxels is
therefore exactly the tube's, however thin it is. B-splines are box functions convolved with
themselves, so the sharing is itself part of the blur: what remains of the point-spread function is
one Gaussian over the whole volume. Vessels move smoothly between voxel positions, as in a
scanner that blurs before it samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import correlate1d

from ..model.volume import Grid

GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
"""Radians between points of a sunflower, which spreads them evenly over a disc."""

POINTS_PER_BATCH = 400_000
"""Points that are filled in at a time, which bounds the memory."""

FEWEST_POINTS = 12
"""Points of a cross section, at least: their mean place is its center to a hundredth."""

COUNT_RATIO = 1.25
"""Ratio of the numbers of points that there are, few so that sections are filled in bulk."""

TURN_RAD = 2.4
"""Turn from section to section, near the golden angle, so that points do not line up."""

SHARPEST_RATIO = 0.42
"""Least sigma of the Gaussian over the voxel size. In larger voxels the rest of the blur cannot
follow a place within the voxel, by up to a sixth of a thin tube's peak."""


@dataclass(frozen=True, eq=False)
class Tubes:
    """Cross sections along any number of tubes; each stands for a short piece of one.

    Attributes
    ----------
    center_mm, tangent : numpy.ndarray
        (n, 3) world points and unit directions, LPS.
    inner_mm, outer_mm : numpy.ndarray
        (n,) radii; inner is zero but for walls.
    step_mm : numpy.ndarray
        (n,) length that the cross section stands for.
    curvature : numpy.ndarray
        (n, 3) change of the tangent along the tube, 1/mm.
    """

    center_mm: np.ndarray
    tangent: np.ndarray
    inner_mm: np.ndarray
    outer_mm: np.ndarray
    step_mm: np.ndarray
    curvature: np.ndarray

    @property
    def area_mm2(self) -> np.ndarray:
        """(n,) area of the cross sections."""
        return np.asarray(np.pi * (self.outer_mm**2 - self.inner_mm**2))

    def take(self, index: np.ndarray) -> Tubes:
        """Only the cross sections of an index array or mask."""
        return Tubes(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class PhantomBlur:
    """Response of the scanner to a point: a Gaussian, averaged over the voxel's box.

    Attributes
    ----------
    spacing_mm, sigma_mm : tuple of float
        Voxel size and standard deviation of the Gaussian along x, y, z.
    """

    spacing_mm: tuple[float, float, float]
    sigma_mm: tuple[float, float, float]

    @cached_property
    def orders(self) -> tuple[int, int, int]:
        """Boxes in the B-spline that shares out a point, 1 to 3, along z, y, x."""
        ratio = np.array(self.sigma_mm[::-1]) / self.spacing_mm[::-1]
        # A box has the variance of a twelfth: so many are no wider than the Gaussian asks.
        z, y, x = (int(order) for order in np.clip(np.floor(1 + 12 * ratio**2), 1, 3))
        return z, y, x

    @cached_property
    def sharing_variance_mm2(self) -> np.ndarray:
        """(3,) variance along z, y, x of the B-splines."""
        return np.asarray(np.array(self.orders) / 12 * np.array(self.spacing_mm[::-1]) ** 2)

    def finish(self, array: np.ndarray) -> None:
        """Apply in place what the B-splines leave of the blur."""
        for axis in range(3):
            spacing, sigma = self.spacing_mm[2 - axis], self.sigma_mm[2 - axis]
            variance = (sigma / spacing) ** 2 - (self.orders[axis] - 1) / 12
            if variance > 1e-6:
                kernel = _gaussian_taps(variance)
                correlate1d(array, kernel, axis, output=array, mode="nearest")


def quadrature(
    tubes: Tubes, spacing_mm: float
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Fill tubes with points of equal area, in sunflower order over each cross section.

    Parameters
    ----------
    tubes : Tubes
        Cross sections.
    spacing_mm : float
        Rough distance between points.

    Yields
    ------
    section : numpy.ndarray
        (m,) cross sections of this batch.
    points : numpy.ndarray
        (m, k, 3) world points, mm.
    volume : numpy.ndarray
        (m, k) volume that each point stands for, mm³; bends hold more on their outer side.
    """
    wanted = np.maximum(tubes.area_mm2 / spacing_mm**2, FEWEST_POINTS)
    # Few distinct counts, so that cross sections are worked on in bulk.
    steps = np.ceil(np.log(wanted / FEWEST_POINTS) / np.log(COUNT_RATIO))
    counts = np.rint(FEWEST_POINTS * COUNT_RATIO**steps).astype(int)
    helper = np.where(
        abs(tubes.tangent[:, :1]) < 0.8, np.array([[1.0, 0, 0]]), np.array([[0.0, 1, 0]])
    )
    across = np.cross(tubes.tangent, helper)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    upright = np.cross(tubes.tangent, across)
    for count in np.unique(counts):
        chosen = np.flatnonzero(counts == count)
        order = np.arange(count)
        for batch in np.array_split(chosen, -(-len(chosen) * count // POINTS_PER_BATCH)):
            inner2 = tubes.inner_mm[batch, None] ** 2
            radius = np.sqrt(
                inner2 + (tubes.outer_mm[batch, None] ** 2 - inner2) * (order + 0.5) / count
            )
            angle = GOLDEN_ANGLE * order + TURN_RAD * batch[:, None]
            offset = (radius * np.cos(angle))[..., None] * across[batch, None] + (
                radius * np.sin(angle)
            )[..., None] * upright[batch, None]
            share = (tubes.area_mm2 * tubes.step_mm)[batch, None] / count
            bend = 1 - np.einsum("mkc,mc->mk", offset, tubes.curvature[batch])
            yield batch, tubes.center_mm[batch, None] + offset, share * np.maximum(bend, 0)


class FractionCanvas:
    """Volume fraction of each voxel that one material takes up, before the rest of the blur.

    Parameters
    ----------
    grid : Grid
        Voxels, axis-aligned.
    blur : PhantomBlur
        Gives the sharing.
    """

    PAD = 2
    """Voxels around the grid that points near its faces are shared out to."""

    def __init__(self, grid: Grid, blur: PhantomBlur) -> None:
        self.grid, self.blur = grid, blur
        self._array = np.zeros([size + 2 * self.PAD for size in grid.shape], np.float32)

    @property
    def fraction(self) -> np.ndarray:
        """(z, y, x) float32 fractions."""
        inner = slice(self.PAD, -self.PAD)
        return self._array[inner, inner, inner]

    def add(self, points: np.ndarray, volume_mm3: np.ndarray) -> None:
        """Share out points.

        Parameters
        ----------
        points : numpy.ndarray
            (n, 3) world points, LPS mm; those off the grid are left out.
        volume_mm3 : numpy.ndarray
            (n,) their volumes.
        """
        self.add_together([(self, volume_mm3)], points)

    @staticmethod
    def add_together(
        shares: Sequence[tuple[FractionCanvas, np.ndarray]], points: np.ndarray
    ) -> None:
        """Share out the same points on several canvases of one grid and blur.

        Parameters
        ----------
        shares : sequence of (FractionCanvas, numpy.ndarray)
            Canvases, and what each gets: (n,) volumes, mm³, or volumes times a quantity.
        points : numpy.ndarray
            (n, 3) world points, LPS mm; those off the grid are left out.
        """
        first = shares[0][0]
        grid, shape = first.grid, first._array.shape
        index = (points - grid.origin)[:, ::-1] / grid.spacing_zyx + first.PAD
        inside = ((index > 1) & (index < np.array(shape) - 2)).all(axis=1)
        index = index[inside]
        targets = [
            (canvas._array.reshape(-1), volume[inside] / np.prod(grid.spacing))
            for canvas, volume in shares
        ]
        stencils = [
            _b_spline(index[:, axis], order) for axis, order in enumerate(first.blur.orders)
        ]
        stride_z, stride_y = shape[1] * shape[2], shape[2]
        for z, weight_z in stencils[0]:
            for y, weight_y in stencils[1]:
                row = z * stride_z + y * stride_y
                weights = [(flat, share * weight_z * weight_y) for flat, share in targets]
                for x, weight_x in stencils[2]:
                    for flat, weight in weights:
                        np.add.at(flat, row + x, (weight * weight_x).astype(np.float32))

    def add_tubes(self, tubes: Tubes) -> None:
        """Share out whole tubes."""
        for _, points, volume in quadrature(tubes, point_spacing(self.grid, self.blur)):
            self.add(points.reshape(-1, 3), volume.reshape(-1))


def point_spacing(grid: Grid, blur: PhantomBlur) -> float:
    """Distance between quadrature points that the voxels do not resolve, mm.

    The sharper the sharing, the more points a voxel needs for an even fill.
    """
    return 0.5 * min(
        order / 3 * spacing for order, spacing in zip(blur.orders, grid.spacing[::-1], strict=True)
    )


def rendering_grid(grid: Grid, sigma_mm: tuple[float, float, float]) -> Grid:
    """Divide voxels that are large for the Gaussian, such as thick slices, into equal parts.

    Parameters
    ----------
    grid : Grid
        Of the scan, axis-aligned.
    sigma_mm : tuple of float
        Standard deviation of the scanner's Gaussian along x, y, z.

    Returns
    -------
    Grid
        To render on; `average_parts` leads back.
    """
    axes = [
        _parts_along(*axis)
        for axis in zip(grid.size, grid.spacing, grid.origin, sigma_mm, strict=True)
    ]
    (size_x, step_x, start_x), (size_y, step_y, start_y), (size_z, step_z, start_z) = axes
    return Grid((size_x, size_y, size_z), (step_x, step_y, step_z), (start_x, start_y, start_z))


def _parts_along(size: int, step: float, start: float, sigma: float) -> tuple[int, float, float]:
    """Size, spacing and origin of the parts of voxels along one axis."""
    count = int(np.ceil(SHARPEST_RATIO * step / sigma)) if sigma > 0 else 1
    return size * count, step / count, start - step / 2 + step / count / 2


def average_parts(array: np.ndarray, grid: Grid) -> np.ndarray:
    """Mean of the parts of each voxel of a grid, from an array on its `rendering_grid`."""
    if array.shape == grid.shape:
        return array
    split = [
        n for size, own in zip(array.shape, grid.shape, strict=True) for n in (own, size // own)
    ]
    return np.asarray(array.reshape(split).mean(axis=(1, 3, 5)))


def _gaussian_taps(variance: float) -> np.ndarray:
    """Weights (k,) of a Gaussian between voxels, variance in voxels².

    Its spectrum is the Gaussian's up to the highest frequency that voxels hold. Sampled values of
    a Gaussian narrower than a voxel would be too sharp by far.
    """
    reach = int(np.ceil(4 + 4 * np.sqrt(variance)))
    frequency = (np.arange(512) + 0.5) * np.pi / 512
    spectrum = np.exp(-0.5 * variance * frequency**2)
    taps = np.cos(np.outer(np.arange(-reach, reach + 1), frequency)) @ spectrum
    return np.asarray(taps / taps.sum())


def _b_spline(position: np.ndarray, order: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Voxels along one axis that a position is shared among, and the shares."""
    if order == 1:
        return [(np.rint(position).astype(np.intp), np.ones_like(position))]
    if order == 2:
        low = np.floor(position).astype(np.intp)
        part = position - low
        return [(low, 1 - part), (low + 1, part)]
    near = np.rint(position).astype(np.intp)
    part = position - near
    return [
        (near - 1, 0.5 * (0.5 - part) ** 2),
        (near, 0.75 - part**2),
        (near + 1, 0.5 * (0.5 + part) ** 2),
    ]
