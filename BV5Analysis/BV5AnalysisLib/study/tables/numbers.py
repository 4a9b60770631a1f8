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


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.casefold() in MISSING


def parse_numbers(cells: Sequence[str], units: Sequence[str] = ()) -> Numbers:
    """Read the numbers of one column.

    Parameters
    ----------
    cells : sequence of str
        Without spaces around.
    units : sequence of str
        Units that may stand behind a number, lower case without spaces.

    Returns
    -------
    Numbers
        ``9,8`` and ``9.8`` are the same. ``1,234`` is taken for a decimal comma, unless the column
        has decimal points as well: then it may be a thousand, and is unusable; likewise ``1.234``.
    """
    values = np.full(len(cells), np.nan)
    others = {}
    has_commas = any("," in cell for cell in cells)
    for index, cell in enumerate(cells):
        # Nearly all cells are plain numbers, or nothing.
        if not has_commas and _PLAIN.fullmatch(cell):
            values[index] = float(cell)
        elif cell:
            others[index] = _cleaned(cell, units)
    points = has_commas and any(_is_decimal(cell, ".") for cell in others.values())
    commas = has_commas and any(_is_decimal(cell, ",") for cell in others.values())
    unusable: dict[int, str] = {}
    for index, cell in others.items():
        if cell in MISSING:
            continue
        number = _number(cell)
        if points and commas and _THOUSANDS.fullmatch(cell):
            unusable[index] = "may be a decimal or a thousand"
        elif number is None:
            unusable[index] = "is no number"
        else:
            values[index] = number
    return Numbers(values, unusable, commas)


def _cleaned(cell: str, units: Sequence[str]) -> str:
    cell = cell.casefold().replace("\u2212", "-")
    if cell in MISSING:
        return cell
    cell = re.sub(r"[\s'’]", "", cell)
    for unit in units:
        if cell.endswith(unit) and cell[: -len(unit)][-1:].isdigit():
            return cell[: -len(unit)]
    return cell


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
