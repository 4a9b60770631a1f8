"""Classes, the branch list, and the view across a vessel."""

from __future__ import annotations

import numpy as np
import qt
import slicer

from .. import layoutcheck, window
from ..branches import column, longest, middle
from ..branchlist import cell, choose
from ..run import Run
from ..steps import Skipped, Where, step

TOGGLES = {
    "bv5VisibleCheckBox": ("BV5", "bv5"),
    "bv510VisibleCheckBox": ("BV5_10", "bv5_10"),
    "bv10VisibleCheckBox": ("BV10", "bv10"),
    "belowFloorVisibleCheckBox": ("BELOW_FLOOR", "below_floor"),
}
"""Check boxes, the names of their classes in `SizeClass`, and the IDs of their segments."""
ALONG = 0.9
"""Least cosine between a view's normal and the branch that it is turned across."""


def _shown(outcome, name: str, segment: str) -> list[bool]:
    from BV5AnalysisLib.imaging.model.size_classes import SizeClass

    display = outcome.vesselsSegmentation.GetDisplayNode()
    return [
        bool(outcome.tubesModels[SizeClass[name]].GetDisplayNode().GetVisibility()),
        bool(display.GetSegmentVisibility(segment)),
    ]


@step(
    "sizes",
    "In windows of three sizes every view can be used, and the percentages are seen",
    limit=180,
    where=Where.WINDOW,
)
def sizes(run: Run) -> None:
    run.show_case()
    run.click("showLayoutButton")
    if not layoutcheck.are_laid_out():
        raise Skipped("The views of this Slicer are not in its window.")
    problems = []
    try:
        for size in layoutcheck.SIZES:
            reached = window.arrange(size)
            name = "{}x{}".format(*size)
            if reached != size:
                run.note("The screen allows {} × {} in place of {name}".format(*reached, name=name))
            views = layoutcheck.views()
            run.check(len(views) >= 6, f"only {', '.join(views)} are seen")
            found = layoutcheck.too_small(views)
            for table in layoutcheck.tables():
                found += layoutcheck.not_seen(table.tableView(), layoutcheck.PERCENTAGES)
            problems += [f"{name}: {each}" for each in found]
            run.picture(f"sizes-{name}")
    finally:
        window.arrange(run.options.size)
    run.check(not problems, "\n".join(problems))


@step(
    "classes",
    "Each class's box hides its tubes and its outlines, and shows them again",
    limit=120,
    where=Where.WINDOW,
)
def classes(run: Run) -> None:
    outcome = run.show_case()
    for box, names in TOGGLES.items():
        run.equal(_shown(outcome, *names), [True, True], f"{names[0]} shown at first")
        run.click(box)
        run.equal(_shown(outcome, *names), [False, False], f"{names[0]} shown after a click")
        others = [each for each in TOGGLES.values() if each != names]
        run.check(all(all(_shown(outcome, *each)) for each in others), "another class went, too")
        run.click(box)
        run.equal(_shown(outcome, *names), [True, True], f"{names[0]} shown after two clicks")
    run.click("lungsVisibleCheckBox")
    lungs = outcome.lungsSegmentation.GetDisplayNode()
    run.check(not lungs.GetVisibility(), "the lungs are still shown")
    run.click("legendVisibleCheckBox")
    run.check(not outcome.legend.GetVisibility(), "the legend is still shown")
    run.ui.bv5ColorButton.color = qt.QColor("#336699")
    slicer.app.processEvents()
    color = [0.0] * 4
    outcome.colors.GetColor(1, color)
    run.check(np.allclose(color[:3], (0.2, 0.4, 0.6), atol=0.01), "the legend keeps its old color")
    run.click("displayDefaultsButton")
    run.check(lungs.GetVisibility() and outcome.legend.GetVisibility(), "defaults hide something")
    run.check(not run.ui.resultsEditedLabel.visible, "a change of display is taken for an edit")


@step(
    "classes",
    "logic.applyDisplay hides a class and shows it again, in place of the panel's boxes",
    limit=60,
    where=Where.NO_WINDOW,
)
def classes_by_the_logic(run: Run) -> None:
    from BV5AnalysisLib.imaging.model.size_classes import SizeClass
    from BV5AnalysisLib.scene.views.display import ClassDisplay, DisplaySettings

    outcome = run.need_case()
    for name, segment in TOGGLES.values():
        hidden = {SizeClass[name]: ClassDisplay(False, (1.0, 0.0, 0.0), 1.0)}
        run.logic.applyDisplay(outcome, DisplaySettings(classes=hidden))
        run.equal(_shown(outcome, name, segment), [False, False], f"{name} shown when hidden")
    run.logic.applyDisplay(outcome, DisplaySettings())
    run.check(all(all(_shown(outcome, *each)) for each in TOGGLES.values()), "a class is hidden")


