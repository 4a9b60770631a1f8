"""Nodes that are added to the scene, reported once the scene is idle."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin


class AddedNodes(VTKObservationMixin):
    """Reports added nodes from the event loop, when the code that adds them has finished.

    A node is added before it is filled: its attributes, its voxels and the nodes that it refers to
    come later. So nothing is reported at once, and nothing while the scene is in a batch state.
    Nodes of an import are not reported; the import's end is an event of its own.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to watch.
    classNames : tuple of str
        Classes of nodes to report.
    onRest : callable
        Gets the nodes that were added since and still exist, oldest first; perhaps none. Returns
        those that are not complete, which are reported again when they have changed.
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
        """Start watching."""
        self._timer.connect("timeout()", self._report)
        self.addObserver(self._scene, self._scene.NodeAddedEvent, self._onAdded)
        # Also if no node was added: some may have been removed.
        self.addObserver(self._scene, self._scene.EndBatchProcessEvent, self._onChanged)

    def stop(self) -> None:
        """Stop watching, and report nothing of what was added."""
        self.removeObservers()
        self._timer.stop()
        self._timer.disconnect("timeout()", self._report)
        self._waitFor([])

    def wake(self) -> None:
        """Call `onRest` from the event loop, though no node was added."""
        self._timer.start()

    def forget(self) -> None:
        """Forget the nodes that were added so far."""
        self._waitFor([])

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onAdded(self, _caller: vtk.vtkObject, _event: str, node: slicer.vtkMRMLNode) -> None:
        if not self._scene.IsImporting() and any(node.IsA(name) for name in self._classNames):
            self._waiting.append(node)
            self._timer.start()

    def _onChanged(self, _caller: vtk.vtkObject = None, _event: str = "") -> None:
        self._timer.start()

    def _report(self) -> None:
        if self._scene.IsBatchProcessing():
            return  # The end of the batch state starts the timer again.
        came = [node for node in self._waiting if node.GetScene() is self._scene]
        self._waitFor([])
        incomplete = self._onRest(came)
        # The callback may have added nodes itself.
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
