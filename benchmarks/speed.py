"""Speed and memory of ``bv5 analyze``, beside vesselness alone: the tables of benchmarks/speed.md.

Run by ``make benchmark-speed``. Every figure is of a process of its own, on phantoms that the
command makes and on the scans in the folder that the environment variable ``BV5_SCANS`` names, else
in ``shared/data`` beside the checkout.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import correlation, linear_regression, median

from scans import at_least_one, folder_exists, machine, scans
from timing.watching import Cost, Run, watch

HERE = Path(__file__).resolve().parent
RESULT = HERE / "speed.md"
BV5 = (sys.executable, "-m", "BV5AnalysisLib")
CHEST_MM = 300.0
"""Length of the phantom along z; its slices are this far apart divided by their number."""
IN_PLANE_MM = 0.7
PHANTOM_SLICES = 400
SLICES = (100, 200, 400, 700, 1000)
TARGET_S, TARGET_GB, TARGET_RATIO = 20.0, 2.0, 0.25
"""For the phantom, on two idle cores."""

QUICK_SLICES = (100, 200)


@dataclass(frozen=True)
class Measured:
    """Runs of the analysis of one scan, and of vesselness on the box of the lungs it found."""

    name: str
    runs: tuple[Run, ...]
    vesselness: tuple[Cost, ...] = ()

    @property
    def total(self) -> Cost:
        """Of the whole command: median seconds, highest peak."""
        return middle([run.total for run in self.runs])

    def step(self, name: str) -> Cost:
        """Of one step: median seconds, highest peak."""
        return middle([run.steps[name] for run in self.runs])


def middle(costs: list[Cost]) -> Cost:
    """Median seconds and highest peak."""
    peaks = [cost.peak_gb for cost in costs if cost.peak_gb is not None]
    return Cost(
        median(cost.wall_s for cost in costs),
        median(cost.cpu_s for cost in costs),
        max(peaks, default=None),
    )


def measure(name: str, scan: Path, runs: int, vesselness_runs: int) -> Measured:
    """Analyze a scan some times, and compute vesselness in turn, so often."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / "case"
        for number in range(runs):
            options = ("--no-report", "--overwrite", "--progress", "json")
            ours.append(watch([*BV5, "analyze", str(scan), "-o", str(case), *options]))
            if number < vesselness_runs:
                script = [sys.executable, str(HERE / "timing" / "objectness.py")]
                run = watch([*script, str(scan), str(case / "lungs.seg.nrrd")])
                theirs.append(run.steps["objectness"])
    return Measured(name, tuple(ours), tuple(theirs))


def phantom(slices: int, folder: Path) -> Path:
    """CT file of the chest phantom, the same chest in so many slices; made if it is not there."""
    case = folder / f"phantom_{slices}"
    if not (case / "ct.nrrd").exists():
        size = ("--size", "512", "512", str(slices))
        spacing = (
            "--spacing",
            *(str(step) for step in (IN_PLANE_MM, IN_PLANE_MM, CHEST_MM / slices)),
        )
        command = [*BV5, "phantom", "-o", str(case), *size, *spacing]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return case / "ct.nrrd"


def table(header: list[str], rows: list[list[str]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield ""
    for row in (header, ["---"] * len(header), *rows):
        yield "| " + " | ".join(row) + " |"


def whole_table(measured: list[Measured]) -> Iterator[str]:
    """Whole command beside vesselness alone, a row a scan."""
    header = ["scan", "wall s", "all runs", "CPU s", "peak GB"]
    header += ["vesselness wall s", "CPU s", "peak GB", "wall ratio", "CPU ratio"]
    rows = []
    for each in measured:
        ours, theirs = each.total, middle(list(each.vesselness))
        every = ", ".join(f"{run.total.wall_s:.1f}" for run in each.runs)
        rows.append(
            [
                each.name,
                f"{ours.wall_s:.1f}",
                every,
                *(f"{ours.cpu_s:.1f}", gigabytes(ours)),
                *(f"{theirs.wall_s:.1f}", f"{theirs.cpu_s:.1f}", gigabytes(theirs)),
                f"{ours.wall_s / theirs.wall_s:.2f}",
                f"{ours.cpu_s / theirs.cpu_s:.2f}",
            ]
        )
    return table(header, rows)


def target_table(measured: Measured) -> Iterator[str]:
    """Hold the phantom's costs against what is asked."""
    ours, theirs = measured.total, middle(list(measured.vesselness))
    ratio = ours.wall_s / theirs.wall_s
    rows = [
        [name, f"≤ {limit:g}", f"{value:.2f}", "yes" if value <= limit else "no"]
        for name, limit, value in (
            ("wall seconds", TARGET_S, ours.wall_s),
            ("peak GB", TARGET_GB, ours.peak_gb or float("nan")),
            ("wall seconds over those of vesselness alone", TARGET_RATIO, ratio),
        )
    ]
    return table([measured.name, "asked", "measured", "met"], rows)


def step_table(measured: list[Measured]) -> Iterator[str]:
    """Wall and CPU seconds and peak memory of each step, three columns a scan."""
    header = ["step", *(f"{each.name} wall s | CPU s | peak GB" for each in measured)]
    rows = [
        [step, *(_cells(each.step(step)) for each in measured)]
        for step in measured[0].runs[0].steps
    ]
    rows.append(["whole", *(_cells(each.total) for each in measured)])
    lines = list(table(header, rows))
    lines[2] = "|" + "---|" * (1 + 3 * len(measured))
    return iter(lines)


def slices_table(measured: dict[int, Measured]) -> Iterator[str]:
    """Time and memory against the number of slices, with straight lines through them."""
    rows = [
        [str(slices), f"{CHEST_MM / slices:.2f}", *_cells(each.total).split(" | ")]
        for slices, each in measured.items()
    ]
    yield from table(["slices", "apart mm", "wall s", "CPU s", "peak GB"], rows)
    yield ""
    numbers = list(measured)
    for what, unit, factor, values in (
        ("Wall time", "s", 1, [each.total.wall_s for each in measured.values()]),
        ("CPU time", "s", 1, [each.total.cpu_s for each in measured.values()]),
        ("Peak memory", "MB", 1000, [each.total.peak_gb for each in measured.values()]),
    ):
        line = linear_regression(numbers, values)
        # What does not change has no scatter for a line to explain.
        fit = correlation(numbers, values) ** 2 if max(values) > min(values) else 1.0
        yield (
            f"- {what}: {line.intercept * factor:.3g} {unit} + {line.slope * factor:.3g} {unit} a"
            f" slice, R² {fit:.3f}"
        )


def profile_table(scan: Path) -> Iterator[str]:
    """Functions with the most seconds of their own."""
    return table(
        ["function", "own seconds", "calls"],
        [
            [f"`{row['function']}`", f"{row['seconds']:.2f}", str(row["calls"])]
            for row in _json_of("profiling.py", str(scan))
        ],
    )


def choices_table() -> Iterator[str]:
    """Ways of doing the same step, and what they take."""
    return table(
        ["step", "way", "wall s", "CPU s"],
        [
            [step, way, f"{wall:.3f}", f"{cpu:.3f}"]
            for step, way, wall, cpu in _json_of("choices.py")
        ],
    )


def _json_of(script: str, *arguments: str) -> list:
    """Last line that a script in ``timing`` prints."""
    command = [sys.executable, str(HERE / "timing" / script), *arguments]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])


