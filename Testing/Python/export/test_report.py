"""report.html: whole in itself, true to the numbers, and safe against any case name."""

import base64
import dataclasses
import re

import numpy as np
import pytest
from BV5AnalysisLib import __version__
from BV5AnalysisLib.imaging.model.edits import Edits
from BV5AnalysisLib.imaging.model.finding import Finding, Severity
from BV5AnalysisLib.imaging.model.tissue import OpacityVolumes
from BV5AnalysisLib.imaging.model.withheld import TOTALS, Withheld
from helpers.html_page import Page

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")
from BV5AnalysisLib.case.files import Review, case_of
from BV5AnalysisLib.export.case_report import number, report_html
from BV5AnalysisLib.export.histogram import histogram_png

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def page_of(small_result):
    def make(case: str = "case 1", **changes) -> Page:
        result = dataclasses.replace(small_result, **changes)
        shown = case_of(case, result)
        return Page(report_html(shown, overview=PNG + b"slices", vessels_3d=PNG + b"3d"))

    return make


def test_nothing_lies_outside_the_file(small_result):
    html = report_html(case_of("c", small_result), PNG, PNG)
    page = Page(html)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    for _tag, attributes in page.tags:
        for name in ("href", "src", "srcset", "data", "action"):
            assert attributes.get(name, "data:").startswith("data:")
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"url\(|@import|https?://", html)


def test_the_day_stands_below_the_title_if_it_is_known(small_result):
    case = dataclasses.replace(case_of("c", small_result), created="2026-11-22T10:00:00+00:00")
    assert f"BV5 Analysis {__version__}, 2026-11-22. For research" in report_html(case, PNG, PNG)
    undated = dataclasses.replace(case, created="", seconds={})
    assert f"BV5 Analysis {__version__}. For research" in report_html(undated, PNG, PNG)


def test_the_three_pictures_are_inside(page_of, small_result):
    sources = [attributes["src"] for tag, attributes in page_of().tags if tag == "img"]
    pictures = [
        base64.b64decode(source.removeprefix("data:image/png;base64,")) for source in sources
    ]
    assert pictures == [PNG + b"3d", PNG + b"slices", histogram_png(case_of("c", small_result))]
    assert all(attributes.get("alt") for tag, attributes in page_of().tags if tag == "img")


def test_an_error_of_any_code_stands_above_the_numbers(page_of):
    error = Finding("never_heard_of", Severity.ERROR, "A lung is <lost>.")
    text = page_of(findings=(error,)).text
    assert text.index("These numbers cannot be trusted") < text.index("TPBV")
    assert text.index("A lung is <lost>.") < text.index("total pulmonary blood volume")
    assert "cannot be trusted" not in page_of().text


def test_what_is_withheld_is_a_dash_with_its_reason(page_of):
    withheld = Withheld("incomplete_chest", "The scan shows a slab.", TOTALS)
    page = page_of(withheld=(withheld,))
    both = page.cells[:11]
    shares = ["6.0 4.0–8.0", "14.0 12.0–16.0", "80.0 78.0–82.0"]
    given = [text for share in shares for text in ("–", share)]
    assert both == ["Both lungs", *2 * ["–"], *given, "–", "1.17"]
    assert "Not given (–): The scan shows a slab." in page.text
    assert "Not given" not in page_of().text


def test_opacities_have_a_table_where_they_were_measured(page_of):
    assert "Reticulation" not in page_of().text
    page = page_of(opacities=(OpacityVolumes("both", 4000.0, 200.0, 40.0, 80.0),))
    row = ["Both lungs", "200", "5.0", "40", "1.0", "80", "2.0", "320", "8.0"]
    assert page.cells[-9:] == row


def test_the_table_holds_the_measurements(page_of):
    assert page_of().cells == [
        *(
            "Both lungs",
            "5,140",
            "6.0 5.4–6.6",
            "0.36 0.32–0.40",
            "6.0 4.0–8.0",
            "0.84 0.76–0.92",
            "14.0 12.0–16.0",
            "4.80 4.32–5.28",
            "80.0 78.0–82.0",
            "0.10",
            "1.17",
            "0.0 0.0–0.0",
        ),
        *(
            "Right lung",
            "2,570",
            "3.0 2.7–3.3",
            "0.18 0.16–0.20",
            "6.0 4.0–8.0",
            "0.42 0.38–0.46",
            "14.0 12.0–16.0",
            "2.40 2.16–2.64",
            "80.0 78.0–82.0",
            "0.05",
            "1.17",
            "0.0 0.0–0.0",
        ),
        *(
            "Left lung",
            "2,570",
            "3.0 2.7–3.3",
            "0.18 0.16–0.20",
            "6.0 4.0–8.0",
            "0.42 0.38–0.46",
            "14.0 12.0–16.0",
            "2.40 2.16–2.64",
            "80.0 78.0–82.0",
            "0.05",
            "1.17",
            "0.0 0.0–0.0",
        ),
    ]


