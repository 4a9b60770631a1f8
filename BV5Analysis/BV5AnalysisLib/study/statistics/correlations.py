"""Measures correlated with clinical variables, by scipy.stats."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import nan

import numpy as np
from scipy import stats

from ..measures import Measure
from ..values import Variable
from .comparisons import is_constant
from .multiplicity import holm
from .statistical_results import Correlation, Estimate

METHODS = ("pearson", "spearman")
FEWEST_PAIRS = 4
"""Below, the coefficient has no interval (n − 3 in its standard error)."""


def correlations(
    measures: Sequence[Measure],
    variables: Sequence[Variable],
    columns: Mapping[str, np.ndarray],
    confidence: float = 0.95,
) -> tuple[Correlation, ...]:
    """Correlate every measure with every variable, by variable, then method, then measure.

    Parameters
    ----------
    measures, variables : sequence
        What to correlate.
    columns : mapping of str to numpy.ndarray
        (n,) float each, by their keys, NaN for missing.
    confidence : float
        Level of intervals.

    Returns
    -------
    tuple of Correlation
        Holm's adjustment is over the measures, for each variable and method by itself.
    """
    found: list[Correlation] = []
    for variable in variables:
        for method in METHODS:
            family = [
                correlate(
                    measure,
                    variable,
                    method,
                    columns[measure.key],
                    columns[variable.key],
                    confidence,
                )
                for measure in measures
            ]
            adjusted = holm([each.p for each in family])
            found += [replace(each, p_holm=p) for each, p in zip(family, adjusted, strict=True)]
    return tuple(found)


def correlate(
    measure: Measure,
    variable: Variable,
    method: str,
    values: np.ndarray,
    others: np.ndarray,
    confidence: float = 0.95,
) -> Correlation:
    """Correlate one measure with one variable.

    Parameters
    ----------
    measure, variable : Measure, Variable
        What `values` and `others` are.
    method : str
        ``pearson`` or ``spearman``.
    values, others : numpy.ndarray
        (n,) with NaN for missing; only full pairs count.
    confidence : float
        Level of the interval.

    Returns
    -------
    Correlation
        P is two-sided. Pearson's interval is Fisher's; Spearman's is that of Bonett and Wright
        (Psychometrika 2000;65:23): Fisher's z with standard error √((1 + r²/2) / (n − 3)).
    """
    paired = np.isfinite(values) & np.isfinite(others)
    values, others = values[paired], others[paired]
    n = len(values)
    problem = _problem(measure, variable, values, others)
    if problem:
        return Correlation(
            measure, variable, method, Estimate(nan, nan, nan), n, nan, problem=problem
        )
    if method == "pearson":
        linear = stats.pearsonr(values, others)
        value, p = float(linear.statistic), float(linear.pvalue)
        low, high = linear.confidence_interval(confidence)
    else:
        ranked = stats.spearmanr(values, others)
        value, p = float(ranked.statistic), float(ranked.pvalue)
        low, high = _spearman_interval(value, n, confidence)
    coefficient = Estimate(value, float(low), float(high))
    return Correlation(measure, variable, method, coefficient, n, p)


def _problem(measure: Measure, variable: Variable, values: np.ndarray, others: np.ndarray) -> str:
    if len(values) < FEWEST_PAIRS:
        return f"{len(values)} of the {FEWEST_PAIRS} pairs that a correlation needs"
    for each, column in ((measure, values), (variable, others)):
        if is_constant(column):
            return f"{each.name} is the same in all of them"
    return ""


def _spearman_interval(coefficient: float, n: int, confidence: float) -> tuple[float, float]:
    if abs(coefficient) >= 1:  # Fisher's z is infinite.
        return coefficient, coefficient
    error = math.sqrt((1 + coefficient**2 / 2) / (n - 3))
    low, high = stats.norm.interval(confidence, math.atanh(coefficient), error)
    return math.tanh(low), math.tanh(high)
