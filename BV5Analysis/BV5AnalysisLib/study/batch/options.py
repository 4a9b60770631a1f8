"""What a batch is asked for."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from ..option_kinds import PATH, SWITCH, TEXT, Kind, text_of
from ..options import option

_PROTOCOLS = ("tcp", "tls", "ws", "wss")


def _count(given: str) -> int:
    try:
        number = int(given)
    except ValueError:
        number = 0
    if number < 1:
        raise ValueError(f"{given} is no number of scans; give 1 or more")
    return number


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _scheduler(given: str) -> str:
    """Address of a scheduler, with its protocol."""
    address = given if "://" in text_of(given) else f"tcp://{given}"
    try:
        parts = urllib.parse.urlsplit(address)
        fits = bool(parts.scheme in _PROTOCOLS and parts.hostname and parts.port)
        fits = fits and not any((parts.path, parts.query, parts.fragment, " " in address))
    except ValueError:  # A port that is no number, or too large.
        fits = False
    if not fits:
        raise ValueError(
            f"{ascii(given)[:80]} is no address of a scheduler; give one such as tcp://host:8786"
        )
    return address


_COUNT = Kind("must be a whole number from 1", _is_count, _count)
_SCHEDULER = Kind(TEXT.requirement, TEXT.fits, _scheduler)


@dataclass(frozen=True)
class BatchJob:
    """What to measure and how; the paths are as the user gave them.

    Attributes
    ----------
    source : pathlib.Path
        Manifest, or folder of scans.
    output : pathlib.Path
        Folder to write.
    jobs : int or None
        Scans at a time; as many as cores and memory allow if None.
    scheduler : str or None
        Address of a Dask cluster to work on; this computer if None.
    resume : bool
        Go on with a batch that was interrupted.
    retry_failed : bool
        With `resume`: also measure failed cases once more.
    parameters : pathlib.Path or None
        JSON file with parameters; the defaults if None.
    reference : pathlib.Path or None
        Healthy people to compare with, as ``bv5 cohort --reference`` writes them.
    report : bool
        Whether each case gets its pictures and report.
    keep_identifiers : bool
        Write names, IDs and birth dates of patients and paths of scans into ``cases.csv``.
    """

    source: Path
    output: Path
    jobs: int | None = option(
        None,
        _COUNT,
        "--jobs",
        "scans at once; as many as cores and memory allow by default",
        metavar="N",
        alternatives="workers",
    )
    scheduler: str | None = option(
        None,
        _SCHEDULER,
        "--scheduler",
        "of a Dask cluster to use, such as tcp://host:8786",
        metavar="ADDRESS",
        alternatives="workers",
    )
    resume: bool = option(
        False, SWITCH, "--resume", "go on with OUT: only cases that are not finished"
    )
    retry_failed: bool = option(
        False, SWITCH, "--retry-failed", "with --resume: also cases that failed"
    )
    parameters: Path | None = option(
        None, PATH, "--parameters", "JSON object of names and values", metavar="FILE"
    )
    reference: Path | None = option(
        None, PATH, "--reference", "healthy people to compare with, of bv5 cohort", metavar="FILE"
    )
    report: bool = option(True, SWITCH, "--no-report", "no reports and no pictures")
    keep_identifiers: bool = option(
        False,
        SWITCH,
        "--keep-identifiers",
        "write names, IDs and birth dates of patients and paths of scans into cases.csv",
    )
