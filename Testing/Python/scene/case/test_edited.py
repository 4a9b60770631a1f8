"""Whether a case was edited: by what its segmentations hold, not by what Slicer tells."""

import numpy as np
import pytest
import slicer
import vtk
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.scene.case.cases import case_from_scene, update_case
from BV5AnalysisLib.scene.case.edited import EditCheck, was_edited
from BV5AnalysisLib.scene.case.exclusion import erase_branch
from BV5AnalysisLib.scene.case.measuring import recomputed_case
from BV5AnalysisLib.scene.nodes.images import labelmap
from BV5AnalysisLib.scene.nodes.label_grids import looked_up
from BV5AnalysisLib.scene.nodes.outcome import find_outcomes
from BV5AnalysisLib.scene.nodes.segmentations import BINARY, SURFACE
from BV5AnalysisLib.scene.views.display import DisplaySettings, apply_display
from vtk.util.numpy_support import vtk_to_numpy


@pytest.fixture
def check():
    return EditCheck()


@pytest.fixture
def grid(small_result):
    return small_result.scan.volume.grid


def segment_of(mask, grid, name="drawn"):
    segment = slicer.vtkSegment()
    segment.SetName(name)
    segment.SetLabelValue(1)
    segment.AddRepresentation(BINARY, labelmap(Volume(mask.astype(np.uint8), grid)))
    return segment


def line(grid):
    mask = np.zeros(grid.shape, bool)
    mask[30, 20:40, 20] = True
    return mask


def layer(node):
    """Voxels (flat) of a segmentation's first layer, and their image."""
    image = node.GetSegmentation().GetLayerDataObject(0, BINARY)
    return vtk_to_numpy(image.GetPointData().GetScalars()), image


def is_edited(check, outcome):
    """Both ways of asking agree."""
    edited = check.edited(outcome)
    assert edited == was_edited(outcome, case_from_scene(outcome))
    return edited


def recolor(outcome):
    segment = outcome.vesselsSegmentation.GetSegmentation().GetSegment("bv5")
    segment.SetColor(0.1, 0.2, 0.3)
    segment.SetName("other")
    segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), "a~b^c^d~~~~~")
    outcome.vesselsSegmentation.GetDisplayNode().SetSegmentVisibility("bv5", False)


def make_and_remove_surfaces(outcome):
    apply_display(outcome, DisplaySettings(geometry="surfaces"))
    for node in (outcome.vesselsSegmentation, outcome.lungsSegmentation):
        node.CreateClosedSurfaceRepresentation()
        node.GetSegmentation().RemoveRepresentation(SURFACE)


def spread_over_layers(outcome):
    outcome.vesselsSegmentation.GetSegmentation().SeparateSegmentLabelmap("bv10")
    outcome.lungsSegmentation.GetSegmentation().SeparateSegmentLabelmap("left")


def tell_of_changes(outcome):
    for node in (outcome.vesselsSegmentation, outcome.lungsSegmentation):
        layer(node)[1].Modified()
        node.Modified()
        for event in ("SourceRepresentationModified", "SegmentAdded", "SegmentModified"):
            node.GetSegmentation().InvokeEvent(getattr(slicer.vtkSegmentation, event))


def add_empty_segments(outcome):
    for node in (outcome.vesselsSegmentation, outcome.lungsSegmentation):
        node.GetSegmentation().AddEmptySegment("new", "new")


def reorder(outcome):
    outcome.vesselsSegmentation.GetSegmentation().SetSegmentIndex("bv5", 3)


def widen_layer(outcome):
    """Give the layer the scan's whole extent, as Segment Editor does when it paints."""
    for node in (outcome.vesselsSegmentation, outcome.lungsSegmentation):
        image = layer(node)[1]
        size = outcome.record["input"]["size"]
        extent = [bound for length in size for bound in (0, length - 1)]
        pad = slicer.vtkOrientedImageDataResample.PadImageToContainImage
        whole = slicer.vtkOrientedImageData()
        matrix = vtk.vtkMatrix4x4()
        image.GetImageToWorldMatrix(matrix)
        whole.SetImageToWorldMatrix(matrix)
        whole.SetExtent(extent)
        whole.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
        padded = slicer.vtkOrientedImageData()
        assert pad(image, whole, padded)
        image.DeepCopy(padded)


def rename_everything(outcome):
    for role in ("vesselsSegmentation", "lungsSegmentation", "centerlinesModel", "inputVolume"):
        getattr(outcome, role).SetName("x & y")


