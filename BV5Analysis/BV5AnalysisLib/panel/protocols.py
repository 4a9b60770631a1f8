"""What the panel needs of the logic and of the background processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import slicer

    from ..imaging.parameters import Parameters
    from ..scene.nodes.outcome import Outcome
    from ..scene.views.display import DisplaySettings
    from .process.background import AnalysisRequest


class Logic(Protocol):
    """`BV5AnalysisLogic`, as far as the panel uses it. What cannot be done raises AnalysisError."""

    def getParameterNode(self) -> Any:
        """Parameter node of the scene, wrapped."""

    def reasonNotToAnalyze(self, inputVolume: slicer.vtkMRMLScalarVolumeNode | None) -> str:
        """Why a volume cannot be analyzed; empty if it can."""

    def loadCase(
        self,
        folder: Path,
        inputVolume: slicer.vtkMRMLScalarVolumeNode | None = None,
        regionsSegmentation: slicer.vtkMRMLSegmentationNode | None = None,
    ) -> Outcome:
        """Add the output folder of an analysis to the scene."""

    def outcomes(self) -> list[Outcome]:
        """Cases of the scene."""

    def outcome(self, caseNode: slicer.vtkMRMLTextNode) -> Outcome:
        """Give a case by its node."""

    def showResults(self, outcome: Outcome) -> None:
        """Show a case in the review layout."""

    def isShown(self, outcome: Outcome) -> bool:
        """Whether the views show a case already."""

    def restoreLayout(self) -> None:
        """Restore the previous layout."""

    def recompute(self, outcome: Outcome, parameters: Parameters | None = None) -> Outcome:
        """Update a case from its segmentations."""

    def isEdited(
        self, outcome: Outcome, changed: Iterable[slicer.vtkMRMLSegmentationNode] = ()
    ) -> bool:
        """Whether the segmentations differ from those that were measured."""

    def measurementsText(self, outcome: Outcome) -> str:
        """Measurements, tab separated."""

    def exportTables(self, outcome: Outcome, path: Path) -> None:
        """Write measurements as CSV."""

    def exportReport(self, outcome: Outcome, folder: Path, overwrite: bool = False) -> Path:
        """Write the whole output folder; gives the report."""

    def setReview(self, outcome: Outcome, status: str, reviewer: str, comment: str) -> None:
        """Accept (``accepted``), reject (``rejected``) or take back (empty)."""

    def applyDisplay(self, outcome: Outcome, settings: DisplaySettings) -> None:
        """Change how a case is shown."""

    def selectBranch(self, outcome: Outcome, branchId: int, perpendicularView: str | None) -> None:
        """Go to a branch in all views."""

    def clearSelection(self, outcome: Outcome) -> None:
        """Deselect the branch."""

    def branchAt(self, outcome: Outcome, ras: tuple[float, float, float]) -> int | None:
        """Give the branch at a position, if there is one."""

    def excludeBranch(self, outcome: Outcome, branchId: int) -> None:
        """Erase a branch from the vessels."""

    def editVessels(self, outcome: Outcome) -> None:
        """Open Segment Editor on the vessels."""


class Process(Protocol):
    """`panel.process.background.AnalysisProcess`: one analysis at a time, beside Slicer."""

    def start(
        self,
        request: AnalysisRequest,
        onProgress: Callable[[str, float], None],
        onFinished: Callable[[Path], None],
        onFailed: Callable[[str, Path], None],
        onCancelled: Callable[[], None],
    ) -> None:
        """Start; exactly one of the last three is called in the end.

        `onFailed` comes after `onFinished` if that raises `UnreadableCase`.
        """

    def cancel(self) -> None:
        """Stop at once."""

    def isRunning(self) -> bool:
        """Whether an analysis is under way."""

    def cleanup(self) -> None:
        """Stop, and leave nothing behind."""


class Reports(Protocol):
    """`panel.process.reporting.ReportProcess`: one report at a time, drawn beside Slicer."""

    def canStart(self) -> bool:
        """Whether the program that draws exists."""

    def start(
        self,
        outcome: Outcome,
        folder: Path,
        overwrite: bool,
        onFinished: Callable[[Path], None],
        onFailed: Callable[[str], None],
        onCancelled: Callable[[], None],
    ) -> None:
        """Start; exactly one of the last three is called in the end."""

    def cancel(self) -> None:
        """Stop at once."""

    def cleanup(self) -> None:
        """Stop, and leave nothing behind."""
