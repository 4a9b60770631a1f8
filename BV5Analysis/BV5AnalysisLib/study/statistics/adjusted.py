"""A measure by group, adjusted for covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan

import numpy as np

from ..measures import Measure
from ..texts import listed
from ..values import Group, Variable, known
from .comparisons import is_constant
from .statistical_results import Estimate, LinearModel, Term

MOST_LEVELS = 10
"""Of a covariate of categories."""

DesignColumn = tuple[str, np.ndarray]
"""Name of a term and its values."""


def adjusted_model(
    measure: Measure,
    grouping: str,
    groups: Sequence[Group],
    covariates: Sequence[Variable],
    columns: Mapping[str, np.ndarray],
    confidence: float = 0.95,
) -> LinearModel:
    """Fit a measure on groups and covariates by ordinary least squares, with statsmodels.

    Parameters
    ----------
    measure : Measure
        The dependent variable.
    grouping : str
        What the groups are by, for the formula.
    groups : sequence of Group
        The first one is what the others are compared with.
    covariates : sequence of Variable
        Numbers enter as they are, categories by indicators against the first level.
    columns : mapping of str to numpy.ndarray
        (n,) each: float with NaN for missing, or str with empty for missing.
    confidence : float
        Level of intervals.

    Returns
    -------
    LinearModel
        Of the patients without a missing value.
    """
    formula = " + ".join([f"{measure.title} ~ {grouping}", *(each.title for each in covariates)])
    values = columns[measure.key]
    complete = np.isfinite(values) & np.any([group.members for group in groups], axis=0)
    for variable in covariates:
        complete &= known(columns[variable.key])
    n = int(np.count_nonzero(complete))
    members = [Group(group.label, group.members[complete]) for group in groups]
    terms = _group_terms(members)
    for variable in covariates:
        terms += _covariate_terms(variable, columns[variable.key][complete])
    problem = _problem(members, covariates, columns, complete, terms)
    if problem:
        return LinearModel(measure, formula, (), n, nan, problem)
    return _fit(measure, formula, values[complete], terms, confidence)


def _fit(
    measure: Measure, formula: str, values: np.ndarray, terms: list[DesignColumn], confidence: float
) -> LinearModel:
    from statsmodels.regression.linear_model import OLS

    n = len(values)
    design = np.column_stack([np.ones(n), *(column for _, column in terms)])
    if np.linalg.matrix_rank(design / np.linalg.norm(design, axis=0)) < design.shape[1]:
        return LinearModel(
            measure, formula, (), n, nan, "the covariates and groups determine each other"
        )
    if is_constant(values):
        return LinearModel(measure, formula, (), n, nan, f"{measure.name} is the same in all")
    fit = OLS(values, design).fit()
    intervals = fit.conf_int(1 - confidence)
    found = tuple(
        Term(name, Estimate(float(value), float(low), float(high)), float(p))
        for name, value, (low, high), p in zip(
            ["Intercept", *(name for name, _ in terms)],
            fit.params,
            intervals,
            fit.pvalues,
            strict=True,
        )
    )
    return LinearModel(measure, formula, found, n, float(fit.rsquared))


def _problem(
    groups: Sequence[Group],
    covariates: Sequence[Variable],
    columns: Mapping[str, np.ndarray],
    complete: np.ndarray,
    terms: list[DesignColumn],
) -> str:
    n = int(np.count_nonzero(complete))
    for variable in covariates:
        column = columns[variable.key][complete]
        levels = len(np.unique(column))
        if levels < 2:
            return f"{variable.name} is the same in all {n} cases without missing values"
        if column.dtype == object and levels > MOST_LEVELS:
            return f"{variable.name} has {levels} categories, more than {MOST_LEVELS}"
    empty = [group.label for group in groups if not group.n]
    if empty or len(groups) < 2:
        return f"{listed(empty)} has no such case" if empty else "there is only one group"
    if n < len(terms) + 3:
        return f"{n} cases are too few for {len(terms) + 1} terms"
    return ""


def _group_terms(groups: Sequence[Group]) -> list[DesignColumn]:
    reference = groups[0].label
    return [
        (f"{group.label} (against {reference})", group.members.astype(float))
        for group in groups[1:]
    ]


def _covariate_terms(variable: Variable, column: np.ndarray) -> list[DesignColumn]:
    if column.dtype != object:
        unit = {"years": "year"}.get(variable.unit, variable.unit)
        return [(f"{variable.name} (per {unit})" if unit else variable.name, column)]
    reference, *levels = sorted(set(column.tolist())) or [""]
    return [
        (f"{variable.name}: {level} (against {reference})", (column == level).astype(float))
        for level in levels
    ]
