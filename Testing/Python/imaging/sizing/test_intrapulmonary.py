"""What surrounds a vessel tells whether it is inside the lung, however a mask closes the hilum."""

import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.lungs.anatomy import Anatomy
from BV5AnalysisLib.imaging.lungs.hila import Hila, Places
from BV5AnalysisLib.imaging.lungs.survey import Chest
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.size_classes import LungLabel, SizeClass
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.sizing.blood_volumes import csa_histogram, measure_regions
from BV5AnalysisLib.imaging.sizing.intrapulmonary import (
    CONSTANTS,
    class_by_place,
    completed_lungs,
    hilar_share,
    share_of_lung_around,
)

SIZE = 41
STEP_MM = 2.0
LUNG_HU, TISSUE_HU = -860.0, 40.0
MIDDLE_MM = STEP_MM * (SIZE - 1) / 2
INDEX = np.moveaxis(np.indices((SIZE, SIZE, SIZE)), 0, -1) * STEP_MM - MIDDLE_MM
"""Place of each voxel from the middle, mm."""
R, L = LungLabel.RIGHT, LungLabel.LEFT


def anatomy(solid, labels=None, airways=None):
    """Lung on all sides but where it is solid; one coarse voxel is one of the scan."""
    grid = Grid((SIZE, SIZE, SIZE), (STEP_MM, STEP_MM, STEP_MM))
    hu = np.where(solid, TISSUE_HU, LUNG_HU).astype(np.float32)
    none = np.zeros(solid.shape, bool)
    if airways is not None:
        hu[airways] = -990.0
    chest = Chest(Volume(hu, grid), (1, 1, 1), ~solid, none)
    flat = np.zeros(solid.shape, np.float32)
    step = np.full(3, STEP_MM)
    hila = Hila(
        np.zeros((2, 3)), np.ones(2), np.zeros(2), np.zeros((2, 2)), flat, flat, np.zeros(3), step
    )
    labels = np.full(solid.shape, R, np.uint8) if labels is None else labels
    return Anatomy(labels, none if airways is None else airways, chest, hila)


def share_at(points_mm, *given, side=R, opacity=None, **named):
    """Share at points from the middle, mm."""
    points = np.atleast_2d(np.asarray(points_mm, float)) + MIDDLE_MM
    places = Places(points, np.full(len(points), side, np.uint8))
    return share_of_lung_around(places, anatomy(*given, **named), opacity)


def tube(radius_mm, axis=2):
    """Solid tube through the middle, along an axis."""
    off = np.delete(INDEX, axis, axis=-1)
    return np.linalg.norm(off, axis=-1) < radius_mm


def test_a_vessel_with_lung_all_around_is_inside_and_a_wider_one_less_so():
    shares = [share_at([0, 0, 0], tube(radius))[0] for radius in (2.0, 4.0, 7.0, 11.0, 17.0)]
    assert shares[0] > 0.95
    assert shares == sorted(shares, reverse=True)
    # Lung is out of reach.
    assert shares[-1] == 0
    assert share_at([0, 0, 0], np.zeros_like(tube(1)))[0] == 1


def test_shares_are_between_0_and_1_anywhere():
    """Files refuse others: the weights of eight corners may add up to a little more than 1."""
    points = np.random.default_rng(1).uniform(-38, 38, (5000, 3))
    shares = share_at(points, np.zeros_like(tube(1)))
    assert shares.max() <= 1
    assert shares.min() == pytest.approx(1)


@pytest.mark.parametrize("depth_mm", [3.0, 6.0, 9.0, 12.0])
def test_below_a_plane_it_is_the_cap_of_a_sphere(depth_mm):
    """Tissue fills half of space: lung is met where cos > depth / reach, by half a voxel."""
    solid = INDEX[..., 0] > 0
    cap = (1 - (depth_mm - STEP_MM / 2) / CONSTANTS.reach_mm) / 2
    assert share_at([depth_mm, 0, 0], solid)[0] == pytest.approx(cap, abs=0.1)


