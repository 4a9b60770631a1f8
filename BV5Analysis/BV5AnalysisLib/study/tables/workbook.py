"""Excel workbooks (.xlsx), read with openpyxl."""

from __future__ import annotations

import datetime
import importlib.util
import io
import posixpath
import re
import zipfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ...imaging.errors import AnalysisError

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.cell_range import CellRange
    from openpyxl.worksheet.worksheet import Worksheet

LARGEST_UNPACKED_BYTES = 2**30
MOST_CELLS = 1_000_000
MOST_WITH_EMPTY = 5_000_000
"""Cells up to the last stored one of each row: formats without content are stored as well."""
SHOWN = 5

Rows = list[tuple[int, list[str]]]

_SHOWN_AS_IS = re.compile(r'"[^"]*"|\\.')
"""Parts of a number's format that are text."""


def workbook_rows(name: str, content: bytes, sheet: str = "") -> tuple[Rows, list[str]]:
    """Read a sheet: of formulas the values that were stored with them.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    content : bytes
        The workbook.
    sheet : str
        Title of the sheet, in any letter case; the first one that is not hidden by default.

    Returns
    -------
    rows : list of (int, list of str)
        Row number, from 1, and cells as text, of rows that hold something; dates as in ISO 8601,
        and with a percent sign what Excel shows so. A merged cell's value is in every row that it
        spans; across columns it is in the first one only.
    notes : list of str
        Notes for the reader on how it was read.

    Raises
    ------
    AnalysisError
        It is no workbook, lacks the sheet, holds formulas without stored values, or more cells
        than a table has.
    """
    if importlib.util.find_spec("openpyxl") is None:
        raise AnalysisError(
            f"{name} is a workbook, which needs openpyxl; install it with"
            ' pip install "bv5-analysis[study]", or save the sheet as CSV.'
        )
    _check_archive(name, content)
    sheets = _opened(name, content)
    table = _chosen(name, sheets, sheet)
    marks = _marks(name, content, table.title)
    _check_formulas(name, marks.uncalculated)
    notes = []
    if len(sheets) > 1 and not sheet:
        others = ", ".join(
            f"{each.title}{'' if each.sheet_state == 'visible' else ' (hidden)'}"
            for each in sheets
            if each is not table
        )
        notes.append(f"{name}: sheet {table.title} was read, and not {others}.")
    rows = _filled_rows(name, table)
    notes += _fill_merged(name, marks.merged, rows)
    return rows, notes


