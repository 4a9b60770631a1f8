"""Numbers follow edits of vessels, lungs and bounds, whose effect is known beforehand."""

import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.imaging.editing import recompute as recompute_module
from BV5AnalysisLib.imaging.editing.recompute import check_recomputable, recompute
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.cutting import joined, keep_points
from BV5AnalysisLib.imaging.model.edits import Edits
from BV5AnalysisLib.imaging.model.scan import Region
from BV5AnalysisLib.imaging.model.size_classes import LungLabel, SizeClass
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.sizing.voxel_labels import (
    AS_MEASURED,
    beyond_reach,
    beyond_reach_now,
    label_vessels,
    within_reach,
)
from helpers.editing import (
    CALIBRATION,
    LEFT_X,
    PARAMETERS,
    RIGHT_X,
    blood_ml,
    in_float32,
    same_numbers,
    scene_of,
    tube,
)

THIN, MIDDLE, WIDE = tube(3.0, RIGHT_X, 12.0), tube(7.0, RIGHT_X, -12.0), tube(30.0, LEFT_X)
BELOW = tube(0.9, LEFT_X, 15.0)
TUBES = [THIN, MIDDLE, WIDE, BELOW]


@pytest.fixture(scope="module")
def scene():
    return scene_of(TUBES)


@pytest.fixture(scope="module")
def unedited(scene):
    return scene.recompute()


def row(result, region="both"):
    return next(each for each in result.measurements if each.region == region)


def erased(scene, where) -> np.ndarray:
    return np.where(where, 0, scene.vessels.array).astype(np.uint8)


def test_without_an_edit_nothing_changes(scene, unedited):
    assert row(unedited).bv5_ml == pytest.approx(blood_ml(THIN))
    assert row(unedited).bv5_10_ml == pytest.approx(blood_ml(MIDDLE))
    assert row(unedited, "left").bv10_ml == pytest.approx(blood_ml(WIDE))
    assert row(unedited).below_floor_ml == pytest.approx(blood_ml(BELOW))
    assert unedited.edits == Edits()
    assert not unedited.edits
    np.testing.assert_array_equal(unedited.vessels.array, scene.vessels.array)
    for field in dataclasses.fields(scene.centerlines):
        before, after = (getattr(each.centerlines, field.name) for each in (scene, unedited))
        np.testing.assert_array_equal(after, before)


def test_points_kept_in_single_precision_change_nothing(scene, unedited):
    rounded = in_float32(scene.centerlines)
    assert np.abs(rounded.points_mm - scene.centerlines.points_mm).max() > 0
    assert same_numbers(scene.recompute(centerlines=rounded), unedited)


@pytest.mark.parametrize("ct", ["with the scan", "without it"])
def test_an_erased_vessel_is_gone_with_its_blood(scene, ct):
    given = {} if ct == "with the scan" else {"ct": None}
    result = scene.recompute(erased(scene, scene.near(MIDDLE, 5.0, 5.0)), **given)
    assert row(result).bv5_10_ml == 0
    assert row(result).bv5_ml == pytest.approx(blood_ml(THIN))
    assert row(result).bv10_ml == pytest.approx(blood_ml(WIDE))
    assert result.edits.erased_ml == pytest.approx(blood_ml(MIDDLE))
    assert result.edits.added_ml == result.edits.reclassified_ml == 0
    assert result.centerlines.branch_count == 3
    assert result.csa_histogram.volume_ml.sum() == pytest.approx(blood_ml(THIN, WIDE, BELOW))


@pytest.mark.parametrize(("vessel", "name"), [(THIN, "bv5_ml"), (WIDE, "bv10_ml")])
def test_half_erased_leaves_half(scene, vessel, name):
    z = scene.lungs.grid.index_to_world(np.argwhere(np.ones(scene.lungs.grid.shape, bool)))[:, 2]
    upper = scene.near(vessel, 6.0, 6.0) & (z.reshape(scene.lungs.grid.shape) > 0)
    result = scene.recompute(erased(scene, upper))
    assert getattr(row(result), name) == pytest.approx(blood_ml(vessel) / 2, rel=0.06)
    assert result.edits.erased_ml == pytest.approx(blood_ml(vessel) / 2, rel=0.06)
    assert result.centerlines.branch_count == 4
    # Fewer readings tell less.
    changed = np.flatnonzero(result.centerlines.length_mm < 29)
    assert (
        result.centerlines.csa_error_mm2[changed] > scene.centerlines.csa_error_mm2[changed]
    ).all()


