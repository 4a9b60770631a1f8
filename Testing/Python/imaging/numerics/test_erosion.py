"""Erosion by a length, in voxels that are not cubes, and layers added."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.numerics.erosion import with_layers, without_edge
from scipy import ndimage


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


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_layers_are_added_as_by_scipy(layers):
    mask = np.random.default_rng(2).random((9, 12, 11)) > 0.98
    before = mask.copy()
    np.testing.assert_array_equal(
        with_layers(mask, layers), ndimage.binary_dilation(mask, iterations=layers)
    )
    np.testing.assert_array_equal(mask, before)


def test_no_layers_and_nothing_to_grow_leave_a_mask_as_it_is():
    mask = np.eye(4, dtype=bool)[None]
    np.testing.assert_array_equal(with_layers(mask, 0), mask)
    assert not with_layers(np.zeros((3, 3, 3), bool), 2).any()
