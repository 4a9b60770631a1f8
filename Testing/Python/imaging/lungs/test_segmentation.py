"""Lungs are found whole, on their right sides, without bowel or table; other scans are refused."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.airways.tree import segment_airways
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.lungs import segmentation
from BV5AnalysisLib.imaging.lungs.segmentation import _paint, find_lungs
from BV5AnalysisLib.imaging.lungs.survey import Chest, survey_chest
from BV5AnalysisLib.imaging.lungs.trachea import find_trachea
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from scipy import ndimage

SIDES = {-1: LungLabel.RIGHT, 1: LungLabel.LEFT}


def labels_of(volume: Volume) -> np.ndarray:
    chest = survey_chest(volume)
    trachea = find_trachea(chest)
    airways = segment_airways(volume, chest, trachea)
    return find_lungs(volume, chest, trachea, airways).labels


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def check_sides(body, labels: np.ndarray, least: float = 0.97) -> None:
    for side, label in SIDES.items():
        assert dice(labels == label, body.lung(side)) > least


def test_both_lungs_lie_on_their_sides_and_the_table_is_none(simple_body):
    simple_body.add_lungs()
    labels = labels_of(simple_body.volume())
    check_sides(simple_body, labels)
    behind = np.broadcast_to(simple_body.y > 106, labels.shape)
    assert not labels[behind].any()


def test_stomach_right_under_the_diaphragm_is_no_lung(simple_body):
    simple_body.add_lungs()
    # Two voxels of diaphragm over the bubble: in the coarse survey it touches the lung.
    bubble = simple_body.ellipsoid((75, 0, 25), (45, 60, 40))
    bubble &= ~ndimage.binary_dilation(simple_body.lung(1), iterations=2)
    simple_body.fill(bubble, -1000)
    labels = labels_of(simple_body.volume())
    assert bubble.sum() * simple_body.grid.voxel_volume_ml > 100
    assert np.count_nonzero(labels[bubble]) < 0.01 * bubble.sum()
    check_sides(simple_body, labels)


def test_gas_as_bright_as_lung_is_none_where_noise_breaches_its_wall(simple_body):
    simple_body.add_lungs()
    bubble = simple_body.ellipsoid((75, 0, 25), (45, 60, 40))
    bubble &= ~ndimage.binary_dilation(simple_body.lung(1), iterations=2)
    simple_body.fill(bubble, -870)
    lung_hu = np.median(simple_body.hu[simple_body.lung(1)])
    breach = simple_body.rod((75, 0, 50), (75, 0, 90), 2.5) & ~simple_body.lung(1)
    simple_body.fill(breach, lung_hu)
    labels = labels_of(simple_body.volume())
    assert np.count_nonzero(labels[bubble]) < 0.02 * bubble.sum()
    check_sides(simple_body, labels)


def test_colon_gas_is_no_lung(simple_body):
    simple_body.add_lungs()
    colon = simple_body.rod((-90, -60, 15), (90, -60, 15), 14)
    simple_body.fill(colon & ~simple_body.lung(-1) & ~simple_body.lung(1), -985)
    labels = labels_of(simple_body.volume())
    assert np.count_nonzero(labels[colon & (simple_body.hu < -980)]) == 0


@pytest.mark.parametrize("y", [-45, 45])
def test_lungs_that_touch_are_told_apart(simple_body, y):
    simple_body.add_lungs()
    bridge = (abs(simple_body.x) < 45) & (abs(simple_body.y - y) < 5)
    bridge = bridge & (abs(simple_body.z - 150) < 40)
    simple_body.fill(bridge, -850)
    labels = labels_of(simple_body.volume())
    _, count = ndimage.label(labels > 0)
    assert count == 1, "the test needs lungs that touch"
    check_sides(simple_body, labels, 0.95)
    right = np.broadcast_to(simple_body.x < -10, labels.shape)
    left = np.broadcast_to(simple_body.x > 10, labels.shape)
    assert not (labels[right] == LungLabel.LEFT).any()
    assert not (labels[left] == LungLabel.RIGHT).any()


def test_hilar_vessels_are_taken_in(simple_body):
    simple_body.add_lungs()
    vessel = simple_body.rod((0, -25, 130), (-95, -25, 130), 6)
    simple_body.fill(vessel, 40)
    labels = labels_of(simple_body.volume())
    inside = vessel & simple_body.lung(-1) & np.broadcast_to(simple_body.x < -35, vessel.shape)
    assert np.mean(labels[inside] == LungLabel.RIGHT) > 0.98


def test_consolidation_at_the_ribs_is_taken_in(simple_body):
    simple_body.add_lungs()
    for z in range(60, 260, 25):
        rib = abs((simple_body.x / 140) ** 2 + (simple_body.y / 92) ** 2 - 1) < 0.05
        simple_body.fill(rib & (abs(simple_body.z - z) < 5), 500)
    patch = simple_body.ellipsoid((-72, 52, 150), (14, 22, 16)) & simple_body.lung(-1)
    simple_body.fill(patch, 20)
    labels = labels_of(simple_body.volume())
    assert np.mean(labels[patch] == LungLabel.RIGHT) > 0.8


def test_dense_tissue_taken_in_is_lung_up_to_the_coarse_surface():
    """No coarse voxel of it is lost on the way to the scan's grid, and none is added."""
    factor, shape = (2, 3, 3), (16, 20, 18)
    grid = Grid((54, 60, 32), (0.7, 0.7, 1.25))
    coarse = Volume(np.full(shape, 40, np.float32), Grid(shape[::-1], (2.1, 2.1, 2.5)))
    chest = Chest(coarse, factor, np.zeros(shape, bool), np.zeros(shape, bool))
    mask = np.zeros(shape, bool)
    mask[5:12, 6:14, 4:13] = True
    labels = np.zeros((32, 60, 54), np.uint8)
    volume = Volume(np.full(labels.shape, 40, np.int16), grid)
    _paint(labels, LungLabel.RIGHT, mask, volume, chest, np.zeros(shape, bool))
    assert dice(labels > 0, chest.to_scan(mask, labels.shape)) > 0.98


