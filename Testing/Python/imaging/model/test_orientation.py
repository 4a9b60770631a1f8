"""Every way a scan's axes can run, and back."""

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.imaging.model.orientation import Orientation
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from scipy.spatial.transform import Rotation

AXES = list(permutations(range(3)))
FLIPS = list(product((1, -1), repeat=3))
TILTS = [(0, 0, 0), (12, -7, 20)]


def direction_of(axes, flips, tilt=(0, 0, 0)):
    """Cosines of a scan whose axis k runs along world axis axes[k], or against it."""
    cosines = np.zeros((3, 3))
    for own, (world, sign) in enumerate(zip(axes, flips, strict=True)):
        cosines[world, own] = sign
    return Rotation.from_euler("xyz", tilt, degrees=True).as_matrix() @ cosines


def volume_of(axes, flips, tilt):
    direction = tuple(direction_of(axes, flips, tilt).ravel())
    grid = Grid((5, 7, 9), (0.7, 0.8, 1.5), (-20.0, 31.0, 400.0), direction)
    array = np.random.default_rng(0).integers(-1000, 100, grid.shape).astype(np.int16)
    return Volume(array, grid)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("flips", FLIPS)
@pytest.mark.parametrize("tilt", TILTS)
def test_all_axes_turn_to_lps_and_back(axes, flips, tilt):
    volume = volume_of(axes, flips, tilt)
    orientation = Orientation.of(volume.grid)
    turned = orientation.turned(volume)
    cosines = np.reshape(turned.grid.direction, (3, 3))
    # World axes in their order, none against its own.
    assert (np.diag(cosines) > 0.8).all()
    assert np.array_equal(orientation.turn_back(turned.array), volume.array)
    assert turned.array.flags.c_contiguous
    # Each voxel keeps its value and its place in the world.
    index = np.argwhere(np.ones(turned.array.shape, bool))
    there = np.rint(volume.grid.world_to_index(turned.grid.index_to_world(index))).astype(int)
    assert np.array_equal(turned.array.ravel(), volume.array[tuple(there.T)])
    assert np.allclose(volume.grid.index_to_world(there), turned.grid.index_to_world(index))


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("flips", FLIPS)
def test_agrees_with_simpleitk(axes, flips):
    volume = volume_of(axes, flips, (0, 0, 0))
    expected = sitk.DICOMOrient(volume.to_sitk(), "LPS")
    turned = Orientation.of(volume.grid).turned(volume)
    assert np.array_equal(turned.array, sitk.GetArrayFromImage(expected))
    assert turned.grid.matches(Grid.of(expected), 1e-9)


def test_what_is_lps_already_stays():
    volume = volume_of((0, 1, 2), (1, 1, 1), (0, 0, 0))
    orientation = Orientation.of(volume.grid)
    assert orientation.turned_grid() == volume.grid
    assert np.array_equal(orientation.turn(volume.array), volume.array)


def test_half_way_between_two_axes_no_axis_is_taken_twice():
    volume = volume_of((0, 1, 2), (1, 1, 1), (45, 0, 45))
    orientation = Orientation.of(volume.grid)
    assert sorted(orientation.axes) == [0, 1, 2]
    assert np.array_equal(orientation.turn_back(orientation.turn(volume.array)), volume.array)
