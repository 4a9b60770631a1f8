"""``bv5 report``: pictures and report of a case that was measured before."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..export.case import read_case
from ..imaging import reading
from ..imaging.errors import AnalysisError
from ..imaging.progress import Progress
from .drawing import documents_of
from .progress import shown_progress
from .requirements import check_requirements
from .stopping import end_with_stdin, stop_at_once, stop_in_order


def run(options: argparse.Namespace) -> None:
    """Carry out the command.

    Parameters
    ----------
    options : argparse.Namespace
        As parsed by `BV5AnalysisLib.cli`.
    """
    if options.end_with_stdin:
        end_with_stdin()
    with shown_progress(options.progress) as progress:
        report_into_folder(options.case, options.ct, progress)
    if options.progress != "json":
        print(f"Report:     {options.case / 'report.html'}")


def report_into_folder(folder: Path, ct: Path, progress: Progress) -> None:
    """Draw the report of a case, and write it into the case's folder.

    Parameters
    ----------
    folder : pathlib.Path
        The case, as ``bv5 analyze`` wrote it.
    ct : pathlib.Path
        Its scan.
    progress : callable
        Called with step and fraction; the last fraction is 1, after the files are in place.

    Raises
    ------
    AnalysisError
        One of them cannot be read, they do not belong together, or the report cannot be written.
    """
    check_requirements(report=True, scene=False)
    with stop_at_once():
        progress("reading the scan", 0.0)
        case = read_case(folder)
        volume = reading.read_scan(ct).volume
        if not volume.grid.matches(case.grid):
            raise AnalysisError(
                f"{ct.name} does not have the voxels of the scan that {folder.name} was measured"
                " in; give that scan."
            )
        progress("drawing", 0.2)
        documents = documents_of(case, volume)
    progress("writing files", 0.95)
    with stop_in_order():
        try:
            for name, content in documents.items():
                (folder / name).write_bytes(content)
        except OSError as error:
            raise AnalysisError(
                f"{folder.name} cannot be written ({error.strerror}); give a copy of it that can."
            ) from error
    progress("done", 1.0)
