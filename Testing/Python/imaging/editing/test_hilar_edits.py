"""Edits of what is hilar, and other definitions of the hilum, without a new analysis."""

import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.imaging.editing.recompute import AS_MEASURED
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.sizing.blood_volumes import with_surroundings
from BV5AnalysisLib.imaging.sizing.voxel_labels import as_drawn, label_vessels
from helpers.editing import (
    CALIBRATION,
    LEFT_X,
    PARAMETERS,
    RIGHT_X,
    blood_ml,
    same_numbers,
    scene_of,
    tube,
)

THIN, WIDE, AT_HILUM = tube(3.0, RIGHT_X, 12.0), tube(30.0, LEFT_X), tube(20.0, RIGHT_X, -6.0)
INCLUDED = Parameters(hilum="included")


@pytest.fixture(scope="module")
def scene():
    """Three vessels, one of them with lung on 70 % of its sides."""
    scene = scene_of([THIN, WIDE, AT_HILUM])
    lines = scene.centerlines
    around = np.where(lines.branch_id == 2, 0.7, 1.0)
    lines = with_surroundings(lines, around, PARAMETERS)
    vessels = label_vessels(scene.ct, scene.lungs, lines, CALIBRATION)
    return dataclasses.replace(scene, vessels=vessels, centerlines=as_drawn(lines, vessels))


def painted(scene, which, label):
    """Labels with a whole vessel painted in another segment."""
    near = scene.near(which, 6.0, 3.0) & (scene.vessels.array > 0)
    return np.where(near, label, scene.vessels.array).astype(np.uint8)


def both(result):
    return result.measurements[0]


def test_a_hilar_vessel_is_drawn_as_such_and_kept_without_an_edit(scene):
    assert (scene.vessels.array[scene.near(AT_HILUM, 1.0)] == SizeClass.HILAR).all()
    result = scene.recompute()
    assert both(result).tpbv_ml == pytest.approx(blood_ml(THIN, WIDE))
    assert both(result).hilar_bv10_ml == pytest.approx(blood_ml(AT_HILUM))
    assert not result.centerlines.class_by_hand.any()
    assert result.vessels is scene.vessels


def test_the_threshold_and_whether_the_hilum_counts_are_followed(scene):
    lower = scene.recompute(parameters=Parameters(hilum_share=0.6))
    assert both(lower).tpbv_ml == pytest.approx(blood_ml(THIN, WIDE, AT_HILUM))
    assert both(lower).hilar_ml == pytest.approx(0)
    # Its voxels take the color of its class.
    assert not (lower.vessels.array == SizeClass.HILAR).any()
    assert (lower.vessels.array > 0).sum() == (scene.vessels.array > 0).sum()
    included = scene.recompute(parameters=INCLUDED)
    assert both(included).bv10_ml == pytest.approx(blood_ml(WIDE, AT_HILUM))
    assert both(included).hilar_ml == pytest.approx(blood_ml(AT_HILUM))
    back = scene.recompute(included.vessels.array, centerlines=included.centerlines)
    assert same_numbers(back, scene.recompute())
    assert np.array_equal(back.vessels.array > 0, scene.vessels.array > 0)


def test_painted_hilar_a_vessel_no_longer_counts_and_painted_back_it_does(scene):
    away = scene.recompute(painted(scene, WIDE, SizeClass.HILAR))
    assert both(away).tpbv_ml == pytest.approx(blood_ml(THIN), rel=0.1)
    assert both(away).hilar_ml == pytest.approx(blood_ml(WIDE, AT_HILUM), rel=0.1)
    assert away.edits.reclassified_ml == pytest.approx(blood_ml(WIDE), rel=0.1)
    again = scene.recompute(away.vessels.array, centerlines=away.centerlines)
    assert same_numbers(again, away)
    for label in (SizeClass.BV10, AS_MEASURED):
        labels = np.where(scene.near(WIDE, 6.0, 3.0), label, 0)
        labels = np.where(away.vessels.array > 0, labels, 0)
        labels = np.where(labels > 0, labels, away.vessels.array).astype(np.uint8)
        back = scene.recompute(labels, centerlines=away.centerlines)
        assert both(back).tpbv_ml == pytest.approx(blood_ml(THIN, WIDE), rel=0.1)


def test_a_hilar_vessel_painted_in_a_class_counts(scene):
    result = scene.recompute(painted(scene, AT_HILUM, SizeClass.BV5_10))
    assert both(result).bv5_10_ml == pytest.approx(blood_ml(AT_HILUM), rel=0.1)
    assert both(result).hilar_ml == pytest.approx(0, abs=0.05)


def test_hilar_paint_is_as_measured_where_the_hilum_is_no_place(scene):
    labels = painted(scene, WIDE, SizeClass.HILAR)
    result = scene.recompute(labels, parameters=INCLUDED)
    assert both(result).bv10_ml == pytest.approx(blood_ml(WIDE, AT_HILUM), rel=0.1)
    assert not (result.vessels.array == SizeClass.HILAR).any()


@pytest.mark.parametrize(
    ("label", "hilar"), [(SizeClass.BV10, False), (SizeClass.HILAR, True), (AS_MEASURED, True)]
)
def test_a_vessel_that_was_missed_is_hilar_as_painted_or_as_its_neighbor(label, hilar):
    missed = tube(20.0, RIGHT_X, -6.0)
    scene = scene_of([tube(20.0, RIGHT_X, 8.0), WIDE], [missed])
    around = np.where(scene.centerlines.branch_id == 0, 0.5, 1.0)
    lines = with_surroundings(scene.centerlines, around, PARAMETERS)
    vessels = label_vessels(scene.ct, scene.lungs, lines, CALIBRATION)
    labels = np.where(scene.near(missed, 2.5), label, vessels.array).astype(np.uint8)
    before = scene.recompute(vessels.array, centerlines=as_drawn(lines, vessels))
    after = scene.recompute(labels, centerlines=as_drawn(lines, vessels))
    more = both(after).hilar_ml - both(before).hilar_ml, both(after).tpbv_ml - both(before).tpbv_ml
    assert more[not hilar] == pytest.approx(blood_ml(missed), rel=0.15)
    assert more[hilar] == pytest.approx(0, abs=1e-6)


def test_where_surroundings_are_unknown_the_hilum_cannot_be_told_apart(scene):
    unknown = np.full(len(scene.centerlines.csa_mm2), np.nan)
    old = dataclasses.replace(with_surroundings(scene.centerlines, unknown, INCLUDED))
    labels = np.where(scene.vessels.array == SizeClass.HILAR, SizeClass.BV10, scene.vessels.array)
    old = as_drawn(old, scene.vessels.with_array(labels))
    result = scene.recompute(labels, centerlines=old, parameters=INCLUDED)
    assert both(result).tpbv_ml == pytest.approx(blood_ml(THIN, WIDE, AT_HILUM))
    assert np.isnan(both(result).hilar_ml)
    with pytest.raises(AnalysisError, match=r"earlier version.*analyze the scan again"):
        scene.recompute(labels, centerlines=old)
