"""Vessel centerlines as model nodes: thin lines with their measures, and tubes."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from ..imaging.centerlines import Centerlines
from .coordinates import ras_points

TUBE_SIDES = 10
CAP_ANGLES = np.radians((40.0, 70.0, 88.0))
"""Where a round end has its rings, from its equator."""
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
    poly_data = _polylines(centerlines.points_mm, centerlines.branch_start)
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


def tubes_poly_data(centerlines: Centerlines) -> vtk.vtkPolyData:
    """Tubes of the measured areas around branches, with round ends.

    Round ends fill the gaps where branches meet at an angle.

    Parameters
    ----------
    centerlines : Centerlines
        n points in b branches.

    Returns
    -------
    vtk.vtkPolyData
        Closed tubes in RAS mm with point data ``TubeNormals`` and ``size_class``.
    """
    points, point_of, radius, start = _with_round_ends(centerlines)
    lines = _polylines(points, start)
    lines.GetPointData().AddArray(_array("radius_mm", radius.astype(np.float32)))
    size_class = centerlines.size_class[point_of].astype(np.uint8)
    lines.GetPointData().AddArray(_array("size_class", size_class))
    tube = vtk.vtkTubeFilter()
    tube.SetInputData(lines)
    tube.SetInputArrayToProcess(0, 0, 0, vtk.vtkDataObject.FIELD_ASSOCIATION_POINTS, "radius_mm")
    tube.SetVaryRadiusToVaryRadiusByAbsoluteScalar()
    tube.SetNumberOfSides(TUBE_SIDES)
    tube.CappingOn()
    tube.Update()
    tubes = vtk.vtkPolyData()
    tubes.ShallowCopy(tube.GetOutput())
    tubes.GetPointData().RemoveArray("radius_mm")
    return tubes


def _with_round_ends(
    centerlines: Centerlines,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Branches of two points or more, lengthened by half a sphere at either end.

    Returns
    -------
    points, point_of, radius, start : numpy.ndarray
        Points (m, 3), LPS mm; the point that each one has its class from; radius, mm; index of
        each branch's first point, and m.
    """
    first, after = centerlines.branch_start[:-1], centerlines.branch_start[1:]
    long_enough = after - first > 1
    first, last = first[long_enough], after[long_enough] - 1
    cap = len(CAP_ANGLES)
    height, width = np.sin(CAP_ANGLES), np.cos(CAP_ANGLES)
    points_mm, radius_mm = centerlines.points_mm, centerlines.radius_mm

    start = np.concatenate([[0], np.cumsum(last - first + 1 + 2 * cap)])
    branch = np.repeat(np.arange(len(first)), np.diff(start))
    offset = np.arange(start[-1]) - start[branch] - cap
    point_of = np.clip(first[branch] + offset, first[branch], last[branch])
    points, radius = points_mm[point_of], radius_mm[point_of]
    for end, beside, at in (
        (first, first + 1, start[:-1, None] + np.arange(cap)[::-1]),
        (last, last - 1, start[1:, None] - cap + np.arange(cap)),
    ):
        outward = points_mm[end] - points_mm[beside]
        outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
        points[at] += (outward * radius_mm[end, None])[:, None] * height[:, None]
        radius[at] *= width
    return points, point_of, radius, start


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


def _polylines(points_lps_mm: np.ndarray, start: np.ndarray) -> vtk.vtkPolyData:
    points = vtk.vtkPoints()
    points.SetData(_array("Points", ras_points(points_lps_mm).astype(np.float32)))
    lines = vtk.vtkCellArray()
    lines.SetData(
        numpy_to_vtkIdTypeArray(np.asarray(start, np.int64), deep=True),
        numpy_to_vtkIdTypeArray(np.arange(len(points_lps_mm), dtype=np.int64), deep=True),
    )
    poly_data = vtk.vtkPolyData()
    poly_data.SetPoints(points)
    poly_data.SetLines(lines)
    return poly_data


def _array(name: str, values: np.ndarray) -> vtk.vtkDataArray:
    array = numpy_to_vtk(np.ascontiguousarray(values), deep=True)
    array.SetName(name)
    return array
