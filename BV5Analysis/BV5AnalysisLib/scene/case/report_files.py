"""A case of the scene as files for `bv5 report`, which then draws beside Slicer."""

from __future__ import annotations

from pathlib import Path

from ...case.files import write_case
from ...case.folder import RESULT, check_output, output_folder
from ...case.nrrd import write_nrrd
from ..nodes.outcome import Outcome
from .exporting import scan_for_report, up_to_date_case

CASE, CT = "case", "ct.nrrd"


def stage_report(outcome: Outcome, staging: Path) -> list[str]:
    """Write what the drawing of a report takes.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case, with its CT.
    staging : pathlib.Path
        Existing empty folder.

    Returns
    -------
    list of str
        Arguments of ``bv5 report``.

    Raises
    ------
    AnalysisError
        Nodes were deleted that it takes, or were edited since the numbers were made.
    OSError
        A file cannot be written.
    """
    case = up_to_date_case(outcome, need_volume=True)
    scan = scan_for_report(outcome, case.name)
    folder = staging / CASE
    folder.mkdir()
    write_case(folder, case)
    write_nrrd(staging / CT, scan.array, scan.grid)
    return [str(folder), str(staging / CT), "--checked-scan"]


def check_report_folder(folder: Path, overwrite: bool) -> None:
    """Refuse, before the work, a folder that could not be written in the end."""
    check_output(folder, RESULT, overwrite)


def place_report(staging: Path, folder: Path, overwrite: bool) -> Path:
    """Put what was drawn where the user wants it.

    Parameters
    ----------
    staging : pathlib.Path
        As `stage_report` and ``bv5 report`` left it.
    folder : pathlib.Path
        The case's folder, which appears complete or not at all.
    overwrite : bool
        Replace a folder of a case that is there.

    Returns
    -------
    pathlib.Path
        ``report.html`` in the folder.

    Raises
    ------
    AnalysisError
        The folder may not be replaced, or cannot be written.
    """
    with output_folder(folder, RESULT, overwrite) as partial:
        for file in sorted((staging / CASE).iterdir()):
            (partial / file.name).write_bytes(file.read_bytes())
    return folder / "report.html"
