"""Units that stand behind numbers in the cells of a table, as in ``40 %`` and ``10.9 kPa``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .columns import Quantity, known_unit
from .numbers import is_missing

_BEHIND = re.compile(r"([+\-\u2212]?[\d.,'’\s]*\d)\s*([^\W\d_][^\d]*|[%°/][^\d]*)")
_COMMON = re.compile(r"%|(mm|c)?m|[km]?g|m?l|days?|years?|°c|bpm|/min|[km]?[a-zµ]{1,4}/[a-zµ]{1,4}")
"""Units of columns that mean nothing special; ``2a`` and ``3a`` may be stages."""


def quantity_units(cells: Sequence[str], quantity: Quantity) -> tuple[list[str], list[str]]:
    """Part numbers from the units of a quantity.

    Parameters
    ----------
    cells : sequence of str
        Of one column.
    quantity : Quantity
        What the column means.

    Returns
    -------
    numbers, units : list of str
        The cells without their units, and these, as of `known_unit`; a cell that has none, or one
        that the quantity does not come in, stays as it is.
    """
    numbers, units = list(cells), [""] * len(cells)
    for i, cell in enumerate(cells):
        match = _BEHIND.fullmatch(cell)
        unit = known_unit(match[2]) if match else ""
        if unit and quantity.factor(unit) is not None:
            numbers[i], units[i] = match[1], unit
    return numbers, units


def common_unit(cells: Sequence[str]) -> tuple[list[str], str]:
    """Part numbers from a unit that all of them have.

    Parameters
    ----------
    cells : sequence of str
        Of one column.

    Returns
    -------
    numbers : list of str
        The cells without the unit, or as they are.
    unit : str
        As written in the first of them; empty if there is none, they differ, or it is unknown.
    """
    matches = [_BEHIND.fullmatch(cell) for cell in cells]
    units = [match[2] for match in matches if match]
    same = {" ".join(unit.casefold().split()) for unit in units}
    others = [
        cell
        for match, cell in zip(matches, cells, strict=True)
        if not match and not is_missing(cell)
    ]
    bare = any(any(map(str.isdigit, cell)) for cell in others)
    if bare or len(others) > len(units) or len(same) != 1 or not _COMMON.fullmatch(*same):
        return list(cells), ""
    return [m[1] if m else cell for m, cell in zip(matches, cells, strict=True)], units[0]
