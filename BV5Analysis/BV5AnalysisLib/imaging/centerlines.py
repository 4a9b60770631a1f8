"""Vessel centerlines: branches of points that carry a cross-sectional area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Centerlines:
    """Branches of a vessel forest; n points, b branches.

    Attributes
    ----------
    points_mm : numpy.ndarray
        (n, 3) world points, LPS mm, branch after branch.
    branch_start : numpy.ndarray
        (b + 1,) index of each branch's first point; the last entry is n.
    csa_mm2 : numpy.ndarray
        (n,) cross-sectional area.
    size_class : numpy.ndarray
        (n,) uint8 `SizeClass` values.
    length_mm, volume_ml, mean_csa_mm2 : numpy.ndarray
        (b,) length, blood volume and mean area of each branch.
    """

    points_mm: np.ndarray
    branch_start: np.ndarray
    csa_mm2: np.ndarray
    size_class: np.ndarray
    length_mm: np.ndarray
    volume_ml: np.ndarray
    mean_csa_mm2: np.ndarray

    @property
    def branch_count(self) -> int:
        """Number of branches."""
        return len(self.branch_start) - 1

    @property
    def radius_mm(self) -> np.ndarray:
        """(n,) radius of the circle of the same area, mm."""
        return np.sqrt(self.csa_mm2 / np.pi)

    @property
    def branch_id(self) -> np.ndarray:
        """(n,) branch that each point belongs to."""
        return np.repeat(np.arange(self.branch_count), np.diff(self.branch_start))