def test_ground_glass_is_lung(simple_body):
    simple_body.add_lungs()
    patch = simple_body.ellipsoid((75, 60, 150), (40, 30, 50)) & simple_body.lung(1)
    simple_body.fill(patch, -500)
    labels = labels_of(simple_body.volume())
    assert np.mean(labels[patch] == LungLabel.LEFT) > 0.97


def test_phantom_lungs(small_chest_phantom):
    labels = labels_of(small_chest_phantom.volume)
    for label in LungLabel:
        assert dice(labels == label, small_chest_phantom.lungs.array == label) > 0.98


def test_lungs_cut_by_the_round_field_of_view_are_kept(simple_body):
    simple_body.add_lungs()
    volume = simple_body.volume()
    outside = np.broadcast_to(simple_body.x**2 + simple_body.y**2 > 120**2, volume.array.shape)
    labels = labels_of(volume.with_array(np.where(outside, -2000, volume.array).astype(np.int16)))
    for side, label in SIDES.items():
        assert dice(labels == label, simple_body.lung(side) & ~outside) > 0.95


@pytest.mark.parametrize("margin_mm", [10, 25])
def test_a_scan_cropped_to_its_lungs_keeps_the_table_in_its_corners_out(simple_body, margin_mm):
    behind = (simple_body.y > 10) & ((simple_body.x / 150) ** 2 + (simple_body.y / 105) ** 2 > 1)
    simple_body.fill(behind & (simple_body.z >= 0), -850)
    simple_body.add_lungs()
    whole = simple_body.volume()
    lungs = simple_body.lung(-1) | simple_body.lung(1)
    box = tuple(
        slice(max(0, inside[0] - margin), inside[-1] + margin + 1)
        for inside, margin in (
            (
                np.flatnonzero(lungs.any(axis=tuple({0, 1, 2} - {axis}))),
                round(margin_mm / whole.grid.spacing_zyx[axis]),
            )
            for axis in range(3)
        )
    )
    part = np.ascontiguousarray(whole.array[box])
    labels = labels_of(Volume(part, Grid(part.shape[::-1], whole.grid.spacing)))
    for side, label in SIDES.items():
        assert dice(labels == label, simple_body.lung(side)[box]) > 0.97


def test_body_without_lungs_is_refused(simple_body):
    with pytest.raises(AnalysisError, match="chest"):
        labels_of(simple_body.volume())


@pytest.mark.parametrize(("side", "missing"), [(0, "right"), (1, "left")])
def test_a_lung_that_is_all_bronchus_is_refused(simple_body, monkeypatch, side, missing):
    """Where all that is left of a side is taken for a main bronchus."""
    simple_body.add_lungs()
    monkeypatch.setattr(
        segmentation, "_main_bronchi", lambda right, left, *_: (right, left)[side].copy()
    )
    with pytest.raises(AnalysisError, match=f"one lung.*{missing}"):
        labels_of(simple_body.volume())


@pytest.mark.parametrize(("side", "missing"), [(-1, "left"), (1, "right")])
def test_one_lung_is_refused(simple_body, side, missing):
    simple_body.add_lungs(sides=(side,))
    with pytest.raises(AnalysisError, match=f"one lung.*{missing}"):
        labels_of(simple_body.volume())


def test_abdomen_is_refused(simple_body):
    simple_body.add_bowel()
    with pytest.raises(AnalysisError, match="chest"):
        labels_of(simple_body.volume())


def test_head_is_refused(simple_body):
    simple_body.hu[:] = -1000
    simple_body.fill(simple_body.ellipsoid((0, 0, 150), (75, 95, 110)), 900)
    simple_body.fill(simple_body.ellipsoid((0, 0, 150), (68, 88, 103)), 35)
    for side in (-1, 1):
        simple_body.fill(simple_body.ellipsoid((side * 25, -70, 80), (13, 14, 18)), -1000)
        simple_body.fill(simple_body.ellipsoid((side * 55, 20, 80), (8, 10, 12)), -800)
    simple_body.fill(simple_body.rod((0, -20, 0), (0, -45, 70), 9), -1000)
    with pytest.raises(AnalysisError, match="chest"):
        labels_of(simple_body.volume())


def test_air_alone_is_refused(simple_body):
    simple_body.hu[:] = -1000
    with pytest.raises(AnalysisError, match="body"):
        labels_of(simple_body.volume())
