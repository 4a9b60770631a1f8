"""Parts of masks: as much as was asked for, the best of it, and no step in how much."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.numerics.gradual import best_part, inner_part

SPACING = np.array([2.0, 1.0, 1.0])


@pytest.fixture
def ball():
    z, y, x = np.indices((22, 44, 44)) - np.array([10.6, 21.2, 21.7])[:, None, None, None]
    return (2 * z) ** 2 + y**2 + x**2 < 20**2


def test_the_best_are_kept():
    mask = np.arange(10) >= 2
    score = np.array([99, 99, 3, 1, 4, 15, 9, 2, 6, 5])
    np.testing.assert_array_equal(np.flatnonzero(best_part(mask, 0.5, score)), [5, 6, 8, 9])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_what_is_kept_is_as_much_as_was_asked_for_and_the_inside(ball, share):
    part = inner_part(ball, share, SPACING)
    assert part.sum() == pytest.approx(share * ball.sum(), rel=0.02)
    assert not (part & ~ball).any()
    z, y, x = np.indices(ball.shape) - np.array([10.6, 21.2, 21.7])[:, None, None, None]
    radius = np.sqrt((2 * z) ** 2 + y**2 + x**2)
    # A ball of that share of the volume, give or take a voxel.
    assert radius[part].max() < 20 * share ** (1 / 3) + 2


def test_it_grows_without_a_step(ball):
    sizes = [inner_part(ball, share, SPACING).sum() for share in np.linspace(0, 1, 201)]
    assert sizes[0] == 0
    assert sizes[-1] == ball.sum()
    steps = np.diff(sizes)
    assert steps.min() >= 0
    assert steps.max() < 0.012 * ball.sum()


def test_of_nothing_there_is_no_part():
    nothing = np.zeros((3, 3, 3), bool)
    for share in (0.0, 0.5, 1.0):
        assert not inner_part(nothing, share, SPACING).any()
