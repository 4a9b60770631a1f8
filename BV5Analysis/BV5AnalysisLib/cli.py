"""The command line: ``bv5``, or ``python -m BV5AnalysisLib``.

Exit status: 0 done; 1 it could not be done, with one line on standard error; 2 wrong usage.
A signal ends the process as it ends any other: a shell sees 130 for Ctrl-C, 143 for SIGTERM.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence

from . import __version__
from .commandline.arguments.analyze import add_analyze, add_report
from .commandline.arguments.batch import add_batch
from .commandline.arguments.bloodgas import add_bloodgas
from .commandline.arguments.cohort import add_cohort
from .commandline.arguments.common import shared_options
from .commandline.arguments.demo import add_demo, add_demo_cohort
from .commandline.arguments.phantom import add_phantom


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; that of the process by default.

    Returns
    -------
    int
        Exit status.
    """
    options = _parser().parse_args(arguments)
    if "check" in options:
        options.check(options)
    try:
        with _own_error_stream():
            _show_what_encodings_lack()
            return _run(options)
    except KeyboardInterrupt:  # Where no command handles signals: while modules load.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        return 130


def _own_error_stream() -> contextlib.AbstractContextManager[None]:
    """Silence image readers, unless another application calls the command in its own process."""
    from .imaging.reading.quiet import own_error_stream

    if getattr(sys.modules.get("slicer"), "app", None) is not None:
        return contextlib.nullcontext()
    return own_error_stream()


def _run(options: argparse.Namespace) -> int:
    # Loaded here, so that --help and wrong usage answer at once.
    from .commandline import stopping
    from .imaging.errors import AnalysisError

    module = options.command.replace("-", "_")
    command = importlib.import_module(f"{__package__}.commandline.{module}")
    try:
        command.run(options)
    except AnalysisError as error:
        return _fail(str(error), options.debug)
    except stopping.Stopped as stopped:
        stopping.end_by_signal(stopped.number)
    except BrokenPipeError:  # The reader of our output is gone, as with `bv5 … | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _fail("Standard output was closed.", options.debug)
    except MemoryError:
        return _fail("Not enough memory; close other programs, or crop the scan.", options.debug)
    except Exception as error:  # noqa: BLE001  what no one foresaw: one line, and where to look
        place = "" if options.debug else f"; the traceback is in {_saved_traceback()}"
        return _fail(f"Unexpected {type(error).__name__}: {_one_line(error)}{place}", options.debug)
    return 0


def _show_what_encodings_lack() -> None:
    """Print ``?`` for letters that a console or pipe has not, as ≤ on Windows, and go on."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _fail(message: str, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    from .study.texts import printable

    print(f"bv5: {printable(message)}", file=sys.stderr)
    return 1


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or "no message"


def _saved_traceback() -> str:
    handle, path = tempfile.mkstemp(prefix="bv5-", suffix=".log", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bv5",
        description="Pulmonary blood volume by vessel cross-sectional area from chest CT.",
        epilog="Exit status: 0 done, 1 could not be done, 2 wrong usage.",
    )
    parser.add_argument("--version", action="version", version=f"bv5 {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shared = shared_options()
    for add in (
        add_analyze,
        add_report,
        add_batch,
        add_cohort,
        add_bloodgas,
        add_phantom,
        add_demo,
        add_demo_cohort,
    ):
        add(commands, shared)
    return parser
