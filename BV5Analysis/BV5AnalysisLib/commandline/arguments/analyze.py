"""Arguments of ``bv5 analyze``, and of ``bv5 report`` for what it left out."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from ...study.option_kinds import PATH, SWITCH, TEXT
from ...study.options import option
from .common import Commands, add_end_with_stdin, add_output, long_work_options, path
from .declared import add_options


@dataclass(frozen=True)
class Job:
    """What to measure and what to write; the paths are as the user gave them."""

    ct: Path
    output: Path
    series: str | None = option(
        None,
        TEXT,
        "--series",
        "UID or number of the series, for a folder of several",
        metavar="UID",
    )
    lungs: Path | None = option(
        None, PATH, "--lungs", "lungs to use, instead of finding them", metavar="MASK"
    )
    regions: Path | None = option(
        None, PATH, "--regions", "regions, such as lobes, to measure apart", metavar="SEG"
    )
    parameters: Path | None = option(
        None, PATH, "--parameters", "JSON object of names and values", metavar="FILE"
    )
    reference: Path | None = option(
        None, PATH, "--reference", "healthy people to compare with, of bv5 cohort", metavar="FILE"
    )
    case: str | None = option(
        None, TEXT, "--case", "name in the outputs, that of OUT by default", metavar="NAME"
    )
    acquisition: Path | None = option(
        None,
        PATH,
        "--acquisition",
        "JSON object of what the DICOM header said, for an image file",
        metavar="FILE",
    )
    report: bool = option(True, SWITCH, "--no-report", "no report and no pictures")
    scene: bool = option(False, SWITCH, "--scene", "also scene.mrb for 3D Slicer")
    overwrite: bool = False


def add_analyze(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 analyze``."""
    analyze = commands.add_parser(
        "analyze", parents=[shared], help="measure one scan", description="Measure one chest CT."
    )
    analyze.add_argument(
        "ct", type=path, metavar="CT", help="DICOM folder, or .nrrd/.nii/.nii.gz/.mha/.mhd file"
    )
    add_output(analyze)
    add_options(analyze, Job)
    add_end_with_stdin(analyze)


def add_report(commands: Commands, _shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 report``."""
    report = commands.add_parser(
        "report",
        parents=[long_work_options()],
        help="draw the report of a case that was analyzed without one",
        description="Draw the pictures and the report of a case into its folder, which"
        " `bv5 analyze --no-report` wrote; nothing is measured again.",
    )
    report.add_argument("case", type=path, metavar="CASE", help="folder of the case")
    report.add_argument("ct", type=path, metavar="CT", help="the scan that was analyzed")
    report.add_argument("--series", metavar="UID", help="UID or number, for a folder of several")
    report.add_argument(
        "--overwrite", action="store_true", help="replace a report that the folder has"
    )
    # Slicer's scene has checked which CT its case has.
    report.add_argument("--checked-scan", action="store_true", help=argparse.SUPPRESS)
    add_end_with_stdin(report, shown=False)
