"""The bundle, read back as Slicer reads it."""

import dataclasses
import zipfile

import numpy as np
import pytest
import slicer
from BV5AnalysisLib.case.files import Review, case_of
from BV5AnalysisLib.case.segmentation import terminology_entry
from BV5AnalysisLib.imaging.model.size_classes import LUNGS, VESSELS, SizeClass
from BV5AnalysisLib.scene.case.bundle import save_scene
from BV5AnalysisLib.scene.case.cases import add_case, case_from_scene, set_review
from BV5AnalysisLib.scene.case.results import add_result
from BV5AnalysisLib.scene.nodes.images import add_volume
from BV5AnalysisLib.scene.nodes.outcome import find_outcomes
from BV5AnalysisLib.scene.views.arrangement import arrange_views
from BV5AnalysisLib.scene.views.offscreen import OffscreenApplication
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
    assert table.GetColumnTitle("bv5_10_ml") == "BV5-10 (mL)"


def test_models_come_back_in_place(read_back, turned_result):
    model = node(read_back, "case 7 centerlines")
    points = vtk_to_numpy(model.GetPolyData().GetPoints().GetData())
    expected = turned_result.centerlines.points_mm * (-1, -1, 1)
    np.testing.assert_allclose(points, expected, atol=1e-3)
    display = model.GetDisplayNode()
    assert display.GetActiveScalarName() == "size_class"
    assert display.GetColorNode().GetName() == "case 7 size classes"
    for size_class, look in VESSELS.items():
        if size_class == SizeClass.HILAR:
            continue  # none in this case
        tubes = node(read_back, f"case 7 {look.name} tubes")
        assert tubes.GetPolyData().GetNumberOfPoints() > 0
        assert tubes.GetDisplayNode().GetColor() == pytest.approx(look.color, abs=1e-3)


def test_colors_and_legend_come_back(read_back):
    colors = node(read_back, "case 7 size classes")
    for size_class, look in VESSELS.items():
        rgba = [0.0] * 4
        colors.GetColor(int(size_class), rgba)
        assert rgba == pytest.approx([*look.color, 1.0], abs=1 / 255)
        name = "<" if size_class == SizeClass.BELOW_FLOOR else look.name
        assert colors.GetColorName(int(size_class)).startswith(name)
        assert colors.GetTerminologyType(int(size_class)).GetCodeValue() == look.type.value
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(
        node(read_back, "case 7 chosen branch")
    )
    assert not legend.GetTitleText()
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


@pytest.fixture
def strange_case(small_result):
    """A case whose name and review have all that files, XML and tables could choke on."""
    strange = "Ünï/ \\ & <b> \"q\" 'a' %20 ; : {x}"
    review = Review(
        "accepted", strange, f"{strange}\nline\ttab &quot;", "2026-11-22T10:00:00+00:00"
    )
    return dataclasses.replace(case_of(strange, small_result), review=review)


def test_strange_names_and_comments_come_back_beside_another_case(
    application, strange_case, small_result, tmp_path
):
    case = strange_case
    scan = small_result.scan.volume
    saved = add_case(application.scene, case, add_volume(application.scene, "Ü CT", scan))
    saved.set_node("regionsSegmentation", saved.lungsSegmentation)
    save_scene(application.scene, tmp_path / "scene.mrb")
    with zipfile.ZipFile(tmp_path / "scene.mrb") as bundle:
        bundle.extractall(tmp_path / "unpacked")
    other = OffscreenApplication()
    there = add_result(other.scene, small_result, "there before")
    other.scene.SetURL(str(tmp_path / "unpacked" / "scene" / "scene.mrml"))
    assert other.scene.Import(None)
    first, loaded = find_outcomes(other.scene)
    assert first == there
    assert loaded.record == saved.record
    roles = [
        saved.caseNode.GetNthNodeReferenceRole(index)
        for index in range(saved.caseNode.GetNumberOfNodeReferenceRoles())
    ]
    for role in roles:
        if not role.startswith("BV5Analysis."):
            continue
        node = loaded.caseNode.GetNodeReference(role)
        assert node.GetName() == saved.caseNode.GetNodeReference(role).GetName()
        assert node is not there.caseNode.GetNodeReference(role)
    for role in ("measurementsTable", "branchesTable", "histogramTable", "profileTable"):
        assert texts_of(loaded.node(role)) == texts_of(saved.node(role))
    assert loaded.legend not in (None, there.legend)
    again = case_from_scene(loaded)
    assert again.review == case.review
    np.testing.assert_array_equal(again.vessels.array, case.vessels.array)


def texts_of(table) -> list[list[str]]:
    """Cells of a table node, as text."""
    columns = [table.GetTable().GetColumn(i) for i in range(table.GetNumberOfColumns())]
    return [
        [
            column.GetName(),
            *(column.GetVariantValue(row).ToString() for row in range(table.GetNumberOfRows())),
        ]
        for column in columns
    ]


def test_a_review_of_several_lines_is_saved(application, outcome, strange_case, tmp_path):
    set_review(outcome, strange_case.review)
    shown = texts_of(outcome.measurementsTable)
    save_scene(application.scene, tmp_path / "scene.mrb")
    with zipfile.ZipFile(tmp_path / "scene.mrb") as bundle:
        bundle.extractall(tmp_path / "unpacked")
    other = OffscreenApplication()
    other.scene.SetURL(str(tmp_path / "unpacked" / "scene" / "scene.mrml"))
    assert other.scene.Import(None)
    (loaded,) = find_outcomes(other.scene)
    assert texts_of(loaded.measurementsTable) == shown
    assert loaded.record["review"] == outcome.record["review"]


def test_saving_leaves_the_scene_as_it_was(application, outcome, tmp_path):
    url = application.scene.GetURL()
    save_scene(application.scene, tmp_path / "scene.mrb")
    assert application.scene.GetURL() == url
    save_scene(application.scene, tmp_path / "scene.mrb")
    assert [path.name for path in tmp_path.iterdir()] == ["scene.mrb"]


def test_folder_that_is_not_there_is_an_error(application, outcome, tmp_path):
    with pytest.raises(OSError, match="missing"):
        save_scene(application.scene, tmp_path / "missing" / "scene.mrb")
