"""Scenes as users leave them: nodes deleted, many cases, records of a newer version."""

import dataclasses
import json

import numpy as np
import pytest
import slicer
from BV5AnalysisLib.case.files import Review, case_of
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.scene.case.cases import (
    add_case,
    case_from_scene,
    regions_of,
    remove_case,
    set_review,
    update_case,
)
from BV5AnalysisLib.scene.case.edited import EditCheck
from BV5AnalysisLib.scene.case.exclusion import erase_branch
from BV5AnalysisLib.scene.case.exporting import table_text, write_outcome, write_table
from BV5AnalysisLib.scene.case.measuring import recomputed_case
from BV5AnalysisLib.scene.case.results import add_result
from BV5AnalysisLib.scene.nodes.branch_table import branch_at, branch_rows
from BV5AnalysisLib.scene.nodes.images import add_volume
from BV5AnalysisLib.scene.nodes.outcome import find_outcomes
from BV5AnalysisLib.scene.views.display import DisplaySettings, apply_display, current_display
from BV5AnalysisLib.scene.views.layout import fill_views
from BV5AnalysisLib.scene.views.offscreen import OffscreenApplication
from BV5AnalysisLib.scene.views.selection import clear_selection, select_branch

REVIEW = Review("accepted", "R", "", "2024-05-01T10:00:00+02:00")
TOLD = ("deleted", "edited")
"""Excluding a branch works without most nodes, and writing is refused then."""
CALLS = {
    "fill_views": lambda outcome, _: fill_views(outcome.scene, None, outcome),
    "apply_display": lambda outcome, _: apply_display(outcome, DisplaySettings(slices="fill")),
    "surfaces": lambda outcome, _: apply_display(outcome, DisplaySettings(geometry="surfaces")),
    "current_display": lambda outcome, _: current_display(outcome),
    "select_branch": lambda outcome, _: select_branch(outcome, 1, "Green"),
    "clear_selection": lambda outcome, _: clear_selection(outcome),
    "branch_rows": lambda outcome, _: branch_rows(outcome),
    "branch_at": lambda outcome, _: branch_at(outcome, (60.0, 45.0, 0.0)),
    "regions_of": lambda outcome, _: regions_of(outcome),
    "edited": lambda outcome, _: EditCheck().edited(outcome),
    "erase_branch": lambda outcome, _: erase_branch(outcome, 0),
    "table_text": lambda outcome, _: table_text(outcome),
    "write_table": lambda outcome, folder: write_table(outcome, folder / "table.csv"),
    "write_outcome": lambda outcome, folder: write_outcome(
        outcome, folder / "case", overwrite=True, report=False
    ),
    "case_from_scene": lambda outcome, _: case_from_scene(outcome),
    "set_review": lambda outcome, _: set_review(outcome, REVIEW),
    "recompute": lambda outcome, _: update_case(outcome, recomputed_case(outcome)),
}


@pytest.fixture
def case(small_result):
    return case_of("case 7", small_result)


def roles(outcome):
    """Roles of the nodes that a case has."""
    node = outcome.caseNode
    count = node.GetNumberOfNodeReferenceRoles()
    all_roles = [node.GetNthNodeReferenceRole(index) for index in range(count)]
    return [role for role in all_roles if node.GetNodeReference(role) is not None]


def tries_all(outcome, folder):
    """Call everything; what cannot be done is told, and everything else works."""
    told = {}
    for name, call in CALLS.items():
        try:
            call(outcome, folder)
        except AnalysisError as error:
            told[name] = str(error)
    return told


@pytest.fixture(scope="module")
def case_roles(small_result):
    application = OffscreenApplication()
    return roles(add_result(application.scene, small_result, "case 7"))


def test_every_single_node_may_be_deleted(application, small_result, case_roles, tmp_path):
    for number, role in enumerate(case_roles):
        outcome = add_result(application.scene, small_result, f"case {number}")
        application.scene.RemoveNode(outcome.caseNode.GetNodeReference(role))
        for text in tries_all(outcome, tmp_path).values():
            assert any(word in text for word in TOLD), (role, text)
        remove_case(outcome)
        assert find_outcomes(application.scene) == []


@pytest.mark.parametrize("order", range(6))
def test_nodes_may_be_deleted_one_after_the_other(
    application, small_result, case_roles, tmp_path, order
):
    outcome = add_result(application.scene, small_result, "case 7")
    select_branch(outcome, 2)
    orders = [case_roles, case_roles[::-1]]
    orders += [list(np.random.default_rng(seed).permutation(case_roles)) for seed in range(4)]
    for role in orders[order]:
        node = outcome.caseNode.GetNodeReference(str(role))
        if node is not None:
            application.scene.RemoveNode(node)
        # Not what makes nodes anew: they are to stay away.
        for name, call in CALLS.items():
            if name == "recompute":
                continue
            try:
                call(outcome, tmp_path)
            except AnalysisError as error:
                assert any(word in str(error) for word in TOLD), (role, name)
    told = tries_all(outcome, tmp_path)
    assert {"recompute", "write_outcome", "select_branch", "table_text"} <= set(told)
    remove_case(outcome)
    assert find_outcomes(application.scene) == []


