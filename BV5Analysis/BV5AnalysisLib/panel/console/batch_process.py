"""A batch in a process of its own, for scripts: they wait for its end, and Slicer goes on.

The process is ``PythonSlicer -m BV5AnalysisLib batch``, see `panel.process.python_slicer`.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from ...imaging.errors import AnalysisError, Cancelled
from ...imaging.progress import Progress
from ..process.child_process import ChildProcess
from ..process.output import PREFIX, Log, progressIn
from ..process.python_slicer import COMMAND, pythonSlicer
from ..process.temporary import remove

TICK_SECONDS = 0.05
"""How often the window is served."""
ENDED_WITHIN_SECONDS = 1.0
"""How long the process may take to end by itself once its standard input is closed."""


def scriptName(field: str) -> str:
    """Name of a field of `BatchJob` for scripts in Slicer: camelCase."""
    first, *others = field.split("_")
    return first + "".join(word.capitalize() for word in others)


def runBatch(arguments: Sequence[str], progress: Progress) -> None:
    """Run ``bv5 batch`` to its end.

    Parameters
    ----------
    arguments : sequence of str
        Of the command, after ``batch``.
    progress : callable
        Gets step and fraction; what it raises ends the process at once and is raised here.

    Raises
    ------
    AnalysisError
        The command could not do it, with its reason, or did not come to an end.
    Cancelled
        Slicer's window was closed.
    """
    command = [pythonSlicer(), *COMMAND, "batch", *arguments]
    command += ["--progress", "json", "--debug", "--end-with-stdin"]
    temporary = Path(slicer.app.temporaryPath)
    temporary.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=temporary))
    log = Log(temporary, command)
    keepLog = False
    try:
        _followed(_started(command, folder, log), progress, log)
    except AnalysisError:
        keepLog = True
        raise
    finally:
        log.close(keepLog)
        remove(folder)


def batchProgressIn(line: str) -> tuple[str, float] | None:
    """Step, with the number of cases and the time left, and fraction; None if it is no progress."""
    reported = progressIn(line)
    if reported is None:
        return None
    step, fraction = reported
    values = json.loads(line)
    done, total, failed, left = (
        values.get(key) for key in ("done", "total", "failed", "remaining_seconds")
    )
    if not total:
        return reported
    parts = [_("{done} of {total} cases").format(done=done, total=total)]
    if failed:
        parts.append(_("{failed} failed").format(failed=failed))
    if isinstance(left, int | float) and left > 0:
        parts.append(_("{time} left").format(time=timedelta(seconds=round(left))))
    return f"{step}: {', '.join(parts)}", fraction


def _started(command: Sequence[str], folder: Path, log: Log) -> ChildProcess:
    """Start the process; AnalysisError if the system refuses."""
    try:
        return ChildProcess(command, folder, log)
    except OSError as error:
        raise AnalysisError(
            _("The batch cannot be started: {reason}.").format(reason=error.strerror or error)
        ) from error


def _followed(process: ChildProcess, progress: Progress, log: Log) -> None:
    """Tell the progress of a process until its end; AnalysisError if it fails."""
    window = _Window()
    try:
        while not process.ended:
            for line in process.poll():
                if (reported := batchProgressIn(line)) is not None:
                    progress(*reported)
                window.serve()
            if not process.ended:
                window.serve()
                time.sleep(TICK_SECONDS)
    finally:
        process.end(patience=ENDED_WITHIN_SECONDS)
    if process.exitStatus and process.says and not process.crashed:
        raise AnalysisError(_inPython(process.says))
    if process.exitStatus or process.crashed:
        raise AnalysisError(
            _(
                "The batch was ended before its time, perhaps by the operating system for lack of"
                " memory (exit status {status}; its log is {log}). Cases that were done are kept:"
                " go on with resume=True, with fewer jobs."
            ).format(status=process.exitStatus, log=log.path)
        )


def _inPython(message: str) -> str:
    """Message that names options as a script gives them."""
    from ...study.batch.options import BatchJob
    from ...study.options import for_scripts

    return for_scripts(message, BatchJob, {}, scriptName)


class _Window:
    """Slicer's main window, if there is one: it stays usable, and closing it ends the batch."""

    def __init__(self) -> None:
        window = slicer.util.mainWindow()
        self._shown = window if window is not None and window.visible else None
        self._next = 0.0

    def serve(self) -> None:
        """Let Slicer handle its events, if it is time; Cancelled if its window was closed."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + TICK_SECONDS
        slicer.app.processEvents()
        if self._shown is not None and not self._shown.visible:
            raise Cancelled(_("Slicer was closed while a batch was running."))
