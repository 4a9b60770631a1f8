"""Options of ``bv5 cohort``."""

from __future__ import annotations

import argparse
import math

from ...study.cohort.options import (
    DEFAULT_ADJUST,
    DEFAULT_GROUP_BY,
    DEFAULT_THRESHOLD,
    SIDES,
    TESTS,
    CohortOptions,
)
from .common import not_empty, path

_DESCRIPTION = """\
Join the measurements of a batch with a clinical table (CSV or Excel, one row a case), compare
groups, correlate with blood gases, and write tables, figures and a report. Columns are found by
their usual names; units by their titles, as in "PaO2 (kPa)". NAMES are divided by commas."""


def add_cohort(commands: argparse._SubParsersAction, shared: argparse.ArgumentParser) -> None:
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
    cohort.add_argument("-o", "--output", type=path, required=True, metavar="OUT", help="folder")
    _add_groups(cohort.add_argument_group("groups and statistics"))
    _add_data(cohort.add_argument_group("tables and cases"))
    _add_gases(cohort.add_argument_group("blood gases"))


def _add_groups(groups: argparse._ArgumentGroup) -> None:
    groups.add_argument(
        "--group-by",
        type=not_empty,
        default=DEFAULT_GROUP_BY,
        metavar="COLUMN",
        help=f"column that makes the groups (default: {DEFAULT_GROUP_BY})",
    )
    groups.add_argument(
        "--threshold",
        type=_number,
        metavar="VALUE",
        help=f"values up to it against those above (default for {DEFAULT_GROUP_BY}:"
        f" {DEFAULT_THRESHOLD:g}; for other columns each value is a group)",
    )
    groups.add_argument(
        "--at-threshold",
        choices=SIDES,
        default=CohortOptions.at_threshold,
        help=f"group of the threshold itself (default: {CohortOptions.at_threshold})",
    )
    groups.add_argument(
        "--groups",
        type=_names,
        default=CohortOptions.groups,
        metavar="NAMES",
        help="values to keep, in this order",
    )
    groups.add_argument(
        "--test",
        choices=TESTS,
        default=CohortOptions.test,
        help="for two groups; what extends it is used for more, and it for each two of them"
        f" (default: {CohortOptions.test})",
    )
    groups.add_argument(
        "--correlate",
        type=_names,
        metavar="NAMES",
        help="columns to correlate with (default: PaO2, AaDO2, PaO2/FiO2, oxygen)",
    )
    groups.add_argument(
        "--outcome",
        type=not_empty,
        metavar="COLUMN|RULE",
        help="binary outcome for ROC curves (default: column outcome), or a rule as oxygen_l_min>6",
    )
    groups.add_argument(
        "--positive", type=not_empty, metavar="VALUE", help="of the outcome, to be told"
    )
    groups.add_argument(
        "--adjust",
        type=_names_or_none,
        metavar="NAMES",
        help=f"covariates of the linear model, or none (default: {','.join(DEFAULT_ADJUST)})",
    )
    groups.add_argument(
        "--confidence",
        type=_number,
        default=CohortOptions.confidence,
        metavar="LEVEL",
        help=f"default: {CohortOptions.confidence:g}",
    )
    groups.add_argument(
        "--resamples",
        type=int,
        default=CohortOptions.resamples,
        metavar="N",
        help=f"of the bootstrap (default: {CohortOptions.resamples})",
    )
    groups.add_argument(
        "--seed", type=int, default=CohortOptions.seed, metavar="N", help="of the bootstrap"
    )


def _add_data(data: argparse._ArgumentGroup) -> None:
    data.add_argument(
        "--exclude",
        type=not_empty,
        action="append",
        default=[],
        metavar="RULE",
        help="leave cases out, as 'age<18', 'sex=unknown', 'findings~thick_slices'; may be"
        " repeated",
    )
    data.add_argument(
        "--keep-rejected", action="store_true", help="also cases that were rejected in review"
    )
    data.add_argument(
        "--region",
        type=not_empty,
        default=CohortOptions.region,
        metavar="NAME",
        help=f"default: {CohortOptions.region}",
    )
    data.add_argument(
        "--loose-names",
        action="store_true",
        help="join cases that differ in capitals, separators, leading zeros, file suffix only",
    )
    data.add_argument("--case-column", type=not_empty, metavar="COLUMN", help="names the cases")
    data.add_argument(
        "--sheet",
        type=not_empty,
        metavar="NAME",
        help="of a workbook (default: first that is not hidden)",
    )
    data.add_argument(
        "--unit",
        type=_unit,
        action="append",
        default=[],
        metavar="COLUMN=UNIT",
        help="unit of a column whose title does not tell it, as 'pao2=kPa', 'fio2=percent'",
    )
    data.add_argument(
        "--keep-identifiers",
        action="store_true",
        help="keep columns with names, birth dates and the like in cohort.csv, and there only",
    )


def _add_gases(gases: argparse._ArgumentGroup) -> None:
    pressure = gases.add_mutually_exclusive_group()
    pressure.add_argument(
        "--pressure", type=_number, metavar="MMHG", help="of the air (default: 760)"
    )
    pressure.add_argument("--altitude", type=_number, metavar="M", help="above sea level")
    gases.add_argument(
        "--temperature", type=_number, metavar="C", help="that blood gases are corrected to"
    )
    gases.add_argument(
        "--rq",
        type=_number,
        default=CohortOptions.respiratory_quotient,
        metavar="RATIO",
        help=f"respiratory quotient (default: {CohortOptions.respiratory_quotient:g})",
    )
    gases.add_argument(
        "--no-fio2-estimate",
        action="store_true",
        help="do not estimate FiO2 from the oxygen flow where it is missing",
    )


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in not_empty(text).split(","))
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} has an empty name between its commas")
    return names


def _names_or_none(text: str) -> tuple[str, ...]:
    return () if text.strip().casefold() == "none" else _names(text)


def _number(text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return number


def _unit(text: str) -> tuple[str, str]:
    column, sign, unit = text.rpartition("=")
    if not sign or not column.strip() or not unit.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not COLUMN=UNIT, such as pao2=kPa")
    return column.strip(), unit.strip()
