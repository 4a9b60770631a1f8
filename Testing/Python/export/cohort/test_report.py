"""A cohort's pages and folder: whole in themselves, true to the numbers, safe against any text."""

import csv
import dataclasses
import io
import re
import shutil

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.statistics.statistical_results import Comparison, Summary
from BV5AnalysisLib.study.values import Exclusion, FlowStep, Group, UnusableCell
from helpers.cohorts import cohort_result
from helpers.html_page import Page

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")
from BV5AnalysisLib.case.output_folder import output_folder
from BV5AnalysisLib.export.cohort.cohort_folder import COHORT, write_cohort
from BV5AnalysisLib.export.cohort.cohort_report import MOST_LISTED, cohort_html, table_one_html
from BV5AnalysisLib.export.cohort.figures import FIGURES, cohort_figures
from BV5AnalysisLib.export.cohort.pairs_table import pairs_block
from BV5AnalysisLib.export.cohort.table_blocks import table_one

HOSTILE = "<script>alert('x')</script>\"&{{7*7}}"


@pytest.fixture(scope="module")
def result():
    return cohort_result()


@pytest.fixture(scope="module")
def html(result):
    return cohort_html(result, cohort_figures(result))


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def hostile(result):
    """Every text that comes from others is markup."""
    label = [Group(HOSTILE + group.label, group.members) for group in result.groups]
    comparisons = tuple(dataclasses.replace(each, problem=HOSTILE) for each in result.comparisons)
    variable = dataclasses.replace(result.correlations[0].variable, name=HOSTILE)
    correlations = (dataclasses.replace(result.correlations[0], variable=variable),)
    roc = dataclasses.replace(result.rocs[0], outcome=HOSTILE)
    cohort = dataclasses.replace(
        result.cohort,
        flow=(FlowStep(HOSTILE, 50, (Exclusion(HOSTILE, HOSTILE),)),),
        notes=(HOSTILE,),
        unusable=(UnusableCell(HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        without_scan=(Exclusion(HOSTILE, HOSTILE),),
    )
    return dataclasses.replace(
        result,
        cohort=cohort,
        grouping=HOSTILE,
        groups=tuple(label),
        comparisons=comparisons,
        correlations=correlations,
        rocs=(roc,),
        methods=(HOSTILE,),
        definitions=(HOSTILE,),
        software={HOSTILE: HOSTILE},
    )


def test_nothing_lies_outside_the_file(html, page):
    assert not {"script", "link", "iframe", "object", "image", "img"} & {
        tag for tag, _ in page.tags
    }
    for _tag, attributes in page.tags:
        for name in ("href", "xlink:href", "src", "srcset", "data", "action"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"url\((?!#)|@import|https?://", html)


def test_links_of_the_page_have_their_places_and_no_identifier_is_double(page):
    identifiers = page.ids()
    assert len(identifiers) == len(set(identifiers))
    links = [attributes for tag, attributes in page.tags if tag == "a"]
    targets = {attributes["href"].removeprefix("#") for attributes in links}
    assert {"flow", "table1", "groups", "correlations", "methods"} <= targets <= set(identifiers)


def test_every_figure_is_inside_and_described(page):
    assert {f"figure-{name}" for name in FIGURES} <= set(page.ids())
    drawings = [attributes for _, attributes in page.tags if attributes.get("role") == "img"]
    assert len(drawings) == len(FIGURES)
    assert all(attributes["aria-label"] for attributes in drawings)


def test_numbers_of_table_one_are_on_the_page(result, page):
    for block in table_one(result):
        for cell in (cell for row in block.rows for cell in row):
            assert cell in page.text
    first = result.comparisons[0]
    assert f"{first.summaries[0].mean:.2f} ({first.summaries[0].sd:.2f})" in page.text


def test_whatever_was_left_out_is_told(page):
    for text in ("scan-3", "rejected in review", "patient-77", "case-00003", "is no number"):
        assert text in page.text
    assert "FiO₂ of 3 patients is estimated" in page.text


def test_long_lists_end_with_a_word_on_the_rest(result):
    excluded = tuple(Exclusion(f"scan-{index}", "why") for index in range(MOST_LISTED + 7))
    flow = (FlowStep("all", 300), FlowStep("some", 50, excluded))
    cohort = dataclasses.replace(result.cohort, flow=flow)
    page = Page(cohort_html(dataclasses.replace(result, cohort=cohort), ()))
    assert f"scan-{MOST_LISTED - 1}" in page.text
    assert f"scan-{MOST_LISTED}" not in page.text
    assert "And 7 more, in exclusions.csv." in page.text


def test_text_of_others_is_never_markup(result):
    changed = hostile(result)
    for html in (
        cohort_html(changed, cohort_figures(changed)),
        table_one_html(table_one(changed)),
    ):
        page = Page(html)
        assert "script" not in {tag for tag, _ in page.tags}
        assert HOSTILE in page.text
        assert "{{7*7}}" in page.text


def test_dark_and_print_have_colors_of_their_own(html):
    assert "prefers-color-scheme: dark" in html
    light, dark = re.findall(r"--group-0: (#[0-9a-fA-F]{6})", html)[:2]
    assert light != dark
    assert "@media print" in html
    used = set(re.findall(r"var\((--[a-z0-9-]+)", html))
    assert used <= set(re.findall(r"(--[a-z0-9-]+):", html))


def test_a_comparison_that_could_not_be_made_says_why_at_the_head(result):
    failed = dataclasses.replace(
        result.comparisons[0], difference=None, effect_size=None, tests=(), problem="n is too small"
    )
    page = Page(cohort_html(dataclasses.replace(result, comparisons=(failed,)), ()))
    assert page.text.index("n is too small") < page.text.index("Table 1", 200)


def test_a_result_with_hardly_anything_has_a_page(result):
    cohort = dataclasses.replace(
        result.cohort, flow=(), notes=(), unusable=(), without_scan=(), variables=()
    )
    bare = dataclasses.replace(
        result,
        cohort=cohort,
        comparisons=(),
        characteristics=(),
        categories=(),
        correlations=(),
        adjusted=None,
        rocs=(),
    )
    page = Page(cohort_html(bare, cohort_figures(bare)))
    assert {"table1", "methods"} <= set(page.ids())
    assert not {"flow", "groups", "roc", "patients", "notes"} & set(page.ids())


@pytest.mark.parametrize("groups", [3, 5])
def test_more_groups_have_cards_and_no_difference(groups):
    some = cohort_result(60, groups)
    page = Page(cohort_html(some, ()))
    assert sum(attributes.get("class") == "card" for _, attributes in page.tags) == groups + 1
    # That of the pairs; no card and no column of Table 1.
    assert page.text.count("Difference of means") == 1


def test_no_number_that_is_none_is_printed(result):
    columns = {
        key: np.full(50, np.nan) if values.dtype != object else values
        for key, values in result.cohort.columns.items()
    }
    cohort = dataclasses.replace(result.cohort, columns=columns)
    nan = float("nan")
    nothing = (Summary(0, nan, nan, nan, nan, nan),) * 2
    comparisons = tuple(
        Comparison(each.measure, nothing, None, None, (), nan, "no values")
        for each in result.comparisons
    )
    changed = dataclasses.replace(result, cohort=cohort, comparisons=comparisons)
    page = Page(cohort_html(changed, cohort_figures(changed)))
    assert not re.search(r"\bnan\b|\binf\b", page.text, re.IGNORECASE)
    assert "no values" in page.text


@pytest.fixture(scope="module")
def written(tmp_path_factory, result):
    place = tmp_path_factory.mktemp("cohort") / "study"
    with output_folder(place, COHORT) as folder:
        write_cohort(folder, result)
    return place


def contents(folder) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_folder_holds_what_it_says(written):
    names = {path.relative_to(written).as_posix() for path in written.rglob("*")}
    # Pairs are of three or more groups.
    assert names == set(COHORT.names) - {"pairs.csv"}
    assert COHORT.holds(written)
    text = (written / "cohort.csv").read_text(encoding="utf-8")
    assert len(list(csv.DictReader(io.StringIO(text)))) == 50


def test_three_groups_are_told_in_pairs(tmp_path):
    three = cohort_result(groups=3)
    write_cohort(tmp_path, three)
    assert (tmp_path / "pairs.csv").exists()
    page = Page((tmp_path / "cohort.html").read_text(encoding="utf-8"))
    assert "pairs" in page.ids()
    for block in (pairs_block(three),):
        for cell in (cell for row in block.rows for cell in row):
            assert cell in page.text


def test_the_same_result_gives_the_same_bytes(written, tmp_path, result):
    other = tmp_path / "other"
    other.mkdir()
    write_cohort(other, result)
    assert contents(other) == contents(written)


def test_no_file_names_a_date_or_a_place(written, tmp_path):
    for content in contents(written).values():
        assert str(tmp_path).encode() not in content
        assert not re.search(rb"20\d\d-\d\d-\d\d", content)


def test_a_folder_of_ours_is_replaced_but_no_file_of_others_within(written, tmp_path):
    place = tmp_path / "study"
    shutil.copytree(written, place)
    with output_folder(place, COHORT, overwrite=True) as folder:
        (folder / "cohort.json").write_bytes((written / "cohort.json").read_bytes())
    assert [path.name for path in place.iterdir()] == ["cohort.json"]
    (place / "figures").mkdir()
    (place / "figures" / "groups.svg").touch()
    mine = place / "figures" / "mine.png"
    mine.write_bytes(b"drawn by hand")
    with (
        pytest.raises(AnalysisError, match=r"also holds figures/mine\.png"),
        output_folder(place, COHORT, overwrite=True),
    ):
        pytest.fail("the folder was given")
    assert mine.read_bytes() == b"drawn by hand"


def test_without_some_figures_their_files_are_absent(tmp_path, result):
    write_cohort(tmp_path, dataclasses.replace(result, rocs=(), comparisons=(), correlations=()))
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"flow.svg", "flow.png"}
