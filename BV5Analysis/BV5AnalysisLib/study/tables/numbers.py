"""Numbers as people type them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MISSING = frozenset(
    {"", "na", "n/a", "n.a.", "nan", "null", "nil", "-", "--", "–", "—", ".", "?", "missing"}
    | {"unknown", "not done", "not available", "n.d.", "nd", "k.a.", "#n/a", "#na"}
)
"""What stands for no value, capitals aside."""

_PLAIN = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}", re.ASCII)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3}){2,}|[+-]?[1-9]\d{0,2}(?:\.\d{3}){2,}", re.ASCII)


_OTHER = {",": ".", ".": ","}

NO_NUMBER = "is no number"
OUT_OF_RANGE = "is no number that is measured (its size is out of all bounds)"
LARGEST, SMALLEST = 1e30, 1e-30
"""Of sizes within these, fourth powers are finite, which statistics calculate."""
AMBIGUOUS = "may be a decimal or a thousand; remove the separators of thousands"
"""Why ``1,234`` gives no number."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """Cells as numbers.

    Attributes
    ----------
    values : numpy.ndarray
        (n,) float64, NaN for missing and unusable cells.
    unusable : dict of int to str
        Why a cell that holds something gives no number, by its index.
    decimal_comma : bool
        Whether any was written with a decimal comma.
    """

    values: np.ndarray
    unusable: dict[int, str]
    decimal_comma: bool

    @property
    def are_ambiguous(self) -> bool:
        """Whether most of what may be numbers may be a decimal or a thousand."""
        n = sum(reason == AMBIGUOUS for reason in self.unusable.values())
        return n > int(np.count_nonzero(np.isfinite(self.values)))


def is_missing(cell: str) -> bool:
    """Whether a cell means a missing value."""
    return cell.casefold() in MISSING


def parse_numbers(cells: Sequence[str], *, thousands: bool = True) -> Numbers:
    """Read the numbers of one column.

    Parameters
    ----------
    cells : sequence of str
        Without spaces around.
    thousands : bool
        Whether commas or points may separate thousands; a single one is a decimal sign if not.

    Returns
    -------
    Numbers
        ``9,8`` and ``9.8`` are the same. ``1,234`` is one and a bit where another cell can only
        have a decimal comma, such as ``9,8``, and none contradicts that; else it may be a thousand
        as well, and is unusable. ``1.234`` is a decimal, unless other cells have commas, or
        thousands with points, such as ``1.234.567``.
    """
    values = np.full(len(cells), np.nan)
    others: dict[int, str] = {}
    has_signs = any("," in cell or cell.count(".") > 1 for cell in cells)
    for index, cell in enumerate(cells):
        # Nearly all cells are plain numbers, or nothing.
        if not has_signs and _PLAIN.fullmatch(cell):
            values[index] = float(cell)
        elif cell:
            others[index] = _cleaned(cell)
    unclear = _unclear_signs(list(others.values())) if has_signs and thousands else ""
    unusable: dict[int, str] = {}
    for index, cell in others.items():
        number = _number(cell)
        if _may_be_thousands(cell, unclear):
            unusable[index] = AMBIGUOUS
        elif number is not None:
            values[index] = number
        elif cell not in MISSING:
            unusable[index] = NO_NUMBER
    sizes = np.abs(values)
    out_of_range = (sizes > LARGEST) | ((sizes < SMALLEST) & (sizes > 0))
    for index in np.flatnonzero(out_of_range).tolist():
        unusable[index] = OUT_OF_RANGE
        values[index] = np.nan
    has_decimal_comma = any(_is_decimal(cell, ",") for cell in others.values())
    return Numbers(values, dict(sorted(unusable.items())), has_decimal_comma)


def _may_be_thousands(cell: str, unclear: str) -> bool:
    """Whether a number has a separator that may be of decimals or of thousands."""
    match = _THOUSANDS.fullmatch(cell)
    return match is not None and match[1] in unclear


def _unclear_signs(cells: Sequence[str]) -> str:
    """Which of comma and point may part a decimal as well as a thousand, as in 1,234."""
    numbers = [cell for cell in cells if _number(cell) is not None]
    parted = {sign: any(_parts_thousands(cell, sign) for cell in numbers) for sign in ",."}
    decimal = {sign: [cell for cell in numbers if _is_decimal(cell, sign)] for sign in ",."}
    comma_is_decimal = any(not _THOUSANDS.fullmatch(cell) for cell in decimal[","])
    unclear = "" if comma_is_decimal and not decimal["."] and not parted[","] else ","
    return unclear + "." if decimal[","] or parted["."] else unclear


def _parts_thousands(cell: str, sign: str) -> bool:
    """Whether the sign can only part thousands in this number, as in 1,234,567 and 1,234.5."""
    return sign in cell and (cell.count(sign) > 1 or cell.find(sign) < cell.rfind(_OTHER[sign]))


def _cleaned(cell: str) -> str:
    cell = cell.casefold().replace("\u2212", "-")
    if cell in MISSING:
        return cell
    return re.sub(r"[\s'’]", "", cell)


def _is_decimal(cell: str, sign: str) -> bool:
    """Whether the cell has this decimal sign and no other one; so also 1,234."""
    return (
        cell.count(sign) == 1 and not set(".,") - {sign} & set(cell) and _number(cell) is not None
    )


def _number(cell: str) -> float | None:
    if _GROUPED.fullmatch(cell):
        cell = cell.replace(",", "").replace(".", "")
    elif "," in cell and "." in cell:
        decimal = max(cell.rfind(","), cell.rfind("."))
        whole = cell[:decimal].replace(",", "").replace(".", "")
        cell = f"{whole}.{cell[decimal + 1 :]}"
    else:
        cell = cell.replace(",", ".")
    return float(cell) if _NUMBER.fullmatch(cell) else None
