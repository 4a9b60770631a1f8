"""Intervals of blood volumes and shares: what each error gives, and how often they hold."""

import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.intervals import ENDS, MEASURES
from BV5AnalysisLib.imaging.model.measurements import Calibration
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.sizing import blood_intervals, confidence
from BV5AnalysisLib.imaging.sizing.blood_intervals import ImageQuality
from BV5AnalysisLib.imaging.sizing.blood_volumes import measure_regions

Z = 1.645
USUAL = ImageQuality(1.0, 0.0)
PARAMETERS = Parameters()


@pytest.fixture
def only(monkeypatch):
    """Leaves one kind of error, given by the constants that make it."""

    def leave(branch_mm2=0.0, **constants):
        none = {"blood_share": 0.0, "hilum_share": 0.0, "other_share": (0.0, 0.0, 0.0)}
        none["piece_ml"] = (0.0, 0.0, 0.0)
        changed = dataclasses.replace(blood_intervals.CONSTANTS, **{**none, **constants})
        monkeypatch.setattr(blood_intervals, "CONSTANTS", changed)
        own = dataclasses.replace(confidence.CONSTANTS, systematic_mm2=branch_mm2)
        monkeypatch.setattr(confidence, "CONSTANTS", own)

    return leave


def branches(areas_mm2, error_mm2=0.0, around=1.0, points=4):
    """Branches of one area each, with 1 mL of blood a point."""
    csa = np.repeat(np.asarray(areas_mm2, float), points)
    count = len(csa)
    lines = Centerlines.measured(
        points_mm=np.full((count, 3), 0.5),
        branch_start=np.arange(0, count + 1, points),
        csa_mm2=csa,
        size_class=PARAMETERS.size_class(csa),
        point_volume_ml=np.ones(count),
        point_length_mm=np.ones(count),
        csa_error_mm2=error_mm2,
    )
    return dataclasses.replace(lines, lung_around=np.broadcast_to(np.float64(around), (count,)))


def measured(lines, image=USUAL, parameters=PARAMETERS):
    lungs = Volume(np.ones((2, 2, 2), np.uint8), Grid((2, 2, 2), (1.0, 1.0, 1.0)))
    return measure_regions(lines, lungs, parameters, image=image)[0]


def half(interval):
    return (interval.high - interval.low) / 2


def test_the_value_lies_within_and_no_end_is_impossible():
    row = measured(branches([2.0, 7.0, 30.0, 1.1], around=[1.0] * 14 + [0.8, 0.3]))
    for name in MEASURES:
        value, low, high = (row.value(name + end) for end in ("", "_low", "_high"))
        assert low <= value <= high, name
        assert low >= 0
        if name.endswith("_pct"):
            assert high <= 100


def test_errors_of_branches_average_out(only):
    only(branch_mm2=0.3)
    few, many = (measured(branches([3.0] * count + [30.0] * count)).intervals for count in (5, 500))
    # 0.3 mm² of 3 mm² is a tenth of a branch's blood; of 30 mm², a hundredth.
    one_ml = Z * 0.4 * np.sqrt(5)
    assert half(few.bv5_ml) == pytest.approx(one_ml, rel=1e-3)
    assert half(few.bv10_ml) == pytest.approx(one_ml / 10, rel=1e-3)
    assert half(many.bv5_ml) == pytest.approx(10 * one_ml, rel=1e-3)
    assert half(many.bv5_pct) == pytest.approx(half(few.bv5_pct) / 10, rel=1e-3)


def test_a_branch_next_to_a_bound_may_be_of_either_class(only):
    only(branch_mm2=0.1)
    row = measured(branches([5.001, 30.0]))
    # Half of the times all of its 4 mL are BV5.
    assert row.intervals.bv5_ml.high == pytest.approx(Z * 2.0, rel=0.1)
    assert half(row.intervals.tpbv_ml) < 0.3
    far = measured(branches([7.0, 30.0])).intervals
    assert far.bv5_ml.high == pytest.approx(0.0, abs=1e-6)


def test_blood_that_reads_otherwise_moves_all_volumes_alike(only):
    only(blood_share=0.02)
    row = measured(branches([3.0, 7.0, 30.0]))
    assert half(row.intervals.tpbv_ml) == pytest.approx(Z * 0.02 * 12.0)
    assert half(row.intervals.bv5_pct) == pytest.approx(0.0, abs=1e-6)


