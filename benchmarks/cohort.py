"""How long the whole of ``bv5 cohort`` takes, by the number of rows: the table of cohort.md.

Run by ``make benchmark-cohort``. Patients are invented; each run is a process of its own, from
starting Python to the last file.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from BV5AnalysisLib.export.cohort.synthetic_tables import (
    CLINICAL,
    MEASUREMENTS,
    synthetic_clinical_csv,
    synthetic_measurements_csv,
)
from BV5AnalysisLib.study.cohort.synthetic import synthetic_cohort
from scans import machine

RESULT = Path(__file__).resolve().with_name("cohort.md")
SIZES = (50, 1000, 10_000)
LIMIT_S = 5.0
WARDS = "ABCDE"
WAYS = {
    "": (),
    "`--test mann-whitney`": ("--test", "mann-whitney"),
    "`--group-by ward` (five groups, so ten pairs)": ("--group-by", "ward"),
}
IDLE = 0.5
BUSY = (
    " Other programs took much of the machine meanwhile, so wall seconds say little here, and CPU"
    " seconds are more than they would be alone. Run it again on an idle machine."
)
STARTING, LAST = "starting", "done"


@dataclass(frozen=True)
class Run:
    """Of one command: seconds, and those of each phase in order."""

    wall_s: float
    cpu_s: float
    phases_s: dict[str, float]


def tables(folder: Path, n: int) -> tuple[Path, Path]:
    """Write n patients, fifty of each seed: three rows of measurements and a clinical one each."""
    invented = [each for seed in range(-(-n // 50)) for each in synthetic_cohort(seed)][:n]
    patients = [replace(each, case=f"p{index:05d}") for index, each in enumerate(invented)]
    rows = list(csv.reader(io.StringIO(synthetic_clinical_csv(patients))))
    wards = ["ward", *(WARDS[index % len(WARDS)] for index in range(n))]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [*row, ward] for row, ward in zip(rows, wards, strict=True)
    )
    paths = folder / f"{n}-{MEASUREMENTS}", folder / f"{n}-{CLINICAL}"
    for path, content in zip(
        paths, (synthetic_measurements_csv(patients), text.getvalue()), strict=True
    ):
        path.write_text(content, encoding="utf-8", newline="")
    return paths


def run(paths: Sequence[Path], folder: Path, options: Sequence[str]) -> Run:
    """Carry the command out; its phases are told by its own progress, line by line."""
    command = [sys.executable, "-m", "BV5AnalysisLib", "cohort", *map(str, paths)]
    command += ["-o", str(folder / "out"), "--overwrite", "--progress", "json", *options]
    cpu, start = _children_cpu_s(), time.perf_counter()
    phases: dict[str, float] = {}
    step, since = STARTING, start
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        for line in process.stdout:
            now, told = time.perf_counter(), json.loads(line)["step"]
            phases[step] = phases.get(step, 0.0) + now - since
            step, since = told, now
    end = time.perf_counter()
    if process.returncode or step != LAST:
        raise SystemExit(f"bv5 cohort failed: {' '.join(command)}")
    phases["ending"] = end - since
    return Run(end - start, _children_cpu_s() - cpu, phases)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="the shortest counts")
    parser.add_argument("--quick", action="store_true", help="one round, written nowhere")
    chosen = parser.parse_args()
    load = os.getloadavg()[0]
    rows, default = [], {}
    with tempfile.TemporaryDirectory(prefix="bv5-cohort-") as name:
        folder = Path(name)
        for n in SIZES:
            paths = tables(folder, n)
            for way, options in WAYS.items():
                if way and n != SIZES[-1]:
                    continue
                runs = [
                    run(paths, folder, options) for _ in range(1 if chosen.quick else chosen.rounds)
                ]
                best = min(runs, key=lambda each: each.wall_s)
                if not way:
                    default[n] = best
                title = f"{n} rows, {way}" if way else f"{n} rows"
                least_cpu = min(each.cpu_s for each in runs)
                rows.append(f"| {title} | {best.wall_s:.1f} | {least_cpu:.1f} |")
                print(rows[-1], flush=True)
    text = report(rows, default, load, 1 if chosen.quick else chosen.rounds)
    print(text)
    if not chosen.quick:
        RESULT.write_text(text, encoding="utf-8")


def report(rows: Sequence[str], default: dict[int, Run], load: float, rounds: int) -> str:
    """Markdown of all."""
    largest = default[SIZES[-1]]
    lines = [
        "# Cohort",
        "",
        f"`make benchmark-cohort` prints and writes this. {datetime.date.today().isoformat()},"
        f" {machine()}; load {load:.1f} at the start (1 is one busy processor).",
        "",
        "The whole of `bv5 cohort` on invented patients, from starting Python to the last of all"
        " tables, figures and pages; one clinical row and three rows of measurements a patient."
        f" The shortest of {rounds} {'run' if rounds == 1 else 'runs'}."
        + (BUSY if load > IDLE else ""),
        "",
        "| | wall s | CPU s |",
        "|---|---:|---:|",
        *rows,
        "",
        f"Asked: {SIZES[-1]} rows in under {LIMIT_S:g} s; measured: {largest.wall_s:.1f} s,"
        f" {largest.cpu_s:.1f} s of them on a processor.",
        "",
        "## Phases, wall s",
        "",
        f"| | {' | '.join(f'{n} rows' for n in default)} |",
        f"|---|{'---:|' * len(default)}",
        *(
            "| ".join(
                [f"| {phase} ", *(f"{each.phases_s[phase]:.2f} " for each in default.values()), ""]
            ).rstrip()
            for phase in largest.phases_s
            if phase != LAST
        ),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
