"""Products of banded matrices with lines of volumes: the same as the whole matrices give."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.numerics.banded import SMALL, along_axes
from scipy import ndimage


def gaussian(count, sigma):
    return ndimage.gaussian_filter1d(np.eye(count, dtype=np.float32), sigma, 0)


def test_a_gaussian_is_that_of_scipy():
    volume = np.random.default_rng(0).normal(size=(37, 50, 91)).astype(np.float32)
    sigma = (1.3, 0.6, 2.1)
    matrices = [gaussian(count, each) for count, each in zip(volume.shape, sigma, strict=True)]
    expected = ndimage.gaussian_filter(volume, sigma)
    np.testing.assert_allclose(along_axes(matrices, volume), expected, atol=2e-6)
    halved = along_axes([matrix[::2] for matrix in matrices], volume)
    np.testing.assert_allclose(halved, expected[::2, ::2, ::2], atol=2e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_axes_without_a_matrix_stay_as_they_are(axis):
    volume = np.random.default_rng(1).integers(-1000, 1000, (33, 21, 40)).astype(np.int16)
    matrices = [None, None, None]
    same = along_axes(matrices, volume)
    assert same.dtype == np.float32
    np.testing.assert_array_equal(same, volume)
    matrices[axis] = gaussian(volume.shape[axis], 1.0)
    expected = ndimage.gaussian_filter1d(volume.astype(np.float32), 1.0, axis)
    np.testing.assert_allclose(along_axes(matrices, volume), expected, atol=1e-3)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_lines_longer_than_one_product_are_whole(axis):
    """The matrix is dense, so that the other axis is cut into pieces."""
    matrix = np.random.default_rng(1).normal(size=(40, 60)).astype(np.float32)
    shape = [3, 3, 3]
    shape[axis] = 60
    shape[1 if axis == 2 else 2] = SMALL // 600
    volume = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    matrices = [matrix if each == axis else None for each in range(3)]
    expected = np.moveaxis(np.tensordot(matrix, volume, axes=(1, axis)), 0, axis)
    np.testing.assert_allclose(along_axes(matrices, volume), expected, atol=1e-4)


def test_a_volume_with_gaps_in_memory_is_read_rightly():
    volume = np.random.default_rng(3).normal(size=(20, 22, 24)).astype(np.float32)
    every_other = volume[::2, ::-1, ::2]
    matrices = [np.eye(count, dtype=np.float32) for count in every_other.shape]
    np.testing.assert_array_equal(along_axes(matrices, every_other), every_other)
