"""Cases saved and loaded in every order: all references of all nodes lead where they did."""

import dataclasses
import zipfile

import pytest
import slicer
from BV5AnalysisLib.case.files import Review, case_of
from BV5AnalysisLib.scene.case.bundle import save_scene
from BV5AnalysisLib.scene.case.cases import add_case, case_from_scene, remove_case, set_review
from BV5AnalysisLib.scene.case.edited import EditCheck
from BV5AnalysisLib.scene.case.loading import ChartKeeper, own_charts, series_ids
from BV5AnalysisLib.scene.case.measuring import recomputed_case
from BV5AnalysisLib.scene.case.results import add_result
from BV5AnalysisLib.scene.cohort.cohort_nodes import add_cohort
from BV5AnalysisLib.scene.nodes.outcome import find_outcomes
from BV5AnalysisLib.scene.nodes.view_nodes import show_chart
from BV5AnalysisLib.scene.views.display import DisplaySettings, apply_display, current_display
from BV5AnalysisLib.scene.views.selection import select_branch
from scene.cohort_data import made_result
from scene.plot_bar import PlotBar
from scene.references import references_of

NAMES = ("case 7", "Fäll Ω 7", "a & b", '<7> "x"; %3B, {y}', "one: two")


@pytest.fixture
def view(application):
    """A plot view, as it is in a session that showed a case."""
    node = slicer.vtkMRMLPlotViewNode()
    node.SetLayoutName("PlotView1")
    return application.scene.AddNode(node)


@pytest.fixture
def bar(application, view):
    bar = PlotBar(application.scene, view)
    yield bar
    bar.stop()


@pytest.fixture
def keeper(application):
    keeper = ChartKeeper(application.scene)
    yield keeper
    keeper.stop()


@pytest.fixture
def save(application, tmp_path):
    """Save the scene; gives the path of its .mrml."""

    def saved(name="scene"):
        save_scene(application.scene, tmp_path / f"{name}.mrb")
        with zipfile.ZipFile(tmp_path / f"{name}.mrb") as bundle:
            bundle.extractall(tmp_path / name)
        return tmp_path / name / name / f"{name}.mrml"

    return saved


def load(scene, path):
    scene.SetURL(str(path))
    assert scene.Import(None)


def made(application, small_result, name, **settings):
    outcome = add_result(application.scene, small_result, name)
    settings = DisplaySettings(slices="fill", lungs_opacity=0.25, **settings)
    apply_display(outcome, settings)
    show_chart(application.scene, None, outcome.histogramChart)
    return outcome


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_is_as_it_was_after_save_clear_load(
    application, small_result, view, bar, keeper, save, name
):
    outcome = made(application, small_result, name)
    set_review(outcome, Review("accepted", "Dr. Ö", 'gut & "klar" <1>;', "2024-05-01T10:00:00Z"))
    before = references_of(outcome)
    path = save()
    application.scene.Clear(0)
    load(application.scene, path)
    (back,) = find_outcomes(application.scene)
    assert references_of(back) == before
    assert view.GetPlotChartNode() is back.histogramChart
    assert not EditCheck().edited(back)


def test_without_the_keeper_the_first_series_would_go(application, small_result, view, bar, save):
    """What a user saw: this stand-in for Slicer's bar does what Slicer's does."""
    made(application, small_result, "case 7")
    path = save()
    application.scene.Clear(0)
    load(application.scene, path)
    (back,) = find_outcomes(application.scene)
    chart = back.histogramChart
    names = [
        chart.GetNthPlotSeriesNode(index).GetName()
        for index in range(chart.GetNumberOfPlotSeriesNodes())
    ]
    assert names == ["BV5", "BV5-10", "BV10"]


