"""Clinical variables of categories, compared between groups by scipy.stats."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import numpy as np
from scipy import stats

from ..values import Group, Variable
from .statistical_results import CategoryComparison, Test


def compare_categories(
    variable: Variable, values: np.ndarray, groups: Sequence[Group]
) -> CategoryComparison:
    """Count categories by group and test whether they depend on each other.

    Parameters
    ----------
    variable : Variable
    values : numpy.ndarray
        (n,) of str, empty for missing.
    groups : sequence of Group

    Returns
    -------
    CategoryComparison
        Fisher's exact test for two groups and two categories, else Pearson's chi-squared test
        without correction.
    """
    levels = sorted(set(values[values != ""].tolist()))
    counts = np.array(
        [[np.count_nonzero(values[group.members] == level) for level in levels] for group in groups]
    ).reshape(len(groups), len(levels))
    table = tuple(tuple(row) for row in counts.tolist())
    problem = _problem(counts)
    if problem:
        return CategoryComparison(variable, tuple(levels), table, problem=problem)
    if counts.shape == (2, 2):
        test = Test("fisher", nan, nan, float(stats.fisher_exact(counts).pvalue))
    else:
        result = stats.chi2_contingency(counts, correction=False)
        test = Test("chi-squared", float(result.statistic), float(result.dof), float(result.pvalue))
    return CategoryComparison(variable, tuple(levels), table, test)


def _problem(counts: np.ndarray) -> str:
    if counts.shape[1] < 2:
        return "there is only one category" if counts.shape[1] else "no value is known"
    if counts.shape[0] < 2:
        return "there is only one group"
    if not counts.sum(axis=1).all():
        return "a group has no value"
    return ""
