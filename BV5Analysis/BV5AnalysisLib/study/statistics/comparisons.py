"""Measures compared between groups of patients.

Tests and intervals come from scipy.stats and statsmodels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np
from scipy import stats

from ..measures import BV5_PCT, Measure
from ..values import Group, Variable
from . import FEWEST
from .effects import hedges_g, median_difference, rank_biserial
from .multiplicity import holm
from .statistical_results import Comparison, Estimate, Summary, Test

TEST_NAMES = {
    "welch": "Welch's t test",
    "student": "Student's t test",
    "mann-whitney": "Mann–Whitney U test",
    "welch-anova": "Welch's analysis of variance",
    "anova": "analysis of variance",
    "kruskal-wallis": "Kruskal–Wallis test",
    "fisher": "Fisher's exact test",
    "chi-squared": "chi-squared test",
}
"""Names in reports, by the names of `Test`."""

FOR_MANY_GROUPS = {"welch": "welch-anova", "student": "anova", "mann-whitney": "kruskal-wallis"}
"""What compares more than two groups as a test compares two."""


def summary_of(values: np.ndarray) -> Summary:
    """Describe the values that are not missing.

    Parameters
    ----------
    values : numpy.ndarray
        (n,) with NaN for missing.

    Returns
    -------
    Summary
        SD with n − 1; quartiles interpolated linearly.
    """
    values = values[np.isfinite(values)]
    if not len(values):
        return Summary(0, nan, nan, nan, nan, nan)
    lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75))
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else nan
    return Summary(
        len(values), float(np.mean(values)), sd, float(median), float(lower), float(upper)
    )


def compare(
    measure: Measure | Variable,
    values: np.ndarray,
    groups: Sequence[Group],
    test: str = "welch",
    confidence: float = 0.95,
) -> Comparison:
    """Compare a measure between groups.

    Parameters
    ----------
    measure : Measure or Variable
        What the values are.
    values : numpy.ndarray
        (n,) with NaN for missing.
    groups : sequence of Group
        In order; two or more are compared.
    test : str
        ``welch``, ``student`` or ``mann-whitney``.
    confidence : float
        Level of intervals.

    Returns
    -------
    Comparison
        The difference is that of means, with the interval of the chosen t test, and the effect
        size Hedges' g. With a test of ranks they are the difference of medians and the
        rank-biserial correlation.
    """
    samples = [values[group.members & np.isfinite(values)] for group in groups]
    summaries = tuple(summary_of(sample) for sample in samples)
    problem = _problem([(group.label, group.n) for group in groups], summaries, test)
    if problem:
        return Comparison(measure, summaries, None, None, (), problem=problem)
    if len(samples) > 2:
        tests = _tests_of_many_groups(samples, summaries, test)
        return Comparison(measure, summaries, None, None, tests)
    first, second = samples
    t_tests = {} if all(map(_has_no_spread, summaries)) else _t_tests(first, second)
    rank_test = stats.mannwhitneyu(first, second)
    found = {name: result.test for name, result in t_tests.items()}
    found["mann-whitney"] = Test(
        "mann-whitney", float(rank_test.statistic), nan, float(rank_test.pvalue)
    )
    if test == "mann-whitney":
        difference = median_difference(first, second, confidence)
        effect_size = rank_biserial(first, second, confidence)
    else:
        difference = _difference(summaries, t_tests[test], confidence)
        effect_size = hedges_g(summaries[0], summaries[1], confidence)
    return Comparison(
        measure,
        summaries,
        difference,
        effect_size,
        tuple(found[name] for name in _chosen_first(test) if name in found),
    )


def compare_summaries(
    first: Summary,
    second: Summary,
    measure: Measure | Variable = BV5_PCT,
    test: str = "welch",
    confidence: float = 0.95,
) -> Comparison:
    """Compare two groups of which only mean, SD and n are known, as from a paper.

    Parameters
    ----------
    first, second : Summary
        Their medians and quartiles are not used.
    measure : Measure or Variable
        What was measured.
    test : str
        ``welch`` or ``student``.
    confidence : float
        Level of intervals.

    Returns
    -------
    Comparison
        See `compare`, without a test of ranks.
    """
    summaries = (first, second)
    test = test if test == "student" else "welch"
    groups = [("the first group", first.n), ("the second group", second.n)]
    problem = _problem(groups, summaries, test)
    if problem:
        return Comparison(measure, summaries, None, None, (), problem=problem)
    results = _t_tests(_sample_with(first), _sample_with(second))
    order = [name for name in _chosen_first(test) if name in results]
    return Comparison(
        measure,
        summaries,
        _difference(summaries, results[order[0]], confidence),
        hedges_g(first, second, confidence),
        tuple(results[name].test for name in order),
    )


def with_holm(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Adjust the p values of the chosen tests by Holm over all that could be tested."""
    adjusted = holm([each.tests[0].p if each.tests else nan for each in comparisons])
    return tuple(replace(each, p_holm=p) for each, p in zip(comparisons, adjusted, strict=True))


