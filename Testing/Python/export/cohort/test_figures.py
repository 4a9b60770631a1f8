"""A cohort's figures: what they show, and that they are fit to publish."""

import dataclasses
import io
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from BV5AnalysisLib.study.measures import BV5_PCT
from BV5AnalysisLib.study.statistics.statistical_results import Estimate
from BV5AnalysisLib.study.values import Exclusion, FlowStep, Group
from helpers.cohorts import LABELS, cohort_result

pytest.importorskip("matplotlib")
from BV5AnalysisLib.export.cohort import panels as cohortplots
from BV5AnalysisLib.export.cohort import style as figurestyle
from BV5AnalysisLib.export.cohort.figures import FIGURES, cohort_figures
from BV5AnalysisLib.export.cohort.flow import exclusion_lines
from matplotlib.image import imread

SVG = "{http://www.w3.org/2000/svg}"
NAN = float("nan")


def only(result, name: str):
    """What one figure is drawn from: the others take time."""
    nothing = {}
    if name != "flow":
        nothing["cohort"] = dataclasses.replace(result.cohort, flow=())
    if name != "groups":
        nothing["comparisons"] = ()
    if name != "scatter":
        nothing["correlations"] = ()
    if name != "roc":
        nothing["rocs"] = ()
    return dataclasses.replace(result, **nothing)


def drawn(result) -> dict:
    return {figure.name: figure for figure in cohort_figures(result)}


@pytest.fixture(scope="module")
def result():
    return cohort_result()


@pytest.fixture(scope="module")
def figures(result):
    return drawn(result)


def pixels(figure) -> np.ndarray:
    """(h, w, 3) of 0 to 255."""
    return (imread(io.BytesIO(figure.picture.png))[..., :3] * 255).round().astype(int)


def near(image: np.ndarray, color: str, tolerance: int = 60) -> np.ndarray:
    """Where an image has a color, or it mixed with some paper."""
    wanted = [int(color[start : start + 2], 16) for start in (1, 3, 5)]
    return (abs(image - wanted) <= tolerance).all(axis=-1)


def tags(figure, name: str) -> list[ET.Element]:
    return list(ET.fromstring(figure.picture.svg).iter(f"{SVG}{name}"))


def test_all_kinds_are_there_in_their_order(figures):
    assert tuple(figures) == FIGURES
    assert all(figure.title and figure.caption for figure in figures.values())


@pytest.mark.parametrize("name", FIGURES)
def test_png_has_300_dots_an_inch_of_a_journals_column(figures, name):
    height, width, _ = pixels(figures[name]).shape
    assert width == pytest.approx(figures[name].picture.width_mm / 25.4 * 300, abs=1)
    assert round(figures[name].picture.width_mm, 6) in {85.0, 175.0}
    assert height < 240 / 25.4 * 300  # Fits a page.


@pytest.mark.parametrize("name", FIGURES)
def test_svg_is_well_formed_self_contained_and_has_no_font(figures, name):
    svg = figures[name].picture.svg
    assert ET.fromstring(svg).get("viewBox")
    assert tags(figures[name], "text") == []
    assert "nan" not in svg.lower()
    assert set(re.findall(r'href="(.)', svg)) == {"#"}


def test_every_time_the_same_bytes(result, figures):
    again = drawn(result)
    for name, figure in figures.items():
        assert again[name].picture.svg == figure.picture.svg
        assert again[name].picture.png == figure.picture.png


@pytest.mark.parametrize("name", ["groups", "scatter", "histograms"])
def test_both_groups_are_seen_in_their_colors(figures, name):
    image = pixels(figures[name])
    for color in figurestyle.COLORS[:2]:
        assert near(image, color).mean() > 0.0002
    assert near(image, figurestyle.COLORS[2], 20).mean() < 1e-4


def test_boxes_stand_at_the_quartiles(result):
    values = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9])
    with figurestyle.figure_style():
        axes = figurestyle.new_figure(60, 60).subplots()
        cohortplots.draw_boxes(axes, [values, np.array([])], ["a", "b"])
    heights = {y for line in axes.lines[1:] for y in np.asarray(line.get_ydata(), float).tolist()}
    assert {1.0, 3.0, 5.0, 7.0, 9.0} <= heights
    points = axes.lines[0]
    assert np.array_equal(points.get_ydata(), values)
    assert (abs(np.asarray(points.get_xdata())) < 0.31).all()


