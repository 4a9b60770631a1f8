"""A cohort in the scene: its tables of text, its plots by numbers and as Slicer draws them."""

import dataclasses
import xml.etree.ElementTree as ElementTree
import zipfile

import numpy as np
import pytest
import slicer
from BV5AnalysisLib.scene.case.bundle import save_scene
from BV5AnalysisLib.scene.cohort.chart import COLORS, drawable
from BV5AnalysisLib.scene.cohort.cohort_curves import box_outline, cohort_charts, in_lines
from BV5AnalysisLib.scene.cohort.cohort_layout import (
    cohort_layout_xml,
    fill_cohort_views,
    shown_charts,
)
from BV5AnalysisLib.scene.cohort.cohort_nodes import add_cohort, remove_cohort
from BV5AnalysisLib.scene.cohort.cohort_tables import cohort_blocks
from BV5AnalysisLib.scene.views.offscreen import OffscreenApplication
from BV5AnalysisLib.scene.views.review_layout import (
    COHORT_LAYOUT_ID,
    LAYOUT_ID,
    restore_layout,
    show_layout,
)
from BV5AnalysisLib.study.cohort.plot_data import box_of
from BV5AnalysisLib.study.cohort.result import CohortResult
from BV5AnalysisLib.study.values import Group
from scene.cohort_data import PAO2, made_result
from scene.offscreen_plot import drawn_chart
from vtk.util.numpy_support import vtk_to_numpy


@pytest.fixture(scope="module")
def result() -> CohortResult:
    return made_result()


@pytest.fixture
def nodes(application, result):
    return add_cohort(application.scene, result, "Cohort ü")


def cells(table) -> list[list[str]]:
    columns, rows = range(table.GetNumberOfColumns()), range(table.GetNumberOfRows())
    return [[table.GetCellText(row, column) for column in columns] for row in rows]


def header(table) -> list[str]:
    names = [table.GetColumnName(index) for index in range(table.GetNumberOfColumns())]
    return [table.GetColumnTitle(name) for name in names]


def of_series(series) -> tuple[np.ndarray, np.ndarray]:
    table = series.GetTableNode().GetTable()
    return tuple(
        vtk_to_numpy(table.GetColumnByName(name))
        for name in (series.GetXColumnName(), series.GetYColumnName())
    )


def series_of(chart) -> dict:
    count = chart.GetNumberOfPlotSeriesNodes()
    return {each.GetName(): each for each in map(chart.GetNthPlotSeriesNode, range(count))}


def all_nodes(scene) -> list[str]:
    return [scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())]


# Tables


def test_table_one_is_that_of_the_files(nodes, result):
    table = nodes.tables["table1"]
    assert header(table)[0] == "Measure"
    assert header(table)[1] == "Oxygen ≤ 2 L/min (n = 33), mean (SD)"
    first = dict(zip(header(table), cells(table)[0], strict=True))
    low, high = result.comparisons[0].summaries
    assert first["Measure"] == "BV5 (%)"
    assert list(first.values())[1:3] == [f"{each.mean:.2f} ({each.sd:.2f})" for each in (low, high)]
    assert first["p"] == "0.023"
    assert len(cells(table)) == 7
    assert table.GetLocked()
    assert "Welch" in table.GetDescription()


def test_all_tables_are_there_and_a_table_that_would_be_one_twice_is_not(nodes):
    assert list(nodes.tables) == [
        *("table1", "table1Correlations", "patients", "adjusted", "roc", "flow", "notes", "cases")
    ]
    assert cells(nodes.tables["table1Correlations"])[0] == [
        "Correlation with PaO₂ (mmHg)",
        *[""] * 4,
    ]


def test_the_flow_tells_who_left_and_why(nodes):
    assert cells(nodes.tables["flow"]) == [
        ["All scans", "54", ""],
        ["– excluded: twice", "1", "x9"],
        ["Scans with measurements", "53", ""],
        ["– excluded: no clinical data", "3", "y0, y1, y2"],
        ["With clinical data", "50", ""],
        ["Oxygen ≤ 2 L/min", "33", ""],
        ["Oxygen > 2 L/min", "17", ""],
    ]


