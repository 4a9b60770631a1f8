"""What each text of the panel belongs to, and that it goes with it."""

import pytest
import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError

FIXED = {
    "inputVolumeLabel",
    "lungsLabel",
    "regionsLabel",
    "caseLabel",
    "vesselGeometryLabel",
    "sliceStyleLabel",
    "perpendicularViewLabel",
    "reviewStateTitleLabel",
    "reviewerLabel",
    "reviewCommentLabel",
    "bloodLabel",
    "minimumCsaSpinBoxLabel",
    "bv5UpperCsaSpinBoxLabel",
    "bv10LowerCsaSpinBoxLabel",
    "bloodHuSpinBoxLabel",
    "minimumComponentLengthSpinBoxLabel",
    "hilumComboBoxLabel",
    "hilumShareSpinBoxLabel",
    "parametersErrorIcon",
}
"""Names of fields: they never change."""
BELONGS = {
    "analyzeHintLabel": "input",
    "progressLabel": "analysis, while it runs; its end, to the case and the input shown then",
    "findingsSummaryLabel": "case",
    "resultsEditedLabel": "case",
    "keyLabel": "case",
    "methodLabel": "case",
    "resultsStatusLabel": "case and its numbers",
    "branchCountLabel": "case and filter; a miss, to the click",
    "recomputeHintLabel": "case and parameters",
    "reviewStateLabel": "case",
    "parametersErrorLabel": "parameters",
    "parametersDifferLabel": "parameters and case",
}


def labels(bench):
    """All labels of the form by their names."""
    widgets = {name: each for name, each in vars(bench.ui).items() if name.endswith("Label")}
    return {name: each for name, each in widgets.items() if name not in FIXED}


def texts(bench):
    """What the form says: of labels all that is seen, of fields and buttons how they are."""
    said = {
        name: (each.text, each.isVisibleTo(each.window())) for name, each in labels(bench).items()
    }
    status = bench.ui.resultsStatusLabel
    said["status tool tip"] = status.toolTip
    said["comment"] = bench.ui.reviewCommentLineEdit.text
    for name, each in vars(bench.ui).items():
        if name.endswith("Button"):
            said[name] = (each.enabled, each.toolTip)
    said["recompute bold"] = bench.ui.recomputeButton.font.bold()
    return said


def test_each_label_is_known_to_belong_to_something(bench):
    assert set(labels(bench)) == set(BELONGS)


def say_everything(bench, outcome, tmp_path):
    """Let every text that belongs to a case, or to what was done with it, show."""
    bench.ui.reviewerLineEdit.text = "Dr. Ä"
    bench.ui.reviewCommentLineEdit.text = "motion"
    bench.ui.acceptButton.click()
    bench.ui.minimumCsaSpinBox.value = 0.5
    bench.ui.nextBranchButton.click()
    bench.ui.excludeVesselButton.click()
    bench.panel._review._onPicked((0.0, 0.0, 0.0))
    assert "No vessel" in bench.ui.branchCountLabel.text
    bench.messages.answer("getExistingDirectory", str(tmp_path))
    bench.ui.saveReportButton.click()
    assert "report.html" in bench.ui.resultsStatusLabel.text
    bench.ui.minimumCsaSpinBox.value = 1.25


@pytest.mark.parametrize("end", ["finish", "cancel", "fail"])
def test_texts_of_one_case_are_not_said_of_another(bench, tmp_path, end):
    volume = bench.addVolume("CT")
    other = bench.showCase("Other", findings=[])
    expected = texts(bench)
    bench.ui.analyzeButton.click()
    if end == "finish":
        bench.process.finish(tmp_path / "Done")
        done = bench.logic.outcomes()[-1]
        assert bench.ui.caseSelector.currentNode() is done.caseNode
    else:
        done = bench.showCase("Shown")
        bench.process.cancel() if end == "cancel" else bench.process.fail("No.", None)
    assert bench.ui.progressLabel.visible
    say_everything(bench, done, tmp_path)
    before = texts(bench)
    changed = {name for name in before if before[name] != expected[name]}
    assert changed >= {
        "progressLabel",
        "findingsSummaryLabel",
        "resultsEditedLabel",
        "resultsStatusLabel",
        "status tool tip",
        "branchCountLabel",
        "recomputeHintLabel",
        "reviewStateLabel",
        "comment",
        "undoReviewButton",
        "recompute bold",
    }
    bench.ui.caseSelector.setCurrentNode(other.caseNode)
    bench.wait()
    assert texts(bench) == expected
    assert bench.parameters.inputVolume is volume


