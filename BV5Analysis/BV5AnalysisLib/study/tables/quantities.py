"""Columns of known quantities, in the unit of the analysis and with plausible values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...imaging.errors import AnalysisError
from ..texts import counted
from .cell_units import quantity_units
from .columns import Quantity, Title, known_unit
from .numbers import AMBIGUOUS, parse_numbers

Unusable = dict[int, tuple[str, str]]
"""Text of a cell and why it is not used, by its row."""

_ROOM_AIR = frozenset({"room air", "roomair", "ra", "air", "ambient air", "raumluft"})
_IN_ROOM_AIR = {"oxygen_l_min": 0.0, "fio2": 0.21}

MIXED = 0.1
"""Share of values in another unit from which a column is refused, if they are at least three:
then they are no errors of typing."""


def unit_of(title: Title, units: Mapping[str, str]) -> str:
    """Find the unit of a column: given, or in the title of a known quantity; else empty.

    Parameters
    ----------
    title : Title
        Of the column.
    units : mapping of str to str
        Given units, by title or key.

    Raises
    ------
    AnalysisError
        The given unit is none of the quantity's.
    """
    given = next((unit for name, unit in units.items() if title.is_meant_by(name)), "")
    if not given or not title.quantity:
        return given or (title.unit if title.quantity else "")
    unit = known_unit(given)
    if unit not in title.quantity.factors:
        raise AnalysisError(
            f"{given!r} is no unit of {title.quantity.bounds.name}; column {title.text} can be in"
            f" {' or '.join(title.quantity.factors)}."
        )
    return unit


def read_quantity(
    name: str, title: Title, quantity: Quantity, cells: Sequence[str], unit: str
) -> tuple[np.ndarray, Unusable, str]:
    """Read a column of a known quantity.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    title : Title
        Of the column.
    quantity : Quantity
        What the title means.
    cells : sequence of str
        Of the column.
    unit : str
        Of the cells that name none themselves; empty for the quantity's own.

    Returns
    -------
    values : numpy.ndarray
        (n,) in the quantity's unit, NaN for missing and unusable.
    unusable : dict of int to (str, str)
        Cells that hold something and are not used.
    note : str
        How it was read, empty if as it stands.

    Raises
    ------
    AnalysisError
        The values are in another unit, or most may be decimals or thousands.
    """
    unit, factors = unit or quantity.unit, quantity.factors
    if unit not in factors:
        raise AnalysisError(
            f"Column {title.text} of {name} is in {unit}, which is no unit of"
            f" {quantity.bounds.name}; give it in {quantity.bounds.unit}."
        )
    in_room_air = [quantity.key in _IN_ROOM_AIR and cell.casefold() in _ROOM_AIR for cell in cells]
    texts, cell_units = quantity_units(cells, quantity)
    numbers = parse_numbers(
        ["" if is_air else text for text, is_air in zip(texts, in_room_air, strict=True)]
    )
    if numbers.are_ambiguous:
        example = next(cells[i] for i, why in numbers.unusable.items() if why == AMBIGUOUS)
        raise AnalysisError(
            f"Most numbers of column {title.text} of {name} may be decimals or thousands, such as"
            f" {example}; write thousands without separators, and decimals with a point."
        )
    has_no_own_unit = np.array([not own for own in cell_units], dtype=bool)
    _check_unit(
        f"Column {title.text} of {name}", title, quantity, unit, numbers.values[has_no_own_unit]
    )
    values = numbers.values * np.array([factors[own or unit] for own in cell_units])
    values[np.array(in_room_air, dtype=bool)] = _IN_ROOM_AIR.get(quantity.key, np.nan)
    unusable = {i: (cells[i], reason) for i, reason in numbers.unusable.items()}
    for i in np.flatnonzero(quantity.implausible(values)).tolist():
        unusable[i] = (cells[i], f"is not plausible ({quantity.bounds.text})")
        values[i] = np.nan
    parts = _conversions(quantity, unit, cell_units)
    if numbers.decimal_comma:
        parts.append("has decimal commas")
    if any(in_room_air):
        value = f"{_IN_ROOM_AIR[quantity.key]:g} {quantity.bounds.unit}".rstrip()
        parts.append(f"says room air in {sum(in_room_air)} rows, taken for {value}")
    note = f"{name}: {title.text} {', '.join(parts)}." if parts else ""
    return values, dict(sorted(unusable.items())), note


def _check_unit(
    column: str, title: Title, quantity: Quantity, unit: str, values: np.ndarray
) -> None:
    """Refuse a column whose values, or many of them, only make sense in another unit."""
    n = int(np.count_nonzero(np.isfinite(values)))
    wrong = quantity.implausible(values * quantity.factors[unit])
    for other, factor in quantity.factors.items():
        fitting = wrong & np.isfinite(values) & ~quantity.implausible(values * factor)
        count = int(np.count_nonzero(fitting))
        if count and 2 * count >= n:
            example = float(np.median(values[fitting]))
            raise AnalysisError(
                f"{column} seems to be in {other} ({count} of {n} values, such"
                f" as {example:g}) and was read as {unit}: put the unit into its title, as in"
                f' "{quantity.bounds.name} ({"%" if other == "percent" else other})", or give'
                f' --unit "{title.text}={other}".'
            )
        if count >= 3 and count > MIXED * n:
            raise AnalysisError(
                f"{column} mixes units: {count} of {n} values seem to be in"
                f" {other} and not in {unit}; write all of them in one unit."
            )


def _conversions(quantity: Quantity, unit: str, cell_units: Sequence[str]) -> list[str]:
    """Say which units stand in cells, and what was converted."""
    own = quantity.bounds.unit or "a fraction"
    parts = []
    for other in sorted(set(cell_units) - {"", unit}):
        to = f" (converted to {own})" if quantity.factors[other] != 1 else ""
        parts.append(f"says {other} in {counted(cell_units.count(other), 'cell')}{to}")
    if quantity.factors[unit] != 1 and not all(cell_units):
        parts.append(f"was converted from {unit} to {own}")
    return parts
