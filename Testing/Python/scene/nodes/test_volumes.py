"""Volume nodes: which can be measured, and their voxels."""

import numpy as np
import pytest
import slicer
import vtk
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.scene.nodes.coordinates import (
    grid_from_ras,
    index_to_ras,
    lps_points,
    ras_points,
)
from BV5AnalysisLib.scene.nodes.images import add_volume
from BV5AnalysisLib.scene.nodes.volumes import ct_volume, reason_not_measurable


@pytest.fixture
def ct(application, small_result) -> slicer.vtkMRMLScalarVolumeNode:
    node = add_volume(application.scene, "scan", small_result.scan.volume)
    node.SetSpacing(1.0, 1.0, 1.5)
    return node


def transform(application, matrix: np.ndarray) -> slicer.vtkMRMLLinearTransformNode:
    node = application.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    return node


def test_lps_and_ras_are_each_others_way_back():
    points = np.array([[1.0, 2.0, 3.0]])
    assert lps_points(points).tolist() == [[-1.0, -2.0, 3.0]]
    assert lps_points(ras_points(points)).tolist() == points.tolist()


def test_grid_comes_back_from_its_matrix_and_extent():
    turn = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    grid = Grid((5, 6, 7), (0.5, 0.75, 2.0), (1.0, -2.0, 3.0), tuple(turn.ravel()))
    assert grid_from_ras(index_to_ras(grid), (0, 4, 0, 5, 0, 6)).matches(grid, 1e-9)
    cropped = grid_from_ras(index_to_ras(grid), (1, 4, 2, 5, 3, 6))
    assert cropped.size == (4, 4, 4)
    np.testing.assert_allclose(cropped.index_to_world([0, 0, 0]), grid.index_to_world([3, 2, 1]))


def test_voxels_are_shared_with_the_node(ct, small_result):
    ct.SetSpacing(small_result.scan.volume.grid.spacing)
    volume = ct_volume(ct)
    assert volume.grid.matches(small_result.scan.volume.grid)
    np.testing.assert_array_equal(volume.array, small_result.scan.volume.array)
    slicer.util.arrayFromVolume(ct)[3, 4, 5] = 1234
    assert volume.array[3, 4, 5] == 1234


def test_oblique_volume_lies_where_it_did(application, turned_result):
    volume = ct_volume(add_volume(application.scene, "turned", turned_result.scan.volume))
    given = turned_result.scan.volume
    for index in ((0, 0, 0), (10, 20, 30), (59, 63, 95)):
        world = given.grid.index_to_world(index)
        there = np.rint(volume.grid.world_to_index(world)).astype(int)
        np.testing.assert_allclose(volume.grid.index_to_world(there), world, atol=1e-6)
        assert volume.array[tuple(there)] == given.array[index]


def test_a_ct_can_be_measured(ct):
    assert reason_not_measurable(ct) == ""


def test_a_rigid_transform_leaves_the_volume_measurable_in_its_own_frame(application, ct):
    turn = np.array([[0, -1, 0, 50], [1, 0, 0, -20], [0, 0, 1, 5], [0, 0, 0, 1.0]])
    before = ct_volume(ct).grid
    outer = transform(application, turn)
    inner = transform(application, turn)
    inner.SetAndObserveTransformNodeID(outer.GetID())
    ct.SetAndObserveTransformNodeID(inner.GetID())
    assert reason_not_measurable(ct) == ""
    assert ct_volume(ct).grid == before


@pytest.mark.parametrize(
    "matrix",
    [
        np.diag([1.1, 1.0, 1.0, 1.0]),
        np.diag([-1.0, 1.0, 1.0, 1.0]),
        np.array([[1, 0.2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]),
    ],
    ids=["scaled", "mirrored", "sheared"],
)
def test_other_linear_transforms_are_refused(application, ct, matrix):
    ct.SetAndObserveTransformNodeID(transform(application, matrix).GetID())
    assert "harden the transform" in reason_not_measurable(ct)


def test_a_bending_transform_is_refused_though_its_parent_is_rigid(application, ct):
    bending = application.scene.AddNewNodeByClass("vtkMRMLBSplineTransformNode", "bent")
    spline = vtk.vtkThinPlateSplineTransform()
    bending.SetAndObserveTransformToParent(spline)
    bending.SetAndObserveTransformNodeID(transform(application, np.eye(4)).GetID())
    ct.SetAndObserveTransformNodeID(bending.GetID())
    assert "is under the transform bent" in reason_not_measurable(ct)


def test_nothing_chosen_is_told():
    assert reason_not_measurable(None) == "Choose a chest CT."


def volume_of(application, array, class_name="vtkMRMLScalarVolumeNode", spacing=(1.0, 1.0, 1.0)):
    node = application.scene.AddNewNodeByClass(class_name, "other")
    slicer.util.updateVolumeFromArray(node, array)
    node.SetSpacing(spacing)
    return node


def chest(dtype=np.int16) -> np.ndarray:
    array = np.full((40, 40, 40), 30, dtype)
    array[10:30, 10:30, 10:30] = -800
    return array


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda a: volume_of(a, chest(), "vtkMRMLLabelMapVolumeNode"), "is a labelmap"),
        (lambda a: a.scene.AddNewNodeByClass("vtkMRMLModelNode", "other"), "no scalar volume"),
        (lambda a: a.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "other"), "no voxels"),
        (
            lambda a: volume_of(a, np.zeros((20, 20, 20, 3), np.int16), "vtkMRMLVectorVolumeNode"),
            "several values",
        ),
        (lambda a: volume_of(a, np.zeros((20, 20, 20), np.uint8)), "8-bit"),
        (lambda a: volume_of(a, chest()[:3]), "40 × 40 × 3 voxels"),
        (lambda a: volume_of(a, chest() + np.int16(1024)), "from 224 to 1054"),
        (lambda a: volume_of(a, chest() * np.int32(-100)), "choose the original CT"),
        (lambda a: volume_of(a, chest(), spacing=(1, 1, 8.0)), "slices 8 mm apart"),
        (lambda a: volume_of(a, chest(), spacing=(3.0, 3.0, 3.0)), "check its spacing"),
        (lambda a: volume_of(a, chest(), spacing=(0.001, 0.001, 0.001)), "check its spacing"),
    ],
    ids=[
        "labelmap",
        "model",
        "empty",
        "vectors",
        "8-bit",
        "slab",
        "no air",
        "no HU",
        "thick slices",
        "coarse pixels",
        "meters",
    ],
)
def test_what_is_no_chest_ct_is_told(application, make, reason):
    node = make(application)
    told = reason_not_measurable(node)
    assert reason in told
    assert told.startswith("other ")
    assert told.endswith(".")


def test_slanted_axes_are_refused(application):
    node = volume_of(application, chest())
    tilted = np.eye(3)
    tilted[1, 2] = 0.3
    node.SetIJKToRASDirections(tilted)
    assert "tilted gantry" in reason_not_measurable(node)


def test_float_hu_can_be_measured(application):
    node = volume_of(application, chest(np.float32))
    assert reason_not_measurable(node) == ""
    assert isinstance(ct_volume(node), Volume)
