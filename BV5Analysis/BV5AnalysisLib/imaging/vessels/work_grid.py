"""The grid that vessels are found on: the lungs' box, with nearly cubic voxels.

Where its voxels lie hangs on the scan's place in the world alone, and not on the lungs or on how
much air is stored around them: else a voxel more of lung would sample all vessels anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.volume import Grid, triple
from ..numerics.banded import along_axes
from ..numerics.blocks import block_means
from . import ridges


@dataclass(frozen=True)
class WorkGridConstants(MethodConstants):
    """Tuned numbers of resampling the lungs."""

    anisotropy_limit: float = constant(
        1.3,
        "1",
        "Slices farther apart than this multiple of the finest spacing are interpolated between.",
        "Chosen by eye: voxels less elongated measure alike in every direction.",
    )
    finest_spacing_mm: float = constant(
        0.6,
        "mm",
        "Voxels are averaged, and not interpolated, down to this spacing.",
        "Finer ones hold no more detail on any scanner.",
    )
    phase: float = constant(
        0.29,
        "1",
        "Where between two voxels the world's origin is, for counting voxels from there.",
        "Away from 0, 1/4, 1/2 and 3/4, where the origins of scans often are, so that rounding of"
        " the origin moves no count.",
    )


CONSTANTS = WorkGridConstants()

NEGLIGIBLE = 1e-6
"""Spline weights below it, of samples far away, count as zero: a thousandth of one HU in all."""


TIE = 1e-6
"""Of places half way between two samples, which rounding would send either way, all go to the
first."""

ORDERS: tuple[Literal[0, 1, 2, 3], ...] = (0, 1, 2, 3)
"""Of splines: cubic, or what a line of fewer samples allows."""


@dataclass(frozen=True)
class WorkAxis:
    """One axis of a work grid; places are counted in blocks of the scan from the world's origin.

    Attributes
    ----------
    first : int
        First voxel of the scan in the box.
    block : int
        Voxels of the scan that are averaged into one sample.
    samples : int
        Blocks in the box.
    offset : float
        Place of the first voxel of the work grid, in blocks from the middle of the first sample.
    count : int
        Voxels of the work grid.
    step : float
        Their distance, in blocks.
    """

    first: int
    block: int
    samples: int
    offset: float
    count: int
    step: float

    @property
    def box(self) -> slice:
        """Voxels of the scan."""
        return slice(self.first, self.first + self.samples * self.block)

    @property
    def is_resampled(self) -> bool:
        """Whether the work grid's voxels are not the samples."""
        return self.step != 1

    @property
    def place(self) -> np.ndarray:
        """Places (count,) of the work grid's voxels among the samples."""
        return np.asarray(self.offset + np.arange(self.count) * self.step)

    @property
    def nearest(self) -> np.ndarray:
        """Sample (count,) nearest to each voxel of the work grid."""
        nearest = np.ceil(self.place - 0.5 - TIE).astype(int)
        return np.asarray(np.clip(nearest, 0, self.samples - 1))

    @classmethod
    def covering(
        cls, bounds: tuple[int, int], size: int, world: int, block: int, step: float, period: int
    ) -> WorkAxis:
        """Axis that holds a range of voxels of the scan as far as there are any.

        Parameters
        ----------
        bounds : tuple of int
            First and past-the-last voxel to hold; may lie outside the scan.
        size : int
            Voxels of the scan.
        world : int
            Number of the scan's first voxel, counted from the world's origin.
        block : int
            Voxels averaged into one sample.
        step : float
            Distance of the work grid's voxels, in blocks.
        period : int
            The first voxel of the work grid is a multiple of it, and their number is, where the
            scan goes on so far.

        Returns
        -------
        WorkAxis
            The smallest one.
        """
        start, stop = (edge + world for edge in bounds)
        wanted = (start // block / step, -(-stop // block) / step)
        low = math.floor(wanted[0] / period + TIE) * period
        high = math.ceil(wanted[1] / period - TIE) * period
        # Whole blocks of the scan.
        least, most = -(-world // block), (world + size) // block
        first = max(math.floor(low * step + TIE), least)
        last = min(math.ceil((high - 1) * step - TIE) + 1, most)
        low = max(low, math.ceil(first / step - TIE))
        high = min(high, math.floor((last - 1) / step + TIE) + 1)
        return cls(first * block - world, block, last - first, low * step - first, high - low, step)


@dataclass(frozen=True)
class WorkGrid:
    """A box of a scan: very thin slices averaged, and resampled along coarse axes.

    Attributes
    ----------
    source : Grid
        Grid of the scan.
    axes : tuple of WorkAxis
        Which voxels of the scan are in the box, and how they are sampled, along (z, y, x). Averages
        over blocks keep the integrals that areas rest on, and have less noise than their parts.
    """

    source: Grid
    axes: tuple[WorkAxis, WorkAxis, WorkAxis]

    @classmethod
    def around(cls, mask: np.ndarray, grid: Grid, margin_mm: float) -> WorkGrid:
        """Work grid of the bounding box of a mask, widened by a margin.

        Parameters
        ----------
        mask : numpy.ndarray
            Nonzero where the box has to reach, shape ``grid.shape``.
        grid : Grid
            Grid of the scan.
        margin_mm : float
            How far the box goes beyond the mask where the scan does, at least.

        Returns
        -------
        WorkGrid
            Its spacing is the scan's, but along axes much finer or coarser than the others.
        """
        _, second, _ = sorted(grid.spacing)
        least = CONSTANTS.finest_spacing_mm
        block = np.maximum(1, max(second, least) / grid.spacing_zyx + TIE).astype(int)
        coarse = grid.spacing_zyx * block
        finest = max(coarse.min(), least)
        target = np.where(coarse > CONSTANTS.anisotropy_limit * finest, finest, coarse)
        period = ridges.coarsest_step(target)
        margin = np.ceil(margin_mm / grid.spacing_zyx).astype(int)
        world = _voxels_from_world_origin(grid)
        bounds = _bounds(mask)
        z, y, x = (
            WorkAxis.covering(
                (bounds[axis][0] - int(margin[axis]), bounds[axis][1] + int(margin[axis])),
                grid.shape[axis],
                world[axis],
                int(block[axis]),
                float(target[axis] / coarse[axis]),
                int(period[axis]),
            )
            for axis in range(3)
        )
        return cls(grid, (z, y, x))

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """The box in the scan's array axes (z, y, x)."""
        return triple(axis.box for axis in self.axes)

    @property
    def block(self) -> tuple[int, int, int]:
        """Voxels of the scan that are averaged into one sample along (z, y, x)."""
        return triple(axis.block for axis in self.axes)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels in the work grid (z, y, x)."""
        return triple(axis.count for axis in self.axes)

    @property
    def spacing(self) -> np.ndarray:
        """Voxel size of the work grid (z, y, x), mm."""
        steps = [axis.step * axis.block for axis in self.axes]
        return np.asarray(steps * self.source.spacing_zyx)

    def samples(self, array: np.ndarray) -> np.ndarray:
        """Values of the scan in the box, averaged over blocks, not resampled."""
        cut = array[self.box]
        return cut if self.block == (1, 1, 1) else block_means(cut, self.block)

    def sampled_labels(self, array: np.ndarray) -> np.ndarray:
        """Labels of the scan at the places of `samples`."""
        return array[self.box][tuple(slice(count // 2, None, count) for count in self.block)]

    def image(self, array: np.ndarray) -> np.ndarray:
        """Resample a scan's array to this grid by cubic splines.

        Parameters
        ----------
        array : numpy.ndarray
            Values on the scan's grid.

        Returns
        -------
        numpy.ndarray
            float32 values, shape `shape`. Nothing is smoothed: the spline goes through the samples.
        """
        matrices = [_spline_matrix(axis) if axis.is_resampled else None for axis in self.axes]
        return along_axes(matrices, self.samples(array))

    def labels(self, array: np.ndarray) -> np.ndarray:
        """Resample labels of the scan to this grid by nearest neighbor."""
        labels = self.sampled_labels(array)
        for number, axis in enumerate(self.axes):
            if axis.is_resampled:
                labels = np.take(labels, axis.nearest, axis=number)
        return np.ascontiguousarray(labels)

    def to_scan_index(self, points_mm: np.ndarray) -> np.ndarray:
        """Fractional scan indices (n, 3) in (z, y, x) of points (n, 3) in this frame, mm."""
        # A sample lies in the middle of its block.
        start = [axis.first + axis.offset * axis.block + (axis.block - 1) / 2 for axis in self.axes]
        index: np.ndarray = points_mm / self.source.spacing_zyx + start
        return index

    def to_world(self, points_mm: np.ndarray) -> np.ndarray:
        """World points (n, 3) in LPS mm of points (n, 3) in this frame, (z, y, x) mm."""
        return self.source.index_to_world(self.to_scan_index(points_mm))


def slice_variance_mm2(voxel_mm: np.ndarray) -> float:
    """Variance that thick slices add to the blur along z, at least, from a scan's voxels (z, y, x).

    A box of width w has the variance w² / 12.
    """
    return max(float((voxel_mm[0] ** 2 - voxel_mm[1] * voxel_mm[2]) / 12), 0.0)


def _voxels_from_world_origin(grid: Grid) -> list[int]:
    """Count a scan's first voxel along (z, y, x) from the world's origin.

    It stays that of the same place when voxels are cut off or added at any side.
    """
    along = np.reshape(grid.direction, (3, 3)).T @ grid.origin
    numbers = np.floor(along / grid.spacing + CONSTANTS.phase).astype(int)
    return [int(number) for number in numbers[::-1]]


def _bounds(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and past-the-last index of a mask along each axis."""
    plane = np.any(mask, axis=0, keepdims=True)
    lines = [
        np.ravel(np.any(array, axis=axes))
        for array, axes in ((mask, (1, 2)), (plane, (0, 2)), (plane, (0, 1)))
    ]
    return [(int(line.argmax()), len(line) - int(line[::-1].argmax())) for line in lines]


def _spline_matrix(axis: WorkAxis) -> np.ndarray:
    """Weights (count, samples) of cubic spline interpolation."""
    order = ORDERS[min(3, axis.samples - 1)]
    columns = [
        ndimage.map_coordinates(unit, axis.place[None], order=order, mode="mirror")
        for unit in np.eye(axis.samples)
    ]
    weights = np.stack(columns, axis=1).astype(np.float32)
    return np.where(np.abs(weights) < NEGLIGIBLE, np.float32(0), weights)
