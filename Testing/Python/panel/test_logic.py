"""The module's logic as scripts use it: real MRML, no widget."""

import csv
import io
import json
import logging
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import slicer
from BV5AnalysisLib.case.files import read_case
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.parameters import Parameters
from vtk.util.numpy_support import vtk_to_numpy

EXAMPLE = (
    Path(__file__).resolve().parents[3] / "BV5Analysis" / "Resources/Scripts/analyze_folder.py"
)


@pytest.fixture
def logic(module):
    return module.BV5AnalysisLogic()


@pytest.fixture
def outcome(logic, case_folder, ct_node):
    return logic.loadCase(case_folder, ct_node)


def node_ids() -> set[str]:
    scene = slicer.mrmlScene
    return {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}


def total_ml(outcome) -> float:
    return outcome.record["measurements"][0]["tpbv_ml"]


def test_a_folder_is_loaded_and_saved_again_with_the_same_content(
    logic, outcome, case_folder, tmp_path
):
    assert logic.outcomes() == [outcome]
    assert logic.outcome(outcome.caseNode) == outcome
    folder = tmp_path / "größe 1" / "case 7"
    logic.saveCase(outcome, folder)
    before, after = read_case(case_folder), read_case(folder)
    assert after.measurements == before.measurements
    assert after.name == before.name
    np.testing.assert_array_equal(after.vessels.array, before.vessels.array)
    np.testing.assert_array_equal(after.lungs.array, before.lungs.array)
    np.testing.assert_allclose(after.centerlines.points_mm, before.centerlines.points_mm, atol=1e-3)
    for save in (logic.saveCase, logic.exportReport):
        with pytest.raises(AnalysisError, match=r"case 7 exists; pass overwrite=True"):
            save(outcome, folder)
    logic.saveCase(outcome, folder, overwrite=True)


