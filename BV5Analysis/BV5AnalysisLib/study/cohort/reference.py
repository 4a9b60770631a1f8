"""A reference from the healthy people of a cohort: who counts, and what they have."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...imaging.errors import AnalysisError
from ...imaging.parameters import APART, INCLUDED, Parameters
from ..reference import (
    EVERYBODY,
    FEWEST_PEOPLE,
    HIGHEST_AGE_YEARS,
    METHOD,
    REFERENCE_MEASURES,
    SEXES,
    Definition,
    Distribution,
    People,
    Reference,
    ReferenceGroup,
    ReferenceSource,
    ages_of,
)
from ..tables.batch_tables import BATCH, is_of_batch
from ..tables.case_table import CaseTable
from ..tables.columns import SEX, SEX_TITLES, plain, understand
from ..tables.measurement_table import DEFINITION, FILE, HILUM, read_measurements
from ..tables.spreadsheet import read_sheet
from ..texts import counted, listed, shortened
from ..values import known
from .options import CohortOptions
from .result import CohortResult

AGE = "age"
_SHARE, _VERSION, _TRUSTED, _FINDINGS = "hilum_share", "software_version", "trusted", "findings"
_TOLD = {_VERSION: "software version", **dict.fromkeys(DEFINITION, "bounds of the size classes")}

Values = Mapping[tuple[str, str], np.ndarray]
"""By region and measure, (n,) each, NaN where there is none."""


@dataclass(frozen=True)
class ReferenceRequest:
    """What a reference is asked for with.

    Attributes
    ----------
    measurements, clinical : pathlib.Path
        As `analyze_cohort` got them.
    name : str
        For readers.
    created : str
        When it is made, UTC, ISO 8601.
    """

    measurements: Path
    clinical: Path
    name: str
    created: str


def make_reference(
    request: ReferenceRequest, result: CohortResult, options: CohortOptions
) -> Reference:
    """Describe the analyzed people of a cohort, all of whom have to be healthy.

    Who is analyzed is said as for any cohort: by ``--exclude`` and ``--groups``. Cases with an
    error among their findings do not count.

    Parameters
    ----------
    request : ReferenceRequest
        Tables, and what to call it.
    result : CohortResult
        Of the same tables and options.
    options : CohortOptions
        What the cohort was asked for.

    Returns
    -------
    Reference
        Of everybody, and of each sex and age with at least `FEWEST_PEOPLE`.

    Raises
    ------
    AnalysisError
        There are several groups, too few people, or ways of measuring that differ or are not told.
    """
    label = _only_group(result, options)
    path = _table_path(request.measurements)
    table = _of_cases(path, options.region, options, result.cohort.cases)
    trusted = _is_trusted(table)
    kept = [case for case, good in zip(table.cases, trusted, strict=True) if good]
    left_out = len(table) - len(kept)
    if len(kept) < FEWEST_PEOPLE:
        errors = f", {left_out} more have an error among their findings" if left_out else ""
        raise AnalysisError(
            f"A reference needs {FEWEST_PEOPLE} people, with whom a 5th percentile begins to mean"
            f" something, and {len(kept)} can be used{errors}; measure more healthy people."
        )
    table = table.select(trusted)
    definition = _definition(path, table)
    values, unusable = _values(path, options, kept)
    if not any(known(column).sum() >= FEWEST_PEOPLE for column in values.values()):
        raise AnalysisError(
            f"No measure has {FEWEST_PEOPLE} values among the {counted(len(kept), 'case')} of the"
            " reference; their scans cannot give them (column withheld)."
        )
    chosen = np.isin(result.cohort.cases, kept)
    clinical = {
        key: result.cohort.columns[key][chosen]
        for key in (AGE, SEX)
        if key in result.cohort.columns
    }
    flow = tuple(f"{step.remaining} {step.text}" for step in result.cohort.flow)
    return Reference(
        request.name,
        request.created,
        definition,
        ReferenceSource(
            path.name,
            request.clinical.name,
            (*flow, *([label] if label else [])),
            left_out,
            _findings(table),
            (*_assumed(path, definition), *unusable),
        ),
        _groups(values, clinical, len(kept)),
    )


def reference_notes(reference: Reference) -> tuple[str, ...]:
    """Say what a reference is of, one line each: who is in it, its groups, what was assumed."""
    everybody, *others = reference.groups
    left_out = reference.source.left_out
    who = f"The reference is of {counted(everybody.n, 'case')}, taken as healthy"
    if left_out:
        who += (
            f"; {counted(left_out, 'case')} with an error among the findings"
            f" {'is' if left_out == 1 else 'are'} left out"
        )
    notes = [who]
    groups = listed((f"{each.people.text} ({each.n})" for each in others), 20)
    notes.append(
        f"Groups of the reference beside all people: {groups}"
        if others
        else "The reference has no groups by sex or age: there are no such columns, or fewer than"
        f" {FEWEST_PEOPLE} people in each"
    )
    return tuple(f"{note}." for note in (*notes, *reference.source.notes))


def _only_group(result: CohortResult, options: CohortOptions) -> str:
    """Label of the group that all are in; empty where groups are by sex or age.

    Raises
    ------
    AnalysisError
        There are several, by something that only some of the healthy would have.
    """
    if plain(options.group_by) in SEX_TITLES or understand(options.group_by).key == AGE:
        return ""
    groups = [group for group in result.groups if group.n]
    if len(groups) > 1:
        sizes = listed(f"{group.label} ({group.n})" for group in groups)
        raise AnalysisError(
            f"A reference is of healthy people alone, and these are in {len(groups)} groups:"
            f" {sizes}. Keep the healthy ones, as with --groups healthy or --exclude"
            " 'oxygen_l_min>0'; all may be grouped with --group-by sex."
        )
    return groups[0].label


def _table_path(path: Path) -> Path:
    return path / FILE if path.is_dir() else path


def _of_cases(path: Path, region: str, options: CohortOptions, cases: Sequence[str]) -> CaseTable:
    """Measurements of a region of those cases that have any there."""
    table = read_measurements(path, region, options.keep_rejected).table
    return table.select(np.isin(table.cases, list(cases)))


def _is_trusted(table: CaseTable) -> np.ndarray:
    """(n,) bool: which cases have no error among their findings."""
    if _TRUSTED not in table.columns:
        return np.ones(len(table), bool)
    return np.array([text.strip().casefold() != "no" for text in table.columns[_TRUSTED]], bool)


def _definition(path: Path, table: CaseTable) -> Definition:
    """How all cases were measured.

    Raises
    ------
    AnalysisError
        The table does not tell it, or it differs between cases.
    """
    for key, what in _TOLD.items():
        missing = len(table)
        if key in table.columns:
            missing = int(np.count_nonzero(~known(table.columns[key])))
        if missing:
            raise AnalysisError(
                f"{path.name} does not tell the {what} of {counted(missing, 'case')} (column"
                f" {key}), without which nobody can compare with them; measure them with this"
                " version."
            )
    ways = Counter(
        (*bounds, *_hilum(table, row), version)
        for row, (*bounds, version) in enumerate(
            zip(*(table.columns[key].tolist() for key in (*DEFINITION, _VERSION)), strict=True)
        )
    )
    if len(ways) > 1:
        told = "; ".join(f"{counted(n, 'case')} with {_way(way)}" for way, n in ways.most_common())
        raise AnalysisError(
            f"{path.name} mixes ways of measuring ({told}), whose numbers cannot be compared;"
            " measure all alike, or leave some out with --exclude."
        )
    floor, low, high, hilum, share, version = next(iter(ways))
    if hilum == APART and share is None:
        raise AnalysisError(
            f"{path.name} does not tell where the hilum begins (column {_SHARE}), without which"
            " nobody can compare with it; measure with this version."
        )
    # No table has the rest: it is told by the batch, or assumed, which `_assumed` says.
    parameters = _batch_parameters(path) or Parameters()
    return Definition(
        METHOD,
        version,
        floor,
        (low, high),
        float(parameters.minimum_component_length_mm),
        hilum,
        share,
        None if parameters.blood_hu is None else float(parameters.blood_hu),
    )


def _assumed(path: Path, definition: Definition) -> tuple[str, ...]:
    """Say which parameters had to be assumed."""
    if is_of_batch(path):
        return ()
    return (
        f"{path.name} is not in the folder of a batch, and does not tell all parameters: blood"
        " measured in each scan (blood_hu not given) and minimum_component_length_mm"
        f" {definition.minimum_component_length_mm:g} are assumed",
    )


def _hilum(table: CaseTable, row: int) -> tuple[str, float | None]:
    """How hilar blood counts, and where the hilum begins; tables without it have it included."""
    if HILUM not in table.columns:
        return INCLUDED, None
    way = table.columns[HILUM][row].strip().casefold() or INCLUDED
    share = float(table.columns[_SHARE][row]) if _SHARE in table.columns else np.nan
    return way, share if way == APART and np.isfinite(share) else None


def _way(way: tuple[object, ...]) -> str:
    floor, low, high, hilum, share, version = way
    place = f"{hilum} below {share:g}" if share is not None else f"{hilum}"
    return f"bounds {floor:g}, {low:g}, {high:g} mm², hilum {place}, version {version}"


def _batch_parameters(path: Path) -> Parameters | None:
    """Parameters of the batch that a table is of; None for a table alone."""
    if not is_of_batch(path):
        return None
    try:
        request = json.loads((path.parent / BATCH).read_text(encoding="utf-8"))["request"]
        return Parameters.from_dict(request["parameters"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise AnalysisError(
            f"{BATCH} beside {path.name} cannot be read, so that its parameters are not known; give"
            " the folder as the batch left it, or the table alone."
        ) from error


def _values(
    path: Path, options: CohortOptions, cases: Sequence[str]
) -> tuple[Values, tuple[str, ...]]:
    """Values of every region of the table that enough cases have, and which cannot be used.

    The chosen region can: the cohort was analyzed by it.
    """
    sheet = read_sheet(path)
    titles = [title.strip().casefold() for title in sheet.header]
    regions = [options.region]
    if "region" in titles:
        count = Counter(cell.casefold() for cell in sheet.column(titles.index("region")))
        spelled = {cell.casefold(): cell for cell in sheet.column(titles.index("region"))}
        regions = [spelled[name] for name, n in count.items() if n >= FEWEST_PEOPLE]
    values, notes = {}, []
    for region in regions:
        try:
            table = _of_cases(path, region, options, cases)
        except AnalysisError:
            if region.casefold() == options.region.casefold():
                raise
            # Its message may name cases, which references do not.
            notes.append(
                f"The region {shortened(region)} is left out, as its rows cannot be used; bv5"
                f" cohort --region {shortened(region)} says why"
            )
            continue
        frame = table.frame.reindex(list(cases))
        for measure in REFERENCE_MEASURES:
            if measure.key in frame:
                values[region, measure.key] = frame[measure.key].to_numpy(float)
    return values, tuple(notes)


def _groups(
    values: Values, clinical: Mapping[str, np.ndarray], n: int
) -> tuple[ReferenceGroup, ...]:
    """Everybody, then the sexes, the ages, and both, where there are enough people."""
    nobody = np.full(n, "", dtype=object)
    sexes = clinical.get(SEX, nobody)
    sexes = sexes if sexes.dtype == object else nobody
    ages = clinical.get(AGE, np.full(n, np.nan))
    ages = ages if ages.dtype != object else np.full(n, np.nan)
    bounds = [ages_of(age) if np.isfinite(age) else None for age in ages]
    found = sorted({each for each in bounds if each}, key=lambda each: each[0] or 0)
    by_age = [People(None, *each) for each in found]
    people = [
        EVERYBODY,
        *(People(sex) for sex in SEXES),
        *by_age,
        *(replace(each, sex=sex) for sex in SEXES for each in by_age),
    ]
    groups = []
    for each in people:
        members = np.ones(n, bool) if each.sex is None else np.asarray(sexes == each.sex, bool)
        if each.by_age:
            members &= np.array([bound == (each.age_from, each.age_below) for bound in bounds])
        if each == EVERYBODY or np.count_nonzero(members) >= FEWEST_PEOPLE:
            groups.append(_group(each, members, ages, values))
    return tuple(group for group in groups if group.distributions)


def _group(people: People, members: np.ndarray, ages: np.ndarray, values: Values) -> ReferenceGroup:
    whole = [min(int(age), HIGHEST_AGE_YEARS) for age in ages[members] if np.isfinite(age)]
    found = (Distribution.of(*place, column[members]) for place, column in values.items())
    return ReferenceGroup(
        people,
        int(np.count_nonzero(members)),
        min(whole, default=None),
        max(whole, default=None),
        tuple(each for each in found if each is not None),
    )


def _findings(table: CaseTable) -> tuple[tuple[str, int], ...]:
    """Warnings of quality by code, the commonest first."""
    cells = table.columns.get(_FINDINGS, np.array([], object))
    counts = Counter(code for cell in cells for code in cell.split(";") if code)
    return tuple(counts.most_common())
