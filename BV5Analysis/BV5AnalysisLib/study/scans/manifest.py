"""A manifest: the list of cases that a user wants measured."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...imaging.errors import AnalysisError
from ...imaging.reading.image_files import is_image_file
from ..tables.delimited import delimited_rows
from ..texts import LONGEST_REASON, listed
from .case_names import folded, problem_of_name

COLUMNS = ("case", "path", "lungs", "regions")
_NEEDED = 2
_SHOWN_ROWS = 5
_PACKED = b"PK\x03\x04"
_DICOM_MARK_AT = 128
_MOST_BYTES = 64 * 2**20
"""Some hundred thousand rows."""
_WHAT_TO_GIVE = "give its folder, or a manifest: a CSV file with the columns case and path"


@dataclass(frozen=True)
class ManifestRow:
    """One case as it was listed.

    Attributes
    ----------
    line : int
        Of the file, counted from 1.
    case : str
        Name.
    path : pathlib.Path
        Of the scan, absolute or from where the manifest is.
    lungs, regions : pathlib.Path or None
        Of masks, likewise.
    """

    line: int
    case: str
    path: Path
    lungs: Path | None = None
    regions: Path | None = None


@dataclass(frozen=True)
class Manifest:
    """All cases of a file.

    Attributes
    ----------
    name : str
        Of the file.
    rows : tuple of ManifestRow
        In the file's order.
    notes : tuple of str
        What the user should know of it, one line each.
    folder : pathlib.Path
        Where it is, absolute.
    """

    name: str
    rows: tuple[ManifestRow, ...]
    notes: tuple[str, ...] = ()
    folder: Path = Path()


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    A text file with the columns ``case`` and ``path``, and ``lungs`` and ``regions`` if masks are
    to be used, in any order and letter case, parted by commas, semicolons, tabs or bars. It is in
    UTF-8, UTF-16 or, as older spreadsheets write it, Windows-1252. Paths are from where the
    manifest is, or absolute.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    Manifest
        Names of cases are unique and can be names of folders; whether the paths exist is not
        looked at.

    Raises
    ------
    AnalysisError
        The file cannot be read, is no such table, or rows of it are wrong, which are named.
    """
    content = _content(path)
    rows_of_file, notes = delimited_rows(f"Manifest {path.name}", content, "a CSV file")
    table = [(line, [cell.strip() for cell in cells]) for line, cells in rows_of_file]
    table = [(line, cells) for line, cells in table if any(cells)]
    if not table:
        raise AnalysisError(f"Manifest {path.name} has only empty cells; list cases in it.")
    titles, places = _columns(path, table)
    base = Path(os.path.abspath(path.parent))  # noqa: PTH100  links stay as they are
    rows, problems = _rows(table[1:], titles, places, base)
    if problems:
        raise AnalysisError(
            f"Manifest {path.name}: {listed(problems, _SHOWN_ROWS, LONGEST_REASON)}; correct it."
        )
    if not rows:
        raise AnalysisError(f"Manifest {path.name} lists no case; add a row a case.")
    unused = [title for place, title in enumerate(titles) if title and place not in places]
    if unused:
        notes.append(f"Manifest {path.name}: not used are the columns {listed(unused)}.")
    return Manifest(path.name, tuple(rows), (*notes, *_note_on_twice(rows)), base)


def _content(path: Path) -> bytes:
    if is_image_file(path):
        raise AnalysisError(f"{path.name} is an image file; {_WHAT_TO_GIVE}.")
    try:
        # Looked at before it is opened: a pipe would be waited for.
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise AnalysisError(f"{path.name} is neither file nor folder; {_WHAT_TO_GIVE}.")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise AnalysisError(
            f"Manifest {path} cannot be read ({error.strerror}); check its path."
        ) from error
    if len(content) > _MOST_BYTES:
        raise AnalysisError(f"{path.name} is too large for a manifest; {_WHAT_TO_GIVE}.")
    if content[_DICOM_MARK_AT:].startswith(b"DICM"):
        raise AnalysisError(f"{path.name} is a DICOM file; {_WHAT_TO_GIVE}.")
    if not content.strip():
        raise AnalysisError(
            f"Manifest {path.name} is empty; list cases in it, with columns case and path."
        )
    if content.startswith(_PACKED):
        raise AnalysisError(
            f"Manifest {path.name} is a workbook or archive; save it as CSV (UTF-8)."
        )
    return content


def _columns(path: Path, table: Sequence[tuple[int, list[str]]]) -> tuple[list[str], list[int]]:
    """Titles, and the places of `COLUMNS`; a column that is not there is beyond the last."""
    titles = table[0][1]
    known = [title.casefold() for title in titles]
    missing = [column for column in COLUMNS[:_NEEDED] if column not in known]
    if missing:
        raise AnalysisError(
            f"Manifest {path.name} has no column {' and no '.join(missing)} in its first row"
            f" ({', '.join(titles[:_SHOWN_ROWS])}); its columns are case, path and, if masks are"
            " given, lungs, regions."
        )
    twice = [column for column in COLUMNS if known.count(column) > 1]
    if twice:
        raise AnalysisError(
            f"Manifest {path.name} has the column {twice[0]} more than once; keep one."
        )
    return titles, [known.index(column) if column in known else 10**6 for column in COLUMNS]


def _rows(
    table: Sequence[tuple[int, list[str]]], titles: list[str], places: list[int], base: Path
) -> tuple[list[ManifestRow], list[str]]:
    """Rows that can be used, and what is wrong with the others."""
    rows: list[ManifestRow] = []
    problems: list[str] = []
    lines: dict[str, int] = {}
    for line, cells in table:
        values = [cells[place] if place < len(cells) else "" for place in places]
        if any(cells[len(titles) :]):
            problem = (
                f"has {len(cells)} cells under {len(titles)} titles (put a path with commas in"
                " quotes)"
            )
        else:
            problem = _problem(values, lines)
        if problem:
            problems.append(f"row {line} {problem}")
            continue
        case, path, *masks = values
        lines[folded(case)] = line
        lungs, regions = (_path(base, text) for text in masks)
        rows.append(ManifestRow(line, case, _path(base, path) or base, lungs, regions))
    return rows, problems


def _problem(values: Sequence[str], lines: dict[str, int]) -> str:
    """Say what is wrong with a row; empty if nothing is."""
    case, path = values[:_NEEDED]
    if not case:
        return "has no case"
    if not path:
        return f"({case}) has no path"
    problem = problem_of_name(case)
    if problem:
        return f"has a case name that {problem}: {case[:40]!a}"
    if folded(case) in lines:
        return f"names case {case} again, after row {lines[folded(case)]}"
    return "has a path that is none" if any("\0" in value for value in values) else ""


def _note_on_twice(rows: Sequence[ManifestRow]) -> tuple[str, ...]:
    """Note on cases that name the same scan."""
    first: dict[Path, str] = {}
    pairs = [(first.setdefault(row.path, row.case), row.case) for row in rows]
    twice = [f"{case} and {other}" for other, case in pairs if other != case]
    return (f"The path is the same for {listed(twice)}.",) if twice else ()


def _path(base: Path, text: str) -> Path | None:
    if not text:
        return None
    path = base / Path(text)
    # Lists from Windows are used elsewhere, too.
    if "\\" in text and os.sep != "\\" and not os.path.lexists(path):
        return base / text.replace("\\", "/")
    return path
