"""Which case and which CT are chosen when the scene changes: see `SceneFollower`."""

import pytest
import slicer


def as_xml(build):
    """Return a scene that `build` fills, as it is saved."""
    scene = slicer.vtkMRMLScene()
    build(scene)
    scene.SetSaveToXMLString(1)
    scene.Commit()
    return scene.GetSceneXMLString()


def saved(bench):
    """Return the bench's scene as it is saved."""
    bench.scene.SetSaveToXMLString(1)
    bench.scene.Commit()
    return bench.scene.GetSceneXMLString()


def bring(bench, xml):
    """Import a scene into the one that is there."""
    bench.scene.SetLoadFromXMLString(1)
    bench.scene.SetSceneXMLString(xml)
    bench.scene.Import()
    bench.wait()


def names(bench):
    """Names of the case and the CT that the form shows."""
    shown = (bench.ui.caseSelector.currentNode(), bench.ui.inputVolumeSelector.currentNode())
    return [node and node.GetName() for node in shown]


def test_a_case_made_in_the_console_is_chosen_and_shown(bench):
    first = bench.logic.addCase("First")
    assert names(bench) == [None, None]
    bench.wait()
    assert names(bench) == ["First", None]
    assert bench.logic.called("showResults") == [(first,)]
    second, third = bench.logic.addCase("Second"), bench.logic.addCase("Third")
    bench.wait()
    assert names(bench) == ["Third", None]
    assert bench.logic.called("showResults") == [(first,), (third,)]
    bench.ui.caseSelector.setCurrentNode(second.caseNode)
    bench.wait()
    assert names(bench) == ["Second", None]


def test_a_case_that_the_console_showed_is_not_drawn_again(bench):
    outcome = bench.logic.addCase("Case")
    bench.logic.inViews.append(outcome)
    bench.wait()
    assert names(bench)[0] == "Case"
    assert bench.logic.called("showResults") == []
    assert bench.ui.keyLabel.visible


def test_no_case_is_taken_before_it_is_whole(bench):
    state = bench.scene.BatchProcessState
    bench.scene.StartState(state)
    outcome = bench.logic.addCase("Slow")
    bench.wait()
    assert names(bench)[0] is None
    bench.scene.EndState(state)
    bench.wait()
    assert names(bench)[0] == "Slow"
    assert bench.logic.called("showResults") == [(outcome,)]


def test_an_attribute_that_comes_after_the_node_is_seen(bench):
    node = bench.scene.AddNewNodeByClass("vtkMRMLTextNode", "BV5 x")
    other = bench.logic.addCase("other")
    node.SetAttribute("BV5Analysis.case", "1")
    node.SetText(other.caseNode.GetText())
    bench.scene.RemoveNode(other.caseNode)
    bench.wait()
    assert bench.parameters.caseNode is node


def test_a_case_removed_at_once_is_not_missed(bench):
    outcome = bench.logic.addCase("Gone")
    bench.scene.RemoveNode(outcome.caseNode)
    bench.wait()
    assert names(bench)[0] is None
    assert bench.messages.shown == []


def test_a_case_made_while_another_module_is_shown(bench):
    old = bench.showCase("Old")
    bench.panel.exit()
    new = bench.logic.addCase("New")
    bench.wait()
    assert bench.parameters.caseNode is new.caseNode
    assert bench.logic.called("showResults") == [(old,)], "the layout of another module changed"
    bench.panel.enter()
    assert names(bench)[0] == "New"
    assert bench.logic.called("showResults") == [(old,), (new,)]
    bench.panel.exit()
    bench.panel.enter()
    assert bench.logic.called("showResults") == [(old,), (new,)]


def test_a_case_made_during_an_analysis_is_shown_and_the_analysis_goes_on(bench, tmp_path):
    volume = bench.analyze()
    bench.process.progress("bronchi", 0.4)
    bench.logic.addCase("Console")
    other = bench.addVolume("Another CT")
    bench.wait()
    assert names(bench) == ["Console", "CT"]
    assert bench.ui.progressLabel.text.startswith("Bronchi")
    assert bench.ui.cancelButton.enabled
    assert not bench.ui.analyzeButton.enabled
    bench.process.finish(tmp_path / "Analyzed")
    bench.wait()
    assert bench.logic.called("loadCase") == [(tmp_path / "Analyzed", volume, None)]
    assert names(bench) == ["Analyzed", "CT"]
    assert other is not volume


