"""Report, picture and contact sheet say how hilar blood counts, and where it begins."""

import dataclasses
import io

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.size_classes import VESSELS, SizeClass
from BV5AnalysisLib.imaging.parameters import Parameters
from helpers.html_page import Page

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.export.case_report import report_html
from BV5AnalysisLib.export.hilum_picture import hilum_png
from BV5AnalysisLib.export.wording import edits_sentence, hilum_sentence, method_paragraph
from BV5AnalysisLib.imaging.model.edits import Edits
from matplotlib import image as mpl_image

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def case(small_result):
    """The widest vessels of the small case are hilar: 2.5 mL a region."""
    labels = small_result.vessels.array.copy()
    labels[labels == SizeClass.BV10] = SizeClass.HILAR
    rows = tuple(dataclasses.replace(row, hilar_bv10_ml=2.5) for row in small_result.measurements)
    vessels = small_result.vessels.with_array(labels)
    return case_of("c", dataclasses.replace(small_result, vessels=vessels, measurements=rows))


def colored(png: bytes, size_class: SizeClass) -> int:
    picture = mpl_image.imread(io.BytesIO(png), format="png")[..., :3]
    return int((abs(picture - VESSELS[size_class].color) < 0.05).all(axis=-1).sum())


def test_the_picture_shows_hilar_vessels_in_their_color(case, small_result):
    png = hilum_png(case, small_result.scan.volume)
    assert colored(png, SizeClass.HILAR) > 300  # outlines, and more than the legend's line
    assert hilum_png(case_of("c", small_result), small_result.scan.volume) is None


def test_one_sentence_says_how_it_counts(case):
    apart = hilum_sentence(case)
    assert apart.startswith("Hilar blood is in no class and no percentage")
    assert "lung within 15 mm" in apart
    assert "less than 80 % of their sides; they hold 2.5 mL." in apart
    other = dataclasses.replace(case, parameters=Parameters(hilum="included", hilum_share=0.7))
    assert hilum_sentence(other).startswith("Hilar blood is included in all classes")
    assert "less than 70 %" in hilum_sentence(other)
    assert apart in method_paragraph(case)


def test_what_was_not_told_apart_is_said(case):
    rows = tuple(dataclasses.replace(row, hilar_bv10_ml=np.nan) for row in case.measurements)
    old = dataclasses.replace(case, measurements=rows, parameters=Parameters(hilum="included"))
    assert hilum_sentence(old).endswith("and was not told apart.")


def test_the_report_has_column_sentence_and_picture(case):
    page = Page(report_html(case, PNG, PNG, PNG + b"hilum"))
    assert page.cells[11].split()[0] == "2.5"
    assert page.text.count(hilum_sentence(case)) == 3  # table, picture, method
    assert "Where hilar vessels begin" in page.text
    assert "Where hilar vessels begin" not in Page(report_html(case, PNG, PNG)).text
    assert "mL, included" not in page.text
    other = dataclasses.replace(case, parameters=Parameters(hilum="included"))
    assert "mL, included" in Page(report_html(other, PNG, PNG)).text


def test_edits_are_of_all_blood(case):
    edited = dataclasses.replace(case, edits=Edits(erased_ml=0.5))
    both = case.measurements[0]
    whole = both.tpbv_ml + both.below_floor_ml + 2.5
    assert f"in a total of now {whole:.2f} mL of blood" in edits_sentence(edited)
