"""Another command of ``bv5``, run as a user would run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from ..imaging.errors import AnalysisError
from ..imaging.progress import Progress

_PACKAGE = __package__.split(".")[0]


def run_subcommand(arguments: Sequence[str], progress: Progress) -> None:
    """Run ``bv5`` with arguments, in a process of its own.

    Parameters
    ----------
    arguments : sequence of str
        Command line without the program's name; ``--progress json`` is added.
    progress : callable
        Gets the steps and fractions that the command reports. What it raises ends the command.

    Raises
    ------
    AnalysisError
        The command ended with an error; the message is that of the command.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", _PACKAGE, *arguments, "--progress", "json"],
        stdin=subprocess.PIPE,  # For those that end with it, should this process be killed.
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": _python_path(), "PYTHONUTF8": "1"},
    )
    pipes = process.stdin, process.stdout, process.stderr
    _, output, error_output = pipes
    errors: list[str] = []
    # Read beside standard output: a full pipe would make the command wait for ever.
    reader = threading.Thread(target=lambda: errors.extend(error_output or ()), daemon=True)
    reader.start()
    try:
        for line in output or ():
            _report(line, progress)
        status = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        reader.join()
        for pipe in pipes:
            if pipe:
                pipe.close()
    if status:
        raise AnalysisError(_reason(arguments[0], status, errors))


def _report(line: str, progress: Progress) -> None:
    try:
        event = json.loads(line)
        step, fraction = str(event["step"]), float(event["fraction"])
    except (ValueError, TypeError, KeyError):
        return  # What a library prints is no progress.
    progress(step, fraction)


def _reason(command: str, status: int, errors: Sequence[str]) -> str:
    lines = [line.strip() for line in errors if line.strip()]
    own = [line.removeprefix("bv5: ") for line in lines if line.startswith("bv5: ")]
    return next(iter([*own[-1:], *lines[-1:]]), f"bv5 {command} ended with status {status}.")


def _python_path() -> str:
    """Where this package is, first: it may be none of those installed."""
    here = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
