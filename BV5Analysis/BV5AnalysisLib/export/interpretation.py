"""What the numbers of a case mean, in words, and where they stand among healthy people."""

from __future__ import annotations

from dataclasses import dataclass

from ..case.applied_reference import AppliedReference, Score, score
from ..case.case import Case
from ..imaging.model.size_classes import SizeClass
from ..study.measures import MEASURES
from ..study.reference import PERCENTILES
from .wording import class_range, number

PUBLISHED = (
    "Published means, as cited, differ as much as methods do: BV5 was 57 % of the blood in healthy"
    " volunteers (Lins 2020) and 30 % in inpatients without COVID-19 (Morris 2021), by the same"
    " vendor's software; 58 to 62 % by scale-space particles, which count from 0 mm². How tightly"
    " the lungs were closed at the hilum moved one scan by 15 points; more need for oxygen in"
    " COVID-19 moved the mean by 5.3. So no cut-off of a publication holds for these numbers."
    " Sources: docs/interpretation.md."
)
WITHOUT_REFERENCE = (
    "Compare them with people measured in the same way: “bv5 cohort --reference” makes a reference"
    " of a site's healthy scans, and “bv5 analyze --reference” says where a scan stands."
)
FEW = 120
"""People below whom the ends of a reference are unsure, by the recommendation of CLSI EP28."""


@dataclass(frozen=True)
class ScoreRow:
    """One row of the box: a number of both lungs beside the reference.

    Attributes
    ----------
    title : str
        Measure and unit.
    value, mean, sd, lowest, highest, z : str
        As the report shows them; the lowest and highest percentile.
    percentile : str
        Such as ``37`` or ``<5``.
    """

    title: str
    value: str
    mean: str
    sd: str
    lowest: str
    highest: str
    z: str
    percentile: str


def meaning(case: Case) -> str:
    """Say what BV5, the other classes and TPBV are in this case."""
    parameters = case.parameters
    ranges = [
        class_range(size_class, parameters).replace("CSA", "area")
        for size_class in (SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10)
    ]
    place = (
        "run inside the lung; blood at the hilum is reported separately"
        if parameters.hilum_apart
        else "run inside the lung or at the hilum"
    )
    return (
        f"BV5, BV5-10 and BV10 are the blood in vessels of {ranges[0]}, {ranges[1]}, and"
        f" {ranges[2]} that {place}. TPBV is their sum: blood in vessels that a CT shows, without"
        " capillaries and the large vessels outside the lung. BV5 % falls where small vessels"
        " lose blood, and as well where large ones gain some: read it with the volumes."
    )


def comparison(case: Case, reference: AppliedReference) -> str:
    """Say with whom a case is compared, and how many of them have the measures of the box."""
    reason = f" ({reference.reason})" if reference.reason else ""
    counts = [each.distribution.n for _, each in _scores(case, reference)] or [reference.group.n]
    least, most = min(counts), max(counts)
    n = f"n = {least}" if least == most else f"n = {least} to {most} by measure"
    few = f" With fewer than {FEW} people its ends are unsure." if least < FEW else ""
    return (
        f"Compared with {reference.group.people.text} ({n}) of the reference {reference.name} of"
        f" {reference.created[:10]}, measured by the same definition and version{reason}. A z score"
        " is the distance from the mean in standard deviations, a percentile the share of these"
        f" people with less.{few}"
    )


def score_rows(case: Case) -> list[ScoreRow]:
    """Rows of the box, for both lungs; empty without a reference."""
    if case.reference is None:
        return []
    return [_row(title, each) for title, each in _scores(case, case.reference)]


def _scores(case: Case, reference: AppliedReference) -> list[tuple[str, Score]]:
    """Titles and scores of the first region, which is both lungs."""
    both = case.measurements[0]
    found = (
        (each.title, score(reference.group, both.region, each.key, case.value(both, each.key)))
        for each in MEASURES
    )
    return [(title, each) for title, each in found if each]


def _row(title: str, each: Score) -> ScoreRow:
    limits = each.distribution.percentiles
    return ScoreRow(
        title,
        number(each.value),
        number(each.distribution.mean),
        number(each.distribution.sd),
        number(limits[0]),
        number(limits[-1]),
        number(each.standing.z, 2),
        each.standing.text or "–",
    )


ENDS = (PERCENTILES[0], PERCENTILES[-1])
"""Which percentiles the box shows."""
