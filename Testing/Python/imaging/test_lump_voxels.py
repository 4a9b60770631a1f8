"""Voxels around lines that are neither vessels nor of a mesh, which opacities are looked for in."""

from types import SimpleNamespace

import numpy as np
import pytest
from BV5AnalysisLib.imaging import pipeline
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.pipeline import CONSTANTS
from BV5AnalysisLib.imaging.vessels.work_grid import WorkGrid
from helpers.tubes import line_branches, straight

GRID = Grid((44, 40, 36), (0.9, 0.9, 1.1), (3.0, -2.0, 5.0))
SHARE, MESH, AREA = 0.0, 0.0, 8.0
"""Of a lump: no vessel, no mesh, and wide."""

MIDDLES_MM = [(8.0, 8.0), (8.0, 24.0), (24.0, 8.0), (24.0, 24.0)]
"""Of four lines along x, (z, y) from the scan's first voxel."""


def lumps_of(*lines):
    """Voxels of lumps among lines of vessel share, mesh share and area; their points, mm."""
    work = WorkGrid.around(np.ones(GRID.shape, bool), GRID, 0.0)
    first_mm = work.to_scan_index(np.zeros(3)) * GRID.spacing_zyx
    points = [
        straight((z, y, 12.0), (0, 0, 1), 14.0)
        for (z, y), _ in zip(MIDDLES_MM, lines, strict=False)
    ]
    branches = line_branches([line - first_mm for line in points], [1.0] * len(points))
    share, mesh, area = (
        np.repeat([line[number] for line in lines], [len(each) for each in points])
        for number in range(3)
    )
    vessels = SimpleNamespace(
        work=work,
        branches=branches,
        order=SimpleNamespace(share=share),
        mesh=SimpleNamespace(lines=lambda order, places: mesh),
        sized=SimpleNamespace(csa_mm2=area),
    )
    anatomy = SimpleNamespace(lungs=np.ones(GRID.shape, np.uint8))
    ct = Volume(np.zeros(GRID.shape, np.float32), GRID)
    return pipeline._lumps(SimpleNamespace(ct=ct), anatomy, vessels), points


def within(points_mm, radius_mm):
    """Bool (z, y, x): voxels whose middle is so close to any of the points."""
    place = np.moveaxis(np.indices(GRID.shape), 0, -1) * GRID.spacing_zyx
    near = [np.linalg.norm(place - point, axis=-1) <= radius_mm for point in points_mm]
    return np.logical_or.reduce(near)


def test_a_lump_is_all_within_its_radius_and_a_rim():
    found, (line,) = lumps_of((SHARE, MESH, AREA))
    np.testing.assert_array_equal(
        found, within(line, np.sqrt(AREA / np.pi) + CONSTANTS.lump_rim_mm)
    )


@pytest.mark.parametrize(
    "other",
    [(0.9, MESH, AREA), (SHARE, 0.9, AREA), (SHARE, MESH, 0.9 * CONSTANTS.least_lump_mm2)],
    ids=["vessel", "mesh", "haze"],
)
def test_vessels_meshes_and_thin_lines_are_no_lumps(other):
    alone, _ = lumps_of((SHARE, MESH, AREA))
    beside, _ = lumps_of((SHARE, MESH, AREA), other)
    np.testing.assert_array_equal(beside, alone)
    assert not lumps_of(other)[0].any()


def test_wider_lumps_take_more_and_each_its_own():
    found, lines = lumps_of((SHARE, MESH, 3.0), (SHARE, MESH, 20.0))
    expected = [
        within(line, np.sqrt(area / np.pi) + CONSTANTS.lump_rim_mm)
        for line, area in zip(lines, (3.0, 20.0), strict=True)
    ]
    np.testing.assert_array_equal(found, expected[0] | expected[1])
