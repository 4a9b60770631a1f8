"""A vessel picked by a click in a slice view."""

from __future__ import annotations

import slicer

from ..branches import longest, middle
from ..mouse import click, go_to
from ..run import Run
from ..steps import Where, step


@step(
    "pick",
    "A click on a vessel in a slice view chooses its branch, and leaves no point behind",
    limit=120,
    where=Where.WINDOW,
)
def pick(run: Run) -> None:
    outcome = run.show_case()
    ui = run.ui
    # The view that is clicked must stay as it is between one click and the next.
    ui.perpendicularViewComboBox.currentIndex = 0
    points = _points()
    run.click("pickVesselButton")
    run.check(ui.pickVesselButton.checked, "Pick vessel is not on")
    for class_name in ("BV10", "BV5-10"):
        position, _direction = middle(outcome, longest(outcome, class_name))
        go_to("Red", position)
        click("Red", position)
        wanted = run.logic.branchAt(outcome, position)
        run.wait(lambda: _chosen(run) is not None, 10, f"a click on {class_name} chooses a branch")
        run.equal(_chosen(run), wanted, f"branch chosen by the click on {class_name}")
        run.equal(_points(), points + 1, "points in the scene while picking")
    run.click("pickVesselButton")
    run.equal(_points(), points, "points in the scene afterwards")
    interaction = slicer.app.applicationLogic().GetInteractionNode()
    mode = interaction.GetCurrentInteractionMode()
    run.equal(mode, interaction.ViewTransform, "what the mouse does afterwards")
    run.click("clearBranchButton")
    ui.perpendicularViewComboBox.currentIndex = 3


def _points() -> int:
    return slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode")


def _chosen(run: Run) -> int | None:
    """Number of the branch that is chosen in the list."""
    table = run.ui.branchesTable
    row = table.currentIndex().row()
    if row < 0:
        return None
    return int(table.model().data(table.model().index(row, 0)))


@step(
    "pick",
    "logic.branchAt finds the branch at a point, in place of a click in a view",
    limit=60,
    where=Where.NO_WINDOW,
)
def pick_by_the_logic(run: Run) -> None:
    outcome = run.need_case()
    branch = longest(outcome, "BV10")
    position, _direction = middle(outcome, branch)
    run.equal(run.logic.branchAt(outcome, position), branch, "branch at its middle")
    run.equal(run.logic.branchAt(outcome, (9999.0, 0.0, 0.0)), None, "branch far from all")
