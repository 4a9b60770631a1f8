"""The panel: binds the form to the parameter node, and its sections to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ..imaging.errors import AnalysisError
from .advanced import AdvancedSection, chosen_parameters, parameters_problem
from .analysis import AnalysisSection
from .display import DisplaySection
from .edits import EditWatch
from .findings import FindingsSection
from .inputs import InputSection
from .messages import problems_told
from .protocols import Logic, Process
from .results import CASE_ATTRIBUTE, ResultsSection
from .review import ReviewSection
from .shown import ShownCase, shown_case
from .verdict import VerdictPart

if TYPE_CHECKING:
    from ..scene.outcome import Outcome
    from .background import AnalysisRequest

NODE_FIELDS = ("inputVolume", "lungsSegmentation", "regionsSegmentation", "caseNode")


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
    """

    def __init__(
        self,
        ui: Any,
        logic: Logic,
        process: Process,
        scene: slicer.vtkMRMLScene | None = None,
    ) -> None:
        VTKObservationMixin.__init__(self)
        self._ui = ui
        self._logic = logic
        self._scene = scene or slicer.mrmlScene
        self._parameterNode: Any = None
        self._guiTag: int | None = None
        self._importing = False
        self._case: ShownCase | None = None
        self._tried: slicer.vtkMRMLTextNode | None = None
        self._edits = EditWatch(self._onEdited, logic.isEdited)
        self._inputs = InputSection(self._scene, self._showReason)
        self._analysis = AnalysisSection(
            ui, logic, process, self._makeRequest, self._onLoaded, self._chosenRegions
        )
        self._findings = FindingsSection(ui)
        self._results = ResultsSection(ui, logic)
        self._display = DisplaySection(ui, logic)
        self._review = ReviewSection(ui, logic, self._scene, self._edits, self._refresh)
        self._verdict = VerdictPart(ui, logic, self._refresh)
        self._advanced = AdvancedSection(ui)

    def setup(self) -> None:
        """Connect the widgets, and take over what the scene has."""
        for section in (
            self._analysis,
            self._results,
            self._display,
            self._review,
            self._verdict,
            self._advanced,
        ):
            section.setup()
        scene = self._scene
        # Before the selectors hear of it, and, at the end of an import, after them.
        first, last = 10.0, -20.0
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self._onNodeGoing, priority=first)
        self.addObserver(scene, scene.NodeRemovedEvent, self._onNodeRemoved)
        self.addObserver(scene, scene.StartImportEvent, self._onImportStarted)
        self.addObserver(scene, scene.EndImportEvent, self._onImported, priority=last)
        self._show(None)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """Let go of everything, before the widget goes."""
        self._unbind()
        self._parameterNode = None
        self._review.leave()
        self._inputs.watch(None)
        self._edits.stop()
        self._analysis.cleanup()
        self.removeObservers()

    def enter(self) -> None:
        """Follow the parameter node while the module is shown."""
        self.initializeParameterNode()
        self._display.entered(self._case.outcome if self._case else None)

    def exit(self) -> None:
        """Leave the parameter node alone while another module is shown."""
        self._review.leave()
        self._unbind()

    def sceneStartClose(self) -> None:
        """Let go of the scene's nodes; a running analysis is stopped without a word."""
        self._analysis.sceneClosing()
        self.setParameterNode(None)

    def sceneEndClose(self, isEntered: bool) -> None:
        """Begin anew if the module is shown."""
        if isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self) -> None:
        """Take the scene's parameter node, and choose a CT if none is chosen."""
        self.setParameterNode(self._logic.getParameterNode())
        self._inputs.chooseDefault(self._parameterNode)
        self._verdict.chooseDefault()

    def setParameterNode(self, parameterNode: Any) -> None:
        """Bind the form to a parameter node, or to none."""
        self._unbind()
        self._parameterNode = parameterNode
        for section in (self._display, self._review, self._verdict, self._advanced):
            section.setParameterNode(parameterNode)
        if parameterNode is None:
            self._inputs.watch(None)
            self._edits.stop()
            self._show(None)
            self._analysis.update(_("There is no scene."))
            return
        self._guiTag = parameterNode.connectGui(self._ui)
        self.addObserver(
            parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified
        )
        self._show(self._chosenCase())
        self._display.taken(self._case.outcome if self._case else None)
        self._update()

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
            if self._case is not None:
                with problems_told(_("The case could not be shown.")):
                    self._logic.showResults(self._case.outcome)
                # Settings that came in between may have missed the legend, which was renewed.
                self._display.taken(None)
        self._update()

    def _update(self) -> None:
        """Let the sections follow the parameter node."""
        self._inputs.watch(self._parameterNode.inputVolume)
        self._showReason()
        self._display.update(self._case.outcome if self._case else None)
        self._review.update()
        self._advanced.update(self._case.parameters if self._case else None)

    def _chosenCase(self) -> ShownCase | None:
        """Case that is chosen; None also if it cannot be read, which is told once."""
        self._tried = node = self._parameterNode.caseNode
        if node is None or not self._scene.IsNodePresent(node):
            return None
        name, value = CASE_ATTRIBUTE
        case = None
        if node.GetAttribute(name) == value:
            with problems_told(_("The case could not be shown."), busy=False):
                case = shown_case(self._logic.outcome(node))
        return case

    def _show(self, case: ShownCase | None) -> None:
        """Show a case in the panel."""
        if self._case is not None:
            self.removeObservers(self._onCaseModified)
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
        self._analysis.update(self._reasonNotToAnalyze())

    def _reasonNotToAnalyze(self) -> str:
        if parameters_problem(self._parameterNode):
            return _("The parameters under Advanced do not fit each other.")
        node = self._parameterNode.inputVolume
        if node is not None and not self._scene.IsNodePresent(node):
            node = None
        return self._logic.reasonNotToAnalyze(node)

    def _makeRequest(self) -> AnalysisRequest:
        from .background import AnalysisRequest

        if reason := self._reasonNotToAnalyze():
            raise AnalysisError(reason)
        chosen = self._parameterNode
        return AnalysisRequest(
            chosen.inputVolume,
            chosen.lungsSegmentation,
            chosen.regionsSegmentation,
            chosen_parameters(chosen),
            chosen.inputVolume.GetName(),
        )

    def _chosenRegions(self) -> slicer.vtkMRMLSegmentationNode | None:
        return self._parameterNode.regionsSegmentation if self._parameterNode else None

    def _onLoaded(self, outcome: Outcome) -> None:
        """Show a case that has just come into the scene."""
        self._parameterNode.caseNode = outcome.caseNode
        if self._guiTag is None:
            # Another module is shown: nobody follows the parameter node at present.
            self._onParametersModified()

    def _onEdited(self) -> None:
        edited = self._case is not None and self._case.edited
        self._results.showEdited(edited)
        if self._parameterNode is not None:
            self._review.update()

    def _onCaseModified(self, node: slicer.vtkMRMLTextNode, _event: str = "") -> None:
        if self._case is not None and node.GetText() != self._case.text:
            self._refresh()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeGoing(self, _caller: Any, _event: str, going: slicer.vtkMRMLNode) -> None:
        """Choose nothing in place of a node that is deleted; a selector would take the next one."""
        if self._guiTag is None:
            return
        for field in NODE_FIELDS:
            if self._parameterNode.getValue(field) is going:
                self._parameterNode.setValue(field, None)

    def _onNodeRemoved(self, _caller: Any = None, _event: str = "") -> None:
        if self._parameterNode is None or self._scene.IsBatchProcessing():
            return
        if self._case is not None and not self._scene.IsNodePresent(self._case.node):
            self._parameterNode.caseNode = None
            self._show(None)
        self._update()

    def _onImportStarted(self, _caller: Any = None, _event: str = "") -> None:
        # Selectors empty themselves at the end: that must not reach the parameter node.
        self._importing = self._guiTag is not None
        self._unbind()

    def _onImported(self, _caller: Any = None, _event: str = "") -> None:
        # Only now do the references of a loaded parameter node lead to nodes.
        if self._importing:
            self._importing = False
            self.initializeParameterNode()
