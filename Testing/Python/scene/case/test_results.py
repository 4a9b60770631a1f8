"""Nodes of an analysis: what they hold, and where in the patient."""

import dataclasses

import numpy as np
import pytest
import slicer
import vtk
from BV5AnalysisLib.case.segmentation import terminology_entry
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.size_classes import LUNGS, VESSELS, SizeClass
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.scene.case.folders import folder_item
from BV5AnalysisLib.scene.case.results import add_result
from BV5AnalysisLib.scene.nodes.coordinates import ras_points
from BV5AnalysisLib.scene.nodes.images import add_volume
from vtk.util.numpy_support import vtk_to_numpy


def enclosed_mm3(surface: vtk.vtkPolyData) -> float:
    """Volume inside a surface, negative where it faces inward."""
    triangulate = vtk.vtkTriangleFilter()
    triangulate.SetInputData(surface)
    triangulate.Update()
    points = vtk_to_numpy(triangulate.GetOutput().GetPoints().GetData()).astype(float)
    corners = vtk_to_numpy(triangulate.GetOutput().GetPolys().GetConnectivityArray())
    a, b, c = points[corners.reshape(-1, 3).T] - points.mean(axis=0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def test_ras_points_turn_left_and_posterior():
    assert ras_points(np.array([[1.0, 2.0, 3.0]])).tolist() == [[-1.0, -2.0, 3.0]]


def test_volume_node_holds_the_scan(outcome, small_result):
    volume = outcome.inputVolume
    np.testing.assert_array_equal(
        slicer.util.arrayFromVolume(volume), small_result.scan.volume.array
    )
    assert slicer.util.arrayFromVolume(volume).dtype == np.int16
    assert volume.GetSpacing() == small_result.scan.volume.grid.spacing
    assert volume.GetDisplayNode().GetAutoWindowLevel() == 0


def test_volume_node_keeps_its_own_voxels(outcome, small_result):
    slicer.util.arrayFromVolume(outcome.inputVolume)[0, 0, 0] = 3071
    assert small_result.scan.volume.array[0, 0, 0] != 3071


@pytest.mark.parametrize(
    ("field", "appearances"), [("vesselsSegmentation", VESSELS), ("lungsSegmentation", LUNGS)]
)
def test_segments_are_named_colored_and_coded(outcome, field, appearances):
    segmentation = getattr(outcome, field).GetSegmentation()
    assert segmentation.GetSegmentIDs() == tuple(look.key for look in appearances.values())
    for value, look in appearances.items():
        segment = segmentation.GetSegment(look.key)
        assert segment.GetName() == look.name
        assert segment.GetColor() == pytest.approx(look.color)
        assert segment.GetLabelValue() == value
        assert segment.GetTerminology() == terminology_entry(look)
        assert look.type.value in segment.GetTerminology()
    assert segmentation.GetNumberOfLayers() == 1
    assert segmentation.GetSourceRepresentationName() == "Binary labelmap"
    # The vessels' surfaces are made when they are first shown.
    assert segmentation.ContainsRepresentation("Closed surface") == (field == "lungsSegmentation")


@pytest.mark.parametrize("size_class", SizeClass)
def test_segments_hold_their_voxels(
    outcome, small_result, size_class, segment_points, label_points
):
    points = segment_points(outcome.vesselsSegmentation, VESSELS[size_class].key)
    expected = label_points(small_result.vessels, size_class)
    assert len(points) == len(expected)
    assert (len(points) > 0) == (size_class != SizeClass.HILAR)  # none in this case
    np.testing.assert_allclose(points, expected, atol=1e-6)


def test_edits_are_made_on_the_ct_grid(outcome):
    geometry = outcome.vesselsSegmentation.GetSegmentation().GetConversionParameter(
        slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    )
    image = slicer.vtkOrientedImageData()
    assert slicer.vtkSegmentationConverter.DeserializeImageGeometry(geometry, image, False)
    assert image.GetExtent() == (0, 95, 0, 63, 0, 59)
    assert image.GetSpacing() == (3.0, 3.0, 4.0)
    assert image.GetOrigin() == (144.0, 96.0, -120.0)


def test_volume_lies_where_the_patient_is(application, turned_result):
    outcome = add_result(application.scene, turned_result, "turned")
    matrix = slicer.util.vtkMatrixFromArray(np.eye(4))
    outcome.inputVolume.GetRASToIJKMatrix(matrix)
    to_index = slicer.util.arrayFromVTKMatrix(matrix)
    scan = turned_result.scan.volume
    index = np.argwhere(scan.array == 40)
    ras = scan.grid.index_to_world(index) * (-1, -1, 1)
    there = ras @ to_index[:3, :3].T + to_index[:3, 3]
    np.testing.assert_allclose(there, np.rint(there), atol=1e-6)
    array = slicer.util.arrayFromVolume(outcome.inputVolume)
    assert len(index) > 0
    assert (array[tuple(np.rint(there[:, ::-1]).astype(int).T)] == 40).all()
    assert np.count_nonzero(array == 40) == len(index)


def test_segments_lie_where_the_patient_is(
    application, turned_result, segment_points, label_points
):
    outcome = add_result(application.scene, turned_result, "turned")
    for size_class, look in VESSELS.items():
        points = segment_points(outcome.vesselsSegmentation, look.key)
        expected = label_points(turned_result.vessels, size_class)
        np.testing.assert_allclose(points, expected, atol=1e-6)


def test_surfaces_enclose_their_voxels(application, turned_result, label_points):
    outcome = add_result(application.scene, turned_result, "turned")
    voxel_mm3 = 1000 * turned_result.lungs.grid.voxel_volume_ml
    for value, look in LUNGS.items():
        centers = label_points(turned_result.lungs, value)
        segment = outcome.lungsSegmentation.GetSegmentation().GetSegment(look.key)
        surface = segment.GetRepresentation("Closed surface")
        points = vtk_to_numpy(surface.GetPoints().GetData())
        assert np.abs(points.mean(axis=0) - centers.mean(axis=0)).max() < 2.0
        # Positive only if the surface faces outward.
        assert enclosed_mm3(surface) == pytest.approx(voxel_mm3 * len(centers), rel=0.05)


def test_centerlines_run_in_the_vessels_voxels(application, turned_result):
    outcome = add_result(application.scene, turned_result, "turned")
    points = vtk_to_numpy(outcome.centerlinesModel.GetPolyData().GetPoints().GetData())
    index = turned_result.vessels.grid.world_to_index(points * (-1.0, -1.0, 1.0))
    labels = turned_result.vessels.array[tuple(np.rint(index).astype(int).T)]
    np.testing.assert_array_equal(labels, turned_result.centerlines.size_class)


def test_result_without_vessels_and_lungs_makes_empty_nodes(application, small_result):
    none = np.zeros(0)
    empty = dataclasses.replace(
        small_result,
        vessels=small_result.vessels.with_array(np.zeros_like(small_result.vessels.array)),
        centerlines=Centerlines.measured(
            np.zeros((0, 3)), np.zeros(1, int), none, none.astype(np.uint8), none, none
        ),
    )
    outcome = add_result(application.scene, empty, "empty")
    assert outcome.vesselsSegmentation.GetSegmentation().GetNumberOfSegments() == len(VESSELS)
    for tubes in outcome.tubesModels.values():
        assert tubes.GetPolyData().GetNumberOfPoints() == 0


def test_folder_holds_every_node(application, outcome):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(application.scene)
    assert hierarchy.GetItemName(folder_item(outcome)) == "case 7"
    for node in (
        outcome.inputVolume,
        outcome.vesselsSegmentation,
        outcome.lungsSegmentation,
        outcome.centerlinesModel,
        *outcome.tubesModels.values(),
        outcome.highlightModel,
        outcome.branchesTable,
        outcome.histogramTable,
        outcome.histogramChart,
        outcome.profileChart,
        outcome.caseNode,
        outcome.measurementsTable,
        outcome.colors,
    ):
        item = hierarchy.GetItemByDataNode(node)
        assert hierarchy.GetItemParent(item) == folder_item(outcome)
        assert node.GetName().removeprefix("BV5 ").startswith("case 7")


def test_ct_given_by_the_caller_stays_in_its_study(application, small_result):
    scene = application.scene
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "study")
    ct = add_volume(scene, "mine", small_result.scan.volume)
    item = hierarchy.CreateItem(study, ct)
    outcome = add_result(scene, small_result, "case 7", ct_volume=ct)
    assert outcome.inputVolume is ct
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 1
    assert hierarchy.GetItemParent(item) == study
    assert hierarchy.GetItemParent(folder_item(outcome)) == study


