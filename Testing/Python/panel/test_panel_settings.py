"""Display and Advanced: what is bound, applied, and put back."""

import dataclasses

import pytest
from BV5AnalysisLib.imaging.model.size_classes import VESSELS, SizeClass
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.scene.views.display import DisplaySettings


def last_settings(bench):
    return bench.logic.called("applyDisplay")[-1][1]


def test_defaults_are_those_of_the_scene_and_of_the_definition(bench):
    display = bench.module.DisplaySection.__module__
    settings = __import__("sys").modules[display].display_settings(bench.parameters)
    assert settings == DisplaySettings()
    advanced = bench.module.AdvancedSection.__module__
    assert __import__("sys").modules[advanced].chosen_parameters(bench.parameters) == Parameters()


def test_a_new_case_is_shown_as_set(bench):
    bench.ui.bv10VisibleCheckBox.checked = False
    assert bench.logic.called("applyDisplay") == []
    outcome = bench.showCase()
    ((shown, settings),) = bench.logic.called("applyDisplay")
    assert shown == outcome
    assert not settings.classes[SizeClass.BV10].visible
    assert settings.classes[SizeClass.BV5].visible


def test_one_case_is_shown_at_a_time(bench):
    first, second = bench.showCase("First"), bench.showCase("Second")
    bench.ui.bv5OpacitySlider.value = 0.5
    shown = {first: [], second: []}
    for outcome, settings in bench.logic.called("applyDisplay"):
        anything = any(look.visible for look in settings.classes.values())
        shown[outcome].append(anything or settings.lungs_visible or settings.legend_visible)
    assert shown == {first: [True, False], second: [True, True]}
    bench.ui.caseSelector.setCurrentNode(first.caseNode)
    assert [outcome for outcome, _settings in bench.logic.called("applyDisplay")[-2:]] == [
        first,
        second,
    ]


CLASSES = {
    "bv5": SizeClass.BV5,
    "bv510": SizeClass.BV5_10,
    "bv10": SizeClass.BV10,
    "belowFloor": SizeClass.BELOW_FLOOR,
    "hilar": SizeClass.HILAR,
}


@pytest.mark.parametrize("prefix", CLASSES)
def test_each_class_has_its_controls(bench, prefix):
    bench.showCase()
    getattr(bench.ui, f"{prefix}VisibleCheckBox").click()
    getattr(bench.ui, f"{prefix}OpacitySlider").value = 0.3
    getattr(bench.ui, f"{prefix}ColorButton").color = bench.qt.QColor("#336699")
    shown = last_settings(bench).classes
    changed = shown[CLASSES[prefix]]
    assert (changed.visible, changed.opacity) == (False, pytest.approx(0.3))
    assert changed.color == (0x33 / 255, 0x66 / 255, 0x99 / 255)
    for size_class in set(SizeClass) - {CLASSES[prefix]}:
        assert shown[size_class].visible
        assert shown[size_class].color == pytest.approx(VESSELS[size_class].color, abs=1e-6)


def test_shapes_slices_lungs_legend(bench):
    bench.showCase()
    bench.ui.vesselGeometryComboBox.currentIndex = 1
    bench.ui.sliceStyleComboBox.currentIndex = 2
    bench.ui.lungsVisibleCheckBox.click()
    bench.ui.lungsOpacitySlider.value = 0.5
    bench.ui.legendVisibleCheckBox.click()
    bench.ui.tissueVisibleCheckBox.click()
    settings = last_settings(bench)
    assert (settings.geometry, settings.slices) == ("surfaces", "hidden")
    assert (settings.lungs_visible, settings.legend_visible) == (False, False)
    assert settings.lungs_opacity == pytest.approx(0.5)
    assert not settings.tissue_visible


def test_display_defaults_in_one_change(bench):
    bench.showCase()
    bench.ui.bv5ColorButton.color = bench.qt.QColor("#000000")
    bench.ui.sliceStyleComboBox.currentIndex = 1
    bench.ui.lungsVisibleCheckBox.click()
    count = len(bench.logic.called("applyDisplay"))
    bench.ui.displayDefaultsButton.click()
    assert last_settings(bench) == DisplaySettings()
    assert len(bench.logic.called("applyDisplay")) == count + 1
    assert bench.ui.bv5ColorButton.color.name().upper() == VESSELS[SizeClass.BV5].hex_color


def test_other_changes_do_not_touch_the_display(bench):
    bench.showCase()
    count = len(bench.logic.called("applyDisplay"))
    bench.ui.minimumCsaSpinBox.value = 0.5
    bench.ui.reviewerLineEdit.text = "x"
    bench.ui.doubtfulOnlyCheckBox.click()
    assert len(bench.logic.called("applyDisplay")) == count


def test_impossible_bounds_are_told_at_once(bench):
    bench.addVolume()
    bench.panel.enter()
    assert bench.ui.analyzeButton.enabled
    bench.ui.advancedCollapsibleButton.collapsed = False
    bench.ui.bv5UpperCsaSpinBox.value = 20.0
    assert bench.ui.parametersErrorLabel.visible
    assert "rise" in bench.ui.parametersErrorLabel.text
    assert not bench.ui.analyzeButton.enabled
    assert "Advanced" in bench.ui.analyzeHintLabel.text
    bench.ui.bv10LowerCsaSpinBox.value = 30.0
    assert not bench.ui.parametersErrorLabel.visible
    assert bench.ui.analyzeButton.enabled


def test_blood_is_given_only_when_not_measured(bench):
    assert not bench.ui.bloodHuSpinBox.enabled
    bench.ui.bloodIsMeasuredCheckBox.click()
    assert bench.ui.bloodHuSpinBox.enabled


def test_what_differs_from_the_case_is_told(bench):
    bench.showCase()
    bench.ui.advancedCollapsibleButton.collapsed = False
    assert not bench.ui.parametersDifferLabel.visible
    bench.ui.minimumCsaSpinBox.value = 0.0
    assert "Recompute" in bench.ui.parametersDifferLabel.text
    assert "Analyze" not in bench.ui.parametersDifferLabel.text
    bench.ui.minimumComponentLengthSpinBox.value = 10.0
    assert "Analyze" in bench.ui.parametersDifferLabel.text


def test_parameter_defaults(bench):
    bench.ui.minimumCsaSpinBox.value = 0.0
    bench.ui.bloodIsMeasuredCheckBox.click()
    bench.ui.bloodHuSpinBox.value = 60.0
    bench.ui.bv5UpperCsaSpinBox.value = 6.0
    bench.ui.parametersDefaultsButton.click()
    assert bench.ui.minimumCsaSpinBox.value == 1.25
    assert bench.ui.bv5UpperCsaSpinBox.value == 5.0
    assert bench.ui.bloodIsMeasuredCheckBox.checked
    assert bench.parameters.bloodHu == 40.0


def test_ranges_of_the_form_are_those_of_the_parameters(bench):
    for hu in (bench.ui.bloodHuSpinBox.minimum, bench.ui.bloodHuSpinBox.maximum):
        assert dataclasses.replace(Parameters(), blood_hu=hu).blood_hu == hu


def test_branch_classes_are_the_size_classes(bench):
    import sys

    rows = sys.modules["BV5AnalysisLib.panel.branch_rows"]
    assert {look.name: int(key) for key, look in VESSELS.items()} == rows.CLASSES
    names = {member.name: member.value for member in bench.fields.BranchClass}
    assert names == {"ALL": 0} | {each.name: int(each) for each in SizeClass}
