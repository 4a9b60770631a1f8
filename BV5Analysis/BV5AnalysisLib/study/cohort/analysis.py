"""From a table of measurements and a clinical table to the numbers of a paper."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...imaging.errors import AnalysisError
from ...imaging.progress import Progress
from ..measures import MEASURES
from ..statistics import FEWEST
from ..statistics.comparisons import compare_summaries
from ..tables.case_table import CaseTable
from ..tables.clinical import read_clinical
from ..tables.columns import understand
from ..tables.exclusions import exclude
from ..tables.joining import Joined, join, loose
from ..tables.measurement_table import Measurements, definition_of, hilum_of, read_measurements
from ..texts import counted, listed
from ..values import Exclusion, FlowStep, UnusableCell
from .analyses import analyses
from .gas_values import FIO2, Air, GasValues, with_gases
from .groups import Grouping, grouped
from .methods import definitions, methods, software_versions
from .options import CohortOptions
from .result import Cohort, CohortResult


@dataclass(frozen=True, eq=False)
class _Selected:
    """Cases to analyze, and how they came to be these."""

    grouping: Grouping
    flow: tuple[FlowStep, ...]
    gases: GasValues
    air: Air
    unusable: tuple[UnusableCell, ...]
    without_scan: tuple[Exclusion, ...]
    notes: tuple[str, ...]
    bounds: tuple[float, ...] | None
    hilum: str

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
    report = progress or (lambda _step, _fraction: None)
    _check_packages()
    air = Air.of(options)
    report("reading tables", 0.0)
    measured = read_measurements(Path(measurements), options.region, options.keep_rejected)
    joined = _joined(measured, Path(clinical), options)
    report("grouping", 0.4)
    selected = _selected(measured, joined, air, options)
    return _result(selected, options, report)


def _check_packages() -> None:
    if importlib.util.find_spec("statsmodels") is None:
        raise AnalysisError(
            'Cohort statistics need statsmodels; install it with pip install "bv5-analysis[study]".'
        )


def _joined(measured: Measurements, clinical: Path, options: CohortOptions) -> Joined:
    same_case = loose if options.loose_names else str
    table = read_clinical(
        clinical,
        measured.table.cases,
        same_case=same_case,
        case_column=options.case_column,
        sheet=options.sheet,
        units=options.units,
        keep_identifiers=options.keep_identifiers,
    )
    return join(measured, table, same_case)


def _selected(
    measured: Measurements, joined: Joined, air: Air, options: CohortOptions
) -> _Selected:
    """Calculate blood gases, apply the exclusion rules, and group the remaining cases."""
    unusable_fio2 = {
        each.case for each in joined.unusable if understand(each.column).key == FIO2.key
    }
    gases = with_gases(joined.table, air, options.estimate_fio2, unusable_fio2)
    table, steps, notes = exclude(gases.table, options.exclude)
    flow = (*measured.flow, joined.step, *steps)
    _check_enough(table, flow)
    grouping = grouped(table, options)
    flow = (*flow, grouping.step)
    _check_enough(grouping.table, flow)
    unusable = (*measured.unusable, *joined.unusable, *gases.unusable)
    return _Selected(
        grouping,
        flow,
        gases,
        air,
        unusable,
        joined.without_scan,
        (*measured.notes, *joined.notes, *gases.notes, *notes, *_unusable_notes(unusable)),
        definition_of(grouping.table, measured.name),
        hilum_of(grouping.table, measured.name),
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
        f"{column}: {counted(len(cells), 'cell')}"
        f" {'counts' if len(cells) == 1 else 'count'} as missing, as"
        f" {'its' if len(cells) == 1 else 'their'} content {reason}: {listed(cells, 5)}."
        for (column, reason), cells in found.items()
    ]


def _result(selected: _Selected, options: CohortOptions, report: Progress) -> CohortResult:
    table, grouping = selected.table, selected.grouping
    found = analyses(grouping, options, lambda step, done: report(step, 0.5 + done / 2))
    versions = software_versions()
    measured_with = sorted({text for text in table.columns.get("software_version", ()) if text})
    mixed = (
        [f"Measured with different versions of the software: {listed(measured_with)}."]
        if len(measured_with) > 1
        else []
    )
    keys = [each.key for each in MEASURES] + [each.key for each in found.variables]
    report("done", 1.0)
    return CohortResult(
        cohort=Cohort(
            table.cases,
            {key: table.columns[key] for key in keys},
            found.variables,
            selected.flow,
            (*found.notes, *selected.notes, *mixed),
            selected.unusable,
            selected.without_scan,
        ),
        grouping=grouping.rule,
        groups=grouping.groups,
        comparisons=found.comparisons,
        pairs=found.pairs,
        characteristics=found.characteristics,
        categories=found.categories,
        correlations=found.correlations,
        adjusted=found.adjusted,
        rocs=found.rocs,
        methods=methods(
            options, grouping, _gases_sentence(selected), found, versions, measured_with
        ),
        software=versions,
        definitions=definitions(selected.bounds, selected.hilum),
        confidence=options.confidence,
    )


def _gases_sentence(selected: _Selected) -> str:
    cases = set(selected.table.cases)
    calculated = len(selected.gases.calculated & cases)
    in_estimate = len(selected.gases.estimated & cases)
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
        f" was calculated in {counted(calculated, 'case')}, with {selected.air.text}."
        f"{estimated}"
    )


__all__ = ["CohortOptions", "analyze_cohort", "compare_summaries"]
