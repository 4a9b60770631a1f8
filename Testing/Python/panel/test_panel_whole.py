"""The panel in the module's widget, on the real logic: a case loaded, reviewed, changed, saved."""

import csv
import sys
import time

import numpy as np
import pytest
import slicer
from BV5AnalysisLib.imaging.model.size_classes import VESSELS


@pytest.fixture
def ui(widget):
    slicer.util.selectModule("BV5Analysis")
    widget.ui.keyLabel.window().show()
    return widget.ui


@pytest.fixture
def outcome(ui, widget, ct_node, case_folder):
    """Case of the small result with its CT, as after an analysis."""
    outcome = widget.logic.loadCase(case_folder, ct_node)
    ui.caseSelector.setCurrentNode(outcome.caseNode)
    return outcome


def test_a_folder_is_loaded_by_the_button(ui, case_folder, messages):
    messages.answer("getExistingDirectory", str(case_folder))
    ui.loadCaseButton.click()
    assert messages.texts("error") == []
    assert ui.caseSelector.currentNode().GetName() == "BV5 case 7"
    assert ui.keyLabel.visible


def test_a_folder_of_something_else_is_refused(ui, tmp_path, messages):
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    messages.answer("getExistingDirectory", str(tmp_path))
    ui.loadCaseButton.click()
    assert len(messages.texts("error")) == 1
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


def texts(table, column=0):
    return [table.item(row, column).text() for row in range(table.rowCount)]


