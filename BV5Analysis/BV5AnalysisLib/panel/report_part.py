"""Save report, in section Results."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..imaging.errors import AnalysisError
from .messages import problems_shown
from .protocols import Logic, Reports
from .shown import ShownCase


class ReportPart:
    """Save report, which is Cancel while one is being drawn.

    Parameters
    ----------
    ui : object
        The form's widgets.
    logic : Logic
        Draws the report where no process can.
    reports : Reports or None
        Draws reports beside Slicer.
    say : callable
        Shows a text of the shown case, with a link to a path.
    """

    def __init__(
        self,
        ui: Any,
        logic: Logic,
        reports: Reports | None,
        say: Callable[[str, Path | None], None],
    ) -> None:
        self._ui = ui
        self._logic = logic
        self._reports = reports
        self._say = say
        self._case: ShownCase | None = None
        self._saved: ShownCase | None = None
        self._startTime = 0.0
        self._timer = qt.QTimer()
        self._timer.setInterval(1000)

    def setup(self) -> None:
        """Connect the widgets."""
        self._ui.saveReportButton.connect("clicked(bool)", self.onSaveReport)
        self._timer.connect("timeout()", self._showProgress)

    def cleanup(self) -> None:
        """Stop what runs."""
        self._timer.stop()
        self._timer.disconnect("timeout()", self._showProgress)
        self._saved = None
        if self._reports is not None:
            self._reports.cleanup()

    @property
    def isRunning(self) -> bool:
        """Whether a report is being drawn."""
        return self._saved is not None

    def show(self, case: ShownCase | None) -> None:
        """Show a case, or None; the drawing of another case's report continues."""
        self._case = case
        button, running = self._ui.saveReportButton, self._saved is not None
        button.enabled = running or case is not None
        button.text = _("Cancel the &report") if running else _("Save &report…")
        button.toolTip = (
            _("Stop drawing the report of {name}").format(name=self._saved.record["case"])
            if running
            else _("Save a folder with the report, pictures, tables and segmentations")
        )
        if running:
            self._showProgress()

    def onSaveReport(self, _checked: bool = False) -> None:
        """Save the whole output folder with the report; or cancel that."""
        if self._saved is not None:
            self._reports.cancel()
            return
        with problems_shown(_("The report could not be saved."), busy=False):
            parent = qt.QFileDialog.getExistingDirectory(
                slicer.util.mainWindow(), _("Folder to save the report's folder in")
            )
            if not parent:
                return
            # Another case may be shown afterwards: dialogs and installations serve events.
            case = self._case
            folder = Path(parent) / case.file_name
            question = _("{folder} exists. Replace it?").format(folder=folder)
            overwrite = folder.exists()
            if not overwrite or slicer.util.confirmOkCancelDisplay(question):
                self._save(case, folder, overwrite)

    def _save(self, case: ShownCase, folder: Path, overwrite: bool) -> None:
        if self._reports is None or not self._reports.canStart():
            self._saveHere(case, folder, overwrite)
            return
        self._say("", None)
        self._startTime = time.monotonic()
        callbacks = (self._onFinished, self._onFailed, self._onCancelled)
        self._reports.start(case.outcome, folder, overwrite, *callbacks)
        self._saved = case
        self._timer.start()
        self.show(self._case)

    def _saveHere(self, case: ShownCase, folder: Path, overwrite: bool) -> None:
        self._say(_("Saving the report…"), None)
        slicer.app.processEvents()
        report = None
        try:
            with slicer.util.WaitCursor():
                report = self._logic.exportReport(case.outcome, folder, overwrite)
        finally:
            self._say(_("Saved {link}") if report else "", report)

    def _showProgress(self) -> None:
        if self._isShown():
            seconds = time.monotonic() - self._startTime
            text = _("Drawing the report · {seconds:.0f} s").format(seconds=seconds)
            self._say(text, None)

    def _isShown(self) -> bool:
        """Whether the panel shows the case whose report is being drawn."""
        saved, case = self._saved, self._case
        return saved is not None and case is not None and saved.outcome == case.outcome

    def _onFinished(self, report: Path) -> None:
        if self._isShown() and self._case.text == self._saved.text:
            self._end()
            self._say(_("Saved {link}"), report)
        else:
            # The label is another case's now, or one with other numbers.
            text = _("The report of {name} was saved: {path}")
            name = self._saved.record["case"]
            self._end()
            slicer.util.showStatusMessage(text.format(name=name, path=report), 10000)

    def _onFailed(self, message: str) -> None:
        self._end()
        with problems_shown(_("The report could not be saved."), busy=False):
            raise AnalysisError(message)

    def _onCancelled(self) -> None:
        self._end()

    def _end(self) -> None:
        if self._isShown():
            self._say("", None)
        self._saved = None
        self._timer.stop()
        self.show(self._case)
