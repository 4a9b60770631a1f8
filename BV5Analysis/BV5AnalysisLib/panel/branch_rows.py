"""The branches of a case, read from its table in the scene."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import slicer

CLASSES = {"BV5": 1, "BV5-10": 2, "BV10": 3, "Below floor": 4, "Hilar": 5}
"""`SizeClass` values by the names that tables have."""
SURE = 0.9
"""Branches whose class is less probable are doubtful."""


@dataclass(frozen=True)
class BranchRow:
    """One branch.

    Attributes
    ----------
    branchId : int
        As in the table node and in ``centerlines.vtp``.
    sizeClass : int
        `SizeClass` value.
    className : str
        Its name.
    meanCsaMm2, distanceMm2 : float
        Mean cross-sectional area, and how far it is from the nearest bound of its class, mm².
    lengthMm, volumeMl : float
        Length and blood volume.
    confidence : float
        Probability that the mean area lies in its class.
    lung : str
        ``right``, ``left`` or empty.
    hilarPct : float
        Share of its length that is hilar, %; NaN where that was not told apart.
    """

    branchId: int
    sizeClass: int
    className: str
    meanCsaMm2: float
    distanceMm2: float
    lengthMm: float
    volumeMl: float
    confidence: float
    lung: str
    hilarPct: float = math.nan


CLASS_ORDER = (4, 1, 2, 3, 5)
"""`SizeClass` values from thin to thick, and then the hilum."""
SORT_KEYS: tuple[Callable[[BranchRow], Any], ...] = (
    lambda row: row.branchId,
    lambda row: row.confidence,
    lambda row: CLASS_ORDER.index(row.sizeClass),
    lambda row: row.meanCsaMm2,
    lambda row: row.distanceMm2,
    lambda row: row.lengthMm,
    lambda row: row.volumeMl,
    lambda row: row.lung,
    lambda row: -1.0 if math.isnan(row.hilarPct) else row.hilarPct,
)
"""What each column of the list is sorted by."""


def listed(rows: Sequence[BranchRow], sizeClass: int, doubtfulOnly: bool) -> list[BranchRow]:
    """Filter branches.

    Parameters
    ----------
    rows : sequence of BranchRow
        All.
    sizeClass : int
        `SizeClass` value to keep; 0 keeps all.
    doubtfulOnly : bool
        Whether to keep only those whose class is less than `SURE`.

    Returns
    -------
    list of BranchRow
        In the same order.
    """
    return [
        row
        for row in rows
        if sizeClass in (0, row.sizeClass) and not (doubtfulOnly and row.confidence >= SURE)
    ]


def branch_rows(table: slicer.vtkMRMLTableNode) -> list[BranchRow]:
    """Read the branches of a case.

    Parameters
    ----------
    table : vtkMRMLTableNode
        As `scene.nodes.branch_table` makes it.

    Returns
    -------
    list of BranchRow
        In the table's order.
    """
    columns = table.GetTable()

    def column(name: str) -> Iterator[Any]:
        array = columns.GetColumnByName(name)
        return (array.GetValue(row) for row in range(columns.GetNumberOfRows()))

    unknown = itertools.repeat(math.nan, columns.GetNumberOfRows())
    return [
        BranchRow(int(branchId), CLASSES[name], name, *measures)
        for branchId, name, *measures in zip(
            column("branch_id"),
            column("size_class"),
            column("mean_csa_mm2"),
            column("bound_distance_mm2"),
            column("length_mm"),
            column("volume_ml"),
            (percent / 100 for percent in column("confidence_pct")),
            column("lung"),
            column("hilar_pct") if columns.GetColumnByName("hilar_pct") else unknown,
            strict=True,
        )
    ]
