"""A short command that runs beside Slicer, such as the drawing of a report."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from slicer.i18n import tr as _

from .processoutput import Lines
from .pythonslicer import COMMAND, MODULE_FOLDER, SAYS, changedVariables, pythonSlicer

KILLED_WITHIN_SECONDS = 1.0


class SideCommand:
    """One command, started at once; its output goes into files, so that it never waits.

    Parameters
    ----------
    arguments : sequence of str
        Command line of ``bv5``, for a command that knows ``--end-with-stdin``.
    folder : pathlib.Path
        Existing folder for the files with its output.

    Raises
    ------
    AnalysisError
        PythonSlicer is not there.
    OSError
        The system cannot start it.
    """

    def __init__(self, arguments: Sequence[str], folder: Path) -> None:
        program = pythonSlicer()
        self._errors, output = folder / "errors.txt", folder / "output.txt"
        # The window of a console would flash up on Windows.
        hidden = {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {}
        with self._errors.open("wb") as errorsFile, output.open("wb") as outputFile:
            self._child = subprocess.Popen(
                [program, *COMMAND, *arguments, "--end-with-stdin"],
                cwd=MODULE_FOLDER,
                env=os.environ | changedVariables(os.environ.get("PYTHONPATH", "")),
                stdin=subprocess.PIPE,
                stdout=outputFile,
                stderr=errorsFile,
                **hidden,
            )
        self._output = output.open("rb")
        self._lines = Lines()

    def isOver(self) -> bool:
        """Whether it has ended."""
        return self._child.poll() is not None

    def lines(self) -> list[str]:
        """Lines that it printed since the last call."""
        return self._lines.added(self._output.read())

    def problem(self) -> str:
        """Why it ended without what it was to do; empty if it did it."""
        if self._child.returncode == 0:
            return ""
        lines = self._errors.read_text("utf-8", errors="replace").splitlines()
        said = [line.removeprefix(SAYS) for line in lines if line.startswith(SAYS)]
        return said[-1] if said else self._silence()

    def end(self) -> None:
        """End it, if it runs, with the process that it launched, and close its files."""
        self._child.stdin.close()
        self._output.close()
        if self._child.poll() is None:
            self._child.kill()
            try:
                self._child.wait(KILLED_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                return  # It is killed; the system takes its time.

    def _silence(self) -> str:
        return _("It ended without saying why (exit status {code}).").format(
            code=self._child.returncode
        )
