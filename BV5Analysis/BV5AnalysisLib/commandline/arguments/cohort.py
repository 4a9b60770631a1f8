"""Arguments of ``bv5 cohort``."""

from __future__ import annotations

import argparse

from ...study.cohort.options import CohortOptions
from .common import Commands, add_output, path
from .declared import add_options

_DESCRIPTION = """\
Join the measurements of a batch with a clinical table (CSV or Excel, one row a case), compare
groups, correlate with blood gases, and write tables, figures and a report. Columns are found by
their usual names; units by their titles, as in "PaO2 (kPa)". NAMES are divided by commas."""


def add_cohort(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 cohort``."""
    cohort = commands.add_parser(
        "cohort",
        parents=[shared],
        help="compare groups of patients",
        description=_DESCRIPTION,
    )
    cohort.add_argument(
        "measurements",
        type=path,
        metavar="MEASUREMENTS",
        help="measurements.csv, or the folder of a batch",
    )
    cohort.add_argument(
        "clinical", type=path, metavar="CLINICAL", help=".csv or .xlsx with a column case"
    )
    add_output(cohort)
    add_options(cohort, CohortOptions)
