"""A batch: every case is attempted, whatever becomes of the others."""

from __future__ import annotations

import errno
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path

from ...imaging.errors import AnalysisError, DiskFull
from .batch_case import BatchCase, CaseStatus
from .workers import WorkerDied, Workers

Step = Callable[[BatchCase], None]
"""Measures one case, and raises `AnalysisError` with the reason where it cannot; picklable."""

_Status = CaseStatus | WorkerDied | MemoryError
"""How an attempt at a case ended; the last two are perhaps no fault of the case."""
_LOOK_EVERY_SECONDS = 1.0
"""How long to wait in one go: Windows lets no signal interrupt a wait."""
_PACKAGE = Path(__file__).resolve().parents[2]


def run_cases(cases: Iterable[BatchCase], step: Step, workers: Workers) -> Iterator[CaseStatus]:
    """Carry out a step for every case.

    A case that ends its worker, or for which memory does not suffice, is repeated after all
    others and with none beside it; it fails if that ends the same way.

    Parameters
    ----------
    cases : iterable of BatchCase
        What to do; submitted as workers become free.
    step : callable
        What to do with each, in a worker.
    workers : LocalWorkers or DaskWorkers
        Who does it; entered as a context manager.

    Yields
    ------
    CaseStatus
        One for each case, in the order in which they end; a case's failure is its `problem`.

    Raises
    ------
    AnalysisError
        The workers as a whole are lost, such as a scheduler that went away.
    DiskFull
        There is no room for results: all further cases would be measured in vain.
    """
    once_more = []
    for case, status in _attempts(cases, step, workers):
        if isinstance(status, CaseStatus):
            yield status
        else:
            once_more.append(case)
    for case in once_more:
        workers.end_idle()
        for _, status in _attempts([case], step, workers):
            if isinstance(status, CaseStatus):
                yield status
            else:
                yield CaseStatus(case.name, _why_without_memory(status))


def attempt(step: Step, case: BatchCase) -> CaseStatus:
    """Try a step on one case; what a worker runs.

    Parameters
    ----------
    step : callable
        What to do.
    case : BatchCase
        With what.

    Returns
    -------
    CaseStatus
        How it ended.

    Raises
    ------
    MemoryError
        Memory did not suffice, which may be the fault of the cases beside it.
    DiskFull
        The result could not be written for lack of room, which is no fault of the case.
    """
    began = time.perf_counter()
    problem = _problem_of(step, case)
    if problem:
        problem = _without_traces(problem, case)
    return CaseStatus(case.name, problem, time.perf_counter() - began)


def _without_traces(problem: str, case: BatchCase) -> str:
    """Reason without the case's paths and the patient's identity: it gets into tables."""
    from ...imaging.reading.patient_identity import without_identity
    from .case_identity import identity_in

    for path in (*case.sources, case.lungs, case.regions):
        if path:
            problem = problem.replace(str(path), case.name)
    return without_identity(problem, identity_in(case.sources))


def _problem_of(step: Step, case: BatchCase) -> str:
    try:
        step(case)
    except DiskFull:
        raise
    except AnalysisError as error:
        return _one_line(error)
    except MemoryError as error:
        raise MemoryError(str(error)) from None  # numpy's own kind would load numpy elsewhere
    except Exception as error:  # Unforeseen errors must not stop the other cases.
        if _is_lack_of_memory(error):
            raise MemoryError from error
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(f"The disk is full ({error.filename or case.name}).") from error
        return f"Unexpected {type(error).__name__}: {_one_line(error)} ({_place_of(error)})"
    return ""


def _attempts(
    cases: Iterable[BatchCase], step: Step, workers: Workers
) -> Iterator[tuple[BatchCase, _Status]]:
    """One attempt at each case, with as many under way as the workers have room for."""
    waiting = deque(cases)
    running: dict[Future[CaseStatus], BatchCase] = {}
    finished: list[tuple[BatchCase, _Status]] = []
    while True:
        while waiting and (waiting[0].problem or workers.has_room(waiting[0], running.values())):
            case = waiting.popleft()
            if case.problem:
                finished.append((case, CaseStatus(case.name, case.problem)))
                continue
            at_once = _at_once([*running.values(), case], waiting, workers)
            running[workers.submit(attempt, step, case, at_once=at_once)] = case
        # After workers got new cases, so that none waits for what is done with the old ones.
        yield from finished
        if not running:
            return
        done, _ = wait(running, _LOOK_EVERY_SECONDS, FIRST_COMPLETED)
        finished = [(running.pop(future), _status(future, workers)) for future in done]
        if not done:
            workers.check()


def _at_once(under_way: list[BatchCase], waiting: Iterable[BatchCase], workers: Workers) -> int:
    """How many cases will run once all that have room are submitted."""
    for case in waiting:
        if case.problem:
            continue
        if not workers.has_room(case, under_way):
            break
        under_way.append(case)
    return len(under_way)


def _status(future: Future[CaseStatus], workers: Workers) -> _Status:
    try:
        return workers.result(future)
    except (WorkerDied, MemoryError) as error:
        return error


def _why_without_memory(error: WorkerDied | MemoryError) -> str:
    if isinstance(error, WorkerDied):
        return (
            f"The worker was ended ({error}) in both attempts, the second with no other case under"
            " way, as for want of memory; free memory or crop the scan, then --resume"
            " --retry-failed."
        )
    return (
        "Memory does not suffice, even with no other case beside it; free memory or crop the"
        " scan, then --resume --retry-failed."
    )


def _is_lack_of_memory(error: Exception) -> bool:
    """Whether a C++ library got no memory, which its Python layer raises as another error."""
    text = str(error)
    return "bad_alloc" in text or "allocate memory" in text


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or "no message"


def _place_of(error: Exception) -> str:
    """Line of this package that an error went through last."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)]
    last = (ours or frames)[-1]
    return f"{Path(last.filename).name}, line {last.lineno}"