def test_beside_a_flat_wall_a_vessel_is_inside():
    """As at a fissure, the heart, the chest wall: a vessel of 3 mm whose edge touches it."""
    solid = (INDEX[..., 0] > 0) | (np.linalg.norm(INDEX[..., :2] + [2, 0], axis=-1) < 2.1)
    assert share_at([-2, 0, 0], solid)[0] > 0.85


def test_mirrored_and_turned_it_is_the_same():
    rng = np.random.default_rng(0)
    solid = (np.linalg.norm(INDEX + np.array([0, 6, -4]), axis=-1) < 19) | tube(5.0)
    points = rng.uniform(-25, 25, (200, 3))
    here = share_at(points, solid)
    assert 0 < here.min() < 0.5 < here.max() == 1
    assert share_at(points * [1, 1, -1], solid[:, :, ::-1]) == pytest.approx(here, abs=1e-6)
    turned = np.rot90(solid, axes=(1, 2))
    assert share_at(points[:, [0, 2, 1]] * [1, -1, 1], turned) == pytest.approx(here, abs=1e-6)


def test_opacities_that_were_found_are_lung_and_ground_glass_is_without():
    consolidation = np.linalg.norm(INDEX, axis=-1) < 20
    assert share_at([0, 0, 0], consolidation)[0] == 0
    found = np.where(consolidation, np.float32(1), np.float32(0))
    assert share_at([0, 0, 0], consolidation, opacity=found)[0] == 1
    scan = anatomy(tube(3.0))
    hazy = dataclasses.replace(
        scan, chest=dataclasses.replace(scan.chest, hu=Volume(scan.chest.hu.array, scan.chest.grid))
    )
    hazy.chest.hu.array[~tube(3.0)] = -500.0
    places = Places(np.full((1, 3), MIDDLE_MM), np.full(1, R, np.uint8))
    assert share_of_lung_around(places, hazy) == share_of_lung_around(places, scan)


def test_air_of_bronchi_and_the_other_lung_are_no_lung():
    solid = np.linalg.norm(INDEX, axis=-1) < 20
    lumen = solid & (np.linalg.norm(INDEX[..., 1:] - [6, 0], axis=-1) < 5)
    assert share_at([0, 0, 0], solid, airways=lumen)[0] == 0
    labels = np.where(INDEX[..., 2] < 0, R, L).astype(np.uint8)
    assert share_at([0, 0, -2.0], tube(7.0, axis=1), labels=labels)[0] < 0.6
    assert share_at([0, 0, -2.0], tube(7.0, axis=1))[0] > 0.7


def test_a_mask_that_takes_in_more_or_less_makes_no_difference():
    """The mediastinum beside, all of it or none of it in the lungs."""
    solid = (INDEX[..., 0] > 10) | tube(4.0, axis=0)
    aerated = np.where(solid, 0, R).astype(np.uint8)
    points = np.stack([np.arange(-20.0, 30), np.zeros(50), np.zeros(50)], axis=1)
    here = share_at(points, solid)
    assert here.max() > 0.9
    assert here.min() < 0.3
    assert np.array_equal(share_at(points, solid, labels=aerated), here)


def test_blood_becomes_hilar_gradually():
    parameters = Parameters()
    shares = np.linspace(0, 1, 1001)
    hilar = hilar_share(shares, parameters)
    assert (np.diff(hilar) <= 0).all()
    assert -np.diff(hilar).min() < 0.02
    assert hilar[shares < 0.75].min() == 1
    assert hilar[shares > 0.85].max() == 0
    assert hilar_share(np.array([0.8, np.nan]), parameters) == pytest.approx(
        [0.5, np.nan], nan_ok=True
    )


def test_only_where_the_hilum_is_apart_it_is_a_class():
    csa, around = np.array([3.0, 7.0, 30.0, 30.0]), np.array([1.0, 0.9, 0.85, 0.2])
    classes = [SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10]
    assert class_by_place(csa, around, Parameters()).tolist() == [*classes, SizeClass.HILAR]
    included = Parameters(hilum="included")
    assert class_by_place(csa, around, included).tolist() == [*classes, SizeClass.BV10]
    # Unknown surroundings are no hilum.
    unknown = np.full(4, np.nan)
    assert class_by_place(csa, unknown, Parameters()).tolist() == [*classes, SizeClass.BV10]


