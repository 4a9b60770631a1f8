"""Scenes and Slicers as users have them: many cases, nodes deleted, packages missing."""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import slicer

from ..run import Run
from ..steps import Where, step

CASES = 10
CLICKS = 6
"""Buttons clicked after each deletion; by turns, all of them."""
BUTTONS = (
    "copyButton",
    "saveCsvButton",
    "showLayoutButton",
    "nextBranchButton",
    "previousBranchButton",
    "excludeVesselButton",
    "clearBranchButton",
    "bv5VisibleCheckBox",
    "legendVisibleCheckBox",
    "lungsVisibleCheckBox",
    "displayDefaultsButton",
    "acceptButton",
    "undoReviewButton",
)
"""Those that answer at once, and change no layout or mode."""
DRAWING, STATISTICS = ("matplotlib", "jinja2"), ("statsmodels",)


@step(
    "ten-cases",
    "Of ten cases in a scene each is shown with its own verdict, and the others are hidden",
    limit=600,
)
def ten_cases(run: Run) -> None:
    first, folder = run.need_case(), run.saved_case()
    others: list[Any] = []
    try:
        for _ in range(CASES - 1):
            others.append(run.logic.loadCase(folder))
            slicer.app.processEvents()
        cases = run.outcomes()
        run.equal(len(cases), CASES, "cases in the scene")
        run.equal(len({each.caseNode.GetName() for each in cases}), CASES, "different names")
        for number, each in enumerate(others):
            run.logic.setReview(each, "rejected", f"Reader {number}", "")
        if run.has_window:
            _choose_each(run, others)
    finally:
        for each in others:
            run.logic.removeCase(each)
            slicer.app.processEvents()
        if run.has_window:
            run.show_case()
    run.equal([each.caseNode for each in run.outcomes()], [first.caseNode], "cases afterwards")


def _choose_each(run: Run, cases: list) -> None:
    for number, each in reversed(list(enumerate(cases))):
        run.ui.caseSelector.setCurrentNode(each.caseNode)
        slicer.app.processEvents()
        said = run.ui.reviewStateLabel.text
        run.check(f"Reader {number}" in said, f"of the case of Reader {number} it says {said}")
        shown = [one.caseNode.GetName() for one in run.outcomes() if _is_shown(one)]
        run.equal(shown, [each.caseNode.GetName()], "cases whose legend is shown")


def _is_shown(outcome) -> bool:
    return outcome.legend is not None and bool(outcome.legend.GetVisibility())


@step(
    "nodes-deleted",
    "Nodes of the shown case deleted by hand, one after the other, leave a panel that works",
    limit=900,
    where=Where.WINDOW,
)
def nodes_deleted(run: Run) -> None:
    run.show_case()
    outcome = run.logic.loadCase(run.saved_case())
    slicer.app.processEvents()
    run.check(run.chosen_case() is outcome.caseNode, "the case to be taken apart is not chosen")
    run.ui.reviewerLineEdit.text = "Önder"
    buttons = itertools.cycle(BUTTONS)
    try:
        _delete_each(run, _made_again(outcome), buttons)
        run.click("recomputeButton")
        # Of those that Recompute does not make again.
        run.check(len(_made_again(outcome)) > len(BUTTONS), "Recompute made nothing again")
        run.check(run.ui.copyButton.enabled, "there is no table after Recompute")
        _delete_each(run, _needed(outcome), buttons)
        ui = run.ui
        for name in ("saveReportButton", "recomputeButton", "excludeVesselButton"):
            button = getattr(ui, name)
            run.check(not button.enabled, f"{name} is enabled without vessels")
            run.check("deleted" in button.toolTip, f"{name} says {button.toolTip}")
    finally:
        left = [*_made_again(outcome), *_needed(outcome)]
        run.logic.removeCase(outcome)
        for node in left:
            if node.GetScene() is not None:
                slicer.mrmlScene.RemoveNode(node)
        slicer.app.processEvents()
        run.show_case()
    run.check(run.ui.keyLabel.text, "the first case is not shown again")


def _needed(outcome) -> list:
    nodes = (outcome.lungsSegmentation, outcome.vesselsSegmentation, outcome.centerlinesModel)
    return [node for node in nodes if node is not None]


def _made_again(outcome) -> list:
    """All other nodes of a case, what serves them first; not its CT."""
    case = outcome.caseNode
    roles = [case.GetNthNodeReferenceRole(i) for i in range(case.GetNumberOfNodeReferenceRoles())]
    spared = [outcome.inputVolume, outcome.regionsSegmentation, *_needed(outcome)]
    nodes = [case.GetNodeReference(role) for role in roles]
    nodes = [node for node in nodes if node is not None and node not in spared]
    serving = []
    for node in [*nodes, *_needed(outcome)]:
        if node.IsA("vtkMRMLDisplayableNode"):
            serving += [node.GetNthDisplayNode(i) for i in range(node.GetNumberOfDisplayNodes())]
        if node.IsA("vtkMRMLStorableNode"):
            serving.append(node.GetStorageNode())
    return [*(each for each in serving if each is not None), *nodes]


