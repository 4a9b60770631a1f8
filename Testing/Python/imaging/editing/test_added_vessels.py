"""Vessels that were missed and then painted come to their known volume, class and area."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.editing.voxel_paths import trace_paths
from BV5AnalysisLib.imaging.model.cutting import values_at
from BV5AnalysisLib.imaging.model.edits import Edits
from BV5AnalysisLib.imaging.model.size_classes import LungLabel, SizeClass
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.phantom import StraightTube
from BV5AnalysisLib.imaging.sizing.voxel_labels import AS_MEASURED
from helpers.editing import LEFT_X, PARAMETERS, RIGHT_X, blood_ml, same_numbers, scene_of, tube

WIDE = tube(30.0, LEFT_X)


def painted(scene, vessel, brush_mm: float, label: int = AS_MEASURED) -> np.ndarray:
    """Labels with a vessel painted along its length, as wide as the brush."""
    labels = scene.vessels.array.copy()
    labels[scene.near(vessel, brush_mm) & (labels == 0)] = label
    return labels


def added(scene, result):
    """Branches that the scene did not have."""
    return range(scene.centerlines.branch_count, result.centerlines.branch_count)


@pytest.mark.parametrize("direction", [(0, 0, 1), (0.4, 0.3, 1.0)])
@pytest.mark.parametrize(
    ("csa_mm2", "brush_mm", "size_class"),
    [
        (0.8, 0.7, SizeClass.BELOW_FLOOR),
        (2.0, 0.7, SizeClass.BV5),
        (2.0, 1.6, SizeClass.BV5),
        (7.0, 1.5, SizeClass.BV5_10),
        (40.0, 3.6, SizeClass.BV10),
        (40.0, 5.0, SizeClass.BV10),
    ],
)
def test_a_painted_vessel_is_measured(csa_mm2, brush_mm, size_class, direction):
    """Brushes narrower and wider than the vessel, whose edge the blur spreads over voxels."""
    missed = tube(csa_mm2, RIGHT_X, direction=direction)
    scene = scene_of([WIDE], [missed])
    before = scene.recompute().measurements[0]
    result = scene.recompute(painted(scene, missed, brush_mm))
    (branch,) = added(scene, result)
    lines = result.centerlines
    assert result.edits.added_ml == pytest.approx(blood_ml(missed), rel=0.1)
    assert lines.volume_ml[branch] == pytest.approx(result.edits.added_ml)
    assert lines.length_mm[branch] == pytest.approx(missed.length_mm, rel=0.07)
    assert lines.mean_csa_mm2[branch] == pytest.approx(csa_mm2, rel=0.12)
    points = slice(*lines.branch_start[branch : branch + 2])
    assert (lines.size_class[points] == size_class).mean() > 0.9
    assert not lines.class_by_hand[points].any()
    axis = np.array(direction) / np.linalg.norm(direction)
    off = lines.points_mm[points] - np.array(missed.center_mm)
    away = np.linalg.norm(off - (off @ axis)[:, None] * axis, axis=1)
    assert away.mean() < 0.35
    assert lines.csa_error_mm2[branch] < 0.15 * csa_mm2 + 0.1
    # What was there before is as before.
    after = result.measurements[0]
    assert after.bv10_ml - before.bv10_ml == pytest.approx(
        result.edits.added_ml if csa_mm2 > 10 else 0.0, rel=0.05
    )
    again = scene.recompute(result.vessels.array, centerlines=lines)
    assert same_numbers(again, result)
    assert again.edits == Edits()


def test_the_painted_class_counts_whatever_the_area():
    missed = tube(7.0, RIGHT_X)
    scene = scene_of([WIDE], [missed])
    result = scene.recompute(painted(scene, missed, 1.5, SizeClass.BV5))
    assert result.measurements[0].bv5_ml == pytest.approx(blood_ml(missed), rel=0.1)
    assert result.measurements[0].bv5_10_ml == 0
    start = scene.centerlines.branch_start[-1]
    assert result.centerlines.class_by_hand[start:].all()
    assert not result.centerlines.class_by_hand[:start].any()


def test_without_the_scan_painted_voxels_are_all_blood():
    missed = tube(20.0, RIGHT_X)
    scene = scene_of([WIDE], [missed])
    labels = painted(scene, missed, missed.radius_mm)
    voxels = np.count_nonzero(labels == AS_MEASURED)
    result = scene.recompute(labels, ct=None)
    whole = voxels * scene.lungs.grid.voxel_volume_ml
    assert result.edits.added_ml == pytest.approx(whole, rel=1e-6)
    assert whole == pytest.approx(blood_ml(missed), rel=0.05)
    assert result.measurements[0].bv10_ml == pytest.approx(blood_ml(WIDE) + whole)


def test_where_there_is_no_vessel_painting_adds_hardly_any_blood():
    scene = scene_of([WIDE])
    result = scene.recompute(painted(scene, tube(5.0, RIGHT_X), 1.3))
    assert result.edits.added_ml < 0.006


def test_a_branch_painted_up_to_a_known_vessel_begins_at_its_surface():
    side = StraightTube(
        5.0, direction=(1, 0, 0), center_mm=(RIGHT_X + 8.0, 0.0, 0.0), length_mm=16.0
    )
    trunk = tube(30.0, RIGHT_X)
    scene = scene_of([trunk], [side])
    result = scene.recompute(painted(scene, side, 1.3, SizeClass.BV5_10))
    (branch,) = added(scene, result)
    own_mm = side.length_mm - trunk.radius_mm
    assert result.centerlines.length_mm[branch] == pytest.approx(own_mm, abs=1.0)
    assert result.edits.added_ml == pytest.approx(5.0 * own_mm / 1000, rel=0.12)
    assert result.measurements[0].bv10_ml == pytest.approx(blood_ml(trunk))


def test_a_painted_fork_is_two_branches():
    trunk = tube(12.0, RIGHT_X, length_mm=30.0)
    side = StraightTube(
        4.0, direction=(1, 0, 0), center_mm=(RIGHT_X + 8.0, 0.0, 0.0), length_mm=16.0
    )
    scene = scene_of([WIDE], [trunk, side])
    labels = painted(scene, trunk, trunk.radius_mm, SizeClass.BV10)
    labels[scene.near(side, 1.2) & (labels == 0)] = SizeClass.BV5
    result = scene.recompute(labels)
    assert len(added(scene, result)) == 2
    lengths = result.centerlines.length_mm[-2:]
    assert lengths[0] == pytest.approx(30.0, rel=0.08)
    assert lengths[1] == pytest.approx(16.0 - trunk.radius_mm, abs=1.5)
    whole = blood_ml(trunk) + 4.0 * (16.0 - trunk.radius_mm) / 1000
    assert result.edits.added_ml == pytest.approx(whole, rel=0.1)
    both = result.measurements[0]
    assert both.bv5_ml == pytest.approx(4.0 * 12.5 / 1000, rel=0.25)


def test_a_blob_counts_by_its_blood():
    """A ball is no vessel, but what it holds was painted."""
    scene = scene_of([WIDE])
    ball = tube(1.0, RIGHT_X, length_mm=9.0)
    grid = scene.lungs.grid
    world = grid.index_to_world(np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3))
    inside = np.linalg.norm(world - np.array(ball.center_mm), axis=1).reshape(grid.shape) < 4.5
    labels = scene.vessels.array.copy()
    labels[inside] = SizeClass.BV10
    ct = scene.ct.with_array(np.where(inside, np.float32(40.0), scene.ct.array))
    for given in (ct, None):
        result = scene.recompute(labels, ct=given)
        (branch,) = added(scene, result)
        assert result.edits.added_ml == pytest.approx(4 / 3 * np.pi * 4.5**3 / 1000, rel=0.06)
        assert result.centerlines.length_mm[branch] == pytest.approx(9.0, rel=0.15)


@pytest.mark.parametrize("ct", ["scan", None])
def test_a_single_voxel_is_no_trouble(ct):
    scene = scene_of([WIDE])
    labels = scene.vessels.array.copy()
    labels[36, 36, 20] = SizeClass.BV5
    result = scene.recompute(labels, **({} if ct else {"ct": None}))
    (branch,) = added(scene, result)
    assert result.centerlines.length_mm[branch] == pytest.approx(0.7, rel=0.01)
    voxel_ml = scene.lungs.grid.voxel_volume_ml
    assert 0 <= result.edits.added_ml <= 1.01 * voxel_ml
    if ct is None:
        assert result.edits.added_ml == pytest.approx(voxel_ml)


def test_paint_outside_the_lungs_and_crumbs_of_erased_vessels_go():
    scene = scene_of([WIDE, tube(7.0, RIGHT_X)])
    labels = scene.vessels.array.copy()
    labels[:2] = SizeClass.BV10
    labels[labels == SizeClass.BV5_10] = 0
    crumb = tuple(
        np.rint(scene.lungs.grid.world_to_index([[RIGHT_X + 1.9, 0.0, 0.0]]))[0].astype(int)
    )
    labels[crumb] = SizeClass.BV5_10
    result = scene.recompute(labels)
    assert result.edits.added_ml == 0
    assert not (result.vessels.array[:2] == SizeClass.BV10).any()
    assert result.vessels.array[crumb] == 0
    again = scene.recompute(result.vessels.array, centerlines=result.centerlines)
    assert again.measurements == result.measurements


def test_a_large_painted_piece_is_measured_in_coarse_steps():
    """More voxels than paths are sought among at full resolution."""
    scene = scene_of([tube(3.0, LEFT_X, 20.0)])
    labels = scene.vessels.array.copy()
    slab = np.zeros(labels.shape, bool)
    slab[6:-6, 8:50, 6:50] = True
    labels[slab] = SizeClass.BV10
    assert slab.sum() > 60_000
    result = scene.recompute(labels, ct=None)
    whole = slab.sum() * scene.lungs.grid.voxel_volume_ml
    assert result.edits.added_ml == pytest.approx(whole, rel=1e-6)


def test_paths_follow_a_bent_vessel():
    """Three quarters of a circle of 12 mm radius, 2 mm thick."""
    grid = np.moveaxis(np.indices((9, 50, 50)), 0, -1) * 0.7 - np.array([2.8, 17.15, 17.15])
    ring = np.hypot(np.hypot(grid[..., 1], grid[..., 2]) - 12.0, grid[..., 0]) < 2.0
    angle = np.arctan2(grid[..., 1], grid[..., 2])
    mask = ring & (np.abs(angle) < 0.75 * np.pi)
    (path,) = trace_paths(mask, np.full(3, 0.7))
    middle = np.array([2.8, 17.15, 17.15])
    radius = np.linalg.norm((path - middle)[:, 1:], axis=1)
    assert np.abs(radius - 12.0).mean() < 0.5
    turned = np.unwrap(np.arctan2(*(path - middle)[:, 1:].T))
    assert abs(turned[-1] - turned[0]) == pytest.approx(1.5 * np.pi, rel=0.03)


def test_paths_end_at_the_faces_of_a_cylinder():
    z, y, x = np.moveaxis(np.indices((60, 21, 21)), 0, 0)
    mask = (np.hypot(y - 10, x - 10) <= 6) & (z >= 10) & (z < 50)
    (path,) = trace_paths(mask, np.ones(3))
    assert path[:, 0].min() == pytest.approx(9.5, abs=0.6)
    assert path[:, 0].max() == pytest.approx(49.5, abs=0.6)
    assert np.hypot(*(path[:, 1:] - 10).T).max() < 3.0


def test_parameters_class_what_was_painted_without_one():
    missed = tube(7.0, RIGHT_X)
    scene = scene_of([WIDE], [missed])
    narrow = type(PARAMETERS)(class_bounds_mm2=(2.0, 5.0))
    result = scene.recompute(painted(scene, missed, 1.6), parameters=narrow)
    assert result.measurements[0].bv10_ml == pytest.approx(blood_ml(WIDE, missed), rel=0.03)


@pytest.mark.parametrize("csa_mm2", [3.0, 20.0])
def test_a_gap_in_a_vessel_is_filled_up_to_its_ends(csa_mm2):
    """Nothing is lost beside the known ends, where voxels may be theirs, and nothing twice."""
    ends = [
        StraightTube(csa_mm2, center_mm=(RIGHT_X, 0.0, z), length_mm=10.0) for z in (-12.5, 12.5)
    ]
    middle = tube(csa_mm2, RIGHT_X, length_mm=15.0)
    scene = scene_of(ends, [middle])
    result = scene.recompute(painted(scene, middle, middle.radius_mm + 0.3))
    (branch,) = added(scene, result)
    assert result.centerlines.length_mm[branch] == pytest.approx(15.0, rel=0.12)
    assert result.edits.added_ml == pytest.approx(blood_ml(middle), rel=0.15)
    again = scene.recompute(result.vessels.array, centerlines=result.centerlines)
    assert same_numbers(again, result)


def test_painted_up_to_the_border_of_the_scan_its_points_stay_in_it():
    """A whole volume painted: what smoothing carries over the border could not be read back."""
    scene = scene_of([WIDE])
    for size_class in (AS_MEASURED, SizeClass.BV5):
        labels = np.full(scene.vessels.array.shape, size_class, np.uint8)
        result = scene.recompute(labels, lungs=np.full_like(labels, LungLabel.RIGHT))
        index = scene.vessels.grid.world_to_index(result.centerlines.points_mm)
        assert (index > -1e-6).all()
        assert (index < np.array(scene.vessels.grid.shape) - 1 + 1e-6).all()


def test_nothing_lies_beyond_the_voxels():
    """Up to a voxel off, points belong to the voxel at the border."""
    grid = Grid((4, 5, 6), (1.0, 1.0, 2.0))
    labels = Volume(np.ones(grid.shape, np.uint8), grid)
    points = [(0, 0, 0), (3.9, 4.0, 11.8), (-0.9, 0, 0), (-1.1, 0, 0), (0, 5.1, 0), (0, 0, 99)]
    assert values_at(labels, np.array(points, float)).tolist() == [1, 1, 1, 0, 0, 0]
    assert len(values_at(labels, np.zeros((0, 3)))) == 0