def test_notes_tell_each_thing_once(nodes, result):
    notes = cells(nodes.tables["notes"])
    texts = [note for _about, note in notes]
    assert len(texts) == len(set(texts))
    assert ["Treated as missing", "PaO2 of case-03, n/a: is no number"] in notes
    assert ["Clinical data without a scan", "z1: no scan of this name"] in notes
    assert notes[-1] == ["Methods", result.methods[0]]
    assert any("4 excluded" in note for note in texts)
    assert not any("exclusions.csv" in note for note in texts)


def test_the_cases_have_all_their_numbers(nodes, result):
    table = nodes.tables["cases"].GetTable()
    assert table.GetNumberOfRows() == 50
    pao2 = vtk_to_numpy(table.GetColumnByName("pao2_mmhg"))
    np.testing.assert_allclose(pao2, result.cohort.columns["pao2_mmhg"], atol=1e-3)
    assert np.isnan(pao2[3])
    assert table.GetColumnByName("group").GetValue(0) == "Oxygen > 2 L/min"
    assert table.GetColumnByName("sex").GetValue(0) in ("F", "M")
    assert nodes.tables["cases"].GetColumnTitle("age") == "Age (years)"


def test_long_lists_of_cases_are_cut(result):
    cohort = dataclasses.replace(
        result.cohort,
        flow=tuple(
            dataclasses.replace(step, excluded=step.excluded * 15) for step in result.cohort.flow
        ),
    )
    rows = cohort_blocks(dataclasses.replace(result, cohort=cohort))["flow"].rows
    assert rows[3][:2] == ("– excluded: no clinical data", "45")
    assert rows[3][2].endswith(" and 25 more")
    assert rows[3][2].count(",") == 19


# Plots


def test_the_plot_by_group_shows_every_patient_beside_its_box(nodes, result):
    chart = nodes.charts["groups"]
    assert chart.GetTitle() == "BV5 (%) by group, Welch's t test p = 0.023"
    assert chart.GetXAxisTitle() == "1: Oxygen ≤ 2 L/min (n = 33);\n2: Oxygen > 2 L/min (n = 17)"
    series = series_of(chart)
    for place, group in enumerate(result.groups, 1):
        x, y = of_series(series[group.label])
        expected = result.cohort.columns["bv5_pct"][group.members]
        np.testing.assert_allclose(y, expected, atol=0.006)
        assert (abs(x - place) < 0.25).all()
        assert len(np.unique(x)) == len(x)
        labels = series[group.label].GetTableNode().GetTable().GetColumnByName("case")
        first = result.cohort.cases[np.flatnonzero(group.members)[0]]
        assert series[group.label].GetLabelColumnName() == "case"
        assert labels.GetValue(0) == first
        box_x, box_y = of_series(series[f"{group.label}, box"])
        median = np.median(expected)
        assert np.isclose(box_y, median, atol=0.006).sum() == 3
        assert box_x.mean() == pytest.approx(place, abs=0.1)
    low, high = chart.GetYAxisRange()
    assert low < result.cohort.columns["bv5_pct"].min()
    assert high > result.cohort.columns["bv5_pct"].max()


def test_whiskers_end_at_the_last_value_within_their_reach():
    values = np.array([0.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 30.0])
    _, y = box_outline(1, box_of(values))
    assert (y.min(), y.max()) == (9.0, 14.0)
    _, y = box_outline(1, box_of(np.full(4, 5.0)))
    assert set(y) == {5.0}


def test_the_regression_goes_through_all_pairs_and_none_that_lacks_a_value(nodes, result):
    chart = nodes.charts["scatter.pao2_mmhg"]
    assert chart.GetTitle() == "BV5 against PaO2: R = 0.30 (0.02 to 0.53),\np = 0.034, n = 49"
    assert chart.GetXAxisTitle() == "PaO2 (mmHg)"
    series = series_of(chart)
    shown = sum(len(of_series(series[group.label])[0]) for group in result.groups)
    assert shown == 49
    x, y = (result.cohort.columns[key] for key in ("pao2_mmhg", "bv5_pct"))
    known = np.isfinite(x)
    slope, intercept = np.polyfit(x[known], y[known], 1)
    line_x, line_y = of_series(series["Regression"])
    np.testing.assert_allclose(line_y, slope * line_x + intercept, atol=0.01)
    lower = of_series(series["95 % confidence, lower"])[1]
    upper = of_series(series["95 % confidence, upper"])[1]
    assert (lower < line_y).all()
    assert (line_y < upper).all()
    assert np.argmin(upper - lower) == pytest.approx(len(line_x) / 2, abs=12)


