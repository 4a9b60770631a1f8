"""An analysis in a process of its own, so that Slicer's window stays usable meanwhile.

The process is ``PythonSlicer -m BV5AnalysisLib analyze``, see `panel.pythonslicer`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import qt
import slicer
from slicer.i18n import tr as _

from ..imaging.errors import AnalysisError
from .processoutput import PREFIX, Lines, Log, progressIn
from .pythonslicer import COMMAND, CRASHED, MODULE_FOLDER, SAYS, changedVariables, pythonSlicer
from .temporary import inPlainWords, later, remove

if TYPE_CHECKING:
    from ..imaging.parameters import Parameters

KILLED_WITHIN_MS = 1000


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
    """Whom to tell; of the last three, one is called, once."""

    onProgress: Callable[[str, float], None]
    onFinished: Callable[[Path], None]
    onFailed: Callable[[str, Path | None], None]
    onCancelled: Callable[[], None]


class AnalysisProcess:
    """Runs one analysis at a time."""

    def __init__(self) -> None:
        # Owner of processes and timers: Qt deletes them, and not while they send a signal.
        self._owner = qt.QObject()
        self._run: _Run | None = None

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
            Gets the folder with the result, which is removed when the callback returns.
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
        run = _Run(callbacks, self._end, self._owner)
        self._run = run
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
        """End a running analysis at once without telling anybody: nobody is left to tell."""
        run = self._run
        if run is not None:
            run.kill()
            self._end(run, lambda: None)

    def _end(self, run: _Run, callback: Callable, *arguments: object) -> None:
        """Tell the end of a run, unless it has been told."""
        if self._run is not run:
            return
        self._run = None
        try:
            callback(*arguments)
        finally:
            run.remove(keepLog=callback is run.callbacks.onFailed)


class _Run:
    """One process with its temporary folder and its log."""

    def __init__(self, callbacks: Callbacks, end: Callable, owner: qt.QObject) -> None:
        self.callbacks = callbacks
        self._end = end
        self._owner = owner
        self._process: qt.QProcess | None = None
        self._folder: Path | None = None
        self._log: Log | None = None
        self._names: dict[str, str] = {}
        self._output = Lines()
        self._errors = Lines()
        self._says = ""
        self._crashed = False
        self._ended = False

    def launch(self, request: AnalysisRequest) -> None:
        """Write the input and start the process; AnalysisError or OSError if that fails."""
        from ..scene.handover import names_of_files, write_inputs

        program = pythonSlicer()
        temporary = Path(slicer.app.temporaryPath)
        temporary.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=temporary))
        nodes = (request.inputVolume, request.lungsSegmentation, request.regionsSegmentation)
        self._names = names_of_files(*nodes)
        inputs = write_inputs(self._folder, *nodes, request.parameters)
        options = ["--progress", "json", "--no-report", "--debug", "--end-with-stdin"]
        arguments = [*COMMAND, "analyze", *inputs, "-o", str(self._result), *options]
        # A name may begin with a dash, and nodes may have none.
        arguments.append(f"--case={request.caseName.strip() or 'case'}")
        self._log = Log(temporary, [program, *arguments])
        self._process = self._made(program, arguments)
        self._process.start()

    def kill(self) -> None:
        """End the process, and by closing its standard input its child; it is not heard again."""
        self._ended = True
        if self._process is not None and self._process.state() != qt.QProcess.NotRunning:
            self._process.closeWriteChannel()
            self._process.kill()
            self._process.waitForFinished(KILLED_WITHIN_MS)

    def failLater(self, message: str) -> None:
        """Tell a failure as all others are told: from the event loop."""
        later(self._owner, 0, lambda: self._fail(message))

    def remove(self, keepLog: bool) -> None:
        """Remove what is on disk, and let Qt delete the process."""
        self._ended = True
        if self._log is not None:
            self._log.close(keepLog)
        if self._process is not None:
            self._process.deleteLater()
        if self._folder is not None:
            remove(self._folder, self._owner)

    @property
    def _result(self) -> Path:
        return self._folder / "result"

    def _made(self, program: str, arguments: list[str]) -> qt.QProcess:
        process = qt.QProcess(self._owner)
        process.setProgram(program)
        process.setArguments(arguments)
        process.setWorkingDirectory(str(MODULE_FOLDER))
        process.setProcessEnvironment(_environment())
        process.connect("readyReadStandardOutput()", self._onOutput)
        process.connect("readyReadStandardError()", self._onErrors)
        process.connect("errorOccurred(QProcess::ProcessError)", self._onError)
        process.connect("finished(int,QProcess::ExitStatus)", self._onFinished)
        return process

    def _onOutput(self) -> None:
        if self._ended:
            return
        data = self._process.readAllStandardOutput().data()
        self._log.write(data)
        for line in self._output.added(data):
            progress = progressIn(line)
            if progress is not None and not self._ended:
                self.callbacks.onProgress(*progress)

    def _onErrors(self) -> None:
        if self._ended:
            return
        data = self._process.readAllStandardError().data()
        self._log.write(data)
        for line in self._errors.added(data):
            if line.startswith(SAYS):
                self._says = line.removeprefix(SAYS)
            self._crashed |= CRASHED in line

    def _onError(self, error: int) -> None:
        # All others end with the signal `finished`.
        if error == qt.QProcess.FailedToStart and not self._ended:
            self._fail(
                _("The analysis cannot be started: {reason}").format(
                    reason=self._process.errorString()
                )
            )

    def _onFinished(self, exitCode: int, exitStatus: int) -> None:
        self._onOutput()
        self._onErrors()
        if self._ended:
            return
        if exitStatus == qt.QProcess.CrashExit or (self._crashed and not self._says):
            self._fail(
                _(
                    "The analysis was ended by the operating system, perhaps for lack of memory."
                    " Close other programs, or crop the scan, and try again."
                )
            )
        elif exitCode != 0:
            self._fail(self._reason(exitCode))
        elif not (self._result / "result.json").is_file():
            self._fail(_("The analysis ended without a result."))
        elif problem := _problem(self._result):
            self._log.write(f"{problem}\n".encode())
            self._fail(_("The analysis wrote a damaged result. Is the disk full?"))
        else:
            self._end(self, self.callbacks.onFinished, self._result)

    def _reason(self, exitCode: int) -> str:
        if not self._says:
            return _("The analysis ended without saying why (exit status {code}).").format(
                code=exitCode
            )
        reason = self._says
        for file, name in self._names.items():
            reason = reason.replace(file, name)
        return reason

    def _fail(self, message: str) -> None:
        log = self._log.path if self._log is not None else None
        if self._log is not None:
            self._log.close(keep=True)
        self._end(self, self.callbacks.onFailed, message, log)


def _problem(folder: Path) -> str:
    """Say what keeps a result from being read, which takes little time; empty if nothing."""
    from ..export.case import read_case

    try:
        read_case(folder)
    except AnalysisError as error:
        return str(error)
    return ""


def _environment() -> qt.QProcessEnvironment:
    """Slicer's own environment, with what the command needs."""
    environment = qt.QProcessEnvironment.systemEnvironment()
    for name, value in changedVariables(environment.value("PYTHONPATH")).items():
        environment.insert(name, value)
    return environment
