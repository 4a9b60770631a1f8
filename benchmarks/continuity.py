"""What small changes of a scan move: writes benchmarks/continuity.md.

Run by ``make benchmark-continuity``. Scans and random chests are analyzed as they are and changed:
in digits that mean nothing, by noise of 1 HU, by a row of air less, mirrored, 10 HU brighter and
darker, and without their top slices.
"""

from __future__ import annotations

import argparse
import datetime
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anatomy import KEPT as CHESTS
from anatomy import seeds
from chest_phantoms.tables import signed, table
from processes import answered
from resuming import HERE, IMAGING, OUT, Notes, code_fingerprint
from scan_changes.changes import BY_NAME, FEW, MORE, PLAIN, Change
from scans import at_least_one, folder_exists, machine, scans

REPORT = HERE / "continuity.md"
USUAL_SEEDS = range(1000, 1020)
QUICK_SEEDS = range(1000, 1001)
LIMIT_SECONDS = 900.0


@dataclass(frozen=True)
class Subject:
    """What is changed.

    Attributes
    ----------
    name : str
        For the table.
    job : dict
        What `scan_changes.one_case` finds it by.
    changes : tuple of Change
        What is asked of it.
    """

    name: str
    job: dict[str, Any]
    changes: tuple[Change, ...]


def subjects(options: argparse.Namespace) -> list[Subject]:
    """List the scans at hand, or the one that was named, and random chests."""
    paths = [options.scan] if options.scan else [] if options.quick else scans()
    made_by = code_fingerprint([IMAGING / "phantom"])[:12]
    cache = str(CHESTS / f"chests-{made_by}")
    chosen = options.seeds or (QUICK_SEEDS if options.quick else USUAL_SEEDS)
    return [
        *(Subject(path.name, {"path": str(path)}, (*FEW, *MORE)) for path in paths),
        *(Subject(f"chest {seed}", {"seed": seed, "cache": cache}, FEW) for seed in chosen),
    ]


def measure(asked: Sequence[Subject], options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Answers by subject, then by change."""
    code = [IMAGING, HERE / "scan_changes", HERE / "random_chests" / "truth.py"]
    notes = Notes(OUT / "continuity.jsonl", code, resume=options.resume)
    jobs = [
        ({"subject": each.name, "change": change.name}, each.job | {"change": change.name})
        for each in asked
        for change in (PLAIN, *each.changes)
    ]
    found = answered(
        "scan_changes.one_case",
        jobs,
        notes,
        processes=options.jobs,
        limit_seconds=LIMIT_SECONDS,
    )
    known: dict[str, dict[str, Any]] = {}
    for (question, _), answer in zip(jobs, found, strict=True):
        known.setdefault(question["subject"], {})[question["change"]] = answer
    return known


@dataclass(frozen=True)
class Move:
    """What one change moved.

    Attributes
    ----------
    text : str
        For the table.
    reached : bool or None
        Whether it stayed within the target; None where there was nothing to measure.
    """

    text: str
    reached: bool | None


def move(change: Change, plain: dict[str, Any], found: dict[str, Any]) -> Move:
    """Compare a changed scan with the one as it is.

    Parameters
    ----------
    change : Change
        What was changed.
    plain, found : dict
        From `scan_changes.one_case`.

    Returns
    -------
    Move
        Points of BV5 % and percent of TPBV.
    """
    if "same" in found:
        return Move("same input", True)
    if "none" in found:
        return Move("–", None)
    if "refused" in plain or "refused" in found:
        both = "refused" in plain and "refused" in found
        return Move("refused both times" if both else "**refused once**", both)
    if "broken" in plain or "broken" in found:
        return Move(f"**{found.get('broken') or plain['broken']}**", False)
    below = "_below" if change.is_cut else ""
    points = found["bv5_pct"] - plain[f"bv5_pct{below}"]
    percent = 100 * (found["tpbv_ml"] / plain[f"tpbv_ml{below}"] - 1)
    reached = abs(points) <= change.bv5_points and abs(percent) <= change.tpbv_pct
    text = f"{signed(points, 3)} / {signed(percent, 2)}"
    return Move(text if reached else f"**{text}**", reached)


def report(asked: Sequence[Subject], known: dict[str, dict[str, Any]]) -> str:
    """All tables; Markdown."""
    parts = [
        "# Continuity\n",
        f"`make benchmark-continuity`, {datetime.date.today()}, {machine()}.\n",
        "Change of BV5 % in points / of TPBV in %. Bold: more than the target. *Same input*:"
        " reading rounds the change off, so that voxels and grid are the same to the last bit.\n",
    ]
    for changes, group in groups(asked):
        header = ["", "BV5 %", "TPBV mL", *(_heading(change) for change in changes)]
        rows = []
        for each in group:
            answers = known[each.name]
            plain = answers[PLAIN.name]
            rows.append(
                [
                    each.name,
                    f"{plain['bv5_pct']:.2f}" if "bv5_pct" in plain else "",
                    f"{plain['tpbv_ml']:.2f}" if "tpbv_ml" in plain else "",
                    *(move(change, plain, answers[change.name]).text for change in changes),
                ]
            )
        parts.append(table(header, rows))
    parts.append(summary(asked, known))
    return "\n".join(parts)


def groups(asked: Sequence[Subject]) -> list[tuple[tuple[Change, ...], list[Subject]]]:
    """Subjects by what was asked of them; scans in two tables, which are wide."""
    of_scans = [each for each in asked if "path" in each.job]
    of_chests = [each for each in asked if "seed" in each.job]
    listed = [(FEW, of_scans), (MORE, of_scans), (FEW, of_chests)]
    return [(changes, group) for changes, group in listed if group]


def summary(asked: Sequence[Subject], known: dict[str, dict[str, Any]]) -> str:
    """How often each target was reached."""
    rows = []
    for change in BY_NAME.values():
        moves = [
            move(change, known[each.name][PLAIN.name], known[each.name][change.name]).reached
            for each in asked
            if change in each.changes
        ]
        counted = [reached for reached in moves if reached is not None]
        if counted:
            rows.append([change.name, _limits(change), f"{sum(counted)} of {len(counted)}"])
    return "## Targets\n\n" + table(["change", "target", "reached"], rows)


def _heading(change: Change) -> str:
    return f"{change.name} ({_limits(change)})"


def _limits(change: Change) -> str:
    tpbv = f" / {change.tpbv_pct:g}" if math.isfinite(change.tpbv_pct) else ""
    return f"≤ {change.bv5_points:g}{tpbv}"


def main() -> None:
    """Measure scans and chests, print the tables and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scan", type=Path, help="this scan in place of those at hand")
    parser.add_argument("--seeds", type=seeds, help="range of random chests, such as 1000-1019")
    parser.add_argument("--quick", action="store_true", help="one random chest, and no file")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    parser.add_argument("--jobs", type=at_least_one, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--output",
        type=folder_exists,
        help="file to write; continuity.md unless quick if not given",
    )
    options = parser.parse_args()
    asked = subjects(options)
    text = report(asked, measure(asked, options))
    sys.stdout.write(text)
    output = options.output or (None if options.quick else REPORT)
    if output is not None:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
