"""``bv5 report``: pictures and report of a case that was measured before."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..case.files import read_case
from ..imaging.errors import AnalysisError
from ..imaging.progress import Progress, Step
from ..imaging.reading import scan_reader
from .progress import shown_progress
from .requirements import check_requirements
from .stopping import end_with_stdin, stop_at_once, stop_in_order

REPORT = "report.html"


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
        report_into_folder(
            options.case,
            options.ct,
            progress,
            series=options.series,
            overwrite=options.overwrite,
            same_scan=not options.checked_scan,
        )
    if options.progress != "json":
        print(f"Report:     {options.case / REPORT}")


def report_into_folder(
    folder: Path,
    ct: Path,
    progress: Progress,
    series: str | None = None,
    overwrite: bool = False,
    same_scan: bool = True,
) -> None:
    """Draw the report of a case, and write it into the case's folder.

    Parameters
    ----------
    folder : pathlib.Path
        The case, as ``bv5 analyze`` wrote it.
    ct : pathlib.Path
        Its scan.
    progress : callable
        Called with step and fraction; the last fraction is 1, after the files are in place.
    series : str, optional
        UID or number of the series, for a folder of several.
    overwrite : bool
        Replace a report that is there.
    same_scan : bool
        Refuse a scan with other voxels than the one that was measured; else one of the same
        geometry will do.

    Raises
    ------
    AnalysisError
        One of them cannot be read, they do not belong together, or the report cannot be written.
        The folder is then as before.
    """
    with stop_at_once():
        check_requirements(report=True, scene=False, instead="")
        progress(Step.READING, 0.0)
        case = read_case(folder)
        if (folder / REPORT).exists() and not overwrite:
            raise AnalysisError(
                f"{folder.name} has a report already; give --overwrite to draw it again."
            )
        scan = scan_reader.read_scan(ct, series=series)
        if not scan.volume.grid.matches(case.grid):
            raise AnalysisError(
                f"{ct.name} does not have the voxels of the scan that {folder.name} was measured"
                " in; give that scan."
            )
        if same_scan and scan.sha256 != case.sha256:
            raise AnalysisError(
                f"{ct.name} is another scan than the one that {folder.name} was measured in, of"
                " the same geometry; give that scan."
            )
        progress(Step.DRAWING, 0.2)
        from ..scene.case.documents import case_documents

        documents = case_documents(case, scan.volume)
    progress(Step.WRITING, 0.95)
    with stop_in_order():
        _put(folder, documents)
    progress(Step.DONE, 1.0)


def _put(folder: Path, documents: dict[str, bytes]) -> None:
    """Write all files beside their places, then put them there, the report last."""
    partial = {folder / f".{name}.partial": folder / name for name in documents}
    try:
        for path, content in zip(partial, documents.values(), strict=True):
            path.write_bytes(content)
        for path in sorted(partial, key=lambda path: partial[path].name == REPORT):
            path.replace(partial[path])
    except OSError as error:
        raise AnalysisError(
            f"The report cannot be written into {folder.name} ({error.strerror}); make room there,"
            " or give a copy of the folder that can be written."
        ) from error
    finally:
        for path in partial:
            path.unlink(missing_ok=True)
