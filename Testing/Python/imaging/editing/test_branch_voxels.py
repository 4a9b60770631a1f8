"""Voxels of one branch: its own tube, up to where another's is nearer."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.editing.branch_voxels import branch_voxels
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.volume import Grid
from BV5AnalysisLib.imaging.parameters import Parameters

GRID = Grid((60, 50, 40), (0.8, 0.8, 1.0), (-10.0, 5.0, 30.0))
LENGTH = 41


def lines(*branches: tuple[float, float]) -> Centerlines:
    """Straight branches along x, each at an offset in y (mm) and of an area (mm²)."""
    points, areas = [], []
    for y_mm, area in branches:
        line = np.zeros((LENGTH, 3))
        line[:, 0] = np.linspace(0.0, 20.0, LENGTH)
        line[:, 1:] = 20.0 + y_mm, 50.0
        points.append(line)
        areas.append(np.full(LENGTH, area))
    csa = np.concatenate(areas)
    return Centerlines.measured(
        points_mm=np.concatenate(points),
        branch_start=np.arange(0, LENGTH * len(branches) + 1, LENGTH),
        csa_mm2=csa,
        size_class=Parameters().size_class(csa),
        point_volume_ml=csa * 0.5 / 1000,
        point_length_mm=np.full(len(csa), 0.5),
        csa_error_mm2=np.full(len(branches), 0.1),
    )


def mask_of(centerlines: Centerlines, branch: int) -> np.ndarray:
    mask = np.zeros(GRID.shape, bool)
    mask[branch_voxels(GRID, centerlines, branch)] = True
    return mask


def distance_to_line(y_mm: float) -> np.ndarray:
    world = GRID.index_to_world(np.argwhere(np.ones(GRID.shape, bool)))
    beyond = np.maximum(0.0, np.maximum(-world[:, 0], world[:, 0] - 20.0))
    across = world[:, 1:] - (20.0 + y_mm, 50.0)
    return np.hypot(beyond, np.linalg.norm(across, axis=1)).reshape(GRID.shape)


def test_a_single_branch_has_its_whole_tube_and_no_more():
    mask = mask_of(lines((0.0, 20.0)), 0)
    radius = np.sqrt(20.0 / np.pi)
    distance = distance_to_line(0.0)
    assert mask[distance < radius].all()
    assert not mask[distance > 1.35 * radius + 0.6].any()


def test_touching_branches_share_every_voxel_between_them():
    both = lines((0.0, 30.0), (4.2, 3.0))
    wide, thin = mask_of(both, 0), mask_of(both, 1)
    assert not (wide & thin & (distance_to_line(0.0) < 2.9)).any()
    # The thin one's middle is its own, though the wide one's reach goes beyond it.
    assert thin[distance_to_line(4.2) < 0.4].all()
    assert not wide[distance_to_line(4.2) < 0.4].any()


def test_a_branch_beyond_the_grid_has_no_voxels():
    far = lines((500.0, 20.0))
    assert len(branch_voxels(GRID, far, 0)[0]) == 0


@pytest.mark.parametrize("branch", [0, 1])
def test_far_branches_do_not_matter(branch):
    apart = lines((-8.0, 12.0), (8.0, 12.0))
    alone = lines((-8.0, 12.0)) if branch == 0 else lines((8.0, 12.0))
    np.testing.assert_array_equal(mask_of(apart, branch), mask_of(alone, 0))
