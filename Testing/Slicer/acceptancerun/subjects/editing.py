"""A vessel excluded, and vessels erased and painted in Segment Editor; recomputed each time."""

from __future__ import annotations

import time

import numpy as np
import slicer
import vtk

from ..branches import column, longest, middle
from ..branchlist import choose
from ..run import Run
from ..steps import Where, step

LOST_WITHIN = 0.3
"""How much the lost blood may differ from the branch's own: its ends are shared with others."""
BALL_MM = 4.0
COMPARED_WITHIN = 3.0
"""Seconds within which the panel has compared the segmentations with what was measured."""


@step(
    "exclude",
    "Exclude and Recompute lower the numbers by the branch's blood",
    limit=180,
    where=Where.WINDOW,
)
def exclude(run: Run) -> None:
    outcome = run.show_case()
    ui = run.ui
    branch, volume = _richest(outcome)
    choose(run, branch)
    before, count = run.total_ml(), ui.branchesTable.model().rowCount()
    run.click("excludeVesselButton")
    run.wait(lambda: ui.resultsEditedLabel.visible, COMPARED_WITHIN, "called edited")
    run.equal(run.total_ml(), before, "TPBV before it is recomputed")
    run.click("recomputeButton")
    run.check(not ui.resultsEditedLabel.visible, "the case is called edited after Recompute")
    run.check(ui.branchesTable.model().rowCount() < count, "the list did not get shorter")
    _check_lost(run, before, volume)
    run.check(f"{run.total_ml():.1f} mL" in ui.keyLabel.text, "the panel shows the old number")


@step(
    "exclude",
    "logic.excludeBranch and recompute lower the numbers by the branch's blood",
    limit=180,
    where=Where.NO_WINDOW,
)
def exclude_by_the_logic(run: Run) -> None:
    outcome = run.need_case()
    branch, volume = _richest(outcome)
    before = run.total_ml()
    run.logic.excludeBranch(outcome, branch)
    run.logic.recompute(outcome)
    _check_lost(run, before, volume)


def _richest(outcome) -> tuple[int, float]:
    """The branch with most blood among those whose blood counts, and how much it is, mL."""
    volumes, names = column(outcome, "volume_ml"), column(outcome, "size_class")
    counted = [branch for branch, name in enumerate(names) if name != "Below floor"]
    branch = max(counted, key=volumes.__getitem__)
    return branch, volumes[branch]


def _check_lost(run: Run, before: float, volume: float) -> None:
    lost = before - run.total_ml()
    run.note(f"Lost {lost:.3f} mL with a branch of {volume:.3f} mL")
    run.near(lost / volume, 1.0, LOST_WITHIN, "lost blood / blood of the branch")


@step("recompute", "Recompute without an edit changes no number", limit=180)
def recompute(run: Run) -> None:
    outcome = run.need_case()
    before = outcome.record["measurements"]
    _recompute(run)
    for row, earlier in zip(outcome.record["measurements"], before, strict=True):
        for key, value in earlier.items():
            if isinstance(value, float):
                within = 1e-6 * max(1.0, abs(value))
                run.near(row[key], value, within, f"{key} {row['region']}")


def _recompute(run: Run) -> None:
    if run.has_window:
        run.show_case()
        run.click("recomputeButton")
    else:
        run.logic.recompute(run.need_case())


@step(
    "editor-left",
    "Segment Editor opened on the vessels and left again is no edit",
    limit=120,
    where=Where.WINDOW,
)
def editor_left(run: Run) -> None:
    outcome = run.show_case()
    _open_editor(run, outcome)
    run.picture("editor-left")
    run.open_panel()
    # As long as it may take the panel to see that nothing was edited.
    end = time.monotonic() + COMPARED_WITHIN
    run.wait(lambda: time.monotonic() > end, 2 * COMPARED_WITHIN, "the time passes")
    run.check(not run.ui.resultsEditedLabel.visible, "the case is called edited")
    run.check(not run.ui.recomputeHintLabel.visible, f"told: {run.ui.recomputeHintLabel.text}")


def _open_editor(run: Run, outcome) -> None:
    run.click("editVesselsButton")
    run.equal(slicer.util.selectedModule(), "SegmentEditor", "module")
    editor = slicer.modules.SegmentEditorWidget.editor
    run.check(editor.segmentationNode() is outcome.vesselsSegmentation, "other segments are edited")
    run.check(editor.sourceVolumeNode() is outcome.inputVolume, "another CT is shown to the editor")


@step(
    "edit",
    "Vessels erased in Segment Editor lower the numbers, painted again they come back",
    limit=300,
)
def edit(run: Run) -> None:
    outcome = run.need_case()
    if run.has_window:
        run.show_case()
        _open_editor(run, outcome)
    before = run.total_ml()
    position, _direction = middle(outcome, longest(outcome, "BV10"))
    erased = _brush(outcome, "bv10", position, None)
    run.check(erased.any(), "there was nothing to erase")
    _back_and_recompute(run)
    lower = run.total_ml()
    run.check(lower < before, f"TPBV is {lower:.3f} mL, not below {before:.3f} mL")

    if run.has_window:
        _open_editor(run, outcome)
    _brush(outcome, "bv10", position, erased)
    _back_and_recompute(run)
    again = run.total_ml()
    run.note(f"TPBV {before:.3f} mL, erased {lower:.3f} mL, painted again {again:.3f} mL")
    run.check(again > lower, "what was painted is not counted")


def _back_and_recompute(run: Run) -> None:
    if run.has_window:
        run.open_panel()
        run.wait(lambda: run.ui.resultsEditedLabel.visible, COMPARED_WITHIN, "called edited")
    _recompute(run)
    if run.has_window:
        run.check(not run.ui.resultsEditedLabel.visible, "the case is called edited afterwards")


def _brush(outcome, segment: str, ras: tuple, painted: np.ndarray | None) -> np.ndarray:
    """Erase a ball of a segment, or paint voxels; return those that were erased.

    As an effect's brush does: the segment's labelmap, on the geometry of the CT, is changed and
    put back.
    """
    node, volume = outcome.vesselsSegmentation, outcome.inputVolume
    labels = slicer.util.arrayFromSegmentBinaryLabelmap(node, segment, volume)
    if painted is None:
        changed = (labels != 0) & _ball(volume, labels.shape, ras)
        labels[changed] = 0
    else:
        changed = painted
        labels[changed] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(labels, node, segment, volume)
    slicer.app.processEvents()
    return changed


def _ball(volume, shape: tuple, ras: tuple) -> np.ndarray:
    """Voxels within `BALL_MM` of a point."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetRASToIJKMatrix(matrix)
    center = matrix.MultiplyPoint((*ras, 1.0))[:3]
    axes = np.indices(shape, sparse=True)
    spacing = volume.GetSpacing()
    squared = sum(((axes[2 - i] - center[i]) * spacing[i]) ** 2 for i in range(3))
    return squared <= BALL_MM**2