def test_a_scene_opened_shows_the_case_chosen_when_it_was_saved(bench):
    bench.addVolume("CT 1")
    for name in ("A", "B", "C"):
        bench.logic.addCase(name)
    bench.wait()
    bench.ui.caseSelector.setCurrentNode(bench.logic.outcomes()[1].caseNode)
    xml = saved(bench)
    bench.closeScene()
    assert names(bench) == [None, None]
    before = len(bench.logic.called("showResults"))
    bring(bench, xml)
    assert names(bench)[0] == "B"
    # The scene brings its own layout and views.
    assert len(bench.logic.called("showResults")) == before


def test_a_scene_opened_without_a_choice_shows_its_first_case(bench):
    bench.logic.addCase("A")
    bench.logic.addCase("B")
    bench.wait()
    bench.ui.caseSelector.setCurrentNode(None)
    bench.scene.RemoveNode(bench.parameters.parameterNode)
    xml = saved(bench)
    bench.closeScene()
    bring(bench, xml)
    assert names(bench)[0] == "A"


def test_a_scene_added_to_one_with_a_case_changes_no_choice(bench):
    bench.addVolume("Other CT")
    bench.showCase("Other")
    bench.ui.bv5OpacitySlider.value = 0.4
    bench.ui.reviewerLineEdit.text = "Other"
    xml = saved(bench)
    bench.closeScene()
    bench.addVolume("Mine")
    mine = bench.showCase("My case")
    bench.ui.reviewerLineEdit.text = "Dr. Ä"
    bench.ui.reviewCommentLineEdit.text = "not kept yet"
    before = len(bench.logic.called("showResults"))
    bring(bench, xml)
    assert {outcome.name for outcome in bench.logic.outcomes()} == {"My case", "Other"}
    assert names(bench) == ["My case", "Mine"]
    assert bench.parameters.caseNode is mine.caseNode
    assert bench.parameters.bv5Opacity == 1.0
    assert bench.ui.reviewerLineEdit.text == "Dr. Ä"
    assert bench.ui.reviewCommentLineEdit.text == "not kept yet"
    assert len(bench.logic.called("showResults")) == before


def test_a_scene_added_while_another_module_is_shown_changes_no_choice(bench):
    bench.showCase("Other")
    xml = saved(bench)
    bench.closeScene()
    mine = bench.showCase("My case")
    bench.panel.exit()
    bring(bench, xml)
    bench.panel.enter()
    assert bench.parameters.caseNode is mine.caseNode
    assert names(bench)[0] == "My case"


def test_a_scene_added_to_one_without_a_case_brings_its_own(bench):
    bench.showCase("Other")
    xml = saved(bench)
    bench.closeScene()
    bench.addVolume("Mine")
    bring(bench, xml)
    assert names(bench)[0] == "Other"


def test_a_ct_loaded_while_the_module_is_open_is_chosen(bench):
    bench.addVolume("CT 1")
    assert names(bench) == [None, "CT 1"]
    assert bench.ui.analyzeButton.enabled
    bench.addVolume("CT 2")
    assert names(bench) == [None, "CT 1"]


@pytest.mark.parametrize(
    ("className", "name", "hidden"),
    [
        ("vtkMRMLLabelMapVolumeNode", "labels", False),
        ("vtkMRMLVectorVolumeNode", "photo", False),
        ("vtkMRMLScalarVolumeNode", "hidden", True),
        ("vtkMRMLScalarVolumeNode", "unfit secondary capture", False),
    ],
)
def test_what_is_no_ct_is_left_to_the_user(bench, className, name, hidden):
    node = bench.scene.CreateNodeByClass(className)
    node.UnRegister(None)
    node.SetName(name)
    node.SetHideFromEditors(hidden)
    bench.scene.AddNode(node)
    bench.wait()
    assert names(bench) == [None, None]
    bench.panel.exit()
    bench.panel.enter()
    assert names(bench) == [None, None]


