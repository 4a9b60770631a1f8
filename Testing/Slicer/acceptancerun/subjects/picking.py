"""A vessel picked by a click in a slice view."""

from __future__ import annotations

from functools import partial

import slicer

from ..branches import longest, middle
from ..branchlist import chosen
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
        wanted = run.logic.branchAt(outcome, position)
        run.check(chosen(run) != wanted, "the branch was chosen before the click")
        click("Red", position)
        run.wait(partial(_is_chosen, run, wanted), 10, f"a click chooses branch {wanted}")
        run.equal(_points(), points + 1, "points in the scene while picking")
    run.click("pickVesselButton")
    run.equal(_points(), points, "points in the scene afterwards")
    interaction = slicer.app.applicationLogic().GetInteractionNode()
    mode = interaction.GetCurrentInteractionMode()
    run.equal(mode, interaction.ViewTransform, "what the mouse does afterwards")
    run.click("clearBranchButton")
    ui.perpendicularViewComboBox.currentIndex = 3


def _is_chosen(run: Run, branch: int) -> bool:
    return chosen(run) == branch


def _points() -> int:
    return slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode")


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
