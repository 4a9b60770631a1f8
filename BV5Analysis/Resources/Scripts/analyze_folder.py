"""Example: measure every chest CT of a folder with 3D Slicer, without its window.

    Slicer --no-main-window --python-script analyze_folder.py -- SCANS RESULTS

SCANS is a folder with scans anywhere in it, DICOM or image files, or a CSV table with the columns
case and path. RESULTS gets a folder a scan, measurements.csv with all of them, failures.csv, and
index.html to look through them. --report adds pictures and reports; matplotlib and Jinja2 are then
installed into Slicer if they are missing. --jobs N measures N scans at a time; by default as many
as cores and memory allow.

A scan that cannot be measured is told and does not stop the others. Started again, the script goes
on with the scans that have no result yet. Exit status: 0 all done, 1 some failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError

from BV5Analysis import BV5AnalysisLogic


def main(arguments: Sequence[str]) -> int:
    """Measure all scans, and return the exit status."""
    parser = argparse.ArgumentParser(prog="analyze_folder.py", description="Measure a folder.")
    parser.add_argument("scans", type=Path, metavar="SCANS")
    parser.add_argument("results", type=Path, metavar="RESULTS")
    parser.add_argument("--report", action="store_true", help="pictures and report, too")
    parser.add_argument("--jobs", type=int, metavar="N", help="scans at a time")
    try:
        options = parser.parse_args([each for each in arguments if each != "--"])
    except SystemExit as wrong_usage:  # Slicer would take it for an error of the script.
        return int(wrong_usage.code or 0)
    if not options.scans.exists():
        print(f"There is no {options.scans}.", file=sys.stderr)
        return 2
    try:
        result = BV5AnalysisLogic().analyzeBatch(
            options.scans,
            options.results,
            show_progress,
            report=options.report,
            resume=True,
            retryFailed=True,
            jobs=options.jobs,
        )
    except AnalysisError as error:
        print(error, file=sys.stderr)
        return 1
    print(result)
    return 1 if result.failed else 0


def show_progress(step: str, fraction: float) -> None:
    """Print a line."""
    print(f"{100 * fraction:3.0f} %  {step}", flush=True)


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except Exception as error:  # noqa: BLE001  Slicer would stay open, waiting for nobody
        traceback.print_exc()
        print(error, file=sys.stderr)
        status = 1
    slicer.util.exit(status)
