"""Options of ``bv5 report``."""

from __future__ import annotations

import argparse

from .common import long_work_options, path


def add_report(commands: argparse._SubParsersAction, _shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 report``."""
    report = commands.add_parser(
        "report",
        parents=[long_work_options()],
        help="draw the report of a case that was analyzed without one",
        description="Draw the pictures and the report of a case into its folder, which"
        " `bv5 analyze --no-report` wrote; nothing is measured again.",
    )
    report.add_argument("case", type=path, metavar="CASE", help="folder of the case")
    report.add_argument("ct", type=path, metavar="CT", help="the scan that was analyzed")
    report.add_argument("--series", metavar="UID", help="UID or number, for a folder of several")
    report.add_argument(
        "--overwrite", action="store_true", help="replace a report that the folder has"
    )
    # Slicer's scene has checked which CT its case has.
    report.add_argument("--checked-scan", action="store_true", help=argparse.SUPPRESS)
    report.add_argument("--end-with-stdin", action="store_true", help=argparse.SUPPRESS)
