"""Vessel centerlines as model nodes: thin lines with their measures, and tubes."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from ..imaging.centerlines import Centerlines
from .coordinates import ras_points

TUBE_SIDES = 10
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
        Point data ``csa_mm2``, ``radius_mm``, ``size_class``; cell data ``branch_id``,
        ``length_mm``, ``volume_ml``, ``mean_csa_mm2``.
    """
    points = vtk.vtkPoints()
    points.SetData(_array("Points", ras_points(centerlines.points_mm).astype(np.float32)))
    lines = vtk.vtkCellArray()
    lines.SetData(
        numpy_to_vtkIdTypeArray(np.asarray(centerlines.branch_start, np.int64), deep=True),
        numpy_to_vtkIdTypeArray(np.arange(len(centerlines.points_mm), dtype=np.int64), deep=True),
    )
    poly_data = vtk.vtkPolyData()
    poly_data.SetPoints(points)
    poly_data.SetLines(lines)
    for name in ("csa_mm2", "radius_mm"):
        values = getattr(centerlines, name).astype(np.float32)
        poly_data.GetPointData().AddArray(_array(name, values))
    size_class = _array("size_class", centerlines.size_class.astype(np.uint8))
    poly_data.GetPointData().AddArray(size_class)
    branch_id = _array("branch_id", np.arange(centerlines.branch_count, dtype=np.int32))
    poly_data.GetCellData().AddArray(branch_id)
    for name in ("length_mm", "volume_ml", "mean_csa_mm2"):
        values = getattr(centerlines, name).astype(np.float32)
        poly_data.GetCellData().AddArray(_array(name, values))
    return poly_data


def tubes_poly_data(lines: vtk.vtkPolyData) -> vtk.vtkPolyData:
    """Tubes of the measured areas around polylines.

    Parameters
    ----------
    lines : vtk.vtkPolyData
        Polylines with point data ``radius_mm`` and ``size_class``.

    Returns
    -------
    vtk.vtkPolyData
        Closed tubes with point data ``Normals`` and ``size_class``.
    """
    tube = vtk.vtkTubeFilter()
    tube.SetInputData(lines)
    tube.SetInputArrayToProcess(0, 0, 0, vtk.vtkDataObject.FIELD_ASSOCIATION_POINTS, "radius_mm")
    tube.SetVaryRadiusToVaryRadiusByAbsoluteScalar()
    tube.SetNumberOfSides(TUBE_SIDES)
    tube.CappingOn()
    tube.Update()
    tubes = vtk.vtkPolyData()
    tubes.ShallowCopy(tube.GetOutput())
    for name in ("csa_mm2", "radius_mm"):
        tubes.GetPointData().RemoveArray(name)
    for name in ("branch_id", "length_mm", "volume_ml", "mean_csa_mm2"):
        tubes.GetCellData().RemoveArray(name)
    return tubes


def add_model(
    scene: slicer.vtkMRMLScene,
    name: str,
    poly_data: vtk.vtkPolyData,
    colors: slicer.vtkMRMLColorTableNode,
) -> slicer.vtkMRMLModelNode:
    """Add a model colored by its ``size_class``.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    name : str
        Node name.
    poly_data : vtk.vtkPolyData
        Lines or surfaces in RAS mm with point data ``size_class``.
    colors : vtkMRMLColorTableNode
        Colors by `SizeClass` value.

    Returns
    -------
    vtkMRMLModelNode
        Model with its display node.
    """
    node = scene.AddNewNodeByClass("vtkMRMLModelNode", name)
    node.SetAndObservePolyData(poly_data)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetActiveScalar("size_class", vtk.vtkAssignAttribute.POINT_DATA)
    display.SetAndObserveColorNodeID(colors.GetID())
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(0, colors.GetNumberOfColors() - 1)
    display.ScalarVisibilityOn()
    display.SetSpecular(SPECULAR)
    display.SetPower(SPECULAR_POWER)
    return node


def _array(name: str, values: np.ndarray) -> vtk.vtkDataArray:
    array = numpy_to_vtk(np.ascontiguousarray(values), deep=True)
    array.SetName(name)
    return array
