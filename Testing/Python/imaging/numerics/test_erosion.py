"""Erosion by a length, in voxels that are not cubes."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.numerics.erosion import without_edge


@pytest.mark.parametrize(
    ("edge_mm", "layers"),
    [(1.2, (1, 2, 2)), (0.1, (1, 1, 1)), (2.4, (2, 4, 4))],
)
def test_the_edge_is_as_thick_along_every_axis(edge_mm, layers):
    mask = np.zeros((16, 18, 20), bool)
    mask[2:14, 3:16, 4:18] = True
    expected = np.zeros_like(mask)
    z, y, x = layers
    expected[2 + z : 14 - z, 3 + y : 16 - y, 4 + x : 18 - x] = True
    np.testing.assert_array_equal(without_edge(mask, np.array([1.2, 0.6, 0.6]), edge_mm), expected)


def test_beyond_the_array_is_outside_and_the_mask_stays_as_it_is():
    mask = np.ones((5, 5, 5), bool)
    inner = without_edge(mask, np.ones(3), 1.0)
    assert mask.all()
    assert inner.sum() == 27
    assert inner[1:-1, 1:-1, 1:-1].all()
