"""A batch in a process of its own, for scripts: they wait for its end, and Slicer goes on.

The process is ``PythonSlicer -m BV5AnalysisLib batch``, see `panel.pythonslicer`. Its output is
read by threads, so that the caller can serve Slicer's window meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO

import slicer
from slicer.i18n import tr as _

from ..imaging.errors import AnalysisError, Cancelled
from ..imaging.progress import Progress
from .processoutput import Lines, Log, progressIn
from .pythonslicer import COMMAND, CRASHED, MODULE_FOLDER, SAYS, changedVariables, pythonSlicer

TICK_SECONDS = 0.05
"""How often the window is served."""
ENDED_WITHIN_SECONDS = 1.0
"""How long the process may take to end by itself once its standard input is closed."""
DRAINED_WITHIN_SECONDS = 2.0
"""How long output may still come after the end, from a child that outlives its launcher."""
CHUNK_BYTES = 65536
AS_PYTHON = {
    "--keep-identifiers": "keepIdentifiers=True",
    "--no-report": "report=False",
    "--overwrite": "overwrite=True",
    "--parameters": "parameters",
    "--retry-failed": "retryFailed=True",
    "--resume": "resume=True",
    "--scheduler": "scheduler",
    "--jobs": "jobs",
}
"""What messages of the command call an option, and what a script calls it."""
_WRONG_USAGE = "bv5 batch: error: "


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
    folder = Path(slicer.app.temporaryPath)
    folder.mkdir(parents=True, exist_ok=True)
    log = Log(folder, command)
    keepLog = False
    try:
        _followed(_started(command), progress, log)
    except AnalysisError:
        keepLog = True
        raise
    finally:
        log.close(keepLog)


def batchProgressIn(line: str) -> tuple[str, float] | None:
    """Step, with the number of cases and the time left, and fraction; None if it is no progress."""
    told = progressIn(line)
    if told is None:
        return None
    step, fraction = told
    values = json.loads(line)
    done, total, failed, left = (
        values.get(key) for key in ("done", "total", "failed", "remaining_seconds")
    )
    if not total:
        return told
    parts = [_("{done} of {total} cases").format(done=done, total=total)]
    if failed:
        parts.append(_("{failed} failed").format(failed=failed))
    if isinstance(left, int | float) and left > 0:
        parts.append(_("{time} left").format(time=timedelta(seconds=round(left))))
    return f"{step}: {', '.join(parts)}", fraction


def _started(command: Sequence[str]) -> subprocess.Popen:
    """Start the process; AnalysisError if the system refuses."""
    environment = os.environ | changedVariables(os.environ.get("PYTHONPATH", ""))
    hidden = {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {}
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            command,
            cwd=MODULE_FOLDER,
            env=environment,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            **hidden,
        )
    except OSError as error:
        raise AnalysisError(
            _("The batch cannot be started: {reason}.").format(reason=error.strerror or error)
        ) from error


def _followed(process: subprocess.Popen, progress: Progress, log: Log) -> None:
    """Tell the progress of a process until its end; AnalysisError if it fails."""
    says, crashed = "", False
    window = _Window()
    try:
        for source, line in _lines(process, log):
            window.serve()
            if source == "output" and (told := batchProgressIn(line)) is not None:
                progress(*told)
            elif source == "errors":
                for start in (SAYS, _WRONG_USAGE):
                    says = line.removeprefix(start) if line.startswith(start) else says
                crashed |= CRASHED in line
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(DRAINED_WITHIN_SECONDS)
    finally:
        _end(process)
    status = process.returncode
    if status and says:
        raise AnalysisError(_inPython(says))
    if status or crashed:
        raise AnalysisError(
            _(
                "The batch was ended before its time, perhaps by the operating system for lack of"
                " memory (exit status {status}; its log is {log}). Cases that were done are kept:"
                " go on with resume=True, with fewer jobs."
            ).format(status=status, log=log.path)
        )


def _lines(process: subprocess.Popen, log: Log) -> Iterator[tuple[str, str]]:
    """Lines of both outputs as they come; in between, pairs of empty text as time goes by."""
    chunks: queue.Queue[tuple[str, bytes]] = queue.Queue()
    cutters = {"output": Lines(), "errors": Lines()}
    for source, pipe in (("output", process.stdout), ("errors", process.stderr)):
        threading.Thread(target=_read, args=(source, pipe, chunks), daemon=True).start()
    waiting, patience = set(cutters), DRAINED_WITHIN_SECONDS
    while waiting and patience > 0:
        try:
            source, data = chunks.get(timeout=TICK_SECONDS)
        except queue.Empty:
            patience -= TICK_SECONDS if process.poll() is not None else 0.0
            yield "", ""
            continue
        log.write(data)
        if not data:
            waiting.discard(source)
        for line in cutters[source].added(data or b"\n"):
            yield source, line


def _read(source: str, pipe: IO[bytes], chunks: queue.Queue[tuple[str, bytes]]) -> None:
    """Pass on what comes through a pipe; at its end, nothing."""
    with pipe:
        while data := os.read(pipe.fileno(), CHUNK_BYTES):
            chunks.put((source, data))
    chunks.put((source, b""))


def _end(process: subprocess.Popen) -> None:
    """End a process, if it runs, and by closing its standard input its child."""
    process.stdin.close()
    try:
        process.wait(ENDED_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _inPython(message: str) -> str:
    """Name options as a script does."""
    for option, name in AS_PYTHON.items():
        message = message.replace(option, name)
    return message


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
