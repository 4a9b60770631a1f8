"""The module reloaded as Slicer does: the old widgets stay, hidden; nobody calls `enter`."""

import gc
import sys

import pytest
import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError

SECTIONS = (
    "inputCollapsibleButton",
    "displayCollapsibleButton",
    "reviewCollapsibleButton",
    "advancedCollapsibleButton",
)
BUTTONS = (
    "analyzeButton",
    "cancelButton",
    "loadCaseButton",
    "copyButton",
    "saveCsvButton",
    "saveReportButton",
    "showLayoutButton",
    "restoreLayoutButton",
    "recomputeButton",
    "acceptButton",
    "parametersDefaultsButton",
)


def is_of_library(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] == "BV5AnalysisLib"


@pytest.fixture
def library_as_before():
    """Other tests go on with the library that they have imported."""
    before = {name: each for name, each in sys.modules.items() if is_of_library(name)}
    yield
    for name in [name for name in sys.modules if is_of_library(name)]:
        del sys.modules[name]
    sys.modules.update(before)


@pytest.fixture
def opened(library_as_before, slicer_app, widget):
    """The module, opened by the user."""
    slicer.util.selectModule("BV5Analysis")
    slicer_app.app.processEvents()
    return widget


@pytest.fixture
def with_case(opened, slicer_app, case_folder, ct_node):
    """The module with a case and its CT shown."""
    opened.logic.loadCase(case_folder, ct_node)
    slicer_app.app.processEvents()
    assert opened.ui.caseSelector.currentNode() is not None
    return opened


def reloaded(slicer_app):
    """Reload by the developer's button; give the new widget."""
    slicer.modules.BV5AnalysisWidget.onReload()
    return slicer.modules.BV5AnalysisWidget


def observers(scene):
    """How many observers the scene and its nodes have, by event."""
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    events = ("ModifiedEvent", "NodeAddedEvent", "NodeRemovedEvent", "StartCloseEvent")
    text = "".join(str(each) for each in [scene, *nodes])
    return {event: text.count(f"Event: {event}") for event in events} | {
        "any": text.count("vtkObserver")
    }


def test_a_reload_shows_what_was_shown_without_enter(with_case, slicer_app, ct_node):
    text = with_case.ui.keyLabel.text
    new = reloaded(slicer_app)
    assert new is not with_case
    for _twice in range(2):
        assert new.ui.caseSelector.currentNode().GetName() == "BV5 case 7"
        assert new.ui.inputVolumeSelector.currentNode() is ct_node
        assert new.ui.keyLabel.text == text != ""
        assert new.ui.analyzeButton.enabled
        assert not new.ui.cancelButton.enabled
        assert new.ui.branchesTable.model().rowCount() > 1
        new.ui.bv5OpacitySlider.value = 0.4
        assert new.logic.getParameterNode().bv5Opacity == 0.4
        slicer_app.app.processEvents()
    new.ui.nextBranchButton.click()
    new.enter()  # harmless, once more
    assert new.ui.caseSelector.currentNode().GetName() == "BV5 case 7"
    new.ui.bv5OpacitySlider.value = 0.6
    assert new.logic.getParameterNode().bv5Opacity == 0.6


def test_a_reload_by_slicers_own_function(with_case, slicer_app, ct_node):
    slicer.util.reloadScriptedModule("BV5Analysis")
    new = slicer.modules.BV5AnalysisWidget
    assert new is not with_case
    assert new.ui.inputVolumeSelector.currentNode() is ct_node
    assert new.ui.keyLabel.text.startswith("BV5")


def test_the_old_form_is_there_hidden_and_deaf(with_case, slicer_app, ct_node, messages):
    old = with_case
    old_ui = old.ui
    new = reloaded(slicer_app)
    assert not old_ui.keyLabel.visible
    assert old.panel is None
    assert old_ui.caseSelector.mrmlScene() is None
    text = old_ui.keyLabel.text
    new.logic.removeCase(new.logic.outcomes()[0])
    old_ui.bv5OpacitySlider.value = 0.9
    assert new.logic.getParameterNode().bv5Opacity == 1.0
    slicer.mrmlScene.Clear()
    slicer_app.app.processEvents()
    assert old_ui.keyLabel.text == text
    assert messages.shown == []


def test_reloads_leave_no_observer_behind(with_case, slicer_app):
    reloaded(slicer_app)
    slicer_app.app.processEvents()
    before = observers(slicer.mrmlScene)
    assert before["any"] > 10
    for _again in range(2):
        reloaded(slicer_app)
        slicer_app.app.processEvents()
    gc.collect()
    assert observers(slicer.mrmlScene) == before


def test_a_reload_during_an_analysis_ends_it(with_case, slicer_app, led_process, messages):
    with_case.panel._analysis._process = led_process
    with_case.ui.analyzeButton.click()
    led_process.progress("bronchi", 0.4)
    new = reloaded(slicer_app)
    assert led_process.cleaned_up
    slicer_app.app.processEvents()
    assert new.ui.analyzeButton.enabled
    assert not new.ui.progressLabel.visible
    assert messages.shown == []


def test_a_reload_with_a_branch_chosen_and_picking_on(with_case, slicer_app, messages):
    with_case.ui.nextBranchButton.click()
    with_case.ui.pickVesselButton.click()
    points = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode")
    assert points == 1
    new = reloaded(slicer_app)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == 0
    interaction = slicer.app.applicationLogic().GetInteractionNode()
    assert interaction.GetCurrentInteractionMode() == interaction.ViewTransform
    assert not new.ui.pickVesselButton.checked
    (outcome,) = new.logic.outcomes()
    assert outcome.highlightModel.GetPolyData().GetNumberOfPoints() == 0, "chosen in no list"
    new.ui.nextBranchButton.click()
    assert outcome.highlightModel.GetPolyData().GetNumberOfPoints() > 0
    assert messages.shown == []


def test_a_case_that_comes_after_a_reload_is_chosen(opened, slicer_app, case_folder, ct_node):
    new = reloaded(slicer_app)
    outcome = new.logic.loadCase(case_folder, ct_node)
    slicer_app.app.processEvents()
    assert new.ui.caseSelector.currentNode() is outcome.caseNode
    assert new.ui.keyLabel.visible or new.ui.keyLabel.text


def test_nothing_can_be_clicked_before_the_panel_is_ready(bench, monkeypatch):
    bench.panel.cleanup()
    for name in (*SECTIONS, *BUTTONS):
        widget = getattr(bench.ui, name)
        enabled = widget.enabled and bench.ui.reviewCollapsibleButton.enabled
        assert not enabled or name in ("parametersDefaultsButton",), name
    states = {}

    def not_yet():
        states.update({name: getattr(bench.ui, name).isEnabled() for name in SECTIONS + BUTTONS})
        raise AnalysisError("There is no parameter node yet.")

    with monkeypatch.context() as patch:
        patch.setattr(bench.logic, "getParameterNode", not_yet)
        with pytest.raises(AnalysisError):
            bench.open()
    assert states
    assert not any(states.values()), states
    # Qt's event loop tries again.
    bench.addVolume("CT")
    assert bench.ui.analyzeButton.enabled
    assert all(getattr(bench.ui, name).enabled for name in ("loadCaseButton", SECTIONS[0]))