def test_a_gap_makes_two_branches(scene):
    z = scene.lungs.grid.index_to_world(np.argwhere(np.ones(scene.lungs.grid.shape, bool)))[:, 2]
    gap = scene.near(THIN, 6.0) & (np.abs(z.reshape(scene.lungs.grid.shape)) < 5)
    result = scene.recompute(erased(scene, gap))
    assert result.centerlines.branch_count == 5
    assert row(result).bv5_ml == pytest.approx(blood_ml(THIN) * 2 / 3, rel=0.06)
    assert np.diff(result.centerlines.branch_start).min() > 5


def test_computed_again_the_numbers_stay():
    missed = tube(5.0, RIGHT_X, 0.0, 12.0)
    scene = scene_of(TUBES, [missed])
    labels = erased(scene, scene.near(MIDDLE, 1.0))
    labels[:30][labels[:30] == SizeClass.BV10] = 0
    labels[labels == SizeClass.BV5] = SizeClass.BV10
    labels[scene.near(missed, 1.5)] = SizeClass.BV5
    first = scene.recompute(labels)
    assert min(first.edits.erased_ml, first.edits.added_ml, first.edits.reclassified_ml) > 0.01
    again = scene.recompute(vessels=first.vessels.array, centerlines=first.centerlines)
    assert same_numbers(again, first)
    assert again.edits == Edits()
    np.testing.assert_array_equal(again.vessels.array, first.vessels.array)


def test_what_is_painted_back_counts_again(scene, unedited):
    bite = scene.near(WIDE, 1.5)
    first = scene.recompute(erased(scene, bite))
    assert 0.05 < first.edits.erased_ml < 0.5 * blood_ml(WIDE)
    mended = np.where(bite, scene.vessels.array, first.vessels.array)
    back = scene.recompute(mended, centerlines=first.centerlines)
    assert row(back).bv10_ml == pytest.approx(row(unedited).bv10_ml, rel=1e-12)
    assert back.edits.added_ml == pytest.approx(first.edits.erased_ml)


def test_a_vessel_painted_in_another_class_is_of_that_class(scene, unedited):
    labels = scene.vessels.array.copy()
    labels[labels == SizeClass.BV10] = SizeClass.BV5
    result = scene.recompute(labels)
    assert row(result).bv10_ml == 0
    assert row(result).bv5_ml == pytest.approx(blood_ml(THIN, WIDE))
    assert result.edits == Edits(reclassified_ml=pytest.approx(blood_ml(WIDE)))
    by_hand = result.centerlines.class_by_hand
    assert (by_hand == (scene.centerlines.size_class == SizeClass.BV10)).all()

    # A hand stays a hand when bounds change, and is taken back by painting again.
    moved = scene.recompute(
        result.vessels.array,
        centerlines=result.centerlines,
        parameters=Parameters(class_bounds_mm2=(2.0, 20.0)),
    )
    assert row(moved).bv5_ml == pytest.approx(blood_ml(WIDE))
    assert row(moved).bv5_10_ml == pytest.approx(blood_ml(THIN, MIDDLE))
    back = scene.recompute(scene.vessels.array, centerlines=result.centerlines)
    assert back.measurements == unedited.measurements
    assert not back.centerlines.class_by_hand.any()


def test_a_few_voxels_of_another_class_are_no_decision(scene, unedited):
    labels = scene.vessels.array.copy()
    labels[scene.near(WIDE, 0.8)] = SizeClass.BV5
    result = scene.recompute(labels)
    assert result.measurements == unedited.measurements


def test_voxels_of_no_class_are_classed_by_area(scene, unedited):
    by_hand = np.where(scene.vessels.array == SizeClass.BV10, SizeClass.BV5, scene.vessels.array)
    painted = scene.recompute(by_hand.astype(np.uint8))
    labels = np.where(scene.vessels.array > 0, AS_MEASURED, 0).astype(np.uint8)
    for lines in (scene.centerlines, painted.centerlines):
        result = scene.recompute(labels, centerlines=lines)
        assert result.measurements == unedited.measurements
        assert not result.centerlines.class_by_hand.any()
        np.testing.assert_array_equal(result.vessels.array, scene.vessels.array)


