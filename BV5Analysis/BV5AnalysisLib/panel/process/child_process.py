"""A command that runs beside Slicer: what it prints, how it ends, and how it is ended.

Its output goes into two files, which are read as they grow. No thread reads it, as Python's
threads hardly run while Qt waits for events in the main thread; and no pipe can fill up, so the
command never waits for Slicer. Its standard input is a pipe, which closes when Slicer ends, in
whatever way; see `panel.process.python_slicer`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from .output import Lines, Log
from .python_slicer import CRASHED, MODULE_FOLDER, changedVariables

KILLED_WITHIN_SECONDS = 1.0
"""How long to wait for the end of a process that was killed."""
CHUNK_BYTES = 65536
CHUNKS_A_POLL = 16
"""Bytes read at a time, so that much output does not block; the rest is read next time."""
_SAYS = re.compile(r"bv5(?: \S+: error)?: (?P<reason>.*)")
"""The line in which the command says why it ends."""
_WINDOWS_CRASH = 0x80000000
"""Exit statuses from here on are Windows' own, such as that of an access violation."""


class ChildProcess:
    """One process, started at once.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    folder : pathlib.Path
        Gets the files with its output; the caller removes it.
    log : Log
        Gets a copy of all output.

    Raises
    ------
    OSError
        The system cannot start it.
    """

    def __init__(self, command: Sequence[str], folder: Path, log: Log) -> None:
        self.says = ""
        self.ended = False
        self._crashTold = False
        self._log = log
        output, errors = folder / "output.txt", folder / "errors.txt"
        with output.open("wb") as outputFile, errors.open("wb") as errorsFile:
            self._output, self._errors = _Growing(output), _Growing(errors)
            try:
                self._process = _started(command, outputFile, errorsFile)
            except BaseException:
                self._output.close()
                self._errors.close()
                raise

    @property
    def exitStatus(self) -> int:
        """What it ended with; 0 as long as it runs."""
        return self._process.returncode or 0

    @property
    def crashed(self) -> bool:
        """Whether the system ended it, or its child, without a message."""
        status = self.exitStatus
        itself = status < 0 or status >= _WINDOWS_CRASH
        return itself or (self._crashTold and not self.says)

    def poll(self) -> list[str]:
        """Read what is new.

        Returns
        -------
        list of str
            Lines of standard output. `says`, `ended` and `crashed` follow; `ended` only once all
            output is read.
        """
        # Asked first: all that it wrote before its end is then in the files.
        over = self._process.poll() is not None
        errors, allErrors = self._errors.read(self._log, over)
        for line in errors:
            if told := _SAYS.fullmatch(line):
                self.says = told["reason"]
            self._crashTold |= CRASHED in line
        lines, allOutput = self._output.read(self._log, over)
        if over and allErrors and allOutput:
            self.ended = True
            self._close()
        return lines

    def end(self, patience: float = 0.0) -> None:
        """End it, if it runs, and the process that it launched, by closing its standard input.

        Parameters
        ----------
        patience : float
            Seconds that it has to end by itself.
        """
        self._process.stdin.close()
        if not _endsWithin(self._process, patience):
            self._process.kill()
            _endsWithin(self._process, KILLED_WITHIN_SECONDS)
        self._close()

    def _close(self) -> None:
        self._process.stdin.close()
        self._output.close()
        self._errors.close()


class _Growing:
    """A file that another process writes, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._lines = Lines()

    def read(self, log: Log, isLast: bool) -> tuple[list[str], bool]:
        """Read new lines, and say whether all was read.

        At the end of a file that grows no more, what is left counts as a line.
        """
        lines: list[str] = []
        if self._file.closed:
            return lines, True
        for _chunk in range(CHUNKS_A_POLL):
            data = self._file.read(CHUNK_BYTES)
            if not data:
                if isLast:
                    lines += [line for line in self._lines.added(b"\n") if line]
                return lines, True
            log.write(data)
            lines += self._lines.added(data)
        return lines, False

    def close(self) -> None:
        self._file.close()


def _started(command: Sequence[str], output: BinaryIO, errors: BinaryIO) -> subprocess.Popen:
    environment = os.environ | changedVariables(os.environ.get("PYTHONPATH", ""))
    hidden = {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {}
    return subprocess.Popen(
        command,
        cwd=MODULE_FOLDER,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=errors,
        **hidden,
    )


def _endsWithin(process: subprocess.Popen, seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
