"""Excel workbooks (.xlsx), read with openpyxl."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from typing import TYPE_CHECKING

from ...imaging.errors import AnalysisError

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

LARGEST_UNPACKED_BYTES = 2**30
SHOWN = 5

Rows = list[tuple[int, list[str]]]


def workbook_rows(name: str, content: bytes, sheet: str = "") -> tuple[Rows, list[str]]:
    """Read a sheet: of formulas the values that were stored with them.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    content : bytes
        The workbook.
    sheet : str
        Title of the sheet, capitals aside; the first one by default.

    Returns
    -------
    rows : list of (int, list of str)
        Row number, from 1, and cells as text; dates as in ISO 8601. A merged cell's value is in
        every row that it spans; across columns it is in the first one only.
    notes : list of str
        What was not as it seems.

    Raises
    ------
    AnalysisError
        It is no workbook, lacks the sheet, or holds formulas without stored values.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise AnalysisError(
            f"{name} is a workbook, which needs openpyxl; install it with"
            ' pip install "bv5-analysis[study]", or save the sheet as CSV.'
        ) from error
    _check_archive(name, content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    except Exception as error:
        raise AnalysisError(
            f"{name} cannot be read as a workbook ({_one_line(error)}); save it again as .xlsx, or"
            " as CSV."
        ) from error
    table = _chosen(name, book.worksheets, sheet)
    _check_formulas(name, content, table)
    notes = []
    if len(book.worksheets) > 1 and not sheet:
        others = ", ".join(each.title for each in book.worksheets if each is not table)
        notes.append(f"{name}: sheet {table.title} was read, and not {others}.")
    rows = [(number, [_text(cell) for cell in cells]) for number, cells in enumerate(table.rows, 1)]
    notes += _fill_merged(name, table, rows)
    return rows, notes


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


def _chosen(name: str, sheets: list[Worksheet], wanted: str) -> Worksheet:
    if not sheets:
        raise AnalysisError(f"{name} has no sheet with cells.")
    if not wanted:
        return sheets[0]
    for sheet in sheets:
        if sheet.title.strip().casefold() == wanted.strip().casefold():
            return sheet
    titles = ", ".join(sheet.title for sheet in sheets)
    raise AnalysisError(f"{name} has no sheet {wanted!r}; it has {titles}.")


def _check_formulas(name: str, content: bytes, table: Worksheet) -> None:
    """Refuse formulas that no program has calculated: their cells would seem to be empty."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [each for each in archive.namelist() if each.startswith("xl/worksheets/")]
        if not any(b"<f" in archive.read(each) for each in sheets):
            return
    import openpyxl

    formulas = openpyxl.load_workbook(io.BytesIO(content))[table.title]
    empty = [
        cell.coordinate
        for row in formulas.iter_rows()
        for cell in row
        if cell.data_type == "f" and table[cell.coordinate].value is None
    ]
    if empty:
        more = f" and {len(empty) - SHOWN} more" if len(empty) > SHOWN else ""
        raise AnalysisError(
            f"{name} has formulas without stored values ({', '.join(empty[:SHOWN])}{more}); open it"
            " in a spreadsheet program, save it, and try again."
        )


def _fill_merged(name: str, table: Worksheet, rows: Rows) -> list[str]:
    """Give every row that a merged cell spans its value."""
    filled = []
    for area in table.merged_cells.ranges:
        column, first = area.min_col - 1, area.min_row - 1
        for row in range(first + 1, area.max_row):
            rows[row][1][column] = rows[first][1][column]
        if area.max_row > area.min_row and rows[first][1][column]:
            filled.append(area.coord)
    if not filled:
        return []
    more = f" and {len(filled) - SHOWN} more" if len(filled) > SHOWN else ""
    return [
        f"{name}: the values of merged cells ({', '.join(sorted(filled)[:SHOWN])}{more}) were taken"
        " for every row that they span."
    ]


def _text(cell: Cell) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}"  # What Excel itself shows: 0.3 and not 0.30000000000000004.
    if isinstance(value, int):
        # Identifiers such as 007 are numbers with a format of zeros.
        zeros = cell.number_format if re.fullmatch("0+", cell.number_format or "") else ""
        return f"{value:0{len(zeros)}d}" if value >= 0 and len(zeros) > 1 else str(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return (value.date() if midnight else value).isoformat()
    return str(value)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
