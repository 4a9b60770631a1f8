"""From LPS to RAS: the only place where world coordinates change sign."""

from __future__ import annotations

import numpy as np
import vtk

from ..imaging.volume import Grid

LPS_TO_RAS = np.diag((-1.0, -1.0, 1.0, 1.0))


def ras_points(points_lps_mm: np.ndarray) -> np.ndarray:
    """Points (n, 3) in RAS mm of points (n, 3) in LPS mm."""
    return np.asarray(points_lps_mm, float) @ LPS_TO_RAS[:3, :3]


def index_to_ras(grid: Grid) -> vtk.vtkMatrix4x4:
    """Matrix from voxel index (x, y, z) to RAS mm."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy((LPS_TO_RAS @ grid.index_to_world_matrix).ravel())
    return matrix
