"""Section Input: what is analyzed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
import vtk
from slicer.util import VTKObservationMixin


class InputSection(VTKObservationMixin):
    """Chooses a CT to begin with, and tells when it changes.

    The selectors are bound to the parameter node.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to choose from.
    onModified : callable
        Called when the CT that is chosen gets other voxels or another transform.
    """

    def __init__(self, scene: slicer.vtkMRMLScene, onModified: Callable[[], None]) -> None:
        VTKObservationMixin.__init__(self)
        self._scene = scene
        self._onModified = onModified
        self._volume: slicer.vtkMRMLScalarVolumeNode | None = None

    def chooseDefault(self, parameterNode: Any) -> None:
        """Choose the first volume that is no labelmap, where none is chosen."""
        if parameterNode.inputVolume:
            return
        for index in range(self._scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
            node = self._scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
            if node.GetClassName() == "vtkMRMLScalarVolumeNode" and not node.GetHideFromEditors():
                parameterNode.inputVolume = node
                return

    def watch(self, volume: slicer.vtkMRMLScalarVolumeNode | None) -> None:
        """Watch the CT that is chosen, and no other."""
        if volume is self._volume:
            return
        self.removeObservers()
        self._volume = volume
        if volume is not None:
            for event in (
                vtk.vtkCommand.ModifiedEvent,
                slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent,
                slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
            ):
                self.addObserver(volume, event, self._onVolumeModified)

    def _onVolumeModified(self, _caller: vtk.vtkObject = None, _event: str = "") -> None:
        self._onModified()
