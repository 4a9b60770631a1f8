"""A case beside a reference: which people it is compared with, and where its numbers stand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..imaging.model.scan import Person
from ..imaging.parameters import Parameters
from ..study.reference import (
    EVERYBODY,
    HIGHEST_AGE_YEARS,
    REFERENCE_MEASURES,
    Definition,
    Distribution,
    People,
    Reference,
    ReferenceGroup,
    Standing,
    ages_of,
)
from .reference_file import (
    definition_of_record,
    definition_record,
    distribution_of_record,
    reference_id,
)

Place = tuple[str, str]
"""Region and measure."""


@dataclass(frozen=True)
class AppliedReference:
    """The part of a reference that one case is compared with.

    Attributes
    ----------
    name, created, reference_id : str
        Which reference: its name, when it was made, and letters and digits of its content.
    definition : Definition
        How it was measured, as the case was.
    group : ReferenceGroup
        The people the case is compared with.
    reason : str
        Why these, where it is not those of the case's sex and age, or why the comparison is not
        sure; else empty.
    """

    name: str
    created: str
    reference_id: str
    definition: Definition
    group: ReferenceGroup
    reason: str

    def for_parameters(self, parameters: Parameters) -> AppliedReference | None:
        """Keep it for numbers that this version makes anew, if that is done alike; else None."""
        anew = Definition.of(parameters, __version__)
        return None if self.definition.difference(anew) else self


def applied(
    reference: Reference, person: Person, places: Collection[Place] = ()
) -> AppliedReference:
    """Choose the group of a reference that a person is compared with.

    Parameters
    ----------
    reference : Reference
        Usable for the case, see `reference_file.check_usable`.
    person : Person
        What the scan's header says.
    places : collection of (str, str)
        Regions and measures that the case has a value of.

    Returns
    -------
    AppliedReference
        With the group of the person's sex and age; if the reference has none, or it lacks a
        measure that the case has, that of the sex, then that of the age, then all people.
    """
    groups = {group.people: group for group in reference.groups}
    ages = ages_of(person.age_years) if person.age_years is not None else (None, None)
    wanted = People(person.sex, *ages)
    candidates = (wanted, People(person.sex), People(None, *ages), EVERYBODY)
    # What not even all people have has no score in any group.
    needed = [place for place in groups[EVERYBODY].by_place if place in places]
    passed_over = []
    for group in (groups[each] for each in candidates if each in groups):
        lacking = [place for place in needed if place not in group.by_place]
        if not lacking:
            break
        passed_over.append(_lacks(group, lacking[0]))
    few = [] if wanted in groups else [f"the reference has too few {wanted.text}"]
    reasons = [*_missing(person), *few, *dict.fromkeys(passed_over), *_outside(person, group)]
    return AppliedReference(
        reference.name,
        reference.created,
        reference_id(reference),
        reference.definition,
        group,
        "; ".join(reasons),
    )


def _missing(person: Person) -> Iterator[str]:
    absent = [
        what for what, value in (("sex", person.sex), ("age", person.age_years)) if value is None
    ]
    if absent:
        yield f"the scan's header does not tell the {' and the '.join(absent)}"


def _lacks(group: ReferenceGroup, place: Place) -> str:
    region, key = place
    title = next((each.title for each in REFERENCE_MEASURES if each.key == key), key)
    return f"too few {group.people.text} of the reference have {title} in the region {region}"


def _outside(person: Person, group: ReferenceGroup) -> Iterator[str]:
    age, low, high = person.age_years, group.lowest_age, group.highest_age
    if age is None or low is None or high is None:
        return
    # As the reference's ages: nobody of 95 is older than people whose ages read 90.
    age = min(age, HIGHEST_AGE_YEARS)
    if age < low:
        yield f"the person is younger than all of these, who are {low} to {high} years old"
    elif int(age) > high:
        yield f"the person is older than all of these, who are {low} to {high} years old"


@dataclass(frozen=True)
class Score:
    """One number of a case beside the reference.

    Attributes
    ----------
    value : float
        Of the case; NaN where there is none, or it is withheld.
    distribution : Distribution
        Of the people it is compared with.
    standing : Standing
        Where it stands.
    """

    value: float
    distribution: Distribution
    standing: Standing


def score(group: ReferenceGroup, region: str, measure: str, value: float) -> Score | None:
    """Score of one number; None if the reference does not have it."""
    found = group.by_place.get((region, measure))
    return Score(value, found, found.standing(value)) if found else None


def reference_record(
    reference: AppliedReference, values: Iterator[tuple[str, str, float]]
) -> dict[str, Any]:
    """Plain values of a comparison, fit for JSON.

    Parameters
    ----------
    reference : AppliedReference
        What the case is compared with.
    values : iterator of (str, str, float)
        Region, measure, and the case's value.

    Returns
    -------
    dict
        As ``result.schema.json`` says; what is not a number is NaN.
    """
    people, group = reference.group.people, reference.group
    scores = (score(group, region, measure, value) for region, measure, value in values)
    return {
        "name": reference.name,
        "created": reference.created,
        "id": reference.reference_id,
        "definition": definition_record(reference.definition),
        "group": {
            **dataclasses.asdict(people),
            "n": group.n,
            "lowest_age": group.lowest_age,
            "highest_age": group.highest_age,
            "text": people.text,
            "reason": reference.reason,
        },
        "scores": [_score_record(each) for each in scores if each],
    }


def _score_record(each: Score) -> dict[str, Any]:
    standing = each.standing
    return {
        **dataclasses.asdict(each.distribution),
        "value": each.value,
        "z": standing.z,
        "percentile": standing.percentile,
        "beyond": standing.beyond,
    }


def reference_of_record(values: dict[str, Any]) -> AppliedReference:
    """Read what a case was compared with, of plain values that follow the schema."""
    group = values["group"]
    return AppliedReference(
        values["name"],
        values["created"],
        values["id"],
        definition_of_record(values["definition"]),
        ReferenceGroup(
            People(group["sex"], group["age_from"], group["age_below"]),
            group["n"],
            group["lowest_age"],
            group["highest_age"],
            tuple(distribution_of_record(each) for each in values["scores"]),
        ),
        group["reason"],
    )


def reference_cells(
    reference: AppliedReference, region: str, values: dict[str, float]
) -> dict[str, str]:
    """Cells of `REFERENCE_COLUMNS` for one row of a table, not yet safe for spreadsheets.

    Parameters
    ----------
    reference : AppliedReference
        What the case is compared with.
    region : str
        Of the row.
    values : dict of str to float
        Of the case there, by measure.
    """
    cells = {"reference": reference.name, "reference_group": reference.group.people.text}
    for measure in REFERENCE_MEASURES:
        found = score(reference.group, region, measure.key, values[measure.key])
        z = found.standing.z if found else math.nan
        cells[f"{measure.key}_z"] = f"{z:.2f}" if math.isfinite(z) else ""
        cells[f"{measure.key}_percentile"] = found.standing.text if found else ""
    return cells


REFERENCE_COLUMNS = (
    "reference",
    "reference_group",
    *(f"{each.key}_{what}" for each in REFERENCE_MEASURES for what in ("z", "percentile")),
)
"""At the end of tables of cases that are compared with a reference."""
