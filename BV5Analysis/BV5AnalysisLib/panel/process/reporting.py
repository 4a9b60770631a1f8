"""A report drawn in a process of its own: drawing takes seconds in which no window would answer.

The process is ``PythonSlicer -m BV5AnalysisLib report``, see `panel.process.python_slicer`. All
that it needs is written before it starts, so that later changes of the scene do not matter.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import qt
import slicer
from slicer.i18n import tr as _

from ...imaging.errors import AnalysisError
from .output import PREFIX
from .packages import REPORT, ensurePackages
from .side_command import SideCommand
from .temporary import remove

if TYPE_CHECKING:
    from ...scene.nodes.outcome import Outcome

POLL_MS = 100
PROGRAM = "PythonSlicer"


class ReportProcess:
    """Draws and saves one report at a time."""

    def __init__(self) -> None:
        self._run: _Run | None = None
        # Kept by this reference only; see docs/decisions/0001 on Qt objects made in Python.
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.connect("timeout()", self._poll)

    def isRunning(self) -> bool:
        """Whether a report is being drawn."""
        return self._run is not None

    def canStart(self) -> bool:
        """Whether the program that draws exists."""
        return shutil.which(PROGRAM) is not None

    def start(
        self,
        outcome: Outcome,
        folder: Path,
        overwrite: bool,
        onFinished: Callable[[Path], None],
        onFailed: Callable[[str], None],
        onCancelled: Callable[[], None],
    ) -> None:
        """Start; the callbacks are called from the event loop.

        Parameters
        ----------
        outcome : Outcome
            The case, with its CT in the scene.
        folder : pathlib.Path
            Its folder, which appears complete or not at all.
        overwrite : bool
            Replace a folder of a case that is there.
        onFinished : callable
            Gets ``report.html``.
        onFailed : callable
            Gets what went wrong, in words for the user.
        onCancelled : callable
            Called by `cancel`.

        Raises
        ------
        AnalysisError, OSError
            It cannot start; the message says why and what to do.
        """
        from ...scene.case.report_files import check_report_folder, stage_report

        if self._run is not None:
            raise AnalysisError(_("A report is being saved already. Wait for its end."))
        ensurePackages(REPORT, _("The report"), _("save the measurements as CSV"), ask=True)
        if outcome.caseNode.GetScene() is None:
            # The scene may be closed while packages are installed.
            raise AnalysisError(_("The case is not in the scene any more."))
        check_report_folder(folder, overwrite)
        temporary = Path(slicer.app.temporaryPath)
        temporary.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=PREFIX, dir=temporary))
        try:
            with slicer.util.WaitCursor():
                files = stage_report(outcome, staging)
            child = SideCommand(["report", *files, "--progress", "none"], staging)
        except BaseException:
            remove(staging)
            raise
        self._run = _Run(child, staging, folder, overwrite, onFinished, onFailed, onCancelled)
        self._timer.start()

    def cancel(self) -> None:
        """End it at once, and call `onCancelled`."""
        if self._run is not None:
            self._end().onCancelled()

    def cleanup(self) -> None:
        """End it at once, without a callback."""
        if self._run is not None:
            self._end()
        self._timer.disconnect("timeout()", self._poll)

    def _poll(self) -> None:
        run = self._run
        if run is None or not run.child.isOver():
            return
        from ...scene.case.report_files import place_report

        self._run = None
        self._timer.stop()
        report, problem = None, run.child.problem()
        try:
            if not problem:
                report = place_report(run.staging, run.folder, run.overwrite)
        except (AnalysisError, OSError) as error:
            problem = str(error)
        except Exception as error:
            # Reported, so that the panel stops waiting; and raised, with its traceback.
            problem = f"{type(error).__name__}: {error}"
            raise
        finally:
            run.remove()
            if report is not None:
                run.onFinished(report)
            else:
                run.onFailed(problem)

    def _end(self) -> _Run:
        run, self._run = self._run, None
        self._timer.stop()
        run.remove()
        return run


@dataclass(frozen=True)
class _Run:
    """One process and its temporary folder."""

    child: SideCommand
    staging: Path
    folder: Path
    overwrite: bool
    onFinished: Callable[[Path], None]
    onFailed: Callable[[str], None]
    onCancelled: Callable[[], None]

    def remove(self) -> None:
        """End the command, if it runs, and remove its files."""
        self.child.end()
        remove(self.staging)
