"""The panel's states: no input, running, cancelled, failed, done, closed, reloaded, two cases."""

import ast
import importlib
import inspect

import pytest
import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError, UnreadableCase


def test_without_input_the_hint_says_what_to_do(bench):
    assert not bench.ui.analyzeButton.enabled
    assert bench.ui.analyzeHintLabel.visible
    assert bench.ui.analyzeHintLabel.text == "Select a chest CT."
    assert bench.ui.analyzeButton.toolTip == "Select a chest CT."
    assert not bench.ui.cancelButton.enabled


def test_sections_wait_for_a_case(bench):
    assert not bench.ui.displayCollapsibleButton.enabled
    assert not bench.ui.reviewCollapsibleButton.enabled
    assert not bench.ui.copyButton.enabled
    assert not bench.ui.measurementsTable.visible
    bench.showCase()
    assert bench.ui.displayCollapsibleButton.enabled
    assert bench.ui.reviewCollapsibleButton.enabled
    assert bench.ui.copyButton.enabled


def test_first_volume_is_chosen_but_no_labelmap(bench):
    bench.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    volume = bench.addVolume()
    bench.panel.exit()
    bench.panel.enter()
    assert bench.ui.inputVolumeSelector.currentNode() is volume
    assert bench.ui.analyzeButton.enabled
    assert not bench.ui.analyzeHintLabel.visible


def test_unfit_volume_is_refused_with_the_reason(bench):
    bench.logic.reason = "The volume is no CT."
    bench.analyze()
    assert not bench.ui.analyzeButton.enabled
    assert bench.ui.analyzeHintLabel.text == "The volume is no CT."
    assert bench.process.requests == []


def test_volume_that_becomes_unfit_is_noticed(bench):
    volume = bench.addVolume()
    bench.ui.inputVolumeSelector.setCurrentNode(volume)
    assert bench.ui.analyzeButton.enabled
    bench.logic.reason = "The volume is under a warp."
    transform = bench.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "warp")
    volume.SetAndObserveTransformNodeID(transform.GetID())
    assert bench.ui.analyzeHintLabel.text == "The volume is under a warp."


def test_request_holds_what_was_chosen(bench):
    lungs = bench.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lungs")
    regions = bench.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lobes")
    bench.ui.lungsSelector.setCurrentNode(lungs)
    bench.ui.regionsSelector.setCurrentNode(regions)
    bench.ui.minimumCsaSpinBox.value = 0.5
    bench.ui.bloodIsMeasuredCheckBox.checked = False
    bench.ui.bloodHuSpinBox.value = 55
    volume = bench.analyze()
    (request,) = bench.process.requests
    assert (request.inputVolume, request.caseName) == (volume, "CT")
    assert (request.lungsSegmentation, request.regionsSegmentation) == (lungs, regions)
    assert request.parameters.minimum_csa_mm2 == 0.5
    assert request.parameters.class_bounds_mm2 == (5.0, 10.0)
    assert request.parameters.blood_hu == 55


def test_running_shows_step_and_lets_cancel(bench):
    bench.analyze()
    bench.process.progress("bronchi", 0.42)
    assert bench.ui.progressBar.visible
    assert bench.ui.progressBar.value == 42
    assert bench.ui.progressLabel.text.startswith("Bronchi")
    assert bench.ui.cancelButton.enabled
    assert not bench.ui.analyzeButton.enabled
    assert not bench.ui.loadCaseButton.enabled
    assert not bench.ui.inputCollapsibleButton.enabled


def test_two_clicks_start_one_analysis(bench):
    bench.analyze()
    bench.ui.analyzeButton.click()
    bench.panel._analysis.onAnalyze()
    assert len(bench.process.requests) == 1


def test_cancel_leaves_the_scene_as_it_was(bench):
    bench.addVolume("other")
    bench.analyze()
    before = bench.scene.GetNumberOfNodes()
    bench.ui.cancelButton.click()
    assert bench.scene.GetNumberOfNodes() == before
    assert bench.ui.progressLabel.text == "Cancelled"
    assert not bench.ui.progressBar.visible
    assert bench.ui.analyzeButton.enabled
    assert bench.messages.shown == []


def test_done_shows_the_case_once(bench, tmp_path):
    regions = bench.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lobes")
    bench.ui.regionsSelector.setCurrentNode(regions)
    volume = bench.analyze()
    bench.process.finish(tmp_path / "out")
    assert bench.logic.called("loadCase") == [(tmp_path / "out", volume, regions)]
    (outcome,) = bench.logic.outcomes()
    assert bench.logic.called("showResults") == [(outcome,)]
    assert bench.ui.caseSelector.currentNode() is outcome.caseNode
    assert bench.ui.keyLabel.text == "Cannot be trusted, see Findings: BV5 32.1 % · TPBV 125.0 mL"
    assert bench.ui.progressLabel.text.startswith("Done in")
    assert bench.ui.analyzeButton.enabled


