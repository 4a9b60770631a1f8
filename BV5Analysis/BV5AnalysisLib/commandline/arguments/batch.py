"""Options of ``bv5 batch``."""

from __future__ import annotations

import argparse
import functools
import urllib.parse

from .common import long_work_options, not_empty, path

_PROTOCOLS = ("tcp", "tls", "ws", "wss")
_DESCRIPTION = """\
Measure every scan of a folder tree, or of a manifest: a CSV file with the columns case and path,
and, where wanted, lungs and regions. A case that cannot be measured gets a row in failures.csv
and does not stop the others."""


def add_batch(commands: argparse._SubParsersAction, _shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 batch``."""
    batch = commands.add_parser(
        "batch",
        # Without --overwrite: hours of work are resumed, or removed by hand.
        parents=[long_work_options()],
        help="measure many scans",
        description=_DESCRIPTION,
    )
    batch.add_argument(
        "source", type=path, metavar="MANIFEST|FOLDER", help="CSV file, or folder of anything"
    )
    batch.add_argument("-o", "--output", type=path, required=True, metavar="OUT", help="folder")
    workers = batch.add_mutually_exclusive_group()
    workers.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        help="scans at once; as many as cores and memory allow by default",
    )
    workers.add_argument(
        "--scheduler",
        type=_scheduler,
        metavar="ADDRESS",
        help="of a Dask cluster to use, such as tcp://host:8786",
    )
    batch.add_argument(
        "--resume", action="store_true", help="go on with OUT: only cases that are not finished"
    )
    batch.add_argument(
        "--retry-failed", action="store_true", help="with --resume: also cases that failed"
    )
    batch.add_argument(
        "--parameters", type=path, metavar="FILE", help="JSON object of names and values"
    )
    batch.add_argument("--no-report", action="store_true", help="no reports and no pictures")
    batch.add_argument(
        "--keep-identifiers",
        action="store_true",
        help="write names, IDs and birth dates of patients and paths of scans into cases.csv",
    )
    batch.add_argument(
        "--end-with-stdin",
        action="store_true",
        help="end at once when standard input closes, as when the program that started this ends",
    )
    batch.set_defaults(check=functools.partial(_check, batch))


def _check(batch: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with status 2 where options do not go together."""
    if options.retry_failed and not options.resume:
        batch.error("--retry-failed needs --resume; add it")


def _scheduler(text: str) -> str:
    """Address of a scheduler, with its protocol."""
    address = text if "://" in not_empty(text) else f"tcp://{text}"
    try:
        parts = urllib.parse.urlsplit(address)
        fits = bool(parts.scheme in _PROTOCOLS and parts.hostname and parts.port)
        fits = fits and not any((parts.path, parts.query, parts.fragment, " " in address))
    except ValueError:  # A port that is no number, or too large.
        fits = False
    if not fits:
        raise argparse.ArgumentTypeError(
            f"{ascii(text)[:80]} is no address of a scheduler; give one such as tcp://host:8786"
        )
    return address


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of scans; give 1 or more")
    return number
