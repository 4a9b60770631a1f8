"""Finished cases of a batch, as tables and the contact sheet need them."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...case.case import Review
from ...case.measurements_csv import (
    COLUMNS,
    DENSITY_FIELDS,
    HILAR_FIELDS,
    MEASUREMENT_FIELDS,
    csv_text,
    safe_cell,
)
from ...case.output_folder import RESULT
from ...case.record import parameters_of
from ...imaging.errors import AnalysisError
from ...imaging.model.finding import Severity
from ...imaging.parameters import Parameters
from ...study.formulas import unguard

SHOWN_FILES = frozenset(
    {
        "report.html",
        "vessels_3d.png",
        "overview.png",
        "vessels_3d_small.jpg",
        "overview_small.jpg",
    }
)

_WAITS_SECONDS = (0.0, 0.5, 2.0)
"""A network file system may show late what another machine wrote."""


@dataclass(frozen=True)
class FinishedCase:
    """What is shown of a measured case.

    Attributes
    ----------
    name : str
        Name of the case.
    table : str
        Its rows of ``measurements.csv``, with the columns of the batch's table and no header.
    values : mapping of str to float or None
        `MEASUREMENT_FIELDS` and `DENSITY_FIELDS` of both lungs; None where there is no number.
    findings : tuple of (Severity, str)
        Text of each quality finding, the worst first.
    withheld : tuple of str
        Why values are not given.
    parameters : Parameters
        As used.
    review, comment : str
        A reader's verdict, empty without one, and what they wrote.
    files : frozenset of str
        Those of `SHOWN_FILES` that it has.
    """

    name: str
    table: str
    values: Mapping[str, float | None]
    findings: tuple[tuple[Severity, str], ...]
    withheld: tuple[str, ...]
    parameters: Parameters
    review: str
    comment: str
    files: frozenset[str]

    @property
    def trusted(self) -> bool:
        """Whether no finding is an error, so that the numbers can be used."""
        return all(severity != Severity.ERROR for severity, _ in self.findings)


def finished_case(
    folder: Path, wait: bool = False, columns: Sequence[str] = COLUMNS
) -> FinishedCase | None:
    """Read the folder of a case.

    Parameters
    ----------
    folder : pathlib.Path
        Folder that ``bv5 analyze`` or a batch may have written.
    wait : bool
        Whether to wait for it a little, as it is known to be there.
    columns : sequence of str
        Of the batch's table.

    Returns
    -------
    FinishedCase or None
        None if it is missing, a link, incomplete or damaged.
    """
    finished = _read(folder, columns)
    for wait_seconds in _WAITS_SECONDS if wait else ():
        if finished:
            break
        time.sleep(wait_seconds)
        os.listdir(folder.parent)  # noqa: PTH208 - makes a network file system look again
        finished = _read(folder, columns)
    return finished


def _read(folder: Path, columns: Sequence[str]) -> FinishedCase | None:
    if leads_elsewhere(folder):
        return None
    try:
        with os.scandir(folder) as entries:
            sizes = {entry.name: entry.stat(follow_symlinks=False).st_size for entry in entries}
        record = json.loads((folder / RESULT.marker).read_text(encoding="utf-8"))
        with (folder / "measurements.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        # After a loss of power a file may be there without its content.
        if (
            record["schema"] != RESULT.schema
            or not rows
            or not all(sizes[name] for name in sizes.keys() & RESULT.names)
        ):
            return None
        table = _table(folder.name, rows, columns)
        return _finished(folder.name, record, table, SHOWN_FILES.intersection(sizes))
    except (AnalysisError, OSError, ValueError, KeyError, TypeError, csv.Error, RecursionError):
        return None


def leads_elsewhere(folder: Path) -> bool:
    """Whether a folder is a link to another place: what lies there is no result of this batch."""
    # Not Path.resolve, which raises RuntimeError for a link to itself before Python 3.13.
    return os.path.dirname(os.path.realpath(folder)) != os.path.realpath(folder.parent)  # noqa: PTH120


def _finished(name: str, record: dict[str, Any], table: str, files: frozenset[str]) -> FinishedCase:
    (both,) = (row for row in record["measurements"] if row["region"] == "both")
    review = Review(**(record.get("review") or {}))
    return FinishedCase(
        name=name,
        table=table,
        values={
            field: _number(both.get(field))
            for field in (*MEASUREMENT_FIELDS, *DENSITY_FIELDS, *HILAR_FIELDS)
        },
        findings=tuple(
            (Severity(finding["severity"]), str(finding["text"])) for finding in record["findings"]
        ),
        withheld=tuple(str(each["reason"]) for each in record.get("withheld", ())),
        parameters=parameters_of(record),
        review=review.status,
        comment=str(review.comment),
        files=files,
    )


def _table(name: str, rows: list[dict[str, str]], columns: Sequence[str]) -> str:
    return csv_text(
        columns,
        (
            {column: _cell(row.get(column) or "") for column in columns} | {"case": safe_cell(name)}
            for row in rows
        ),
    )


def _cell(text: str) -> str:
    """Cell as it was, but text that someone wrote into the case's own table is made safe."""
    try:
        float(text)
    except ValueError:
        return safe_cell(unguard(text))
    return text


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