def test_numbers_are_those_of_the_files(ui, outcome, case_folder):
    with (case_folder / "measurements.csv").open(newline="", encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    keys = ("tpbv_ml", "bv5_ml", "bv5_pct", "bv5_10_ml", "bv5_10_pct", "bv10_ml", "bv10_pct")
    shown = texts(ui.measurementsTable)[1:8]
    assert [float(text) for text in shown] == pytest.approx(
        [float(row[key]) for key in keys], abs=0.0501
    )
    assert row["bv5_pct"][:2] in ui.keyLabel.text


def test_the_case_is_in_the_layout_with_its_ct(ui, outcome, ct_node):
    assert outcome.inputVolume is ct_node
    selection = slicer.app.applicationLogic().GetSelectionNode()
    assert selection.GetActiveVolumeID() == ct_node.GetID()
    assert selection.GetActiveTableID() == outcome.measurementsTable.GetID()


def test_branch_list_is_the_table_of_the_scene(ui, outcome):
    model = ui.branchesTable.model()
    assert model.rowCount() == outcome.branchesTable.GetNumberOfRows() > 1
    number = int(model.data(model.index(0, 0)))
    table = outcome.branchesTable.GetTable()
    confidence = table.GetColumnByName("confidence_pct")
    shown = confidence.GetValue(number)
    assert shown == min(confidence.GetValue(row) for row in range(model.rowCount()))
    assert model.data(model.index(0, 1)) == f"{shown:.0f} %"
    assert model.data(model.index(0, 2)) == table.GetColumnByName("size_class").GetValue(number)


def test_choosing_branches_moves_the_views(ui, outcome, messages):
    layout = slicer.app.layoutManager()
    green = layout.sliceWidget("Green").mrmlSliceNode()
    before = green.GetSliceToRAS().GetElement(0, 3), green.GetSliceToRAS().GetElement(2, 3)
    ui.nextBranchButton.click()
    assert outcome.highlightModel.GetPolyData().GetNumberOfPoints() > 0
    first = green.GetSliceToRAS().GetElement(0, 3), green.GetSliceToRAS().GetElement(2, 3)
    assert first != before
    ui.nextBranchButton.click()
    ui.clearBranchButton.click()
    assert outcome.highlightModel.GetPolyData().GetNumberOfPoints() == 0
    assert messages.texts("error") == []


def test_display_reaches_the_nodes(ui, outcome, qt):
    from BV5AnalysisLib.imaging.model.size_classes import SizeClass

    tubes = outcome.tubesModels[SizeClass.BV5].GetDisplayNode()
    segmentation = outcome.vesselsSegmentation.GetDisplayNode()
    assert tubes.GetVisibility()
    ui.bv5VisibleCheckBox.click()
    assert not tubes.GetVisibility()
    assert not segmentation.GetSegmentVisibility(VESSELS[SizeClass.BV5].key)
    ui.bv5ColorButton.color = qt.QColor("#336699")
    np.testing.assert_allclose(tubes.GetColor(), (0.2, 0.4, 0.6), atol=1e-6)
    ui.vesselGeometryComboBox.currentIndex = 1
    assert segmentation.GetVisibility3D()
    ui.lungsVisibleCheckBox.click()
    assert not outcome.lungsSegmentation.GetDisplayNode().GetVisibility()
    ui.displayDefaultsButton.click()
    assert tubes.GetVisibility()
    assert outcome.lungsSegmentation.GetDisplayNode().GetVisibility()
    assert not ui.resultsEditedLabel.visible, "a change of display was taken for an edit"


def test_excluding_a_vessel_lowers_the_volume(ui, outcome, messages):
    before = outcome.record["measurements"][0]["tpbv_ml"]
    count = ui.branchesTable.model().rowCount()
    ui.branchesTable.sortByColumn(6, 1)
    ui.nextBranchButton.click()
    ui.excludeVesselButton.click()
    assert ui.resultsEditedLabel.visible
    ui.recomputeButton.click()
    assert messages.texts("error") == []
    after = outcome.record["measurements"][0]["tpbv_ml"]
    assert after < before
    assert ui.branchesTable.model().rowCount() < count
    assert not ui.resultsEditedLabel.visible
    assert f"{after:.1f} mL" in ui.keyLabel.text


def test_recompute_without_an_edit_changes_no_number(ui, outcome, messages):
    before = outcome.record["measurements"]
    ui.recomputeButton.click()
    assert messages.texts("error") == []
    for row, earlier in zip(outcome.record["measurements"], before, strict=True):
        assert row == pytest.approx(earlier)


def test_recompute_with_deleted_lungs_is_told_before(ui, outcome, messages):
    before = outcome.record
    slicer.mrmlScene.RemoveNode(outcome.lungsSegmentation)
    told = "The lungs segmentation was deleted. Load the case again, or analyze again."
    assert not ui.recomputeButton.enabled
    assert ui.recomputeButton.toolTip == ui.recomputeHintLabel.text == told
    ui.recomputeButton.click()
    assert messages.texts("error") == []
    assert outcome.record == before


def test_surfaces_are_there_again_after_editing(ui, outcome, messages):
    ui.vesselGeometryComboBox.currentIndex = 1
    segmentation = outcome.vesselsSegmentation.GetSegmentation()
    assert segmentation.ContainsRepresentation("Closed surface")
    ui.editVesselsButton.click()
    assert not segmentation.ContainsRepresentation("Closed surface")
    slicer.util.selectModule("BV5Analysis")
    assert segmentation.ContainsRepresentation("Closed surface")
    assert not ui.resultsEditedLabel.visible
    assert messages.texts("error") == []


def test_editing_opens_segment_editor_and_coming_back_shows_the_edit(ui, outcome, messages):
    ui.editVesselsButton.click()
    assert slicer.util.selectedModule() == "SegmentEditor"
    key = next(iter(outcome.vesselsSegmentation.GetSegmentation().GetSegmentIDs()))
    outcome.vesselsSegmentation.GetSegmentation().RemoveSegment(key)
    slicer.util.selectModule("BV5Analysis")
    wait_for(lambda: ui.recomputeHintLabel.text.startswith("Edited"), seconds=120)
    ui.recomputeButton.click()
    assert messages.texts("error") == []


def test_verdict_goes_into_the_record(ui, outcome):
    ui.reviewerLineEdit.text = "Dr. Ä"
    ui.reviewCommentLineEdit.text = "fine"
    ui.acceptButton.click()
    review = outcome.record["review"]
    assert (review["status"], review["reviewer"], review["comment"]) == (
        "accepted",
        "Dr. Ä",
        "fine",
    )
    assert ui.reviewStateLabel.text.startswith("Accepted by Dr. Ä")
    ui.undoReviewButton.click()
    assert not outcome.record["review"]["status"]
    assert ui.reviewStateLabel.text == "Not reviewed"


def test_a_verdict_holds_for_the_numbers_it_was_made_on(ui, outcome):
    ui.reviewerLineEdit.text = "Dr. Ä"
    ui.acceptButton.click()
    ui.recomputeButton.click()
    assert ui.reviewStateLabel.text.startswith("Accepted by Dr. Ä")
    ui.nextBranchButton.click()
    ui.excludeVesselButton.click()
    assert ui.reviewStateLabel.text.startswith("Accepted by Dr. Ä")
    ui.recomputeButton.click()
    assert ui.reviewStateLabel.text == "Not reviewed"


def test_csv_and_clipboard(ui, outcome, messages, tmp_path):
    path = tmp_path / "mit Ümlaut.csv"
    messages.answer("getSaveFileName", str(path))
    ui.saveCsvButton.click()
    assert path.read_text("utf-8").startswith("case,region,")
    ui.copyButton.click()
    assert "\t" in slicer.app.clipboard().text()


def test_two_cases_and_one_removed(ui, widget, outcome, case_folder, messages):
    messages.answer("getExistingDirectory", str(case_folder))
    ui.loadCaseButton.click()
    second = widget.logic.outcome(ui.caseSelector.currentNode())
    assert second != outcome
    for other, visible in ((outcome, False), (second, True)):
        for model in other.tubesModels.values():
            assert bool(model.GetDisplayNode().GetVisibility()) == visible
        lungs = other.lungsSegmentation.GetDisplayNode()
        assert bool(lungs.GetVisibility()) == visible
    assert ui.caseSelector.nodeCount() == 2
    slicer.mrmlScene.RemoveNode(second.caseNode)
    assert ui.caseSelector.currentNode() in (None, outcome.caseNode)
    ui.caseSelector.setCurrentNode(outcome.caseNode)
    assert ui.keyLabel.text.startswith("BV5")


def test_legends_come_and_go_with_their_case(ui, widget, outcome, case_folder, ct_node):
    other = widget.logic.loadCase(case_folder, ct_node)
    for shown, hidden in ((other, outcome), (outcome, other)):
        ui.caseSelector.setCurrentNode(shown.caseNode)
        assert shown.legend.GetVisibility()
        assert not hidden.legend.GetVisibility()
    ui.legendVisibleCheckBox.click()
    ui.caseSelector.setCurrentNode(other.caseNode)
    assert not other.legend.GetVisibility()


def test_a_comment_goes_with_its_case_only(ui, widget, outcome, case_folder, ct_node):
    other = widget.logic.loadCase(case_folder, ct_node)
    ui.reviewerLineEdit.text = "Dr. Ä"
    ui.reviewCommentLineEdit.text = "motion"
    ui.rejectButton.click()
    ui.caseSelector.setCurrentNode(other.caseNode)
    assert ui.reviewCommentLineEdit.text == ""
    ui.acceptButton.click()
    assert other.record["review"]["comment"] == ""
    ui.caseSelector.setCurrentNode(outcome.caseNode)
    assert ui.reviewCommentLineEdit.text == "motion"
    ui.reviewCommentLineEdit.text = "motion, and"
    slicer.util.selectModule("SegmentEditor")
    slicer.util.selectModule("BV5Analysis")
    assert ui.reviewCommentLineEdit.text == "motion, and"


@pytest.mark.parametrize("name", ["ü" * 200, "../../x", "a/b\\c:d", "..", "a\nb"])
def test_a_report_of_whatever_name_goes_into_the_chosen_folder(
    ui, outcome, name, tmp_path, messages
):
    outcome.caseNode.SetName(name)
    messages.answer("getExistingDirectory", str(tmp_path))
    before = set(tmp_path.iterdir())
    ui.saveReportButton.click()
    assert messages.texts("error") == []
    (folder,) = set(tmp_path.iterdir()) - before
    assert (folder / "report.html").is_file()


def wait_for(condition, seconds):
    """Let Qt work until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It took too long"
        slicer.app.processEvents()
        time.sleep(0.01)


@pytest.mark.slow
def test_analyze_in_the_background_gives_the_numbers_of_the_library(
    ui, widget, ct_node, python_slicer, messages, small_phantom_result
):
    ui.inputVolumeSelector.setCurrentNode(ct_node)
    steps = set()
    ui.analyzeButton.click()

    def done():
        steps.add(ui.progressLabel.text.partition(" · ")[0])
        return not ui.cancelButton.enabled

    wait_for(done, 120)
    assert messages.texts("error") == []
    assert {"Lungs and airways", "Vessel centers", "Cross-sectional areas"} <= steps
    (outcome,) = widget.logic.outcomes()
    assert outcome.inputVolume is ct_node
    assert outcome.name == ct_node.GetName()
    both = small_phantom_result.measurements[0]
    assert outcome.record["measurements"][0]["tpbv_ml"] == pytest.approx(both.tpbv_ml, rel=1e-3)
    assert f"TPBV {both.tpbv_ml:.1f} mL" in ui.keyLabel.text
    assert ui.caseSelector.currentNode() is outcome.caseNode


@pytest.mark.slow
def test_cancel_ends_the_background_process_at_once(ui, widget, ct_node, python_slicer, messages):
    ui.inputVolumeSelector.setCurrentNode(ct_node)
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    ui.analyzeButton.click()
    wait_for(lambda: ui.progressBar.value > 0, 60)
    assert ui.progressBar.value < 100
    ui.cancelButton.click()
    # Within the click, before the event loop runs again.
    assert ui.progressLabel.text == "Cancelled"
    assert ui.analyzeButton.enabled
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert messages.shown == []


def test_nothing_heavy_is_loaded_by_the_panel_itself(slicer_app):
    heavy = {"numpy", "scipy", "SimpleITK"}
    already = heavy & set(sys.modules)
    import BV5AnalysisLib.panel.panel  # noqa: F401

    assert heavy & set(sys.modules) == already
