"""Analyses with constants moved, several at a time, each asked once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from processes import run_apart
from resuming import Notes

from constant_moves.constants import Constant, moved

TIMES = 10
"""A case that takes as many times as long as the one before may go on without end."""

LEAST_SECONDS = 120

ONE_CASE = "constant_moves.one_case"
"""What a process of its own runs."""


@dataclass(frozen=True)
class Question:
    """One analysis.

    Attributes
    ----------
    path : str
        The scan.
    scan : str
        What the scan is, which says more than its path: results are kept by it.
    constant : tuple of str or None
        Module and field of the constant that is moved.
    value : float, int, tuple or None
        Its value.
    record : bool
        Whether to note which constants are read.
    """

    path: str
    scan: str
    constant: tuple[str, str] | None = None
    value: Any = None
    record: bool = False

    @property
    def key(self) -> dict[str, Any]:
        """What the answer depends on."""
        return {name: value for name, value in asdict(self).items() if name != "path"}


@dataclass(frozen=True)
class Answer:
    """What an analysis measured, or why it did not.

    Attributes
    ----------
    bv5_pct, tpbv_ml : float or None
        Of both lungs, the hilum apart, as users get it; None if there is no result.
    read : frozenset of str
        Constants that were read, if they were recorded.
    seconds : float
        What it took.
    problem : str
        ``refused`` or ``broken``; empty where there is a result.
    text : str
        What the analysis said in refusing, or how it broke.
    hilum_included : tuple of float or None
        BV5 % and TPBV with the hilum included, as a phantom's truth has it.
    """

    bv5_pct: float | None = None
    tpbv_ml: float | None = None
    read: frozenset[str] = frozenset()
    seconds: float = 0.0
    problem: str = ""
    text: str = ""
    hilum_included: tuple[float, float] | None = None

    @classmethod
    def of(cls, found: dict[str, Any]) -> Answer:
        """From what `one_case` writes, or `run_apart` in its place."""
        for problem in ("refused", "broken"):
            if problem in found:
                return cls(problem=problem, text=found[problem])
        bv5_pct, tpbv_ml = found["hilum_included"]
        return cls(
            found["bv5_pct"],
            found["tpbv_ml"],
            frozenset(found["read"]),
            found["seconds"],
            hilum_included=(bv5_pct, tpbv_ml),
        )


def both_ways(
    constant: Constant, share: float, path: Path, scan: str
) -> tuple[Question, Question] | None:
    """Questions with the constant lower and higher by a share; None where it cannot be moved."""
    lower, higher = (moved(constant.value, factor) for factor in (1 - share, 1 + share))
    if constant.value in (lower, higher):
        return None
    where = (constant.module, constant.field)
    return Question(str(path), scan, where, lower), Question(str(path), scan, where, higher)


def ask(
    questions: Iterable[Question],
    notes: Notes,
    jobs: int,
    seconds: float,
    progress: Callable[[int, int], None],
) -> dict[str, Answer]:
    """Answer questions, those that have been answered before from the notes.

    Parameters
    ----------
    questions : iterable of Question
        Any number.
    notes : Notes
        Where answers are kept as they come.
    jobs : int
        How many analyses run side by side.
    seconds : float
        What one takes, usually.
    progress : callable
        Called with the number that are done and of all.

    Returns
    -------
    dict of str to Answer
        By `name_of`.
    """
    questions = list(questions)
    missing = [question for question in questions if notes.answer(question.key) is None]
    limit = max(LEAST_SECONDS, TIMES * seconds)
    with ThreadPoolExecutor(jobs) as pool:
        running = {
            pool.submit(run_apart, ONE_CASE, asdict(question), limit): question
            for question in missing
        }
        done = len(questions) - len(missing)
        try:
            for future in as_completed(running):
                notes.keep(running[future].key, future.result())
                done += 1
                progress(done, len(questions))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return {name_of(question): Answer.of(notes.answer(question.key)) for question in questions}


def name_of(question: Question) -> str:
    """Key of a question among answers."""
    return json.dumps(question.key, sort_keys=True)
