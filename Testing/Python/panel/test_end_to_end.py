"""From a click on Analyze, through a process of its own, to the case on screen."""

import pytest
import slicer


@pytest.fixture
def ui(widget, ct_node, python_slicer):
    slicer.util.selectModule("BV5Analysis")
    widget.ui.inputVolumeSelector.setCurrentNode(ct_node)
    return widget.ui


@pytest.mark.slow
def test_analyze(ui, widget, slicer_app, messages, small_phantom_result):
    steps = []
    ui.progressBar.connect("valueChanged(int)", steps.append)
    ui.analyzeButton.click()
    assert not ui.analyzeButton.enabled
    slicer_app.spin(lambda: ui.analyzeButton.enabled, seconds=120)
    assert messages.shown == []
    (outcome,) = widget.logic.outcomes()
    assert ui.caseSelector.currentNode() is outcome.caseNode
    # The process measures what the same analysis in this process does.
    here = small_phantom_result.measurements[0]
    assert outcome.record["measurements"][0]["bv5_ml"] == pytest.approx(here.bv5_ml)
    assert len(set(steps)) > 3
    assert steps == sorted(steps)
    assert ui.branchesTable.model().rowCount() > 100


@pytest.mark.slow
def test_cancel_leaves_the_scene_as_it_was(ui, slicer_app, messages):
    def nodes():
        scene = slicer.mrmlScene
        return {scene.GetNthNode(i).GetID() for i in range(scene.GetNumberOfNodes())}

    before = nodes()
    ui.analyzeButton.click()
    slicer_app.spin(lambda: ui.progressBar.value > 0, seconds=120)
    ui.cancelButton.click()
    assert ui.analyzeButton.enabled
    assert nodes() == before
    assert messages.shown == []
