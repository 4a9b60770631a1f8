"""The pages people read of a cohort: each one self-contained HTML file."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ... import __version__
from ...study.cohort.result import Cohort, CohortResult
from ...study.statistics.comparisons import TEST_NAMES
from ..html import html_environment
from .figures import CohortFigure
from .pairs import pairs_block
from .patients import characteristics_block
from .style import COLORS, COLORS_ON_DARK, inline_svg
from .tables import Block, adjusted_block, correlation_block, roc_block, table_one
from .wording import (
    BY_RANKS,
    chosen_test,
    effect_names,
    estimate_text,
    interval_text,
    p_phrase,
    references,
    subscripted,
    summary_text,
)

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_LISTED = 200
"""More cases or cells than these are in the CSV files only."""


@dataclass(frozen=True)
class Card:
    """One number at the head of the page."""

    title: str
    value: str
    text: str
    color: str = ""


@dataclass(frozen=True)
class Listing:
    """Cases or cells that the page names, up to `MOST_LISTED`; `file` names all."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    file: str


def table_one_html(blocks: Sequence[Block]) -> str:
    """Table 1 as a page of its own, plain enough to be copied into a manuscript.

    Parameters
    ----------
    blocks : sequence of Block
        As `cohorttables.table_one` gives them; any text in them is escaped.

    Returns
    -------
    str
        HTML.
    """
    return _environment().get_template("table1.html.j2").render(blocks=blocks, version=__version__)


def cohort_html(result: CohortResult, figures: Sequence[CohortFigure]) -> str:
    """Report of a cohort, with nothing outside the file.

    Parameters
    ----------
    result : CohortResult
        What to report; any text in it is escaped.
    figures : sequence of CohortFigure
        As `cohortfigures.cohort_figures` draws them.

    Returns
    -------
    str
        HTML with styles and figures inside, for light and dark screens and A4 paper.
    """
    by_name = {figure.name: figure for figure in figures}
    blocks = {
        "pairs": pairs_block(result),
        "patients": characteristics_block(result),
        "correlations": correlation_block(result, result.correlations)
        if result.correlations
        else None,
        "adjusted": adjusted_block(result),
        "rocs": roc_block(result),
    }
    return (
        _environment()
        .get_template("cohort.html.j2")
        .render(
            result=result,
            n=len(result.cohort.cases),
            version=__version__,
            colors=COLORS,
            colors_on_dark=COLORS_ON_DARK,
            cards=_cards(result),
            sections=_sections(result, blocks, by_name),
            most_listed=MOST_LISTED,
            **_listings(result.cohort),
            references=references(result),
            table_one=table_one(result),
            figures=by_name,
            **blocks,
        )
    )


def _environment() -> Environment:
    return html_environment({"printed": _printed, "inline": inline_svg})


def _listings(cohort: Cohort) -> dict[str, Listing]:
    """Return what was left out: scans, clinical rows and cells."""
    excluded = tuple((each.case, each.reason) for step in cohort.flow for each in step.excluded)
    rows = tuple((each.case, each.reason) for each in cohort.without_scan)
    cells = tuple((each.case, each.column, each.text, each.reason) for each in cohort.unusable)
    case = ("Case", "Reason")
    cell = ("Case", "Column", "Cell", "Reason")
    return {
        "excluded": Listing("Scans that were excluded", case, excluded, "exclusions.csv"),
        "without_scan": Listing(
            "Rows of the clinical table without a scan", case, rows, "exclusions.csv"
        ),
        "unusable": Listing(
            "Cells of the clinical table that count as missing", cell, cells, "unusable_cells.csv"
        ),
    }


def _printed(text: str) -> str:
    """Keep ``n = 32`` and ``95 % CI`` on one line, and set blood gases as papers do."""
    bound = re.sub(r"(?<=\bn) = (?=\d)|(?<=\d) (?=%)|(?<=%) (?=CI)", _with_fixed_spaces, text)
    return subscripted(bound)


def _with_fixed_spaces(match: re.Match[str]) -> str:
    return match[0].replace(" ", "\u00a0")


def _cards(result: CohortResult) -> list[Card]:
    """Return the main measure in each group, and how they differ."""
    if not result.comparisons:
        return []
    main = result.comparisons[0]
    test = chosen_test([main])
    by_ranks = test in BY_RANKS
    values = "median (quartiles)" if by_ranks else "mean (SD)"
    cards = [
        Card(
            f"{main.measure.title}, {group.label}",
            summary_text(summary, by_ranks),
            f"{values}, n = {summary.n}",
            f"var(--group-{index % len(COLORS)})",
        )
        for index, (group, summary) in enumerate(zip(result.groups, main.summaries, strict=True))
    ]
    if not test:
        return [*cards, Card("Comparison", "–", main.problem)]
    tested = f"{TEST_NAMES[test]}, {p_phrase(main.tests[0].p)}"
    if main.difference is None:
        return [*cards, Card("Comparison", p_phrase(main.tests[0].p), TEST_NAMES[test])]
    title = f"Difference of {effect_names(test)[0]} ({interval_text(result)})"
    return [*cards, Card(title, estimate_text(main.difference), tested)]


def _sections(
    result: CohortResult, blocks: Mapping[str, Block | None], figures: Collection[str]
) -> list[tuple[str, str]]:
    """Return anchors and titles of the sections that the page has."""
    patients = blocks["patients"]
    there: dict[str, tuple[str, object]] = {
        "notes": ("Notes", result.cohort.notes or result.cohort.unusable),
        "flow": ("Flow", result.cohort.flow),
        "table1": ("Table 1", True),
        "groups": ("Groups", "groups" in figures),
        "pairs": ("Pairs", blocks["pairs"]),
        "patients": ("Patients", patients and patients.rows),
        "correlations": ("Correlations", blocks["correlations"]),
        "adjusted": ("Adjusted", blocks["adjusted"]),
        "roc": ("ROC", blocks["rocs"]),
        "histograms": ("Distributions", "histograms" in figures),
        "methods": ("Methods", True),
    }
    return [(key, title) for key, (title, wanted) in there.items() if wanted]