def _delete_each(run: Run, nodes: list, buttons: Iterator[str]) -> None:
    for node in nodes:
        if node.GetScene() is None:  # It went with one before.
            continue
        what = f"{node.GetClassName()} {node.GetName()}"
        slicer.mrmlScene.RemoveNode(node)
        slicer.app.processEvents()
        for name in itertools.islice(buttons, CLICKS):
            _click_if_enabled(run, name)
        run.equal(_unexpected(run), [], f"told after {what} was deleted")


def _unexpected(run: Run) -> list[str]:
    """What was told that does not belong to what was clicked."""
    texts = [*run.told.take("errorDisplay"), *run.told.take("infoDisplay")]
    # An exclusion is an edit, after which numbers are not written; without a branch there is none.
    expected = ("were edited since", "Choose a branch")
    return [text for text in texts if not any(part in text for part in expected)]


def _click_if_enabled(run: Run, name: str) -> None:
    button = getattr(run.ui, name)
    # In a section that is disabled, too.
    if not button.isEnabled():
        return
    if name == "saveCsvButton":
        run.told.answer("getSaveFileName", str(run.scratch / "numbers.csv"))
    button.click()
    slicer.app.processEvents()


@step(
    "newer-record",
    "A case of a newer version is told and left alone, and other cases still work",
    limit=120,
)
def newer_record(run: Run) -> None:
    from BV5AnalysisLib.imaging.errors import AnalysisError

    first = run.need_case()
    outcome = run.logic.loadCase(run.saved_case())
    slicer.app.processEvents()
    text = json.dumps(outcome.record | {"schema_version": "99.0"})
    try:
        if run.has_window:
            run.show_case()
        outcome.caseNode.SetText(text)
        if run.has_window:
            _choose_newer(run, outcome)
        try:
            run.logic.recompute(outcome)
            run.check(False, "a case of a newer version was recomputed")
        except AnalysisError as error:
            run.check("99.0" in str(error), f"it says: {error}")
        run.equal(outcome.caseNode.GetText(), text, "the record afterwards")
    finally:
        run.logic.removeCase(outcome)
        slicer.app.processEvents()
    run.equal(run.outcomes(), [first], "cases afterwards")
    if run.has_window:
        run.show_case()
        run.check(run.ui.saveReportButton.enabled, "the first case cannot be reported any more")


def _choose_newer(run: Run, outcome) -> None:
    slicer.app.processEvents()
    run.ui.caseSelector.setCurrentNode(outcome.caseNode)
    slicer.app.processEvents()
    told = run.told.take("errorDisplay")
    run.check(told, "nothing is told of the newer version")
    for text in told:
        run.check("newer version" in text and "99.0" in text, f"it says: {text}")
    run.check(not run.ui.saveReportButton.isEnabled(), "a report of it can be saved")