@pytest.mark.parametrize(
    "sequence",
    [
        ("clear", "load"),
        ("load",),
        ("clear", "other", "load"),
        ("clear", "load", "load"),
        ("clear", "other", "other", "load", "load"),
        ("clear", "other", "clear", "load"),
        ("remove", "load"),
        ("other", "remove", "load", "load"),
        ("clear", "takes IDs", "load"),
        ("clear", "load", "save", "clear", "load"),
        ("clear", "load", "save", "load"),
    ],
)
def test_every_sequence_keeps_every_reference(
    application, small_result, view, bar, keeper, save, sequence
):
    scene, path = application.scene, None
    outcome = made(application, small_result, "case 7")
    select_branch(outcome, 3)
    show_chart(scene, None, outcome.histogramChart)
    expected = references_of(outcome)
    path = save()
    for number, step in enumerate(sequence):
        if step == "clear":
            scene.Clear(0)
        elif step == "load":
            load(scene, path)
        elif step == "save":
            path = save(f"again{number}")
        elif step == "other":
            other = made(application, small_result, f"other {number}", geometry="surfaces")
            show_chart(scene, None, other.profileChart)
        elif step == "takes IDs":
            for kind in ("PlotSeries", "PlotChart", "Table", "Model", "Segmentation", "Text"):
                scene.AddNewNodeByClass(f"vtkMRML{kind}Node", f"taken {kind}")
        else:
            (ours,) = [each for each in find_outcomes(scene) if each.name == "case 7"]
            remove_case(ours)
    found = [each for each in find_outcomes(scene) if each.name == "case 7"]
    assert found
    for each in found:
        assert references_of(each) == expected
    for each in find_outcomes(scene):
        if each not in found:
            told = references_of(each)
            assert "nothing" not in told.values()
            assert len(told["case/BV5Analysis.histogramChart[0]"][2]) == 4


def test_several_cases_keep_to_themselves(application, small_result, view, bar, keeper, save):
    cases = [made(application, small_result, name) for name in NAMES]
    before = [references_of(each) for each in cases]
    path = save()
    application.scene.Clear(0)
    load(application.scene, path)
    back = find_outcomes(application.scene)
    assert [references_of(each) for each in back] == before
    ids = [node for each in back for node in _ids(each)]
    assert len(ids) == len(set(ids))


def _ids(outcome):
    node = outcome.caseNode
    roles = [node.GetNthNodeReferenceRole(i) for i in range(node.GetNumberOfNodeReferenceRoles())]
    return [node.GetNodeReferenceID(role) for role in roles if node.GetNodeReferenceID(role)]


def test_the_profile_is_kept_too(application, small_result, view, bar, keeper, save):
    outcome = made(application, small_result, "case 7")
    select_branch(outcome, 3)
    before = references_of(outcome)
    path = save()
    application.scene.Clear(0)
    load(application.scene, path)
    (back,) = find_outcomes(application.scene)
    assert references_of(back) == before
    assert view.GetPlotChartNode() is back.profileChart


def test_a_series_that_the_user_took_out_stays_out(
    application, small_result, view, bar, keeper, save
):
    outcome = made(application, small_result, "case 7")
    chart = outcome.histogramChart
    chart.RemovePlotSeriesNodeID(chart.GetNthPlotSeriesNodeID(1))
    before = references_of(outcome)
    path = save()
    application.scene.Clear(0)
    load(application.scene, path)
    (back,) = find_outcomes(application.scene)
    assert back.histogramChart.GetNumberOfPlotSeriesNodes() == 3
    assert references_of(back) == before


def test_charts_of_a_cohort_are_kept(application, view, bar, keeper, save):
    scene = application.scene
    nodes = add_cohort(scene, made_result(), "Köln & Bonn")
    first = next(iter(nodes.charts.values()))
    show_chart(scene, None, first)
    before = [len(series_ids(chart)) for chart in own_charts(scene)]
    assert min(before) > 0
    path = save()
    scene.Clear(0)
    load(scene, path)
    assert [len(series_ids(chart)) for chart in own_charts(scene)] == before


def test_charts_of_others_are_left_alone(application, view, keeper):
    scene = application.scene
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", "of another module")
    series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", "curve")
    chart.AddAndObservePlotSeriesNodeID(series.GetID())
    scene.AddObserver(scene.EndImportEvent, lambda *_: chart.RemoveAllPlotSeriesNodeIDs())
    scene.SetLoadFromXMLString(1)
    scene.SetSceneXMLString('<MRML version="Slicer4"></MRML>')
    scene.Import(None)
    assert chart.GetNumberOfPlotSeriesNodes() == 0


def test_a_loaded_case_can_be_changed_as_before(application, small_result, view, bar, keeper, save):
    made(application, small_result, "case 7")
    path = save()
    application.scene.Clear(0)
    load(application.scene, path)
    (back,) = find_outcomes(application.scene)
    assert current_display(back).slices == "fill"
    numbers = recomputed_case(back)
    assert numbers.measurements == recomputed_case(back).measurements
    case = dataclasses.replace(case_of("case 7", small_result), software={})
    assert case_from_scene(back).measurements == case.measurements
    assert add_case(application.scene, case).caseNode.GetName() == "BV5 case 7 (2)"
