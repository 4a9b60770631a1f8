"""An analysis in a process of its own, so that Slicer's window stays usable meanwhile.

The process is ``PythonSlicer -m BV5AnalysisLib analyze``, see `panel.process.python_slicer`.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import qt
import slicer
from slicer.i18n import tr as _

from ...imaging.errors import AnalysisError, UnreadableCase
from .child_process import ChildProcess
from .output import PREFIX, Log, progressIn
from .python_slicer import COMMAND, pythonSlicer
from .temporary import inPlainWords, isFull, remove

if TYPE_CHECKING:
    from ...imaging.parameters import Parameters

LOOK_EVERY_MS = 100


@dataclass(frozen=True)
class AnalysisRequest:
    """What to analyze.

    Attributes
    ----------
    inputVolume : vtkMRMLScalarVolumeNode
        The CT.
    lungsSegmentation, regionsSegmentation : vtkMRMLSegmentationNode or None
        Lungs to measure in, computed if None; regions to measure apart.
    parameters : Parameters
        As the user set them.
    caseName : str
        Name of the result.
    """

    inputVolume: slicer.vtkMRMLScalarVolumeNode
    lungsSegmentation: slicer.vtkMRMLSegmentationNode | None
    regionsSegmentation: slicer.vtkMRMLSegmentationNode | None
    parameters: Parameters
    caseName: str


@dataclass(frozen=True)
class Callbacks:
    """Called as the run goes on; of the last three one, once, except for an unreadable result."""

    onProgress: Callable[[str, float], None]
    onFinished: Callable[[Path], None]
    onFailed: Callable[[str, Path | None], None]
    onCancelled: Callable[[], None]


class AnalysisProcess:
    """Runs one analysis at a time."""

    def __init__(self) -> None:
        self._run: _Run | None = None
        # Kept as long as this object: a timer is destroyed with its last reference in Python.
        self._timer = qt.QTimer()
        self._timer.setInterval(LOOK_EVERY_MS)
        self._connected = False

    def isRunning(self) -> bool:
        """Whether an analysis has started and not ended."""
        return self._run is not None

    def start(
        self,
        request: AnalysisRequest,
        onProgress: Callable[[str, float], None],
        onFinished: Callable[[Path], None],
        onFailed: Callable[[str, Path | None], None],
        onCancelled: Callable[[], None],
    ) -> None:
        """Start an analysis and return; the callbacks are called from the event loop.

        Parameters
        ----------
        request : AnalysisRequest
            What to analyze.
        onProgress : callable
            Gets the step's name and the fraction done.
        onFinished : callable
            Gets the folder with the result, which is removed when the callback returns. If it
            raises `UnreadableCase`, that is reported as a failure.
        onFailed : callable
            Gets what went wrong, in words for the user, and the log file, which stays; None if
            there is none.
        onCancelled : callable
            Called by `cancel`.

        Raises
        ------
        AnalysisError
            One is running already.
        """
        if self._run is not None:
            raise AnalysisError(
                _("An analysis is running already. Wait for its end, or cancel it.")
            )
        callbacks = Callbacks(onProgress, onFinished, onFailed, onCancelled)
        run = _Run(callbacks, self._end)
        self._run = run
        self._watch(True)
        try:
            run.launch(request)
        except AnalysisError as error:
            run.failLater(str(error))
        except OSError as error:
            run.failLater(inPlainWords(error))

    def cancel(self) -> None:
        """End a running analysis at once, and call its `onCancelled`."""
        run = self._run
        if run is not None:
            run.kill()
            self._end(run, run.callbacks.onCancelled)

    def cleanup(self) -> None:
        """End a running analysis at once, without a callback."""
        run = self._run
        if run is not None:
            run.kill()
            self._end(run, lambda: None)
        self._watch(False)

    def _watch(self, regularly: bool) -> None:
        """Start or stop polling the process."""
        if regularly and not self._connected:
            self._timer.connect("timeout()", self._poll)
        elif self._connected and not regularly:
            self._timer.disconnect("timeout()", self._poll)
        self._connected = regularly
        if regularly:
            self._timer.start()
        else:
            self._timer.stop()

    def _poll(self) -> None:
        if self._run is not None:
            self._run.poll()

    def _end(self, run: _Run, callback: Callable, *arguments: object) -> None:
        """Report the end of a run, unless it has been reported."""
        if self._run is not run:
            return
        self._run = None
        self._timer.stop()
        keepLog = callback is run.callbacks.onFailed
        try:
            callback(*arguments)
        except UnreadableCase as error:
            keepLog = True
            run.reportDamage(error)
        finally:
            run.remove(keepLog)


class _Run:
    """One process with its temporary folder and its log."""

    def __init__(self, callbacks: Callbacks, end: Callable) -> None:
        self.callbacks = callbacks
        self._end = end
        self._process: ChildProcess | None = None
        self._folder: Path | None = None
        self._log: Log | None = None
        self._names: dict[str, str] = {}
        self._lines: deque[str] = deque()
        self._polling = False
        self._ended = False

    def launch(self, request: AnalysisRequest) -> None:
        """Write the input and start the process; AnalysisError or OSError if that fails."""
        from ...scene.case.handover import names_of_files, write_inputs

        program = pythonSlicer()
        temporary = Path(slicer.app.temporaryPath)
        temporary.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=temporary))
        nodes = (request.inputVolume, request.lungsSegmentation, request.regionsSegmentation)
        self._names = names_of_files(*nodes)
        inputs = write_inputs(self._folder, *nodes, request.parameters)
        options = ["--progress", "json", "--no-report", "--debug", "--end-with-stdin"]
        command = [program, *COMMAND, "analyze", *inputs, "-o", str(self._result), *options]
        # A name may begin with a dash, and nodes may have none.
        command.append(f"--case={request.caseName.strip() or 'case'}")
        self._log = Log(temporary, command)
        try:
            self._process = ChildProcess(command, self._folder, self._log)
        except OSError as error:
            raise AnalysisError(
                _("The analysis cannot be started: {reason}").format(reason=error.strerror or error)
            ) from error

    def poll(self) -> None:
        """Report what is new; not while a callback runs."""
        if self._polling or self._ended or self._process is None:
            return
        self._polling = True
        try:
            self._lines.extend(self._process.poll())
            # One by one: if a callback raises, the others are still reported.
            while self._lines and not self._ended:
                progress = progressIn(self._lines.popleft())
                if progress is not None:
                    self.callbacks.onProgress(*progress)
            if self._process.ended and not self._ended:
                self._reportEnd()
        finally:
            self._polling = False

    def kill(self) -> None:
        """End the process and what it launched; nothing of it is reported afterwards."""
        self._ended = True
        if self._process is not None:
            self._process.end()

    def failLater(self, message: str) -> None:
        """Report a failure from the event loop, as all others."""
        qt.QTimer.singleShot(0, lambda: self._failUnlessEnded(message))

    def reportDamage(self, problem: UnreadableCase) -> None:
        """Report that the result could not be read; the log has the reason."""
        self._log.write(f"{problem}\n".encode())
        self._log.close(keep=True)
        message = _("The analysis wrote a damaged result. Is the disk full?")
        self.callbacks.onFailed(message, self._log.path)

    def remove(self, keepLog: bool) -> None:
        """Remove what is on disk."""
        self._ended = True
        if self._process is not None:
            self._process.end()
        if self._log is not None:
            self._log.close(keepLog)
        if self._folder is not None:
            remove(self._folder)

    @property
    def _result(self) -> Path:
        return self._folder / "result"

    def _reportEnd(self) -> None:
        process = self._process
        if process.crashed:
            self._fail(
                _(
                    "The analysis was ended by the operating system, perhaps for lack of memory."
                    " Close other programs, or crop the scan, and try again."
                )
            )
        elif process.exitStatus:
            self._fail(self._reason(process))
        elif not (self._result / "result.json").is_file():
            self._fail(_("The analysis ended without a result."))
        else:
            self._end(self, self.callbacks.onFinished, self._result)

    def _reason(self, process: ChildProcess) -> str:
        if process.says:
            reason = process.says
            for file, name in self._names.items():
                reason = reason.replace(file, name)
            return reason
        if isFull(self._folder):  # Then there is no room for its reason either.
            return inPlainWords(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        return _("The analysis ended without saying why (exit status {code}).").format(
            code=process.exitStatus
        )

    def _failUnlessEnded(self, message: str) -> None:
        if not self._ended:
            self._fail(message)

    def _fail(self, message: str) -> None:
        log = self._log.path if self._log is not None else None
        if self._log is not None:
            self._log.close(keep=True)
        self._end(self, self.callbacks.onFailed, message, log)
