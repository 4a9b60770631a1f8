"""What the user waits for, in seconds: on a real case where one is given, else on the phantom."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import slicer

from ..branches import column
from ..branchlist import choose
from ..run import Run
from ..steps import Where, step
from .viewing import TOGGLES

SHOW, RECOMPUTE, CHOOSE, TOGGLE = 2.0, 2.5, 0.15, 0.15
"""Seconds asked for on a case of 12 451 branches; the last two before drawing."""
CHOICES = 9


@step(
    "speed",
    "A case is shown, its branches chosen, its classes toggled and its numbers recomputed in time",
    limit=600,
    where=Where.WINDOW,
)
def speed(run: Run) -> None:
    first = run.show_case()
    volume, added = run.need_volume(), None
    folder = run.saved_case() if run.options.case is None else run.options.case[0]
    if run.options.case is not None:
        volume = added = run.logic.loadScan(run.options.case[1])
        slicer.app.processEvents()
    loaded: list[Any] = []
    try:
        late = _times(run, folder, volume, loaded)
    finally:
        for each in loaded:
            run.logic.removeCase(each)
        if added is not None:
            slicer.mrmlScene.RemoveNode(added)
        slicer.app.processEvents()
        run.choose_ct()
        run.show_case()
    run.check(run.chosen_case() is first.caseNode, "the first case is not shown again")
    if run.options.case is None:
        run.note("On the phantom: give BV5_ACCEPTANCE_CASE to measure a case of full size.")
    elif run.options.times:
        run.check(not late, "; ".join(late))


def _times(run: Run, folder, volume, loaded: list) -> list[str]:
    """Measure all; say what took longer than asked."""
    late = []

    def timed(what: str, asked: float, does: Callable[[], Any]) -> None:
        start = time.monotonic()
        does()
        _tell(what, asked, time.monotonic() - start)

    def _tell(what: str, asked: float, seconds: float) -> None:
        run.note(f"{what}: {seconds:.2f} s, asked {asked:g} s")
        if seconds > asked:
            late.append(f"{what} took {seconds:.2f} s, not {asked:g} s")

    def show() -> None:
        loaded.append(run.logic.loadCase(folder, volume))
        slicer.app.processEvents()

    timed("Load a case and show it", SHOW, show)
    (outcome,) = loaded
    run.check(run.chosen_case() is outcome.caseNode, "the case that was loaded is not shown")
    count = len(column(outcome, "volume_ml"))
    run.note(f"{count} branches")
    _tell("Choose a branch, before drawing", CHOOSE, _longest_choice(run, count))
    _tell("Toggle a class, before drawing", TOGGLE, _longest_toggle(run))
    run.click("excludeVesselButton")
    run.wait(lambda: run.ui.resultsEditedLabel.visible, 60, "called edited")
    timed("Recompute", RECOMPUTE, lambda: run.click("recomputeButton"))
    return late


def _longest_choice(run: Run, count: int) -> float:
    choose(run, 0)  # Sorts the list, which is no part of it.
    table, longest = run.ui.branchesTable, 0.0
    for number in range(1, CHOICES + 1):
        index = table.model().index(number * (count - 1) // CHOICES, 0)
        longest = max(longest, _before_drawing(lambda at=index: table.setCurrentIndex(at)))
    return longest


def _longest_toggle(run: Run) -> float:
    boxes = [getattr(run.ui, name) for name in TOGGLES]
    return max(_before_drawing(box.click) for box in (*boxes, *boxes))


def _before_drawing(does: Callable[[], Any]) -> float:
    with slicer.util.RenderBlocker():
        start = time.monotonic()
        does()
        seconds = time.monotonic() - start
    slicer.app.processEvents()
    return seconds
