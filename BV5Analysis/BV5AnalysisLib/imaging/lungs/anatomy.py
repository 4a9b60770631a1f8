"""What a scan shows besides vessels, as one value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.volume import triple
from .hila import Hila
from .lung_checks import LungDoubts
from .survey import Chest


@dataclass(frozen=True, eq=False)
class Anatomy:
    """What a turned scan shows besides vessels; arrays (z, y, x) on its grid.

    Attributes
    ----------
    lungs : numpy.ndarray
        uint8 `LungLabel` values.
    airways : numpy.ndarray
        Bool, lumen of trachea and bronchi.
    chest : Chest
        The scan, surveyed.
    hila : Hila
        Where vessels leave the lungs.
    doubts : LungDoubts or None
        About lungs that were segmented; None for given ones.
    airless : numpy.ndarray or None
        Bool, on the coarse grid: airless lung along the ribs, where no vessel can be told from what
        is around it.
    """

    lungs: np.ndarray
    airways: np.ndarray
    chest: Chest
    hila: Hila
    doubts: LungDoubts | None = None
    airless: np.ndarray | None = None

    def lungs_with_vessels(self) -> np.ndarray:
        """`LungLabel` values without airless lung along the ribs."""
        if self.airless is None or not self.airless.any():
            return self.lungs
        box = ndimage.find_objects(self.airless.view(np.uint8))[0]
        around = triple(slice(max(along.start - 1, 0), along.stop + 1) for along in box)
        around = triple(
            slice(along.start, min(along.stop, size))
            for along, size in zip(around, self.airless.shape, strict=True)
        )
        shape = self.lungs.shape
        share = self.chest.interpolated(self.airless[around].astype(np.float32), around, shape)
        kept = self.lungs.copy()
        kept[self.chest.box_on_scan(around, shape)][share > MAJORITY] = 0
        return kept

    def share_of_lungs(self, values: np.ndarray) -> float:
        """Mean over the lungs of shares (z, y, x) on the coarse grid; 0 without lungs."""
        lung = self.chest.shrunk(self.lungs > 0)
        return float((lung * values).sum() / max(float(lung.sum()), 1.0))


MAJORITY = 0.5
"""Interpolated share from which a voxel is airless."""
