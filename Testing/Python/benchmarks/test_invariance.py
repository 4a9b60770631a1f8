"""Changes of a scan that the benchmark measures the effect of."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from invariance import (
    CHANGES,
    NOISE_HU,
    THICKER,
    changes_for,
    flipped,
    mirrored_voxels,
    mirrored_world,
    noisier,
    permuted,
    thicker,
)


@pytest.fixture(scope="module")
def volume():
    rng = np.random.default_rng(3)
    array = rng.integers(-1000, 400, (16, 12, 10)).astype(np.int16)
    return Volume(array, Grid((10, 12, 16), (0.7, 0.7, 1.25), (-50.0, -30.0, 12.0)))


@pytest.mark.parametrize("change", [permuted, flipped])
def test_storing_otherwise_leaves_each_value_at_its_place(volume, change):
    stored = change(volume)
    assert stored.array.tobytes() != volume.array.tobytes()
    index = np.argwhere(np.ones(volume.array.shape, bool))
    there = np.rint(stored.grid.world_to_index(volume.grid.index_to_world(index))).astype(int)
    assert np.array_equal(stored.array[tuple(there.T)], volume.array[tuple(index.T)])


def test_mirroring_turns_left_to_right(volume):
    voxels, world = mirrored_voxels(volume), mirrored_world(volume)
    assert voxels.array[5, 4, 0] == volume.array[5, 4, -1]
    assert voxels.grid == volume.grid
    assert np.linalg.det(np.reshape(world.grid.direction, (3, 3))) == pytest.approx(-1)
    at = np.array([[5.0, 4.0, 3.0]])
    there = world.grid.index_to_world(at)
    assert there == pytest.approx(volume.grid.index_to_world(at) * [-1, 1, 1])


def test_noise_is_as_strong_as_told():
    plain = Volume(np.full((40, 40, 40), -800, np.int16), Grid((40, 40, 40), (0.7, 0.7, 1.0)))
    assert noisier(plain).array.std() == pytest.approx(NOISE_HU, rel=0.02)


def test_thicker_slices_hold_the_mean_of_what_lies_in_them(volume):
    thick = thicker(volume)
    assert thick.grid.spacing == (0.7, 0.7, 2.0)
    assert thick.array.shape == (10, 12, 10)
    # The first is slice 0 and six tenths of slice 1; the last ends with slice 15.
    first = (volume.array[0] * 1.25 + volume.array[1] * 0.75) / 2
    last = (volume.array[14] * 0.75 + volume.array[15] * 1.25) / 2
    assert thick.array[0] == pytest.approx(first, abs=0.51)
    assert thick.array[9] == pytest.approx(last, abs=0.51)
    edge = thick.grid.index_to_world(np.array([-0.5, -0.5, -0.5]))
    assert edge == pytest.approx(volume.grid.index_to_world(np.array([-0.5, -0.5, -0.5])))


def test_only_thin_slices_are_averaged(volume):
    assert changes_for(volume) == (*CHANGES, THICKER)
    assert changes_for(thicker(volume)) == CHANGES
