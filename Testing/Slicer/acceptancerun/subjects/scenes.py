"""A reload with a case shown, and with an analysis that runs; a scene closed in mid-run."""

from __future__ import annotations

import os
import signal

import slicer

from ..run import Run
from ..steps import Skipped, Where, step

SCENES = 3
TURNS = 20
"""Of the event loop, in which a process that has ended is freed."""


def _state(run: Run) -> dict:
    ui = run.ui
    node = ui.inputVolumeSelector.currentNode()
    return {
        "CT": node.GetName() if node is not None else "",
        "case": run.chosen_case().GetName() if run.chosen_case() is not None else "",
        "key": ui.keyLabel.text,
        "Analyze": ui.analyzeButton.enabled,
        "Cancel": ui.cancelButton.enabled,
        "Save report": ui.saveReportButton.enabled,
        "Review": ui.reviewCollapsibleButton.enabled,
        "rows": ui.branchesTable.model().rowCount(),
        "verdict": ui.reviewStateLabel.text,
    }


@step(
    "reload",
    "After Reload the panel shows the same CT and case, with the same buttons enabled",
    limit=120,
    where=Where.WINDOW,
)
def reload(run: Run) -> None:
    case = run.show_case().caseNode
    before = _state(run)
    run.widget.onReload()
    slicer.app.processEvents()
    run.equal(_state(run), before, "the panel after Reload")
    run.set_case(run.logic.outcome(case))


@step(
    "reload-running",
    "Reload while an analysis runs ends it, and no process is left",
    limit=180,
    where=Where.WINDOW,
)
def reload_running(run: Run) -> None:
    run.choose_ct()
    count, before = len(run.outcomes()), set(run.children())
    _start(run)
    run.widget.onReload()
    slicer.app.processEvents()
    run.equal(run.wait_for_children(before), [], "processes left by Reload")
    run.equal(len(run.outcomes()), count, "cases in the scene")
    run.check(not run.ui.cancelButton.enabled, "Cancel is enabled though nothing runs")
    case = run.outcomes()[-1] if run.outcomes() else None
    run.set_case(case)


def _start(run: Run) -> None:
    """Start an analysis and wait until it is under way."""
    run.choose_ct()
    run.click("analyzeButton")
    run.wait(lambda: run.ui.progressBar.value >= 1, 120, "the analysis makes progress")
    run.check(run.ui.cancelButton.enabled, "the analysis has ended before it was to be disturbed")


@step(
    "reload-scenes",
    "After several scenes, loaded one after the other, Analyze runs to its end",
    limit=1200,
    where=Where.WINDOW,
)
def reload_scenes(run: Run) -> None:
    case = run.show_case().caseNode
    path = run.folder("several") / "one.mrb"
    run.check(slicer.util.saveScene(str(path)), "the scene could not be saved")
    count, name = len(run.outcomes()), case.GetName()
    for number in range(1, SCENES + 1):
        slicer.mrmlScene.Clear(0)
        slicer.app.processEvents()
        slicer.util.loadScene(str(path))
        slicer.app.processEvents()
        run.equal(len(run.outcomes()), count, f"cases of scene {number}")
        run.equal(run.chosen_case().GetName(), name, f"case chosen of scene {number}")
    slicer.util.loadScene(str(path))
    slicer.app.processEvents()
    run.equal(len(run.outcomes()), 2 * count, "cases after it was added to itself")
    run.volume = run.logic.outcome(run.chosen_case()).inputVolume
    _start(run)
    run.wait(lambda: not run.ui.cancelButton.enabled, 600, "the analysis ends")
    for _ in range(TURNS):
        slicer.app.processEvents()
    run.equal(len(run.outcomes()), 2 * count + 1, "cases after the analysis")
    run.set_case(run.logic.outcome(run.chosen_case()))
    run.check(run.need_case().inputVolume is run.volume, "the new case refers to another CT")


@step(
    "child-killed",
    "An analysis whose process is killed is told with the place of its log, and nothing else",
    limit=180,
    where=Where.WINDOW,
)
def child_killed(run: Run) -> None:
    count, before = len(run.outcomes()), set(run.children())
    _start(run)
    started = [pid for pid in run.children() if pid not in before]
    if not started:
        raise Skipped("Which processes Slicer has started cannot be told on this system.")
    for pid in reversed(started):
        os.kill(pid, signal.SIGKILL)
    run.wait(lambda: not run.ui.cancelButton.enabled, 30, "the panel notices", told=True)
    (text,) = run.told.take("errorDisplay")
    run.check(".log" in text, f"the message does not name the log: {text}")
    run.equal(len(run.outcomes()), count, "cases in the scene")
    run.check(run.ui.analyzeButton.enabled, "Analyze is disabled afterwards")


@step(
    "closed",
    "A scene closed in mid-run ends the analysis without a word, and empties the panel",
    limit=180,
    where=Where.WINDOW,
)
def closed(run: Run) -> None:
    run.choose_ct()
    before = set(run.children())
    _start(run)
    slicer.mrmlScene.Clear(0)
    slicer.app.processEvents()
    run.equal(run.wait_for_children(before), [], "processes left")
    ui = run.ui
    run.equal(run.outcomes(), [], "cases in the scene")
    run.check(ui.inputVolumeSelector.currentNode() is None, "a CT is chosen")
    run.check(not ui.keyLabel.visible, f"numbers are still shown: {ui.keyLabel.text}")
    run.check(not ui.analyzeButton.enabled, "Analyze is enabled without a CT")
    run.check(not ui.cancelButton.enabled, "Cancel is enabled though nothing runs")
    run.check(not ui.progressBar.visible, "progress is still shown")
    run.volume = None
    run.set_case(None)