@step(
    "branches",
    "The branch list sorts, filters, and goes to the next and the previous branch",
    limit=120,
    where=Where.WINDOW,
    picture="4-review",
)
def branches(run: Run) -> None:
    outcome = run.show_case()
    ui = run.ui
    ui.displayCollapsibleButton.collapsed = True
    ui.reviewCollapsibleButton.collapsed = False
    model = ui.branchesTable.model()
    volumes, names = column(outcome, "volume_ml"), column(outcome, "size_class")
    run.equal(model.rowCount(), len(volumes), "rows of the list")

    ui.branchesTable.sortByColumn(6, qt.Qt.DescendingOrder)
    slicer.app.processEvents()
    run.click("nextBranchButton")
    run.near(cell(run, 6), max(volumes), 0.0006, "mL of the first row, sorted by mL")
    first = cell(run, 0)
    run.click("nextBranchButton")
    run.check(cell(run, 6) <= max(volumes), "the second row has more blood than the first")
    run.check(cell(run, 0) != first, "Next stays at the branch")
    run.click("previousBranchButton")
    run.equal(cell(run, 0), first, "branch after Next and Previous")
    _check_selected(run, outcome, int(first))

    ui.branchClassComboBox.currentIndex = 3
    slicer.app.processEvents()
    run.equal(model.rowCount(), names.count("BV10"), "rows of the class BV10")
    ui.branchClassComboBox.currentIndex = 0
    ui.doubtfulOnlyCheckBox.click()
    slicer.app.processEvents()
    doubtful = sum(percent < 90 for percent in column(outcome, "confidence_pct"))
    run.equal(model.rowCount(), doubtful, "rows that are doubtful")
    ui.doubtfulOnlyCheckBox.click()
    slicer.app.processEvents()
    run.equal(model.rowCount(), len(volumes), "rows without a filter")


def _check_selected(run: Run, outcome, branch: int) -> None:
    run.check(outcome.highlightModel.GetPolyData().GetNumberOfPoints(), "the branch is not marked")
    rows = outcome.profileTable.GetNumberOfRows()
    run.check(rows > 1, "the plot of its area is empty")
    run.note(f"Branch {branch}: {rows} points in the plot of its area")


@step(
    "across",
    "A slice view turns across the chosen branch, and Clear turns it back",
    limit=120,
    where=Where.WINDOW,
)
def across(run: Run) -> None:
    outcome = run.show_case()
    ui = run.ui
    branch = longest(outcome, "BV10")
    choose(run, branch)
    run.click("clearBranchButton")
    nodes = {name: _slice_node(name) for name in ("Yellow", "Green")}
    before = {name: _turn(node) for name, node in nodes.items()}
    for index, name in ((2, "Yellow"), (3, "Green")):
        ui.perpendicularViewComboBox.currentIndex = index
        slicer.app.processEvents()
        choose(run, branch)
        _check_across(run, outcome, branch, nodes[name], name)
    run.picture("across")
    run.click("clearBranchButton")
    for name, node in nodes.items():
        run.check(np.allclose(_turn(node), before[name], atol=1e-5), f"{name} was not turned back")
    run.equal(outcome.highlightModel.GetPolyData().GetNumberOfPoints(), 0, "points of the mark")


@step(
    "clear-hidden",
    "Clear turns the view back, too, when a filter has hidden the chosen branch from the list",
    limit=60,
    where=Where.WINDOW,
)
def clear_hidden(run: Run) -> None:
    outcome = run.show_case()
    ui, node = run.ui, _slice_node("Green")
    ui.perpendicularViewComboBox.currentIndex = 3
    branch = longest(outcome, "BV10")
    choose(run, branch)
    run.click("clearBranchButton")
    before = _turn(node)
    choose(run, branch)
    ui.branchClassComboBox.currentIndex = 1
    slicer.app.processEvents()
    run.click("clearBranchButton")
    turn, marked = _turn(node), outcome.highlightModel.GetPolyData().GetNumberOfPoints()
    ui.branchClassComboBox.currentIndex = 0
    slicer.app.processEvents()
    choose(run, branch)
    run.click("clearBranchButton")
    run.equal(marked, 0, "points of the mark after Clear")
    run.check(np.allclose(turn, before, atol=1e-5), "Green was not turned back")


def _slice_node(name: str) -> slicer.vtkMRMLSliceNode:
    return slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode()


def _turn(node: slicer.vtkMRMLSliceNode) -> np.ndarray:
    return slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS())[:3, :3]


def _check_across(run: Run, outcome, branch: int, node, name: str) -> None:
    position, direction = middle(outcome, branch)
    matrix = slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS())
    cosine = abs(float(matrix[:3, 2] @ direction))
    run.check(cosine > ALONG, f"{name} is not across the branch: cosine {cosine:.2f}")
    distance = abs(float(matrix[:3, 2] @ (np.array(position) - matrix[:3, 3])))
    run.check(distance < 5.0, f"{name} is {distance:.1f} mm from the middle of the branch")


@step(
    "across",
    "logic.selectBranch turns a slice view across a branch, in place of the panel's list",
    limit=60,
    where=Where.NO_WINDOW,
)
def across_by_the_logic(run: Run) -> None:
    outcome = run.need_case()
    branch = longest(outcome, "BV10")
    run.logic.selectBranch(outcome, branch, "Green")
    _check_selected(run, outcome, branch)
    node = slicer.mrmlScene.GetSingletonNode("Green", "vtkMRMLSliceNode")
    if node is not None:
        _check_across(run, outcome, branch, node, "Green")
    run.logic.clearSelection(outcome)
    run.equal(outcome.highlightModel.GetPolyData().GetNumberOfPoints(), 0, "points of the mark")
