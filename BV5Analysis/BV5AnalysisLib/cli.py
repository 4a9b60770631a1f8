"""The command line: ``bv5``, or ``python -m BV5AnalysisLib``.

Exit status: 0 done; 1 it could not be done, with one line on standard error; 2 wrong usage.
A signal ends the process as it ends any other: a shell sees 130 for Ctrl-C, 143 for SIGTERM.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from . import __version__

DEMO_FOLDER = Path("demo-output")


def _not_empty(text: str) -> str:
    """Refuse an empty value, as an unset variable of a script gives, and what is no text."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("is not UTF-8; rename it") from None
    return text


def _path(text: str) -> Path:
    return Path(_not_empty(text))


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
    try:
        return _run(options)
    except KeyboardInterrupt:  # Where no command handles signals: while modules load.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        return 130


def _run(options: argparse.Namespace) -> int:
    # Loaded here, so that --help and wrong usage answer at once.
    from .commandline import stopping
    from .imaging.errors import AnalysisError

    command = importlib.import_module(f"{__package__}.commandline.{options.command}")
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


def _fail(message: str, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"bv5: {message}", file=sys.stderr)
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
    shared = _shared_options()
    _add_analyze(commands, shared)
    _add_phantom(commands, shared)
    _add_demo(commands, shared)
    return parser


def _shared_options() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--overwrite", action="store_true", help="replace an output folder of bv5")
    shared.add_argument(
        "--progress",
        choices=("auto", "json", "none"),
        default="auto",
        help="auto: a bar on a terminal; json: one object a line on standard output",
    )
    shared.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return shared


def _add_analyze(commands: argparse._SubParsersAction, shared: argparse.ArgumentParser) -> None:
    analyze = commands.add_parser(
        "analyze", parents=[shared], help="measure one scan", description="Measure one chest CT."
    )
    analyze.add_argument(
        "ct", type=_path, metavar="CT", help="DICOM folder, or .nrrd/.nii/.nii.gz/.mha/.mhd file"
    )
    analyze.add_argument("-o", "--output", type=_path, required=True, metavar="OUT", help="folder")
    analyze.add_argument(
        "--series",
        type=_not_empty,
        metavar="UID",
        help="UID or number of the series, for a folder of several",
    )
    analyze.add_argument(
        "--lungs", type=_path, metavar="MASK", help="lungs to use, instead of finding them"
    )
    analyze.add_argument(
        "--regions", type=_path, metavar="SEG", help="regions, such as lobes, to measure apart"
    )
    analyze.add_argument(
        "--parameters", type=_path, metavar="FILE", help="JSON object of names and values"
    )
    analyze.add_argument(
        "--case",
        type=_not_empty,
        metavar="NAME",
        help="name in the outputs, that of OUT by default",
    )
    analyze.add_argument(
        "--acquisition",
        type=_path,
        metavar="FILE",
        help="JSON object of what the DICOM header said, for an image file",
    )
    analyze.add_argument("--no-report", action="store_true", help="no report and no pictures")
    analyze.add_argument("--scene", action="store_true", help="also scene.mrb for 3D Slicer")
    analyze.add_argument(
        "--end-with-stdin",
        action="store_true",
        help="end at once when standard input closes, as when the program that started this ends",
    )


def _add_phantom(commands: argparse._SubParsersAction, shared: argparse.ArgumentParser) -> None:
    phantom = commands.add_parser(
        "phantom",
        parents=[shared],
        help="make a digital chest phantom",
        description="Make a digital chest phantom with known blood volumes.",
    )
    phantom.add_argument("-o", "--output", type=_path, required=True, metavar="OUT", help="folder")
    # Named as the fields of ChestPhantomSpec, which has the defaults and checks the values.
    scanner = phantom.add_argument_group("scanner")
    scanner.add_argument("--spacing", dest="spacing_mm", **_numbers("X Y Z"), help="voxel, mm")
    scanner.add_argument(
        "--psf", dest="psf_sigma_mm", **_numbers("X Y Z"), help="standard deviation of blur, mm"
    )
    scanner.add_argument(
        "--size", type=int, nargs=3, metavar=("X", "Y", "Z"), help="voxels; the chest is fit in"
    )
    scanner.add_argument(
        "--noise", dest="noise_hu", type=float, metavar="HU", help="standard deviation of noise"
    )
    scanner.add_argument(
        "--kernel", dest="noise_kernel", metavar="NAME", help="noise: white, smooth or sharp"
    )
    body = phantom.add_argument_group("body")
    body.add_argument("--seed", type=int, help="of everything random")
    body.add_argument("--scale", type=float, help="size of the chest, 1 for an adult")
    body.add_argument("--blood", dest="blood_hu", type=float, metavar="HU", help="attenuation")
    body.add_argument("--expiration", type=float, metavar="0..1", help="1 for full expiration")
    body.add_argument(
        "--ground-glass", dest="ground_glass_fraction", type=float, metavar="0..1", help="of lung"
    )
    body.add_argument(
        "--consolidation", dest="consolidation_fraction", type=float, metavar="0..1", help="of lung"
    )
    body.add_argument("--pruning", type=float, metavar="0..1", help="peripheral vessels missing")
    for name in ("airways", "fissures"):
        body.add_argument(
            f"--no-{name}", dest=name, action="store_false", default=None, help=f"without {name}"
        )


def _numbers(names: str) -> dict:
    return {"type": float, "nargs": len(names.split()), "metavar": tuple(names.split())}


def _add_demo(commands: argparse._SubParsersAction, shared: argparse.ArgumentParser) -> None:
    demo = commands.add_parser(
        "demo",
        parents=[shared],
        help="measure the built-in phantom, or a scan",
        description="Make the built-in phantom, measure it, and show measured beside true values.",
    )
    demo.add_argument(
        "-o",
        "--output",
        type=_path,
        default=DEMO_FOLDER,
        metavar="OUT",
        help=f"folder, {DEMO_FOLDER} by default",
    )
    demo.add_argument(
        "--ct", type=_path, metavar="CT", help="measure this scan instead of the phantom"
    )