def test_the_distribution_holds_all_patients_of_each_group(nodes, result):
    series = series_of(nodes.charts["histogram"])
    for group in result.groups:
        x, y = of_series(series[group.label])
        assert (x[0], y[0], y[-1]) == (pytest.approx(x.min()), 0.0, 0.0)
        heights = y[1:-1:2]
        assert heights.sum() == pytest.approx(100.0, abs=0.1)
    assert nodes.charts["histogram"].GetLegendVisibility()


def test_roc_curves_carry_their_areas_and_leave_out_those_without_cases(nodes):
    series = series_of(nodes.charts["roc"])
    assert list(series) == [
        "BV5 (%), low: AUC 0.71 (0.50 to 0.88)",
        "BV5-10 (%), high: AUC 0.60 (0.40 to 0.80)",
        "Chance",
    ]
    x, y = of_series(series["Chance"])
    np.testing.assert_array_equal(x, y)
    assert nodes.charts["roc"].GetYAxisRange()[1] > 1.2  # The legend is above the curves.
    assert "roc.volumes" not in nodes.charts


def test_what_has_no_values_has_no_plot(result):
    columns = dict(result.cohort.columns, pao2_mmhg=np.full(50, np.nan))
    cohort = dataclasses.replace(result.cohort, columns=columns)
    charts = cohort_charts(dataclasses.replace(result, cohort=cohort, rocs=()))
    assert [chart.key for chart in charts] == ["groups", "histogram"]
    assert cohort_charts(dataclasses.replace(result, comparisons=(), rocs=())) == ()


def test_a_group_without_values_and_one_value_for_all_are_drawn(application, result):
    columns = dict(result.cohort.columns, bv5_pct=np.full(50, 40.0))
    columns["bv5_pct"][result.groups[1].members] = np.nan
    cohort = dataclasses.replace(result.cohort, columns=columns)
    nodes = add_cohort(application.scene, dataclasses.replace(result, cohort=cohort), "c")
    low, high = nodes.charts["groups"].GetYAxisRange()
    assert low < 40 < high
    for chart in nodes.charts.values():
        for series in series_of(chart).values():
            for values in of_series(series):
                assert np.isfinite(values).all()
                assert len(values)


def test_a_group_of_one_patient_is_drawn_without_complaint(application, result):
    one = np.arange(50) == 1
    groups = (Group("all others", ~one), Group("one", one))
    nodes = add_cohort(application.scene, dataclasses.replace(result, groups=groups), "c")
    for key in ("groups", "scatter.pao2_mmhg"):
        assert len(pixels_of_color(drawn_chart(nodes.charts[key]), COLORS[1])) > 10
        x, y = of_series(series_of(nodes.charts[key])["one"])
        assert len(set(zip(x, y, strict=True))) == 1


def pixels_of_color(pixels: np.ndarray, color: tuple[float, ...]) -> np.ndarray:
    """Columns of the pixels that have a color."""
    near = np.abs(pixels - 255 * np.array(color)).max(axis=-1) < 12
    return np.nonzero(near)[1]


def test_slicer_draws_groups_beside_each_other(nodes):
    pixels = drawn_chart(nodes.charts["groups"])
    first, second = (pixels_of_color(pixels, color) for color in COLORS[:2])
    assert len(first) > 33 * 10
    assert len(second) > 17 * 10
    assert first.max() < second.min()


def test_slicer_draws_lines_and_points_of_the_scatter_plot(nodes):
    pixels = drawn_chart(nodes.charts["scatter.pao2_mmhg"])
    assert all(len(pixels_of_color(pixels, color)) > 150 for color in COLORS[:2])
    line = pixels_of_color(pixels[100:380, 60:600], (0.1, 0.11, 0.13))
    assert np.ptp(line) > 300