def test_texts_go_with_the_scene(bench, tmp_path):
    expected = texts(bench)
    bench.analyze()
    bench.process.finish(tmp_path / "Done")
    say_everything(bench, bench.logic.outcomes()[0], tmp_path)
    bench.closeScene()
    assert texts(bench) == expected


def test_texts_go_with_a_deleted_case(bench, tmp_path):
    bench.addVolume("CT")
    expected = texts(bench)
    outcome = bench.showCase("Case")
    say_everything(bench, outcome, tmp_path)
    bench.scene.RemoveNode(outcome.caseNode)
    bench.wait()
    assert texts(bench) == expected


@pytest.mark.parametrize("field", ["inputVolume", "lungsSegmentation", "regionsSegmentation"])
def test_the_end_of_an_analysis_is_forgotten_with_its_input(bench, tmp_path, field):
    volumes = [bench.addVolume("CT 1"), bench.addVolume("CT 2")]
    segmentation = bench.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lobes")
    for _again in range(2):
        bench.ui.analyzeButton.click()
        bench.process.cancel()
        assert bench.ui.progressLabel.text == "Cancelled"
        bench.ui.minimumCsaSpinBox.value = 0.5
        assert bench.ui.progressLabel.text == "Cancelled"
        chosen = getattr(bench.parameters, field)
        others = volumes if field == "inputVolume" else [segmentation, None]
        setattr(bench.parameters, field, next(each for each in others if each is not chosen))
        assert bench.ui.progressLabel.text == ""
        assert not bench.ui.progressLabel.visible


def test_a_miss_is_forgotten_with_the_next_hit(bench):
    bench.showCase()
    counted = bench.ui.branchCountLabel.text
    bench.panel._review._onPicked((0.0, 0.0, 0.0))
    assert "No vessel" in bench.ui.branchCountLabel.text
    bench.logic.branch = 2
    bench.panel._review._onPicked((1.0, 0.0, 0.0))
    assert bench.ui.branchCountLabel.text == counted
    bench.logic.branch = None
    bench.panel._review._onPicked((0.0, 0.0, 0.0))
    bench.ui.previousBranchButton.click()
    assert bench.ui.branchCountLabel.text == counted
    bench.panel._review._onPicked((0.0, 0.0, 0.0))
    bench.ui.pickVesselButton.click()
    bench.ui.pickVesselButton.click()
    assert bench.ui.branchCountLabel.text == counted


def test_a_miss_of_a_case_without_branches_is_not_said_of_the_next(bench):
    cases = [bench.showCase("A"), bench.showCase("B")]
    for outcome in cases:
        bench.scene.RemoveNode(outcome.branchesTable)
    bench.panel.exit()
    bench.panel.enter()
    bench.panel._review._onPicked((0.0, 0.0, 0.0))
    assert "No vessel" in bench.ui.branchCountLabel.text
    bench.ui.caseSelector.setCurrentNode(cases[0].caseNode)
    assert bench.ui.branchCountLabel.text == "0 branches"


def test_a_report_that_fails_leaves_no_earlier_text(bench, tmp_path):
    bench.showCase()
    bench.messages.answer("getExistingDirectory", str(tmp_path))
    bench.ui.saveReportButton.click()
    bench.logic.fails["exportReport"] = AnalysisError("No.")
    bench.messages.answer("getExistingDirectory", str(tmp_path))
    bench.ui.saveReportButton.click()
    assert bench.ui.resultsStatusLabel.text == ""
    assert bench.ui.resultsStatusLabel.toolTip == ""
    assert slicer.mrmlScene is bench.scene


def test_a_case_deleted_with_others_at_once_is_gone_from_the_panel(bench):
    cases = [bench.showCase(name) for name in "AB"]
    state = bench.scene.BatchProcessState
    bench.scene.StartState(state)
    for outcome in cases:
        bench.scene.RemoveNode(outcome.caseNode)
    bench.scene.EndState(state)
    bench.wait()
    assert bench.ui.keyLabel.text == ""
    assert bench.parameters.caseNode is None
    assert not bench.ui.copyButton.enabled
