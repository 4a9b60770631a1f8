"""Distances, stepped or by SimpleITK: the same, up to the limit."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.volume import Grid
from BV5AnalysisLib.imaging.numerics.distances import distance_mm
from scipy import ndimage

GRID = Grid((40, 36, 30), (2.1, 2.1, 2.5))


def blobs(seed=0):
    noise = np.random.default_rng(seed).normal(size=GRID.shape)
    return ndimage.gaussian_filter(noise, 2.5) > 0.0


@pytest.mark.parametrize("limit_mm", [2.5, 6.0, 20.0])
@pytest.mark.parametrize("of", [blobs(0), ~blobs(1)])
def test_limited_distances_are_the_whole_ones_up_to_the_limit(limit_mm, of):
    limited, whole = distance_mm(of, GRID, limit_mm), distance_mm(of, GRID)
    assert limited.dtype == np.float32
    assert whole.max() > 6
    np.testing.assert_allclose(limited, np.minimum(whole, limit_mm), atol=1e-4)


@pytest.mark.parametrize("limit_mm", [8.0, np.inf])
def test_distance_is_counted_from_the_outermost_voxels(limit_mm):
    mask = np.ones(GRID.shape, bool)
    mask[:, :, 4] = False
    line = distance_mm(mask, GRID, limit_mm)[10, 10, :9]
    assert line == pytest.approx(2.1 * np.array([3, 2, 1, 0, 0, 0, 1, 2, 3]), abs=1e-4)


def test_where_nothing_is_outside_the_limit_is_reached_everywhere():
    assert (distance_mm(np.ones(GRID.shape, bool), GRID, 5.0) == 5.0).all()
