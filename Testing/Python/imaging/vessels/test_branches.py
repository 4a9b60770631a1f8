"""Linking: chains, forks and gaps made by hand, and a noisy line."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.vessels.linking import link_branches
from BV5AnalysisLib.imaging.vessels.ridge_points import RidgePoints
from helpers.tubes import SAMPLE_STEP_MM, ridge_points, straight

MINIMUM_MM = 6.0
ALONG = np.array([0.3, 0.9, 0.3]) / np.linalg.norm([0.3, 0.9, 0.3])


def lengths(branches):
    return np.bincount(branches.branch_id, branches.step_mm)


def y_shape(angle=35.0, arm_mm=14.0):
    """A stem up to the origin and two arms away from it."""
    turn = np.radians(angle)
    stem = straight((0, 0, -20), (0, 0, 1), 20)
    arms = [straight((0, 0, 0), (0, sign * np.sin(turn), np.cos(turn)), arm_mm) for sign in (-1, 1)]
    return ridge_points([stem, *arms])


def test_a_straight_chain_is_one_branch():
    chain = straight((5, 5, 5), ALONG, 30)
    branches = link_branches(ridge_points([chain]), MINIMUM_MM)
    assert len(branches.branch_start) == 2
    assert branches.branch_start[-1] == len(branches.position_mm)
    # From the first point to the last; the pieces sum to it.
    assert branches.step_mm.sum() == pytest.approx(np.linalg.norm(chain[-1] - chain[0]), rel=1e-6)
    off = np.linalg.norm(np.cross(branches.position_mm - chain[0], ALONG), axis=1)
    assert off.max() < 1e-6
    assert np.abs(branches.tangent @ ALONG).min() > 1 - 1e-6
    assert np.allclose(branches.scale_mm, 0.7)


def test_spacing_is_even_and_points_stand_in_the_middle_of_their_pieces():
    uneven = np.sort(np.random.default_rng(0).uniform(0, 25, 60))
    chain = np.array([1.0, 2.0, 3.0]) + uneven[:, None] * ALONG
    branches = link_branches(ridge_points([chain]), MINIMUM_MM)
    steps = np.linalg.norm(np.diff(branches.position_mm, axis=0), axis=1)
    assert steps == pytest.approx(branches.step_mm[0], rel=0.02)
    assert branches.step_mm[0] == pytest.approx(SAMPLE_STEP_MM, rel=0.03)
    ends = np.linalg.norm(branches.position_mm[[0, -1]] - chain[[0, -1]], axis=1)
    flipped = np.linalg.norm(branches.position_mm[[-1, 0]] - chain[[0, -1]], axis=1)
    assert np.minimum(ends, flipped) == pytest.approx(branches.step_mm[0] / 2, rel=0.05)


@pytest.mark.parametrize("angle", [20.0, 35.0, 60.0])
def test_a_fork_is_three_branches_that_share_a_node(angle):
    branches = link_branches(y_shape(angle), MINIMUM_MM)
    assert len(branches.branch_start) == 4
    nodes, meeting = np.unique(branches.end_node, return_counts=True)
    assert len(nodes) == 4
    assert sorted(meeting) == [1, 1, 1, 3]
    assert len(set(branches.tree)) == 1
    # Measured: where arms are still close the fork moves along them by up to 1.9 mm.
    assert np.sort(lengths(branches)) == pytest.approx([14, 14, 20], abs=2.5)
    assert branches.step_mm.sum() == pytest.approx(48, abs=3.0)


def test_a_side_branch_joins_the_middle_of_its_wide_parent():
    """It ends at the parent's wall, a radius from the parent's points."""
    parent = straight((0, 0, -20), (0, 0, 1), 40)
    side = straight((0, 3.2, 0), (0, 1, 0.2), 15)
    points = ridge_points([parent, side])
    scale = np.repeat([2.0, 0.7], [len(parent), len(side)])
    points = RidgePoints(
        points.position_mm, points.direction, scale, points.strength_hu, points.step_mm
    )
    branches = link_branches(points, MINIMUM_MM)
    assert len(branches.branch_start) == 4
    assert len(set(branches.tree)) == 1


@pytest.mark.parametrize(("gap_mm", "pieces"), [(1.0, 1), (2.8, 1), (5.5, 2)])
def test_a_gap_is_bridged_up_to_its_limit(gap_mm, pieces):
    lines = [
        straight((0, 0, 0), ALONG, 14),
        straight((14 + gap_mm - SAMPLE_STEP_MM) * ALONG, ALONG, 14),
    ]
    branches = link_branches(ridge_points(lines), MINIMUM_MM)
    assert len(branches.branch_start) - 1 == pieces
    total = 2 * (14 - SAMPLE_STEP_MM) + (gap_mm if pieces == 1 else 0)
    assert branches.step_mm.sum() == pytest.approx(total, abs=0.01)


def test_neighbors_that_run_side_by_side_are_not_joined():
    lines = [straight((0, 0, 0), ALONG, 20), straight((0, 0, 2.0), ALONG, 20)]
    branches = link_branches(ridge_points(lines), MINIMUM_MM)
    assert len(branches.branch_start) == 3
    assert len(set(branches.tree)) == 2


def test_crossing_vessels_stay_what_they_are():
    """Artery over vein, 2.5 mm apart: no link from one to the other."""
    lines = [straight((0, -10, 0), (0, 1, 0), 20), straight((2.5, 0, -10), (0, 0, 1), 20)]
    branches = link_branches(ridge_points(lines), MINIMUM_MM)
    assert len(branches.branch_start) == 3
    assert len(set(branches.tree)) == 2


def test_a_twig_is_dropped_and_a_branch_is_not():
    stem = straight((0, 0, -15), (0, 0, 1), 30)
    for length_mm, count in ((1.3, 1), (6.0, 3)):
        twig = straight((0, 0.1, 0), (0, 0.8, 0.6), length_mm)
        branches = link_branches(ridge_points([stem, twig]), MINIMUM_MM)
        assert len(branches.branch_start) - 1 == count


def test_the_short_trunk_of_a_fork_stays_and_jitter_of_a_wide_vessel_goes():
    """A trunk of scale 2.8 mm that the lungs' edge cuts 4.9 mm before it divides."""
    arms = [straight((0, 0, 0), (0, side * 0.5, 0.866), 21.0) for side in (-1, 1)]
    for length_mm, count in ((4.9, 3), (2.1, 1)):
        trunk = straight((0, 0, -length_mm), (0, 0, 1), length_mm)
        points = ridge_points([*arms, trunk], scale_mm=2.8, step_mm=1.4)
        assert len(link_branches(points, MINIMUM_MM).branch_start) - 1 == count