def test_done_while_another_module_is_shown(bench, tmp_path):
    bench.analyze()
    bench.panel.exit()
    bench.process.finish(tmp_path / "out")
    (outcome,) = bench.logic.outcomes()
    assert bench.logic.called("showResults") == [(outcome,)]
    bench.panel.enter()
    assert bench.ui.caseSelector.currentNode() is outcome.caseNode
    assert len(bench.logic.called("showResults")) == 1


def test_failure_is_told_with_reason_and_log(bench, tmp_path):
    log = tmp_path / "analysis.log"
    log.write_text("first\nlast line of the log", "utf-8")
    bench.analyze()
    before = bench.scene.GetNumberOfNodes()
    bench.process.fail("The scan holds no lungs.", log)
    (shown,) = bench.messages.shown
    assert shown.kind == "error"
    assert "The scan holds no lungs." in shown.text
    assert str(log) in shown.text
    assert "last line of the log" in shown.details
    assert bench.scene.GetNumberOfNodes() == before
    assert bench.ui.analyzeButton.enabled
    assert bench.ui.progressLabel.text == "Failed"


def test_failure_without_a_log(bench):
    bench.analyze()
    bench.process.fail("The disk is full.", None)
    assert "The disk is full." in bench.messages.texts("error")[0]


def test_process_that_cannot_start(bench, monkeypatch):
    def fail(*_arguments):
        raise AnalysisError("PythonSlicer was not found.")

    with monkeypatch.context() as patch:
        patch.setattr(bench.process, "start", fail)
        bench.analyze()
    assert "PythonSlicer was not found." in bench.messages.texts("error")[0]
    assert bench.ui.analyzeButton.enabled
    bench.ui.analyzeButton.click()
    assert len(bench.process.requests) == 1


def test_results_that_cannot_be_loaded(bench, tmp_path):
    bench.logic.fails["loadCase"] = AnalysisError("result.json is damaged.")
    bench.analyze()
    bench.process.finish(tmp_path)
    assert "result.json is damaged." in bench.messages.texts("error")[0]
    assert bench.ui.analyzeButton.enabled
    assert not bench.ui.progressBar.visible


def test_a_result_that_cannot_be_read_is_told_once_as_the_process_tells_it(bench, tmp_path):
    bench.logic.fails["loadCase"] = UnreadableCase("result.json is damaged.")
    bench.analyze()
    bench.process.finish(tmp_path)
    (told,) = bench.messages.texts("error")
    assert "A damaged result: result.json is damaged." in told
    assert "analysis could not be done" in told
    assert bench.ui.progressLabel.text == "Failed"
    assert bench.ui.analyzeButton.enabled
    assert not bench.ui.progressBar.visible


def test_volume_deleted_while_running(bench, tmp_path):
    volume = bench.analyze()
    bench.scene.RemoveNode(volume)
    bench.wait()
    bench.process.finish(tmp_path / "out")
    assert bench.logic.called("loadCase") == [(tmp_path / "out", None, None)]
    assert not bench.ui.analyzeButton.enabled


def test_scene_closed_while_running_cancels_without_a_word(bench):
    bench.analyze()
    bench.closeScene()
    assert not bench.process.isRunning()
    assert bench.messages.shown == []
    assert not bench.ui.analyzeButton.enabled
    assert bench.analyze() is not None
    assert bench.process.isRunning()


def test_scene_closed_with_a_case(bench):
    bench.showCase()
    bench.closeScene()
    assert bench.ui.keyLabel.text == ""
    assert bench.ui.branchesTable.model().rowCount() == 0
    assert bench.ui.findingsSummaryLabel.text == "No case yet"
    assert not bench.ui.reviewCollapsibleButton.enabled
    bench.showCase("Next")
    assert bench.ui.keyLabel.text != ""


def test_scene_closed_while_another_module_is_shown(bench):
    bench.showCase()
    bench.panel.exit()
    bench.closeScene(entered=False)
    bench.panel.enter()
    assert bench.ui.caseSelector.currentNode() is None


