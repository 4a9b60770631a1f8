"""Segmentations, edited in whatever geometry, on the CT's grid."""

import numpy as np
import pytest
import slicer
import vtk
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.size_classes import LungLabel, SizeClass
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.sizing.voxel_labels import AS_MEASURED
from BV5AnalysisLib.scene.nodes import label_grids
from BV5AnalysisLib.scene.nodes.images import labelmap
from BV5AnalysisLib.scene.nodes.masks import lung_labels, lungs_from, regions_from, vessel_labels
from BV5AnalysisLib.scene.nodes.segmentations import BINARY

GRID = Grid((40, 30, 20), (2.0, 2.0, 2.5), (-40.0, -30.0, -25.0))
"""LPS; voxels of 2 × 2 × 2.5 mm."""


def add_segment(node, segment_id: str, mask: np.ndarray, grid: Grid = GRID, name: str = "") -> None:
    """Give a node a segment in a layer of its own."""
    segment = slicer.vtkSegment()
    segment.SetName(name or segment_id)
    segment.SetLabelValue(1)
    segment.AddRepresentation(BINARY, labelmap(Volume(mask.astype(np.uint8), grid)))
    node.GetSegmentation().AddSegment(segment, segment_id)


def box(grid: Grid = GRID, **bounds) -> np.ndarray:
    mask = np.zeros(grid.shape, bool)
    mask[tuple(slice(*bounds.get(axis, (None,))) for axis in "zyx")] = True
    return mask


@pytest.fixture
def node(application) -> slicer.vtkMRMLSegmentationNode:
    return application.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")


def test_edited_vessels_come_back_as_they_were(outcome, small_result):
    labels = vessel_labels(
        outcome.vesselsSegmentation, small_result.scan.volume.grid, outcome.inputVolume
    )
    np.testing.assert_array_equal(labels.array, small_result.vessels.array)


def test_turned_vessels_come_back_as_they_were(application, turned_result):
    from BV5AnalysisLib.scene.case.results import add_result

    outcome = add_result(application.scene, turned_result, "turned")
    grid = turned_result.scan.volume.grid
    labels = vessel_labels(outcome.vesselsSegmentation, grid, outcome.inputVolume)
    np.testing.assert_array_equal(labels.array, turned_result.vessels.array)
    lungs = lung_labels(outcome.lungsSegmentation, grid, outcome.inputVolume)
    np.testing.assert_array_equal(lungs.array, turned_result.lungs.array)


def test_segments_are_known_by_id_not_by_name(outcome, small_result):
    segmentation = outcome.vesselsSegmentation.GetSegmentation()
    for index, key in enumerate(segmentation.GetSegmentIDs()):
        segmentation.GetSegment(key).SetName(f"renamed {index}")
    labels = vessel_labels(outcome.vesselsSegmentation, small_result.vessels.grid, None)
    np.testing.assert_array_equal(labels.array, small_result.vessels.array)


def test_a_class_whose_segment_was_deleted_has_no_voxels(outcome, small_result):
    outcome.vesselsSegmentation.GetSegmentation().RemoveSegment("bv5")
    labels = vessel_labels(outcome.vesselsSegmentation, small_result.vessels.grid, None)
    expected = small_result.vessels.array.copy()
    expected[expected == SizeClass.BV5] = 0
    np.testing.assert_array_equal(labels.array, expected)


def test_all_segments_deleted_leaves_no_voxel(outcome, small_result):
    outcome.vesselsSegmentation.GetSegmentation().RemoveAllSegments()
    labels = vessel_labels(outcome.vesselsSegmentation, small_result.vessels.grid, None)
    assert not labels.array.any()


@pytest.mark.parametrize("reverse", [False, True])
def test_where_segments_overlap_the_wider_class_counts(node, reverse):
    rows = {
        "Segment_1": (slice(0, 20), AS_MEASURED),
        "below_floor": (slice(4, 20), SizeClass.BELOW_FLOOR),
        "bv5": (slice(8, 20), SizeClass.BV5),
        "bv5_10": (slice(12, 20), SizeClass.BV5_10),
        "bv10": (slice(16, 20), SizeClass.BV10),
    }
    expected = np.zeros(GRID.shape, np.uint8)
    for where, value in rows.values():
        expected[where] = value
    for segment_id, (where, _) in sorted(rows.items(), reverse=reverse):
        mask = np.zeros(GRID.shape, bool)
        mask[where] = True
        add_segment(node, segment_id, mask)
    np.testing.assert_array_equal(vessel_labels(node, GRID, None).array, expected)


