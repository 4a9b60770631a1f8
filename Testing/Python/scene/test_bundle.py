"""The bundle, read back as Slicer reads it."""

import zipfile

import numpy as np
import pytest
import slicer
from BV5AnalysisLib.export.segmentation import terminology_entry
from BV5AnalysisLib.imaging.sizeclasses import LUNGS, VESSELS
from BV5AnalysisLib.scene.bundle import save_scene
from BV5AnalysisLib.scene.offscreen import OffscreenApplication
from BV5AnalysisLib.scene.results import add_result
from BV5AnalysisLib.scene.views import arrange_views
from vtk.util.numpy_support import vtk_to_numpy


@pytest.fixture
def read_back(application, turned_result, tmp_path):
    """Scene of an oblique result, after a way through a bundle."""
    outcome = add_result(application.scene, turned_result, "case 7")
    arrange_views(application, outcome)
    save_scene(application.scene, tmp_path / "scene.mrb")
    assert [path.name for path in tmp_path.iterdir()] == ["scene.mrb"]
    with zipfile.ZipFile(tmp_path / "scene.mrb") as bundle:
        assert bundle.testzip() is None
        bundle.extractall(tmp_path / "unpacked")
    other = OffscreenApplication()
    other.scene.SetURL(str(tmp_path / "unpacked" / "scene" / "scene.mrml"))
    assert other.scene.Import(None)
    return other.scene


def node(scene, name):
    found = scene.GetFirstNodeByName(name)
    assert found is not None, name
    return found


def test_ct_comes_back(read_back, turned_result):
    volume = node(read_back, "case 7 CT")
    array = slicer.util.arrayFromVolume(volume)
    matrix = slicer.util.vtkMatrixFromArray(np.eye(4))
    volume.GetRASToIJKMatrix(matrix)
    # Slicer turns the slices of a left-handed grid round: compare by place.
    scan = turned_result.scan.volume
    index = np.random.default_rng(0).integers(0, scan.grid.shape, (2000, 3))
    ras = scan.grid.index_to_world(index) * (-1, -1, 1)
    ijk = slicer.util.arrayFromVTKMatrix(matrix) @ np.c_[ras, np.ones(len(ras))].T
    there = np.rint(ijk[2::-1]).astype(int)
    np.testing.assert_allclose(there, ijk[2::-1], atol=1e-3)
    np.testing.assert_array_equal(array[tuple(there)], scan.array[tuple(index.T)])
    assert array.dtype == np.int16
    assert volume.GetDisplayNode().GetWindow() == 1500


@pytest.mark.parametrize(("name", "appearances"), [("vessels", VESSELS), ("lungs", LUNGS)])
def test_segments_come_back(
    read_back, turned_result, name, appearances, segment_points, label_points
):
    segmentation = node(read_back, f"case 7 {name}")
    assert segmentation.GetSegmentation().GetNumberOfLayers() == 1
    for value, look in appearances.items():
        segment = segmentation.GetSegmentation().GetSegment(look.key)
        assert segment.GetName() == look.name
        assert segment.GetColor() == pytest.approx(look.color, abs=1e-3)
        assert segment.GetTerminology() == terminology_entry(look)
        if name == "lungs":
            assert segment.GetRepresentation("Closed surface").GetNumberOfPoints() > 0
        np.testing.assert_allclose(
            segment_points(segmentation, look.key),
            label_points(getattr(turned_result, name), value),
            atol=2e-3,
        )


def test_measurements_come_back(read_back, turned_result):
    table = node(read_back, "case 7 measurements")
    values = vtk_to_numpy(table.GetTable().GetColumnByName("bv5_pct"))
    expected = [row.bv5_pct for row in turned_result.measurements]
    np.testing.assert_allclose(values, expected, atol=0.005)
    assert table.GetColumnUnitLabel("tpbv_ml") == "mL"
    assert table.GetColumnTitle("bv5_10_ml") == "BV5-10 (mL)"


def test_models_come_back_in_place(read_back, turned_result):
    model = node(read_back, "case 7 centerlines")
    points = vtk_to_numpy(model.GetPolyData().GetPoints().GetData())
    expected = turned_result.centerlines.points_mm * (-1, -1, 1)
    np.testing.assert_allclose(points, expected, atol=1e-3)
    display = model.GetDisplayNode()
    assert display.GetActiveScalarName() == "size_class"
    assert display.GetColorNode().GetName() == "case 7 size classes"
    for look in VESSELS.values():
        tubes = node(read_back, f"case 7 {look.name} tubes")
        assert tubes.GetPolyData().GetNumberOfPoints() > 0
        assert tubes.GetDisplayNode().GetColor() == pytest.approx(look.color, abs=1e-3)


def test_colors_and_legend_come_back(read_back):
    colors = node(read_back, "case 7 size classes")
    for size_class, look in VESSELS.items():
        rgba = [0.0] * 4
        colors.GetColor(int(size_class), rgba)
        assert rgba == pytest.approx([*look.color, 1.0], abs=1 / 255)
        assert colors.GetColorName(int(size_class)).startswith(look.name)
        assert colors.GetTerminologyType(int(size_class)).GetCodeValue() == look.type.value
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(
        node(read_back, "case 7 chosen branch")
    )
    assert legend.GetTitleText() == "Cross-sectional area of vessels, mm²"
    assert legend.GetUseColorNamesForLabels()


def test_folder_and_views_come_back(read_back):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(read_back)
    folders = set()
    for name in ("vessels", "lungs", "measurements", "CT", "BV5 tubes"):
        item = hierarchy.GetItemByDataNode(node(read_back, f"case 7 {name}"))
        folders.add(hierarchy.GetItemParent(item))
    assert [hierarchy.GetItemName(folder) for folder in folders] == ["case 7"]
    volume = node(read_back, "case 7 CT")
    for name in ("Red", "Yellow", "Green"):
        composite = read_back.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
        assert composite.GetBackgroundVolumeID() == volume.GetID()
    assert read_back.GetSingletonNode("1", "vtkMRMLCameraNode").GetParallelProjection()


def test_saving_leaves_the_scene_as_it_was(application, outcome, tmp_path):
    url = application.scene.GetURL()
    save_scene(application.scene, tmp_path / "scene.mrb")
    assert application.scene.GetURL() == url
    save_scene(application.scene, tmp_path / "scene.mrb")
    assert [path.name for path in tmp_path.iterdir()] == ["scene.mrb"]


def test_folder_that_is_not_there_is_an_error(application, outcome, tmp_path):
    with pytest.raises(OSError, match="missing"):
        save_scene(application.scene, tmp_path / "missing" / "scene.mrb")
