"""Measurements and clinical rows, joined by case."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

from ...imaging.errors import AnalysisError
from ..texts import counted, listed
from ..values import Exclusion, FlowStep, UnusableCell
from .case_table import CaseTable
from .clinical import ClinicalTable
from .measurement_table import NOT_CLINICAL, Measurements

_SUFFIX = re.compile(r"\.(nii\.gz|nii|nrrd|nhdr|mha|mhd|dcm)$", re.IGNORECASE)
_WHOLE = re.compile(r"^(\d+)\.0$")
"""A number that a program wrote with a decimal, such as 12.0."""


@dataclass(frozen=True, eq=False)
class Joined:
    """Cases that have measurements and clinical data.

    Attributes
    ----------
    table : CaseTable
    step : FlowStep
        The cases without clinical data.
    without_scan : tuple of Exclusion
        Clinical rows that belong to no scan.
    unusable : tuple of UnusableCell
        Of the remaining cases.
    notes : tuple of str
    """

    table: CaseTable
    step: FlowStep
    without_scan: tuple[Exclusion, ...]
    unusable: tuple[UnusableCell, ...]
    notes: tuple[str, ...]


def loose(name: str) -> str:
    """Name without capitals, separators, leading zeros, and an image file's or number's suffix."""
    name = _WHOLE.sub(r"\1", _SUFFIX.sub("", name.strip()))
    parts = re.findall(r"[^\W\d_]+|\d+", name.casefold())
    return " ".join(part.lstrip("0") or "0" if part.isdigit() else part for part in parts)


def join(
    measured: Measurements, clinical: ClinicalTable, same_case: Callable[[str], str] = str
) -> Joined:
    """Join measurements and clinical rows by case, in the measurements' order.

    Parameters
    ----------
    measured : Measurements
    clinical : ClinicalTable
    same_case : callable
        Returns equal texts for names that mean the same case, such as `loose`.

    Returns
    -------
    Joined

    Raises
    ------
    AnalysisError
        No case has both, or two of one table have names of the same case.
    """
    _check_distinct(measured.name, measured.table.cases, same_case)
    _check_distinct(clinical.name, clinical.cases, same_case)
    table = _merged(measured.table, clinical, same_case)
    analyzed = {same_case(case): case for case in table.cases}
    excluded = _without_clinical_data(measured, clinical, analyzed, same_case)
    near = _near_names(measured, clinical, [each.case for each in excluded])
    if not len(table):
        raise AnalysisError(_nothing_joined(measured, clinical, near))
    without_scan = _without_scan(measured, clinical, same_case)
    notes = [*clinical.notes]
    if without_scan:
        notes.append(
            f"{counted(len(without_scan), 'row')} of {clinical.name}"
            f" {'belongs' if len(without_scan) == 1 else 'belong'} to no scan:"
            f" {listed(each.case for each in without_scan)}."
        )
    if near:
        notes.append(f"{near} Add --loose-names if they are the same.")
    unusable = tuple(
        replace(cell, case=analyzed[same_case(cell.case)])
        for cell in clinical.unusable
        if same_case(cell.case) in analyzed
    )
    step = FlowStep("with clinical data", len(table), excluded)
    return Joined(table, step, without_scan, unusable, tuple(notes))


def _check_distinct(table: str, cases: Sequence[str], same_case: Callable[[str], str]) -> None:
    first: dict[str, str] = {}
    for case in cases:
        other = first.setdefault(same_case(case), case)
        if other != case:
            raise AnalysisError(
                f"{table} has both {other} and {case}, which are the same with"
                " --loose-names; leave that out, or rename one."
            )


def _merged(
    measured: CaseTable, clinical: ClinicalTable, same_case: Callable[[str], str]
) -> CaseTable:
    """Cases of both tables, with the columns of both."""
    keys = _free_keys(measured, clinical)
    both = measured.frame.set_axis([same_case(case) for case in measured.cases]).merge(
        clinical.frame.rename(columns=keys).set_axis([same_case(case) for case in clinical.cases]),
        how="left",
        left_index=True,
        right_index=True,
        validate="one_to_one",
        indicator=True,
    )
    is_in_both = (both.pop("_merge") == "both").to_numpy()
    return CaseTable(
        both.set_axis(measured.frame.index)[is_in_both],
        (
            *measured.variables,
            *(replace(each, key=keys[each.key]) for each in clinical.variables),
        ),
        clinical.left_out,
        clinical.read_as,
        frozenset(keys[key] for key in clinical.identifying),
    )


def _free_keys(measured: CaseTable, clinical: ClinicalTable) -> dict[str, str]:
    """Keys of the clinical columns, with an ending where they are those of measurements."""
    taken = {*measured.frame.columns, *NOT_CLINICAL}
    keys = {}
    for variable in clinical.variables:
        key = variable.key
        while key in taken:
            key += "_clinical"
        taken.add(key)
        keys[variable.key] = key
    return keys


def _without_clinical_data(
    measured: Measurements,
    clinical: ClinicalTable,
    analyzed: Container[str],
    same_case: Callable[[str], str],
) -> tuple[Exclusion, ...]:
    contradictory = {same_case(each.case): each.reason for each in clinical.excluded}
    return tuple(
        Exclusion(case, contradictory.get(same_case(case), f"not in {clinical.name}"))
        for case in measured.table.cases
        if same_case(case) not in analyzed
    )


def _without_scan(
    measured: Measurements, clinical: ClinicalTable, same_case: Callable[[str], str]
) -> tuple[Exclusion, ...]:
    """Clinical rows without a scan; scans that were excluded before count as scans."""
    lost = [each.case for step in measured.flow for each in step.excluded]
    scans = {same_case(case) for case in (*measured.table.cases, *lost)}
    return (
        *clinical.nameless,
        *(
            Exclusion(case, f"in {clinical.name}, but there is no such scan")
            for case in (*clinical.cases, *(each.case for each in clinical.excluded))
            if same_case(case) not in scans
        ),
    )


def _near_names(measured: Measurements, clinical: ClinicalTable, unmatched: list[str]) -> str:
    """Sentence on unmatched names that are nearly the same."""
    others = {loose(case): case for case in clinical.cases}
    near = [f"{case} and {others[loose(case)]}" for case in unmatched if loose(case) in others]
    if not near:
        return ""
    return (
        f"{counted(len(near), 'case')} of {measured.name} and {clinical.name} differ only in"
        f" writing ({listed(near, 5)})."
    )


def _nothing_joined(measured: Measurements, clinical: ClinicalTable, near: str) -> str:
    if near:
        advice = f"{near} Add --loose-names if they are the same."
    elif clinical.excluded:
        advice = (
            f"{counted(len(clinical.excluded), 'case')} of {clinical.name} have several rows that"
            " contradict each other; keep one row a case."
        )
    else:
        advice = "Name the cases alike, or give the column that does with --case-column."
    return (
        f"No case of {measured.name} ({listed(measured.table.cases, 3)}) is in {clinical.name}"
        f" ({listed(clinical.cases, 3) or 'none'}). {advice}"
    )
