"""Check that percentages of measurements are percentages."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...imaging.errors import AnalysisError
from ..texts import listed
from .case_table import CaseTable

CLASSES = ("bv5", "bv5_10", "bv10")
SUM_WITHIN = 0.5
AGREES_WITHIN = 1.0
"""Percentage points that rounding can explain, in the table or in volumes of whole mL."""


def check_percentages(name: str, table: CaseTable, row_numbers: Mapping[str, int]) -> None:
    """Refuse percentages that do not sum to 100, or are not those of the volumes.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    table : CaseTable
        Measurements.
    row_numbers : mapping of str to int
        Row of each case in the file.

    Raises
    ------
    AnalysisError
        Some are impossible; the message names the rows.
    """
    percent = np.column_stack([table.columns[f"{each}_pct"] for each in CLASSES])
    total = percent.sum(axis=1)
    wrong = np.abs(total - 100) > SUM_WITHIN
    if wrong.any():
        first = table.cases[np.flatnonzero(wrong)[0]]
        raise AnalysisError(
            f"BV5, BV5-10 and BV10 (%) do not sum to 100 in {_rows(table, wrong, row_numbers)} of"
            f" {name} (in row {row_numbers[first]} to {total[wrong][0]:.4g})"
            + (
                ": they are fractions; multiply them by 100."
                if abs(np.median(total[wrong]) - 1) < SUM_WITHIN / 100
                else "; correct or remove these rows."
            )
        )
    volumes = np.column_stack([table.columns[f"{each}_ml"] for each in CLASSES])
    total_ml = table.columns["tpbv_ml"][:, np.newaxis]
    with np.errstate(divide="ignore", invalid="ignore"):
        from_volumes = 100 * volumes / np.where(total_ml > 0, total_ml, np.nan)
    apart = np.abs(percent - from_volumes) > AGREES_WITHIN
    wrong = np.asarray(apart.any(axis=1))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        column = int(np.flatnonzero(apart[row])[0])
        key = CLASSES[column]
        raise AnalysisError(
            f"Percentages and volumes do not go together in {_rows(table, wrong, row_numbers)} of"
            f" {name} (in row {row_numbers[table.cases[row]]}, {key}_pct is"
            f" {percent[row, column]:.4g}, and {key}_ml of tpbv_ml is"
            f" {from_volumes[row, column]:.4g} %); correct or remove these rows."
        )


def _rows(table: CaseTable, wrong: np.ndarray, row_numbers: Mapping[str, int]) -> str:
    cases = table.select(wrong).cases
    rows = listed(f"{row_numbers[case]} ({case})" for case in cases)
    return f"row{'' if len(cases) == 1 else 's'} {rows}"
