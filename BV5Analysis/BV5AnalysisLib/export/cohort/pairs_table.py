"""Each two of several groups, as a table and for programs."""

from __future__ import annotations

from ...study.cohort.result import CohortResult
from ...study.statistics.comparisons import TEST_NAMES
from ...study.statistics.statistical_results import PairComparison
from .statistics_wording import (
    chosen_test,
    comparison_problems,
    effect_names,
    interval_text,
    marked_estimate,
    marks,
    p_text,
)
from .table_blocks import Block, problem_notes


def pairs_block(result: CohortResult) -> Block | None:
    """Table of each two of three or more groups, under a heading for each measure.

    Parameters
    ----------
    result : CohortResult
        Whose groups they are.

    Returns
    -------
    Block or None
        Difference, effect size, p and Holm's p; None for two groups.
    """
    if not result.pairs:
        return None
    comparisons = [pair.comparison for pair in result.pairs]
    test = chosen_test(comparisons)
    mark = marks(comparison_problems(comparisons))
    difference, effect = effect_names(test)
    interval = interval_text(result)
    header = (
        "Groups",
        f"Difference of {difference} ({interval})",
        f"{effect} ({interval})",
        "p",
        "p (Holm)",
    )
    rows: list[tuple[str, ...]] = []
    for measure in dict.fromkeys(comparison.measure for comparison in comparisons):
        rows.append((measure.title,))
        rows += [_row(pair, mark) for pair in result.pairs if pair.comparison.measure == measure]
    tested = sum(bool(comparison.tests) for comparison in comparisons)
    notes = ["Difference and effect size: first group less second."]
    if test:
        notes += [
            f"p: two-sided, {TEST_NAMES[test]} of the two groups alone.",
            f"p (Holm): adjusted for {tested} comparisons, all pairs of all measures, by Holm's"
            " method; intervals are not adjusted.",
        ]
    return Block("Groups in pairs", header, tuple(rows), (*notes, *problem_notes(mark)))


def _row(pair: PairComparison, mark: dict[str, str]) -> tuple[str, ...]:
    found = pair.comparison
    return (
        " – ".join(pair.groups),
        marked_estimate(found.difference, mark),
        marked_estimate(found.effect_size, mark),
        (p_text(found.tests[0].p) if found.tests else "–") + mark.get(found.problem, ""),
        p_text(found.p_holm),
    )
