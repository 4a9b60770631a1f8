"""Jobs of a benchmark in processes of their own, several at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from resuming import HERE, Notes

Job = dict[str, Any]


def answered(
    module: str,
    jobs: Sequence[tuple[Job, Job]],
    notes: Notes,
    *,
    processes: int,
    limit_seconds: float,
) -> list[dict[str, Any]]:
    """Answer jobs, those that have been answered before from the notes.

    Parameters
    ----------
    module : str
        Run as a program with a job as JSON and the file to write its answer to, as JSON.
    jobs : sequence of tuple
        For each a question, which its answer is kept by, and what the module is given.
    notes : Notes
        Where answers are kept as they come.
    processes : int
        How many run side by side.
    limit_seconds : float
        When to give up on one.

    Returns
    -------
    list of dict
        Answers in the order of the jobs. Of one that broke or came to no end there is ``broken``
        with the reason, and that is not kept.
    """
    broken: dict[int, dict[str, Any]] = {}
    missing = [
        number for number, (question, _) in enumerate(jobs) if notes.answer(question) is None
    ]
    done = len(jobs) - len(missing)
    with ThreadPoolExecutor(processes) as pool:
        running = {
            pool.submit(run_apart, module, jobs[number][1], limit_seconds): number
            for number in missing
        }
        try:
            for future in as_completed(running):
                number, found = running[future], future.result()
                if "broken" in found:
                    broken[number] = found
                else:
                    notes.keep(jobs[number][0], found)
                done += 1
                print(f"{done} of {len(jobs)}", file=sys.stderr, flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [
        broken[number] if number in broken else _known(notes, question)
        for number, (question, _) in enumerate(jobs)
    ]


def _known(notes: Notes, question: Job) -> dict[str, Any]:
    answer = notes.answer(question)
    if answer is None:
        raise KeyError(question)
    return dict(answer)


def run_apart(module: str, job: Job, limit_seconds: float) -> dict[str, Any]:
    """Run one job; a thread of numpy's in each process, as there are as many as cores."""
    paths = [str(HERE), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", module, json.dumps(job), str(answer)]
        try:
            done = subprocess.run(
                command,
                check=False,
                env=environment,
                capture_output=True,
                text=True,
                timeout=limit_seconds,
            )
        except subprocess.TimeoutExpired:
            return {"broken": f"not done after {limit_seconds:.0f} s"}
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
            return {"broken": f"exit status {done.returncode}: {last}"}
        return dict(json.loads(answer.read_text(encoding="utf-8")))


def tell_broken(jobs: Sequence[tuple[Job, Job]], name: Callable[[Job], str], found: list) -> str:
    """List the jobs that broke, with their reasons; Markdown."""
    lines = [
        f"- {name(question)}: {answer['broken']}"
        for (question, _), answer in zip(jobs, found, strict=True)
        if "broken" in answer
    ]
    return "\n".join(lines) + "\n" if lines else ""
