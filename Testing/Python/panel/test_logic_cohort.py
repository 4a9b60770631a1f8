"""A cohort as scripts in Slicer analyze and show it: real statistics, real MRML."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import slicer
from BV5AnalysisLib.case.reference_file import read_reference
from BV5AnalysisLib.export.cohort.synthetic_tables import write_synthetic_cohort
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.scene.views.review_layout import COHORT_LAYOUT_ID
from BV5AnalysisLib.study.cohort.synthetic import synthetic_cohort
from helpers.references import healthy_tables

MODULE_FILE = Path(__file__).resolve().parents[3] / "BV5Analysis" / "BV5Analysis.py"


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    """Folder with the two tables of the synthetic cohort."""
    folder = tmp_path_factory.mktemp("cohort ü")
    write_synthetic_cohort(folder, synthetic_cohort())
    return folder


@pytest.fixture
def logic(module):
    return module.BV5AnalysisLogic()


@pytest.fixture
def result(logic, tables):
    return logic.analyzeCohort(tables / "measurements.csv", str(tables / "clinical.csv"))


def cells(table) -> list[list[str]]:
    columns, rows = range(table.GetNumberOfColumns()), range(table.GetNumberOfRows())
    return [[table.GetCellText(row, column) for column in columns] for row in rows]


def test_the_published_table_is_shown(logic, result, slicer_app):
    nodes = logic.showCohort(result)
    first = cells(nodes.tables["table1"])[0]
    assert first[:3] == ["BV5 (%)", "46.89 (8.59)", "41.61 (6.95)"]
    assert first[-2] == "0.023"
    correlations = {row[0]: row for row in cells(nodes.tables["table1Correlations"])[:2]}
    assert correlations["BV5 (%)"][1].startswith("0.30 (")
    assert nodes.name == "Cohort"

    manager = slicer.app.layoutManager()
    assert manager.layout == COHORT_LAYOUT_ID
    assert (manager.tableViewCount, manager.plotViewCount) == (2, 3)
    shown = [
        manager.plotWidget(index).mrmlPlotViewNode().GetPlotChartNodeID() for index in range(3)
    ]
    expected = ("groups", "scatter.pao2_mmhg", "roc")
    assert shown == [nodes.charts[key].GetID() for key in expected]
    table = manager.tableWidget(0).mrmlTableViewNode().GetTableNodeID()
    assert table == nodes.tables["table1"].GetID()

    again = logic.showCohort(result)
    assert again.tables["table1"].GetScene() is slicer.mrmlScene
    assert nodes.tables["table1"].GetScene() is None
    logic.restoreLayout()
    assert manager.layout == 3


def test_options_are_those_of_the_analysis(logic, tables):
    arguments = (tables / "measurements.csv", tables / "clinical.csv")
    result = logic.analyzeCohort(*arguments, threshold=3.0, test="mann-whitney")
    assert result.comparisons[0].tests[0].name == "mann-whitney"
    flow = result.cohort.columns["oxygen_l_min"]
    assert result.groups[1].n == np.count_nonzero(flow > 3)
    with pytest.raises(AnalysisError, match="no option treshold; there are group_by, threshold"):
        logic.analyzeCohort(*arguments, treshold=3.0)
    with pytest.raises(AnalysisError, match="test is one of welch"):
        logic.analyzeCohort(*arguments, test="z")
    with pytest.raises(AnalysisError, match=r"threshold is a number, not '2'"):
        logic.analyzeCohort(*arguments, threshold="2")
    with pytest.raises(AnalysisError) as caught:
        logic.analyzeCohort(*arguments, group_by="nothing")
    assert "to group by (group_by)" in str(caught.value)


def test_files_are_written_as_the_command_writes_them(logic, tables, tmp_path):
    out = tmp_path / "out ü"
    arguments = (tables / "measurements.csv", tables / "clinical.csv", out)
    out.mkdir()
    with pytest.raises(AnalysisError, match=r"out ü exists; .*overwrite=True"):
        logic.analyzeCohort(*arguments)
    assert list(out.iterdir()) == []
    logic.analyzeCohort(*arguments, overwrite=True)
    assert "46.89 (8.59)" in (out / "table1.csv").read_text("utf-8")
    assert (out / "cohort.html").is_file()
    assert (out / "cohort.json").is_file()


def test_nothing_is_written_or_added_where_it_fails(logic, tables, tmp_path):
    before = slicer.mrmlScene.GetNumberOfNodes()
    with pytest.raises(AnalysisError, match=r"clinical\.csv"):
        logic.analyzeCohort(
            tables / "measurements.csv", tmp_path / "clinical.csv", tmp_path / "out"
        )
    assert list(tmp_path.glob("out*")) == []
    assert list(tmp_path.glob(".out*")) == []
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_packages_are_asked_for_where_they_are_needed(logic, tables, tmp_path, monkeypatch):
    cohort = importlib.import_module("BV5AnalysisLib.panel.console.cohort")
    packages = importlib.import_module("BV5AnalysisLib.panel.process.packages")
    asked = []

    def ensure(needed, purpose, instead, ask):
        asked.append(needed)
        if needed is not packages.STATISTICS:
            raise AnalysisError("declined")

    monkeypatch.setattr(cohort, "ensurePackages", ensure)
    measurements = tables / "measurements.csv"
    logic.analyzeCohort(measurements, tables / "clinical.csv")
    assert asked == [packages.STATISTICS]
    with pytest.raises(AnalysisError, match="declined"):
        logic.analyzeCohort(measurements, tables / "clinical.csv", tmp_path / "out")
    assert asked[1:] == [packages.STATISTICS, packages.REPORT]
    with pytest.raises(AnalysisError, match="declined"):
        logic.analyzeCohort(measurements, tmp_path / "clinical.XLSX")
    assert asked[3:] == [packages.STATISTICS, packages.SPREADSHEET]


def test_a_cohort_is_shown_without_a_window(windowless_slicer_app, tables):
    windowless_slicer_app.load_module(MODULE_FILE)
    windowless_slicer_app.start()
    logic = importlib.import_module("BV5Analysis").BV5AnalysisLogic()
    result = logic.analyzeCohort(tables, tables / "clinical.csv")
    nodes = logic.showCohort(result, "Study 1")
    assert nodes.charts["groups"].GetName().startswith("Study 1: ")
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotSeriesNode") > 10


def test_a_reference_is_written_with_or_without_a_folder(logic, tmp_path, monkeypatch):
    tables = healthy_tables(tmp_path, 30)
    place = tmp_path / "site.json"
    monkeypatch.setenv("HOME", str(tmp_path))
    result = logic.analyzeCohort(*tables, group_by="sex", reference="~/site.json")
    assert "The reference is of 30 cases, taken as healthy." in result.cohort.notes
    assert "minimum_component_length_mm 6 are assumed" in result.cohort.notes[-1]
    assert read_reference(place).groups[0].n == 30
    with pytest.raises(AnalysisError, match=r"site\.json exists; add overwrite=True"):
        logic.analyzeCohort(*tables, group_by="sex", reference=place)
    folder = tmp_path / "out"
    logic.analyzeCohort(*tables, folder, overwrite=True, group_by="sex", reference=place)
    assert (folder / "cohort.json").exists()
