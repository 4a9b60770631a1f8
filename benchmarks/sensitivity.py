"""How much each constant of the method moves the result: writes benchmarks/sensitivity.md.

Run by ``make benchmark-sensitivity``. Every constant is made a fifth lower and higher, one at a
time, and a small chest phantom analyzed with it, lungs and all. The constants that move BV5 % most
are moved once more on a real scan, where one is given.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import SimpleITK as sitk
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan
from chest_phantoms.tables import table
from constant_moves.constants import Constant, find_constants
from constant_moves.runs import Answer, Question, ask, both_ways, name_of
from constant_moves.scans import KERNEL, NOISE_HU, NUDGE, write_nudged, write_phantoms
from constant_moves.tables import (
    Effect,
    beside_truth,
    by_room,
    effect_table,
    floor_row,
    for_method,
    largest_first,
    problems,
)
from resuming import HERE, IMAGING, OUT, Notes
from scans import at_least_one, folder_exists, machine

REPORT = HERE / "sensitivity.md"

SHARE = 0.2
NOISE_SEEDS = range(6)
"""The first is the scan that constants are moved on, the others say how much noise moves."""

MOST = 20
"""Constants that are tried on a real scan."""

USUAL_SECONDS = 60.0
"""What one analysis takes at most, before it is known."""

QUICK_STEP = 25
"""Of so many constants one is in a quick run."""


class Trial:
    """Constants moved on one scan.

    Parameters
    ----------
    path : pathlib.Path
        The scan.
    scan : str
        Name that results are kept by.
    notes : Notes
        Where results are kept.
    jobs : int
        Analyses side by side.
    """

    def __init__(self, path: Path, scan: str, notes: Notes, jobs: int) -> None:
        self._path, self._scan, self._notes, self._jobs = path, scan, notes, jobs
        self.usual = self._one(Question(str(path), scan, record=True))
        if self.usual.problem:
            raise SystemExit(f"{scan}: {self.usual.problem}: {self.usual.text}")

    def other(self, path: Path, scan: str) -> Answer:
        """Measure another scan with the constants as they are."""
        return self._one(Question(str(path), scan))

    def effects(self, constants: Sequence[Constant]) -> list[Effect]:
        """Move constants, each lower and higher; those that cannot be moved are left out."""
        asked = {
            constant: ways
            for constant in constants
            if (ways := both_ways(constant, SHARE, self._path, self._scan)) is not None
        }
        questions = [question for ways in asked.values() for question in ways]
        answers = ask(questions, self._notes, self._jobs, self.usual.seconds, _tell)
        return [
            Effect(constant, *(answers[name_of(way)] for way in ways), usual=self.usual)
            for constant, ways in asked.items()
        ]

    def _one(self, question: Question) -> Answer:
        return ask([question], self._notes, 1, USUAL_SECONDS, _tell)[name_of(question)]


def _tell(done: int, count: int) -> None:
    if count > 1:
        print(f"{done} of {count} analyses", file=sys.stderr, flush=True)


def phantom_part(
    constants: Sequence[Constant], notes: Notes, options: argparse.Namespace
) -> tuple[str, list[Effect]]:
    """Move all constants on the small chest."""
    phantom, paths = write_phantoms(OUT / "sensitivity", NOISE_SEEDS)
    trial = Trial(paths[0], "chest 0", notes, options.jobs)
    nudged = write_nudged(sitk.ReadImage(paths[0]), OUT / "sensitivity" / "nudged.nrrd")
    noise = [trial.other(path, f"chest {seed}") for seed, path in enumerate(paths) if seed > 0]
    floor = [
        floor_row("other noise of the same strength", trial.usual, noise),
        floor_row(
            f"voxels larger by {NUDGE:g} of their size",
            trial.usual,
            [trial.other(nudged, "chest nudged")],
        ),
    ]
    read = [constant for constant in constants if constant.name in trial.usual.read]
    effects = trial.effects(read)
    unread = [constant for constant in constants if constant not in read]
    without = [each.constant for each in effects if each.is_nothing]
    spec = phantom.spec
    text = [
        "## A small chest",
        "",
        f"A phantom of {'×'.join(str(n) for n in spec.grid.size)} voxels of"
        f" {'×'.join(f'{s:g}' for s in spec.spacing_mm)} mm, noise of {NOISE_HU:g} HU ({KERNEL}"
        f" kernel): {beside_truth(trial.usual, phantom.measurements[0])}",
        "",
        "What changes move that should move nothing; smaller effects than these mean little:",
        "",
        table(("change", "scans", "BV5, points", "TPBV, %"), floor),
        "### Largest first",
        "",
        effect_table(effects),
        "### No result",
        "",
        problems(effects),
        "### Named in docs/method.md: BV5 % moves by more than half a point",
        "",
        for_method(effects),
        f"### No effect ({len(without)})",
        "",
        by_room(without),
        f"### Not read in this analysis ({len(unread)})",
        "",
        by_room(unread),
    ]
    return "\n".join(text), effects


def scan_part(effects: Sequence[Effect], notes: Notes, options: argparse.Namespace) -> str:
    """Move the constants that matter most on a real scan."""
    title = f"## The {MOST} that matter most, on a real scan\n\n"
    if options.scan is None or not options.scan.exists():
        what = "no scan was given" if options.scan is None else f"{options.scan.name} is not there"
        return f"{title}Left out: {what}. Name one: `make benchmark-sensitivity CT=path`.\n"
    name = options.scan.name
    trial = Trial(options.scan, name, notes, options.jobs)
    image = read_scan(str(options.scan)).volume.to_sitk()
    nudged = write_nudged(image, OUT / "sensitivity" / "nudged_scan.nrrd")
    floor = floor_row(
        f"voxels larger by {NUDGE:g} of their size",
        trial.usual,
        [trial.other(nudged, f"{name} nudged")],
    )
    chosen = [each.constant for each in largest_first(effects)[:MOST]]
    found = trial.effects(chosen)
    return (
        f"{title}{name}: BV5 {trial.usual.bv5_pct:.2f} %, TPBV {trial.usual.tpbv_ml:.2f} mL.\n\n"
        + table(("change", "scans", "BV5, points", "TPBV, %"), [floor])
        + f"\n{effect_table(found)}\n{problems(found)}\n"
        + f"### Of these, more than half a point of BV5 %\n\n{for_method(found)}"
    )


def header(constants: Sequence[Constant], left_out: Sequence[str]) -> str:
    """Say what was measured with what, when and how."""
    without = f" Not tried: the rooms {', '.join(left_out)}." if left_out else ""
    by_eye = sum(constant.is_by_eye for constant in constants)
    return (
        "# Sensitivity\n\n"
        f"`make benchmark-sensitivity`, {datetime.date.today()}, {machine()}.\n\n"
        f"{len(constants)} constants of the method, {by_eye} of them chosen by eye.{without}"
        f" Each is made a fifth ({100 * SHARE:g} %) lower and higher, alone; counts by one at"
        " least, several"
        " values that belong together as a whole. Attenuations are moved as the numbers they are,"
        " so that -1000 HU becomes -800 and -1200. What is told is the change of BV5 %, in points,"
        " and of TPBV, in percent of it. *refused*: the analysis says that it cannot measure the"
        " scan; *broken*: it fails, or takes more than ten times as long.\n"
    )


def main() -> None:
    """Move the constants, print the tables and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scan", type=Path, help="a real scan for those that matter most")
    parser.add_argument("--only", default="", help="constants with this in their name")
    parser.add_argument(
        "--leave-out", nargs="+", default=[], metavar="ROOM", help="rooms that are not tried"
    )
    parser.add_argument("--quick", action="store_true", help="a small cut, for trying")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    parser.add_argument("--jobs", type=at_least_one, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--output",
        type=folder_exists,
        help="file to write; sensitivity.md of a whole run if not given",
    )
    options = parser.parse_args()
    constants = [
        constant
        for constant in find_constants()
        if options.only in constant.name and constant.room not in options.leave_out
    ]
    if options.quick:
        constants = constants[::QUICK_STEP]
    notes = Notes(
        OUT / "sensitivity.jsonl", [HERE / "constant_moves", IMAGING], resume=options.resume
    )
    phantom_text, effects = phantom_part(constants, notes, options)
    text = "\n".join(
        [header(constants, options.leave_out), phantom_text, scan_part(effects, notes, options)]
    )
    print(text)
    whole = not (options.quick or options.only)
    output = options.output or (REPORT if whole else None)
    if output is not None:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