def test_histograms_are_in_percent_of_each_group():
    with figurestyle.figure_style():
        axes = figurestyle.new_figure(60, 60).subplots()
        cohortplots.draw_histogram(axes, [np.arange(10.0), np.arange(40.0) / 4])
    outlines = [patch for patch in axes.patches if not patch.get_fill()]
    assert [patch.get_data().values.sum() for patch in outlines] == pytest.approx([100, 100])


def test_a_line_rises_with_the_data_and_lies_in_its_band(result):
    x = np.arange(30.0)
    with figurestyle.figure_style():
        axes = figurestyle.new_figure(60, 60).subplots()
        everyone = (Group("all", np.ones(30, bool)),)
        cohortplots.draw_scatter(axes, x, 2 * x + np.sin(x), everyone, 0.95)
    points, line = axes.lines
    assert len(points.get_xdata()) == 30
    assert np.polyfit(line.get_xdata(), line.get_ydata(), 1)[0] == pytest.approx(2, abs=0.05)
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() < line.get_ydata().min()
    assert band[:, 1].max() > line.get_ydata().max()


def test_curves_go_from_corner_to_corner_and_say_their_area(result):
    roc = dataclasses.replace(result.rocs[0], auc=Estimate(0.71, 0.55, 0.86))
    with figurestyle.figure_style():
        axes = figurestyle.new_figure(60, 90).subplots()
        cohortplots.draw_rocs(axes, [roc])
    curve = axes.lines[1].get_xydata()
    assert curve[0].tolist() == [0, 0]
    assert curve[-1].tolist() == [1, 1]
    assert axes.get_legend().get_texts()[0].get_text() == "BV5 (%), low: AUC 0.71 (0.55 to 0.86)"


def test_few_points_are_vectors_and_many_an_image_within_them(figures):
    assert tags(figures["scatter"], "image") == []
    many = drawn(only(cohort_result(2000), "scatter"))
    assert len(tags(many["scatter"], "image")) >= 3
    assert len(many["scatter"].picture.svg) < 1_500_000
    image = pixels(many["scatter"])
    assert near(image, figurestyle.COLORS[0]).mean() > 0.005


def overlaps(boxes) -> bool:
    ordered = sorted(boxes, key=lambda box: box.x0)
    return any(left.x1 > right.x0 for left, right in pairwise(ordered))


@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        ("A", "B"),
        ("survivors of intensive care", "deceased in hospital"),
        ("x" * 60, "y" * 60),
        ("a", "b", "c", "d", "e"),
        tuple("abcdefghijkl"),
    ],
    ids=["seed", "short", "long", "one word", "five", "twelve"],
)
def test_names_below_the_boxes_do_not_run_into_each_other(labels):
    groups = [Group(label, np.ones(3, bool)) for label in labels]
    with figurestyle.figure_style():
        figure = figurestyle.new_figure(figurestyle.DOUBLE_MM, 104)
        panels = figurestyle.grid_of_axes(figure, 8, 4)
        names = cohortplots.tick_labels(groups)
        for axes in panels:
            cohortplots.draw_boxes(axes, [np.arange(3.0)] * len(groups), names)
            axes.set_ylabel("BV5 (%)")
        figure.draw_without_rendering()
        for axes in panels:
            assert not overlaps([tick.get_window_extent() for tick in axes.get_xticklabels()])


@pytest.mark.parametrize(
    ("count", "name"),
    [
        (2, "Hospital number {}, north"),
        (3, "Hospital number {}, north"),
        (4, "a very long name " * 20 + "{}"),
        (5, "Hospital number {}, north"),
        (12, "Hospital number {}, north"),
    ],
)
def test_the_legend_of_any_number_of_groups_stays_within_the_figure(count, name):
    groups = [Group(name.format(index), np.ones(3, bool)) for index in range(count)]
    with figurestyle.figure_style():
        figure = figurestyle.new_figure(figurestyle.DOUBLE_MM, 104)
        panels = figurestyle.grid_of_axes(figure, 7, 4)
        panels[3].axis("off")
        handles = cohortplots.legend_handles(groups)
        size = cohortplots.legend_size(groups)
        legend = panels[3].legend(handles=handles, loc="center", fontsize=size)
        legend.set_in_layout(False)
        figure.draw_without_rendering()
        box, page = legend.get_window_extent(), figure.bbox
    assert box.x0 > panels[2].get_window_extent().x1
    assert box.x1 <= page.x1
    assert box.y1 <= page.y1


@pytest.mark.parametrize("unit", ["%", "mL", ""])
def test_the_legends_of_roc_curves_stay_within_the_figure(result, unit):
    rocs = tuple(each for each in result.rocs if unit in {"", each.measure.unit})
    image = pixels(drawn(only(dataclasses.replace(result, rocs=rocs), "roc"))["roc"])
    # A millimeter of paper is left on each side.
    for edge in (image[-12:], image[:2], image[:, -2:], image[:, :2]):
        assert (edge == 255).all()


