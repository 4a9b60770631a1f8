"""Products of banded matrices with lines of volumes: the same as the whole matrix gives."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.banded import SMALL, along_axis
from scipy import ndimage


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_gaussian_is_that_of_scipy(axis):
    volume = np.random.default_rng(0).normal(size=(37, 50, 91)).astype(np.float32)
    unit = np.eye(volume.shape[axis], dtype=np.float32)
    matrix = ndimage.gaussian_filter1d(unit, 1.3, 0)
    expected = ndimage.gaussian_filter1d(volume, 1.3, axis)
    np.testing.assert_allclose(along_axis(matrix, volume, axis), expected, atol=2e-6)
    halved = np.take(expected, np.arange(0, volume.shape[axis], 2), axis)
    np.testing.assert_allclose(along_axis(matrix[::2], volume, axis), halved, atol=2e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_lines_longer_than_one_product_are_whole(axis):
    """The matrix is dense, so that the other axis is cut into pieces."""
    matrix = np.random.default_rng(1).normal(size=(40, 60)).astype(np.float32)
    shape = [3, 3, 3]
    shape[axis] = 60
    shape[1 if axis == 2 else 2] = SMALL // 600
    volume = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    expected = np.moveaxis(np.tensordot(matrix, volume, axes=(1, axis)), 0, axis)
    np.testing.assert_allclose(along_axis(matrix, volume, axis), expected, atol=1e-4)


def test_a_volume_with_gaps_in_memory_is_read_rightly():
    volume = np.random.default_rng(3).normal(size=(20, 22, 24)).astype(np.float32)
    matrix = np.eye(10, dtype=np.float32)
    every_other = volume[::2, ::-1, ::2]
    np.testing.assert_array_equal(along_axis(matrix, every_other, 0), every_other)
