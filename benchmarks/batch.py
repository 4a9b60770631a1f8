"""What a batch costs beside single analyses, what workers gain, and what survives kill -9.

Run by ``make benchmark-batch``; writes benchmarks/batch.md. Parts: ``--only analyses`` measures
real scans, or phantoms where there are none; ``--only stubs`` measures all around a stub.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from batch_stub import TEMPLATE, case_name, fails
from BV5AnalysisLib.export.batch.finished_case import finished_case
from scans import machine, scans

HERE = Path(__file__).resolve().parent
RESULT = HERE / "batch.md"
STUB = HERE / "batch_stub.py"
BV5 = [sys.executable, "-m", "BV5AnalysisLib"]
CASES = 1000
SCALES = (2500, 5000, 10000, 20000)
KILLS = 3
SEED = 5
PHANTOM_SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class Cost:
    """Of a command with all processes that it started."""

    wall_s: float
    cpu_s: float


def cost_of(work: Callable[[], object]) -> Cost:
    """Run something that starts processes and waits for them."""
    wall, cpu = time.perf_counter(), _children_cpu_s()
    work()
    return Cost(time.perf_counter() - wall, _children_cpu_s() - cpu)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def command(*arguments: str | Path, cores: Iterable[int] | None = None) -> Callable[[], object]:
    """``bv5`` with arguments; on some of the cores only, where the system can do that."""

    def confine() -> None:
        if cores is not None:
            os.sched_setaffinity(0, cores)

    def run() -> None:
        subprocess.run(
            [*BV5, *map(str, arguments), "--progress", "none"],
            check=True,
            stdout=subprocess.DEVNULL,
            preexec_fn=confine,
        )

    return run


# Analyses


def inputs(folder: Path) -> list[Path]:
    """List the scans at hand, else phantoms that are made in the folder."""
    found = scans()
    if found:
        return found
    made = []
    for seed in PHANTOM_SEEDS:
        out = folder / f"phantom_{seed}"
        command("phantom", "-o", out, "--seed", str(seed))()
        made.append(out / "ct.nrrd")
    return made


def analyses(folder: Path, rounds: int) -> list[str]:
    """Batch and single analyses of the same scans, in turn."""
    paths = inputs(folder)
    manifest = folder / "manifest.csv"
    with manifest.open("w", newline="") as file:
        rows = [
            (f"case {index} {turn}", path) for turn in (1, 2) for index, path in enumerate(paths)
        ]
        csv.writer(file).writerows([("case", "path"), *rows])
    count = len(rows)

    def singles() -> None:
        for name, path in rows:
            command("analyze", path, "-o", folder / f"round {turn}" / name)()

    def batch(name: str, *options: str, cores: Iterable[int] | None = None) -> Cost:
        out = folder / f"round {turn}" / name
        return cost_of(command("batch", manifest, "-o", out, *options, cores=cores))

    one_core = {min(os.sched_getaffinity(0))}
    kinds = {
        "singles": lambda: cost_of(singles),
        "one": lambda: batch("one", "--jobs", "1"),
        "one core": lambda: batch("one core", "--jobs", "1", cores=one_core),
        "two": lambda: batch("two", "--jobs", "2"),
    }
    rounds_of: dict[str, list[Cost]] = {name: [] for name in kinds}
    for turn in range(rounds):
        (folder / f"round {turn}").mkdir()
        for name, measured in kinds.items():
            cost = measured()
            rounds_of[name].append(cost)
            print(f"  {name}: {cost.wall_s:.1f} s wall, {cost.cpu_s:.1f} s CPU", flush=True)
    best = {name: min(costs, key=lambda cost: cost.wall_s) for name, costs in rounds_of.items()}
    least_cpu = {name: min(cost.cpu_s for cost in costs) for name, costs in rounds_of.items()}
    labels = {
        "singles": "`bv5 analyze`, one after the other, both cores",
        "one": "`bv5 batch --jobs 1`, both cores",
        "one core": "`bv5 batch --jobs 1`, confined to one core",
        "two": "`bv5 batch --jobs 2`, a core for each worker",
    }
    lines = [
        f"{count} cases of {len(paths)} scans with reports, the shortest of {rounds} rounds.",
        "",
        "| | wall s | CPU s | wall s a case |",
        "|---|---:|---:|---:|",
    ]
    for name, label in labels.items():
        cost = best[name]
        lines.append(
            f"| {label} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.wall_s / count:.1f} |"
        )
    overhead = best["one"].wall_s / best["singles"].wall_s - 1
    cpu_overhead = least_cpu["one"] / least_cpu["singles"] - 1
    gain = best["one core"].wall_s / best["two"].wall_s
    gain_cpu = 2 * least_cpu["one core"] / least_cpu["two"]
    beside = best["one"].wall_s / best["two"].wall_s
    most = 2 * best["one"].wall_s / least_cpu["two"]
    return [
        *lines,
        "",
        "| | asked | measured |",
        "|---|---|---:|",
        f"| batch over the sum of single analyses, wall | ≤ +5 % | {overhead:+.1%} |",
        f"| the same, CPU | | {cpu_overhead:+.1%} |",
        "| gain of a second worker with a core of its own: `--jobs 2` over `--jobs 1` confined to"
        f" one core, wall | ≥ 1.7 | {gain:.2f} |",
        f"| the same by CPU: what two idle cores would give at most | | {gain_cpu:.2f} |",
        "| gain of `--jobs 2` over `--jobs 1` as they come: both have both cores, wall | |"
        f" {beside:.2f} |",
        f"| the same, were two workers to keep both cores busy all the time | | {most:.2f} |",
        "",
        "A worker alone has threads on both cores in part of its steps, and so takes a part of what"
        " a second worker gains; the first ratio tells how well workers share a machine, the second"
        " what a user of two cores gets.",
    ]


# Stubs


def template(folder: Path) -> Path:
    """Folder of an analyzed case that stubs copy."""
    phantom, made = folder / "phantom", folder / TEMPLATE
    spacing = ("--spacing", "2", "2", "2", "--scale", "0.6")
    command("phantom", "-o", phantom, *spacing)()
    command("analyze", phantom / "ct.nrrd", "-o", made, "--no-report")()
    for path in made.iterdir():
        if path.suffix not in (".json", ".csv"):
            path.write_bytes(path.read_bytes()[:1000])  # It is not read again.
    return made


def start_stub(count: int, out: Path, *options: str) -> subprocess.Popen:
    """Start a batch of so many stub cases."""
    source = out.parent / f"{count} cases"
    source.write_text(str(count))
    arguments = ["batch", source, "-o", out, "--no-report", "--progress", "none", *options]
    return subprocess.Popen(
        [sys.executable, str(STUB), *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def killed(folder: Path) -> list[str]:
    """Kill a batch at random times, resume it, and look at every file."""
    os.environ["BV5_STUB_SECONDS"] = "0.005"
    out, chance = folder / "killed", random.Random(SEED)
    journal = out / "log.jsonl"
    at = []
    for number in range(KILLS):
        process = start_stub(CASES, out, "--resume", "--jobs", "2")
        least = CASES * number // KILLS + 1
        while not journal.exists() or journal.read_bytes().count(b"\n") < least:
            if process.poll() is not None:
                raise SystemExit("The batch ended before it was killed.")
            time.sleep(0.02)
        time.sleep(chance.random())
        process.kill()
        process.wait()
        at.append(journal.read_bytes().count(b"\n"))
    if start_stub(CASES, out, "--resume", "--jobs", "2").wait() != 0:
        raise SystemExit("The resumed batch failed.")
    wrong = problems(out, CASES)
    return [
        f"{CASES} stub cases, every twentieth failing, killed by SIGKILL after"
        f" {', '.join(map(str, at))} cases and resumed each time:"
        f" {'; '.join(wrong) or 'every case exactly once, no damaged file'}.",
    ]


def problems(out: Path, count: int) -> list[str]:
    """Tell what is wrong with a batch's output folder."""
    names = [case_name(number) for number in range(count)]
    good = [name for name in names if not fails(name)]
    found = []
    with (out / "measurements.csv").open(encoding="utf-8", newline="") as file:
        measured = [row["case"] for row in csv.DictReader(file) if row["region"] == "both"]
    with (out / "failures.csv").open(encoding="utf-8", newline="") as file:
        failed = [row["case"] for row in csv.DictReader(file)]
    journal = [json.loads(line)["case"] for line in (out / "log.jsonl").read_text().splitlines()]
    if measured != good:
        found.append(f"measurements.csv has {len(measured)} of {len(good)} cases")
    if failed != [name for name in names if fails(name)]:
        found.append("failures.csv differs")
    if sorted(journal) != names:
        found.append("the journal differs")
    if sorted(path.name for path in out.iterdir() if path.is_dir()) != good:
        found.append("folders differ")
    damaged = [name for name in good if finished_case(out / name) is None]
    if damaged:
        found.append(f"{len(damaged)} folders are damaged")
    return found


