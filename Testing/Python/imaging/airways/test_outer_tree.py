"""Bronchi that were found by their walls are airway where they hang on the tree."""

from itertools import pairwise

import numpy as np
import pytest
from BV5AnalysisLib.imaging.airways.outer_tree import CONSTANTS, with_outer_tree
from BV5AnalysisLib.imaging.model.volume import Grid

GRID = Grid((60, 60, 80), (1.0, 1.0, 1.0))
STEP_MM = 0.7


def tree():
    """A wide airway along z, which ends in the middle of the scan."""
    _, y, x = np.indices(GRID.shape, sparse=True)
    airways = np.broadcast_to(np.hypot(y - 30, x - 30) < 4, GRID.shape).copy()
    airways[:40] = False
    return airways


def axis(start, stop):
    """Points (n, 3) on the way between two voxels."""
    start, way = np.array(start, float), np.subtract(stop, start)
    along = np.arange(0, np.linalg.norm(way), STEP_MM)[:, None]
    return start + along * way / np.linalg.norm(way)


def added(index, wall_mm):
    airways = tree()
    walls_mm = np.broadcast_to(np.float64(wall_mm), (len(index),))
    lumen = with_outer_tree(airways, GRID, index, walls_mm)
    assert lumen[airways].all()
    return lumen & ~airways


def test_a_bronchus_that_goes_on_from_the_tree_is_filled_to_its_lumen():
    new = added(axis((38, 30, 30), (10, 30, 30)), 3.0)
    _, y, x = np.indices(GRID.shape, sparse=True)
    from_axis = np.broadcast_to(np.hypot(y - 30, x - 30), GRID.shape)
    inner = new[12:38]
    assert inner[from_axis[12:38] <= 2].all()
    assert not inner[from_axis[12:38] > CONSTANTS.lumen_share * 3.0].any()


@pytest.mark.parametrize(("gap_mm", "reached"), [(2.5, True), (4.5, False)])
def test_a_gap_no_longer_than_a_fork_hides_is_crossed(gap_mm, reached):
    new = added(axis((39.99 - gap_mm, 30, 30), (10, 30, 30)), 2.0)
    assert new.any() == reached


def test_a_bronchus_far_from_the_tree_is_left():
    assert not added(axis((38, 5, 5), (10, 5, 5)), 2.0).any()


def test_what_is_wider_than_the_way_to_it_is_another_structure():
    way, cavity = axis((38, 30, 30), (25, 30, 30)), axis((24.3, 30, 30), (10, 30, 30))
    new = added(np.concatenate([way, cavity]), np.repeat([1.5, 4.0], [len(way), len(cavity)]))
    assert new[26:38].any()
    assert not new[:22].any()


def test_a_honeycomb_that_the_tree_touches_is_no_airway():
    cells = [axis((38, y, x), (10, y, x)) for y in range(20, 41, 4) for x in range(20, 41, 4)]
    assert not added(np.concatenate(cells), 2.0)[12:36].any()


def test_no_more_air_hangs_on_a_bronchus_than_its_caliber_leads_to():
    corners = [(38, 30, 30), (30, 30, 30), (30, 5, 30), (30, 5, 55), (5, 5, 55), (5, 55, 55)]
    parts = [axis(first, last) for first, last in pairwise([*corners, (5, 55, 5)])]
    new = added(np.concatenate(parts), 0.9)
    assert new[31:38].any()
    assert not new[:8].any()


@pytest.mark.parametrize("empty", ["bronchi", "tree"])
def test_nothing_is_added_where_there_is_nothing_to_add_to(empty):
    index = np.empty((0, 3)) if empty == "bronchi" else axis((38, 30, 30), (10, 30, 30))
    airways = tree() if empty == "bronchi" else np.zeros(GRID.shape, bool)
    lumen = with_outer_tree(airways, GRID, index, np.full(len(index), 2.0))
    np.testing.assert_array_equal(lumen, airways)