def test_ten_thousand_patients_are_drawn(application):
    nodes = add_cohort(application.scene, made_result(10_000), "many")
    pixels = drawn_chart(nodes.charts["groups"])
    first, second = (pixels_of_color(pixels, color) for color in COLORS[:2])
    assert first.max() < second.min()
    assert nodes.tables["cases"].GetNumberOfRows() == 10_000


def test_views_of_a_row_are_of_one_width():
    rows = ElementTree.fromstring(cohort_layout_xml()).findall(".//layout[@type='horizontal']")
    sizes = [[item.get("splitSize") for item in row.findall("item")] for row in rows]
    assert [len(row) for row in sizes] == [2, 3]
    assert all(len(set(row)) == 1 and None not in row for row in sizes)


@pytest.mark.parametrize("size", [(326, 388), (404, 527), (511, 575)])
@pytest.mark.parametrize("key", ["groups", "scatter.pao2_mmhg", "roc", "histogram"])
def test_titles_of_plots_are_not_cut_off(nodes, key, size):
    ink = drawn_chart(nodes.charts[key], size).min(axis=-1) < 128
    columns = np.flatnonzero(ink.any(axis=0))
    assert columns.min() > 1
    assert columns.max() < size[0] - 2


@pytest.mark.parametrize("key", ["roc", "histogram"])
def test_no_curve_runs_below_the_legend(nodes, key):
    size = (326, 388)
    chart = nodes.charts[key]
    with_legend = drawn_chart(chart, size).astype(int)
    chart.SetLegendVisibility(False)
    without = drawn_chart(chart, size).astype(int)
    rows, columns = np.nonzero(np.abs(with_legend - without).max(axis=-1) > 40)
    box = without[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    # The curves' colors are strong; the grid is faint.
    assert np.ptp(box, axis=-1).max() < 40


def test_axes_of_groups_have_whole_numbers_in_small_windows(nodes):
    low, high = nodes.charts["groups"].GetXAxisRange()
    assert high - low >= 4.2
    assert (low + high) / 2 == pytest.approx(1.5)


def test_text_that_views_cannot_draw_is_written_in_another_way():
    assert drawable("PaO₂/FiO₂ ≤ 2") == "PaO2/FiO2 ≤ 2"
    assert drawable("$5 or $6") == r"\$5 or \$6"


def test_many_groups_are_told_in_lines_below_the_axis():
    lines = in_lines([f"{place}: a group's name" for place in range(1, 6)]).split("\n")
    assert [line.count("a group") for line in lines] == [2, 2, 1]
    assert max(map(len, lines)) <= 45  # The separator may be one more.
    assert in_lines(["1: " + "x" * 99, "2: y"]).startswith("1: xxx")


# The scene


def test_all_nodes_are_in_one_folder(application, nodes):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(application.scene)
    assert hierarchy.GetItemName(nodes.folder) == "Cohort ü"
    for node in (*nodes.tables.values(), *nodes.charts.values()):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == nodes.folder
        assert node.GetName().startswith("Cohort ü: ")
    for series in series_of(nodes.charts["roc"]).values():
        for node in (series, series.GetTableNode()):
            inner = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))
            assert hierarchy.GetItemName(inner) == "Data of the plots"
            assert hierarchy.GetItemParent(inner) == nodes.folder


def test_a_cohort_of_the_same_name_is_replaced_and_others_stay(application, result):
    empty = all_nodes(application.scene)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(application.scene)
    add_cohort(application.scene, result, "one")
    other = add_cohort(application.scene, result, "two")
    count, items = len(all_nodes(application.scene)), hierarchy.GetNumberOfItems()
    again = add_cohort(application.scene, result, "one")
    assert len(all_nodes(application.scene)) == count
    assert hierarchy.GetNumberOfItems() == items
    assert other.tables["table1"].GetScene() is application.scene

    users = application.scene.AddNewNodeByClass("vtkMRMLTextNode", "mine")
    hierarchy.CreateItem(again.folder, users)
    remove_cohort(application.scene, "one")
    remove_cohort(application.scene, "two")
    assert all_nodes(application.scene) == [*empty, users.GetID()]
    assert hierarchy.GetItemName(again.folder) == "one"
    remove_cohort(application.scene, "one")