def test_of_several_the_first_that_can_be_measured(bench):
    state = bench.scene.BatchProcessState
    bench.scene.StartState(state)
    for name in ("unfit scout", "CT 3 mm", "CT 1 mm"):
        bench.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    bench.wait()
    bench.scene.EndState(state)
    bench.wait()
    assert names(bench) == [None, "CT 3 mm"]


def test_a_ct_that_gets_its_voxels_later_is_chosen_then(bench):
    node = bench.addVolume("unfit yet")
    assert names(bench) == [None, None]
    node.SetName("CT")
    bench.wait()
    assert names(bench) == [None, "CT"]


def test_a_ct_that_comes_while_another_module_is_shown(bench):
    bench.panel.exit()
    node = bench.addVolume("CT")
    assert bench.parameters.inputVolume is node
    bench.panel.enter()
    assert names(bench) == [None, "CT"]


def test_a_ct_that_comes_after_the_chosen_one_was_deleted(bench):
    first = bench.addVolume("CT 1")
    bench.addVolume("CT 2")
    bench.scene.RemoveNode(first)
    bench.wait()
    assert names(bench) == [None, None]
    bench.addVolume("CT 3")
    assert names(bench) == [None, "CT 3"]


def test_ten_cases_come_and_go(bench):
    cases = [bench.showCase(f"Case {number}", findings=[]) for number in range(10)]
    assert bench.ui.caseSelector.nodeCount() == 10
    for outcome in reversed(cases):
        bench.ui.caseSelector.setCurrentNode(outcome.caseNode)
        bench.wait()
        assert bench.ui.keyLabel.visible
        assert names(bench)[0] == outcome.name
    bench.scene.RemoveNode(cases[0].caseNode)
    bench.wait()
    assert names(bench)[0] is None
    bench.panel.exit()
    bench.panel.enter()
    assert names(bench)[0] is None, "another took the place of the deleted one"
    for outcome in cases[1:]:
        bench.ui.caseSelector.setCurrentNode(outcome.caseNode)
        bench.scene.RemoveNode(outcome.caseNode)
        bench.wait()
        assert names(bench)[0] is None
        assert not bench.ui.reviewCollapsibleButton.enabled
    assert bench.messages.shown == []


def test_two_volumes_of_one_name(bench):
    first, second = bench.addVolume("CT"), bench.addVolume("CT")
    bench.ui.inputVolumeSelector.setCurrentNode(second)
    bench.ui.analyzeButton.click()
    (request,) = bench.process.requests
    assert request.inputVolume is second is not first


def test_the_parameter_node_is_deleted(bench):
    bench.addVolume("CT")
    outcome = bench.showCase("Case")
    bench.scene.RemoveNode(bench.parameters.parameterNode)
    bench.wait()
    assert names(bench) == ["Case", "CT"]
    bench.ui.bv5OpacitySlider.value = 0.3
    assert bench.parameters.bv5Opacity == 0.3
    bench.ui.acceptButton.click()
    assert bench.parameters.caseNode is outcome.caseNode


def test_a_case_of_a_newer_version_is_told(bench):
    bench.showCase("Good")
    node = bench.logic.addCase("Newer", schema_version="2.0", measurements="elsewhere").caseNode
    bench.wait()
    (told,) = bench.messages.texts("error")
    assert "Newer was made by a newer version of BV5 Analysis" in told
    assert "2.0" in told
    assert "Update" in told
    assert bench.ui.caseSelector.currentNode() is node
    assert bench.ui.keyLabel.text == ""
    for button in (bench.ui.copyButton, bench.ui.saveReportButton, bench.ui.showLayoutButton):
        assert not button.enabled
    bench.ui.caseSelector.setCurrentNode(bench.logic.outcomes()[0].caseNode)
    assert bench.ui.keyLabel.text != ""


@pytest.mark.parametrize(
    "changes",
    [
        {"measurements": []},
        {"findings": [{"severity": "odd", "text": "x", "code": "x", "value": 1.0}]},
        {"parameters": {"class_bounds_mm2": "wide"}},
        {"calibration": None},
        {"software": {}},
        {"review": {"status": "maybe"}},
    ],
)
def test_a_garbled_record_is_told(bench, changes):
    bench.logic.addCase("Odd", **changes)
    bench.wait()
    (told,) = bench.messages.texts("error")
    assert "The record of Odd is damaged" in told
    assert not bench.ui.saveReportButton.enabled
