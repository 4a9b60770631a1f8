"""The report people read and keep: one self-contained HTML file."""

from __future__ import annotations

import base64
import math
from typing import Any

from .. import __version__
from ..case.case import Case
from ..case.opacities_csv import KEYS, KINDS
from ..case.record import case_record
from ..imaging.model.finding import Severity
from ..imaging.model.intervals import HIGH, LOW
from ..imaging.model.measurements import Measurement
from ..imaging.model.size_classes import VESSELS
from ..imaging.model.tissue import OpacityVolumes
from .histogram import histogram_png
from .html import html_environment
from .interpretation import (
    ENDS,
    PUBLISHED,
    WITHOUT_REFERENCE,
    comparison,
    meaning,
    score_rows,
)
from .wording import (
    COUNTED,
    REFERENCES,
    SEVERITY_TITLES,
    class_range,
    edits_sentence,
    hilum_sentence,
    interval_sentence,
    method_paragraph,
    number,
    review_sentence,
)

_REGION_TITLES = {"both": "Both lungs", "right": "Right lung", "left": "Left lung"}


def report_html(
    case: Case, overview: bytes, vessels_3d: bytes, hilum_picture: bytes | None = None
) -> str:
    """Report of one analysis, with nothing outside the file.

    Parameters
    ----------
    case : Case
        What to report; any text in it is escaped.
    overview, vessels_3d : bytes
        PNG of the slices and of the 3D view.
    hilum_picture : bytes, optional
        PNG of where hilar vessels begin, see `hilum_picture.hilum_png`.

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
        rows=[_table_row(case, row) for row in case.measurements],
        tpbv_ml=case.value(case.measurements[0], "tpbv_ml"),
        tpbv_range=_range(case, case.measurements[0], "tpbv_ml"),
        intervals=interval_sentence(case),
        opacity_kinds=[(kind.name, kind.hex_color) for kind in KINDS],
        opacity_rows=[_opacity_row(case, row) for row in case.opacities],
        errors=[each.text for each in case.findings if each.severity == Severity.ERROR],
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
        hilum=hilum_sentence(case),
        meaning=meaning(case),
        published=PUBLISHED,
        comparison=comparison(case, case.reference) if case.reference else WITHOUT_REFERENCE,
        score_rows=score_rows(case),
        score_ends=ENDS,
        hilum_picture=hilum_picture,
    )


def _class_rows(case: Case) -> list[dict[str, Any]]:
    """Values of the three counted classes, both lungs."""
    both = case.measurements[0]
    return [
        {
            "name": VESSELS[size_class].name,
            "color": VESSELS[size_class].hex_color,
            "range": class_range(size_class, case.parameters),
            "ml": case.value(both, f"{VESSELS[size_class].key}_ml"),
            "pct": case.value(both, f"{VESSELS[size_class].key}_pct"),
            "pct_range": _range(case, both, f"{VESSELS[size_class].key}_pct"),
        }
        for size_class in COUNTED
    ]


def _table_row(case: Case, row: Measurement) -> dict[str, Any]:
    def value(measure: str) -> float:
        return case.value(row, measure)

    def given(measure: str, decimals: int = 1) -> tuple[str, str]:
        return number(value(measure), decimals), _range(case, row, measure, decimals)

    return {
        "title": _REGION_TITLES.get(row.region, row.region),
        "lung_volume_ml": value("lung_volume_ml"),
        "tpbv": given("tpbv_ml"),
        "below_floor_ml": value("below_floor_ml"),
        "hilar": given("hilar_ml"),
        "tpbv_ml_per_l": value("tpbv_ml_per_l"),
        "classes": [
            (given(f"{VESSELS[c].key}_ml", 2), given(f"{VESSELS[c].key}_pct")) for c in COUNTED
        ],
    }


def _range(case: Case, row: Measurement, measure: str, decimals: int = 1) -> str:
    """Interval of a value as text; empty where it has none."""
    low, high = (case.value(row, measure + end) for end in (LOW, HIGH))
    if not math.isfinite(low):
        return ""
    return f"{number(low, decimals)}–{number(high, decimals)}"


def _opacity_row(case: Case, row: OpacityVolumes) -> dict[str, Any]:
    return {
        "title": _REGION_TITLES.get(row.region, row.region),
        "kinds": [(case.value(row, f"{key}_ml"), case.value(row, f"{key}_pct")) for key in KEYS],
    }


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
