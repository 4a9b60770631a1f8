"""Between LPS and RAS: the only place where world coordinates change sign."""

from __future__ import annotations

import numpy as np
import vtk

from ...imaging.model.volume import Grid

LPS_TO_RAS = np.diag((-1.0, -1.0, 1.0, 1.0))


def ras_points(points_lps_mm: np.ndarray) -> np.ndarray:
    """Points (n, 3) in RAS mm of points (n, 3) in LPS mm."""
    return np.asarray(points_lps_mm, float) @ LPS_TO_RAS[:3, :3]


def lps_points(points_ras_mm: np.ndarray) -> np.ndarray:
    """Points (n, 3) in LPS mm of points (n, 3) in RAS mm."""
    return ras_points(points_ras_mm)


def index_to_ras(grid: Grid) -> vtk.vtkMatrix4x4:
    """Matrix from voxel index (x, y, z) to RAS mm."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy((LPS_TO_RAS @ grid.index_to_world_matrix).ravel())
    return matrix


def grid_from_ras(matrix: vtk.vtkMatrix4x4, extent: tuple[int, ...]) -> Grid:
    """Grid of an image in RAS.

    Parameters
    ----------
    matrix : vtk.vtkMatrix4x4
        From voxel index (x, y, z) to RAS mm.
    extent : tuple of int
        First and last voxel index along x, y and z.

    Returns
    -------
    Grid
        In LPS, see `Grid.rounded`; its voxel 0 is the first one of the extent.
    """
    first, last = np.array(extent[::2]), np.array(extent[1::2])
    to_world = LPS_TO_RAS @ array_of(matrix)
    spacing = np.linalg.norm(to_world[:3, :3], axis=0)
    grid = Grid(
        size=tuple((last - first + 1).tolist()),
        spacing=tuple(spacing.tolist()),
        origin=tuple((to_world[:3, :3] @ first + to_world[:3, 3]).tolist()),
        direction=tuple((to_world[:3, :3] / spacing).ravel().tolist()),
    )
    return grid.rounded()


def array_of(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    """Elements (4, 4) of a VTK matrix."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
