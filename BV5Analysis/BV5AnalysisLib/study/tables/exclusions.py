"""Rules for excluding cases, such as ``age<18``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...imaging.errors import AnalysisError
from ..texts import counted
from ..values import Exclusion, FlowStep, Variable
from .case_table import CaseTable
from .columns import CASE_TITLES, plain, usual_value
from .numbers import is_missing, parse_numbers

CASE = Variable("case", "Case")
BY_NAME = "left out by name"

_RULE = re.compile(r"\s*(.+?)\s*(<=|>=|==|!=|≤|≥|≠|<|>|=|~)\s*(.*?)\s*")
_SHOWN_SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠", "~": "contains"}
_SIGNS = {"≤": "<=", "≥": ">=", "≠": "!=", "==": "="}
_COMPARED: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
    "!=": np.not_equal,
}


@dataclass(frozen=True)
class Rule:
    """A condition on one column.

    Attributes
    ----------
    text : str
        As the user wrote it.
    column : str
        As the user wrote it.
    sign : str
        One of ``< <= > >= = != ~``; the last means contains.
    value : str
        Empty: a missing value.
    """

    text: str
    column: str
    sign: str
    value: str


def parse_rule(text: str) -> Rule:
    """Understand a rule.

    Parameters
    ----------
    text : str
        Column, sign and value, such as ``age<18``, ``sex=male``, ``findings~thick_slices``;
        ``pao2=`` is what has no PaO2, and so is ``pao2=unknown``.

    Raises
    ------
    AnalysisError
        It is no rule.
    """
    match = _RULE.fullmatch(text)
    if not match or (not match[3] and match[2] not in {"=", "==", "!=", "≠"}):
        raise AnalysisError(
            f"{text!r} is no rule; write a column, one of < <= > >= = != ~ and a value, as in"
            " 'age<18'."
        )
    sign = _SIGNS.get(match[2], match[2])
    # Words that mean a missing value in tables.
    value = "" if sign in {"=", "!="} and is_missing(match[3]) else match[3]
    return Rule(text.strip(), match[1], sign, value)


def is_rule(text: str) -> bool:
    """Whether a text is meant as a rule and not as a column's name."""
    return any(sign in text for sign in "<>=~≤≥≠")


def holds(rule: Rule, table: CaseTable, use: str) -> tuple[Variable, np.ndarray]:
    """Find the cases for which a rule holds.

    Parameters
    ----------
    rule : Rule
    table : CaseTable
    use : str
        What for, for the message.

    Returns
    -------
    variable : Variable
        Its column.
    holding : numpy.ndarray
        (n,) bool; a missing value fulfills no rule but that for missing ones.

    Raises
    ------
    AnalysisError
        The column is not there, or the value does not go with it.
    """
    variable = table.variable(rule.column, use)
    column, known = table.columns[variable.key], table.is_known(variable)
    if not rule.value:
        return variable, (~known if rule.sign == "=" else known)
    if rule.sign == "~":
        if table.is_number(variable):
            raise AnalysisError(f"Rule {rule.text!r}: {variable.name} holds numbers, not text.")
        return variable, _texts(column, lambda text: rule.value.casefold() in text)
    if not table.is_number(variable):
        if rule.sign not in {"=", "!="}:
            raise AnalysisError(
                f"Rule {rule.text!r}: {variable.name} holds text, which is only = or != or ~."
            )
        wanted = usual_value(variable.key, rule.value).casefold()
        same = _texts(column, lambda text: wanted == text)
        return variable, known & (same if rule.sign == "=" else ~same)
    number = float(parse_numbers([rule.value]).values[0])
    if not np.isfinite(number):
        raise AnalysisError(
            f"Rule {rule.text!r}: {variable.name} holds numbers, and {rule.value!r} is none."
        )
    return variable, known & _COMPARED[rule.sign](column, number)


def exclude(table: CaseTable, rules: Sequence[str]) -> tuple[CaseTable, list[FlowStep], list[str]]:
    """Exclude the cases for which a rule holds.

    Parameters
    ----------
    table : CaseTable
    rules : sequence of str
        See `parse_rule`; a case falls under the first one that holds. ``case=P07`` is that one
        case.

    Returns
    -------
    table : CaseTable
        Remaining cases.
    steps : list of FlowStep
        One a rule; cases by their names, in rules one after the other, are one step.
    notes : list of str
        Cases with missing values, which are kept.

    Raises
    ------
    AnalysisError
        See `parse_rule` and `holds`.
    """
    steps: list[FlowStep] = []
    notes: list[str] = []
    for text in rules:
        rule, named = _with_cases(parse_rule(text), table)
        variable, out = holds(rule, named, f"for the rule {rule.text!r}")
        unknown = int(np.count_nonzero(~named.is_known(variable)))
        if variable is CASE and rule.sign in {"=", "~"} and not out.any():
            notes.append(f"Rule {rule.text}: there is no such case, or it was left out before.")
        if unknown and rule.value and not _is_set_of_codes(variable):
            notes.append(
                f"Rule {rule.text}: {counted(unknown, 'case')} without a value"
                f" {'is' if unknown == 1 else 'are'} kept; leave them out with"
                f" --exclude '{rule.column}='."
            )
        reason = BY_NAME if variable is CASE else _in_words(rule)
        excluded = tuple(Exclusion(case, reason) for case in table.select(out).cases)
        table = table.select(~out)
        if steps and steps[-1].text == f"not {BY_NAME}" and reason == BY_NAME:
            excluded = (*steps.pop().excluded, *excluded)
        steps.append(FlowStep(f"not {reason}", len(table), excluded))
    return table, steps, notes


def _in_words(rule: Rule) -> str:
    """Write a rule as figures show it."""
    if not rule.value:
        return f"without {rule.column}" if rule.sign == "=" else f"with {rule.column}"
    sign = _SHOWN_SIGNS.get(rule.sign, rule.sign)
    return f"{rule.column} {sign} {rule.value}"


def _with_cases(rule: Rule, table: CaseTable) -> tuple[Rule, CaseTable]:
    """Let a rule name cases, unless it names a column of the table by the same word."""
    if plain(rule.column) not in CASE_TITLES or table.find(rule.column) is not None:
        return rule, table
    return replace(rule, column=CASE.key), table.with_column(CASE, np.array(table.cases, object))


def _is_set_of_codes(variable: Variable) -> bool:
    """Whether no text means nothing special, and not that nobody knows."""
    return variable.key in {"findings", "review"}


def _texts(column: np.ndarray, fits: Callable[[str], bool]) -> np.ndarray:
    return np.array([fits(text.casefold()) for text in column], dtype=bool)
