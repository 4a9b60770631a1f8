"""A cohort's tables, as cells of text that any kind of file can hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...study.cohort.result import CohortResult
from ...study.statistics.comparisons import TEST_NAMES
from ...study.statistics.statistical_results import Comparison, Correlation, Estimate
from ..wording import number
from .statistics_wording import (
    BY_RANKS,
    METHOD_TITLES,
    chosen_test,
    comparison_problems,
    effect_names,
    estimate_text,
    interval_problem,
    interval_text,
    joined,
    marked_estimate,
    marks,
    p_text,
    summary_text,
)

PUBLISHED = ("pao2_mmhg", "aado2_mmhg")
"""Clinical variables whose correlations Table 1 shows, as the paper does that it follows."""


@dataclass(frozen=True)
class Block:
    """One table.

    Attributes
    ----------
    title : str
    header : tuple of str
        The first column is text, all others are numbers.
    rows : tuple of tuple of str
        Each as long as the header; one of a single cell is a heading of those below.
    footnotes : tuple of str
        What a reader must know, each a sentence or more.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    footnotes: tuple[str, ...] = ()


def table_one(result: CohortResult) -> tuple[Block, ...]:
    """Make Table 1: the measures by group, then their Pearson correlations with blood gases.

    Parameters
    ----------
    result : CohortResult
        What to show.

    Returns
    -------
    tuple of Block
        One or, where there are correlations, two.
    """
    pearson = [
        correlation for correlation in result.correlations if correlation.method == "pearson"
    ]
    published = [correlation for correlation in pearson if correlation.variable.key in PUBLISHED]
    correlations = published or pearson
    comparison = comparison_block(result, result.comparisons, "Blood volume by vessel size", 2)
    blocks: tuple[Block, ...] = (comparison,)
    if correlations:
        blocks += (correlation_block(result, correlations),)
    last = blocks[-1]
    notes = [_n_analyzed(result)]
    if result.definitions:
        notes.append("; ".join(definition.rstrip(".;") for definition in result.definitions) + ".")
    closing = Block(last.title, last.header, last.rows, (*last.footnotes, *notes))
    return (*blocks[:-1], closing)


def comparison_block(
    result: CohortResult,
    comparisons: Sequence[Comparison],
    title: str,
    decimals: int | None = None,
) -> Block:
    """Table of measures or characteristics by group.

    Parameters
    ----------
    result : CohortResult
        Whose groups they are of.
    comparisons : sequence of Comparison
        One a row.
    title : str
        Of the table.
    decimals : int, optional
        Of all values; as fits each row by default.

    Returns
    -------
    Block
        Groups, difference and effect size (of two groups), p and Holm's p.
    """
    test = chosen_test(comparisons)
    by_ranks = test in BY_RANKS
    two = len(result.groups) == 2
    with_holm = any(math.isfinite(comparison.p_holm) for comparison in comparisons)
    mark = marks(comparison_problems(comparisons))
    difference, effect = effect_names(test)
    values = "median (quartiles)" if by_ranks else "mean (SD)"
    interval = interval_text(result)
    header = (
        "Measure",
        *(f"{group.label} (n = {group.n}), {values}" for group in result.groups),
        *((f"Difference of {difference} ({interval})", f"{effect} ({interval})") if two else ()),
        "p",
        *(("p (Holm)",) if with_holm else ()),
    )
    rows = tuple(
        _comparison_row(result, comparison, by_ranks, decimals, mark, with_holm)
        for comparison in comparisons
    )
    notes = [f"Groups: {result.grouping}."]
    if two:
        first, second = (group.label for group in result.groups)
        notes.append(f"Difference and effect size: {first} less {second}.")
    if test:
        notes.append(f"p: two-sided, {TEST_NAMES[test]}.")
    if with_holm:
        count = sum(math.isfinite(comparison.p_holm) for comparison in comparisons)
        notes.append(f"p (Holm): adjusted for {count} measures by Holm's method.")
    return Block(title, header, rows, (*notes, *problem_notes(mark)))


def correlation_block(result: CohortResult, correlations: Sequence[Correlation]) -> Block:
    """Table of correlations, under a heading for each variable.

    Parameters
    ----------
    result : CohortResult
        Whose they are.
    correlations : sequence of Correlation
        Of one or both methods.

    Returns
    -------
    Block
        Coefficient, p and Holm's p a method, and n.
    """
    methods = tuple(dict.fromkeys(correlation.method for correlation in correlations))
    mark = marks(correlation.problem for correlation in correlations)
    interval = interval_text(result)
    header: tuple[str, ...] = ("Measure",)
    for method in methods:
        suffix = f", {method.capitalize()}" if len(methods) > 1 else ""
        header += (f"{METHOD_TITLES[method]} ({interval})", f"p{suffix}", f"p (Holm){suffix}")
    rows: list[tuple[str, ...]] = []
    for variable in dict.fromkeys(correlation.variable for correlation in correlations):
        rows.append((f"Correlation with {variable.title}",))
        mine = [correlation for correlation in correlations if correlation.variable == variable]
        rows += [
            _correlation_row(
                [correlation for correlation in mine if correlation.measure == measure],
                methods,
                mark,
            )
            for measure in dict.fromkeys(correlation.measure for correlation in mine)
        ]
    notes = [
        f"{joined([METHOD_TITLES[method] for method in methods])} with {interval};"
        " p: two-sided; p (Holm): adjusted for all measures with the same variable."
    ]
    title = "Correlation of blood volume with clinical variables"
    return Block(title, (*header, "n"), tuple(rows), (*notes, *problem_notes(mark)))