def test_what_is_no_case_adds_nothing(logic, ct_node, tmp_path):
    before = node_ids()
    for folder in (tmp_path / "missing", tmp_path):
        with pytest.raises(AnalysisError):
            logic.loadCase(folder, ct_node)
    assert node_ids() == before
    with pytest.raises(ValueError, match="no case node"):
        logic.outcome(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode"))


def test_another_volume_is_refused_and_nothing_added(logic, case_folder, ct_node):
    ct_node.SetSpacing(2.0, 3.0, 4.0)
    before = node_ids()
    with pytest.raises(AnalysisError, match="voxels of the analyzed scan"):
        logic.loadCase(case_folder, ct_node)
    assert node_ids() == before


def test_the_ct_of_a_case_is_found_by_its_voxels(logic, case_folder, ct_node):
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    assert logic.loadCase(case_folder).inputVolume is ct_node
    ct_node.GetImageData().SetScalarComponentFromDouble(0, 0, 0, 0, -321.0)
    assert logic.loadCase(case_folder).inputVolume is None
    assert logic.loadCase(case_folder, ct_node).inputVolume is ct_node
    assert other.GetImageData() is None


def test_removing_a_case_leaves_the_scene_as_it_was(logic, case_folder, ct_node):
    before = node_ids()
    outcome = logic.loadCase(case_folder, ct_node)
    logic.showResults(outcome)
    views = {
        node_id
        for node_id in node_ids() - before
        if slicer.mrmlScene.GetNodeByID(node_id).IsA("vtkMRMLAbstractViewNode")
        or "Camera" in node_id
        or "SliceComposite" in node_id
    }
    logic.removeCase(outcome)
    assert node_ids() - views == before
    assert logic.outcomes() == []


def test_measurements_as_text_and_as_a_file(logic, outcome, case_folder, tmp_path):
    lines = logic.measurementsText(outcome).splitlines()
    header = lines[0].split("\t")
    assert header[0] == "Region"
    assert "BV5 (%)" in header
    assert len(lines) == 4
    row = dict(zip(header, lines[1].split("\t"), strict=True))
    assert float(row["TPBV (mL)"]) == pytest.approx(total_ml(outcome), rel=1e-3)

    path = tmp_path / "größe" / "m.csv"
    path.parent.mkdir()
    logic.exportTables(outcome, path)
    written = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
    original = (case_folder / "measurements.csv").read_text("utf-8")
    assert written == list(csv.DictReader(io.StringIO(original)))
    assert [entry.name for entry in path.parent.iterdir()] == ["m.csv"]


def test_a_table_that_cannot_be_written_is_told(logic, outcome, tmp_path):
    with pytest.raises(AnalysisError, match=r"m\.csv cannot be written"):
        logic.exportTables(outcome, tmp_path / "missing" / "m.csv")
    (tmp_path / "m.csv").mkdir()
    with pytest.raises(AnalysisError, match="cannot be written"):
        logic.exportTables(outcome, tmp_path / "m.csv")
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_the_table_of_a_deleted_node_is_told(logic, outcome):
    slicer.mrmlScene.RemoveNode(outcome.measurementsTable)
    with pytest.raises(AnalysisError, match="was deleted"):
        logic.measurementsText(outcome)


def test_a_report_is_one_folder_with_everything(logic, outcome, tmp_path):
    report = logic.exportReport(outcome, tmp_path / "case 7")
    assert report == tmp_path / "case 7" / "report.html"
    assert {entry.name for entry in report.parent.iterdir()} == {
        "centerlines.vtp",
        "lungs.seg.nrrd",
        "measurements.csv",
        "opacities.csv",
        "overview.png",
        "report.html",
        "result.json",
        "tissue.seg.nrrd",
        "vessels.seg.nrrd",
        "vessels_3d.png",
    }


def test_a_report_without_its_ct_is_refused_before_anything_is_written(
    logic, case_folder, ct_node, tmp_path
):
    slicer.mrmlScene.RemoveNode(ct_node)
    outcome = logic.loadCase(case_folder)
    with pytest.raises(AnalysisError, match="load the CT"):
        logic.exportReport(outcome, tmp_path / "case 7")
    assert not (tmp_path / "case 7").exists()


@pytest.mark.parametrize("installs", [False, True])
def test_packages_of_the_report_are_asked_for(module, monkeypatch, installs):
    installed, asked = set(), []

    def pip_ensure(requirements, **options):
        asked.append((requirements, options))
        if not installs:
            raise RuntimeError("User declined package installation")
        installed.update(requirements)

    packaging = types.ModuleType("slicer.packaging")
    packaging.pip_ensure = pip_ensure
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    monkeypatch.setattr(slicer, "packaging", packaging, raising=False)
    from BV5AnalysisLib.panel.process import packages

    names = packages.REPORT
    monkeypatch.setattr(
        packages.importlib.util,
        "find_spec",
        lambda name: object() if names.get(name) in installed else None,
    )
    if installs:
        module.ensureReportPackages()
    else:
        with pytest.raises(AnalysisError, match=r"matplotlib>=3\.9, Jinja2>=3\.1.*declined"):
            module.ensureReportPackages()
    assert asked[0][0] == ["matplotlib>=3.9", "Jinja2>=3.1"]
    assert asked[0][1]["prompt_install"] is True


def test_a_review_is_kept_with_its_time(logic, outcome, tmp_path):
    logic.setReview(outcome, "rejected", "R. Ärztin", "motion\tat the base")
    review = outcome.record["review"]
    assert review["status"] == "rejected"
    assert review["time"]
    row = logic.measurementsText(outcome).splitlines()[1]
    assert row.endswith("rejected\tR. Ärztin\tmotion at the base")
    logic.saveCase(outcome, tmp_path / "reviewed")
    assert read_case(tmp_path / "reviewed").review.reviewer == "R. Ärztin"
    logic.setReview(outcome, "", "", "")
    assert outcome.record["review"] == {"status": "", "reviewer": "", "comment": "", "time": ""}
    with pytest.raises(AnalysisError, match="accepted or rejected"):
        logic.setReview(outcome, "perhaps", "", "")


@pytest.mark.parametrize("text", ['=HYPERLINK("http://a")', "@SUM(1)", "+1", "-1", " =1"])
def test_copied_text_is_no_formula(logic, outcome, text):
    logic.setReview(outcome, "accepted", text, text)
    row = logic.measurementsText(outcome).splitlines()[1].split("\t")
    assert [cell[:2] for cell in row[-2:]] == ["'" + text.strip()[0]] * 2


@pytest.mark.parametrize("wrong", [None, 5, b"R."])
@pytest.mark.parametrize("field", ["status", "reviewer", "comment"])
def test_a_review_of_something_else_than_text_is_refused(logic, outcome, field, wrong):
    before = outcome.caseNode.GetText()
    review = {"status": "accepted", "reviewer": "R.", "comment": ""} | {field: wrong}
    with pytest.raises(AnalysisError, match="must be text"):
        logic.setReview(outcome, **review)
    assert outcome.caseNode.GetText() == before


def column(node, name: str) -> list:
    array = node.GetTable().GetColumnByName(name)
    return [array.GetValue(row) for row in range(node.GetNumberOfRows())]


def test_an_excluded_branch_is_gone_after_recomputing(logic, outcome):
    table = outcome.branchesTable
    volume_ml, branch = max(
        zip(column(table, "volume_ml"), column(table, "branch_id"), strict=True)
    )
    count, before = table.GetNumberOfRows(), total_ml(outcome)
    logic.excludeBranch(outcome, int(branch))
    assert total_ml(outcome) == before
    assert logic.recompute(outcome) == outcome
    assert table.GetNumberOfRows() == count - 1
    assert before - total_ml(outcome) == pytest.approx(volume_ml, rel=0.1)
    assert outcome.record["edits"]["erased_ml"] == pytest.approx(volume_ml, rel=0.1)
    with pytest.raises(AnalysisError, match="no branch 9999"):
        logic.excludeBranch(outcome, 9999)


def test_recomputing_what_was_not_edited_changes_no_number(logic, outcome):
    before = outcome.record["measurements"]
    logic.recompute(outcome)
    assert outcome.record["measurements"] == before


def test_other_class_bounds_are_followed_and_other_parameters_refused(logic, outcome):
    before = outcome.record
    with pytest.raises(AnalysisError, match="blood_hu"):
        logic.recompute(outcome, Parameters(blood_hu=55.0))
    assert outcome.record == before
    logic.recompute(outcome, Parameters(class_bounds_mm2=(2.0, 5.0)))
    assert outcome.record["parameters"]["class_bounds_mm2"] == [2.0, 5.0]
    old, new = before["measurements"][0], outcome.record["measurements"][0]
    assert new["bv10_ml"] == pytest.approx(old["bv5_10_ml"] + old["bv10_ml"])
    assert new["tpbv_ml"] == pytest.approx(old["tpbv_ml"])


@pytest.mark.parametrize("role", ["vesselsSegmentation", "lungsSegmentation", "centerlinesModel"])
def test_recomputing_without_a_node_is_refused_and_changes_nothing(logic, outcome, role):
    before = outcome.record
    slicer.mrmlScene.RemoveNode(getattr(outcome, role))
    nodes = node_ids()
    with pytest.raises(AnalysisError, match="deleted"):
        logic.recompute(outcome)
    assert outcome.record == before
    assert node_ids() == nodes


def test_vessels_erased_to_nothing_are_zeros(logic, outcome):
    outcome.vesselsSegmentation.GetSegmentation().RemoveAllSegments()
    logic.recompute(outcome)
    row = outcome.record["measurements"][0]
    assert row["tpbv_ml"] == 0.0
    assert row["bv5_pct"] is None


def test_segment_editor_opens_on_the_vessels_with_the_ct(logic, outcome, ct_node):
    segmentation = outcome.vesselsSegmentation.GetSegmentation()
    outcome.vesselsSegmentation.CreateClosedSurfaceRepresentation()
    logic.editVessels(outcome)
    assert not segmentation.ContainsRepresentation("Closed surface")
    editor = slicer.modules.SegmentEditorWidget.editor
    assert editor.segmentationNode() is outcome.vesselsSegmentation
    assert editor.sourceVolumeNode() is ct_node
    slicer.mrmlScene.RemoveNode(outcome.vesselsSegmentation)
    with pytest.raises(AnalysisError, match="deleted"):
        logic.editVessels(outcome)


def test_branches_are_found_and_selected(logic, outcome):
    poly_data = outcome.centerlinesModel.GetPolyData()
    # On the axis of the widest vessel, no other vessel's surface is farther out.
    widest = int(np.argmax(vtk_to_numpy(poly_data.GetPointData().GetArray("radius_mm"))))
    (expected,) = [
        branch
        for branch in range(poly_data.GetNumberOfCells())
        if poly_data.GetCell(branch).GetPointIds().IsId(widest) >= 0
    ]
    branch = logic.branchAt(outcome, poly_data.GetPoint(widest))
    assert branch == expected
    assert logic.branchAt(outcome, (0.0, 0.0, 500.0)) is None
    logic.selectBranch(outcome, branch, "Green")
    assert outcome.highlightModel.GetPolyData().GetNumberOfPoints() > 0
    logic.clearSelection(outcome)
    assert outcome.highlightModel.GetPolyData().GetNumberOfPoints() == 0


def test_reasons_not_to_analyze(logic, slicer_app):
    scene = slicer.mrmlScene
    assert "Choose" in logic.reasonNotToAnalyze(None)
    assert "labelmap" in logic.reasonNotToAnalyze(
        scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    )
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    before = node_ids()
    with pytest.raises(AnalysisError, match="empty has no voxels"):
        logic.analyze(volume)
    assert node_ids() == before


class Database:
    """A DICOM database."""

    def __init__(self, path):
        self.path = path

    def fileForInstance(self, uid):
        if isinstance(self.path, Exception):
            raise self.path
        return self.path if uid == "1.2.3" else ""


@pytest.fixture
def set_database(slicer_app):
    """Set Slicer's DICOM database, for one test."""
    with pytest.MonkeyPatch.context() as patch:
        yield lambda database: patch.setattr(slicer, "dicomDatabase", database, raising=False)


@pytest.fixture
def from_dicom(slicer_app):
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "scan")
    volume.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    return volume


