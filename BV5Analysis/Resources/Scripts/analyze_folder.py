"""Example: measure every chest CT of a folder with 3D Slicer, without its window.

    Slicer --no-main-window --python-script analyze_folder.py -- INPUT_FOLDER OUTPUT_FOLDER

Scans are the .nrrd, .nii, .nii.gz, .mha and .mhd files in INPUT_FOLDER, and its subfolders, each
with one DICOM series. For each one OUTPUT_FOLDER gets a folder of the same name, and
OUTPUT_FOLDER/measurements.csv has the measurements of all. Add --report for pictures and reports;
matplotlib and Jinja2 are then installed into Slicer if they are missing. OUTPUT_FOLDER may be
within INPUT_FOLDER: results are not taken for scans.

A scan that cannot be measured is told and does not stop the others. Started again, the script goes
on with the scans that have no result yet. Exit status: 0 all done, 1 some failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import slicer
from BV5AnalysisLib.export.folder import RESULT
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.imagefiles import SUFFIXES

from BV5Analysis import BV5AnalysisLogic, ensureReportPackages


def main(arguments: Sequence[str]) -> int:
    """Measure all scans, and return the exit status."""
    parser = argparse.ArgumentParser(prog="analyze_folder.py", description="Measure a folder.")
    parser.add_argument("scans", type=Path, metavar="INPUT_FOLDER")
    parser.add_argument("results", type=Path, metavar="OUTPUT_FOLDER")
    parser.add_argument("--report", action="store_true", help="pictures and report, too")
    try:
        options = parser.parse_args([each for each in arguments if each != "--"])
    except SystemExit as wrong_usage:  # Slicer would take it for an error of the script.
        return int(wrong_usage.code or 0)
    if not options.scans.is_dir():
        print(f"There is no folder {options.scans}.", file=sys.stderr)
        return 2
    if options.report:
        ensureReportPackages(ask=False)
    scans = scans_in(options.scans, options.results)
    try:
        if scans:
            check_writable(options.results)
    except OSError as error:
        print(f"{options.results} cannot be written ({error.strerror}).", file=sys.stderr)
        return 2
    failed = [
        name
        for name, path in scans.items()
        if not measured(path, name, options.results / name, options.report)
    ]
    write_joined_table(options.results, scans)
    print(f"{len(scans) - len(failed)} of {len(scans)} scans measured.")
    return 1 if failed or not scans else 0


def check_writable(results: Path) -> None:
    """Make the output folder and try it, before the long work; OSError if it cannot be written."""
    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=results):
        pass


def scans_in(folder: Path, results: Path) -> dict[str, Path]:
    """List the scans of a folder by the names of their cases, in order; results are none."""
    scans: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        suffix = next((each for each in SUFFIXES if path.name.lower().endswith(each)), "")
        if path.name.startswith(".") or not (path.is_dir() or suffix):
            continue
        if path.resolve() == results.resolve() or RESULT.holds(path):
            continue
        name = path.name if path.is_dir() else path.name[: -len(suffix)]
        scans[path.name if name in scans else name] = path
    return scans


def measured(path: Path, name: str, folder: Path, report: bool) -> bool:
    """Measure one scan into its folder; tell what goes wrong, and leave the scene as it was."""
    if (folder / "result.json").is_file():
        print(f"{name}: measured before")
        return True
    if folder.exists():
        print(f"{name}: {folder} exists and is no result; move it away.", file=sys.stderr)
        return False
    logic = BV5AnalysisLogic()
    volume = outcome = None
    try:
        volume = logic.loadScan(path, name)
        outcome = logic.analyze(volume)
        if report:
            logic.exportReport(outcome, folder)
        else:
            logic.saveCase(outcome, folder)
    except AnalysisError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return False
    except Exception:  # noqa: BLE001  what no one foresaw must not stop the others either
        print(f"{name}: unexpected error", file=sys.stderr)
        traceback.print_exc()
        return False
    finally:
        if outcome is not None:
            logic.removeCase(outcome)
        if volume is not None:
            slicer.mrmlScene.RemoveNode(volume.GetDisplayNode())
            slicer.mrmlScene.RemoveNode(volume)
    print(f"{name}: done")
    return True


def write_joined_table(results: Path, names: Sequence[str]) -> None:
    """Write the measurements of all cases into one table, whatever version measured them."""
    rows = []
    for name in names:
        table = results / name / "measurements.csv"
        if table.is_file():
            with table.open(encoding="utf-8", newline="") as file:
                rows += csv.DictReader(file)
    if rows:
        columns = dict.fromkeys(column for row in rows for column in row)
        with (results / "measurements.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except Exception as error:  # noqa: BLE001  Slicer would stay open, waiting for nobody
        traceback.print_exc()
        print(error, file=sys.stderr)
        status = 1
    slicer.util.exit(status)
