"""Tables of a batch: they grow while cases finish, and end in the order of the plan."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..study.batchcase import BatchCase
from .batchcases import FinishedCase
from .batchplan import write_whole
from .tables import COLUMNS, safe_cell

FAILURE_COLUMNS = ("case", "reason")
CASE_COLUMNS = ("case", "used", "item", "reason")
IDENTITY_COLUMNS = ("patient_name", "patient_id", "birth_date", "source")


class GrowingTable:
    """A CSV file that rows are added to.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    columns : sequence of str
        Of its header.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path = path
        self._columns = columns
        self._waiting = ""

    def add(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Append rows; OSError if that fails.

        On Windows a file that a spreadsheet shows cannot be written: such rows wait for the next.
        """
        self._waiting += _csv_text(self._columns, rows)
        try:
            with self._path.open("a", encoding="utf-8", errors="replace", newline="") as file:
                file.write(self._waiting)
        except PermissionError:
            return
        self._waiting = ""

    def rewrite(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Replace the whole file by a header and rows; OSError if that fails."""
        header = _csv_text(self._columns, [dict(zip(self._columns, self._columns, strict=True))])
        write_whole(self._path, header + _csv_text(self._columns, rows))
        self._waiting = ""


def measurement_rows(case: FinishedCase) -> list[dict[str, str]]:
    """Rows of ``measurements.csv``, one a region, with the columns that `COLUMNS` names."""
    return [
        {name: _cell(row.get(name) or "") for name in COLUMNS} | {"case": safe_cell(case.name)}
        for row in case.rows
    ]


def failure_row(name: str, problem: str) -> dict[str, str]:
    """Row of ``failures.csv``."""
    return {"case": safe_cell(name), "reason": safe_cell(problem)}


def cases_csv(
    cases: Iterable[BatchCase],
    passed_over: Iterable[tuple[str, str]],
    identities: Mapping[str, Mapping[str, str]] | None,
) -> str:
    """Text of ``cases.csv``: what was found, what of it is measured and why.

    Parameters
    ----------
    cases : iterable of BatchCase
        Of the plan.
    passed_over : iterable of (str, str)
        What is no case: where or what, and why.
    identities : mapping of str to mapping, or None
        `IDENTITY_COLUMNS` by case, where the user asked to keep them; else None.
    """
    columns = CASE_COLUMNS if identities is None else CASE_COLUMNS + IDENTITY_COLUMNS
    rows = [
        {"case": case.name, "used": "no" if case.problem else "yes"}
        | {"reason": case.problem or case.choice}
        | {name: (identities or {}).get(case.name, {}).get(name, "") for name in IDENTITY_COLUMNS}
        for case in cases
    ]
    rows += [{"used": "no", "item": item, "reason": reason} for item, reason in passed_over]
    header = [dict(zip(columns, columns, strict=True))]
    cells = [{name: safe_cell(row.get(name, "")) for name in columns} for row in rows]
    return _csv_text(columns, header + cells)


def _csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, columns, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _cell(text: str) -> str:
    """Cell as it was, but text that someone wrote into the case's own table is made safe."""
    try:
        float(text)
    except ValueError:
        return safe_cell(text)
    return text
