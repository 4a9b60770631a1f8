"""The grid that vessels are found on: the lungs' box, with nearly cubic voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .volume import Grid

ANISOTROPY_LIMIT = 1.3
"""Slices farther apart than this multiple of the finest spacing are interpolated between."""

FINEST_SPACING_MM = 0.6
"""Slices are not interpolated to below this: thinner ones hold no more detail on any scanner."""


@dataclass(frozen=True)
class WorkGrid:
    """A box of a scan, resampled along its coarse axes.

    Attributes
    ----------
    source : Grid
        Grid of the scan.
    box : tuple of slice
        The box in the scan's array axes (z, y, x).
    shape : tuple of int
        Voxels in the work grid (z, y, x).
    spacing : numpy.ndarray
        Voxel size of the work grid (z, y, x), mm.
    """

    source: Grid
    box: tuple[slice, slice, slice]
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
            Its spacing is the scan's, but along axes much coarser than the finest.
        """
        box = tuple(
            slice(max(0, tight.start - pad), min(size, tight.stop + pad))
            for tight, size, pad in zip(
                ndimage.find_objects((mask != 0).view(np.uint8))[0],
                grid.shape,
                np.ceil(margin_mm / grid.spacing_zyx).astype(int),
                strict=True,
            )
        )
        coarse = grid.spacing_zyx
        finest = max(coarse.min(), FINEST_SPACING_MM)
        target = np.where(coarse > ANISOTROPY_LIMIT * finest, finest, coarse)
        counts = np.array([edge.stop - edge.start for edge in box])
        shape = np.floor((counts - 1) * coarse / target + 1e-6).astype(int) + 1
        return cls(grid, box, tuple(int(n) for n in shape), target)

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
        work = array[self.box].astype(np.float32)
        for axis in self._resampled_axes():
            weights = _spline_matrix(
                work.shape[axis], self.shape[axis], self.spacing[axis] / self._coarse(axis)
            )
            work = np.moveaxis(np.tensordot(weights, work, axes=(1, axis)), 0, axis)
        return np.ascontiguousarray(work)

    def labels(self, array: np.ndarray) -> np.ndarray:
        """Resample labels of the scan to this grid by nearest neighbor."""
        work = array[self.box]
        for axis in self._resampled_axes():
            position = np.arange(self.shape[axis]) * self.spacing[axis] / self._coarse(axis)
            work = np.take(work, np.rint(position).astype(int), axis=axis)
        return np.ascontiguousarray(work)

    def to_scan_index(self, points_mm: np.ndarray) -> np.ndarray:
        """Fractional scan indices (n, 3) in (z, y, x) of points (n, 3) in this frame, mm."""
        start = [edge.start for edge in self.box]
        return points_mm / self.source.spacing_zyx + start

    def to_world(self, points_mm: np.ndarray) -> np.ndarray:
        """World points (n, 3) in LPS mm of points (n, 3) in this frame, (z, y, x) mm."""
        return self.source.index_to_world(self.to_scan_index(points_mm))

    def _coarse(self, axis: int) -> float:
        return float(self.source.spacing_zyx[axis])

    def _resampled_axes(self) -> list[int]:
        return [axis for axis in range(3) if self._coarse(axis) != self.spacing[axis]]


def _spline_matrix(count_in: int, count_out: int, step: float) -> np.ndarray:
    """Weights (out, in) of cubic spline interpolation at every `step` of the input's spacing.

    One matrix product resamples an axis many times faster than a general spline sampler.
    """
    order = min(3, count_in - 1)
    position = np.arange(count_out) * step
    columns = [
        ndimage.map_coordinates(unit, [position], order=order, mode="mirror")
        for unit in np.eye(count_in)
    ]
    return np.stack(columns, axis=1).astype(np.float32)