def test_any_name_is_text_and_never_markup(page_of, small_result):
    region = dataclasses.replace(small_result.measurements[0], region="<b>lobe</b>")
    finding = Finding("odd", Severity.INFO, "<img src=x onerror=alert(1)>")
    page = page_of("<script>alert('&')</script>", measurements=(region,), findings=(finding,))
    tags = {tag for tag, _ in page.tags}
    assert "script" not in tags
    assert "b" not in tags
    assert "<script>alert('&')</script>" in page.text
    assert page.cells[0] == "<b>lobe</b>"
    assert sum(tag == "img" for tag, _ in page.tags) == 3


def test_findings_are_marked_by_severity(page_of):
    findings = tuple(
        Finding(severity.value, severity, f"About {severity.value}.")
        for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)
    )
    page = page_of(findings=findings)
    items = [attributes["class"] for tag, attributes in page.tags if tag == "li" and attributes]
    assert items == ["error", "warning", "info"]
    assert "Warning: About warning." in page.text


def test_no_findings_are_stated(page_of):
    assert "None." in page_of(findings=()).text


def test_the_method_names_this_runs_parameters(page_of, small_result):
    parameters = dataclasses.replace(
        small_result.parameters,
        minimum_csa_mm2=0.5,
        class_bounds_mm2=(4.0, 12.0),
        blood_hu=55.0,
    )
    calibration = dataclasses.replace(small_result.calibration, blood_hu=55.0)
    text = page_of(parameters=parameters, calibration=calibration).text
    assert "BV5 (0.5 ≤ CSA < 4 mm²), BV5-10 (4 ≤ CSA < 12 mm²), BV10 (CSA ≥ 12 mm²)" in text
    assert "Blood was taken as 55 HU, set by the user" in text
    assert "the upper quartile in the middle of the scan's wide vessels" in page_of().text


def test_the_method_tells_given_lungs_usual_blood_and_no_floor(page_of, small_result):
    text = page_of(
        lungs_given=True,
        findings=(Finding("blood_not_measured", Severity.WARNING, "Few vessels.", 40.0),),
        parameters=dataclasses.replace(small_result.parameters, minimum_csa_mm2=0.0),
    ).text
    assert "in given lungs, to which was added what they surround" in text
    assert "as usual without contrast agent" in text
    assert "there is no floor" in text
    assert "less than 0 mm²" not in text


def test_versions_input_and_citation_are_there(page_of, small_result):
    text = page_of().text
    for needed in (small_result.scan.sha256, "SimpleITK 2", "How to cite", "96 × 64 × 60"):
        assert needed in text


def test_no_blood_gives_dashes_and_no_bar(page_of, small_result):
    row = small_result.measurements[0]
    intervals = dataclasses.replace(row.intervals, bv5_pct=None, bv5_10_pct=None, bv10_pct=None)
    none = dataclasses.replace(row, bv5_ml=0.0, bv5_10_ml=0.0, bv10_ml=0.0, intervals=intervals)
    page = page_of(measurements=(none,))
    assert page.cells[4] == "–"
    assert "nan" not in page.text.lower()


def test_the_source_file_name_is_left_out(page_of, small_result):
    scan = dataclasses.replace(small_result.scan, source="Doe^Jane")
    assert "Doe" not in page_of(scan=scan).text


def test_numbers_for_people():
    assert number(1234.56) == "1,234.6"
    assert number(-850.0, 0) == "−850"
    assert number(float("nan")) == number(None) == "–"
    assert number(np.float32(1.5)) == "1.5"


def test_the_review_is_stated_and_never_markup(small_result):
    case = case_of("c", small_result)
    assert "Not reviewed." in Page(report_html(case, PNG, PNG)).text
    for status, title in (("accepted", "Accepted"), ("rejected", "Rejected")):
        review = Review(status, "Dr. <i>Ü</i>", "Line one\n<b>two</b>", "2026-11-22T10:00:00+01:00")
        page = Page(report_html(dataclasses.replace(case, review=review), PNG, PNG))
        assert f"{title} by Dr. <i>Ü</i> on 2026-11-22." in page.text
        assert "Line one\n<b>two</b>" in page.text
        assert not {"i", "b"} & {tag for tag, _ in page.tags}
        assert any(a.get("class") == f"review {status}" for _, a in page.tags)


def test_edits_are_told_in_ml(small_result):
    case = case_of("c", small_result)
    assert "Edited by hand" not in Page(report_html(case, PNG, PNG)).text
    unchanged = dataclasses.replace(case, edits=Edits())
    assert "Edited by hand" not in Page(report_html(unchanged, PNG, PNG)).text
    edited = dataclasses.replace(case, edits=Edits(erased_ml=0.123, added_ml=1.5))
    text = Page(report_html(edited, PNG, PNG)).text
    assert "total of now 6.10 mL of blood: 0.12 mL erased, 1.50 mL added." in text
    lungs = dataclasses.replace(case, edits=Edits(lung_volume_changed_ml=12.34))
    text = Page(report_html(lungs, PNG, PNG)).text
    assert "of blood: none moved. The lungs' volumes changed by 12.3 mL." in text
