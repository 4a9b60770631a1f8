"""Contact sheet of a batch, ``index.html``: every case at a glance, to sort, filter and enlarge."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from ... import __version__
from ...imaging.model.finding import Severity
from ...imaging.model.size_classes import VESSELS
from ...imaging.parameters import Parameters
from ..html import html_environment
from ..wording import COUNTED, SEVERITY_TITLES, class_range, number
from .finished_case import FinishedCase

if TYPE_CHECKING:
    from jinja2 import Template

SORT_KEYS = {
    "plan": "Errors first, then order of the batch",
    "name": "Case",
    "findings": "Quality findings",
    "bv5_pct": "BV5, %",
    "bv5_10_pct": "BV5-10, %",
    "bv10_pct": "BV10, %",
    "bv5_ml": "BV5, mL",
    "bv5_10_ml": "BV5-10, mL",
    "bv10_ml": "BV10, mL",
    "tpbv_ml": "TPBV, mL",
    "below_floor_ml": "Below floor, mL",
    "lung_volume_ml": "Lung volume, mL",
    "tpbv_ml_per_l": "TPBV, mL per L of lung",
    "hilar_ml": "Hilar, mL",
}
"""What cases can be sorted by: title by key."""
NUMBER_KEYS = tuple(SORT_KEYS)[3:]


@dataclass(frozen=True)
class ContactSheetContent:
    """What stands above the cards.

    Attributes
    ----------
    measured, failed, to_do : int
        Numbers of cases.
    with_errors : int
        Measured ones with an error, whose numbers cannot be trusted.
    with_warnings : int
        Measured ones with a warning or an error.
    reviews : dict of str to int
        Numbers of reviewed cases by verdict.
    definitions : tuple of str
        Of the classes; more than one if cases are not comparable.
    """

    measured: int
    failed: int
    to_do: int
    with_errors: int
    with_warnings: int
    reviews: dict[str, int]
    definitions: tuple[str, ...]


def sheet_of(finished: Iterable[FinishedCase], failed: int, to_do: int) -> ContactSheetContent:
    """Count what stands above the cards."""
    finished = list(finished)
    reviews = Counter(case.review for case in finished if case.review)
    return ContactSheetContent(
        measured=len(finished),
        failed=failed,
        to_do=to_do,
        with_errors=sum(not case.trusted for case in finished),
        with_warnings=sum(_is_doubtful(case) for case in finished),
        reviews=dict(sorted(reviews.items())),
        definitions=tuple(sorted({_definition(case.parameters) for case in finished})),
    )


def index_html(sheet: ContactSheetContent, cards: Sequence[str]) -> str:
    """Text of the contact sheet.

    Parameters
    ----------
    sheet : ContactSheetContent
        What stands above the cards.
    cards : sequence of str
        As `measured_card` and `failed_card` give them, in the order of the batch.

    Returns
    -------
    str
        HTML that needs nothing but the folders of the cases beside it; for light and dark screens
        and paper.
    """
    return _template("batchindex.html.j2").render(
        sheet=sheet,
        cards=cards,
        sort_keys=SORT_KEYS,
        classes=[
            {"name": VESSELS[size_class].name, "color": VESSELS[size_class].hex_color}
            for size_class in COUNTED
        ],
        definitions=sheet.definitions,
        version=__version__,
    )


def measured_card(case: FinishedCase, choice: str) -> str:
    """HTML of a case that was measured; any text in it is escaped.

    Parameters
    ----------
    case : FinishedCase
        What to show.
    choice : str
        Why this series and no other; empty where there was no choice.
    """
    return _template("batchcard.html.j2").render(
        case=case,
        choice=choice,
        link=_link(case),
        pictures=_pictures(case),
        classes=_class_values(case),
        tpbv=number(case.values["tpbv_ml"]),
        lungs=number(case.values["lung_volume_ml"], 0),
        hilar=number(case.values["hilar_ml"]),
        findings=[
            (severity.value, SEVERITY_TITLES[severity], text) for severity, text in case.findings
        ],
        keys={key: _sort_value(case.values[key]) for key in NUMBER_KEYS},
        rank=_rank(case),
        doubtful=_is_doubtful(case),
        trusted=case.trusted,
    )


def failed_card(name: str, problem: str, choice: str) -> str:
    """HTML of a case that could not be measured; any text in it is escaped."""
    return _template("batchfailure.html.j2").render(name=name, problem=problem, choice=choice)


@functools.cache
def _template(name: str) -> Template:
    return html_environment().get_template(name)


@functools.cache
def _definition(parameters: Parameters) -> str:
    return "; ".join(
        f"{VESSELS[size_class].name}: {class_range(size_class, parameters)}"
        for size_class in COUNTED
    ) + (
        f"; hilar blood apart (lung on less than {100 * parameters.hilum_share:g} % of sides)"
        if parameters.hilum_apart
        else "; hilar blood included"
    )


def _link(case: FinishedCase) -> str:
    """Page to open for a case, or its folder where there is no report."""
    return f"{quote(case.name)}/{'report.html' if 'report.html' in case.files else ''}"


def _pictures(case: FinishedCase) -> list[dict[str, str]]:
    shown = (
        ("vessels_3d.png", "vessels_3d_small.jpg", "Vessels in 3D"),
        ("overview.png", "overview_small.jpg", "Slices with vessels outlined"),
    )
    return [
        {
            "large": f"{quote(case.name)}/{large}",
            "small": f"{quote(case.name)}/{small if small in case.files else large}",
            "alt": alt,
        }
        for large, small, alt in shown
        if large in case.files
    ]


def _class_values(case: FinishedCase) -> list[dict[str, str]]:
    rows, end = [], 0.0
    for size_class in COUNTED:
        key = VESSELS[size_class].key
        start, end = end, end + (case.values[f"{key}_pct"] or 0.0)
        rows.append(
            {
                "name": VESSELS[size_class].name,
                "color": VESSELS[size_class].hex_color,
                "pct": number(case.values[f"{key}_pct"]),
                "ml": number(case.values[f"{key}_ml"]),
                "start": f"{start:.1f}",
                "end": f"{end:.1f}",
            }
        )
    return rows


def _sort_value(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _rank(case: FinishedCase) -> int:
    """How much there is to find fault with: any error before all warnings, those before notes."""
    counts = Counter(severity for severity, _ in case.findings)
    return 10_000 * counts[Severity.ERROR] + 100 * counts[Severity.WARNING] + counts[Severity.INFO]


def _is_doubtful(case: FinishedCase) -> bool:
    return any(severity != Severity.INFO for severity, _ in case.findings)
