"""Slicer's own Python as a program of its own, in which the command line runs.

PythonSlicer is a launcher, and the Python that does the work is its child: ending the launcher may
leave the child running. The command is therefore started with ``--end-with-stdin``, and ends with
its standard input, whose other end only Slicer holds; so it also ends when Slicer does, in
whatever way.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from slicer.i18n import tr as _

from ...imaging.errors import AnalysisError

MODULE_FOLDER = Path(__file__).resolve().parents[3]
"""Python looks there first, so a command is started there and not among the user's files."""
COMMAND = ("-m", "BV5AnalysisLib")
CRASHED = "exit abnormally"
"""Part of the line by which the launcher says that its child crashed or was killed."""


def pythonSlicer() -> str:
    """Path of the program; AnalysisError if it is not there."""
    program = shutil.which("PythonSlicer")
    if program is None:
        raise AnalysisError(
            _(
                "The program PythonSlicer, a part of 3D Slicer, was not found, and the analysis"
                " cannot run beside Slicer. Install 3D Slicer again."
            )
        )
    return program


def changedVariables(pythonPath: str) -> dict[str, str]:
    """Environment variables with which Python finds the library and speaks UTF-8.

    Parameters
    ----------
    pythonPath : str
        Slicer's own PYTHONPATH, which stays behind the library.
    """
    folders = [str(MODULE_FOLDER), pythonPath]
    return {
        "PYTHONPATH": os.pathsep.join(folder for folder in folders if folder),
        "PYTHONUTF8": "1",
        "PYTHONIOENCODING": "utf-8",
    }
