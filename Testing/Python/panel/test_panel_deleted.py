"""Nodes deleted by hand, and the scene closed, at any time: a clear message, or it works."""

import pytest
import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError

QUICK = (
    "copyButton",
    "saveCsvButton",
    "showLayoutButton",
    "nextBranchButton",
    "previousBranchButton",
    "excludeVesselButton",
    "clearBranchButton",
    "pickVesselButton",
    "pickVesselButton",
    "bv5VisibleCheckBox",
    "legendVisibleCheckBox",
    "lungsVisibleCheckBox",
    "displayDefaultsButton",
    "acceptButton",
    "undoReviewButton",
    "restoreLayoutButton",
    "parametersDefaultsButton",
)
"""Buttons that answer at once, each clicked after each deletion."""


def own_nodes(outcome):
    """All nodes of a case but its CT, those that its numbers are made from last."""
    case = outcome.caseNode
    roles = [case.GetNthNodeReferenceRole(i) for i in range(case.GetNumberOfNodeReferenceRoles())]
    main = [case.GetNodeReference(role) for role in roles]
    main = [node for node in main if node is not None and node is not outcome.inputVolume]
    serving = []
    for node in main:
        if node.IsA("vtkMRMLDisplayableNode"):
            count = node.GetNumberOfDisplayNodes()
            serving += [node.GetNthDisplayNode(index) for index in range(count)]
        if node.IsA("vtkMRMLStorableNode") and node.GetStorageNode() is not None:
            serving.append(node.GetStorageNode())
    last = [outcome.lungsSegmentation, outcome.vesselsSegmentation, outcome.centerlinesModel]
    return [*serving, *(node for node in main if node not in last), *last]


@pytest.fixture
def outcome(widget, slicer_app, case_folder, ct_node):
    """A case that the module shows."""
    slicer.util.selectModule("BV5Analysis")
    outcome = widget.logic.loadCase(case_folder, ct_node)
    slicer_app.app.processEvents()
    widget.ui.reviewerLineEdit.text = "Dr. Ä"
    return outcome


def click_all(widget, app, messages, tmp_path):
    """Click every quick button that is enabled; give what was told but of the edit it makes."""
    messages.shown.clear()
    for name in QUICK:
        button = getattr(widget.ui, name)
        if button.isEnabled():
            messages.answer("getSaveFileName", str(tmp_path / "numbers.csv"))
            button.click()
            app.processEvents()
            messages._answers.clear()
    return [text for text in messages.texts("error") if "were edited since" not in text]


def test_nodes_deleted_one_after_the_other(widget, outcome, slicer_app, messages, tmp_path):
    nodes = own_nodes(outcome)
    assert len(nodes) > 30
    for node in nodes:
        what = f"{node.GetClassName()} {node.GetName()}"
        slicer.mrmlScene.RemoveNode(node)
        slicer_app.app.processEvents()
        assert click_all(widget, slicer_app.app, messages, tmp_path) == [], what
    ui = widget.ui
    for name in ("saveCsvButton", "saveReportButton", "recomputeButton", "excludeVesselButton"):
        button = getattr(ui, name)
        assert not button.enabled
        assert button.toolTip.startswith("The vessels segmentation was deleted.")
    assert "lungs segmentation was deleted" in ui.recomputeHintLabel.text
    assert not ui.editVesselsButton.enabled
    assert not ui.nextBranchButton.enabled
    assert ui.copyButton.toolTip.endswith("Recompute, in Review, makes it again.")
    assert ui.keyLabel.text.startswith("BV5"), "the numbers are the case node's"
    slicer.mrmlScene.RemoveNode(outcome.caseNode)
    slicer_app.app.processEvents()
    assert click_all(widget, slicer_app.app, messages, tmp_path) == []
    assert ui.keyLabel.text == ""


def test_recompute_makes_what_was_deleted_again(widget, outcome, slicer_app, messages):
    for node in own_nodes(outcome)[:-3]:
        slicer.mrmlScene.RemoveNode(node)
    slicer_app.app.processEvents()
    widget.ui.recomputeButton.click()
    slicer_app.app.processEvents()
    assert messages.texts("error") == []
    assert len(own_nodes(outcome)) > 30
    assert widget.ui.copyButton.enabled
    assert widget.ui.branchesTable.model().rowCount() > 1


def test_the_ct_is_deleted(widget, outcome, slicer_app, messages, ct_node, tmp_path):
    slicer.mrmlScene.RemoveNode(ct_node)
    slicer_app.app.processEvents()
    assert click_all(widget, slicer_app.app, messages, tmp_path) == []
    ui = widget.ui
    assert ui.saveCsvButton.enabled
    assert ui.excludeVesselButton.enabled
    assert not ui.recomputeButton.enabled
    assert not ui.saveReportButton.enabled
    assert ui.recomputeHintLabel.text.startswith("The CT was deleted.")
    assert not ui.analyzeButton.enabled


