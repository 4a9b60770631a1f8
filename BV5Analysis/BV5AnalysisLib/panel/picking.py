"""Picking a vessel by a click in a slice or 3D view."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin


class VesselPicker(VTKObservationMixin):
    """Uses Slicer's place mode: the point that is placed is taken, and removed again.

    Parameters
    ----------
    scene : vtkMRMLScene
        Slicer's scene.
    onPicked : callable
        Gets the position clicked, RAS, mm.
    onEnded : callable
        Called when picking ended by other means than `stop`: a right click, another tool.
    """

    def __init__(
        self,
        scene: slicer.vtkMRMLScene,
        onPicked: Callable[[tuple[float, float, float]], None],
        onEnded: Callable[[], None],
    ) -> None:
        VTKObservationMixin.__init__(self)
        self._scene = scene
        self._onPicked = onPicked
        self._onEnded = onEnded
        self._point: slicer.vtkMRMLMarkupsFiducialNode | None = None

    @property
    def active(self) -> bool:
        """Whether a click picks."""
        return self._point is not None

    def start(self) -> None:
        """Start picking by clicks."""
        if self.active:
            return
        self._point = self._makePoint()
        event = slicer.vtkMRMLMarkupsNode.PointPositionDefinedEvent
        self.addObserver(self._point, event, self._onPlaced)
        application = slicer.app.applicationLogic()
        selection, interaction = application.GetSelectionNode(), application.GetInteractionNode()
        selection.SetReferenceActivePlaceNodeClassName("vtkMRMLMarkupsFiducialNode")
        selection.SetActivePlaceNodeID(self._point.GetID())
        interaction.SwitchToPersistentPlaceMode()
        self.addObserver(interaction, interaction.InteractionModeChangedEvent, self._onMode)
        self.addObserver(selection, selection.ActivePlaceNodeIDChangedEvent, self._onMode)

    def stop(self) -> None:
        """Stop picking by clicks."""
        if not self.active:
            return
        self.removeObservers()
        point, self._point = self._point, None
        application = slicer.app.applicationLogic()
        selection, interaction = application.GetSelectionNode(), application.GetInteractionNode()
        if selection.GetActivePlaceNodeID() == point.GetID():
            interaction.SetCurrentInteractionMode(interaction.ViewTransform)
            interaction.SetPlaceModePersistence(0)
            selection.SetReferenceActivePlaceNodeID(None)
        if point.GetScene() is not None:
            self._scene.RemoveNode(point)

    def _makePoint(self) -> slicer.vtkMRMLMarkupsFiducialNode:
        point = slicer.vtkMRMLMarkupsFiducialNode()
        point.SetName("BV5 Analysis: picked vessel")
        point.SetHideFromEditors(True)
        point.SetSaveWithScene(False)
        self._scene.AddNode(point)
        point.CreateDefaultDisplayNodes()
        display = point.GetDisplayNode()
        display.SetSaveWithScene(False)
        display.SetPointLabelsVisibility(False)
        return point

    def _onPlaced(self, _caller: vtk.vtkObject = None, _event: str = "") -> None:
        # The view still uses the point during its event: take it afterwards.
        qt.QTimer.singleShot(0, self._take)

    def _take(self) -> None:
        point = self._point
        if point is None:
            return
        defined = slicer.vtkMRMLMarkupsNode.PositionDefined
        for index in reversed(range(point.GetNumberOfControlPoints())):
            if point.GetNthControlPointPositionStatus(index) == defined:
                position = [0.0, 0.0, 0.0]
                point.GetNthControlPointPositionWorld(index, position)
                point.RemoveNthControlPoint(index)
                self._onPicked(tuple(position))
                return

    def _onMode(self, _caller: vtk.vtkObject = None, _event: str = "") -> None:
        application = slicer.app.applicationLogic()
        selection, interaction = application.GetSelectionNode(), application.GetInteractionNode()
        placing = interaction.GetCurrentInteractionMode() == interaction.Place
        if not placing or selection.GetActivePlaceNodeID() != self._point.GetID():
            # The view still handles the click, with the point that is to be removed.
            qt.QTimer.singleShot(0, self._ended)

    def _ended(self) -> None:
        if self.active:
            self.stop()
            self._onEnded()
