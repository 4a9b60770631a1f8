"""Noticing that a case's segmentations were edited since its numbers were made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import slicer
from slicer.util import VTKObservationMixin

from .shown import EDITED

if TYPE_CHECKING:
    from ..scene.outcome import Outcome


class EditWatch(VTKObservationMixin):
    """Marks case nodes as edited; the mark is saved with the scene.

    Only the segments' voxels count, and segments added or removed; colors, names and visibility
    do not change the numbers.

    Parameters
    ----------
    onEdited : callable
        Called after a case was marked.
    """

    def __init__(self, onEdited: Callable[[], None]) -> None:
        VTKObservationMixin.__init__(self)
        self._onEdited = onEdited
        self._watched: dict[slicer.vtkMRMLSegmentationNode, slicer.vtkMRMLTextNode] = {}
        self._paused = False

    def watch(self, outcome: Outcome) -> None:
        """Watch a case from now on; again after its segmentations were made anew."""
        for segmentation in (outcome.vesselsSegmentation, outcome.lungsSegmentation):
            if segmentation is None or segmentation in self._watched:
                continue
            self._watched[segmentation] = outcome.caseNode
            for event in (
                slicer.vtkSegmentation.SourceRepresentationModified,
                slicer.vtkSegmentation.SegmentAdded,
                slicer.vtkSegmentation.SegmentRemoved,
            ):
                self.addObserver(segmentation, event, self._onSegmentationModified)

    def stop(self) -> None:
        """Watch nothing."""
        self.removeObservers()
        self._watched.clear()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take changes in this block as the program's own."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before

    def mark(self, caseNode: slicer.vtkMRMLTextNode, edited: bool) -> None:
        """Mark a case as edited, or as up to date."""
        if (caseNode.GetAttribute(EDITED) == "1") == edited:
            return
        if edited:
            caseNode.SetAttribute(EDITED, "1")
        else:
            caseNode.RemoveAttribute(EDITED)
        self._onEdited()

    def _onSegmentationModified(
        self, segmentation: slicer.vtkMRMLSegmentationNode, _event: str
    ) -> None:
        caseNode = self._watched.get(segmentation)
        # While the scene closes or loads, segments come and go without an edit.
        scene = caseNode.GetScene() if caseNode is not None else None
        if self._paused or scene is None or scene.IsBatchProcessing():
            return
        self.mark(caseNode, edited=True)
