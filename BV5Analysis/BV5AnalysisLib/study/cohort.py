"""From a table of measurements and a clinical table to the numbers of a paper."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..imaging.errors import AnalysisError
from ..imaging.progress import Progress
from .adjusted import adjusted_model
from .casetable import CaseTable
from .categories import compare_categories
from .clinical import read_clinical
from .cohortoptions import DEFAULT_ADJUST, CohortOptions
from .cohortresult import (
    CategoryComparison,
    Cohort,
    CohortResult,
    Comparison,
    Exclusion,
    FlowStep,
    LinearModel,
    Roc,
    UnusableCell,
    Variable,
)
from .comparisons import compare, compare_summaries, with_holm
from .correlations import correlations
from .exclusions import exclude
from .gasvalues import FIO2_IS_ESTIMATED, Air, GasValues, with_gases
from .groups import Grouping, grouped
from .joining import Joined, join, loose
from .measurementtable import LUNG_VOLUME, Measurements, definition_of, read_measurements
from .measures import BV5_PCT, MEASURES
from .methods import definitions, methods, software_versions
from .outcomes import outcome_of
from .roc import rocs
from .texts import counted, listed

CORRELATED = ("pao2_mmhg", "aado2_mmhg", "pao2_fio2_mmhg", "oxygen_l_min")
"""What measures are correlated with if nothing else is asked for."""

FEWEST = 3
"""Cases that an analysis needs."""

_MEASURE_KEYS = frozenset(measure.key for measure in MEASURES)


@dataclass(frozen=True, eq=False)
class _Analyzed:
    """Cases to analyze, and how they came to be these."""

    grouping: Grouping
    flow: tuple[FlowStep, ...]
    gases: GasValues
    air: Air
    unusable: tuple[UnusableCell, ...]
    without_scan: tuple[Exclusion, ...]
    notes: tuple[str, ...]
    bounds: tuple[float, ...] | None

    @property
    def table(self) -> CaseTable:
        return self.grouping.table


def analyze_cohort(
    measurements: Path,
    clinical: Path,
    options: CohortOptions | None = None,
    progress: Progress | None = None,
) -> CohortResult:
    """Join measurements with clinical data and compare, correlate and model them.

    Parameters
    ----------
    measurements : pathlib.Path
        ``measurements.csv``, or the folder of a batch that holds it.
    clinical : pathlib.Path
        Clinical table, CSV or Excel workbook, one row a case.
    options : CohortOptions, optional
        What to analyze, and how; the defaults are those of the command line.
    progress : callable, optional
        Called with step and fraction.

    Returns
    -------
    CohortResult
        The same for the same tables and options.

    Raises
    ------
    AnalysisError
        A table cannot be used, an option does not go with it, or fewer than three cases are left.
    """
    options = options or CohortOptions()
    tell = progress or (lambda _step, _fraction: None)
    _check_packages()
    air = Air.of(options)
    tell("reading tables", 0.0)
    measured = read_measurements(Path(measurements), options.region, options.keep_rejected)
    joined = _joined(measured, Path(clinical), options)
    tell("grouping", 0.4)
    analyzed = _analyzed(measured, joined, air, options)
    tell("comparing groups", 0.5)
    return _result(analyzed, options, tell)


def _check_packages() -> None:
    if importlib.util.find_spec("statsmodels") is None:
        raise AnalysisError(
            'Cohort statistics need statsmodels; install it with pip install "bv5-analysis[study]".'
        )


def _joined(measured: Measurements, clinical: Path, options: CohortOptions) -> Joined:
    table = read_clinical(
        clinical,
        measured.table.cases,
        same_case=loose if options.loose_names else str,
        case_column=options.case_column,
        sheet=options.sheet,
        units=options.units,
        keep_identifiers=options.keep_identifiers,
    )
    return join(measured, table, options.loose_names)


def _analyzed(
    measured: Measurements, joined: Joined, air: Air, options: CohortOptions
) -> _Analyzed:
    """Calculate blood gases, leave out whom the rules say, and put the others into groups."""
    gases = with_gases(joined.table, air, options.estimate_fio2)
    table, steps, notes = exclude(gases.table, options.exclude)
    flow = (*measured.flow, joined.step, *steps)
    _check_enough(table, flow)
    grouping = grouped(table, options)
    flow = (*flow, grouping.step)
    _check_enough(grouping.table, flow)
    unusable = (*measured.unusable, *joined.unusable, *gases.unusable)
    return _Analyzed(
        grouping,
        flow,
        gases,
        air,
        unusable,
        joined.without_scan,
        (*measured.notes, *joined.notes, *gases.notes, *notes, *_unusable_notes(unusable)),
        definition_of(grouping.table, measured.name),
    )


def _check_enough(table: CaseTable, flow: Sequence[FlowStep]) -> None:
    if len(table) < FEWEST:
        way = "; ".join(f"{step.remaining} {step.text}" for step in flow)
        raise AnalysisError(
            f"Only {counted(len(table), 'case')} can be analyzed, and {FEWEST} are needed: {way}."
        )


def _unusable_notes(unusable: Sequence[UnusableCell]) -> list[str]:
    """One note a column and reason on cells that are treated as missing."""
    found: dict[tuple[str, str], list[str]] = {}
    for cell in unusable:
        found.setdefault((cell.column, cell.reason), []).append(f"{cell.case}: {cell.text}")
    return [
        f"{counted(len(cells), 'cell')} of {column} {'is' if len(cells) == 1 else 'are'} treated as"
        f" missing, as what it says {reason} ({listed(cells, 5)})."
        for (column, reason), cells in found.items()
    ]


def _result(analyzed: _Analyzed, options: CohortOptions, tell: Progress) -> CohortResult:
    table, grouping = analyzed.table, analyzed.grouping
    variables = tuple(each for each in table.variables if each.key in _clinical_keys(table))
    comparisons = with_holm(
        [
            compare(
                each, table.columns[each.key], grouping.groups, options.test, options.confidence
            )
            for each in MEASURES
        ]
    )
    characteristics = tuple(
        _characteristic(each, analyzed, options) for each in variables if table.is_number(each)
    )
    categories = tuple(_category(each, analyzed) for each in variables if not table.is_number(each))
    tell("correlating", 0.6)
    correlated, correlation_notes = _correlated(table, options)
    found = correlations(MEASURES, correlated, table.columns, options.confidence)
    adjusted, adjusted_notes = _adjusted(analyzed, options)
    tell("resampling", 0.7)
    curves, roc_notes = _rocs(table, options)
    versions = software_versions()
    measured_with = sorted({text for text in table.columns.get("software_version", ()) if text})
    mixed = (
        [f"Measured with different versions of the software: {listed(measured_with)}."]
        if len(measured_with) > 1
        else []
    )
    one_group = (
        [f"Nothing could be compared: {comparisons[0].problem} ({grouping.rule})."]
        if sum(group.n > 0 for group in grouping.groups) < 2
        else []
    )
    tell("done", 1.0)
    return CohortResult(
        Cohort(
            table.cases,
            {each.key: table.columns[each.key] for each in (*MEASURES, *variables)},
            variables,
            analyzed.flow,
            (
                *one_group,
                *analyzed.notes,
                *mixed,
                *correlation_notes,
                *adjusted_notes,
                *roc_notes,
            ),
            analyzed.unusable,
            analyzed.without_scan,
        ),
        grouping.rule,
        grouping.groups,
        comparisons,
        characteristics,
        found,
        adjusted,
        curves,
        methods(
            options,
            grouping.rule,
            len(grouping.groups),
            _gases_sentence(analyzed),
            comparisons,
            categories,
            bool(found),
            adjusted,
            curves,
            versions,
            measured_with,
        ),
        versions,
        definitions(analyzed.bounds),
        options.confidence,
        categories,
    )


def _clinical_keys(table: CaseTable) -> frozenset[str]:
    """Columns that describe patients: not what our own table says on the measuring."""
    own = {
        *_MEASURE_KEYS,
        *("below_floor_ml", "minimum_csa_mm2", "bv5_upper_csa_mm2", "bv10_lower_csa_mm2"),
        *("blood_hu", "findings", "software_version", "review"),
    }
    return frozenset(table.columns) - own


def _characteristic(variable: Variable, analyzed: _Analyzed, options: CohortOptions) -> Comparison:
    table, grouping = analyzed.table, analyzed.grouping
    found = compare(
        variable, table.columns[variable.key], grouping.groups, options.test, options.confidence
    )
    if variable.key != grouping.variable.key:
        return found
    return replace(
        found, difference=None, effect_size=None, tests=(), problem="the groups are made by it"
    )


def _category(variable: Variable, analyzed: _Analyzed) -> CategoryComparison:
    table, grouping = analyzed.table, analyzed.grouping
    found = compare_categories(variable, table.columns[variable.key], grouping.groups)
    if variable.key != grouping.variable.key:
        return found
    return replace(found, test=None, problem="the groups are made by it")


def _correlated(table: CaseTable, options: CohortOptions) -> tuple[list[Variable], list[str]]:
    """Variables to correlate with, and those that were not there."""
    if options.correlate is not None:
        variables = [
            table.variable(name, "to correlate with (--correlate)") for name in options.correlate
        ]
        for variable in variables:
            if not table.is_number(variable):
                raise AnalysisError(
                    f"{variable.name} holds no numbers to correlate with; give another column."
                )
        return list(dict.fromkeys(variables)), []
    found = [each for each in table.variables if each.key in CORRELATED and table.is_number(each)]
    found = [each for each in found if table.is_known(each).any()]
    found.sort(key=lambda each: CORRELATED.index(each.key))
    missing = [key for key in CORRELATED if key not in {each.key for each in found}]
    return found, [f"Not correlated, as there are no values: {listed(missing)}."] if missing else []


def _adjusted(analyzed: _Analyzed, options: CohortOptions) -> tuple[LinearModel | None, list[str]]:
    table, grouping = analyzed.table, analyzed.grouping
    notes = []
    if options.adjust is None:
        found = {name: table.find(name) for name in DEFAULT_ADJUST}
        covariates = [each for each in found.values() if each is not None]
        missing = [name for name, each in found.items() if each is None]
        if missing:
            notes = [f"Not adjusted for {' and '.join(missing)}, as there is no such column."]
    else:
        covariates = [table.variable(name, "to adjust for (--adjust)") for name in options.adjust]
    covariates = [each for each in dict.fromkeys(covariates) if each.key != grouping.variable.key]
    if not covariates:
        return None, notes
    model = adjusted_model(
        BV5_PCT,
        grouping.groups[1].label if len(grouping.groups) == 2 else grouping.variable.name,
        grouping.groups,
        covariates,
        table.columns,
        options.confidence,
    )
    return model, notes


def _rocs(table: CaseTable, options: CohortOptions) -> tuple[tuple[Roc, ...], list[str]]:
    outcome, note = outcome_of(table, options)
    if outcome is None:
        return (), [note] if note else []
    found = rocs(
        MEASURES,
        outcome.text,
        outcome.positive,
        outcome.known,
        table.columns,
        options.confidence,
        options.resamples,
        options.seed,
    )
    return found, []


def _gases_sentence(analyzed: _Analyzed) -> str:
    cases = set(analyzed.table.cases)
    calculated = len(analyzed.gases.calculated & cases)
    in_estimate = len(analyzed.gases.estimated & cases)
    if not calculated:
        return ""
    estimated = (
        f" FiO2 was estimated from the oxygen flow (0.20 + 0.04 per L/min) in"
        f" {in_estimate} of them."
        if in_estimate
        else ""
    )
    return (
        "AaDO2 = FiO2 · (barometric pressure − water vapor) − PaCO2 / respiratory quotient − PaO2"
        f" was calculated in {counted(calculated, 'case')}, with {analyzed.air.text}."
        f"{estimated}"
    )


__all__ = [
    "FIO2_IS_ESTIMATED",
    "LUNG_VOLUME",
    "CohortOptions",
    "analyze_cohort",
    "compare_summaries",
]