def test_bounds_change_classes_and_labels_as_a_new_analysis_would(scene):
    parameters = Parameters(minimum_csa_mm2=0.0, class_bounds_mm2=(5.0, 40.0))
    result = scene.recompute(parameters=parameters)
    assert row(result).below_floor_ml == 0
    assert row(result).bv5_ml == pytest.approx(blood_ml(THIN, BELOW))
    assert row(result).bv5_10_ml == pytest.approx(blood_ml(MIDDLE, WIDE))
    assert row(result).bv10_ml == 0
    assert not result.edits
    fresh = dataclasses.replace(
        scene.centerlines, size_class=parameters.size_class(scene.centerlines.csa_mm2)
    )
    expected = label_vessels(scene.ct, scene.lungs, fresh, CALIBRATION)
    np.testing.assert_array_equal(result.vessels.array, expected.array)
    assert {40.0} <= set(result.csa_histogram.edges_mm2)
    # And back.
    back = scene.recompute(result.vessels.array, centerlines=result.centerlines)
    assert same_numbers(back, scene.recompute())
    np.testing.assert_array_equal(back.vessels.array, scene.vessels.array)


def test_without_the_scan_labels_follow_the_bounds_too(scene):
    result = scene.recompute(parameters=Parameters(class_bounds_mm2=(5.0, 40.0)), ct=None)
    expected = np.where(
        scene.vessels.array == SizeClass.BV10, SizeClass.BV5_10, scene.vessels.array
    )
    np.testing.assert_array_equal(result.vessels.array, expected)


def test_what_lies_outside_edited_lungs_does_not_count(scene):
    lungs = np.where(scene.lungs.array == LungLabel.LEFT, 0, scene.lungs.array)
    result = scene.recompute(lungs=lungs)
    assert row(result).bv10_ml == row(result).below_floor_ml == 0
    assert row(result).bv5_ml == pytest.approx(blood_ml(THIN))
    assert row(result, "left").lung_volume_ml == row(result, "left").tpbv_ml == 0
    assert np.isnan(row(result, "left").bv5_pct)
    assert result.edits == Edits(lung_changed_ml=pytest.approx(blood_ml(WIDE, BELOW)))
    assert result.centerlines.branch_count == 2
    assert not result.vessels.array[scene.lungs.array == LungLabel.LEFT].any()


def test_a_larger_lung_takes_nothing_away(scene, unedited):
    """Vessels at its edge are drawn up to it, and no further."""
    ends = scene_of([tube(30.0, RIGHT_X, 0.0, 60.0)])
    larger = ends.lungs.array.copy()
    larger[:, 3:-3, 3:55] = LungLabel.RIGHT
    before, after = ends.recompute(), ends.recompute(lungs=larger)
    assert row(after).bv10_ml == pytest.approx(row(before).bv10_ml, rel=1e-12)
    assert not after.edits


def test_a_side_moved_to_the_other_lung_moves_its_blood(scene):
    lungs = np.where(scene.lungs.array == LungLabel.LEFT, LungLabel.RIGHT, scene.lungs.array)
    result = scene.recompute(lungs=lungs.astype(np.uint8))
    assert row(result, "right").tpbv_ml == pytest.approx(blood_ml(THIN, MIDDLE, WIDE))
    assert row(result, "left").tpbv_ml == 0