def test_a_finer_geometry_is_sampled_at_the_nearest_voxel(node):
    fine = Grid((160, 120, 100), (0.5, 0.5, 0.5), (-40.75, -30.75, -26.0))
    add_segment(node, "bv5", box(fine, x=(40, 80), y=(20, 60), z=(25, 50)), fine)
    labels = vessel_labels(node, GRID, None).array
    # Each voxel of the CT as the fine voxel at its center says.
    index = np.rint(
        fine.world_to_index(GRID.index_to_world(np.indices(GRID.shape).reshape(3, -1).T))
    ).astype(int)
    z, y, x = index.T
    inside = (x >= 40) & (x < 80) & (y >= 20) & (y < 60) & (z >= 25) & (z < 50)
    np.testing.assert_array_equal(labels == SizeClass.BV5, inside.reshape(GRID.shape))
    assert inside.any()


def test_an_extent_that_goes_beyond_the_ct_is_cut(node):
    wide = Grid((60, 50, 40), GRID.spacing, (-60.0, -50.0, -50.0))
    add_segment(node, "bv10", np.ones(wide.shape, bool), wide)
    assert (vessel_labels(node, GRID, None).array == SizeClass.BV10).all()


def test_what_lies_outside_the_ct_is_nothing(node):
    away = Grid((10, 10, 10), GRID.spacing, (500.0, 0.0, 0.0))
    add_segment(node, "bv10", np.ones(away.shape, bool), away)
    assert not vessel_labels(node, GRID, None).array.any()


def linear(application, matrix: np.ndarray) -> slicer.vtkMRMLLinearTransformNode:
    transform = application.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "t")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    return transform


def test_a_transform_of_the_segmentation_counts(application, node):
    add_segment(node, "bv5", box(x=(10, 20), y=(5, 9), z=(3, 9)))
    move = np.eye(4)
    move[:3, 3] = (-4.0, -2.0, 5.0)  # RAS: two voxels to +x, one to +y, two up in the grid
    node.SetAndObserveTransformNodeID(linear(application, move).GetID())
    labels = vessel_labels(node, GRID, None).array
    np.testing.assert_array_equal(labels > 0, box(x=(12, 22), y=(6, 10), z=(5, 11)))


def test_a_transform_that_both_are_under_changes_nothing(outcome, small_result, application):
    turn = np.array([[0, -1, 0, 50], [1, 0, 0, -20], [0, 0, 1, 5], [0, 0, 0, 1.0]])
    transform = linear(application, turn)
    for each in (outcome.vesselsSegmentation, outcome.inputVolume):
        each.SetAndObserveTransformNodeID(transform.GetID())
    grid = small_result.vessels.grid
    labels = vessel_labels(outcome.vesselsSegmentation, grid, outcome.inputVolume)
    np.testing.assert_array_equal(labels.array, small_result.vessels.array)


