"""Files of a batch's folder beside its table of measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...imaging.errors import AnalysisError
from ..formulas import unguard
from ..texts import counted, listed
from ..values import Exclusion
from .clinical import clean_name
from .delimited import delimited_rows
from .spreadsheet import Sheet

BATCH = "batch.json"
MEASUREMENTS = "measurements.csv"

Rows = list[tuple[str, ...]]


def is_of_batch(path: Path) -> bool:
    """Whether a table is the one of a batch."""
    return path.name == MEASUREMENTS and (path.parent / BATCH).is_file()


def case_name(cell: str) -> str:
    """Name of a case from a cell of a table that BV5 Analysis wrote."""
    return clean_name(unguard(cell))


def not_measured(folder: Path, measured: set[str]) -> list[Exclusion]:
    """Cases of a batch that have no measurements, and why.

    Parameters
    ----------
    folder : pathlib.Path
        Output of the batch.
    measured : set of str
        Cases that have some.

    Raises
    ------
    AnalysisError
        A table of the batch cannot be read.
    """
    reasons = _by_case(folder / "failures.csv", "reason")
    # What was passed over has no case.
    missing = sorted({*reasons, *_by_case(folder / "cases.csv", "case")} - measured - {""})
    return [
        Exclusion(case, f"failed: {reasons[case]}" if reasons.get(case) else "not finished")
        for case in missing
    ]


def with_own_tables(sheet: Sheet, folder: Path, case: int, region: int) -> Sheet:
    """Take the rows of each case's own table, where it has one in the batch's folder.

    A review, and what was computed anew in 3D Slicer, is written there, and not into the table of
    the batch.

    Parameters
    ----------
    sheet : Sheet
        Measurements of the batch.
    folder : pathlib.Path
        Output of the batch.
    case, region : int
        Columns of the sheet.

    Returns
    -------
    Sheet
        With a note on the cases whose rows differ, and one on tables that cannot be read.
    """
    rows_of: dict[str, list[int]] = {}
    for row, cells in enumerate(sheet.rows):
        rows_of.setdefault(cells[case], []).append(row)
    titles = [title.strip().casefold() for title in sheet.header]
    rows, numbers = list[tuple[str, ...]](), list[int]()
    changed, unreadable = [], []
    for cell, places in rows_of.items():
        former = [sheet.rows[row] for row in places]
        own: Rows | None = None
        name = unguard(cell)
        if name and not set(name) & set("/\\:") and name not in {".", ".."}:
            try:
                own = _own_rows(folder / name / MEASUREMENTS, titles, cell)
            except (AnalysisError, OSError):
                unreadable.append(name)
        if own and not _same(former, own, region):
            changed.append(name)
        else:
            own = former
        rows += own
        # Rows of another file are numbered by the case's first row here.
        numbers += (
            [sheet.numbers[row] for row in places]
            if own is former
            else [sheet.numbers[places[0]]] * len(own)
        )
    notes = []
    if changed:
        notes.append(
            f"{counted(len(changed), 'case')} {'was' if len(changed) == 1 else 'were'} reviewed or"
            f" measured again after the batch: what counts is {MEASUREMENTS} in the case's folder,"
            f" which differs from that of the batch: {listed(changed)}."
        )
    if unreadable:
        notes.append(
            f"{MEASUREMENTS} in the folders of {counted(len(unreadable), 'case')} cannot be read,"
            f" so that what the batch wrote counts: {listed(unreadable)}."
        )
    return replace(sheet, rows=tuple(rows), numbers=tuple(numbers), notes=(*sheet.notes, *notes))


def _own_rows(path: Path, titles: Sequence[str], cell: str) -> Rows | None:
    """Rows of a case's own table in the order of `titles`; None if there is no such table."""
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    header, *rows = _table(f"{MEASUREMENTS} of {path.parent.name}", content)
    places = {title.strip().casefold(): i for i, title in enumerate(header)}
    if "region" not in places or not rows:
        raise AnalysisError(f"{MEASUREMENTS} of {path.parent.name} is no table of measurements.")
    order = [places.get(title, -1) for title in titles]
    found = [
        tuple(row[i].strip() if 0 <= i < len(row) else "" for i in order)
        for row in rows
        if any(row)
    ]
    case = titles.index("case")
    return [(*row[:case], cell, *row[case + 1 :]) for row in found]


def _table(name: str, content: bytes) -> list[list[str]]:
    # As BV5 Analysis writes it: a fast way, as there are thousands of them.
    if content.startswith(b"case,region,") and b'"' not in content:
        try:
            return [line.split(",") for line in content.decode("utf-8").splitlines()]
        except UnicodeDecodeError:
            pass
    return [cells for _, cells in delimited_rows(name, content)[0]]


def _same(former: Sequence[tuple[str, ...]], own: Rows, region: int) -> bool:
    """Whether all cells mean the same, whatever program saved them; rows may change places."""
    if len(former) != len(own):
        return False
    pairs = zip(*(sorted(rows, key=lambda row: row[region]) for rows in (former, own)), strict=True)
    return all(one == other or all(map(_equal, one, other)) for one, other in pairs)


def _equal(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return float(one.replace(",", ".")) == float(other.replace(",", "."))
    except ValueError:
        return False


def _by_case(path: Path, column: str) -> dict[str, str]:
    """Read a column by case, of a table that the batch wrote; empty if there is no such table."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        reason = error.strerror or error
        raise AnalysisError(f"{path.name} of the batch cannot be read ({reason}).") from error
    header, *rows = [cells for _, cells in delimited_rows(path.name, content)[0]] or [[]]
    titles = [title.strip().casefold() for title in header]
    for title in ("case", column):
        if title not in titles:
            raise AnalysisError(
                f"{path.name} beside the measurements has no column {title!r}, which the batch"
                " wrote; put it right, or run bv5 batch again with --resume, which writes it anew."
            )
    case, wanted = titles.index("case"), titles.index(column)
    return {
        case_name(row[case].strip()): row[wanted].strip()
        for row in rows
        if len(row) > max(case, wanted)
    }


__all__ = ["case_name", "is_of_batch", "not_measured", "with_own_tables"]
