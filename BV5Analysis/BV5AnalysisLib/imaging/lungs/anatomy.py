"""What a scan shows besides vessels, as one value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    searched : numpy.ndarray or None
        `LungLabel` values of the part of the lungs in which vessels are sought; None for all of it.
    """

    lungs: np.ndarray
    airways: np.ndarray
    chest: Chest
    hila: Hila
    doubts: LungDoubts | None = None
    searched: np.ndarray | None = None

    @property
    def lungs_with_vessels(self) -> np.ndarray:
        """`LungLabel` values where vessels are sought."""
        return self.lungs if self.searched is None else self.searched

    def share_of_lungs(self, values: np.ndarray) -> float:
        """Mean over the lungs of shares (z, y, x) on the coarse grid; 0 without lungs."""
        lung = self.chest.shrunk(self.lungs > 0)
        return float((lung * values).sum() / max(float(lung.sum()), 1.0))