def adjusted_block(result: CohortResult) -> Block | None:
    """Table of the linear model's terms; None without a model."""
    model = result.adjusted
    if model is None:
        return None
    header = ("Term", f"Coefficient ({interval_text(result)})", "p")
    rows = tuple(
        (term.name, _coefficient_text(term.coefficient), p_text(term.p)) for term in model.terms
    )
    fit = f"{model.formula}; n = {model.n}"
    notes: tuple[str, ...]
    if model.problem:
        notes = (f"Not fitted: {model.problem}. {fit}.",)
    else:
        notes = (
            f"Ordinary least squares: {fit}, R² = {number(model.r_squared, 3)}.",
            f"Coefficient: change of {model.measure.title} for one unit more of a number, or"
            " against the reference.",
        )
    return Block(f"{model.measure.title}, adjusted", header, rows, notes)


def roc_block(result: CohortResult) -> Block | None:
    """Table of the areas under the ROC curves; None without any."""
    if not result.rocs:
        return None
    mark = marks(
        problem for roc in result.rocs for problem in (roc.problem, interval_problem(roc.auc))
    )
    rows = tuple(
        (
            roc.measure.title,
            marked_estimate(roc.auc, mark) + mark.get(roc.problem, ""),
            "low" if roc.lower_is_positive else "high",
            str(roc.positives),
            str(roc.negatives),
        )
        for roc in result.rocs
    )
    outcome = joined(list(dict.fromkeys(roc.outcome for roc in result.rocs)))
    header = ("Measure", f"AUC ({interval_text(result)})", "Values", "With", "Without")
    notes = (
        "AUC: area under the receiver operating characteristic curve, bootstrap interval. Values:"
        " whether low or high ones stand for the outcome, as was set beforehand. With, without:"
        " patients by outcome.",
    )
    return Block(f"Discrimination of {outcome}", header, rows, (*notes, *problem_notes(mark)))


def problem_notes(mark: dict[str, str]) -> tuple[str, ...]:
    """Footnotes that say why there is a dash."""
    return tuple(f"{sign} Not computed: {problem}." for problem, sign in mark.items())


def _comparison_row(
    result: CohortResult,
    comparison: Comparison,
    by_ranks: bool,
    decimals: int | None,
    mark: dict[str, str],
    with_holm: bool,
) -> tuple[str, ...]:
    places = _decimals(comparison) if decimals is None else decimals
    cells = [comparison.measure.title]
    for group, summary in zip(result.groups, comparison.summaries, strict=True):
        fewer = f" [n = {summary.n}]" if summary.n != group.n else ""
        cells.append(summary_text(summary, by_ranks, places) + fewer)
    if len(result.groups) == 2:
        cells.append(marked_estimate(comparison.difference, mark, places))
        cells.append(marked_estimate(comparison.effect_size, mark))
    p = comparison.tests[0].p if comparison.tests else math.nan
    cells.append(p_text(p) + mark.get(comparison.problem, ""))
    if with_holm:
        cells.append(p_text(comparison.p_holm))
    return tuple(cells)


def _correlation_row(
    correlations: Sequence[Correlation], methods: Sequence[str], mark: dict[str, str]
) -> tuple[str, ...]:
    """One measure with one variable, by every method."""
    by_method = {correlation.method: correlation for correlation in correlations}
    cells = [correlations[0].measure.title]
    for method in methods:
        each = by_method.get(method)
        if each is None:
            cells += ["–", "–", "–"]
            continue
        coefficient = estimate_text(each.coefficient) + mark.get(each.problem, "")
        cells += [coefficient, p_text(each.p), p_text(each.p_holm)]
    return (*cells, str(correlations[0].n))


def _coefficient_text(coefficient: Estimate) -> str:
    """Small ones, such as those of years, with one more digit."""
    bounds = (coefficient.value, coefficient.low, coefficient.high)
    largest = max((abs(bound) for bound in bounds if math.isfinite(bound)), default=0.0)
    return estimate_text(coefficient, max(decimals_of(largest), 3) if largest < 1 else 2)


def _decimals(comparison: Comparison) -> int:
    """Decimals that fit the largest mean or standard deviation of a row."""
    sizes = [abs(size) for summary in comparison.summaries for size in (summary.mean, summary.sd)]
    return decimals_of(max(filter(math.isfinite, sizes), default=0.0))


def decimals_of(size: float) -> int:
    """How many decimals a paper gives values of this size.

    None from 1000, one from 10, two from 0.1, and below that as many as show two digits.
    """
    if size >= 1000:
        return 0
    if size >= 10:
        return 1
    return 2 if size >= 0.1 or size == 0 else 1 - math.floor(math.log10(size))


def _n_analyzed(result: CohortResult) -> str:
    excluded = sum(len(step.excluded) for step in result.cohort.flow)
    out = f"; {excluded} excluded, see exclusions.csv" if excluded else ""
    return f"{len(result.cohort.cases)} patients analyzed{out}."
