"""Section Review: go through the vessels, correct them, recompute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.util import NodeModify

from .advanced import parameters_problem, recompute_parameters
from .branch_list import BranchList
from .branch_rows import BranchRow, branch_rows
from .edits import EditWatch
from .messages import problems_shown
from .parameter_node import BranchClass
from .picking import VesselPicker
from .protocols import Logic
from .shown import ShownCase


class ReviewSection:
    """Branches, picking, editing and recomputing; the verdict has its own class.

    Parameters
    ----------
    ui : object
        The form's widgets.
    logic : Logic
        Selects branches, edits and recomputes.
    scene : vtkMRMLScene
        Slicer's scene.
    edits : EditWatch
        Knows what was edited.
    onRecomputed : callable
        Called after the case has new numbers.
    """

    def __init__(
        self,
        ui: Any,
        logic: Logic,
        scene: slicer.vtkMRMLScene,
        edits: EditWatch,
        onRecomputed: Callable[[], None],
    ) -> None:
        self._ui = ui
        self._logic = logic
        self._edits = edits
        self._onRecomputed = onRecomputed
        self._parameterNode: Any = None
        self._case: ShownCase | None = None
        self._rows: list[BranchRow] = []
        self._source: tuple[Any, ...] | None = None
        self._listed: tuple[Any, ...] | None = None
        self._view = ""
        self._recomputing = False
        # Whether the views show a chosen branch, which the list may have filtered out since.
        self._isAcross = False
        self._list = BranchList(ui, self._select)
        self._picker = VesselPicker(scene, self._onPicked, self._onPickingEnded)

    def setup(self) -> None:
        """Connect the widgets."""
        ui = self._ui
        self._list.setup()
        ui.previousBranchButton.connect("clicked(bool)", self.onPrevious)
        ui.nextBranchButton.connect("clicked(bool)", self.onNext)
        ui.pickVesselButton.connect("toggled(bool)", self.onPick)
        ui.clearBranchButton.connect("clicked(bool)", self.onClear)
        ui.excludeVesselButton.connect("clicked(bool)", self.onExclude)
        ui.editVesselsButton.connect("clicked(bool)", self.onEdit)
        ui.recomputeButton.connect("clicked(bool)", self.onRecompute)

    def leave(self) -> None:
        """End picking, as when another module is opened."""
        self._ui.pickVesselButton.checked = False
        self._picker.stop()

    def setParameterNode(self, parameterNode: Any) -> None:
        """Use this parameter node from now on."""
        self._parameterNode = parameterNode
        self._view = parameterNode.perpendicularView.value if parameterNode else ""

    def show(self, case: ShownCase | None) -> None:
        """Show a case, or None."""
        if case is None or self._case is None or case.outcome != self._case.outcome:
            self._listed = None
            self.leave()
            self.onClear()
            self._list.restart()
        table = case.outcome.branchesTable if case else None
        source = (table, table.GetTable().GetMTime()) if table else None
        if source != self._source:
            self.onClear()  # branch numbers refer to other branches now
            self._source = source
            self._rows = branch_rows(table) if table else []
            self._listed = None
        self._case = case
        self._ui.reviewCollapsibleButton.enabled = case is not None
        if case is None:
            self._list.show([], 0, False)
            self._sayDue([], edited=False)
        self.update()

    def update(self) -> None:
        """Update from the parameter node and the edits."""
        if self._case is None or self._parameterNode is None:
            return
        wanted = (self._parameterNode.branchClass.value, self._parameterNode.doubtfulOnly)
        if wanted != self._listed:
            self._listed = wanted
            self._list.show(self._rows, *wanted)
        view = self._parameterNode.perpendicularView.value
        if view != self._view:
            self._view = view
            if self._list.current() is not None:
                self._select(self._list.current())
        self._showDue()

    def sayMissing(self, reason: str) -> None:
        """Show why the case cannot be recomputed, in place of the note on pending edits."""
        if reason:
            self._sayDue([reason], self._case.edited)

    def onPrevious(self, _checked: bool = False) -> None:
        """Go to the branch before."""
        self._list.step(-1)

    def onNext(self, _checked: bool = False) -> None:
        """Go to the next branch."""
        self._list.step(1)

    def onClear(self, _checked: bool = False) -> None:
        """Deselect the branch, and turn the slice view back."""
        if not self._isAcross or self._case is None:
            return
        self._isAcross = False
        self._list.clear()
        if self._case.node is not None and self._case.node.GetScene() is not None:
            with problems_shown(_("The views could not be turned back."), busy=False):
                self._logic.clearSelection(self._case.outcome)

    def onPick(self, checked: bool) -> None:
        """Switch picking by clicks on or off."""
        self._list.showCount()
        if checked and self._case is not None:
            self._picker.start()
        else:
            self._picker.stop()

    def onExclude(self, _checked: bool = False) -> None:
        """Erase the chosen branch from the segmentation."""
        branchId = self._list.current()
        if self._case is None or branchId is None:
            slicer.util.infoDisplay(_("Choose a branch in the list, or pick a vessel first."))
            return
        with problems_shown(_("The vessel could not be excluded.")):
            self._logic.excludeBranch(self._case.outcome, branchId)
            self._edits.mark(self._case.node, edited=True)

    def onEdit(self, _checked: bool = False) -> None:
        """Open Segment Editor on the vessels."""
        if self._case is not None:
            with problems_shown(_("The vessels could not be opened in Segment Editor.")):
                self._logic.editVessels(self._case.outcome)

    def onRecompute(self, _checked: bool = False) -> None:
        """Update all numbers from the segmentations."""
        if self._case is None or self._recomputing:
            return
        case, self._recomputing = self._case, True
        try:
            with problems_shown(_("The case could not be recomputed.")):
                parameters = recompute_parameters(self._parameterNode, case.parameters)
                with self._edits.paused():
                    self._logic.recompute(case.outcome, parameters)
                self._edits.mark(case.node, edited=False)
                self._onRecomputed()
        finally:
            self._recomputing = False

    def _select(self, branchId: int) -> None:
        self._list.showCount()
        self._isAcross = True
        with problems_shown(_("The branch could not be shown."), busy=False):
            self._logic.selectBranch(self._case.outcome, branchId, self._view or None)

    def _onPicked(self, ras: tuple[float, float, float]) -> None:
        branchId = None
        with problems_shown(_("The vessel could not be picked."), busy=False):
            branchId = self._logic.branchAt(self._case.outcome, ras)
        if branchId is None:
            self._ui.branchCountLabel.text = _("No vessel within 3 mm of the click")
            return
        self._list.showCount()
        if not self._list.choose(branchId):
            # It is filtered out: the user wants to see it, so the filter is removed.
            with NodeModify(self._parameterNode):
                self._parameterNode.branchClass = BranchClass.ALL
                self._parameterNode.doubtfulOnly = False
            self.update()
            self._list.choose(branchId)

    def _onPickingEnded(self) -> None:
        self._ui.pickVesselButton.checked = False

    def _showDue(self) -> None:
        texts = [_("Edited: recompute to update the numbers.")] if self._case.edited else []
        problem = parameters_problem(self._parameterNode)
        self._ui.recomputeButton.enabled = not problem
        if problem:
            texts.append(problem)
        else:
            chosen = recompute_parameters(self._parameterNode, self._case.parameters)
            if chosen.to_dict() != self._case.parameters:
                texts.append(_("Recompute also applies floor and bounds as set under Advanced."))
        self._sayDue(texts, self._case.edited)

    def _sayDue(self, texts: list[str], edited: bool) -> None:
        self._ui.recomputeHintLabel.text = " ".join(texts)
        self._ui.recomputeHintLabel.visible = bool(texts)
        font = self._ui.recomputeButton.font
        font.setBold(edited)
        self._ui.recomputeButton.font = font
