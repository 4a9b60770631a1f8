"""The analyses of a cohort's groups, as they were asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...imaging.errors import AnalysisError
from ...imaging.progress import Progress
from ..measures import BV5_PCT, MEASURES, Measure
from ..statistics import FEWEST
from ..statistics.adjusted import adjusted_model
from ..statistics.categories import compare_categories
from ..statistics.comparisons import compare, with_holm
from ..statistics.correlations import correlations
from ..statistics.pairs import compare_pairs
from ..statistics.roc import rocs
from ..statistics.statistical_results import (
    CategoryComparison,
    Comparison,
    Correlation,
    LinearModel,
    PairComparison,
    Roc,
)
from ..tables.case_table import CaseTable
from ..tables.measurement_table import NOT_CLINICAL
from ..texts import listed
from ..values import Variable
from .clinical_outcome import clinical_outcome_of
from .groups import Grouping
from .options import DEFAULT_ADJUST, CohortOptions

CORRELATED = ("pao2_mmhg", "aado2_mmhg", "pao2_fio2_mmhg", "oxygen_l_min")
"""What measures are correlated with if nothing else is asked for."""


@dataclass(frozen=True, eq=False)
class Analyses:
    """What was found; the fields are those of `CohortResult`.

    Attributes
    ----------
    variables : tuple of Variable
        The columns that describe patients.
    comparisons, characteristics : tuple of Comparison
    pairs : tuple of PairComparison
    categories : tuple of CategoryComparison
    correlations : tuple of Correlation
    adjusted : LinearModel or None
    rocs : tuple of Roc
    notes : tuple of str
        What could not be done, and why.
    """

    variables: tuple[Variable, ...]
    comparisons: tuple[Comparison, ...]
    pairs: tuple[PairComparison, ...]
    characteristics: tuple[Comparison, ...]
    categories: tuple[CategoryComparison, ...]
    correlations: tuple[Correlation, ...]
    adjusted: LinearModel | None
    rocs: tuple[Roc, ...]
    notes: tuple[str, ...]


def analyses(grouping: Grouping, options: CohortOptions, report: Progress) -> Analyses:
    """Compare, correlate and model the measures of grouped cases.

    Parameters
    ----------
    grouping : Grouping
        Cases in groups.
    options : CohortOptions
        What is asked for.
    report : callable
        Called with step and fraction.

    Returns
    -------
    Analyses

    Raises
    ------
    AnalysisError
        A column that was asked for is not there or of the wrong kind.
    """
    table = grouping.table
    variables = tuple(each for each in table.variables if each.key not in NOT_CLINICAL)
    # Only the table of cases has the others: reports are passed on.
    reported = [each for each in variables if each.key not in table.identifying]
    report("comparing groups", 0.0)
    comparisons = with_holm([_comparison(each, grouping, options) for each in MEASURES])
    pairs = compare_pairs(
        MEASURES, table.columns, grouping.groups, options.test, options.confidence
    )
    characteristics = tuple(
        _characteristic(each, grouping, options) for each in reported if table.is_number(each)
    )
    categories = tuple(_category(each, grouping) for each in reported if not table.is_number(each))
    report("correlating", 0.3)
    correlated, correlation_notes = _correlated(table, options)
    found = correlations(MEASURES, correlated, table.columns, options.confidence)
    adjusted, adjusted_notes = _adjusted(grouping, options)
    report("resampling", 0.5)
    curves, roc_notes = _rocs(table, options)
    notes = (
        *_not_done("Not compared", ((each.measure.title, each.problem) for each in comparisons)),
        *_small_groups_note(grouping),
        *_not_done(
            "Not correlated",
            (
                (f"{each.measure.title} with {each.variable.name}", each.problem)
                for each in found
                if each.measure == MEASURES[0]
            ),
        ),
        *_not_done("Not adjusted", [(adjusted.formula, adjusted.problem)] if adjusted else []),
        *_not_done("No ROC curve", ((each.measure.title, each.problem) for each in curves)),
        *(*correlation_notes, *adjusted_notes, *roc_notes),
    )
    return Analyses(
        variables, comparisons, pairs, characteristics, categories, found, adjusted, curves, notes
    )


def _not_done(what: str, problems: Iterable[tuple[str, str]]) -> list[str]:
    """One note a problem, with all that have it; problems are given by name, empty for none."""
    names: dict[str, list[str]] = {}
    for name, problem in problems:
        if problem:
            names.setdefault(problem, []).append(name)
    return [
        f"{what}, as {problem}: {listed(dict.fromkeys(each))}." for problem, each in names.items()
    ]


def _small_groups_note(grouping: Grouping) -> list[str]:
    """Say how to go on where some of many groups are too small for a test of all."""
    small = [group.label for group in grouping.groups if group.n < FEWEST]
    if len(grouping.groups) < 3 or not small:
        return []
    return [
        f"Groups of fewer than {FEWEST} cases keep all from being compared at once:"
        f" {listed(small)}. Name the others with --groups."
    ]


def _comparison(each: Measure | Variable, grouping: Grouping, options: CohortOptions) -> Comparison:
    values = grouping.table.columns[each.key]
    return compare(each, values, grouping.groups, options.test, options.confidence)


def _characteristic(variable: Variable, grouping: Grouping, options: CohortOptions) -> Comparison:
    found = _comparison(variable, grouping, options)
    if variable.key != grouping.variable.key:
        return found
    return replace(
        found, difference=None, effect_size=None, tests=(), problem="the groups are made by it"
    )


def _category(variable: Variable, grouping: Grouping) -> CategoryComparison:
    found = compare_categories(variable, grouping.table.columns[variable.key], grouping.groups)
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


def _adjusted(grouping: Grouping, options: CohortOptions) -> tuple[LinearModel | None, list[str]]:
    table = grouping.table
    notes = []
    if options.adjust is None:
        found = {name: table.find(name) for name in DEFAULT_ADJUST}
        covariates = [each for each in found.values() if each is not None]
        missing = [name for name, each in found.items() if each is None]
        if missing:
            notes = [f"Not adjusted for {' and '.join(missing)}, as there is no such column."]
        if grouping.variable in covariates:
            notes.append(f"Not adjusted for {grouping.variable.name}, which makes the groups.")
            covariates.remove(grouping.variable)
    else:
        covariates = [table.variable(name, "to adjust for (--adjust)") for name in options.adjust]
        if grouping.variable in covariates:
            raise AnalysisError(
                f"{grouping.variable.name} makes the groups, which the model has already; take it"
                " out of --adjust."
            )
    covariates = list(dict.fromkeys(covariates))
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
    outcome, note = clinical_outcome_of(table, options)
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
