"""What a cohort analysis is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...imaging.errors import AnalysisError
from ..option_kinds import NAMES, NAMES_OR_NONE, NUMBER, PATH, RULES, SWITCH, TEXT, UNITS, WHOLE
from ..options import check_values, declared, option
from ..options import for_scripts as options_for_scripts

TESTS = ("welch", "student", "mann-whitney")
SIDES = ("low", "high")
DEFAULT_GROUP_BY = "oxygen_l_min"
DEFAULT_THRESHOLD = 2.0
DEFAULT_ADJUST = ("age", "sex")
_GROUPS, _DATA, _GASES = "groups and statistics", "tables and cases", "blood gases"


@dataclass(frozen=True)
class CohortOptions:
    """Choices of a cohort analysis; names of columns match in any case and spacing.

    Attributes
    ----------
    group_by : str
        Column that makes the groups.
    threshold : float or None
        Groups are the values up to it and those above. None: 2 for ``oxygen_l_min``; other columns
        make a group of each of their values.
    at_threshold : str
        The group that the threshold itself belongs to, ``low`` or ``high``.
    groups : tuple of str
        Values to keep as groups, in this order; empty for all of them.
    test : str
        One of `TESTS`, for two groups; more are compared by the test that extends it: Welch's
        analysis of variance, analysis of variance, Kruskal-Wallis.
    correlate : tuple of str or None
        Columns to correlate the measures with; None for those of PaO2, AaDO2, PaO2/FiO2
        and oxygen flow that the table has.
    outcome : str
        Column of two values, or a rule such as ``oxygen_l_min>6``, for receiver operating
        characteristics; empty for the column ``outcome`` if there is one.
    positive : str
        The value of the outcome that counts as positive; empty to recognize it (yes, died, …).
    adjust : tuple of str or None
        Covariates of the linear model; None for age and sex where the table has them.
    region : str
        The region whose measurements are compared.
    exclude : tuple of str
        Rules for cases to leave out, such as ``age<18``, ``sex=unknown``,
        ``findings~thick_slices``.
    keep_rejected : bool
        Analyze also what the review rejected.
    loose_names : bool
        Join cases whose names differ only in capitals, separators, leading zeros or an image
        file's suffix.
    case_column, sheet : str
        Column of the case names in the clinical table, and sheet of a workbook; empty to find out.
    units : mapping of str to str
        Units of columns whose titles have none, such as ``{"pao2": "kPa"}``.
    barometric_pressure_mmhg, altitude_m : float or None
        Pressure of the air for AaDO2, or the altitude to calculate it from; None for 760 mmHg.
    water_vapor_mmhg, temperature_c : float or None
        Pressure of water vapor in the airways, or the temperature to calculate it
        from; None for 47 mmHg.
    respiratory_quotient : float
        For AaDO2.
    estimate_fio2 : bool
        Estimate FiO2 from the oxygen flow where it was not measured.
    confidence : float
        Level of intervals.
    resamples, seed : int
        Of the bootstrap.
    reference : pathlib.Path or None
        File to write a reference into, of all who are analyzed and have to be healthy.
    keep_identifiers : bool
        Keep columns that name patients, dates and free text in the table of cases; reports and
        statistics are without them all the same.
    """

    group_by: str = option(
        DEFAULT_GROUP_BY,
        TEXT,
        "--group-by",
        "column that makes the groups (default: {default})",
        metavar="COLUMN",
        section=_GROUPS,
    )
    threshold: float | None = option(
        None,
        NUMBER,
        "--threshold",
        f"values up to it against those above (default for {DEFAULT_GROUP_BY}:"
        f" {DEFAULT_THRESHOLD:g}; for other columns each value is a group)",
        metavar="VALUE",
        section=_GROUPS,
    )
    at_threshold: str = option(
        "low",
        TEXT,
        "--at-threshold",
        "group of the threshold itself (default: {default})",
        choices=SIDES,
        section=_GROUPS,
    )
    groups: tuple[str, ...] = option(
        (), NAMES, "--groups", "values to keep, in this order", metavar="NAMES", section=_GROUPS
    )
    test: str = option(
        "welch",
        TEXT,
        "--test",
        "for two groups; what extends it is used for more, and it for each two of them"
        " (default: {default})",
        choices=TESTS,
        section=_GROUPS,
    )
    correlate: tuple[str, ...] | None = option(
        None,
        NAMES,
        "--correlate",
        "columns to correlate with (default: PaO2, AaDO2, PaO2/FiO2, oxygen)",
        metavar="NAMES",
        section=_GROUPS,
    )
    outcome: str = option(
        "",
        TEXT,
        "--outcome",
        "binary outcome for ROC curves (default: column outcome), or a rule as oxygen_l_min>6",
        metavar="COLUMN|RULE",
        section=_GROUPS,
    )
    positive: str = option(
        "", TEXT, "--positive", "of the outcome, to be told", metavar="VALUE", section=_GROUPS
    )
    adjust: tuple[str, ...] | None = option(
        None,
        NAMES_OR_NONE,
        "--adjust",
        f"covariates of the linear model, or none (default: {','.join(DEFAULT_ADJUST)})",
        metavar="NAMES",
        section=_GROUPS,
    )
    region: str = option(
        "both", TEXT, "--region", "default: {default}", metavar="NAME", section=_DATA
    )
    exclude: tuple[str, ...] = option(
        (),
        RULES,
        "--exclude",
        "leave cases out, as 'age<18', 'sex=unknown', 'findings~thick_slices'; may be repeated",
        metavar="RULE",
        section=_DATA,
    )
    keep_rejected: bool = option(
        False, SWITCH, "--keep-rejected", "also cases that were rejected in review", section=_DATA
    )
    loose_names: bool = option(
        False,
        SWITCH,
        "--loose-names",
        "join cases that differ in capitals, separators, leading zeros, file suffix only",
        section=_DATA,
    )
    case_column: str = option(
        "", TEXT, "--case-column", "names the cases", metavar="COLUMN", section=_DATA
    )
    sheet: str = option(
        "",
        TEXT,
        "--sheet",
        "of a workbook (default: first that is not hidden)",
        metavar="NAME",
        section=_DATA,
    )
    units: Mapping[str, str] = option(
        {},
        UNITS,
        "--unit",
        "unit of a column whose title does not tell it, as 'pao2=kPa', 'fio2=percent'",
        metavar="COLUMN=UNIT",
        section=_DATA,
    )
    barometric_pressure_mmhg: float | None = option(
        None,
        NUMBER,
        "--pressure",
        "of the air (default: 760)",
        metavar="MMHG",
        section=_GASES,
        alternatives="air",
    )
    altitude_m: float | None = option(
        None,
        NUMBER,
        "--altitude",
        "above sea level",
        metavar="M",
        section=_GASES,
        alternatives="air",
    )
    water_vapor_mmhg: float | None = option(None, NUMBER, alternatives="water vapor")
    temperature_c: float | None = option(
        None,
        NUMBER,
        "--temperature",
        "that blood gases are corrected to",
        metavar="C",
        section=_GASES,
        alternatives="water vapor",
    )
    respiratory_quotient: float = option(
        0.8,
        NUMBER,
        "--rq",
        "respiratory quotient (default: {default})",
        metavar="RATIO",
        section=_GASES,
    )
    estimate_fio2: bool = option(
        True,
        SWITCH,
        "--no-fio2-estimate",
        "do not estimate FiO2 from the oxygen flow where it is missing",
        section=_GASES,
    )
    confidence: float = option(
        0.95, NUMBER, "--confidence", "default: {default}", metavar="LEVEL", section=_GROUPS
    )
    resamples: int = option(
        2000,
        WHOLE,
        "--resamples",
        "of the bootstrap (default: {default})",
        metavar="N",
        section=_GROUPS,
    )
    seed: int = option(0, WHOLE, "--seed", "of the bootstrap", metavar="N", section=_GROUPS)
    reference: Path | None = option(
        None,
        PATH,
        "--reference",
        "also write a reference of these people, who have to be healthy, for bv5 analyze and batch",
        metavar="FILE",
        section=_GROUPS,
    )
    keep_identifiers: bool = option(
        False,
        SWITCH,
        "--keep-identifiers",
        "keep columns with names, birth dates and the like in cohort.csv, and there only",
        section=_DATA,
    )

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises
        ------
        AnalysisError
            An option has a value that it cannot have, or two contradict each other.
        """
        check_values(type(self), {name: getattr(self, name) for name in declared(type(self))})
        if self.threshold is not None and self.groups:
            raise AnalysisError("Give a threshold, or the values that make the groups, not both.")
        if self.threshold is not None and not abs(self.threshold) < float("inf"):
            raise AnalysisError(f"The threshold must be a number, not {self.threshold}.")
        if not 0.5 <= self.confidence < 1:
            raise AnalysisError(
                f"The confidence must be at least 0.5 and below 1, not {self.confidence:g}."
            )
        if not 100 <= self.resamples <= 100_000:
            raise AnalysisError(f"Resamples must be 100 to 100000, not {self.resamples}.")
        if self.seed < 0:
            raise AnalysisError(f"The seed must be 0 or more, not {self.seed}.")


def for_scripts(message: str) -> str:
    """Message about a cohort that names options as arguments of ``analyzeCohort``."""
    return options_for_scripts(message, CohortOptions, {"--overwrite": "overwrite=True"})