def test_regions_are_measured_after_the_edit(scene):
    grid = scene.lungs.grid
    lower = np.zeros(grid.shape, bool)
    lower[: grid.shape[0] // 2] = True
    regions = (Region("lower", Volume(lower, grid)),)
    result = scene.recompute(erased(scene, scene.near(MIDDLE, 5.0, 5.0)), regions=regions)
    assert row(result, "lower").bv10_ml == pytest.approx(blood_ml(WIDE) / 2, rel=0.05)
    assert row(result, "lower").bv5_10_ml == 0
    assert [each.region for each in result.measurements] == ["both", "right", "left", "lower"]


def test_everything_erased_gives_zeros(scene):
    nothing = np.zeros_like(scene.vessels.array)
    for result in (
        scene.recompute(nothing),
        scene.recompute(lungs=np.zeros_like(scene.lungs.array)),
        scene.recompute(nothing, lungs=nothing),
    ):
        assert row(result).tpbv_ml == row(result).below_floor_ml == 0
        assert np.isnan(row(result).bv5_pct)
        assert result.centerlines.branch_count == 0
        assert result.csa_histogram.volume_ml.sum() == 0
        assert not result.vessels.array.any()
    empty = scene.recompute(nothing)
    again = scene.recompute(nothing, centerlines=empty.centerlines)
    assert again.measurements[0].tpbv_ml == 0
    assert again.edits == Edits()


def test_a_branch_erased_up_to_its_vessel_leaves_no_stub():
    """A side branch whose line begins in the middle of a wide vessel."""
    trunk = tube(30.0, RIGHT_X)
    side = dataclasses.replace(tube(5.5, RIGHT_X + 6.0, length_mm=12.0), direction=(1.0, 0.0, 0.0))
    scene = scene_of([trunk, side])
    side_only = scene.vessels.array == SizeClass.BV5_10
    result = scene.recompute(erased(scene, side_only))
    assert result.centerlines.branch_count == 1
    assert row(result).bv5_10_ml == 0
    assert row(result).bv10_ml == pytest.approx(blood_ml(trunk), rel=0.02)


def test_a_vessel_too_thin_for_its_voxels_follows_its_neighbors():
    """On 0.7 mm voxels some points of a 0.8 mm² line have no voxel's center in their core."""
    scene = scene_of([tube(0.8, RIGHT_X, direction=(0.11, 0.07, 1.0))])
    none = scene.centerlines.drawn_voxels == 0
    assert 0.1 < none.mean() < 0.9
    z = scene.lungs.grid.shape[0] // 2
    labels = scene.vessels.array.copy()
    labels[z:] = 0
    result = scene.recompute(labels)
    assert row(result).below_floor_ml == pytest.approx(blood_ml(*scene.tubes) / 2, rel=0.1)
    again = scene.recompute(result.vessels.array, centerlines=result.centerlines)
    assert same_numbers(again, result)


def test_volumes_on_other_grids_are_refused(scene):
    other = Volume(np.zeros((4, 4, 4), np.uint8), Grid((4, 4, 4), (1.0, 1.0, 1.0)))
    with pytest.raises(AnalysisError, match="different voxel grids"):
        recompute(scene.ct, other, scene.vessels, scene.centerlines, CALIBRATION, PARAMETERS)


def test_parameters_that_need_a_new_analysis_are_refused():
    followed = {"minimum_csa_mm2": 0, "class_bounds_mm2": (4, 12)}
    followed |= {"hilum": "included", "hilum_share": 0.7}
    check_recomputable(PARAMETERS, Parameters(**followed))
    others = {"blood_hu": 50.0, "minimum_component_length_mm": 3.0}
    names = {field.name for field in dataclasses.fields(Parameters)}
    assert names == {*followed, *others}
    for name, value in others.items():
        with pytest.raises(AnalysisError, match=f"{name} was changed.* analyze the scan again"):
            check_recomputable(PARAMETERS, dataclasses.replace(PARAMETERS, **{name: value}))


def test_a_parameter_is_refused_unless_recomputing_is_known_to_follow_it(monkeypatch):
    @dataclasses.dataclass(frozen=True)
    class WithAnother(Parameters):
        another: float = 1.0

    monkeypatch.setattr(recompute_module, "Parameters", WithAnother)
    check_recomputable(WithAnother(), WithAnother(minimum_csa_mm2=0))
    with pytest.raises(AnalysisError, match="another was changed"):
        check_recomputable(WithAnother(), WithAnother(another=2.0))


def test_nothing_given_is_changed(scene):
    labels = erased(scene, scene.near(MIDDLE, 5.0, 5.0))
    kept = labels.copy()
    volumes = scene.centerlines.point_volume_ml.copy()
    scene.recompute(labels)
    np.testing.assert_array_equal(labels, kept)
    np.testing.assert_array_equal(scene.centerlines.point_volume_ml, volumes)


@pytest.mark.parametrize("gone", ["a piece", "nothing", "a tube", "all"])
@pytest.mark.parametrize("wider", [False, True])
def test_what_is_within_reach_follows_points_that_go_come_and_change(scene, gone, wider):
    before, grid = scene.centerlines, scene.vessels.grid
    keep = np.ones(len(before.points_mm), bool)
    keep[{"a piece": slice(5, 12), "nothing": slice(0), "all": slice(None)}.get(gone, slice(0))] = 0
    keep[before.branch_id == (1 if gone == "a tube" else -1)] = False
    left, _ = keep_points(before, keep)
    if wider and len(left.points_mm):
        area = left.csa_mm2.copy()
        area[::9] *= 3.0
        left = dataclasses.replace(left, csa_mm2=area)
    now = joined(left, keep_points(before, np.arange(len(before.points_mm)) % 50 < 4)[0])
    rng = np.random.default_rng(5)
    labels = scene.vessels.with_array((rng.random(grid.shape) < 0.3).astype(np.uint8))
    beyond = beyond_reach(labels, before)
    np.testing.assert_array_equal(
        beyond, np.flatnonzero(~within_reach(before, grid) & (labels.array > 0))
    )
    after = beyond_reach_now(beyond, labels, before, keep, now)
    np.testing.assert_array_equal(
        after, np.flatnonzero(~within_reach(now, grid) & (labels.array > 0))
    )
