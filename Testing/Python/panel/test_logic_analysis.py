"""Whole analyses through the logic, on a small phantom."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk
from BV5AnalysisLib.imaging.errors import AnalysisError, Cancelled
from BV5AnalysisLib.scene.nodes.images import add_volume
from helpers.descriptors import streams

pytestmark = pytest.mark.slow


@pytest.fixture
def logic(module):
    return module.BV5AnalysisLogic()


def node_ids() -> set[str]:
    scene = slicer.mrmlScene
    return {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}


def total_and_percent(outcome) -> tuple[float, float]:
    row = outcome.record["measurements"][0]
    return row["tpbv_ml"], row["bv5_pct"]


def test_the_self_test_passes_and_leaves_nothing(module, slicer_app, python_slicer, tmp_path):
    test = module.BV5AnalysisTest()
    test.messageDelay = 1
    test.runTest()
    for kind in ("vtkMRMLVolumeNode", "vtkMRMLTextNode", "vtkMRMLSegmentationNode"):
        assert slicer.mrmlScene.GetNumberOfNodesByClass(kind) == 0
    left = [entry.name for entry in tmp_path.rglob("BV5Analysis*") if "test" in entry.name]
    assert left == []


def test_a_cancelled_analysis_leaves_the_scene_as_it_was(logic, ct_node):
    steps = []

    def cancel(step, fraction):
        steps.append(step)
        if fraction > 0.3:
            raise Cancelled

    before = node_ids()
    with pytest.raises(Cancelled):
        logic.analyze(ct_node, progress=cancel)
    assert node_ids() == before
    assert len(set(steps)) > 1


def test_the_same_numbers_under_a_rigid_transform_and_refusal_of_others(
    logic, ct_node, small_phantom_result
):
    linear = vtk.vtkTransform()
    linear.Translate(30.0, -20.0, 10.0)
    linear.RotateWXYZ(25.0, 1.0, 0.3, -0.2)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "moved")
    transform.SetMatrixTransformToParent(linear.GetMatrix())
    ct_node.SetAndObserveTransformNodeID(transform.GetID())
    outcome = logic.analyze(ct_node)
    both = small_phantom_result.measurements[0]
    assert total_and_percent(outcome) == pytest.approx((both.tpbv_ml, both.bv5_pct))
    for node in (outcome.vesselsSegmentation, outcome.centerlinesModel):
        assert node.GetParentTransformNode() is transform
    before, nodes = outcome.record["measurements"], node_ids()
    logic.recompute(outcome)
    assert outcome.record["measurements"] == before

    linear.Scale(1.1, 1.0, 1.0)
    transform.SetMatrixTransformToParent(linear.GetMatrix())
    assert "harden" in logic.reasonNotToAnalyze(ct_node).lower()
    with pytest.raises(AnalysisError, match=r"[Hh]arden"):
        logic.analyze(ct_node)
    assert node_ids() == nodes


def test_oblique_volumes_and_segmentations_of_the_user(logic, slicer_app, small_phantom_result):
    """Turned by its direction cosines; lungs and regions given, their names kept."""
    import dataclasses

    volume = small_phantom_result.scan.volume
    angle = np.radians(17.0)
    turn = np.array(
        [
            [np.cos(angle), -np.sin(angle), 0.0],
            [np.sin(angle), np.cos(angle), 0.0],
            [0.0, 0.0, 1.0],
        ]
    )
    grid = dataclasses.replace(volume.grid, direction=tuple(turn.ravel().tolist()))
    node = add_volume(slicer.mrmlScene, "oblique", type(volume)(volume.array, grid))
    lungs = type(volume)(small_phantom_result.lungs.array, grid)
    from BV5AnalysisLib.imaging.model.size_classes import LUNGS
    from BV5AnalysisLib.scene.nodes.segmentations import add_segmentation

    segmentation = add_segmentation(slicer.mrmlScene, "given", lungs, LUNGS, node)
    segmentation.GetSegmentation().GetSegment("left").SetName("Lappen ü")
    outcome = logic.analyze(node, segmentation, lungsSegmentation=segmentation)
    rows = {row["region"]: row for row in outcome.record["measurements"]}
    both = small_phantom_result.measurements[0]
    assert list(rows)[:3] == ["both", "right", "left"]
    assert rows["Lappen ü"]["tpbv_ml"] == pytest.approx(rows["left"]["tpbv_ml"], rel=0.01)
    assert rows["both"]["tpbv_ml"] == pytest.approx(both.tpbv_ml, rel=0.05)
    assert outcome.record["input"]["lungs"] == "given"
    assert outcome.regionsSegmentation is segmentation


def test_slicers_own_streams_are_the_same_after_everything(
    logic, ct_node, case_folder, tmp_path, python_slicer
):
    """Slicer reads them through pipes: turned elsewhere, it would never come to its end."""
    before, warned = streams(), sitk.ProcessObject.GetGlobalWarningDisplay()
    outcome = logic.loadCase(case_folder, ct_node)
    assert streams() == before
    logic.removeCase(outcome)
    outcome = logic.analyze(ct_node)
    assert streams() == before
    logic.recompute(outcome)
    assert streams() == before
    logic.exportReport(outcome, tmp_path / "report")
    assert streams() == before
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "bad.nrrd").write_text("no image")
    with pytest.raises(AnalysisError):
        logic.analyzeBatch(tmp_path / "scans", tmp_path / "batch", report=False, jobs=1)
    assert streams() == before
    assert sitk.ProcessObject.GetGlobalWarningDisplay() == warned