def _opened(name: str, content: bytes) -> Sequence[Worksheet]:
    """Sheets of a workbook, which give only the cells that are stored.

    openpyxl's other mode makes a cell of every place that a merged range or a stray format spans,
    up to the 17 billion of a sheet.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = book.worksheets
        for each in sheets:
            each.reset_dimensions()  # Some programs write wrong ones, or those of formats only.
    except Exception as error:
        raise _unreadable(name, error) from error
    return sheets


def _unreadable(name: str, error: Exception) -> AnalysisError:
    return AnalysisError(
        f"{name} cannot be read as a workbook ({_one_line(error)}); save it again as .xlsx, or"
        " as CSV."
    )


@dataclass(frozen=True)
class _Marks:
    """What openpyxl's read-only mode does not give of a sheet.

    Attributes
    ----------
    merged : tuple of openpyxl.worksheet.cell_range.CellRange
        Ranges of merged cells.
    uncalculated : tuple of str
        Cells whose formula no program has calculated.
    """

    merged: tuple[CellRange, ...]
    uncalculated: tuple[str, ...]


def _marks(name: str, content: bytes, title: str) -> _Marks:
    """Read merged ranges and formulas from the sheet's XML, in one pass that keeps no row.

    openpyxl gives merged ranges in its other mode only, which `_opened` avoids, and the values
    and formulas of a sheet only if it is read twice.
    """
    from openpyxl.worksheet.cell_range import CellRange

    merged, uncalculated = [], []
    try:
        with (
            zipfile.ZipFile(io.BytesIO(content)) as archive,
            archive.open(_part_of_sheet(archive, title)) as file,
        ):
            for _, element in ElementTree.iterparse(file):
                tag = _local_name(element.tag)
                if tag == "mergeCell":
                    merged.append(CellRange(element.get("ref", "")))
                elif tag == "c":
                    found = {_local_name(child.tag): child.text for child in element}
                    inline = element.get("t") == "inlineStr"
                    stored = "is" in found if inline else bool(found.get("v"))
                    if "f" in found and not stored:
                        uncalculated.append(element.get("r", ""))
                elif tag == "row":
                    element.clear()
    except Exception as error:
        raise _unreadable(name, error) from error
    return _Marks(tuple(merged), tuple(uncalculated))


def _part_of_sheet(archive: zipfile.ZipFile, title: str) -> str:
    """Name of the file in the archive that holds a sheet (ECMA-376, part 1, 18.2.19).

    The workbook lists titles with keys, its relationships give the file of each key.
    """
    workbook = next(iter(_related(archive, "", "/officeDocument").values()))
    parts = _related(archive, workbook)
    for element in ElementTree.fromstring(archive.read(workbook)).iter():
        if _local_name(element.tag) == "sheet" and element.get("name") == title:
            keys = {_local_name(key): value for key, value in element.items()}
            return parts[keys["id"]]
    raise ValueError(f"no part for sheet {title}")


def _related(archive: zipfile.ZipFile, part: str, kind: str = "") -> dict[str, str]:
    """Names of the files that a part of the archive refers to, by their keys."""
    folder, file_name = posixpath.split(part)
    relations = archive.read(posixpath.join(folder, "_rels", f"{file_name}.rels"))
    return {
        relation.get("Id", ""): posixpath.normpath(
            posixpath.join("/", folder, relation.get("Target", ""))
        ).lstrip("/")
        for relation in ElementTree.fromstring(relations)
        if relation.get("Type", "").endswith(kind)
    }


def _local_name(name: str) -> str:
    """Name of an element or attribute without its namespace."""
    return name.rpartition("}")[2]


def _rows(name: str, table: Worksheet) -> Iterator[tuple[int, tuple[Cell | MergedCell, ...]]]:
    """Rows that hold a cell, with their numbers from 1."""
    try:
        for number, cells in enumerate(table.iter_rows(), 1):
            if cells:
                yield number, cells
    except Exception as error:
        raise _unreadable(name, error) from error


def _filled_rows(name: str, table: Worksheet) -> Rows:
    """Cells as text, of rows that hold something."""
    rows: Rows = []
    filled = passed = 0
    for number, cells in _rows(name, table):
        passed += len(cells)
        if passed > MOST_WITH_EMPTY:
            raise AnalysisError(
                f"{name} has more than {MOST_WITH_EMPTY} cells in sheet {table.title}, empty ones"
                " with a format among them; delete the rows below and the columns beside the"
                " table, or save it as CSV."
            )
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            continue
        rows.append((number, texts))
        filled += len(texts) - texts.count("")
        if filled > MOST_CELLS:
            raise AnalysisError(
                f"{name} has more than {MOST_CELLS} filled cells in sheet {table.title}, too many"
                " for a table of patients; give another sheet or file."
            )
    return rows


def _check_archive(name: str, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise AnalysisError(f"{name} is damaged ({error}); save it again.") from error
    if not any(entry.filename.startswith("xl/") for entry in entries):
        raise AnalysisError(f"{name} is no Excel workbook; save the table as .xlsx or CSV.")
    if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED_BYTES:
        raise AnalysisError(f"{name} is too large for a table; save the one sheet as CSV.")


def _chosen(name: str, sheets: Sequence[Worksheet], wanted: str) -> Worksheet:
    if not sheets:
        raise AnalysisError(f"{name} has no sheet with cells.")
    if not wanted:
        return next((each for each in sheets if each.sheet_state == "visible"), sheets[0])
    for sheet in sheets:
        if sheet.title.strip().casefold() == wanted.strip().casefold():
            return sheet
    titles = ", ".join(sheet.title for sheet in sheets)
    raise AnalysisError(f"{name} has no sheet {wanted!r}; it has {titles}.")


def _check_formulas(name: str, uncalculated: Sequence[str]) -> None:
    """Refuse formulas that no program has calculated: their cells would seem to be empty."""
    if uncalculated:
        raise AnalysisError(
            f"{name} has formulas without stored values ({_some(uncalculated)}); open it"
            " in a spreadsheet program, save it, and try again."
        )


def _some(coordinates: Sequence[str]) -> str:
    more = f" and {len(coordinates) - SHOWN} more" if len(coordinates) > SHOWN else ""
    return ", ".join(coordinates[:SHOWN]) + more


def _fill_merged(name: str, merged: Sequence[CellRange], rows: Rows) -> list[str]:
    """Give every row that a merged cell spans its value, if the row holds something itself."""
    filled = []
    numbers = [number for number, _ in rows]
    for place in merged:
        column = place.min_col
        area = rows[bisect_left(numbers, place.min_row) : bisect_right(numbers, place.max_row)]
        if not area or area[0][0] != place.min_row or len(area[0][1]) < column:
            continue  # Nothing is in it.
        value = area[0][1][column - 1]
        for _, cells in area[1:]:
            cells.extend([""] * (column - len(cells)))
            cells[column - 1] = value
        if value and place.max_row > place.min_row:
            filled.append(place.coord)
    if not filled:
        return []
    return [
        f"{name}: the values of merged cells ({_some(sorted(filled))}) were taken"
        " for every row that they span."
    ]


def _text(cell: Cell | MergedCell) -> str:
    value: object = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number_text(value, cell.number_format or "")
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return (value.date() if midnight else value).isoformat()
    return str(value)


def _number_text(value: int | float, shape: str) -> str:
    """Write a number as Excel shows it in that format, without its rounding."""
    if "%" in _SHOWN_AS_IS.sub("", shape):
        return f"{100 * value:.15g}%"
    if isinstance(value, float):
        return f"{value:.15g}"  # 0.3 and not 0.30000000000000004.
    # Identifiers such as 007 are numbers with a format of zeros.
    is_padded = value >= 0 and re.fullmatch("00+", shape)
    return f"{value:0{len(shape)}d}" if is_padded else str(value)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
