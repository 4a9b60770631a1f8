"""Progress of a batch: cases done and failed, and the time that is left."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..imaging.progress import Progress


@dataclass(frozen=True)
class BatchProgress:
    """Where a batch is.

    Attributes
    ----------
    step : str
        What is going on.
    fraction : float
        Done of the whole.
    done : int
        Cases that ended, failed ones among them.
    failed : int
        Those that failed.
    total : int
        All cases; 0 while they are looked for.
    remaining_seconds : float or None
        Until the last one ends; None if not known yet.
    """

    step: str
    fraction: float = 0.0
    done: int = 0
    failed: int = 0
    total: int = 0
    remaining_seconds: float | None = None


ShowBatch = Callable[[BatchProgress], None]
PLANNED, MEASURED = 0.02, 0.99
"""Fractions after looking for scans, and after the last case: the tables follow."""
_LINES_EVERY_SECONDS = 1.0


class Tally:
    """Counts the cases of a batch as they end.

    Parameters
    ----------
    total, done, failed : int
        Cases in all, and those that ended before.
    show : callable
        Gets the `BatchProgress`, once now and then after each case.
    """

    def __init__(self, total: int, done: int, failed: int, show: ShowBatch) -> None:
        self._total, self._done, self._failed, self._show = total, done, failed, show
        self._seconds = 0.0
        self._ended = 0
        self._measuring(None)

    def add(self, failed: bool, seconds: float, jobs: int) -> None:
        """Record a finished case, its seconds and the number of parallel workers."""
        self._done += 1
        self._failed += failed
        self._ended += 1
        self._seconds += seconds
        # By what cases take, not by how many have ended: the first ones end all at once.
        left = self._total - self._done
        self._measuring(self._seconds / self._ended * left / max(1, min(jobs, left)))

    def end(self) -> None:
        """Report that everything is written."""
        self._report("done", 1.0, 0.0)

    def _measuring(self, remaining_seconds: float | None) -> None:
        share = self._done / self._total if self._total else 1.0
        self._report("measuring", PLANNED + (MEASURED - PLANNED) * share, remaining_seconds)

    def _report(self, step: str, fraction: float, remaining_seconds: float | None) -> None:
        self._show(
            BatchProgress(step, fraction, self._done, self._failed, self._total, remaining_seconds)
        )


def planning(show: ShowBatch) -> Progress:
    """Progress callback of the search for scans."""

    def planned(step: str, fraction: float) -> None:
        if fraction < 1.0:  # Its end is not the end.
            show(BatchProgress(step, PLANNED * fraction))

    return planned


@contextlib.contextmanager
def shown_batch_progress(kind: str) -> Iterator[ShowBatch]:
    """Give a callback that shows progress while the block runs.

    Parameters
    ----------
    kind : str
        ``json``: one object a line on standard output. ``auto``: a bar if standard error is a
        terminal (plain lines where rich is missing, as in 3D Slicer), else nothing. ``none``.

    Yields
    ------
    callable
        Takes a `BatchProgress`.
    """
    if kind == "json":
        yield _print_json
    elif kind == "none" or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _progress: None
    elif importlib.util.find_spec("rich"):
        with _bar() as show:
            yield show
    else:
        yield _PlainLines()


def _print_json(progress: BatchProgress) -> None:
    remaining = progress.remaining_seconds
    values = {
        "step": progress.step,
        "fraction": round(progress.fraction, 4),
        "done": progress.done,
        "failed": progress.failed,
        "total": progress.total,
        "remaining_seconds": None if remaining is None else round(remaining, 1),
    }
    print(json.dumps(values), flush=True)


def in_words(progress: BatchProgress) -> str:
    """Progress as a line of text."""
    if not progress.total:
        return progress.step
    parts = [f"{progress.done} of {progress.total} cases"]
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    if progress.remaining_seconds is not None:
        parts.append(f"{_duration(progress.remaining_seconds)} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes}:{seconds:02}"


class _PlainLines:
    """Lines on standard error, not more often than one can read."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def __call__(self, progress: BatchProgress) -> None:
        ended = progress.total and progress.done == progress.total
        if ended or time.monotonic() - self._last >= _LINES_EVERY_SECONDS:
            self._last = time.monotonic()
            print(in_words(progress), file=sys.stderr, flush=True)


@contextlib.contextmanager
def _bar() -> Iterator[ShowBatch]:
    from .progress import rich_bar

    with rich_bar() as show:
        yield lambda progress: show(in_words(progress), progress.fraction)
