"""Section Input: what is analyzed."""

from __future__ import annotations

from typing import Any

import slicer


class InputSection:
    """Chooses a CT to begin with; the selectors are bound to the parameter node.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to choose from.
    """

    def __init__(self, scene: slicer.vtkMRMLScene) -> None:
        self._scene = scene

    def chooseDefault(self, parameterNode: Any) -> None:
        """Choose the first volume that is no labelmap, where none is chosen."""
        if parameterNode.inputVolume:
            return
        for index in range(self._scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
            node = self._scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
            if node.GetClassName() == "vtkMRMLScalarVolumeNode" and not node.GetHideFromEditors():
                parameterNode.inputVolume = node
                return
