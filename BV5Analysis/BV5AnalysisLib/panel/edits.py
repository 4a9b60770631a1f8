"""Notices that a case's segmentations were edited since its numbers were computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import qt
import slicer
from slicer.util import VTKObservationMixin

from ..imaging.errors import AnalysisError

if TYPE_CHECKING:
    from ..scene.nodes.outcome import Outcome

WAIT_MS = 150
"""From the last change to the comparison: a burst of changes is compared once."""


class EditWatch(VTKObservationMixin):
    """Marks case nodes as edited while their segmentations differ from those that were measured.

    Slicer's events only say that something may have changed: opening Segment Editor, making
    surfaces and loading a scene cause them, too. What counts is the content, see
    `scene.case.edited`; it is compared from the event loop, soon after the last event, and
    the mark goes when an edit is undone.

    Parameters
    ----------
    onEdited : callable
        Called after a case was marked, or its mark taken away.
    isEdited : callable
        Compares: `Logic.isEdited`.
    """

    def __init__(
        self,
        onEdited: Callable[[], None],
        isEdited: Callable[[Outcome, Iterable[slicer.vtkMRMLSegmentationNode]], bool],
    ) -> None:
        VTKObservationMixin.__init__(self)
        self._onEdited = onEdited
        self._isEdited = isEdited
        self._watched: dict[slicer.vtkMRMLSegmentationNode, Outcome] = {}
        self._due: dict[Outcome, list[slicer.vtkMRMLSegmentationNode]] = {}
        self._paused = False
        self._shown = True
        # Kept, and released with this object: PythonQt owns it.
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.connect("timeout()", self._compare)

    def watch(self, outcome: Outcome) -> None:
        """Watch a case, and compare it soon; to be called again when its nodes were replaced."""
        for segmentation in (outcome.vesselsSegmentation, outcome.lungsSegmentation):
            if segmentation is None or segmentation in self._watched:
                continue
            self._watched[segmentation] = outcome
            for event in (
                slicer.vtkSegmentation.SourceRepresentationModified,
                slicer.vtkSegmentation.SegmentAdded,
                slicer.vtkSegmentation.SegmentRemoved,
            ):
                self.addObserver(segmentation, event, self._onSegmentationModified)
        self._compareSoon(outcome)

    def stop(self) -> None:
        """Watch nothing."""
        self._timer.stop()
        self._due.clear()
        self.removeObservers()
        self._watched.clear()

    def setShown(self, shown: bool) -> None:
        """Set whether the panel is shown; while it is not, comparisons after strokes wait.

        Parameters
        ----------
        shown : bool
            Pending comparisons run when it is shown again.
        """
        self._shown = shown
        if shown and self._due:
            self._timer.start()

    def cleanup(self) -> None:
        """Stop watching; the timer no longer refers to this object."""
        self.stop()
        self._timer.disconnect("timeout()", self._compare)

    def isWaiting(self) -> bool:
        """Whether a comparison is pending."""
        return self._timer.isActive()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Treat changes in this block as the program's own."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before

    def mark(self, caseNode: slicer.vtkMRMLTextNode, edited: bool) -> None:
        """Mark a case as edited, or as up to date, until it is next compared."""
        from ..scene.nodes.outcome import EDITED

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
        outcome = self._watched.get(segmentation)
        if outcome is not None and not self._paused:
            self._compareSoon(outcome, segmentation)

    def _compareSoon(self, outcome: Outcome, *changed: slicer.vtkMRMLSegmentationNode) -> None:
        self._due.setdefault(outcome, []).extend(changed)
        self._timer.start()  # Restarted: it waits for the end of a burst.

    def _compare(self) -> None:
        """Compare the cases that may have changed, unless their scene is being changed as a whole.

        While a scene is loaded, nodes have yet to come; while it is closed, they go.
        """
        if not self._shown:
            return
        if self._paused or any(self._isBusy(outcome) for outcome in self._due):
            self._timer.start()
            return
        due, self._due = self._due, {}
        for outcome, changed in due.items():
            node = outcome.caseNode
            if node is None or node.GetScene() is None:
                continue
            try:
                edited = self._isEdited(outcome, changed)
            except AnalysisError:
                continue  # A damaged record: reported when the panel is to show the case.
            self.mark(node, edited)

    @staticmethod
    def _isBusy(outcome: Outcome) -> bool:
        scene = outcome.caseNode.GetScene() if outcome.caseNode is not None else None
        return scene is not None and bool(scene.IsBatchProcessing())