def vessels(around, parameters):
    """Points of 3, 7, 30 and 1 mm² and 1 mL each."""
    csa = np.array([3.0, 7.0, 30.0, 1.0])
    lines = Centerlines.measured(
        np.zeros((4, 3)), np.array([0, 4]), csa, parameters.size_class(csa), np.ones(4), np.ones(4)
    )
    around = np.asarray(around, float)
    size_class = class_by_place(csa, around, parameters)
    return dataclasses.replace(lines, lung_around=around, size_class=size_class)


def rows(around, **parameters):
    given = Parameters(**parameters)
    lungs = Volume(np.full((3, 3, 3), R, np.uint8), Grid((3, 3, 3), (1.0, 1.0, 1.0)))
    lines = vessels(around, given)
    return measure_regions(lines, lungs, given)[0], csa_histogram(lines, given)


def test_hilar_blood_is_in_no_class_and_kept_by_class():
    both, histogram = rows([1.0, 0.8, 0.5, 0.1])
    assert (both.bv5_ml, both.bv5_10_ml, both.bv10_ml) == pytest.approx((1.0, 0.5, 0.0))
    hilar = (both.hilar_bv5_ml, both.hilar_bv5_10_ml, both.hilar_bv10_ml)
    assert hilar == pytest.approx((0.0, 0.5, 1.0))
    assert (both.below_floor_ml, both.hilar_below_floor_ml) == pytest.approx((0.0, 1.0))
    assert both.hilar_ml == pytest.approx(1.5)
    assert both.bv5_pct == pytest.approx(100 / 1.5)
    assert both.vessel_length_mm + both.hilar_length_mm == pytest.approx(3)
    assert histogram.volume_ml.sum() == pytest.approx(1.5)


def test_included_it_is_all_there_and_both_sets_agree():
    apart, _ = rows([1.0, 0.8, 0.5, 0.1])
    included, histogram = rows([1.0, 0.8, 0.5, 0.1], hilum="included")
    assert included == apart.with_hilum()
    assert included.tpbv_ml == pytest.approx(3)
    assert included.tpbv_ml - apart.tpbv_ml == pytest.approx(included.hilar_ml)
    assert histogram.volume_ml.sum() == pytest.approx(4)


def test_unknown_surroundings_leave_hilar_blood_unknown():
    both, _ = rows(np.full(4, np.nan), hilum="included")
    assert both.tpbv_ml == pytest.approx(3)
    assert np.isnan([both.hilar_ml, both.hilar_bv10_ml]).all()


def test_given_lungs_are_completed_by_what_they_surround():
    """A mask of air alone, one without a wide vessel's inside: both become the same lung."""
    outside = INDEX[..., 0] > 20
    vessel = tube(6.0) & ~outside
    scan = anatomy(vessel | outside, labels=np.where(vessel | outside, 0, R).astype(np.uint8))
    completed = completed_lungs(scan)
    inside = np.abs(INDEX).max(axis=-1) < 30
    assert (completed[vessel & inside] == R).all()
    # What lies beside the lungs stays there, but for what the blur of blocks takes in.
    assert not completed[INDEX[..., 0] > 22].any()
    assert np.array_equal(completed > 0, (completed > 0) | (scan.lungs > 0))


@pytest.mark.parametrize("wrong", ["APART", "", None, 1, "apart "])
def test_an_unknown_hilum_is_refused(wrong):
    with pytest.raises(AnalysisError, match=r'hilum is .* give "apart" or "included"'):
        Parameters.from_dict({"hilum": wrong})


@pytest.mark.parametrize("wrong", [0.5, 1.0, "0.8", None, float("nan")])
def test_an_impossible_threshold_is_refused(wrong):
    with pytest.raises(AnalysisError, match="hilum_share"):
        Parameters(hilum_share=wrong)