def test_a_case_that_was_loaded_without_its_ct(widget, slicer_app, case_folder, messages):
    slicer.util.selectModule("BV5Analysis")
    widget.logic.loadCase(case_folder)
    slicer_app.app.processEvents()
    assert not widget.ui.saveReportButton.enabled
    assert "load the CT" in widget.ui.saveReportButton.toolTip
    assert widget.ui.saveCsvButton.enabled
    assert messages.shown == []


@pytest.mark.parametrize(
    "role", ["inputVolume", "lungsSegmentation", "regionsSegmentation", "parameters", "case"]
)
def test_nodes_deleted_while_analyzing(bench, tmp_path, role):
    outcome = bench.showCase("Shown")
    for field in ("lungsSegmentation", "regionsSegmentation"):
        node = bench.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", field)
        setattr(bench.parameters, field, node)
    bench.analyze()
    bench.process.progress("bronchi", 0.3)
    chosen = {"parameters": bench.parameters.parameterNode, "case": outcome.caseNode}
    going = chosen.get(role) or getattr(bench.parameters, role)
    (request,) = bench.process.requests
    bench.scene.RemoveNode(going)
    bench.wait()
    assert bench.ui.cancelButton.enabled
    assert not bench.ui.analyzeButton.enabled
    assert bench.ui.progressLabel.text.startswith("Bronchi")
    bench.process.finish(tmp_path / "Done")
    bench.wait()
    ((_folder, volume, regions),) = bench.logic.called("loadCase")
    assert volume is (None if role == "inputVolume" else request.inputVolume)
    assert regions is (None if role == "regionsSegmentation" else request.regionsSegmentation)
    assert bench.ui.caseSelector.currentNode().GetName() == "Done"
    assert bench.messages.shown == []


@pytest.mark.parametrize("step", ["starting", "reading the scan", "branches", "writing files"])
def test_scene_closed_at_a_step(bench, step):
    bench.showCase("Case")
    bench.analyze()
    bench.process.progress(step, 0.5)
    bench.closeScene()
    assert not bench.process.isRunning()
    assert not bench.ui.progressLabel.visible
    assert not bench.ui.progressBar.visible
    assert not bench.ui.cancelButton.enabled
    assert bench.messages.shown == []
    bench.analyze()
    assert bench.process.isRunning()


def test_scene_closed_while_the_result_is_loaded(bench, tmp_path, monkeypatch):
    def closing(_folder, *_others):
        bench.closeScene()
        raise AnalysisError("The scene was closed meanwhile.")

    bench.analyze()
    monkeypatch.setattr(bench.logic, "loadCase", closing, raising=False)
    bench.process.finish(tmp_path / "Done")
    bench.wait()
    assert not bench.ui.cancelButton.enabled
    assert bench.ui.loadCaseButton.enabled
    assert not bench.ui.progressBar.visible


def test_case_deleted_while_it_is_recomputed(bench, monkeypatch):
    outcome = bench.showCase("Case")

    def deleting(outcome, _parameters):
        # Slicer may serve its windows on the way.
        bench.scene.RemoveNode(outcome.caseNode)
        bench.wait()
        raise AnalysisError("The case was deleted.")

    monkeypatch.setattr(bench.logic, "recompute", deleting, raising=False)
    bench.ui.recomputeButton.click()
    bench.wait()
    assert "The case was deleted." in bench.messages.texts("error")[0]
    assert bench.ui.keyLabel.text == ""
    assert outcome.caseNode.GetScene() is None


def test_case_deleted_while_it_is_recomputed_without_a_word(bench, monkeypatch):
    bench.showCase("Case")

    def deleting(outcome, _parameters):
        bench.scene.RemoveNode(outcome.caseNode)
        bench.wait()
        return outcome

    monkeypatch.setattr(bench.logic, "recompute", deleting, raising=False)
    bench.ui.recomputeButton.click()
    bench.wait()
    assert bench.ui.keyLabel.text == ""
    assert bench.messages.shown == []
    bench.showCase("Next")
    assert bench.ui.recomputeButton.enabled


def test_two_recomputations_do_not_overlap(bench, monkeypatch):
    bench.showCase("Case")
    begun = []

    def again(outcome, _parameters):
        begun.append(outcome)
        if len(begun) < 3:
            bench.panel._review.onRecompute()
        return outcome

    monkeypatch.setattr(bench.logic, "recompute", again, raising=False)
    bench.ui.recomputeButton.click()
    assert len(begun) == 1