def test_a_cohort_is_saved_and_read_with_the_scene(application, result, tmp_path):
    strange = 'a/b & <c> "d" ü'
    groups = (Group(strange, result.groups[0].members), result.groups[1])
    result = dataclasses.replace(result, groups=groups, grouping=strange)
    before = add_cohort(application.scene, result, strange)
    save_scene(application.scene, tmp_path / "scene.mrb")
    with zipfile.ZipFile(tmp_path / "scene.mrb") as bundle:
        bundle.extractall(tmp_path / "unpacked")
    other = OffscreenApplication()
    other.scene.SetURL(str(tmp_path / "unpacked" / "scene" / "scene.mrml"))
    assert other.scene.Import(None)
    for key, table in before.tables.items():
        read = other.scene.GetFirstNodeByName(table.GetName())
        assert header(read) == header(table), key
        assert cells(read) == cells(table), key
    for chart in before.charts.values():
        read = other.scene.GetFirstNodeByName(chart.GetName())
        assert read.GetTitle() == chart.GetTitle()
        assert read.GetYAxisRange() == pytest.approx(chart.GetYAxisRange(), rel=1e-5)
        for name, series in series_of(chart).items():
            np.testing.assert_allclose(
                of_series(series_of(read)[name]), of_series(series), atol=1e-3
            )
    remove_cohort(other.scene, strange)
    assert other.scene.GetNumberOfNodesByClass("vtkMRMLPlotSeriesNode") == 0


# Views


def test_the_layout_is_one_that_slicer_understands(application):
    layout = slicer.vtkMRMLLayoutLogic()
    layout.SetMRMLScene(application.scene)
    node = layout.GetLayoutNode()
    node.SetViewArrangement(node.SlicerLayoutOneUp3DView)
    show_layout(node, COHORT_LAYOUT_ID, cohort_layout_xml())
    assert node.GetViewArrangement() == COHORT_LAYOUT_ID
    show_layout(node)
    assert node.GetViewArrangement() == LAYOUT_ID
    restore_layout(node)
    assert node.GetViewArrangement() == node.SlicerLayoutOneUp3DView
    show_layout(node, COHORT_LAYOUT_ID, cohort_layout_xml())
    restore_layout(node)
    assert node.GetViewArrangement() == node.SlicerLayoutOneUp3DView
    restore_layout(node)
    assert node.GetViewArrangement() == node.SlicerLayoutOneUp3DView
    layout.SetMRMLScene(None)


def test_views_show_the_tables_and_the_plots_that_matter_most(application, nodes):
    layout = slicer.vtkMRMLLayoutLogic()
    layout.SetMRMLScene(application.scene)
    show_layout(layout.GetLayoutNode(), COHORT_LAYOUT_ID, cohort_layout_xml())
    fill_cohort_views(application.scene, nodes)
    views = layout.GetViewNodes()
    shown = [views.GetItemAsObject(index) for index in range(views.GetNumberOfItems())]
    assert {view.GetLayoutName(): view.GetNodeReferenceID(role(view)) for view in shown} == {
        "TableView1": nodes.tables["table1"].GetID(),
        "TableView2": nodes.tables["table1Correlations"].GetID(),
        "PlotView1": nodes.charts["groups"].GetID(),
        "PlotView2": nodes.charts["scatter.pao2_mmhg"].GetID(),
        "PlotView3": nodes.charts["roc"].GetID(),
    }
    layout.SetMRMLScene(None)


def role(view) -> str:
    return "table" if view.IsA("vtkMRMLTableViewNode") else "plotChart"


def test_without_roc_and_correlation_the_distribution_is_shown(application, result):
    fewer = dataclasses.replace(result, correlations=(), rocs=())
    nodes = add_cohort(application.scene, fewer, "fewer")
    keys = {chart.GetID(): key for key, chart in nodes.charts.items()}
    assert [keys[chart.GetID()] for chart in shown_charts(nodes)] == ["groups", "histogram"]
    assert "table1Correlations" not in nodes.tables
    assert PAO2.key in result.cohort.columns
