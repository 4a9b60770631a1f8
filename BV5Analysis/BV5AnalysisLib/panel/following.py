"""Which case and which CT are chosen when nodes come into the scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.util import NodeModify, VTKObservationMixin

from .added_nodes import AddedNodes
from .protocols import Logic

CASES = "vtkMRMLTextNode"
VOLUMES = "vtkMRMLScalarVolumeNode"
NODE_FIELDS = {
    "inputVolume": "inputVolumeSelector",
    "lungsSegmentation": "lungsSelector",
    "regionsSegmentation": "regionsSelector",
    "caseNode": "caseSelector",
}
"""Nodes that are chosen, and the widgets that show them."""
AFTER_SELECTORS = -20.0
"""Priority of an observer: selectors of nodes empty themselves at the end of an import."""


class SceneFollower(VTKObservationMixin):
    """Lets the choices in the parameter node follow the scene.

    The rules:

    - A case that is made or loaded, in Python's console or by a button, is chosen, whatever was
      chosen before; of several the newest.
    - A scene that is opened shows the case that was chosen when it was saved, else its first.
    - A scene that is added to one with a case chosen changes no choice.
    - A CT that comes while none is chosen is chosen if it can be measured; of several that come
      at once the first. Labelmaps, hidden volumes and what is no CT are left to the user.
    - Nothing takes the place of a node that was deleted, nor of one that the user put away.
    - Choices are made when the scene is idle, and also while another module is shown; a running
      analysis keeps what was chosen at its start.

    Parameters
    ----------
    scene : vtkMRMLScene
        Slicer's scene.
    logic : Logic
        Knows the cases, and which volumes can be measured.
    onCase : callable
        Gets the node of a case that was made or loaded, to choose and show it.
    onImportStarted, onImported : callable
        Called before the nodes of a scene come, and after.
    onRest : callable
        Called from the event loop, with the scene idle, before choices are made.
    """

    def __init__(
        self,
        scene: slicer.vtkMRMLScene,
        logic: Logic,
        onCase: Callable[[slicer.vtkMRMLTextNode], None],
        onImportStarted: Callable[[], None],
        onImported: Callable[[], None],
        onRest: Callable[[], None],
    ) -> None:
        VTKObservationMixin.__init__(self)
        self._scene = scene
        self._logic = logic
        self._onCase = onCase
        self._onImportStarted = onImportStarted
        self._onImported = onImported
        self._onRest = onRest
        self._parameterNode: Any = None
        self._known: set[slicer.vtkMRMLTextNode] = set()
        self._kept: dict[str, Any] = {}
        self._addedNodes = AddedNodes(scene, (CASES, VOLUMES), self._take)

    def start(self) -> None:
        """Start following the scene."""
        scene = self._scene
        self._addedNodes.start()
        self.addObserver(scene, scene.StartImportEvent, self._onStartImport)
        self.addObserver(scene, scene.EndImportEvent, self._onEndImport, priority=AFTER_SELECTORS)

    def stop(self) -> None:
        """Stop following."""
        self.removeObservers()
        self._addedNodes.stop()
        self.setParameterNode(None)

    def wake(self) -> None:
        """Call `onRest` once the scene is idle."""
        self._addedNodes.wake()

    def setParameterNode(self, parameterNode: Any) -> None:
        """Use this parameter node from now on."""
        self._parameterNode = parameterNode
        if parameterNode is None:
            self._known, self._kept = set(), {}
            self._addedNodes.forget()

    def chooseDefaults(self) -> None:
        """Where nothing is chosen, choose among the nodes of the scene."""
        chosen = self._parameterNode
        if chosen.inputVolume is None:
            self._chooseVolume(_nodes(self._scene, VOLUMES))
        cases = [outcome.caseNode for outcome in self._logic.outcomes()]
        if chosen.caseNode is None:
            new = [case for case in cases if case not in self._known]
            chosen.caseNode = new[0] if new else None
        self._known = set(cases)

    def _take(self, came: list[slicer.vtkMRMLNode]) -> list[slicer.vtkMRMLNode]:
        """Choose among added nodes; returns those that are not complete."""
        self._onRest()
        if self._parameterNode is None:
            return []
        incomplete = []
        if self._parameterNode.inputVolume is None:
            volumes = [node for node in came if node.IsA(VOLUMES)]
            if not self._chooseVolume(volumes):
                incomplete = [node for node in volumes if node.GetImageData() is None]
        cases = [outcome.caseNode for outcome in self._logic.outcomes()]
        new = [node for node in came if node in cases and node not in self._known]
        self._known = set(cases)
        if new and self._parameterNode.caseNode is not new[-1]:
            self._onCase(new[-1])
        return incomplete

    def _chooseVolume(self, volumes: list[slicer.vtkMRMLScalarVolumeNode]) -> bool:
        for node in volumes:
            # Labelmaps are scalar volumes, too.
            plain = node.GetClassName() == VOLUMES and not node.GetHideFromEditors()
            if plain and not self._logic.reasonNotToAnalyze(node):
                self._parameterNode.inputVolume = node
                return True
        return False

    def _onStartImport(self, _caller: Any = None, _event: str = "") -> None:
        chosen = self._parameterNode
        if chosen is not None and chosen.caseNode is not None:
            # The imported scene may have a parameter node, which is copied into this one.
            self._kept = {name: chosen.getValue(name) for name in chosen.allParameters}
        self._onImportStarted()

    def _onEndImport(self, _caller: Any = None, _event: str = "") -> None:
        chosen, kept, self._kept = self._parameterNode, self._kept, {}
        if chosen is not None and kept:
            self._known = {outcome.caseNode for outcome in self._logic.outcomes()}
            with NodeModify(chosen):
                for name, value in kept.items():
                    if chosen.getValue(name) != value:
                        chosen.setValue(name, value)
        self._onImported()


def _nodes(scene: slicer.vtkMRMLScene, className: str) -> list[slicer.vtkMRMLNode]:
    count = scene.GetNumberOfNodesByClass(className)
    return [scene.GetNthNodeByClass(index, className) for index in range(count)]


def formAgrees(ui: Any, parameterNode: Any) -> bool:
    """Whether the form shows the nodes that are chosen."""
    return all(
        getattr(ui, widget).currentNode() is parameterNode.getValue(field)
        for field, widget in NODE_FIELDS.items()
    )