def test_short_trees_are_dropped():
    lines = [straight((0, 0, 0), ALONG, 20), straight((0, 0, 12), ALONG, 5)]
    assert len(link_branches(ridge_points(lines), MINIMUM_MM).branch_start) == 2
    assert len(link_branches(ridge_points(lines), 3.0).branch_start) == 3


def test_a_short_fork_counts_by_the_length_of_its_whole_tree():
    # 27 mm by the lines; its points stand half a step within their ends.
    branches = link_branches(y_shape(arm_mm=3.5), 24.0)
    assert len(branches.branch_start) == 4
    assert len(link_branches(y_shape(arm_mm=3.5), 28.0).branch_start) == 1


def test_a_noisy_line_comes_out_straight():
    """Ridge points stray by 0.1 mm; the line of them less, and its length is not longer."""
    rng = np.random.default_rng(1)
    chain = straight((0, 0, 0), ALONG, 40)
    noisy = chain + rng.normal(0, 0.1, chain.shape)
    points = ridge_points([chain])
    points = RidgePoints(
        noisy, points.direction, points.scale_mm, points.strength_hu, points.step_mm
    )
    branches = link_branches(points, MINIMUM_MM)
    assert len(branches.branch_start) == 2
    off = np.linalg.norm(np.cross(branches.position_mm, ALONG), axis=1)
    # Measured: 0.06 mm and 5.3 degrees; across two directions the noise itself is 0.14 mm.
    assert np.sqrt((off**2).mean()) < 0.08
    assert branches.step_mm.sum() == pytest.approx(39.3, rel=0.01)
    assert np.degrees(np.arccos(np.abs(branches.tangent @ ALONG).min())) < 8


def test_a_bend_keeps_its_radius():
    turn = np.linspace(0, np.pi / 2, 45)
    arc = np.stack([np.zeros(45), 20 * np.cos(turn), 20 * np.sin(turn)], axis=1)
    branches = link_branches(ridge_points([arc]), MINIMUM_MM)
    radius = np.linalg.norm(branches.position_mm, axis=1)
    # Smoothing over 1 mm pulls a bend inward by s²/2R, 0.025 mm; measured 0.027.
    assert radius.min() > 19.96
    assert radius.max() < 20.001
    assert branches.step_mm.sum() == pytest.approx(10 * np.pi, rel=0.005)


def test_doubled_points_make_one_line():
    chain = straight((0, 0, 0), ALONG, 20)
    points = ridge_points([chain, chain + 0.05])
    branches = link_branches(points, MINIMUM_MM)
    assert len(branches.branch_start) == 2


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_points_give_no_branches(count):
    points = ridge_points([straight((0, 0, 0), ALONG, 20)])[np.arange(count)]
    branches = link_branches(points, MINIMUM_MM)
    assert branches.branch_start.tolist() == [0]
    assert branches.position_mm.shape == (0, 3)
    assert branches.end_node.shape == (0, 2)