def write_header(path: Path) -> None:
    import pydicom
    from pydicom.dataset import FileMetaDataset

    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.PatientName = "Nobody^Known"
    dataset.Manufacturer, dataset.ConvolutionKernel = "SIEMENS", "B70f"
    dataset.SliceThickness, dataset.Rows, dataset.Columns = 2, 4, 4
    dataset.save_as(path, enforce_file_format=True)


def test_the_dicom_header_of_a_loaded_volume_is_found(from_dicom, tmp_path, set_database):
    from BV5AnalysisLib.scene.nodes.acquisition import acquisition_of

    write_header(tmp_path / "a.dcm")
    set_database(Database(str(tmp_path / "a.dcm")))
    acquisition = acquisition_of(from_dicom)
    assert (acquisition.kernel, acquisition.slice_thickness_mm) == ("B70f", 2.0)
    assert "Nobody" not in repr(acquisition)


@pytest.mark.parametrize("path", ["", "/nowhere/a.dcm", RuntimeError("database is closed")])
def test_a_header_that_cannot_be_read_is_logged(from_dicom, path, set_database, caplog):
    from BV5AnalysisLib.imaging.model.scan import Acquisition
    from BV5AnalysisLib.scene.nodes.acquisition import acquisition_of

    set_database(Database(path))
    with caplog.at_level(logging.WARNING):
        assert acquisition_of(from_dicom) == Acquisition()
    assert "scan cannot be read" in caplog.text


