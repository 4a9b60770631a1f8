"""Vessels as tubes of their measured areas, one surface a size class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import vtk

from ...imaging.model.centerlines import Centerlines
from ...imaging.model.size_classes import SizeClass
from .models import named_array, polylines

STEP_MM = 1.3
"""Distance of the rings along a tube: every other centerline point, which are 0.7 mm apart."""


@dataclass(frozen=True)
class TubeShape:
    """How finely a class's tubes are made.

    Attributes
    ----------
    sides : int
        Corners of a ring.
    cap_degrees : tuple of float
        Where a round end has its rings, from its equator.
    """

    sides: int
    cap_degrees: tuple[float, ...]


SHAPES = {
    SizeClass.BV5: TubeShape(6, (45.0, 85.0)),
    SizeClass.BV5_10: TubeShape(8, (45.0, 85.0)),
    SizeClass.BV10: TubeShape(12, (40.0, 70.0, 88.0)),
    SizeClass.BELOW_FLOOR: TubeShape(5, (60.0,)),
    SizeClass.HILAR: TubeShape(12, (40.0, 70.0, 88.0)),
}


def tubes_poly_data(centerlines: Centerlines, size_class: SizeClass) -> vtk.vtkPolyData:
    """Tubes around the parts of branches that are of one size class.

    Where a branch changes its class, the tubes of both classes end at the same point, so that
    no gap shows; its ends are round, which fills the gaps where branches meet at an angle.

    Parameters
    ----------
    centerlines : Centerlines
        n points in b branches.
    size_class : SizeClass
        Which parts to draw.

    Returns
    -------
    vtk.vtkPolyData
        Tubes in RAS mm with point data ``TubeNormals`` and ``branch_id``. The cross-section, a
        polygon, has the measured area.
    """
    shape = SHAPES[size_class]
    first, last = _runs(centerlines, size_class)
    index, start = _thinned(centerlines, first, last)
    points, point_of, radius, start = _with_round_ends(centerlines, index, start, shape)
    lines = polylines(points, start)
    lines.GetPointData().AddArray(named_array("radius_mm", radius.astype(np.float32)))
    branch = centerlines.branch_id[point_of].astype(np.int32)
    lines.GetPointData().AddArray(named_array("branch_id", branch))
    tube = vtk.vtkTubeFilter()
    tube.SetInputData(lines)
    tube.SetInputArrayToProcess(0, 0, 0, vtk.vtkDataObject.FIELD_ASSOCIATION_POINTS, "radius_mm")
    tube.SetVaryRadiusToVaryRadiusByAbsoluteScalar()
    tube.SetNumberOfSides(shape.sides)
    tube.CappingOn()
    tube.Update()
    tubes = vtk.vtkPolyData()
    tubes.ShallowCopy(tube.GetOutput())
    tubes.GetPointData().RemoveArray("radius_mm")
    return tubes


def _runs(centerlines: Centerlines, size_class: SizeClass) -> tuple[np.ndarray, np.ndarray]:
    """First and last point (k,) of each part of a branch that is of a class, two points or more.

    A part extends to the next part's first point. The last point of a branch, if it is the only
    one of its class, gets the piece before it instead.
    """
    count = len(centerlines.points_mm)
    if count == 0:
        return np.zeros(0, int), np.zeros(0, int)
    branch, classes = centerlines.branch_id, centerlines.size_class
    begins = np.flatnonzero(
        np.concatenate([[True], (np.diff(branch) != 0) | (np.diff(classes) != 0)])
    )
    ends = np.concatenate([begins[1:], [count]]) - 1
    more = np.concatenate([branch[begins[1:]] == branch[begins[:-1]], [False]])
    alone = np.concatenate([[False], more[:-1]]) & ~more & (begins == ends)
    first, last = begins - alone, ends + more
    last[:-1] -= alone[1:]
    wanted = (classes[begins] == size_class) & (last > first)
    return first[wanted], last[wanted]


def _thinned(
    centerlines: Centerlines, first: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points (m,) of runs at `STEP_MM`, both ends among them, and each run's start (k + 1,)."""
    length = last - first + 1
    run = np.repeat(np.arange(len(first)), length)
    offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    index = first[run] + offset
    step = np.linalg.norm(np.diff(centerlines.points_mm, axis=0), axis=1)
    piece = np.floor(np.concatenate([[0.0], np.cumsum(step)]) / STEP_MM)
    keep = (index == first[run]) | (index == last[run])
    keep |= piece[index] != piece[np.maximum(index - 1, 0)]
    kept = np.bincount(run[keep], minlength=len(first))
    return index[keep], np.concatenate([[0], np.cumsum(kept)])


def _with_round_ends(
    centerlines: Centerlines, index: np.ndarray, start: np.ndarray, shape: TubeShape
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Add half a sphere at either end of a branch.

    Returns
    -------
    points, point_of, radius, start : numpy.ndarray
        Points (m, 3), LPS mm; the centerline point that each one comes from; radius to the
        corners, mm; each run's first point, and m.
    """
    angles = np.radians(shape.cap_degrees)
    first, last = start[:-1], start[1:] - 1
    branch_start = centerlines.branch_start
    caps_before = np.isin(index[first], branch_start[:-1]) * len(angles)
    caps_after = np.isin(index[last] + 1, branch_start[1:]) * len(angles)
    new_start = np.concatenate([[0], np.cumsum(last - first + 1 + caps_before + caps_after)])
    run = np.repeat(np.arange(len(first)), np.diff(new_start))
    offset = np.arange(new_start[-1]) - new_start[run] - caps_before[run]
    place = np.clip(first[run] + offset, first[run], last[run])
    point_of = index[place]
    points = centerlines.points_mm[point_of].astype(float)
    # A polygon of the circle's area reaches a little farther out than the circle.
    corner = np.sqrt(2 * np.pi / (shape.sides * np.sin(2 * np.pi / shape.sides)))
    radius = centerlines.radius_mm[point_of] * corner
    rings = np.arange(len(angles))
    for capped, end, beside, at in (
        (caps_before > 0, first, first + 1, new_start[:-1, None] + rings[::-1]),
        (caps_after > 0, last, last - 1, new_start[1:, None] - len(angles) + rings),
    ):
        end_point = centerlines.points_mm[index[end[capped]]]
        outward = end_point - centerlines.points_mm[index[beside[capped]]]
        outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
        reach = outward * centerlines.radius_mm[index[end[capped]], None]
        points[at[capped]] += reach[:, None] * np.sin(angles)[:, None]
        radius[at[capped]] *= np.cos(angles)
    return points, point_of, radius, new_start
