"""Units that stand behind numbers in the cells of a table, as in ``40 %`` and ``10.9 kPa``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .columns import Quantity, known_unit
from .numbers import is_missing

_NUMBER_AND_UNIT = re.compile(
    r"""
    ([+\-\u2212]?             # sign, also the minus of typography
     [\d.,'’\s]*\d)           # digits with any separators
    \s*
    ([^\W\d_][^\d]*          # unit: from a letter on,
     |[%°/][^\d]*)            # or from a sign on, without digits
    """,
    re.VERBOSE,
)
_COMMON_UNIT = re.compile(
    r"""
    % | °c | bpm | days? | years? | /min
    | [cm]?m                  # lengths
    | [km]?g                  # weights
    | m?l                     # volumes
    | [km]?[a-z\u03bc]{1,4}/[a-z\u03bc]{1,4}  # concentrations and rates, such as mg/dl
    """,
    re.VERBOSE,
)
"""Units of columns without a known quantity; ``2a`` and ``3a`` may be stages.

Case-folded, which makes a Greek mu of the micro sign.
"""


def quantity_units(cells: Sequence[str], quantity: Quantity) -> tuple[list[str], list[str]]:
    """Separate numbers from the units of a quantity.

    Parameters
    ----------
    cells : sequence of str
        Of one column.
    quantity : Quantity
        What the column means.

    Returns
    -------
    numbers, units : list of str
        The cells without their units, and these, as `known_unit` writes them; a cell that has
        none, or one that the quantity does not come in, stays as it is.
    """
    numbers, units = list(cells), [""] * len(cells)
    known = quantity.factors
    for i, cell in enumerate(cells):
        match = _NUMBER_AND_UNIT.fullmatch(cell)
        if match and (unit := known_unit(match[2])) in known:
            numbers[i], units[i] = match[1], unit
    return numbers, units


def common_unit(cells: Sequence[str]) -> tuple[list[str], str]:
    """Separate numbers from a unit that all of them have.

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
    matches = [_NUMBER_AND_UNIT.fullmatch(cell) for cell in cells]
    units = [match[2] for match in matches if match]
    others = [
        cell
        for match, cell in zip(matches, cells, strict=True)
        if not match and not is_missing(cell)
    ]
    has_bare_numbers = any(character.isdigit() for cell in others for character in cell)
    if has_bare_numbers or len(others) > len(units) or not _is_one_common_unit(units):
        return list(cells), ""
    numbers = [match[1] if match else cell for match, cell in zip(matches, cells, strict=True)]
    return numbers, units[0]


def _is_one_common_unit(units: Sequence[str]) -> bool:
    """Whether units are the same but for capitals and spaces, and a common unit."""
    different = {" ".join(unit.casefold().split()) for unit in units}
    return len(different) == 1 and _COMMON_UNIT.fullmatch(different.pop()) is not None
