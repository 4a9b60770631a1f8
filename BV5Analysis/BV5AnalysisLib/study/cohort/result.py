"""What the analysis of a cohort gives: plain values, fit for tables, figures and MRML nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..statistics.statistical_results import (
    CategoryComparison,
    Comparison,
    Correlation,
    LinearModel,
    PairComparison,
    Roc,
)
from ..values import Exclusion, FlowStep, Group, UnusableCell, Variable


@dataclass(frozen=True, eq=False)
class Cohort:
    """The analyzed cases, in order; n of them.

    Attributes
    ----------
    cases : tuple of str
        Their names.
    columns : mapping of str to numpy.ndarray
        (n,) each: float64 with NaN for missing, or object (str, empty for missing). Holds the
        measures by their keys and the clinical variables by theirs.
    variables : tuple of Variable
        The clinical columns among `columns`.
    flow : tuple of FlowStep
        From all scans to these.
    notes : tuple of str
        Notes for the reader: cells that were not usable, estimates, units as understood.
    unusable : tuple of UnusableCell
        Every cell of the clinical table that was given but is treated as missing.
    without_scan : tuple of Exclusion
        Rows of the clinical table that belong to no scan of `flow`.
    """

    cases: tuple[str, ...]
    columns: Mapping[str, np.ndarray]
    variables: tuple[Variable, ...]
    flow: tuple[FlowStep, ...]
    notes: tuple[str, ...] = ()
    unusable: tuple[UnusableCell, ...] = ()
    without_scan: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, eq=False)
class CohortResult:
    """All of it.

    Attributes
    ----------
    cohort : Cohort
    grouping : str
        The rule of the groups, in words.
    groups : tuple of Group
    comparisons : tuple of Comparison
        One a measure, in the order of `MEASURES`.
    characteristics : tuple of Comparison
        The clinical variables that are numbers, compared likewise.
    categories : tuple of CategoryComparison
        The clinical variables that are categories.
    correlations : tuple of Correlation
    adjusted : LinearModel or None
    rocs : tuple of Roc
    methods : tuple of str
        Sentences for a paper's methods section on data, groups and statistics, with versions.
    software : dict of str to str
        Versions by package.
    definitions : tuple of str
        What the measures are in these measurements, such as ``BV5: blood in vessels of 1.25 ≤ CSA
        < 5 mm²``; footnotes of tables.
    confidence : float
        Level of every interval.
    pairs : tuple of PairComparison
        Each two of three or more groups, measure by measure; empty for two groups.
    """

    cohort: Cohort
    grouping: str
    groups: tuple[Group, ...]
    comparisons: tuple[Comparison, ...]
    characteristics: tuple[Comparison, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    adjusted: LinearModel | None = None
    rocs: tuple[Roc, ...] = ()
    methods: tuple[str, ...] = ()
    software: dict[str, str] = field(default_factory=dict)
    definitions: tuple[str, ...] = ()
    confidence: float = 0.95
    categories: tuple[CategoryComparison, ...] = ()
    pairs: tuple[PairComparison, ...] = ()