def test_ten_cases(application, case):
    scene = application.scene
    cases = [add_case(scene, case) for _ in range(9)]
    cases.append(add_case(scene, dataclasses.replace(case, name="BV5 phantom")))
    names = [each.caseNode.GetName() for each in find_outcomes(scene)]
    assert len(set(names)) == 10
    assert find_outcomes(scene) == cases
    untouched = [each.record for each in cases]
    erase_branch(cases[4], 0)
    update_case(cases[4], recomputed_case(cases[4]))
    assert cases[4].record != untouched[4]
    remove_case(cases[2])
    left = [each for index, each in enumerate(cases) if index != 2]
    assert find_outcomes(scene) == left
    for index, each in enumerate(cases):
        if index not in (2, 4):
            assert each.record == untouched[index]
            assert roles(each) == roles(cases[0])
    again = add_case(scene, case)
    assert again.caseNode.GetName() == names[2]


@pytest.mark.parametrize(
    ("name", "node", "vessels"),
    [
        ("CT", "BV5 CT", "CT vessels"),
        ("BV5 phantom", "BV5 phantom analysis", "BV5 phantom vessels"),
        ("bv5 x", "bv5 x analysis", "bv5 x vessels"),
        ("BV5", "BV5 analysis", "BV5 vessels"),
        ("BV5-study", "BV5 BV5-study", "BV5-study vessels"),
    ],
)
def test_a_case_is_called_bv5_once(application, case, small_result, name, node, vessels):
    ct = add_volume(application.scene, name, small_result.scan.volume)
    case = dataclasses.replace(case, name=name)
    first, second = add_case(application.scene, case, ct), add_case(application.scene, case, ct)
    assert first.caseNode.GetName() == node
    assert first.vesselsSegmentation.GetName() == vessels
    plain, word = vessels.rsplit(" ", 1)
    assert second.vesselsSegmentation.GetName() == f"{plain} (2) {word}"
    assert ct.GetName() == name
    assert name not in {first.caseNode.GetName(), second.caseNode.GetName()}


def newer(outcome, **changes):
    record = outcome.record | {"schema_version": "2.0"} | changes
    outcome.caseNode.SetText(json.dumps(record))
    return record


def test_a_case_of_a_newer_version_is_told_and_kept(outcome, tmp_path):
    record = newer(outcome, something_new={"a": [1]})
    outcome.caseNode.SetNodeReferenceID("BV5Analysis.newRole", outcome.colors.GetID())
    told = tries_all(outcome, tmp_path)
    assert {"case_from_scene", "recompute", "write_outcome", "write_table"} <= set(told)
    for name in ("case_from_scene", "recompute", "write_outcome", "write_table"):
        assert "version 2.0" in told[name], told[name]
    assert not (tmp_path / "case").exists()
    kept = outcome.record
    assert {key: value for key, value in kept.items() if key != "review"} == {
        key: value for key, value in record.items() if key != "review"
    }
    assert find_outcomes(outcome.scene) == [outcome]


def test_fields_that_a_later_version_added_are_no_trouble(outcome, tmp_path):
    newer(outcome, schema_version="1.9", something_new={"a": [1]})
    told = tries_all(outcome, tmp_path)
    # Erasing a branch came before writing.
    assert set(told) == {"write_table", "write_outcome"}
    assert all("edited" in text for text in told.values())


def test_a_record_that_was_overwritten_is_told(outcome, tmp_path):
    for text in ("", "no record", "[]", "{}", '{"schema": "bv5-analysis/result"}'):
        outcome.caseNode.SetText(text)
        told = tries_all(outcome, tmp_path)
        assert {"case_from_scene", "recompute"} <= set(told), text
        assert all(text for text in told.values())
    remove_case(outcome)


def test_volumes_of_one_name_and_a_renamed_one(application, case, small_result):
    scene = application.scene
    first, second = (add_volume(scene, "CT", small_result.scan.volume) for _ in range(2))
    one, two = add_case(scene, case, first), add_case(scene, case, second)
    first.SetName("renamed")
    scene.RemoveNode(second)
    assert one.inputVolume is first
    assert two.inputVolume is None
    assert not recomputed_case(one).edits
    with pytest.raises(AnalysisError, match=r"CT volume of case 7 \(2\) was deleted"):
        recomputed_case(two)


def rigid(scene):
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "turned")
    turn = np.array([[0, -1, 0, 50], [1, 0, 0, -20], [0, 0, 1, 5], [0, 0, 0, 1.0]])
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turn))
    return transform


def test_a_transform_that_is_deleted_leaves_the_case_together(application, small_result, case):
    ct = add_volume(application.scene, "CT", small_result.scan.volume)
    transform = rigid(application.scene)
    ct.SetAndObserveTransformNodeID(transform.GetID())
    outcome = add_case(application.scene, case, ct)
    before = recomputed_case(outcome).measurements
    application.scene.RemoveNode(transform)
    assert recomputed_case(outcome).measurements == before
    assert not EditCheck().edited(outcome)
