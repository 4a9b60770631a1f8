"""The grid that vessels are found on: the lungs' box, with nearly cubic voxels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.volume import Grid
from ..numerics.banded import along_axes
from ..numerics.blocks import block_means


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


CONSTANTS = WorkGridConstants()

NEGLIGIBLE = 1e-6
"""Spline weights below it, of samples far away, count as zero: a thousandth of one HU in all."""


ORDERS: tuple[Literal[0, 1, 2, 3], ...] = (0, 1, 2, 3)
"""Of splines: cubic, or what a line of fewer samples allows."""


@dataclass(frozen=True)
class WorkGrid:
    """A box of a scan: very thin slices averaged, and resampled along coarse axes.

    Attributes
    ----------
    source : Grid
        Grid of the scan.
    box : tuple of slice
        The box in the scan's array axes (z, y, x).
    block : tuple of int
        Voxels of the scan that are averaged into one sample along (z, y, x). The average keeps the
        integrals that areas rest on, and has less noise than its parts.
    shape : tuple of int
        Voxels in the work grid (z, y, x).
    spacing : numpy.ndarray
        Voxel size of the work grid (z, y, x), mm.
    """

    source: Grid
    box: tuple[slice, slice, slice]
    block: tuple[int, int, int]
    shape: tuple[int, int, int]
    spacing: np.ndarray

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
            How far the box goes beyond the mask where the scan does.

        Returns
        -------
        WorkGrid
            Its spacing is the scan's, but along axes much finer or coarser than the others.
        """
        _, second, _ = sorted(grid.spacing)
        least = CONSTANTS.finest_spacing_mm
        block = np.maximum(1, max(second, least) / grid.spacing_zyx + 1e-6).astype(int)
        z, y, x = (
            _whole_blocks(max(0, start - pad), min(size, stop + pad), size, each)
            for (start, stop), size, pad, each in zip(
                _bounds(mask),
                grid.shape,
                np.ceil(margin_mm / grid.spacing_zyx).astype(int),
                block.tolist(),
                strict=True,
            )
        )
        box = (z, y, x)
        coarse = grid.spacing_zyx * block
        finest = max(coarse.min(), least)
        target = np.where(coarse > CONSTANTS.anisotropy_limit * finest, finest, coarse)
        counts = np.array([edge.stop - edge.start for edge in box]) // block
        shape = np.floor((counts - 1) * coarse / target + 1e-6).astype(int) + 1
        return cls(grid, box, tuple(block.tolist()), tuple(shape.tolist()), target)

    def samples(self, array: np.ndarray) -> np.ndarray:
        """Values of the scan in the box, averaged over blocks, not resampled."""
        cut = array[self.box]
        return cut if self.block == (1, 1, 1) else block_means(cut, self.block)

    def sampled_labels(self, array: np.ndarray) -> np.ndarray:
        """Labels of the scan at the places of `samples`."""
        return array[self.box][tuple(slice(each // 2, None, each) for each in self.block)]

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
        samples = self.samples(array)
        matrices = [
            None
            if self._coarse(axis) == self.spacing[axis]
            else _spline_matrix(count, self.shape[axis], self.spacing[axis] / self._coarse(axis))
            for axis, count in enumerate(samples.shape)
        ]
        return along_axes(matrices, samples)

    def labels(self, array: np.ndarray) -> np.ndarray:
        """Resample labels of the scan to this grid by nearest neighbor."""
        labels = self.sampled_labels(array)
        for axis in range(3):
            if self._coarse(axis) != self.spacing[axis]:
                position = np.arange(self.shape[axis]) * self.spacing[axis] / self._coarse(axis)
                labels = np.take(labels, np.rint(position).astype(int), axis=axis)
        return np.ascontiguousarray(labels)

    def to_scan_index(self, points_mm: np.ndarray) -> np.ndarray:
        """Fractional scan indices (n, 3) in (z, y, x) of points (n, 3) in this frame, mm."""
        # A sample lies in the middle of its block.
        start = [
            edge.start + (each - 1) / 2 for edge, each in zip(self.box, self.block, strict=True)
        ]
        index: np.ndarray = points_mm / self.source.spacing_zyx + start
        return index

    def to_world(self, points_mm: np.ndarray) -> np.ndarray:
        """World points (n, 3) in LPS mm of points (n, 3) in this frame, (z, y, x) mm."""
        return self.source.index_to_world(self.to_scan_index(points_mm))

    def _coarse(self, axis: int) -> float:
        """Distance between samples along an axis, mm."""
        return float(self.source.spacing_zyx[axis] * self.block[axis])


def _bounds(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and past-the-last index of a mask along each axis."""
    plane = np.any(mask, axis=0, keepdims=True)
    lines = [
        np.ravel(np.any(array, axis=axes))
        for array, axes in ((mask, (1, 2)), (plane, (0, 2)), (plane, (0, 1)))
    ]
    return [(int(line.argmax()), len(line) - int(line[::-1].argmax())) for line in lines]


def _whole_blocks(start: int, stop: int, size: int, block: int) -> slice:
    """Widen a range to whole blocks, or narrow it at the end where the scan ends before."""
    count = min(-((start - stop) // block), (size - start) // block)
    return slice(start, start + count * block)


def _spline_matrix(count_in: int, count_out: int, step: float) -> np.ndarray:
    """Weights (out, in) of cubic spline interpolation at every `step` of the input's spacing."""
    order = ORDERS[min(3, count_in - 1)]
    position = np.arange(count_out) * step
    columns = [
        ndimage.map_coordinates(unit, position[None], order=order, mode="mirror")
        for unit in np.eye(count_in)
    ]
    weights = np.stack(columns, axis=1).astype(np.float32)
    return np.where(np.abs(weights) < NEGLIGIBLE, np.float32(0), weights)
