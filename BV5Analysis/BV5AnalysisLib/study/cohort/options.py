"""What a cohort analysis is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from numbers import Integral, Real

from ...imaging.errors import AnalysisError

TESTS = ("welch", "student", "mann-whitney")
SIDES = ("low", "high")
DEFAULT_GROUP_BY = "oxygen_l_min"
DEFAULT_THRESHOLD = 2.0
DEFAULT_ADJUST = ("age", "sex")


@dataclass(frozen=True)
class CohortOptions:
    """Choices of a cohort analysis; columns are named as in the table, case and spaces aside.

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
        Columns to correlate the measures with; None for PaO2, AaDO2, PaO2/FiO2 and oxygen flow,
        those there are.
    outcome : str
        Column of two values, or a rule such as ``oxygen_l_min>6``, for receiver operating
        characteristics; empty for the column ``outcome`` if there is one.
    positive : str
        The value of the outcome that is to be told; empty to take the one that says so.
    adjust : tuple of str or None
        Covariates of the linear model; None for age and sex, those there are.
    region : str
        The region whose measurements are compared.
    exclude : tuple of str
        Rules of whom to leave out, such as ``age<18``, ``sex=unknown``, ``findings~thick_slices``.
    keep_rejected : bool
        Analyze also what the review rejected.
    loose_names : bool
        Join cases whose names differ only in capitals, separators, leading zeros or an image
        file's suffix.
    case_column, sheet : str
        Column of the case names in the clinical table, and sheet of a workbook; empty to find out.
    units : mapping of str to str
        Units of columns that do not tell theirs, such as ``{"pao2": "kPa"}``.
    barometric_pressure_mmhg, altitude_m : float or None
        Pressure of the air for AaDO2, or the altitude that tells it; None for 760 mmHg.
    water_vapor_mmhg, temperature_c : float or None
        Pressure of water vapor in the airways, or the temperature that tells it; None for 47 mmHg.
    respiratory_quotient : float
        For AaDO2.
    estimate_fio2 : bool
        Estimate FiO2 from the oxygen flow where it was not measured.
    confidence : float
        Level of intervals.
    resamples, seed : int
        Of the bootstrap.
    keep_identifiers : bool
        Keep columns that name patients, dates and free text in the table of cases; reports and
        statistics are without them all the same.
    """

    group_by: str = DEFAULT_GROUP_BY
    threshold: float | None = None
    at_threshold: str = "low"
    groups: tuple[str, ...] = ()
    test: str = "welch"
    correlate: tuple[str, ...] | None = None
    outcome: str = ""
    positive: str = ""
    adjust: tuple[str, ...] | None = None
    region: str = "both"
    exclude: tuple[str, ...] = ()
    keep_rejected: bool = False
    loose_names: bool = False
    case_column: str = ""
    sheet: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    barometric_pressure_mmhg: float | None = None
    altitude_m: float | None = None
    water_vapor_mmhg: float | None = None
    temperature_c: float | None = None
    respiratory_quotient: float = 0.8
    estimate_fio2: bool = True
    confidence: float = 0.95
    resamples: int = 2000
    seed: int = 0
    keep_identifiers: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises
        ------
        AnalysisError
            An option has a value that it cannot have, or two contradict each other.
        """
        _check_types(self)
        for name, value, allowed in (
            ("test", self.test, TESTS),
            ("at_threshold", self.at_threshold, SIDES),
        ):
            if value not in allowed:
                raise AnalysisError(f"{name} is one of {', '.join(allowed)}, not {value!r}.")
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
        for one, other in (
            ("barometric_pressure_mmhg", "altitude_m"),
            ("water_vapor_mmhg", "temperature_c"),
        ):
            if getattr(self, one) is not None and getattr(self, other) is not None:
                raise AnalysisError(f"Give {one} or {other}, not both.")


def _check_types(options: CohortOptions) -> None:
    """Refuse values of another kind, which scripts may give."""
    for each in fields(options):
        value = getattr(options, each.name)
        kind = str(each.type)
        if value is None and kind.endswith("| None"):
            continue
        wanted, fits = next(each for start, each in _KINDS.items() if kind.startswith(start))
        if not fits(value):
            raise AnalysisError(f"{each.name} is {wanted}, not {value!r}.")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(each, str) for each in value)


def _are_units(value: object) -> bool:
    return isinstance(value, Mapping) and _are_texts([*value.keys(), *value.values()])


_KINDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "str": ("a text", lambda value: isinstance(value, str)),
    "bool": ("True or False", lambda value: isinstance(value, bool)),
    "int": ("a whole number", _is_whole),
    "float": ("a number", _is_number),
    "tuple": ("a tuple of texts, such as ('age', 'sex')", _are_texts),
    "Mapping": ("a mapping of column to unit, such as {'pao2': 'kPa'}", _are_units),
}
"""What a field is, by how its type begins."""
