"""What the numbers mean, in the report: the definition, published means, and the reference."""

import dataclasses

import pytest
from BV5AnalysisLib.imaging.model.scan import Person
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.study.reference import People, ReferenceGroup
from helpers.html_page import Page
from helpers.references import group, reference

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.export.case_report import report_html
from BV5AnalysisLib.export.interpretation import comparison, meaning

PNG = b"\x89PNG\r\n\x1a\n"


def page(case) -> Page:
    return Page(report_html(case, PNG, PNG))


def test_the_definition_is_that_of_the_case(small_result):
    text = meaning(case_of("c", small_result))
    assert "that run inside the lung; blood at the hilum is reported separately" in text
    assert "vessels of 1.25 ≤ area < 5 mm², 5 ≤ area < 10 mm², and area ≥ 10 mm²" in text
    parameters = Parameters(minimum_csa_mm2=0.0, hilum="included")
    other = meaning(case_of("c", dataclasses.replace(small_result, parameters=parameters)))
    assert "inside the lung or at the hilum" in other
    assert "0 ≤ area < 5 mm²" in other


def test_without_a_reference_the_box_says_how_to_make_one(small_result):
    shown = page(case_of("c", small_result))
    assert "What the numbers mean" in shown.text
    assert "57 %" in shown.text
    assert "no cut-off" in shown.text
    assert "bv5 cohort --reference" in shown.text
    assert "z score" not in shown.text


def test_with_a_reference_the_box_has_the_scores(small_result):
    scan = dataclasses.replace(small_result.scan, person=Person(45.0, "female"))
    result = dataclasses.replace(small_result, scan=scan)
    women = group(People("female", 40, 60), n=40)
    shown = page(case_of("c", result, reference(group(), women, name="Klinik <Ü>")))
    assert "Compared with women of 40 to 59 years (n = 40)" in shown.text
    assert "of the reference Klinik <Ü> of 2026-11-30" in shown.text
    assert "fewer than 120 people" in shown.text
    place = shown.cells.index("BV5 (%)")
    assert shown.cells[place : place + 6] == [
        "BV5 (%)", "6.0", "10.0 (2.0)", "7.0 to 13.0", "−2.00", "<5",
    ]  # fmt: skip
    titles = shown.cells[place::6][:7]
    assert titles == [
        "BV5 (%)", "BV5-10 (%)", "BV10 (%)", "BV5 (mL)", "BV5-10 (mL)", "BV10 (mL)", "TPBV (mL)",
    ]  # fmt: skip
    assert "bv5 cohort --reference" not in shown.text


def test_it_is_said_if_the_people_are_others(small_result):
    case = case_of("c", small_result, reference(with_counts(150)))
    text = comparison(case, case.reference)
    assert "Compared with all people (n = 150)" in text
    assert "(the scan's header does not tell the sex and the age)" in text
    assert "unsure" not in text


def test_people_are_counted_by_measure(small_result):
    case = case_of("c", small_result, reference(with_counts(150, tpbv_ml=100)))
    text = comparison(case, case.reference)
    assert "Compared with all people (n = 100 to 150 by measure)" in text
    assert "fewer than 120 people" in text


def with_counts(n: int, **others: int) -> ReferenceGroup:
    """All people, with n values of each measure, or as many as said."""
    made = group(n=n)
    counted = tuple(
        dataclasses.replace(each, n=others.get(each.measure, n)) for each in made.distributions
    )
    return dataclasses.replace(made, distributions=counted)