def test_without_a_database_or_dicom_there_is_no_acquisition(from_dicom, set_database, caplog):
    from BV5AnalysisLib.imaging.model.scan import Acquisition
    from BV5AnalysisLib.scene.nodes.acquisition import acquisition_of

    set_database(None)
    assert acquisition_of(from_dicom) == Acquisition()
    from_dicom.RemoveAttribute("DICOM.instanceUIDs")
    assert acquisition_of(from_dicom) == Acquisition()
    assert caplog.text == ""


def test_a_scan_keeps_what_its_header_said(module, slicer_app, monkeypatch, small_result):
    import dataclasses

    from BV5AnalysisLib.imaging.model.scan import Acquisition
    from BV5AnalysisLib.imaging.reading import scan_reader
    from BV5AnalysisLib.scene.nodes.acquisition import acquisition_of

    acquisition = Acquisition(kernel="B70f", slice_thickness_mm=1.5)
    scan = dataclasses.replace(small_result.scan, acquisition=acquisition)
    monkeypatch.setattr(scan_reader, "read_scan", lambda path: scan)
    volume = module.BV5AnalysisLogic().loadScan("somewhere")
    assert volume.GetName() == "hand-made"
    assert acquisition_of(volume) == acquisition
    json.loads(volume.GetAttribute("BV5Analysis.acquisition"))


@pytest.mark.parametrize("kept", ["{", "[1]", '{"kernel": 5}', '{"patient": "Nobody"}'])
def test_a_damaged_note_of_the_acquisition_is_logged(ct_node, kept, caplog):
    from BV5AnalysisLib.imaging.model.scan import Acquisition
    from BV5AnalysisLib.scene.nodes.acquisition import acquisition_of

    ct_node.SetAttribute("BV5Analysis.acquisition", kept)
    with caplog.at_level(logging.WARNING):
        assert acquisition_of(ct_node) == Acquisition()
    assert "CT ü 7 cannot be read" in caplog.text


def test_results_are_shown_without_a_window(windowless_slicer_app, case_folder):
    import importlib

    windowless_slicer_app.load_module(EXAMPLE.parents[2] / "BV5Analysis.py")
    windowless_slicer_app.start()
    logic = importlib.import_module("BV5Analysis").BV5AnalysisLogic()
    outcome = logic.loadCase(case_folder)
    logic.showResults(outcome)
    logic.selectBranch(outcome, 0, "Green")
    logic.clearSelection(outcome)
    logic.restoreLayout()
    assert logic.outcomes() == [outcome]
