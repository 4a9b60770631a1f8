"""Results of the statistics: plain values, fit for tables, figures and MRML nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..measures import Measure
from ..values import Variable


@dataclass(frozen=True)
class Summary:
    """A measure in one group; NaN where n is too small."""

    n: int
    mean: float
    sd: float
    median: float
    lower_quartile: float
    upper_quartile: float


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval; NaN where it cannot be estimated.

    Attributes
    ----------
    value, low, high : float
    problem : str
        Why there is no interval though there is a value, else empty.
    """

    value: float
    low: float
    high: float
    problem: str = ""


@dataclass(frozen=True)
class Test:
    """A test of one null hypothesis.

    Attributes
    ----------
    name : str
        ``welch``, ``student``, ``mann-whitney``, ``welch-anova``, ``anova`` or
        ``kruskal-wallis``; of categories ``fisher`` or ``chi-squared``.
    statistic, degrees_of_freedom, p : float
        NaN where there are none; p is two-sided. Of an analysis of variance these are the degrees
        of freedom of the denominator.
    numerator_degrees_of_freedom : float
        Of an analysis of variance, else NaN.
    """

    __test__ = False  # No test of pytest's.

    name: str
    statistic: float
    degrees_of_freedom: float
    p: float
    numerator_degrees_of_freedom: float = float("nan")


@dataclass(frozen=True)
class Comparison:
    """A measure compared between the groups.

    Attributes
    ----------
    measure : Measure or Variable
        What is compared.
    summaries : tuple of Summary
        One a group, in the order of the groups.
    difference : Estimate or None
        Mean of the first group less that of the second, by the chosen test's assumptions; of
        medians where that is a test of ranks. None for more than two groups.
    effect_size : Estimate or None
        Hedges' g, or the rank-biserial correlation with a test of ranks; None for more than two
        groups.
    tests : tuple of Test
        The chosen one first, then the others.
    p_holm : float
        Of the chosen test, adjusted by Holm over all measures; NaN if not one of them.
    problem : str
        Why there is no test, else empty.
    """

    measure: Measure | Variable
    summaries: tuple[Summary, ...]
    difference: Estimate | None
    effect_size: Estimate | None
    tests: tuple[Test, ...]
    p_holm: float = float("nan")
    problem: str = ""


@dataclass(frozen=True)
class PairComparison:
    """A measure compared between two of several groups.

    Attributes
    ----------
    groups : tuple of str
        Labels of the two, in the order of the groups.
    comparison : Comparison
        As for two groups alone; `p_holm` is adjusted over all pairs of all measures.
    """

    groups: tuple[str, str]
    comparison: Comparison


@dataclass(frozen=True)
class CategoryComparison:
    """A clinical variable of categories, such as sex, compared between the groups.

    Attributes
    ----------
    variable : Variable
        What is compared.
    levels : tuple of str
        Its categories.
    counts : tuple of tuple of int
        One tuple a group, one count a level; missing values are not counted.
    test : Test or None
        ``fisher`` or ``chi-squared``; None where `problem` says why.
    problem : str
        Why there is no test, else empty.
    """

    variable: Variable
    levels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    test: Test | None = None
    problem: str = ""


@dataclass(frozen=True)
class Correlation:
    """A measure against a clinical variable.

    Attributes
    ----------
    measure : Measure
    variable : Variable
    method : str
        ``pearson`` or ``spearman``.
    coefficient : Estimate
        With its interval.
    n : int
        Pairs.
    p, p_holm : float
        Two-sided; adjusted by Holm over all measures with this variable and method.
    problem : str
        Why there is none, else empty.
    """

    measure: Measure
    variable: Variable
    method: str
    coefficient: Estimate
    n: int
    p: float
    p_holm: float = float("nan")
    problem: str = ""


@dataclass(frozen=True)
class Term:
    """One term of a linear model."""

    name: str
    coefficient: Estimate
    p: float


@dataclass(frozen=True)
class LinearModel:
    """Linear model of a measure by group and covariates (ordinary least squares).

    Attributes
    ----------
    measure : Measure
    formula : str
        Description for reports, such as ``BV5 (%) ~ oxygen > 2 L/min + age + sex``.
    terms : tuple of Term
        Intercept first.
    n : int
        Patients without missing values.
    r_squared : float
    problem : str
        Why there is none, else empty.
    """

    measure: Measure
    formula: str
    terms: tuple[Term, ...]
    n: int
    r_squared: float
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Roc:
    """How well a measure predicts a binary outcome.

    Attributes
    ----------
    measure : Measure
    outcome : str
        Such as ``outcome = died``.
    lower_is_positive : bool
        Whether low values speak for the outcome.
    auc : Estimate
        Area under the curve, bootstrap interval.
    positives, negatives : int
    false_positive_rate, true_positive_rate : numpy.ndarray
        (k,) from 0 to 1.
    problem : str
        Why there is none, else empty.
    """

    measure: Measure
    outcome: str
    lower_is_positive: bool
    auc: Estimate
    positives: int
    negatives: int
    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    problem: str = ""
