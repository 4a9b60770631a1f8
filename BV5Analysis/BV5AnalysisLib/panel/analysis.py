"""Section Analyze: runs an analysis in a process, shows its progress, or loads a result."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ..imaging.errors import AnalysisError, UnreadableCase
from ..imaging.progress import Step
from .messages import problems_shown
from .protocols import Logic, Process

if TYPE_CHECKING:
    from ..scene.nodes.outcome import Outcome
    from .process.background import AnalysisRequest


def step_text(step: str) -> str:
    """Name of an analysis' step for the user."""
    return step_texts().get(step, step)


def step_texts() -> dict[str, str]:
    """Names of all steps for the user, by their names in the command's output."""
    return {
        "starting": _("Starting"),
        Step.READING: _("Reading the scan"),
        Step.LUNGS: _("Lungs and airways"),
        Step.RESAMPLING: _("Resampling"),
        Step.BRONCHI: _("Bronchi"),
        Step.CENTERS: _("Vessel centers"),
        Step.BRANCHES: _("Branches"),
        Step.KERNEL: _("Reconstruction kernel"),
        Step.AREAS: _("Cross-sectional areas"),
        Step.VOLUMES: _("Blood volumes"),
        Step.DRAWING: _("Drawing"),
        Step.WRITING: _("Writing the results"),
        "loading": _("Loading the results"),
        Step.DONE: _("Done"),
    }


