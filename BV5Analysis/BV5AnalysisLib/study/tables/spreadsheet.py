"""Tables of users: comma-separated values and Excel workbooks, as cells of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...imaging.errors import AnalysisError
from ..texts import listed
from .delimited import delimited_rows
from .workbook import workbook_rows

LARGEST_BYTES = 512 * 2**20
HEADER_WITHIN = 20
"""Rows among which the header is looked for: titles and blank rows may come before it."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Sheet:
    """A table: a header, and rows of as many cells.

    Attributes
    ----------
    name : str
        Of the file, for messages.
    header : tuple of str
        Titles of the columns, empty for one without.
    rows : tuple of tuple of str
        Cells without spaces around; rows without any content are left out.
    numbers : tuple of int
        Of each row in the file, from 1.
    notes : tuple of str
        Notes for the reader on how it was read.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    notes: tuple[str, ...] = ()

    def column(self, index: int) -> list[str]:
        """Cells of a column."""
        return [row[index] for row in self.rows]


def read_sheet(path: Path, sheet: str = "") -> Sheet:
    """Read a table, whatever program wrote it.

    Parameters
    ----------
    path : pathlib.Path
        Text with any of the usual delimiters and encodings, or a workbook (.xlsx, .xlsm);
        recognized by content and not by name.
    sheet : str
        Sheet of a workbook, the first one that is not hidden by default.

    Returns
    -------
    Sheet
        The header is the first row that fills most of the columns.

    Raises
    ------
    AnalysisError
        It cannot be read, is no table, or has no row below its header.
    """
    content = _content(path)
    if content.startswith(_OLE):
        raise AnalysisError(
            f"{path.name} is an old or password-protected Excel file; save it as .xlsx without"
            " password, or as CSV."
        )
    if content.startswith(_ZIP):
        rows, notes = workbook_rows(path.name, content, sheet)
        return _sheet(path.name, rows, notes, has_cells=True)
    if sheet:
        raise AnalysisError(f"{path.name} is no workbook and has no sheet {sheet!r}.")
    rows, notes = delimited_rows(path.name, content)
    return _sheet(path.name, rows, notes)


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise AnalysisError(
                f"{path.name} has {size // 2**20} MB, too many for a table; give another file."
            )
        content = path.read_bytes()
    except IsADirectoryError as error:
        raise AnalysisError(f"{path.name} is a folder; give a file.") from error
    except OSError as error:
        if path.is_dir():  # Windows calls it a lack of permission.
            raise AnalysisError(f"{path.name} is a folder; give a file.") from error
        reason = error.strerror or error
        raise AnalysisError(f"{path.name} cannot be read ({reason}); check its path.") from error
    except ValueError as error:  # An invalid path.
        raise AnalysisError(f"A table's path cannot be used ({error}).") from error
    if not content.strip():
        raise AnalysisError(f"{path.name} is empty; give a table with a header and rows.")
    return content


def _sheet(
    name: str,
    rows: Sequence[tuple[int, Sequence[str]]],
    notes: Sequence[str],
    has_cells: bool = False,
) -> Sheet:
    """Find the header; `has_cells` where no delimiters can put cells into wrong columns."""
    stripped = ((number, tuple(map(str.strip, cells))) for number, cells in rows)
    filled = [(number, cells) for number, cells in stripped if any(cells)]
    if not filled:
        raise AnalysisError(f"{name} is empty; give a table with a header and rows.")
    first = _header_index([cells for _, cells in filled[:HEADER_WITHIN]])
    header_number, titles = filled[first]
    numbers = tuple(number for number, _ in filled[first + 1 :])
    body = [cells for _, cells in filled[first + 1 :]]
    if not body:
        raise AnalysisError(f"{name} has no row below its header.")
    width = len(_without_empty_end(titles))
    if has_cells:
        width = max(width, *map(len, body))
    else:
        _check_width(name, width, numbers, body)
    header = tuple(" ".join(title.split()) for title in _of_width(titles, width))
    notes = list(notes)
    if first:
        notes.append(f"{name}: the header was found in row {header_number}.")
    notes += _untitled_note(name, header, body)
    return Sheet(
        name, header, tuple(_of_width(cells, width) for cells in body), numbers, tuple(notes)
    )


def _without_empty_end(cells: tuple[str, ...]) -> tuple[str, ...]:
    last = max((i for i, cell in enumerate(cells) if cell), default=-1)
    return cells[: last + 1]


def _of_width(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return (*cells[:width], *("",) * (width - len(cells)))


def _check_width(
    name: str, width: int, numbers: Sequence[int], rows: Sequence[Sequence[str]]
) -> None:
    """Refuse rows with cells beyond the header."""
    for number, cells in zip(numbers, rows, strict=True):
        if any(cells[width:]):
            raise AnalysisError(
                f"{name} has more cells in row {number} than titles in its header; where commas"
                " divide cells, numbers with a decimal comma need quotation marks."
            )


def _untitled_note(name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Note on columns with content and no title."""
    untitled = [i for i, title in enumerate(header) if not title]
    found = [i + 1 for i in untitled if any(cells[i : i + 1] not in {(), ("",)} for cells in rows)]
    if not found:
        return []
    if len(found) == 1:
        note = f"{name}: column {found[0]} has no title and was not used"
    else:
        note = f"{name}: columns {listed(found)} have no titles and were not used"
    return [f"{note}; a merged title is that of its first column."]


def _header_index(rows: Sequence[Sequence[str]]) -> int:
    """First row with more than half as many cells as the fullest one: what is before is a title."""
    counts = [sum(map(bool, cells)) for cells in rows]
    return next(i for i, count in enumerate(counts) if 2 * count > max(counts))
