"""Groups of patients, by a threshold or by categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...imaging.errors import AnalysisError
from ..tables.case_table import CaseTable
from ..tables.columns import usual_value
from ..tables.numbers import parse_numbers
from ..texts import listed
from ..values import Exclusion, FlowStep, Group, Variable
from .options import DEFAULT_GROUP_BY, DEFAULT_THRESHOLD, CohortOptions

MOST_GROUPS = 10


@dataclass(frozen=True, eq=False)
class Grouping:
    """Cases in groups.

    Attributes
    ----------
    variable : Variable
        What the groups are by.
    rule : str
        In words.
    table : CaseTable
        Those that are in a group.
    groups : tuple of Group
        Of the cases of `table`.
    step : FlowStep
        Cases in no group.
    """

    variable: Variable
    rule: str
    table: CaseTable
    groups: tuple[Group, ...]
    step: FlowStep


def grouped(table: CaseTable, options: CohortOptions) -> Grouping:
    """Put cases into groups.

    Parameters
    ----------
    table : CaseTable
    options : CohortOptions
        Their `group_by`, `threshold`, `at_threshold` and `groups`.

    Returns
    -------
    Grouping
        By a threshold the lower values come first, else the categories in order.

    Raises
    ------
    AnalysisError
        There is no such column, a threshold is given for text, or there are too many categories.
    """
    variable = table.variable(options.group_by, "to group by (--group-by)")
    known = table.is_known(variable)
    if not known.any():
        raise AnalysisError(
            f"{variable.name} has no value in any case that is left; group by another column."
        )
    threshold = options.threshold
    if threshold is None and variable.key == DEFAULT_GROUP_BY and not options.groups:
        threshold = DEFAULT_THRESHOLD
    if threshold is not None and not table.is_number(variable):
        values = listed(sorted(set(table.columns[variable.key][known].tolist())))
        if options.threshold is None:
            raise AnalysisError(
                f"{variable.name} holds no numbers ({values}); group by another column, or name its"
                " values with --groups."
            )
        raise AnalysisError(
            f"{variable.name} holds no numbers ({values}), which have no threshold; leave"
            " --threshold out."
        )
    excluded = [
        Exclusion(case, f"{variable.name} is missing") for case in table.select(~known).cases
    ]
    table = table.select(known)
    if threshold is not None:
        rule, groups = _by_threshold(table, variable, threshold, options.at_threshold)
    else:
        rule, groups, others = _by_category(table, variable, options.groups)
        excluded += [
            Exclusion(case, f"{variable.name} is none of the groups")
            for case in table.select(others).cases
        ]
        groups = tuple(Group(each.label, each.members[~others]) for each in groups)
        table = table.select(~others)
    step = FlowStep(f"grouped by {variable.name}", len(table), tuple(excluded))
    return Grouping(variable, rule, table, groups, step)


def _by_threshold(
    table: CaseTable, variable: Variable, threshold: float, at_threshold: str
) -> tuple[str, tuple[Group, ...]]:
    values = table.columns[variable.key]
    low = values <= threshold if at_threshold == "low" else values < threshold
    signs = ("≤", ">") if at_threshold == "low" else ("<", "≥")
    bound = f"{threshold:g} {variable.unit}".rstrip()
    groups = tuple(
        Group(f"{variable.name} {sign} {bound}", members)
        for sign, members in zip(signs, (low, ~low), strict=True)
    )
    n = int(np.count_nonzero(values == threshold))
    rule = (
        f"{groups[0].label} against {signs[1]} {bound}; exactly {bound}"
        f" ({n} of {len(table)}) is in the {'first' if at_threshold == 'low' else 'second'} group"
    )
    return rule, groups


def _by_category(
    table: CaseTable, variable: Variable, wanted: tuple[str, ...]
) -> tuple[str, tuple[Group, ...], np.ndarray]:
    """Rule, groups, and the cases in none of them."""
    column = table.columns[variable.key]
    levels = np.unique(column).tolist()
    if wanted:
        levels = [_level(levels, text, variable) for text in wanted]
        if len(set(levels)) < len(levels):
            raise AnalysisError(f"--groups names a value of {variable.name} twice.")
    if len(levels) > MOST_GROUPS:
        advice = "give --threshold" if table.is_number(variable) else "name some with --groups"
        raise AnalysisError(
            f"{variable.name} has {len(levels)} different values, more than {MOST_GROUPS} groups;"
            f" {advice}."
        )
    texts = [f"{level:g}" if isinstance(level, float) else level for level in levels]
    groups = tuple(
        Group(f"{variable.name}: {text} {variable.unit}".rstrip(), column == level)
        for text, level in zip(texts, levels, strict=True)
    )
    rule = f"{variable.name}: {' against '.join(texts)}"
    return rule, groups, ~np.any([group.members for group in groups], axis=0)


def _level(levels: list[float | str], text: str, variable: Variable) -> float | str:
    number = float(parse_numbers([text]).values[0])
    wanted = usual_value(variable.key, text).casefold()
    for level in levels:
        same = level == number if isinstance(level, float) else level.casefold() == wanted
        if same:
            return level
    shown = [f"{level:g}" if isinstance(level, float) else level for level in levels]
    raise AnalysisError(f"{variable.name} has no value {text!r}; it has {listed(shown)}.")
