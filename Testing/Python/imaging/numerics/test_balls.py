"""Balls in arrays, against every voxel's distance."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.numerics.balls import (
    ball_voxels,
    draw_balls,
    map_balls,
    voxels_in_balls,
)

SHAPE = (24, 30, 28)
SPACING = np.array([1.25, 0.7, 0.7])


def random_balls(count, seed=0):
    rng = np.random.default_rng(seed)
    center = rng.uniform(-2, np.array(SHAPE) + 1, (count, 3))
    return center, rng.uniform(0.3, 5.0, count)


def distances(center):
    index = np.moveaxis(np.indices(SHAPE), 0, -1)
    return np.linalg.norm((index - center) * SPACING, axis=-1)


def test_voxels_are_those_within_the_radius():
    center, radius = random_balls(40)
    held = [np.zeros(SHAPE, bool) for _ in radius]
    for ball, voxel, distance in ball_voxels(SHAPE, center, SPACING, radius):
        for number in np.unique(ball):
            mine = ball == number
            at = tuple(axis[mine] for axis in voxel)
            assert not held[number][at].any()
            held[number][at] = True
            assert np.allclose(distance[mine], distances(center[number])[at])
    for number, (middle, size) in enumerate(zip(center, radius, strict=True)):
        assert np.array_equal(held[number], distances(middle) <= size)


def test_smaller_balls_come_first():
    center, radius = random_balls(60, seed=1)
    order = np.concatenate(
        [radius[ball] for ball, _, _ in ball_voxels(SHAPE, center, SPACING, radius)]
    )
    assert (np.diff(order) >= 0).all()


def test_threads_give_the_batches_in_order(monkeypatch):
    monkeypatch.setattr("BV5AnalysisLib.imaging.numerics.balls.BATCH", 500)
    center, radius = random_balls(60, seed=1)
    one_by_one = list(ball_voxels(SHAPE, center, SPACING, radius))
    mapped = list(map_balls(lambda *batch: batch, SHAPE, center, SPACING, radius))
    assert len(mapped) == len(one_by_one) > 10
    for (ball, voxel, distance), (own_ball, own_voxel, own_distance) in zip(
        mapped, one_by_one, strict=True
    ):
        assert np.array_equal(ball, own_ball)
        assert np.array_equal(voxel, own_voxel)
        assert np.array_equal(distance, own_distance)


@pytest.mark.parametrize("batch", [200, 5000])
def test_batches_do_not_change_what_is_drawn(batch, monkeypatch):
    center, radius = random_balls(40, seed=2)
    whole, parts = np.zeros((2, *SHAPE))
    draw_balls(whole, 3.0, center, SPACING, radius)
    monkeypatch.setattr("BV5AnalysisLib.imaging.numerics.balls.BATCH", batch)
    draw_balls(parts, 3.0, center, SPACING, radius)
    assert np.array_equal(whole, parts)
    assert set(np.unique(whole)) == {0.0, 3.0}


def test_volume_of_a_ball():
    array = np.zeros((90, 90, 90), bool)
    draw_balls(array, True, np.array([[45.2, 44.7, 44.1]]), np.full(3, 0.3), np.array([10.0]))
    assert array.sum() * 0.3**3 == pytest.approx(4 / 3 * np.pi * 1000, rel=0.005)


def test_no_balls_draw_nothing():
    array = np.zeros(SHAPE)
    draw_balls(array, 1.0, np.empty((0, 3)), SPACING, np.empty(0))
    assert not array.any()


@pytest.mark.parametrize("count", [0, 1, 60])
def test_voxels_in_any_of_many_balls_are_those_of_each(count):
    center, radius = random_balls(count, seed=3)
    center[3::7] -= (6.0, 0.0, 0.0)  # Some begin beyond the array.
    expected = np.zeros(SHAPE, bool)
    for middle, size in zip(center, radius, strict=True):
        expected |= distances(middle) <= size
    assert np.array_equal(voxels_in_balls(SHAPE, center, SPACING, radius), expected)
    assert expected.any() == (count > 0)
