"""Segmentations come back whole, in SimpleITK and in 3D Slicer's own reader."""

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.case.segmentation import terminology_entry, write_segmentation
from BV5AnalysisLib.imaging.model.size_classes import LUNGS, VESSELS, LungLabel, SizeClass
from BV5AnalysisLib.imaging.model.volume import Grid, Volume


@pytest.fixture(params=[1, -1], ids=["head last", "head first"])
def oblique_labels(request) -> Volume:
    """Labels on a turned grid; with the head first, its axes are left-handed."""
    angle = 0.2
    cos, sin = np.cos(angle), np.sin(angle)
    direction = (cos, -sin, 0, sin, cos, 0, 0, 0, request.param)
    grid = Grid((9, 8, 7), (0.7, 0.8, 1.25), (10.0, -20.0, 30.0), direction)
    array = np.zeros(grid.shape, np.uint8)
    array[1:3, 2:5, 3:7] = SizeClass.BV5
    array[5, 6, 7] = SizeClass.BV10
    array[6, 0, 0] = SizeClass.BELOW_FLOOR
    return Volume(array, grid)


def test_simpleitk_reads_the_same_labels_and_geometry(tmp_path, oblique_labels):
    path = tmp_path / "vessels.seg.nrrd"
    write_segmentation(path, oblique_labels, VESSELS)
    again = Volume.of(sitk.ReadImage(str(path)))
    assert np.array_equal(again.array, oblique_labels.array)
    assert again.grid.matches(oblique_labels.grid, 1e-6)


def test_slicer_reads_names_colors_terminology_and_voxels(tmp_path, oblique_labels):
    slicer = pytest.importorskip("slicer")
    vtk = pytest.importorskip("vtk")
    from vtk.util.numpy_support import vtk_to_numpy

    path = tmp_path / "vessels.seg.nrrd"
    write_segmentation(path, oblique_labels, VESSELS)
    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(path))
    assert storage.ReadData(node) == 1
    segmentation = node.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == len(VESSELS)
    # One shared label map: segments stay exclusive when they are edited in Slicer.
    assert segmentation.GetNumberOfLayers() == 1

    ras = np.diag([-1.0, -1.0, 1.0, 1.0])
    for index, (value, appearance) in enumerate(VESSELS.items()):
        segment = segmentation.GetNthSegment(index)
        assert segment.GetName() == appearance.name
        assert segment.GetLabelValue() == value
        assert np.allclose(segment.GetColor(), appearance.color, atol=1e-5)
        assert segment.GetTerminology() == terminology_entry(appearance)
        points = set()
        labelmap = segment.GetRepresentation("Binary labelmap")
        first = np.array(labelmap.GetExtent()[::2])
        array = vtk_to_numpy(labelmap.GetPointData().GetScalars())
        array = array.reshape(labelmap.GetDimensions()[::-1])
        matrix = vtk.vtkMatrix4x4()
        labelmap.GetImageToWorldMatrix(matrix)
        image_to_ras = np.array([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)])
        for zyx in np.argwhere(array == value):
            point = ras @ image_to_ras @ [*(zyx[::-1] + first), 1]
            points.add(tuple(np.round(point[:3], 3) + 0.0))
        expected = oblique_labels.grid.index_to_world(np.argwhere(oblique_labels.array == value))
        assert points == {tuple(np.round(point, 3) + 0.0) for point in expected}


def test_lungs_are_coded_by_side():
    right = terminology_entry(LUNGS[LungLabel.RIGHT]).split("~")
    assert right[1:4] == [
        "SCT^123037004^Anatomical Structure",
        "SCT^39607008^Lung",
        "SCT^24028007^Right",
    ]
    assert terminology_entry(LUNGS[LungLabel.LEFT]).split("~")[3] == "SCT^7771000^Left"


def test_vessels_are_coded_with_their_region():
    entry = terminology_entry(VESSELS[SizeClass.BV5]).split("~")
    assert len(entry) == 7
    assert entry[2] == "SCT^59820001^Blood vessel"
    assert entry[5] == "SCT^39607008^Lung"


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path, oblique_labels):
    with pytest.raises(OSError, match="cannot be written"):
        write_segmentation(tmp_path / "none" / "vessels.seg.nrrd", oblique_labels, VESSELS)
