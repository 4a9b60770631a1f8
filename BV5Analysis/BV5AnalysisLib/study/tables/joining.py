"""Measurements and clinical rows of the same cases, put together."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

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
    """Cases that have both.

    Attributes
    ----------
    table : CaseTable
    step : FlowStep
        Who was lost.
    without_scan : tuple of Exclusion
        Clinical rows that belong to no scan.
    unusable : tuple of UnusableCell
        Of the cases that are left.
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


def join(measured: Measurements, clinical: ClinicalTable, loose_names: bool = False) -> Joined:
    """Put measurements and clinical rows of the same cases together, in the measurements' order.

    Parameters
    ----------
    measured : Measurements
    clinical : ClinicalTable
    loose_names : bool
        Take names for the same that `loose` makes the same.

    Returns
    -------
    Joined

    Raises
    ------
    AnalysisError
        No case has both, or two of one table have what is loosely the same name.
    """
    same_case = loose if loose_names else str
    row_of = _rows_by_name(clinical.name, clinical.cases, same_case)
    _rows_by_name(measured.name, measured.table.cases, same_case)
    contradictory = {same_case(each.case): each.reason for each in clinical.excluded}
    pairs, excluded = [], []
    for i, case in enumerate(measured.table.cases):
        name = same_case(case)
        if name in row_of:
            pairs.append((i, row_of[name]))
        else:
            reason = contradictory.get(name, f"not in {clinical.name}")
            excluded.append(Exclusion(case, reason))
    near = _near_names(measured, clinical, [each.case for each in excluded])
    if not pairs:
        raise AnalysisError(_nothing_joined(measured, clinical, near))
    table = _merged(measured.table, clinical, np.array(pairs))
    scans = {same_case(case) for case in _all_scans(measured)}
    analyzed_names = {clinical.cases[row]: measured.table.cases[i] for i, row in pairs}
    without_scan = [
        *clinical.nameless,
        *(
            Exclusion(case, f"in {clinical.name}, but there is no such scan")
            for case in (*clinical.cases, *(each.case for each in clinical.excluded))
            if same_case(case) not in scans
        ),
    ]
    notes = [*clinical.notes]
    if without_scan:
        notes.append(
            f"{counted(len(without_scan), 'row')} of {clinical.name}"
            f" {'belongs' if len(without_scan) == 1 else 'belong'} to no scan:"
            f" {listed(each.case for each in without_scan)}."
        )
    if near:
        notes.append(f"{near} Add --loose-names if they are the same.")
    unusable = [
        replace(cell, case=analyzed_names[cell.case])
        for cell in clinical.unusable
        if cell.case in analyzed_names
    ]
    step = FlowStep("with clinical data", len(table), tuple(excluded))
    return Joined(table, step, tuple(without_scan), tuple(unusable), tuple(notes))


def _all_scans(measured: Measurements) -> list[str]:
    out = [each.case for step in measured.flow for each in step.excluded]
    return [*measured.table.cases, *out]


def _rows_by_name(table: str, cases: tuple[str, ...], same_case: object) -> dict[str, int]:
    found: dict[str, int] = {}
    for row, case in enumerate(cases):
        other = found.setdefault(same_case(case), row)
        if other != row:
            raise AnalysisError(
                f"{table} has both {cases[other]} and {case}, which are the same with"
                " --loose-names; leave that out, or rename one."
            )
    return found


def _merged(measured: CaseTable, clinical: ClinicalTable, pairs: np.ndarray) -> CaseTable:
    """Columns of both; a clinical one whose key is a measurement's gets another key."""
    table = replace(
        measured.select(pairs[:, 0]), left_out=clinical.left_out, read_as=clinical.read_as
    )
    for variable in clinical.variables:
        values = clinical.columns[variable.key][pairs[:, 1]]
        key = variable.key
        while key in table.columns or key in NOT_CLINICAL:
            key += "_clinical"
        if variable.key in clinical.identifying:
            table = replace(table, identifying=table.identifying | {key})
        table = table.with_column(replace(variable, key=key), values)
    return table


def _near_names(measured: Measurements, clinical: ClinicalTable, unmatched: list[str]) -> str:
    """Say which unmatched names are nearly the same."""
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
        way_out = f"{near} Add --loose-names if they are the same."
    elif clinical.excluded:
        way_out = (
            f"{counted(len(clinical.excluded), 'case')} of {clinical.name} have several rows that"
            " contradict each other; keep one row a case."
        )
    else:
        way_out = "Name the cases alike, or give the column that does with --case-column."
    return (
        f"No case of {measured.name} ({listed(measured.table.cases, 3)}) is in {clinical.name}"
        f" ({listed(clinical.cases, 3) or 'none'}). {way_out}"
    )