@step(
    "transforms",
    "A CT under a rigid transform takes its case along; under one that scales it is refused",
    limit=300,
)
def transforms(run: Run) -> None:
    volume = run.need_volume()
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    loaded = None
    try:
        _set(transform, [[0, -1, 0, 50], [1, 0, 0, -20], [0, 0, 1, 5], [0, 0, 0, 1]])
        volume.SetAndObserveTransformNodeID(transform.GetID())
        run.equal(run.logic.reasonNotToAnalyze(volume), "", "why it cannot be analyzed, turned")
        loaded = run.logic.loadCase(run.saved_case(), volume)
        slicer.app.processEvents()
        for node in (loaded.vesselsSegmentation, loaded.centerlinesModel):
            under = node.GetParentTransformNode()
            run.check(under is transform, f"{node.GetName()} is not under the CT's transform")
        before = loaded.record["measurements"][0]["tpbv_ml"]
        run.logic.recompute(loaded)
        after = loaded.record["measurements"][0]["tpbv_ml"]
        run.near(after, before, 1e-3, "TPBV recomputed under the transform")
        _set(transform, [[1.1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
        _check_refused(run, volume, transform.GetName())
    finally:
        if loaded is not None:
            run.logic.removeCase(loaded)
        volume.SetAndObserveTransformNodeID(None)
        slicer.mrmlScene.RemoveNode(transform)
        slicer.app.processEvents()
    run.equal(run.logic.reasonNotToAnalyze(volume), "", "why it cannot be analyzed afterwards")


def _set(transform, rows: list) -> None:
    import numpy as np

    matrix = slicer.util.vtkMatrixFromArray(np.array(rows, float))
    transform.SetMatrixTransformToParent(matrix)
    slicer.app.processEvents()


def _check_refused(run: Run, volume, name: str) -> None:
    reason = run.logic.reasonNotToAnalyze(volume)
    run.check(name in reason, f"of a CT that is scaled it says {reason!r}")
    if run.has_window:
        # As a user comes from the module Transforms.
        slicer.util.selectModule("SampleData")
        run.choose_ct()
        run.check(not run.ui.analyzeButton.enabled, "Analyze is enabled on a CT that is scaled")
        run.check(name in run.ui.analyzeHintLabel.text, f"told: {run.ui.analyzeHintLabel.text}")


@step("same-names", "Of two volumes of one name the chosen one is taken", limit=120)
def same_names(run: Run) -> None:
    volume, first = run.need_volume(), run.need_case()
    logic = slicer.modules.volumes.logic()
    twin = logic.CloneVolume(slicer.mrmlScene, volume, volume.GetName())
    twin.SetName(volume.GetName())
    loaded = None
    try:
        slicer.app.processEvents()
        if run.has_window:
            run.open_panel()
            for each in (twin, volume):
                run.ui.inputVolumeSelector.setCurrentNode(each)
                slicer.app.processEvents()
                run.check(run.parameters().inputVolume is each, "another CT was chosen")
                run.check(run.ui.analyzeButton.enabled, "Analyze is disabled")
        loaded = run.logic.loadCase(run.saved_case(), twin)
        slicer.app.processEvents()
        run.check(loaded.inputVolume is twin, "the case does not refer to the CT it was given")
        run.check(first.inputVolume is volume, "the first case refers to another CT now")
        names = {each.caseNode.GetName() for each in (first, loaded)}
        run.equal(len(names), 2, "different names of the cases")
    finally:
        if loaded is not None:
            run.logic.removeCase(loaded)
        slicer.mrmlScene.RemoveNode(twin)
        slicer.app.processEvents()
        if run.has_window:
            run.choose_ct()
            run.show_case()


@step(
    "packages-missing",
    "Packages missing and their installation declined: what is missing is told, all else works",
    limit=120,
)
def packages_missing(run: Run) -> None:
    outcome = run.need_case()
    with _missing((*DRAWING, *STATISTICS)):
        run.told.answer("confirmOkCancelDisplay", False)
        _check_told(run, _refused_report(run, outcome), "matplotlib")
        run.told.answer("confirmOkCancelDisplay", False)
        _check_told(run, _refused_cohort(run), "statsmodels")
        run.logic.exportTables(outcome, run.scratch / "without packages.csv")
        run.check("BV5" in run.logic.measurementsText(outcome), "no numbers are copied")
        run.logic.saveCase(outcome, run.scratch / "without packages")
        if run.has_window:
            for name in ("copyButton", "nextBranchButton", "clearBranchButton"):
                run.click(name)
    run.check((run.scratch / "without packages" / "result.json").is_file(), "no case was saved")


@contextmanager
def _missing(names: tuple[str, ...]) -> Iterator[None]:
    """Let packages be missing, whether they are installed or not."""
    kept = {name: sys.modules[name] for name in names if name in sys.modules}
    # What Python's own import takes for a module that cannot be had.
    sys.modules.update(dict.fromkeys(names))
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(kept)
        importlib.invalidate_caches()


def _refused_report(run: Run, outcome) -> str:
    parent = run.folder("no report")
    if run.has_window:
        run.show_case()
        run.told.answer("getExistingDirectory", str(parent))
        run.click("saveReportButton")
        told = run.told.take("errorDisplay")
        run.equal(len(told), 1, "messages that the report cannot be drawn")
        text = told[0]
    else:
        text = _raised(run, lambda: run.logic.exportReport(outcome, parent / "case"))
    run.equal(list(parent.iterdir()), [], "files of the report")
    return text


def _refused_cohort(run: Run) -> str:
    from BV5AnalysisLib.export.cohort.synthetic_tables import (
        CLINICAL,
        MEASUREMENTS,
        write_synthetic_cohort,
    )
    from BV5AnalysisLib.study.cohort.synthetic import synthetic_cohort

    folder = run.folder("no cohort")
    write_synthetic_cohort(folder, synthetic_cohort())
    return _raised(run, lambda: run.logic.analyzeCohort(folder / MEASUREMENTS, folder / CLINICAL))


def _raised(run: Run, does) -> str:
    from BV5AnalysisLib.imaging.errors import AnalysisError

    try:
        does()
    except AnalysisError as error:
        return str(error)
    raise AssertionError("it was done without the packages")


def _check_told(run: Run, text: str, package: str) -> None:
    for part in (package, "slicer.util.pip_install(", "Everything else works without them."):
        run.check(part in text, f"{part} is not in the message: {text}")
