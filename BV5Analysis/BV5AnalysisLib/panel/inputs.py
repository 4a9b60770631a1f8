"""Section Input: what is analyzed."""

from __future__ import annotations

from collections.abc import Callable

import slicer
import vtk
from slicer.util import VTKObservationMixin


class InputSection(VTKObservationMixin):
    """Notices when the chosen CT changes.

    The selectors are bound to the parameter node.

    Parameters
    ----------
    onModified : callable
        Called when the chosen CT gets other voxels or another transform.
    """

    def __init__(self, onModified: Callable[[], None]) -> None:
        VTKObservationMixin.__init__(self)
        self._onModified = onModified
        self._volume: slicer.vtkMRMLScalarVolumeNode | None = None

    def watch(self, volume: slicer.vtkMRMLScalarVolumeNode | None) -> None:
        """Watch this CT, and no other."""
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
