"""Arguments of ``bv5 demo`` and ``bv5 demo-cohort``."""

from __future__ import annotations

import argparse
from pathlib import Path

from .common import Commands, path

DEMO_FOLDER = Path("demo-output")
DEMO_COHORT_FOLDER = Path("demo-cohort-output")


def add_demo(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 demo``."""
    demo = commands.add_parser(
        "demo",
        parents=[shared],
        help="measure the built-in phantom, or a scan",
        description="Make the built-in phantom, measure it, and show measured beside true values.",
    )
    _add_output(demo, DEMO_FOLDER)
    demo.add_argument(
        "--ct", type=path, metavar="CT", help="measure this scan instead of the phantom"
    )


def add_demo_cohort(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 demo-cohort``."""
    demo = commands.add_parser(
        "demo-cohort",
        parents=[shared],
        help="a study from scans to its table, on made-up data",
        description="Measure a few chest phantoms with ever fewer peripheral vessels as a batch, "
        "and compare groups and correlations in them and in fifty invented patients, whose "
        "statistics are those of a published table.",
    )
    _add_output(demo, DEMO_COHORT_FOLDER)
    demo.add_argument(
        "--no-report", action="store_true", help="no pictures and reports of the phantoms"
    )


def _add_output(demo: argparse.ArgumentParser, default: Path) -> None:
    demo.add_argument(
        "-o",
        "--output",
        type=path,
        default=default,
        metavar="OUT",
        help=f"folder, {default} by default",
    )
