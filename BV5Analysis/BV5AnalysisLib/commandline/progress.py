"""Progress for people (a bar on a terminal) and for programs (JSON lines)."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import sys
from collections.abc import Iterator

from ..imaging.progress import Progress


def silent(_step: str, _fraction: float) -> None:
    """Show nothing."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Progress of a part that takes the whole from one fraction to another."""
    return lambda step, fraction: progress(step, start + (stop - start) * fraction)


@contextlib.contextmanager
def shown_progress(kind: str) -> Iterator[Progress]:
    """Give a callback that shows progress while the block runs.

    Parameters
    ----------
    kind : str
        ``json``: one object a line on standard output. ``auto``: a bar if standard error is a
        terminal (plain lines where rich is missing, as in 3D Slicer), else nothing. ``none``.

    Yields
    ------
    callable
        The callback; fractions never fall and stay within 0 and 1, whatever it is given.
    """
    if kind == "json":
        yield _rising(_print_json)
    elif kind == "none" or sys.stderr is None or not sys.stderr.isatty():
        yield silent
    elif importlib.util.find_spec("rich"):
        with rich_bar() as show:
            yield _rising(show)
    else:
        yield _rising(_PlainLines())


def _rising(show: Progress) -> Progress:
    highest = 0.0

    def rising(step: str, fraction: float) -> None:
        nonlocal highest
        highest = max(highest, min(fraction, 1.0))
        show(step, highest)

    return rising


def _print_json(step: str, fraction: float) -> None:
    print(json.dumps({"step": step, "fraction": round(fraction, 4)}), flush=True)


class _PlainLines:
    """A line on standard error whenever the step changes."""

    def __init__(self) -> None:
        self._step = ""

    def __call__(self, step: str, fraction: float) -> None:
        if step != self._step:
            self._step = step
            print(f"{100 * fraction:3.0f} %  {step}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def rich_bar() -> Iterator[Progress]:
    """Give a callback that draws a bar on standard error while the block runs; needs rich."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    class VisibleCursor(Console):
        """Leaves the cursor shown: a signal may end the process, and none would bring it back."""

        def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002
            return False

    columns = (
        TextColumn("{task.description:24}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=VisibleCursor(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda step, fraction: bar.update(task, description=step, completed=fraction)
