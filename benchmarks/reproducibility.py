"""How far numbers of one chest differ when it is imaged again: writes reproducibility.md.

Run by ``make benchmark-reproducibility``. A phantom is imaged again with other noise, shifted,
turned, by other kernels, slices and doses and with less air; real scans are read again mirrored,
turned, cut, brighter, noisier, in thicker slices and from another file.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anatomy import seeds
from processes import answered
from repeated_scans.conditions import base_spec, conditions, quick
from repeated_scans.images import Image, images_of
from repeated_scans.phantom_tables import phantom_report
from repeated_scans.scan_conditions import asked_of_a_scan
from repeated_scans.scan_tables import scan_report
from resuming import HERE, IMAGING, OUT, Notes
from scans import at_least_one, folder_exists, machine, scans

REPORT = HERE / "reproducibility.md"
USUAL_SEEDS = range(3)
QUICK_SEEDS = range(1)
QUICK_SCALE = 0.45
LIMIT_SECONDS = 3600.0

PHANTOM_CODE = (
    IMAGING,
    HERE / "todays_ways",
    HERE / "chest_phantoms" / "measuring.py",
    HERE / "repeated_scans" / "one_phantom.py",
)
SCAN_CODE = (
    IMAGING,
    HERE / "scan_changes",
    HERE / "invariance.py",
    HERE / "repeated_scans" / "scan_conditions.py",
    HERE / "repeated_scans" / "one_scan.py",
)
"""What the answers depend on."""


def measured_phantoms(options: argparse.Namespace) -> list[Image]:
    """Measure each anatomy under each condition."""
    scale = QUICK_SCALE if options.quick else options.scale
    listed = quick(conditions(scale)) if options.quick else conditions(scale)
    anatomies = options.seeds or (QUICK_SEEDS if options.quick else USUAL_SEEDS)
    asked = [(seed, condition) for seed in anatomies for condition in listed]
    jobs = []
    for seed, condition in asked:
        job = {"spec": condition.spec(base_spec(seed, scale)).to_dict()}
        jobs.append((job, job))
    notes = Notes(OUT / "reproducibility_phantoms.jsonl", PHANTOM_CODE, resume=options.resume)
    found = _answered("repeated_scans.one_phantom", jobs, notes, options)
    return images_of(asked, found)


def measured_scans(options: argparse.Namespace) -> dict[str, dict[str, dict[str, Any]]]:
    """Answers by scan, then by change."""
    paths = [] if options.quick else options.scans or scans()
    jobs = [
        ({"scan": path.name, "change": name}, {"path": str(path), "change": name})
        for path in paths
        for name in asked_of_a_scan()
    ]
    notes = Notes(OUT / "reproducibility_scans.jsonl", SCAN_CODE, resume=options.resume)
    found = _answered("repeated_scans.one_scan", jobs, notes, options)
    known: dict[str, dict[str, dict[str, Any]]] = {}
    for (question, _), answer in zip(jobs, found, strict=True):
        known.setdefault(question["scan"], {})[question["change"]] = answer
    return known


def _answered(module: str, jobs: list, notes: Notes, options: argparse.Namespace) -> list:
    if options.known_only:
        missing = {"broken": "not measured in this run"}
        return [notes.answer(question) or missing for question, _ in jobs]
    return answered(module, jobs, notes, processes=options.jobs, limit_seconds=LIMIT_SECONDS)


def size_note(scale: float) -> str:
    """Say what it means that chests are no adult's; empty if they are."""
    if scale == 1:
        return ""
    return (
        f"**Chests of scale {scale:g}, {scale**3:.0%} of an adult's volume.** Errors that differ"
        " from vessel to vessel average out over fewer: spreads in points and % may be some"
        f" {scale**-1.5:.1f} times an adult's. Few vessels are wide.\n"
    )


def report(options: argparse.Namespace) -> str:
    """All sections; Markdown."""
    command = " ".join(["python benchmarks/reproducibility.py", *_told(sys.argv[1:])])
    images = measured_phantoms(options)
    known = measured_scans(options)
    why_none = "left out by `--quick`" if options.quick else "`BV5_SCANS` names a folder with them"
    parts = [
        "# Reproducibility\n",
        f"`{command}`, {datetime.date.today()}, {machine()}.\n",
        size_note(QUICK_SCALE if options.quick else options.scale),
        phantom_report(images),
        scan_report(known, why_none),
    ]
    return "\n".join(part for part in parts if part)


def _told(arguments: Sequence[str]) -> list[str]:
    """Arguments without the paths of this machine."""
    return [Path(each).name if os.sep in each else each for each in arguments]


def main() -> None:
    """Measure phantoms and scans, print the tables and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=seeds, help="range of anatomies, such as 0-2")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the chests, 1 for adults")
    parser.add_argument(
        "--scan", dest="scans", type=Path, action="append", help="in place of those at hand"
    )
    parser.add_argument("--quick", action="store_true", help="a small cut, and no file")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    parser.add_argument(
        "--known-only", action="store_true", help="with --resume: tables of what is measured so far"
    )
    parser.add_argument("--jobs", type=at_least_one, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--output",
        type=folder_exists,
        help="file to write; reproducibility.md unless quick if not given",
    )
    options = parser.parse_args()
    if options.known_only and not options.resume:
        parser.error("--known-only needs --resume: without it nothing is known yet")
    text = report(options)
    sys.stdout.write(text)
    output = options.output or (None if options.quick else REPORT)
    if output is not None:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
