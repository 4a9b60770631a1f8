"""Centerlines come back from VTK's reader, and at their place in 3D Slicer."""

from pathlib import Path

import numpy as np
import pytest
from BV5AnalysisLib.case.centerlines import write_centerlines
from BV5AnalysisLib.imaging.model.centerlines import Centerlines

vtk = pytest.importorskip("vtk")
from vtk.util.numpy_support import vtk_to_numpy  # noqa: E402


def read(path: Path):
    reader = vtk.vtkXMLPolyDataReader()
    reader.SetFileName(str(path))
    reader.Update()
    assert reader.GetErrorCode() == 0
    return reader.GetOutput()


def array(data, name: str) -> np.ndarray:
    return vtk_to_numpy(data.GetArray(name))


def test_vtk_reads_the_same_branches(tmp_path, small_result):
    lines = small_result.centerlines
    write_centerlines(tmp_path / "centerlines.vtp", lines)
    poly_data = read(tmp_path / "centerlines.vtp")

    assert np.allclose(vtk_to_numpy(poly_data.GetPoints().GetData()), lines.points_mm)
    assert poly_data.GetNumberOfCells() == poly_data.GetNumberOfLines() == lines.branch_count
    for branch in range(lines.branch_count):
        ids = poly_data.GetCell(branch).GetPointIds()
        found = [ids.GetId(i) for i in range(ids.GetNumberOfIds())]
        assert found == list(range(*lines.branch_start[branch : branch + 2]))

    point_data, cell_data = poly_data.GetPointData(), poly_data.GetCellData()
    assert np.allclose(array(point_data, "csa_mm2"), lines.csa_mm2)
    assert np.allclose(array(point_data, "radius_mm"), np.sqrt(lines.csa_mm2 / np.pi))
    assert np.array_equal(array(point_data, "size_class"), lines.size_class)
    assert np.array_equal(array(cell_data, "branch_id"), np.arange(lines.branch_count))
    for name in ("length_mm", "volume_ml", "mean_csa_mm2"):
        assert np.allclose(array(cell_data, name), getattr(lines, name))


def test_slicer_puts_the_points_in_ras(tmp_path, small_result):
    slicer = pytest.importorskip("slicer")
    path = tmp_path / "centerlines.vtp"
    write_centerlines(path, small_result.centerlines)
    scene = slicer.vtkMRMLScene()
    model = scene.AddNewNodeByClass("vtkMRMLModelNode")
    storage = scene.AddNewNodeByClass("vtkMRMLModelStorageNode")
    # The file decides, whatever the node was set to.
    storage.SetCoordinateSystem(slicer.vtkMRMLStorageNode.CoordinateSystemRAS)
    storage.SetFileName(str(path))
    assert storage.ReadData(model) == 1
    ras = vtk_to_numpy(model.GetPolyData().GetPoints().GetData())
    assert np.allclose(ras, small_result.centerlines.points_mm * (-1, -1, 1))
    assert model.GetPolyData().GetPointData().GetScalars().GetName() == "csa_mm2"


def test_no_vessel_at_all_is_a_valid_file(tmp_path):
    none = np.zeros(0)
    lines = Centerlines.measured(np.zeros((0, 3)), np.zeros(1, int), none, none, none, none)
    write_centerlines(tmp_path / "none.vtp", lines)
    assert read(tmp_path / "none.vtp").GetNumberOfPoints() == 0
