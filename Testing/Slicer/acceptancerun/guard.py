"""Time limits, seen from within Slicer: starts the watchdog and tells it what is going on."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .records import TRACES
from .watchdog import EXIT


class Guard:
    """Ends Slicer when a step takes longer than it may.

    Python's own faulthandler comes first: it says where the program stands, and gives exit
    status 1. What it cannot end, the watchdog process does.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder of the run.
    factor : float
        Multiplies all limits.
    """

    def __init__(self, folder: Path, factor: float) -> None:
        self._factor = factor
        # Both stay open until the very end of the process; closing them earlier would tell lies.
        self._traces = os.open(folder / TRACES, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o644)
        reading, self._pipe = os.pipe()
        faulthandler.enable(self._traces)
        launcher = _launcher()
        self.process = subprocess.Popen(
            [_python(), "-m", "acceptancerun.watchdog", str(folder), str(os.getpid())]
            + ([] if launcher is None else [str(launcher)]),
            stdin=reading,
            env=os.environ | {"PYTHONPATH": _search_path()},
            start_new_session=True,
        )
        os.close(reading)

    def begin(self, step: str, limit: float) -> None:
        """Let a step begin, which may take so many seconds."""
        limit *= self._factor
        self._tell(step, limit)
        faulthandler.dump_traceback_later(limit, exit=True, file=self._traces)

    def end(self) -> None:
        """Let a step end."""
        faulthandler.cancel_dump_traceback_later()

    def exiting(self, limit: float) -> None:
        """Let Slicer exit, which may take so many seconds."""
        self.begin(EXIT, limit)

    def _tell(self, step: str, limit: float) -> None:
        line = json.dumps({"step": step, "limit": limit}) + "\n"
        with contextlib.suppress(BrokenPipeError):  # Somebody ended it: go on without.
            os.write(self._pipe, line.encode())


def _search_path() -> str:
    """Where that Python finds this package, and what Slicer's own needs."""
    folder = str(Path(__file__).resolve().parents[1])
    return os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))


def _launcher() -> int | None:
    """Process of Slicer's launcher, where there is one and it can be told."""
    parent = os.getppid()
    with contextlib.suppress(OSError):
        if Path(f"/proc/{parent}/exe").readlink().name.startswith("Slicer"):
            return parent
    return None


def _python() -> str:
    """A plain Python: Slicer's own executable would be another Slicer."""
    return shutil.which("PythonSlicer") or sys.executable