def test_load_case_folder(bench, tmp_path):
    bench.messages.answer("getExistingDirectory", str(tmp_path / "Fall Ä"))
    bench.ui.loadCaseButton.click()
    assert bench.logic.called("loadCase") == [(tmp_path / "Fall Ä", None, None)]
    lobes = bench.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lobes")
    bench.ui.regionsSelector.setCurrentNode(lobes)
    bench.messages.answer("getExistingDirectory", str(tmp_path / "Fall Ä"))
    bench.ui.loadCaseButton.click()
    assert bench.logic.called("loadCase")[-1] == (tmp_path / "Fall Ä", None, lobes)
    assert bench.ui.caseSelector.currentNode().GetName() == "Fall Ä"
    bench.logic.fails["loadCase"] = AnalysisError("This is no output folder.")
    bench.messages.answer("getExistingDirectory", str(tmp_path))
    bench.ui.loadCaseButton.click()
    assert "This is no output folder." in bench.messages.texts("error")[0]


def test_load_case_can_be_given_up(bench):
    bench.ui.loadCaseButton.click()
    assert bench.logic.called("loadCase") == []


def test_two_cases(bench):
    first = bench.showCase("First")
    second = bench.showCase("Second")
    assert bench.logic.called("showResults") == [(first,), (second,)]
    bench.ui.caseSelector.setCurrentNode(first.caseNode)
    assert bench.logic.called("showResults")[-1] == (first,)
    bench.ui.caseSelector.setCurrentNode(None)
    assert bench.ui.keyLabel.text == ""


def test_case_selector_lists_cases_only(bench):
    bench.scene.AddNewNodeByClass("vtkMRMLTextNode", "a note")
    bench.showCase()
    assert bench.ui.caseSelector.nodeCount() == 1


def test_case_deleted_while_shown(bench):
    first, second = bench.showCase("First"), bench.showCase("Second")
    bench.scene.RemoveNode(second.caseNode)
    bench.wait()
    assert bench.ui.caseSelector.currentNode() in (None, first.caseNode)
    bench.scene.RemoveNode(first.caseNode)
    bench.wait()
    assert bench.ui.keyLabel.text == ""
    assert not bench.ui.reviewCollapsibleButton.enabled


def test_case_deleted_while_another_module_is_shown(bench):
    outcome = bench.showCase()
    bench.panel.exit()
    bench.scene.RemoveNode(outcome.caseNode)
    bench.panel.enter()
    assert bench.ui.caseSelector.currentNode() is None
    assert bench.ui.keyLabel.text == ""


def test_nodes_of_a_case_deleted_while_shown(bench):
    outcome = bench.showCase()
    for node in (outcome.branchesTable, outcome.vesselsSegmentation, outcome.lungsSegmentation):
        bench.scene.RemoveNode(node)
    bench.wait()
    bench.panel.exit()
    bench.panel.enter()
    assert bench.ui.branchesTable.model().rowCount() == 0
    assert bench.ui.keyLabel.text != ""


def test_choices_survive_leaving_the_module(bench):
    outcome = bench.showCase()
    bench.ui.bv5OpacitySlider.value = 0.4
    bench.ui.reviewerLineEdit.text = "Dr. Ä"
    bench.panel.exit()
    bench.ui.bv5OpacitySlider.value = 0.9
    assert bench.parameters.bv5Opacity == 0.4
    bench.panel.enter()
    assert bench.ui.bv5OpacitySlider.value == pytest.approx(0.4)
    assert bench.ui.reviewerLineEdit.text == "Dr. Ä"
    assert bench.ui.caseSelector.currentNode() is outcome.caseNode
    assert bench.logic.called("showResults") == [(outcome,)]


def test_reloaded_module_shows_the_same_and_the_old_panel_is_gone(bench):
    outcome = bench.showCase()
    old = bench.panel
    old.cleanup()
    bench.open()
    assert bench.ui.caseSelector.currentNode() is outcome.caseNode
    assert bench.ui.keyLabel.text == "Cannot be trusted, see Findings: BV5 32.1 % · TPBV 125.0 mL"
    before = len(bench.logic.called("applyDisplay"))
    bench.ui.bv5OpacitySlider.value = 0.25
    assert len(bench.logic.called("applyDisplay")) == before + 1
    assert list(old.Observations) == []


def test_saved_scene_comes_back(bench, tmp_path):
    outcome = bench.showCase("Saved")
    bench.ui.bv5OpacitySlider.value = 0.4
    bench.ui.sliceStyleComboBox.currentIndex = 1
    bench.scene.SetURL(str(tmp_path / "scene.mrml"))
    name = outcome.caseNode.GetName()
    bench.scene.SetSaveToXMLString(1)
    bench.scene.Commit()
    saved = bench.scene.GetSceneXMLString()
    bench.closeScene()
    assert bench.ui.caseSelector.currentNode() is None
    bench.scene.SetLoadFromXMLString(1)
    bench.scene.SetSceneXMLString(saved)
    bench.scene.Import()
    bench.wait()
    assert bench.ui.caseSelector.currentNode().GetName() == name
    assert bench.ui.keyLabel.text == "Cannot be trusted, see Findings: BV5 32.1 % · TPBV 125.0 mL"
    assert bench.ui.bv5OpacitySlider.value == pytest.approx(0.4)
    assert bench.parameters.sliceStyle.value == "fill"