def scaling(folder: Path, scales: Sequence[int]) -> list[str]:
    """Time of what surrounds measuring, against the number of cases."""
    os.environ["BV5_STUB_SECONDS"] = "0"
    lines = [
        "| stub cases | wall s | ms a case | resumed when all are done, s |",
        "|---:|---:|---:|---:|",
    ]
    for count in scales:
        out = folder / f"scale {count}"
        first = cost_of(lambda count=count, out=out: start_stub(count, out, "--jobs", "2").wait())
        again = cost_of(
            lambda count=count, out=out: start_stub(count, out, "--resume", "--jobs", "2").wait()
        )
        if wrong := problems(out, count):
            raise SystemExit(f"{count} cases: {'; '.join(wrong)}")
        lines.append(
            f"| {count} | {first.wall_s:.1f} | {1000 * first.wall_s / count:.1f} |"
            f" {again.wall_s:.1f} |"
        )
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("analyses", "stubs"), help="one part, written nowhere")
    parser.add_argument("--rounds", type=int, default=2, help="of the analyses")
    parser.add_argument("--scales", type=int, nargs="+", default=SCALES, metavar="CASES")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    lines = [
        "# Batch",
        "",
        f"`make benchmark-batch` prints and writes this. {datetime.date.today().isoformat()},"
        f" {machine()}; load {load:.1f} at the start (1 is one busy processor).",
    ]
    with tempfile.TemporaryDirectory(prefix="bv5-batch-") as name:
        folder = Path(name)
        if options.only != "stubs":
            lines += ["", "## Beside single analyses", "", *analyses(folder, options.rounds)]
        if options.only != "analyses":
            os.environ["BV5_STUB_TEMPLATE"] = str(template(folder))
            lines += ["", "## Killed and resumed", "", *killed(folder)]
            lines += ["", "## Against the number of cases", "", *scaling(folder, options.scales)]
    text = "\n".join(lines) + "\n"
    print(text)
    if not options.only:
        RESULT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