def test_where_the_hilum_begins_moves_what_is_there_from_one_to_the_other(only):
    only(hilum_share=0.02)
    rows = measured(branches([3.0, 30.0], around=[1.0] * 4 + [0.8] * 4))
    assert half(rows.intervals.hilar_ml) == pytest.approx(half(rows.intervals.tpbv_ml))
    assert half(rows.intervals.tpbv_ml) > 0.5
    # With the hilum included it makes no difference.
    assert half(rows.with_hilum().intervals.tpbv_ml) == pytest.approx(0.0, abs=1e-6)
    away = measured(branches([3.0, 30.0])).intervals
    assert half(away.tpbv_ml) == pytest.approx(0.0, abs=1e-6)


def test_what_else_is_off_grows_with_slices_and_noise_and_stays_where_many_branches_are(only):
    only(other_share=(0.03, 0.04, 0.05))
    lines = branches([3.0] * 100 + [7.0] * 100 + [30.0] * 100)
    usual = measured(lines).intervals
    for name, share in (("bv5_ml", 0.03), ("bv5_10_ml", 0.04), ("bv10_ml", 0.05)):
        assert half(getattr(usual, name)) == pytest.approx(Z * share * 400)
    for image in (ImageQuality(3.0, 0.0), ImageQuality(1.0, 0.05)):
        assert half(measured(lines, image).intervals.bv5_pct) > 1.1 * half(usual.bv5_pct)


def test_intervals_hold_what_they_say_of_errors_that_are_as_presumed(only):
    """Branches read 200 times with errors of the model: nine of ten intervals hold the truth."""
    only(branch_mm2=0.3, blood_share=0.02)
    chance = np.random.default_rng(5)
    true_mm2 = chance.uniform(1.5, 20.0, 400)
    truth = measured(branches(true_mm2))

    def read(_):
        areas = (true_mm2 + chance.normal(0, 0.3, 400)) * (1 + chance.normal(0, 0.02))
        lines = branches(areas)
        ratio = np.repeat(areas / true_mm2, 4)
        return measured(dataclasses.replace(lines, point_volume_ml=ratio))

    rows = [read(each) for each in range(200)]
    for name in ("tpbv_ml", "bv5_ml", "bv5_pct", "bv10_pct"):
        held = [
            row.value(f"{name}_low") <= truth.value(name) <= row.value(f"{name}_high")
            for row in rows
        ]
        assert 0.83 < np.mean(held) < 0.97, name


def test_intervals_move_with_the_areas_without_a_jump():
    areas = np.linspace(1.3, 12.0, 300)
    ends = np.array(
        [
            [
                measured(branches(areas + shift)).value(end)
                for end in ("bv5_pct_low", "bv5_pct_high")
            ]
            for shift in np.linspace(0, 0.1, 11)
        ]
    )
    assert np.abs(np.diff(ends, axis=0)).max() < 0.7


def test_without_blood_shares_have_none_and_unknown_surroundings_give_hilar_blood_none():
    empty = measured(branches([0.5]))
    assert np.isnan([empty.value("bv5_pct_low"), empty.value("bv5_pct_high")]).all()
    assert empty.intervals.bv5_pct is None
    unknown = measured(branches([3.0], around=np.nan))
    assert np.isnan(unknown.value("hilar_ml_low"))
    assert unknown.value("tpbv_ml_low") < 4 < unknown.value("tpbv_ml_high")


def test_of_a_class_that_was_not_found_a_piece_may_have_been_missed():
    row = measured(branches([3.0]))
    assert row.value("bv10_ml_low") == 0
    assert 0.01 < row.value("bv10_ml_high") < 0.2
    assert row.value("bv5_pct_low") < 99.9


def test_with_the_hilum_included_both_intervals_are_the_same():
    lines = branches([3.0, 30.0], around=[1.0] * 4 + [0.5] * 4)
    row = measured(lines, parameters=Parameters(hilum="included"))
    assert row.intervals_with_hilum == row.intervals
    apart = measured(lines)
    for name in ("tpbv_ml", "bv5_pct", "bv10_ml"):
        one, other = (getattr(each.intervals, name) for each in (apart.with_hilum(), row))
        assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=0.02)


def test_without_an_image_there_are_none():
    row = measured(branches([3.0]), image=None)
    assert row.intervals is None
    assert np.isnan([row.value(end) for end in ENDS]).all()


def test_a_class_by_hand_is_sure(only):
    only(branch_mm2=0.5)
    lines = branches([5.001, 30.0])
    by_hand = dataclasses.replace(lines, class_by_hand=np.ones(8, bool))
    assert measured(by_hand).intervals.bv5_ml.high == pytest.approx(0.0, abs=1e-6)


def test_quality_is_of_the_thickest_side_and_of_noise_against_contrast():
    image = ImageQuality.of((0.7, 0.7, 2.0), Calibration(50.0, -850.0, 45.0))
    assert image == ImageQuality(2.0, pytest.approx(0.05))
