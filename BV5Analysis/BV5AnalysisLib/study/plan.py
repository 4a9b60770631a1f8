"""What a batch is going to measure: cases from a manifest or from a folder of anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..imaging.dicomheaders import read_header
from ..imaging.errors import AnalysisError
from ..imaging.imagefiles import is_image_file
from ..imaging.progress import Progress
from .batchcase import BatchCase


@dataclass(frozen=True)
class PassedOver:
    """Something that was found and is not measured.

    Attributes
    ----------
    what : str
        Its path within the folder that was searched, or how many of what.
    reason : str
        Why not, one line.
    """

    what: str
    reason: str


@dataclass(frozen=True)
class CaseIdentity:
    """Who a case is; only gathered when asked for.

    Attributes
    ----------
    case : str
        Name of the case.
    patient_name, patient_id, birth_date : str
        As in the DICOM header, empty where it has none.
    source : str
        Path of the scan.
    """

    case: str
    patient_name: str
    patient_id: str
    birth_date: str
    source: str


@dataclass(frozen=True)
class Plan:
    """Cases to measure.

    Attributes
    ----------
    cases : tuple of BatchCase
        In the order of tables; names are unique, also ignoring case.
    passed_over : tuple of PassedOver
        What was found besides and is not measured.
    identifiers : tuple of CaseIdentity
        One a case if they were asked for, else empty.
    notes : tuple of str
        What the user should know of the plan, one line each.
    """

    cases: tuple[BatchCase, ...]
    passed_over: tuple[PassedOver, ...] = ()
    identifiers: tuple[CaseIdentity, ...] = ()
    notes: tuple[str, ...] = ()


def plan_batch(
    source: Path,
    output: Path,
    *,
    keep_identifiers: bool = False,
    mapper: Callable = map,
    progress: Progress | None = None,
) -> Plan:
    """Find the scans of a manifest or of a folder tree."""
    if not source.is_dir():
        raise AnalysisError(f"There is no folder {source}; check the path.")
    cases = []
    for path in sorted(source.rglob("*")):
        if path.is_file() and is_image_file(path) and not path.name.endswith(".seg.nrrd"):
            cases.append(BatchCase(path.name.split(".")[0], (path,)))
        elif path.is_dir():
            first = next((each for each in sorted(path.iterdir()) if each.is_file()), None)
            header = first and not is_image_file(first) and read_header(first)
            if header:
                cases.append(BatchCase(path.name, (path,), header.series_uid))
    return Plan(tuple(cases))
