"""The report people read and keep: one self-contained HTML file."""

from __future__ import annotations

import base64
from typing import Any

from .. import __version__
from ..case.case import Case
from ..case.record import case_record
from ..imaging.model.measurements import Measurement
from ..imaging.model.size_classes import VESSELS
from .histogram import histogram_png
from .html import html_environment
from .wording import (
    COUNTED,
    REFERENCES,
    SEVERITY_TITLES,
    class_range,
    edits_sentence,
    method_paragraph,
    number,
    review_sentence,
)

_REGION_TITLES = {"both": "Both lungs", "right": "Right lung", "left": "Left lung"}


def report_html(case: Case, overview: bytes, vessels_3d: bytes) -> str:
    """Report of one analysis, with nothing outside the file.

    Parameters
    ----------
    case : Case
        What to report; any text in it is escaped.
    overview, vessels_3d : bytes
        PNG of the slices and of the 3D view.

    Returns
    -------
    str
        HTML with styles and pictures inside, for light and dark screens and A4 paper.
    """
    environment = html_environment({"number": number, "data_uri": _data_uri})
    return environment.get_template("report.html.j2").render(
        case=case,
        record=case_record(case),
        version=__version__,
        classes=_class_rows(case),
        rows=[_table_row(row) for row in case.measurements],
        findings=[
            (finding.severity.value, SEVERITY_TITLES[finding.severity], finding.text)
            for finding in case.findings
        ],
        pictures={
            "vessels_3d": vessels_3d,
            "overview": overview,
            "histogram": histogram_png(case),
        },
        review=review_sentence(case.review),
        edits=edits_sentence(case),
        references=REFERENCES,
        method=method_paragraph(case),
    )


def _class_rows(case: Case) -> list[dict[str, Any]]:
    """Values of the three counted classes, both lungs."""
    both = case.measurements[0]
    return [
        {
            "name": VESSELS[size_class].name,
            "color": VESSELS[size_class].hex_color,
            "range": class_range(size_class, case.parameters),
            "ml": getattr(both, f"{VESSELS[size_class].key}_ml"),
            "pct": getattr(both, f"{VESSELS[size_class].key}_pct"),
        }
        for size_class in COUNTED
    ]


def _table_row(row: Measurement) -> dict[str, Any]:
    return {
        "title": _REGION_TITLES.get(row.region, row.region),
        "lung_volume_ml": row.lung_volume_ml,
        "tpbv_ml": row.tpbv_ml,
        "below_floor_ml": row.below_floor_ml,
        "classes": [
            (getattr(row, f"{VESSELS[c].key}_ml"), getattr(row, f"{VESSELS[c].key}_pct"))
            for c in COUNTED
        ],
    }


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
