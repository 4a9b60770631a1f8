"""Centerlines as a model node, from which they can be read back."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

from ...imaging.errors import AnalysisError
from ...imaging.model.centerlines import BRANCH_ARRAYS, POINT_ARRAYS, Centerlines
from .coordinates import lps_points, ras_points

SPECULAR = 0.25
SPECULAR_POWER = 20.0


def centerlines_poly_data(centerlines: Centerlines) -> vtk.vtkPolyData:
    """Branches as polylines in RAS mm, one cell a branch.

    Parameters
    ----------
    centerlines : Centerlines
        n points in b branches.

    Returns
    -------
    vtk.vtkPolyData
        The arrays of ``centerlines.vtp``: point data ``radius_mm`` and those of `POINT_ARRAYS`;
        cell data ``branch_id``, ``length_mm``, ``volume_ml``, ``mean_csa_mm2`` and those of
        `BRANCH_ARRAYS`. Measures are double, so that what is computed from them stays the same.
    """
    poly_data = polylines(centerlines.points_mm, centerlines.branch_start)
    point_data, cell_data = poly_data.GetPointData(), poly_data.GetCellData()
    point_data.AddArray(named_array("radius_mm", centerlines.radius_mm.astype(np.float32)))
    for name, attribute in POINT_ARRAYS.items():
        point_data.AddArray(named_array(name, _plain(getattr(centerlines, attribute))))
    branch_id = np.arange(centerlines.branch_count, dtype=np.int32)
    cell_data.AddArray(named_array("branch_id", branch_id))
    for name in ("length_mm", "volume_ml", "mean_csa_mm2"):
        cell_data.AddArray(named_array(name, getattr(centerlines, name).astype(np.float32)))
    for name, attribute in BRANCH_ARRAYS.items():
        cell_data.AddArray(named_array(name, _plain(getattr(centerlines, attribute))))
    return poly_data


def centerlines_of(model: slicer.vtkMRMLModelNode) -> Centerlines:
    """Read centerlines back from their node.

    Parameters
    ----------
    model : vtkMRMLModelNode
        With what `centerlines_poly_data` gives.

    Returns
    -------
    Centerlines
        The same values.

    Raises
    ------
    AnalysisError
        The model holds something else.
    """
    poly_data = model.GetPolyData() or vtk.vtkPolyData()
    point_data = poly_data.GetPointData()
    if not point_data.HasArray("lung_around"):
        # A scene of a version before hilar vessels were told apart.
        unknown = np.full(poly_data.GetNumberOfPoints(), np.nan)
        point_data.AddArray(named_array("lung_around", unknown))
    missing = [name for name in POINT_ARRAYS if not point_data.HasArray(name)]
    missing += [name for name in BRANCH_ARRAYS if not poly_data.GetCellData().HasArray(name)]
    if missing:
        raise AnalysisError(
            f"The model {model.GetName()} lacks {', '.join(missing)} and is no longer what the"
            " analysis made; load the case again, or analyze again."
        )
    points = np.zeros((0, 3))
    if poly_data.GetNumberOfPoints():
        points = vtk_to_numpy(poly_data.GetPoints().GetData())
    arrays = {
        attribute: vtk_to_numpy(point_data.GetArray(name)).copy()
        for name, attribute in POINT_ARRAYS.items()
    }
    arrays["class_by_hand"] = arrays["class_by_hand"] != 0
    arrays |= {
        attribute: vtk_to_numpy(poly_data.GetCellData().GetArray(name)).copy()
        for name, attribute in BRANCH_ARRAYS.items()
    }
    lines = poly_data.GetLines()
    return Centerlines(
        points_mm=lps_points(points),
        branch_start=vtk_to_numpy(lines.GetOffsetsArray()).astype(int),
        **arrays,
    )


def add_model(
    scene: slicer.vtkMRMLScene, name: str, poly_data: vtk.vtkPolyData
) -> slicer.vtkMRMLModelNode:
    """Add a model of vessels, with a display node.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    name : str
        Node name.
    poly_data : vtk.vtkPolyData
        Lines or surfaces in RAS mm.

    Returns
    -------
    vtkMRMLModelNode
        Shown in 3D, in one color.
    """
    node = scene.AddNewNodeByClass("vtkMRMLModelNode", name)
    node.SetAndObservePolyData(poly_data)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.ScalarVisibilityOff()
    display.SetSpecular(SPECULAR)
    display.SetPower(SPECULAR_POWER)
    return node


def color_by_class(
    model: slicer.vtkMRMLModelNode, colors: slicer.vtkMRMLColorTableNode, shown: bool
) -> None:
    """Let a model's display node have the classes' colors, by its points' class if shown."""
    display = model.GetDisplayNode()
    display.SetActiveScalar("size_class", vtk.vtkAssignAttribute.POINT_DATA)
    display.SetAndObserveColorNodeID(colors.GetID())
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(0, colors.GetNumberOfColors() - 1)
    display.SetScalarVisibility(shown)


def polylines(points_lps_mm: np.ndarray, start: np.ndarray) -> vtk.vtkPolyData:
    """Lines in RAS mm through points (n, 3); line i goes from point start[i] to before the next."""
    points = vtk.vtkPoints()
    points.SetData(named_array("Points", ras_points(points_lps_mm).reshape(-1, 3)))
    lines = vtk.vtkCellArray()
    lines.SetData(
        numpy_to_vtkIdTypeArray(np.asarray(start, np.int64), deep=True),
        numpy_to_vtkIdTypeArray(np.arange(len(points_lps_mm), dtype=np.int64), deep=True),
    )
    poly_data = vtk.vtkPolyData()
    poly_data.SetPoints(points)
    poly_data.SetLines(lines)
    return poly_data


def named_array(name: str, values: np.ndarray) -> vtk.vtkDataArray:
    """Copy of values as a VTK array."""
    array = numpy_to_vtk(np.ascontiguousarray(values), deep=True)
    array.SetName(name)
    return array


def _plain(values: np.ndarray) -> np.ndarray:
    """Values of a type that VTK has."""
    return values.astype(np.uint8) if values.dtype == bool else values
