"""Nodes that come into the scene, told once the scene is at rest."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin


class Newcomers(VTKObservationMixin):
    """Tells of added nodes from the event loop, when whoever adds them is done with them.

    A node is added before it is filled: its attributes, its voxels and the nodes that it refers to
    come later. So nothing is told at once, and nothing while the scene is in a batch state. Nodes
    of an import are not told; the import's end is an event of its own.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to watch.
    classNames : tuple of str
        Classes of nodes to tell of.
    onRest : callable
        Gets the nodes that came since and are still there, oldest first; perhaps none. Returns
        those that are not complete, of which it wants to hear again when they have changed.
    """

    def __init__(
        self,
        scene: slicer.vtkMRMLScene,
        classNames: tuple[str, ...],
        onRest: Callable[[list[slicer.vtkMRMLNode]], list[slicer.vtkMRMLNode]],
    ) -> None:
        VTKObservationMixin.__init__(self)
        self._scene = scene
        self._classNames = classNames
        self._onRest = onRest
        self._waiting: list[slicer.vtkMRMLNode] = []
        self._tags: list[tuple[slicer.vtkMRMLNode, list[int]]] = []
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)

    def start(self) -> None:
        """Watch from now on."""
        self._timer.connect("timeout()", self._tell)
        self.addObserver(self._scene, self._scene.NodeAddedEvent, self._onAdded)
        # Also if no node came: some may have gone.
        self.addObserver(self._scene, self._scene.EndBatchProcessEvent, self._onChanged)

    def stop(self) -> None:
        """Watch no more, and tell nothing of what came."""
        self.removeObservers()
        self._timer.stop()
        self._timer.disconnect("timeout()", self._tell)
        self._waitFor([])

    def wake(self) -> None:
        """Call `onRest` from the event loop, though no node came."""
        self._timer.start()

    def forget(self) -> None:
        """Tell nothing of what came so far."""
        self._waitFor([])

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onAdded(self, _caller: vtk.vtkObject, _event: str, node: slicer.vtkMRMLNode) -> None:
        if not self._scene.IsImporting() and any(node.IsA(name) for name in self._classNames):
            self._waiting.append(node)
            self._timer.start()

    def _onChanged(self, _caller: vtk.vtkObject = None, _event: str = "") -> None:
        self._timer.start()

    def _tell(self) -> None:
        if self._scene.IsBatchProcessing():
            return  # Its end wakes the timer again.
        came = [node for node in self._waiting if node.GetScene() is self._scene]
        self._waitFor([])
        incomplete = self._onRest(came)
        # What the call itself added has come meanwhile.
        self._waitFor(incomplete + self._waiting)

    def _waitFor(self, nodes: list[slicer.vtkMRMLNode]) -> None:
        for node, tags in self._tags:
            for tag in tags:
                node.RemoveObserver(tag)
        events = (vtk.vtkCommand.ModifiedEvent, slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent)
        self._tags = [
            (node, [node.AddObserver(event, self._onChanged) for event in events]) for node in nodes
        ]
        self._waiting = list(nodes)
