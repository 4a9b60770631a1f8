"""Chest phantoms measured by this program and in today's ways, each in a process of its own.

Run alone, or by ``accuracy.py``. Every result goes to a file of JSON lines at once, so that an
interrupted run goes on with ``--resume``; results of other code are not taken for today's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.phantom import ChestPhantom, ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze
from BV5AnalysisLib.imaging.sizeclasses import SizeClass
from chestcases import OURS, ChestCase, ChestResult, chest_cases
from chesttables import chest_report
from matching import line_pieces, pieces_of
from resuming import OUT, Notes
from scoring import CLASSES, Score, classes_ml, score
from todays_ways import WAYS, Sized, forget
from truth import Truth

CACHE = OUT / "chests.jsonl"
QUICK_SCALE = 0.6
MEASURING = (
    "chests.py",
    "halfmaximum.py",
    "matching.py",
    "scoring.py",
    "skeletons.py",
    "todays_ways.py",
    "truth.py",
)
"""What of the benchmarks the figures depend on, besides the program itself."""


def measure_case(case: ChestCase, *, true_lungs: bool = False, ways: bool = True) -> ChestResult:
    """Make a phantom and measure it.

    Parameters
    ----------
    case : ChestCase
        What to make.
    true_lungs : bool
        Give the true lungs rather than let the program segment them.
    ways : bool
        Measure it in today's ways, too, in the same lungs as the program.

    Returns
    -------
    ChestResult
        All scores.
    """
    seconds = {}
    start = time.perf_counter()
    phantom = chest_phantom(case.spec)
    seconds["phantom"] = time.perf_counter() - start
    truth = Truth.of(phantom)
    true_ml = classes_ml(phantom.measurements[0])
    start = time.perf_counter()
    result = analyze(phantom.volume.to_sitk(), lungs=phantom.lungs if true_lungs else None)
    seconds[OURS] = time.perf_counter() - start
    parameters = result.parameters
    scores = {
        OURS: score(
            truth,
            true_ml,
            pieces_of(result.centerlines),
            classes_ml(result.measurements[0]),
            parameters,
        )
    }
    lungs = result.lungs.array > 0
    calibration = result.calibration
    mine = dice(lungs, phantom.lungs.array > 0)
    del result
    for name, way in WAYS.items() if ways else ():
        start = time.perf_counter()
        sized = way(phantom.volume, lungs, calibration.parenchyma_hu, calibration.blood_hu)
        seconds[name] = time.perf_counter() - start
        line = line_pieces(sized.line_mm, sized.line_csa_mm2, sized.line_step_mm)
        found_ml = blood_in_lungs(sized, phantom, lungs, parameters)
        scores[name] = score(truth, true_ml, line, found_ml, parameters)
    forget()
    return ChestResult(case, scores, mine, seconds)


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Overlap of two masks, 1 where they are the same."""
    both = np.count_nonzero(one & other)
    return 2 * both / max(np.count_nonzero(one) + np.count_nonzero(other), 1)


def blood_in_lungs(
    sized: Sized, phantom: ChestPhantom, lungs: np.ndarray, parameters: Parameters
) -> dict[str, float]:
    """Blood by class of pieces inside the lungs, mL.

    Parameters
    ----------
    sized : Sized
        Pieces of one of today's ways.
    phantom : ChestPhantom
        For its grid.
    lungs : numpy.ndarray
        Bool, where blood counts.
    parameters : Parameters
        Class bounds.
    """
    index = np.rint(phantom.volume.grid.world_to_index(sized.points_mm)).astype(int)
    index = np.clip(index, 0, np.array(lungs.shape) - 1)
    inside = lungs[tuple(index.T)]
    blood = np.bincount(
        parameters.size_class(sized.csa_mm2[inside]),
        sized.volume_ml[inside],
        minlength=max(SizeClass) + 1,
    )
    return {kind.name: float(blood[kind]) for kind in CLASSES}


def run_chests(
    cases: list[ChestCase],
    cache: Path,
    *,
    resume: bool = False,
    true_lungs: bool = False,
    ways: bool = True,
) -> Iterator[ChestResult]:
    """Measure phantoms one after the other, each in its own process.

    Parameters
    ----------
    cases : list of ChestCase
        What to measure.
    cache : pathlib.Path
        JSON lines; begun anew unless resumed.
    resume : bool
        Take from the cache what the same code has measured there before.
    true_lungs, ways : bool
        As for `measure_case`.

    Yields
    ------
    ChestResult
        Those that could be measured; what goes wrong with one is told on stderr.
    """
    notes = Notes(cache, MEASURING, resume=resume)
    for case in cases:
        job = {
            "condition": case.condition,
            "spec": case.spec.to_dict(),
            "true_lungs": true_lungs,
            "ways": ways,
        }
        if notes.answer(job) is None:
            print(f"{case.name} …", file=sys.stderr, flush=True)
            start = time.perf_counter()
            answer = _in_process(job)
            print(f"  {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
            if answer is None:
                continue
            notes.keep(job, answer)
        yield from_answer(case, notes.answer(job))


def _in_process(job: dict) -> dict | None:
    """Answer of `answer_job` from a process of its own, None where it failed."""
    with tempfile.NamedTemporaryFile("r", suffix=".json", encoding="utf-8") as answer:
        command = [sys.executable, __file__, "--job", json.dumps(job), "--answer", answer.name]
        status = subprocess.run(command, check=False).returncode
        if status:
            print(f"  failed, exit status {status}", file=sys.stderr, flush=True)
            return None
        return json.load(answer)


def answer_job(job: dict, path: Path) -> None:
    """Measure one phantom and write the answer."""
    case = ChestCase(job["condition"], ChestPhantomSpec(**job["spec"]))
    result = measure_case(case, true_lungs=job["true_lungs"], ways=job["ways"])
    answer = {
        "scores": {name: each.to_dict() for name, each in result.scores.items()},
        "dice": result.dice,
        "seconds": result.seconds,
    }
    path.write_text(json.dumps(answer), encoding="utf-8")


def from_answer(case: ChestCase, answer: dict) -> ChestResult:
    """Read the result from an answer."""
    scores = {name: Score.from_dict(each) for name, each in answer["scores"].items()}
    return ChestResult(case, scores, answer["dice"], answer["seconds"])


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of the chest phantoms."""
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    parser.add_argument("--first-seed", type=int, default=0, help="other anatomies and noise")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the chests, 1 for adults")
    parser.add_argument("--true-lungs", action="store_true", help="give the true lungs")
    parser.add_argument("--no-ways", action="store_true", help="leave out today's ways")
    parser.add_argument("--only", default="", help="only cases whose name holds this")
    parser.add_argument("--cache", type=Path, default=CACHE, help=argparse.SUPPRESS)


def report(options: argparse.Namespace) -> str:
    """Measure what the options ask for; Markdown."""
    cases = [
        case for case in chest_cases(options.first_seed, options.scale) if options.only in case.name
    ]
    results = run_chests(
        cases,
        options.cache,
        resume=options.resume,
        true_lungs=options.true_lungs,
        ways=not options.no_ways,
    )
    measured = list(results)
    if len(measured) < len(cases):
        print(f"{len(cases) - len(measured)} phantoms could not be measured.", file=sys.stderr)
    return chest_report(measured)


def main() -> None:
    """Print the chest tables, or measure one phantom for the process that asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--quick", action="store_true", help="one small phantom, for trying")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        answer_job(json.loads(options.job), options.answer)
    else:
        print(report(options))


if __name__ == "__main__":
    main()
