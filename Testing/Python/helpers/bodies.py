"""Bodies made of simple shapes, for tests that ask whether an organ is found."""

from __future__ import annotations

import numpy as np
from BV5AnalysisLib.imaging.model.volume import Grid, Volume

SPACING = (2.0, 2.0, 2.5)
SIZE = (170, 130, 110)


class SimpleBody:
    """A soft-tissue cylinder on a table, to put organs into; LPS mm around the body's axis.

    z runs from 0 at the lowest slice to 272.5 at the highest.
    """

    def __init__(self) -> None:
        origin = (-SPACING[0] * SIZE[0] / 2, -SPACING[1] * SIZE[1] / 2, 0.0)
        self.grid = Grid(SIZE, SPACING, origin)
        z, y, x = np.indices(self.grid.shape, sparse=True)
        self.x = x * SPACING[0] + origin[0]
        self.y = y * SPACING[1] + origin[1]
        self.z = z * SPACING[2] + origin[2]
        self.hu = np.full(self.grid.shape, -1000.0)
        self.fill((self.x / 150) ** 2 + (self.y / 105) ** 2 + 0 * self.z < 1, 40)
        # A hollow table with foam as dark as lung.
        table = (abs(self.y - 118) < 9) & (abs(self.x) < 140) & (self.z >= 0)
        shell = table & ((abs(self.y - 118) > 6) | (abs(self.x) > 136))
        self.fill(table, -900)
        self.fill(shell, 100)

    def fill(self, where: np.ndarray, hu: float) -> None:
        """Fill a shape."""
        self.hu[np.broadcast_to(where, self.hu.shape)] = hu

    def ellipsoid(self, center, radii) -> np.ndarray:
        """Bool: inside an ellipsoid, mm."""
        parts = zip((self.x, self.y, self.z), center, radii, strict=True)
        return sum(((axis - c) / r) ** 2 for axis, c, r in parts) < 1

    def rod(self, start, stop, radius) -> np.ndarray:
        """Bool: within a radius of the line between two points, mm."""
        way = np.subtract(stop, start)
        offsets = [axis - c for axis, c in zip((self.x, self.y, self.z), start, strict=True)]
        along = sum(o * w for o, w in zip(offsets, way, strict=True)) / (way @ way)
        along = np.clip(along, 0, 1)
        parts = zip(offsets, way, strict=True)
        return sum((offset - along * w) ** 2 for offset, w in parts) < radius**2

    def lung(self, side: int) -> np.ndarray:
        """Bool: the right (-1) or left (1) lung, on a diaphragm that bulges into it."""
        shape = self.ellipsoid((side * 72, 0, 130), (52, 70, 120))
        return shape & ~self.ellipsoid((side * 72, 0, 10), (72, 100, 60))

    def add_lungs(self, hu: float = -850.0, sides=(-1, 1)) -> None:
        """Put in lungs and the air in trachea and main bronchi, with walls."""
        for side in sides:
            self.fill(self.lung(side), hu)
        tubes = [
            ((0, 0, 280), (0, 0, 160), 9),
            ((0, 0, 160), (-50, 0, 135), 6),
            ((0, 0, 160), (50, 0, 135), 6),
        ]
        for start, stop, radius in tubes:
            self.fill(self.rod(start, stop, radius + 3), 40)
        for start, stop, radius in tubes:
            self.fill(self.rod(start, stop, radius), -990)

    def add_bowel(self) -> None:
        """Put in the gas of stomach and bowel, some of it as dark as lung."""
        self.fill(self.ellipsoid((60, -40, 200), (50, 40, 50)), -1000)
        for x in range(-90, 91, 30):
            self.fill(self.ellipsoid((x, -50, 80), (13, 16, 20)), -990)
            self.fill(self.ellipsoid((x, 10, 40), (10, 10, 12)), -700)

    def volume(self, noise_hu: float = 15.0, seed: int = 0) -> Volume:
        """Return the body as a CT with noise."""
        noise = np.random.default_rng(seed).normal(0, noise_hu, self.hu.shape)
        return Volume(np.clip(np.rint(self.hu + noise), -1024, 3071).astype(np.int16), self.grid)