def test_choices_survive_a_scene_that_is_added(bench):
    volume = bench.addVolume()
    outcome = bench.showCase("Stays")
    lobes = bench.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Lobes")
    bench.ui.inputVolumeSelector.setCurrentNode(volume)
    bench.ui.regionsSelector.setCurrentNode(lobes)
    other = slicer.vtkMRMLScene()
    other.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Another")
    other.SetSaveToXMLString(1)
    other.Commit()
    before = len(bench.logic.called("showResults"))
    bench.scene.SetLoadFromXMLString(1)
    bench.scene.SetSceneXMLString(other.GetSceneXMLString())
    bench.scene.Import()
    bench.wait()
    assert bench.scene.GetFirstNodeByName("Another") is not None
    assert bench.parameters.inputVolume is volume
    assert bench.parameters.regionsSegmentation is lobes
    assert bench.ui.caseSelector.currentNode() is outcome.caseNode
    assert bench.ui.keyLabel.text != ""
    assert len(bench.logic.called("showResults")) == before


@pytest.mark.parametrize(
    ("selector", "field", "className"),
    [
        ("inputVolumeSelector", "inputVolume", "vtkMRMLScalarVolumeNode"),
        ("lungsSelector", "lungsSegmentation", "vtkMRMLSegmentationNode"),
        ("regionsSelector", "regionsSegmentation", "vtkMRMLSegmentationNode"),
    ],
)
def test_no_other_node_takes_the_place_of_a_deleted_one(bench, selector, field, className):
    nodes = [bench.scene.AddNewNodeByClass(className, name) for name in "abc"]
    bench.wait()
    getattr(bench.ui, selector).setCurrentNode(nodes[1])
    assert getattr(bench.parameters, field) is nodes[1]
    bench.scene.RemoveNode(nodes[1])
    bench.wait()
    assert getattr(bench.ui, selector).currentNode() is None
    assert getattr(bench.parameters, field) is None


def test_no_other_case_takes_the_place_of_a_deleted_one(bench):
    first, second = bench.showCase("First"), bench.showCase("Second")
    bench.ui.caseSelector.setCurrentNode(first.caseNode)
    before = len(bench.logic.called("showResults"))
    bench.scene.RemoveNode(first.caseNode)
    bench.wait()
    assert bench.parameters.caseNode is None
    assert bench.ui.keyLabel.text == ""
    assert len(bench.logic.called("showResults")) == before
    bench.ui.caseSelector.setCurrentNode(second.caseNode)
    assert bench.ui.keyLabel.text != ""


def test_record_changed_from_outside_is_shown(bench):
    outcome = bench.showCase()
    bench.logic.setReview(outcome, "accepted", "Console", "")
    assert bench.ui.reviewStateLabel.text.startswith("Accepted by Console")


def test_a_damaged_record_is_told_once(bench):
    good = bench.showCase("Good")
    bad = bench.logic.addCase("Bad")
    bad.caseNode.SetText("{")
    bench.ui.caseSelector.setCurrentNode(bad.caseNode)
    (told,) = bench.messages.texts("error")
    assert "The record of Bad is damaged" in told
    bench.ui.minimumCsaSpinBox.value = 0.5
    assert len(bench.messages.texts("error")) == 1
    assert bench.ui.keyLabel.text == ""
    assert not bench.ui.saveReportButton.enabled
    bench.ui.caseSelector.setCurrentNode(good.caseNode)
    assert bench.ui.keyLabel.text != ""
    good.caseNode.SetText("[")
    assert "The record of Good is damaged" in bench.messages.texts("error")[1]
    assert not bench.ui.saveCsvButton.enabled


def test_each_step_of_the_command_has_a_text(bench):
    from BV5AnalysisLib.commandline import analyze
    from BV5AnalysisLib.imaging.progress import Step

    told = {
        Step[call.args[0].attr]
        for call in ast.walk(ast.parse(inspect.getsource(analyze.analyze_into_folder)))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "progress"
    }
    assert "reading the scan" in told
    assert told < set(Step)
    texts = importlib.import_module("BV5AnalysisLib.panel.analysis").step_texts()
    assert set(texts) == set(Step) | {"starting", "loading"}


def test_cleanup_stops_the_process(bench):
    bench.analyze()
    bench.panel.cleanup()
    assert not bench.process.isRunning()
    assert slicer.mrmlScene is bench.scene