def test_many_groups_are_drawn():
    assert tuple(drawn(cohort_result(60, 12))) == FIGURES


def test_a_cohort_with_hardly_anything_is_drawn():
    small = cohort_result(9)
    columns = dict(small.cohort.columns)
    columns["bv5_pct"] = np.full(9, 40.0)
    columns["bv10_ml"] = np.full(9, NAN)
    members = np.arange(9) < 1
    changed = dataclasses.replace(
        small,
        cohort=dataclasses.replace(small.cohort, columns=columns),
        groups=(Group("one", members), Group("none", np.zeros(9, bool))),
        rocs=(),
    )
    assert "roc" not in drawn(changed)
    assert {"groups", "histograms", "scatter"} <= set(drawn(changed))


def test_without_data_there_is_no_figure():
    some = cohort_result(12)
    nothing = dataclasses.replace(
        some,
        cohort=dataclasses.replace(some.cohort, flow=()),
        groups=(),
        comparisons=(),
        correlations=(),
        rocs=tuple(dataclasses.replace(each, problem="nobody died") for each in some.rocs),
    )
    assert cohort_figures(nothing) == ()


def test_names_with_markup_or_formulas_are_drawn_as_they_are():
    some = cohort_result(12)
    labels = ("<b>$\\frac{1}$ 東京", "a & b_$x \U0001f9e0")
    groups = tuple(
        dataclasses.replace(group, label=label)
        for group, label in zip(some.groups, labels, strict=True)
    )
    for figure in drawn(only(dataclasses.replace(some, groups=groups), "groups")).values():
        ET.fromstring(figure.picture.svg)


def test_nothing_global_stays_changed(result):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    cohort_figures(only(result, "roc"))
    assert dict(mpl.rcParams) == before


def test_reasons_are_counted_most_frequent_first_and_the_rest_is_told():
    excluded = [Exclusion(str(index), "no clinical row") for index in range(5)]
    excluded += [Exclusion("x", "rejected in review")]
    assert exclusion_lines(excluded) == [
        "Excluded (n = 6)",
        "• no clinical row (n = 5)",
        "• rejected in review (n = 1)",
    ]
    many = [Exclusion(str(index), f"reason {index}") for index in range(20)]
    lines = exclusion_lines(many)
    assert len(lines) == 10
    assert lines[-1] == "• 12 other reasons (n = 12)"


def test_a_flow_of_many_long_steps_fits_its_figure():
    some = cohort_result(12)
    steps = tuple(
        FlowStep(
            "with a very long condition that goes over more than one line of its box, surely",
            40 - index,
            tuple(Exclusion(str(i), f"long reason number {i} " * 4) for i in range(4)),
        )
        for index in range(4)
    )
    flow = dataclasses.replace(some.cohort, flow=steps)
    image = pixels(drawn(only(dataclasses.replace(some, cohort=flow), "flow"))["flow"])
    dark = (image < 128).all(axis=-1)
    assert dark[:8].mean() == 0
    assert dark[-8:].mean() == 0
    assert not dark[:, :8].any()
    assert not dark[:, -8:].any()


def test_inline_svg_has_its_own_identifiers_and_the_pages_colors(figures):
    inline = figurestyle.inline_svg(figures["scatter"].picture.svg, "scatter")
    identifiers = re.findall(r'\bid="([^"]*)"', inline)
    assert identifiers
    assert all(each.startswith("scatter-") for each in identifiers)
    targets = re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', inline)
    assert {a or b for a, b in targets} <= set(identifiers)
    assert "var(--group-0)" in inline
    assert "var(--ink)" in inline
    assert not re.search(r"#[0-9a-f]{6}\b", inline)
    assert "http" not in inline
    root = ET.fromstring(inline.replace("xlink:href", "href"))
    assert root.get("viewBox")
    assert root.get("width") is None


def test_main_measure_is_drawn_against_what_was_correlated(result):
    one = tuple(
        each
        for each in result.correlations
        if each.measure == BV5_PCT and each.variable.key == "pao2_mmhg"
    )
    result = only(result, "scatter")
    figure = drawn(dataclasses.replace(result, correlations=one))["scatter"]
    assert figure.picture.width_mm == pytest.approx(figurestyle.SINGLE_MM)
    failed = tuple(dataclasses.replace(each, problem="constant") for each in one)
    assert "scatter" not in drawn(dataclasses.replace(result, correlations=failed))
