"""A short command that runs beside Slicer, such as the drawing of a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slicer.i18n import tr as _

from .child_process import ChildProcess
from .output import Log
from .python_slicer import COMMAND, pythonSlicer


class SideCommand:
    """One command, started at once, whose output is not kept.

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
        command = [pythonSlicer(), *COMMAND, *arguments, "--end-with-stdin"]
        self._log = Log(folder, command)
        try:
            self._child = ChildProcess(command, folder, self._log)
        except BaseException:
            self._log.close(keep=False)
            raise
        self._lines: list[str] = []

    def isOver(self) -> bool:
        """Whether it has ended, and all its output is read."""
        self._lines += self._child.poll()
        return self._child.ended

    def lines(self) -> list[str]:
        """Lines of output since the last call, as far as `isOver` has read them."""
        lines, self._lines = self._lines, []
        return lines

    def problem(self) -> str:
        """Why it failed; empty if it did not."""
        if not self._child.exitStatus and not self._child.crashed:
            return ""
        silence = _("It ended without saying why (exit status {code}).")
        return self._child.says or silence.format(code=self._child.exitStatus)

    def end(self) -> None:
        """End it, if it runs, with the process that it launched, and close its files."""
        self._child.end()
        self._log.close(keep=False)