def transform_all(outcome):
    transform = outcome.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    turn = np.array([[0, -1, 0, 50], [1, 0, 0, -20], [0, 0, 1, 5], [0, 0, 0, 1.0]])
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turn))
    for role in ("vesselsSegmentation", "lungsSegmentation", "centerlinesModel", "inputVolume"):
        getattr(outcome, role).SetAndObserveTransformNodeID(transform.GetID())


@pytest.mark.parametrize(
    "change",
    [
        recolor,
        make_and_remove_surfaces,
        spread_over_layers,
        tell_of_changes,
        add_empty_segments,
        reorder,
        widen_layer,
        rename_everything,
        transform_all,
    ],
)
def test_what_changes_no_voxel_is_no_edit(outcome, check, change):
    assert not is_edited(check, outcome)
    change(outcome)
    assert not is_edited(check, outcome)


@pytest.mark.parametrize("role", ["vesselsSegmentation", "lungsSegmentation"])
def test_a_voxel_more_or_less_is_an_edit_until_it_is_undone(outcome, check, role):
    assert not is_edited(check, outcome)
    values, image = layer(getattr(outcome, role))
    index = np.flatnonzero(values)[7]
    before = values[index]
    values[index] = 0
    image.Modified()
    assert is_edited(check, outcome)
    values[index] = before
    image.Modified()
    assert not is_edited(check, outcome)


def test_a_change_that_nothing_tells_of_is_seen_when_the_segmentation_is_named(outcome, check):
    assert not check.edited(outcome)
    values, _image = layer(outcome.vesselsSegmentation)
    values[np.flatnonzero(values)[7]] = 0
    assert not check.edited(outcome)
    check.changed(outcome.vesselsSegmentation)
    assert check.edited(outcome)


@pytest.mark.parametrize("role", ["vesselsSegmentation", "lungsSegmentation"])
def test_segments_with_voxels_count(outcome, check, role, grid):
    segmentation = getattr(outcome, role).GetSegmentation()
    segmentation.AddSegment(segment_of(line(grid), grid), "drawn")
    assert check.edited(outcome)
    segmentation.RemoveSegment("drawn")
    assert not is_edited(check, outcome)
    segmentation.RemoveSegment(segmentation.GetSegmentIDs()[0])
    assert is_edited(check, outcome)


def test_excluding_a_branch_is_an_edit_and_recomputing_ends_it(outcome, check):
    erase_branch(outcome, 3)
    assert is_edited(check, outcome)
    update_case(outcome, recomputed_case(outcome))
    assert not is_edited(check, outcome)
    assert not EditCheck().edited(outcome)


def test_a_voxel_that_moved_from_class_to_class_is_an_edit(outcome, check):
    values, image = layer(outcome.vesselsSegmentation)
    swapped = values.copy()
    low, high = sorted(set(np.unique(values)) - {0})[:2]
    swapped[values == low], swapped[values == high] = high, low
    values[:] = swapped
    image.Modified()
    assert is_edited(check, outcome)


def test_without_its_nodes_or_its_record_nothing_is_said(outcome, check):
    outcome.scene.RemoveNode(outcome.centerlinesModel)
    assert not check.edited(outcome)
    outcome.scene.RemoveNode(outcome.lungsSegmentation)
    assert not check.edited(outcome)


def test_a_segmentation_that_cannot_be_read_is_edited(outcome, check, vtk_complaints):
    segmentation = outcome.vesselsSegmentation.GetSegmentation()
    outcome.vesselsSegmentation.CreateClosedSurfaceRepresentation()
    segmentation.SetSourceRepresentationName(SURFACE)
    segmentation.RemoveRepresentation(BINARY)
    assert check.edited(outcome)


def test_two_cases_are_told_apart(application, small_result, check):
    from BV5AnalysisLib.scene.case.results import add_result

    first, second = (add_result(application.scene, small_result, name) for name in "ab")
    erase_branch(second, 0)
    assert [check.edited(each) for each in find_outcomes(application.scene)] == [False, True]
    erase_branch(first, 0)
    assert check.edited(first)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32])
def test_labels_are_looked_up_whatever_their_type(kind):
    labels = np.array([[0, 1, 2], [7, 100, 0]], kind)
    expected = np.array([[0, 5, 0], [255, 0, 0]], np.uint8)
    np.testing.assert_array_equal(looked_up(labels, {1: 5, 7: 255}), expected)
    np.testing.assert_array_equal(looked_up(labels, {}), np.zeros_like(expected))
