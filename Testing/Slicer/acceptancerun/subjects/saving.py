"""A case saved and loaded: as a scene of one file, and as its folder."""

from __future__ import annotations

import slicer

from .. import slicerlog
from ..casestate import case_state, differences
from ..run import Run
from ..steps import Where, step

SCENE_NAME = "Scan Ü ß 肺.mrb"


@step("scene-file", "A scene saved as .mrb and loaded again has every node and value", limit=300)
def scene_file(run: Run) -> None:
    outcome = run.need_case()
    _begin(run, outcome)
    before = case_state(outcome)
    shown = _panel_state(run)
    path = run.scratch / SCENE_NAME
    run.check(slicer.util.saveScene(str(path)), "the scene could not be saved")
    run.check(path.is_file(), f"{path.name} is not there")
    left = [each.name for each in run.scratch.iterdir() if each.suffix == ".mrb"]
    run.equal(left, [path.name], "files of the scene")
    slicer.mrmlScene.Clear(0)
    slicer.app.processEvents()
    run.equal(run.outcomes(), [], "cases after the scene was cleared")
    count = slicerlog.entry_count()
    slicer.util.loadScene(str(path))
    slicer.app.processEvents()
    loaded = run.only_case()
    run.set_case(loaded)
    run.volume = loaded.inputVolume
    run.check(run.volume is not None, "the case has lost its CT")
    chosen = run.chosen_case() if run.has_window else None
    said = run.ui.progressLabel.text if run.has_window else ""
    if run.has_window:
        run.show_case()  # whatever else is found, the following steps go on with it
    problems = differences(before, case_state(loaded))
    run.note(f"{len(before)} values compared")
    run.check(not problems, "\n".join(problems))
    run.equal(_panel_state(run), shown, "what the panel shows")
    _check_log(run, count)
    if run.has_window:
        run.check(chosen is loaded.caseNode, "the loaded case was not chosen")
        run.check(not said.startswith("Done in"), f"the panel said {said!r} of a loaded case")


def _check_log(run: Run, count: int) -> None:
    hierarchy = slicerlog.of_subject_hierarchy(count)
    run.equal(hierarchy, [], "what Slicer's log says of the subject hierarchy")


def _begin(run: Run, outcome) -> None:
    """Choose no branch: which one is chosen is no part of a case."""
    if run.has_window:
        run.show_case()
        if run.ui.clearBranchButton.enabled:
            run.click("clearBranchButton")
    else:
        run.logic.clearSelection(outcome)


def _panel_state(run: Run) -> dict:
    """What the panel shows of the case."""
    if not run.has_window:
        return {}
    ui = run.ui
    return {
        "key": ui.keyLabel.text,
        "method": ui.methodLabel.text,
        "verdict": ui.reviewStateLabel.text,
        "rows": ui.branchesTable.model().rowCount(),
        "edited": ui.resultsEditedLabel.visible,
    }


@step("recompute-loaded", "Recompute of the loaded scene changes no number", limit=180)
def recompute_loaded(run: Run) -> None:
    outcome = run.need_case()
    before = outcome.record["measurements"]
    if run.has_window:
        run.show_case()
        run.check(not run.ui.resultsEditedLabel.visible, "the loaded case is called edited")
        run.click("recomputeButton")
    else:
        run.logic.recompute(outcome)
    for row, earlier in zip(outcome.record["measurements"], before, strict=True):
        for key in ("tpbv_ml", "bv5_ml", "bv5_10_ml", "bv10_ml", "bv5_pct"):
            run.near(row[key], earlier[key], 1e-3, f"{key} {row['region']}")


@step("case-folder", "A case saved as its folder and loaded again is the same", limit=300)
def case_folder(run: Run) -> None:
    outcome = run.need_case()
    _begin(run, outcome)
    before = case_state(outcome)
    folder = run.scratch / "Fall Ü"
    run.logic.saveCase(outcome, folder)
    run.check((folder / "result.json").is_file(), "result.json was not written")
    run.logic.removeCase(outcome)
    slicer.app.processEvents()
    run.equal(run.outcomes(), [], "cases after it was removed")
    run.check(run.volume.GetScene() is not None, "the CT was removed with the case")
    count = slicerlog.entry_count()
    if run.has_window:
        run.told.answer("getExistingDirectory", str(folder))
        run.click("loadCaseButton")
        loaded = run.only_case()
        run.set_case(loaded)
        run.check(run.chosen_case() is loaded.caseNode, "the loaded case is not chosen")
    else:
        loaded = run.logic.loadCase(folder)
        run.set_case(loaded)
    run.check(loaded.inputVolume is run.volume, "the case did not find its CT in the scene")
    problems = differences(before, case_state(loaded))
    run.note(f"{len(before)} values compared")
    run.check(not problems, "\n".join(problems))
    _check_log(run, count)


@step(
    "console-case",
    "A case that a script loads is chosen in the panel; its numbers, not another run's, are told",
    limit=120,
    where=Where.WINDOW,
)
def console_case(run: Run) -> None:
    first = run.show_case()
    folder, count = run.saved_case(), slicerlog.entry_count()
    second = run.logic.loadCase(folder)
    slicer.app.processEvents()
    run.check(second.caseNode.GetName() != first.caseNode.GetName(), "two cases have one name")
    try:
        chosen = run.chosen_case()
        run.check(chosen is second.caseNode, "the case of the script is not chosen in the panel")
        run.check(
            not run.ui.progressLabel.text.startswith("Done in"),
            f"the panel says {run.ui.progressLabel.text!r} of a case that was loaded",
        )
    finally:
        run.logic.removeCase(second)
        run.ui.caseSelector.setCurrentNode(first.caseNode)
        slicer.app.processEvents()
    _check_log(run, count)
    run.check(run.ui.keyLabel.visible, "the first case is not shown again")
    run.check(first.legend.GetVisibility(), "the legend of the first case did not come back")