def test_two_results_do_not_share_nodes(application, small_result):
    first = add_result(application.scene, small_result, "case 7")
    second = add_result(application.scene, small_result, "case 7")
    for field in ("vesselsSegmentation", "colors", "highlightModel", "legend", "measurementsTable"):
        assert getattr(first, field).GetID() != getattr(second, field).GetID()
    assert second.highlightModel.GetDisplayNode().GetColorNodeID() == second.colors.GetID()


def test_color_table_follows_the_size_classes(outcome):
    for size_class, look in VESSELS.items():
        rgba = [0.0] * 4
        outcome.colors.GetColor(int(size_class), rgba)
        assert rgba == pytest.approx([*look.color, 1.0], abs=1 / 255)
        begins = {SizeClass.BELOW_FLOOR: "< 1.25 mm²", SizeClass.HILAR: "Hilar"}
        name = outcome.colors.GetColorName(int(size_class))
        assert name.startswith(begins.get(size_class, f"{look.name}: "))
        coded = outcome.colors.GetTerminologyType(int(size_class))
        assert coded.GetCodeValue() == look.type.value
        region = outcome.colors.GetTerminologyRegion(int(size_class))
        assert region.GetCodeValue() == look.region.value
    assert not outcome.colors.GetColorDefined(0)
    assert outcome.colors.GetLookupTable().IsOpaque()


def test_color_names_state_the_bounds(application, small_result):
    wider = dataclasses.replace(
        small_result, parameters=Parameters(minimum_csa_mm2=0.0, class_bounds_mm2=(4.0, 9.5))
    )
    colors = add_result(application.scene, wider, "wider").colors
    names = [colors.GetColorName(int(size_class)) for size_class in SizeClass]
    assert names[:3] == ["BV5: 0–4 mm²", "BV5-10: 4–9.5 mm²", "BV10: ≥ 9.5 mm²"]
    assert not colors.GetColorDefined(int(SizeClass.BELOW_FLOOR))
