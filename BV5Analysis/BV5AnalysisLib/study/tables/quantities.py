"""Columns of known quantities, in the unit of the analysis and with plausible values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...imaging.errors import AnalysisError
from ..texts import counted
from .cell_units import quantity_units
from .columns import Quantity, Title, known_unit
from .numbers import AMBIGUOUS, Numbers, parse_numbers

Unusable = dict[int, tuple[str, str]]
"""Text of a cell and why it is not used, by its row."""

_ROOM_AIR = frozenset({"room air", "roomair", "ra", "air", "ambient air", "raumluft"})
_IN_ROOM_AIR = {"oxygen_l_min": 0.0, "fio2": 0.21}

MIXED = 0.1
"""Share of values in another unit from which a column is refused, if they are at least three:
then they are no errors of typing."""


def unit_of(title: Title, units: Mapping[str, str]) -> str:
    """Tell the unit of a column: given by the user, or told by its title; empty if neither.

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
    if title.quantity.factor(unit) is None:
        bounds = title.quantity.bounds
        known = [bounds.unit or "fraction", *(each for each, _ in bounds.other_units)]
        raise AnalysisError(
            f"{given!r} is no unit of {bounds.name}; column {title.text} can be in"
            f" {' or '.join(known)}."
        )
    return unit


def read_quantity(
    name: str, title: Title, cells: Sequence[str], unit: str
) -> tuple[np.ndarray, Unusable, str]:
    """Read a column of a known quantity.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    title : Title
        Of the column, with a quantity.
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
    quantity = title.quantity
    factor = quantity.factor(unit) if unit else 1.0
    if factor is None:
        raise AnalysisError(
            f"Column {title.text} of {name} is in {unit}, which is no unit of"
            f" {quantity.bounds.name}; give it in {quantity.bounds.unit}."
        )
    air = [quantity.key in _IN_ROOM_AIR and cell.casefold() in _ROOM_AIR for cell in cells]
    texts, told_units = quantity_units(cells, quantity)
    numbers = parse_numbers(
        ["" if is_air else text for text, is_air in zip(texts, air, strict=True)]
    )
    if numbers.are_ambiguous:
        raise AnalysisError(
            f"Most numbers of column {title.text} of {name} may be decimals or thousands, such as"
            f" {cells[next(i for i, why in numbers.unusable.items() if why == AMBIGUOUS)]}; write"
            " thousands without separators, and decimals with a point."
        )
    is_bare = np.array([not told for told in told_units], dtype=bool)
    _check_unit(name, title, unit, numbers.values[is_bare])
    factors = [quantity.factor(told) if told else factor for told in told_units]
    values = numbers.values * np.array(factors, dtype=float)
    values[np.array(air, dtype=bool)] = _IN_ROOM_AIR.get(quantity.key, np.nan)
    unusable = {i: (cells[i], reason) for i, reason in numbers.unusable.items()}
    for i in np.flatnonzero(_implausible(quantity, values)):
        unusable[int(i)] = (cells[i], f"is not plausible ({quantity.bounds.text})")
        values[i] = np.nan
    return (
        values,
        dict(sorted(unusable.items())),
        _note(name, title, unit, told_units, numbers, air),
    )


def _check_unit(name: str, title: Title, unit: str, values: np.ndarray) -> None:
    """Refuse a column whose values, or many of them, only make sense in another unit."""
    quantity = title.quantity
    own = unit or quantity.bounds.unit or "fraction"
    n = int(np.count_nonzero(np.isfinite(values)))
    wrong = _implausible(quantity, values * quantity.factor(own))
    units = [quantity.bounds.unit or "fraction", *(u for u, _ in quantity.bounds.other_units)]
    for other in units:
        if other == own:
            continue
        fitting = wrong & np.isfinite(values)
        fitting &= ~_implausible(quantity, values * quantity.factor(other))
        count = int(np.count_nonzero(fitting))
        if count and 2 * count >= n:
            example = float(np.median(values[fitting]))
            raise AnalysisError(
                f"Column {title.text} of {name} seems to be in {other} ({count} of {n} values, such"
                f" as {example:g}) and was read as {own}: put the unit into its title, as in"
                f' "{quantity.bounds.name} ({"%" if other == "percent" else other})", or give'
                f' --unit "{title.text}={other}".'
            )
        if count >= 3 and count > MIXED * n:
            raise AnalysisError(
                f"Column {title.text} of {name} mixes units: {count} of {n} values seem to be in"
                f" {other} and not in {own}; write all of them in one unit."
            )


def _implausible(quantity: Quantity, values: np.ndarray) -> np.ndarray:
    return (values < quantity.bounds.low) | (values > quantity.bounds.high)


def _note(
    name: str,
    title: Title,
    unit: str,
    told_units: Sequence[str],
    numbers: Numbers,
    air: Sequence[bool],
) -> str:
    bounds = title.quantity.bounds
    parts = []
    own = unit or bounds.unit or "fraction"
    for other in sorted({told for told in told_units if told not in {"", own}}):
        n = sum(told == other for told in told_units)
        converted = title.quantity.factor(other) != 1
        to = f" (converted to {bounds.unit or 'a fraction'})" if converted else ""
        parts.append(f"says {other} in {counted(n, 'cell')}{to}")
    if unit and title.quantity.factor(unit) != 1 and not all(told_units):
        parts.append(f"was converted from {unit} to {bounds.unit or 'a fraction'}")
    if numbers.decimal_comma:
        parts.append("has decimal commas")
    if any(air):
        value = f"{_IN_ROOM_AIR[title.quantity.key]:g} {bounds.unit}".rstrip()
        parts.append(f"says room air in {sum(air)} rows, taken for {value}")
    return f"{name}: {title.text} {', '.join(parts)}." if parts else ""
