"""Review: the list of branches, picking, editing, recomputing, the verdict."""

import random

import pytest
import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError

CONFIDENCE, CLASS, CSA = 1, 2, 3


@pytest.fixture
def case(bench):
    return bench.showCase()


def numbers(bench):
    return [int(text) for text in bench.column(0)]


def test_doubtful_branches_come_first(bench, case):
    assert numbers(bench) == [0, 10, 9, 1, 2]
    assert bench.column(CONFIDENCE)[:2] == ["55 %", "80 %"]
    assert bench.ui.branchCountLabel.text == "5 branches"


def test_columns_sort_by_number(bench, case):
    ascending = bench.qt.Qt.AscendingOrder
    bench.ui.branchesTable.sortByColumn(CSA, ascending)
    assert bench.column(CSA) == ["1.10", "2.50", "4.90", "7.50", "100.25"]
    bench.ui.branchesTable.sortByColumn(0, bench.qt.Qt.DescendingOrder)
    assert numbers(bench) == [10, 9, 2, 1, 0]
    bench.ui.branchesTable.sortByColumn(CLASS, ascending)
    assert bench.column(CLASS) == ["Below floor", "BV5", "BV5", "BV5-10", "BV10"]


def test_a_click_on_a_heading_sorts(bench, case):
    from PySide6 import QtCore, QtTest

    bench.ui.reviewCollapsibleButton.collapsed = False
    bench.wait()
    header = bench.ui.branchesTable._native.horizontalHeader()
    place = QtCore.QPoint(header.sectionViewportPosition(0) + 5, header.height() // 2)
    for expected in ([0, 1, 2, 9, 10], [10, 9, 2, 1, 0]):
        QtTest.QTest.mouseClick(
            header.viewport(), QtCore.Qt.MouseButton.LeftButton, pos=place, delay=1
        )
        assert numbers(bench) == expected
    bench.ui.nextBranchButton.click()
    assert bench.logic.called("selectBranch")[-1][1] == 10


def test_a_click_on_a_row_chooses_it(bench, case):
    from PySide6 import QtCore, QtTest

    bench.ui.reviewCollapsibleButton.collapsed = False
    bench.wait()
    table = bench.ui.branchesTable._native
    place = table.visualRect(table.model().index(2, 1)).center()
    QtTest.QTest.mouseClick(table.viewport(), QtCore.Qt.MouseButton.LeftButton, pos=place)
    assert bench.logic.called("selectBranch") == [(case, 9, "Green")]


def test_filters(bench, case):
    bench.ui.branchClassComboBox.currentIndex = 1
    assert numbers(bench) == [0, 9]
    assert bench.ui.branchCountLabel.text == "2 of 5 branches"
    bench.ui.doubtfulOnlyCheckBox.checked = True
    assert numbers(bench) == [0]
    bench.ui.branchClassComboBox.currentIndex = 0
    assert numbers(bench) == [0, 10]


def test_order_is_kept_through_a_filter(bench, case):
    bench.ui.branchesTable.sortByColumn(CSA, bench.qt.Qt.DescendingOrder)
    bench.ui.branchClassComboBox.currentIndex = 1
    assert bench.column(CSA) == ["4.90", "2.50"]


def test_next_and_previous_follow_the_shown_order(bench, case):
    bench.ui.nextBranchButton.click()
    bench.ui.nextBranchButton.click()
    bench.ui.nextBranchButton.click()
    bench.ui.previousBranchButton.click()
    chosen = [branch for _case, branch, _view in bench.logic.called("selectBranch")]
    assert chosen == [0, 10, 9, 10]
    assert bench.logic.called("selectBranch")[0] == (case, 0, "Green")
    bench.ui.previousBranchButton.click()
    bench.ui.previousBranchButton.click()
    assert len(bench.logic.called("selectBranch")) == 5


def test_arrow_keys_choose(bench, case):
    from PySide6 import QtCore, QtTest

    bench.ui.reviewCollapsibleButton.collapsed = False
    bench.ui.nextBranchButton.click()
    table = bench.ui.branchesTable._native
    QtTest.QTest.keyClick(table, QtCore.Qt.Key.Key_Down)
    assert bench.logic.called("selectBranch")[-1][1] == 10


def test_filtering_does_not_select(bench, case):
    bench.ui.nextBranchButton.click()
    bench.ui.doubtfulOnlyCheckBox.checked = True
    bench.ui.doubtfulOnlyCheckBox.checked = False
    assert len(bench.logic.called("selectBranch")) == 1
    bench.ui.nextBranchButton.click()
    assert bench.logic.called("selectBranch")[-1][1] == 10


def test_another_view_turns_the_chosen_branch(bench, case):
    bench.ui.perpendicularViewComboBox.currentIndex = 1
    assert bench.logic.called("selectBranch") == []
    bench.ui.nextBranchButton.click()
    bench.ui.perpendicularViewComboBox.currentIndex = 0
    assert bench.logic.called("selectBranch") == [(case, 0, "Red"), (case, 0, None)]


def test_clear_turns_the_views_back(bench, case):
    bench.ui.clearBranchButton.click()
    assert bench.logic.called("clearSelection") == []
    bench.ui.nextBranchButton.click()
    bench.ui.clearBranchButton.click()
    assert bench.logic.called("clearSelection") == [(case,)]
    bench.ui.nextBranchButton.click()
    assert bench.logic.called("selectBranch")[-1][1] == 0


def place(bench, *ras):
    """Click in a view, as far as MRML sees it."""
    selection = slicer.app.applicationLogic().GetSelectionNode()
    node = bench.scene.GetNodeByID(selection.GetActivePlaceNodeID())
    node.AddControlPoint(ras)
    bench.wait()
    return node


def many(count):
    return [
        (i, "BV5", random.uniform(1, 5), 0.5, 9.0, 0.1, random.uniform(40, 100), "left")
        for i in range(count)
    ]


def test_of_thousands_of_branches_only_those_in_view_are_filled_in(bench):
    def filled():
        return sum(text is not None for text in bench.column(0))

    bench.showCase("Large", branches=many(12000))
    table = bench.ui.branchesTable
    assert table.model().rowCount() == 12000
    assert 0 < filled() <= 100
    table.sortByColumn(0, bench.qt.Qt.DescendingOrder)
    bench.logic.branch = 5
    bench.ui.pickVesselButton.click()
    place(bench, 0, 0, 0)
    assert bench.logic.called("selectBranch")[-1][1] == 5
    assert 100 < filled() <= 300  # At the top, and at the row that was picked.
    assert table.currentIndex().row() == 12000 - 1 - 5
    assert bench.column(0)[12000 - 1 - 5] == "5"
    assert bench.column(0)[:2] == ["11999", "11998"]


def test_rows_scrolled_to_are_filled(bench):
    bench.showCase("Large", branches=many(1000))
    bench.ui.reviewCollapsibleButton.collapsed = False
    bench.ui.branchesTable.sortByColumn(0, bench.qt.Qt.AscendingOrder)
    bench.wait()
    bar = bench.ui.branchesTable.verticalScrollBar()
    bar.value = bar.maximum
    bench.wait()
    assert bench.column(0)[-1] == "999"
    bar.value = 500
    assert bench.column(0)[500] == "500"


def test_picking_selects_the_branch_under_the_click(bench, case):
    interaction = slicer.app.applicationLogic().GetInteractionNode()
    bench.ui.pickVesselButton.click()
    assert interaction.GetCurrentInteractionMode() == interaction.Place
    bench.logic.branch = 9
    point = place(bench, 1.0, 2.0, 3.0)
    assert bench.logic.called("branchAt") == [(case, (1.0, 2.0, 3.0))]
    assert bench.logic.called("selectBranch") == [(case, 9, "Green")]
    assert point.GetNumberOfControlPoints() == 0
    assert not point.GetSaveWithScene()
    assert point.GetHideFromEditors()
    bench.ui.pickVesselButton.click()
    assert interaction.GetCurrentInteractionMode() != interaction.Place
    assert point.GetScene() is None


def test_picking_beside_vessels_says_so(bench, case):
    bench.ui.pickVesselButton.click()
    place(bench, 0, 0, 0)
    assert bench.logic.called("selectBranch") == []
    assert "No vessel" in bench.ui.branchCountLabel.text


def test_picking_a_filtered_branch_drops_the_filter(bench, case):
    bench.ui.branchClassComboBox.currentIndex = 1
    bench.ui.pickVesselButton.click()
    bench.logic.branch = 2
    place(bench, 0, 0, 0)
    assert bench.logic.called("selectBranch") == [(case, 2, "Green")]
    assert bench.ui.branchClassComboBox.currentIndex == 0


def test_right_click_ends_picking(bench, case):
    interaction = slicer.app.applicationLogic().GetInteractionNode()
    before = bench.scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode")
    bench.ui.pickVesselButton.click()
    interaction.SwitchToViewTransformMode()
    # The view that tells so goes on to use the point.
    assert bench.scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == before + 1
    bench.wait()
    assert not bench.ui.pickVesselButton.checked
    assert bench.scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == before


def test_another_markup_takes_the_place_of_picking(bench, case):
    application = slicer.app.applicationLogic()
    bench.ui.pickVesselButton.click()
    other = bench.scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    application.GetSelectionNode().SetActivePlaceNodeID(other.GetID())
    bench.wait()
    assert not bench.ui.pickVesselButton.checked
    assert bench.scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == 1
    interaction = application.GetInteractionNode()
    assert interaction.GetCurrentInteractionMode() == interaction.Place


@pytest.mark.parametrize("leave", ["exit", "close", "other case"])
def test_picking_ends_when_its_case_is_left(bench, case, leave):
    bench.ui.pickVesselButton.click()
    if leave == "exit":
        bench.panel.exit()
    elif leave == "close":
        bench.closeScene()
    else:
        bench.showCase("Other")
    assert not bench.ui.pickVesselButton.checked
    assert bench.scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == 0


def test_exclude_needs_a_branch(bench, case):
    bench.ui.excludeVesselButton.click()
    assert len(bench.messages.texts("info")) == 1
    bench.ui.nextBranchButton.click()
    bench.ui.excludeVesselButton.click()
    assert bench.logic.called("excludeBranch") == [(case, 0)]
    assert "Edited" in bench.ui.recomputeHintLabel.text
    assert bench.ui.resultsEditedLabel.visible


def test_edit_vessels(bench, case):
    bench.ui.editVesselsButton.click()
    assert bench.logic.called("editVessels") == [(case,)]


def change_voxels(segmentation, key="painted"):
    segmentation.GetSegmentation().AddEmptySegment(key, key)


def test_edits_are_noticed_also_from_another_module(bench, case):
    assert not bench.ui.recomputeHintLabel.visible
    bench.panel.exit()
    change_voxels(case.vesselsSegmentation)
    asked = len(bench.logic.calls)
    bench.waitForEdits()
    assert len(bench.logic.calls) == asked, "compared while nobody looks"
    bench.panel.enter()
    bench.waitForEdits()
    assert bench.ui.recomputeHintLabel.text == "Edited: recompute to update the numbers."
    assert case.caseNode.GetAttribute("BV5Analysis.edited") == "1"


def test_edits_of_the_lungs_count_too(bench, case):
    change_voxels(case.lungsSegmentation)
    bench.waitForEdits()
    assert bench.ui.resultsEditedLabel.visible


def test_display_changes_are_no_edits(bench, case):
    segmentation = case.vesselsSegmentation
    segmentation.GetSegmentation().GetSegment("bv5").SetColor(0.1, 0.2, 0.3)
    segmentation.GetSegmentation().GetSegment("bv5").SetName("renamed")
    segmentation.GetDisplayNode().SetSegmentVisibility("bv5", False)
    segmentation.GetDisplayNode().SetOpacity3D(0.5)
    bench.waitForEdits()
    assert not bench.ui.resultsEditedLabel.visible
    assert not bench.ui.recomputeHintLabel.visible


def test_what_slicer_tells_as_changed_is_no_edit_if_it_is_the_same(bench, case):
    for event in ("SourceRepresentationModified", "SegmentAdded", "SegmentRemoved"):
        case.vesselsSegmentation.InvokeEvent(getattr(slicer.vtkSegmentation, event))
    assert bench.panel._edits.isWaiting()
    bench.waitForEdits()
    assert not bench.ui.resultsEditedLabel.visible
    assert case.caseNode.GetAttribute("BV5Analysis.edited") is None


def test_the_mark_goes_when_an_edit_is_undone(bench, case):
    change_voxels(case.vesselsSegmentation)
    bench.waitForEdits()
    assert bench.ui.resultsEditedLabel.visible
    case.vesselsSegmentation.GetSegmentation().RemoveSegment("painted")
    bench.waitForEdits()
    assert not bench.ui.resultsEditedLabel.visible
    assert not bench.ui.recomputeHintLabel.visible
    assert case.caseNode.GetAttribute("BV5Analysis.edited") is None


def test_a_burst_of_changes_is_compared_once(bench, case):
    bench.waitForEdits()
    before = len(bench.logic.called("isEdited"))
    for stroke in range(5):
        change_voxels(case.vesselsSegmentation, f"stroke {stroke}")
        change_voxels(case.lungsSegmentation, f"stroke {stroke}")
        bench.wait()
    assert len(bench.logic.called("isEdited")) == before
    bench.waitForEdits()
    assert len(bench.logic.called("isEdited")) == before + 1


def test_a_mark_that_was_saved_is_checked_when_the_case_is_shown(bench):
    outcome = bench.logic.addCase("Loaded")
    outcome.caseNode.SetAttribute("BV5Analysis.edited", "1")
    bench.ui.caseSelector.setCurrentNode(outcome.caseNode)
    bench.waitForEdits()
    assert not bench.ui.resultsEditedLabel.visible
    other = bench.logic.addCase("Edited before it was loaded")
    change_voxels(other.vesselsSegmentation)
    bench.ui.caseSelector.setCurrentNode(other.caseNode)
    bench.waitForEdits()
    assert bench.ui.resultsEditedLabel.visible


def test_nothing_is_compared_while_the_scene_is_changed_as_a_whole(bench, case):
    bench.waitForEdits()
    scene, before = bench.scene, len(bench.logic.called("isEdited"))
    scene.StartState(scene.BatchProcessState)
    change_voxels(case.vesselsSegmentation)
    bench.panel._edits._compare()  # as the timer does
    assert len(bench.logic.called("isEdited")) == before
    scene.EndState(scene.BatchProcessState)
    bench.waitForEdits()
    assert bench.ui.resultsEditedLabel.visible


@pytest.mark.parametrize("leave", ["cleanup", "close"])
def test_nothing_is_compared_after_the_case_was_left(bench, case, leave):
    bench.waitForEdits()
    change_voxels(case.vesselsSegmentation)
    before = len(bench.logic.called("isEdited"))
    if leave == "cleanup":
        bench.panel.cleanup()
    else:
        bench.closeScene()
    assert not bench.panel._edits.isWaiting()
    assert len(bench.logic.called("isEdited")) == before


def test_edits_belong_to_their_case(bench):
    first, second = bench.showCase("First"), bench.showCase("Second")
    change_voxels(first.vesselsSegmentation)
    bench.waitForEdits()
    assert not bench.ui.resultsEditedLabel.visible
    bench.ui.caseSelector.setCurrentNode(first.caseNode)
    assert bench.ui.resultsEditedLabel.visible
    bench.ui.caseSelector.setCurrentNode(second.caseNode)
    assert not bench.ui.resultsEditedLabel.visible


def test_recompute_updates_numbers_and_branches(bench, case):
    change_voxels(case.vesselsSegmentation)
    bench.ui.recomputeButton.click()
    ((outcome, parameters),) = bench.logic.called("recompute")
    assert outcome == case
    assert parameters.to_dict() == {
        "minimum_csa_mm2": 1.25,
        "class_bounds_mm2": [5.0, 10.0],
        "blood_hu": None,
        "minimum_component_length_mm": 6.0,
        "hilum": "apart",
        "hilum_share": 0.8,
    }
    assert bench.ui.keyLabel.text == "Cannot be trusted, see Findings: BV5 32.1 % · TPBV 111.0 mL"
    assert numbers(bench) == [0, 1]
    assert not bench.ui.recomputeHintLabel.visible
    assert not bench.ui.resultsEditedLabel.visible


def test_recompute_lets_go_of_the_branch_and_goes_on_from_there(bench, case):
    bench.ui.nextBranchButton.click()
    bench.ui.nextBranchButton.click()
    bench.ui.recomputeButton.click()
    assert bench.logic.called("clearSelection") == [(case,)]
    bench.ui.nextBranchButton.click()
    assert [call[1] for call in bench.logic.called("selectBranch")] == [0, 10, 1]


def test_recompute_takes_floor_and_bounds_only(bench, case):
    bench.ui.minimumCsaSpinBox.value = 0.0
    bench.ui.bv10LowerCsaSpinBox.value = 12.0
    bench.ui.bloodIsMeasuredCheckBox.checked = False
    bench.ui.minimumComponentLengthSpinBox.value = 20.0
    assert "floor and bounds" in bench.ui.recomputeHintLabel.text
    bench.ui.recomputeButton.click()
    ((_outcome, parameters),) = bench.logic.called("recompute")
    assert parameters.minimum_csa_mm2 == 0.0
    assert parameters.class_bounds_mm2 == (5.0, 12.0)
    assert parameters.blood_hu is None
    assert parameters.minimum_component_length_mm == 6.0
    assert not bench.ui.recomputeHintLabel.visible


def test_recompute_that_cannot_be_done(bench, case):
    change_voxels(case.vesselsSegmentation)
    bench.waitForEdits()
    bench.logic.fails["recompute"] = AnalysisError("The lungs segmentation was deleted.")
    bench.ui.recomputeButton.click()
    assert "The lungs segmentation was deleted." in bench.messages.texts("error")[0]
    assert bench.ui.resultsEditedLabel.visible
    assert bench.ui.keyLabel.text == "Cannot be trusted, see Findings: BV5 32.1 % · TPBV 125.0 mL"


def test_recompute_with_impossible_bounds(bench, case):
    bench.ui.minimumCsaSpinBox.value = 7.0
    assert not bench.ui.recomputeButton.enabled
    assert bench.ui.recomputeHintLabel.text == bench.ui.parametersErrorLabel.text
    assert "Areas must rise" in bench.ui.recomputeHintLabel.text
    bench.ui.minimumCsaSpinBox.value = 2.0
    assert bench.ui.recomputeButton.enabled


def test_verdict_needs_a_reviewer(bench, case):
    assert bench.ui.reviewStateLabel.text == "Not reviewed"
    assert not bench.ui.undoReviewButton.enabled
    bench.ui.acceptButton.click()
    assert bench.logic.called("setReview") == []
    assert len(bench.messages.texts("info")) == 1


def test_reviewer_is_at_first_whom_slicer_knows(bench):
    assert bench.parameters.reviewer == ""
    slicer.app.applicationLogic().GetUserInformation().SetName("Dr. Slicer")
    bench.panel.enter()
    assert bench.ui.reviewerLineEdit.text == "Dr. Slicer"
    bench.ui.reviewerLineEdit.text = "Other"
    bench.panel.enter()
    assert bench.ui.reviewerLineEdit.text == "Other"


def test_accept_reject_undo(bench, case):
    bench.ui.reviewerLineEdit.text = " Dr. Ä "
    bench.ui.reviewCommentLineEdit.text = "good"
    bench.ui.acceptButton.click()
    assert bench.logic.called("setReview")[-1] == (case, "accepted", "Dr. Ä", "good")
    text = bench.ui.reviewStateLabel.text
    assert text.startswith("Accepted by Dr. Ä, 2026-11-2")
    assert text.endswith(": good")
    bench.ui.reviewCommentLineEdit.text = ""
    bench.ui.rejectButton.click()
    assert bench.ui.reviewStateLabel.text.startswith("Rejected by Dr. Ä, 2026-11-2")
    bench.ui.undoReviewButton.click()
    assert bench.logic.called("setReview")[-1] == (case, "", "", "")
    assert bench.ui.reviewStateLabel.text == "Not reviewed"


def test_a_verdict_keeps_the_chosen_branch(bench, case):
    bench.ui.nextBranchButton.click()
    bench.ui.reviewerLineEdit.text = "Dr."
    bench.ui.acceptButton.click()
    bench.ui.nextBranchButton.click()
    assert bench.logic.called("selectBranch")[-1][1] == 10


def test_typing_a_name_keeps_the_cursor(bench, case):
    from PySide6 import QtTest

    bench.ui.reviewCollapsibleButton.collapsed = False
    QtTest.QTest.keyClicks(bench.ui.reviewerLineEdit._native, "Smith")
    QtTest.QTest.keyClicks(bench.ui.reviewCommentLineEdit._native, "well done")
    assert (bench.parameters.reviewer, bench.parameters.reviewComment) == ("Smith", "well done")