def test_a_turn_about_an_axis_is_followed(application, node):
    cube = Grid((21, 21, 21), (1.0, 1.0, 1.0), (-10.0, -10.0, -10.0))
    add_segment(node, "bv5", box(cube, x=(12, 18), y=(10, 11), z=(10, 11)), cube)
    turn = np.array([[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    node.SetAndObserveTransformNodeID(linear(application, turn).GetID())
    labels = vessel_labels(node, cube, None).array
    # A quarter turn about the body's axis is one in LPS as well: +x goes to +y.
    np.testing.assert_array_equal(labels > 0, box(cube, x=(10, 11), y=(12, 18), z=(10, 11)))


def test_a_bending_transform_is_followed(application, node):
    add_segment(node, "bv5", box(x=(10, 20), y=(5, 15), z=(3, 9)))
    bending = application.scene.AddNewNodeByClass("vtkMRMLTransformNode", "bent")
    # Thin plates through points that are all moved alike: a shift, but not a matrix.
    spline, source, target = (vtk.vtkThinPlateSplineTransform(), vtk.vtkPoints(), vtk.vtkPoints())
    for corner in np.ndindex(2, 2, 2):
        point = 100.0 * np.array(corner) - 50.0
        source.InsertNextPoint(*point)
        target.InsertNextPoint(*(point - np.array([4.0, 0.0, 0.0])))
    spline.SetSourceLandmarks(source)
    spline.SetTargetLandmarks(target)
    spline.SetBasisToR()
    bending.SetAndObserveTransformToParent(spline)
    node.SetAndObserveTransformNodeID(bending.GetID())
    labels = vessel_labels(node, GRID, None).array
    np.testing.assert_array_equal(labels > 0, box(x=(12, 22), y=(5, 15), z=(3, 9)))


def test_a_closed_surface_is_filled_and_stays_what_it_is(application, node):
    sphere = vtk.vtkSphereSource()
    sphere.SetRadius(15.0)
    sphere.SetThetaResolution(48)
    sphere.SetPhiResolution(48)
    sphere.Update()
    node.GetSegmentation().SetSourceRepresentationName("Closed surface")
    node.AddSegmentFromClosedSurfaceRepresentation(sphere.GetOutput(), "ball")
    (region,) = regions_from(node, GRID, None)
    volume = np.count_nonzero(region.mask.array) * 1000 * GRID.voxel_volume_ml
    assert volume == pytest.approx(4 / 3 * np.pi * 15**3, rel=0.05)
    assert not node.GetSegmentation().ContainsRepresentation(BINARY)


# Regions


def test_regions_keep_names_and_may_overlap(node):
    masks = {
        "Upper lobe": box(z=(10, 20)),
        "Arteries": box(z=(8, 12)),
        "Größe / weiß": box(x=(0, 5)),
    }
    for index, (name, mask) in enumerate(masks.items()):
        add_segment(node, f"Segment_{index}", mask, name=name)
    regions = regions_from(node, GRID, None)
    assert [region.name for region in regions] == list(masks)
    for region in regions:
        np.testing.assert_array_equal(region.mask.array, masks[region.name])


def test_an_empty_region_stays_as_one_without_voxels(node):
    add_segment(node, "a", box(z=(0, 5)), name="a")
    add_segment(node, "b", np.zeros(GRID.shape, bool), name="b")
    regions = regions_from(node, GRID, None)
    assert [region.mask.array.any() for region in regions] == [True, False]


def test_regions_of_one_name_are_numbered(node):
    for index, name in enumerate(("lobe", "lobe", "left", "lobe")):
        add_segment(node, f"s{index}", box(z=(index, index + 1)), name=name)
    names = [region.name for region in regions_from(node, GRID, None)]
    assert names == ["lobe", "lobe (2)", "left (2)", "lobe (3)"]


@pytest.mark.parametrize("read", [regions_from, lungs_from])
def test_a_segmentation_without_voxels_in_the_ct_is_refused(node, read):
    with pytest.raises(AnalysisError, match="drawn has no segment"):
        read(node, GRID, None)
    add_segment(node, "a", np.zeros(GRID.shape, bool))
    with pytest.raises(AnalysisError, match="no voxel within the CT"):
        read(node, GRID, None)


# Lungs


def test_given_lungs_have_a_label_each(node):
    add_segment(node, "x", box(x=(2, 15)))
    add_segment(node, "y", box(x=(25, 38)))
    labels = lungs_from(node, GRID, None).array
    np.testing.assert_array_equal(labels == 1, box(x=(2, 15)))
    np.testing.assert_array_equal(labels == 2, box(x=(25, 38)))


def test_one_lung_erased_leaves_the_other(outcome, small_result):
    outcome.lungsSegmentation.GetSegmentation().RemoveSegment("left")
    labels = lung_labels(outcome.lungsSegmentation, small_result.lungs.grid, None).array
    np.testing.assert_array_equal(labels, small_result.lungs.array == LungLabel.RIGHT)


def test_a_further_lung_segment_is_split_by_side(outcome, small_result):
    segmentation = outcome.lungsSegmentation
    segmentation.GetSegmentation().RemoveAllSegments()
    grid = small_result.lungs.grid
    add_segment(segmentation, "Segment_1", small_result.lungs.array > 0, grid)
    labels = lung_labels(segmentation, grid, None).array
    np.testing.assert_array_equal(labels, small_result.lungs.array)


def test_lobes_of_one_layer_are_read_from_it_once_and_not_resampled(node, monkeypatch):
    """So that lobes of a large scan take no longer than one of them."""
    grid = Grid((128, 128, 250), (2.8, 2.8, 1.25), (-179.0, -179.0, -156.0))
    shared, values = np.zeros(grid.shape, np.uint8), range(1, 6)
    for value in values:  # each 1000 mL and more
        shared[40 * value : 40 * value + 40, 25:103, 25:103] = value
    image = labelmap(Volume(shared, grid))
    for value in values:
        segment = slicer.vtkSegment()
        segment.SetName(f"lobe {value}")
        segment.SetLabelValue(value)
        segment.AddRepresentation(BINARY, image)
        node.GetSegmentation().AddSegment(segment, f"lobe_{value}")
    read = []

    def values(image):
        read.append(image)
        return labelgrids_values(image)

    labelgrids_values = label_grids._values
    monkeypatch.setattr(label_grids, "_values", values)
    monkeypatch.setattr(label_grids.ndimage, "affine_transform", None)
    regions = regions_from(node, grid, None)
    assert len(read) == 1
    assert [np.count_nonzero(region.mask.array) for region in regions] == [40 * 78 * 78] * 5
    assert 40 * 78 * 78 * grid.voxel_volume_ml > 1000
