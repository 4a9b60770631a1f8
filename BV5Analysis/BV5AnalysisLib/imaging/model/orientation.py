"""Scans turned so that their axes run right-left, front-back and feet-head, and back again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .volume import Grid, Volume, triple


@dataclass(frozen=True)
class Orientation:
    """How a scan's axes relate to LPS axes.

    Attributes
    ----------
    grid : Grid
        The scan as it came.
    axes : tuple of int
        For each of world x, y, z the scan's axis (0 for x, 1 for y, 2 for z) closest to it.
    flipped : tuple of bool
        For each of world x, y, z whether that axis runs the other way.
    """

    grid: Grid
    axes: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]

    @classmethod
    def of(cls, grid: Grid) -> Orientation:
        """Orientation of a grid; oblique axes go to the world axis closest to them."""
        cosines = np.reshape(grid.direction, (3, 3))
        left = np.abs(cosines)
        axes = [0, 0, 0]
        # The best aligned pair first, so that no axis is taken twice.
        for _ in range(3):
            world, own = np.unravel_index(left.argmax(), left.shape)
            axes[world] = int(own)
            left[world, :] = left[:, own] = -1
        flipped = triple(bool(cosines[world, own] < 0) for world, own in enumerate(axes))
        return cls(grid, triple(axes), flipped)

    def view(self, array: np.ndarray) -> np.ndarray:
        """Look at an array (z, y, x) of the scan with its axes turned to LPS, without a copy."""
        order = [2 - self.axes[world] for world in (2, 1, 0)]
        return np.transpose(array, order)[self._flips()]

    def turn(self, array: np.ndarray) -> np.ndarray:
        """Array (z, y, x) of the scan with its axes turned to LPS; the same voxels."""
        return np.ascontiguousarray(self.view(array))

    def turn_back(self, array: np.ndarray) -> np.ndarray:
        """Undo `turn`."""
        order = [2 - self.axes[world] for world in (2, 1, 0)]
        return np.ascontiguousarray(np.transpose(array[self._flips()], np.argsort(order)))

    def turned_grid(self) -> Grid:
        """Grid of turned arrays."""
        corner = np.zeros(3)
        for world, own in enumerate(self.axes):
            corner[2 - own] = self.grid.size[own] - 1 if self.flipped[world] else 0
        cosines = np.reshape(self.grid.direction, (3, 3))[:, list(self.axes)]
        cosines = cosines * np.where(self.flipped, -1.0, 1.0)
        return Grid(
            triple(self.grid.size[own] for own in self.axes),
            triple(self.grid.spacing[own] for own in self.axes),
            triple(map(float, self.grid.index_to_world(corner[None])[0])),
            tuple(map(float, cosines.ravel())),
        )

    def turned(self, volume: Volume) -> Volume:
        """Volume with its axes turned to LPS."""
        return Volume(self.turn(volume.array), self.turned_grid())

    def turned_back(self, array: np.ndarray) -> Volume:
        """Volume on the scan's own grid from an array with its axes turned to LPS."""
        return Volume(self.turn_back(array), self.grid)

    def _flips(self) -> tuple[slice, slice, slice]:
        return triple(slice(None, None, -1 if self.flipped[world] else 1) for world in (2, 1, 0))
