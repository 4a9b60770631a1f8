"""A case that is compared with healthy people keeps them in the scene, as long as they fit."""

import dataclasses

import pytest
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.case.record import case_record
from BV5AnalysisLib.scene.case.cases import add_case, case_from_scene
from BV5AnalysisLib.scene.case.measuring import recomputed_case
from BV5AnalysisLib.scene.nodes.images import add_volume
from helpers.references import reference


@pytest.fixture
def case(small_result):
    return case_of("compared", small_result, reference())


@pytest.fixture
def outcome(application, small_result, case):
    volume = add_volume(application.scene, "ct", small_result.scan.volume)
    return add_case(application.scene, case, volume)


def test_the_comparison_comes_back(outcome, case):
    back = case_from_scene(outcome, need_volume=True)
    assert case_record(back)["reference"] == case_record(case)["reference"]


def test_it_lasts_through_recompute_unless_the_definition_changes(outcome, case):
    assert recomputed_case(outcome).reference.name == "site"
    other = dataclasses.replace(case.parameters, class_bounds_mm2=(5.0, 12.0))
    assert recomputed_case(outcome, other).reference is None
