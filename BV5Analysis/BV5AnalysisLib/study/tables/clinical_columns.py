"""Columns of clinical tables as numbers and categories."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...imaging.errors import AnalysisError
from ..texts import counted, listed, shortened
from ..values import Variable
from .cell_units import common_unit
from .columns import (
    ROW_NUMBERS,
    SEX,
    SEX_TITLES,
    Quantity,
    Title,
    identifies,
    plain,
    understand,
    usual_value,
)
from .numbers import NO_NUMBER, Numbers, is_missing, parse_numbers
from .quantities import Unusable, read_quantity, unit_of
from .spreadsheet import Sheet

MOST_CATEGORIES = 20
LEAST_DIGITS = 5
"""Of whole numbers that may be those of patients."""
LONGEST_SHOWN = 20
"""Letters of a cell that are shown; longer ones may identify a patient."""

UNCLEAR = (
    "their numbers may be decimals or thousands, such as 1,234 (write thousands without separators"
    " and decimals with a point)"
)

_GASES = frozenset({"pao2_mmhg", "paco2_mmhg", "fio2"})
"""Numbers, whatever their cells hold: a measured one that cannot be read is missing, not text."""

_DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([ T].*)?|\d{1,2}([./-])\d{1,2}\2(\d{4}|\d{2})|(19|20)\d{6}"
)


@dataclass(frozen=True, eq=False)
class ClinicalColumn:
    """One column that is kept.

    Attributes
    ----------
    title : str
        As in the file.
    variable : Variable
        What it is.
    values : numpy.ndarray
        (n,) float64 with NaN for missing, or object (str, empty for missing).
    unusable : dict of int to (str, str)
        Text and reason of cells that hold something and are treated as missing.
    note : str
        How it was read; empty if as it stands.
    """

    title: str
    variable: Variable
    values: np.ndarray
    unusable: Unusable = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, eq=False)
class ReadColumns:
    """Columns of a table.

    Attributes
    ----------
    columns : tuple of ClinicalColumn
        Those that are kept.
    notes : tuple of str
        Notes for the reader.
    left_out : mapping of str to str
        Why others are not kept, by title.
    read_as : mapping of str to str
        Title and unit as which columns of known quantities were read, by key.
    identifying : frozenset of str
        Keys of identifying columns, kept on the user's request.
    """

    columns: tuple[ClinicalColumn, ...]
    notes: tuple[str, ...]
    left_out: Mapping[str, str]
    read_as: Mapping[str, str]
    identifying: frozenset[str]


def read_columns(
    table: Sheet,
    case_index: int,
    rows: Sequence[int],
    units: Mapping[str, str],
    keep_identifiers: bool,
) -> ReadColumns:
    """Read every column but that of the cases.

    Parameters
    ----------
    table : Sheet
        Where they are.
    case_index : int
        Column of the cases.
    rows : sequence of int
        Rows to use.
    units : mapping of str to str
        Units by title or key.
    keep_identifiers : bool
        Keep identifying columns, dates and free text.

    Returns
    -------
    ReadColumns

    Raises
    ------
    AnalysisError
        Two columns mean the same, or a column is in another unit than it says.
    """
    titles = {
        i: understand(text) for i, text in enumerate(table.header) if i != case_index and text
    }
    _check_units(table, list(titles.values()), units)
    chosen, doubled = _one_a_quantity(table, titles)
    found: list[ClinicalColumn] = []
    left_out: dict[str, list[str]] = {}
    identifying: set[str] = set()
    for i in chosen:
        raw = _raw_column(titles[i], [table.rows[row][i] for row in rows])
        reason = _reason_to_leave_out(raw)
        if reason and (reason == UNCLEAR or not keep_identifiers):
            left_out.setdefault(reason, []).append(raw.title.text)
            continue
        column = _read(table.name, raw, units)
        found.append(_with_free_key(column, {each.variable.key for each in found}))
        if reason:
            identifying.add(found[-1].variable.key)
    return ReadColumns(
        tuple(found),
        (
            _understood(table, found, units),
            *doubled,
            *(column.note for column in found if column.note),
            *(
                f"{table.name}: left out, as {reason}: {listed(texts)}."
                for reason, texts in left_out.items()
            ),
        ),
        {text: reason for reason, texts in left_out.items() for text in texts},
        {column.variable.key: _read_as(column.title, units) for column in found},
        frozenset(identifying),
    )


@dataclass(frozen=True, eq=False)
class _RawColumn:
    """Cells of a column before it is known whether it is kept.

    `numbers` is None for a known quantity, which `read_quantity` reads.
    """

    title: Title
    cells: Sequence[str]
    numbers: Numbers | None


def _raw_column(title: Title, cells: list[str]) -> _RawColumn:
    if title.quantity:
        return _RawColumn(title, cells, None)
    title, cells = _without_unit(title, cells)
    return _RawColumn(title, cells, parse_numbers(cells))


def _read_as(text: str, units: Mapping[str, str]) -> str:
    title = understand(text)
    if not title.quantity:
        return text
    return f"{text} as {unit_of(title, units) or title.quantity.bounds.unit or 'a fraction'}"


def _check_units(table: Sheet, titles: Sequence[Title], units: Mapping[str, str]) -> None:
    for name in units:
        if not any(title.is_meant_by(name) for title in titles):
            raise AnalysisError(
                f"{table.name} has no column {name!r} to give a unit; it has"
                f" {listed(table.header)}."
            )


def _one_a_quantity(table: Sheet, titles: Mapping[int, Title]) -> tuple[list[int], list[str]]:
    """Columns to read: where two mean the same, the one whose title is the key itself."""
    by_quantity: dict[str, list[int]] = {}
    for i, title in titles.items():
        if title.quantity:
            by_quantity.setdefault(title.key, []).append(i)
    dropped: set[int] = set()
    notes = []
    for key, indices in by_quantity.items():
        if len(indices) == 1:
            continue
        exact = [i for i in indices if titles[i].text.casefold() == key]
        texts = [titles[i].text for i in indices]
        if len(exact) != 1:
            raise AnalysisError(
                f"Columns {' and '.join(texts)} of {table.name} both read as"
                f" {titles[indices[0]].name}; remove or rename one."
            )
        others = [i for i in indices if i not in exact]
        dropped.update(others)
        notes.append(
            f"{table.name}: column {titles[exact[0]].text} was used, and not"
            f" {listed(titles[i].text for i in others)}."
        )
    return [i for i in titles if i not in dropped], notes


def _without_unit(title: Title, cells: list[str]) -> tuple[Title, list[str]]:
    """Move a unit that is behind all numbers of a column to its title, if that has no other one."""
    numbers, unit = common_unit(cells)
    if not unit or plain(title.unit) not in {"", plain(unit)}:
        return title, cells
    return replace(title, unit=title.unit or unit), numbers


def _reason_to_leave_out(column: _RawColumn) -> str:
    """Why a column is not kept; empty for one that is."""
    if column.numbers and column.numbers.are_ambiguous:
        return UNCLEAR
    if identifies(column.title.text):
        return "they tell who a patient is"
    if plain(column.title.text) in ROW_NUMBERS:
        return "they number rows"
    # A known quantity is kept whatever its cells hold.
    if column.numbers is None or plain(column.title.text) in SEX_TITLES:
        return ""
    return _reason_in_cells(column.title, column.cells, column.numbers)


def _reason_in_cells(title: Title, cells: Sequence[str], numbers: Numbers) -> str:
    """Why cells are not analyzed, whatever their title; empty if they are."""
    present = [cell for cell in cells if not is_missing(cell)]
    if 2 * sum(bool(_DATE.fullmatch(cell)) for cell in present) > len(present):
        return "dates help to tell who a patient is"
    if not title.unit and _are_distinct_codes(present):
        return (
            "whole numbers of five digits and more that are all different look like numbers of"
            " patients (a unit in the title keeps them)"
        )
    if not _are_numeric(numbers) and _are_free_text(present):
        return "free text is not analyzed"
    return ""


def _are_free_text(cells: Sequence[str]) -> bool:
    """Whether cells are of too many kinds for categories."""
    kinds = {cell.casefold() for cell in cells}
    return len(kinds) > min(MOST_CATEGORIES, max(2, len(cells) // 2))


def _are_distinct_codes(cells: Sequence[str]) -> bool:
    """Whether cells are long whole numbers, all different."""
    return (
        len(cells) > 2
        and all(cell.isdecimal() and len(cell) >= LEAST_DIGITS for cell in cells)
        and len(set(cells)) == len(cells)
    )


def _are_numeric(numbers: Numbers) -> bool:
    """Whether at least half of what a column holds are numbers."""
    return len(numbers.unusable) <= int(np.count_nonzero(np.isfinite(numbers.values)))


def _read(name: str, raw: _RawColumn, units: Mapping[str, str]) -> ClinicalColumn:
    """Read one column as what its title means, else as numbers or categories."""
    title, cells = raw.title, raw.cells
    if plain(title.text) in SEX_TITLES:
        sexes = [usual_value(SEX, cell) for cell in cells]
        return ClinicalColumn(title.text, Variable(SEX, "Sex"), _categories(sexes))
    if title.quantity:
        column = _read_known(name, title, title.quantity, cells, units)
        if column:
            return column
        title = replace(title, quantity=None)
    variable = Variable(title.key, title.name, unit_of(title, units) or title.unit)
    numbers = raw.numbers or parse_numbers(cells)
    if not _are_numeric(numbers):
        return ClinicalColumn(title.text, variable, _categories(cells))
    unusable = {i: (_shown(cells[i]), reason) for i, reason in numbers.unusable.items()}
    note = f"{name}: {title.text} has decimal commas." if numbers.decimal_comma else ""
    return ClinicalColumn(title.text, variable, numbers.values, unusable, note)


def _read_known(
    name: str, title: Title, quantity: Quantity, cells: Sequence[str], units: Mapping[str, str]
) -> ClinicalColumn | None:
    """Read a known quantity; None for a column of another kind, as yes and no under "Oxygen"."""
    values, found, note = read_quantity(name, title, quantity, cells, unit_of(title, units))
    has_number = np.isfinite(values).any() or any(why != NO_NUMBER for _, why in found.values())
    if found and not has_number and quantity.key not in _GASES:
        return None
    variable = Variable(quantity.key, quantity.bounds.name, quantity.bounds.unit)
    unusable = {i: (_shown(text), reason) for i, (text, reason) in found.items()}
    return ClinicalColumn(title.text, variable, values, unusable, note)


def _categories(cells: Sequence[str]) -> np.ndarray:
    """Text, missing where it says so; spellings that differ in capitals become the usual one."""
    cells = [" ".join(cell.split()) for cell in cells]
    counts = Counter(cell for cell in cells if not is_missing(cell))
    usual: dict[str, str] = {}
    for cell, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        usual.setdefault(cell.casefold(), cell)
    return np.array(
        ["" if is_missing(cell) else usual[cell.casefold()] for cell in cells], dtype=object
    )


def _shown(text: str) -> str:
    """Text of an unusable cell for reports, or what kind of text it is: it may be a name."""
    if _DATE.fullmatch(text):
        return "(a date)"
    if len(text) > LONGEST_SHOWN or not any(map(str.isdigit, text)):
        return f"({counted(len(text), 'letter')})"
    return shortened(text)


def _with_free_key(column: ClinicalColumn, taken: set[str]) -> ClinicalColumn:
    """Column with a key that is not taken."""
    key = base = column.variable.key or "column"
    number = 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    return replace(column, variable=replace(column.variable, key=key))


def _understood(table: Sheet, columns: Sequence[ClinicalColumn], units: Mapping[str, str]) -> str:
    known = []
    for column in columns:
        title = understand(column.title)
        # Age is in years but for children, and there the title says so.
        has_units = title.quantity and column.variable.unit and column.variable.key != "age"
        assumed = has_units and not unit_of(title, units)
        as_read = column.variable.title + (" (unit assumed)" if assumed else "")
        if title.quantity and column.title != as_read:
            known.append(f"{column.title} as {as_read}")
    others = [column.title for column in columns if not understand(column.title).quantity]
    parts = [f"understood {listed(known, 20)}"] if known else []
    parts += [f"kept {listed(others, 20)}"] if others else []
    return f"{table.name}: {'; '.join(parts) or 'no column but the cases was usable'}."