class AnalysisSection:
    """Analyze, Cancel, progress, and Load case.

    Parameters
    ----------
    ui : object
        The form's widgets.
    logic : Logic
        Checks the input and loads results.
    process : Process
        Runs the analysis.
    makeRequest : callable
        Gives the `AnalysisRequest` of the panel's choices; AnalysisError says what is wrong.
    onLoaded : callable
        Gets the new case.
    chosenRegions : callable
        Gives the regions segmentation that is chosen, or None.
    """

    def __init__(
        self,
        ui: Any,
        logic: Logic,
        process: Process,
        makeRequest: Callable[[], AnalysisRequest],
        onLoaded: Callable[[Outcome], None],
        chosenRegions: Callable[[], slicer.vtkMRMLSegmentationNode | None],
    ) -> None:
        self._ui = ui
        self._logic = logic
        self._process = process
        self._makeRequest = makeRequest
        self._onLoaded = onLoaded
        self._chosenRegions = chosenRegions
        self._request: AnalysisRequest | None = None
        self._startTime = 0.0
        self._step = ""
        self._reason = ""
        self._enabled = False
        self._loading = False
        self._timer = qt.QTimer()
        self._timer.setInterval(1000)

    def setup(self) -> None:
        """Connect the widgets."""
        self._ui.analyzeButton.connect("clicked(bool)", self.onAnalyze)
        self._ui.cancelButton.connect("clicked(bool)", self.onCancel)
        self._ui.loadCaseButton.connect("clicked(bool)", self.onLoadCase)
        self._timer.connect("timeout()", self._showProgress)

    def cleanup(self) -> None:
        """Stop what runs."""
        self._timer.stop()
        self._timer.disconnect("timeout()", self._showProgress)
        self._process.cleanup()

    def update(self, reason: str) -> None:
        """Say whether the analysis can run.

        Parameters
        ----------
        reason : str
            Why it cannot; empty if it can.
        """
        self._reason = reason
        running = self._request is not None or self._loading
        ready = self._enabled and not running
        ui = self._ui
        ui.analyzeButton.enabled = ready and not reason
        ui.analyzeButton.toolTip = reason or _("Segment the vessels and measure them")
        ui.analyzeHintLabel.text = "" if running else reason
        ui.analyzeHintLabel.visible = bool(ui.analyzeHintLabel.text)
        ui.cancelButton.enabled = self._request is not None
        ui.loadCaseButton.enabled = ready
        ui.inputCollapsibleButton.enabled = ready

    def enable(self, enabled: bool) -> None:
        """Enable the section, which needs a parameter node."""
        self._enabled = enabled
        self.update(self._reason)

    def forget(self) -> None:
        """Remove the note on how an analysis ended: another case, or another input, is shown."""
        if self._request is None and not self._loading:
            self._ui.progressLabel.text = ""
            self._ui.progressLabel.visible = False

    def onAnalyze(self, _checked: bool = False) -> None:
        """Start the analysis in the background."""
        if self._request is not None or self._loading or self._process.isRunning():
            return
        try:
            self._request = self._makeRequest()
            self._startTime = time.monotonic()
            self._onProgress("starting", 0.0)
            self._ui.progressBar.visible = True
            with slicer.util.WaitCursor():
                self._process.start(
                    self._request,
                    self._onProgress,
                    self._onFinished,
                    self._onFailed,
                    self._onCancelled,
                )
        except (AnalysisError, OSError) as error:
            self._onFailed(str(error), None)
            return
        if self._request is not None:
            self._timer.start()
            self.update(self._reason)

    def onCancel(self, _checked: bool = False) -> None:
        """Stop the analysis."""
        self._process.cancel()

    def onLoadCase(self, _checked: bool = False) -> None:
        """Load the output folder of an earlier analysis."""
        folder = qt.QFileDialog.getExistingDirectory(
            slicer.util.mainWindow(), _("Output folder of an analysis")
        )
        if folder:
            # One draw for loading and showing together.
            with problems_shown(_("The case could not be loaded.")), slicer.util.RenderBlocker():
                regions = _present(self._chosenRegions())
                self._onLoaded(self._logic.loadCase(Path(folder), None, regions))

    def sceneClosing(self) -> None:
        """Stop silently: the scan is gone."""
        if self._process.isRunning():
            self._process.cancel()

    def _onProgress(self, step: str, fraction: float) -> None:
        self._step = step
        self._ui.progressBar.value = round(100 * fraction)
        self._showProgress()

    def _showProgress(self) -> None:
        seconds = time.monotonic() - self._startTime
        self._ui.progressLabel.text = _("{step} · {seconds:.0f} s").format(
            step=step_text(self._step), seconds=seconds
        )
        self._ui.progressLabel.visible = True

    def _onFinished(self, folder: Path) -> None:
        self._onProgress("loading", 1.0)
        request, self._request = self._request, None
        self._loading, loaded = True, False
        self.update(self._reason)
        try:
            with (
                problems_shown(_("The results could not be loaded."), UnreadableCase),
                slicer.util.RenderBlocker(),
            ):
                self._onLoaded(
                    self._logic.loadCase(
                        folder,
                        _present(request.inputVolume),
                        _present(request.regionsSegmentation),
                    )
                )
                loaded = True
        finally:
            seconds = time.monotonic() - self._startTime
            self._end(_("Done in {seconds:.0f} s").format(seconds=seconds) if loaded else "")

    def _onFailed(self, message: str, logPath: Path | None) -> None:
        self._end(_("Failed"))
        text = _("The analysis could not be done.") + f"\n\n{message}"
        if logPath is None:
            slicer.util.errorDisplay(text)
            return
        text += "\n\n" + _("The log is in {path}").format(path=logPath)
        slicer.util.errorDisplay(text, detailedText=_tail(logPath))

    def _onCancelled(self) -> None:
        self._end(_("Cancelled"))

    def _end(self, text: str) -> None:
        self._request, self._loading = None, False
        self._timer.stop()
        self._ui.progressBar.visible = False
        self._ui.progressLabel.text = text
        self._ui.progressLabel.visible = bool(text)
        self.update(self._reason)


def _present(node: slicer.vtkMRMLNode | None) -> slicer.vtkMRMLNode | None:
    """Node if it is still in a scene; None if it was deleted while the analysis ran."""
    return node if node is not None and node.GetScene() is not None else None


def _tail(path: Path, lines: int = 100) -> str:
    """Last lines of a log."""
    try:
        return "\n".join(path.read_text("utf-8", errors="replace").splitlines()[-lines:])
    except OSError as error:
        return str(error)
