"""Tables of a batch: they grow while cases finish, and end in the order of the plan."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ...case.measurements_csv import csv_text, safe_cell
from ...case.whole_files import write_whole
from ...study.batch.batch_case import BatchCase
from ...study.formulas import unguard

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

    def add(self, rows: str) -> None:
        """Append rows of CSV; OSError if that fails.

        On Windows a file that a spreadsheet shows cannot be written: such rows wait for the next.
        """
        self._waiting += rows
        try:
            with self._path.open("a", encoding="utf-8", errors="replace", newline="") as file:
                file.write(self._waiting)
        except PermissionError:
            return
        self._waiting = ""

    def rewrite(self, rows: Iterable[str]) -> None:
        """Replace the whole file by a header and rows of CSV; OSError if that fails."""
        write_whole(self._path, csv_text(self._columns, header=True) + "".join(rows))
        self._waiting = ""


def failure_row(name: str, problem: str) -> str:
    """Row of ``failures.csv``."""
    return csv_text(FAILURE_COLUMNS, [{"case": safe_cell(name), "reason": safe_cell(problem)}])


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
        {"case": case.name}
        | _use_of(case)
        | {name: (identities or {}).get(case.name, {}).get(name, "") for name in IDENTITY_COLUMNS}
        for case in cases
    ]
    rows += [{"used": "no", "item": item, "reason": reason} for item, reason in passed_over]
    cells = ({name: safe_cell(row.get(name, "")) for name in columns} for row in rows)
    return csv_text(columns, cells, header=True)


def renew_cases_csv(
    path: Path,
    cases: Iterable[BatchCase],
    anew: Collection[str],
    passed_over: Sequence[tuple[str, str]],
    identities: Mapping[str, Mapping[str, str]] | None,
) -> None:
    """Bring ``cases.csv`` up to a plan that changed; OSError if that fails.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    cases, passed_over, identities
        As `cases_csv` takes them; where nothing is passed over, what was stays.
    anew : collection of str
        Names of the cases that are not as they were.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns = reader.fieldnames or CASE_COLUMNS
        former = [{key: unguard(value or "") for key, value in row.items()} for row in reader]
    by_name = {row["case"]: row for row in former if row.get("case")}
    rows = []
    for case in cases:
        row = {"case": case.name} | by_name.get(case.name, {})
        if case.name in anew:
            row |= {**_use_of(case), **(identities or {}).get(case.name, {})}
        rows.append(row)
    if passed_over:
        rows += [{"used": "no", "item": item, "reason": reason} for item, reason in passed_over]
    else:
        rows += [row for row in former if not row.get("case")]
    cells = ({name: safe_cell(row.get(name, "")) for name in columns} for row in rows)
    write_whole(path, csv_text(columns, cells, header=True))


def _use_of(case: BatchCase) -> dict[str, str]:
    kind, reason = "", ""
    if case.sources:
        kind = "DICOM series" if case.series_uid else "image file"
        reason = "the only series" if case.series_uid else "a case of its own"
    return {
        "used": "no" if case.problem else "yes",
        "item": f"{kind}, {case.voxels} voxels" if kind and case.voxels else kind,
        "reason": case.problem or case.choice or reason,
    }
