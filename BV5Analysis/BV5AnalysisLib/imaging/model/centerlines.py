"""Vessel centerlines: branches of points that carry a cross-sectional area."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

POINT_ARRAYS = {
    "csa_mm2": "csa_mm2",
    "size_class": "size_class",
    "blood_ml": "point_volume_ml",
    "length_mm": "point_length_mm",
    "class_by_hand": "class_by_hand",
    "kept_share": "kept_share",
    "lung_around": "lung_around",
    "drawn_voxels": "drawn_voxels",
    "drawn_class": "drawn_class",
}
"""Names of point arrays in files and nodes that hold centerlines, and their attributes here."""

BRANCH_ARRAYS = {"csa_error_mm2": "csa_error_mm2"}
"""The same for cell arrays that do not follow from the point arrays."""


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
        (n,) uint8 `SizeClass` values; `SizeClass.HILAR` where hilar vessels are counted apart.
    point_volume_ml, point_length_mm : numpy.ndarray
        (n,) blood volume and centerline length assigned to a point.
    csa_error_mm2 : numpy.ndarray
        (b,) standard error of the branch's mean area, from the scatter of its readings.
    class_by_hand : numpy.ndarray
        (n,) bool, the class was set by a user, not by the area.
    kept_share : numpy.ndarray
        (n,) share of the measured blood that remains after edits, 1 if not edited.
    lung_around : numpy.ndarray
        (n,) share of a point's surroundings that is lung, from which follows how much of its blood
        is hilar; 0 and 1 where a user said so; NaN where not measured.
    drawn_voxels, drawn_class : numpy.ndarray
        (n,) int32 and uint8: number of labeled voxels in a point's core when it was measured, and
        their most frequent class when the numbers were last computed. Edited labels are compared
        with them.
    """

    points_mm: np.ndarray
    branch_start: np.ndarray
    csa_mm2: np.ndarray
    size_class: np.ndarray
    point_volume_ml: np.ndarray
    point_length_mm: np.ndarray
    csa_error_mm2: np.ndarray
    class_by_hand: np.ndarray
    kept_share: np.ndarray
    lung_around: np.ndarray
    drawn_voxels: np.ndarray
    drawn_class: np.ndarray

    @classmethod
    def measured(
        cls,
        points_mm: np.ndarray,
        branch_start: np.ndarray,
        csa_mm2: np.ndarray,
        size_class: np.ndarray,
        point_volume_ml: np.ndarray,
        point_length_mm: np.ndarray,
        csa_error_mm2: np.ndarray | float = 0.0,
    ) -> Centerlines:
        """Centerlines without edits, as if all inside the lung, before their voxels are labeled."""
        count = len(points_mm)
        return cls(
            points_mm,
            branch_start,
            csa_mm2,
            size_class,
            point_volume_ml,
            point_length_mm,
            np.broadcast_to(np.asarray(csa_error_mm2, float), len(branch_start) - 1),
            class_by_hand=np.zeros(count, bool),
            kept_share=np.ones(count),
            lung_around=np.ones(count),
            drawn_voxels=np.zeros(count, np.int32),
            drawn_class=size_class,
        )

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

    @cached_property
    def length_mm(self) -> np.ndarray:
        """(b,) length of each branch."""
        return self.branch_sum(self.point_length_mm)

    @cached_property
    def volume_ml(self) -> np.ndarray:
        """(b,) blood volume of each branch."""
        return self.branch_sum(self.point_volume_ml)

    @cached_property
    def mean_csa_mm2(self) -> np.ndarray:
        """(b,) mean area of each branch along its length."""
        total = self.branch_sum(self.csa_mm2 * self.point_length_mm)
        mean: np.ndarray = total / np.maximum(self.length_mm, 1e-9)
        return mean

    def branch_sum(self, values: np.ndarray) -> np.ndarray:
        """(b,) sum over each branch of values (n,)."""
        return np.bincount(self.branch_id, values, self.branch_count)
