"""The chest part of the accuracy benchmark: each phantom in a process of its own, and its tables.

Every result goes to a file of JSON lines at once, so that an interrupted run goes on with
``--resume``. Today's ways depend only on the phantom, and are kept apart from what this program
measures: a change of the program leaves them known.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from resuming import HERE, IMAGING, OUT, Notes
from scans import memory_gib

from chest_phantoms.cases import BASE, OURS, PRUNED, ChestCase, ChestResult, chest_cases
from chest_phantoms.scoring import Score
from chest_phantoms.tables import chest_report

QUICK_SCALE = 0.6
PROCESS_GIB = 5.0
"""Memory that the phantom of an adult in thin slices takes with today's ways."""

SCORING = [
    HERE / "chest_phantoms" / f"{name}.py" for name in ("measuring", "matching", "scoring", "truth")
]
FOR_PHANTOMS = (
    "phantom",
    "numerics/banded.py",
    "numerics/blocks.py",
    "model/centerlines.py",
    "parameters.py",
    "model/size_classes.py",
    "model/volume.py",
    "vessels/work_grid.py",
)
CODE = {
    "ours": [IMAGING, *SCORING],
    "ways": [HERE / "todays_ways", *(IMAGING / name for name in FOR_PHANTOMS), *SCORING],
}
"""What the figures depend on."""


def run_chests(
    cases: Sequence[ChestCase],
    folder: Path,
    *,
    resume: bool = False,
    true_lungs: bool = False,
    ways: bool = True,
    processes: int = 1,
) -> list[ChestResult]:
    """Measure phantoms, each in its own process.

    Parameters
    ----------
    cases : sequence of ChestCase
        What to measure.
    folder : pathlib.Path
        Of the files ``ours.jsonl`` and ``ways.jsonl``; begun anew unless resumed.
    resume : bool
        Take from the files what the same code has measured before.
    true_lungs : bool
        Give the true lungs to this program.
    ways : bool
        Measure in today's ways, too. If not, those of them that are known are still told.
    processes : int
        How many at a time.

    Returns
    -------
    list of ChestResult
        Those that could be measured; what goes wrong with one is told on stderr.
    """
    anew = {"ours": not resume, "ways": ways and not resume}
    notes = {
        kind: Notes(folder / f"{kind}.jsonl", CODE[kind], resume=not anew[kind]) for kind in anew
    }
    asked = {"ours": {"true_lungs": true_lungs}, "ways": {}}
    with ThreadPoolExecutor(processes) as pool:
        pending = {}
        for case in cases:
            spec = {"spec": case.spec.to_dict()}
            questions = {kind: spec | asked[kind] for kind in asked}
            unknown = [
                kind
                for kind in (("ours", "ways") if ways else ("ours",))
                if notes[kind].answer(questions[kind]) is None
            ]
            if unknown:
                job = spec | {kind: asked[kind] for kind in unknown}
                pending[pool.submit(_in_process, case.name, job)] = questions
        for done, future in enumerate(as_completed(pending), 1):
            for kind, answer in future.result().items():
                notes[kind].keep(pending[future][kind], answer)
            print(f"chests: {done} of {len(pending)}", file=sys.stderr, flush=True)
    results = []
    for case in cases:
        spec = {"spec": case.spec.to_dict()}
        found = {kind: notes[kind].answer(spec | asked[kind]) for kind in asked}
        if found["ours"] is not None:
            results.append(from_answers(case, found["ours"], found["ways"]))
    return results


def _in_process(name: str, job: dict) -> dict:
    """Answers of `measuring.answers` from a process of its own, none where it failed."""
    start = time.perf_counter()
    with tempfile.NamedTemporaryFile("r", suffix=".json", encoding="utf-8") as answer:
        command = [sys.executable, "-m", "chest_phantoms.measuring", json.dumps(job), answer.name]
        status = subprocess.run(command, check=False, cwd=HERE).returncode
        took = f"{name}: {time.perf_counter() - start:.0f} s"
        if status:
            print(f"{took}, failed with exit status {status}", file=sys.stderr, flush=True)
            return {}
        print(took, file=sys.stderr, flush=True)
        return json.load(answer)


def from_answers(case: ChestCase, ours: dict, ways: dict | None) -> ChestResult:
    """Read a result from answers."""
    scores = {OURS: Score.from_dict(ours["score"])}
    scores |= {name: Score.from_dict(each) for name, each in (ways or {}).items()}
    return ChestResult(case, scores, ours["dice"])


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of the chest phantoms."""
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    parser.add_argument("--first-seed", type=int, default=0, help="other anatomies and noise")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the chests, 1 for adults")
    parser.add_argument("--true-lungs", action="store_true", help="give the true lungs")
    parser.add_argument("--no-ways", action="store_true", help="measure in none of today's ways")
    parser.add_argument("--only", default="", help="only chests whose name holds this")


def report(options: argparse.Namespace) -> str:
    """Measure what the options ask for; Markdown."""
    scale = QUICK_SCALE if options.quick else options.scale
    cases = [case for case in chest_cases(options.first_seed, scale) if options.only in case.name]
    if options.quick:
        first = {case.condition: case for case in reversed(cases)}
        cases = [first[name] for name in (BASE, PRUNED) if name in first] or cases[:1]
    if not cases:
        raise SystemExit(f"No chest's name holds {options.only!r}.")
    measured = run_chests(
        cases,
        OUT,
        resume=options.resume,
        true_lungs=options.true_lungs,
        ways=not options.no_ways,
        processes=max(1, min(options.jobs, int(memory_gib() / PROCESS_GIB))),
    )
    missing = {case.name for case in cases} - {each.case.name for each in measured}
    told = f"\nCould not be measured: {'; '.join(sorted(missing))}.\n" if missing else ""
    return chest_report(measured) + told