def is_constant(values: np.ndarray) -> bool:
    """Whether values are the same but for rounding, so that they have no spread to test."""
    return bool(np.ptp(values) <= 1e-12 * max(1.0, float(np.max(np.abs(values)))))


def _problem(groups: Sequence[tuple[str, int]], summaries: Sequence[Summary], test: str) -> str:
    """Say why groups, given by label and size, cannot be compared by a test; empty if they can."""
    if sum(n > 0 for _, n in groups) < 2:
        return "all cases are in one group" if len(groups) > 1 else "there is only one group"
    if not any(summary.n for summary in summaries):
        return "no value is known"
    for (label, _), summary in zip(groups, summaries, strict=True):
        if summary.n < FEWEST:
            return f"{label} has {summary.n} of the {FEWEST} values that a test needs"
    constant = [
        label
        for (label, _), summary in zip(groups, summaries, strict=True)
        if _has_no_spread(summary)
    ]
    return _problem_of_spread(constant, summaries, test)


def _problem_of_spread(constant: list[str], summaries: Sequence[Summary], test: str) -> str:
    """Say why a test is not defined, as some groups have no spread; empty if it is."""
    if len(constant) == len(summaries):
        lowest, highest = (each(summary.mean for summary in summaries) for each in (min, max))
        if is_constant(np.array([lowest, highest])):
            return "all values are the same"
        return "" if test == "mann-whitney" else "the values of each group are all the same"
    if constant and len(summaries) > 2 and test == "welch":
        return (
            f"all values of {constant[0]} are the same, which Welch's analysis of variance does not"
            " allow (the other tests do)"
        )
    return ""


def _has_no_spread(summary: Summary) -> bool:
    return summary.sd <= 1e-12 * max(1.0, abs(summary.mean))


@dataclass(frozen=True)
class _TTest:
    """A t test, and its interval of the difference by level of confidence."""

    test: Test
    interval: Callable[[float], tuple[float, float]]


def _t_tests(first: np.ndarray, second: np.ndarray) -> dict[str, _TTest]:
    # The value of a group without spread is subtracted, so that scipy sees no loss of precision.
    offset = next((each[0] for each in (first, second) if is_constant(each)), 0.0)
    found = {}
    for name in ("welch", "student"):
        result = stats.ttest_ind(first - offset, second - offset, equal_var=name == "student")
        test = Test(name, float(result.statistic), float(result.df), float(result.pvalue))
        found[name] = _TTest(test, result.confidence_interval)
    return found


def _chosen_first(test: str) -> list[str]:
    return [test, *(name for name in FOR_MANY_GROUPS if name != test)]


def _difference(summaries: Sequence[Summary], found: _TTest, confidence: float) -> Estimate:
    low, high = found.interval(confidence)
    value = summaries[0].mean - summaries[1].mean
    return Estimate(value, float(low), float(high))


def _tests_of_many_groups(
    samples: Sequence[np.ndarray], summaries: Sequence[Summary], test: str
) -> tuple[Test, ...]:
    """Test three or more groups by what their spread allows, the chosen test first."""
    constant = [_has_no_spread(summary) for summary in summaries]
    is_defined = {
        "welch-anova": not any(constant),
        "anova": not all(constant),
        "kruskal-wallis": True,
    }
    names = [FOR_MANY_GROUPS[name] for name in _chosen_first(test)]
    return tuple(_many_groups_test(name, samples) for name in names if is_defined[name])


def _many_groups_test(name: str, samples: Sequence[np.ndarray]) -> Test:
    if name == "kruskal-wallis":
        result = stats.kruskal(*samples)
        return Test(name, float(result.statistic), float(len(samples) - 1), float(result.pvalue))
    from statsmodels.stats.oneway import anova_oneway

    result = anova_oneway(samples, use_var="unequal" if name == "welch-anova" else "equal")
    return Test(
        name,
        float(result.statistic),
        float(result.df_denom),
        float(result.pvalue),
        float(result.df_num),
    )


def _sample_with(summary: Summary) -> np.ndarray:
    """Values of this mean, SD and n: all that a t test knows of a sample."""
    values = np.arange(summary.n, dtype=float)
    scaled: np.ndarray = summary.sd * (values - values.mean()) / np.std(values, ddof=1)
    return summary.mean + scaled