def gigabytes(cost: Cost) -> str:
    """Peak memory, a dash where the system does not tell."""
    return "–" if cost.peak_gb is None else f"{cost.peak_gb:.2f}"


def _cells(cost: Cost) -> str:
    return f"{cost.wall_s:.2f} | {cost.cpu_s:.2f} | {gigabytes(cost)}"


def report(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Lines of the whole report, each as soon as it is measured."""
    yield "# Speed and memory"
    yield ""
    yield (
        f"`make benchmark-speed` prints and writes this. {datetime.date.today()}, {machine()}; load"
        f" {os.getloadavg()[0]:.1f} at the start (1 is one busy processor)."
    )
    yield ""
    yield "## The whole command, beside vesselness alone"
    yield ""
    yield (
        "`bv5 analyze --no-report` from start to end, and, as another process in turn with it,"
        " SimpleITK's `ObjectnessMeasure` at six scales over the box of the lungs on the scan's own"
        f" voxels, its reading and cutting not counted. Medians of {options.runs}, and of"
        f" {options.vesselness_runs} of vesselness."
    )
    slices = QUICK_SLICES[0] if options.quick else PHANTOM_SLICES
    main_phantom = phantom(slices, folder)
    cases = [(f"phantom of 512 × 512 × {slices}", main_phantom)]
    cases += [] if options.quick else [(scan.name, scan) for scan in scans()]
    measured = [measure(name, scan, options.runs, options.vesselness_runs) for name, scan in cases]
    yield from target_table(measured[0])
    yield from whole_table(measured)
    yield ""
    yield "## Step by step"
    yield ""
    yield "Wall seconds, CPU seconds of all threads, and the highest memory while the step ran."
    yield from step_table(measured)
    if options.slices:
        yield ""
        yield "## Against the number of slices"
        yield ""
        yield (
            f"The same chest of {CHEST_MM:g} mm in 512 × 512 × N voxels, its slices"
            f" {CHEST_MM:g}/N mm apart: only the sampling differs, as between reconstructions."
        )
        yield from slices_table(
            {n: measure(str(n), phantom(n, folder), 1, 0) for n in options.slices}
        )
    yield ""
    yield "## Functions"
    yield ""
    yield "The phantom in one thread under a profiler, which itself costs some time."
    yield from profile_table(main_phantom)
    yield ""
    yield "## Ways of doing the same step"
    yield ""
    yield "The costliest steps by what 3D Slicer has; the first of each is what the program does."
    yield from choices_table()


def main() -> None:
    """Print the tables and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=at_least_one, default=3, help="timed runs of each scan")
    parser.add_argument(
        "--vesselness-runs",
        type=at_least_one,
        default=2,
        help="of vesselness, which takes far longer",
    )
    parser.add_argument(
        "--slices", type=int, nargs="*", default=SLICES, help="numbers of slices; none leaves out"
    )
    parser.add_argument("--phantoms", type=Path, help="folder that keeps the phantoms")
    parser.add_argument("--quick", action="store_true", help="one small phantom, for trying")
    parser.add_argument(
        "-o",
        "--output",
        type=folder_exists,
        help="file to write; speed.md of a whole run if not given",
    )
    options = parser.parse_args()
    if options.quick:
        options.runs, options.vesselness_runs, options.slices = 1, 1, QUICK_SLICES
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for line in report(options, options.phantoms or Path(folder)):
            print(line, flush=True)
            lines.append(line)
    output = options.output or (None if options.quick else RESULT)
    if output is not None:
        output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
