"""Values of points are summed on a grid, and read back, linearly."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.numerics.grid_spread import GridSpread


def test_sums_are_kept_and_lie_where_the_points_do():
    index = np.array([[10.25, 10.0, 10.5], [12.0, 9.0, 8.0]])
    nodes = GridSpread(index, (24, 24, 24), 1.5)(np.array([2.0, 3.0]))
    assert nodes.sum() == pytest.approx(5.0, rel=1e-3)
    middle = [(nodes.sum(axis=tuple({0, 1, 2} - {axis})) @ np.arange(24)) / 5 for axis in range(3)]
    np.testing.assert_allclose(middle, (2 * index[0] + 3 * index[1]) / 5, atol=0.01)


def test_nodes_are_read_linearly():
    index = np.array([[1.25, 2.5, 0.0], [3.0, 0.5, 1.75]])
    z, y, x = np.indices((6, 6, 6))
    read = GridSpread(index, (6, 6, 6), 1.0).at_points(z + 10.0 * y + 100.0 * x)
    np.testing.assert_allclose(read, index @ [1, 10, 100])
