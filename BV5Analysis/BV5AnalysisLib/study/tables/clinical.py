"""Clinical tables, read by case."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...imaging.errors import AnalysisError
from ..texts import listed
from ..values import Exclusion, UnusableCell
from .case_table import CaseTable, frame_of
from .clinical_columns import read_columns
from .columns import CASE_TITLES, identifies, plain
from .spreadsheet import Sheet, read_sheet

LONGEST_CASE = 120


@dataclass(frozen=True, eq=False, kw_only=True)
class ClinicalTable(CaseTable):
    """Clinical data, one row a case.

    Attributes
    ----------
    name : str
        Of the file, for messages.
    excluded : tuple of Exclusion
        Cases whose rows contradict each other.
    nameless : tuple of Exclusion
        Rows without a case.
    unusable : tuple of UnusableCell
        Cells that hold something and are treated as missing.
    notes : tuple of str
        Notes for the reader.
    """

    name: str
    excluded: tuple[Exclusion, ...]
    nameless: tuple[Exclusion, ...]
    unusable: tuple[UnusableCell, ...]
    notes: tuple[str, ...]


def read_clinical(
    path: Path,
    known_cases: Iterable[str] = (),
    *,
    same_case: Callable[[str], str] = str,
    case_column: str = "",
    sheet: str = "",
    units: Mapping[str, str] | None = None,
    keep_identifiers: bool = False,
) -> ClinicalTable:
    """Read a clinical table.

    Parameters
    ----------
    path : pathlib.Path
        CSV or workbook.
    known_cases : iterable of str
        Cases that were measured: where several columns may name the case, the one that has most
        of these is used.
    same_case : callable
        Returns equal texts for names that mean the same case.
    case_column, sheet : str
        Column of the case names, and sheet of a workbook; empty to find out.
    units : mapping of str to str, optional
        Units of columns without a unit in their titles.
    keep_identifiers : bool
        Keep identifying columns and dates. Messages never repeat them.

    Returns
    -------
    ClinicalTable

    Raises
    ------
    AnalysisError
        It cannot be read, names no cases, or a column is in another unit than it says.
    """
    table = read_sheet(path, sheet)
    known = {same_case(case) for case in known_cases}
    index = _case_index(table, known, same_case, case_column, keep_identifiers)
    table, rows, nameless = _named_rows(table, index)
    rows = _without_names(table, index, rows, known, same_case)
    kept, excluded, notes = _without_duplicates(table, index, rows, same_case)
    read = read_columns(table, index, kept, units or {}, keep_identifiers)
    cases = tuple(rows[i] for i in kept)
    return ClinicalTable(
        frame_of(cases, {column.variable.key: column.values for column in read.columns}),
        tuple(column.variable for column in read.columns),
        read.left_out,
        read.read_as,
        read.identifying,
        name=table.name,
        excluded=tuple(excluded),
        nameless=tuple(nameless),
        unusable=tuple(
            UnusableCell(cases[i], column.title, text, reason)
            for column in read.columns
            for i, (text, reason) in column.unusable.items()
        ),
        notes=(*table.notes, *_case_note(table, index), *notes, *read.notes),
    )


def clean_name(text: str) -> str:
    """Clean a case's name for joining: one writing of letters with accents, no spaces around."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _case_index(
    table: Sheet,
    known: set[str],
    same_case: Callable[[str], str],
    wanted: str,
    keep_identifiers: bool,
) -> int:
    titles = [plain(title) for title in table.header]
    if wanted:
        if plain(wanted) not in titles:
            raise AnalysisError(
                f"{table.name} has no column {wanted!r}; it has {listed(table.header)}."
            )
        index = titles.index(plain(wanted))
        # A patient's ID is what many tables call their cases.
        is_id = titles[index] in CASE_TITLES
        if identifies(wanted) and not is_id and not keep_identifiers:
            raise AnalysisError(
                f"Column {table.header[index]} of {table.name} identifies patients and is not"
                " used for case names; give another column, or add --keep-identifiers."
            )
        return index
    candidates = [titles.index(title) for title in CASE_TITLES if title in titles]
    if not candidates:
        raise AnalysisError(
            f"{table.name} has no column case; it has {listed(table.header)}. Name the column of"
            " the cases with --case-column."
        )

    def joined(index: int) -> int:
        return len({same_case(clean_name(cell)) for cell in table.column(index)} & known)

    if titles[candidates[0]] == "case":
        return candidates[0]
    return max(candidates, key=lambda index: (joined(index), -candidates.index(index)))


def _case_note(table: Sheet, index: int) -> list[str]:
    if plain(table.header[index]) == "case":
        return []
    return [f"{table.name}: column {table.header[index]} names the cases."]


def _named_rows(table: Sheet, index: int) -> tuple[Sheet, list[str], list[Exclusion]]:
    """Rows with a case, the names of their cases, and the others."""
    names = [clean_name(cell) for cell in table.column(index)]
    nameless = [
        Exclusion(f"row {number}", f"no case is named in {table.name}")
        for name, number in zip(names, table.numbers, strict=True)
        if not name
    ]
    for name, number in zip(names, table.numbers, strict=True):
        if len(name) > LONGEST_CASE:
            raise AnalysisError(
                f"Row {number} of {table.name} has a case of {len(name)} letters; is"
                f" {table.header[index]} the column of the cases?"
            )
    keep = [i for i, name in enumerate(names) if name]
    if not keep:
        raise AnalysisError(
            f"Column {table.header[index]} of {table.name} is empty; name the cases in it, or give"
            " another one with --case-column."
        )
    named = Sheet(
        table.name,
        table.header,
        tuple(table.rows[i] for i in keep),
        tuple(table.numbers[i] for i in keep),
        table.notes,
    )
    return named, [names[i] for i in keep], nameless


def _without_duplicates(
    table: Sheet, index: int, names: list[str], same_case: Callable[[str], str]
) -> tuple[list[int], list[Exclusion], list[str]]:
    """Rows to use, cases whose rows differ, and a note on rows that were there twice."""
    rows_of: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        rows_of.setdefault(same_case(name), []).append(row)
    kept, excluded, repeated = [], [], []
    for rows in rows_of.values():
        contents = {(*table.rows[row][:index], *table.rows[row][index + 1 :]) for row in rows}
        if len(contents) == 1:
            kept.append(rows[0])
            if len(rows) > 1:
                repeated.append(names[rows[0]])
        else:
            numbers = ", ".join(str(table.numbers[row]) for row in rows)
            excluded.append(
                Exclusion(names[rows[0]], f"rows {numbers} of {table.name} contradict each other")
            )
    notes = []
    if repeated:
        notes.append(
            f"{table.name}: rows that are there more than once, with the same content, were counted"
            f" once: {listed(repeated)}."
        )
    return kept, excluded, notes


def _without_names(
    table: Sheet, index: int, names: list[str], known: set[str], same_case: Callable[[str], str]
) -> list[str]:
    """Call rows that belong to no scan by their number if their case holds the patient's name.

    The name of a scan was checked before: rows that belong to one keep it.
    """
    identifying = [i for i, title in enumerate(table.header) if i != index and identifies(title)]
    found = []
    for cells, number, name in zip(table.rows, table.numbers, names, strict=True):
        parts = {
            part
            for i in identifying
            for part in cells[i].casefold().replace(",", " ").split()
            if len(part) > 2
        }
        names_patient = same_case(name) not in known and any(
            part in name.casefold() for part in parts
        )
        found.append(f"row {number}" if names_patient else name)
    return found
