"""Block means: those of SimpleITK's BinShrink, for every type that is shrunk."""

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.imaging.numerics.blocks import block_means, interpolated

FACTOR = (2, 3, 4)


@pytest.mark.parametrize("kind", [np.int16, np.float32, np.uint8])
def test_means_are_those_of_simpleitk(kind):
    array = np.random.default_rng(0).integers(0, 200, (21, 31, 46)).astype(kind)
    image = sitk.GetImageFromArray(array.astype(np.float32))
    expected = sitk.GetArrayFromImage(sitk.BinShrink(image, FACTOR[::-1]))
    np.testing.assert_allclose(block_means(array, FACTOR), expected, rtol=1e-6)


def test_values_are_clipped_before_they_are_averaged():
    array = np.array([-3000, 0, 0, 5000], np.int16).reshape(1, 1, 4)
    assert block_means(array, (1, 1, 2), (-1000, 1000)).ravel().tolist() == [-500, 500]


def test_of_a_mask_it_is_the_share_that_is_filled():
    mask = np.zeros((4, 4, 4), bool)
    mask[:2, :2, 1] = True
    assert block_means(mask, (2, 2, 2))[0, 0, 0] == 0.5
    assert block_means(mask, (2, 2, 2)).sum() == 0.5


def test_a_block_of_one_voxel_is_that_voxel():
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    np.testing.assert_array_equal(block_means(array, (1, 1, 1)), array)


def test_a_plane_comes_back_between_the_middles_of_blocks():
    index = np.moveaxis(np.indices((12, 15, 16)), 0, -1)
    plane = (index @ [2.0, -1.0, 0.5]).astype(np.float32)
    back = interpolated(block_means(plane, FACTOR), FACTOR, plane.shape)
    inner = tuple(slice(step // 2, -(step // 2)) for step in FACTOR)
    np.testing.assert_allclose(back[inner], plane[inner], atol=1e-4)


def test_voxels_that_fill_no_block_are_like_the_last_one():
    means = np.array([1.0, 2.0], np.float32).reshape(1, 1, 2)
    found = interpolated(means, (1, 1, 2), (2, 1, 6))
    assert found.tolist() == [[[1.0, 1.25, 1.75, 2.0, 2.0, 2.0]]] * 2
