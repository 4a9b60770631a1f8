"""The panel: binds the form to the parameter node, and its sections to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from .advanced import AdvancedSection, parameters_problem
from .analysis import AnalysisSection
from .availability import Availability
from .display import DisplaySection
from .edits import EditWatch
from .findings import FindingsSection
from .following import NODE_FIELDS, SceneFollower, formAgrees
from .inputs import InputSection
from .messages import problems_shown
from .protocols import Logic, Process, Reports
from .requests import makeRequest, reasonNotToAnalyze
from .results import CASE_ATTRIBUTE, ResultsSection
from .review import ReviewSection
from .shown import ShownCase, shown_case
from .verdict import VerdictPart

if TYPE_CHECKING:
    from ..scene.nodes.outcome import Outcome
    from .process.background import AnalysisRequest


class Panel(VTKObservationMixin):
    """What the module's widget shows; the widget itself only forwards Slicer's calls.

    Parameters
    ----------
    ui : object
        Widgets of BV5Analysis.ui, as `slicer.util.childWidgetVariables` gives them.
    logic : Logic
        Does the work.
    process : Process
        Runs the analysis beside Slicer.
    scene : vtkMRMLScene, optional
        Slicer's scene.
    reports : Reports, optional
        Draws reports beside Slicer.
    """

    def __init__(
        self,
        ui: Any,
        logic: Logic,
        process: Process,
        scene: slicer.vtkMRMLScene | None = None,
        reports: Reports | None = None,
    ) -> None:
        VTKObservationMixin.__init__(self)
        self._ui = ui
        self._logic = logic
        self._scene = scene or slicer.mrmlScene
        self._parameterNode: Any = None
        self._guiTag: int | None = None
        self._entered = False
        self._importing = False
        self._case: ShownCase | None = None
        self._tried: slicer.vtkMRMLTextNode | None = None
        self._edits = EditWatch(self._onEdited, logic.isEdited)
        self._came: slicer.vtkMRMLTextNode | None = None
        self._analyzed: tuple[slicer.vtkMRMLNode | None, ...] = ()
        self._follower = SceneFollower(
            self._scene,
            logic,
            self._onCaseCame,
            self._onImportStarted,
            self._onImported,
            self._onRest,
        )
        self._inputs = InputSection(self._showReason)
        self._analysis = AnalysisSection(
            ui, logic, process, self._makeRequest, self._onLoaded, self._chosenRegions
        )
        self._findings = FindingsSection(ui)
        self._results = ResultsSection(ui, logic, reports)
        self._display = DisplaySection(ui, logic)
        self._review = ReviewSection(ui, logic, self._scene, self._edits, self._refresh)
        self._verdict = VerdictPart(ui, logic, self._refresh)
        self._advanced = AdvancedSection(ui)
        self._availability = Availability(ui)

    def setup(self, isEntered: bool = True) -> None:
        """Connect the widgets, and start as `enter` does, which is not called after a reload.

        Parameters
        ----------
        isEntered : bool
            Whether the module is shown already, as on a reload; else `enter` follows.
        """
        self._show(None)
        self._enable(False)
        for section in (
            self._analysis,
            self._results,
            self._display,
            self._review,
            self._verdict,
            self._advanced,
        ):
            section.setup()
        scene, first = self._scene, 10.0  # before the selectors are notified
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self._onNodeGoing, priority=first)
        self.addObserver(scene, scene.NodeRemovedEvent, self._onNodeRemoved)
        self._follower.start()
        # Once more when Qt has finished the form, which may have emptied itself meanwhile.
        self._follower.wake()
        if isEntered:
            self.enter()
        else:
            self.initializeParameterNode()

    def cleanup(self) -> None:
        """Release everything, before the widget is destroyed."""
        self._follower.stop()
        self._review.leave()
        self.setParameterNode(None)
        self._edits.cleanup()
        self._analysis.cleanup()
        self._results.cleanup()
        self.removeObservers()

    def enter(self) -> None:
        """Follow the parameter node while the module is shown."""
        self._entered = True
        self._edits.setShown(True)
        self.initializeParameterNode()
        if self._came is not None:
            self._showInViews()
        self._display.entered(self._case.outcome if self._case else None)

    def exit(self) -> None:
        """Stop following the parameter node while another module is shown."""
        self._entered = False
        self._edits.setShown(False)
        self._review.leave()
        self._unbind()

    def sceneStartClose(self) -> None:
        """Release the scene's nodes; a running analysis is stopped silently."""
        self._analysis.sceneClosing()
        self.setParameterNode(None)

    def sceneEndClose(self, isEntered: bool) -> None:
        """Start again if the module is shown."""
        if isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self) -> None:
        """Use the scene's parameter node, and choose among the scene's nodes by default."""
        self._unbind()
        parameterNode = self._logic.getParameterNode()
        self._follower.setParameterNode(parameterNode)
        self._follower.chooseDefaults()
        self.setParameterNode(parameterNode)
        self._verdict.chooseDefault()

    def setParameterNode(self, parameterNode: Any) -> None:
        """Bind the form to a parameter node, or to none."""
        self._unbind()
        self._parameterNode = parameterNode
        for section in (self._follower, self._display, self._review, self._verdict, self._advanced):
            section.setParameterNode(parameterNode)
        self._enable(parameterNode is not None)
        if parameterNode is None:
            self._inputs.watch(None)
            self._edits.stop()
            self._show(None)
            self._analysis.update(_("There is no scene."))
            self._analysis.forget()
            return
        self._guiTag = parameterNode.connectGui(self._ui)
        self.addObserver(
            parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified
        )
        self._show(self._chosenCase())
        self._display.taken(self._case.outcome if self._case else None)
        self._update()

    def _enable(self, enabled: bool) -> None:
        """Enable the sections that need a parameter node; what is only read stays enabled."""
        for section in (self._analysis, self._results):
            section.enable(enabled)
        self._ui.advancedCollapsibleButton.enabled = enabled

    def _unbind(self) -> None:
        if self._guiTag is None:
            return
        self._parameterNode.disconnectGui(self._guiTag)
        self._guiTag = None
        self.removeObserver(
            self._parameterNode.parameterNode,
            vtk.vtkCommand.ModifiedEvent,
            self._onParametersModified,
        )

    def _onParametersModified(self, _caller: Any = None, _event: str = "") -> None:
        with slicer.util.RenderBlocker():
            self._followParameters()

    def _followParameters(self) -> None:
        if self._parameterNode.caseNode is not self._tried:
            self._show(self._chosenCase())
            self._showInViews()
        self._update()

    def _showInViews(self) -> None:
        """Show the case in the layout; a case just added, when the module is opened."""
        came = self._came is not None and self._came is self._tried
        if came and not self._entered:
            return
        self._came = None
        if self._case is None:
            return
        outcome = self._case.outcome
        # A script that made it in the console may have shown it as well.
        if not (came and self._logic.isShown(outcome)):
            with problems_shown(_("The case could not be shown.")):
                self._logic.showResults(outcome)
        # Settings that came in between may have missed the legend, which was renewed.
        self._display.taken(None)
        self._display.update(outcome)

    def _update(self) -> None:
        """Let the sections follow the parameter node."""
        chosen = self._parameterNode
        inputs = (chosen.inputVolume, chosen.lungsSegmentation, chosen.regionsSegmentation)
        if inputs != self._analyzed:
            self._analyzed = inputs
            self._analysis.forget()
        self._inputs.watch(self._parameterNode.inputVolume)
        self._showReason()
        self._display.update(self._case.outcome if self._case else None)
        self._review.update()
        self._advanced.update(self._case.parameters if self._case else None)
        self._showAvailable()

    def _showAvailable(self) -> None:
        busy = ["saveReportButton"] if self._results.isReporting else []
        unfit = ["recomputeButton"] if parameters_problem(self._parameterNode) else []
        outcome = self._case.outcome if self._case else None
        self._availability.apply(outcome, (*busy, *unfit))
        if outcome is not None:
            self._review.sayMissing(self._availability.reason(outcome, "recomputeButton"))

    def _chosenCase(self) -> ShownCase | None:
        """Case that is chosen; None also if it cannot be read, which is reported once."""
        self._tried = node = self._parameterNode.caseNode
        if node is None or not self._scene.IsNodePresent(node):
            return None
        name, value = CASE_ATTRIBUTE
        case = None
        if node.GetAttribute(name) == value:
            with problems_shown(_("The case could not be shown."), busy=False):
                case = shown_case(self._logic.outcome(node))
        return case

    def _show(self, case: ShownCase | None) -> None:
        """Show a case in the panel."""
        if self._case is not None:
            self.removeObservers(self._onCaseModified)
            if case is None or case.outcome != self._case.outcome:
                self._analysis.forget()
        self._case = case
        if case is not None:
            self.addObserver(case.node, vtk.vtkCommand.ModifiedEvent, self._onCaseModified)
            self._edits.watch(case.outcome)
        self._findings.show(case.record["findings"] if case else None)
        self._results.show(case)
        self._ui.displayCollapsibleButton.enabled = case is not None
        self._review.show(case)
        self._verdict.show(case)

    def _refresh(self) -> None:
        """Show the case as it is now."""
        if self._parameterNode is not None:
            self._show(self._chosenCase())
            self._update()

    def _showReason(self) -> None:
        self._analysis.update(reasonNotToAnalyze(self._parameterNode, self._scene, self._logic))

    def _makeRequest(self) -> AnalysisRequest:
        return makeRequest(self._parameterNode, self._scene, self._logic)

    def _chosenRegions(self) -> slicer.vtkMRMLSegmentationNode | None:
        return self._parameterNode.regionsSegmentation if self._parameterNode else None

    def _onLoaded(self, outcome: Outcome) -> None:
        """Show a case that a button has brought into the scene."""
        if self._parameterNode is None:
            return  # The scene was closed meanwhile.
        self._parameterNode.caseNode = outcome.caseNode
        if self._guiTag is None:
            # Another module is shown, and the parameter node is not followed at present.
            self._onParametersModified()

    def _onCaseCame(self, node: slicer.vtkMRMLTextNode) -> None:
        """Choose a case that was made elsewhere, such as in Python's console."""
        self._came = node
        self._parameterNode.caseNode = node

    def _onRest(self) -> None:
        """Bind again after the parameter node was deleted, or the form was emptied."""
        if self._scene.IsClosing() or not (self._entered or self._guiTag is not None):
            return
        if (
            self._parameterNode is None
            or self._guiTag is None
            or not formAgrees(self._ui, self._parameterNode)
        ):
            self.initializeParameterNode()
        else:
            self._onNodeRemoved()

    def _onEdited(self) -> None:
        edited = self._case is not None and self._case.edited
        self._results.showEdited(edited)
        if self._parameterNode is not None:
            self._review.update()
            self._showAvailable()

    def _onCaseModified(self, node: slicer.vtkMRMLTextNode, _event: str = "") -> None:
        if self._case is not None and node.GetText() != self._case.text:
            self._refresh()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeGoing(self, _caller: Any, _event: str, going: slicer.vtkMRMLNode) -> None:
        """Choose nothing instead of a deleted node; a selector would choose the next one."""
        if self._parameterNode is None:
            return
        if going is self._parameterNode.parameterNode:
            self.setParameterNode(None)
            self._follower.wake()
            return
        if self._guiTag is None:
            return
        for field in NODE_FIELDS:
            if self._parameterNode.getValue(field) is going:
                self._parameterNode.setValue(field, None)

    def _onNodeRemoved(self, _caller: Any = None, _event: str = "") -> None:
        if self._parameterNode is None or self._scene.IsBatchProcessing():
            return  # The end of a batch is followed by `_onRest`.
        if self._case is not None and not self._scene.IsNodePresent(self._case.node):
            self._parameterNode.caseNode = None
            self._show(None)
        if self._case is None:
            self._verdict.show(None)
        self._update()

    def _onImportStarted(self, _caller: Any = None, _event: str = "") -> None:
        # Selectors empty themselves at the end: that must not reach the parameter node.
        self._importing = self._guiTag is not None
        self._unbind()

    def _onImported(self, _caller: Any = None, _event: str = "") -> None:
        # Only now do the references of a loaded parameter node resolve to nodes.
        if self._importing:
            self._importing = False
            self.initializeParameterNode()
