"""The binary outcome of a cohort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...imaging.errors import AnalysisError
from ..tables.case_table import CaseTable
from ..tables.columns import usual_value, words
from ..tables.exclusions import holds, is_rule, parse_rule
from ..tables.numbers import parse_numbers
from ..texts import listed
from .options import CohortOptions

DEFAULT = "outcome"
POSITIVE = words(
    "yes y true t 1 positive pos died dead death deceased event severe critical icu intubated"
    " ventilated readmitted present case"
)
"""Values that count as positive, lower case."""


@dataclass(frozen=True, eq=False)
class ClinicalOutcome:
    """Which patients have the outcome.

    Attributes
    ----------
    text : str
        Description for reports.
    positive, known : numpy.ndarray
        (n,) bool.
    """

    text: str
    positive: np.ndarray
    known: np.ndarray


def clinical_outcome_of(
    table: CaseTable, options: CohortOptions
) -> tuple[ClinicalOutcome | None, str]:
    """Find the outcome that is asked for, or that the table has.

    Parameters
    ----------
    table : CaseTable
    options : CohortOptions
        Their `outcome` and `positive`.

    Returns
    -------
    outcome : ClinicalOutcome or None
    note : str
        Why there is none although a column of that name is there; else empty.

    Raises
    ------
    AnalysisError
        The outcome that was asked for is not there or not binary.
    """
    if not options.outcome:
        if table.find(DEFAULT) is None:
            return None, ""
        try:
            return _by_column(table, DEFAULT, options.positive), ""
        except AnalysisError as error:
            return None, f"No receiver operating characteristic: {error}"
    if is_rule(options.outcome) and table.find(options.outcome) is None:
        rule = parse_rule(options.outcome)
        variable, positive = holds(rule, table, "for the outcome (--outcome)")
        return ClinicalOutcome(rule.text, positive, table.is_known(variable)), ""
    return _by_column(table, options.outcome, options.positive), ""


def _by_column(table: CaseTable, name: str, wanted: str) -> ClinicalOutcome:
    variable = table.variable(name, "for the outcome (--outcome)")
    known = table.is_known(variable)
    column = table.columns[variable.key]
    levels = np.unique(column[known]).tolist()
    texts = [f"{level:g}" if isinstance(level, float) else level for level in levels]
    if wanted:
        number = float(parse_numbers([wanted]).values[0])
        value = usual_value(variable.key, wanted).casefold()
        chosen = [
            level
            for level, text in zip(levels, texts, strict=True)
            if text.casefold() == value or level == number
        ]
        if not chosen:
            raise AnalysisError(
                f"{variable.name} has no value {wanted!r} (--positive); it has {listed(texts)}."
            )
    elif len(levels) != 2:
        what = listed(texts) if levels else "none"
        raise AnalysisError(
            f"{variable.name} must have two values, and has {len(levels)} ({what}); name the one to"
            f' be told with --positive, or write a rule, as in --outcome "{variable.key}>…".'
        )
    else:
        chosen = [
            level for level, text in zip(levels, texts, strict=True) if text.casefold() in POSITIVE
        ]
        if len(chosen) != 1:
            raise AnalysisError(
                f"{variable.name} is {' or '.join(texts)}: say with --positive which one is to be"
                " told."
            )
    text = texts[levels.index(chosen[0])]
    return ClinicalOutcome(f"{variable.name} = {text}", known & (column == chosen[0]), known)
