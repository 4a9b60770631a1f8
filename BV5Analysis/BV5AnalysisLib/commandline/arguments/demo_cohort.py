"""Options of ``bv5 demo-cohort``."""

from __future__ import annotations

import argparse
from pathlib import Path

from .common import path

DEMO_COHORT_FOLDER = Path("demo-cohort-output")


def add_demo_cohort(commands: argparse._SubParsersAction, shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 demo-cohort``."""
    demo = commands.add_parser(
        "demo-cohort",
        parents=[shared],
        help="a study from scans to its table, on made-up data",
        description="Measure a few chest phantoms with ever fewer peripheral vessels as a batch, "
        "and compare groups and correlations in them and in fifty invented patients, whose "
        "statistics are those of a published table.",
    )
    demo.add_argument(
        "-o",
        "--output",
        type=path,
        default=DEMO_COHORT_FOLDER,
        metavar="OUT",
        help=f"folder, {DEMO_COHORT_FOLDER} by default",
    )
    demo.add_argument(
        "--no-report", action="store_true", help="no pictures and reports of the phantoms"
    )
